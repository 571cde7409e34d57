"""The exit codes of the programs: the documented table, and the code of a success with warnings."""

from __future__ import annotations

import inspect
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ipf import errors
from ipf.cli.environment import WARNING_EXIT_CODE
from ipf.engine import Plan, TaskPlan
from ipf.engine.parameters import settings_of_file
from ipf.errors import ParameterError

LAST_WARNING_CODE = 127
STRICT_TASKS = ("OLQC", "Sen2Cor")
"""Tasks whose callers take any code but 0 for a failure (Sentinel-2 launcher, L2A worker)."""


@dataclass(frozen=True, slots=True)
class ExitCode:
    """One row of the table; `code` is text, since a row may stand for a range."""

    code: str
    name: str
    meaning: str


def exit_code_table() -> tuple[ExitCode, ...]:
    """Every code that a program can leave with, in rising order."""
    rows = [
        ExitCode(
            "0", "success", "All that the job order asks for is written; with warnings too, by default."
        ),
        ExitCode(
            f"1-{LAST_WARNING_CODE}",
            "warnings",
            f"Success with warnings, if a code is configured ([exit] warnings, or {WARNING_EXIT_CODE}); "
            f"never for tasks {STRICT_TASKS[0]}* and {STRICT_TASKS[1]}.",
        ),
    ]
    failures = [ExitCode(str(kind.exit_code), kind.__name__, _first_sentence(kind)) for kind in _kinds()]
    signals = [
        ExitCode(str(128 + number), number.name, f"Ended by {number.name}; nothing partial is left.")
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    ]
    crash = ExitCode("128+N", "crash", "Killed by signal N from within or by the system (SIGSEGV, SIGKILL).")
    return (*rows, *sorted(failures + signals, key=lambda row: int(row.code)), crash)


def _kinds() -> Iterator[type[errors.IpfError]]:
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.IpfError) and kind is not errors.SignalError:
            yield kind


def _first_sentence(kind: type[errors.IpfError]) -> str:
    if kind is errors.IpfError:
        return "Any other failure, an unexpected one included (a broken installation, a programming error)."
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def warning_exit_code(plan: Plan) -> int:
    """Code for a success with warnings: 0 unless configured.

    The environment goes before ``[exit] warnings = N`` in the configuration files of the job order and of the
    command line (the last of them counts). Raises `ParameterError` when the number is not in 0-127.
    """
    code = 0
    folder = plan.job_order_path.resolve().parent
    named = [folder / file.path for file in plan.job_order.configuration_files if file.path]
    for path in (*named, *plan.options.configuration_files):
        code = _configured(path, code)
    if text := os.environ.get(WARNING_EXIT_CODE, ""):
        code = _checked(int(text) if text.isdecimal() else text, f"environment {WARNING_EXIT_CODE}")
    return 0 if any(_is_strict(task) for task in plan.tasks) else code


def _configured(path: Path, code: int) -> int:
    for setting in settings_of_file(path):
        if setting.step == "exit":
            if setting.name != "warnings":
                raise ParameterError(f"{path}: exit.{setting.name}: unknown, expected exit.warnings")
            code = _checked(setting.value, f"{path}: exit.warnings")
    return code


def _checked(value: object, origin: str) -> int:
    if type(value) is not int or not 0 <= value <= LAST_WARNING_CODE:
        raise ParameterError(f"{origin} = {value!r}: expected a whole number from 0 to {LAST_WARNING_CODE}")
    return value


def _is_strict(task: TaskPlan) -> bool:
    name = task.request.task_name
    return task.definition.warnings_exit_zero or name.startswith(STRICT_TASKS[0]) or name == STRICT_TASKS[1]
