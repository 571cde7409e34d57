"""A pass of Sentinel-2 over a place: position and attitude of the satellite, from the elements of its orbit.

The orbit is a circle, which real ones are to 2 km in height and 1 km along the track in a few minutes. It
crosses the equator southwards at 10:30 mean solar time, and is later by the sun north of it. The satellite
looks down the ellipsoid's normal and steers its yaw, so that the ground moves along its x axis
(Sentinel-2 mission description: 786 km, 98.62 degrees, descending node at 10:30, yaw steering).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import erfa
import numpy as np

from ipf.errors import ParameterError
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
NODE_LOCAL_TIME_S = 10.5 * 3600.0
"""Mean solar time at the descending node."""
_SECONDS_OF_A_RADIAN = 43200.0 / np.pi
_ROUNDS = 6
"""Until a height along the normal has settled: each round leaves less than a hundredth of its error."""
EPHEMERIS_STEP_S, ATTITUDE_STEP_S = 1.0, 0.1
_MARGIN_S = 8.0
"""Of samples before and after the lines; interpolation takes four of them on either side."""
_WGS_84 = 1


@dataclass(frozen=True, slots=True)
class OrbitPass:
    """The descending pass that looks straight down on a place (degrees) at GPS `seconds` after `epoch`.

    Raises `ParameterError` for a latitude that the orbit does not reach.
    """

    epoch: datetime
    earth: EarthOrientation
    longitude: float
    latitude: float
    seconds: float

    def __post_init__(self) -> None:
        node_offset(self.latitude)

    @classmethod
    def on_day(cls, epoch: datetime, earth: EarthOrientation, longitude: float, latitude: float) -> OrbitPass:
        """The pass of the day that begins at `epoch`, at the mean solar time that the orbit has there."""
        universal = NODE_LOCAL_TIME_S + node_offset(latitude) - np.deg2rad(longitude) * _SECONDS_OF_A_RADIAN
        return cls(epoch, earth, longitude, latitude, float(universal) + earth.gps_minus_utc)

    @property
    def height_m(self) -> float:
        """Height above the ellipsoid when the place is straight below."""
        return height_over(self.latitude)

    @property
    def ground_speed(self) -> float:
        """Speed (m/s) of the point straight below, over the ellipsoid, taken for a sphere around it."""
        positions, velocities = self.terrestrial(np.array([self.seconds]))
        share = (np.linalg.norm(positions) - self.height_m) / np.linalg.norm(positions)
        return float(np.linalg.norm(velocities) * share)

    @property
    def rotation(self) -> EarthRotation:
        """How the Earth is turned."""
        return EarthRotation(self.epoch, self.earth)

    def inertial(self, seconds: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Positions (m) and velocities (m/s) in EME2000, (n, 3)."""
        matrix = self.rotation.inertial_to_terrestrial(np.array([self.seconds]))[0]
        above = np.deg2rad(self.longitude), np.deg2rad(self.latitude), self.height_m
        up = matrix.T @ erfa.gd2gc(_WGS_84, *above) / RADIUS_M
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
        return self.ground_speed / self.height_m

    def farthest_along(self, longitude: FloatArray, latitude: FloatArray) -> float:
        """How far along the track, in metres, any of some places (degrees) is from the one below."""
        _, velocities = self.terrestrial(np.array([self.seconds]))
        forwards = velocities[0] / np.linalg.norm(velocities[0])
        places = _on_ground(longitude, latitude) - _on_ground(self.longitude, self.latitude)
        return float(np.abs(places @ forwards).max())

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


def height_over(latitude: float) -> float:
    """Height (m) above the ellipsoid of the orbit, along the normal at a geodetic latitude (degrees)."""
    height = ALTITUDE_M
    for _ in range(_ROUNDS):
        height += RADIUS_M - float(np.linalg.norm(_above(latitude, height)))
    return height


def node_offset(latitude: float) -> float:
    """Seconds of mean solar time by which a place is later than the descending node; spherical triangle.

    Raises `ParameterError` for a latitude (degrees, geodetic) that the orbit does not reach.
    """
    x, _, z = _above(latitude, height_over(latitude))
    sine = -(z / x) / np.tan(INCLINATION)
    if not abs(sine) < 1.0:
        raise ParameterError(
            f"a pass over the latitude {latitude:.2f}: the orbit is inclined by "
            f"{np.rad2deg(INCLINATION):.2f} degrees and does not reach it"
        )
    return float(np.arcsin(sine)) * _SECONDS_OF_A_RADIAN


def _above(latitude: float, height: float) -> FloatArray:
    return np.asarray(erfa.gd2gc(_WGS_84, 0.0, np.deg2rad(latitude), height), np.float64)


def _on_ground(longitude: FloatArray | float, latitude: FloatArray | float) -> FloatArray:
    return np.asarray(erfa.gd2gc(_WGS_84, np.deg2rad(longitude), np.deg2rad(latitude), 0.0), np.float64)


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
