"""Checks of location, attitude, refining and sun: GEOMETRIC_QUALITY."""

from __future__ import annotations

from ipf.product.quality.format_checks import ALL_LEVELS
from ipf.product.quality.general_checks import sun_angle, sun_zenith
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    Level,
    QualityParameters,
    Run,
    not_run,
    passed_or_failed,
)
from ipf.product.xml_builder import Text
from ipf.product.xml_nodes import Node

_REFINED_LEVELS: tuple[Level, ...] = ("L1B", "L1C", "L2A")
_ATTITUDES = "Satellite_Ancillary_Data_Info/Attitudes"
_VALID_RAW = ("VALIDATT",)
_VALID_CORRECTED = ("PROPAGATED", "ONE_VALID_STR", "TWO_VALID_STR")
"""Words of the specification for an attitude that may be used (PSD 14.8); the others are bad ones."""
_REFINED, _NOT_REFINED = "REFINED", "NOT_REFINED"
_LATE_SINCE = "04.00"
_RESIDUALS = ("X_MEAN", "Y_MEAN", "X_STDV", "Y_STDV")


def _quality(item: Item) -> Node:
    """The geometric quality indicators; at Level-0 they stand one element higher."""
    info = item.root.child("Quality_Indicators_Info/Geometric_Info")
    return info.find("Geometric_QI") or info


def _absolute_location(item: Item, parameters: QualityParameters) -> Finding:
    value, limit = _quality(item).number("Absolute_Location/VALUE"), parameters.absolute_location_maximum
    return _below("Absolute location", value, limit, value < limit, "<")


def _planimetric_stability(item: Item, parameters: QualityParameters) -> Finding:
    value, limit = (
        _quality(item).number("Planimetric_Stability/VALUE"),
        parameters.planimetric_stability_maximum,
    )
    return _below("Planimetric stability", value, limit, value < limit, "<")


def _is_early(item: Item) -> bool:
    """Whether a Level-1 or Level-2A item is of a baseline before 04.00; Level-0 counts its own."""
    return item.level != "L0" and item.baseline is not None and item.baseline < _LATE_SINCE


def _ephemeris(item: Item, parameters: QualityParameters) -> Finding:
    late, early = parameters.ephemeris_quality_maximum, parameters.ephemeris_quality_maximum_early
    limit = early if _is_early(item) else late
    value = _quality(item).number("EPHEMERIS_QUALITY")
    return _below("Ephemeris quality", value, limit, value <= limit, "<=")


def _below(what: str, value: float, limit: float, holds: bool, sign: str) -> Finding:
    valid = holds and value >= 0
    message = f"{what} is {'' if valid else 'not '}valid ({value}{sign}{limit})"
    return passed_or_failed(valid, message, {"VALUE": value, "EXPECTED": limit})


def _raw_attitudes(item: Item, parameters: QualityParameters) -> Finding:
    raw = item.root.child(_ATTITUDES).find("Raw_Attitudes")
    if raw is None:
        return not_run("the datastrip has no raw attitudes")
    qualities = raw.all("STR_List/STR/Attitude_Data_List/Attitude_Data/ATTITUDE_QUALITY")
    return _attitudes("raw", qualities, _VALID_RAW, parameters)


def _corrected_attitudes(item: Item, parameters: QualityParameters) -> Finding:
    qualities = item.root.child(_ATTITUDES).all("Corrected_Attitudes/Values/ATTITUDE_QUALITY_INDICATOR")
    return _attitudes("corrected", qualities, _VALID_CORRECTED, parameters)


def _attitudes(
    kind: str, qualities: list[Node], valid: tuple[str, ...], parameters: QualityParameters
) -> Finding:
    """Whether there are attitudes, and no more of them are marked as wrong than allowed."""
    if not qualities:
        return passed_or_failed(False, f"No {kind} attitude has a quality indicator.")
    wrong = sum(node.text() not in valid for node in qualities)
    if wrong:
        message = f"{wrong} of {len(qualities)} {kind} attitude indicators are wrong."
        return passed_or_failed(wrong <= parameters.invalid_attitudes_maximum, message, {"WRONG": wrong})
    return passed_or_failed(True, f"No wrong {kind} attitude indicators were found.")


def _refining_quality(item: Item) -> Node:
    return item.root.child("Quality_Indicators_Info/Geometric_Info/Geometric_Refining_Quality")


