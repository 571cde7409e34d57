"""Directions in which pixels look: in the instrument's frame, and from there to the satellite's.

Three rotations and a stretch, as Sen2VM composes them for Rugged (Maisonobe et al. 2015, "Rugged: an
operational, open-source solution for Sentinel-2 mapping", Proc. SPIE 9639): the tangents of the viewing
angles give the direction (tan psi_y, -tan psi_x, 1) / |.|; the homothety stretches its z; then it is turned
about z, x and y, by the angles of the mounting and of refinement, all taken negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ipf.errors import AuxiliaryError
from ipf.geometry.acquisition import FloatArray, Mounting, Refining, SensorKey, ViewingDirections


@dataclass(frozen=True, slots=True)
class PixelDirections:
    """Directions (x, y, 1) of the pixels of one detector in the instrument's frame: x and y, (pixels,)."""

    x: FloatArray
    y: FloatArray

    def at(self, pixels: FloatArray) -> tuple[FloatArray, FloatArray]:
        """x and y at fractional pixels (0 is the first), on straight lines between and beyond."""
        first = np.clip(np.floor(np.nan_to_num(pixels)), 0, len(self.x) - 2)
        share = pixels - first
        index = first.astype(np.int64)
        x = self.x[index] + share * (self.x[index + 1] - self.x[index])
        y = self.y[index] + share * (self.y[index + 1] - self.y[index])
        return x, y


def pixel_directions(viewing: ViewingDirections, sensor: SensorKey) -> PixelDirections:
    """Directions of the pixels of `sensor`; raises `AuxiliaryError` for lists that make none."""
    tan_x = np.ascontiguousarray(viewing.tan_psi_x, np.float64)
    tan_y = np.ascontiguousarray(viewing.tan_psi_y, np.float64)
    if tan_x.ndim != 1 or tan_x.shape != tan_y.shape or len(tan_x) < 2:
        raise AuxiliaryError(
            f"viewing directions of band {sensor[0]}, detector {sensor[1]}: {tan_x.shape} tangents of psi x "
            f"and {tan_y.shape} of psi y, expected as many"
        )
    if not (np.all(np.isfinite(tan_x)) and np.all(np.isfinite(tan_y))):
        raise AuxiliaryError(
            f"viewing directions of band {sensor[0]}, detector {sensor[1]}: not all are numbers"
        )
    return PixelDirections(tan_y, -tan_x)


def instrument_to_satellite(mounting: Mounting, refining: Refining | None, seconds: FloatArray) -> FloatArray:
    """Matrices (n, 3, 3) from directions of pixels to the satellite's frame at GPS `seconds`, (n,)."""
    elapsed = seconds - refining.centre if refining else np.zeros_like(seconds)
    about_x = -mounting.x - _polynomial(refining.x if refining else (), elapsed)
    about_y = -mounting.y - _polynomial(refining.y if refining else (), elapsed)
    about_z = -mounting.z - _polynomial(refining.z if refining else (), elapsed)
    turned = _rotation(about_y, 1) @ _rotation(about_x, 0) @ _rotation(about_z, 2)
    turned[:, :, 2] *= 1.0 + _polynomial(refining.homothety if refining else (), elapsed)[:, None]
    return turned


def turned(viewing: ViewingDirections, mounting: Mounting) -> ViewingDirections:
    """Directions in the frame that a detector or a focal plane is mounted in, by its rotation.

    The rotation is taken as that of the instrument is. No product was at hand to hold that against: those
    whose grids are known have none. Files of S2B since 2025 turn the short-wave infrared by 3.9 microradians,
    3 m on the ground.
    """
    matrix = instrument_to_satellite(mounting, None, np.zeros(1))[0]
    tan_x, tan_y = viewing.tan_psi_x, viewing.tan_psi_y
    x, y, z = matrix @ np.stack((tan_y, -tan_x, np.ones_like(tan_x)))
    return ViewingDirections(np.asarray(-y / z), np.asarray(x / z))


def _polynomial(coefficients: tuple[float, ...], elapsed: FloatArray) -> FloatArray:
    """Value (n,) of a polynomial, lowest degree first; zero without coefficients."""
    return np.asarray(np.polynomial.polynomial.polyval(elapsed, coefficients or (0.0,)), np.float64)


def _rotation(angle: FloatArray, axis: int) -> FloatArray:
    """Matrices (n, 3, 3) that turn a vector by `angle`, (n,) radians, about x, y or z (`axis` 0, 1, 2)."""
    following, last = (axis + 1) % 3, (axis + 2) % 3
    matrices = np.zeros((len(angle), 3, 3))
    matrices[:, axis, axis] = 1.0
    matrices[:, following, following] = matrices[:, last, last] = np.cos(angle)
    matrices[:, last, following] = np.sin(angle)
    matrices[:, following, last] = -np.sin(angle)
    return matrices
