"""From counts of a sensor to reflectance, and the flags of what came of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Image = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]
Nodes = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Fractions = npt.NDArray[np.float64]


@kernel
def cosines_between(
    nodes: Nodes, rows: Indices, down: Fractions, columns: Indices, across: Fractions, cosine: Image
) -> None:
    """Fill `cosine` from `nodes`, (rows, columns) both: bilinear.

    rows, down : of each row of pixels the node before it, and how far (0 to 1) it lies behind that;
    columns, across : of each column.
    """
    along = np.empty(nodes.shape[1])
    for row in range(rows.size):
        above, below = nodes[rows[row]], nodes[rows[row] + 1]
        for node in range(along.size):
            along[node] = above[node] + (below[node] - above[node]) * down[row]
        for column in range(columns.size):
            west = along[columns[column]]
            value = west + (along[columns[column] + 1] - west) * across[column]
            cosine[row, column] = np.float32(value)


@kernel
def reflectance_of_counts(
    counts: Image, cosine: Image, offset: float, factor: float, reflectance: Image
) -> None:
    """Fill `reflectance` with ``factor (count + offset) / cosine``, NaN without a count or a sun.

    All images have one shape; `cosine` is that of the sun's zenith angle.
    """
    rows, columns = counts.shape
    for row in range(rows):
        for column in range(columns):
            above = cosine[row, column]
            if above > 0.0:
                reflectance[row, column] = factor * (counts[row, column] + offset) / above
            else:
                reflectance[row, column] = np.nan


@kernel
def quality_of_pixels(
    quality: Flags, resampling: Flags, lost: tuple[int, int], saturated: tuple[int, int], result: Flags
) -> None:
    """Fill `result` with `quality` and two more flags, by their bits in `resampling` and in `result`."""
    rows, columns = quality.shape
    for row in range(rows):
        for column in range(columns):
            flags = quality[row, column]
            if resampling[row, column] & lost[0]:
                flags |= lost[1]
            if resampling[row, column] & saturated[0]:
                flags |= saturated[1]
            result[row, column] = flags
