"""What a run tells of itself, its reports and its log file, overwrites nothing that is not its own.

The plan refuses outputs in inputs (`ipf.engine.outputs_guard`), but a report is written when the plan is
refused too, and by the guard of a dead process, which has no time to import the engine: hence this rule of
the same effect, that needs nothing but the job order.
"""

from __future__ import annotations

import os
from pathlib import Path

from ipf.joborder import FileNameType, JobOrder, Output, Task

SCRATCH_TYPE = "WORKING"
"""Type that job orders list among the inputs although it is given to be written in."""


def obstacle(target: Path, job_order: JobOrder, path: Path, own_type: str = "") -> str:
    """What `target` would overwrite, were it written for the job order at `path`; empty when nothing.

    Links are resolved. Protected are the job order, inputs with all they hold, and the files of outputs of
    other types than `own_type`. What an earlier task of the job makes is no input of the job.
    """
    folder = path.resolve().parent
    place = _real(target)
    if place == _real(path):
        return f"the job order {path}"
    around = {place, *place.parents}
    made: set[Path] = set()
    for task in job_order.tasks:
        for entry in task.inputs:
            for name in entry.files if entry.file_type != SCRATCH_TYPE else ():
                if _resolved(folder, name) in around - made:
                    return f"input {entry.file_type} {name}"
        outputs = {_resolved(folder, each.path): each for each in _named(task, own_type)}
        if place in outputs:
            return f"output {outputs[place].file_type} {outputs[place].path}"
        made |= set(outputs)
    return ""


def _named(task: Task, own_type: str) -> list[Output]:
    """Outputs of other types than `own_type` that have a path, and no pattern instead."""
    return [
        output
        for output in task.outputs
        if output.file_type != own_type
        and output.path
        and not output.pattern
        and output.kind is not FileNameType.REGEXP
    ]


def _resolved(folder: Path, name: str) -> Path:
    return _real(Path(os.path.normpath(folder / name)))


def _real(path: Path) -> Path:
    """`path`, its links resolved as far as they lead anywhere: `Path.resolve` fails on those in a ring."""
    return Path(os.path.realpath(path))
