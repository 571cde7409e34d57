"""Thresholds of a job order's parameter file, as parameters of the step that applies them."""

from __future__ import annotations

from ipf.engine import Setting, TaskRequest, TaskSettings
from ipf.product.quality.parameter_file import FILE_TYPE, ParameterFile, read_parameter_file, thresholds

STEP = "quality_control"


def settings_of_request(request: TaskRequest) -> TaskSettings:
    """Settings of the job order's GIP_OLQCPA; none where it names none.

    Raises `AuxiliaryError` as `read_parameter_file` does, `PlanError` for more than one file.
    """
    path = request.find_input(FILE_TYPE)
    return TaskSettings() if path is None else settings_of_file(read_parameter_file(path))


def settings_of_file(file: ParameterFile) -> TaskSettings:
    """The name that reports call the file by, and its thresholds, each with its element."""
    elements = {threshold.field: name for name, threshold in thresholds().items()}
    settings = [Setting(STEP, "name", file.name, str(file.path))]
    for name, value in file.values.items():
        settings.append(Setting(STEP, name, value, f"{file.path}: {elements[name]}"))
    return TaskSettings(tuple(settings), () if file.own else (foreign_file(file),), (file.path,))


def foreign_file(file: ParameterFile) -> str:
    """What an operator should know of a file of another form."""
    return f"{file.path}: thresholds of another form, which are not read: the defaults are used"
