"""Where lines of sight meet ground that is hard to meet: cliffs, spikes, borders, date line, pole, holes."""

from __future__ import annotations

import erfa
import numpy as np
import numpy.typing as npt
import pytest

from ipf.geometry.terrain import Terrain
from ipf.kernels import location
from ipf.kernels.location import locate_lines, locate_points, surface_heights
from tests.geometry.madeira import ground_distance
from tests.geometry.synthetic import bilinear, first_meeting, mosaic, nadir_pose

Floats = npt.NDArray[np.float64]

NO_GROUND = np.empty((0, 0), np.float32)


def locate(terrain: Terrain, pose: Floats, x: Floats, y: Floats) -> Floats:
    """Longitudes, latitudes, heights (points, 3)."""
    found = tuple(np.empty(len(x)) for _ in range(3))
    poses = np.repeat(pose[None], 4, axis=0)
    ground = terrain.heights, terrain.mesh(), terrain.bounds()
    locate_points(poses, np.full(len(x), 1.5), (x, y), *ground, found)
    return np.stack(found, axis=1)


def lines_of_sight(seed: int, count: int, widest: float = 0.2) -> tuple[Floats, Floats]:
    """Directions near one that hits the middle of a mosaic a little east of the nadir."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-widest, widest, (2, count))


def hold(found: Floats, expected: Floats) -> None:
    """Both are NaN, or the same within 2 mm."""
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    there = ~np.isnan(found[:, 0])
    if np.any(there):
        f, e = found[there], expected[there]
        turn = np.round((f[:, 0] - e[:, 0]) / 360.0) * 360.0
        assert ground_distance(f[:, 0] - turn, f[:, 1], e[:, 0], e[:, 1]).max() <= 2e-3
        assert np.abs(f[:, 2] - e[:, 2]).max() <= 2e-3


def under(pose: Floats, x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude (degrees) where a line of sight comes to the ellipsoid."""
    found = tuple(np.empty(1) for _ in range(3))
    points = np.repeat(pose[None], 4, axis=0), np.full(1, 1.5), (np.array([x]), np.array([y]))
    locate_points(*points, NO_GROUND, (0.0, 0.0, 1.0, 1.0), (0.0, 0.0), found)
    return float(found[0][0]), float(found[1][0])


