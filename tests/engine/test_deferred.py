"""Tasks that read what an earlier task of the job makes: outlined first, planned when their turn comes."""

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
    Plan,
    PlannedFile,
    RunOptions,
    Setting,
    SinkStep,
    Status,
    TaskDefinition,
    TaskPlan,
    TaskRequest,
    TaskSettings,
    Written,
    hookimpl,
)
from ipf.engine.plugins import Provider
from ipf.errors import IpfError, ParameterError, PlanError, PluginError, ProductError, ResourceError
from ipf.joborder import Input, JobOrder, Output, Parameter, Task, write_job_order
from tests.engine.conftest import Workshop
from tests.engine.test_runner import expected_sums
from tests.engine.toy import TASK, FormatInputs, plan_format, write_sums


def task(source: str, target: str, name: str = "TOY", *inputs: Input) -> Task:
    return Task(name, "01.00", (Input("TOY", (source,)), *inputs), (Output("SUMS", (target,)),))


FIRST = task("toy.txt", "out/sums.txt")
SECOND = task("out/sums.txt", "out/more.txt", "TOY_TASK")


def job(workshop: Workshop, *tasks: Task, **parameters: str) -> Path:
    """A job order of these tasks."""
    path = workshop.folder / "JobOrder.2.xml"
    given = tuple(Parameter(name.replace("__", "."), value) for name, value in parameters.items())
    write_job_order(JobOrder("mmfi", "TOYS", "01.00", tasks, parameters=given), path)
    return path


def test_a_task_waits_for_what_an_earlier_one_makes(workshop: Workshop) -> None:
    plan = workshop.plan(job(workshop, FIRST, SECOND, GAIN="1.25"))
    first, second = plan.tasks
    assert isinstance(first, TaskPlan)
    assert isinstance(second, DeferredTask)
    assert plan.deferred == (second,)
    assert second.awaited == {"TOY": (workshop.sums,)}
    assert [(each.step.name, each.pass_number) for each in second.steps] == [
        (each.step.name, each.pass_number) for each in first.steps
    ]
    (surface,) = (each for each in second.steps if each.step.name == "surface_reflectance")
    assert [(each.value, each.origin[:9]) for each in surface.parameter_origins] == [(1.25, "job order")]
    assert second.outputs == ()
    assert plan.memory_bytes == first.memory_bytes > 0
    assert not workshop.sums.exists()


@pytest.mark.parametrize("stale", ["", "bear", "toy of last year\n"])
def test_both_tasks_run_whatever_an_earlier_run_has_left(workshop: Workshop, stale: str) -> None:
    if stale:
        workshop.sums.parent.mkdir()
        workshop.sums.write_text(stale)
    report = workshop.run(job(workshop, FIRST, SECOND))
    assert report.status is Status.OK, report.error
    more = workshop.sums.with_name("more.txt")
    assert [(each.name, each.outputs) for each in report.tasks] == [
        ("TOY", (workshop.sums,)),
        ("TOY_TASK", (more,)),
    ]
    assert workshop.sums.read_text() == expected_sums()
    assert more.read_text() == expected_sums().replace("toy one\n", expected_sums())
    told = [text for level, text in workshop.recorder.messages if level == "INFO"]
    assert told.index(f"task TOY_TASK is planned when {workshop.sums} is made") < told.index(
        "task TOY started"
    )


def test_three_tasks_may_be_a_chain(workshop: Workshop) -> None:
    third = task("out/more.txt", "out/most.txt", "TOY_TASK")
    report = workshop.run(job(workshop, FIRST, SECOND, third))
    assert report.status is Status.OK, report.error
    assert len((workshop.folder / "out" / "most.txt").read_text().splitlines()) == 1 + 3 * 3


