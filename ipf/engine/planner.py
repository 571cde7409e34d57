"""The planner: from a job order to a plan, refusing everything that can be refused without pixels.

The check pass is the run pass without pixels: source steps open the inputs, parameters are resolved, layers
are wired, and every step may look at what is known so far and object.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from ipf.engine import breakpoints
from ipf.engine.context import Context, TaskRequest
from ipf.engine.descriptions import TaskDefinition
from ipf.engine.memory import Stage, forecast
from ipf.engine.outputs_guard import refuse_outputs_in_inputs, refuse_shared_outputs, refuse_unwritable
from ipf.engine.parameters import resolve, settings_of_file, settings_of_text, unused
from ipf.engine.plan import Plan, PlannedLayer, PlannedParameter, PlannedStep, RunOptions, TaskPlan
from ipf.engine.plugins import Plugins
from ipf.engine.requests import CREATION_DATE, creation_date, task_request
from ipf.engine.settings import Setting, TaskSettings
from ipf.engine.step import Findings, SceneStep, SourceStep, Step, StepParameters, Writes
from ipf.engine.wiring import Network, Quantity, Unit, choose_held
from ipf.errors import IpfError, PlanError, ResourceError, StepError
from ipf.joborder import FileNameType, JobOrder, Task

MEGABYTE = 2**20
CONFIGURATION_SUFFIX = ".toml"


def plan_job(job_order: JobOrder, path: Path, plugins: Plugins, options: RunOptions) -> Plan:
    """Plan the tasks of a job order, in order.

    Raises `IpfError` of the kind that says what is wrong: an unknown task or step, a parameter, a missing
    input, an input product that cannot be opened, a layer that nobody makes, too little memory.
    """
    tasks = _selected(job_order, plugins, options, path)
    plugins.executor(options.executor)
    plugins.hook.ipf_joborder_loaded(job_order=job_order)
    settings = _settings(job_order, path, options)
    steps = {
        name: _select_step(name, plugins, job_order) for _, definition in tasks for name in definition.steps
    }
    created = creation_date(job_order, options.creation_date)
    planned = tuple(
        _plan_task(job_order, task, definition, path, plugins, options, settings, steps, created)
        for task, definition in tasks
    )
    _refuse_same_places(planned, path)
    plan = Plan(job_order, path, planned, options)
    _check_memory(plan)
    plugins.hook.ipf_check_plan(plan=plan)
    return plan


def default_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def _selected(
    job_order: JobOrder, plugins: Plugins, options: RunOptions, path: Path
) -> list[tuple[Task, TaskDefinition]]:
    tasks: Sequence[Task] = job_order.tasks
    if options.task is not None:
        tasks = [task for task in job_order.tasks if task.name == options.task]
    if not tasks:
        wanted = f"task {options.task}" if options.task else "at least one task"
        found = ", ".join(task.name for task in job_order.tasks) or "none"
        raise PlanError(f"{path}: expected {wanted}, found {found}")
    return [(task, plugins.task(task.name)) for task in tasks]


def _select_step(name: str, plugins: Plugins, job_order: JobOrder) -> Step:
    in_force: Step = plugins.step(name).description
    chosen = plugins.hook.ipf_select_step(name=name, candidates=plugins.candidates(name), job_order=job_order)
    return in_force if chosen is None else chosen


def _settings(job_order: JobOrder, path: Path, options: RunOptions) -> list[Setting]:
    """Settings common to all tasks, in rising precedence: configuration files, then the job order's own."""
    settings: list[Setting] = []
    for file in [*_named_configuration(job_order, path), *options.configuration_files]:
        if file.suffix == CONFIGURATION_SUFFIX or file in options.configuration_files:
            settings.extend(settings_of_file(file))
    return settings


def _named_configuration(job_order: JobOrder, path: Path) -> list[Path]:
    """Configuration files that the job order names; those of another processor's format are left alone."""
    folder = path.resolve().parent
    return [folder / file.path for file in job_order.configuration_files if file.path]


