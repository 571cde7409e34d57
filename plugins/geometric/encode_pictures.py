"""Step `encode_pictures`: the true-colour image (TCI) of a tile and its preview (PVI).

Each goes into an output of its own, in the folder of the tile, where a tile has it: ``IMG_DATA`` and
``QI_DATA``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from ipf_plugins.geometric.encode_images import ImageParameters
from ipf_plugins.geometric.l1c_documents import tile_documents
from ipf_plugins.geometric.read_l1b import TileFrame
from ipf_plugins.geometric.tile_folders import IMAGES, QUALITY, output_folder
from pydantic import Field

from ipf.auxiliary.l1_gipp import ConversionParameters
from ipf.auxiliary.l1_gipp_model import step_parameter
from ipf.engine import Context, Findings, PlannedFile, SinkStep, Written, reads
from ipf.errors import PlanError
from ipf.product.documents import Documents
from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.metadata import TileMetadata
from ipf.product.quicklook import preview, preview_grid, true_colour
from ipf.product.raster import Array, Raster

PREVIEW_TYPE, TRUE_COLOUR_TYPE = "PDI_DS_PVI_LIST", "PDI_DS_TCI_LIST"
COLOURS = ("B04", "B03", "B02")
_BYTES_OF_A_PIXEL = 3 * 2 + 3
"""The three bands, and the picture that is made of them."""


class PictureParameters(ImageParameters):
    """Which pictures are made, and how they are coded."""

    true_colour: bool = Field(
        default=True,
        description="make the true-colour image",
        json_schema_extra={"job_order": "TCI_PROCESS"},
    )
    preview: bool = Field(
        default=True, description="make the preview", json_schema_extra={"job_order": "PVI_PROCESS"}
    )
    white_reflectance: float = step_parameter(ConversionParameters, "white_reflectance")


@dataclass(frozen=True)
class Inputs:
    """The tile, and the bands of the three colours."""

    tile_frame: TileFrame
    tile_metadata: TileMetadata
    toa_reflectance: Annotated[Mapping[str, Raster], reads(bands=COLOURS)]


def true_colour_file(folder: Path, documents: Documents) -> Path:
    """The true-colour image in a folder of the tile."""
    return folder / IMAGES / f"{documents.image_name('TCI')}.jp2"


def preview_file(folder: Path, documents: Documents) -> Path:
    """The preview in a folder of the tile."""
    return folder / QUALITY / f"{documents.image_name('PVI')}.jp2"


def plan(known: Mapping[str, Any], parameters: PictureParameters, context: Context) -> Findings:
    """Promise the pictures that are wanted; refuses a tile that is too small for a preview."""
    tile: TileMetadata = known["tile_metadata"]
    documents = tile_documents(context.request, tile, parameters, context)
    try:
        preview_grid(tile.grid)
    except ValueError as problem:
        raise PlanError(f"{tile.identifier}: {problem}") from problem
    return Findings(
        outputs=_files(documents, parameters, context),
        memory_bytes=_BYTES_OF_A_PIXEL * tile.grid.rows * tile.grid.columns,
    )


def _files(documents: Documents, parameters: PictureParameters, context: Context) -> tuple[PlannedFile, ...]:
    request, identifier = context.request, documents.tile.identifier
    files = []
    if parameters.true_colour:
        folder = output_folder(request, identifier, TRUE_COLOUR_TYPE)
        files.append(PlannedFile(TRUE_COLOUR_TYPE, true_colour_file(folder, documents)))
    if parameters.preview:
        folder = output_folder(request, identifier, PREVIEW_TYPE)
        files.append(PlannedFile(PREVIEW_TYPE, preview_file(folder, documents)))
    return tuple(files)


def write(inputs: Inputs, parameters: PictureParameters, context: Context) -> Written:
    """Make the pictures."""
    documents = tile_documents(context.request, inputs.tile_metadata, parameters, context)
    files = _files(documents, parameters, context)
    for file_type in (
        PREVIEW_TYPE,
        TRUE_COLOUR_TYPE,
    ):  # later tasks name the folder of pictures not wanted, too
        context.request.output_path(file_type).mkdir(parents=True, exist_ok=True)
    if files:
        picture, grid = _picture(inputs, documents, parameters.white_reflectance), inputs.tile_metadata.grid
        for number, file in enumerate(files, 1):
            if file.file_type == TRUE_COLOUR_TYPE:
                samples, kind, place = picture, ImageKind.TCI, grid
            else:
                samples, kind, place = preview(picture, grid), ImageKind.PVI, preview_grid(grid)
            encode_jpeg2000(file.path, samples, place, kind, parameters.jp2_profile, context.workers)
            context.progress(number / len(files))
    return Written(files)


def _picture(inputs: Inputs, documents: Documents, white: float) -> Array:
    """True colours, uint8 (3, rows, columns)."""
    red, green, blue = (_take(inputs.toa_reflectance[band]) for band in COLOURS)
    offsets = [documents.product.radiometry.offset(band) for band in COLOURS]
    return true_colour(red, green, blue, (offsets[0], offsets[1], offsets[2]), white)


def _take(raster: Raster) -> Array:
    counts = raster.read_all()
    raster.release()
    return counts


encode_pictures = SinkStep(
    name="encode_pictures",
    summary="true-colour image and preview of a tile",
    run=write,
    check=plan,
)
