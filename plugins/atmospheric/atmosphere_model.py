"""Step `atmosphere_model`: what the look-up table says for the angles and the air of one tile.

The table is reduced once for each band, when the band is first corrected, and never per block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from ipf_plugins.atmospheric.elevation import ElevationModel
from ipf_plugins.atmospheric.look_up_tables import (
    Conditions,
    LookUpTables,
    Sen2CorTables,
    VectorTables,
)
from pydantic import Field

from ipf.atmosphere.atm_layout import library_of, season_of
from ipf.atmosphere.atm_tables import load_atm_tables
from ipf.atmosphere.gases import FILE_NAME as GAS_MODEL
from ipf.atmosphere.gases import LARGEST_SLANT_WATER_VAPOUR, load_gas_model
from ipf.atmosphere.profile import pressure_at
from ipf.atmosphere.shipped import shipped_folder
from ipf.atmosphere.storage import load_scattering_table
from ipf.atmosphere.tile import TileGeometry, path_airmass
from ipf.engine import Context, Findings, SourceStep, StepParameters
from ipf.errors import ParameterError, PlanError
from ipf.kernels.atmosphere import Air, BandCoefficients, air_over_block, mix_levels
from ipf.product.angles import TileAngles
from ipf.product.bands import BAND_NAMES
from ipf.product.metadata import DatastripMetadata
from ipf.product.reader import SafeProduct

Floats32 = npt.NDArray[np.float32]

AEROSOLS = ("continental", "maritime")
LEVELS = (-450.0, 1000.0, 2500.0, 4500.0)
"""Elevations in metres between which the air is linear: off by less than 0.0005 of reflectance in B01, whose
path reflectance falls with the pressure. The last one is near the end of the tables (550 hPa)."""
SEN2COR_LEVELS = (-450.0, 1000.0, 2500.0, 3500.0)
"""The same for tables of Sen2Cor, which are not taken higher."""
CORRECTED = tuple(band for band in BAND_NAMES if band != "B10")
"""Bands in which the ground is seen: the tile must tell how each one looks at it."""
REFERENCE_BAND = "B8A"
"""Band whose reduction shows before the run that angles and pressure lie inside the table."""


class AtmosphereModelParameters(StepParameters):
    """Which look-up table to use."""

    aerosol_model: Literal["continental", "maritime", "auto"] = Field(
        default="continental",
        description="aerosol model of the look-up table (6S: continental is Sen2Cor's rural); auto lets the "
        "dark targets of the scene choose (Aerosol_Type)",
    )
    look_up_tables: Path | None = Field(
        default=None, description="folder of the look-up tables; none for those that come with the project"
    )
    sen2cor_tables: Path | None = Field(
        default=None,
        description="folder of look-up tables in Sen2Cor's layout (lib_S2A and so on, or one of them), which "
        "are used instead; none are shipped",
    )
    season: Literal["summer", "winter", "auto"] = Field(
        default="auto", description="mid-latitude profile of Sen2Cor's tables; auto: by date (Mid_Latitude)"
    )

    @property
    def folder(self) -> Path:
        """Folder of the tables."""
        return self.look_up_tables or shipped_folder()

    @property
    def aerosols(self) -> tuple[str, ...]:
        """Aerosol models that may be used, the preferred one first."""
        return AEROSOLS if self.aerosol_model == "auto" else (self.aerosol_model,)


@dataclass(frozen=True)
class AtmosphereModel:
    """The look-up tables, and the tile that they are reduced to.

    `levels` are elevations of the ground in metres, rising, at which the tables are reduced where the ground
    is not level; one for a tile that is taken to be level.
    """

    tables: LookUpTables
    angles: TileAngles
    state: AtmosphericState
    levels: tuple[float, ...] = (0.0,)
    _reduced: dict[tuple[str, str, int], BandCoefficients] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def aerosols(self) -> tuple[str, ...]:
        """Aerosol models that there are tables of, the preferred one first."""
        return self.tables.aerosols

    @property
    def aerosol(self) -> str:
        """The preferred aerosol model."""
        return self.aerosols[0]

    @property
    def gas_model(self) -> str:
        """Where the absorption by gases is known from, for the product's metadata."""
        return self.tables.gas_model

    def table_files(self, aerosol: str | None = None) -> tuple[str, ...]:
        """Names of the files of an aerosol model, for the product's metadata."""
        return self.tables.file_names(aerosol or self.aerosol)

    def coefficients(self, band: str, aerosol: str | None = None, level: int = 0) -> BandCoefficients:
        """Coefficients of `band` for the kernels; the tables are reduced at the first call.

        Two threads may both be the first: they get the same numbers.
        """
        key = (band, aerosol or self.aerosol, level)
        made = self._reduced.get(key)
        if made is None:
            made = self.tables.reduced(
                band, tile_geometry(self.angles, band), self._conditions(level), key[1]
            )
            self._reduced[key] = made
        return made

    def _conditions(self, level: int) -> Conditions:
        """The ground at a level; the pressure there, from that at the tile's mean elevation."""
        pressure, ozone = self.state.surface_pressure.field.mean, self.state.ozone.field.mean
        elevation = self.levels[level]
        if len(self.levels) > 1:
            mean = self.state.ground_elevation.field.mean
            at_mean, here = pressure_at(np.array([mean, elevation]) / 1000.0)
            pressure *= here / at_mean
        return Conditions(elevation, float(pressure), ozone)

    def air(
        self,
        band: str,
        aot: Floats32,
        water_vapour: Floats32,
        elevation: Floats32,
        place: tuple[int, int, float],
        aerosol: str | None = None,
    ) -> Air:
        """The air over a block, whose ground lies at `elevation` (m); all (rows, columns) float32.

        `place` is the row and column of the first pixel on the tile and the pixel size in metres. Above the
        highest and below the lowest level the air is that of the level.
        """
        if len(self.levels) == 1:
            return air_over_block(aot, water_vapour, self.coefficients(band, aerosol), *place)
        height = np.clip(elevation, self.levels[0], np.nextafter(np.float32(self.levels[-1]), np.float32(0)))
        mixed = Air(*(np.full(aot.shape, np.nan, np.float32) for _ in Air._fields))
        layers: dict[int, Air] = {}
        for lower in range(len(self.levels) - 1):
            bottom, top = self.levels[lower], self.levels[lower + 1]
            if not np.any((height >= bottom) & (height < top)):
                continue
            for level in (lower, lower + 1):
                if level not in layers:
                    reduced = self.coefficients(band, aerosol, level)
                    layers[level] = air_over_block(aot, water_vapour, reduced, *place)
            mix_levels(layers[lower], layers[lower + 1], height, bottom, top, mixed)
        return mixed