def _image_refining(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the residuals of refining are small, or the image is said not to have been refined.

    Before 04.00 a datastrip that was not refined may say so by saying nothing.
    """
    refining = item.root.find("Image_Data_Info/Geometric_Info/Image_Refining")
    if refining is None and not _is_early(item):
        return passed_or_failed(False, "The metadata do not say whether the image was refined.")
    flag = _NOT_REFINED if refining is None else refining.attribute("flag")
    if flag not in (_REFINED, _NOT_REFINED):
        return passed_or_failed(False, f"Image_Refining is '{flag}', expected {_REFINED} or {_NOT_REFINED}.")
    refined = flag == _REFINED
    return _registration(
        _refining_quality(item).all("Image_Refining/Correlation_Quality/Global_Residual"),
        refined,
        "Geometry of image has not been refined.",
        "Geometric image refining is correct.",
        parameters,
    )


def _vnir_swir(item: Item, parameters: QualityParameters) -> Finding:
    """The same for the registration of the two focal planes."""
    registration = item.root.find("Image_Data_Info/Geometric_Info/VNIR_SWIR_Registration")
    registered = registration is not None and registration.optional_attribute("flag") == "REGISTERED"
    return _registration(
        _refining_quality(item).all("VNIR_SWIR_Registration/Correlation_Quality/Global_Residual"),
        registered,
        "VNIR / SWIR bands have not been registered.",
        "VNIR / SWIR registration is correct.",
        parameters,
    )


def _registration(
    residuals: list[Node], done: bool, absent: str, correct: str, parameters: QualityParameters
) -> Finding:
    if not residuals:
        return passed_or_failed(not done, "No residuals of what is said to be refined." if done else absent)
    mean, deviation = parameters.refining_mean_maximum, parameters.refining_deviation_maximum
    values: dict[str, Text] = {name: residuals[0].number(name) for name in _RESIDUALS}
    small = all(
        abs(node.number(name)) <= (mean if name.endswith("MEAN") else deviation)
        for node in residuals
        for name in _RESIDUALS
    )
    message = (
        correct if small else f"Residuals exceed a mean of {mean:g} m or a deviation of {deviation:g} m."
    )
    return passed_or_failed(small, message, values)


def _histograms(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the histogram of residuals, where there is one, holds anything."""
    histogram = _refining_quality(item).find("Spatiotriangulation_Residual_Histogram")
    if histogram is None:
        return passed_or_failed(True, "Geometric Spatio Residual Histograms not computed.")
    filled = any((element.text or "").strip() for element in histogram.element.iter("{*}*"))
    return passed_or_failed(
        filled, f"Geometric Spatio Residual Histograms are {'computed' if filled else 'empty'}."
    )


def _sun_azimuth(item: Item, parameters: QualityParameters) -> Finding:
    value, limit = sun_angle(item, "AZIMUTH_ANGLE"), parameters.sun_azimuth_maximum
    inside = 0 <= value <= limit
    where = "in" if inside else "beyond"
    message = f"Azimuth solar angle ({value:.15g}) is {where} the limit of the threshold ({limit})"
    return passed_or_failed(inside, message, {"EXPECTED": limit, "SOLAR_AZIMUTH_ANGLE": f"{value:.15g}"})


def _of_datastrip(
    identifier: str, title: str, run: Run, summary: str, levels: tuple[Level, ...] = ALL_LEVELS
) -> Inspection:
    return Inspection(identifier, "GEOMETRIC_QUALITY", title, ("datastrip",), levels, run, summary)


_REFINING = "Check of the correctness of the Geometric Refining"

INSPECTIONS: tuple[Inspection, ...] = (
    _of_datastrip(
        "Absolute_Location_Value",
        "Check the absolute Location value.",
        _absolute_location,
        "absolute location is known well enough",
    ),
    _of_datastrip(
        "Planimetric_Stability",
        "Check the planimetric stability value",
        _planimetric_stability,
        "planimetric stability is good enough",
    ),
    _of_datastrip(
        "Ephemeris_Quality",
        "Check the ephemeris quality value.",
        _ephemeris,
        "ephemeris are known well enough",
    ),
    _of_datastrip(
        "Attitude_Quality_Indicator_Raw",
        "Check the admissibility of Raw Attitude Quality Indicator.",
        _raw_attitudes,
        "attitudes of the star trackers are valid",
    ),
    _of_datastrip(
        "Attitude_Quality_Indicator_Corrected",
        "Check the admissibility of Corrected Attitude Quality Indicator.",
        _corrected_attitudes,
        "attitudes are valid",
    ),
    _of_datastrip(
        "Geometric_Refining_Image_Refining",
        f"{_REFINING}: Image Refining.",
        _image_refining,
        "residuals of refining are small, or nothing was refined",
        _REFINED_LEVELS,
    ),
    _of_datastrip(
        "Geometric_Refining_Vnir_Swir_Registration",
        f"{_REFINING}: VNIR/SWIR Registration.",
        _vnir_swir,
        "residuals of registration are small, or nothing was registered",
        _REFINED_LEVELS,
    ),
    _of_datastrip(
        "Geometric_Refining_Spatio_Residual_Histograms",
        f"{_REFINING}: Spatio Residual Histograms.",
        _histograms,
        "histograms of residuals, where there are any, are filled",
        _REFINED_LEVELS,
    ),
    Inspection(
        "Solar_Angle_Zenith",
        "GEOMETRIC_QUALITY",
        "Check the zenith solar angle.",
        ("tile",),
        ("L1C",),
        sun_zenith,
        "sun zenith angle is one",
        baselines=("00.00", "03.99"),
    ),
    Inspection(
        "Solar_Angle_Zenith",
        "GEOMETRIC_QUALITY",
        "Check the zenith solar angle.",
        ("granule",),
        ("L1A", "L1B"),
        sun_zenith,
        "sun zenith angle is one",
    ),
    Inspection(
        "Solar_Angle_Azimuth",
        "GEOMETRIC_QUALITY",
        "Check the azimuth solar angle.",
        ("granule", "tile"),
        ("L1A", "L1B", "L1C", "L2A"),
        _sun_azimuth,
        "sun azimuth angle is one",
    ),
)
"""The checks of GEOMETRIC_QUALITY, but for the sizes of images."""
