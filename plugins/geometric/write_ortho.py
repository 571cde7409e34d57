"""Step `write_ortho`: images, detectors and quality masks of the tile, for the tasks that come after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from ipf_plugins.geometric.band_selection import bands_of_request
from ipf_plugins.geometric.read_l1b import TileFrame, missing_granules, missing_images
from ipf_plugins.geometric.tile_folders import IMAGES, QUALITY, TILES_TYPE, output_folder

from ipf.engine import Context, Findings, NoParameters, PlannedFile, SinkStep, Written, reads
from ipf.product.geotiff import write_geotiff
from ipf.product.l1b_reader import L1bProduct
from ipf.product.names import ImageName
from ipf.product.raster import Raster

Rasters = Mapping[str, Raster]


@dataclass(frozen=True)
class Inputs:
    """Reflectance, detectors and quality of every band, and the tile that they are of."""

    toa_reflectance: Annotated[Rasters, reads()]
    detector_footprint: Annotated[Rasters, reads()]
    quality: Annotated[Rasters, reads()]
    l1b_product: L1bProduct
    tile_frame: TileFrame


def image_files(frame: TileFrame, product: L1bProduct, folder: Path, band: str) -> tuple[Path, Path, Path]:
    """Files of a band's reflectance, detectors and quality."""
    image = ImageName(frame.tile.name, product.datastrip.datatake_start.compact, band)
    return (
        folder / IMAGES / f"{image}.tif",
        folder / QUALITY / f"MSK_DETFOO_{band}.tif",
        folder / QUALITY / f"MSK_QUALIT_{band}.tif",
    )


def plan(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    """Promise three files of each band."""
    frame, product = known["tile_frame"], known["l1b_product"]
    return Findings(outputs=tuple(_promised(frame, product, context)))


def _promised(frame: TileFrame, product: L1bProduct, context: Context) -> Iterator[PlannedFile]:
    folder = output_folder(context.request, frame.folders.identifier)
    for band in bands_of_request(context.request):
        for path in image_files(frame, product, folder, band):
            yield PlannedFile(TILES_TYPE, path)


def write(inputs: Inputs, parameters: NoParameters, context: Context) -> Written:
    """Write band after band; each is computed when its turn comes and let go after."""
    frame, product = inputs.tile_frame, inputs.l1b_product
    folder = output_folder(context.request, frame.folders.identifier)
    bands = bands_of_request(context.request)
    for identifier in missing_granules(product):
        context.logger.warning("granule %s is missing: no data in its place", identifier)
    for lacking in missing_images(product, bands):
        context.logger.warning("no image, or an empty one, in granule %s: no data in its place", lacking)
    files: list[PlannedFile] = []
    for number, band in enumerate(bands, 1):
        rasters = inputs.toa_reflectance[band], inputs.detector_footprint[band], inputs.quality[band]
        for raster, path in zip(rasters, image_files(frame, product, folder, band), strict=True):
            write_geotiff(raster, path, compress=False)
            files.append(PlannedFile(TILES_TYPE, path))
        for raster in rasters:
            raster.release()
        context.progress(number / len(bands))
    return Written(tuple(files))


write_ortho = SinkStep(
    name="write_ortho",
    summary="images, detector footprints and quality masks on the tile's grid",
    run=write,
    check=plan,
)
