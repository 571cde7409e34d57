"""Angles at the ground, of the sun and the satellite: zenith from the normal, azimuth clockwise from north.

The sun is where SOFA's `epv00` has it (1e-8 au), in directions from the place itself rather than from the
Earth's centre (a parallax of 8.8 arcsec times the sine of the zenith), without aberration (up to 20.5 arcsec)
and refraction: so it is in Sentinel-2 products, whose granules it agrees with to 1e-4 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import erfa
import numpy as np
import numpy.typing as npt

from ipf.geometry.acquisition import FloatArray
from ipf.geometry.frames import EarthRotation
from ipf.geometry.time_scales import julian_dates
from ipf.kernels.ellipsoid import ECCENTRICITY2, SEMI_MAJOR

ASTRONOMICAL_UNIT = 149597870700.0
"""Metres (IAU 2012, resolution B2)."""
SUN_STEP = 30.0
"""Seconds between computed positions of the sun; straight between them to 1e-6 arcsec."""


@dataclass(frozen=True, slots=True)
class SunPosition:
    """Where the sun is seen from the ground of the turning Earth."""

    rotation: EarthRotation

    def angles(
        self, longitude: npt.ArrayLike, latitude: npt.ArrayLike, seconds: npt.ArrayLike
    ) -> tuple[FloatArray, FloatArray]:
        """Zenith and azimuth, degrees, at places (degrees, height 0) and GPS seconds after the epoch."""
        seconds = np.asarray(seconds, np.float64)
        sun = self.positions(seconds.reshape(-1)).reshape(*seconds.shape, 3)
        return angles_from_ground(longitude, latitude, 0.0, sun)

    def positions(self, seconds: FloatArray) -> FloatArray:
        """Positions (n, 3) in ITRS, m, at `seconds`, (n,); NaN where these are."""
        found = np.full((len(seconds), 3), np.nan)
        known = np.isfinite(seconds)
        if np.any(known):
            found[known] = self._terrestrial(seconds[known])
        return found

    def _terrestrial(self, seconds: FloatArray) -> FloatArray:
        """The same, of seconds that are numbers."""
        steps = np.floor(seconds / SUN_STEP)
        knots = np.arange(np.min(steps), np.max(steps) + 2)
        computed = self._celestial(knots * SUN_STEP)
        place = (steps - knots[0]).astype(np.int64)
        share = (seconds / SUN_STEP - steps)[:, None]
        celestial = (1 - share) * computed[place] + share * computed[place + 1]
        unique, index = np.unique(seconds, return_inverse=True)
        matrices = self.rotation.celestial_to_terrestrial(unique)
        return np.asarray(np.einsum("nij,nj->ni", matrices[index.reshape(-1)], celestial))

    def _celestial(self, seconds: FloatArray) -> FloatArray:
        """Positions (n, 3) in GCRS, m, from the Earth's centre."""
        dates = julian_dates(self.rotation.epoch, seconds, self.rotation.earth)
        heliocentric, _ = erfa.epv00(dates.day, dates.terrestrial)
        return np.asarray(-ASTRONOMICAL_UNIT * heliocentric["p"], np.float64)


def angles_from_ground(
    longitude: npt.ArrayLike, latitude: npt.ArrayLike, height: npt.ArrayLike, target: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Zenith and azimuth (0 to 360), degrees, at which `target`, (..., 3) in ITRS (m), is seen from places.

    Longitude and latitude are in degrees, height in metres above the ellipsoid; all but the last axis of
    `target` is broadcast against them.
    """
    lam, phi, height = np.deg2rad(longitude), np.deg2rad(latitude), np.asarray(height, np.float64)
    sin_lam, cos_lam, sin_phi, cos_phi = np.sin(lam), np.cos(lam), np.sin(phi), np.cos(phi)
    normal = SEMI_MAJOR / np.sqrt(1.0 - ECCENTRICITY2 * sin_phi**2)
    radius = (normal + height) * cos_phi
    x = target[..., 0] - radius * cos_lam
    y = target[..., 1] - radius * sin_lam
    z = target[..., 2] - (normal * (1.0 - ECCENTRICITY2) + height) * sin_phi
    outward = cos_lam * x + sin_lam * y
    east = cos_lam * y - sin_lam * x
    north = cos_phi * z - sin_phi * outward
    up = cos_phi * outward + sin_phi * z
    zenith = np.rad2deg(np.arctan2(np.hypot(east, north), up))
    azimuth = np.rad2deg(np.arctan2(east, north)) % 360.0
    return np.asarray(zenith), np.asarray(azimuth)
