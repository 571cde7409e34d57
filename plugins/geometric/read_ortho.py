"""Step `read_ortho`: opens what earlier tasks have made of a tile on the map, without reading a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.geometric.band_selection import bands_of_request
from ipf_plugins.geometric.read_l1b import TileFrame, frame_of_request
from ipf_plugins.geometric.tile_folders import IMAGES, QUALITY
from ipf_plugins.geometric.toa_reflectance import OFFSET, QUANTIFICATION

from ipf.engine import Context, NoParameters, SourceStep, provides
from ipf.product.bands import BY_NAME
from ipf.product.geotiff import lazy_geotiff
from ipf.product.masks import CLOUD_FLAGS, QUALITY_FLAGS
from ipf.product.metadata import TileMetadata
from ipf.product.raster import Raster
from ipf.product.tile_reader import read_tile_metadata

CLOUD_RESOLUTION = 60
CLOUD_MASK = f"{QUALITY}/MSK_CLASSI_B00.tif"

TASK_BANDS = {
    "MASK_S2": ("B01", "B02", "B10", "B11", "B12"),
    "FORMAT_IMG_PVI_TCI": ("B02", "B03", "B04"),
}
"""Bands of tasks that need some, whatever bands a job order picks for others."""

Rasters = Mapping[str, Raster]


@dataclass(frozen=True)
class Inputs:
    """Nothing: the job order names the tile."""


@dataclass(frozen=True)
class Outputs:
    """The tile, and its images and masks as lazy rasters by band; the cloud mask has no band.

    Detectors are 1 to 12, 0 where none saw the pixel; quality and clouds are flags as in `ipf.product.masks`.
    Without a cloud mask yet, `cloud_classification` is empty. Images may be smaller than whole tiles:
    they are as large as the tile's metadata tell.
    """

    tile_frame: TileFrame
    tile_metadata: TileMetadata
    toa_reflectance: Annotated[Rasters, provides()]
    detector_footprint: Annotated[Rasters, provides()]
    quality: Annotated[Rasters, provides()]
    cloud_classification: Annotated[Rasters, provides()]


def read(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Open what the job order names, of the bands that the task needs or that the job order picks.

    Raises `ProductError` naming a file that is missing, cut, of other samples, or of another size or place
    than the tile's metadata tell.
    """
    frame = frame_of_request(context.request)
    bands = TASK_BANDS.get(context.request.task_name) or bands_of_request(context.request)
    return Outputs(
        tile_frame=frame,
        tile_metadata=read_tile_metadata(frame.folders.metadata),
        toa_reflectance={band: _reflectance(frame, band) for band in bands},
        detector_footprint={band: _footprint(frame, band) for band in bands},
        quality={band: _quality(frame, band) for band in bands},
        cloud_classification=_clouds(frame),
    )


def _reflectance(frame: TileFrame, band: str) -> Raster:
    place = f"{IMAGES}/T{frame.tile.name}_*_{band}.tif"
    raster = _open(frame, place, f"toa_reflectance/{band}", BY_NAME[band].resolution, np.uint16)
    return replace(raster, unit="1", scale=QUANTIFICATION, offset=OFFSET, nodata=0)


def _footprint(frame: TileFrame, band: str) -> Raster:
    place = f"{QUALITY}/MSK_DETFOO_{band}.tif"
    raster = _open(frame, place, f"detector_footprint/{band}", BY_NAME[band].resolution, np.uint8)
    return replace(raster, unit="class", nodata=0)


def _quality(frame: TileFrame, band: str) -> Raster:
    place = f"{QUALITY}/MSK_QUALIT_{band}.tif"
    raster = _open(frame, place, f"quality/{band}", BY_NAME[band].resolution, np.uint8)
    return replace(raster, unit="flags", flags=QUALITY_FLAGS)


def _clouds(frame: TileFrame) -> dict[str, Raster]:
    if frame.folders.find(CLOUD_MASK) is None:
        return {}
    raster = _open(frame, CLOUD_MASK, "cloud_classification", CLOUD_RESOLUTION, np.uint8)
    return {"": replace(raster, unit="flags", flags=CLOUD_FLAGS)}


def _open(frame: TileFrame, place: str, layer: str, resolution: int, dtype: npt.DTypeLike) -> Raster:
    return lazy_geotiff(frame.folders.file(place), layer, frame.grid.at(resolution), dtype)


read_ortho = SourceStep(
    name="read_ortho",
    summary="opens images and masks of a tile on the map, no pixels",
    run=read,
)
