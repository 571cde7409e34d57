"""Figures of raster comparisons: frozen results of the loops over pixels.

Differences are candidate - reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

PERCENTILES = (0.1, 1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0, 99.9)
"""Percentiles of the difference that are computed."""


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Both images and their mean difference on coarse pixels, float32, NaN = no data, physical units.

    Shape (rows, columns), or (rows, columns, 3) for pictures; `step` is the number of pixels that one coarse
    pixel has on a side.
    """

    reference: npt.NDArray[np.float32]
    candidate: npt.NDArray[np.float32]
    difference: npt.NDArray[np.float32]
    step: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between `edges` (one more than counts), in the unit of the values.

    The outermost bins also hold what lies beyond them.
    """

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Density:
    """How often values go together: `counts` of shape (reference, candidate) between `edges` on both axes.

    Counted are the pixels of every so manieth row and column; the outermost bins also hold what lies beyond.
    """

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Figures over a group of pixels that have data on both sides; NaN where there are none.

    `accuracy` is the mean difference (bias), `precision` its standard deviation with n - 1, `uncertainty`
    its root mean square (Vermote and Kotchenova 2008, doi:10.1029/2007JD009662, the APU figures). `outside`
    is the number of pixels beyond the tolerance of a pixel.
    """

    pixels: int
    accuracy: float
    precision: float
    uncertainty: float
    maximum: float
    outside: int


@dataclass(frozen=True, slots=True)
class RasterFigures:
    """Figures of one continuous raster, in the unit of its physical values.

    `differing` counts pixels whose values differ at all; `maximum_at` is (row, column) of the largest
    absolute difference, None without pixels; `correlation`, `slope` and `intercept` are those of the
    candidate over the reference (ordinary least squares; NaN where the reference does not vary). No-data
    and saturated pixels are lost when only the reference has them, gained when only the candidate does.
    Statistics cover pixels that on both sides have data and are not saturated; all components of a picture
    are counted together.
    """

    unit: str
    shape: tuple[int, int]
    all: GroupFigures
    differing: int
    maximum_at: tuple[int, int] | None
    percentiles: Mapping[float, float]
    mean_reference: float
    mean_candidate: float
    correlation: float
    slope: float
    intercept: float
    no_data_lost: int
    no_data_gained: int
    saturation_lost: int
    saturation_gained: int
    histogram: Histogram
    density: Density
    thumbnails: Thumbnails
    classes: Mapping[int, GroupFigures] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShiftField:
    """Shifts of the candidate against the reference over a grid of windows, in pixels, NaN where not found.

    `rows` and `columns` (positive: the candidate's content lies further down, further right) and
    `correlation` (of both windows, the shift undone) have the shape of the grid of windows; `centres` are the
    windows' centres (row and column in pixels, shape (..., 2)). `window` is their side.
    """

    window: int
    centres: npt.NDArray[np.float64]
    rows: npt.NDArray[np.float64]
    columns: npt.NDArray[np.float64]
    correlation: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassMapFigures:
    """Agreement of two class maps: `confusion` (reference, candidate) of pixel counts for `values`.

    `agreement` is the share of pixels with the same class, `intersection_over_union` that of each class that
    occurs.
    """

    values: tuple[int, ...]
    names: Mapping[int, str]
    confusion: npt.NDArray[np.int64]
    agreement: float
    intersection_over_union: Mapping[int, float]
    first_at: tuple[int, int] | None
    reference: npt.NDArray[np.uint8]
    candidate: npt.NDArray[np.uint8]
    step: int


@dataclass(frozen=True, slots=True)
class MaskFigures:
    """Changes of the bits of a mask: pixels set on both sides, lost and gained, per bit by name."""

    pixels: int
    both: Mapping[str, int]
    lost: Mapping[str, int]
    gained: Mapping[str, int]
    first_at: tuple[int, int] | None
    changed: npt.NDArray[np.float32]
    step: int


AnyArray = npt.NDArray[Any]
