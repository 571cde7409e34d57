"""The test double itself: its job orders carry the real quirks, and its judge can find every fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from ipf.joborder import read_job_order
from ipf.joborder.orchestrator import OrchestratorIcd, Partition
from ipf.joborder.tasktable_model import TaskTable
from tests.chain.conftest import MakeLayer, quality_table
from tests.chain.judge import State
from tests.chain.management_layer import NOT_FOUND, ManagementLayer

LINE = "2024-05-01T10:30:00.000000 node Chain 06.01 [0000004711]:"
REPORT = (
    "<Product_Report><Status>{status}</Status><List_of_Ipf_Procs><Ipf_Proc><Task_Name>{task}</Task_Name>"
    "</Ipf_Proc></List_of_Ipf_Procs></Product_Report>"
)


def test_job_orders_have_the_orchestrator_s_quirks(make_layer: MakeLayer, table: TaskTable) -> None:
    layer = make_layer()
    runs = [layer.prepare(table.task("TILE_INIT")), layer.prepare(table.task("GEN_ORTHO_TOA"))]
    first, second = runs[1]
    root = etree.parse(first.command[1]).getroot()
    inputs = root.find(".//List_of_Inputs")
    assert inputs is not None
    assert int(inputs.get("count", "")) == len(inputs) - 1
    name = root.findtext(".//File_Name")
    assert name is not None
    assert name.startswith("\n")
    order, other = read_job_order(first.command[1]), read_job_order(second.command[1])
    types = [entry.file_type for entry in order.tasks[0].inputs]
    assert sorted(types) == sorted(entry.file_type for entry in other.tasks[0].inputs)
    assert types != [entry.file_type for entry in other.tasks[0].inputs], "the order is arbitrary"
    assert {"WORKING", "IDP_INFOS"} <= set(types)
    (viewing,) = order.tasks[0].inputs_of_type("GIP_VIEDIR")
    assert len(viewing.files) == 13
    assert all(Path(path).is_symlink() and Path(path).exists() for path in viewing.files)
    (tiles,) = order.tasks[0].inputs_of_type("PDI_DS_TILE_LIST")
    assert Path(tiles.files[0]).resolve() == (layer.base / "TILE_INIT/output/PDI_DS_TILE_LIST").resolve()
    (output,) = order.tasks[0].outputs_of_type("PDI_DS_TILE_LIST")
    assert output.path == other.tasks[0].outputs_of_type("PDI_DS_TILE_LIST")[0].path, "slices share folders"
    assert order.tasks[0].outputs_of_type("REPORT") != other.tasks[0].outputs_of_type("REPORT")


def test_slices_are_the_combinations_of_the_parallel_axes(
    make_layer: MakeLayer, table: TaskTable, icd: OrchestratorIcd
) -> None:
    layer = make_layer()
    layer.configuration = replace(
        layer.configuration,
        is_parallel={"BAND": True, "TILE": True},
        global_parameters={"PARALLEL_TILE_IDENT": "T31TCJ-T31TDJ-T31TEJ"},
        partitions=(Partition("BAND", (13,)), Partition("TILE", (2,))),
    )
    slices = layer.slices(table.task("GEN_ORTHO_TOA"))
    assert len(slices) == 26
    assert {each["PARALLEL_TILE_IDENT"] for each in slices} == {"T31TCJ", "T31TDJ-T31TEJ"}
    assert {each["PARALLEL_BAND_IDENT"] for each in slices} == {f"B{number:02d}" for number in range(13)}
    assert len(layer.slices(table.task("MASK_S2"))) == 2


def test_granules_are_divided_into_runs(make_layer: MakeLayer, icd: OrchestratorIcd) -> None:
    layer = make_layer()
    layer.granules = 5
    layer.configuration = replace(
        layer.configuration,
        is_parallel={"GRANULE": True},
        partitions=(Partition("GRANULE", (2, 12)),),
    )
    task = replace(layer.table.tasks[0], name="FORMAT_METADATA_GR_L0C")
    bounds = [(each["PARALLEL_GRANULE_BEGIN"], each["PARALLEL_GRANULE_END"]) for each in layer.slices(task)]
    assert bounds == [("001", "002"), ("003", "005")]


FAULTS = [
    ("exit code 2 of a strict task", "OLQC", "exit 2", "exit code 2"),
    ("another line in the log", "TILE_INIT", "echo 'Traceback (most recent call last):'", "not a log line"),
    ("no report", "TILE_INIT", 'rm -r "$REPORT"', "report: "),
    ("a report of another task", "TILE_INIT", 'echo "$OTHER" > "$REPORT"', "report: of task OTHER"),
    ("a report that tells of a failure", "TILE_INIT", 'echo "$FAILED" > "$REPORT"', "status FAILED"),
    ("a report that is not XML", "TILE_INIT", 'echo "<Product" > "$REPORT"', "report: "),
    (
        "a failure without an error line",
        "TILE_INIT",
        'echo "$FAILED" > "$REPORT"; exit 128',
        "without an error",
    ),
    ("an error line without a failure", "TILE_INIT", 'echo "$LINE [E] bad"', "without a failure"),
    ("no output", "TILE_INIT", 'rm -r "$OUTPUT"', "is missing"),
    ("a list", "TILE_INIT", 'touch "$BASE/17.LIST"', "a list in a chain that has none"),
    ("a temporary file", "TILE_INIT", 'touch "$OUTPUT/.ipf-x"', "leftover"),
    ("an input written through", "TILE_INIT", 'echo more >> "$INPUT"', "an input was changed"),
    ("a death by signal", "TILE_INIT", "kill -9 $$", "killed by signal 9"),
]


@pytest.mark.parametrize(("name", "task", "script", "fault"), FAULTS, ids=[each[0] for each in FAULTS])
def test_the_judge_finds(
    tmp_path: Path, make_layer: MakeLayer, name: str, task: str, script: str, fault: str
) -> None:
    outcome = one_task(tmp_path, make_layer, task, script).run()
    assert any(fault in found for found in outcome.all_faults), outcome.all_faults


def test_the_judge_finds_nothing_where_nothing_is(tmp_path: Path, make_layer: MakeLayer) -> None:
    outcome = one_task(tmp_path, make_layer, "TILE_INIT", "true").run()
    assert (outcome.all_faults, outcome.state) == ([], State.FINISHED)


@pytest.mark.parametrize(("code", "state", "warned"), [(3, State.FINISHED, True), (128, State.ERROR, False)])
def test_exit_codes_are_read_as_the_orchestrator_does(
    tmp_path: Path, make_layer: MakeLayer, code: int, state: State, warned: bool
) -> None:
    ((_, verdict),) = one_task(tmp_path, make_layer, "TILE_INIT", f"exit {code}").run().runs
    assert (verdict.state, verdict.warned) == (state, warned)


def test_an_executable_that_is_not_there(tmp_path: Path, make_layer: MakeLayer) -> None:
    layer = one_task(tmp_path, make_layer, "TILE_INIT", "true")
    layer.executables = tmp_path / "nowhere"
    ((run, verdict),) = layer.run().runs
    assert (run.exit_code, verdict.state) == (NOT_FOUND, State.ERROR)


def test_an_abort_that_is_not_obeyed_is_a_fault(tmp_path: Path, make_layer: MakeLayer) -> None:
    layer = one_task(tmp_path, make_layer, "TILE_INIT", "trap '' INT; touch \"$BASE/begun\"; sleep 30")
    outcome = layer.run(abort_when=lambda: (layer.base / "begun").exists())
    assert any("abort took 5." in fault for fault in outcome.all_faults), outcome.all_faults


@pytest.mark.parametrize(("seconds", "is_fault"), [("0.3", False), ("3", True)])
def test_work_that_was_done_when_the_abort_came_may_end_well_but_not_go_on(
    tmp_path: Path, make_layer: MakeLayer, seconds: str, is_fault: bool
) -> None:
    layer = one_task(
        tmp_path, make_layer, "TILE_INIT", f"trap '' INT; touch \"$BASE/begun\"; sleep {seconds}"
    )
    outcome = layer.run(abort_when=lambda: (layer.base / "begun").exists())
    assert any("exit code 0" in fault for fault in outcome.all_faults) is is_fault, outcome.all_faults


def one_task(tmp_path: Path, make_layer: MakeLayer, task: str, script: str) -> ManagementLayer:
    """A layer of one task, whose executable behaves well and then runs `script`."""
    program = tmp_path / "program.sh"
    program.write_text(
        PROGRAM.format(
            line=LINE,
            ok=REPORT.format(status="OK", task="$TASK"),
            script=script,
            failed=REPORT.format(status="FAILED", task="$TASK"),
            other=REPORT.format(status="OK", task="OTHER"),
        )
    )
    program.chmod(0o755)
    if task == "OLQC":
        return make_layer(program, quality_table("OLQC_DS_L1C"))
    layer = make_layer(program)
    layer.table = replace(layer.table, pools=layer.table.pools[:1])
    return layer


PROGRAM = """#!/bin/bash
TASK=$(basename "$0" .bash)
BASE=$(dirname "$1")
LINE="{line}"
FAILED="{failed}"
OTHER="{other}"
REPORT=$(echo "$BASE/$TASK"*/REPORT_*)/report.xml
OUTPUT=$BASE/$TASK/output/PDI_DS_TILE_LIST
INPUT=$BASE/$TASK/input/ECMWF/ecmwf.txt
[ -d "$OUTPUT" ] && touch "$OUTPUT/a"
echo "{ok}" > "$REPORT"
echo "$LINE [I] done"
{script}
"""
