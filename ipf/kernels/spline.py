"""Cubic B-spline coefficients of an image by a filter of fixed length, which no window of the image changes.

An image interpolated by cubic B-splines is a sum of splines, one on each pixel; the weight of each, its
coefficient, comes from the pixels through the inverse of the filter (1, 4, 1) / 6. That inverse,
sqrt(3) z^|k| with the pole z = sqrt(3) - 2 (Unser, M., Aldroubi, A., Eden, M., 1993, B-spline signal
processing: part II, IEEE Trans. Signal Processing 41, 834-848, table I), is usually run as a recursion, whose
result depends on where it starts. Here it is cut off where it has fallen below the precision of float32.

Pixels that are not finite have no data: the filter goes no further than the last pixel with data on either
side, and repeats that one. A hole thus leaves no ripples, and its own pixels have no coefficient.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]
FloatLine = npt.NDArray[np.float32]

PREFILTER_REACH = 12
"""Pixels on either side of its own that a coefficient depends on, along each axis.

What is cut off is at most 2e-7 of the contrast of the image (the sum of sqrt(3) |z|^k from 13 on, twice).
"""


def prefilter_weights() -> FloatLine:
    """Weights of the pixels 0 to `PREFILTER_REACH` away, (13,); both sides together add up to one."""
    weights = np.power(np.sqrt(3.0) - 2.0, np.arange(PREFILTER_REACH + 1))
    return np.asarray(weights / (2.0 * weights.sum() - weights[0]), np.float32)


@kernel
def spline_coefficients(samples: FloatImage, weights: FloatLine) -> FloatImage:
    """Coefficients of `samples`, (rows, columns) both, C-contiguous; NaN where a sample is not finite.

    `weights` are those of `prefilter_weights`. A frame as wide as the filter reaches is NaN too: there the
    image is not known far enough.
    """
    rows, columns = samples.shape
    reach = weights.size - 1
    inner = columns - 2 * reach
    coefficients = np.full((rows, columns), np.float32(np.nan), np.float32)
    whole = np.empty(rows, np.bool_)
    for row in range(rows):
        whole[row] = _is_whole(samples[row])
    values = samples.reshape(-1)
    line = np.empty(columns, np.float32)
    for row in range(reach, rows - reach):
        _filter(values, row * columns, columns, weights, line, np.all(whole[row - reach : row + reach + 1]))
        _filter(line, reach, 1, weights, coefficients[row, reach : reach + inner], whole[row])
    return coefficients


@kernel
def _is_whole(line: FloatLine) -> bool:
    """Whether all pixels are finite; zero times anything else is not zero."""
    total = True
    for column in range(line.size):
        total &= line[column] * np.float32(0.0) == np.float32(0.0)
    return total


@kernel
def _filter(
    values: FloatLine, first: int, stride: int, weights: FloatLine, out: FloatLine, whole: bool | np.bool_
) -> None:
    """Filter the pixels from `first` on into `out`; pixel and neighbour lie `stride` values apart."""
    size = out.size
    centre = values[first : first + size]
    for column in range(size):
        out[column] = weights[0] * centre[column]
    if whole:
        for distance in range(1, weights.size):
            before, after = first - distance * stride, first + distance * stride
            _add(values[before : before + size], values[after : after + size], weights[distance], out)
        return
    last_before, last_after = centre.copy(), centre.copy()
    ended_before, ended_after = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    for distance in range(1, weights.size):
        before, after = first - distance * stride, first + distance * stride
        _advance(values[before : before + size], last_before, ended_before)
        _advance(values[after : after + size], last_after, ended_after)
        _add(last_before, last_after, weights[distance], out)
    for column in range(size):
        if not np.isfinite(centre[column]):
            out[column] = np.float32(np.nan)


@kernel
def _add(before: FloatLine, after: FloatLine, weight: np.float32, out: FloatLine) -> None:
    """Add two neighbours of the same weight."""
    for column in range(out.size):
        out[column] += weight * (before[column] + after[column])


@kernel
def _advance(neighbours: FloatLine, last: FloatLine, ended: npt.NDArray[np.bool_]) -> None:
    """Go on to the next neighbours, where no pixel without data was met on the way to them."""
    for column in range(last.size):
        neighbour = neighbours[column]
        ended[column] |= not np.isfinite(neighbour)
        last[column] = last[column] if ended[column] else neighbour