def _plan_task(
    job_order: JobOrder,
    task: Task,
    definition: TaskDefinition,
    path: Path,
    plugins: Plugins,
    options: RunOptions,
    common: Sequence[Setting],
    steps: Mapping[str, Step],
    created: datetime,
) -> TaskPlan:
    request = task_request(job_order, task, definition, path)
    chain = [steps[name] for name in definition.steps]
    own = definition.settings(request) if definition.settings is not None else TaskSettings()
    settings = [
        *own.settings,
        *common,
        *settings_of_text(request.parameters, f"job order {path}"),
        *settings_of_text(options.parameters, "command line"),
    ]
    known = (CREATION_DATE, *definition.ignored_parameters)
    ignored = unused(settings, list(steps.values()), known)
    warnings = [*own.warnings, *(f"parameter {item.name} ({item.origin}) is not used" for item in ignored)]
    warnings += _processor_doubts(job_order, definition, plugins)
    if (task.resources.cpu_cores or 0) > default_workers():
        warnings.append(f"{task.resources.cpu_cores:g} CPU cores are granted, {default_workers()} are there")
    warnings += [
        f"configuration file {file} is not read: expected a {CONFIGURATION_SUFFIX} file"
        for file in _named_configuration(job_order, path)
        if file.suffix != CONFIGURATION_SUFFIX
    ]
    context = Context(
        request=request,
        creation_date=created,
        scratch=options.scratch or _working_folder(request.inputs),
        workers=_workers(task, options),
        seed=options.seed,
    )
    draft = _Draft(definition, context, options, breakpoints_of(job_order, task, options, path))
    for step in chain:
        provider = str(plugins.provider_of(step))
        parameters, origins = resolve(step, settings)
        draft.add(step, provider, parameters, origins)
    planned = draft.finish(request, task.version, _memory_limit(task, options), tuple(warnings), own.files)
    _guard_files(planned, job_order, task, path, options)
    return planned


def _processor_doubts(job_order: JobOrder, definition: TaskDefinition, plugins: Plugins) -> list[str]:
    """A doubt about the processor's name when it is known and does not have the task.

    Management layers write all kinds of names, and the task alone decides; an unknown name says nothing.
    """
    processor = plugins.processor(job_order.processor_name)
    if processor is None or definition.name in processor.tasks:
        return []
    return [f"processor {processor.name} has no task {definition.name}; the task is run all the same"]


def _guard_files(planned: TaskPlan, job_order: JobOrder, task: Task, path: Path, options: RunOptions) -> None:
    """Refuse to write onto anything that the task reads, or twice to one place."""
    where = f"{path}: task {task.name}"
    read = {
        **planned.request.inputs,
        "job order": (path,),
        "configuration": (*_named_configuration(job_order, path), *options.configuration_files),
        "auxiliary": planned.auxiliary,
        "loaded": tuple(options.loaded.values()),
    }
    targets = [(file.file_type, file.path) for file in planned.outputs]
    targets += [(f"breakpoint {name}", file) for name, file in planned.breakpoints.items()]
    for output in task.outputs_of_type("REPORT"):
        if output.kind is not FileNameType.DIRECTORY:
            targets.append(("REPORT", planned.request.outputs["REPORT"]))
    written: dict[str, list[Path]] = {}
    for name, target in targets:
        written.setdefault(name, []).append(target)
    refuse_outputs_in_inputs(read, written, where)
    refuse_shared_outputs(targets, where)
    refuse_unwritable(targets, where)


def _refuse_same_places(tasks: Sequence[TaskPlan], path: Path) -> None:
    """Refuse two tasks that would write one file; a task may well write into the folder of another."""
    writers: dict[Path, str] = {}
    for task in tasks:
        name = task.request.task_name
        places = {*(file.path for file in task.outputs), *task.breakpoints.values()}
        for place in sorted(places & writers.keys()):
            raise PlanError(f"{path}: task {name} would write {place}, which task {writers[place]} writes")
        writers.update(dict.fromkeys(places, name))