def tile_geometry(angles: TileAngles, band: str) -> TileGeometry:
    """Angles of `band` at the nodes of the sun grid, gaps filled from the nearest node.

    A band without viewing angles at any node is seen everywhere along its mean direction; ValueError naming
    the band when that is absent too.
    """
    sun, view = angles.sun.filled(), angles.viewing_everywhere(band)
    return TileGeometry(sun.zenith, view.zenith, sun.azimuth - view.azimuth, sun.row_step)


@dataclass(frozen=True)
class Inputs:
    """The tile's metadata, and the state of its atmosphere."""

    l1c_product: SafeProduct
    l1c_datastrip: DatastripMetadata
    atmospheric_state: AtmosphericState
    elevation_model: ElevationModel | None


@dataclass(frozen=True)
class Outputs:
    """The model."""

    atmosphere_model: AtmosphereModel


def load(inputs: Inputs, parameters: AtmosphereModelParameters, context: Context) -> Outputs:
    """Load the tables; raises `PlanError` naming the tile when it lies outside them."""
    tile, state = inputs.l1c_product.tile, inputs.atmospheric_state
    tables: LookUpTables
    levels: tuple[float, ...]
    if parameters.sen2cor_tables is not None:
        tables, levels = _sen2cor_tables(inputs, parameters.sen2cor_tables, parameters), SEN2COR_LEVELS
    else:
        tables, levels = _vector_tables(inputs, parameters), LEVELS
    if inputs.elevation_model is None or not inputs.elevation_model.used:
        levels = (state.ground_elevation.field.mean,)
    model = AtmosphereModel(tables, tile.angles, state, levels)
    try:
        for band in CORRECTED:
            tile_geometry(tile.angles, band)
        model.coefficients(REFERENCE_BAND)
        _check_water_vapour(model)
    except (ParameterError, ValueError) as problem:
        raise PlanError(f"{tile.identifier}: {problem}") from problem
    return Outputs(model)


def _vector_tables(inputs: Inputs, parameters: AtmosphereModelParameters) -> VectorTables:
    satellite = inputs.l1c_datastrip.datatake.satellite
    tables = {name: load_scattering_table(satellite, name, parameters.folder) for name in parameters.aerosols}
    return VectorTables(tables, load_gas_model(parameters.folder / GAS_MODEL))


def _sen2cor_tables(inputs: Inputs, home: Path, parameters: AtmosphereModelParameters) -> Sen2CorTables:
    datastrip, tile = inputs.l1c_datastrip, inputs.l1c_product.tile
    folder = library_of(home, datastrip.datatake.satellite)
    season: str = parameters.season
    latitude, _ = inputs.l1c_product.node_coordinates()
    if season == "auto":
        season = season_of(float(latitude.mean()), tile.sensing_time.moment.date())
    dobson = 1000.0 * inputs.atmospheric_state.ozone.field.mean
    tables = {name: load_atm_tables(folder, season, dobson, name) for name in parameters.aerosols}
    return Sen2CorTables(tables, folder, datastrip.radiometry.solar_irradiance)


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
    tables = known["atmosphere_model"].tables
    notes = (f"absorption by gases: {tables.gas_model}", *_without_viewing(known["atmosphere_model"].angles))
    if isinstance(tables, Sen2CorTables):
        files = {path for each in tables.tables.values() for path in each.files}
        return Findings(auxiliary=tuple(sorted(files)), notes=notes)
    named = [parameters.folder / name for aerosol in tables.aerosols for name in tables.file_names(aerosol)]
    return Findings(auxiliary=(*named, parameters.folder / GAS_MODEL), notes=notes)


def _without_viewing(angles: TileAngles) -> list[str]:
    """What is to be told of bands that are seen along their mean direction."""
    bands = [band for band in CORRECTED if not angles.has_viewing(band)]
    told = "no viewing angles at the nodes, the mean direction is taken everywhere"
    return [f"{', '.join(bands)}: {told}"] if bands else []


atmosphere_model = SourceStep(
    name="atmosphere_model",
    summary="look-up table of the atmosphere for the tile's angles",
    run=load,
    check=name_tables,
)
