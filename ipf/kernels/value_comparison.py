"""Two images of real values side by side: moments of both and of their difference, and order statistics.

Sums are taken about a mean, never about zero, so that a small variance on a large mean does not cancel. Each
row of a group has moments of its own; they are merged in the order of rows (Chan, Golub and LeVeque 1979,
Updating formulae and a pairwise algorithm for computing sample variances), whatever the blocks were.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.kernels.comparison import (
    CANDIDATE_PIXELS,
    CANDIDATE_SUM,
    COLUMN,
    DIFFERENCE_PIXELS,
    DIFFERENCE_SUM,
    LARGEST,
    NO_DATA_GAINED,
    NO_DATA_LOST,
    REFERENCE_PIXELS,
    REFERENCE_SUM,
    ROW,
    SATURATION_GAINED,
    SATURATION_LOST,
)
from ipf.kernels.jit import kernel

Values = npt.NDArray[np.float64]
Samples = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

(
    PIXELS,
    MEAN_REFERENCE,
    MEAN_CANDIDATE,
    MEAN_DIFFERENCE,
    SQUARES_REFERENCE,
    SQUARES_CANDIDATE,
    PRODUCTS,
    SQUARES_DIFFERENCE,
) = range(8)
"""Places of moments: means, then sums of squares and of products about them."""
DIGIT = 16
"""Bits of a key that one pass over the values tells."""


SMALLEST = 5e-324
"""The smallest number above zero: stands for differences that are smaller."""


@kernel
def _differently_missing(one: float, two: float, marks: Values, change: float) -> bool:
    """Whether two numbers that are no data are so in different ways: by the side's mark, as NaN, as infinity.

    Where a side has no mark, or NaN for it, its NaN are what marks no data. A `change` tells large whole
    numbers that are next to the mark of both sides from it, which real numbers do not.
    """
    if one == two or (np.isnan(one) and np.isnan(two)):
        return np.isfinite(change) and change != 0
    one_marked = one == marks[0] or (np.isnan(one) and np.isnan(marks[0]))
    two_marked = two == marks[2] or (np.isnan(two) and np.isnan(marks[2]))
    return not (one_marked and two_marked)


@kernel
def _difference(one: float, two: float, uncertain: float) -> float:
    """Difference of two physical values, none where it may be that of their rounding."""
    difference = two - one
    if np.isnan(difference):
        return np.inf  # both are beyond all numbers
    return 0.0 if abs(difference) <= uncertain < np.inf else difference


@kernel
def _converted(change: float, scale: float) -> float:
    """A change of counts in physical units: never none, where the counts are not the same."""
    difference = change * scale
    return SMALLEST if difference == 0 and change != 0 else difference


@kernel
def tally_values(
    reference: Samples,
    candidate: Samples,
    changes: Values,
    conversion: Values,
    marks: Values,
    rounding: float,
    tolerance: float,
    relative: float,
    classes: Bytes,
    class_rows: Whole,
    class_columns: Whole,
    groups: Bytes,
    first_row: int,
    step: int,
    moments: Values,
    differences: Values,
    maxima: Values,
    counts: Whole,
    sums: Whole,
    largest: Values,
    cells: Values,
) -> int:
    """Tally a block of rows of both images; gives the number of pixels compared.

    reference, candidate : numbers, (rows, columns); what is not finite is no data.
    changes : candidate - reference of the numbers as they are stored, (rows, columns), where both conversions
        are the same: no difference is then lost to the conversion. Without a row where they are not.
    conversion : offset and scale of the reference, then of the candidate: ``(count + offset) * scale``.
    marks : counts that are no data and that are saturated in the reference, then in the candidate, or NaN.
    rounding : share of both magnitudes that conversions may be off: no difference between two of them, and
        not outside.
    tolerance, relative : a difference is outside beyond ``tolerance + relative * |reference|``.
    classes, class_rows, class_columns, groups, first_row, step, largest, cells : as of
        `ipf.kernels.comparison.tally_counts`.
    moments : (rows, groups, 8), zeros; see `PIXELS`. `maxima` : (groups,), largest magnitudes.
    differences : at least rows * columns, takes those of the pixels compared.
    counts : (groups + 1,), pixels outside of each group; at the end pixels that differ.
    sums : as of `tally_counts`, only those of no data and saturation. Where neither side has data, and they
        lack it in different ways (see `_differently_missing`), no data is gained.
    """
    rows, columns = reference.shape
    group_count = maxima.size
    exact = changes.size > 0
    compared = 0
    ones, twos = np.empty(columns), np.empty(columns)
    members = np.empty(columns, np.int64)
    for row in range(rows):
        start = compared
        coarse = row // step
        for cell in range(cells.shape[1]):
            for column in range(cell * step, min((cell + 1) * step, columns)):
                one, two = np.float64(reference[row, column]), np.float64(candidate[row, column])
                one_data = np.isfinite(one) and one != marks[0]
                two_data = np.isfinite(two) and two != marks[2]
                one_full, two_full = one == marks[1], two == marks[3]
                one_raw, two_raw = one, two
                one = (one + conversion[0]) * conversion[1]
                two = (two + conversion[2]) * conversion[3]
                if one_data:
                    cells[coarse, cell, REFERENCE_SUM] += one
                    cells[coarse, cell, REFERENCE_PIXELS] += 1
                if two_data:
                    cells[coarse, cell, CANDIDATE_SUM] += two
                    cells[coarse, cell, CANDIDATE_PIXELS] += 1
                if not (one_data and two_data):
                    change = changes[row, column] if exact else 0.0
                    sums[NO_DATA_LOST] += two_data
                    sums[NO_DATA_GAINED] += one_data or (
                        not two_data and _differently_missing(one_raw, two_raw, marks, change)
                    )
                    continue
                if one_full or two_full:
                    sums[SATURATION_LOST] += not two_full
                    sums[SATURATION_GAINED] += not one_full
                    continue
                uncertain = rounding * (abs(one) + abs(two))
                difference = (
                    _converted(changes[row, column], conversion[1])
                    if exact
                    else _difference(one, two, uncertain)
                )
                magnitude = abs(difference)
                group = np.int64(groups[classes[class_rows[row], class_columns[column]]])
                counts[group_count] += difference != 0
                counts[group] += magnitude > tolerance + relative * abs(one) + uncertain
                maxima[group] = max(maxima[group], magnitude)
                if magnitude > largest[LARGEST]:
                    largest[LARGEST], largest[ROW], largest[COLUMN] = magnitude, first_row + row, column
                cells[coarse, cell, DIFFERENCE_SUM] += difference
                cells[coarse, cell, DIFFERENCE_PIXELS] += 1
                place = compared - start
                ones[place], twos[place], members[place] = one, two, group
                differences[compared] = difference
                compared += 1
        _row_moments(ones, twos, differences[start:compared], members, moments[row])
    return compared


@kernel
def _row_moments(ones: Values, twos: Values, differences: Values, members: Whole, moments: Values) -> None:
    """Moments of each group's pixels in a row. Means are those of what lies above the first pixel's value, so
    that of equal values they are that value, and nothing is left about them.
    """
    pivots = np.zeros((moments.shape[0], 3))
    for place in range(differences.size):
        group = members[place]
        if moments[group, PIXELS] == 0:
            pivots[group, 0], pivots[group, 1] = ones[place], twos[place]
            pivots[group, 2] = differences[place]
        moments[group, PIXELS] += 1
        moments[group, MEAN_REFERENCE] += ones[place] - pivots[group, 0]
        moments[group, MEAN_CANDIDATE] += twos[place] - pivots[group, 1]
        moments[group, MEAN_DIFFERENCE] += differences[place] - pivots[group, 2]
    for group in range(moments.shape[0]):
        if moments[group, PIXELS]:
            for image in range(3):
                mean = moments[group, MEAN_REFERENCE + image] / moments[group, PIXELS]
                moments[group, MEAN_REFERENCE + image] = pivots[group, image] + mean
    for place in range(differences.size):
        group = members[place]
        one = ones[place] - moments[group, MEAN_REFERENCE]
        two = twos[place] - moments[group, MEAN_CANDIDATE]
        difference = differences[place] - moments[group, MEAN_DIFFERENCE]
        moments[group, SQUARES_REFERENCE] += one * one
        moments[group, SQUARES_CANDIDATE] += two * two
        moments[group, PRODUCTS] += one * two
        moments[group, SQUARES_DIFFERENCE] += difference * difference


@kernel
def merge_moments(parts: Values, merged: Values) -> None:
    """Merge moments `parts` (parts, 8) into `merged` (8,), in their order."""
    for part in range(parts.shape[0]):
        if parts[part, PIXELS] == 0:
            continue
        before, added = merged[PIXELS], parts[part, PIXELS]
        pixels = before + added
        weight = before * added / pixels
        one = parts[part, MEAN_REFERENCE] - merged[MEAN_REFERENCE]
        two = parts[part, MEAN_CANDIDATE] - merged[MEAN_CANDIDATE]
        difference = parts[part, MEAN_DIFFERENCE] - merged[MEAN_DIFFERENCE]
        merged[SQUARES_REFERENCE] += parts[part, SQUARES_REFERENCE] + one * one * weight
        merged[SQUARES_CANDIDATE] += parts[part, SQUARES_CANDIDATE] + two * two * weight
        merged[PRODUCTS] += parts[part, PRODUCTS] + one * two * weight
        merged[SQUARES_DIFFERENCE] += parts[part, SQUARES_DIFFERENCE] + difference * difference * weight
        share = added / pixels
        merged[MEAN_REFERENCE] += one * share
        merged[MEAN_CANDIDATE] += two * share
        merged[MEAN_DIFFERENCE] += difference * share
        merged[PIXELS] = pixels


@kernel
def count_digits(bits: Keys, prefixes: Keys, shift: int, counts: Whole) -> None:
    """Count values by the 16 bits of their key above the lowest `shift`, for each prefix of higher bits.

    bits : float64 values as they lie in memory. Their key is in the order of the values: all bits of negative
        ones turned round, the sign of the others.
    prefixes : sorted, (prefixes,): what the bits of a key above are; those of other keys are left out.
    counts : (prefixes, 65536), added to.
    """
    sign = np.uint64(1) << np.uint64(63)
    digit = np.uint64(shift)
    # Shifts by 64 bits are undefined.
    half = np.uint64((shift + DIGIT) // 2)
    for place in range(bits.size):
        key = ~bits[place] if bits[place] & sign else bits[place] | sign
        prefix = key >> half >> half
        low, high = 0, prefixes.size
        while low < high:
            middle = (low + high) // 2
            if prefixes[middle] < prefix:
                low = middle + 1
            else:
                high = middle
        if low < prefixes.size and prefixes[low] == prefix:
            counts[low, (key >> digit) & np.uint64(0xFFFF)] += 1