def breakpoints_of(job_order: JobOrder, task: Task, options: RunOptions, path: Path) -> dict[str, Path]:
    """Files to write at breakpoints, by layer or model: those of the job order, then those of the options.

    A job order's breakpoint names the layer by its file type (or identifier), in any case.
    """
    folder = path.resolve().parent
    wanted = {
        (file.file_type or file.identifier).lower(): folder / file.path
        for file in job_order.breakpoints_of(task)
    }
    wanted.update(options.breakpoints)
    return wanted


def _working_folder(inputs: Mapping[str, tuple[Path, ...]]) -> Path:
    """The folder that a Sentinel-2 job order gives for temporary files, else the system's."""
    return next(iter(inputs.get("WORKING", ())), Path(tempfile.gettempdir()))


def _workers(task: Task, options: RunOptions) -> int:
    """One number owns every thread count: the options', else the job order's, else the processors' number."""
    granted = task.resources.cpu_cores
    limit = max(1, int(granted)) if granted else default_workers()
    return options.workers or min(limit, default_workers())


@dataclass
class _Draft:
    """A task's plan while it grows step by step."""

    definition: TaskDefinition
    context: Context
    options: RunOptions
    breakpoints: Mapping[str, Path]
    network: Network = field(init=False)
    models: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Quantity] = field(default_factory=dict)
    steps: list[PlannedStep] = field(default_factory=list)
    passes: int = 1

    def __post_init__(self) -> None:
        self.network = Network(self.definition.name)

    def add(
        self,
        step: Step,
        provider: str,
        parameters: StepParameters,
        origins: tuple[PlannedParameter, ...],
    ) -> None:
        """Wire, check and (a source step) open one more step."""
        units = self.network.units(step, parameters)
        if isinstance(step, SourceStep) and self._inputs_known(step):
            self._open(step, parameters)
        skipped = self._load(step)
        findings = Findings()
        if step.check is not None and not skipped:
            findings = step.check(dict(self.models), parameters, self.context)
        self.steps.append(
            PlannedStep(step, provider, parameters, origins, self.passes, units, findings, skipped)
        )
        if isinstance(step, SceneStep):
            self.passes += 1

    def _inputs_known(self, step: Step) -> bool:
        return all(
            port.name in self.models or port.optional or port.declaration is not None
            for port in step.input_ports
        )

    def _open(self, step: SourceStep, parameters: StepParameters) -> None:
        """Run a source step: it opens files without reading pixels."""
        values = {}
        for port in step.input_ports:
            if port.declaration is None:
                values[port.name] = self.models.get(port.name)
            else:
                values[port.name] = self.network.quantities.get(port.layer, {})
        result = call_source(step, values, parameters, self.context)
        for port in step.output_ports:
            value = getattr(result, port.name)
            if port.declaration is None:
                self.models[port.name] = value
                self.network.models.add(port.name)
            else:
                self.sources[port.name] = value
                self.network.add_quantity(port.name, value)

    def _load(self, step: Step) -> bool:
        """Replace what is loaded from breakpoints; whether nothing of the step is left to be made."""
        left = 0
        for port in step.output_ports:
            path = self.options.loaded.get(port.name)
            if path is None:
                left += 1
            elif port.declaration is None:
                self.models[port.name] = breakpoints.load_model(port.type, path)
            elif isinstance(port.declaration, Writes):
                self.sources[port.name] = breakpoints.load_layer(port.name, path, port.declaration)
                self.network.add_quantity(port.name, self.sources[port.name])
        return bool(step.output_ports) and not left and not isinstance(step, SourceStep)

    def finish(
        self,
        request: TaskRequest,
        version: str,
        memory_limit: int | None,
        warnings: tuple[str, ...],
        settings_files: tuple[Path, ...],
    ) -> TaskPlan:
        """Decide what is held, forecast the memory and close the plan."""
        self._check_names()
        running = [planned for planned in self.steps if not planned.skipped]
        decided = choose_held(
            {planned.step.name: (planned.step, planned.units) for planned in running},
            frozenset(
                raster.layer
                for name in self.breakpoints
                for raster in self.network.quantities.get(name, {}).values()
            ),
        )
        steps = tuple(_with_units(planned, decided) for planned in self.steps)
        rasters = {
            raster.layer: raster
            for quantity in self.network.quantities.values()
            for raster in quantity.values()
        }
        stages = [
            Stage(planned.step, planned.units, planned.findings) for planned in steps if not planned.skipped
        ]
        memory = forecast(stages, rasters, self.context.workers, self.options.block_size_m)
        return TaskPlan(
            definition=self.definition,
            version=version,
            request=request,
            context=self.context,
            steps=steps,
            layers=_layers(steps, rasters),
            quantities=self.sources,
            models=self.models,
            breakpoints=self.breakpoints,
            memory_bytes=memory,
            memory_limit_bytes=memory_limit,
            warnings=warnings,
            settings_files=settings_files,
        )

    def _check_names(self) -> None:
        """Refuse breakpoints and loads of things that no step makes."""
        makeable = {*self.network.quantities, *self.network.models}
        for kind, names in (("breakpoint", self.breakpoints), ("load", self.options.loaded)):
            for name in names:
                if name not in makeable:
                    known = ", ".join(sorted(makeable))
                    raise PlanError(
                        f"{kind} {name}: no step of task {self.definition.name} makes it ({known})"
                    )


