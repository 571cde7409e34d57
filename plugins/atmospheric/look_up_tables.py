"""The tables that the air over a tile is known from: those of the project, or a user's own of Sen2Cor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ipf.atmosphere.atm_tables import AtmTables
from ipf.atmosphere.atm_tile import coefficients_at, reduce_atm_to_tile
from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.storage import table_name
from ipf.atmosphere.table import ScatteringTable
from ipf.atmosphere.tile import TileGeometry, reduce_to_tile
from ipf.kernels.atmosphere import BandCoefficients


@dataclass(frozen=True)
class Conditions:
    """Of the ground and the air above it: elevation in metres, pressure in hPa, ozone in cm-atm."""

    elevation: float
    pressure: float
    ozone: float


class LookUpTables(Protocol):
    """Tables by aerosol model, the preferred one first."""

    @property
    def aerosols(self) -> tuple[str, ...]:
        """Aerosol models that there are tables of."""

    @property
    def gas_model(self) -> str:
        """Where the absorption by gases is known from, for the product's metadata."""

    def file_names(self, aerosol: str) -> tuple[str, ...]:
        """Names of the files of an aerosol model, for the product's metadata."""

    def reduced(
        self, band: str, geometry: TileGeometry, conditions: Conditions, aerosol: str
    ) -> BandCoefficients:
        """What the kernels take; `ParameterError` when angles or conditions lie outside the tables."""


@dataclass(frozen=True)
class VectorTables:
    """The project's own: scattering by a vector code, gases by fits to 6SV1.1."""

    tables: Mapping[str, ScatteringTable]
    gases: GasModel

    @property
    def aerosols(self) -> tuple[str, ...]:
        """Aerosol models that there are tables of."""
        return tuple(self.tables)

    @property
    def gas_model(self) -> str:
        """Where the absorption by gases is known from."""
        return f"6SV1.1 band transmittances fitted for {self.gases.fitted_for} (gas_transmittance.json)"

    def file_names(self, aerosol: str) -> tuple[str, ...]:
        """Name of the scattering table."""
        return (f"{table_name(self.tables[aerosol].satellite, aerosol)}.npz",)

    def reduced(
        self, band: str, geometry: TileGeometry, conditions: Conditions, aerosol: str
    ) -> BandCoefficients:
        """What the kernels take; a pressure outside the tables is held at their end."""
        table = self.tables[aerosol]
        lowest, highest = table.axes.pressure[[0, -1]]
        pressure = float(min(max(conditions.pressure, lowest), highest))
        return reduce_to_tile(table, self.gases, band, geometry, pressure, conditions.ozone)


@dataclass(frozen=True)
class Sen2CorTables:
    """A user's own tables in Sen2Cor's layout, whose season and ozone column are fixed.

    `irradiance` of the sun by band, W/m²/µm, undoes what the tables are multiplied by.
    """

    tables: Mapping[str, AtmTables]
    folder: Path
    irradiance: Mapping[str, float]

    @property
    def aerosols(self) -> tuple[str, ...]:
        """Aerosol models that there are tables of."""
        return tuple(self.tables)

    @property
    def gas_model(self) -> str:
        """Where the absorption by gases is known from."""
        one = next(iter(self.tables.values()))
        return f"Sen2Cor look-up tables {self.folder.name}, {one.season}, ozone {one.ozone} DU"

    def file_names(self, aerosol: str) -> tuple[str, ...]:
        """Names of the files, which two folders share."""
        return tuple(sorted({path.name for path in self.tables[aerosol].files}))

    def reduced(
        self, band: str, geometry: TileGeometry, conditions: Conditions, aerosol: str
    ) -> BandCoefficients:
        """What the kernels take; ozone and pressure are those of the tables."""
        elevation = conditions.elevation / 1000.0
        reduction = reduce_atm_to_tile(
            self.tables[aerosol], band, geometry, [elevation], self.irradiance[band]
        )
        return coefficients_at(reduction, 0)
