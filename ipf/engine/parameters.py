"""Parameters of a step: defaults, overridden by configuration files, the job order and the command line.

Every value keeps its origin, so that `ipf plan` can say where it came from and a refusal can name it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pydantic

from ipf.engine.plan import PlannedParameter
from ipf.engine.settings import Setting
from ipf.engine.step import Step, StepParameters
from ipf.errors import ParameterError

DEFAULT_ORIGIN = "default"


def settings_of_text(parameters: Mapping[str, str], origin: str) -> tuple[Setting, ...]:
    """Settings from name -> text, where a name is ``<step>.<field>`` or that of a dynamic parameter."""
    settings = []
    for name, value in parameters.items():
        step, dot, field = name.partition(".")
        settings.append(Setting(step if dot else "", field if dot else name, value, origin))
    return tuple(settings)


def settings_of_file(path: Path) -> tuple[Setting, ...]:
    """Settings of a TOML configuration file: a table for each step; other tables belong to the program."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ParameterError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ParameterError(f"{path}: not a TOML configuration file: {problem}") from problem
    settings: list[Setting] = []
    for step, table in content.items():
        if not isinstance(table, dict):
            raise ParameterError(f"{path}: {step}: expected a table [step], found a value")
        settings.extend(Setting(step, name, value, f"configuration {path}") for name, value in table.items())
    return tuple(settings)


def resolve(step: Step, settings: Sequence[Setting]) -> tuple[StepParameters, tuple[PlannedParameter, ...]]:
    """Parameters of `step` under `settings` (later ones win), and the origin of each.

    Raises `ParameterError` naming the parameter, its origin and what was expected.
    """
    model = step.parameters
    names = _job_order_names(model)
    chosen: dict[str, Setting] = {}
    for setting in settings:
        if setting.step == step.name:
            if setting.name not in model.model_fields:
                raise ParameterError(_unknown(step, setting))
            chosen[setting.name] = setting
        elif not setting.step and setting.name in names:
            chosen[names[setting.name]] = setting
    try:
        parameters = model(**{name: setting.value for name, setting in chosen.items()})
    except pydantic.ValidationError as problem:
        raise ParameterError(_refusal(step, chosen, problem)) from problem
    return parameters, tuple(
        PlannedParameter(
            name,
            getattr(parameters, name),
            chosen[name].origin if name in chosen else DEFAULT_ORIGIN,
            field.description or "",
        )
        for name, field in model.model_fields.items()
    )


def unused(
    settings: Iterable[Setting], steps: Sequence[Step], known_names: Iterable[str]
) -> tuple[Setting, ...]:
    """Plain dynamic parameters that no step takes; a setting of an unknown step is a `ParameterError`."""
    step_names = {step.name for step in steps}
    taken = set(known_names).union(*(_job_order_names(step.parameters) for step in steps))
    left = []
    for setting in settings:
        if setting.step and setting.step not in step_names and not setting.origin.startswith("configuration"):
            known = ", ".join(sorted(step_names))
            raise ParameterError(
                f"parameter {setting.step}.{setting.name} ({setting.origin}): no step is called "
                f"{setting.step} (known: {known})"
            )
        if not setting.step and setting.name not in taken:
            left.append(setting)
    return tuple(left)


def without_effect(
    settings: Iterable[Setting], chain: Sequence[Step], ignored: Iterable[str]
) -> tuple[str, ...]:
    """Names of `ignored` parameters that are set all the same, in order, but for those a step takes."""
    taken = set[str]().union(*(_job_order_names(step.parameters) for step in chain))
    given = {setting.name for setting in settings if not setting.step}
    return tuple(sorted(given & set(ignored) - taken))


def _job_order_names(model: type[StepParameters]) -> dict[str, str]:
    """Field by the name of the dynamic parameter that sets it."""
    names = {}
    for field_name, field in model.model_fields.items():
        extra = field.json_schema_extra
        name = extra.get("job_order") if isinstance(extra, dict) else None
        if isinstance(name, str):
            names[name] = field_name
    return names


def _unknown(step: Step, setting: Setting) -> str:
    known = ", ".join(step.parameters.model_fields) or "none"
    return f"parameter {step.name}.{setting.name} ({setting.origin}): unknown (known: {known})"


def _refusal(step: Step, chosen: Mapping[str, Setting], problem: pydantic.ValidationError) -> str:
    first = problem.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    expected = first["msg"][0].lower() + first["msg"][1:]
    if name not in chosen:  # several parameters do not go together: those that were set are named
        at_fault = [
            f"{key} = {each.value!r} ({each.origin})" for key, each in chosen.items() if key in expected
        ]
        return f"parameters of step {step.name}: {'; '.join([expected, *at_fault])}"
    return f"parameter {step.name}.{name} = {chosen[name].value!r} ({chosen[name].origin}): {expected}"
