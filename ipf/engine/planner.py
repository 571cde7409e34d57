"""The planner: from a job order to a plan, refusing everything that can be refused without pixels.

The check pass is the run pass without pixels: source steps open the inputs, parameters are resolved, layers
are wired, and every step may look at what is known so far and object.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from ipf.engine.context import Context, TaskRequest
from ipf.engine.descriptions import TaskDefinition
from ipf.engine.name_patterns import unexpected_names
from ipf.engine.outputs_guard import refuse_outputs_in_inputs, refuse_shared_outputs, refuse_unwritable
from ipf.engine.parameters import resolve, settings_of_file, settings_of_text, unused, without_effect
from ipf.engine.plan import DeferredTask, Plan, PlannedStep, RunOptions, TaskOutline, TaskPlan
from ipf.engine.plugins import Plugins
from ipf.engine.requests import (
    CREATION_DATE,
    REPORT_TYPE,
    Inputs,
    awaited_inputs,
    creation_date,
    task_request,
    without,
)
from ipf.engine.settings import Setting, TaskSettings
from ipf.engine.step import SceneStep, Step
from ipf.engine.taskplan import plan_steps, refuse_unmakeable
from ipf.errors import NothingToMakeError, PlanError, ResourceError
from ipf.joborder import FileNameType, JobOrder, Task

MEGABYTE = 2**20
CONFIGURATION_SUFFIX = ".toml"


def plan_job(job_order: JobOrder, path: Path, plugins: Plugins, options: RunOptions) -> Plan:
    """Plan the tasks of a job order, in order.

    A task that reads what an earlier one of the job makes is only outlined (`DeferredTask`): what its inputs
    do not decide is refused now, the rest by `plan_deferred` when its turn comes.

    Raises `IpfError` of the kind that says what is wrong: an unknown task or step, a parameter, a missing
    input, an input product that cannot be opened, a layer that nobody makes, too little memory.
    """
    selected = _selected(job_order, plugins, options, path)
    plugins.executor(options.executor)
    plugins.hook.ipf_joborder_loaded(job_order=job_order)
    steps = {
        name: _select_step(name, plugins, job_order)
        for _, definition in selected
        for name in definition.steps
    }
    created = creation_date(job_order, options.creation_date)
    job = _Job(job_order, path, plugins, options, _settings(job_order, path, options), steps, created)
    tasks = [task for task, _ in selected]
    planned = tuple(
        part
        for position, (task, definition) in enumerate(selected)
        for part in job.plan(task, definition, awaited_inputs(task, tasks[:position], path))
    )
    return _checked(Plan(job_order, path, planned, options), plugins)


def plan_deferred(plan: Plan, task: DeferredTask, plugins: Plugins) -> tuple[Plan, tuple[TaskPlan, ...]]:
    """`plan` with the parts of `task`, and these: those before it have run, what it waited for is made.

    Raises as `plan_job` does.
    """
    position = next(number for number, each in enumerate(plan.tasks) if each is task)
    parts = task.plan()
    tasks = (*plan.tasks[:position], *parts, *plan.tasks[position + 1 :])
    return _checked(replace(plan, tasks=tasks), plugins), parts


def _checked(plan: Plan, plugins: Plugins) -> Plan:
    """`plan`, unless its tasks do not go together, or not with the memory, or a plugin objects."""
    _refuse_same_places(plan.tasks, plan.job_order_path)
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


@dataclass(frozen=True)
class _Job:
    """What every task of a job is planned with; `settings` are those common to all."""

    job_order: JobOrder
    path: Path
    plugins: Plugins
    options: RunOptions
    settings: Sequence[Setting]
    steps: Mapping[str, Step]
    created: datetime

    def plan(
        self, task: Task, definition: TaskDefinition, awaited: Inputs
    ) -> tuple[TaskPlan | DeferredTask, ...]:
        """Plan a task, by its parts; later, when some of its inputs are `awaited` from earlier tasks."""
        if not awaited:
            return self.plan_now(task, definition)
        outline = self._outline(task, definition, awaited)
        _guard_files(outline, self.job_order, task, self.path, self.options)
        later = partial(self.plan_now, task, definition)
        return (DeferredTask(**vars(outline), awaited=awaited, plan=later),)

    def plan_now(self, task: Task, definition: TaskDefinition) -> tuple[TaskPlan, ...]:
        """Plan the parts of a task whose inputs are there, but for those that there is nothing to make of."""
        outline = self._outline(task, definition, {})
        planned, left_out = [], []
        for part in _parts(outline):
            try:
                planned.append(self._plan_part(task, part))
            except NothingToMakeError as problem:
                left_out.append(problem)
        if not planned:
            raise _nothing_left(left_out, f"{self.path}: task {definition.name}")
        doubts = tuple(f"task {definition.name}: left out: {problem}" for problem in left_out)
        planned[0] = replace(planned[0], warnings=(*planned[0].warnings, *doubts))
        return tuple(replace(part, place=(number, len(planned))) for number, part in enumerate(planned))

    def _plan_part(self, task: Task, outline: TaskOutline) -> TaskPlan:
        planned = plan_steps(outline, self.options)
        _guard_files(planned, self.job_order, task, self.path, self.options)
        doubts = unexpected_names(task.outputs, planned.outputs)
        return replace(planned, warnings=(*planned.warnings, *doubts))

    def _outline(self, task: Task, definition: TaskDefinition, awaited: Inputs) -> TaskOutline:
        """What can be said of a task before its inputs are opened; refuses what can be refused by then."""
        ordered = task_request(self.job_order, task, definition, self.path, awaited)
        # A mode on the command line wins over the job order's, as parameters of steps do.
        request = replace(ordered, parameters={**ordered.parameters, **self.options.parameters})
        own = TaskSettings()
        if definition.settings is not None:
            own = definition.settings(replace(request, inputs=without(request.inputs, awaited)))
        settings = [
            *own.settings,
            *self.settings,
            *settings_of_text(ordered.parameters, f"job order {self.path}"),
            *settings_of_text(self.options.parameters, "command line"),
        ]
        chain = [self.steps[name] for name in definition.steps]
        breakpoints = breakpoints_of(self.job_order, task, self.options, self.path)
        named = {"breakpoint": tuple(breakpoints), "load": tuple(self.options.loaded)}
        refuse_unmakeable(named, chain, definition.name)
        return TaskOutline(
            definition=definition,
            version=task.version,
            request=request,
            context=self._context(task, request),
            steps=self._steps(chain, settings),
            breakpoints=breakpoints,
            memory_limit_bytes=_memory_limit(task, self.options),
            warnings=(*own.warnings, *self._doubts(task, definition, settings)),
            settings_files=own.files,
            without_effect=(
                *without_effect(settings, chain, definition.ignored_parameters),
                *own.without_effect,
            ),
        )

    def _context(self, task: Task, request: TaskRequest) -> Context:
        return Context(
            request=request,
            creation_date=self.created,
            scratch=self.options.scratch or _working_folder(request.inputs),
            workers=_workers(task, self.options),
            seed=self.options.seed,
            checks=self.plugins.checks(),
        )

    def _steps(self, chain: Sequence[Step], settings: Sequence[Setting]) -> tuple[PlannedStep, ...]:
        """The chain with its parameters; a pass ends with each scene step."""
        planned = []
        number = 1
        for step in chain:
            parameters, origins = resolve(step, settings)
            provider = str(self.plugins.provider_of(step))
            planned.append(PlannedStep(step, provider, parameters, origins, number))
            number += isinstance(step, SceneStep)
        return tuple(planned)

    def _doubts(self, task: Task, definition: TaskDefinition, settings: Sequence[Setting]) -> list[str]:
        """What an operator should know of, though it refuses nothing."""
        known = (CREATION_DATE, *definition.ignored_parameters, *definition.request_parameters)
        ignored = unused(settings, list(self.steps.values()), known)
        doubts = [f"parameter {item.name} ({item.origin}) is not used" for item in ignored]
        doubts += _processor_doubts(self.job_order, definition, self.plugins)
        granted = task.resources.cpu_cores or 0
        if granted > default_workers():
            doubts.append(f"{granted:g} CPU cores are granted, {default_workers()} are there")
        doubts += [
            f"configuration file {file} is not read: expected a {CONFIGURATION_SUFFIX} file"
            for file in _named_configuration(self.job_order, self.path)
            if file.suffix != CONFIGURATION_SUFFIX
        ]
        return doubts


def _nothing_left(problems: Sequence[NothingToMakeError], where: str) -> NothingToMakeError:
    """The error of a task none of whose parts can be made."""
    if len(problems) == 1:
        return problems[0]
    return NothingToMakeError(
        f"{where}: nothing to make any of its {len(problems)} parts of, for the first: {problems[0]}"
    )


def _parts(outline: TaskOutline) -> tuple[TaskOutline, ...]:
    """The outlines of a task's parts: itself, when it has none. Breakpoints of a part carry its name."""
    if outline.definition.parts is None:
        return (outline,)
    request = outline.request
    names = tuple(outline.definition.parts(request))
    if not names:
        raise PlanError(f"{request.source}: task {request.task_name}: its inputs give it nothing to do")
    return tuple(
        replace(
            outline,
            request=replace(request, part=name),
            context=replace(outline.context, request=replace(request, part=name)),
            breakpoints={
                layer: path.with_name(f"{path.stem}_{name}{path.suffix}")
                for layer, path in outline.breakpoints.items()
            },
            place=(number, len(names)),
        )
        for number, name in enumerate(names)
    )


