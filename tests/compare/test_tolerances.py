"""Tolerances: which limits hold for which part, and what is refused."""

from __future__ import annotations

import math

import pydantic
import pytest

from ipf.compare.tolerances import (
    ClassTolerances,
    MaskTolerances,
    MetadataTolerances,
    NumberTolerances,
    Override,
    RasterTolerances,
    StructureTolerances,
    Tolerances,
)

TABLES = (
    RasterTolerances,
    ClassTolerances,
    MaskTolerances,
    MetadataTolerances,
    NumberTolerances,
    StructureTolerances,
)


def of_two_quantities(*overrides: Override) -> Tolerances:
    rasters = {
        "other": RasterTolerances(bias=1.0),
        "reflectance": RasterTolerances(absolute=0.1, bias=0.01),
    }
    return Tolerances(rasters=rasters, overrides=overrides)


def test_nothing_may_differ_unless_it_is_said() -> None:
    assert RasterTolerances().model_dump() == {
        name: 1.0 if name == "correlation" else 0.0 for name in RasterTolerances.model_fields
    }
    assert ClassTolerances().model_dump() == {
        "agreement": 1.0,
        "intersection_over_union": 1.0,
        "wiped": "fail",
    }
    assert MaskTolerances().model_dump() == {"changed": 0.0, "wiped": "fail"}
    assert set(StructureTolerances().model_dump().values()) == {"fail"}


def test_a_quantity_without_a_table_has_the_limits_of_others() -> None:
    tolerances = of_two_quantities()
    assert tolerances.of_raster("T32TQR/B02 10 m", "reflectance").bias == 0.01
    assert tolerances.of_raster("T32TQR/WVP 10 m", "water_vapour").bias == 1.0


def test_overrides_change_what_they_name_for_the_parts_they_match_the_last_winning() -> None:
    tolerances = of_two_quantities(
        Override(item="*/B0*", limits={"bias": 0.5, "agreement": 0.5}),
        Override(item="*/B09*", limits={"bias": 0.7, "changed": 0.25, "wiped": "report"}),
    )
    limits = {item: tolerances.of_raster(item, "reflectance") for item in ("T/B02", "T/B09", "T/B11")}
    assert {item: each.bias for item, each in limits.items()} == {"T/B02": 0.5, "T/B09": 0.7, "T/B11": 0.01}
    assert {each.absolute for each in limits.values()} == {0.1}
    assert tolerances.of_class_map("T/B02").agreement == 0.5
    assert tolerances.of_class_map("T/SCL").agreement == 1.0
    assert tolerances.of_mask("T/B09") == MaskTolerances(changed=0.25, wiped="report")
    assert tolerances.of_class_map("T/B09").wiped == "report"
    assert tolerances.of_mask("T/B02").changed == 0.0


def test_the_last_rule_for_a_number_counts() -> None:
    rules = (
        NumberTolerances(path="*ANGLE*", absolute=0.1),
        NumberTolerances(path="*ZENITH_ANGLE", absolute=0.2, relative=0.3),
    )
    tolerances = Tolerances(metadata=MetadataTolerances(absolute=1.0, relative=2.0, numbers=rules))
    assert tolerances.of_number("Tile/ULX") == (1.0, 2.0)
    assert tolerances.of_number("Sun/AZIMUTH_ANGLE") == (0.1, 0.0)
    assert tolerances.of_number("Sun/ZENITH_ANGLE") == (0.2, 0.3)


@pytest.mark.parametrize("table", TABLES)
def test_every_limit_says_what_it_means(table: type[pydantic.BaseModel]) -> None:
    assert [name for name, field in table.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("table", TABLES)
def test_limits_are_no_less_than_nothing_and_shares_no_more_than_all(table: type[pydantic.BaseModel]) -> None:
    path = {"path": "*"} if table is NumberTolerances else {}
    for name, field in table.model_fields.items():
        if field.annotation is not float:
            continue
        is_share = "share" in (field.description or "") or name in ("correlation", "intersection_over_union")
        largest = 1.0 if is_share else math.inf
        assert getattr(table.model_validate({name: largest} | path), name) == largest
        for wrong in (-1.5, math.nan, *([1.5, math.inf] if largest == 1 else [])):
            with pytest.raises(pydantic.ValidationError):
                table.model_validate({name: wrong} | path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"rasters": {"reflectance": {}}}, "expected a table 'other'"),
        ({"overrides": [{"item": "a", "limits": {"biass": 1}}]}, "no limit called biass"),
        ({"overrides": [{"item": "a", "limits": {"bias": math.nan}}]}, "not a number"),
        ({"structure": {"files": "ignore"}}, "'fail' or 'report'"),
        ({"unknown": 1}, "Extra inputs"),
    ],
)
def test_what_cannot_be_meant_is_refused(content: dict[str, object], told: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=told):
        Tolerances.model_validate(content)