@pytest.mark.parametrize(
    ("source", "awaited"),
    [
        ("link/sums.txt", True),
        ("out/sums.txt/inside", True),
        ("out", True),
        ("out/../out/sums.txt", True),
        ("toy.txt", False),
        ("out/sums.txt.old", False),
    ],
)
def test_awaited_is_what_is_made_stands_in_it_or_holds_it(
    workshop: Workshop, source: str, awaited: bool
) -> None:
    (workshop.folder / "link").symlink_to("out", target_is_directory=True)
    (workshop.folder / "out").mkdir()
    (workshop.folder / "out" / "sums.txt.old").write_text("toy of last year")
    plan = workshop.plan(job(workshop, FIRST, task(source, "more.txt")))
    assert [each.awaited for each in plan.deferred] == (
        [{"TOY": (workshop.folder / source.replace("out/../", ""),)}] if awaited else []
    )


def test_a_working_folder_is_shared_and_nobody_reads_a_report(workshop: Workshop) -> None:
    (workshop.folder / "out").mkdir()
    working = Input("WORKING", ("out",))
    plan = workshop.plan(job(workshop, FIRST, task("toy.txt", "out/more.txt", "TOY", working)))
    assert plan.deferred == ()
    reporting = replace(FIRST, outputs=(*FIRST.outputs, Output("REPORT", ("report.xml",))))
    with pytest.raises(PlanError, match=r"input TOY: .*report\.xml does not exist"):
        workshop.plan(job(workshop, reporting, task("report.xml", "more.txt")))


def test_nothing_is_awaited_from_a_later_task_or_one_that_is_not_run(workshop: Workshop) -> None:
    missing = r"task TOY_TASK: input TOY: .*sums\.txt does not exist"
    with pytest.raises(PlanError, match=missing):
        workshop.plan(job(workshop, FIRST, SECOND), RunOptions(task="TOY_TASK"))
    with pytest.raises(PlanError, match=missing):
        workshop.plan(job(workshop, SECOND, FIRST))


class Reader:
    """A task that has parameters of its own, settings from its inputs, and an input that it must have."""

    def __init__(self) -> None:
        self.asked: list[TaskRequest] = []

    def settings(self, request: TaskRequest) -> TaskSettings:
        self.asked.append(request)
        gain = Setting("surface_reflectance", "gain", 0.5, "preset")
        return TaskSettings((gain,), ("odd preset",))

    @hookimpl
    def ipf_tasks(self) -> list[TaskDefinition]:
        return [replace(TASK, name="READER", aliases=(), settings=self.settings)]


def test_settings_are_asked_for_without_and_then_with_what_is_awaited(workshop: Workshop) -> None:
    reader = Reader()
    workshop.plugins.register(reader, Provider("reader", "1", 1))
    report = workshop.run(job(workshop, FIRST, task("out/sums.txt", "out/more.txt", "READER")))
    assert report.exit_code == 0, report.error
    assert [request.inputs for request in reader.asked] == [{"TOY": ()}, {"TOY": (workshop.sums,)}]
    assert (
        workshop.sums.with_name("more.txt").read_text().endswith(expected_sums(0.5).removeprefix("toy one\n"))
    )
    assert [text for text in report.warnings if text == "odd preset"] == ["odd preset"]


