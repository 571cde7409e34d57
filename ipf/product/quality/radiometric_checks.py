"""Checks of calibration, gains and quantification: RADIOMETRIC_QUALITY."""

from __future__ import annotations

from functools import partial

from ipf.product.bands import BANDS
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    Level,
    QualityParameters,
    passed_or_failed,
)

_LEVELS: tuple[Level, ...] = ("L1A", "L1B", "L1C", "L2A")
_CONFIGURATION = "Image_Data_Info/Sensor_Configuration/Acquisition_Configuration"
_RADIOMETRY = "Image_Data_Info/Radiometric_Info"
_QUALITY = "Quality_Indicators_Info/Radiometric_Info/Radiometric_Quality_List/Radiometric_Quality"


def _equalised(item: Item, parameters: QualityParameters) -> Finding:
    equalised = item.root.flag(f"{_CONFIGURATION}/EQUALIZATION_MODE")
    return passed_or_failed(equalised, f"Equalization Mode is set to {str(equalised).upper()}")


def _integration_times(item: Item, parameters: QualityParameters) -> Finding:
    bands = item.root.all(f"{_CONFIGURATION}/Spectral_Band_Info/Spectral_Band_Information")
    wrong = [
        node.attribute_band("bandId")
        for node in bands
        if (node.optional_number("INTEGRATION_TIME") or 0.0) <= 0
    ]
    return _all_bands("INTEGRATION_TIME", [node.attribute_band("bandId") for node in bands], wrong)


def _solar_irradiance(item: Item, parameters: QualityParameters) -> Finding:
    bands = item.root.all(f"{_RADIOMETRY}/Reflectance_Conversion/Solar_Irradiance_List/SOLAR_IRRADIANCE")
    wrong = [node.attribute_band("bandId") for node in bands if node.number() <= 0]
    return _all_bands("SOLAR RADIANCE", [node.attribute_band("bandId") for node in bands], wrong)


def _all_bands(what: str, found: list[str], wrong: list[str]) -> Finding:
    """Whether each band is found once and none is wrong."""
    missing = [band.name for band in BANDS if found.count(band.name) != 1]
    if missing or wrong:
        parts = [f"not once for {' '.join(missing)}"] * bool(missing)
        parts += [f"not positive for {' '.join(wrong)}"] * bool(wrong)
        return passed_or_failed(False, f"{what} is {', '.join(parts)}")
    return passed_or_failed(True, f"{what} is OK")


def _quantification(
    name: str, path: str, threshold: str, item: Item, parameters: QualityParameters
) -> Finding:
    """Whether the counts per unit at `path` are the parameter `threshold`."""
    value, expected = item.root.number(f"{_RADIOMETRY}/{path}"), getattr(parameters, threshold)
    if value != expected:
        return passed_or_failed(
            False, f"{name} is {value:g}, expected {expected:g}", {"VALUE": value, "EXPECTED": expected}
        )
    return passed_or_failed(True, f"{name} is OK")


def _calibration(
    what: str, element: str, threshold: str, item: Item, parameters: QualityParameters
) -> Finding:
    """Whether the calibration accuracy `element` of every band is at most the parameter `threshold`, in %."""
    bands = item.root.all(_QUALITY)
    missing = {band.name for band in BANDS} - {node.attribute_band("bandId") for node in bands}
    if missing:
        return passed_or_failed(False, f"{what} is not given for {' '.join(sorted(missing))}")
    limit = getattr(parameters, threshold)
    wrong = [value for node in bands if not 0 <= (value := node.number(element)) <= limit]
    if wrong:
        return passed_or_failed(
            False,
            f"{what} is {wrong[0]:g} %, expected 0 to {limit:g} %",
            {"VALUE": wrong[0], "EXPECTED": limit},
        )
    return passed_or_failed(True, f"{what} is correct.")


def _calibration_inspection(name: str, title: str, what: str, element: str, threshold: str) -> Inspection:
    return Inspection(
        f"Radiometric_Quality_Indicators_{name}",
        "RADIOMETRIC_QUALITY",
        f"Check on the Radiometric Quality Indicators : {title} Calibration Accuracy.",
        ("datastrip",),
        _LEVELS,
        partial(_calibration, what, element, threshold),
        f"{what[0].lower()}{what[1:]} of every band is good enough",
    )


def _quantification_inspection(suffix: str, level: Level, path: str, threshold: str) -> Inspection:
    name = f"{suffix} QUANTIFICATION_VALUE".strip()
    return Inspection(
        f"QuantificationValue{suffix}",
        "RADIOMETRIC_QUALITY",
        f"Check {name}",
        ("datastrip",),
        (level,),
        partial(_quantification, name, path, threshold),
        "counts per unit are those of the specification",
    )


_L2A_VALUES = "QUANTIFICATION_VALUES_LIST"

INSPECTIONS: tuple[Inspection, ...] = (
    _quantification_inspection("", "L1C", "QUANTIFICATION_VALUE", "reflectance_quantification"),
    _quantification_inspection(
        "BOA", "L2A", f"{_L2A_VALUES}/BOA_QUANTIFICATION_VALUE", "reflectance_quantification"
    ),
    _quantification_inspection("AOT", "L2A", f"{_L2A_VALUES}/AOT_QUANTIFICATION_VALUE", "aot_quantification"),
    _quantification_inspection(
        "WVP", "L2A", f"{_L2A_VALUES}/WVP_QUANTIFICATION_VALUE", "water_vapour_quantification"
    ),
    Inspection(
        "EqualizationFlag",
        "RADIOMETRIC_QUALITY",
        "Check EQUALIZATION_MODE",
        ("datastrip",),
        _LEVELS,
        _equalised,
        "detectors were equalised on board",
    ),
    Inspection(
        "IntegrationTime",
        "RADIOMETRIC_QUALITY",
        "Check INTEGRATION_TIME",
        ("datastrip",),
        _LEVELS,
        _integration_times,
        "integration time of every band is positive",
    ),
    Inspection(
        "SolarRadiance",
        "RADIOMETRIC_QUALITY",
        "Check Solar Radiance",
        ("datastrip",),
        ("L1C",),
        _solar_irradiance,
        "solar irradiance of every band is positive",
        baselines=("04.00", "99.99"),
    ),
    _calibration_inspection(
        "Absolute",
        "Absolute",
        "Absolute calibration accuracy",
        "ABSOLUTE_CALIBRATION_ACCURACY",
        "absolute_calibration_maximum",
    ),
    _calibration_inspection(
        "Cross_Band",
        "Cross Band",
        "Cross band calibration accuracy",
        "CROSS_BAND_CALIBRATION_ACCURACY",
        "cross_band_calibration_maximum",
    ),
    _calibration_inspection(
        "Multi_Temporal",
        "Multi-Temporal",
        "Multi-temporal calibration accuracy",
        "MULTI_TEMPORAL_CALIBRATION_ACCURACY",
        "multi_temporal_calibration_maximum",
    ),
)
"""The checks of RADIOMETRIC_QUALITY."""
