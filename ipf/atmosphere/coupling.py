"""Lambertian coupling of surface and atmosphere at single points, in float64, straight from the table.

The equation is that of `ipf.kernels.atmosphere`, which works on tiles from reduced tables:
Vermote et al. 1997 (IEEE TGRS 35, 675), equation 7, with the water-vapour rule of 6SV1.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.table import ScatteringTable
from ipf.atmosphere.tile import path_airmass, path_reflectance, two_way_gases

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conditions:
    """State of the atmosphere and the directions through it, arrays that broadcast.

    `aot` aerosol optical thickness at 550 nm; `water_vapour` above the ground, cm; `ozone` total column,
    cm-atm; `pressure` at the ground, hPa; angles in degrees, azimuth 0 = backscatter.
    """

    aot: Floats
    water_vapour: Floats
    ozone: Floats
    pressure: Floats
    solar_zenith: Floats
    view_zenith: Floats
    relative_azimuth: Floats


@dataclass(frozen=True, slots=True)
class Coupling:
    """What the atmosphere does in one band, gases included, all of one shape.

    `path` reflectance over black ground; `gain`, the two-way transmittance; `albedo`, the spherical albedo:
    toa = path + gain boa / (1 - albedo boa).
    """

    path: Floats
    gain: Floats
    albedo: Floats

    def top(self, boa: npt.ArrayLike) -> Floats:
        """Reflectance at the top of the atmosphere over a surface of reflectance `boa`."""
        surface = np.asarray(boa, dtype=np.float64)
        return self.path + self.gain * surface / (1.0 - self.albedo * surface)

    def signal(self, toa: npt.ArrayLike) -> Floats:
        """Surface reflectance as it would be if the ground were not lit by light it reflected itself."""
        return (np.asarray(toa, dtype=np.float64) - self.path) / self.gain

    def surface(self, toa: npt.ArrayLike) -> Floats:
        """Surface reflectance under a top-of-atmosphere reflectance `toa`: the inverse of `top`.

        There is none where `gain` is 0 or 1 + `albedo` x `signal` is not above 0.
        """
        signal = self.signal(toa)
        return signal / (1.0 + self.albedo * signal)


def couple(table: ScatteringTable, gases: GasModel, band: str, conditions: Conditions) -> Coupling:
    """Coupling in `band`; raises `ParameterError` for whatever is outside the table or the gas model."""
    c = conditions
    scattering = table.evaluate(band, c.aot, c.pressure, c.solar_zenith, c.view_zenith, c.relative_azimuth)
    airmass = path_airmass(c.solar_zenith, c.view_zenith)
    whole, half = two_way_gases(gases, band, airmass, c.water_vapour, c.ozone, c.pressure)
    gain = whole.total * scattering.transmittance_down * scattering.transmittance_up
    path, gain, albedo = np.broadcast_arrays(
        path_reflectance(scattering, whole, half), gain, scattering.spherical_albedo
    )
    return Coupling(path, gain, albedo)
