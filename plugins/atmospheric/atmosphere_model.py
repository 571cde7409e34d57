"""Step `atmosphere_model`: what the look-up table says for the angles and the air of one tile.

The table is reduced once for each band, when the band is first corrected, and never per block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from pydantic import Field

from ipf.atmosphere.gases import FILE_NAME as GAS_MODEL
from ipf.atmosphere.gases import LARGEST_SLANT_WATER_VAPOUR, GasModel, load_gas_model
from ipf.atmosphere.shipped import shipped_folder
from ipf.atmosphere.storage import load_scattering_table, table_name
from ipf.atmosphere.table import ScatteringTable
from ipf.atmosphere.tile import TileGeometry, path_airmass, reduce_to_tile
from ipf.engine import Context, Findings, SourceStep, StepParameters
from ipf.errors import ParameterError, PlanError
from ipf.kernels.atmosphere import BandCoefficients
from ipf.product.angles import AngleGrid, TileAngles
from ipf.product.metadata import DatastripMetadata
from ipf.product.reader import SafeProduct

REFERENCE_BAND = "B8A"
"""Band whose reduction shows before the run that angles and pressure lie inside the table."""


class AtmosphereModelParameters(StepParameters):
    """Which look-up table to use."""

    aerosol_model: Literal["continental", "maritime"] = Field(
        default="continental",
        description="aerosol model of the look-up table (6S: continental is Sen2Cor's rural)",
    )
    look_up_tables: Path | None = Field(
        default=None, description="folder of the look-up tables; none for those that come with the project"
    )

    @property
    def folder(self) -> Path:
        """Folder of the tables."""
        return self.look_up_tables or shipped_folder()


@dataclass(frozen=True)
class AtmosphereModel:
    """The look-up tables, and the tile that they are reduced to."""

    table: ScatteringTable
    gases: GasModel
    angles: TileAngles
    state: AtmosphericState
    _reduced: dict[str, BandCoefficients] = field(default_factory=dict, repr=False, compare=False)

    @property
    def table_file(self) -> str:
        """Name of the look-up table, as the product states it."""
        return f"{table_name(self.table.satellite, self.table.aerosol)}.npz"

    def coefficients(self, band: str) -> BandCoefficients:
        """Coefficients of `band` for the correction kernel; the tables are reduced at the first call.

        Two threads may both be the first: they get the same numbers.
        """
        made = self._reduced.get(band)
        if made is None:
            made = reduce_to_tile(
                self.table,
                self.gases,
                band,
                tile_geometry(self.angles, band),
                self.state.surface_pressure.field.mean,
                self.state.ozone.field.mean,
            )
            self._reduced[band] = made
        return made


def tile_geometry(angles: TileAngles, band: str) -> TileGeometry:
    """Angles of `band` at the nodes of the sun grid, gaps filled from the nearest node.

    A band without viewing grids is seen everywhere along its mean direction.
    """
    sun = angles.sun.filled()
    view = _viewing_grid(angles, band, sun)
    return TileGeometry(sun.zenith, view.zenith, sun.azimuth - view.azimuth, sun.row_step)


def _viewing_grid(angles: TileAngles, band: str, sun: AngleGrid) -> AngleGrid:
    if angles.detectors(band):
        return angles.viewing_grid(band).filled()
    mean = angles.mean_viewing[band]
    everywhere = 0.0 * sun.zenith
    return AngleGrid(everywhere + mean.zenith, everywhere + mean.azimuth, sun.row_step, sun.column_step)


@dataclass(frozen=True)
class Inputs:
    """The tile's metadata, and the state of its atmosphere."""

    l1c_product: SafeProduct
    l1c_datastrip: DatastripMetadata
    atmospheric_state: AtmosphericState


@dataclass(frozen=True)
class Outputs:
    """The model."""

    atmosphere_model: AtmosphereModel


def load(inputs: Inputs, parameters: AtmosphereModelParameters, context: Context) -> Outputs:
    """Load the tables; raises `PlanError` naming the tile when it lies outside them."""
    tile = inputs.l1c_product.tile
    satellite = inputs.l1c_datastrip.datatake.satellite
    table = load_scattering_table(satellite, parameters.aerosol_model, parameters.folder)
    gases = load_gas_model(parameters.folder / GAS_MODEL)
    model = AtmosphereModel(table, gases, tile.angles, inputs.atmospheric_state)
    try:
        model.coefficients(REFERENCE_BAND)
        _check_water_vapour(model)
    except (ParameterError, ValueError) as problem:
        raise PlanError(f"{tile.identifier}: {problem}") from problem
    return Outputs(model)


def _check_water_vapour(model: AtmosphereModel) -> None:
    """Refuse more water along the path than the gas model knows: such pixels would be without data."""
    geometry = tile_geometry(model.angles, REFERENCE_BAND)
    airmass = float(path_airmass(geometry.solar_zenith, geometry.view_zenith).max())
    slant = airmass * model.state.water_vapour.field.maximum
    if slant >= LARGEST_SLANT_WATER_VAPOUR:
        raise ParameterError(
            f"water vapour: {slant:.3g} cm along the slant path, the gas model ends at "
            f"{LARGEST_SLANT_WATER_VAPOUR:g} cm"
        )


def name_tables(
    known: Mapping[str, Any], parameters: AtmosphereModelParameters, context: Context
) -> Findings:
    """Name the tables that are used."""
    datastrip: DatastripMetadata = known["l1c_datastrip"]
    table = table_name(datastrip.datatake.satellite, parameters.aerosol_model)
    return Findings(auxiliary=(parameters.folder / f"{table}.npz", parameters.folder / GAS_MODEL))


atmosphere_model = SourceStep(
    name="atmosphere_model",
    summary="look-up table of the atmosphere for the tile's angles",
    run=load,
    check=name_tables,
)
