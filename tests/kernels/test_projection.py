"""Poses between knots, and the search for time and pixel, as plain Python and compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ipf.kernels import poses, projection
from ipf.kernels.poses import interpolate_pose, interpolate_pose_rate, interpolate_poses
from ipf.kernels.projection import project_points
from tests.geometry.synthetic import nadir_pose

Floats = npt.NDArray[np.float64]

PLACES = [1.0, 1.3, 4.0, 6.99, 7.0]


def cubic(place: Floats | float) -> Floats:
    """Twelve cubics."""
    powers = np.array([np.ones_like(place), place, np.square(place), np.power(place, 3)])
    return np.tensordot(np.random.default_rng(3).normal(size=(12, 4)), powers, axes=1).T


@pytest.mark.parametrize("place", PLACES)
def test_cubics_are_carried(place: float) -> None:
    """Values and rates, at both ends too, by compiled and plain functions alike."""
    table = np.ascontiguousarray(cubic(np.arange(10.0)))
    for function in (interpolate_pose_rate, poses.interpolate_pose_rate.py_func):  # type: ignore[attr-defined]
        pose, rate = np.empty(12), np.empty(12)
        function(table, place, pose, rate)
        np.testing.assert_allclose(pose, cubic(place), rtol=1e-12, atol=1e-10)
        slope = (cubic(place + 1e-3) - cubic(place - 1e-3)) / 2e-3
        np.testing.assert_allclose(rate, slope, rtol=1e-5, atol=1e-4)
        alone = np.empty(12)
        interpolate_pose(table, place, alone)
        np.testing.assert_allclose(alone, pose, rtol=1e-14, atol=1e-12)
    many = np.empty((2, 12))
    interpolate_poses(table, np.array([place, np.nan]), many)
    np.testing.assert_array_equal(many[0], alone)
    assert np.all(np.isnan(many[1]))


def search(function: object, places: tuple[Floats, Floats, Floats], guess: Floats) -> tuple[Floats, Floats]:
    """Rows and pixels under a satellite that goes southwards 35 m a row, with pixels from west to east."""
    pose = nadir_pose(10.0, 45.0)
    rows = np.arange(200.0)[:, None]
    table = np.repeat(pose[None], 200, axis=0)
    table[:, 9:] += 35.0 * (rows - 100.0) * pose[:9].reshape(3, 3)[:, 1]
    directions = np.linspace(-0.016, 0.016, 2552), np.zeros(2552)
    found = np.empty(len(places[0])), np.empty(len(places[0]))
    limits = np.array([[1.0, 197.0], [-64.0, 2615.0]])
    assert callable(function)
    function(table, directions, places, guess, limits, (1e-6, 1e-5), found)
    return found


@pytest.mark.parametrize("first", [(100.0, 1275.5), (1.0, 0.0), (190.0, 2500.0), (-1e4, 1e6)])
def test_the_search_does_not_depend_on_the_first_guess(first: tuple[float, float]) -> None:
    rng = np.random.default_rng(1)
    places = (
        10.0 + rng.uniform(-0.25, 0.25, 200),
        45.0 + rng.uniform(-0.05, 0.05, 200),
        rng.uniform(0, 3e3, 200),
    )
    guess = np.zeros((2, 4))
    guess[:, 0] = first
    good = np.zeros((2, 4))
    good[:, 0] = 100.0, 1275.5
    best = search(project_points, places, good)
    assert 20 < np.count_nonzero(np.isnan(best[0])) < 180
    found = search(project_points, places, guess)
    for one, other in zip(found, best, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


def test_compiled_as_plain() -> None:
    rng = np.random.default_rng(2)
    places = 10.0 + rng.uniform(-0.2, 0.2, 30), 45.0 + rng.uniform(-0.05, 0.05, 30), rng.uniform(0, 3e3, 30)
    places[0][3] = np.nan
    places[1][4], places[0][4] = -45.0, -170.0
    guess = np.zeros((2, 4))
    guess[:, 0] = 100.0, 1275.5
    compiled = search(project_points, places, guess)
    plain = search(projection.project_points.py_func, places, guess)  # type: ignore[attr-defined]
    assert np.all(np.isnan(compiled[0][3:5]))
    assert np.any(np.isfinite(compiled[0]))
    for one, other in zip(compiled, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)
