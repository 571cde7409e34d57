"""Step `format_datastrip_metadata`: the datastrip of Level 1C, made of that of Level 1B and of the tiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ipf_plugins.geometric.calibration import irradiance_parameter
from ipf_plugins.geometric.l1c_documents import (
    FormatParameters,
    Formatted,
    documents_of,
    level_1c_datastrip,
    read_tile,
)
from ipf_plugins.geometric.task_table import DATASTRIP
from ipf_plugins.geometric.tile_folders import QUALITY, TILES_TYPE, tile_folders, tiles_in
from ipf_plugins.geometric.tile_list import list_of_request
from ipf_plugins.geometric.used_files import with_used_files

from ipf.auxiliary.l1_gipp_model import ByBand
from ipf.engine import Context, Findings, PlannedFile, SinkStep, TaskRequest, Written
from ipf.errors import ProductError
from ipf.product.documents import Documents
from ipf.product.metadata import TileMetadata
from ipf.product.product_writer import datastrip_file, write_datastrip
from ipf.product.quality.model import CHECKLISTS
from ipf.product.quality_report import report_name


class DatastripParameters(FormatParameters):
    """Who processes and archives, and the irradiance of the sun that was used."""

    solar_irradiance: ByBand | None = irradiance_parameter()


@dataclass(frozen=True)
class Inputs:
    """Nothing: the job order names the tiles and their datastrip."""


def plan(known: Mapping[str, Any], parameters: DatastripParameters, context: Context) -> Findings:
    """Promise metadata and reports; refuses tiles of different datastrips."""
    documents = _documents(parameters, context)
    return Findings(outputs=tuple(PlannedFile(DATASTRIP, path) for path in _paths(documents, context)))


def _paths(documents: Documents, context: Context) -> Iterator[Path]:
    identifier = documents.tile.datastrip_identifier
    folder = _folder(documents, context)
    yield folder / datastrip_file(documents, alone=True)
    for checklist in CHECKLISTS["L1C", "datastrip"]:
        yield folder / QUALITY / report_name(checklist, identifier)


def _folder(documents: Documents, context: Context) -> Path:
    return context.request.output_path(DATASTRIP) / documents.tile.datastrip_identifier


def _documents(parameters: DatastripParameters, context: Context) -> Documents:
    request = context.request
    tiles = _tiles(request)
    strip = level_1c_datastrip(request, tiles, Formatted.of(parameters, context))
    if parameters.solar_irradiance is not None:
        radiometry = replace(strip.radiometry, solar_irradiance=dict(parameters.solar_irradiance))
        strip = replace(strip, radiometry=radiometry)
    satellite, sensed = strip.datatake.satellite, strip.sensing_start
    strip = replace(strip, auxiliary=with_used_files(strip.auxiliary, request, satellite, sensed))
    return documents_of(tiles[0], strip)


def _tiles(request: TaskRequest) -> list[TileMetadata]:
    """Metadata of the tiles that the inputs hold, in the order of the list; all of one datastrip."""
    inputs = request.inputs.get(TILES_TYPE, ())
    made = tiles_in(inputs)
    listed = list_of_request(request)
    for name in made:
        listed.tile(name)
    tiles = [read_tile(tile_folders(inputs, tile.name)) for tile in listed.tiles if tile.name in made]
    if not tiles:
        raise ProductError(f"{', '.join(map(str, inputs))}: no folder of a tile")
    for tile in tiles:
        if tile.datastrip_identifier != tiles[0].datastrip_identifier:
            raise ProductError(
                f"{tile.identifier}: DATASTRIP_ID is {tile.datastrip_identifier}, expected"
                f" {tiles[0].datastrip_identifier} as of {tiles[0].identifier}"
            )
    return tiles


def write(inputs: Inputs, parameters: DatastripParameters, context: Context) -> Written:
    """Write the metadata, inspect the datastrip, and write what was found."""
    documents = _documents(parameters, context)
    write_datastrip(_folder(documents, context), documents, alone=True)
    return Written(tuple(PlannedFile(DATASTRIP, path) for path in _paths(documents, context)))


format_datastrip_metadata = SinkStep(
    name="format_datastrip_metadata",
    summary="the datastrip of Level 1C: tiles, radiometry, auxiliary files, and reports on its quality",
    run=write,
    check=plan,
)
