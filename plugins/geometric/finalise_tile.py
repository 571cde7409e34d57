"""Step `finalise_tile`: how much of a tile was seen, its metadata with that, and no data outside the strip.

What lies outside the outline of the datastrip (VECTOR_DS_FOOTPRINT), where one is given, becomes no data in
all bands. An outline may be that of the ground at sea level, while what is seen of high ground at the edge of
a strip lies beside that by up to a fifth of its height: so much of a margin is left. Without an outline
nothing needs to be cleared, for a detector only sees what its lines hold.

Later tasks find the amended files in the output of this task, which comes before those of earlier tasks
(`ipf_plugins.geometric.tile_folders`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from ipf_plugins.geometric.band_selection import bands_of_request
from ipf_plugins.geometric.outside_footprint import (
    OUTLINE_RESOLUTION,
    band_targets,
    clear_outside,
    covers,
    inside,
    outline_on_map,
    reaches,
)
from ipf_plugins.geometric.read_l1b import (
    TileFrame,
    datastrip_of_request,
    frame_of_request,
    granules_of_request,
)
from ipf_plugins.geometric.strip_footprint import FOOTPRINT_TYPE, given_footprint
from ipf_plugins.geometric.task_table import GRANULES
from ipf_plugins.geometric.tile_folders import QUALITY, TILES_TYPE, output_folder
from pydantic import Field

from ipf.atomic import write_bytes
from ipf.engine import Context, Findings, PlannedFile, SinkStep, StepParameters, TaskRequest, Written
from ipf.errors import ProductError
from ipf.product.bands import BY_NAME
from ipf.product.geotiff import read_geotiff
from ipf.product.masks import QUALITY_FLAGS
from ipf.product.metadata import TileMetadata
from ipf.product.sensor_datastrip import SensorDatastrip, read_sensor_datastrip
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.tile_writer import tile_xml

DEGRADED = tuple(QUALITY_FLAGS.index(name) for name in ("lost_msi_packets", "degraded_msi_packets"))
Bytes = npt.NDArray[np.uint8]


class FinaliseTileParameters(StepParameters):
    """What counts as outside."""

    outline_margin: float = Field(
        default=2000.0,
        ge=0.0,
        le=20_000.0,
        description="distance from the datastrip's outline up to which what is seen is kept: ground of 9000 m"
        " seen 12 degrees from its vertical lies 1900 m beside its place at sea level",
        json_schema_extra={"unit": "m"},
    )


@dataclass(frozen=True)
class Inputs:
    """Nothing: the job order names the tile."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One band of a tile: pixels that a detector saw, those of them of degraded packets, and all."""

    seen: int
    degraded: int
    pixels: int

    @property
    def percentage(self) -> float:
        """Percentage of the tile that was seen."""
        return 100.0 * self.seen / self.pixels

    @property
    def degraded_percentage(self) -> float:
        """Percentage of what was seen that is made of lost or degraded packets."""
        return 100.0 * self.degraded / self.seen if self.seen else 0.0


def plan(known: Mapping[str, Any], parameters: FinaliseTileParameters, context: Context) -> Findings:
    """Promise the metadata, and images and masks of a tile that is not all under the datastrip.

    Refuses a tile that lacks a mask, and tells of missing granules.
    """
    request = context.request
    frame = frame_of_request(request)
    for band in bands_of_request(request):
        _masks(frame, band)
    datastrip = read_sensor_datastrip(datastrip_of_request(request))
    notes = tuple(f"granule {name} is missing" for name in missing_granules(request, datastrip))
    files = _promised(frame, _kept_area(frame, parameters, request) is not None, request)
    return Findings(outputs=files, notes=notes)


def _promised(frame: TileFrame, clears: bool, request: TaskRequest) -> tuple[PlannedFile, ...]:
    folder = output_folder(request, frame.folders.identifier)
    images = band_targets(frame.folders, bands_of_request(request), folder) if clears else ()
    paths = (folder / frame.folders.name.metadata_file, *images)
    return tuple(PlannedFile(TILES_TYPE, path) for path in paths)


def _kept_area(
    frame: TileFrame, parameters: FinaliseTileParameters, request: TaskRequest
) -> shapely.Geometry | None:
    """What of the map is kept; None where no outline is given, and where it holds the whole tile.

    Raises ProductError for an outline that does not reach the tile.
    """
    rings = given_footprint(request)
    if not rings:
        return None
    area = outline_on_map(rings, frame.grid, parameters.outline_margin)
    if not reaches(area, frame.grid):
        raise ProductError(
            f"{request.find_input(FOOTPRINT_TYPE)}: the outline of the datastrip does not reach tile "
            f"{frame.tile.name}"
        )
    return None if covers(area, frame.grid) else area


def _masks(frame: TileFrame, band: str) -> tuple[Path, Path]:
    """Files of detectors and quality; ProductError naming the one that is missing."""
    names = (f"{QUALITY}/MSK_{kind}_{band}.tif" for kind in ("DETFOO", "QUALIT"))
    footprint, quality = (frame.folders.file(name) for name in names)
    return footprint, quality


def missing_granules(request: TaskRequest, datastrip: SensorDatastrip) -> tuple[str, ...]:
    """Granules that the datastrip lists and that are not among the inputs; none where no input has any."""
    if not any(request.inputs.get(name) for name in GRANULES):
        return ()
    there = {folder.name for folder in granules_of_request(request)}
    listed = (entry.identifier for entries in datastrip.granules.values() for entry in entries)
    return tuple(name for name in listed if name not in there)


