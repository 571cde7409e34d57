"""The scene classification as a step: contract, cloud shadow, terrain, maps, statistics, growth."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from ipf_plugins.atmospheric.classification_rules import SceneClassificationParameters
from ipf_plugins.atmospheric.place_rules import height_weights

from ipf.engine.testing import check_contract
from ipf.product.angles import Direction
from ipf.product.masks import QUALITY_FLAGS
from ipf.product.raster import Raster, raster_of_array
from tests.plugins.atmospheric.classified import SIDE_M, bands, classified, everywhere, flat_map

SHADOW, VEGETATION, SOIL, WATER, MEDIUM, HIGH, CIRRUS, SNOW = 3, 4, 5, 6, 8, 9, 10, 11
PLAIN = {"dilations": False}
SEN2COR_FIELD = {"view_parallax": False, "match_heights": False}


def clouded(shade: str = "shade", ground: str = "forest", shift: tuple[int, int] = (22, 12)) -> np.ndarray:
    """A square cloud of 600 m, and shade `shift` cells of 60 m south and west of it."""
    names = everywhere(ground)
    names[30 + shift[0] : 40 + shift[0], 50 - shift[1] : 60 - shift[1]] = shade
    names[30:40, 50:60] = "cloud"
    return names


def pixels(cells: np.ndarray) -> np.ndarray:
    """A map of cells on pixels of 20 m."""
    return cells.repeat(3, axis=0).repeat(3, axis=1)


def terrain(
    illumination: float, slope: float, shadow: int, side_m: int = SIDE_M
) -> dict[str, dict[str, Raster]]:
    """Layers of `terrain`, the same everywhere."""
    return {
        "illumination": flat_map(
            side_m, round(illumination / 2e-5), "illumination", dtype=np.uint16, scale=2e-5
        ),
        "slope": flat_map(side_m, round(slope / 0.4), "slope", scale=0.4, nodata=255),
        "cast_shadow": flat_map(side_m, shadow, "cast_shadow"),
    }


@pytest.mark.parametrize("median_filter", [0, 10])
def test_the_step_keeps_the_contract(median_filter: int) -> None:
    side = 1860
    names = everywhere("forest", side)
    names[13:19, 9:15], names[3:9, 3:9], names[20:27, 20:27] = "cloud", "shade", "snow"
    names[3:9, 20:28], names[12:18, 20:25], names[28:] = "water", "thin cirrus", "soil"
    maps = terrain(0.7, 3.0, 0, side) | {
        "water_bodies": flat_map(side, 1, "water_bodies"),
        "land_cover": flat_map(side, 190, "land_cover"),
        "snow_condition": flat_map(side, 5, "snow_condition"),
    }
    rules = {
        "cloud_dilation": 9, "shadow_dilation": 7, "snow_dilation": 5, "bright_ground": True,
        "land_recovery": "always", "median_filter": median_filter,
    }  # fmt: skip
    found = classified(bands(names, noise=0.08), maps=maps, rules=rules)
    assert set(np.unique(found.classes)) >= {3, 4, 5, 6, 8, 9, 11}
    check_contract(found.case)


def test_growth_reaches_no_further_than_the_margin() -> None:
    """Blocks of 60 m see no more than the margin: with every rule at its largest they must agree."""
    names = clouded(shift=(-16, 9))
    names[::7, ::5] = "snow"
    rules = {"shadow_dilation": 7, "snow_dilation": 5, "bright_ground": True, "median_filter": 10}
    found = classified(bands(names[12:43, 35:66], noise=0.05), rules=rules)
    check_contract(found.case)


def test_layers_are_bytes_at_20_m_without_undecided_pixels() -> None:
    layers = classified(bands(everywhere("forest", 1260), noise=0.8)).layers
    assert {(layer.dtype, layer.shape) for layer in layers.values()} == {(np.dtype(np.uint8), (63, 63))}
    assert layers["scene_classification"].max() <= SNOW


@pytest.mark.parametrize("azimuth", [150.0, 330.0, 60.0])
@pytest.mark.parametrize("field", [SEN2COR_FIELD, {}], ids=["sen2cor", "accurate"])
def test_a_cloud_of_known_height_shades_the_ground_away_from_the_sun(
    azimuth: float, field: dict[str, bool]
) -> None:
    height, zenith = 1500.0, 45.0
    shift = height * np.cos(np.deg2rad(azimuth)) / 60.0, height * np.sin(np.deg2rad(azimuth)) / 60.0
    names = clouded(shift=(round(shift[0]), round(shift[1])))
    found = classified(bands(names), field=field, rules=PLAIN, sun=Direction(zenith, azimuth)).classes
    shade = pixels(names == "shade")
    assert np.mean(found[shade] == SHADOW) > 0.95
    assert not (found[~shade] == SHADOW).any()
    assert (found[pixels(names == "cloud")] == HIGH).all()


@pytest.mark.parametrize("azimuth", [330.0, 240.0])
def test_shade_that_no_cloud_casts_stays_what_it_was(azimuth: float) -> None:
    """The same shade, but the sun stands elsewhere."""
    found = classified(bands(clouded()), rules=PLAIN, sun=Direction(45.0, azimuth)).classes
    assert not (found == SHADOW).any()


def test_the_satellite_sees_a_cloud_aside_of_its_place() -> None:
    """Seen from 10 degrees off nadir a cloud 3000 m high appears 529 m aside of where it casts its shadow."""
    zenith, height = 45.0, 3000.0
    aside = height * np.tan(np.deg2rad(10.0))
    # Sun in the south, satellite in the east: the cloud is seen to the west of where it is.
    names = clouded(shift=(-round(height / 60.0), -round(aside / 60.0)))
    names = np.roll(names, 30, axis=0)
    sun, view = Direction(zenith, 180.0), Direction(10.0, 90.0)
    shade = pixels(names == "shade")
    rules = {**PLAIN, "dark_in_shadow": False}
    accurate = classified(bands(names), field={"match_heights": False}, rules=rules, sun=sun, view=view)
    blind = classified(bands(names), field=SEN2COR_FIELD, rules=rules, sun=sun, view=view)
    assert np.mean(accurate.classes[shade] == SHADOW) > 0.95
    assert np.mean(blind.classes[shade] == SHADOW) < 0.3


def test_half_shade_is_found_where_the_height_of_its_cloud_is_known() -> None:
    names = clouded()
    names[52:62, 44:46] = "half shade"
    shade = pixels(names == "half shade")
    azimuth = np.rad2deg(np.arctan2(12.0, 22.0))
    sun = Direction(45.0, float(azimuth))
    known = classified(bands(names), rules=PLAIN, sun=sun).classes
    strict = classified(bands(names), field={"match_heights": False}, rules=PLAIN, sun=sun).classes
    assert np.mean(known[shade] == SHADOW) > 0.9
    assert not (strict[shade] == SHADOW).any()


def test_water_is_shaded_where_the_height_of_the_cloud_is_known() -> None:
    names = clouded()
    names[50:64, 36:41] = "water"
    sun = Direction(45.0, float(np.rad2deg(np.arctan2(12.0, 22.0))))
    water = np.zeros_like(names, bool)
    water[53:61, 38:41] = True
    for on_water, expected in ((True, SHADOW), (False, WATER)):
        found = classified(bands(names), rules={**PLAIN, "shadow_on_water": on_water}, sun=sun).classes
        assert (found[pixels(water)] == expected).all()


def test_cloud_shadow_can_be_left_out() -> None:
    sun = Direction(45.0, float(np.rad2deg(np.arctan2(12.0, 22.0))))
    assert (classified(bands(clouded()), sun=sun).classes == SHADOW).any()
    assert not (classified(bands(clouded()), rules={"cloud_shadow": False}, sun=sun).classes == SHADOW).any()


def test_cloud_heights_are_most_common_between_600_and_4200_m() -> None:
    heights = np.array([0.0, 600.0, 1500.0, 3000.0, 4230.0, 6000.0])
    np.testing.assert_allclose(height_weights(heights), [0.0060, 0.5, 1.0, 0.9977, 0.5, 0.0067], atol=6e-4)


@pytest.mark.parametrize(
    ("light", "slope", "shadow", "dark_class", "expected"),
    [
        (0.3, 20.0, 1, "cast_shadow", {2}),
        (0.3, 20.0, 0, "cast_shadow", {7}),
        (0.3, 20.0, 0, "dark", {2}),
        (0.3, 10.0, 0, "cast_shadow", {WATER}),
        (0.8, 20.0, 0, "cast_shadow", {WATER}),
    ],
)
def test_steep_dim_water_is_dark(
    light: float, slope: float, shadow: int, dark_class: str, expected: set[int]
) -> None:
    rasters = bands(everywhere("water", 1260))
    found = classified(rasters, maps=terrain(light, slope, shadow, 1260), rules={"dark_class": dark_class})
    assert set(np.unique(found.classes)) == expected


def test_without_an_elevation_model_flat_terrain_changes_nothing() -> None:
    rasters = bands(everywhere("shade", 1260))
    model = {"elevation_model": SimpleNamespace(used=False)}
    flat = classified(rasters, maps=terrain(0.7, 0.0, 0, 1260), models=model)
    assert set(np.unique(flat.classes)) == {2}
    model = {"elevation_model": SimpleNamespace(used=True)}
    known = classified(rasters, maps=terrain(0.7, 0.0, 0, 1260), models=model)
    assert set(np.unique(known.classes)) == {7}
    rest = classified(rasters, maps=terrain(0.7, 0.0, 0, 1260), models=model, rules={"remainder_class": 5})
    assert set(np.unique(rest.classes)) == {5}


def test_a_map_of_water_bodies_recovers_dark_water() -> None:
    maps = {"water_bodies": flat_map(1260, 2, "water_bodies")}
    assert set(np.unique(classified(bands(everywhere("shade", 1260)), maps=maps).classes)) == {WATER}


@pytest.mark.parametrize(
    ("when", "mapped", "expected"),
    [
        ("always", False, CIRRUS),
        ("with_land_cover", False, VEGETATION),
        ("with_land_cover", True, CIRRUS),
        ("never", True, VEGETATION),
    ],
)
def test_thin_cirrus_is_recovered_by_the_statistics_of_clear_ground(
    when: str, mapped: bool, expected: int
) -> None:
    names = everywhere("soil")
    names[:3] = "thin cirrus"
    maps = {"land_cover": flat_map(SIDE_M, 10, "land_cover")} if mapped else {}
    found = classified(bands(names), maps=maps, rules={"cirrus_recovery": when}).classes
    assert set(np.unique(found[:9])) == {expected}
    assert set(np.unique(found[9:])) == {SOIL}


def test_saturated_and_defective_pixels_are_class_1() -> None:
    rasters = bands(everywhere("cloud", 1260))
    counts = np.zeros(rasters["B05"].grid.shape, np.uint8)
    for flag, place in (("saturated", 0), ("defective", 27), ("lost_msi_packets", 54)):
        counts[place, 0] = 1 << QUALITY_FLAGS.index(flag)
    raster = raster_of_array("defects", rasters["B05"].grid, counts, "flags")
    layers = classified(rasters, maps={"defects": {"": replace(raster, flags=QUALITY_FLAGS)}}).layers
    found = layers["scene_classification"]
    assert [found[0, 0], found[27, 0]] == [1, 1]
    assert np.count_nonzero(found == 1) == 2
    assert not layers["cloud_probability"][found == 1].any()


def test_clouds_grow_over_their_edges_but_not_over_shadow_or_snow() -> None:
    names = everywhere("forest")
    names[30:40, 30:40], names[30:40, 40:45] = "cloud", "snow"
    rasters = bands(names)
    plain = classified(rasters, rules=PLAIN).classes
    grown = classified(rasters).classes
    assert (plain[:, :90] != MEDIUM).all()
    assert (grown[95:115, 86:90] == MEDIUM).all()
    assert (grown[:, 85] != MEDIUM).all()
    assert (grown[90:120, 120:135] == SNOW).all()
    free = classified(rasters, rules={"growth_spares": False}).classes
    assert (free[95:115, 120:124] == MEDIUM).all()


def test_the_median_filter_takes_lone_pixels_and_keeps_where_data_is() -> None:
    names = everywhere("forest", 1260)
    names[10, 10] = "water"
    rasters = bands(names)
    counts = rasters["B11"].read_all().copy()
    counts[0, :] = 0
    rasters["B11"] = raster_of_array("toa_reflectance/B11", rasters["B11"].grid, counts, "1", 1e-4, -1000, 0)
    found = classified(rasters, rules={"median_filter": 7}).classes
    assert (found[0] == 0).all()
    assert (found[1:] == VEGETATION).all()


def test_every_rule_has_a_source_and_every_number_bounds() -> None:
    for name, field in SceneClassificationParameters.model_fields.items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict), name
        assert set(extra) == {"unit", "source"}
        assert field.annotation not in (int, float) or len(field.metadata) == 2, name
