"""The clouds of a scene: mask, direction of their shadows, matched heights, statistics, contract."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
from ipf_plugins.atmospheric.bare_ground import ground_cells
from ipf_plugins.atmospheric.cloud_shadows import Ground, cloud_direction, matched_shadow
from ipf_plugins.atmospheric.fields import TileField
from ipf_plugins.atmospheric.scene_statistics import SceneStatistics

from ipf.engine.testing import check_contract
from ipf.kernels.cloud_statistics import CLASSES, water_only
from ipf.product.angles import Direction
from ipf.product.raster import Grid, Window
from tests.plugins.atmospheric import atmospheres
from tests.plugins.atmospheric.classified import bands, classified, everywhere, flat_map

SIDE_M = 1260


def test_the_step_keeps_the_contract() -> None:
    names = everywhere("forest", SIDE_M)
    names[3:9, 3:9], names[9:14, 2:8] = "cloud", "shade"
    maps = {
        "land_cover": flat_map(SIDE_M, 190, "land_cover"),
        "snow_condition": flat_map(SIDE_M, 20, "snow_condition"),
    }
    check_contract(classified(bands(names, noise=0.3), maps=maps).field_case)


def test_the_mask_and_the_statistics_are_those_of_the_scene() -> None:
    names = everywhere("forest")
    names[20:40, 30:50], names[50:, :], names[:10, :] = "cloud", "water", "soil"
    found = classified(bands(names)).field
    np.testing.assert_array_equal(found.mask, names == "cloud")
    assert found.statistics.pixels(9) == 400 * 9
    assert found.statistics.valid == names.size * 9
    assert found.statistics.cirrus(9).mean == pytest.approx(0.006, abs=1e-6)
    assert found.statistics.cirrus(4, 5).sigma == pytest.approx(0.0, abs=1e-6)
    assert not found.snow_is_rare
    assert found.ground_cells is None


def test_the_cloud_appears_toward_the_sun_and_away_from_the_satellite() -> None:
    sun, view = Direction(45.0, 90.0), Direction(10.0, 90.0)
    angles = atmospheres.constant_angles(sun, view)
    equator = Grid(32633, 500000.0, 55000.0, 10, 10980, 10980)  # where the map's north is true
    east, north = cloud_direction(angles, equator, True)
    assert east.mean == pytest.approx(1.0 - np.tan(np.deg2rad(10.0)))
    assert north.mean == pytest.approx(0.0, abs=1e-3)
    east, north = cloud_direction(angles, equator, False)
    assert (east.mean, north.mean) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-12))


@pytest.mark.parametrize("azimuth", [30.0, 170.0])
def test_the_cloud_stands_toward_the_sun_on_a_map_whose_north_is_aside(azimuth: float) -> None:
    """At 66 degrees north, 6 degrees west of the zone's middle; directions on the ellipsoid are PROJ's."""
    grid = Grid(32633, 220000.0, 7300000.0, 10, 10980, 10980)
    angles = atmospheres.constant_angles(Direction(60.0, azimuth), Direction(0.0, 100.0))
    fields = cloud_direction(angles, grid, True)
    east, north = (float(field.over(Window(0, 0, 1, 1), 60)[0, 0]) for field in fields)
    here = np.array([grid.upper_left_x, grid.upper_left_y])
    there = here + 1000.0 * np.array([east, north])
    places = (pyproj.Proj(grid.epsg)(*place, inverse=True) for place in (here, there))
    seen, _, _ = pyproj.Geod(ellps="WGS84").inv(*next(places), *next(places))
    assert seen % 360.0 == pytest.approx(azimuth, abs=0.05)
    assert np.hypot(east, north) == pytest.approx(np.tan(np.deg2rad(60.0)))


@pytest.mark.parametrize("azimuth", [0.0, 70.0, 160.0, 250.0])
@pytest.mark.parametrize("height", [700.0, 2000.0, 5500.0])
def test_a_cloud_is_matched_to_the_shade_that_it_casts(azimuth: float, height: float) -> None:
    mask = np.zeros((300, 300), np.uint8)
    mask[145:155, 143:157] = 1
    east, north = np.sin(np.deg2rad(azimuth)), np.cos(np.deg2rad(azimuth))
    moved = np.rint(height * north / 60), np.rint(-height * east / 60)
    truth = np.roll(mask, (int(moved[0]), int(moved[1])), (0, 1))
    nine = np.full(mask.shape, 9, np.uint8)
    ground = Ground(nine, nine * truth * (1 - mask))
    found = matched_shadow(mask, ground, TileField.constant(float(east)), TileField.constant(float(north)))
    assert found[(truth == 1) & (mask == 0)].all()
    assert found.sum() <= 12 * 16 * 1.15  # the shadow and one cell around it


def test_without_open_ground_no_height_is_matched() -> None:
    mask = np.zeros((80, 80), np.uint8)
    mask[30:40, 30:40] = 1
    direction = TileField.constant(1.0), TileField.constant(0.0)
    nothing, nine = np.zeros_like(mask), np.full(mask.shape, 9, np.uint8)
    assert not matched_shadow(mask, Ground(nine, nothing), *direction).any()
    assert not matched_shadow(nothing, Ground(nine, nine), *direction).any()
    assert not matched_shadow(mask, Ground(nothing, nothing), *direction).any()


def test_shaded_water_is_less_bright_than_the_even_water_around() -> None:
    green = np.full((120, 120), np.nan, np.float32)
    green[:, 60:] = 0.055
    green[40:50, 80:90] = 0.045
    nothing = np.zeros(green.shape, np.uint8)
    ground = Ground(nothing, nothing).with_water(green)
    expected = np.zeros(green.shape, np.uint8)
    expected[40:50, 80:90] = 9
    np.testing.assert_array_equal(ground.shade, expected)
    np.testing.assert_array_equal(ground.open, np.where(np.isnan(green), 0, 9))
    green[:, 100:] = 0.12
    uneven = Ground(nothing, nothing).with_water(green)
    assert not uneven.open[:, 85:115].any()
    given = Ground(nothing, nothing)
    assert given.with_water(np.full_like(green, np.nan)) is given


def test_water_counts_where_all_pixels_of_a_cell_are_water() -> None:
    classes = np.full((3, 6), 6, np.uint8)
    classes[1, 4] = 4
    found = water_only(np.array([[0.05, 0.06]], np.float32), classes)
    np.testing.assert_array_equal(found, np.array([[0.05, np.nan]], np.float32))


def statistics(**pixels: tuple[int, float, float]) -> SceneStatistics:
    """Statistics from number, mean and sigma of B10 by class ``c4``; B09/B8A of land is 0.3 +- 0.1."""
    sums = np.zeros((CLASSES, 5))
    for name, (count, mean, sigma) in pixels.items():
        sums[int(name[1:])] = count, count * mean, count * (mean**2 + sigma**2), 0, 0
    for kind in (4, 5):
        sums[kind, 3:] = sums[kind, 0] * 0.3, sums[kind, 0] * (0.09 + 0.01)
    return SceneStatistics.of(sums)


def test_limits_of_land_follow_the_share_of_cloud() -> None:
    clear = statistics(c4=(10**6, 0.002, 0.0005))
    limits = clear.land_limits()
    assert limits is not None
    assert (limits.cirrus, limits.vapour) == (pytest.approx(0.002), pytest.approx(0.4))
    some = statistics(c4=(900_000, 0.002, 0.0005), c9=(100_000, 0.01, 0.001)).land_limits()
    assert some is not None
    assert some.cirrus == pytest.approx(0.0015)
    many = statistics(c4=(700_000, 0.002, 0.0005), c9=(300_000, 0.0037, 0.001)).land_limits()
    assert many is not None
    assert many.cirrus == pytest.approx(0.0017)
    assert statistics(c4=(1000, 0.002, 0.0005)).land_limits() is None
    assert statistics().land_limits() is None


def test_limits_of_cirrus_are_mean_and_sigma_of_clear_ground() -> None:
    land, water = statistics(c5=(100, 0.002, 0.001), c6=(100, 0.002, 0.001)).cirrus_limits()
    assert (land, water) == (pytest.approx(0.005), pytest.approx(0.003))
    land, water = statistics(c5=(100, 0.001, 0.0), c6=(100, 0.001, 0.0)).cirrus_limits()
    assert (land, water) == (0.003, 0.002)
    assert statistics().cirrus_limits() == (float("inf"), float("inf"))


def test_a_town_taken_for_cloud_is_ground_unless_clouds_are_around() -> None:
    classes = np.full((30, 30), 4, np.uint8)
    cover = np.full((30, 30), 10, np.uint8)
    cover[3:8, 3:8], cover[15:20, 15:20], cover[24:27, 3:6] = 190, 190, 201
    classes[4:7, 4:7], classes[13:22, 13:22], classes[24:27, 3:6] = 8, 8, 7
    found = ground_cells(classes, cover)
    assert found[4:7, 4:7].all()
    assert found[24:27, 3:6].all()
    assert found.sum() == 9 + 9


def test_snow_is_rare_where_the_map_says_so() -> None:
    rasters = bands(everywhere("water", SIDE_M))
    for value, rare in ((5, True), (20, False), (0, False)):
        maps = {"snow_condition": flat_map(SIDE_M, value, "snow_condition")}
        assert classified(rasters, maps=maps).field.snow_is_rare is rare
