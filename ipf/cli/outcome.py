"""How a job ended, as reports and summaries tell it.

The engine's own run report says the same; this form can be made without the engine, which takes most of a
second to import: the guard of a dead process has no such time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipf.engine import RunReport, TaskReport

OK = "OK"
WARNING = "WARNING"
FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """One task; `status` is OK, WARNING or FAILED."""

    name: str
    version: str
    status: str
    start: datetime
    stop: datetime
    inputs: tuple[Path, ...] = ()
    outputs: tuple[Path, ...] = ()
    figures: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole job; `error` is the one-line reason of a failure, `peak_memory_bytes` 0 when not known."""

    job_order: Path
    processor_name: str
    processor_version: str
    status: str
    exit_code: int
    start: datetime
    stop: datetime
    tasks: tuple[TaskOutcome, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    peak_memory_bytes: int = 0

    @property
    def failed(self) -> bool:
        """Whether the job failed."""
        return self.status == FAILED

    @property
    def products(self) -> tuple[Path, ...]:
        """Everything that was written, in order."""
        return tuple(path for task in self.tasks for path in task.outputs)


def outcome_of(report: RunReport) -> Outcome:
    """The outcome that the engine's report tells of."""
    return Outcome(
        job_order=report.job_order,
        processor_name=report.processor_name,
        processor_version=report.processor_version,
        status=report.status.value,
        exit_code=report.exit_code,
        start=report.start,
        stop=report.stop,
        tasks=tuple(_task(task) for task in report.tasks),
        warnings=report.warnings,
        error=report.error,
        peak_memory_bytes=report.peak_memory_bytes,
    )


def _task(task: TaskReport) -> TaskOutcome:
    return TaskOutcome(
        name=task.name,
        version=task.version,
        status=task.status.value,
        start=task.start,
        stop=task.stop,
        inputs=task.inputs,
        outputs=task.outputs,
        figures=task.figures,
    )