def call_source(
    step: SourceStep, values: dict[str, Any], parameters: StepParameters, context: Context
) -> Any:
    """Run a source step; what is not one of our errors becomes a `StepError` naming the step."""
    try:
        inputs = step.inputs(**values) if fields(step.inputs) else step.inputs()
        return step.run(inputs, parameters, context)
    except IpfError:
        raise
    except Exception as problem:
        raise StepError(f"step {step.name}: {type(problem).__name__}: {problem}") from problem


def _with_units(planned: PlannedStep, decided: Mapping[str, Unit]) -> PlannedStep:
    units = tuple(decided.get(unit.name, unit) for unit in planned.units)
    return PlannedStep(
        planned.step,
        planned.provider,
        planned.parameters,
        planned.parameter_origins,
        planned.pass_number,
        units,
        planned.findings,
        planned.skipped,
    )


def _layers(steps: Sequence[PlannedStep], rasters: Mapping[str, Any]) -> tuple[PlannedLayer, ...]:
    held = {
        layer: unit.held
        for planned in steps
        for unit in planned.units
        for layer, _, _ in unit.outputs.values()
    }
    readers: dict[str, list[str]] = {}
    for planned in steps:
        for unit in planned.units:
            for layer in unit.reads:
                readers.setdefault(layer, []).append(unit.name)
    return tuple(
        PlannedLayer(
            name,
            raster.source,
            raster.grid,
            str(raster.dtype),
            tuple(readers.get(name, ())),
            held.get(name, True),
        )
        for name, raster in rasters.items()
    )


def _memory_limit(task: Task, options: RunOptions) -> int | None:
    """What the options, else the job order, grant in bytes."""
    granted = task.resources.ram
    return options.memory_limit_bytes or (granted * MEGABYTE if granted else None)


def _check_memory(plan: Plan) -> None:
    """Refuse a forecast above what is granted."""
    for planned in plan.tasks:
        limit = planned.memory_limit_bytes
        if limit is not None and planned.memory_bytes > limit:
            raise ResourceError(
                f"{plan.job_order_path}: task {planned.request.task_name} needs "
                f"{planned.memory_bytes / MEGABYTE:.0f} MB by forecast, but is granted "
                f"{limit / MEGABYTE:.0f} MB"
            )
