"""Gross errors of numbers are told at their paths, what two processors differ in is not."""

from __future__ import annotations

import pytest

from ipf.compare.xml_gross import gross_error

ANGLES = "Geometric_Info/Tile_Angles"
SUN = f"{ANGLES}/Sun_Angles_Grid"
VIEW = f"{ANGLES}/Viewing_Incidence_Angles_Grids"
IMAGE = "General_Info/Product_Image_Characteristics"
TOO_FAR = "more than any processor may"

GROSS = [
    (f"{ANGLES}/Mean_Sun_Angle/ZENITH_ANGLE", "57.8", "17.8", f"differs by 40, {TOO_FAR}"),
    (f"{ANGLES}/Mean_Sun_Angle/AZIMUTH_ANGLE", "2", "356", f"differs by 6, {TOO_FAR}"),
    (f"{SUN}/Zenith/Values_List/VALUES", "50 51 52", "50 57 52", f"differs by 6, {TOO_FAR}"),
    (f"{SUN}/Zenith/Values_List/VALUES", "50 51 52", "50 NaN 52", "has what is no number"),
    (f"{SUN}/Zenith/COL_STEP", "5000", "500", f"differs by 4500, {TOO_FAR}"),
    (f"{VIEW}/Zenith/ROW_STEP", "5000", "5001", f"differs by 1, {TOO_FAR}"),
    (f"{VIEW}/Zenith/Values_List/VALUES", "NaN 5", "NaN 11", f"differs by 6, {TOO_FAR}"),
    (f"{VIEW}/Azimuth/Values_List/VALUES", "NaN 5", "NaN INF", "has what is no number"),
    (f"{IMAGE}/Special_Values/SPECIAL_VALUE_INDEX", "0", "1", f"differs by 1, {TOO_FAR}"),
    (f"{IMAGE}/QUANTIFICATION_VALUE", "10000", "1000", f"differs by 9000, {TOO_FAR}"),
    (f"{IMAGE}/Radiometric_Offset_List/RADIO_ADD_OFFSET", "-1000", "-900", f"differs by 100, {TOO_FAR}"),
    (f"{IMAGE}/Reflectance_Conversion/U", ".998", "1.5", f"differs by 0.502, {TOO_FAR}"),
    (f"{IMAGE}/List/SOLAR_IRRADIANCE", "1900", "1000", f"differs by 900, {TOO_FAR}"),
    (f"{IMAGE}/PHYSICAL_GAINS", "4.1", "INF", "is no number"),
    (f"{IMAGE}/PHYSICAL_GAINS", "4.1", "NaN", "is no number"),
    (f"{IMAGE}/PHYSICAL_GAINS", "4.1", " ", "is no number"),
    (f"{IMAGE}/PHYSICAL_GAINS", "4.1", "four", "is no number"),
]

NO_GROSS = [
    (f"{ANGLES}/Mean_Sun_Angle/ZENITH_ANGLE", "57.8", "53"),
    (f"{ANGLES}/Mean_Sun_Angle/AZIMUTH_ANGLE", "359.5", "0.5"),
    (f"{SUN}/Azimuth/Values_List/VALUES", "0.5 1", "359.5 1"),
    (f"{VIEW}/Zenith/Values_List/VALUES", "NaN 5 6", "4 5.1 NaN"),
    (f"{VIEW}/Azimuth/Values_List/VALUES", "10 20", "190 200"),
    (f"{IMAGE}/Reflectance_Conversion/U", ".998", "1.02"),
    (f"{IMAGE}/List/SOLAR_IRRADIANCE", "85.25", "87.75"),
    (f"{IMAGE}/Radiometric_Offset_List/RADIO_ADD_OFFSET", "-1000", "-1000.0"),
    (f"{IMAGE}/PHYSICAL_GAINS", "4.1", "41"),
    (f"{IMAGE}/PHYSICAL_GAINS", "NaN", "none"),
    (f"{IMAGE}/PHYSICAL_GAINS", "", "4.1"),
    (f"{IMAGE}/EXT_POS_LIST", "1 2 1 2", "1 2 3 4 1 2"),
    ("Sensor_Configuration/SYNC", "1", "false"),
    ("Quality_Indicators_Info/RESULT", "PASSED", "FAILED"),
]


@pytest.mark.parametrize(("path", "reference", "candidate", "told"), GROSS)
def test_what_makes_a_product_unusable_is_told(path: str, reference: str, candidate: str, told: str) -> None:
    assert gross_error(path, reference, candidate) == told


@pytest.mark.parametrize(("path", "reference", "candidate"), NO_GROSS)
def test_what_two_processors_may_differ_in_is_not(path: str, reference: str, candidate: str) -> None:
    assert gross_error(path, reference, candidate) is None
