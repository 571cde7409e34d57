"""The plan of a job: steps, parameters and their origin, files, passes and memory, before any pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ipf.engine.context import Context, TaskRequest
from ipf.engine.descriptions import TaskDefinition
from ipf.engine.step import Findings, PlannedFile, Step, StepParameters
from ipf.engine.wiring import Quantity, Unit
from ipf.errors import PlanError
from ipf.joborder import JobOrder
from ipf.product.raster import Grid

DEFAULT_BLOCK_SIZE_M = 10980
"""Side of a block in metres: 1098 pixels of 10 m; a multiple of 60 m, which the resolutions share."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a job is run; None leaves a choice to the job order or to the default.

    `breakpoints` maps a layer or model name to the file it is written to, `loaded` to the file it is read
    from in place of the step that makes it. `task` restricts the run to one task of the job order.
    """

    workers: int | None = None
    executor: str = "threads"
    block_size_m: int = DEFAULT_BLOCK_SIZE_M
    task: str | None = None
    configuration_files: tuple[Path, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    breakpoints: Mapping[str, Path] = field(default_factory=dict)
    loaded: Mapping[str, Path] = field(default_factory=dict)
    creation_date: datetime | None = None
    memory_limit_bytes: int | None = None
    scratch: Path | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.block_size_m <= 0 or self.block_size_m % 60:
            raise PlanError(f"block size {self.block_size_m} m: expected a positive multiple of 60 m")
        if self.workers is not None and self.workers < 1:
            raise PlanError(f"{self.workers} workers: expected at least 1")


@dataclass(frozen=True, slots=True)
class PlannedParameter:
    """One parameter of a step with its value and where that came from."""

    name: str
    value: Any
    origin: str
    description: str


@dataclass(frozen=True, slots=True)
class PlannedLayer:
    """One raster between steps: where it comes from, its grid, and whether it is held whole or fused."""

    name: str
    producer: str
    grid: Grid
    dtype: str
    consumers: tuple[str, ...]
    held: bool

    @property
    def nbytes(self) -> int:
        """Memory of the whole layer in bytes."""
        return self.grid.rows * self.grid.columns * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of a task: who provides it, with which parameters, in which pass, over which layers."""

    step: Step
    provider: str
    parameters: StepParameters
    parameter_origins: tuple[PlannedParameter, ...]
    pass_number: int
    units: tuple[Unit, ...] = ()
    findings: Findings = field(default_factory=Findings)
    skipped: bool = False
    """Whether everything that it makes is loaded instead."""


@dataclass(frozen=True, kw_only=True)
class TaskOutline:
    """What is known of a task before its inputs are opened: parameters, places, what it is granted."""

    definition: TaskDefinition
    version: str
    request: TaskRequest
    context: Context
    steps: tuple[PlannedStep, ...]
    breakpoints: Mapping[str, Path]
    memory_limit_bytes: int | None = None
    warnings: tuple[str, ...] = ()
    settings_files: tuple[Path, ...] = ()
    """Files that the task's own settings were read from."""
    place: tuple[int, int] = (0, 1)
    """Number of this part of the task, from 0 on, and how many parts there are."""
    without_effect: tuple[str, ...] = ()
    """Dynamic parameters and files of parameters that the task is known to take and does not go by."""

    @property
    def title(self) -> str:
        """Name of the task, with its part when it has several."""
        return f"{self.request.task_name} {self.request.part}".rstrip()

    @property
    def outputs(self) -> tuple[PlannedFile, ...]:
        """Every file that the sinks promise."""
        return tuple(file for planned in self.steps for file in planned.findings.outputs)

    @property
    def auxiliary(self) -> tuple[Path, ...]:
        """Every auxiliary file that is read: those of settings, then those of the steps."""
        read = (path for planned in self.steps for path in planned.findings.auxiliary)
        return (*self.settings_files, *read)

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """What the steps have to tell an operator, each note behind the name of its step."""
        return tuple((planned.step.name, note) for planned in self.steps for note in planned.findings.notes)


@dataclass(frozen=True, kw_only=True)
class TaskPlan(TaskOutline):
    """One task: its steps in order, its layers, its outputs and its memory forecast.

    `quantities` and `models` hold what the source steps gave in the check pass: rasters by quantity and band,
    and models.
    """

    layers: tuple[PlannedLayer, ...]
    quantities: Mapping[str, Quantity]
    models: Mapping[str, Any]
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class DeferredTask(TaskOutline):
    """A task that reads what an earlier task of the job makes: it is planned when its turn comes.

    Its steps have their parameters, but neither layers nor findings yet; no file is promised.
    """

    awaited: Mapping[str, tuple[Path, ...]]
    """Inputs, by type, that earlier tasks make."""
    plan: Callable[[], tuple[TaskPlan, ...]] = field(repr=False, compare=False)
    """Plans the task's parts as if it were the first of its job; the inputs must be there by then."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole job: its tasks in order, and the options that it was planned with."""

    job_order: JobOrder
    job_order_path: Path
    tasks: tuple[TaskPlan | DeferredTask, ...]
    options: RunOptions

    @property
    def deferred(self) -> tuple[DeferredTask, ...]:
        """The tasks that are yet to be planned."""
        return tuple(task for task in self.tasks if isinstance(task, DeferredTask))

    @property
    def memory_bytes(self) -> int:
        """Largest forecast among the tasks, which run one after the other; those deferred have none yet."""
        return max((task.memory_bytes for task in self.tasks if isinstance(task, TaskPlan)), default=0)
