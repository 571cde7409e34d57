"""Checks of datation, ancillary data and source packets: SENSOR_QUALITY."""

from __future__ import annotations

from ipf.product.bands import BANDS
from ipf.product.quality.format_checks import ALL_LEVELS, metadata_inspection
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    QualityParameters,
    not_run,
    passed_or_failed,
)

_TIME_STAMP = "Image_Data_Info/Sensor_Configuration/Time_Stamp"
_QUALITY = "Quality_Indicators_Info"
_COUNTERS = "Source_Packet_description/Source_Packet_Counters_List/Source_Packet_Counters"
_PACKETS = {10: 144, 20: 72, 60: 24}
"""Source packets of a whole granule in a band of each pixel size, at Level-0 (real granules of 02.08)."""
_LINES_OF_A_PACKET = 16
_GRANULE_LINES = {10: 2304, 20: 1152, 60: 384}
"""Lines of a whole granule in the images of each pixel size (PSD: 144, 72 and 24 packets of 16 lines)."""


def _gps_synchronised(item: Item, parameters: QualityParameters) -> Finding:
    synchronised = item.root.flag(f"{_TIME_STAMP}/GPS_SYNC")
    return passed_or_failed(synchronised, f"GPS is {'' if synchronised else 'not '}synchronized.")


