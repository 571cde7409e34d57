"""A small acquisition of known geometry: a circular orbit, a steadily turning satellite, one detector."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt

from ipf.geometry.acquisition import (
    AttitudeSamples,
    Datation,
    EarthOrientation,
    Ephemeris,
    Mounting,
    SensorGeometry,
    ViewingDirections,
)
from ipf.geometry.attitude import rotation_matrices
from ipf.geometry.frames import EarthRotation

Floats = npt.NDArray[np.float64]

EPOCH = datetime(2021, 3, 20)
EARTH = EarthOrientation(-0.17, 0.06, 0.34, 18.0)
RADIUS, INCLINATION = 7167e3, np.deg2rad(98.6)
RATE = np.sqrt(3.986004418e14 / RADIUS**3)
START, SPAN = 36000.0, 40
"""Seconds after the epoch of the first sample, and seconds of samples."""
PERIOD = 1.565873622e-3


def orbit(seconds: Floats, phase: float = 0.6, node: float = 0.0) -> tuple[Floats, Floats]:
    """Positions and velocities (n, 3) in EME2000."""
    angle = phase + RATE * (seconds - START)
    first = np.array([np.cos(node), np.sin(node), 0.0])
    second = np.array(
        [-np.sin(node) * np.cos(INCLINATION), np.cos(node) * np.cos(INCLINATION), np.sin(INCLINATION)]
    )
    positions = RADIUS * (np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second)
    velocities = RADIUS * RATE * (-np.sin(angle)[:, None] * first + np.cos(angle)[:, None] * second)
    return positions, velocities


def attitude_matrices(seconds: Floats, phase: float = 0.6, node: float = 0.0) -> Floats:
    """Matrices (n, 3, 3) from EME2000 to a frame with z down and x forwards."""
    positions, velocities = orbit(seconds, phase, node)
    down, forwards = -positions / RADIUS, velocities / (RADIUS * RATE)
    return np.stack([forwards, np.cross(down, forwards), down], axis=1)


def quaternions(matrices: Floats) -> Floats:
    """Unit quaternions (n, 4), scalar first and not negative, of frame rotations."""
    trace = np.einsum("nii->n", matrices)
    symmetric = np.empty((len(matrices), 4, 4))
    m = matrices
    symmetric[:, 0, 0] = trace
    vector = np.stack([m[:, 1, 2] - m[:, 2, 1], m[:, 2, 0] - m[:, 0, 2], m[:, 0, 1] - m[:, 1, 0]], axis=1)
    symmetric[:, 0, 1:] = symmetric[:, 1:, 0] = vector
    symmetric[:, 1:, 1:] = m + np.swapaxes(m, 1, 2) - trace[:, None, None] * np.eye(3)
    found = np.linalg.eigh(symmetric)[1][:, :, -1]
    return found * np.where(found[:, :1] < 0, -1.0, 1.0)


def acquisition(phase: float = 0.6, node: float = 0.0) -> SensorGeometry:
    """The acquisition; `phase` is the argument of latitude of its start, `node` where it rises (rad)."""
    rotation = EarthRotation(EPOCH, EARTH)
    seconds = START + np.arange(SPAN + 1.0)
    positions, velocities = orbit(seconds, phase, node)
    matrices = rotation.inertial_to_terrestrial(seconds)
    positions = np.einsum("nij,nj->ni", matrices, positions)
    velocities = np.einsum("nij,nj->ni", matrices, velocities)
    velocities -= np.cross(rotation.rotation_vector(), positions)
    samples = START + 0.1 * np.arange(10 * SPAN + 1.0)
    across = np.linspace(-0.016, 0.016, 2552)
    return SensorGeometry(
        satellite="Sentinel-2A",
        epoch=EPOCH,
        ephemeris=Ephemeris(seconds, positions, velocities),
        attitude=AttitudeSamples(samples, quaternions(attitude_matrices(samples, phase, node))),
        earth=EARTH,
        datation=Datation({("B02", 5): START + 12.0}, PERIOD),
        mounting=Mounting(0.0, 0.0, 0.0),
        refining=None,
        # The direction of a pixel is (tan psi_y, -tan psi_x, 1): forwards, then to the right.
        viewing={("B02", 5): ViewingDirections(-across, np.full(2552, 0.01) + 0.02 * across**2)},
    )


def is_rotation(matrices: Floats, expected: Floats) -> bool:
    """Whether quaternions and matrices speak of one rotation."""
    return bool(np.allclose(rotation_matrices(quaternions(matrices)), expected, atol=1e-12))
