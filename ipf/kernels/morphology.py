"""Neighbourhoods of class maps and masks: counts, dilations, erosions, and the median of classes.

Masks are uint8, not 0 where set. What lies beyond the array counts as not set, so a caller that wants the
same result for every block gives an array grown by the reach.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Mask = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int32]

CLASSES = 16
"""More than the highest class number that `median_of_classes` can meet."""


@kernel
def select(classes: Mask, first: int, second: int) -> Mask:
    """1 where the class is `first` or `second`."""
    chosen = np.zeros(classes.shape, np.uint8)
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            kind = classes[row, column]
            chosen[row, column] = kind in (first, second)
    return chosen


@kernel
def count_in_box(mask: Mask, radius: int) -> Counts:
    """Number of set pixels in the square of side ``2 * radius + 1`` around each pixel."""
    rows, columns = mask.shape
    counts = np.zeros((rows, columns), np.int32)
    column_sums = np.zeros(columns, np.int32)
    for row in range(min(radius, rows)):
        for column in range(columns):
            column_sums[column] += mask[row, column] != 0
    for row in range(rows):
        if row + radius < rows:
            for column in range(columns):
                column_sums[column] += mask[row + radius, column] != 0
        if row - radius - 1 >= 0:
            for column in range(columns):
                column_sums[column] -= mask[row - radius - 1, column] != 0
        total = 0
        for column in range(min(radius, columns)):
            total += column_sums[column]
        for column in range(columns):
            if column + radius < columns:
                total += column_sums[column + radius]
            if column - radius - 1 >= 0:
                total -= column_sums[column - radius - 1]
            counts[row, column] = total
    return counts


@kernel
def at_least(counts: Counts, least: int) -> Mask:
    """1 where a count reaches `least`."""
    mask = np.zeros(counts.shape, np.uint8)
    for row in range(counts.shape[0]):
        for column in range(counts.shape[1]):
            mask[row, column] = counts[row, column] >= least
    return mask


@kernel
def dilate_box(mask: Mask, radius: int) -> Mask:
    """The mask grown by a square of side ``2 * radius + 1``."""
    return at_least(count_in_box(mask, radius), 1)


@kernel
def erode_box(mask: Mask, radius: int) -> Mask:
    """The mask shrunk by a square of side ``2 * radius + 1``."""
    return at_least(count_in_box(mask, radius), (2 * radius + 1) ** 2)


@kernel
def majority(mask: Mask, radius: int) -> Mask:
    """1 where most pixels of the square of side ``2 * radius + 1`` are set: its median."""
    return at_least(count_in_box(mask, radius), ((2 * radius + 1) ** 2 + 1) // 2)


@kernel
def dilate_diamond(mask: Mask, radius: int) -> Mask:
    """The mask grown by `radius` steps to the four nearest neighbours."""
    rows, columns = mask.shape
    grown = mask.copy()
    for _ in range(radius):
        before = grown.copy()
        for row in range(rows):
            for column in range(columns):
                if before[row, column]:
                    continue
                if (
                    (row > 0 and before[row - 1, column])
                    or (row + 1 < rows and before[row + 1, column])
                    or (column > 0 and before[row, column - 1])
                    or (column + 1 < columns and before[row, column + 1])
                ):
                    grown[row, column] = 1
    return grown


@kernel
def without_lone(mask: Mask, least: int, radius: int) -> Mask:
    """The mask without pixels that have fewer than `least` set ones, themselves included, around them."""
    counts = count_in_box(mask, radius)
    kept = np.zeros(mask.shape, np.uint8)
    for row in range(mask.shape[0]):
        for column in range(mask.shape[1]):
            kept[row, column] = mask[row, column] != 0 and counts[row, column] >= least
    return kept


@kernel
def median_of_classes(classes: Mask, size: int) -> Mask:
    """Median class number in the square of `size` pixels a side around each pixel, as a median filter does.

    An even `size` reaches one pixel further up and left. Beyond the array nothing is counted; the median of
    an even number of pixels is the higher of the two middle ones.
    """
    rows, columns = classes.shape
    before, after = size // 2, size - size // 2 - 1
    filtered = np.zeros((rows, columns), np.uint8)
    histogram = np.zeros(CLASSES, np.int32)
    for row in range(rows):
        top, bottom = max(row - before, 0), min(row + after, rows - 1)
        histogram[:] = 0
        for column in range(min(after, columns)):
            for line in range(top, bottom + 1):
                histogram[classes[line, column]] += 1
        for column in range(columns):
            if column + after < columns:
                for line in range(top, bottom + 1):
                    histogram[classes[line, column + after]] += 1
            if column - before - 1 >= 0:
                for line in range(top, bottom + 1):
                    histogram[classes[line, column - before - 1]] -= 1
            left, right = max(column - before, 0), min(column + after, columns - 1)
            middle = (bottom - top + 1) * (right - left + 1) // 2
            passed = 0
            for kind in range(CLASSES):
                passed += histogram[kind]
                if passed > middle:
                    filtered[row, column] = kind
                    break
    return filtered
