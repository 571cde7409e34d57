"""What is asked about a pair of rasters, and what is known once all pixels were seen, in physical units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.compare.content import RasterPart
from ipf.compare.figures import GroupFigures
from ipf.compare.tolerances import RasterTolerances
from ipf.kernels.comparison import COLUMN, LARGEST, REFERENCE_PIXELS, REFERENCE_SUM, ROW, occurring
from ipf.kernels.value_comparison import SMALLEST

Cells = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]

SLACK = 1e-9
"""Share of a limit that its conversion to counts may lose."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The group of every pixel: that of the class map `classes`, at `rows` and `columns` of it.

    Groups count from 0 on; `values` are their classes, `labels` (256,) their numbers by class.
    """

    classes: Bytes
    values: tuple[int, ...]
    labels: Bytes
    rows: Indices
    columns: Indices


@dataclass(frozen=True, slots=True)
class Question:
    """Two rasters of one shape, and what is asked of their pixels: the part, its limits, its groups.

    `step` is the side of the coarse pixels of the thumbnails.
    """

    reference: RasterPart
    candidate: RasterPart
    shape: tuple[int, int]
    tolerances: RasterTolerances
    groups: Groups
    step: int


@dataclass(frozen=True, slots=True)
class Line:
    """Least squares of the candidate over the reference, and both means; NaN where they cannot be formed."""

    mean_reference: float
    mean_candidate: float
    correlation: float
    slope: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of all pixels. `count_between` counts differences in bins, given the lowest edge and the width
    of the bins and their number; `grain` is the unit of differences that are whole multiples of one, else 0.

    `cells` are means of reference, candidate and difference on coarse pixels, (rows, columns, components, 3).
    """

    all: GroupFigures
    classes: Mapping[int, GroupFigures]
    differing: int
    maximum_at: tuple[int, int] | None
    percentiles: Mapping[float, float]
    line: Line
    no_data_lost: int
    no_data_gained: int
    saturation_lost: int
    saturation_gained: int
    cells: Cells
    grain: float
    count_between: Callable[[float, float, int], npt.NDArray[np.int64]]


def groups_of(classes: Bytes | None, shape: tuple[int, int]) -> Groups:
    """Groups of an image of `shape` by the classes that lie under the middles of its pixels; one without.

    `classes` covers the same ground with pixels of any size.
    """
    if classes is None:
        classes = np.zeros((1, 1), np.uint8)
    values = tuple(int(value) for value in np.flatnonzero(occurring(classes)))
    labels = np.zeros(256, np.uint8)
    labels[list(values)] = np.arange(len(values))
    rows, columns = (
        (2 * np.arange(length) + 1) * side // (2 * length)
        for length, side in zip(shape, classes.shape, strict=True)
    )
    return Groups(classes, values, labels, rows, columns)


def group_figures(
    pixels: int,
    mean: float,
    squares: float,
    mean_square: float,
    maximum: float,
    outside: int,
    unit: float = 1.0,
) -> GroupFigures:
    """Figures of a group from the sum of `squares` about the mean difference, and the mean of its square.

    All are in a `unit`. Where squares are too small for a number, the root mean square is the least that the
    largest difference of so many pixels leaves.
    """
    if not pixels:
        return GroupFigures(0, np.nan, np.nan, np.nan, np.nan, 0)
    precision = float(np.sqrt(squares / (pixels - 1))) if pixels > 1 else np.nan
    root = float(np.sqrt(mean_square))
    if mean_square < np.finfo(np.float64).tiny and maximum:
        root = max(root, maximum / float(np.sqrt(pixels)), SMALLEST)
    return GroupFigures(pixels, mean * unit, precision * unit, root * unit, maximum * unit, outside)


def larger(one: npt.NDArray[Any], two: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The larger of two magnitudes with their places; of equal ones that in the upper row, then further left.

    See `ipf.kernels.comparison.LARGEST`.
    """
    return max(one, two, key=lambda found: (found[LARGEST], -found[ROW], -found[COLUMN]))


def mean_cells(sums: npt.NDArray[Any]) -> Cells:
    """Means of the sums and numbers of pixels (..., 6) of coarse pixels: (..., 3), NaN where there are none.

    See `ipf.kernels.comparison.REFERENCE_SUM`.
    """
    totals, pixels = sums[..., REFERENCE_SUM::2], sums[..., REFERENCE_PIXELS::2]
    means: Cells = np.full(totals.shape, np.nan)
    np.divide(totals, pixels, out=means, where=pixels > 0)
    return means
