"""Values for parameters of steps, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Setting:
    """A value for ``<step>.<name>``, or for a dynamic parameter's plain name when `step` is empty."""

    step: str
    name: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """What a task's own files and modes set: a preset, parameter files among its inputs.

    They win over defaults and give way to configuration files, the job order's parameters and the command
    line; among themselves, later ones win. `files` were read for them, `warnings` are for the operator;
    types of parameter files that are there `without_effect` are told, too.
    """

    settings: tuple[Setting, ...] = ()
    warnings: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    without_effect: tuple[str, ...] = ()
