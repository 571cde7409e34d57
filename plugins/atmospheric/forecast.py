"""The forecasts embedded in a product, as fields over its tile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.fields import TileField

from ipf.auxiliary.meteorology import read_meteorology
from ipf.errors import AuxiliaryError
from ipf.product.reader import SafeProduct

STANDARD_GRAVITY = 9.80665
"""m/s²: geopotential of the CAMS orography per metre."""

PLAUSIBLE: Mapping[str, tuple[float, float, str]] = {
    "aod550": (-0.01, 10.0, ""),
    "tcwv": (-0.05, 15.0, " cm"),
    "tco3": (0.1, 0.7, " cm-atm"),
    "msl": (850.0, 1100.0, " hPa"),
    "z": (-500.0, 6000.0, " m"),
}
"""What a forecast may state; beyond it the file is wrong. Packing makes small values a little negative. Sea
level pressures on record: 870 and 1084.8 hPa (WMO World Weather & Climate Extremes Archive)."""

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

    Raises `AuxiliaryError` naming a file that cannot be used, or states what is not `PLAUSIBLE`, and the tile
    that it does not cover.
    """
    weather = read_meteorology(path for _, path in sorted(product.auxiliary_files.items()))
    latitude, longitude = product.node_coordinates()
    step = product.tile.angles.sun.row_step

    def over_tile(name: str, values: Callable[[Floats, Floats], Floats]) -> TileField | None:
        if name not in weather.fields:
            return None
        try:
            found = values(latitude, longitude)
            _refuse_implausible(name, found, weather.origins[name])
            return TileField.of(found, step)
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


def _refuse_implausible(name: str, values: Floats, origin: Path) -> None:
    """Refuse values that no atmosphere has, NaN for missing ones among them."""
    lowest, highest, unit = PLAUSIBLE[name]
    if not np.all((values >= lowest) & (values <= highest)):
        raise AuxiliaryError(
            f"{origin}: {name} is {values.min():.4g} to {values.max():.4g}{unit}, expected {lowest:g} to "
            f"{highest:g}"
        )
