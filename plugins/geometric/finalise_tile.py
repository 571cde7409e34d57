"""Step `finalise_tile`: how much of a tile was seen, and its metadata with what that changes.

Later tasks find the amended metadata in the output of this task, which comes before those of earlier tasks
(`ipf_plugins.geometric.tile_folders`). Nothing outside the datastrip needs to be cleared: a detector only
sees what its lines hold. That this is so is held against the outline of the datastrip where it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
from ipf_plugins.geometric.band_selection import bands_of_request
from ipf_plugins.geometric.read_l1b import (
    TileFrame,
    datastrip_of_request,
    frame_of_request,
    granules_of_request,
)
from ipf_plugins.geometric.strip_footprint import given_footprint
from ipf_plugins.geometric.task_table import GRANULES
from ipf_plugins.geometric.tile_folders import QUALITY, TILES_TYPE, output_folder

from ipf.atomic import write_bytes
from ipf.engine import Context, Findings, NoParameters, PlannedFile, SinkStep, TaskRequest, Written
from ipf.errors import ProductError
from ipf.geometry.acquisition import FloatArray
from ipf.product.bands import BY_NAME
from ipf.product.geotiff import read_geotiff
from ipf.product.masks import QUALITY_FLAGS, rasterise
from ipf.product.metadata import TileMetadata
from ipf.product.raster import Grid
from ipf.product.sensor_datastrip import SensorDatastrip, read_sensor_datastrip
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.tile_writer import tile_xml

DEGRADED = tuple(QUALITY_FLAGS.index(name) for name in ("lost_msi_packets", "degraded_msi_packets"))
OUTSIDE_TOLERANCE = 0.001
"""Share of a tile that may be seen outside the datastrip's outline: pixels along it, and relief."""
_FOOTPRINT_GRID_M = 60
_OUTLINE_STEP_DEG = 0.02

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


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


def plan(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    """Promise the metadata; refuses a tile that lacks a mask, and tells of missing granules."""
    frame = frame_of_request(context.request)
    for band in bands_of_request(context.request):
        _masks(frame, band)
    given_footprint(context.request)
    datastrip = read_sensor_datastrip(datastrip_of_request(context.request))
    notes = tuple(f"granule {name} is missing" for name in missing_granules(context.request, datastrip))
    return Findings(outputs=(PlannedFile(TILES_TYPE, _target(frame, context.request)),), notes=notes)


def _target(frame: TileFrame, request: TaskRequest) -> Path:
    return output_folder(request, frame.folders.identifier) / frame.folders.name.metadata_file


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


def write(inputs: Inputs, parameters: NoParameters, context: Context) -> Written:
    """Count what was seen, and write the metadata anew."""
    request = context.request
    frame = frame_of_request(request)
    datastrip = read_sensor_datastrip(datastrip_of_request(request))
    bands = bands_of_request(request)
    with ThreadPoolExecutor(context.workers) as pool:
        seen = dict(zip(bands, pool.map(lambda band: _count(frame, band), bands), strict=True))
    missing = missing_granules(request, datastrip)
    covered = _covered(frame, given_footprint(request), bands[0])
    _report(context, frame, seen, covered)
    target = _target(frame, request)
    metadata = finished(read_tile_metadata(frame.folders.metadata), datastrip, tuple(seen.values()))
    write_bytes(target, tile_xml(metadata))
    return Written((PlannedFile(TILES_TYPE, target),), _figures(frame.tile.name, seen, covered, missing))


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


def _covered(frame: TileFrame, rings: tuple[FloatArray, ...], band: str) -> Covered | None:
    """How much of the tile lies under the outline, None without one; seen is what detectors of a band did."""
    if not rings:
        return None
    grid = frame.grid.at(_FOOTPRINT_GRID_M)
    inside = rasterise(((on_map(ring, grid),) for ring in rings), grid)
    detectors = _pixels(_masks(frame, band)[0], frame, band)
    factor = _FOOTPRINT_GRID_M // BY_NAME[band].resolution
    seen = detectors[factor // 2 :: factor, factor // 2 :: factor] > 0
    share = (inside, inside & ~seen, seen & ~inside)
    return Covered(*(100.0 * float(np.mean(mask)) for mask in share))


def on_map(ring: FloatArray, grid: Grid) -> FloatArray:
    """A ring of longitudes and latitudes in the projection of a grid, its edges followed every 2 km."""
    closed = np.vstack((ring, ring[:1]))
    pieces = []
    for start, end in pairwise(closed):
        count = max(1, int(np.ceil(np.max(np.abs(end - start)) / _OUTLINE_STEP_DEG)))
        pieces.append(start + np.linspace(0.0, 1.0, count, endpoint=False)[:, None] * (end - start))
    longitudes, latitudes = np.vstack(pieces).T
    transformer = pyproj.Transformer.from_crs(4326, grid.epsg, always_xy=True)
    placed = np.column_stack(transformer.transform(longitudes, latitudes))
    return placed[np.all(np.isfinite(placed), axis=1)]


def _report(context: Context, frame: TileFrame, seen: Mapping[str, Seen], covered: Covered | None) -> None:
    """Warn of a tile that nothing is seen of, and of what is seen where the datastrip should not reach."""
    blind = [band for band, each in seen.items() if not each.seen]
    if blind:
        context.logger.warning("tile %s: nothing is seen in %s", frame.tile.name, ", ".join(blind))
    if covered is not None and covered.outside > 100.0 * OUTSIDE_TOLERANCE:
        context.logger.warning(
            "tile %s: %.2f %% of it is seen outside the outline of the datastrip",
            frame.tile.name,
            covered.outside,
        )


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
    return figures


finalise_tile = SinkStep(
    name="finalise_tile",
    summary="how much of the tile was seen, and its metadata with that",
    run=write,
    check=plan,
)
