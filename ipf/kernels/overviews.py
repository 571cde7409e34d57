"""Overviews of images: each level half as fine as the one before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Counts = npt.NDArray[Any]


@kernel
def halved(counts: Counts, nodata: int) -> Counts:
    """Mean of the pixels with data of each 2 x 2 cell, halves rounded up; `nodata` where none has; type kept.

    counts : unsigned integers, (rows, columns). A last row or column that is left over makes a cell with what
        there is of it, so that the result has (rows + 1) // 2 rows: the size that GeoTIFF overviews have.
    nodata : count that is no data, or `ipf.kernels.pixels.NO_NODATA`.
    """
    rows, columns = (counts.shape[0] + 1) // 2, (counts.shape[1] + 1) // 2
    means = np.empty((rows, columns), counts.dtype)
    for row in range(rows):
        last_line = min(2 * row + 2, counts.shape[0])
        for column in range(columns):
            last_pixel = min(2 * column + 2, counts.shape[1])
            total, present = 0, 0
            for line in range(2 * row, last_line):
                for pixel in range(2 * column, last_pixel):
                    if counts[line, pixel] != nodata:
                        total += counts[line, pixel]
                        present += 1
            means[row, column] = (2 * total + present) // (2 * present) if present else nodata
    return means
