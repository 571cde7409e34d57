"""Terrain against surfaces known in closed form, plain numpy forms, and GDAL on real relief."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from osgeo import gdal, osr

from ipf.auxiliary.elevation import open_elevation
from ipf.kernels.sky_view import enlarge, sky_view
from ipf.kernels.terrain import cast_shadow, illumination, slope_angle, slopes
from ipf.product.raster import Grid

Floats = npt.NDArray[np.float64]
FloatImage = npt.NDArray[np.float32]

SPACING = 20.0
STEP = 5000.0


def toward(zenith: float, azimuth: float) -> Floats:
    """The sun, the same at four nodes; degrees."""
    z, a = np.deg2rad(zenith), np.deg2rad(azimuth)
    vector = [np.sin(z) * np.sin(a), np.sin(z) * np.cos(a), np.cos(z)]
    return np.broadcast_to(vector, (2, 2, 3)).copy()


def places(side: int, spacing: float = SPACING) -> tuple[Floats, Floats]:
    """Metres east and north of the middle pixel of a square."""
    middle = (side - 1) / 2
    north, east = np.mgrid[0:side, 0:side]
    return (east - middle) * spacing, (middle - north) * spacing


def lit(elevation: FloatImage, sun: Floats, margin: int = 1) -> FloatImage:
    """Illumination without cast shadows."""
    east, north = slopes(elevation, margin, SPACING)
    return illumination(east, north, np.zeros(east.shape, np.uint8), sun, STEP, 0, 0, SPACING)


def shadow_of(elevation: FloatImage, sun: Floats, reach: int) -> npt.NDArray[np.uint8]:
    """Cast shadows of a surface that has no terrain beyond its edges."""
    padded = np.pad(elevation, reach + 1, constant_values=np.nan)
    return cast_shadow(padded, reach + 1, reach, sun, STEP, 0, 0, SPACING)


def sky_of(elevation: FloatImage, directions: int = 16, reach: int = 60) -> FloatImage:
    """Sky view of a surface that has no terrain beyond its edges, looked at in every pixel."""
    margin = reach + 1
    padded = np.pad(elevation, margin, constant_values=np.nan)
    east, north = slopes(padded, margin, SPACING)
    return sky_view(padded, east, north, margin, SPACING, directions, np.arange(1, reach + 1))


def relief(side: int, seed: int = 5) -> FloatImage:
    """Rough mountains of about a kilometre, with a hole."""
    east, north = places(side)
    rng = np.random.default_rng(seed)
    height = 300 * np.sin(east / 300) * np.cos(north / 410) + 200 * np.sin((east + north) / 170)
    height = height + rng.normal(0, 3, height.shape)
    height[side // 3, side // 2] = np.nan
    return height.astype(np.float32)


@pytest.mark.parametrize("slope", [0.0, 5.0, 30.0, 60.0])
@pytest.mark.parametrize("aspect", [0.0, 45.0, 200.0, 315.0])
def test_a_plane_has_its_slope_and_its_illumination(slope: float, aspect: float) -> None:
    east, north = places(12)
    rise = np.tan(np.deg2rad(slope))
    downhill = np.sin(np.deg2rad(aspect)) * east + np.cos(np.deg2rad(aspect)) * north
    plane = (500.0 - rise * downhill).astype(np.float32)
    angle = slope_angle(*slopes(plane, 1, SPACING))
    assert np.allclose(angle, slope, atol=2e-4)
    for zenith, azimuth in ((0.0, 0.0), (35.0, 150.0), (70.0, 300.0)):
        z, s, between = np.deg2rad(zenith), np.deg2rad(slope), np.deg2rad(azimuth - aspect)
        cosine = np.cos(z) * np.cos(s) + np.sin(z) * np.sin(s) * np.cos(between)
        assert np.allclose(lit(plane, toward(zenith, azimuth)), max(cosine, 0.0), atol=5e-6)


def test_slopes_are_one_sided_at_the_edge_and_absent_without_terrain() -> None:
    east, north = places(9)
    plane = (0.3 * east - 0.2 * north).astype(np.float32)
    plane[4, 4] = np.nan
    to_east, to_north = slopes(np.pad(plane, 1, constant_values=np.nan), 1, SPACING)
    there = ~np.isnan(plane)
    assert np.isnan(to_east[4, 4])
    assert np.isnan(to_north[4, 4])
    assert np.allclose(to_east[there], 0.3, atol=1e-5)
    assert np.allclose(to_north[there], -0.2, atol=1e-5)


def test_slopes_are_the_weighted_differences_that_numpy_makes() -> None:
    surface = relief(40)
    to_east, to_north = slopes(surface, 1, SPACING)
    columns = surface[:, 2:].astype(np.float64) - surface[:, :-2]
    rows = surface[:-2].astype(np.float64) - surface[2:]
    east = (columns[:-2] + 2 * columns[1:-1] + columns[2:]) / (8 * SPACING)
    north = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / (8 * SPACING)
    whole = ~np.isnan(east + north + surface[1:-1, 1:-1])
    assert whole.sum() == 38 * 38 - 9
    assert np.allclose(to_east[whole], east[whole], atol=1e-5)
    assert np.allclose(to_north[whole], north[whole], atol=1e-5)


def test_the_sun_moves_between_its_nodes() -> None:
    flat = np.zeros((3, 1000), np.float32)
    sun = toward(40.0, 90.0)
    sun[:, 1] = toward(42.0, 90.0)[:, 1]
    none = np.zeros(flat.shape, np.uint8)
    cosine = illumination(flat, flat, none, sun, STEP, 0, 0, SPACING)
    ends = np.cos(np.deg2rad([40.0, 42.0]))
    assert np.allclose(cosine[:, 124:126].mean(), ends.mean(), atol=1e-6)
    assert np.allclose(cosine[:, 250:], ends[1], atol=1e-6)
    moved = illumination(flat[:, 100:], flat[:, 100:], none, sun, STEP, 0, 100, SPACING)
    assert np.array_equal(moved, cosine[:, 100:])


@pytest.mark.parametrize(("zenith", "azimuth"), [(45.0, 90.0), (63.4, 270.0), (60.0, 45.0), (50.0, 160.0)])
def test_a_wall_casts_a_shadow_of_its_height(zenith: float, azimuth: float) -> None:
    east, north = places(121)
    across = np.sin(np.deg2rad(azimuth)) * east + np.cos(np.deg2rad(azimuth)) * north
    wall = np.where(np.abs(across) < 1.5 * SPACING, 400.0, 0.0).astype(np.float32)
    shadow = shadow_of(wall, toward(zenith, azimuth), reach=60)
    length = 400.0 * np.tan(np.deg2rad(zenith))
    behind = -across - 1.5 * SPACING
    middle = np.abs(np.cos(np.deg2rad(azimuth)) * east - np.sin(np.deg2rad(azimuth)) * north) < 200
    # Heights between pixels round the wall's edge off by one, and a ray goes by steps of one.
    assert shadow[middle & (behind > SPACING) & (behind < length - 2 * SPACING)].all()
    assert not shadow[middle & (behind > length)].any()
    assert not shadow[across > 2 * SPACING].any()


def test_the_tip_of_a_cone_casts_its_shadow_away_from_the_sun() -> None:
    east, north = places(201)
    cone = np.maximum(600.0 - 1.0 * np.hypot(east, north), 0.0).astype(np.float32)
    zenith, azimuth = 70.0, 143.0
    shadow = shadow_of(cone, toward(zenith, azimuth), reach=100) > 0
    length = 600.0 * np.tan(np.deg2rad(zenith))
    tip = -length * np.sin(np.deg2rad(azimuth)), -length * np.cos(np.deg2rad(azimuth))
    distance = np.hypot(east, north)
    farthest = np.argmax(np.where(shadow, distance, 0.0))
    found = east.ravel()[farthest], north.ravel()[farthest]
    assert np.hypot(found[0] - tip[0], found[1] - tip[1]) < 3 * SPACING
    # The shadow is the wedge from the tip of the shadow tangent to the foot of the cone.
    half_angle = np.arcsin(600.0 / length)
    from_tip = np.arctan2(east - tip[0], north - tip[1]) - np.deg2rad(azimuth)
    wedge = (np.abs((from_tip + np.pi) % (2 * np.pi) - np.pi) < half_angle) & (distance > 600.0)
    wedge &= (east - tip[0]) * -tip[0] + (north - tip[1]) * -tip[1] < length**2 - 600.0**2
    ground = distance > 600.0 + SPACING
    assert np.mean(shadow[ground] != wedge[ground]) < 0.01
    # A sun higher than the cone is steep leaves no shadow.
    assert not shadow_of(cone, toward(44.0, azimuth), reach=100).any()


def plain_shadow(elevation: FloatImage, sun: Floats, reach: int) -> npt.NDArray[np.uint8]:
    """Every ray marched to its end, in numpy."""
    rows, columns = elevation.shape
    padded = np.pad(elevation, reach + 2, constant_values=np.nan).astype(np.float64)
    east, north, up = sun[0, 0]
    across = np.hypot(east, north)
    i, j = np.mgrid[0:rows, 0:columns] + float(reach + 2)
    hidden = np.zeros(elevation.shape, bool)
    for distance in range(1, reach + 1):
        y, x = i - distance * north / across, j + distance * east / across
        top, left = y.astype(int), x.astype(int)
        down, right = y - top, x - left
        upper = padded[top, left] * (1 - right) + padded[top, left + 1] * right
        lower = padded[top + 1, left] * (1 - right) + padded[top + 1, left + 1] * right
        height = upper * (1 - down) + lower * down
        hidden |= height > elevation + distance * SPACING * up / across
    return hidden.astype(np.uint8)


@pytest.mark.parametrize("zenith", [35.0, 60.0, 85.0])
@pytest.mark.parametrize("azimuth", [0.5, 100.0, 217.0, 335.0])
def test_passing_over_cells_leaves_out_no_shadow(zenith: float, azimuth: float) -> None:
    surface = relief(90)
    sun = toward(zenith, azimuth)
    found = shadow_of(surface, sun, reach=37)
    assert found.any()
    assert not found.all()
    assert np.array_equal(found, plain_shadow(surface, sun, 37))


def test_no_shadow_falls_from_beyond_the_edge_and_none_under_the_zenith() -> None:
    surface = np.zeros((30, 30), np.float32)
    assert not shadow_of(surface, toward(80.0, 90.0), reach=20).any()
    assert not shadow_of(relief(30), toward(0.0, 0.0), reach=20).any()


def test_flat_and_open_ground_sees_the_whole_sky() -> None:
    assert np.all(sky_of(np.full((40, 40), 123.0, np.float32)) == 1.0)


@pytest.mark.parametrize("slope", [10.0, 30.0, 50.0])
@pytest.mark.parametrize("aspect", [0.0, 130.0])
def test_an_open_slope_sees_half_of_one_plus_its_cosine(slope: float, aspect: float) -> None:
    east, north = places(60)
    downhill = np.sin(np.deg2rad(aspect)) * east + np.cos(np.deg2rad(aspect)) * north
    plane = (-np.tan(np.deg2rad(slope)) * downhill).astype(np.float32)
    assert np.allclose(sky_of(plane), (1 + np.cos(np.deg2rad(slope))) / 2, atol=2e-3)


def test_ground_beside_an_endless_wall() -> None:
    """A strip beside a long wall sees (1 + cos b) / 2 for the angle b at which it sees the wall's top."""
    elevation = np.zeros((401, 60), np.float32)
    elevation[:, :10] = 300.0
    found = sky_of(elevation, directions=64, reach=200)[200]
    for column in range(15, 40):
        angle = np.arctan2(300.0, (column - 9) * SPACING)
        assert found[column] == pytest.approx((1 + np.cos(angle)) / 2, abs=0.01)


