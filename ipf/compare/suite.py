"""Suites of regression cases: job orders, and the products that they made when somebody approved them.

A suite is a TOML file; paths in it count from its folder::

    tolerances = "rounding"
    creation_date = 2024-05-01T10:30:00Z

    [[case]]
    name = "l2a_mmfi"
    job_order = "../../job_orders/l2a_mmfi.xml"
    outputs = ["L2A"]
    reference = "references/l2a_mmfi"
    parameters = { "format_l2a.resolution" = 20 }
    inputs.L1C = { case = "simulate_l1c", path = "L1C" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import Field

from ipf.compare.faults import fault_text, place_text
from ipf.errors import ParameterError

Text = Annotated[str, Field(min_length=1)]

_TAGS = ("<path>", "<table>")
"""Both forms of an input, as validation calls them in the places of errors."""

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
"""Names of cases are names of folders."""

_TOLERANCE_FILE = ".toml"


@dataclass(frozen=True, slots=True)
class ReferenceInput:
    """An input that is part of another case's reference: a path or pattern in it that stands for one.

    `changed` says that the job writes into it: a copy of it stands among the outputs, under its file type.
    """

    case: str
    path: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One job order and its reference. Paths are absolute.

    Attributes
    ----------
    outputs
        what is compared: file types of outputs, or patterns of paths below the folder of the outputs.
    reference
        folder that holds what the job order is to make, by file type, or that packed in one archive.
    packed
        whether new references are packed.
    tolerances
        name of a profile, or a file.
    parameters
        values by name, which win over those of the job order.
    inputs
        files by type, in place of those of the job order.
    plugins
        Python files or folders of plugins.
    timeout
        seconds that the job may take.
    creation_date
        date of creation of all that is written; None for the time of the run.
    workers, block_size
        threads, and the side of a block in metres; None for the program's own choice.
    """

    name: str
    job_order: Path
    outputs: tuple[str, ...]
    reference: Path
    packed: bool
    tolerances: str | Path
    timeout: float
    parameters: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Path | ReferenceInput] = field(default_factory=dict)
    plugins: tuple[Path, ...] = ()
    creation_date: datetime | None = None
    workers: int | None = None
    block_size: int | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of the file at `path`, in its order."""

    path: Path
    cases: tuple[Case, ...]

    def case(self, name: str) -> Case:
        """The case called `name`; `ParameterError` naming those there are when there is none."""
        for case in self.cases:
            if case.name == name:
                return case
        known = ", ".join(case.name for case in self.cases)
        raise ParameterError(f"{self.path}: expected a case called one of {known}, found {name!r}")


class _Table(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class _Defaults(_Table):
    """What cases share, each of which may say otherwise."""

    tolerances: Text | None = None
    timeout: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    packed: bool | None = None
    creation_date: datetime | None = None
    workers: int | None = Field(default=None, ge=1)
    block_size: int | None = Field(default=None, ge=60, multiple_of=60)
    plugins: tuple[Text, ...] | None = None


class _Input(_Table):
    case: Text
    path: Text
    changed: bool = False


def _form(value: object) -> str:
    return _TAGS[isinstance(value, dict)]


def _single(value: object) -> object:
    if not isinstance(value, str | bool | int | float):
        raise ValueError("expected text, a number, true or false")
    return value


Value = Annotated[Any, pydantic.AfterValidator(_single)]
Source = Annotated[
    Annotated[Text, pydantic.Tag(_TAGS[0])] | Annotated[_Input, pydantic.Tag(_TAGS[1])],
    pydantic.Discriminator(_form),
]


class _Case(_Defaults):
    name: str = Field(pattern=_NAME)
    job_order: Text
    outputs: tuple[Text, ...] = Field(min_length=1)
    reference: Text
    parameters: dict[str, Value] = Field(default_factory=dict)
    inputs: dict[str, Source] = Field(default_factory=dict)


class _Suite(_Defaults):
    case: tuple[_Case, ...] = Field(min_length=1)


_FALLBACK = _Defaults(tolerances="identical", timeout=3600.0, packed=False, plugins=())


def read_suite(path: Path) -> Suite:
    """The suite of a TOML file.

    Raises `ParameterError` naming the file and the table when it cannot be read, lacks something, says
    something unknown, or names a case twice or one that is not there.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ParameterError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ParameterError(f"{path}: cannot be read as TOML: {problem}") from problem
    try:
        table = _Suite.model_validate(content)
    except pydantic.ValidationError as problem:
        raise ParameterError("; ".join(_told(path, content, error) for error in problem.errors())) from None
    suite = Suite(path, tuple(_case(path.absolute().parent, table, case) for case in table.case))
    _refuse_contradictions(suite)
    return suite


