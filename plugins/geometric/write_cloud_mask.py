"""Step `write_cloud_mask`: the cloud mask of the tile as image, and as polygons where they are asked for.

A product always has a cloud mask: MSK_CLASSI is listed in every tile metadata (PSD 14.8, Pixel_Level_QI), and
so was MSK_CLOUDS before baseline 04.00. Where no clouds are looked for (CLOUD_MASKS_PROCESS is false) the
mask therefore has no flag set, the polygons have no member, and the percentages in the metadata are 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from ipf_plugins.geometric.read_l1b import TileFrame
from ipf_plugins.geometric.read_ortho import CLOUD_MASK, CLOUD_RESOLUTION
from ipf_plugins.geometric.tile_folders import TILES_TYPE, output_folder
from pydantic import Field

from ipf.atomic import write_bytes
from ipf.engine import Context, Findings, PlannedFile, SinkStep, StepParameters, Written, reads
from ipf.errors import ParameterError
from ipf.product.geotiff import write_geotiff
from ipf.product.l1c_writer import coverage
from ipf.product.raster import Raster, raster_of_array
from ipf.product.vector_masks import cloud_features, vector_mask_xml

VECTOR_TYPE = "VECTOR"
VECTOR_NAME = "MSK_CLOUDS_B00.gml"
FOOTPRINT_BAND = "B01"
"""Band whose detectors tell what of the tile was seen at 60 m."""


class CloudMaskSwitches(StepParameters):
    """Which masks are made."""

    cloud_masks: bool = Field(
        default=True,
        description="look for clouds, cirrus and snow; without that the mask has no flag set",
        json_schema_extra={"job_order": "CLOUD_MASKS_PROCESS"},
    )
    land_water_masks: bool = Field(
        default=False,
        description="masks of land and water; true is refused, they are not made",
        json_schema_extra={"job_order": "LAND_WATER_MASKS_PROCESS"},
    )


@dataclass(frozen=True)
class Inputs:
    """The mask at 60 m, what detectors saw, and the tile that they are of."""

    cloud_flags: Annotated[Raster, reads()]
    detector_footprint: Annotated[Mapping[str, Raster], reads(bands=(FOOTPRINT_BAND,))]
    tile_frame: TileFrame


def plan(known: Mapping[str, Any], parameters: CloudMaskSwitches, context: Context) -> Findings:
    """Promise the mask, and the polygons where the job order asks for them.

    Raises ParameterError when masks of land and water are wanted.
    """
    if parameters.land_water_masks:
        raise ParameterError(
            f"{context.request.source}: LAND_WATER_MASKS_PROCESS = true: masks of land and water are not "
            "made, expected false"
        )
    notes = () if parameters.cloud_masks else ("CLOUD_MASKS_PROCESS is false: the mask has no flag set",)
    return Findings(outputs=_promised(known["tile_frame"], context), notes=notes)


def _promised(frame: TileFrame, context: Context) -> tuple[PlannedFile, ...]:
    request, identifier = context.request, frame.folders.identifier
    image = PlannedFile(TILES_TYPE, output_folder(request, identifier) / CLOUD_MASK)
    if VECTOR_TYPE not in request.outputs:
        return (image,)
    return image, PlannedFile(VECTOR_TYPE, output_folder(request, identifier, VECTOR_TYPE) / VECTOR_NAME)


def write(inputs: Inputs, parameters: CloudMaskSwitches, context: Context) -> Written:
    """Write the mask; figures are percentages of what detectors saw, under names that hold the tile's."""
    frame, mask = inputs.tile_frame, inputs.cloud_flags
    if not parameters.cloud_masks:
        mask = raster_of_array(mask.layer, mask.grid, np.zeros(mask.grid.shape, np.uint8), mask.unit)
    files = _promised(frame, context)
    write_geotiff(mask, files[0].path, compress=False)
    flags = mask.read_all()
    for file in files[1:]:
        _write_vector(file.path, flags, frame)
    seen = inputs.detector_footprint[FOOTPRINT_BAND].read_all() > 0
    kinds = {"OPAQUE_CLOUD": "opaque_cloud", "CIRRUS": "cirrus", "SNOW": "snow"}
    figures = {
        f"{frame.tile.name}_{title}_PERCENTAGE": coverage(flags, (flag,), seen)
        for title, flag in kinds.items()
    }
    return Written(files, figures)


def _write_vector(path: Path, flags: Any, frame: TileFrame) -> None:
    grid = frame.grid.at(CLOUD_RESOLUTION)
    name = frame.folders.name
    identifier = (
        f"{name.satellite}_{name.file_class}_MSK_CLOUDS_{name.centre}_{name.creation}"
        f"_A{name.absolute_orbit:06d}_T{name.tile}_B00_MSIL1C"
    )
    write_bytes(path, vector_mask_xml(identifier, "B00", cloud_features(flags, grid), grid))


write_cloud_mask = SinkStep(
    name="write_cloud_mask",
    summary="the mask of clouds, cirrus and snow",
    run=write,
    check=plan,
)
