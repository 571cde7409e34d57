"""Step `format_product`: a Level-1C product of a tile, of the parts that the tasks before have made.

Images and masks are given a second name where the disk allows it. Metadata are those of the parts; the
reports are made anew, under the names and with the references that they have in a product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ipf_plugins.geometric.l1c_documents import documents_of, read_tile
from ipf_plugins.geometric.read_l1b import datastrip_of_request
from ipf_plugins.geometric.task_table import PRODUCT_TYPES
from ipf_plugins.geometric.tile_pieces import (
    Pieces,
    auxiliary_pieces,
    finished_folders,
    image_pieces,
    link,
    mask_pieces,
    preview_piece,
)

from ipf.engine import Context, Findings, NoParameters, PlannedFile, SinkStep, TaskRequest, Written
from ipf.errors import PlanError, ProductError
from ipf.product.bands import BAND_NAMES
from ipf.product.datastrip_reader import read_datastrip_metadata
from ipf.product.documents import Documents
from ipf.product.images import image_header
from ipf.product.images import image_pieces as decoded_pieces
from ipf.product.l1c_writer import with_images
from ipf.product.product_writer import (
    discard,
    publish,
    temporary_folder,
    write_datastrip,
    write_product_documents,
    write_tile,
)
from ipf.product.quicklook import Bytes, write_browse_image
from ipf.product.sensor_datastrip import datastrip_file


@dataclass(frozen=True)
class Inputs:
    """Nothing: the job order names the tile, its pictures and the datastrip."""


def plan(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    """Promise the product; refuses parts that are missing or do not agree, and a name that exists."""
    documents, _ = _open(context.request)
    product = _product(documents, context.request)
    if product.path.exists():
        raise PlanError(f"output {product.file_type}: {product.path} exists already")
    return Findings(outputs=(product,))


def _product(documents: Documents, request: TaskRequest) -> PlannedFile:
    file_type = next(name for name in PRODUCT_TYPES if name in request.outputs)
    return PlannedFile(file_type, request.outputs[file_type] / documents.product.uri)


def _open(request: TaskRequest) -> tuple[Documents, Pieces]:
    """Documents of the product, and the files of its tile."""
    folders = finished_folders(request)
    tile = read_tile(folders)
    if not tile.quality.masks:
        raise ProductError(
            f"{folders.metadata}: no MASK_FILENAME, expected the metadata that FORMAT_METADATA_TILE_L1C makes"
        )
    document = datastrip_file(datastrip_of_request(request))
    strip = read_datastrip_metadata(document)
    if strip.level != "L1C" or document.parent.name != tile.datastrip_identifier:
        raise ProductError(
            f"{document}: the datastrip {document.parent.name}, expected {tile.datastrip_identifier}"
        )
    documents = with_images(documents_of(tile, strip))
    preview = preview_piece(documents)
    pieces = {
        **image_pieces(folders, documents, (*BAND_NAMES, "TCI")),
        **mask_pieces(folders, documents),
        preview: folders.file(preview),
        **auxiliary_pieces(folders),
    }
    return documents, pieces


def write(inputs: Inputs, parameters: NoParameters, context: Context) -> Written:
    """Put the product together; raises `OutputError` naming what cannot be written, and leaves nothing."""
    documents, pieces = _open(context.request)
    product = _product(documents, context.request)
    root = temporary_folder(product.path.parent, product.path)
    try:
        _fill(root, documents, pieces)
        publish(root, product.path)
    finally:
        discard(root)
    return Written((product,), {"CLOUDY_PIXEL_PERCENTAGE": documents.tile.quality.cloudy})


def _fill(root: Path, documents: Documents, pieces: Pieces) -> None:
    folder, strip = root / documents.granule, root / documents.datastrip_folder
    link(folder, pieces)
    name = documents.product.uri.removesuffix(".SAFE")
    write_browse_image(root / f"{name}-ql.jpg", _picture(pieces[preview_piece(documents)]))
    datastrip = write_datastrip(strip, documents)
    images = [name for name in pieces if name.startswith("IMG_DATA/")]
    masks = [name for name in pieces if name.startswith("QI_DATA/MSK_")]
    tile = write_tile(folder, documents, strip, images, masks)
    write_product_documents(root, documents, tile, datastrip, {})


def _picture(path: Path) -> Bytes:
    """Samples of a preview, (3, rows, columns)."""
    header = image_header(path)
    picture = np.empty((header.components, *header.shape), np.uint8)
    for windows, samples in decoded_pieces(path):
        for window in windows:
            picture[:, *window.slices] = samples
    return picture


format_product = SinkStep(
    name="format_product",
    summary="a Level-1C product of a tile",
    run=write,
    check=plan,
)
