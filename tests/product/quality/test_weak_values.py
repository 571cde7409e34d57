"""Values that are no more than well-formed fail: thresholds of baselines, words that nobody defined."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipf.product.quality.model import Kind, QualityParameters
from tests.product.quality.small_products import SMALL, Damage, broken, checks, item_of, text, value

FORMAT, GEOMETRIC = "FORMAT_CORRECTNESS", "GEOMETRIC_QUALITY"
EPHEMERIS = f"{GEOMETRIC}.Ephemeris_Quality"
REFINING = f"{GEOMETRIC}.Geometric_Refining_Image_Refining"
RAW = (
    "<Raw_Attitudes><STR_List><STR><Attitude_Data_List><Attitude_Data><ATTITUDE_QUALITY>VALID"
    "</ATTITUDE_QUALITY></Attitude_Data></Attitude_Data_List></STR></STR_List></Raw_Attitudes></Attitudes>"
)
CASES: list[tuple[str, str, Kind, Damage, set[str]]] = [
    ("ephemeris of an early one", "early", "datastrip", value("EPHEMERIS_QUALITY", "9.5"), {EPHEMERIS}),
    ("ephemeris of a late one", "l1c", "datastrip", value("EPHEMERIS_QUALITY", "20.5"), {EPHEMERIS}),
    (
        "unknown word for an attitude",
        "l1c",
        "datastrip",
        value("ATTITUDE_QUALITY_INDICATOR", "GOOD"),
        {f"{GEOMETRIC}.Attitude_Quality_Indicator_Corrected"},
    ),
    (
        "unknown word for a raw attitude",
        "l1c",
        "datastrip",
        text("</Attitudes>", RAW),
        {f"{GEOMETRIC}.Attitude_Quality_Indicator_Raw"},
    ),
    ("no word on refining", "l1c", "datastrip", text('<Image_Refining flag="NOT_REFINED"/>', ""), {REFINING}),
    ("empty word on refining", "l1c", "datastrip", text('flag="NOT_REFINED"', 'flag=""'), {REFINING}),
]


def damaged(request: pytest.FixtureRequest, tmp_path: Path, product: str, kind: Kind, damage: Damage) -> Path:
    """A copy of a product whose item of a kind is damaged."""
    original: Path = request.getfixturevalue(product)
    copy = tmp_path / original.name
    shutil.copytree(original, copy)
    damage(item_of(copy, kind))
    return copy


@pytest.mark.parametrize(
    ("product", "kind", "damage", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_weak_value_fails(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    product: str,
    kind: Kind,
    damage: Damage,
    expected: set[str],
) -> None:
    copy = damaged(request, tmp_path, product, kind, damage)
    assert broken(item_of(copy, kind)) == expected


def test_an_ephemeris_between_the_thresholds_passes_from_04_00_on(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    copy = damaged(request, tmp_path, "l1c", "datastrip", value("EPHEMERIS_QUALITY", "9.5"))
    assert broken(item_of(copy, "datastrip")) == set()


def test_the_limits_of_the_correction_are_parameters(l2a: Path) -> None:
    item = item_of(l2a, "tile")
    strict = QualityParameters(
        tile_side_minimum=SMALL.tile_side_minimum, low_sun_zenith=10, high_aot=0.001, high_water_vapour=0.001
    )
    found = checks(item, strict)
    assert found["L2A_QUALITY.AUX_DATA_QUALITY"].message.endswith("is above 10 degrees")
    assert found["L2A_QUALITY.AUX_DATA_QUALITY"].message.startswith("Sun zenith angle ")
    correction = found["L2A_QUALITY.ATMOSPHERIC_CORRECTION_QUALITY"].values
    assert (correction["AOT_ABOVE_1"], correction["GRANULE_WV_ABOVE_5_CM"]) == ("True", "True")
    lenient = QualityParameters(
        tile_side_minimum=SMALL.tile_side_minimum, high_aot=100, high_water_vapour=100
    )
    correction = checks(item, lenient)["L2A_QUALITY.ATMOSPHERIC_CORRECTION_QUALITY"].values
    assert (correction["AOT_ABOVE_1"], correction["GRANULE_WV_ABOVE_5_CM"]) == ("False", "False")
