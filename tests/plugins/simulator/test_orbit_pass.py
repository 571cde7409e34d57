"""The orbit is that of Sentinel-2 as published, and the satellite looks where it should."""

from __future__ import annotations

from datetime import datetime

import erfa
import numpy as np
import pytest
from ipf_plugins.simulator.focal_plane import LINE_PERIOD_S
from ipf_plugins.simulator.orbit_pass import GRAVITY, INCLINATION, RADIUS_M, RATE, OrbitPass

from ipf.errors import ParameterError
from ipf.geometry.acquisition import EarthOrientation, FloatArray
from ipf.geometry.attitude import Attitude

EARTH = EarthOrientation(0.05, 0.15, 0.35, 18.0)
EPOCH = datetime(2025, 6, 21)
PLACES = ((1.4, 0.0), (1.4, 43.6), (-179.9, -33.0), (20.0, 68.0))
ORBITS, DAYS = 143, 10
"""Of one cycle (mission description)."""
J2, EQUATOR_M = 1.08262668e-3, 6378136.3
"""EGM96."""


def over(longitude: float, latitude: float) -> OrbitPass:
    return OrbitPass.on_day(EPOCH, EARTH, longitude, latitude)


def below(positions: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    longitude, latitude, height = erfa.gc2gd(1, positions)
    return np.rad2deg(longitude), np.rad2deg(latitude), height


def flattening(rate: float) -> float:
    """Rate of what the Earth's flattening turns, without its factor of inclination, rad/s."""
    return 1.5 * J2 * (EQUATOR_M / RADIUS_M) ** 2 * rate


def test_elements_close_the_cycle_and_follow_the_sun() -> None:
    # Secular rates of a circular orbit (Vallado, Fundamentals of Astrodynamics, section 9.6).
    rate = np.sqrt(GRAVITY / RADIUS_M**3)
    # Of the argument of latitude: mean anomaly and perigee together.
    to_the_node = rate + flattening(rate) * (3.0 - 4.0 * np.sin(INCLINATION) ** 2)
    assert rate == pytest.approx(RATE)
    assert 2 * np.pi / to_the_node == pytest.approx(86400.0 * DAYS / ORBITS, abs=1.0)
    node = -flattening(rate) * np.cos(INCLINATION)
    assert np.rad2deg(node) * 86400.0 == pytest.approx(360.0 / 365.2422, rel=0.01)


@pytest.mark.parametrize(("longitude", "latitude"), PLACES)
def test_it_crosses_the_equator_southwards_at_half_past_ten(longitude: float, latitude: float) -> None:
    found = over(longitude, latitude)
    seconds = np.arange(found.seconds - 1500.0, found.seconds + 1500.0)
    positions, _ = found.terrestrial(seconds)
    (node,) = np.flatnonzero((positions[:-1, 2] > 0.0) & (positions[1:, 2] <= 0.0))
    universal = seconds[node] - EARTH.gps_minus_utc
    local = universal + below(positions[node])[0] * 240.0
    assert local % 86400.0 == pytest.approx(10.5 * 3600.0, abs=120.0)


@pytest.mark.parametrize(("longitude", "latitude"), PLACES)
def test_the_place_is_straight_below(longitude: float, latitude: float) -> None:
    found = over(longitude, latitude)
    positions, _ = found.terrestrial(np.array([found.seconds]))
    at = [float(axis[0]) for axis in below(positions)]
    assert at[:2] == pytest.approx([longitude, latitude], abs=1e-8)
    assert at[2] == pytest.approx(found.height_m, abs=1e-3)
    assert 785e3 < at[2] < 810e3


def test_it_reaches_the_latitude_of_its_inclination_and_no_other() -> None:
    found = over(1.4, 43.6)
    positions, _ = found.inertial(found.seconds + np.arange(0.0, 6100.0, 5.0))
    highest = np.rad2deg(np.arcsin(positions[:, 2].max() / RADIUS_M))
    assert highest == pytest.approx(180.0 - 98.62, abs=0.01)
    over(1.4, 81.0)
    with pytest.raises(ParameterError, match=r"latitude 82\.50"):
        over(1.4, 82.5)


def test_velocities_are_those_of_the_positions() -> None:
    found = over(1.4, 43.6)
    around = found.seconds + np.array([-0.5, 0.0, 0.5])
    positions, velocities = found.terrestrial(around)
    assert np.abs(positions[2] - positions[0] - velocities[1]).max() < 2e-3


@pytest.mark.parametrize(("longitude", "latitude"), PLACES)
def test_it_looks_down_and_the_ground_moves_along_its_x_axis(longitude: float, latitude: float) -> None:
    found = over(longitude, latitude)
    attitude = Attitude(found.attitude(found.seconds - 1.0, found.seconds + 1.0), EPOCH)
    now = np.array([found.seconds])
    to_satellite = attitude.matrices(now)[0] @ found.rotation.inertial_to_terrestrial(now)[0].T
    positions, _ = found.terrestrial(np.array([found.seconds - 0.1, found.seconds, found.seconds + 0.1]))
    ground = np.stack([erfa.gd2gc(1, *erfa.gc2gd(1, place)[:2], 0.0) for place in positions])
    down = to_satellite @ (ground[1] - positions[1])
    moved = to_satellite @ (ground[2] - ground[0])
    assert down / found.height_m == pytest.approx([0.0, 0.0, 1.0], abs=1e-7)
    assert moved[0] / 0.2 == pytest.approx(found.ground_speed, rel=2e-3)
    assert abs(moved[1]) < 3e-3 * moved[0]
    assert 10.3 < found.ground_speed * LINE_PERIOD_S < 10.7


def test_how_far_along_the_track_places_are() -> None:
    found = over(1.4, 43.6)
    later, _ = found.terrestrial(np.array([found.seconds + 5.0]))
    longitude, latitude, _ = below(later)
    reach = found.farthest_along(np.append(longitude, 1.4), np.append(latitude, 43.6))
    assert reach == pytest.approx(5.0 * found.ground_speed, rel=2e-3)
