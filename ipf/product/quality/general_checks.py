"""Checks of packets, orbits and processing: GENERAL_QUALITY."""

from __future__ import annotations

import re
from functools import partial

from ipf.product.quality.format_checks import ALL_LEVELS, metadata_inspection
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    Level,
    QualityParameters,
    passed_or_failed,
)

_BASELINE = re.compile(r"\d{2}\.\d{2}", re.ASCII)
_EARLY, _LATE = ("00.00", "03.99"), ("04.00", "99.99")
"""Baselines of Level-1C whose reports name the downlink orbit's check differently; the change lies between
02.06 and 04.00."""
_BEFORE_2A: tuple[Level, ...] = ("L0", "L1A", "L1B", "L1C")
_SUMMARY = "Image_Data_Info/Sensor_Configuration/Source_Packet_Description/Degradation_Summary"
_FRAMES = "Image_Data_Info/List_Fake_Decompr_Source_Frames"


def _packets(element: str, threshold: str, item: Item, parameters: QualityParameters) -> Finding:
    """Whether the number of packets in `element` is at most the parameter `threshold`."""
    count, limit = item.root.integer(f"{_SUMMARY}/{element}"), getattr(parameters, threshold)
    verb = "does not exceed" if count <= limit else "exceeds"
    message = f"{element} value {count} {verb} the threshold ({limit})"
    return passed_or_failed(0 <= count <= limit, message, {element: count})


def _sensing_orbit(item: Item, parameters: QualityParameters) -> Finding:
    orbit = item.root.integer("General_Info/Datatake_Info/SENSING_ORBIT_NUMBER")
    first, last = parameters.sensing_orbit_first, parameters.sensing_orbit_last
    return _in_range("Sensing", "SENSING_ORBIT_NUMBER", orbit, first, last)


def _downlink_orbit(item: Item, parameters: QualityParameters) -> Finding:
    orbit = item.root.integer("General_Info/Downlink_Info/DOWNLINK_ORBIT_NUMBER")
    first, last = parameters.downlink_orbit_first, parameters.downlink_orbit_last
    return _in_range("Downlink Orbit", "DOWNLINK_ORBIT_NUMBER", orbit, first, last)


def _in_range(what: str, element: str, number: int, first: int, last: int) -> Finding:
    inside = first <= number <= last
    name = what if what.endswith("Orbit") else f"{what} orbit"
    message = f"{name} number ({number}) is {'' if inside else 'not '}in range [{first},{last}]"
    return passed_or_failed(inside, message, {element: number})


