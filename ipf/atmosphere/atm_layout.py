"""Layout of Sen2Cor's look-up tables (``.atm``): names, nodes, columns, and what its nodes stand for.

A file holds, for one season, ozone column, water vapour and aerosol, big-endian 32-bit floats of the shape
(bands, 8 visibilities, 8 solar zeniths, 104). The 104 columns are the solar zenith and the visibility of the
row, then 17 values for each of six ground elevations: six seen from the zenith, four seen from 10 degrees off
it, and the path radiance from there at seven relative azimuths. Radiances are in mW/(cm² sr µm), fluxes in
mW/(cm² µm). Relative azimuth is solar minus view azimuth, and 0 is backscatter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.interpolation import linear_weights
from ipf.errors import ParameterError

Floats = npt.NDArray[np.float64]

BANDS = {
    "10": ("B02", "B03", "B04", "B08"),
    "20_60": ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B09", "B10", "B11", "B12"),
}
"""Bands in a file, by the folder that it stands in."""

VISIBILITY = np.array([5.0, 7.0, 10.0, 15.0, 23.0, 40.0, 80.0, 120.0])
SOLAR_ZENITH = np.arange(0.0, 71.0, 10.0)
ELEVATION = np.arange(0.0, 2.51, 0.5)
AZIMUTH = np.arange(0.0, 181.0, 30.0)
OFF_NADIR = 10.0
"""Nodes: visibility and ground elevation in km, angles in degrees."""

HEADER = 2
NADIR = ("path", "diffuse", "direct", "direct_up", "diffuse_up", "spherical_albedo")
TILTED = ("diffuse", "direct", "direct_up", "diffuse_up")
PER_ELEVATION = len(NADIR) + len(TILTED) + AZIMUTH.size
COLUMNS = HEADER + ELEVATION.size * PER_ELEVATION
"""Columns of a row: `direct` and `diffuse` are fluxes on the ground times the transmittance up, `direct` of a
surface that faces the sun; `direct_up` and `diffuse_up` are the parts of that transmittance."""

GROUND_REFLECTANCE = 0.15
"""Reflectance of the ground under which Sen2Cor takes the fluxes to be tabulated: they hold the light that
went to and fro between such ground and the sky. Its factor for other ground is 1 - (reflectance - 0.15) s."""

AEROSOLS = {"continental": "rura", "rural": "rura", "maritime": "mari"}
"""Aerosol in a file name, by the name that it has here."""

SENSOR_HEIGHT = "99000"
"""Height of the sensor in a file name: above the atmosphere."""

_AOT_ELEVATION = np.array([0.0, 0.7, 2.5])
_AOT_INTERCEPT = np.array([1.54641, 1.40593, 0.92664])
_AOT_SLOPE = np.array([-0.854022, -0.844382, -0.805663])
_WATER_ELEVATION = np.array([0.0, 1.0, 2.0, 3.0])
_WATER_COLUMN = np.array([2001.0, 1216.0, 705.0, 396.0])


@dataclass(frozen=True, slots=True)
class Season:
    """Atmospheric profile of the tables: first letters of file names by ozone column (Dobson units), and
    water vapour in tenths of a centimetre at sea level."""

    name: str
    ozone: dict[int, str]
    water: tuple[int, ...]

    def nearest_ozone(self, column: float) -> int:
        """Ozone column of the tables nearest to `column` (Dobson units), as Sen2Cor takes it."""
        return min(self.ozone, key=lambda node: (abs(node - column), node))


SEASONS = {
    "summer": Season(
        "summer", dict(zip((250, 290, 331, 370, 410, 450), "fghijk", strict=True)), (4, 10, 20, 29, 40, 50)
    ),
    "winter": Season(
        "winter", dict(zip((250, 290, 330, 377, 420, 460), "tuvwxy", strict=True)), (2, 4, 8, 11)
    ),
}
"""Mid-latitude summer and winter."""


def season_of(latitude: float, day: date) -> str:
    """Season that Sen2Cor's setting AUTO takes: always summer within 30 degrees of the equator, else summer
    from 1 April to 30 September in the north and in the other half of the year in the south."""
    warm_north = 4 <= day.month <= 9
    if -30.0 <= latitude < 30.0:
        return "summer"
    return "summer" if warm_north == (latitude > 0) else "winter"


def file_name(season: str, ozone: int, water: int, aerosol: str) -> str:
    """Name of a table: `ozone` in Dobson units and `water` in tenths of a centimetre are nodes of `season`.

    Raises `ParameterError` when one of them is not known.
    """
    if season not in SEASONS:
        raise ParameterError(f"season {season!r}: expected one of {', '.join(SEASONS)}")
    profile = SEASONS[season]
    if ozone not in profile.ozone or water not in profile.water:
        raise ParameterError(f"no table of {season} for ozone {ozone} DU and water vapour {water / 10:g} cm")
    if aerosol not in AEROSOLS:
        raise ParameterError(f"aerosol {aerosol!r}: expected one of {', '.join(AEROSOLS)}")
    return f"{profile.ozone[ozone]}{SENSOR_HEIGHT}_wv{water:02d}_{AEROSOLS[aerosol]}.atm"


def shape_of(folder: str) -> tuple[int, int, int, int]:
    """Shape of the files in one of the folders of `BANDS`."""
    return len(BANDS[folder]), VISIBILITY.size, SOLAR_ZENITH.size, COLUMNS


def size_of(folder: str) -> int:
    """Bytes of a file in one of the folders of `BANDS`."""
    return int(np.prod(shape_of(folder))) * 4


def library_of(folder: Path, satellite: str) -> Path:
    """Folder of a satellite's tables: ``lib_S2A`` inside `folder` where there is one, else `folder`."""
    own = folder / f"lib_{satellite}"
    return own if own.is_dir() else folder


def aot_of_visibility(visibility: npt.ArrayLike, elevation: npt.ArrayLike) -> Floats:
    """Aerosol optical thickness at 550 nm above ground at `elevation` (km), for a `visibility` in km.

    ln AOT is linear in ln visibility, with coefficients given at 0, 0.7 and 2.5 km.
    """
    intercept, slope = _aot_line(elevation)
    return np.asarray(np.exp(intercept + slope * np.log(np.asarray(visibility, dtype=np.float64))))


def visibility_of_aot(aot: npt.ArrayLike, elevation: npt.ArrayLike) -> Floats:
    """Visibility in km for an aerosol optical thickness: the inverse of `aot_of_visibility`, not limited."""
    intercept, slope = _aot_line(elevation)
    return np.asarray(np.exp((np.log(np.asarray(aot, dtype=np.float64)) - intercept) / slope))


def water_above(column: npt.ArrayLike, elevation: npt.ArrayLike) -> Floats:
    """Water vapour above ground at `elevation` (km), when the file's `column` is that at sea level; any unit.

    The columns of the summer profile at 0 to 3 km; their logarithm is linear between, and beyond.
    """
    height = np.asarray(elevation, dtype=np.float64)
    logarithm = linear_weights(_WATER_ELEVATION, height) @ np.log(_WATER_COLUMN / _WATER_COLUMN[0])
    return np.asarray(np.asarray(column, dtype=np.float64) * np.exp(logarithm))


def _aot_line(elevation: npt.ArrayLike) -> tuple[Floats, Floats]:
    weights = linear_weights(_AOT_ELEVATION, np.asarray(elevation, dtype=np.float64))
    return np.asarray(weights @ _AOT_INTERCEPT), np.asarray(weights @ _AOT_SLOPE)
