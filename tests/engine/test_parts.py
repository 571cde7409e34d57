"""Tasks over several tiles or detectors: one chain, planned and run for each part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ipf.atomic import write_text
from ipf.engine import (
    DeferredTask,
    Findings,
    NoParameters,
    PlannedFile,
    RunOptions,
    SinkStep,
    Status,
    TaskDefinition,
    TaskRequest,
    Written,
    hookimpl,
    load_plugins,
)
from ipf.engine.plugins import Provider
from ipf.errors import NothingToMakeError, PlanError, ProductError
from ipf.joborder import Input, JobOrder, Output, Task, write_job_order
from tests.engine.conftest import Workshop
from tests.engine.toy import FORMAT, FormatInputs, ToyPlugin


def tiles(request: TaskRequest) -> list[str]:
    """The words of the input after its first."""
    return request.input_path("TOY").read_text().split()[1:]


def target(context: Any) -> Path:
    folder: Path = context.request.output_path("SUMS")
    return folder / f"{context.request.part}.txt"


def plan_format(known: Mapping[str, Any], parameters: NoParameters, context: Any) -> Findings:
    if context.request.part == "bad":
        raise ProductError("a bad tile")
    if context.request.part.startswith("empty"):
        raise NothingToMakeError(f"nothing is seen of {context.request.part}")
    return Findings(outputs=(PlannedFile("SUMS", target(context)),), notes=(f"tile {context.request.part}",))


def write_sums(inputs: FormatInputs, parameters: NoParameters, context: Any) -> Written:
    for raster in inputs.boa_reflectance.values():
        raster.release()
    context.progress(0.5)
    if context.request.part == "worse":
        raise ProductError("a worse tile")
    write_text(target(context), f"toy again {context.request.part}\n")
    return Written((PlannedFile("SUMS", target(context)),), {"tile": context.request.part})


class TiledPlugin:
    @hookimpl
    def ipf_tasks(self) -> list[TaskDefinition]:
        steps = ("open_toy", "smooth", "mean", "surface_reflectance", "format_tile")
        return [TaskDefinition(name="TILED", steps=steps, parts=tiles)]

    @hookimpl
    def ipf_steps(self) -> list[SinkStep]:
        return [replace(FORMAT, name="format_tile", run=write_sums, check=plan_format)]


@pytest.fixture
def tiled(tmp_path: Path) -> Workshop:
    plugins = load_plugins(use_entry_points=False)
    plugins.register(ToyPlugin(), Provider("toys", "1.0", 1))
    plugins.register(TiledPlugin(), Provider("tiles", "1.0", 1))
    (tmp_path / "toy.txt").write_text("toy one two three\n")
    return Workshop(tmp_path, plugins)


def job(workshop: Workshop, *tasks: Task) -> Path:
    path = workshop.folder / "JobOrder.2.xml"
    write_job_order(JobOrder("mmfi", "TILES", "01.00", tasks), path)
    return path


def tiled_task(source: str = "toy.txt", folder: str = "out") -> Task:
    output = Output("SUMS", (folder,), "Directory")
    return Task("TILED", "01.00", (Input("TOY", (source,)),), (output,))


def test_each_part_is_planned_and_run_and_told_as_one_task(tiled: Workshop) -> None:
    path = job(tiled, tiled_task())
    plan = tiled.plan(path)
    assert [each.title for each in plan.tasks] == ["TILED one", "TILED two", "TILED three"]
    report = tiled.run(path)
    assert report.status is Status.OK, report.error
    names = [tiled.folder / "out" / f"{tile}.txt" for tile in ("one", "two", "three")]
    assert [(task.name, list(task.outputs)) for task in report.tasks] == [("TILED", names)]
    assert report.tasks[0].figures == {"tile": "three"}
    assert sorted(tiled.recorder.fractions) == tiled.recorder.fractions
    assert tiled.recorder.fractions[-1] == 1.0
    assert (
        sum(fraction == 1.0 for fraction in tiled.recorder.fractions) == 2
    )  # of the last sink, and the task


def test_a_bad_part_refuses_the_task_before_any_runs(tiled: Workshop) -> None:
    (tiled.folder / "toy.txt").write_text("toy one bad\n")
    with pytest.raises(ProductError, match="a bad tile"):
        tiled.plan(job(tiled, tiled_task()))


def test_a_part_of_nothing_is_left_out_where_others_remain(tiled: Workshop) -> None:
    (tiled.folder / "toy.txt").write_text("toy empty one empty2 two\n")
    path = job(tiled, tiled_task(), tiled_task("out/one.txt", "more"))
    report = tiled.run(path)
    assert report.status is Status.WARNING
    assert [task for task in report.warnings if "left out" in task] == [
        "task TILED: left out: nothing is seen of empty",
        "task TILED: left out: nothing is seen of empty2",
    ]
    assert [len(task.outputs) for task in report.tasks] == [2, 2]
    assert sorted(path.name for path in (tiled.folder / "out").iterdir()) == ["one.txt", "two.txt"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ("empty", r"^nothing is seen of empty$"),
        ("empty empty2", r"task TILED: nothing to make any of its 2 parts of, .*: nothing is seen of empty$"),
    ],
)
def test_a_task_of_which_nothing_remains_is_refused(tiled: Workshop, parts: str, message: str) -> None:
    (tiled.folder / "toy.txt").write_text(f"toy {parts}\n")
    with pytest.raises(NothingToMakeError, match=message):
        tiled.plan(job(tiled, tiled_task()))


def test_a_part_that_fails_ends_the_run_and_leaves_those_before_it(tiled: Workshop) -> None:
    (tiled.folder / "toy.txt").write_text("toy one worse two\n")
    report = tiled.run(job(tiled, tiled_task()))
    assert (report.status, report.error) == (Status.FAILED, "a worse tile")
    assert [path.name for path in (tiled.folder / "out").iterdir()] == ["one.txt"]


def test_nothing_to_do_is_refused(tiled: Workshop) -> None:
    (tiled.folder / "toy.txt").write_text("toy\n")
    with pytest.raises(PlanError, match=r"task TILED: its inputs give it nothing to do"):
        tiled.plan(job(tiled, tiled_task()))


def test_parts_that_write_one_file_are_refused(tiled: Workshop) -> None:
    (tiled.folder / "toy.txt").write_text("toy one one\n")
    with pytest.raises(PlanError, match=r"TILED one would write .*one\.txt, which task TILED one writes"):
        tiled.plan(job(tiled, tiled_task()))


def test_the_parts_of_what_an_earlier_task_makes(tiled: Workshop) -> None:
    path = job(tiled, tiled_task(), tiled_task("out/one.txt", "more"))
    assert isinstance(tiled.plan(path).tasks[-1], DeferredTask)
    (tiled.folder / "toy.txt").write_text("toy one two\n")
    report = tiled.run(path)
    assert report.status is Status.OK, report.error
    assert [len(task.outputs) for task in report.tasks] == [2, 2]
    assert (tiled.folder / "more" / "again.txt").read_text() == "toy again again\n"


def test_breakpoints_of_parts_stand_beside_one_another(tiled: Workshop) -> None:
    options = RunOptions(breakpoints={"smooth": tiled.folder / "smooth.tif"})
    report = tiled.run(job(tiled, tiled_task()), options)
    assert report.status is Status.OK, report.error
    found = sorted(path.name for path in tiled.folder.glob("smooth_*.tif"))
    assert found == ["smooth_one.tif", "smooth_three.tif", "smooth_two.tif"]
