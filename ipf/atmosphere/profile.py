"""How pressure and the columns of water vapour and ozone change with the altitude of the ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.rayleigh import STANDARD_PRESSURE
from ipf.errors import ParameterError

Floats = npt.NDArray[np.float64]

ALTITUDE_RANGE = (-0.5, 6.0)
"""Ground altitudes accepted, km."""

_PRESSURE = np.array([540.5, 616.6, 701.2, 795.0, 898.6, 1013.0]) / 1013.0
_WATER_VAPOUR_ABOVE = np.array([0.07668, 0.13696, 0.23762, 0.40088, 0.64791, 1.0])
_OZONE_BELOW = 0.067


def pressure_at(altitude: npt.ArrayLike) -> Floats:
    """Pressure (hPa) at `altitude` (km, -0.5 to 6) in the US Standard Atmosphere; raises `ParameterError`
    outside.

    US Standard Atmosphere 1962 and 1976, troposphere: lapse rate 6.5 K/km from 288.15 K and 1013.25 hPa.
    """
    array = np.asarray(altitude, dtype=np.float64)
    low, high = ALTITUDE_RANGE
    outside = ~((array >= low) & (array <= high))
    if np.any(outside):
        raise ParameterError(f"altitude (km): {array[outside].flat[0]:g} is outside {low:g} to {high:g}")
    return np.asarray(STANDARD_PRESSURE * (1.0 - 6.5 * array / 288.15) ** 5.25588)


def water_vapour_above(sea_level_column: npt.ArrayLike, pressure: npt.ArrayLike) -> Floats:
    """Water vapour above ground at `pressure` (hPa), when the column would be `sea_level_column` at 1013 hPa.

    Needed where a column is stated for sea level, whatever the altitude of the ground, as in 6S and in the
    Sen2Cor look-up tables; forecasts (ECMWF) and retrievals state the column above the ground itself.
    Profile: US Standard Atmosphere 1962 (McClatchey et al. 1972, AFCRL-72-0497), integrated; power laws of
    the pressure between whole kilometres, and beyond them.
    """
    x = np.log(np.asarray(pressure, dtype=np.float64) / STANDARD_PRESSURE)
    nodes, values = np.log(_PRESSURE), np.log(_WATER_VAPOUR_ABOVE)
    slopes = np.diff(values) / np.diff(nodes)
    interval = np.clip(np.searchsorted(nodes, x) - 1, 0, slopes.size - 1)
    above = np.exp(values[interval] + slopes[interval] * (x - nodes[interval]))
    return np.asarray(np.asarray(sea_level_column, dtype=np.float64) * above)


def ozone_above(column: npt.ArrayLike, pressure: npt.ArrayLike) -> Floats:
    """Ozone above ground at `pressure` (hPa), when the total column is `column` (any unit).

    The tropospheric ozone below the ground is left out as 6SV1.1 does (6.7 % of the column per atmosphere).
    """
    below = 1.0 - np.asarray(pressure, dtype=np.float64) / STANDARD_PRESSURE
    return np.asarray(np.asarray(column, dtype=np.float64) * (1.0 - _OZONE_BELOW * below))
