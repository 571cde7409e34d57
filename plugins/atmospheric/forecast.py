"""The forecasts embedded in a product, as fields over its tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.fields import TileField

from ipf.auxiliary.meteorology import read_meteorology
from ipf.errors import AuxiliaryError
from ipf.product.reader import SafeProduct

STANDARD_GRAVITY = 9.80665
"""m/s²: geopotential of the CAMS orography per metre."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Forecast:
    """What CAMS (aerosol, orography) and ECMWF (the others) state; None where the product brings none.

    Aerosol optical thickness at 550 nm; water vapour above the ground, cm; ozone, cm-atm; pressure at sea
    level, hPa; elevation of the model's ground, m.
    """

    aerosol_optical_thickness: TileField | None = None
    water_vapour: TileField | None = None
    ozone: TileField | None = None
    sea_level_pressure: TileField | None = None
    ground_elevation: TileField | None = None


def embedded_forecast(product: SafeProduct) -> Forecast:
    """Read the GRIB files of a product.

    Raises `AuxiliaryError` naming a file that cannot be used, and the tile that it does not cover.
    """
    weather = read_meteorology(path for _, path in sorted(product.auxiliary_files.items()))
    latitude, longitude = product.node_coordinates()
    step = product.tile.angles.sun.row_step

    def over_tile(name: str, values: Callable[[Floats, Floats], Floats]) -> TileField | None:
        if name not in weather.fields:
            return None
        try:
            return TileField.of(values(latitude, longitude), step)
        except AuxiliaryError as problem:
            raise AuxiliaryError(f"{problem} (tile {product.tile.identifier})") from problem

    def elevation(latitude: Floats, longitude: Floats) -> Floats:
        return weather.values("z", latitude, longitude) / STANDARD_GRAVITY

    return Forecast(
        over_tile("aod550", weather.aerosol_optical_thickness),
        over_tile("tcwv", weather.water_vapour_cm),
        over_tile("tco3", weather.ozone_cm_atm),
        over_tile("msl", weather.sea_level_pressure_hpa),
        over_tile("z", elevation),
    )
