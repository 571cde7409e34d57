"""What the check pass refuses, and what the plan tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pytest

from ipf.engine import (
    BlockStep,
    NoParameters,
    Processor,
    RunOptions,
    Setting,
    TaskDefinition,
    TaskRequest,
    TaskSettings,
    hookimpl,
    reads,
    writes,
)
from ipf.engine.plugins import Provider
from ipf.errors import (
    IpfError,
    JobOrderError,
    ParameterError,
    PlanError,
    PluginError,
    ProductError,
    ResourceError,
)
from tests.engine.conftest import Workshop
from tests.engine.toy import TASK


def parameter(plan: Any, step: str, name: str) -> Any:
    planned = next(each for each in plan.tasks[0].steps if each.step.name == step)
    return next(each for each in planned.parameter_origins if each.name == name)


def test_plan_tells_steps_passes_layers_and_outputs(workshop: Workshop) -> None:
    plan = workshop.plan()
    task = plan.tasks[0]
    assert [(each.step.name, each.pass_number) for each in task.steps] == [
        ("open_toy", 1),
        ("smooth", 1),
        ("mean", 1),
        ("surface_reflectance", 2),
        ("format_sums", 2),
    ]
    assert [file.path for file in task.outputs] == [workshop.sums]
    held = {layer.name: layer.held for layer in task.layers}
    assert held["smooth"]
    assert held["boa_reflectance/B02"]
    assert {each.provider for each in task.steps} == {"toys 1.0"}
    assert not workshop.sums.exists()


def test_parameters_tell_their_origin(workshop: Workshop) -> None:
    (workshop.folder / "conf.toml").write_text("[smooth]\nbright = 0.3\n[surface_reflectance]\ngain = 1.5\n")
    plan = workshop.plan(workshop.job({"GAIN": "1.25"}, configuration="conf.toml"))
    assert parameter(plan, "smooth", "bright").value == 0.3
    assert parameter(plan, "smooth", "bright").origin.startswith("configuration ")
    assert parameter(plan, "surface_reflectance", "gain").value == 1.25
    assert parameter(plan, "surface_reflectance", "gain").origin.startswith("job order ")
    plan = workshop.plan(options=RunOptions(parameters={"surface_reflectance.gain": "0.5"}))
    assert parameter(plan, "surface_reflectance", "gain").origin == "command line"
    assert parameter(plan, "smooth", "bright").origin == "default"


def test_settings_of_a_task_lie_between_defaults_and_the_job_order(workshop: Workshop) -> None:
    preset = workshop.folder / "preset.xml"

    def settings(request: TaskRequest) -> TaskSettings:
        assert request.parameters == {"MODE": "soft", "GAIN": "1.25"}
        chosen = [("smooth", "bright", 0.4), ("smooth", "bright", 0.3), ("surface_reflectance", "gain", 0.6)]
        return TaskSettings(
            tuple(Setting(*each, origin="preset.xml, field X") for each in chosen), ("odd field",), (preset,)
        )

    class Modes:
        @hookimpl
        def ipf_tasks(self) -> list[TaskDefinition]:
            return [replace(TASK, name="MODES", settings=settings, ignored_parameters=("MODE",))]

    workshop.plugins.register(Modes(), Provider("modes", "1", 1))
    plan = workshop.plan(workshop.job({"MODE": "soft", "GAIN": "1.25"}, task="MODES"))
    bright = parameter(plan, "smooth", "bright")
    assert (bright.value, bright.origin) == (0.3, "preset.xml, field X")
    assert parameter(plan, "surface_reflectance", "gain").value == 1.25
    assert plan.tasks[0].warnings[0] == "odd field"
    assert preset in plan.tasks[0].auxiliary


def test_parameters_without_effect_are_told(workshop: Workshop) -> None:
    """Those that a task is known not to go by; not those that a step takes, or that it reads itself."""

    class Switches:
        @hookimpl
        def ipf_tasks(self) -> list[TaskDefinition]:
            ignored = ("TRACE", "GAIN", "FAKE_MODE")
            task = replace(TASK, name="SWITCHES", ignored_parameters=ignored, request_parameters=("PICK",))
            return [task]

    workshop.plugins.register(Switches(), Provider("switches", "1", 1))
    given = {"TRACE": "true", "GAIN": "1.25", "PICK": "001", "UNHEARD_OF": "1"}
    plan = workshop.plan(workshop.job(given, task="SWITCHES"))
    assert plan.tasks[0].without_effect == ("TRACE",)
    unused = [text for text in plan.tasks[0].warnings if text.startswith("parameter ")]
    assert len(unused) == 1
    assert "UNHEARD_OF" in unused[0]


def test_the_command_line_chooses_the_mode_of_a_task(workshop: Workshop) -> None:
    def settings(request: TaskRequest) -> TaskSettings:
        bright = {"soft": 0.3, "hard": 0.6}[request.parameters["MODE"]]
        return TaskSettings((Setting("smooth", "bright", bright, origin="mode"),))

    class Modes:
        @hookimpl
        def ipf_tasks(self) -> list[TaskDefinition]:
            return [replace(TASK, name="MODES", settings=settings, ignored_parameters=("MODE",))]

    workshop.plugins.register(Modes(), Provider("modes", "1", 1))
    job = workshop.job({"MODE": "soft"}, task="MODES")
    assert parameter(workshop.plan(job), "smooth", "bright").value == 0.3
    plan = workshop.plan(job, RunOptions(parameters={"MODE": "hard"}))
    assert parameter(plan, "smooth", "bright").value == 0.6
    assert plan.tasks[0].context.request.parameters["MODE"] == "hard"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"GAIN": "7"}, r"surface_reflectance\.gain = '7' \(job order .*\): input should be less than"),
        ({"smooth.bright": "soup"}, r"smooth\.bright = 'soup'"),
        ({"smooth.colour": "1"}, r"smooth\.colour .*unknown \(known: bright\)"),
        ({"smoth.bright": "1"}, r"no step is called smoth"),
    ],
)
def test_wrong_parameters_are_refused(workshop: Workshop, parameters: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        workshop.plan(workshop.job(parameters))


def test_unknown_dynamic_parameter_is_a_warning(workshop: Workshop) -> None:
    plan = workshop.plan(workshop.job({"PARALLEL_BAND": "true", "TRACE": "false"}))
    assert [text for text in plan.tasks[0].warnings if "PARALLEL_BAND" in text]
    assert not [text for text in plan.tasks[0].warnings if "TRACE" in text]


def test_creation_date_is_taken_whatever_the_task(workshop: Workshop) -> None:
    task = workshop.plan(workshop.job({"CREATION_DATE": "2024-05-01T10:30:00Z"})).tasks[0]
    assert task.context.creation_date == datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
    assert task.warnings == ()
    for text in ("soon", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(JobOrderError, match=f"CREATION_DATE = '{text}'"):
            workshop.plan(workshop.job({"CREATION_DATE": text}))


def test_two_tasks_that_write_one_file_are_refused(workshop: Workshop) -> None:
    path = workshop.job()
    text = path.read_text()
    begin, end = text.index("<Ipf_Proc>"), text.index("</Ipf_Proc>") + len("</Ipf_Proc>")
    path.write_text(text[:end] + text[begin:end].replace("out/sums", "out/more") + text[end:])
    first, second = workshop.plan(path).tasks
    assert first.context.creation_date == second.context.creation_date
    path.write_text(text[:end] + text[begin:end] + text[end:])
    with pytest.raises(PlanError, match=r"task TOY would write .*sums\.txt, which task TOY writes"):
        workshop.plan(path)


@pytest.mark.parametrize("content", ["[smooth", "smooth = 3", "\udcff"])
def test_wrong_configuration_files_are_refused(workshop: Workshop, content: str) -> None:
    path = workshop.folder / "conf.toml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ParameterError, match=r"conf\.toml"):
        workshop.plan(workshop.job(configuration="conf.toml"))


def test_missing_configuration_file_is_refused(workshop: Workshop) -> None:
    with pytest.raises(ParameterError, match="absent"):
        workshop.plan(workshop.job(configuration="absent.toml"))


def test_missing_input_is_refused(workshop: Workshop) -> None:
    (workshop.folder / "toy.txt").unlink()
    with pytest.raises(PlanError, match=r"input TOY: .*toy\.txt does not exist"):
        workshop.plan()


@pytest.mark.parametrize("name", ["toy.txt", "out"])
@pytest.mark.parametrize("target", ["ring", "x" * 300, "{name}"])
def test_paths_that_lead_nowhere_are_refused(workshop: Workshop, name: str, target: str) -> None:
    path = workshop.job()
    (workshop.folder / "ring").symlink_to("ring")
    path.write_text(path.read_text().replace(name, target.format(name=name)))
    (workshop.folder / name).unlink(missing_ok=True)
    if name == "out":
        (workshop.folder / name).write_text("a file where a folder should be")
    with pytest.raises(PlanError, match=r"cannot be written: |input TOY: .* (cannot be read|does not exist)"):
        workshop.plan(path)


def test_malformed_input_is_refused(workshop: Workshop) -> None:
    (workshop.folder / "toy.txt").write_text("bear")
    with pytest.raises(ProductError, match="expected a toy product"):
        workshop.plan()


def test_unknown_task_is_refused(workshop: Workshop) -> None:
    with pytest.raises(PluginError, match="no task is called NOPE"):
        workshop.plan(workshop.job(task="NOPE"))
    with pytest.raises(PlanError, match="expected task OTHER, found TOY"):
        workshop.plan(options=RunOptions(task="OTHER"))


def test_alias_of_a_task_runs_the_same_chain(workshop: Workshop) -> None:
    assert workshop.plan(workshop.job(task="TOY_TASK")).tasks[0].definition.name == "TOY"


def test_too_little_memory_is_refused(workshop: Workshop) -> None:
    with pytest.raises(ResourceError, match="is granted 1 MB"):
        workshop.plan(options=RunOptions(memory_limit_bytes=2**20))


@pytest.mark.parametrize("options", [{"block_size_m": 100}, {"block_size_m": 0}, {"workers": 0}])
def test_wrong_options_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(PlanError):
        RunOptions(**options)  # type: ignore[arg-type]


def test_unknown_breakpoint_is_refused(workshop: Workshop) -> None:
    with pytest.raises(PlanError, match="breakpoint nothing"):
        workshop.plan(options=RunOptions(breakpoints={"nothing": workshop.folder / "x.tif"}))


@dataclass(frozen=True)
class Wanting:
    missing_layer: Annotated[npt.NDArray[np.float32], reads()]


@dataclass(frozen=True)
class WrongBand:
    toa_reflectance: Annotated[dict[str, npt.NDArray[np.float32]], reads(bands=("B99",))]


@dataclass(frozen=True)
class Odd:
    toa_reflectance: Annotated[dict[str, npt.NDArray[np.float32]], reads(resolution=30)]


@dataclass(frozen=True)
class Made:
    smooth: Annotated[npt.NDArray[np.float32], writes(unit="1", dtype="float32", resolution=20)]


def wants_layer(inputs: Wanting, parameters: NoParameters, context: Any) -> Made:
    raise NotImplementedError


def wants_band(inputs: WrongBand, parameters: NoParameters, context: Any) -> Made:
    raise NotImplementedError


def wants_resolution(inputs: Odd, parameters: NoParameters, context: Any) -> Made:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (wants_layer, "step smooth needs layer missing_layer, which no earlier step of task TOY makes"),
        (wants_band, "toa_reflectance/B99"),
        (wants_resolution, "no whole fraction or multiple of the 30 m"),
    ],
)
def test_unmakeable_layers_are_refused(workshop: Workshop, function: Any, message: str) -> None:
    class Replacement:
        @hookimpl
        def ipf_steps(self) -> list[BlockStep]:
            return [BlockStep(name="smooth", run=function)]

    workshop.plugins.register(Replacement(), Provider("mine.py", "", 2))
    with pytest.raises(PlanError, match=message):
        workshop.plan()


def test_plugin_may_object_to_a_plan(workshop: Workshop) -> None:
    class Objector:
        @hookimpl
        def ipf_check_plan(self, plan: Any) -> None:
            raise PlanError(f"{len(plan.tasks)} tasks are too many")

    workshop.plugins.register(Objector(), Provider("objector", "", 2))
    with pytest.raises(IpfError, match="1 tasks are too many"):
        workshop.plan()


def test_unknown_executor_is_refused(workshop: Workshop) -> None:
    with pytest.raises(PluginError, match="no executor is called ponies"):
        workshop.plan(options=RunOptions(executor="ponies"))


def test_configuration_of_another_format_is_left_alone(workshop: Workshop) -> None:
    (workshop.folder / "theirs.xml").write_text("<Configuration/>")
    plan = workshop.plan(workshop.job(configuration="theirs.xml"))
    assert any("theirs.xml is not read" in text for text in plan.tasks[0].warnings)


def test_names_go_before_aliases_and_shared_aliases_are_refused(workshop: Workshop) -> None:
    class Tasks:
        def __init__(self, *tasks: TaskDefinition) -> None:
            self.tasks = tasks

        @hookimpl
        def ipf_tasks(self) -> tuple[TaskDefinition, ...]:
            return self.tasks

    own = TaskDefinition(name="TOY_TASK", steps=("open_toy",))
    workshop.plugins.register(Tasks(own), Provider("mine.py", "", 2))
    assert workshop.plugins.task("TOY_TASK") is own
    first = TaskDefinition(name="A", steps=(), aliases=("SHARED",))
    second = TaskDefinition(name="B", steps=(), aliases=("SHARED",))
    workshop.plugins.register(Tasks(first, second), Provider("both", "1", 1))
    with pytest.raises(PluginError, match="task SHARED is an alias of both A of both 1 and B of both 1"):
        workshop.plugins.task("SHARED")


@pytest.mark.parametrize("name", ["toy.txt", "JobOrder.1.xml", "out/sums.txt"])
def test_breakpoint_onto_what_is_read_or_written_is_refused(workshop: Workshop, name: str) -> None:
    with pytest.raises(PlanError, match="would write"):
        workshop.plan(options=RunOptions(breakpoints={"smooth": workshop.folder / name}))


def test_loading_another_layer_is_refused(workshop: Workshop) -> None:
    bright = workshop.folder / "bright.tif"
    assert workshop.run(options=RunOptions(breakpoints={"bright": bright})).exit_code == 0
    with pytest.raises(ProductError, match=r"bright\.tif: type uint8, expected uint16 of layer smooth"):
        workshop.plan(options=RunOptions(loaded={"smooth": bright}))


def test_known_processor_without_the_task_is_a_doubt(workshop: Workshop) -> None:
    job = workshop.job()
    assert not workshop.plan(job).tasks[0].warnings

    class Other:
        @hookimpl
        def ipf_processors(self) -> list[Processor]:
            return [Processor(name="OTHER", tasks=("ELSE",))]

    workshop.plugins.register(Other(), Provider("other", "", 1))
    job.write_text(job.read_text().replace("TOYS", "OTHER"))
    assert "processor OTHER has no task TOY" in workshop.plan(job).tasks[0].warnings[0]