@pytest.mark.parametrize(
    ("second", "parameters", "kind", "message"),
    [
        (SECOND, {"GAIN": "7"}, ParameterError, r"surface_reflectance\.gain = '7'"),
        (SECOND, {"smooth__colour": "1"}, ParameterError, r"smooth\.colour .*unknown"),
        (SECOND, {"smoth__bright": "1"}, ParameterError, "no step is called smoth"),
        (task("out/sums.txt", "more", "NOPE"), {}, PluginError, "no task is called NOPE"),
        (replace(SECOND, outputs=()), {}, PlanError, "task TOY_TASK: no output of type SUMS"),
        (replace(SECOND, inputs=(Input("ELSE", ("out/sums.txt",)),)), {}, PlanError, "no input of type TOY"),
        (task("out/sums.txt", "toy.txt/x", "TOY_TASK"), {}, PlanError, r"toy\.txt/x cannot be written"),
        (task("out/sums.txt", "out/sums.txt/x", "TOY_TASK"), {}, PlanError, "would write into input TOY"),
        (
            task("out/sums.txt", "more.txt", "TOY_TASK", Input("MORE", ("absent",))),
            {},
            PlanError,
            "input MORE: .*absent does not exist",
        ),
    ],
)
def test_what_needs_no_input_is_refused_before_anything_runs(
    workshop: Workshop, second: Task, parameters: dict[str, str], kind: type[IpfError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        workshop.plan(job(workshop, FIRST, second, **parameters))


def test_breakpoints_of_a_task_that_waits_are_checked(workshop: Workshop) -> None:
    path = job(workshop, FIRST, SECOND)
    with pytest.raises(PlanError, match="breakpoint nothing: no step of task TOY makes it"):
        workshop.plan(path, RunOptions(breakpoints={"nothing": workshop.folder / "x.tif"}))
    with pytest.raises(PlanError, match=r"TOY_TASK would write .*x\.tif, which task TOY writes"):
        workshop.plan(path, RunOptions(breakpoints={"smooth": workshop.folder / "x.tif"}))


class Bears:
    """A sink whose file is no toy."""

    @hookimpl
    def ipf_steps(self) -> list[Any]:
        return [SinkStep(name="format_sums", run=write_bear, check=plan_format)]


def write_bear(inputs: FormatInputs, parameters: NoParameters, context: Any) -> Written:
    path = context.request.output_path("SUMS")
    write_text(path, "bear")
    return Written((PlannedFile("SUMS", path),))


class Hungry:
    """A sink that needs a terabyte to tell of more than the first toy."""

    @hookimpl
    def ipf_steps(self) -> list[Any]:
        return [SinkStep(name="format_sums", run=write_sums, check=plan_a_lot)]


def plan_a_lot(known: Mapping[str, Any], parameters: NoParameters, context: Any) -> Findings:
    size = 0 if known["acquisition"].name == "toy one" else 10**12
    return replace(plan_format(known, parameters, context), memory_bytes=size)


class Objector:
    """Objects to a plan of which nothing is left to be planned."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []

    @hookimpl
    def ipf_check_plan(self, plan: Plan) -> None:
        self.plans.append(plan)
        if not plan.deferred:
            raise PlanError("too much of a good thing")


@pytest.mark.parametrize(
    ("plugin", "kind", "message"),
    [
        (Bears(), ProductError, "expected a toy product"),
        (Hungry(), ResourceError, "task TOY_TASK needs 95"),
        (Objector(), PlanError, "too much of a good thing"),
    ],
)
def test_a_task_refused_in_its_turn_leaves_what_was_made_before(
    workshop: Workshop, plugin: Any, kind: type[IpfError], message: str
) -> None:
    workshop.plugins.register(plugin, Provider("mine.py", "", 2))
    report = workshop.run(job(workshop, FIRST, SECOND), RunOptions(memory_limit_bytes=4 * 10**9))
    assert report.status is Status.FAILED
    assert report.exit_code == kind.exit_code
    assert message in report.error
    assert [each.outputs for each in report.tasks] == [(workshop.sums,)]
    assert workshop.sums.exists()
    assert not workshop.sums.with_name("more.txt").exists()
    assert workshop.recorder.messages[-1] == ("ERROR", report.error)


def test_a_run_that_is_asked_to_stop_plans_no_further_task(workshop: Workshop) -> None:
    class Stopper:
        @hookimpl
        def ipf_product_written(self) -> None:
            workshop.stop.set()

    workshop.plugins.register(Stopper(), Provider("stopper", "", 1))
    objector = Objector()
    workshop.plugins.register(objector, Provider("objector", "", 1))
    report = workshop.run(job(workshop, FIRST, SECOND))
    assert report.error == "the run was asked to stop"
    assert len(objector.plans) == 1
