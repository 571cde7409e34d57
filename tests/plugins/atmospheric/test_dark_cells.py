"""Dark targets told from tile to tile: the file, and that neighbours agree along their overlap."""

from __future__ import annotations

import dataclasses
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.atmospheric.aerosol_field import AerosolField, build_field
from ipf_plugins.atmospheric.cell_solution import BANDS, Scene
from ipf_plugins.atmospheric.dark_cells import (
    CELL_M,
    DENSE,
    DarkCells,
    cells_of,
    merge,
    read_dark_targets,
    write_dark_targets,
)
from ipf_plugins.atmospheric.dark_targets import dark_targets, look_at_files
from ipf_plugins.atmospheric.target_parameters import DarkTargetsParameters
from ipf_plugins.atmospheric.write_dark_targets import Inputs, write_dark_targets_step
from ipf_plugins.simulator.spectra import Cover

from ipf.engine.context import Context, TaskRequest
from ipf.engine.testing import StepCase, run_step
from ipf.errors import AuxiliaryError
from ipf.product.raster import Grid, Window
from tests.plugins.atmospheric.retrieval_scenes import (
    CORNER,
    SCENES,
    PatchScene,
    coefficients,
    patch_scene,
)

FORESTS = (Cover.BROADLEAF_FOREST, Cover.CONIFER_FOREST, Cover.DRY_SOIL)
CROPS = (Cover.GREEN_CROP, Cover.GRASS, Cover.ASPHALT)
SIZE = 9000
OVERLAP = 3000


@pytest.fixture(scope="module")
def tiles(reference_data: Path) -> tuple[tuple[PatchScene, DarkCells], tuple[PatchScene, DarkCells]]:
    """Two tiles under the same air, forest in the west and crops in the east, that share 3 km."""
    truth = coefficients(reference_data, SCENES[1])
    made = []
    for tile, covers, shift in (("T1", FORESTS, 0), ("T2", CROPS, SIZE - OVERLAP)):
        corner = (CORNER[0] + shift, CORNER[1] - 60)
        scene = patch_scene(truth, covers, size_m=SIZE, corner=corner, tile=tile, seed=5)
        case = StepCase(dark_targets, scene.layers(*BANDS), scene.models)
        made.append((scene, run_step(case).model.dark_cells))
    return made[0], made[1]


def field_of(
    tile: tuple[PatchScene, DarkCells], *others: DarkCells, smoothing_km: float = 5.0
) -> AerosolField:
    """The field of a tile that was given the targets of others."""
    scene, own = tile
    sensed = datetime.fromisoformat(own.sensed)
    known = Scene(own.tile, sensed, scene.grid, scene.model, scene.state)
    taken, _ = merge(own, others)
    return build_field(known, own, taken, DarkTargetsParameters(smoothing_km=smoothing_km))


@pytest.mark.parametrize("smoothing_km", [1.0, 5.0])
def test_neighbours_with_the_same_files_have_no_step(tiles: tuple, smoothing_km: float) -> None:
    west, east = tiles
    fields = (
        field_of(west, east[1], smoothing_km=smoothing_km),
        field_of(east, west[1], smoothing_km=smoothing_km),
    )
    first = (SIZE - OVERLAP) // 20
    rows, columns = SIZE // 20, OVERLAP // 20
    seen = fields[0].over(Window(0, first, rows, columns)), fields[1].over(Window(0, 0, rows, columns))
    difference = np.abs(seen[0] - seen[1])
    alone = field_of(west).over(Window(0, first, rows, columns)) - field_of(east).over(
        Window(0, 0, rows, columns)
    )
    print(f"together {difference.max():.5f}, alone {np.abs(alone).max():.5f}")
    assert difference.max() <= 1e-6
    assert np.abs(alone).max() > 0.01
    assert fields[0].tiles == fields[1].tiles == ("T1", "T2")


def test_the_order_of_the_files_and_an_own_old_file_change_nothing(tiles: tuple) -> None:
    west, east = tiles
    third = replace(east[1], tile="T0", aot=east[1].aot + 0.01)
    stale = replace(west[1], aot=west[1].aot + 1.0)
    one = field_of(west, east[1], third)
    assert one == field_of(west, third, stale, east[1])


def test_a_tile_without_targets_takes_those_of_its_neighbours(tiles: tuple) -> None:
    west, east = tiles
    bare = replace(east[1], kind="none", aot=np.full_like(east[1].aot, np.nan), share=0.0)
    found = field_of((east[0], bare), west[1])
    assert found.method == "SEN2COR_DDV"
    assert found.ddv_percentage == 0.0
    assert found.mean == pytest.approx(field_of(west).mean, abs=0.02)


def test_another_zone_is_left_out_with_a_note(tiles: tuple) -> None:
    west, east = tiles
    taken, notes = merge(west[1], [replace(east[1], epsg=32719)])
    assert [cells.tile for cells in taken] == ["T1"]
    assert "T2" in notes[0]
    assert "32719" in notes[0]


