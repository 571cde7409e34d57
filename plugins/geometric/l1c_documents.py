"""Metadata of Level 1C: what tile and Level-1B datastrip tell, under the names that the tile was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ipf_plugins.geometric.read_l1b import datastrip_of_request
from ipf_plugins.geometric.tile_folders import TileFolders
from pydantic import Field

from ipf.engine import Context, StepParameters, TaskRequest
from ipf.errors import ParameterError, ProductError
from ipf.product.acquisition import NOT_APPLICABLE, product_of
from ipf.product.documents import Documents
from ipf.product.l1b_datastrip_reader import read_as_level_1c
from ipf.product.metadata import OFFSETS_SINCE, DatastripMetadata, TileMetadata
from ipf.product.names import DatastripName
from ipf.product.nominal_radiometry import nominal_radiometry, sun_distance_correction
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.utc import UtcTime


class FormatParameters(StepParameters):
    """Who processes and archives what is formatted; its names were given when the tile was begun."""

    baseline: str | None = Field(
        default=None,
        pattern=r"^\d{2}\.\d{2}$",
        description="processing baseline; that of the tile, which may be left out",
        json_schema_extra={"job_order": "PROCESSING_BASELINE"},
    )
    processing_centre: str | None = Field(
        default=None,
        pattern=r"^[A-Z0-9_]{4}$",
        description="processing centre; none for the one in the names",
        json_schema_extra={"job_order": "PROCESSING_CENTER"},
    )
    archiving_centre: str | None = Field(
        default=None,
        pattern=r"^[A-Z0-9_]{4}$",
        description="archiving centre; none for the one in the names",
        json_schema_extra={"job_order": "ARCHIVING_CENTER"},
    )


@dataclass(frozen=True, slots=True)
class Formatted:
    """What the metadata of one run share: who makes them, and when."""

    parameters: FormatParameters
    creation: UtcTime

    @classmethod
    def of(cls, parameters: FormatParameters, context: Context) -> Formatted:
        """As parameters and creation date of a task say."""
        return cls(parameters, UtcTime(context.creation_date, 6))

    def archiving_centre(self, named: str) -> str:
        """The archiving centre of something that names the centre `named`."""
        return self.parameters.archiving_centre or named


def read_tile(folders: TileFolders) -> TileMetadata:
    """Metadata of a tile; ProductError where they are those of another identifier than its folder."""
    tile = read_tile_metadata(folders.metadata)
    if tile.identifier != folders.identifier:
        raise ProductError(f"{folders.metadata}: TILE_ID is {tile.identifier}, expected {folders.identifier}")
    return tile


def datastrip_name(tile: TileMetadata) -> DatastripName:
    """The Level-1C datastrip that a tile names; ProductError for anything else."""
    try:
        name = DatastripName.parse(tile.datastrip_identifier)
    except ValueError as problem:
        raise ProductError(f"{tile.identifier}: DATASTRIP_ID: {problem}") from problem
    if name.level != "L1C" or name.baseline < OFFSETS_SINCE:
        raise ProductError(
            f"{tile.identifier}: DATASTRIP_ID is {name}, expected a datastrip of Level 1C and of baseline"
            f" {OFFSETS_SINCE} or later"
        )
    return name


def level_1c_datastrip(
    request: TaskRequest, tiles: Sequence[TileMetadata], formatted: Formatted
) -> DatastripMetadata:
    """Metadata of the Level-1C datastrip of `tiles`, made of the Level-1B datastrip among the inputs.

    Auxiliary data are those of Level 1B. Raises ProductError where the datastrip is not the one that the
    tiles are of, ParameterError for another baseline than theirs.
    """
    name, parameters = datastrip_name(tiles[0]), formatted.parameters
    if parameters.baseline not in (None, name.baseline):
        raise ParameterError(
            f"PROCESSING_BASELINE is {parameters.baseline}, expected {name.baseline} as in {name}"
        )
    path = datastrip_of_request(request)
    try:
        nominal = nominal_radiometry(name.satellite, tiles[0].sensing_time, name.baseline)
    except ValueError as problem:
        raise ProductError(f"{path}: {problem}") from problem
    strip = read_as_level_1c(path, nominal)
    found = strip.datatake.satellite, strip.sensing_start.compact
    if found != (name.satellite, name.start):
        raise ProductError(f"{path}: datastrip of {found[0]} at {found[1]}, expected that of {name}")
    start = strip.datatake.sensing_start
    return replace(
        strip,
        psd_version=tiles[0].psd_version,
        datatake=replace(
            strip.datatake, identifier=f"{strip.datatake.identifier.rpartition('_N')[0]}_N{name.baseline}"
        ),
        baseline=name.baseline,
        doi=strip.doi or NOT_APPLICABLE,
        processing_centre=parameters.processing_centre or name.centre,
        processing_time=formatted.creation,
        archiving_centre=formatted.archiving_centre(name.centre),
        archiving_time=formatted.creation,
        tiles=tuple(tile.identifier for tile in tiles),
        radiometry=replace(strip.radiometry, sun_distance_correction=sun_distance_correction(start)),
    )


def documents_of(tile: TileMetadata, strip: DatastripMetadata) -> Documents:
    """Documents of the product of one tile; OutputError where they contradict each other."""
    return Documents(product_of(tile, strip), strip, tile).checked()


def tile_documents(
    request: TaskRequest, tile: TileMetadata, parameters: FormatParameters, context: Context
) -> Documents:
    """Documents of a tile while its datastrip is still that of Level 1B."""
    strip = level_1c_datastrip(request, (tile,), Formatted.of(parameters, context))
    return documents_of(tile, strip)
