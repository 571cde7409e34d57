"""Step `elevation`: height of the ground on the 20 m grid, from a digital elevation model or flat.

Nothing but file headers is read until a later step asks for elevations. Without a model the ground is flat,
at the mean elevation that `atmospheric_state` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from pydantic import Field, field_validator

from ipf.auxiliary.elevation import (
    HIGHEST,
    LOWEST,
    NODATA,
    OFFSET,
    SCALE,
    Elevation,
    MissingTiles,
    open_elevation,
)
from ipf.engine import Context, Findings, SourceStep, StepParameters, provides
from ipf.errors import AuxiliaryError
from ipf.product.raster import Grid, Raster, Window
from ipf.product.reader import SafeProduct

INPUT_TYPES = ("AUX_DEM", "DEM", "DEM_DIR")
"""Job order inputs that name the model; the parameter `dem` wins."""
RESOLUTION = 20
NO_MODEL = "NONE"
"""How products call it that no elevation model was used (L2A_GIPP, DEM_Directory)."""
WORKING_BYTES_PER_PIXEL = 5
"""While the grid is resampled: a stripe as float32, voids as booleans, the counts before smoothing."""


class OnMissing(StrEnum):
    """What to do when the model that is named cannot be used."""

    ERROR = "error"
    FLAT = "flat"


class ElevationParameters(StepParameters):
    """Which elevation model, and what to do where it lacks."""

    dem: Path | None = Field(
        default=None,
        description="elevation model: folder (DTED, GeoTIFF or SRTM files, searched with what is below) or"
        " any file that GDAL reads; none: flat ground",
        json_schema_extra={"unit": "", "source": "Sen2Cor L2A_GIPP DEM_Directory"},
    )
    on_missing: OnMissing = Field(
        default=OnMissing.ERROR,
        description="when the model is missing, meets the tile nowhere or a file is seen to be broken in"
        " opening: error, or flat ground with a note",
        json_schema_extra={"unit": "", "source": "Sen2Cor L2A_GIPP Force_Exit_On_DEM_Error"},
    )
    missing_tiles: MissingTiles = Field(
        default=MissingTiles.SEA_LEVEL,
        description="where no file covers the tile, or a large void: sea_level (0 m), or error",
        json_schema_extra={"unit": "", "source": "DTED has no files over the sea"},
    )
    smoothing: float = Field(
        default=0.0,
        ge=0.0,
        le=200.0,
        description="standard deviation of a Gaussian over the elevations in m; models of whole metres or"
        " copied pixels need 30",
        json_schema_extra={"unit": "m", "source": ""},
    )

    @field_validator("dem", mode="before")
    @classmethod
    def none_is_no_model(cls, given: object) -> object:
        """Parameter files and job orders say NONE, or nothing, where no model is wanted."""
        return None if str(given).strip().upper() in ("", NO_MODEL) else given


@dataclass(frozen=True, init=False)
class ElevationModel:
    """What is known of the ground's elevation: `source` (name of the model, or NONE), whether one is `used`,
    a `note` for people, and the `files` that are read. `told`, for people too: what reading them showed,
    empty before.
    """

    source: str
    used: bool
    note: str
    files: tuple[Path, ...]
    told: list[str] = field(repr=False, compare=False)
    _mean: float | Callable[[], float] = field(repr=False, compare=False)

    def __init__(
        self,
        source: str,
        used: bool,
        mean: float | Callable[[], float],
        note: str = "",
        files: tuple[Path, ...] = (),
        told: list[str] | None = None,
    ) -> None:
        known = [] if told is None else told
        values = {
            "source": source,
            "used": used,
            "note": note,
            "files": files,
            "told": known,
            "_mean": mean,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def mean(self) -> float:
        """Mean elevation of the tile in metres. Of a model: asking for it has the files read."""
        return self._mean() if callable(self._mean) else self._mean


@dataclass(frozen=True)
class Inputs:
    """The product, for its grid, and the state, for the mean elevation without a model."""

    l1c_product: SafeProduct
    atmospheric_state: AtmosphericState


@dataclass(frozen=True)
class Outputs:
    """Elevation in metres, int16 counts of 0.2 m, without no-data; and what is known of it."""

    elevation: Annotated[Mapping[str, Raster], provides()]
    elevation_model: ElevationModel


def open_ground(inputs: Inputs, parameters: ElevationParameters, context: Context) -> Outputs:
    """Open the model; raises `AuxiliaryError` when it cannot be used and the fallback is not allowed."""
    grid = inputs.l1c_product.grid.at(RESOLUTION)
    mean = float(round(inputs.atmospheric_state.ground_elevation.field.mean))
    source = parameters.dem or context.request.find_input(*INPUT_TYPES)
    if source is None:
        return _flat(grid, mean, f"no elevation model: flat ground at {mean:.0f} m")
    told: list[str] = []  # in reading, long after this step: the product tells of it
    try:
        opened = open_elevation(
            source,
            grid,
            missing=parameters.missing_tiles,
            smoothing=parameters.smoothing,
            report=told.append,
        )
    except AuxiliaryError as problem:
        if parameters.on_missing is OnMissing.ERROR:
            raise
        return _flat(grid, mean, f"flat ground at {mean:.0f} m instead of the elevation model: {problem}")
    raster = elevation_raster(
        grid, lambda window: opened.counts()[window.slices], opened.source, opened.release
    )
    return Outputs({"": raster}, _described(source, opened, told))


def _flat(grid: Grid, mean: float, note: str) -> Outputs:
    count = np.int16(round(min(max(mean, LOWEST), HIGHEST) / SCALE - OFFSET))
    raster = elevation_raster(
        grid, lambda window: np.full((window.height, window.width), count), "flat ground"
    )
    return Outputs({"": raster}, ElevationModel(NO_MODEL, False, mean, note))


def elevation_raster(
    grid: Grid,
    read: Callable[[Window], npt.NDArray[np.int16]],
    source: str,
    release: Callable[[], None] | None = None,
) -> Raster:
    """The layer `elevation` of counts that `read` gives, in metres ``(count + 20000) * 0.2``."""
    return Raster(
        layer="elevation",
        grid=grid,
        dtype=np.dtype(np.int16),
        unit="m",
        read=read,
        scale=SCALE,
        offset=OFFSET,
        nodata=NODATA,
        source=source,
        on_release=release,
    )


def _described(source: Path, opened: Elevation, told: list[str]) -> ElevationModel:
    files = tuple(file.path for file in opened.cover.files)
    number = f"{len(files)} file{'s' if len(files) > 1 else ''}"
    note = f"elevation model {source}: {number}, {opened.cover.share:.1%} of the tile"
    if opened.cover.share < 1.0:
        note += ", the rest taken as sea level"
    if opened.smoothing:
        note += f", smoothed with a standard deviation of {opened.smoothing:g} m"
    return ElevationModel(source.name, True, opened.mean, note, files, told)


def tell(known: Mapping[str, Any], parameters: ElevationParameters, context: Context) -> Findings:
    """Tell which ground is assumed, and which files will be read."""
    model: ElevationModel = known["elevation_model"]
    pixels = known["l1c_product"].grid.at(RESOLUTION)
    working = WORKING_BYTES_PER_PIXEL * pixels.rows * pixels.columns if model.used else 0
    return Findings(auxiliary=model.files, memory_bytes=working, notes=(model.note,))


elevation = SourceStep(
    name="elevation",
    summary="elevation of the ground at 20 m, from a digital elevation model or flat",
    run=open_ground,
    check=tell,
)
