"""The exit code of a success with warnings."""

from __future__ import annotations

import os
from pathlib import Path

from ipf.cli.environment import WARNING_EXIT_CODE
from ipf.cli.exit_codes import LAST_WARNING_CODE, STRICT_TASKS
from ipf.engine import Plan
from ipf.engine.parameters import settings_of_file
from ipf.engine.plan import TaskOutline
from ipf.engine.planner import CONFIGURATION_SUFFIX
from ipf.errors import ParameterError


def warning_exit_code(plan: Plan) -> int:
    """Code for a success with warnings: 0 unless configured.

    The environment goes before ``[exit] warnings = N`` in the configuration files of the job order and of the
    command line (the last of them counts). Raises `ParameterError` when the number is not in 0-127.
    """
    code = 0
    folder = plan.job_order_path.resolve().parent
    named = [folder / file.path for file in plan.job_order.configuration_files if file.path]
    named = [path for path in named if path.suffix == CONFIGURATION_SUFFIX]  # others are another program's
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


def _is_strict(task: TaskOutline) -> bool:
    name = task.request.task_name
    return task.definition.warnings_exit_zero or name.startswith(STRICT_TASKS[0]) or name == STRICT_TASKS[1]
