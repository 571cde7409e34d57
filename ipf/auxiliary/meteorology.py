"""What the atmosphere was like over a tile, from the GRIB files embedded in its product.

Conversions: 1 kg/m² of water is 0.1 cm; 1 cm-atm of ozone is 1000 Dobson units, each 2.6868e20 molecules/m²
of 47.998 g/mol. Pressure on the ground is reduced from mean sea level with the ICAO standard atmosphere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.auxiliary.grib import FloatArray, GribField, read_grib
from ipf.errors import AuxiliaryError

KILOGRAMS_PER_CM_ATM = 2.1414e-2
"""Mass of 1 cm-atm of ozone over 1 m²: 1000 DU · 2.68678e20 m⁻² · 47.998 g/mol / Avogadro's number."""
KILOGRAMS_PER_CM_WATER = 10.0
"""Mass of 1 cm of water over 1 m²."""

# ICAO standard atmosphere (Doc 7488): 288.15 K at sea level, 6.5 K/km less upwards; g·M/(R·lapse rate).
_SEA_LEVEL_TEMPERATURE = 288.15
_LAPSE_RATE = 0.0065
_PRESSURE_EXPONENT = 5.25588

CAMS_WAVELENGTHS = (469, 550, 670, 865, 1240)
"""Wavelengths of the aerosol optical depths in nm."""


@dataclass(frozen=True, slots=True)
class Meteorology:
    """Fields by short name (``tcwv``), the files read, and the file of each field, for messages.

    Every accessor takes latitudes and longitudes in degrees that broadcast together, and gives float64 values
    at those points; the mean over a tile is the mean of an accessor at the tile's nodes. A field that is not
    in the files, or that does not reach the points, raises AuxiliaryError naming the file.
    """

    fields: Mapping[str, GribField]
    files: tuple[Path, ...]
    origins: Mapping[str, Path]

    def field(self, name: str) -> GribField:
        """Field of short name `name`."""
        if name not in self.fields:
            files = ", ".join(str(path) for path in self.files) or "no GRIB file"
            raise AuxiliaryError(f"{files}: no field {name}; there are {', '.join(sorted(self.fields))}")
        return self.fields[name]

    def values(self, name: str, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> FloatArray:
        """Values of the field of short name `name` in its own unit, bilinear."""
        field = self.field(name)
        try:
            return field.at(latitude, longitude)
        except AuxiliaryError as problem:
            raise AuxiliaryError(f"{self.origins[name]}: {problem}") from problem

    @property
    def valid_time(self) -> datetime:
        """Latest time that a field states to be valid for.

        Products up to baseline 02.06 state the acquisition as the reference time and keep the 3 h of the
        forecast step; take the tile's sensing time there.
        """
        return max(field.valid_time for field in self.fields.values())

    def water_vapour_cm(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> FloatArray:
        """Total column water vapour, cm (g/cm²)."""
        return self.values("tcwv", latitude, longitude) / KILOGRAMS_PER_CM_WATER

    def ozone_cm_atm(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> FloatArray:
        """Total column ozone, cm-atm (1000 Dobson units)."""
        return self.values("tco3", latitude, longitude) / KILOGRAMS_PER_CM_ATM

    def sea_level_pressure_hpa(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> FloatArray:
        """Mean sea level pressure, hPa."""
        return self.values("msl", latitude, longitude) / 100.0

    def surface_pressure_hpa(
        self, latitude: npt.ArrayLike, longitude: npt.ArrayLike, elevation: npt.ArrayLike
    ) -> FloatArray:
        """Pressure on ground of `elevation` (m above sea level), hPa, reduced from mean sea level."""
        ratio = 1.0 - _LAPSE_RATE * np.asarray(elevation, np.float64) / _SEA_LEVEL_TEMPERATURE
        return np.asarray(self.sea_level_pressure_hpa(latitude, longitude) * ratio**_PRESSURE_EXPONENT)

    def aerosol_optical_thickness(
        self, latitude: npt.ArrayLike, longitude: npt.ArrayLike, wavelength: int = 550
    ) -> FloatArray:
        """Total aerosol optical depth at one of `CAMS_WAVELENGTHS` (nm)."""
        return self.values(f"aod{wavelength}", latitude, longitude)


def read_meteorology(files: Iterable[Path]) -> Meteorology:
    """Read AUX_ECMWFT and AUX_CAMSFO, either or both; two files giving one field is an error naming both.

    Raises AuxiliaryError.
    """
    paths = tuple(files)
    fields: dict[str, GribField] = {}
    origins: dict[str, Path] = {}
    for path in paths:
        for field in read_grib(path):
            if field.name in fields:
                raise AuxiliaryError(f"{path}: field {field.name} is also in {origins[field.name]}")
            fields[field.name], origins[field.name] = field, path
    return Meteorology(fields, paths, origins)
