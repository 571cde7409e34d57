"""A toy chain for the tests of the engine: a scene of three resolutions, a few steps, one text file out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ipf.atomic import write_text
from ipf.engine import (
    BlockStep,
    Context,
    FileRequirement,
    Findings,
    NoParameters,
    PlannedFile,
    Processor,
    SceneStep,
    SinkStep,
    SourceStep,
    StepParameters,
    TaskDefinition,
    Written,
    hookimpl,
    provides,
    reads,
    writes,
)
from ipf.errors import ProductError
from ipf.product.raster import Grid, Raster, raster_of_array

Image = npt.NDArray[np.float32]
SIZE_M = 1260
RESOLUTIONS = {"B02": 10, "B05": 20, "B09": 60}


@dataclass(frozen=True)
class Acquisition:
    """What the toy product says of itself."""

    name: str
    sun_zenith_deg: float


@dataclass(frozen=True)
class NoInputs:
    """A source that needs no model."""


@dataclass(frozen=True)
class Opened:
    toa_reflectance: Annotated[Mapping[str, Raster], provides()]
    acquisition: Acquisition


def toy_rasters(size_m: int = SIZE_M, seed: int = 1) -> dict[str, Raster]:
    """Random counts with a corner of no-data."""
    rasters = {}
    for band, resolution in RESOLUTIONS.items():
        generator = np.random.default_rng(seed + resolution)
        grid = Grid(32633, 300000.0, 5000040.0, resolution, size_m // resolution, size_m // resolution)
        counts = generator.integers(1, 5000, grid.shape).astype(np.uint16)
        counts[: 120 // resolution, : 120 // resolution] = 0
        rasters[band] = raster_of_array(f"toa_reflectance/{band}", grid, counts, "1", 1e-4, -1000.0, 0)
    return rasters


def open_toy(inputs: NoInputs, parameters: NoParameters, context: Context) -> Opened:
    path = context.request.input_path("TOY")
    text = path.read_text()
    if not text.startswith("toy"):
        raise ProductError(f"{path}: expected a toy product")
    return Opened(toy_rasters(), Acquisition(text.strip(), 30.0))


@dataclass(frozen=True)
class SmoothInputs:
    toa_reflectance: Annotated[Mapping[str, Image], reads(bands=("B02", "B05"), resolution=20, margin=40)]


@dataclass(frozen=True)
class SmoothOutputs:
    smooth: Annotated[Image, writes(unit="1", dtype="uint16", scale=1e-4, minimum=1, nodata=0, resolution=20)]
    bright: Annotated[npt.NDArray[np.uint8], writes(unit="class", dtype="uint8", nodata=0, resolution=20)]


class SmoothParameters(StepParameters):
    """Parameters of `smooth`."""

    bright: float = Field(0.2, ge=0.0, le=1.0, description="reflectance above which a pixel is bright (1)")


def smooth(inputs: SmoothInputs, parameters: SmoothParameters, context: Context) -> SmoothOutputs:
    mean = (inputs.toa_reflectance["B02"] + inputs.toa_reflectance["B05"]) * np.float32(0.5)
    total = np.zeros((mean.shape[0] - 4, mean.shape[1] - 4), np.float32)
    for row in range(5):
        for column in range(5):
            total += mean[row : row + total.shape[0], column : column + total.shape[1]]
    value = total / np.float32(25.0)
    return SmoothOutputs(value, np.where(value > parameters.bright, 2, 1).astype(np.uint8))


@dataclass(frozen=True)
class MeanInputs:
    smooth: Annotated[Image, reads()]


@dataclass(frozen=True)
class MeanOutputs:
    mean_reflectance: MeanModel


@dataclass(frozen=True)
class MeanModel:
    """Mean over the valid pixels."""

    value: float
    count: int


def add_up(inputs: MeanInputs, parameters: NoParameters, context: Context) -> tuple[float, int]:
    valid = inputs.smooth[~np.isnan(inputs.smooth)].astype(np.float64)
    return float(valid.sum()), int(valid.size)


def merge(left: tuple[float, int], right: tuple[float, int]) -> tuple[float, int]:
    return left[0] + right[0], left[1] + right[1]


def finalise(partial: tuple[float, int] | None, parameters: NoParameters, context: Context) -> MeanOutputs:
    total, count = partial or (0.0, 0)
    return MeanOutputs(MeanModel(total / count if count else 0.0, count))


@dataclass(frozen=True)
class SurfaceInputs:
    toa_reflectance: Annotated[Image, reads(each_band=True)]
    bright: Annotated[npt.NDArray[np.uint8], reads()]
    mean_reflectance: MeanModel


@dataclass(frozen=True)
class SurfaceOutputs:
    boa_reflectance: Annotated[
        Image, writes(unit="1", dtype="uint16", scale=1e-4, offset=-1000, nodata=0, minimum=1, each_band=True)
    ]


class SurfaceParameters(StepParameters):
    """Parameters of `surface_reflectance`."""

    gain: float = Field(1.0, gt=0, le=2, description="factor (1)", json_schema_extra={"job_order": "GAIN"})


def surface_reflectance(
    inputs: SurfaceInputs, parameters: SurfaceParameters, context: Context
) -> SurfaceOutputs:
    assert inputs.bright.shape == inputs.toa_reflectance.shape
    path = np.float32(0.1 * inputs.mean_reflectance.value)
    return SurfaceOutputs((inputs.toa_reflectance - path) * np.float32(parameters.gain))


@dataclass(frozen=True)
class FormatInputs:
    boa_reflectance: Annotated[Mapping[str, Raster], reads()]
    acquisition: Acquisition


def plan_format(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    if known["acquisition"].sun_zenith_deg > 70:
        raise ProductError("sun too low")
    return Findings(outputs=(PlannedFile("SUMS", context.request.output_path("SUMS")),))


def write_sums(inputs: FormatInputs, parameters: NoParameters, context: Context) -> Written:
    path: Path = context.request.output_path("SUMS")
    lines = [inputs.acquisition.name]
    for position, (band, raster) in enumerate(inputs.boa_reflectance.items()):
        lines.append(f"{band} {int(raster.read_all().sum())}")
        raster.release()
        context.progress((position + 1) / len(inputs.boa_reflectance))
    context.logger.info("sums written")
    write_text(path, "\n".join(lines) + "\n")
    return Written((PlannedFile("SUMS", path),), {"bands": len(lines) - 1})


OPEN = SourceStep(name="open_toy", run=open_toy)
SMOOTH = BlockStep(name="smooth", run=smooth)
MEAN = SceneStep(name="mean", accumulate=add_up, merge=merge, finalise=finalise)
SURFACE = BlockStep(name="surface_reflectance", run=surface_reflectance)
FORMAT = SinkStep(name="format_sums", run=write_sums, check=plan_format)
TASK = TaskDefinition(
    name="TOY",
    steps=("open_toy", "smooth", "mean", "surface_reflectance", "format_sums"),
    inputs=(FileRequirement(file_types=("TOY",)),),
    outputs=(FileRequirement(file_types=("SUMS",)),),
    aliases=("TOY_TASK",),
)


class ToyPlugin:
    """Everything above, as a plugin."""

    @hookimpl
    def ipf_steps(self) -> list[Any]:
        return [OPEN, SMOOTH, MEAN, SURFACE, FORMAT]

    @hookimpl
    def ipf_tasks(self) -> list[TaskDefinition]:
        return [TASK]

    @hookimpl
    def ipf_processors(self) -> list[Processor]:
        return [Processor(name="TOYS", tasks=("TOY",))]
