"""The run report: what was run, by whom, how long, what was written and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from pathlib import Path


class Status(Enum):
    """How a run or a task ended."""

    OK = "OK"
    WARNING = "WARNING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Message:
    """One log message: level is the word of the log levels (DEBUG, INFO, PROGRESS, WARNING, ERROR)."""

    time: datetime
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step as it was run; `band` is empty unless the step runs for each band."""

    name: str
    provider: str
    band: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task as it was run."""

    name: str
    version: str
    start: datetime
    stop: datetime
    status: Status
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    steps: tuple[StepReport, ...] = ()
    figures: Mapping[str, float | str] = field(default_factory=dict)

    def with_part(self, part: TaskReport) -> TaskReport:
        """The report of this task after one more of its parts; figures of one name are of the last part."""
        worse = Status.WARNING in (self.status, part.status)
        return replace(
            self,
            stop=part.stop,
            status=Status.WARNING if worse else self.status,
            outputs=(*self.outputs, *part.outputs),
            steps=(*self.steps, *part.steps),
            figures={**self.figures, **part.figures},
        )


@dataclass(frozen=True, slots=True)
class RunReport:
    """A whole run. `error` is the one-line reason of a failure, `exit_code` what the process leaves with."""

    job_order: Path
    processor_name: str
    processor_version: str
    start: datetime
    stop: datetime
    status: Status
    exit_code: int
    tasks: tuple[TaskReport, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    peak_memory_bytes: int = 0
