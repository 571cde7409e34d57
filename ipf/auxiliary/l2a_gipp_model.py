"""What the four Level-2A parameter files of Sen2Cor have in common: fields that know their place and range.

A model has one attribute for each field, under the field's own name. Everything else that a reader, a writer
or an operator needs stands in the field's ``json_schema_extra``: the section that holds it, the unit, the
range in words, the release that brought it, and where the default comes from.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

FIRST_RELEASE = "2.8"
"""Release of Sen2Cor whose fields and defaults the models state, where a field says no other."""


class Gipp(BaseModel):
    """Base of the parameter files: frozen, unknown names refused, the defaults checked as well.

    ``model_fields_set`` tells the fields that a file really holds from those left at their default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    file_type: ClassVar[str]
    """Type under which a job order names the file."""
    file_name: ClassVar[str]
    """Name under which Sen2Cor keeps it."""
    root: ClassVar[str]
    """Name of the document's element that holds the fields."""
    former_names: ClassVar[dict[str, str]] = {}
    """Field by the name that it had before release 2.5."""

    @field_validator("*", mode="before")
    @classmethod
    def number_unless_keyword(cls, value: Any, info: ValidationInfo) -> Any:
        """Read a field that is a keyword or a whole number."""
        keywords = properties(cls, str(info.field_name)).get("keywords")
        return value if keywords is None or value in keywords else int(value)

    @field_validator("*")
    @classmethod
    def one_of_the_choices(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what is no choice, or a number beside the keywords that is out of range."""
        known = properties(cls, str(info.field_name))
        if "choices" in known and value not in known["choices"]:
            raise ValueError("not among the choices")
        if "keywords" in known and not isinstance(value, str):
            low, high = known["limits"]
            if not low <= value <= high:
                raise ValueError("out of range")
        return value


def properties(model: type[BaseModel], field: str) -> dict[str, Any]:
    """What a field of a parameter file says beside type, default and description."""
    extra = model.model_fields[field].json_schema_extra
    return extra if isinstance(extra, dict) else {}


def number(
    default: float, low: float, high: float, section: str, text: str, unit: str = "1", **more: Any
) -> Any:
    """Field of a real number within `low`..`high`."""
    expected = f"a number from {low:g} to {high:g}{_unit(unit)}"
    return Field(
        default=default,
        ge=low,
        le=high,
        allow_inf_nan=False,
        description=text,
        json_schema_extra=_properties(section, unit, expected, **more),
    )


def whole_number(
    default: int, low: int, high: int, section: str, text: str, unit: str = "", **more: Any
) -> Any:
    """Field of a whole number within `low`..`high`."""
    expected = f"a whole number from {low} to {high}{_unit(unit)}"
    return Field(
        default=default,
        ge=low,
        le=high,
        description=text,
        json_schema_extra=_properties(section, unit, expected, **more),
    )


def choice(
    default: str | int, choices: tuple[str | int, ...], section: str, text: str, unit: str = "", **more: Any
) -> Any:
    """Field of one of a few keywords or codes."""
    expected = ("one of " if len(choices) > 1 else "") + ", ".join(str(item) for item in choices)
    return Field(
        default=default,
        description=text,
        json_schema_extra=_properties(section, unit, expected, choices=list(choices), **more),
    )


def keyword_or_number(
    default: str | int, keywords: tuple[str, ...], low: int, high: int, section: str, text: str, **more: Any
) -> Any:
    """Field of a keyword, or of a whole number within `low`..`high`."""
    expected = f"{', '.join(keywords)} or a whole number from {low} to {high}"
    extra = _properties(section, "", expected, keywords=list(keywords), limits=[low, high], **more)
    return Field(default=default, description=text, json_schema_extra=extra)


def flag(default: bool, section: str, text: str, **more: Any) -> Any:
    """Field that is TRUE or FALSE."""
    return Field(
        default=default,
        description=text,
        json_schema_extra=_properties(section, "", "TRUE or FALSE", **more),
    )


def words(default: str, section: str, text: str, empty: bool = False, **more: Any) -> Any:
    """Field of free text; only where `empty` says so may there be none."""
    extra = _properties(section, "", "a text" if empty else "a text that is not empty", **more)
    return Field(default=default, min_length=0 if empty else 1, description=text, json_schema_extra=extra)


def entries(default: tuple[Any, ...], count: int | None, section: str, text: str, **more: Any) -> Any:
    """Field whose element occurs repeatedly, `count` times where that is fixed."""
    expected = f"{count} elements" if count else "at least one element"
    return Field(
        default=default,
        min_length=count or 1,
        max_length=count,
        description=text,
        json_schema_extra=_properties(section, "", expected, **more),
    )


def _properties(section: str, unit: str, expected: str, **more: Any) -> dict[str, Any]:
    release = more.pop("release", FIRST_RELEASE)
    known = {"section": section, "unit": unit, "expected": expected, "release": release, **more}
    return {**known, "source": f"parameter files of Sen2Cor {release}"}


def _unit(unit: str) -> str:
    return "" if unit in ("", "1") else f" {unit}"
