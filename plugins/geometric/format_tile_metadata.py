"""Step `format_tile_metadata`: the final metadata of a tile, and the reports on its quality.

Added to what the tile was begun with: the list of masks, the name of the preview, and how much is cloudy,
snow, or made of lost and degraded packets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ipf_plugins.geometric.l1c_documents import FormatParameters, Formatted, read_tile, tile_documents
from ipf_plugins.geometric.tile_folders import QUALITY, TILES_TYPE, output_folder
from ipf_plugins.geometric.tile_pieces import (
    Pieces,
    auxiliary_pieces,
    finished_folders,
    image_pieces,
    mask_pieces,
    preview_piece,
    refer,
)

from ipf.atomic import write_bytes
from ipf.engine import Context, Findings, PlannedFile, SinkStep, Written
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.datastrip_writer import datastrip_xml
from ipf.product.documents import Documents
from ipf.product.granule_writer import raster_masks
from ipf.product.images import decode_image
from ipf.product.l1c_writer import coverage
from ipf.product.masks import QUALITY_FLAGS, read_clouds, read_quality
from ipf.product.metadata import TileQuality
from ipf.product.product_writer import DATASTRIP_FILE, tile_file, write_tile
from ipf.product.quality.model import CHECKLISTS
from ipf.product.quality_report import report_name
from ipf.product.raster import Grid

_DEGRADED = ("lost_msi_packets", "degraded_msi_packets")
_CLOUD_BAND = "B01"


@dataclass(frozen=True)
class Inputs:
    """Nothing: the job order names the tile and its datastrip."""


def plan(known: Mapping[str, Any], parameters: FormatParameters, context: Context) -> Findings:
    """Promise metadata and reports; refuses a tile that lacks an image or a mask."""
    documents, _ = _open(parameters, context)
    return Findings(outputs=tuple(PlannedFile(TILES_TYPE, path) for path in _paths(documents, context)))


def _paths(documents: Documents, context: Context) -> Iterator[Path]:
    folder = output_folder(context.request, documents.tile.identifier)
    yield folder / tile_file(documents, alone=True)
    for checklist in CHECKLISTS["L1C", "tile"]:
        yield folder / QUALITY / report_name(checklist, documents.tile.identifier)


def _open(parameters: FormatParameters, context: Context) -> tuple[Documents, Pieces]:
    """Documents of the tile as it was begun, and its files."""
    folders = finished_folders(context.request)
    documents = tile_documents(context.request, read_tile(folders), parameters, context)
    pieces = {
        **image_pieces(folders, documents),
        **mask_pieces(folders, documents),
        **auxiliary_pieces(folders),
    }
    for name in (f"IMG_DATA/{documents.image_name('TCI')}.jp2", preview_piece(documents)):
        found = folders.find(name)
        if found is not None:
            pieces[name] = found
    return documents, pieces


def write(inputs: Inputs, parameters: FormatParameters, context: Context) -> Written:
    """Write the metadata, inspect the tile, and write what was found."""
    documents, pieces = _open(parameters, context)
    preview = preview_piece(documents)
    if preview not in pieces:
        context.logger.warning("%s: no preview among the inputs", documents.tile.identifier)
    documents = _finished(documents, pieces, parameters, context)
    folder = context.scratch / documents.tile.identifier
    refer(folder, pieces)
    strip = context.scratch / "datastrip"
    write_bytes(strip / DATASTRIP_FILE, datastrip_xml(documents.datastrip))
    images = [name for name in pieces if name.startswith("IMG_DATA/")]
    masks = [name for name in pieces if name.startswith("QI_DATA/MSK_")]
    write_tile(folder, documents, strip, images, masks, alone=True)
    output, paths = output_folder(context.request, documents.tile.identifier), []
    for path in _paths(documents, context):
        write_bytes(path, (folder / path.relative_to(output)).read_bytes())
        paths.append(path)
    quality = documents.tile.quality
    return Written(
        tuple(PlannedFile(TILES_TYPE, path) for path in paths),
        {
            "CLOUDY_PIXEL_PERCENTAGE": quality.cloudy,
            "SNOW_PIXEL_PERCENTAGE": quality.snow or 0.0,
            "DEGRADED_MSI_DATA_PERCENTAGE": quality.degraded_msi,
        },
    )


def _finished(
    documents: Documents, pieces: Pieces, parameters: FormatParameters, context: Context
) -> Documents:
    tile, formatted = documents.tile, Formatted.of(parameters, context)
    return replace(
        documents,
        tile=replace(
            tile,
            archiving_centre=formatted.archiving_centre(tile.archiving_centre),
            archiving_time=formatted.creation,
            quality=replace(
                _measured(pieces, tile.grid, context.workers),
                masks=raster_masks(documents),
                preview=f"{documents.granule}/{preview_piece(documents)}",
            ),
        ),
    )


def _measured(pieces: Pieces, grid: Grid, workers: int) -> TileQuality:
    """What the masks tell, in percent of what detectors saw; without lists."""
    coarse = grid.at(BY_NAME[_CLOUD_BAND].resolution)
    seen = decode_image(pieces[f"{QUALITY}/MSK_DETFOO_{_CLOUD_BAND}.jp2"], coarse, np.dtype(np.uint8)) > 0
    clouds = read_clouds(pieces[f"{QUALITY}/MSK_CLASSI_B00.jp2"], coarse)
    with ThreadPoolExecutor(workers) as pool:
        degraded = list(pool.map(partial(_degraded, pieces, grid), BAND_NAMES))
    return TileQuality(
        cloudy=coverage(clouds, ("opaque_cloud", "cirrus"), seen),
        degraded_msi=sum(degraded) / len(degraded),
        snow=coverage(clouds, ("snow",), seen),
        content=None,
        masks=(),
        preview="",
    )


def _degraded(pieces: Pieces, grid: Grid, band: str) -> float:
    """Percentage of a band's pixels that are made of lost or degraded packets."""
    place = grid.at(BY_NAME[band].resolution)
    flags = read_quality([pieces[f"{QUALITY}/MSK_QUALIT_{band}.jp2"]], place)
    bits = np.uint8(sum(1 << QUALITY_FLAGS.index(name) for name in _DEGRADED))
    if not np.bitwise_or.reduce(flags, axis=None) & bits:
        return 0.0
    detectors = decode_image(pieces[f"{QUALITY}/MSK_DETFOO_{band}.jp2"], place, np.dtype(np.uint8))
    seen = detectors > 0
    total = np.count_nonzero(seen)
    return 100.0 * np.count_nonzero((flags & bits != 0) & seen) / total if total else 0.0


format_tile_metadata = SinkStep(
    name="format_tile_metadata",
    summary="metadata of a finished tile, and reports on its quality",
    run=write,
    check=plan,
)
