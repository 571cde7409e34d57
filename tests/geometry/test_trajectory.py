"""Orbit and attitude between samples, poses between knots, and what is said when something is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from ipf.errors import ProductError
from ipf.geometry.acquisition import AttitudeSamples, Ephemeris, SensorGeometry
from ipf.geometry.attitude import Attitude, continuous, lagrange_weights
from ipf.geometry.frames import EarthRotation
from ipf.geometry.orbit import Orbit
from ipf.geometry.trajectory import KNOT_STEP, Trajectory
from tests.geometry.acquisitions import (
    EARTH,
    EPOCH,
    SPAN,
    START,
    acquisition,
    attitude_matrices,
    is_rotation,
    orbit,
)

Floats = npt.NDArray[np.float64]

SECONDS = START + np.array([0.0, 0.05, 3.14159, 20.0, 39.99, 40.0])


def test_positions_between_samples() -> None:
    geometry = acquisition()
    found = Orbit(geometry.ephemeris, EarthRotation(EPOCH, EARTH)).positions(SECONDS)
    np.testing.assert_allclose(found, orbit(SECONDS)[0], rtol=0, atol=1e-4)


def test_attitudes_between_samples() -> None:
    geometry = acquisition()
    found = Attitude(geometry.attitude, EPOCH).matrices(SECONDS)
    assert is_rotation(found, attitude_matrices(SECONDS))
    np.testing.assert_allclose(found, attitude_matrices(SECONDS), rtol=0, atol=1e-12)


def test_signs_of_quaternions_do_not_matter() -> None:
    samples = acquisition().attitude
    signs = np.where(np.random.default_rng(4).uniform(size=len(samples.seconds)) < 0.5, -1.0, 1.0)
    changed = AttitudeSamples(samples.seconds, samples.quaternions * signs[:, None])
    one, other = (Attitude(given, EPOCH).matrices(SECONDS) for given in (samples, changed))
    np.testing.assert_allclose(other, one, rtol=0, atol=1e-15)
    steps = np.diff(continuous(changed.quaternions), axis=0)
    assert np.abs(steps).max() < 1e-3


def test_eight_samples_carry_a_polynomial_of_degree_seven() -> None:
    nodes = np.array([-3.1, -2.0, -1.0, 0.0, 1.0, 2.2, 3.0, 4.0])
    for wanted in (-3.0, 0.4, 1.0, 4.5):
        weights = lagrange_weights((nodes - wanted)[None])[0]
        for degree in range(8):
            assert weights @ nodes**degree == pytest.approx(wanted**degree, rel=1e-9, abs=1e-8)


def test_poses_between_knots(acquisition: SensorGeometry) -> None:
    """On real attitudes: 2 mm at worst on the ground, 786 km away, and the same bits from any request."""
    trajectory = Trajectory.of(acquisition)
    first, last = trajectory.span()
    seconds = np.random.default_rng(9).uniform(first, last, 5000)
    exact, found = trajectory.exact(seconds), trajectory.poses(first, last).at(seconds)
    moved = (found - exact)[:, :9].reshape(-1, 3, 3) @ np.array([0.0, 0.0, 786e3])
    error = np.linalg.norm(moved + (found - exact)[:, 9:], axis=1)
    print(f"\nrms {1e3 * np.sqrt(np.mean(error**2)):.2f} mm, worst {1e3 * error.max():.2f} mm")
    assert np.sqrt(np.mean(error**2)) <= 2e-4
    assert error.max() <= 2e-3
    chosen = seconds[(seconds > first + 10.0) & (seconds < first + 11.0)]
    narrow = Trajectory.of(acquisition).poses(float(chosen.min()), float(chosen.max()))
    wide = trajectory.poses(first, last)
    offset = narrow.first - wide.first
    np.testing.assert_array_equal(narrow.table, wide.table[offset : offset + len(narrow.table)])


def test_wider_knots_would_be_seen(acquisition: SensorGeometry) -> None:
    """The bound above can fail: ten times the distance of knots breaks it."""
    trajectory = Trajectory.of(acquisition)
    first, last = trajectory.span()
    knots = np.arange(first + 1.0, last - 1.0, 10 * KNOT_STEP)
    middle = 0.5 * (knots[1:-2] + knots[2:-1])
    poses = trajectory.exact(knots)
    cubic = (9 * (poses[1:-2] + poses[2:-1]) - poses[:-3] - poses[3:]) / 16
    moved = (cubic - trajectory.exact(middle))[:, :9].reshape(-1, 3, 3) @ np.array([0.0, 0.0, 786e3])
    assert np.linalg.norm(moved, axis=1).max() > 2e-3


def damaged(what: str, rows: npt.NDArray[np.bool_] | None = None, **changes: Floats) -> SensorGeometry:
    """The small acquisition with only some samples of ephemeris or attitudes, or other values of them."""
    geometry = acquisition()
    given = getattr(geometry, what)
    values = {name: getattr(given, name) for name in given.__slots__} | changes
    if rows is not None:
        values = {name: array[rows] for name, array in values.items()}
    kind = Ephemeris if what == "ephemeris" else AttitudeSamples
    return replace(geometry, **{what: kind(**values)})  # type: ignore[arg-type]


@pytest.mark.parametrize(("what", "name"), [("ephemeris", "ephemeris"), ("attitude", "attitudes")])
def test_a_hole_is_named(what: str, name: str) -> None:
    """By what is missing and when; what needs no sample next to it is not disturbed."""
    seconds = getattr(acquisition(), what).seconds
    holed = Trajectory.of(damaged(what, (seconds < START + 19.95) | (seconds > START + 22.05)))
    with pytest.raises(ProductError, match=rf"^{name}.*none from GPS 2021-03-20T10:00:19.* to .*10:00:2[23]"):
        holed.poses(START + 20.5, START + 20.6)
    with pytest.raises(ProductError, match="none from"):
        holed.poses(START + 5.0, START + 30.0)
    assert np.all(np.isfinite(holed.poses(START + 5.0, START + 18.5).table))


@pytest.mark.parametrize("what", ["ephemeris", "attitude"])
def test_times_outside_are_named(what: str) -> None:
    short = Trajectory.of(damaged(what, getattr(acquisition(), what).seconds <= START + 30.0))
    with pytest.raises(
        ProductError, match=r"given for GPS .*10:00:00.000 to .*10:00:30.000, needed for .*31"
    ):
        short.poses(START + 20.0, START + 31.0)
    assert short.span() == (START, START + 30.0)
    assert np.all(np.isfinite(short.poses(START, START + 30.0).table))


def test_no_time_in_common() -> None:
    apart = damaged("attitude", seconds=acquisition().attitude.seconds + SPAN + 1.0)
    with pytest.raises(ProductError, match="no time in common"):
        Trajectory.of(apart).span()


def test_damaged_samples_are_refused() -> None:
    geometry = acquisition()
    ephemeris, attitude = geometry.ephemeris, geometry.attitude
    positions = ephemeris.positions.copy()
    positions[7] *= 0.001
    with pytest.raises(ProductError, match="point 8 is 7 km from"):
        Trajectory.of(damaged("ephemeris", positions=positions))
    quaternions = attitude.quaternions.copy()
    quaternions[3] *= 1.1
    with pytest.raises(ProductError, match=r"quaternion 4 has the norm 1.1"):
        Trajectory.of(damaged("attitude", quaternions=quaternions))
    quaternions[3] = np.nan
    with pytest.raises(ProductError, match="quaternion 4 has the norm nan"):
        Trajectory.of(damaged("attitude", quaternions=quaternions))
    positions = ephemeris.positions.copy()
    positions[7, 0] += 1000.0
    with pytest.raises(
        ProductError, match="from point 7 to 8 positions and velocities contradict each other by"
    ):
        Trajectory.of(damaged("ephemeris", positions=positions))
    quaternions = attitude.quaternions.copy()
    quaternions[3] += (0.0, 0.01, 0.0, 0.0)
    quaternions[3] /= np.linalg.norm(quaternions[3])
    with pytest.raises(ProductError, match=r"from quaternion 3 to 4 the satellite turns by 1\d\.\d degrees"):
        Trajectory.of(damaged("attitude", quaternions=quaternions))
    seconds = attitude.seconds.copy()
    seconds[5] = seconds[4]
    with pytest.raises(ProductError, match="do not increase"):
        Trajectory.of(damaged("attitude", seconds=seconds))
    with pytest.raises(ProductError, match="7 samples, expected at least 8"):
        Trajectory.of(damaged("attitude", np.arange(len(seconds)) < 7))
