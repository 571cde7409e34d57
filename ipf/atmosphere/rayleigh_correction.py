"""A simple correction of the blue for air without aerosol, in closed form: good enough to tell clouds.

Path reflectance is that of light scattered once by molecules, ``P (1 - exp(-m tau)) / (4 (mu_s + mu_v))``
with ``m = 1 / mu_s + 1 / mu_v`` (Chandrasekhar 1960), times ``1 + 1.5 tau`` for what is scattered again: our
own fit to 6SV1.1. Diffuse transmittance is ``exp(-tau / (2 mu))`` on each way (Gordon et al. 1983, Applied
Optics 22, 20), spherical albedo ``0.92 tau exp(-tau)`` (Tanre et al. 1979, Applied Optics 18, 3587).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ipf.atmosphere.rayleigh import DEPOLARISATION, STANDARD_PRESSURE, optical_depth
from ipf.atmosphere.single_scattering import scattering_cosine

_SCATTERED_AGAIN = 1.5
_ALBEDO = 0.92


@dataclass(frozen=True, slots=True)
class ClearAir:
    """Air without aerosol in one band and geometry: path reflectance, transmittance, spherical albedo."""

    path: float
    transmittance: float
    albedo: float

    @classmethod
    def of(
        cls,
        wavelength: float,
        solar_zenith: float,
        view_zenith: float,
        relative_azimuth: float,
        pressure: float = STANDARD_PRESSURE,
    ) -> ClearAir:
        """At a wavelength (nm) and pressure (hPa); angles in degrees, azimuth 0 = backscatter."""
        depth = float(optical_depth(np.array(wavelength))) * pressure / STANDARD_PRESSURE
        sun, view = math.cos(math.radians(solar_zenith)), math.cos(math.radians(view_zenith))
        mass = 1.0 / sun + 1.0 / view
        cosine = float(scattering_cosine(solar_zenith, view_zenith, relative_azimuth))
        anisotropy = (1.0 - DEPOLARISATION) / (1.0 + DEPOLARISATION / 2.0)
        phase = 0.75 * anisotropy * (1.0 + cosine**2) + 1.0 - anisotropy
        once = phase * -math.expm1(-depth * mass) / (4.0 * (sun + view))
        return cls(
            path=once * (1.0 + _SCATTERED_AGAIN * depth),
            transmittance=math.exp(-depth * mass / 2.0),
            albedo=_ALBEDO * depth * math.exp(-depth),
        )
