"""Tolerances as TOML: the profiles that come along, files of users, complete ones to start from.

A file may begin with ``profile = "rounding"`` and then say only what differs from that profile; without that
line it differs from ``identical``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pydantic

from ipf.atomic import write_text
from ipf.compare.content import QUANTITIES
from ipf.compare.faults import fault_text, place_text
from ipf.compare.results import Comparison, Figure
from ipf.compare.tolerances import ClassTolerances, MaskTolerances, RasterTolerances, Tolerances
from ipf.errors import ParameterError

PROFILES = ("identical", "rounding", "same-algorithm", "cross-processor")
"""Profiles that come along, the strictest first."""

UNITS = {
    "reflectance": "reflectance (1)",
    "aerosol_optical_thickness": "aerosol optical thickness at 550 nm (1)",
    "water_vapour": "cm",
    "counts": "counts of the sensor",
    "probability": "%",
    "picture": "counts of 0 to 255",
    "longitude": "degrees",
    "latitude": "degrees",
    "height": "m",
    "line": "pixels",
    "column": "pixels",
}
"""Units of the limits by quantity."""

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
    for quantity, value in sorted(changes.items(), key=lambda entry: entry[0] != "other"):
        start: Table = base.get(quantity) or base.get("other") or {}
        base[quantity] = _merged(start, value) if isinstance(value, dict) else value
    return base


def profile_label(tolerances: Tolerances) -> str:
    """The name of the profile, and whether a file has changed it."""
    changed = tolerances.profile not in PROFILES or tolerances != load_tolerances(tolerances.profile)
    return f"{tolerances.profile}, changed" if changed else tolerances.profile


def _validated(content: Table, place: str) -> Tolerances:
    try:
        tolerances = Tolerances.model_validate(_frozen(content), strict=True)
    except pydantic.ValidationError as problem:
        raise ParameterError(f"{place}: {'; '.join(map(_fault, problem.errors()))}") from problem
    unknown = sorted(set(tolerances.rasters) - QUANTITIES)
    if unknown:
        known = ", ".join(sorted(QUANTITIES))
        raise ParameterError(f"{place}: rasters.{unknown[0]}: no such quantity, expected one of {known}")
    for override in tolerances.overrides:
        for model in (RasterTolerances, ClassTolerances, MaskTolerances):
            limits = {name: limit for name, limit in override.limits.items() if name in model.model_fields}
            try:
                model.model_validate(limits, strict=True)
            except pydantic.ValidationError as problem:
                faults = "; ".join(map(_fault, problem.errors()))
                raise ParameterError(f"{place}: overrides of {override.item!r}: {faults}") from problem
    return tolerances


def _frozen(value: Any) -> Any:
    """Lists as tuples, which strict validation asks for; it takes neither text nor a truth for a number."""
    if isinstance(value, dict):
        return {key: _frozen(entry) for key, entry in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _fault(error: Any) -> str:
    """One line about one fault: table and key, what is expected, what was found."""
    return f"{place_text(error['loc'])}: {fault_text(error)}".removeprefix(": ")


def write_tolerances(path: Path, tolerances: Tolerances, measured: Comparison | None = None) -> None:
    """Write all limits with what they mean; with `measured`, what was found in it as comments.

    The file reads back equal. Raises `ParameterError` when the tolerances are based on no profile that comes
    along, `OutputError` naming the file when it cannot be written.
    """
    if tolerances.profile not in PROFILES:
        raise ParameterError(f"profile {tolerances.profile!r}: expected one of {', '.join(PROFILES)}")
    lines = [
        "# How much a candidate may differ from its reference: limits of 'ipf compare --tolerances'.",
        "# All limits are inclusive; inf allows anything. Shares are of the pixels compared.",
        "# What is left out stays as it is in this profile:",
        f"profile = {_value(tolerances.profile)}",
    ]
    for quantity, limits in tolerances.rasters.items():
        unit = UNITS.get(quantity, "their own unit")
        lines += ["", f"# Values in {unit}.", *_table(f"rasters.{_key(quantity)}", limits)]
    for name in ("classes", "masks", "metadata", "structure"):
        lines += ["", *_table(name, getattr(tolerances, name))]
    for rule in tolerances.metadata.numbers:
        lines += ["", *_table("metadata.numbers", rule, repeated=True)]
    lines += ["", "# Other limits for single parts, whose keys 'ipf compare' prints; * stands for anything."]
    for override in tolerances.overrides:
        limits_text = ", ".join(f"{_key(name)} = {_value(limit)}" for name, limit in override.limits.items())
        lines += ["[[overrides]]", f"item = {_value(override.item)}", f"limits = {{ {limits_text} }}"]
    if not tolerances.overrides:
        lines += ["# [[overrides]]", '# item = "*/B09*"', "# limits = { bias = 0.001 }"]
    if measured is not None:
        lines += _measured(measured)
    write_text(path, "\n".join(lines) + "\n")


def _table(name: str, model: pydantic.BaseModel, repeated: bool = False) -> list[str]:
    """A table, each key with its meaning; rules for numbers are tables of their own."""
    lines = [f"[[{name}]]" if repeated else f"[{name}]"]
    for key, field in type(model).model_fields.items():
        value = getattr(model, key)
        if key != "numbers" or not value:
            lines.append(f"{key} = {_value(value)}  # {field.description}")
    return lines


def _key(name: str) -> str:
    bare = name.replace("_", "").replace("-", "")
    return name if bare.isascii() and bare.isalnum() else _value(name)


def _value(value: object) -> str:
    """A value as TOML; strings are JSON's basic strings, which TOML shares, but for the delete character."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(_value(entry) for entry in value)}]"
    if isinstance(value, float):
        return repr(value)  # inf and nan are called the same
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _measured(comparison: Comparison) -> list[str]:
    """What was measured, by the names of the limits, as comments."""
    found: dict[str, dict[str, Figure]] = {}
    for check in comparison.checks:
        figures = found.setdefault(check.item, {})
        figures |= {name: check.figures[name] for name in check.limits if name in check.figures}
    lines = ["", f"# Measured between {comparison.reference} and {comparison.candidate}:"]
    for item, figures in found.items():
        if figures:
            lines.append(
                f"# {item}: {', '.join(f'{name} {_short(value)}' for name, value in figures.items())}"
            )
    return ["".join(char if char.isprintable() else " " for char in line) for line in lines]


def _short(figure: Figure) -> str:
    return f"{figure:.6g}" if isinstance(figure, float) else str(figure)
