"""Frames: EME2000 (of attitudes), GCRS (of the sun) and ITRS (of the ground and of GPS positions).

GCRS to ITRS is what SOFA's `c2t06a` computes (IAU 2006 precession, IAU 2000A nutation, CIO based; IERS
Conventions 2010, equation 5.1): polar motion times the rotation by the Earth rotation angle times the
celestial-to-intermediate matrix. The last one moves by 1e-6 arcsec in half a second: it is computed twice a
second, the rotation for every date. EME2000 is the mean equator and equinox of J2000.0; the bias between it
and GCRS is that of the IAU 2006 precession (`bp06`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import erfa
import numpy as np

from ipf.geometry.acquisition import EarthOrientation, FloatArray
from ipf.geometry.time_scales import julian_dates

ARCSECOND = np.pi / 648000.0
EARTH_RATE = 2.0 * np.pi * 1.00273781191135448 / 86400.0
"""Rate of the Earth rotation angle, rad/s (IERS Conventions 2010, equation 5.15)."""
CELESTIAL_STEP = 0.5
"""Seconds between celestial-to-intermediate matrices."""


@dataclass(frozen=True, slots=True)
class EarthRotation:
    """How the Earth is turned at GPS seconds after `epoch`."""

    epoch: datetime
    earth: EarthOrientation

    def celestial_to_terrestrial(self, seconds: FloatArray) -> FloatArray:
        """Matrices (n, 3, 3) from GCRS to ITRS at `seconds`, (n,)."""
        seconds = np.asarray(seconds, np.float64)
        dates = julian_dates(self.epoch, seconds, self.earth)
        angle = erfa.era00(dates.day, dates.universal)
        turned = _rotation_about_z(angle) @ self._intermediate(seconds)
        return np.asarray(self.polar_motion() @ turned, np.float64)

    def inertial_to_terrestrial(self, seconds: FloatArray) -> FloatArray:
        """Matrices (n, 3, 3) from EME2000 to ITRS at `seconds`, (n,)."""
        return np.asarray(self.celestial_to_terrestrial(seconds) @ frame_bias().T, np.float64)

    def polar_motion(self) -> FloatArray:
        """The matrix (3, 3) from the terrestrial intermediate system to ITRS at the epoch."""
        dates = julian_dates(self.epoch, np.zeros(()), self.earth)
        locator = erfa.sp00(dates.day, dates.terrestrial)
        pole = self.earth.pole_x * ARCSECOND, self.earth.pole_y * ARCSECOND
        return np.asarray(erfa.pom00(*pole, locator), np.float64)

    def rotation_vector(self) -> FloatArray:
        """The rotation of ITRS against an inertial frame, (3,) rad/s in ITRS."""
        return np.asarray(self.polar_motion() @ np.array([0.0, 0.0, EARTH_RATE]), np.float64)

    def _intermediate(self, seconds: FloatArray) -> FloatArray:
        """Celestial-to-intermediate matrices (n, 3, 3), each of the nearest half second."""
        steps, place = np.unique(np.round(seconds / CELESTIAL_STEP), return_inverse=True)
        dates = julian_dates(self.epoch, steps * CELESTIAL_STEP, self.earth)
        matrices = np.asarray(erfa.c2i06a(dates.day, dates.terrestrial), np.float64)
        return matrices[place.reshape(seconds.shape)]


def frame_bias() -> FloatArray:
    """The matrix (3, 3) from GCRS to EME2000."""
    bias, _, _ = erfa.bp06(erfa.DJ00, 0.0)
    return np.asarray(bias, np.float64)


def _rotation_about_z(angle: FloatArray) -> FloatArray:
    """Matrices (n, 3, 3) that turn the axes by `angle`, (n,) radians, about z."""
    matrices = np.zeros((*np.shape(angle), 3, 3))
    matrices[..., 0, 0] = matrices[..., 1, 1] = np.cos(angle)
    matrices[..., 0, 1] = np.sin(angle)
    matrices[..., 1, 0] = -matrices[..., 0, 1]
    matrices[..., 2, 2] = 1.0
    return matrices
