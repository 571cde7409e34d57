"""How bright a cloud of each height is at the top of the atmosphere: the gases above it dim its light.

Most of the water vapour lies below 3 km. In B10 it hides low clouds as it hides the ground, thins out over
those of middle height, and leaves cirrus bright; in B09 clouds grow brighter with their height.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.cloud_kernels import HEIGHT_STEP_M
from ipf_plugins.simulator.scene import Air, Scene
from ipf_plugins.simulator.spectra import CLOUD, of_band

from ipf.atmosphere.gases import GasModel, load_gas_model
from ipf.atmosphere.profile import water_vapour_above
from ipf.atmosphere.tile import path_airmass

Floats = npt.NDArray[np.float32]

HEIGHTS = 256
_LAPSE_PER_M = 6.5e-3 / 288.15
_PRESSURE_EXPONENT = 5.25588
"""Pressure over height in the US Standard Atmosphere 1976 (troposphere)."""


@lru_cache(maxsize=1)
def _gases() -> GasModel:
    return load_gas_model()


def reflectance_by_height(scene: Scene, air: Air, band: str) -> Floats:
    """Reflectance of an opaque cloud at the top of the atmosphere, by height in steps of `HEIGHT_STEP_M`.

    Scattering above the cloud is left out: a hundredth of a reflectance in the blue.
    """
    sun, view = scene.angles.mean_sun.zenith, scene.angles.mean_viewing[band].zenith
    return _reflectance(band, sun, view, air.water_vapour, air.ozone, air.pressure)


@lru_cache(maxsize=64)
def _reflectance(
    band: str, sun: float, view: float, water_vapour: float, ozone: float, ground_pressure: float
) -> Floats:
    height = np.arange(HEIGHTS) * HEIGHT_STEP_M
    ratio = (1.0 - _LAPSE_PER_M * height) ** _PRESSURE_EXPONENT
    pressure = ground_pressure * ratio
    above = water_vapour_above(water_vapour, pressure) / water_vapour_above(1.0, ground_pressure)
    passed = _gases().transmittance(band, path_airmass(sun, view), above, ozone, pressure).total
    return np.asarray(of_band(CLOUD, band) * passed, np.float32)