def _oscillator(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the residuals of the datation model (RMOY, seconds), if it states any, are numbers from 0."""
    stamp = item.root.child(_TIME_STAMP)
    residuals = stamp.all("Quality_Indicators/Global/RMOY")
    residuals += stamp.all("Quality_Indicators/GSP_List/GSP/RMOY")
    if not residuals:
        return passed_or_failed(True, "RMOY not found in dataset")
    values = [residual.number() for residual in residuals]
    message = f"{len(values)} values of RMOY, the largest {max(values):g} s"
    return passed_or_failed(min(values) >= 0, message, {"RMOY": max(values)})


def _degraded_ancillary(item: Item, parameters: QualityParameters) -> Finding:
    """Whether ancillary data are degraded: their percentage, at Level-0 the packets that were lost."""
    if item.level == "L0":
        packets = item.root.child("Satellite_Ancillary_Data_Info").all(
            "Lost_Source_Packet_List/Lost_Source_Packet"
        )
        message = f"{len(packets)} ancillary packets are lost or degraded" if packets else "No Degraded SAD"
        return passed_or_failed(not packets, message, {"DEGRADED_SAD": len(packets)})
    share = item.root.number(f"{_QUALITY}/DEGRADED_ANC_DATA_PERCENTAGE")
    passed = 0 <= share <= parameters.degraded_ancillary_maximum
    message = "No Degraded SAD" if share == 0 else f"{share:g} % of ancillary data are degraded"
    return passed_or_failed(passed, message, {"DEGRADED_SAD": f"{share:g}"})


def _missing_lines(item: Item, parameters: QualityParameters) -> Finding:
    """Lines that are missing, summed over the bands.

    Of a Level-0 granule those of the packets that a whole granule has more, of Level-1A and 1B the lines that
    its images lack, of a tile the rows with pixels from lost packets.
    """
    if item.kind == "tile":
        missing = sum(loss.lost_rows for loss in item.band_losses)
    elif item.level == "L0":
        missing = _missing_packets(item) * _LINES_OF_A_PACKET
    else:
        sizes = item.root.child("Geometric_Info/Granule_Dimensions").all("Size")
        rows = {size.attribute_integer("resolution"): size.integer("NROWS") for size in sizes}
        missing = sum(max(lines - rows.get(size, 0), 0) for size, lines in _GRANULE_LINES.items())
    message = "No missing lines" if missing == 0 else f"{missing} missing lines"
    return passed_or_failed(missing <= parameters.missing_lines_maximum, message, {"MISSING_LINES": missing})


def _missing_packets(item: Item) -> int:
    counters = {
        node.attribute_band("bandId"): node
        for node in item.root.child(f"{_QUALITY}/Image_Content_QI").all(_COUNTERS)
    }
    return sum(
        max(_PACKETS[band.resolution] - counters[band.name].integer("NB_OF_SOURCE_PACKETS"), 0)
        if band.name in counters
        else _PACKETS[band.resolution]
        for band in BANDS
    )


def _corrupted_packets(item: Item, parameters: QualityParameters) -> Finding:
    """Degraded packets: percentage of the image data of a granule; rows of a tile with pixels from such."""
    if item.kind == "tile":
        found: float = sum(loss.degraded_rows for loss in item.band_losses)
    else:
        content = item.root.child(f"{_QUALITY}/Image_Content_QI")
        common = content.find("Common_IMG_QI") or content
        found = common.number("DEGRADED_MSI_DATA_PERCENTAGE")
    what = "rows with degraded packets" if item.kind == "tile" else "% of the data are degraded"
    message = "No Error detected." if found == 0 else f"{found:g} {what}"
    return passed_or_failed(
        0 <= found <= parameters.corrupted_packets_maximum, message, {"CORRUPTED_ISP": f"{found:g}"}
    )


def _sensing_time(item: Item, parameters: QualityParameters) -> Finding:
    """Whether a granule or tile was sensed while its datastrip was."""
    time = item.root.time("General_Info/SENSING_TIME")
    values = {"SENSING_TIME": time}
    if item.other_datastrips:
        return passed_or_failed(False, "The datastrips at hand are those of other items", values)
    if item.datastrip is None:
        return not_run("the datastrip is not at hand")
    period = item.datastrip.root.child("General_Info/Datastrip_Time_Info")
    start, stop = period.time("DATASTRIP_SENSING_START"), period.time("DATASTRIP_SENSING_STOP")
    if not start <= time <= stop:
        return passed_or_failed(False, f"Sensing time {time} is not within {start} to {stop}", values)
    return passed_or_failed(True, "Sensing time is valid", values)


INSPECTIONS: tuple[Inspection, ...] = (
    Inspection(
        "Datation_Model_GPS_SYNC",
        "SENSOR_QUALITY",
        "Check the correctness of the Datation model with GPS_SYNC.",
        ("datastrip",),
        ALL_LEVELS,
        _gps_synchronised,
        "instrument time is synchronised with GPS",
    ),
    Inspection(
        "Datation_Model_RMOY",
        "SENSOR_QUALITY",
        "Check the correctness of the Datation model with RMOY.",
        ("datastrip",),
        ALL_LEVELS,
        _oscillator,
        "residuals of the datation model, where there are any, are numbers",
    ),
    Inspection(
        "Degraded_SAD",
        "SENSOR_QUALITY",
        "Check the consistency of relative orbit.",
        ("datastrip",),
        ALL_LEVELS,
        _degraded_ancillary,
        "ancillary data are not degraded",
    ),
    Inspection(
        "Missing_Lines",
        "SENSOR_QUALITY",
        "Check the number of missing lines.",
        ("granule",),
        ("L0", "L1A", "L1B"),
        _missing_lines,
        "granule has all its lines",
    ),
    Inspection(
        "Missing_Lines",
        "SENSOR_QUALITY",
        "Check the number of missing lines.",
        ("tile",),
        ("L1C",),
        _missing_lines,
        "no row has pixels from lost packets",
        needs="pixels",
    ),
    Inspection(
        "Sensing_Time",
        "SENSOR_QUALITY",
        "Check the consistency of the sensing time.",
        ("granule", "tile"),
        ALL_LEVELS,
        _sensing_time,
        "item was sensed while its datastrip was",
    ),
    Inspection(
        "Corrupted_ISP",
        "SENSOR_QUALITY",
        "Check the consistency of the granules.",
        ("granule",),
        ("L0", "L1A", "L1B"),
        _corrupted_packets,
        "granule has no degraded packets",
    ),
    Inspection(
        "Corrupted_ISP",
        "SENSOR_QUALITY",
        "Check the consistency of the granules.",
        ("tile",),
        ("L1C",),
        _corrupted_packets,
        "no row has pixels from degraded packets",
        needs="pixels",
    ),
    metadata_inspection("SENSOR_QUALITY"),
)
"""The checks of SENSOR_QUALITY."""
