"""Figures of two continuous rasters of one shape: one pass over both, block of rows by block of rows.

They are the same, bit for bit, for every height of the blocks and number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.compare.content import RasterPart
from ipf.compare.count_tally import CountTally, shift_of_counts
from ipf.compare.figures import Density, Histogram, RasterFigures, Thumbnails
from ipf.compare.order_statistics import kept_values
from ipf.compare.pixels import Pixels, row_blocks, thumbnail_step
from ipf.compare.tolerances import RasterTolerances
from ipf.compare.totals import Question, Totals, groups_of
from ipf.compare.value_tally import ValueTally
from ipf.kernels.comparison import joint_histogram
from ipf.product.raster import Window

Counts = npt.NDArray[Any]
Values = npt.NDArray[np.float64]

_HISTOGRAM_BINS = 127
"""Bins of differences: an odd number, the middle one about 0."""
_DENSITY_BINS = 128
_DENSITY_PIXELS = 2**19
"""About how many pixels the density is made of."""
_FARTHEST = float(np.finfo(np.float64).max) / 4
"""Where bins end at the latest, so that their widths are numbers."""
_DENSITY_RANGE = (0.1, 99.9)
"""Percentiles of both images that the density spans."""


def physical(counts: Counts, part: RasterPart) -> Values:
    """Physical values of counts, NaN where they are no data."""
    values = counts.astype(np.float64)
    missing = ~np.isfinite(values)
    if part.nodata is not None:
        missing |= values == part.nodata
    with np.errstate(over="ignore"):
        values = (values + part.offset) * part.scale
    values[missing] = np.nan
    return values


def raster_figures(
    reference: tuple[RasterPart, Pixels],
    candidate: tuple[RasterPart, Pixels],
    tolerances: RasterTolerances,
    classes: npt.NDArray[np.uint8] | None = None,
    threads: int = 1,
    block_rows: int | None = None,
) -> RasterFigures:
    """Figures of two rasters of the same rows, columns and components.

    `classes` covers the same ground with pixels of any size: statistics are also given by class.
    `block_rows` is the least height of blocks; None is a good one. All components of a picture are counted
    together. ProductError and OSError pass.
    """
    shape = candidate[1].shape
    step = thumbnail_step(shape)
    question = Question(reference[0], candidate[0], shape, tolerances, groups_of(classes, shape), step)
    dtypes = reference[1].dtype, candidate[1].dtype
    components = len(reference[0].components)
    shift = shift_of_counts(question.reference, question.candidate, dtypes)
    samples = _Samples(question)
    with kept_values() as differences:
        tally: CountTally | ValueTally = (
            ValueTally(question, components, differences)
            if shift is None
            else CountTally(question, dtypes, shift, components)
        )
        blocks = row_blocks(shape, step, block_rows)

        def seen(window: Window) -> list[Any]:
            sides = [pixels.read(window) for pixels in (reference[1], candidate[1])]
            ones, twos = (side.reshape(-1, window.height, window.width) for side in sides)
            samples.take(window, ones, twos)
            return [
                tally.block(*planes, window.row, at) for at, planes in enumerate(zip(ones, twos, strict=True))
            ]

        for parts in _in_order(seen, blocks, threads):
            for part in parts:
                tally.add(part)
        totals = tally.totals()
        figures = _figures(question, totals, _histogram(totals), samples.density())
    return figures if classes is not None else replace(figures, classes={})


def _in_order(
    seen: Callable[[Window], list[Any]], blocks: Iterator[Window], threads: int
) -> Iterator[list[Any]]:
    """What is seen of each block, in their order, `threads` at a time: no more wait to be added."""
    if threads <= 1:
        yield from map(seen, blocks)
        return
    with ThreadPoolExecutor(threads) as pool:
        while some := list(islice(blocks, threads)):
            yield from pool.map(seen, some)


def _figures(question: Question, totals: Totals, histogram: Histogram, density: Density) -> RasterFigures:
    line = totals.line
    cells = totals.cells if totals.cells.shape[2] > 1 else totals.cells[:, :, 0]
    with np.errstate(over="ignore"):
        reference, candidate, difference = (cells[..., image].astype(np.float32) for image in range(3))
    return RasterFigures(
        unit=question.reference.unit,
        shape=question.shape,
        all=totals.all,
        differing=totals.differing,
        maximum_at=totals.maximum_at,
        percentiles=totals.percentiles,
        mean_reference=line.mean_reference,
        mean_candidate=line.mean_candidate,
        correlation=line.correlation,
        slope=line.slope,
        intercept=line.mean_candidate - line.slope * line.mean_reference,
        no_data_lost=totals.no_data_lost,
        no_data_gained=totals.no_data_gained,
        saturation_lost=totals.saturation_lost,
        saturation_gained=totals.saturation_gained,
        histogram=histogram,
        density=density,
        thumbnails=Thumbnails(reference, candidate, difference, question.step),
        classes=totals.classes,
    )


def _histogram(totals: Totals) -> Histogram:
    """Differences in bins about 0 that reach the outer percentiles; the outermost hold what lies beyond.

    Bins of counts are an odd number of counts wide, so that each holds as many values as the others.
    """
    reach = max(abs(value) for value in totals.percentiles.values()) if totals.all.pixels else 0.0
    width = 2 * min(reach or totals.all.maximum or 1.0, _FARTHEST) / _HISTOGRAM_BINS
    if not width > 0:
        width = 1.0
    if totals.grain:
        steps = int(np.ceil(width / totals.grain - 1e-9)) if reach else 1
        width = (steps + 1 - steps % 2) * totals.grain
    edges = (np.arange(_HISTOGRAM_BINS + 1, dtype=np.float64) - _HISTOGRAM_BINS / 2) * width
    return Histogram(edges, totals.count_between(float(edges[0]), width, _HISTOGRAM_BINS))


class _Samples:
    """Pixels of every so manieth row and column, for the density: few, and always the same ones."""

    def __init__(self, question: Question) -> None:
        self._sides = question.reference, question.candidate
        self._stride = max(1, int(np.ceil(np.sqrt(question.shape[0] * question.shape[1] / _DENSITY_PIXELS))))
        self._taken: list[tuple[Values, Values]] = []

    def take(self, window: Window, reference: Counts, candidate: Counts) -> None:
        """Take those of a block; the order of blocks does not matter."""
        rows = slice(-window.row % self._stride, None, self._stride)
        columns = slice(None, None, self._stride)
        counts = [side[:, rows, columns] for side in (reference, candidate)]
        values = [physical(side, part) for side, part in zip(counts, self._sides, strict=True)]
        used = ~np.isnan(values[0]) & ~np.isnan(values[1])
        for side, part in zip(counts, self._sides, strict=True):
            if part.saturated is not None:
                used &= side != part.saturated
        self._taken.append((values[0][used], values[1][used]))

    def density(self) -> Density:
        """Both images' values against each other; the outermost bins hold what lies beyond."""
        one, two = (
            np.concatenate([taken[side] for taken in self._taken]).clip(-_FARTHEST, _FARTHEST)
            for side in (0, 1)
        )
        low, high = 0.0, 1.0
        if one.size:
            ends = np.percentile([*map(np.ravel, (one, two))], _DENSITY_RANGE)
            low, high = float(ends[0]), float(ends[1])
        width = (high - low) / _DENSITY_BINS
        if not width > 0:
            width = max(abs(low), 1.0) / _DENSITY_BINS
        edges = low + np.arange(_DENSITY_BINS + 1, dtype=np.float64) * width
        return Density(edges, joint_histogram(one, two, low, width, _DENSITY_BINS))
