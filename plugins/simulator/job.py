"""Job orders that come with the project, adapted and run with the program ``ipf``, as anybody would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from ipf.errors import IpfError, ProductError, UsageError
from ipf.joborder import BUILT_IN_DIALECTS, JobOrder, Parameter, Task, read_job_order, write_job_order

SCENE, LEVEL_2A = "simulate_l1c.xml", "l2a_mmfi.xml"
STRIP, LEVEL_1C = "simulate_l1b.xml", "l1c_mmfi.xml"
"""Job orders by name."""
PLACE = "../demo"
"""Where the job orders put what they make, relative to themselves."""
_FAILURE = 128
_PROGRAM = "from ipf.cli.guard import ipf; ipf()"


class JobError(IpfError):
    """A job has failed, and has said why; carries the exit code of its process."""

    def __init__(self, job_order: Path, code: int) -> None:
        super().__init__(f"{job_order}: ended with exit code {code}")
        self.exit_code = code if code >= _FAILURE else _FAILURE


def adapted(name: str, parameters: Mapping[str, str] | None = None) -> JobOrder:
    """A job order of the project whose paths count from the folder it is put into; `parameters` win over its
    own."""
    with as_file(files("ipf_job_orders").joinpath(name)) as path:
        order = read_job_order(path, BUILT_IN_DIALECTS)
    merged = {parameter.name: parameter for parameter in order.parameters}
    merged.update({key: Parameter(key, value) for key, value in (parameters or {}).items()})
    return replace(order, parameters=tuple(merged.values()), tasks=tuple(_here(task) for task in order.tasks))


def _here(task: Task) -> Task:
    """The task with files in the folder of the job order itself."""

    def moved(files: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.removeprefix(f"{PLACE}/") for name in files)

    return replace(
        task,
        inputs=tuple(replace(entry, files=moved(entry.files)) for entry in task.inputs),
        outputs=tuple(replace(entry, files=moved(entry.files)) for entry in task.outputs),
    )


def parameters_of(given: Mapping[str, object], settings: Sequence[str]) -> dict[str, str]:
    """Parameters as text: those given (None is left out), then ``STEP.NAME=VALUE`` settings.

    Paths become absolute, since a job order may stand elsewhere. Raises `UsageError` for a bad setting.
    """
    found = {
        name: str(value.resolve() if isinstance(value, Path) else value)
        for name, value in given.items()
        if value is not None
    }
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not (name and equals):
            raise UsageError(f"--set {setting!r}: expected STEP.NAME=VALUE")
        found[name] = value
    return found


def run_scene(folder: Path, parameters: Mapping[str, str], workers: int | None = None) -> tuple[Path, Path]:
    """Make a scene in `folder`; returns the paths of its product and of its truth."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    write_job_order(adapted(SCENE, parameters), folder / SCENE)
    run(folder / SCENE, *(["--workers", str(workers)] if workers else []))
    return newest(folder / "L1C", "*.SAFE"), newest(folder / "truth", "*.TRUTH")


def run_strip(
    folder: Path, tile: str, size: int, parameters: Mapping[str, str], workers: int | None = None
) -> tuple[Path, Path]:
    """Make a Level-1B datastrip over a piece of a tile in `folder`; the folder of its datastrip, and the job
    order that makes Level-1C of it.

    Raises `JobError` when the job fails, and has said why.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    given = {"simulate_strip.tile": tile, "simulate_strip.size_m": str(size), **parameters}
    write_job_order(adapted(STRIP, given), folder / STRIP)
    piece = {
        "PARALLEL_TILE_IDENT": given["simulate_strip.tile"],
        "tile_geometry.size_m": given["simulate_strip.size_m"],
    }
    write_job_order(adapted(LEVEL_1C, piece), folder / LEVEL_1C)
    run(folder / STRIP, *(["--workers", str(workers)] if workers else []))
    return newest(folder / "L1B" / "DATASTRIP", "*"), folder / LEVEL_1C


def run(job_order: Path, *options: str) -> None:
    """Run ``ipf run`` on a job order, its output being this process's; `JobError` when it fails."""
    command = [sys.executable, "-c", _PROGRAM, "run", str(job_order), *options]
    code = subprocess.run(command, check=False).returncode
    if code >= _FAILURE or code < 0:
        raise JobError(job_order, code)


def newest(folder: Path, pattern: str) -> Path:
    """The entry of a folder made last (names end in the time of creation); `ProductError` without one."""
    found = sorted(folder.glob(pattern))
    if not found:
        raise ProductError(f"{folder}: no {pattern}")
    return found[-1]
