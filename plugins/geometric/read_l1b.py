"""Step `read_l1b`: opens the Level-1B datastrip and its granules, the tile and the sensor model's files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipf_plugins.geometric.sensor_scene import SensorFiles, SensorScene
from ipf_plugins.geometric.task_table import DATASTRIP, GRANULES
from ipf_plugins.geometric.tile_folders import TileFolders, folders_of_request
from ipf_plugins.geometric.tile_list import tile_of_request

from ipf.auxiliary.l1_gipp import GeometricParameters
from ipf.auxiliary.l1_gipp_model import step_parameter
from ipf.engine import Context, Findings, SourceStep, StepParameters, TaskRequest
from ipf.errors import ProductError
from ipf.geometry.orthorectification import MapArea
from ipf.geometry.tiles import TILE_SIZE_M, MgrsTile
from ipf.product.l1b_reader import METADATA_PATTERN, L1bProduct, read_l1b_parts
from ipf.product.raster import Grid
from ipf.product.sensor_datastrip import METADATA_PATTERNS
from ipf.product.tile_reader import read_tile_metadata


class ReadL1bParameters(StepParameters):
    """How the datastrip is taken."""

    refining: bool = step_parameter(GeometricParameters, "refining")


@dataclass(frozen=True)
class Inputs:
    """Nothing: the job order names datastrip, granules and tile."""


@dataclass(frozen=True)
class TileFrame:
    """The tile that is made: its place, the grid of its 10 m images, and what earlier tasks made of it."""

    tile: MgrsTile
    grid: Grid
    folders: TileFolders


@dataclass(frozen=True)
class Outputs:
    """The granules, the tile, and the sensor model on the tile's terrain."""

    l1b_product: L1bProduct
    tile_frame: TileFrame
    sensor_scene: SensorScene


def area_of(tile: MgrsTile) -> MapArea:
    """The area of the map that a whole tile covers."""
    return MapArea(tile.epsg, float(tile.upper_left_x), float(tile.upper_left_y), TILE_SIZE_M)


def area_of_grid(grid: Grid) -> MapArea:
    """The area of the map that a grid covers, which may be smaller than a whole tile."""
    return MapArea(grid.epsg, grid.upper_left_x, grid.upper_left_y, grid.rows * grid.resolution)


def datastrip_of_request(request: TaskRequest) -> Path:
    """Folder of the datastrip; raises ProductError when the input holds none or several."""
    path = request.input_path(DATASTRIP)
    if not path.is_dir():
        return path
    found = [place for place in (path, *sorted(path.iterdir())) if place.is_dir() and _has_metadata(place)]
    if len(found) != 1:
        raise ProductError(f"{path}: {len(found)} datastrips, expected one")
    return found[0]


def _has_metadata(folder: Path) -> bool:
    return any(True for pattern in METADATA_PATTERNS for _ in folder.glob(pattern))


def granules_of_request(request: TaskRequest, pattern: str = METADATA_PATTERN) -> tuple[Path, ...]:
    """Folders of granules, in the inputs or below ``DB1``, ``DB2``, … in them; the first of a name counts.

    They are known by a file of metadata whose name fits `pattern`.
    """
    found: dict[str, Path] = {}
    for name in GRANULES:
        for path in request.inputs.get(name, ()):
            for folder in _granule_folders(path, pattern):
                found.setdefault(folder.name, folder)
    return tuple(found[name] for name in sorted(found))


def _granule_folders(path: Path, pattern: str) -> Iterator[Path]:
    for place in (path, *_subfolders(path)):
        if any(place.glob(pattern)):
            yield place
        elif place.name.startswith("DB"):
            yield from (folder for folder in _subfolders(place) if any(folder.glob(pattern)))


def _subfolders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir()) if path.is_dir() else []


def frame_of_request(request: TaskRequest) -> TileFrame:
    """The tile that this part of a task is about; ProductError where its metadata tell another place."""
    tile, folders = tile_of_request(request), folders_of_request(request)
    grid = read_tile_metadata(folders.metadata).grid
    if (grid.epsg, grid.upper_left_x, grid.upper_left_y) != (tile.epsg, tile.upper_left_x, tile.upper_left_y):
        raise ProductError(f"{folders.metadata}: the grid of another tile than {tile.name}")
    return TileFrame(tile, grid, folders)


def read(inputs: Inputs, parameters: ReadL1bParameters, context: Context) -> Outputs:
    """Open what the job order names; raises `ProductError` naming the file that cannot be used."""
    request = context.request
    product = read_l1b_parts(datastrip_of_request(request), granules_of_request(request))
    if not any(product.granules.values()):
        raise ProductError(f"{product.datastrip.file}: none of its granules is there")
    frame = frame_of_request(request)
    scene = SensorScene(
        product.datastrip,
        SensorFiles.of(request),
        area_of_grid(frame.grid),
        parameters.refining,
        context.workers,
        context.logger.warning,
    )
    return Outputs(product, frame, scene)


def refuse_bad_files(known: Mapping[str, Any], parameters: ReadL1bParameters, context: Context) -> Findings:
    """Refuse instrument files that cannot be used and holes in orbit and attitude, before pixels are read."""
    scene: SensorScene = known["sensor_scene"]
    scene.refuse_gaps()
    return Findings(auxiliary=scene.files.paths)


def missing_granules(product: L1bProduct) -> tuple[str, ...]:
    """Granules that the datastrip lists and that are not there."""
    return tuple(entry.identifier for entries in product.missing.values() for entry in entries)


def missing_images(product: L1bProduct, bands: Sequence[str]) -> tuple[str, ...]:
    """Granules that have no image, or an empty one, of some of `bands`, each with the bands that it lacks."""
    granules = (granule for there in product.granules.values() for granule in there)
    lacking = ((granule, [band for band in bands if band in granule.missing]) for granule in granules)
    return tuple(f"{granule.folder.name}: {', '.join(lacks)}" for granule, lacks in lacking if lacks)


read_l1b = SourceStep(
    name="read_l1b",
    summary="opens the Level-1B datastrip, its granules and the sensor model, no pixels",
    run=read,
    check=refuse_bad_files,
)