@pytest.mark.parametrize("depth", [0.2, 0.5, 0.8])
def test_every_place_in_a_round_pit_sees_the_same_share(depth: float) -> None:
    """Inside a sphere every surface element sees every other of the same area alike: of the opening of a pit
    of depth d in a sphere of radius R each place receives 1 - d / (2 R).
    """
    radius = 1000.0
    east, north = places(121)
    distance = np.hypot(east, north)
    rim = radius * np.sqrt(1 - (1 - depth) ** 2)
    below = radius * (1 - depth) - np.sqrt(np.maximum(radius**2 - distance**2, 0.0))
    pit = np.where(distance < rim, below, 0.0).astype(np.float32)
    found = sky_of(pit, directions=16, reach=100)
    inside = distance < 0.8 * rim
    assert np.abs(found[inside] - (1 - depth / 2)).max() < 0.02
    assert found[inside].mean() == pytest.approx(1 - depth / 2, abs=0.006)


def test_sky_view_is_none_without_terrain_and_whole_beside_it() -> None:
    surface = np.zeros((20, 20), np.float32)
    surface[7, 7] = np.nan
    found = sky_of(surface)
    assert np.isnan(found[7, 7])
    assert np.all(found[~np.isnan(surface)] == 1.0)


def test_enlarging_keeps_a_slanted_field_and_levels_it_beyond_the_edge() -> None:
    rows, columns = np.mgrid[0:6, 0:7].astype(np.float32)
    field = 2 * rows + 3 * columns
    fine = enlarge(field, 3)
    assert fine.shape == (12, 15)
    y, x = np.mgrid[0:12, 0:15]
    assert np.allclose(fine, 2 * ((y + 0.5) / 3 + 0.5) + 3 * ((x + 0.5) / 3 + 0.5), atol=1e-5)
    field[0] = np.nan
    levelled = enlarge(field, 3)
    assert np.allclose(levelled[0], levelled[1], atol=1e-6)
    assert np.array_equal(levelled[1:], fine[1:])