def _case(folder: Path, suite: _Suite, case: _Case) -> Case:
    """The case with absolute paths, and what it leaves open taken from the suite."""
    said = {
        name: next(
            value
            for value in (getattr(table, name) for table in (case, suite, _FALLBACK))
            if value is not None
        )
        for name in ("tolerances", "timeout", "packed", "plugins")
    }
    may_be_open = {
        name: getattr(case, name) if getattr(case, name) is not None else getattr(suite, name)
        for name in ("workers", "block_size")
    }
    tolerances: str = said["tolerances"]
    date = case.creation_date or suite.creation_date
    return Case(
        name=case.name,
        job_order=folder / case.job_order,
        outputs=case.outputs,
        reference=folder / case.reference,
        packed=said["packed"],
        tolerances=folder / tolerances if tolerances.endswith(_TOLERANCE_FILE) else tolerances,
        timeout=said["timeout"],
        parameters={name: _text(value) for name, value in case.parameters.items()},
        inputs={
            name: folder / value if isinstance(value, str) else ReferenceInput(**value.model_dump())
            for name, value in case.inputs.items()
        },
        plugins=tuple(folder / name for name in said["plugins"]),
        creation_date=date and (date.replace(tzinfo=UTC) if date.tzinfo is None else date),
        **may_be_open,
    )


def _text(value: object) -> str:
    """A value as job orders and options write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse_contradictions(suite: Suite) -> None:
    names = [case.name for case in suite.cases]
    for case in suite.cases:
        where = f"{suite.path}: case {case.name!r}"
        if names.count(case.name) > 1:
            raise ParameterError(f"{where}: expected names that differ, found it twice")
        for file_type, source in case.inputs.items():
            if isinstance(source, ReferenceInput) and source.case not in names:
                raise ParameterError(f"{where}: inputs.{file_type}: expected a case, found {source.case!r}")
        _refuse_shared_reference(suite, case, where)


def _refuse_shared_reference(suite: Suite, case: Case, where: str) -> None:
    """References are replaced whole: nothing else may stand in their folders, nor they in another's."""
    reference = case.reference.resolve()
    kept = [suite.path.parent]
    for each in suite.cases:
        kept += [each.job_order, *each.plugins]
        kept += [each.tolerances] if isinstance(each.tolerances, Path) else []
        kept += [each.reference] if each is not case else []
    kept += [source for source in case.inputs.values() if isinstance(source, Path)]
    for path in kept:
        if path.resolve().is_relative_to(reference):
            raise ParameterError(
                f"{where}: reference: expected a folder of its own,"
                f" found {case.reference}, which holds {path}"
            )


def _told(path: Path, content: dict[str, Any], error: Any) -> str:
    """One error of validation: file, table, field, and what is wrong."""
    location = [step for step in error["loc"] if step not in _TAGS]
    if location == ["case"]:
        return f"{path}: expected at least one table [[case]]"
    place = ""
    if location[:1] == ["case"] and isinstance(location[1], int):
        table = content["case"][location[1]]
        name = table.get("name") if isinstance(table, dict) else None
        place = f"case {name!r}: " if isinstance(name, str) else f"case {location[1] + 1}: "
        location = location[2:]
    name = place_text(location)
    return f"{path}: {place}{name + ': ' if name else ''}{fault_text(error)}"
