"""Step `encode_images`: images and masks of a tile in JPEG 2000.

As many images as there are workers are coded side by side; each is read when its turn comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from ipf_plugins.geometric.band_selection import bands_of_request
from ipf_plugins.geometric.l1c_documents import FormatParameters, tile_documents
from ipf_plugins.geometric.read_l1b import TileFrame
from ipf_plugins.geometric.tile_folders import QUALITY, TILES_TYPE, output_folder

from ipf.auxiliary.l1_gipp import CodingParameters
from ipf.auxiliary.l1_gipp_model import step_parameter
from ipf.engine import Context, Findings, PlannedFile, SinkStep, Written, reads
from ipf.product.bands import BY_NAME
from ipf.product.documents import Documents
from ipf.product.granule_writer import GranuleWriter
from ipf.product.l1c_writer import run_all
from ipf.product.metadata import TileMetadata
from ipf.product.raster import Array, Raster

CLOUD_BAND = "B01"
"""The cloud mask has the pixels of this band, and is coded with it when bands are coded apart."""
_BYTES_OF_A_PIXEL = 4
"""A band while it is coded; or flags, a plane of those that are set, and one for those that are not."""

Rasters = Mapping[str, Raster]


class ImageParameters(FormatParameters):
    """How images are coded."""

    jp2_profile: Literal["official", "fast"] = step_parameter(CodingParameters, "jp2_profile")


@dataclass(frozen=True)
class Inputs:
    """The tile, its images and masks by band, and the cloud mask where there is one."""

    tile_frame: TileFrame
    tile_metadata: TileMetadata
    toa_reflectance: Annotated[Rasters, reads()]
    detector_footprint: Annotated[Rasters, reads()]
    quality: Annotated[Rasters, reads()]
    cloud_classification: Annotated[Raster | None, reads()]


def plan(known: Mapping[str, Any], parameters: ImageParameters, context: Context) -> Findings:
    """Promise the images and masks of the bands that are picked; refuses a datastrip of another tile."""
    tile: TileMetadata = known["tile_metadata"]
    documents = tile_documents(context.request, tile, parameters, context)
    bands = bands_of_request(context.request)
    finest = min(BY_NAME[band].resolution for band in bands)
    grid = tile.grid.at(finest)
    return Findings(
        outputs=tuple(PlannedFile(TILES_TYPE, path) for path in _paths(documents, bands, context)),
        memory_bytes=_BYTES_OF_A_PIXEL * grid.rows * grid.columns * context.workers,
    )


def _paths(documents: Documents, bands: tuple[str, ...], context: Context) -> Iterator[Path]:
    folder = output_folder(context.request, documents.tile.identifier)
    for band in bands:
        yield folder / "IMG_DATA" / f"{documents.image_name(band)}.jp2"
        yield folder / QUALITY / f"MSK_DETFOO_{band}.jp2"
        yield folder / QUALITY / f"MSK_QUALIT_{band}.jp2"
    if CLOUD_BAND in bands:
        yield folder / QUALITY / "MSK_CLASSI_B00.jp2"


def write(inputs: Inputs, parameters: ImageParameters, context: Context) -> Written:
    """Code everything, the largest images first."""
    documents = tile_documents(context.request, inputs.tile_metadata, parameters, context)
    folder = output_folder(context.request, documents.tile.identifier)
    writer = GranuleWriter(folder, folder, documents, parameters.jp2_profile, threads=1)
    bands = bands_of_request(context.request)
    jobs: list[Callable[[], None]] = []
    for band in sorted(bands, key=lambda band: BY_NAME[band].resolution):
        jobs += _jobs_of_band(writer, inputs, band)
    if CLOUD_BAND in bands:
        clouds = inputs.cloud_classification
        if clouds is None:
            context.logger.warning("%s: without a cloud mask: no cloud is marked", documents.tile.identifier)
            shape = documents.tile.grid.at(BY_NAME[CLOUD_BAND].resolution).shape
            jobs.append(partial(writer.write_clouds, np.zeros(shape, np.uint8)))
        else:
            jobs.append(partial(_code, writer.write_clouds, clouds))
    run_all(jobs, context.workers, context.progress)
    return Written(tuple(PlannedFile(TILES_TYPE, path) for path in _paths(documents, bands, context)))


def _jobs_of_band(writer: GranuleWriter, inputs: Inputs, band: str) -> list[Callable[[], None]]:
    write_image = partial(writer.write_image, band, BY_NAME[band].resolution)
    return [
        partial(_code, write_image, inputs.toa_reflectance[band]),
        partial(_code, partial(writer.write_quality, band), inputs.quality[band]),
        partial(_code, partial(writer.write_footprint, band), inputs.detector_footprint[band]),
    ]


def _code(write_samples: Callable[[Array], None], raster: Raster) -> None:
    """Read an image, code it, and give it back."""
    write_samples(raster.read_all())
    raster.release()


encode_images = SinkStep(
    name="encode_images",
    summary="images, detector footprints, quality and cloud masks in JPEG 2000",
    run=write,
    check=plan,
)