def _processor_version(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the processing baseline is one, and the one that the item's name tells."""
    version = item.root.text("General_Info/Processing_Info/PROCESSING_BASELINE")
    values = {"PROCESSOR_VERSION": version}
    if not _BASELINE.fullmatch(version):
        return passed_or_failed(False, f"Processor version is not valid ({version})", values)
    if item.baseline not in (None, version):
        return passed_or_failed(
            False, f"Processor version is {version}, the name tells {item.baseline}", values
        )
    return passed_or_failed(True, f"Processor version is valid ({version})", values)


def _fake_frames(item: Item, parameters: QualityParameters) -> Finding:
    """Whether each list of source frames that were made up names a first frame and positive numbers.

    A document without such a list has no made-up frames.
    """
    item.root.child("Image_Data_Info")
    frames = item.root.all(_FRAMES)
    for frame in frames:
        if frame.integer("FIRST") < 0 or not frame.all("NUMBER_SOURCE"):
            return passed_or_failed(False, "A list of fake decompressed source frames is not valid.")
        if any(number.integer() <= 0 for number in frame.all("NUMBER_SOURCE")):
            return passed_or_failed(False, "Fake decompressed source frames are not positive numbers.")
    return passed_or_failed(True, "Fake decompressed source frames are valid.")


def sun_zenith(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the mean sun of a tile, or the sun over a granule, is as high as its level demands."""
    value = sun_angle(item, "ZENITH_ANGLE")
    limit = _zenith_limit(item, parameters)
    inside = 0 <= value <= limit
    where = "within" if inside else "beyond"
    message = f"Zenith solar angle ({value:.15g}) is {where} the threshold limit ({limit})"
    return passed_or_failed(inside, message, {"EXPECTED": limit, "SOLAR_ZENITH_ANGLE": f"{value:.15g}"})


def _zenith_limit(item: Item, parameters: QualityParameters) -> float:
    if item.level == "L2A":
        return parameters.sun_zenith_maximum_l2a
    if item.level == "L1C" and (item.baseline is None or item.baseline >= _LATE[0]):
        return parameters.sun_zenith_maximum_l1c
    return parameters.sun_zenith_maximum_early


def sun_angle(item: Item, element: str) -> float:
    """Angle in degrees of the sun over a tile or granule; `element` is ``ZENITH_ANGLE`` or
    ``AZIMUTH_ANGLE``.
    """
    place = (
        "Tile_Angles/Mean_Sun_Angle"
        if item.kind == "tile"
        else "Granule_Position/Geometric_Header/Solar_Angles"
    )
    return item.root.number(f"Geometric_Info/{place}/{element}")


def _data_loss(item: Item, parameters: QualityParameters) -> Finding:
    """Whether any band has pixels that were made from lost packets, by its technical quality mask."""
    losses = {loss.band: loss.lost_share for loss in item.band_losses}
    affected = [band for band, share in losses.items() if share > parameters.data_loss_maximum]
    if affected:
        text = ", ".join(f"{band} ({losses[band]:.3g} %)" for band in affected)
        return passed_or_failed(False, f"Data loss in {text}", {"Affected_Bands": " ".join(affected)})
    return passed_or_failed(True, "No data loss in this tile.")


_DOWNLINK_TITLE = "Check the consistency of downlink orbit number."

INSPECTIONS: tuple[Inspection, ...] = (
    Inspection(
        "Degraded_Packets",
        "GENERAL_QUALITY",
        "Check the number of degraded packets",
        ("datastrip",),
        ALL_LEVELS,
        partial(_packets, "NUMBER_OF_TOO_DEGRADED_PACKETS", "degraded_packets_maximum"),
        "no more source packets too degraded for use than allowed",
    ),
    Inspection(
        "Lost_Packets",
        "GENERAL_QUALITY",
        "Check the number of lost packets",
        ("datastrip",),
        ALL_LEVELS,
        partial(_packets, "NUMBER_OF_LOST_PACKETS", "lost_packets_maximum"),
        "no more source packets lost than allowed",
    ),
    Inspection(
        "Orbit_Number_DOWNLINK",
        "GENERAL_QUALITY",
        _DOWNLINK_TITLE,
        ("datastrip",),
        ALL_LEVELS,
        _downlink_orbit,
        "absolute orbit of the downlink is one",
        baselines=_LATE,
    ),
    Inspection(
        "Relative_Orbit_Number_DOWNLINK",
        "GENERAL_QUALITY",
        _DOWNLINK_TITLE,
        ("datastrip",),
        ("L1C",),
        _downlink_orbit,
        "absolute orbit of the downlink is one",
        baselines=_EARLY,
    ),
    Inspection(
        "Relative_Orbit_Number_SENSING",
        "GENERAL_QUALITY",
        "Check the consistency of relative imaging orbit number.",
        ("datastrip",),
        ALL_LEVELS,
        _sensing_orbit,
        "relative orbit is one of a cycle",
    ),
    Inspection(
        "Processor_Version",
        "GENERAL_QUALITY",
        "Check the processor version.",
        ("datastrip",),
        _BEFORE_2A,
        _processor_version,
        "processing baseline is one, the same as in the name",
    ),
    Inspection(
        "List_Fake_Decompressed_Source_Frames",
        "GENERAL_QUALITY",
        "Check list of fake decompressed sources frames",
        ("datastrip",),
        _BEFORE_2A,
        _fake_frames,
        "lists of made-up source frames hold numbers of frames",
    ),
    Inspection(
        "Solar_Angle_Zenith",
        "GENERAL_QUALITY",
        "Check the zenith solar angle.",
        ("tile",),
        ("L1C", "L2A"),
        sun_zenith,
        "sun is high enough for the level",
        baselines=_LATE,
    ),
    metadata_inspection("GENERAL_QUALITY"),
    Inspection(
        "Data_Loss",
        "GENERAL_QUALITY",
        "Check TECQUA for data loss",
        ("tile",),
        ("L1C", "L2A"),
        _data_loss,
        "no band has pixels made from lost packets",
        on_document=False,
        needs="pixels",
    ),
)
"""The checks of GENERAL_QUALITY."""
