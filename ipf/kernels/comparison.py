"""Two images of counts or labels side by side: everything that a comparison asks of the pixels, in one pass.

Differences are candidate - reference. Whole numbers are summed as whole numbers and differences counted in a
histogram as wide as their range, so that all figures of it are exact and the order of blocks does not matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Counts = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

REFERENCE, SQUARE, PRODUCT, NO_DATA_LOST, NO_DATA_GAINED, SATURATION_LOST, SATURATION_GAINED = range(7)
"""Places of the sums of `tally_counts`: of the reference's counts, their squares and their products with the
candidate's, over the pixels compared; then numbers of pixels.
"""
LARGEST, ROW, COLUMN = range(3)
"""Places of the largest magnitude of a difference, and of the first pixel that has it."""
REFERENCE_SUM, REFERENCE_PIXELS, CANDIDATE_SUM, CANDIDATE_PIXELS, DIFFERENCE_SUM, DIFFERENCE_PIXELS = range(6)
"""Places of the sums and numbers of pixels of a coarse pixel."""
NEVER = 2**40
"""Stands for a count of no data, or of saturation, that no image of 32 bits has."""


@kernel
def tally_counts(
    reference: Counts,
    candidate: Counts,
    marks: Whole,
    shift: int,
    tolerance: float,
    relative: float,
    offset: float,
    classes: Bytes,
    class_rows: Whole,
    class_columns: Whole,
    groups: Bytes,
    first_row: int,
    step: int,
    histogram: Whole,
    outside: Whole,
    sums: Whole,
    largest: Whole,
    cells: Whole,
) -> None:
    """Add a block of rows to what is kept of both images.

    reference, candidate : whole numbers, (rows, columns).
    marks : counts that are no data and that are saturated in the reference, then in the candidate.
    shift : added to candidate - reference, so that it is one of the physical values.
    tolerance, relative, offset : a difference is outside where it is beyond
        ``tolerance + relative * |reference + offset|``, in counts.
    classes, class_rows, class_columns : a class map, and its row and column for each row and column.
    groups : (256,), the group, from 0 on, of each class.
    first_row : row of the image that the block begins with; `step` : rows and columns of a coarse pixel.
    histogram : (groups, 2 n + 1), pixels by difference -n to n: wide enough for any.
    outside : (groups,), pixels outside. `sums` : see `REFERENCE`. `largest` : see `LARGEST`.
    cells : (coarse rows of the block, coarse columns, 6), see `REFERENCE_SUM`; the block begins with one.
    """
    rows, columns = reference.shape
    middle = histogram.shape[1] // 2
    reference_nodata, reference_saturated = np.int64(marks[0]), np.int64(marks[1])
    candidate_nodata, candidate_saturated = np.int64(marks[2]), np.int64(marks[3])
    for row in range(rows):
        line = classes[class_rows[row]]
        for cell in range(cells.shape[1]):
            total, total_data = np.int64(0), np.int64(0)
            other, other_data = np.int64(0), np.int64(0)
            change, compared = np.int64(0), np.int64(0)
            first, square, product = np.int64(0), np.int64(0), np.int64(0)
            for column in range(cell * step, min((cell + 1) * step, columns)):
                one, two = np.int64(reference[row, column]), np.int64(candidate[row, column])
                one_data, two_data = one != reference_nodata, two != candidate_nodata
                if one_data:
                    total += one
                    total_data += 1
                if two_data:
                    other += two
                    other_data += 1
                if not (one_data and two_data):
                    sums[NO_DATA_LOST] += two_data
                    sums[NO_DATA_GAINED] += one_data
                    continue
                one_full, two_full = one == reference_saturated, two == candidate_saturated
                if one_full or two_full:
                    sums[SATURATION_LOST] += not two_full
                    sums[SATURATION_GAINED] += not one_full
                    continue
                difference = two - one + shift
                magnitude = abs(difference)
                group = groups[line[class_columns[column]]]
                histogram[group, middle + difference] += 1
                outside[group] += magnitude > tolerance + relative * abs(one + offset)
                if magnitude > largest[LARGEST]:
                    largest[LARGEST], largest[ROW], largest[COLUMN] = magnitude, first_row + row, column
                first += one
                square += one * one
                product += one * two
                change += difference
                compared += 1
            sums[REFERENCE] += first
            sums[SQUARE] += square
            sums[PRODUCT] += product
            coarse = row // step
            cells[coarse, cell, REFERENCE_SUM] += total
            cells[coarse, cell, REFERENCE_PIXELS] += total_data
            cells[coarse, cell, CANDIDATE_SUM] += other
            cells[coarse, cell, CANDIDATE_PIXELS] += other_data
            cells[coarse, cell, DIFFERENCE_SUM] += change
            cells[coarse, cell, DIFFERENCE_PIXELS] += compared


@kernel
def occurring(values: Bytes) -> npt.NDArray[np.bool_]:
    """Which of the 256 values an image has."""
    occurs = np.zeros(256, np.bool_)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            occurs[values[row, column]] = True
    return occurs


@kernel
def joint_counts(reference: Bytes, candidate: Bytes, counts: Whole) -> int:
    """Add the pixels of a block to `counts` (256, 256) by value of the reference and of the candidate.

    Gives the place of the first pixel that differs in the block as it lies in memory, -1 without one.
    """
    first = -1
    rows, columns = reference.shape
    for row in range(rows):
        for column in range(columns):
            one, two = reference[row, column], candidate[row, column]
            counts[one, two] += 1
            if one != two and first < 0:
                first = row * columns + column
    return first


@kernel
def changed_pixels(reference: Bytes, candidate: Bytes, step: int) -> Whole:
    """Number of pixels that differ in each cell of `step` x `step` pixels; the last ones may be smaller."""
    rows, columns = reference.shape
    changed = np.zeros((-(-rows // step), -(-columns // step)), np.int64)
    for row in range(rows):
        for cell in range(changed.shape[1]):
            differing = 0
            for column in range(cell * step, min((cell + 1) * step, columns)):
                differing += reference[row, column] != candidate[row, column]
            changed[row // step, cell] += differing
    return changed


@kernel
def joint_histogram(reference: Values, candidate: Values, low: float, width: float, bins: int) -> Whole:
    """Pixels by bin of the reference and of the candidate, shape (bins, bins); bins of `width` from `low`.

    reference, candidate : (pixels,). Values beyond belong to the outermost bins.
    """
    counts = np.zeros((bins, bins), np.int64)
    for pixel in range(reference.size):
        one = min(max((reference[pixel] - low) / width, 0.0), bins - 1.0)
        two = min(max((candidate[pixel] - low) / width, 0.0), bins - 1.0)
        counts[int(one), int(two)] += 1
    return counts


@kernel
def add_to_histogram(values: Values, low: float, width: float, histogram: Whole) -> None:
    """Count values (any number of them) in bins of `width` from `low`; the outermost take what is beyond."""
    last = histogram.size - 1.0
    for value in values:
        histogram[int(min(max((value - low) / width, 0.0), last))] += 1
