"""Step `cirrus_fit`: how much a thin cirrus that shows in B10 adds to the other bands.

Light that ice scatters at 1.38 micrometres is what it scatters in the visible, less some absorption by the
vapour above it: ``rho(band) = rho(B10) / slope`` (Gao et al. 1998, Journal of Geophysical Research 103,
32169). The slope is found from the joint histogram of B10 and the visible bands over the scene and kept
within the range that is physically known, 0.6 to 1. In the short-wave infrared ice is half as bright (Sen2Cor
2.8: twice the slope).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ipf.engine import Bands, Context, SceneStep, StepParameters, reads
from ipf.kernels import classification as classes

Counts = npt.NDArray[np.int64]
ByteImage = npt.NDArray[np.uint8]

RESOLUTION = 60
VISIBLE = ("B02", "B03", "B04")
SHORT_WAVE_INFRARED = ("B11", "B12")
UNSUITABLE = (classes.NO_DATA, classes.SATURATED_DEFECTIVE, classes.CLOUD_HIGH, classes.SNOW)
"""Classes that say nothing of thin cirrus over darker ground."""
SMALLEST_SLOPE, LARGEST_SLOPE = 0.6, 1.0
B10_EDGES = np.linspace(0.0, 0.1, 101)
VISIBLE_EDGES = np.linspace(0.0, 0.5, 501)
FEWEST_PIXELS = 100
"""Pixels of 60 m in a bin of B10, or of cirrus and of clear sky, below which they tell nothing."""
FEWEST_BINS = 5
DARKEST = 0.02
"""Share of the pixels of a bin of B10 that is darker than its lower envelope."""


class CirrusParameters(StepParameters):
    """Whether cirrus is taken away, and how its slope is found."""

    correct: bool = Field(default=False, description="take thin cirrus away (Cirrus_Correction)")
    method: Literal["envelope", "means"] = Field(
        default="envelope",
        description="slope of the lower envelope of visible reflectance over B10, or difference of the means "
        "of cirrus and clear sky as in Sen2Cor",
    )
    cirrus_minimum: float = Field(
        default=0.02,
        ge=0.005,
        le=0.1,
        description="B10 above which a pixel speaks for cirrus (means)",
        json_schema_extra={"unit": "1", "source": "Sen2Cor, cirrus correction"},
    )
    clear_maximum: float = Field(
        default=0.008,
        ge=0.001,
        le=0.02,
        description="B10 below which a pixel speaks for clear sky (means)",
        json_schema_extra={"unit": "1", "source": "Sen2Cor, cirrus correction"},
    )


@dataclass(frozen=True)
class CirrusModel:
    """Slope of B10 over visible reflectance; None where cirrus is not corrected, `note` says why."""

    slope: float | None
    note: str = ""

    def relative_to_b10(self, band: str) -> float:
        """Reflectance of cirrus in `band` over that in B10, 0 where it is not corrected."""
        if self.slope is None:
            return 0.0
        return 1.0 / (self.slope * (2.0 if band in SHORT_WAVE_INFRARED else 1.0))


@dataclass(frozen=True)
class Inputs:
    """Visible reflectance and B10 on 60 m pixels, and what the pixels show."""

    toa_reflectance: Annotated[Bands, reads(bands=(*VISIBLE, "B10"), resolution=RESOLUTION)]
    scene_classification: Annotated[ByteImage, reads(resolution=RESOLUTION)]


@dataclass(frozen=True)
class Outputs:
    """The model."""

    cirrus_model: CirrusModel


def count(inputs: Inputs, parameters: CirrusParameters, context: Context) -> Counts:
    """Histogram of a cell, (B10, visible); of no pixels where nothing is to be corrected."""
    shape = (B10_EDGES.size - 1, VISIBLE_EDGES.size - 1)
    if not parameters.correct:
        return np.zeros(shape, np.int64)
    toa = inputs.toa_reflectance
    visible = (toa["B02"] + toa["B03"] + toa["B04"]) / np.float32(3.0)
    cirrus = toa["B10"]
    chosen = np.isfinite(visible) & np.isfinite(cirrus)
    chosen &= ~np.isin(inputs.scene_classification, UNSUITABLE)
    counted, _, _ = np.histogram2d(
        np.maximum(cirrus[chosen], 0.0), visible[chosen], bins=(B10_EDGES, VISIBLE_EDGES)
    )
    return np.asarray(counted, np.int64)


def add(first: Counts, second: Counts) -> Counts:
    """Histogram of two cells."""
    return first + second


def fit(histogram: Counts, parameters: CirrusParameters, context: Context) -> Outputs:
    """The slope, or why there is none."""
    if not parameters.correct:
        return Outputs(CirrusModel(None, "not asked for"))
    ratio = _envelope(histogram) if parameters.method == "envelope" else _means(histogram, parameters)
    if ratio is None:
        return Outputs(CirrusModel(None, "too little cirrus to tell its slope"))
    return Outputs(CirrusModel(float(np.clip(1.0 / max(ratio, 1e-6), SMALLEST_SLOPE, LARGEST_SLOPE))))


def _envelope(histogram: Counts) -> float | None:
    """Rise of the lower envelope of visible reflectance over B10; None when too few bins are filled."""
    totals = histogram.sum(axis=1)
    filled = np.flatnonzero(totals >= FEWEST_PIXELS)
    if filled.size < FEWEST_BINS:
        return None
    shares = np.cumsum(histogram[filled], axis=1) / totals[filled, np.newaxis]
    darkest = _centres(VISIBLE_EDGES)[np.argmax(shares >= DARKEST, axis=1)]
    cirrus = _centres(B10_EDGES)[filled]
    departures = cirrus - cirrus.mean()
    return float((departures * (darkest - darkest.mean())).sum() / (departures**2).sum())


def _means(histogram: Counts, parameters: CirrusParameters) -> float | None:
    """Difference of the mean visible reflectance of cirrus and clear sky over that of B10."""
    cirrus, visible = _centres(B10_EDGES), _centres(VISIBLE_EDGES)
    figures = []
    for chosen in (cirrus > parameters.cirrus_minimum, cirrus < parameters.clear_maximum):
        part = histogram[chosen]
        if part.sum() < FEWEST_PIXELS:
            return None
        figures.append(((part @ visible).sum() / part.sum(), (cirrus[chosen] @ part).sum() / part.sum()))
    (hazy, thick), (clear, thin) = figures
    return float((hazy - clear) / (thick - thin))


def _centres(edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return (edges[:-1] + edges[1:]) / 2.0


cirrus_fit = SceneStep(
    name="cirrus_fit",
    summary="brightness of thin cirrus relative to B10",
    accumulate=count,
    merge=add,
    finalise=fit,
)
