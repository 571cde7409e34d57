"""What a job order says, for programs (a dictionary for JSON) and for people (lines of text)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ipf.joborder.loglevels import LogLevel
from ipf.joborder.model import (
    BreakpointFile,
    ConfigurationFile,
    Input,
    Interval,
    JobOrder,
    Output,
    Parameter,
    Resources,
    Task,
)


def to_dict(job_order: JobOrder) -> dict[str, Any]:
    """`job_order` as texts, numbers, truth values, lists and dictionaries; every key is always there.

    ``parameters`` holds the parameters of the job and, where those leave room, of its tasks.
    """
    parameters = (*job_order.parameters, *(each for task in job_order.tasks for each in task.parameters))
    return {
        "dialect": job_order.dialect,
        "file": None if job_order.source is None else str(job_order.source),
        "order_id": job_order.order_id,
        "processor_name": job_order.processor_name,
        "processor_version": job_order.processor_version,
        "order_type": job_order.order_type,
        "file_class": job_order.file_class,
        "processing_node": job_order.processing_node,
        "acquisition_station": job_order.acquisition_station,
        "processing_station": job_order.processing_station,
        "test": job_order.test,
        "troubleshooting": job_order.troubleshooting,
        "breakpoint_enable": job_order.breakpoint_enable,
        "stdout_levels": _levels(job_order.stdout_levels),
        "stderr_levels": _levels(job_order.stderr_levels),
        "sensing_time": None if job_order.sensing_time is None else _interval(job_order.sensing_time),
        "area_of_interest": None
        if job_order.area_of_interest is None
        else [list(point) for point in job_order.area_of_interest.points],
        "metadata_parameters": _parameters(job_order.metadata_parameters),
        "configuration_files": _configuration_files(job_order.configuration_files),
        "private_configuration_files": list(job_order.private_configuration_files),
        "parameters": {each.name: job_order.parameter(each.name) for each in parameters},
        "tasks": [_task(task) for task in job_order.tasks],
        "notes": list(job_order.notes),
    }


def _levels(levels: Iterable[LogLevel]) -> list[str]:
    return [level.name for level in sorted(levels)]


def _interval(interval: Interval) -> dict[str, str | None]:
    """The texts of the file, and the times in UTC (None for an open end)."""
    begin, end = interval.begin, interval.end
    return {
        "start": interval.start.text,
        "stop": interval.stop.text,
        "begin": None if begin is None else begin.isoformat(),
        "end": None if end is None else end.isoformat(),
    }


def _parameters(parameters: Iterable[Parameter]) -> dict[str, str]:
    return {each.name: each.value for each in parameters}


def _configuration_files(files: Iterable[ConfigurationFile]) -> list[dict[str, str]]:
    return [{"path": each.path, "identifier": each.identifier} for each in files]


def _task(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "version": task.version,
        "inputs": [_input(each) for each in task.inputs],
        "outputs": [_output(each) for each in task.outputs],
        "parameters": _parameters(task.parameters),
        "configuration_files": _configuration_files(task.configuration_files),
        "resources": _resources(task.resources),
        "breakpoint_enable": None if task.breakpoint is None else task.breakpoint.enable,
        "breakpoints": [_breakpoint(each) for each in (task.breakpoint.files if task.breakpoint else ())],
    }


def _input(content: Input) -> dict[str, Any]:
    return {
        "file_type": content.file_type,
        "file_name_type": content.file_name_type,
        "files": list(content.files),
        "file_systems": list(content.file_systems),
        "source_data": content.source_data,
        "product_id": content.product_id,
        "identifier": content.identifier,
        "alternative": content.alternative,
        "time_intervals": [
            {"file_name": each.file_name, **_interval(each)} for each in content.time_intervals
        ],
    }


def _output(content: Output) -> dict[str, Any]:
    return {
        "file_type": content.file_type,
        "file_name_type": content.file_name_type,
        "path": content.path,
        "files": list(content.files),
        "file_systems": list(content.file_systems),
        "mandatory": content.mandatory,
        "product_id": content.product_id,
        "pattern": content.pattern,
        "directory": content.directory,
        "baseline": content.baseline,
    }


def _resources(resources: Resources) -> dict[str, Any]:
    return {
        "cpu_cores": resources.cpu_cores,
        "ram_mb": resources.ram,
        "disk_space_mb": resources.disk_space,
        "gpu_cores": resources.gpu_cores,
        "gpu_ram_mb": resources.gpu_ram,
        "ram_disks": [
            {"amount_mb": each.amount, "mount_path": each.mount_path} for each in resources.ram_disks
        ],
    }


def _breakpoint(content: BreakpointFile) -> dict[str, Any]:
    return {
        "path": content.path,
        "file_type": content.file_type,
        "file_name_type": content.file_name_type,
        "enable": content.enable,
        "identifier": content.identifier,
    }


def lines(job_order: JobOrder) -> Iterator[str]:
    """Lines that tell a person what the job order asks for; what it does not say is left out."""
    yield f"{job_order.processor_name} {job_order.processor_version} ({job_order.dialect} job order)"
    yield from _labelled(_head(job_order))
    yield from _titled("parameters", (f"{each.name} = {each.value}" for each in job_order.parameters))
    for task in job_order.tasks:
        yield f"task {task.name} {task.version}".rstrip()
        yield from _indented(_task_lines(job_order, task))
    yield from _titled("notes", job_order.notes)


def _head(job_order: JobOrder) -> Iterator[tuple[str, str]]:
    yield "order", job_order.order_id
    yield "order type", job_order.order_type
    yield "file class", job_order.file_class
    yield "processing node", job_order.processing_node
    yield "acquisition station", job_order.acquisition_station
    yield "processing station", job_order.processing_station
    yield "test", _yes_or_no(job_order.test)
    yield "troubleshooting", _yes_or_no(job_order.troubleshooting)
    yield "breakpoints", _yes_or_no(job_order.breakpoint_enable)
    yield "standard output", " ".join(_levels(job_order.stdout_levels)) or "nothing"
    yield "standard error", " ".join(_levels(job_order.stderr_levels)) or "nothing"
    if job_order.sensing_time is not None:
        yield "sensing time", f"{job_order.sensing_time.start.text} to {job_order.sensing_time.stop.text}"
    if job_order.area_of_interest is not None:
        yield "area of interest", job_order.area_of_interest.geometry
    for parameter in job_order.metadata_parameters:
        yield f"metadata {parameter.name}", parameter.value
    for file in job_order.configuration_files:
        yield f"configuration {file.identifier}".rstrip(), file.path
    for path in job_order.private_configuration_files:
        yield "private configuration", path


def _task_lines(job_order: JobOrder, task: Task) -> Iterator[str]:
    resources = {
        "CPU cores": task.resources.cpu_cores,
        "RAM (MB)": task.resources.ram,
        "disk (MB)": task.resources.disk_space,
        "GPU cores": task.resources.gpu_cores,
        "GPU RAM (MB)": task.resources.gpu_ram,
    }
    yield from (f"{name}: {value}" for name, value in resources.items() if value is not None)
    yield from (f"RAM disk {each.mount_path}: {each.amount} MB" for each in task.resources.ram_disks)
    yield from (f"configuration {each.identifier}: {each.path}" for each in task.configuration_files)
    yield from (f"parameter {each.name} = {each.value}" for each in task.parameters)
    for given in task.inputs:
        yield f"input {given.file_type} ({given.kind.value})"
        yield from _indented(given.files)
    for wanted in task.outputs:
        mandatory = ", mandatory" if wanted.mandatory else ""
        yield f"output {wanted.file_type} ({wanted.kind.value}{mandatory})"
        yield from _indented(wanted.files or [wanted.path or "(working directory)"])
    requested = job_order.breakpoints_of(task)
    yield from _titled("breakpoints to be written", (each.path for each in requested))


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def _labelled(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"  {label}: {text}" for label, text in pairs if text)


def _titled(title: str, content: Iterable[str]) -> Iterator[str]:
    """`title` and the lines of `content` below it; nothing when there are none."""
    found = list(content)
    if found:
        yield title
        yield from _indented(found)


def _indented(content: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in content)
