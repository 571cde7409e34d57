"""A job order of somebody's, made into one that can be run apart: a copy whose results go to a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ipf.errors import JobOrderError
from ipf.joborder import FileNameType, Input, JobOrder, Output, Parameter, Task

SCRATCH = "WORKING"
"""File type of the input that is a folder to be written in."""

PARAMETERS_OF_TASKS = "eegs"
"""The dialect whose parameters are those of tasks; in others they are the job's."""


def apart(
    order: JobOrder,
    source: Path,
    outputs: Path,
    scratch: Path,
    inputs: Mapping[str, Path],
    parameters: Mapping[str, str],
) -> JobOrder:
    """The job order at `source` with absolute paths, all it writes in the folders `outputs` and `scratch`.

    Every output has a folder of its own, named after its file type. An input that is the output of an earlier
    task follows it. Else `inputs` by file type win over those of the job order, as `parameters` do. Raises
    `JobOrderError` when an input is given that the job order does not name.
    """
    home = source.absolute().parent
    known = {each.file_type for task in order.tasks for each in task.inputs}
    unknown = sorted(set(inputs) - known)
    if unknown:
        raise JobOrderError(f"{source}: expected inputs {', '.join(sorted(known))}, found {unknown[0]}")
    moved: dict[Path, Path] = {}
    tasks: list[Task] = []
    for task in order.tasks:
        taken = tuple(_input(each, home, scratch, inputs, moved) for each in task.inputs)
        made: list[Output] = []
        for each in task.outputs:
            folder = _folder(outputs, each.file_type, made, tasks)
            made.append(_output(each, folder))
            moved[home / (each.path or ".")] = Path(made[-1].path)
        tasks.append(_absolute(replace(task, inputs=taken, outputs=tuple(made)), home, scratch))
    if order.dialect == PARAMETERS_OF_TASKS:
        tasks = [replace(task, parameters=_merged(task.parameters, parameters)) for task in tasks]
        parameters = {}
    return replace(
        order,
        tasks=tuple(tasks),
        parameters=_merged(order.parameters, parameters),
        configuration_files=tuple(
            replace(file, path=str(home / file.path)) for file in order.configuration_files
        ),
        private_configuration_files=tuple(str(home / name) for name in order.private_configuration_files),
    )


def _folder(outputs: Path, file_type: str, made: Iterable[Output], earlier: Iterable[Task]) -> Path:
    """Folder of an output; later ones of the same file type have a number."""
    before = [*made, *(each for task in earlier for each in task.outputs)]
    count = sum(each.file_type == file_type for each in before)
    return outputs / (f"{file_type}.{count + 1}" if count else file_type)


def _input(
    each: Input, home: Path, scratch: Path, inputs: Mapping[str, Path], moved: Mapping[Path, Path]
) -> Input:
    written = [home / name for name in each.files]
    followed = [_followed(path, moved) for path in written]
    made_here = bool(written) and all(old != new for old, new in zip(written, followed, strict=True))
    if each.file_type in inputs and not made_here:
        return replace(each, files=(str(inputs[each.file_type]),), time_intervals=())
    if each.file_type == SCRATCH:
        return replace(each, files=tuple(str(scratch) for _ in each.files))
    return replace(each, files=tuple(map(str, followed)))


def _followed(path: Path, moved: Mapping[Path, Path]) -> Path:
    """Where a path that an earlier task writes has gone."""
    for place in (path, *path.parents):
        if place in moved:
            return moved[place] / path.relative_to(place)
    return path


def _output(each: Output, folder: Path) -> Output:
    if each.pattern or not each.files:
        return replace(each, directory=str(folder))
    if each.kind is FileNameType.DIRECTORY:
        return replace(each, files=tuple(str(folder) for _ in each.files))
    return replace(each, files=tuple(str(folder / Path(name).name) for name in each.files))


def _absolute(task: Task, home: Path, scratch: Path) -> Task:
    """The task with its configuration files at absolute places, its breakpoint files in `scratch`."""
    kept = task.breakpoint and replace(
        task.breakpoint,
        files=tuple(
            replace(file, path=str(scratch / Path(file.path).name)) for file in task.breakpoint.files
        ),
    )
    return replace(
        task,
        breakpoint=kept,
        configuration_files=tuple(
            replace(file, path=str(home / file.path)) for file in task.configuration_files
        ),
    )


def _merged(given: tuple[Parameter, ...], parameters: Mapping[str, str]) -> tuple[Parameter, ...]:
    merged = {parameter.name: parameter for parameter in given}
    merged.update((name, Parameter(name, value)) for name, value in parameters.items())
    return tuple(merged.values())
