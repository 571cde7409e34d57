"""Step `water_vapour_mean`: what the retrieved columns of water vapour say of the tile as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from pydantic import Field

from ipf.engine import Context, SceneStep, StepParameters, reads
from ipf.kernels.classification import NOT_VEGETATED, SNOW, VEGETATION

RESOLUTION = 60
LAND = (VEGETATION, NOT_VEGETATED, SNOW)
"""Classes bright enough in the near infrared (Sen2Cor, water vapour retrieval)."""

MICROMETRES_PER_CM = 10_000
"""Columns are summed up as whole micrometres, so that the sums are the same in every order."""

RETRIEVED = "SEN2COR_APDA"
"""Name of the method in the quality report (WV_RETRIEVAL_METHOD)."""

Integers = npt.NDArray[np.int64]


class WaterVapourMeanParameters(StepParameters):
    """When a mean counts."""

    least_pixels: int = Field(
        default=10,
        ge=1,
        le=10000,
        description="pixels of 60 m of land below which the mean is that of all pixels with a column, and of "
        "those below which it is the stated value",
        json_schema_extra={"unit": "pixel", "source": "Sen2Cor 3, atmospheric correction"},
    )


@dataclass(frozen=True)
class Inputs:
    """Columns where they were retrieved, the classes there, and what is known besides."""

    retrieved_water_vapour: Annotated[npt.NDArray[np.float32], reads(resolution=RESOLUTION)]
    scene_classification: Annotated[npt.NDArray[np.uint8], reads(resolution=RESOLUTION)]
    atmospheric_state: AtmosphericState
    atmosphere_model: AtmosphereModel


@dataclass(frozen=True)
class WaterVapourMean:
    """Water vapour over the tile in cm.

    `retrieved`, whether `mean` comes from the image; `method` is RETRIEVED or where the stated value is from
    (ECMWF, PARAMETER, DEFAULT). `deviation` over the pixels that count, `pixels` their number, `share` in
    percent of the pixels with data. `line_means` by row of 60 m pixels, the mean where a row has too few.
    `gas_model` names the model of the absorption for the metadata.
    """

    mean: float
    retrieved: bool
    method: str
    deviation: float
    pixels: int
    share: float
    line_means: tuple[float, ...]
    gas_model: str


@dataclass(frozen=True)
class Outputs:
    """The mean."""

    water_vapour_mean: WaterVapourMean


@dataclass(frozen=True)
class Sums:
    """Whole sums: of all pixels with a column and of those over land: number, sum, sum of squares; by row
    number and sum over land, as (first row, (rows, 2)); pixels with data."""

    everywhere: tuple[int, int, int]
    land: tuple[int, int, int]
    lines: tuple[tuple[int, Integers], ...]
    data: int
    state: AtmosphericState
    gas_model: str


def accumulate(inputs: Inputs, parameters: WaterVapourMeanParameters, context: Context) -> Sums:
    """Sum up an area."""
    assert context.window is not None
    assert context.grid is not None
    column, classes = inputs.retrieved_water_vapour, inputs.scene_classification
    known = np.isfinite(column)
    units = np.rint(np.where(known, column, 0.0) * np.float64(MICROMETRES_PER_CM)).astype(np.int64)
    land = known & np.isin(classes, LAND)
    on_land = np.where(land, units, 0)
    first = context.window.row * context.grid.resolution // RESOLUTION
    lines = np.stack([land.sum(axis=1), on_land.sum(axis=1)], axis=1).astype(np.int64)
    return Sums(
        _sums(units, known),
        _sums(on_land, land),
        ((first, lines),),
        int(np.count_nonzero(classes)),
        inputs.atmospheric_state,
        gas_model_name(inputs.atmosphere_model),
    )


def gas_model_name(model: AtmosphereModel) -> str:
    """The gas model of the tables, as the metadata name it."""
    return model.gas_model


def _sums(units: Integers, counted: npt.NDArray[np.bool_]) -> tuple[int, int, int]:
    return int(np.count_nonzero(counted)), int(units.sum()), int((units**2).sum())


def merge(first: Sums, second: Sums) -> Sums:
    """Both together."""
    everywhere, land = (
        (one[0] + two[0], one[1] + two[1], one[2] + two[2])
        for one, two in ((first.everywhere, second.everywhere), (first.land, second.land))
    )
    data = first.data + second.data
    return Sums(everywhere, land, first.lines + second.lines, data, first.state, first.gas_model)


def finalise(sums: Sums, parameters: WaterVapourMeanParameters, context: Context) -> Outputs:
    """Choose the mean: of land, else of all, else the stated value."""
    state = sums.state.water_vapour
    counted = next(
        (each for each in (sums.land, sums.everywhere) if each[0] >= parameters.least_pixels), None
    )
    mean, deviation = state.field.mean, 0.0
    if counted is not None:
        number, total, squares = counted
        mean = total / number / MICROMETRES_PER_CM
        deviation = max(squares / number / MICROMETRES_PER_CM**2 - mean**2, 0.0) ** 0.5
    return Outputs(
        WaterVapourMean(
            mean=mean,
            retrieved=counted is not None,
            method=state.source.value if counted is None else RETRIEVED,
            deviation=deviation,
            pixels=0 if counted is None else counted[0],
            share=0.0 if counted is None else 100.0 * counted[0] / max(sums.data, 1),
            line_means=_line_means(sums.lines, mean, parameters.least_pixels),
            gas_model=sums.gas_model,
        )
    )


def _line_means(lines: tuple[tuple[int, Integers], ...], mean: float, least: int) -> tuple[float, ...]:
    rows = max(first + len(line) for first, line in lines)
    total = np.zeros((rows, 2), np.int64)
    for first, line in lines:
        total[first : first + len(line)] += line
    enough = total[:, 0] >= least
    means = total[:, 1] / np.maximum(total[:, 0], 1) / MICROMETRES_PER_CM
    return tuple(np.where(enough, means, mean).tolist())


water_vapour_mean = SceneStep(
    name="water_vapour_mean",
    summary="mean water vapour over land",
    accumulate=accumulate,
    merge=merge,
    finalise=finalise,
)
