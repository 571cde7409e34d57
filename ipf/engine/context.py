"""What a step is given besides its inputs: the request, clock, seed, scratch folder, logger, progress."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ipf.errors import PlanError
from ipf.product.quality.model import Inspection
from ipf.product.raster import Grid, Window


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """One task of a job order, resolved: absolute paths by file type, parameters as text.

    `folders` are the types of outputs that are folders, by the job order or on the disk. `part` names the
    part of the task that is asked for (a tile, a detector), and is empty for a task without parts.
    """

    processor_name: str
    processor_version: str
    task_name: str
    inputs: Mapping[str, tuple[Path, ...]]
    outputs: Mapping[str, Path]
    parameters: Mapping[str, str]
    source: str = "job order"
    folders: frozenset[str] = frozenset()
    part: str = ""

    def input_path(self, *file_types: str) -> Path:
        """The input of the first of `file_types` present; `PlanError` when there is none or more than one."""
        found = self.find_input(*file_types)
        if found is None:
            wanted = " or ".join(file_types)
            raise PlanError(f"{self.source}: task {self.task_name}: no input of type {wanted}")
        return found

    def find_input(self, *file_types: str) -> Path | None:
        """As `input_path`, but None when there is no such input."""
        for file_type in file_types:
            paths = self.inputs.get(file_type, ())
            if len(paths) > 1:
                found = f"{len(paths)} files of type {file_type}, expected one"
                raise PlanError(f"{self.source}: task {self.task_name}: {found}")
            if paths:
                return paths[0]
        return None

    def output_path(self, *file_types: str) -> Path:
        """Where the job order wants the output of the first of `file_types` that is present."""
        for file_type in file_types:
            if file_type in self.outputs:
                return self.outputs[file_type]
        wanted = " or ".join(file_types)
        raise PlanError(f"{self.source}: task {self.task_name}: no output of type {wanted}")


def _no_progress(_fraction: float) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Context:
    """Surroundings of one call of a step.

    `creation_date` (UTC) is the only clock that may reach a product; `seed` the only source of chance.
    In a block step `window` is the block on `grid` (margins excluded), and `band` the band when the step runs
    for each band. `progress` takes the fraction done of a sink's work, 0 to 1. `checks` are the quality
    checks of all plugins (hook ``ipf_checks``).
    """

    request: TaskRequest
    creation_date: datetime
    scratch: Path
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("ipf"))
    workers: int = 1
    seed: int = 0
    progress: Callable[[float], None] = _no_progress
    checks: tuple[Inspection, ...] = ()
    band: str = ""
    grid: Grid | None = None
    window: Window | None = None

    def for_block(self, grid: Grid, window: Window, band: str) -> Context:
        """The context of one block."""
        return replace(self, grid=grid, window=window, band=band)
