"""Counts and physical values, and changes of resolution by a whole factor: what every chain does to pixels.

Physical value = ``(count + offset) * scale`` (PSD 14.8: reflectance = (DN + RADIO_ADD_OFFSET) /
QUANTIFICATION_VALUE). Arithmetic is float32 in a fixed order, so that a block gives the same bits whatever
its size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Counts = npt.NDArray[Any]
FloatImage = npt.NDArray[np.float32]

NO_NODATA = -1
"""Stands for "every count is a value" where a kernel takes a no-data count."""


@kernel
def counts_to_physical(counts: Counts, offset: float, scale: float, nodata: int) -> FloatImage:
    """Physical values of `counts` (2-D, any integer type): ``(count + offset) * scale``, NaN for `nodata`.

    `nodata` is compared as an integer; `NO_NODATA` compares with nothing that unsigned counts can hold.
    """
    rows, columns = counts.shape
    values = np.empty((rows, columns), np.float32)
    addend, factor = np.float32(offset), np.float32(scale)
    for row in range(rows):
        for column in range(columns):
            count = counts[row, column]
            value = (np.float32(count) + addend) * factor
            values[row, column] = np.float32(np.nan) if count == nodata else value
    return values


@kernel
def physical_to_counts(
    values: FloatImage,
    inverse_scale: float,
    offset: float,
    nodata: int,
    minimum: int,
    maximum: int,
    out: Counts,
) -> None:
    """Write ``round(value * inverse_scale - offset)``, limited, to `out`; NaN gives `nodata`.

    Halves round to the even count, as numpy's ``rint``. The caller sees to it that `nodata`, `minimum` and
    `maximum` fit the type of `out`.
    """
    rows, columns = values.shape
    factor, subtrahend = np.float32(inverse_scale), np.float32(offset)
    lowest, highest = np.float32(minimum), np.float32(maximum)
    for row in range(rows):
        for column in range(columns):
            value = values[row, column]
            count = np.rint(value * factor - subtrahend)
            limited = min(max(count, lowest), highest)
            out[row, column] = nodata if np.isnan(value) else limited


@kernel
def block_mean(values: FloatImage, factor: int) -> FloatImage:
    """Mean of each `factor` x `factor` cell, NaN where any of its pixels is NaN.

    Rows and columns that do not fill a cell are left out. Pixels are added line by line from the upper left.
    """
    rows, columns = values.shape[0] // factor, values.shape[1] // factor
    means = np.empty((rows, columns), np.float32)
    weight = np.float32(1.0) / np.float32(factor * factor)
    for row in range(rows):
        for column in range(columns):
            total = np.float32(0.0)
            for line in range(row * factor, (row + 1) * factor):
                for pixel in range(column * factor, (column + 1) * factor):
                    total += values[line, pixel]
            means[row, column] = total * weight
    return means


@kernel
def mean_of_counts(counts: Counts, factor: int, nodata: int) -> Counts:
    """Counts of the mean of each `factor` x `factor` cell, `nodata` where any of its pixels is; type kept.

    For counts that are a linear scale of their quantity; exact, since sums are whole numbers, and halves
    round up. Rows and columns that do not fill a cell are left out.
    """
    rows, columns = counts.shape[0] // factor, counts.shape[1] // factor
    means = np.empty((rows, columns), counts.dtype)
    pixels = factor * factor
    for row in range(rows):
        for column in range(columns):
            total, missing = 0, False
            for line in range(row * factor, (row + 1) * factor):
                for pixel in range(column * factor, (column + 1) * factor):
                    count = counts[line, pixel]
                    total += count
                    missing |= count == nodata
            means[row, column] = nodata if missing else (2 * total + pixels) // (2 * pixels)
    return means


@kernel
def repeat(values: Counts, factor: int) -> Counts:
    """Each pixel `factor` times along both axes (nearest neighbour), type kept."""
    rows, columns = values.shape[0] * factor, values.shape[1] * factor
    repeated = np.empty((rows, columns), values.dtype)
    for row in range(rows):
        for column in range(values.shape[1]):
            value = values[row // factor, column]
            for pixel in range(column * factor, (column + 1) * factor):
                repeated[row, pixel] = value
    return repeated


@kernel
def pick(classes: Counts, factor: int) -> Counts:
    """One class for each `factor` x `factor` cell of a class map: the median of its pixels, type kept.

    Classes have no mean; the median is one of the cell's own classes, and keeps a lone pixel from standing
    for its cell. For an even number of pixels it is the lower of the two middle ones. The 60 m scene
    classification of official Level-2A products (baseline 04.00) is that median of the 20 m one in every
    pixel. Rows and columns that do not fill a cell are left out.
    """
    rows, columns = classes.shape[0] // factor, classes.shape[1] // factor
    picked = np.empty((rows, columns), classes.dtype)
    cell = np.empty(factor * factor, classes.dtype)
    middle = (factor * factor - 1) // 2
    for row in range(rows):
        for column in range(columns):
            filled = 0
            for line in range(row * factor, (row + 1) * factor):
                for pixel in range(column * factor, (column + 1) * factor):
                    place = filled
                    while place > 0 and cell[place - 1] > classes[line, pixel]:
                        cell[place] = cell[place - 1]
                        place -= 1
                    cell[place] = classes[line, pixel]
                    filled += 1
            picked[row, column] = cell[middle]
    return picked


@kernel
def combine_flags(flags: Counts, factor: int) -> Counts:
    """One set of flags for each `factor` x `factor` cell: every bit that any of its pixels has, type kept.

    A flagged pixel must not vanish in a coarser mask. Rows and columns that do not fill a cell are left out.
    """
    rows, columns = flags.shape[0] // factor, flags.shape[1] // factor
    combined = np.zeros((rows, columns), flags.dtype)
    for row in range(rows * factor):
        for column in range(columns * factor):
            combined[row // factor, column // factor] |= flags[row, column]
    return combined
