"""Configurations of location grids in the form of Sen2VM, so that its users can take theirs along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from ipf.errors import ParameterError

MAXIMUM_BYTES = 2**20


class Steps(BaseModel):
    """Distance between nodes: pixels of direct grids, metres (or units of the projection) of inverse ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fine: float = Field(alias="10m_bands", gt=0)
    middle: float = Field(alias="20m_bands", gt=0)
    coarse: float = Field(alias="60m_bands", gt=0)

    def of(self, resolution: int) -> float:
        """The step of bands of a pixel size in metres."""
        return {10: self.fine, 20: self.middle, 60: self.coarse}[resolution]


class InverseArea(BaseModel):
    """Nodes of inverse grids: from the upper-left to the lower-right corner in a map projection."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ul_x: float
    ul_y: float
    lr_x: float
    lr_y: float
    referential: str
    output_folder: Path | None = None


class GridConfiguration(BaseModel):
    """What grids to make of which product, with which instrument files and ground."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    l1b_product: Path
    gipp_folder: Path
    auto_gipp_selection: bool = True
    dem: Path | None = None
    geoid: Path | None = None
    iers: Path | None = None
    operation: Literal["direct", "inverse"]
    deactivate_available_refining: bool = False
    steps: Steps
    export_alt: bool = True
    inverse_location_additional_info: InverseArea | None = None


def read_grid_configuration(path: Path, replaced: dict[str, Path | None]) -> GridConfiguration:
    """Read a configuration; `replaced` holds paths by field that win over its own.

    Its relative paths count from its folder where they exist there, else from the working folder. Raises
    ParameterError naming the file and the field.
    """
    try:
        content = path.read_bytes()
        if len(content) > MAXIMUM_BYTES:
            raise ParameterError(f"{path}: {len(content)} bytes, expected a configuration of grids")
        given = json.loads(content)
        if not isinstance(given, dict):
            raise ParameterError(f"{path}: expected an object of fields")
        stated = {**given, **{name: place for name, place in replaced.items() if place is not None}}
        configuration = GridConfiguration.model_validate(stated)
    except OSError as problem:
        raise ParameterError(f"{path}: cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise ParameterError(f"{path}: {_reason(problem)}") from problem
    if configuration.operation == "inverse" and configuration.inverse_location_additional_info is None:
        raise ParameterError(f"{path}: inverse_location_additional_info is missing: inverse grids need it")
    places = {
        name: _place(path, place, name in given and replaced.get(name) is None)
        for name in ("l1b_product", "gipp_folder", "dem", "geoid", "iers")
        if (place := getattr(configuration, name)) is not None
    }
    for name, place in places.items():
        if not place.exists():
            raise ParameterError(f"{path}: {name}: {place} does not exist")
    return configuration.model_copy(update=places)


def _place(path: Path, place: Path, own: bool) -> Path:
    beside = path.parent / place
    return beside if own and beside.exists() else place


def _reason(problem: Exception) -> str:
    """One line of what is wrong."""
    if isinstance(problem, pydantic.ValidationError):
        first = problem.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        return f"{field}: {first['msg']}, found {str(first['input'])[:80]}"
    return " ".join(str(problem).split())
