"""Tally of two images of counts of one scale: exact, whatever the order of blocks."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.compare.content import RasterPart
from ipf.compare.figures import PERCENTILES, GroupFigures
from ipf.compare.order_statistics import of_histogram, percentiles_of
from ipf.compare.totals import SLACK, Line, Question, Totals, group_figures, larger, mean_cells
from ipf.kernels.comparison import (
    COLUMN,
    LARGEST,
    NEVER,
    NO_DATA_GAINED,
    NO_DATA_LOST,
    PRODUCT,
    REFERENCE,
    ROW,
    SATURATION_GAINED,
    SATURATION_LOST,
    SQUARE,
    tally_counts,
)

Counts = npt.NDArray[Any]
Whole = npt.NDArray[np.int64]

_SMALL = frozenset({np.dtype(np.uint8), np.dtype(np.int8), np.dtype(np.uint16), np.dtype(np.int16)})
_AS_THEY_ARE = frozenset({np.dtype(np.uint8), np.dtype(np.uint16)})
_LARGEST_SHIFT = 2**20
"""Largest difference of offsets that the histogram is made wider by, in counts."""
_ROUNDED = 1e-6
"""What the difference of two offsets may be off a whole number, in counts."""


def shift_of_counts(
    reference: RasterPart, candidate: RasterPart, dtypes: tuple[np.dtype[Any], np.dtype[Any]]
) -> int | None:
    """What makes the difference of two counts one of physical values; None where that takes more than a sum.

    That is so where the scales differ, or where counts are no whole numbers of at most 16 bits.
    """
    shift = candidate.offset - reference.offset
    one_scale = math.isclose(reference.scale, candidate.scale, rel_tol=1e-12) and reference.scale > 0
    if not one_scale or not _SMALL.issuperset(dtypes) or not abs(shift) <= _LARGEST_SHIFT:
        return None
    return round(shift) if abs(shift - round(shift)) <= _ROUNDED else None


class CountTally:
    """Tally of whole numbers of at most 16 bits; `shift` is that of `shift_of_counts`."""

    def __init__(
        self, question: Question, dtypes: tuple[np.dtype[Any], np.dtype[Any]], shift: int, components: int
    ) -> None:
        self._question, self._shift = question, shift
        self._reach = _reach(dtypes) + abs(shift)
        groups = len(question.groups.values)
        self._histogram = np.zeros((groups, 2 * self._reach + 1), np.int64)
        self._outside = np.zeros(groups, np.int64)
        # Python's whole numbers: squares of a whole image may take more than 64 bits.
        self._sums = np.zeros(SATURATION_GAINED + 1, object)
        self._largest = np.zeros(3, np.int64)
        coarse = tuple(-(-length // question.step) for length in question.shape)
        self._cells = np.zeros((*coarse, components, 6), np.int64)

    def block(self, reference: Counts, candidate: Counts, first_row: int, component: int) -> _Block:
        """Tally of a block of rows, of one component, by itself. May be called from several threads."""
        question = self._question
        if reference.dtype != candidate.dtype or reference.dtype not in _AS_THEY_ARE:
            reference, candidate = reference.astype(np.int32), candidate.astype(np.int32)
        part = _Block(first_row, component, self._histogram.shape, len(reference), question)
        limits, scale = question.tolerances, question.reference.scale
        tally_counts(
            reference,
            candidate,
            np.array([*_marks(question.reference), *_marks(question.candidate)], np.int64),
            self._shift,
            limits.absolute / scale * (1 + SLACK),
            limits.relative * (1 + SLACK),
            question.reference.offset,
            question.groups.classes,
            question.groups.rows[first_row : first_row + len(reference)],
            question.groups.columns,
            question.groups.labels,
            first_row,
            question.step,
            part.histogram,
            part.outside,
            part.sums,
            part.largest,
            part.cells,
        )
        return part

    def add(self, part: _Block) -> None:
        """Add the tally of a block; blocks come in the order of rows."""
        reach = int(part.largest[LARGEST])
        used = slice(self._reach - reach, self._reach + reach + 1)
        self._histogram[:, used] += part.histogram[:, used]
        self._outside += part.outside
        self._sums += part.sums
        first = part.first_row // self._question.step
        self._cells[first : first + len(part.cells), :, part.component] = part.cells
        self._largest = larger(self._largest, part.largest)

    def totals(self) -> Totals:
        """Figures of all that was added."""
        question, scale = self._question, self._question.reference.scale
        together = self._histogram.sum(axis=0)
        pixels = int(together.sum())
        values = np.arange(-self._reach, self._reach + 1, dtype=np.float64) * scale
        sums = self._sums
        classes = {
            value: _figures(self._histogram[group], int(self._outside[group]), scale)
            for group, value in enumerate(question.groups.values)
        }
        cells = mean_cells(self._cells)
        offsets = np.array([question.reference.offset, question.candidate.offset, 0.0])
        differing = pixels - int(together[self._reach])
        return Totals(
            all=_figures(together, int(self._outside.sum()), scale),
            classes={value: figures for value, figures in classes.items() if figures.pixels},
            differing=differing,
            maximum_at=(int(self._largest[ROW]), int(self._largest[COLUMN])) if differing else None,
            percentiles=percentiles_of(of_histogram(together, values), pixels, PERCENTILES),
            line=self._line(together, pixels),
            no_data_lost=int(sums[NO_DATA_LOST]),
            no_data_gained=int(sums[NO_DATA_GAINED]),
            saturation_lost=int(sums[SATURATION_LOST]),
            saturation_gained=int(sums[SATURATION_GAINED]),
            cells=(cells + offsets) * scale,
            grain=scale,
            count_between=lambda low, width, bins: _rebinned(together, values, low, width, bins),
        )

    def _line(self, histogram: Whole, pixels: int) -> Line:
        """Regression of whole numbers: of equal images slope and correlation are exactly 1."""
        if not pixels:
            return Line(*[np.nan] * 4)
        change, squares_of_change = _moments(histogram)
        first, square, product = (int(self._sums[place]) for place in (REFERENCE, SQUARE, PRODUCT))
        # Sums of the candidate, in counts that are shifted as its values are.
        other = first + change
        product += self._shift * first
        other_square = squares_of_change + 2 * product - square
        variance = pixels * square - first**2
        other_variance = pixels * other_square - other**2
        covariance = pixels * product - first * other
        varies = variance > 0 and other_variance > 0
        scale, offset = self._question.reference.scale, self._question.reference.offset
        return Line(
            mean_reference=(first / pixels + offset) * scale,
            mean_candidate=(other / pixels + offset) * scale,
            correlation=covariance / math.sqrt(float(variance) * float(other_variance)) if varies else np.nan,
            slope=float(Fraction(covariance, variance)) if variance > 0 else np.nan,
        )


class _Block:
    """What is tallied of a block; the memory of bins that stay empty is never touched."""

    def __init__(
        self, first_row: int, component: int, histogram: tuple[int, ...], rows: int, question: Question
    ) -> None:
        self.first_row, self.component = first_row, component
        self.histogram = np.zeros(histogram, np.int64)
        self.outside = np.zeros(histogram[0], np.int64)
        self.sums = np.zeros(SATURATION_GAINED + 1, np.int64)
        self.largest = np.zeros(3, np.int64)
        coarse = -(-rows // question.step), -(-question.shape[1] // question.step)
        self.cells = np.zeros((*coarse, 6), np.int64)


def _reach(dtypes: tuple[np.dtype[Any], np.dtype[Any]]) -> int:
    """Largest difference that two counts can have."""
    one, two = (np.iinfo(dtype) for dtype in dtypes)
    return int(max(abs(int(two.max) - int(one.min)), abs(int(one.max) - int(two.min))))


def _marks(part: RasterPart) -> list[int]:
    """Counts that are no data, and that are saturated."""
    return [
        NEVER if mark is None or not float(mark).is_integer() else int(mark)
        for mark in (part.nodata, part.saturated)
    ]


def _moments(histogram: Whole) -> tuple[int, int]:
    """Sums of the differences and of their squares, in counts."""
    filled = np.flatnonzero(histogram)
    steps = [int(place) - histogram.size // 2 for place in filled]
    counts = [int(count) for count in histogram[filled]]
    pairs = list(zip(steps, counts, strict=True))
    return sum(step * count for step, count in pairs), sum(step * step * count for step, count in pairs)


def _figures(histogram: Whole, outside: int, scale: float) -> GroupFigures:
    pixels = int(histogram.sum())
    if not pixels:
        return group_figures(0, 0.0, 0.0, 0.0, 0.0, 0)
    total, squares = _moments(histogram)
    about_mean = float(Fraction(pixels * squares - total**2, pixels))
    filled = np.flatnonzero(histogram)
    largest = max(abs(int(place) - histogram.size // 2) for place in filled[[0, -1]])
    return group_figures(
        pixels,
        total / pixels,
        about_mean,
        squares / pixels,
        largest,
        outside,
        scale,
    )


def _rebinned(
    histogram: Whole, values: npt.NDArray[np.float64], low: float, width: float, bins: int
) -> npt.NDArray[np.int64]:
    counts = np.zeros(bins, np.int64)
    filled = np.flatnonzero(histogram)
    places = np.clip(np.floor((values[filled] - low) / width), 0, bins - 1).astype(np.int64)
    np.add.at(counts, places, histogram[filled])
    return counts