PLACES = {
    "middle latitudes": (10.0, 45.0),
    "equator": (-70.0, 0.0),
    "date line": (179.95, -17.0),
    "next to the pole": (30.0, 82.8),
    "at the pole": (100.0, -89.8),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("ground", ["rough", "cliffs", "spikes", "flat"])
def test_the_first_meeting_is_found(place: tuple[float, float], ground: str) -> None:
    pose = nadir_pose(*place)
    rng = np.random.default_rng(7)
    tilt = (0.15, 0.01) if ground != "spikes" else (0.1, -0.2)
    where = under(pose, *tilt)
    terrain = mosaic(*where, _ground(ground, rng))
    x, y = tilt[0] + rng.uniform(-2e-3, 2e-3, 60), tilt[1] + rng.uniform(-2e-3, 2e-3, 60)
    expected = np.array([first_meeting(terrain, pose, *ray) for ray in zip(x, y, strict=True)])
    assert np.mean(~np.isnan(expected[:, 0])) > 0.5
    hold(locate(terrain, pose, x, y), expected)


def _ground(kind: str, rng: np.random.Generator) -> Floats:
    shape = (61, 61)
    if kind == "flat":
        return np.full(shape, 44.0)
    if kind == "rough":
        return rng.uniform(0.0, 300.0, shape)
    if kind == "cliffs":
        return np.where(rng.uniform(size=shape) < 0.5, 0.0, 1500.0)
    return np.where(rng.uniform(size=shape) < 0.03, 4000.0, rng.uniform(0.0, 10.0, shape))


def test_a_spike_hides_what_is_behind() -> None:
    """A line of sight ends on the near side of a ridge, not on the ground that it reaches further on."""
    pose = nadir_pose(10.0, 45.0)
    where = under(pose, 0.3, 0.0)
    heights = np.zeros((41, 41))
    heights[:, 20] = 3000.0
    terrain = mosaic(*where, heights)
    x = 0.3 + np.linspace(-5e-4, 2e-3, 40)
    found = locate(terrain, pose, x, np.zeros_like(x))
    hold(found, np.array([first_meeting(terrain, pose, one, 0.0) for one in x]))
    assert np.any(found[:, 2] > 500.0)


def test_off_the_mosaic_is_nowhere() -> None:
    pose = nadir_pose(10.0, 45.0)
    terrain = mosaic(*under(pose, 0.1, 0.1), np.random.default_rng(1).uniform(0, 500, (21, 21)))
    x, y = 0.1 + np.linspace(-3e-3, 3e-3, 41), np.full(41, 0.1)
    found = locate(terrain, pose, x, y)
    expected = np.array([first_meeting(terrain, pose, *ray) for ray in zip(x, y, strict=True)])
    # What comes in from outside, above unknown ground, is not known to be the first meeting.
    np.testing.assert_array_equal(np.isnan(expected[:, 0]) <= np.isnan(found[:, 0]), True)
    there = ~np.isnan(found[:, 0])
    assert 8 < np.count_nonzero(there) < 30
    hold(found[there], expected[there])
    assert np.all(np.isnan(found[~there]))


def test_an_unknown_post_makes_a_hole_and_nothing_else() -> None:
    pose = nadir_pose(10.0, 45.0)
    heights = np.random.default_rng(2).uniform(0, 50, (41, 41))
    place = under(pose, 0.02, 0.03)
    whole = mosaic(*place, heights)
    heights[20, 20] = np.nan
    holed = mosaic(*place, heights)
    side = np.linspace(-6e-4, 6e-4, 15)
    x, y = (array.ravel() for array in np.meshgrid(0.02 + side, 0.03 + side))
    one, other = locate(whole, pose, x, y), locate(holed, pose, x, y)
    missing = np.isnan(other[:, 0])
    near = np.hypot(one[:, 0] - place[0], one[:, 1] - place[1]) < 1.0 / 1200.0
    assert np.all(missing[near])
    assert 0 < np.count_nonzero(missing) < 0.2 * missing.size
    np.testing.assert_array_equal(other[~missing], one[~missing])


def test_the_date_line_is_no_border() -> None:
    """The same ground gives the same heights on either side, and longitudes stay from -180 to 180."""
    heights = np.random.default_rng(3).uniform(0, 900, (61, 61))
    results = []
    for middle in (20.0, 180.0, -180.0):
        pose = nadir_pose(middle, 10.0)
        terrain = mosaic(middle, 10.0, heights)
        side = np.linspace(-2e-3, 2e-3, 31)
        found = locate(terrain, pose, side, 0.5 * side)
        assert np.all(np.abs(found[:, 0]) <= 180.0)
        found[:, 0] = (found[:, 0] - middle + 180.0) % 360.0
        results.append(found)
    hold(results[1], results[0])
    hold(results[2], results[0])
    assert not np.any(np.isnan(results[0]))


@pytest.mark.parametrize("height", [-400.0, 0.0, 42.5, 8800.0])
@pytest.mark.parametrize("latitude", [-90.0, -82.0, 0.0, 60.0, 89.999])
def test_a_height_is_reached(height: float, latitude: float) -> None:
    pose = nadir_pose(33.0, latitude)
    x, y = lines_of_sight(11, 200)
    found = tuple(np.empty(200) for _ in range(3))
    poses = np.repeat(pose[None], 4, axis=0)
    locate_points(poses, np.full(200, 1.5), (x, y), NO_GROUND, (0.0, 0.0, 1.0, 1.0), (height, height), found)
    assert np.abs(found[2] - height).max() <= 1e-3
    points = erfa.gd2gc(1, np.deg2rad(found[0]), np.deg2rad(found[1]), found[2])
    direction = np.stack([x, y, np.ones_like(x)], axis=1) @ pose[:9].reshape(3, 3).T
    towards = points - pose[9:]
    miss = np.cross(towards, direction / np.linalg.norm(direction, axis=1, keepdims=True))
    assert np.linalg.norm(miss, axis=1).max() <= 1e-3


def test_past_the_horizon_is_nowhere() -> None:
    pose = nadir_pose(0.0, 0.0)
    found = tuple(np.empty(2) for _ in range(3))
    directions = np.array([0.0, 3.0]), np.zeros(2)
    poses = np.repeat(pose[None], 4, axis=0)
    locate_points(poses, np.full(2, 1.5), directions, NO_GROUND, (0.0, 0.0, 1.0, 1.0), (0.0, 0.0), found)
    assert np.isfinite(found[0][0])
    assert all(np.isnan(array[1]) for array in found)


def test_whole_lines_are_what_their_points_are() -> None:
    pose = nadir_pose(20.0, 40.0)
    drift = np.linspace(0, 1, 6)[:, None] * np.array([0.0] * 9 + [500.0, -300.0, 800.0])
    poses = pose + drift
    terrain = mosaic(20.0, 40.0, np.random.default_rng(5).uniform(0, 1000, (121, 121)))
    x, y = np.linspace(-4e-3, 4e-3, 50), np.linspace(-1e-4, 1e-4, 50)
    places = np.array([1.0, 1.7, 2.2, 3.9])
    ground = terrain.heights, terrain.mesh(), terrain.bounds()
    lines = tuple(np.empty((4, 50)) for _ in range(3))
    locate_lines(poses, places, (x, y), *ground, lines)
    points = tuple(np.empty(200) for _ in range(3))
    locate_points(poses, np.repeat(places, 50), (np.tile(x, 4), np.tile(y, 4)), *ground, points)
    for one, other in zip(lines, points, strict=True):
        np.testing.assert_allclose(one.ravel(), other, rtol=0, atol=1e-7)
    plain = tuple(np.empty((4, 50)) for _ in range(3))
    location.locate_lines.py_func(poses, places, (x, y), *ground, plain)  # type: ignore[attr-defined]
    for one, other in zip(lines, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


def test_heights_of_the_mosaic() -> None:
    terrain = mosaic(180.0, -20.0, np.random.default_rng(6).uniform(0, 1000, (31, 41)))
    rng = np.random.default_rng(8)
    longitude, latitude = 180.0 + rng.uniform(-0.02, 0.02, 300), -20.0 + rng.uniform(-0.015, 0.015, 300)
    turned = np.where(longitude >= 180.0, longitude - 360.0, longitude)
    found = np.empty(300)
    surface_heights(turned, latitude, terrain.heights, terrain.mesh(), found)
    expected = bilinear(terrain, longitude, latitude)
    assert 0 < np.count_nonzero(np.isnan(expected)) < 200
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
