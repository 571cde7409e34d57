"""From a job order's task to a request: absolute paths by file type, existing inputs, usable outputs."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ipf.engine.context import TaskRequest
from ipf.engine.descriptions import FileRequirement, TaskDefinition
from ipf.engine.outputs_guard import SCRATCH_TYPES, real_path, refuse_outputs_in_inputs, refuse_unwritable
from ipf.errors import JobOrderError, PlanError
from ipf.joborder import FileNameType, JobOrder, Output, Task

CREATION_DATE = "CREATION_DATE"
"""Dynamic parameter that forces the creation date, whatever the task."""

REPORT_TYPE = "REPORT"
"""Type of the output that tells of the run; it is written when all tasks are done, and none can read it."""

Inputs = Mapping[str, tuple[Path, ...]]
"""Paths by file type."""


def task_request(
    job_order: JobOrder, task: Task, definition: TaskDefinition, path: Path, awaited: Inputs
) -> TaskRequest:
    """The request of one task; relative paths are taken from the job order's folder.

    Raises `PlanError` naming the job order and the element when a mandatory input is missing, an input that
    is not `awaited` does not exist, or a mandatory output is not asked for.
    """
    folder = path.resolve().parent
    where = f"{path}: task {task.name}"
    inputs = _inputs(task, folder)
    outputs = {output.file_type: _output_path(folder, output) for output in task.outputs}
    _check_required(where, "input", [name for name in inputs if inputs[name]], definition.inputs)
    _check_existence(where, without(inputs, awaited))
    _check_required(where, "output", outputs.keys(), definition.outputs)
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
        folders=frozenset(
            output.file_type
            for output in task.outputs
            if output.pattern or output.kind is FileNameType.DIRECTORY or outputs[output.file_type].is_dir()
        ),
    )


def awaited_inputs(task: Task, earlier: Sequence[Task], path: Path) -> dict[str, tuple[Path, ...]]:
    """Inputs of a task, by type, that earlier tasks of the job make.

    Such an input is an output of theirs, stands in one or holds one, links resolved. Whether something is
    there already says nothing: an earlier run may have left it.
    """
    folder = path.resolve().parent
    made = [
        real_path(_output_path(folder, output))
        for each in earlier
        for output in each.outputs
        if output.file_type != REPORT_TYPE
    ]
    awaited = {
        file_type: tuple(each for each in paths if _touches(real_path(each), made))
        for file_type, paths in _inputs(task, folder).items()
        if file_type not in SCRATCH_TYPES
    }
    return {file_type: paths for file_type, paths in awaited.items() if paths}


def without(inputs: Inputs, awaited: Inputs) -> dict[str, tuple[Path, ...]]:
    """The inputs that nobody has yet to make."""
    return {
        file_type: tuple(path for path in paths if path not in awaited.get(file_type, ()))
        for file_type, paths in inputs.items()
    }


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


def _inputs(task: Task, folder: Path) -> dict[str, tuple[Path, ...]]:
    inputs: dict[str, tuple[Path, ...]] = {}
    for entry in task.inputs:
        paths = tuple(_absolute(folder, name) for name in entry.files)
        inputs[entry.file_type] = inputs.get(entry.file_type, ()) + paths
    return inputs


def _touches(place: Path, others: Sequence[Path]) -> bool:
    """Whether `place` is one of `others`, or one of the two stands in the other."""
    return any(place.is_relative_to(other) or other.is_relative_to(place) for other in others)


def _check_required(
    where: str, kind: str, types: Collection[str], requirements: Sequence[FileRequirement]
) -> None:
    for requirement in requirements:
        if requirement.mandatory and not any(name in types for name in requirement.file_types):
            wanted = " or ".join(requirement.file_types)
            raise PlanError(f"{where}: no {kind} of type {wanted}")


def _check_existence(where: str, inputs: Inputs) -> None:
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
