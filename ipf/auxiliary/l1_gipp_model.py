"""What the parameter files of Level 1 have in common: models whose fields know element, unit and source.

The ground segment publishes names and root elements of these files (PSD 14.8, GIPP_List), not what is inside:
their elements here are this project's own. A field ``opaque_minimum`` is the element ``OPAQUE_MINIMUM``.
"""

from __future__ import annotations

import copy
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ipf.product.bands import BAND_NAMES
from ipf.product.xml_nodes import Node

CHOICE_OF_THIS_PROJECT = "choice of this project"


class Level1Gipp(BaseModel):
    """Base of the parameter files: frozen, unknown names refused, the defaults checked as well.

    ``model_fields_set`` tells the fields that a file really holds from those left at their default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    file_type: ClassVar[str]
    """Type under which a job order names the file (``GIP_RESPAR``)."""
    root: ClassVar[str]
    """Name of the document's root element."""
    per_satellite: ClassVar[bool] = False
    """Whether every satellite has a file of its own; else one serves all."""

    @classmethod
    def of_satellite(cls, satellite: str) -> Self:
        """The file of a satellite (``S2A``) with its defaults; ValueError for a satellite without any."""
        return cls()

    @classmethod
    def of_ground_segment(cls, data: Node) -> Self | None:
        """What is public of the ground segment's own form of the file; None where nothing is.

        `data` is the element DATA of an operational file. Raises the error of the document.
        """
        return None

    def contradiction(self) -> str:
        """What of the fields does not go together and what was expected; nothing where all do."""
        return ""


def _every_band(values: Mapping[str, float]) -> Mapping[str, float]:
    if sorted(values) != sorted(BAND_NAMES):
        missing = sorted(set(BAND_NAMES) - set(values))
        raise ValueError(f"a value for each of the 13 bands expected, missing {', '.join(missing)}")
    if not all(value > 0 for value in values.values()):
        raise ValueError("positive values expected")
    return {band: float(values[band]) for band in BAND_NAMES}


ByBand = typing.Annotated[Mapping[str, float], AfterValidator(_every_band)]
"""A positive number for each of the thirteen bands, by name."""
Numbers = tuple[float, ...]
"""Numbers one after another."""


def parameter(default: Any, text: str, *, unit: str = "1", source: str, **limits: Any) -> Any:
    """Field of a parameter file, with its unit and where its default comes from."""
    return Field(
        default=default, description=text, json_schema_extra={"unit": unit, "source": source}, **limits
    )


def step_parameter(model: type[Level1Gipp], name: str) -> Any:
    """Field of a step that a parameter file sets: default, range, unit and source are those of the file."""
    return copy.copy(model.model_fields[name])


def element_of(name: str) -> str:
    """Element that holds a field."""
    return name.upper()


def unit_of(model: type[Level1Gipp], name: str) -> str:
    """Unit of a field."""
    return str(_extra(model, name)["unit"])


def source_of(model: type[Level1Gipp], name: str) -> str:
    """Where the default of a field comes from."""
    return str(_extra(model, name)["source"])


def is_by_band(model: type[Level1Gipp], name: str) -> bool:
    """Whether a field has a number for each band."""
    annotation = model.model_fields[name].annotation
    return typing.get_origin(annotation) is typing.get_origin(Mapping[str, float])


def is_list(model: type[Level1Gipp], name: str) -> bool:
    """Whether a field is `Numbers`."""
    return typing.get_origin(model.model_fields[name].annotation) is tuple


def _extra(model: type[Level1Gipp], name: str) -> Mapping[str, Any]:
    extra = model.model_fields[name].json_schema_extra
    return extra if isinstance(extra, dict) else {}
