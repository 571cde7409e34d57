"""Step `write_strip`: a simulated datastrip of Level 1B, the files that it needs, and what is true of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ipf_plugins.simulator.strip import Strip, known_strip
from ipf_plugins.simulator.strip_files import (
    DEM_FILE,
    parameter_file_names,
    write_elevation,
    write_parameter_files,
)
from ipf_plugins.simulator.strip_page import COLOURS, thinned, write_picture
from ipf_plugins.simulator.view_product import write_view

from ipf.engine import Context, Findings, NoParameters, PlannedFile, SinkStep, Written
from ipf.errors import PlanError
from ipf.product.bands import BANDS, Band
from ipf.product.geotiff import write_geotiff
from ipf.product.raster import Grid, Raster, raster_of_array
from ipf.product.utc import UtcTime

PRODUCT_TYPE, PARAMETERS_TYPE, ELEVATION_TYPE, TRUTH_TYPE = "L1B", "GIPP", "DEM", "TRUTH"
OUTPUT_TYPES = (PRODUCT_TYPE, PARAMETERS_TYPE, ELEVATION_TYPE, TRUTH_TYPE)
PARTS = ("DATASTRIP", "GRANULE")
PICTURE = "overview.png"
SCALE, OFFSET, LARGEST = 1e-4, -1000.0, 32767
"""Of true reflectance, as Level 1C has it."""
_ROWS = 256
_BYTES_OF_A_PIXEL = 6
_VIEW_SHARE = 0.9
"""Of the time."""


@dataclass(frozen=True)
class Inputs:
    """The datastrip."""

    strip: Strip


def plan(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    """Promise folders and files; refuses a folder that holds a datastrip already."""
    strip = known_strip(known)
    product = context.request.output_path(PRODUCT_TYPE)
    for part in PARTS:
        if (product / part).is_dir() and any((product / part).iterdir()):
            raise PlanError(f"{product / part}: holds a datastrip already, expected a new folder")
    side = strip.parameters.size_m // 10
    return Findings(outputs=tuple(_promised(strip, context)), memory_bytes=_BYTES_OF_A_PIXEL * side * side)


def _promised(strip: Strip, context: Context) -> Iterator[PlannedFile]:
    outputs = {name: context.request.output_path(name) for name in OUTPUT_TYPES}
    for part in PARTS:
        yield PlannedFile(PRODUCT_TYPE, outputs[PRODUCT_TYPE] / part)
    for name in parameter_file_names(strip.parameters.satellite).values():
        yield PlannedFile(PARAMETERS_TYPE, outputs[PARAMETERS_TYPE] / f"{name}.xml")
    yield PlannedFile(ELEVATION_TYPE, outputs[ELEVATION_TYPE] / DEM_FILE)
    for band in BANDS:
        yield PlannedFile(TRUTH_TYPE, outputs[TRUTH_TYPE] / _truth_name(band))
    yield PlannedFile(TRUTH_TYPE, outputs[TRUTH_TYPE] / PICTURE)


def _truth_name(band: Band) -> str:
    return f"reflectance_{band.name}.tif"


def write(inputs: Inputs, parameters: NoParameters, context: Context) -> Written:
    """Write parameter files, ground, truth, and the product at last."""
    strip = inputs.strip
    outputs = {name: context.request.output_path(name) for name in OUTPUT_TYPES}
    for folder in outputs.values():
        folder.mkdir(parents=True, exist_ok=True)
    for _ in write_parameter_files(outputs[PARAMETERS_TYPE], strip.parameters.satellite, strip.geometry):
        pass
    write_elevation(outputs[ELEVATION_TYPE] / DEM_FILE, strip.terrain)
    shown = {}
    for band in BANDS:
        truth = true_reflectance(strip, band)
        write_geotiff(truth, outputs[TRUTH_TYPE] / _truth_name(band))
        if band.name in COLOURS:
            shown[band.name] = thinned(truth)
    write_picture(outputs[TRUTH_TYPE] / PICTURE, strip, shown)
    write_view(
        outputs[PRODUCT_TYPE],
        strip.view,
        strip.acquired,
        strip.granules,
        tuple(band.name for band in BANDS),
        UtcTime(context.creation_date, 6),
        progress=lambda share: context.progress(1.0 - _VIEW_SHARE + _VIEW_SHARE * share),
    )
    return Written(tuple(_promised(strip, context)))


def true_reflectance(strip: Strip, band: Band) -> Raster:
    """What a map of the piece should show in a band: reflectance at the centres of its pixels."""
    area, size = strip.area, band.resolution
    count = area.size // size
    places = (np.arange(count) + 0.5) * size
    counts = np.empty((count, count), np.uint16)
    for first in range(0, count, _ROWS):
        rows = slice(first, min(first + _ROWS, count))
        eastings, northings = np.meshgrid(area.left + places, area.top - places[rows])
        values = strip.scene.reflectance(band.name, eastings, northings)
        counts[rows] = np.clip(np.rint(values / SCALE - OFFSET), 1, LARGEST)
    grid = Grid(area.epsg, area.left, area.top, size, count, count)
    layer = f"reflectance/{band.name}"
    return raster_of_array(layer, grid, counts, "1", SCALE, OFFSET, 0, "simulate_strip")


write_strip = SinkStep(
    name="write_strip",
    summary="Level-1B granules of what the instrument sees, its files, and the truth",
    run=write,
    check=plan,
)
