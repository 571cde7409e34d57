"""From a job order's task to a request: absolute paths by file type, existing inputs, usable outputs."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ipf.engine.context import TaskRequest
from ipf.engine.descriptions import FileRequirement, TaskDefinition
from ipf.engine.outputs_guard import refuse_outputs_in_inputs, refuse_unwritable
from ipf.errors import JobOrderError, PlanError
from ipf.joborder import FileNameType, JobOrder, Output, Task

CREATION_DATE = "CREATION_DATE"
"""Dynamic parameter that forces the creation date, whatever the task."""


def task_request(job_order: JobOrder, task: Task, definition: TaskDefinition, path: Path) -> TaskRequest:
    """The request of one task; relative paths are taken from the job order's folder.

    Raises `PlanError` naming the job order and the element when a mandatory input is missing, an input does
    not exist, or a mandatory output is not asked for.
    """
    folder = path.resolve().parent
    where = f"{path}: task {task.name}"
    inputs: dict[str, tuple[Path, ...]] = {}
    for entry in task.inputs:
        paths = tuple(_absolute(folder, name) for name in entry.files)
        inputs[entry.file_type] = inputs.get(entry.file_type, ()) + paths
    outputs = {output.file_type: _output_path(folder, output) for output in task.outputs}
    _check_inputs(where, inputs, definition.inputs)
    _check_outputs(where, outputs, definition.outputs)
    refuse_outputs_in_inputs(inputs, {name: [place] for name, place in outputs.items()}, where)
    refuse_unwritable(outputs.items(), where)
    return TaskRequest(
        processor_name=job_order.processor_name,
        processor_version=job_order.processor_version,
        task_name=task.name,
        inputs=inputs,
        outputs=outputs,
        parameters=job_order.parameters_of(task),
        source=str(path),
    )


def creation_date(job_order: JobOrder, forced: datetime | None) -> datetime:
    """UTC creation date of what the job writes: forced, else the job order's ``CREATION_DATE``, else now."""
    if forced is not None:
        return forced.astimezone(UTC)
    text = job_order.parameter(CREATION_DATE)
    if not text:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        stated = datetime.fromisoformat(text)
        return stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise JobOrderError(
            f"{job_order.source}: parameter CREATION_DATE = {text!r}: expected YYYY-MM-DDThh:mm:ssZ"
        ) from problem


def _absolute(folder: Path, name: str) -> Path:
    return Path(os.path.normpath(folder / name))


def _output_path(folder: Path, output: Output) -> Path:
    """Folder or file of an output; of a name pattern, the folder that it stands in."""
    if output.pattern:
        return _absolute(folder, output.directory)
    name = output.path
    if output.kind is FileNameType.REGEXP:
        name = posixpath.dirname(name)
    return _absolute(folder, name)


def _check_inputs(
    where: str, inputs: dict[str, tuple[Path, ...]], requirements: Sequence[FileRequirement]
) -> None:
    for requirement in requirements:
        if requirement.mandatory and not any(inputs.get(name) for name in requirement.file_types):
            wanted = " or ".join(requirement.file_types)
            raise PlanError(f"{where}: no input of type {wanted}")
    for file_type, paths in inputs.items():
        for path in paths:
            try:
                path.stat()
            except (FileNotFoundError, NotADirectoryError) as problem:
                raise PlanError(f"{where}: input {file_type}: {path} does not exist") from problem
            except OSError as problem:
                raise PlanError(
                    f"{where}: input {file_type}: {path} cannot be read: {problem.strerror}"
                ) from problem


def _check_outputs(where: str, outputs: dict[str, Path], requirements: Sequence[FileRequirement]) -> None:
    for requirement in requirements:
        if requirement.mandatory and not any(name in outputs for name in requirement.file_types):
            wanted = " or ".join(requirement.file_types)
            raise PlanError(f"{where}: no output of type {wanted}")
