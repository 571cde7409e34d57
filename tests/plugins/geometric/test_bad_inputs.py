"""Tasks of the sensor model from job orders of which one input is bad: one line, its exit code, no output."""

from __future__ import annotations

from pathlib import Path

import pytest
from ipf_plugins.geometric.tile_list import TileList, write_tile_list

from ipf.geometry.tiles import tile_of_name
from tests.cli.programs import Called
from tests.plugins.geometric.bad_inputs import BAD_INPUTS, Inputs
from tests.plugins.geometric.chain_jobs import JobTask, run_job

TASKS = {
    "UPDATE_LOC": ("PDI_DS", "PDI_DS_GR_LIST", "FRAME_FILE", "VECTOR_DS_FOOTPRINT"),
    "INIT_LOC_L1": ("PDI_DS_GR_LIST", "VECTOR"),
    "GEO1B_FINALIZE": ("PDI_DS_GR_LIST", "VECTOR"),
    "GET_TILE_LIST": ("TILE_LIST_FILE",),
    "TILE_INIT": ("PDI_DS_TILE_LIST",),
}


@pytest.fixture
def inputs(reference_data: Path, tmp_path: Path) -> Inputs:
    """Those of all tasks, with nothing wrong."""
    folder = reference_data / "geometry_madeira"
    write_tile_list(tmp_path / "list.xml", TileList("Madeira", (tile_of_name("28SCB"),)))
    return {
        "PDI_DS": [folder / "DATASTRIP"],
        "PDI_DS_GR_LIST": [folder / "GRANULE"],
        "TILE_LIST_FILE": [tmp_path / "list.xml"],
        "GIP_SPAMOD": sorted((folder / "GIPP").glob("*SPAMOD*")),
        "GIP_VIEDIR": sorted((folder / "GIPP").glob("*VIEDIR*")),
        "DEM_SRTM": [folder / "DEM_SRTM"],
        "DEM_GEOID": [folder / "DEM_GEOID"],
    }


def run(task: str, inputs: Inputs, folder: Path) -> Called:
    """Run a task of one detector on what of the inputs it takes."""
    located = "PDI_DS_GR_LIST" in TASKS[task]
    taken = {
        kind: paths
        for kind, paths in inputs.items()
        if (kind != "PDI_DS_GR_LIST" or located) and (kind != "TILE_LIST_FILE" or task == "TILE_INIT")
    }
    outputs = {kind: folder / "out" / kind for kind in TASKS[task]}
    parameters = {"PARALLEL_DETECTOR_IDENT": "08"} if located else {}
    return run_job(folder / "job.xml", [JobTask(task, taken, outputs)], parameters)


def errors(called: Called) -> list[str]:
    return [line for line in called.stdout.splitlines() if " [E] " in line]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_inputs(name: str, task: str, inputs: Inputs, tmp_path: Path, reference_data: Path) -> None:
    bad = BAD_INPUTS[name]
    called = run(task, bad.change(inputs, tmp_path, reference_data), tmp_path)
    assert called.code == bad.code, called.error
    (line,) = errors(called)
    assert bad.message in line
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


@pytest.mark.parametrize("task", TASKS)
def test_good_inputs(task: str, inputs: Inputs, tmp_path: Path) -> None:
    called = run(task, inputs, tmp_path)
    assert called.code == 0, called.error
    assert not errors(called)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
