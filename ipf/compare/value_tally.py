"""Tally of two images of real values, or of counts of different scales."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.compare.content import RasterPart
from ipf.compare.figures import PERCENTILES, GroupFigures
from ipf.compare.order_statistics import KeptValues, percentiles_of
from ipf.compare.totals import Line, Question, Totals, group_figures, larger, mean_cells
from ipf.kernels.comparison import (
    COLUMN,
    NO_DATA_GAINED,
    NO_DATA_LOST,
    ROW,
    SATURATION_GAINED,
    SATURATION_LOST,
    add_to_histogram,
)
from ipf.kernels.value_comparison import (
    MEAN_CANDIDATE,
    MEAN_DIFFERENCE,
    MEAN_REFERENCE,
    PIXELS,
    PRODUCTS,
    SQUARES_CANDIDATE,
    SQUARES_DIFFERENCE,
    SQUARES_REFERENCE,
    merge_moments,
    tally_values,
)

Counts = npt.NDArray[Any]
Values = npt.NDArray[np.float64]

_MOMENTS = SQUARES_DIFFERENCE + 1
_ROUNDING = 4 * np.finfo(np.float64).eps
"""Share of a value that its conversion from a count may be off: a sum and a product, on both sides."""


class ValueTally:
    """Tally of numbers of any type; the differences are kept in `differences` for their percentiles."""

    def __init__(self, question: Question, components: int, differences: KeptValues) -> None:
        self._question, self._differences = question, differences
        sides = question.reference, question.candidate
        self._alike = sides[0].scale == sides[1].scale and sides[0].offset == sides[1].offset
        groups = len(question.groups.values)
        self._moments = np.zeros((components, groups, _MOMENTS))
        self._maxima = np.zeros(groups)
        self._counts = np.zeros(groups + 1, np.int64)
        self._sums = np.zeros(SATURATION_GAINED + 1, np.int64)
        self._largest = np.zeros(3)
        coarse = tuple(-(-length // question.step) for length in question.shape)
        self._cells = np.zeros((*coarse, components, 6))

    def block(self, reference: Counts, candidate: Counts, first_row: int, component: int) -> _Block:
        """Tally of a block of rows, of one component, by itself. May be called from several threads."""
        question = self._question
        part = _Block(first_row, component, reference.shape, question)
        sides = question.reference, question.candidate
        as_stored = all(side.scale == 1 and side.offset == 0 for side in sides)
        used = tally_values(
            np.asarray(reference, np.float64),
            np.asarray(candidate, np.float64),
            _changes(reference, candidate) if self._alike else np.empty((0, 0)),
            np.array([value for side in sides for value in (side.offset, side.scale)]),
            np.array([mark for side in sides for mark in _marks(side)]),
            0.0 if as_stored else _ROUNDING,
            question.tolerances.absolute,
            question.tolerances.relative,
            question.groups.classes,
            question.groups.rows[first_row : first_row + len(reference)],
            question.groups.columns,
            question.groups.labels,
            first_row,
            question.step,
            part.moments,
            part.differences,
            part.maxima,
            part.counts,
            part.sums,
            part.largest,
            part.cells,
        )
        part.differences = part.differences[:used]
        return part

    def add(self, part: _Block) -> None:
        """Add the tally of a block; blocks come in the order of rows."""
        for group, merged in enumerate(self._moments[part.component]):
            merge_moments(np.ascontiguousarray(part.moments[:, group]), merged)
        np.maximum(self._maxima, part.maxima, out=self._maxima)
        self._counts += part.counts
        self._sums += part.sums
        first = part.first_row // self._question.step
        self._cells[first : first + len(part.cells), :, part.component] = part.cells
        self._largest = larger(self._largest, part.largest)
        self._differences.add(part.differences)

    def totals(self) -> Totals:
        """Figures of all that was added."""
        groups = [
            _figures(_merged(self._moments[:, group]), self._maxima[group], self._counts[group])
            for group in range(len(self._maxima))
        ]
        together = _merged(self._moments.reshape(-1, _MOMENTS))
        kept, pixels = self._differences, int(together[PIXELS])
        differing = int(self._counts[-1])
        classes = zip(self._question.groups.values, groups, strict=True)
        return Totals(
            all=_figures(together, self._maxima.max(), self._counts[:-1].sum()),
            classes={value: figures for value, figures in classes if figures.pixels},
            differing=differing,
            maximum_at=(int(self._largest[ROW]), int(self._largest[COLUMN])) if differing else None,
            percentiles=percentiles_of(kept.order_statistics, pixels, PERCENTILES),
            line=_line(together),
            no_data_lost=int(self._sums[NO_DATA_LOST]),
            no_data_gained=int(self._sums[NO_DATA_GAINED]),
            saturation_lost=int(self._sums[SATURATION_LOST]),
            saturation_gained=int(self._sums[SATURATION_GAINED]),
            cells=mean_cells(self._cells),
            grain=0.0,
            count_between=lambda low, width, bins: _counted(kept, low, width, bins),
        )


class _Block:
    """What is tallied of a block."""

    def __init__(self, first_row: int, component: int, shape: tuple[int, ...], question: Question) -> None:
        self.first_row, self.component = first_row, component
        groups = len(question.groups.values)
        self.moments = np.zeros((shape[0], groups, _MOMENTS))
        self.differences = np.empty(shape[0] * shape[1])
        self.maxima = np.zeros(groups)
        self.counts = np.zeros(groups + 1, np.int64)
        self.sums = np.zeros(SATURATION_GAINED + 1, np.int64)
        self.largest = np.zeros(3)
        coarse = -(-shape[0] // question.step), -(-shape[1] // question.step)
        self.cells = np.zeros((*coarse, 6))


def _changes(reference: Counts, candidate: Counts) -> Values:
    """Candidate - reference, whole numbers of 64 bits without the rounding of their own conversion."""
    if {reference.dtype.kind, candidate.dtype.kind} <= {"i", "u"}:
        one, two = (side.astype(np.uint64) for side in (reference, candidate))
        # Differences modulo 2**64 are right for the larger less the smaller, whatever their signs.
        rises = candidate >= reference
        magnitudes = np.where(rises, two - one, one - two).astype(np.float64)
        return np.asarray(np.where(rises, magnitudes, -magnitudes))
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.subtract(candidate, reference, dtype=np.float64))


def _marks(part: RasterPart) -> list[float]:
    """Counts that are no data, and that are saturated, NaN where there is none."""
    return [np.nan if mark is None else float(mark) for mark in (part.nodata, part.saturated)]


def _merged(parts: Values) -> Values:
    merged = np.zeros(_MOMENTS)
    merge_moments(np.ascontiguousarray(parts), merged)
    return merged


def _figures(moments: Values, maximum: float, outside: int) -> GroupFigures:
    pixels, mean, squares = (float(moments[at]) for at in (PIXELS, MEAN_DIFFERENCE, SQUARES_DIFFERENCE))
    # What is beyond all numbers on the way is so as a figure: it must not be taken for one that is not there.
    mean, squares = (np.inf if np.isnan(value) else value for value in (mean, squares))
    mean_square = squares / pixels + mean * mean if pixels else np.nan
    return group_figures(int(pixels), mean, squares, mean_square, float(maximum), int(outside))


def _line(moments: Values) -> Line:
    if not moments[PIXELS]:
        return Line(*[np.nan] * 4)
    variance, other, covariance = (
        float(moments[at]) for at in (SQUARES_REFERENCE, SQUARES_CANDIDATE, PRODUCTS)
    )
    slope = covariance / variance if variance > 0 else np.nan
    # In this order, equal images have exactly 1.
    correlation = slope * float(np.sqrt(variance / other)) if other > 0 else np.nan
    return Line(
        mean_reference=float(moments[MEAN_REFERENCE]),
        mean_candidate=float(moments[MEAN_CANDIDATE]),
        correlation=float(np.clip(correlation, -1, 1)),
        slope=slope,
    )


def _counted(kept: KeptValues, low: float, width: float, bins: int) -> npt.NDArray[np.int64]:
    counts = np.zeros(bins, np.int64)
    for values in kept.chunks():
        add_to_histogram(values, low, width, counts)
    return counts
