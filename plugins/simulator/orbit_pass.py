"""A pass of Sentinel-2 over a place: position and attitude of the satellite, from the elements of its orbit.

The orbit is a circle, which real ones are to 2 km in height and 1 km along the track in a few minutes. The
satellite looks down the ellipsoid's normal and steers its yaw, so that the ground moves along its x axis
(Sentinel-2 mission description: 786 km, 98.62 degrees, yaw steering).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import erfa
import numpy as np

from ipf.geometry.acquisition import AttitudeSamples, EarthOrientation, Ephemeris, FloatArray
from ipf.geometry.frames import EarthRotation

ALTITUDE_M = 786e3
INCLINATION = np.deg2rad(98.62)
GRAVITY = 3.986004418e14
"""Geocentric gravitational constant, m3/s2 (IERS Conventions 2010, table 1.1)."""
EQUATOR_M = 6_378_137.0
RADIUS_M = EQUATOR_M + ALTITUDE_M
RATE = float(np.sqrt(GRAVITY / RADIUS_M**3))
"""Radians of the orbit in a second."""
EPHEMERIS_STEP_S, ATTITUDE_STEP_S = 1.0, 0.1
_MARGIN_S = 8.0
"""Of samples before and after the lines; interpolation takes four of them on either side."""
_WGS_84 = 1


@dataclass(frozen=True, slots=True)
class OrbitPass:
    """The descending pass over a place (degrees) at GPS `seconds` after `epoch`."""

    epoch: datetime
    earth: EarthOrientation
    longitude: float
    latitude: float
    seconds: float

    @property
    def rotation(self) -> EarthRotation:
        """How the Earth is turned."""
        return EarthRotation(self.epoch, self.earth)

    def inertial(self, seconds: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Positions (m) and velocities (m/s) in EME2000, (n, 3)."""
        matrix = self.rotation.inertial_to_terrestrial(np.array([self.seconds]))[0]
        place = erfa.gd2gc(_WGS_84, np.deg2rad(self.longitude), np.deg2rad(self.latitude), 0.0)
        up = matrix.T @ place / np.linalg.norm(place)
        east = np.cross([0.0, 0.0, 1.0], up)
        east /= np.linalg.norm(east)
        north = np.cross(up, east)
        # The orbit's normal is square to `up`, and inclined to the pole: its part to the north.
        towards_north = np.cos(INCLINATION) / np.hypot(up[0], up[1])
        towards_east = np.sqrt(1.0 - towards_north**2)
        forwards = towards_north * east - towards_east * north
        angle = RATE * (np.asarray(seconds, np.float64) - self.seconds)[:, np.newaxis]
        positions = RADIUS_M * (np.cos(angle) * up + np.sin(angle) * forwards)
        velocities = RADIUS_M * RATE * (np.cos(angle) * forwards - np.sin(angle) * up)
        return positions, velocities

    def terrestrial(self, seconds: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Positions (m) and velocities (m/s) in ITRS, (n, 3)."""
        matrices = self.rotation.inertial_to_terrestrial(seconds)
        inertial, moving = self.inertial(seconds)
        positions = np.einsum("nij,nj->ni", matrices, inertial)
        velocities = np.einsum("nij,nj->ni", matrices, moving)
        return positions, velocities - np.cross(self.rotation.rotation_vector(), positions)

    def apparent_rate(self) -> float:
        """Rate at which the ground passes straight below, rad/s."""
        position, velocity = (found[0] for found in self.terrestrial(np.array([self.seconds])))
        radius = float(np.linalg.norm(position))
        ground = float(np.linalg.norm(erfa.gd2gc(_WGS_84, *np.deg2rad((self.longitude, self.latitude)), 0.0)))
        return float(np.linalg.norm(velocity)) * ground / radius / (radius - ground)

    def ephemeris(self, first: float, last: float) -> Ephemeris:
        """Samples around the seconds from `first` to `last`."""
        seconds = _samples(first, last, EPHEMERIS_STEP_S)
        return Ephemeris(seconds, *self.terrestrial(seconds))

    def attitude(self, first: float, last: float) -> AttitudeSamples:
        """Samples around the seconds from `first` to `last`."""
        seconds = _samples(first, last, ATTITUDE_STEP_S)
        positions, velocities = self.terrestrial(seconds)
        longitude, latitude, _ = erfa.gc2gd(_WGS_84, positions)
        down = -np.stack(
            [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)],
            axis=1,
        )
        level = velocities - np.sum(velocities * down, axis=1, keepdims=True) * down
        forwards = level / np.linalg.norm(level, axis=1, keepdims=True)
        to_satellite = np.stack([forwards, np.cross(down, forwards), down], axis=1)
        matrices = to_satellite @ self.rotation.inertial_to_terrestrial(seconds)
        return AttitudeSamples(seconds, quaternions_of(matrices))


def _samples(first: float, last: float, step: float) -> FloatArray:
    begin, end = np.floor((first - _MARGIN_S) / step), np.ceil((last + _MARGIN_S) / step)
    return np.arange(begin, end + 1.0) * step


def quaternions_of(matrices: FloatArray) -> FloatArray:
    """Unit quaternions (scalar, x, y, z), (n, 4), of turns of frames (n, 3, 3); the scalar is not negative.

    The largest eigenvector of a symmetric matrix (Bar-Itzhack 2000, doi:10.2514/2.4654).
    """
    m = np.asarray(matrices, np.float64)
    symmetric = np.empty((len(m), 4, 4))
    symmetric[:, 0, 0] = np.einsum("nii->n", m)
    vector = np.stack([m[:, 1, 2] - m[:, 2, 1], m[:, 2, 0] - m[:, 0, 2], m[:, 0, 1] - m[:, 1, 0]], axis=1)
    symmetric[:, 0, 1:] = symmetric[:, 1:, 0] = vector
    symmetric[:, 1:, 1:] = m + np.swapaxes(m, 1, 2) - symmetric[:, :1, :1] * np.eye(3)
    found = np.linalg.eigh(symmetric)[1][:, :, -1]
    return np.asarray(found * np.where(found[:, :1] < 0, -1.0, 1.0), np.float64)
