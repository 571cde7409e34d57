"""The table of spectra is plausible: what published spectra of a kind have in common."""

from __future__ import annotations

import pytest
from ipf_plugins.simulator.spectra import (
    MATERIALS,
    SOIL,
    URBAN,
    VEGETATION,
    WATER,
    Cover,
    of_band,
    visible_ratios,
)


def value(cover: Cover, band: str) -> float:
    return of_band(MATERIALS[cover].reflectance, band)


def test_every_cover_has_thirteen_bands_and_belongs_to_one_kind() -> None:
    kinds = (*WATER, *VEGETATION, *SOIL, *URBAN, Cover.SNOW, Cover.NONE)
    assert sorted(kinds) == sorted(Cover)
    assert all(len(material.reflectance) == 13 for material in MATERIALS.values())


@pytest.mark.parametrize("cover", VEGETATION)
def test_vegetation(cover: Cover) -> None:
    """Ratios within those of simulated dense canopies (see the module); a red edge; water in the leaves."""
    red_to_swir, blue_to_red = visible_ratios()[cover]
    assert 0.25 <= red_to_swir <= 0.7
    assert 0.6 <= blue_to_red <= 1.35
    assert value(cover, "B8A") > 5 * value(cover, "B04")
    assert value(cover, "B03") > value(cover, "B04")
    assert 0.95 <= value(cover, "B09") / value(cover, "B8A") <= 0.985
    assert 1.1 <= value(cover, "B10") / value(cover, "B11") <= 1.35


@pytest.mark.parametrize("cover", SOIL)
def test_soil_rises_into_the_infrared(cover: Cover) -> None:
    bands = [value(cover, band) for band in ("B01", "B02", "B03", "B04", "B05", "B07", "B8A", "B09")]
    assert bands == sorted(bands)
    assert value(cover, "B12") < value(cover, "B11")


def test_snow_and_water_are_dark_in_the_short_wave_infrared() -> None:
    assert (value(Cover.SNOW, "B03") - value(Cover.SNOW, "B11")) > 0.7 * (
        value(Cover.SNOW, "B03") + value(Cover.SNOW, "B11")
    )
    for cover in WATER:
        assert value(cover, "B12") <= 0.002
