"""Values of an image between its pixels: nearest, bilinear, Keys' cubic, cubic B-spline.

Samples are finite where there is data, NaN where there is none and infinite where the sensor saturated. A sum
over such a pixel is not finite, which is how values are found that have to be made otherwise, by `_narrowed`.
Arithmetic is float32 in one order, so that a pixel has the same bits whatever window it is made in.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel
from ipf.kernels.places import Fractions, Indices, Nodes, locate_line

Source = npt.NDArray[Any]
FloatImage = npt.NDArray[np.float32]
FloatLine = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]
FlagLine = npt.NDArray[np.uint8]
Weights: TypeAlias = tuple[np.float32, np.float32, np.float32, np.float32]

NEAREST, BILINEAR, CUBIC, B_SPLINE = 0, 1, 2, 3

NO_DATA, SATURATED, NARROWED = 1, 2, 4
"""Bits of the flags: nearest pixel without data or outside; nearest pixel saturated; fewer pixels used."""

_MISSING = np.float32(np.nan)


@kernel
def samples_of(
    source: Source,
    source_origin: tuple[int, int],
    image_shape: tuple[int, int],
    origin: tuple[int, int],
    lowest: float,
    saturated: float,
    samples: FloatImage,
) -> None:
    """Fill `samples`, whose first pixel is `origin` of the image, mirrored about its outer pixels.

    source : part of an image of `image_shape`, its first pixel at `source_origin`; covers what is read.
    lowest, saturated : a value of `saturated` or more is saturated, one below `lowest`, or NaN, no data.
    """
    least, most = np.float32(lowest), np.float32(saturated)
    rows, columns = samples.shape
    before = min(max(-origin[1], 0), columns)
    after = max(min(image_shape[1] - origin[1], columns), before)
    start = origin[1] + before - source_origin[1]
    for row in range(rows):
        line = source[mirrored(origin[0] + row, image_shape[0]) - source_origin[0]]
        _fill(line[start : start + after - before], least, most, samples[row, before:after])
        for column in range(before):
            place = mirrored(origin[1] + column, image_shape[1]) - source_origin[1]
            _fill(line[place : place + 1], least, most, samples[row, column : column + 1])
        for column in range(after, columns):
            place = mirrored(origin[1] + column, image_shape[1]) - source_origin[1]
            _fill(line[place : place + 1], least, most, samples[row, column : column + 1])


@kernel
def _fill(line: Source, lowest: np.float32, saturated: np.float32, samples: FloatLine) -> None:
    """Pixels of a line; infinity for saturated, NaN for no data."""
    for column in range(samples.size):
        value = np.float32(line[column])
        value = value if value >= lowest else _MISSING
        samples[column] = np.float32(np.inf) if value >= saturated else value


@kernel
def mirrored(index: int, size: int) -> int:
    """Index of the pixel that stands for `index` when pixels 0 and `size` - 1 are mirrors."""
    if 0 <= index < size:
        return index
    period = max(2 * (size - 1), 1)
    place = index % period
    return place if place < size else period - place


@kernel
def interpolate(
    samples: FloatImage,
    coefficients: FloatImage,
    origin: tuple[int, int],
    limits: tuple[float, float, float, float],
    row_nodes: Nodes,
    column_nodes: Nodes,
    step: int,
    first: tuple[int, int],
    method: int,
    saturated: float,
    values: FloatImage,
    flags: Flags,
) -> None:
    """Fill `values` and `flags`, (rows, columns), whose first pixel is `first` counted from the first node.

    samples, coefficients : the image from pixel `origin` on, C-contiguous, of one shape. Coefficients are
        the samples themselves but for B-splines.
    limits : see `locate_line`; places inside are within the image, and the samples have all that the method
        weighs there. Nothing checks that.
    saturated : value that saturated pixels have in `values`; those without data have NaN.
    """
    rows, columns = values.shape
    stride = samples.shape[1]
    pixels, weighed = samples.reshape(-1), coefficients.reshape(-1)
    indices = np.empty(columns, np.intp)
    down, right = np.empty(columns, np.float32), np.empty(columns, np.float32)
    weights_down, weights_right = np.empty((4, columns), np.float32), np.empty((4, columns), np.float32)
    for row in range(rows):
        locate_line(
            row_nodes,
            column_nodes,
            step,
            first[0] + row,
            first[1],
            limits,
            origin,
            stride,
            indices,
            down,
            right,
        )
        if method == NEAREST:
            _nearest(pixels, stride, indices, down, right, values[row])
        elif method == BILINEAR:
            _bilinear(pixels, stride, indices, down, right, values[row])
        else:
            _weigh(down, method, weights_down)
            _weigh(right, method, weights_right)
            _weighted(weighed, stride, indices, weights_down, weights_right, values[row])
        _mend(pixels, stride, indices, down, right, saturated, values[row], flags[row])


@kernel
def _nearest(
    samples: FloatLine, stride: int, indices: Indices, down: Fractions, right: Fractions, out: FloatLine
) -> None:
    """The sample nearest to each place; the later one halfway."""
    for column in range(out.size):
        out[column] = nearest_sample(samples, stride, indices[column], down[column], right[column])


@kernel
def nearest_sample(
    samples: FloatLine, stride: int, index: int, down: np.float32, right: np.float32
) -> np.float32:
    """The sample nearest to a place; NaN outside."""
    half = np.float32(0.5)
    nearest = index + (stride if down >= half else 0) + (1 if right >= half else 0)
    return _MISSING if np.isnan(down) else np.float32(samples[np.uintp(nearest)])


@kernel
def _bilinear(
    samples: FloatLine, stride: int, indices: Indices, down: Fractions, right: Fractions, out: FloatLine
) -> None:
    """Bilinear between the four samples around."""
    one = np.float32(1.0)
    for column in range(out.size):
        above, below = np.uintp(indices[column]), np.uintp(indices[column] + stride)
        before, after = one - right[column], right[column]
        upper = samples[above] * before + samples[above + 1] * after
        lower = samples[below] * before + samples[below + 1] * after
        out[column] = upper * (one - down[column]) + lower * down[column]


@kernel
def _weigh(fractions: Fractions, method: int, weights: FloatImage) -> None:
    """Weights of the four samples around each place along one axis, (4, columns)."""
    first, second, third, fourth = weights[0], weights[1], weights[2], weights[3]
    if method == CUBIC:
        for column in range(fractions.size):
            made = cubic_weights(fractions[column])
            first[column], second[column], third[column], fourth[column] = made
    else:
        for column in range(fractions.size):
            made = spline_weights(fractions[column])
            first[column], second[column], third[column], fourth[column] = made


@kernel
def _weighted(
    samples: FloatLine, stride: int, indices: Indices, down: FloatImage, right: FloatImage, out: FloatLine
) -> None:
    """Weighted sums of the 4 x 4 samples around each place.

    Unsigned indices spare the test whether they count from the end; four sums side by side are one vector.
    """
    for column in range(out.size):
        start = indices[column] - stride - 1
        first, second = np.uintp(start), np.uintp(start + stride)
        third, fourth = np.uintp(start + 2 * stride), np.uintp(start + 3 * stride)
        one, two, three, four = down[0, column], down[1, column], down[2, column], down[3, column]
        sum_0 = one * samples[first] + two * samples[second] + three * samples[third] + four * samples[fourth]
        first, second, third, fourth = first + 1, second + 1, third + 1, fourth + 1
        sum_1 = one * samples[first] + two * samples[second] + three * samples[third] + four * samples[fourth]
        first, second, third, fourth = first + 1, second + 1, third + 1, fourth + 1
        sum_2 = one * samples[first] + two * samples[second] + three * samples[third] + four * samples[fourth]
        first, second, third, fourth = first + 1, second + 1, third + 1, fourth + 1
        sum_3 = one * samples[first] + two * samples[second] + three * samples[third] + four * samples[fourth]
        out[column] = (right[0, column] * sum_0 + right[1, column] * sum_1) + (
            right[2, column] * sum_2 + right[3, column] * sum_3
        )


@kernel
def cubic_weights(t: np.float32) -> Weights:
    """Weights of the four pixels around a place `t` after the second one: cubic convolution, a = -0.5.

    Keys, R., 1981, Cubic convolution interpolation for digital image processing, IEEE Trans. Acoustics,
    Speech, and Signal Processing 29, 1153-1160, equation 15.
    """
    half, one, two = np.float32(0.5), np.float32(1.0), np.float32(2.0)
    three_halves, five_halves = np.float32(1.5), np.float32(2.5)
    return (
        ((one - half * t) * t - half) * t,
        (three_halves * t - five_halves) * (t * t) + one,
        ((two - three_halves * t) * t + half) * t,
        (half * t - half) * (t * t),
    )


@kernel
def spline_weights(t: np.float32) -> Weights:
    """Cubic B-splines of the four pixels around a place `t` after the second one (Unser et al., 1993)."""
    sixth, three = np.float32(1.0 / 6.0), np.float32(3.0)
    four, six = np.float32(4.0), np.float32(6.0)
    u = np.float32(1.0) - t
    return (
        (u * u) * (u * sixth),
        (four + (three * t - six) * (t * t)) * sixth,
        (four + (three * u - six) * (u * u)) * sixth,
        (t * t) * (t * sixth),
    )


@kernel
def _mend(
    samples: FloatLine,
    stride: int,
    indices: Indices,
    down: Fractions,
    right: Fractions,
    saturated: float,
    values: FloatLine,
    flags: FlagLine,
) -> None:
    """Give a line its flags, and another value to the pixels whose value is not finite."""
    for column in range(values.size):
        flags[column] = 0
        if not np.isfinite(values[column]):
            values[column], flags[column] = _narrowed(
                samples, stride, indices[column], down[column], right[column], saturated
            )


@kernel
def _narrowed(
    samples: FloatLine, stride: int, index: int, down: np.float32, right: np.float32, saturated: float
) -> tuple[np.float32, int]:
    """Value and flag of a place near pixels that have no data or are saturated, or outside.

    The nearest pixel decides what the place is. If it has data, the value is the bilinear mean of those of
    the four pixels around that have, which neither rings nor takes anything from the others.
    """
    nearest = nearest_sample(samples, stride, index, down, right)
    if np.isnan(nearest):
        return _MISSING, NO_DATA
    if np.isinf(nearest):
        return np.float32(saturated), SATURATED
    one = np.float32(1.0)
    total, weights = np.float32(0.0), np.float32(0.0)
    for below in range(2):
        for beside in range(2):
            sample = samples[index + below * stride + beside]
            if np.isfinite(sample):
                weight = (down if below else one - down) * (right if beside else one - right)
                total += weight * sample
                weights += weight
    return total / weights, NARROWED


@kernel
def rounded(values: FloatImage, flags: Flags, saturated: int) -> npt.NDArray[np.uint16]:
    """Counts of interpolated values: 0 where NaN, `saturated` where flagged so, else 1 to `saturated` - 1.

    Interpolated values may leave the range of their neighbours; neither 0 nor `saturated` is made of one that
    is not missing or saturated. Halves round to the even count.
    """
    rows, columns = values.shape
    counts = np.empty((rows, columns), np.uint16)
    least, most = np.float32(1.0), np.float32(saturated - 1)
    for row in range(rows):
        for column in range(columns):
            value = min(max(np.rint(values[row, column]), least), most)
            if flags[row, column] & NO_DATA:
                value = np.float32(0.0)
            if flags[row, column] & SATURATED:
                value = np.float32(saturated)
            counts[row, column] = np.uint16(value)
    return counts