def write(inputs: Inputs, parameters: FinaliseTileParameters, context: Context) -> Written:
    """Count what was seen, and write the metadata anew."""
    request = context.request
    frame = frame_of_request(request)
    datastrip = read_sensor_datastrip(datastrip_of_request(request))
    bands = bands_of_request(request)
    covered = _covered(frame, request, bands[0])
    cleared = _cleared(frame, parameters, context)
    with ThreadPoolExecutor(context.workers) as pool:
        seen = dict(zip(bands, pool.map(lambda band: _count(cleared, band), bands), strict=True))
    missing = missing_granules(request, datastrip)
    _report(context, frame, seen)
    files = _promised(frame, _kept_area(frame, parameters, request) is not None, request)
    target = files[0].path
    metadata = finished(read_tile_metadata(frame.folders.metadata), datastrip, tuple(seen.values()))
    write_bytes(target, tile_xml(metadata))
    return Written(files, _figures(frame.tile.name, seen, covered, missing))


def _cleared(frame: TileFrame, parameters: FinaliseTileParameters, context: Context) -> TileFrame:
    """The tile with its images after what lies outside has been cleared; told if there was any."""
    request = context.request
    area = _kept_area(frame, parameters, request)
    if area is None:
        return frame
    kept = inside(area, frame.grid.at(OUTLINE_RESOLUTION))
    bands, folder = bands_of_request(request), output_folder(request, frame.folders.identifier)
    with ThreadPoolExecutor(context.workers) as pool:
        gone = dict(
            zip(bands, pool.map(lambda band: clear_outside(frame, band, kept, folder), bands), strict=True)
        )
    if any(gone.values()):
        context.logger.warning(
            "tile %s: seen outside the outline of the datastrip, made no data: up to %d pixels of %s",
            frame.tile.name,
            max(gone.values()),
            max(gone, key=gone.__getitem__),
        )
    folders = replace(frame.folders, folders=(folder, *frame.folders.folders))
    return replace(frame, folders=folders)


def finished(tile: TileMetadata, datastrip: SensorDatastrip, seen: Sequence[Seen]) -> TileMetadata:
    """Metadata of a tile with the time limited to that of the datastrip, and what is degraded of it."""
    time = min(max(tile.sensing_time, datastrip.sensing_start), datastrip.sensing_stop)
    degraded = sum(each.degraded_percentage for each in seen) / len(seen)
    return replace(tile, sensing_time=time, quality=replace(tile.quality, degraded_msi=degraded))


def _count(frame: TileFrame, band: str) -> Seen:
    """Pixels of one band; ProductError naming a mask that is cut or of another size than the tile."""
    detectors, flags = (_pixels(path, frame, band) for path in _masks(frame, band))
    seen = detectors > 0
    degraded = flags & np.uint8(sum(1 << bit for bit in DEGRADED)) != 0
    return Seen(int(np.count_nonzero(seen)), int(np.count_nonzero(seen & degraded)), seen.size)


def _pixels(path: Path, frame: TileFrame, band: str) -> Bytes:
    raster, expected = read_geotiff(path), frame.grid.at(BY_NAME[band].resolution)
    if raster.grid != expected or raster.dtype != np.uint8:
        raise ProductError(f"{path}: {raster.dtype} on {raster.grid}, expected uint8 on {expected}")
    return raster.read_all()


@dataclass(frozen=True, slots=True)
class Covered:
    """The tile against the outline of the datastrip: percentages of the tile, inside, unseen, and outside."""

    inside: float
    unseen: float
    outside: float


def _covered(frame: TileFrame, request: TaskRequest, band: str) -> Covered | None:
    """How much of the tile lies under the outline, None without one; seen is what detectors of a band did."""
    rings = given_footprint(request)
    if not rings:
        return None
    grid = frame.grid.at(OUTLINE_RESOLUTION)
    under = inside(outline_on_map(rings, frame.grid), grid)
    detectors = _pixels(_masks(frame, band)[0], frame, band)
    factor = OUTLINE_RESOLUTION // BY_NAME[band].resolution
    seen = detectors[factor // 2 :: factor, factor // 2 :: factor] > 0
    share = (under, under & ~seen, seen & ~under)
    return Covered(*(100.0 * float(np.mean(mask)) for mask in share))


def _report(context: Context, frame: TileFrame, seen: Mapping[str, Seen]) -> None:
    """Warn of a tile that nothing is seen of."""
    blind = [band for band, each in seen.items() if not each.seen]
    if blind:
        context.logger.warning("tile %s: nothing is seen in %s", frame.tile.name, ", ".join(blind))


def _figures(
    tile: str, seen: Mapping[str, Seen], covered: Covered | None, missing: Sequence[str]
) -> dict[str, float | str]:
    """Figures for the report, under names that hold the tile's."""
    percentages = [each.percentage for each in seen.values()]
    figures: dict[str, float | str] = {
        f"{tile}_SEEN_PERCENTAGE": min(percentages),
        f"{tile}_SEEN_PERCENTAGE_OF_BEST_BAND": max(percentages),
        "MISSING_GRANULES": ", ".join(missing) or "none known",
    }
    if covered is not None:
        figures[f"{tile}_UNDER_DATASTRIP_PERCENTAGE"] = covered.inside
        figures[f"{tile}_UNSEEN_UNDER_DATASTRIP_PERCENTAGE"] = covered.unseen
        figures[f"{tile}_SEEN_OUTSIDE_DATASTRIP_PERCENTAGE"] = covered.outside
    return figures


finalise_tile = SinkStep(
    name="finalise_tile",
    summary="how much of the tile was seen, and its metadata with that",
    run=write,
    check=plan,
)