@pytest.mark.parametrize("kernel", [slopes, slope_angle, illumination, cast_shadow, sky_view])
def test_kernels_are_their_plain_functions(kernel: object) -> None:
    """Compiled and plain: the arithmetic that is tested is that of the source."""
    surface, sun = relief(24), toward(70.0, 200.0)
    east, north = slopes(surface, 4, SPACING)
    arguments = {
        slopes: (surface, 4, SPACING),
        slope_angle: (east, north),
        illumination: (east, north, np.zeros(east.shape, np.uint8), sun, STEP, 3, 5, SPACING),
        cast_shadow: (surface, 4, 3, sun, STEP, 3, 5, SPACING),
        sky_view: (surface, east, north, 4, SPACING, 8, np.array([1, 3])),
    }[kernel]
    compiled, plain = kernel(*arguments), kernel.py_func(*arguments)  # type: ignore[operator,attr-defined]
    assert np.allclose(np.array(compiled), np.array(plain), atol=2e-6, equal_nan=True)


def test_gdal_finds_the_same_slopes_and_hillshade_on_madeira(reference_data: Path) -> None:
    grid = Grid(32628, 318000.0, 3640020.0, 20, 900, 900)
    elevation = open_elevation(reference_data / "geometry_madeira" / "DEM_SRTM", grid).metres()
    assert elevation.max() > 1700
    surface = gdal.GetDriverByName("MEM").Create("", 900, 900, 1, gdal.GDT_Float32)
    surface.SetGeoTransform(grid.geotransform)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(grid.epsg)
    surface.SetProjection(reference.ExportToWkt())
    surface.GetRasterBand(1).WriteArray(elevation)
    theirs = gdal.DEMProcessing("", surface, "slope", format="MEM", alg="Horn").ReadAsArray()[1:-1, 1:-1]
    assert np.abs(slope_angle(*slopes(elevation, 1, SPACING)) - theirs).max() < 1e-3
    for azimuth, altitude in ((150.0, 30.0), (320.0, 55.0)):
        shade = gdal.DEMProcessing(
            "", surface, "hillshade", format="MEM", alg="Horn", azimuth=azimuth, altitude=altitude
        ).ReadAsArray()[1:-1, 1:-1]
        ours = lit(elevation, toward(90.0 - altitude, azimuth))
        assert np.abs(1.0 + 254.0 * ours - shade).max() < 1.0  # its shades are whole numbers from 1 to 255
