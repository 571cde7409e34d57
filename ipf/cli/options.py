"""Options that ``ipf run`` and ``ipf plan`` share, and the request that they make."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ipf.cli.execution import JobRequest

Function = TypeVar("Function", bound=Callable[..., Any])

UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
PATH = click.Path(path_type=Path)


def named_value(text: str) -> tuple[str, str]:
    """Name and value of ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r}: expected NAME=VALUE")
    return name, value


def job_path(text: str) -> Path:
    """Path of a job order; an empty one, an unset variable of a script, is not the working directory."""
    if not text:
        raise click.BadParameter("expected the path of a job order, found an empty argument")
    return Path(text)


def iso_time(text: str) -> datetime:
    """Aware time of ISO 8601 text, UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise click.BadParameter(f"{text!r}: expected YYYY-MM-DDThh:mm:ssZ") from problem
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def byte_count(text: str) -> int:
    """Bytes of a number with kB, MB, GB (powers of 1000), KiB, MiB, GiB (of 1024) or no unit (bytes)."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) *([KMG]I?B)?", text.strip().upper())
    amount = int(float(match[1]) * UNITS[match[2] or ""]) if match else 0
    if amount < 1:
        raise click.BadParameter(f"{text!r}: expected an amount of memory such as 4GB")
    return amount


def job_options(function: Function) -> Function:
    """Add the argument JOB and the options of a job to a command."""
    for decorate in reversed(
        (
            click.argument("job", type=job_path),
            click.option(
                "--plugins",
                type=PATH,
                multiple=True,
                metavar="PATH",
                help="Python file or folder of plugins; beside those of IPF_PLUGIN_PATH.",
            ),
            click.option(
                "--workers",
                type=click.IntRange(min=1),
                help="Number of threads [default: the job order's, else the processors].",
            ),
            click.option(
                "--executor",
                default="threads",
                show_default=True,
                metavar="NAME",
                help="How blocks are run: threads, serial, or a plugin's.",
            ),
            click.option(
                "--block-size",
                type=int,
                metavar="M",
                help="Side of a block in metres, a multiple of 60 [default: 10980].",
            ),
            click.option(
                "--breakpoint",
                "breakpoints",
                type=named_value,
                multiple=True,
                metavar="LAYER=FILE",
                help="Write a layer or model to a file.",
            ),
            click.option(
                "--load",
                type=named_value,
                multiple=True,
                metavar="LAYER=FILE",
                help="Read a layer or model from a file instead of making it.",
            ),
            click.option(
                "--config", type=PATH, multiple=True, metavar="FILE", help="TOML file: a table for each step."
            ),
            click.option(
                "--set",
                "parameters",
                type=named_value,
                multiple=True,
                metavar="STEP.NAME=VALUE",
                help="Set a parameter of a step.",
            ),
            click.option(
                "--creation-date",
                type=iso_time,
                metavar="ISO",
                help="Creation date of what is written; makes a run repeatable to the byte.",
            ),
            click.option("--task", metavar="NAME", help="Run one task of the job order only."),
            click.option(
                "--memory-limit",
                type=byte_count,
                metavar="BYTES",
                help="Refuse a job whose forecast is higher (4GB, 512MiB, ...).",
            ),
        )
    ):
        function = decorate(function)
    return function


def job_request(
    job: Path,
    plugins: tuple[Path, ...],
    workers: int | None,
    executor: str,
    block_size: int | None,
    breakpoints: tuple[tuple[str, str], ...],
    load: tuple[tuple[str, str], ...],
    config: tuple[Path, ...],
    parameters: tuple[tuple[str, str], ...],
    creation_date: datetime | None,
    task: str | None,
    memory_limit: int | None,
) -> JobRequest:
    """The request that the options of `job_options` make; `PlanError` when one is out of its range.

    Paths become absolute: a plugin may change the working directory. That of the job order stays as it is
    written, for messages; where it stands is found out before any step runs.
    """
    from ipf.cli.environment import plugin_paths
    from ipf.cli.execution import JobRequest
    from ipf.engine import RunOptions
    from ipf.engine.plan import DEFAULT_BLOCK_SIZE_M

    return JobRequest(
        job,
        plugin_paths(plugins),
        RunOptions(
            workers=workers,
            executor=executor,
            block_size_m=DEFAULT_BLOCK_SIZE_M if block_size is None else block_size,
            task=task,
            configuration_files=tuple(path.absolute() for path in config),
            parameters=dict(parameters),
            breakpoints={name: Path(file).absolute() for name, file in breakpoints},
            loaded={name: Path(file).absolute() for name, file in load},
            creation_date=creation_date,
            memory_limit_bytes=memory_limit,
        ),
    )
