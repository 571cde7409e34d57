"""Step `write_tile_list`: the tiles under a datastrip, as the tasks that follow take them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipf_plugins.geometric.read_l1b import datastrip_of_request
from ipf_plugins.geometric.sensor_scene import SensorScene
from ipf_plugins.geometric.strip_footprint import footprint_of_request, identifier_of
from ipf_plugins.geometric.task_table import DATASTRIP
from ipf_plugins.geometric.tile_list import LIST_TYPE, TileList
from ipf_plugins.geometric.tile_list import write_tile_list as write_list

from ipf.atomic import write_bytes
from ipf.auxiliary.l1_gipp import TilingParameters
from ipf.auxiliary.l1_gipp_model import step_parameter
from ipf.engine import Context, Findings, PlannedFile, SinkStep, StepParameters, TaskRequest, Written
from ipf.errors import ProductError
from ipf.geometry.acquisition import FloatArray
from ipf.geometry.footprints import area_of_ring
from ipf.geometry.tiles import MgrsTile, tiles_under
from ipf.product.sensor_datastrip import SensorDatastrip

LIST_FILE = f"{LIST_TYPE.lower()}.xml"


class TileListParameters(StepParameters):
    """Which tiles count."""

    smallest_share: float = step_parameter(TilingParameters, "smallest_share")


@dataclass(frozen=True)
class Inputs:
    """The datastrip and its sensor model."""

    datastrip: SensorDatastrip
    sensor_scene: SensorScene


def list_path(request: TaskRequest) -> Path:
    """The file that the job order asks for, in the folder where it asks for one."""
    path = request.output_path(LIST_TYPE)
    return path / LIST_FILE if LIST_TYPE in request.folders else path


def _copies(request: TaskRequest) -> Iterator[tuple[Path, Path]]:
    """Files of the datastrip, and where they are copied to when the job order asks for it."""
    if DATASTRIP in request.outputs:
        source = datastrip_of_request(request)
        folder = source if source.is_dir() else source.parent
        for path in sorted(folder.rglob("*")) if source.is_dir() else [source]:
            if path.is_file():
                yield path, request.outputs[DATASTRIP] / folder.name / path.relative_to(folder)


def tiles_of_rings(rings: Sequence[FloatArray], smallest_share: float, file: Path) -> tuple[MgrsTile, ...]:
    """The tiles under the rings of the datastrip `file`, by their names; ProductError when there are none."""
    found: set[MgrsTile] = set()
    for ring in rings:
        found |= set(tiles_under(ring, smallest_share))
    if not found:
        raise ProductError(f"{file}: covers no tile by more than {smallest_share:.2%} of its area")
    return tuple(sorted(found))


def plan(known: Mapping[str, Any], parameters: TileListParameters, context: Context) -> Findings:
    """Promise the list, and the copy where one is wanted; tells the tiles, which need no pixels."""
    datastrip: SensorDatastrip = known["datastrip"]
    rings = footprint_of_request(context.request, datastrip, known["sensor_scene"])
    tiles = tiles_of_rings(rings, parameters.smallest_share, datastrip.file)
    copies = (PlannedFile(DATASTRIP, target) for _, target in _copies(context.request))
    names = ", ".join(tile.name for tile in tiles)
    return Findings(
        outputs=(PlannedFile(LIST_TYPE, list_path(context.request)), *copies),
        notes=(f"{len(tiles)} tiles: {names}",),
    )


def write(inputs: Inputs, parameters: TileListParameters, context: Context) -> Written:
    """Write the list, and copy the datastrip where the job order asks for it."""
    request = context.request
    rings = footprint_of_request(request, inputs.datastrip, inputs.sensor_scene)
    tiles = tiles_of_rings(rings, parameters.smallest_share, inputs.datastrip.file)
    path = list_path(request)
    write_list(path, TileList(identifier_of(inputs.datastrip), tiles))
    files = [PlannedFile(LIST_TYPE, path)]
    for source, target in _copies(request):
        write_bytes(target, source.read_bytes())
        files.append(PlannedFile(DATASTRIP, target))
    figures = {"TILES": float(len(tiles)), "FOOTPRINT_KM2": sum(map(area_of_ring, rings)) / 1e6}
    return Written(tuple(files), figures)


write_tile_list = SinkStep(
    name="write_tile_list",
    summary="the tiles that the datastrip covers",
    run=write,
    check=plan,
)
