"""Surface reflectance under a trial atmosphere: the one door through which the retrievals use the tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel

Floats32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Ground:
    """A block of ground under the atmosphere of a tile: `elevation` in metres, (rows, columns) float32.

    `place` is the row and column of its first pixel on the tile, and the pixel size in metres; `aerosol` the
    aerosol model, None for the preferred one.
    """

    model: AtmosphereModel
    elevation: Floats32
    place: tuple[int, int, float]
    aerosol: str | None = None

    def seen_through(self, band: str, toa: Floats32, aot: Floats32, water_vapour: Floats32) -> Floats32:
        """Surface reflectance where the top of the atmosphere shows `toa`; NaN outside the tables."""
        air = self.model.air(band, aot, water_vapour, self.elevation, self.place, self.aerosol)
        signal = (toa - air.path) / air.gain
        return np.asarray(signal / (1 + air.albedo * signal), np.float32)

    def at_top(self, band: str, boa: Floats32 | float, aot: Floats32, water_vapour: Floats32) -> Floats32:
        """Reflectance at the top of the atmosphere over ground of reflectance `boa`."""
        air = self.model.air(band, aot, water_vapour, self.elevation, self.place, self.aerosol)
        return np.asarray(air.path + air.gain * boa / (1 - air.albedo * boa), np.float32)

    def everywhere(self, value: float) -> Floats32:
        """An array of the block's shape."""
        return np.full(self.elevation.shape, value, np.float32)