def _processor_doubts(job_order: JobOrder, definition: TaskDefinition, plugins: Plugins) -> list[str]:
    """A doubt about the processor's name when it is known and does not have the task.

    Management layers write all kinds of names, and the task alone decides; an unknown name says nothing.
    """
    processor = plugins.processor(job_order.processor_name)
    if processor is None or definition.name in processor.tasks:
        return []
    return [f"processor {processor.name} has no task {definition.name}; the task is run all the same"]


def _guard_files(
    planned: TaskOutline, job_order: JobOrder, task: Task, path: Path, options: RunOptions
) -> None:
    """Refuse to write onto anything that the task reads and does not amend, or twice to one place."""
    where = f"{path}: task {task.name}"
    amended = planned.definition.amends
    read = {
        **{name: paths for name, paths in planned.request.inputs.items() if name not in amended},
        "job order": (path,),
        "configuration": (*_named_configuration(job_order, path), *options.configuration_files),
        "auxiliary": planned.auxiliary,
        "loaded": tuple(options.loaded.values()),
    }
    targets = [(file.file_type, file.path) for file in planned.outputs]
    targets += [(f"breakpoint {name}", file) for name, file in planned.breakpoints.items()]
    for output in task.outputs_of_type(REPORT_TYPE):
        if output.kind is not FileNameType.DIRECTORY:
            targets.append((REPORT_TYPE, planned.request.outputs[REPORT_TYPE]))
    written: dict[str, list[Path]] = {}
    for name, target in targets:
        written.setdefault(name, []).append(target)
    refuse_outputs_in_inputs(read, written, where)
    refuse_shared_outputs(targets, where)
    refuse_unwritable(targets, where)


def _refuse_same_places(tasks: Sequence[TaskOutline], path: Path) -> None:
    """Refuse two tasks that would write one file; a task may well write into the folder of another."""
    writers: dict[Path, str] = {}
    for task in tasks:
        name = task.title
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


def _memory_limit(task: Task, options: RunOptions) -> int | None:
    """What the options, else the job order, grant in bytes."""
    granted = task.resources.ram
    return options.memory_limit_bytes or (granted * MEGABYTE if granted else None)


def _check_memory(plan: Plan) -> None:
    """Refuse a forecast above what is granted."""
    for planned in plan.tasks:
        limit = planned.memory_limit_bytes
        if isinstance(planned, TaskPlan) and limit is not None and planned.memory_bytes > limit:
            raise ResourceError(
                f"{plan.job_order_path}: task {planned.request.task_name} needs "
                f"{planned.memory_bytes / MEGABYTE:.0f} MB by forecast, but is granted "
                f"{limit / MEGABYTE:.0f} MB"
            )
