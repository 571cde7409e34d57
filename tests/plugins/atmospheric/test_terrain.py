"""The terrain step: its contract, flat ground, the direction of the sun on the map, light on a known hill."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import erfa
import numpy as np
import numpy.typing as npt
import pyproj
import pytest
from ipf_plugins.atmospheric.elevation import ElevationModel, elevation_raster
from ipf_plugins.atmospheric.sun import grid_convergence, sun_on_map
from ipf_plugins.atmospheric.terrain import TerrainParameters, terrain

from ipf.auxiliary.elevation import NODATA, OFFSET, SCALE
from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.product.angles import AngleGrid, Direction
from ipf.product.raster import Grid, Raster
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.utc import UtcTime
from tests.plugins.atmospheric import atmospheres

SUN = Direction(62.0, 140.0)
USED, FLAT = ElevationModel("hills", True, 400.0), ElevationModel("NONE", False, 400.0)


def tile(side_m: int) -> Grid:
    """A 20 m grid on the corner of tile 18LTM."""
    return atmospheres.small(side_m).at(20)


def layer(grid: Grid, metres: npt.NDArray[Any]) -> dict[str, Raster]:
    """The layer `elevation`."""
    counts = np.rint(metres / SCALE - OFFSET).astype(np.int16)
    return {"": elevation_raster(grid, lambda window: counts[window.slices], "test")}


def hills(grid: Grid) -> npt.NDArray[Any]:
    """Steep ground of some hundred metres."""
    rows, columns = np.mgrid[0 : grid.rows, 0 : grid.columns]
    return np.asarray(500 + 180 * np.sin(rows / 6) * np.cos(columns / 8) + 60 * np.sin((rows + columns) / 3))


def case(grid: Grid, metres: npt.NDArray[Any], model: ElevationModel = USED, **parameters: Any) -> StepCase:
    """The step on this ground."""
    angles = atmospheres.constant_angles(SUN, Direction(5.0, 100.0))
    product = SimpleNamespace(tile=SimpleNamespace(angles=angles), grid=grid.at(20))
    return StepCase(
        terrain,
        quantities={"elevation": layer(grid, metres)},
        models={"elevation_model": model, "l1c_product": product},
        parameters=TerrainParameters(**parameters),
    )


def lit(result: Any) -> npt.NDArray[Any]:
    """The layer `illumination` as numbers."""
    return np.asarray(result.layers["illumination"] * 2e-5)


def test_the_step_keeps_the_contract() -> None:
    grid = tile(1260)
    check_contract(case(grid, hills(grid)))


def test_the_step_keeps_the_contract_without_a_model() -> None:
    grid = tile(1260)
    check_contract(case(grid, np.full(grid.shape, 400.0), FLAT))


def test_shadows_do_not_end_at_the_edges_of_blocks() -> None:
    grid = tile(9000)
    metres = np.zeros(grid.shape)
    metres[:, 300:306] = 2500.0
    expected = run_step(case(grid, metres)).layers
    # Its shadow has 2500 tan 62 = 4702 m, of which sin 140 to the west: 151 pixels.
    assert expected["cast_shadow"][200, 153:298].all()
    assert not expected["cast_shadow"][200, :147].any()
    for size in (1980, 4500):
        found = run_step(case(grid, metres), block_size_m=size, workers=2).layers
        for name, counts in expected.items():
            assert np.array_equal(counts, found[name]), (name, size)


def test_flat_ground_is_lit_by_the_height_of_the_sun() -> None:
    grid = tile(1260)
    flat = run_step(case(grid, hills(grid), FLAT)).layers
    level = run_step(case(grid, np.full(grid.shape, 400.0))).layers
    for name in flat:
        assert np.array_equal(flat[name], level[name]), name
    assert np.abs(flat["illumination"] * 2e-5 - np.cos(np.deg2rad(SUN.zenith))).max() <= 1.1e-5
    assert np.all(flat["sky_view"] == 250)
    assert not flat["slope"].any()
    assert not flat["cast_shadow"].any()


def test_without_correction_light_is_that_of_flat_ground_and_shadows_stay() -> None:
    grid = tile(1260)
    corrected = run_step(case(grid, hills(grid))).layers
    left = run_step(case(grid, hills(grid), correction=False)).layers
    flat = run_step(case(grid, hills(grid), FLAT)).layers
    for name, like in (
        ("illumination", flat),
        ("sky_view", flat),
        ("slope", corrected),
        ("cast_shadow", corrected),
    ):
        assert np.array_equal(left[name], like[name]), name
    assert corrected["cast_shadow"].any()
    assert np.all(corrected["illumination"][corrected["cast_shadow"] > 0] == 0)


def test_without_cast_shadows_only_slopes_that_face_away_are_dark() -> None:
    grid = tile(1260)
    cast, open_ = (run_step(case(grid, hills(grid), cast_shadows=on)) for on in (True, False))
    assert not open_.layers["cast_shadow"].any()
    sunlit = lit(cast) > 0
    assert np.array_equal(lit(cast)[sunlit], lit(open_)[sunlit])
    assert (lit(open_) > 0).sum() > sunlit.sum()


def test_a_plane_is_lit_as_known_at_the_azimuth_on_the_map() -> None:
    grid = tile(1260)
    rows, columns = np.mgrid[0 : grid.rows, 0 : grid.columns]
    slope, aspect = np.deg2rad(20.0), np.deg2rad(100.0)
    east, north = (columns + 0.5) * 20, -(rows + 0.5) * 20
    plane = 1000 - np.tan(slope) * (np.sin(aspect) * east + np.cos(aspect) * north)
    found = run_step(case(grid, plane)).layers
    turned = grid_convergence(grid.epsg, grid.upper_left_x, grid.upper_left_y, 1, 1, 5000.0, 5000.0)[0, 0]
    zenith, azimuth = np.deg2rad(SUN.zenith), np.deg2rad(SUN.azimuth - turned)
    cosine = np.cos(zenith) * np.cos(slope) + np.sin(zenith) * np.sin(slope) * np.cos(azimuth - aspect)
    # Elevations are whole counts of 0.2 m.
    assert np.mean(found["illumination"] * 2e-5) == pytest.approx(cosine, abs=1e-4)
    assert np.std(found["illumination"] * 2e-5) < 1.5e-3
    assert np.mean(found["slope"] * 0.4) == pytest.approx(20.0, abs=0.05)
    # The very corner sees the plane's own horizon and nothing else.
    assert np.abs(found["sky_view"] / 250 - (1 + np.cos(slope)) / 2).max() < 0.005


@pytest.mark.parametrize(
    ("epsg", "left", "top"), [(32628, 300000.0, 3700020.0), (32756, 699960.0, 6100000.0)]
)
def test_the_sun_on_the_map_is_where_a_true_azimuth_leads(epsg: int, left: float, top: float) -> None:
    grid = Grid(epsg, left, top, 20, 5490, 5490)
    angles = AngleGrid(np.full((23, 23), 50.0), np.full((23, 23), 213.0))
    vectors = sun_on_map(angles, grid)
    assert np.allclose(np.linalg.norm(vectors, axis=-1), 1.0)
    to_map = pyproj.Transformer.from_crs(4326, epsg, always_xy=True)
    for row, column in ((0, 0), (0, 22), (22, 0), (11, 5)):
        x, y = left + column * 5000.0, top - row * 5000.0
        longitude, latitude = to_map.transform(x, y, direction="INVERSE")
        ahead = pyproj.Geod(ellps="WGS84").fwd(longitude, latitude, 213.0, 200.0)
        there = to_map.transform(ahead[0], ahead[1])
        bearing = np.rad2deg(np.arctan2(there[0] - x, there[1] - y)) % 360
        ours = np.rad2deg(np.arctan2(vectors[row, column, 0], vectors[row, column, 1])) % 360
        assert ours == pytest.approx(bearing, abs=0.005)
    assert np.abs(grid_convergence(epsg, left, top, 23, 23, 5000.0, 5000.0)).max() > 1.0


def true_azimuth(latitude: Any, longitude: Any, moment: UtcTime) -> Any:
    """Azimuth of the sun in degrees from true north (IAU 2006/2000A precession-nutation, no refraction)."""
    text = str(moment).rstrip("Z")
    day, clock = text.split("T")
    year, month, number = (int(part) for part in day.split("-"))
    hour, minute, second = clock.split(":")
    utc = erfa.dtf2d("UTC", year, month, number, int(hour), int(minute), float(second))
    terrestrial = erfa.taitt(*erfa.utctai(*utc))
    heliocentric, _ = erfa.epv00(*terrestrial)
    x, y, z = erfa.pnm06a(*terrestrial) @ -heliocentric["p"]
    declination = np.arctan2(z, np.hypot(x, y))
    hour_angle = erfa.gst06a(*utc, *terrestrial) + np.deg2rad(longitude) - np.arctan2(y, x)
    phi = np.deg2rad(latitude)
    west = np.cos(declination) * np.sin(hour_angle)
    north = np.sin(declination) * np.cos(phi) - np.cos(declination) * np.sin(phi) * np.cos(hour_angle)
    return np.rad2deg(np.arctan2(-west, north)) % 360


@pytest.mark.parametrize("name", ["T56JKT", "T55JEJ", "T29UNU", "T18LTM"])
def test_azimuths_of_real_tiles_count_from_true_north(reference_data: Path, name: str) -> None:
    """Old products give the sun of another moment than the stated one, which moves all nodes alike: what
    tells true from grid north is that the difference does not follow the grid's convergence.
    """
    (document,) = reference_data.glob(f"*/*{name}*.SAFE/GRANULE/*/MTD_TL.xml")
    metadata = read_tile_metadata(document)
    sun, grid = metadata.angles.sun, metadata.grid
    place = (grid.epsg, grid.upper_left_x, grid.upper_left_y, *sun.azimuth.shape, sun.row_step)
    turned = grid_convergence(*place, sun.column_step)
    easting = grid.upper_left_x + np.arange(23) * 5000.0
    northing = grid.upper_left_y - np.arange(23) * 5000.0
    to_degrees = pyproj.Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    longitude, latitude = to_degrees.transform(*np.meshgrid(easting, northing))
    difference = sun.azimuth - true_azimuth(latitude, longitude, metadata.sensing_time)
    assert np.ptp(turned) > 0.2
    follows, _ = np.polyfit(turned.ravel(), difference.ravel(), 1)
    assert abs(follows) < 0.06  # grid north would make it -1


def test_no_terrain_is_no_data() -> None:
    grid = tile(1260)
    raster = layer(grid, hills(grid))[""]
    counts = raster.read_all().copy()
    counts[20:23, 30] = NODATA
    holed = {"": elevation_raster(grid, lambda window: counts[window.slices], "test")}
    made = case(grid, hills(grid))
    found = run_step(StepCase(terrain, {"elevation": holed}, made.models, made.parameters)).layers
    assert np.all(found["illumination"][20:23, 30] == 65535)
    assert np.all(found["slope"][20:23, 30] == 255)
    assert (found["illumination"] == 65535).sum() == 3