def test_another_pass_is_left_out_with_a_note(tiles: tuple) -> None:
    west, east = tiles
    later = datetime.fromisoformat(east[1].sensed) + timedelta(days=5)
    taken, notes = merge(west[1], [replace(east[1], sensed=later.isoformat())])
    assert [cells.tile for cells in taken] == ["T1"]
    assert "of another pass" in notes[0]


def test_a_file_gives_back_what_was_written(tiles: tuple, tmp_path: Path) -> None:
    path = tmp_path / "targets.npz"
    write_dark_targets(path, tiles[0][1])
    found = read_dark_targets(path)
    for field in dataclasses.fields(DarkCells):
        one, other = getattr(found, field.name), getattr(tiles[0][1], field.name)
        assert np.array_equal(one, other, equal_nan=True) if isinstance(one, np.ndarray) else one == other
    again = tmp_path / "again.npz"
    write_dark_targets(again, found)
    assert again.read_bytes() == path.read_bytes()


def spoiled(tiles: tuple, path: Path, **changes: object) -> Path:
    """A file with one array or one word of the header replaced."""
    write_dark_targets(path, tiles[0][1])
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    header.update({key: value for key, value in changes.items() if not isinstance(value, np.ndarray)})
    arrays.update({key: value for key, value in changes.items() if isinstance(value, np.ndarray)})
    arrays["header"] = np.array(json.dumps(header))
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "something else"},
        {"levels": [0.1]},
        {"aerosols": ["continental", "maritime"]},
        {"aot": np.zeros((1, 3))},
        {"row": np.zeros(3)},
        {"epsg": "far away"},
    ],
    ids=["format", "levels", "aerosols", "aot", "row", "epsg"],
)
def test_a_wrong_file_is_refused_by_name(tiles: tuple, tmp_path: Path, changes: dict) -> None:
    path = spoiled(tiles, tmp_path / "wrong.npz", **changes)
    with pytest.raises(AuxiliaryError, match=r"wrong\.npz"):
        read_dark_targets(path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.npz"
    path.write_bytes(content)
    with pytest.raises(AuxiliaryError, match=r"wrong\.npz"):
        read_dark_targets(path)
    with pytest.raises(AuxiliaryError, match="absent"):
        read_dark_targets(tmp_path / "absent.npz")


def context(tmp_path: Path, inputs: tuple[Path, ...] = (), output: str = "") -> Context:
    outputs = {"DARK_TARGETS": tmp_path / output} if output else {}
    request = TaskRequest("test", "00.00", "test", {"DARK_TARGETS": inputs}, outputs, {})
    return Context(request, datetime(2020, 1, 1, tzinfo=UTC), tmp_path, logging.getLogger("ipf"))


@pytest.mark.parametrize(("output", "name"), [("folder", "folder/DARK_TARGETS_T1.npz"), ("a.npz", "a.npz")])
def test_the_sink_writes_where_it_said(tiles: tuple, tmp_path: Path, output: str, name: str) -> None:
    scene, cells = tiles[0]
    here = context(tmp_path, output=output)
    step = write_dark_targets_step
    assert step.check is not None
    planned = step.check(scene.models, step.parameters(), here).outputs
    written = step.run(Inputs(scene.product, cells), step.parameters(), here)
    assert planned == written.files
    assert [file.path for file in planned] == [tmp_path / name]
    assert read_dark_targets(tmp_path / name).kind == DENSE


def test_the_check_reads_the_files_before_the_run(tiles: tuple, tmp_path: Path) -> None:
    scene, cells = tiles[0]
    far = tmp_path / "far.npz"
    write_dark_targets(far, replace(cells, epsg=32719, tile="T9"))
    notes = look_at_files(scene.models, DarkTargetsParameters(), context(tmp_path, (far,))).notes
    assert len(notes) == 1
    assert "T9" in notes[0]
    far.write_bytes(b"spoiled")
    with pytest.raises(AuxiliaryError, match=r"far\.npz"):
        look_at_files(scene.models, DarkTargetsParameters(), context(tmp_path, (far,)))


@pytest.mark.parametrize("corner", [CORNER, (300000.0, 5000040.0), (399960.0, 8700000.0)])
def test_cells_lie_on_the_projection(corner: tuple[float, float]) -> None:
    grid = Grid(32718, *corner, 10, 10980, 10980)
    whole, offset = cells_of(grid, 0, 0, 109800, 109800)
    assert (whole.row * CELL_M + offset[0], whole.column * CELL_M + offset[1]) == (-corner[1], corner[0])
    assert all(0 <= metres < CELL_M for metres in offset)
    assert whole.rows in (183, 184)
    part, _ = cells_of(grid, 10980, 0, 10980, 10980)
    assert part.row == (-corner[1] + 10980) // CELL_M
