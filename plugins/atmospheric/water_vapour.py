"""Step `water_vapour`: column of water vapour on every 20 m pixel, smoothed and without gaps.

Where `apda` retrieved it, that; over water and where the ground cannot be seen, the mean over land; in a tile
without any retrieval, or a chain without these steps, what `atmospheric_state` has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from ipf_plugins.atmospheric.water_vapour_mean import LAND, WaterVapourMean
from pydantic import Field

from ipf.engine import BlockStep, Context, StepParameters, reads, writes
from ipf.kernels.retrieval import bilinear_thirds, median_of_nine, weighted_sums

FloatImage = npt.NDArray[np.float32]

RESOLUTION = 20
SOURCE_RESOLUTION = 60
REACH = 8
"""60 m pixels that the widest smoothing reaches to; the median and the change of pixel size one more each."""
MARGIN_M = (REACH + 2) * SOURCE_RESOLUTION
PRIOR = np.float32(0.02)
"""Weight of the mean beside that of the retrieved pixels, so that gaps are filled without an edge."""

NOTHING: Literal[0] = 0
LAND_AVERAGE: Literal[1] = 1
LINE_AVERAGE: Literal[2] = 2


class WaterVapourParameters(StepParameters):
    """How the map is smoothed and filled."""

    water_mask: Literal[0, 1, 2] = Field(
        default=LAND_AVERAGE,
        description="pixels that are neither vegetation, soil nor snow keep what was retrieved (0), or get "
        "the mean over land (1) or over the land of their line (2) (WV_Watermask)",
    )
    smoothing_m: float = Field(
        default=100.0,
        ge=0.0,
        le=300.0,
        description="width in m, two standard deviations, of the Gaussian that smooths the map; 0 for none "
        "(Smooth_WV_Map)",
        json_schema_extra={"unit": "m", "source": "Sen2Cor 2.8, L2A_GIPP"},
    )


@dataclass(frozen=True)
class Inputs:
    """Retrieved columns with their classes and mean, all absent in a chain that does not retrieve."""

    retrieved_water_vapour: Annotated[FloatImage | None, reads(resolution=SOURCE_RESOLUTION, margin=MARGIN_M)]
    scene_classification: Annotated[
        npt.NDArray[np.uint8] | None, reads(resolution=SOURCE_RESOLUTION, margin=MARGIN_M)
    ]
    water_vapour_mean: WaterVapourMean | None
    atmospheric_state: AtmosphericState


@dataclass(frozen=True)
class Outputs:
    """Column above the ground in cm; counts of a thousandth (PSD 14.8, WVP_QUANTIFICATION_VALUE)."""

    water_vapour: Annotated[
        FloatImage,
        writes(unit="cm", dtype="uint16", scale=1e-3, nodata=0, minimum=1, resolution=RESOLUTION),
    ]


def fill(inputs: Inputs, parameters: WaterVapourParameters, context: Context) -> Outputs:
    """Smooth and fill a block."""
    assert context.window is not None
    mean, column, classes = (
        inputs.water_vapour_mean,
        inputs.retrieved_water_vapour,
        inputs.scene_classification,
    )
    if mean is None or column is None or classes is None or not mean.retrieved:
        return Outputs(inputs.atmospheric_state.water_vapour.field.over(context.window, RESOLUTION))
    if parameters.water_mask != NOTHING:
        column = np.where(np.isin(classes, LAND), column, np.float32(np.nan))
    lines = _filling(mean, parameters.water_mask, context.window.row * RESOLUTION, column.shape[0])
    excess = median_of_nine(np.asarray(column - lines, np.float32))
    total, weight = weighted_sums(excess, np.ones_like(excess), _taps(parameters.smoothing_m))
    inside = slice(REACH + 1, lines.shape[0] - REACH - 1)
    smooth = lines[inside] + total / (weight + PRIOR)
    return Outputs(np.maximum(bilinear_thirds(smooth), np.float32(0.0)))


def _filling(mean: WaterVapourMean, mask: int, top_m: int, rows: int) -> FloatImage:
    """What stands where nothing was retrieved, (rows, 1), for the rows of a block with its margin."""
    if mask != LINE_AVERAGE:
        return np.full((rows, 1), mean.mean, np.float32)
    first = top_m // SOURCE_RESOLUTION - MARGIN_M // SOURCE_RESOLUTION
    place = np.clip(np.arange(first, first + rows), 0, len(mean.line_means) - 1)
    return np.array(mean.line_means, np.float32)[place, np.newaxis]


def _taps(width_m: float) -> FloatImage:
    """Gaussian weights of the pixels around one, of sum 1, always of the same number."""
    distance = np.arange(-REACH, REACH + 1, dtype=np.float64)
    deviation = 0.5 * width_m / SOURCE_RESOLUTION
    taps = np.exp(-0.5 * (distance / deviation) ** 2) if deviation > 0 else (distance == 0).astype(np.float64)
    return np.asarray(taps / taps.sum(), np.float32)


water_vapour = BlockStep(
    name="water_vapour",
    summary="water vapour column at 20 m, as retrieved, forecast or given; smoothed, gaps filled",
    run=fill,
)
