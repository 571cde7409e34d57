"""Frozen descriptions that plugins yield, besides steps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipf.engine.context import TaskRequest
from ipf.engine.executors import Executor
from ipf.engine.settings import TaskSettings
from ipf.product.quality.model import Inspection

CheckDefinition = Inspection
"""A quality check of one checklist. Several of one name are variants for other items (levels, baselines)."""


@dataclass(frozen=True, kw_only=True)
class Processor:
    """What a job order's ``Processor_Name`` asks for. `aliases` are further names, compared without case."""

    name: str
    tasks: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class FileRequirement:
    """An input of a task: the file types that may stand for it, the first being the preferred one."""

    file_types: tuple[str, ...]
    mandatory: bool = True
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskDefinition:
    """An ``Ipf_Proc``: an ordered chain of steps, with the files that it takes and gives.

    `aliases` are further task names (a Sentinel-2 task that stands for the same chain). `ignored_parameters`
    are dynamic parameters that management layers send and that have no meaning for the task, which an
    operator is told; `request_parameters` those that its steps read from the request. `settings` reads
    parameters of steps from what the request names: modes, parameter files among the inputs. Inputs that an
    earlier task of the job has yet to make are left out of the request when the job is checked at first.
    `amends` are the types of inputs that the task writes into because its interface says so (quality reports
    go into the product that they judge); what it plans to write into any other input is refused. `parts`
    names what a request is cut into (the tiles of a list, the detectors of a datastrip): the chain is planned
    and run for each, one after the other, and what it writes is told as the task's.
    """

    name: str
    steps: tuple[str, ...]
    inputs: tuple[FileRequirement, ...] = ()
    outputs: tuple[FileRequirement, ...] = ()
    aliases: tuple[str, ...] = ()
    ignored_parameters: tuple[str, ...] = ("TRACE", "VALIDATE_SCHEMA", "FAKE_MODE")
    request_parameters: tuple[str, ...] = ()
    warnings_exit_zero: bool = False
    settings: Callable[[TaskRequest], TaskSettings] | None = None
    amends: tuple[str, ...] = ()
    parts: Callable[[TaskRequest], Sequence[str]] | None = None
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A product format that can be opened."""

    name: str
    accepts: Callable[[Path], bool]
    open: Callable[[Path], Any]
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Writer:
    """A product format that can be written."""

    name: str
    write: Callable[..., Any]
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class AuxiliaryType:
    """A type of auxiliary file (``GIP_VIEDIR``, ``DEM_SRTM``, ``CAMS``) and its reader."""

    name: str
    read: Callable[[Path], Any]
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class ExecutorDefinition:
    """A way to run blocks; ``create(workers, stop)`` gives an `Executor` that ends when `stop` is set."""

    name: str
    create: Callable[[int, threading.Event], Executor]
    summary: str = ""
