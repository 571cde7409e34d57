"""Tolerances as TOML: the profiles that come along, files of users, complete ones to start from.

A file may begin with ``profile = "rounding"`` and then say only what differs from that profile; without that
line it differs from ``identical``.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pydantic
from pydantic.fields import FieldInfo

from ipf.atomic import write_text
from ipf.compare.results import Comparison, PartResult
from ipf.compare.tolerances import RasterTolerances, Tolerances
from ipf.errors import ParameterError

PROFILES = ("identical", "rounding", "same-algorithm", "cross-processor")
"""Profiles that come along, the strictest first."""

_DEFAULT = "identical"
Table = dict[str, Any]


def load_tolerances(name: str | Path) -> Tolerances:
    """Tolerances of a profile by its name, or of a file.

    Raises `ParameterError` naming the file, the key and what was expected when it cannot be used.
    """
    if str(name) in PROFILES:
        return _validated(_profile(str(name)), f"profile {name}")
    path = Path(name)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        known = ", ".join(PROFILES)
        raise ParameterError(
            f"{path}: cannot be read: {problem.strerror or problem} (profiles are {known})"
        ) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ParameterError(f"{path}: not a TOML file: {problem}") from problem
    base = content.get("profile", _DEFAULT)
    if base not in PROFILES:
        raise ParameterError(f"{path}: profile: {base!r}, expected one of {', '.join(PROFILES)}")
    return _validated(_merged(_profile(base), content), str(path))


def _profile(name: str) -> Table:
    resource = files("ipf.compare").joinpath("profiles").joinpath(f"{name}.toml")
    content = tomllib.loads(resource.read_text(encoding="utf-8"))
    content.setdefault("rasters", {}).setdefault("other", {})
    return content


def _merged(base: Table, changes: Mapping[str, Any]) -> Table:
    """`base` with `changes`, table by table; lists are replaced whole."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        if isinstance(value, dict) and key == "rasters":
            merged[key] = _merged_rasters(dict(below or {}), value)
        elif isinstance(value, dict) and isinstance(below, dict):
            merged[key] = _merged(below, value)
        else:
            merged[key] = value
    return merged


def _merged_rasters(base: Table, changes: Mapping[str, Any]) -> Table:
    """Tables by quantity; one that the profile does not name starts from its ``other``."""
    for quantity, value in changes.items():
        start = base.get(quantity, base.get("other", {}))
        base[quantity] = _merged(start, value) if isinstance(value, dict) else value
    return base


def _validated(content: Table, place: str) -> Tolerances:
    try:
        return Tolerances.model_validate(content)
    except pydantic.ValidationError as problem:
        faults = "; ".join(_fault(error) for error in problem.errors())
        raise ParameterError(f"{place}: {faults}") from problem


def _fault(error: Any) -> str:
    """One line about one fault: the key, what is wrong, what was found."""
    key = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: unknown key"
    return f"{key}: {error['msg'].removeprefix('Value error, ')}".lstrip(": ")


def write_tolerances(path: Path, tolerances: Tolerances, measured: Comparison | None = None) -> None:
    """Write all limits with what they mean; with `measured`, what was found in it as comments.

    The file reads back equal.
    """
    lines = [
        "# How much a candidate may differ from its reference: limits of 'ipf compare'.",
        "# All limits are inclusive; inf allows anything. Shares are of the pixels compared.",
        f"profile = {_value(tolerances.profile)}  # what this file leaves out is taken from this profile",
    ]
    for quantity, limits in tolerances.rasters.items():
        lines += _table(
            f"rasters.{_key(quantity)}", limits, comments=quantity == next(iter(tolerances.rasters))
        )
    for name in ("classes", "masks", "metadata", "structure"):
        lines += _table(name, getattr(tolerances, name), comments=True)
    for rule in tolerances.metadata.numbers:
        lines += _table("metadata.numbers", rule, comments=False, repeated=True)
    lines += ["", "# Other limits for single parts, whose keys 'ipf compare' prints (* stands for anything):"]
    if not tolerances.overrides:
        lines += ["# [[overrides]]", '# item = "*/B09*"', "# limits = { bias = 0.001 }"]
    for override in tolerances.overrides:
        limits_text = ", ".join(f"{name} = {_value(limit)}" for name, limit in override.limits.items())
        lines += ["[[overrides]]", f"item = {_value(override.item)}", f"limits = {{ {limits_text} }}"]
    if measured is not None:
        lines += _measured(measured)
    write_text(path, "\n".join(lines) + "\n")


def _table(name: str, model: pydantic.BaseModel, comments: bool, repeated: bool = False) -> Iterator[str]:
    yield ""
    yield f"[[{name}]]" if repeated else f"[{name}]"
    for key, field in type(model).model_fields.items():
        value = getattr(model, key)
        if key == "numbers" and value:
            continue  # tables of their own, below
        yield f"{key} = {_value(value)}{_comment(field) if comments else ''}"


def _comment(field: FieldInfo) -> str:
    return f"  # {field.description}" if field.description else ""


def _key(name: str) -> str:
    bare = name.replace("_", "").replace("-", "")
    return name if bare.isascii() and bare.isalnum() else json.dumps(name)


def _value(value: object) -> str:
    """A value as TOML; strings are JSON's basic strings, which TOML shares, but for the delete character."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(_value(entry) for entry in value)}]"
    if isinstance(value, float):
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _measured(comparison: Comparison) -> list[str]:
    lines = ["", f"# Measured between {comparison.reference} and {comparison.candidate}:"]
    for part in comparison.parts:
        figures = _figures(part)
        if figures:
            lines.append(f"# {part.item}: {figures}")
    return [" ".join(line.splitlines()) for line in lines]


def _figures(part: PartResult) -> str:
    """What was measured of a part, by the names of the limits."""
    if part.raster is not None:
        everything = part.raster.all
        values = {
            "bias": everything.accuracy,
            "rmse": everything.uncertainty,
            "maximum": everything.maximum,
            "slope": abs(part.raster.slope - 1),
            "correlation": part.raster.correlation,
        }
        assert values.keys() <= RasterTolerances.model_fields.keys()
        return ", ".join(f"{name} {value:.3g}" for name, value in values.items())
    if part.classes is not None:
        return f"agreement {part.classes.agreement:.6g}"
    if part.mask is not None:
        changed = sum(part.mask.lost.values()) + sum(part.mask.gained.values())
        return f"{changed} bits of {part.mask.pixels} pixels changed"
    return ""
