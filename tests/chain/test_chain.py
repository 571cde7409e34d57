"""A test chain in small: our executable under the operational task table of the mode L1CTile."""

from __future__ import annotations

import time
from pathlib import Path

from ipf.joborder import read_job_order
from ipf.joborder.orchestrator import OrchestratorIcd
from tests.chain.conftest import MakeLayer, quality_table
from tests.chain.judge import ABORT_LIMIT_S, State


def test_the_whole_mode_runs_without_a_fault(make_layer: MakeLayer) -> None:
    layer = make_layer()
    outcome = layer.run()
    assert outcome.all_faults == []
    assert outcome.state is State.FINISHED
    assert [run.task.name for run, _ in outcome.runs] == [
        "TILE_INIT",
        "GEN_ORTHO_TOA",
        "GEN_ORTHO_TOA",
        "TILE_FINALIZE",
        "MASK_S2",
        "FORMAT_IMG_L1C",
        "FORMAT_IMG_L1C",
        "FORMAT_IMG_PVI_TCI",
        "FORMAT_METADATA_TILE_L1C",
    ]
    tiles = layer.base / "GEN_ORTHO_TOA" / "output" / "PDI_DS_TILE_LIST"
    assert sorted(path.name for path in tiles.iterdir()) == [
        "GEN_ORTHO_TOA_001_B00-B01-B02-B03-B04-B05.txt",
        "GEN_ORTHO_TOA_001_B06-B07-B08-B09-B10-B11-B12.txt",
    ]
    finalised = layer.base / "TILE_FINALIZE/output/PDI_DS_TILE_LIST/TILE_FINALIZE_001.txt"
    assert "GEN_ORTHO_TOA_001_B00" in finalised.read_text(), "the merged folder of links was not followed"
    assert "TILE_INIT_001.txt" in finalised.read_text()


def test_a_failing_slice_stops_the_mode_and_leaves_its_sibling_s_output(make_layer: MakeLayer) -> None:
    layer = make_layer(IPF_STAND_IN_FAULT="GEN_ORTHO_TOA:fail:B00")
    outcome = layer.run()
    assert outcome.all_faults == []
    assert outcome.state in (State.ERROR, State.ABORTED)
    failed = [run for run, verdict in outcome.runs if verdict.state is State.ERROR]
    assert [(run.task.name, run.exit_code) for run in failed] == [("GEN_ORTHO_TOA", 167)]
    assert {run.task.name for run, _ in outcome.runs} == {"TILE_INIT", "GEN_ORTHO_TOA"}
    assert (layer.base / "TILE_INIT/output/PDI_DS_TILE_LIST/TILE_INIT_001.txt").exists()
    assert not list(layer.base.rglob("GEN_ORTHO_TOA_001_B00*.txt"))


def test_an_abort_ends_every_process_in_time(make_layer: MakeLayer) -> None:
    layer = make_layer(IPF_STAND_IN_FAULT="GEN_ORTHO_TOA:sleep")
    outcome = layer.run(abort_when=lambda: begun(layer.base, 2))
    assert outcome.all_faults == []
    assert outcome.state is State.ABORTED
    aborted = [run for run, verdict in outcome.runs if verdict.state is State.ABORTED]
    assert [run.exit_code for run in aborted] == [130, 130]
    assert max(run.abort_seconds for run in aborted) < ABORT_LIMIT_S


def begun(base: Path, count: int) -> bool:
    """Whether `count` slices of GEN_ORTHO_TOA have begun to work."""
    logs = list(base.glob("GEN_ORTHO_TOA_*.log"))
    if sum("step write_outputs started" in log.read_text() for log in logs) < count:
        return False
    time.sleep(0.1)
    return True


def test_quality_checks_share_one_executable_and_get_a_report_folder(
    make_layer: MakeLayer, icd: OrchestratorIcd
) -> None:
    layer = make_layer(table=quality_table("OLQC_DS_L1C", "OLQC_TILE_L1C"))
    outcome = layer.run()
    assert outcome.all_faults == []
    assert [run.sheet.task_name for run, _ in outcome.runs] == ["OLQC", "OLQC"]
    for run, _ in outcome.runs:
        assert read_job_order(Path(run.command[1])).tasks[0].name == "OLQC"
        assert (run.file("output", "REPORT") / "report.xml").exists()
