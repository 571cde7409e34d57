"""Values of an image at the places that a grid of nodes names: nearest, bilinear, Keys' cubic, B-spline.

The grid gives the place (row, column in the image, 0 is the centre of the first pixel) of every `step`-th
output pixel. Between nodes places are bilinear. Each is computed from its own cell, so that an output pixel
has the same place, to the bit, whatever window it is made in. Places are float64, values float32.

Samples are finite where there is data, NaN where there is none and infinite where the sensor saturated. A sum
over such a pixel is not finite, which is how pixels are found that take the slower way of `_narrowed`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Source = npt.NDArray[Any]
FloatImage = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]
Nodes = npt.NDArray[np.float64]
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
    for row in range(rows):
        line = source[mirrored(origin[0] + row, image_shape[0]) - source_origin[0]]
        shift = origin[1] - source_origin[1]
        for column in range(before, after):
            samples[row, column] = _sample(line[shift + column], least, most)
        for column in range(before):
            place = mirrored(origin[1] + column, image_shape[1]) - source_origin[1]
            samples[row, column] = _sample(line[place], least, most)
        for column in range(after, columns):
            place = mirrored(origin[1] + column, image_shape[1]) - source_origin[1]
            samples[row, column] = _sample(line[place], least, most)


@kernel
def _sample(value: Any, lowest: np.float32, saturated: np.float32) -> np.float32:
    """The value, infinity for saturated, NaN for no data."""
    sample = np.float32(value)
    if sample >= saturated:
        return np.float32(np.inf)
    return sample if sample >= lowest else _MISSING


@kernel
def mirrored(index: int, size: int) -> int:
    """Index of the pixel that stands for `index` when pixels 0 and `size` - 1 are mirrors."""
    if 0 <= index < size:
        return index
    period = max(2 * (size - 1), 1)
    place = index % period
    return place if place < size else period - place


@kernel
def cell_of(index: int, step: int, nodes: int) -> int:
    """Cell of an output row or column; the last cell includes its last node."""
    return min(index // step, nodes - 2)


@kernel
def cell_end(cell: int, step: int, nodes: int, end: int) -> int:
    """First output row or column after those of a cell that lie before `end`."""
    return end if cell == nodes - 2 else min((cell + 1) * step, end)


@kernel
def along_row(
    nodes: Nodes, cell_row: int, cell_column: int, fraction: float, step: int
) -> tuple[float, float]:
    """Place at the left side of a cell, `fraction` of it down, and its change from pixel to pixel."""
    above, below = nodes[cell_row], nodes[cell_row + 1]
    left = above[cell_column] + (below[cell_column] - above[cell_column]) * fraction
    right = above[cell_column + 1] + (below[cell_column + 1] - above[cell_column + 1]) * fraction
    return left, (right - left) / step


@kernel
def places_within(
    row_nodes: Nodes,
    column_nodes: Nodes,
    step: int,
    window: tuple[int, int, int, int],
    image_shape: tuple[int, int],
) -> tuple[float, float, float, float]:
    """Least and greatest row, then column, of the places in the image of an output window.

    window : first row and column, counted from the first node, rows and columns; inside the grid.
    Cells whose places are all outside the image do not count; infinities the wrong way round if none is left.
    Within a cell places lie between those of its corners, to the rounding.
    """
    row, column, rows, columns = window
    node_rows, node_columns = row_nodes.shape
    top, bottom, west, east = np.inf, -np.inf, np.inf, -np.inf
    height, width = image_shape[0] - 0.5, image_shape[1] - 0.5
    first = row
    while first < row + rows:
        cell_row = cell_of(first, step, node_rows)
        after = cell_end(cell_row, step, node_rows, row + rows)
        left = column
        while left < column + columns:
            cell_column = cell_of(left, step, node_columns)
            right = cell_end(cell_column, step, node_columns, column + columns)
            corners = (first, after - 1, left, right - 1)
            low, high = _extent(row_nodes, cell_row, cell_column, step, corners)
            near, far = _extent(column_nodes, cell_row, cell_column, step, corners)
            if high >= -0.5 and low <= height and far >= -0.5 and near <= width:
                top, bottom = min(top, max(low, -0.5)), max(bottom, min(high, height))
                west, east = min(west, max(near, -0.5)), max(east, min(far, width))
            left = right
        first = after
    return top, bottom, west, east


@kernel
def _extent(
    nodes: Nodes, cell_row: int, cell_column: int, step: int, corners: tuple[int, int, int, int]
) -> tuple[float, float]:
    """Least and greatest place of the part of a cell between two rows and two columns; NaN as the nodes."""
    first, last, left, right = corners
    upper, upper_slope = along_row(nodes, cell_row, cell_column, (first - cell_row * step) / step, step)
    lower, lower_slope = along_row(nodes, cell_row, cell_column, (last - cell_row * step) / step, step)
    near, far = float(left - cell_column * step), float(right - cell_column * step)
    places = (
        upper + near * upper_slope,
        upper + far * upper_slope,
        lower + near * lower_slope,
        lower + far * lower_slope,
    )
    least = min(min(places[0], places[1]), min(places[2], places[3]))
    greatest = max(max(places[0], places[1]), max(places[2], places[3]))
    return least, greatest


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

    samples, coefficients : the image from pixel `origin` on, C-contiguous, of one shape. Coefficients are the
        samples themselves but for B-splines.
    limits : places from `limits[0]` (rows) and `limits[2]` (columns) on and before `limits[1]`, `limits[3]`
        are inside: within the image, and all samples that the method weighs are there.
    saturated : value that saturated pixels have in `values`; those without data have NaN.
    """
    top, bottom, west, east = limits
    node_rows, node_columns = row_nodes.shape
    rows, columns = values.shape
    for row in range(rows):
        cell_row = cell_of(first[0] + row, step, node_rows)
        fraction = (first[0] + row - cell_row * step) / step
        start = 0
        while start < columns:
            cell_column = cell_of(first[1] + start, step, node_columns)
            end = cell_end(cell_column, step, node_columns, first[1] + columns) - first[1]
            upper, slope_down = along_row(row_nodes, cell_row, cell_column, fraction, step)
            left, slope_right = along_row(column_nodes, cell_row, cell_column, fraction, step)
            for column in range(start, end):
                pixel = float(first[1] + column - cell_column * step)
                y, x = upper + pixel * slope_down, left + pixel * slope_right
                if not (top <= y < bottom and west <= x < east):
                    values[row, column], flags[row, column] = _MISSING, NO_DATA
                    continue
                whole_y, whole_x = np.floor(y), np.floor(x)
                line, place = np.uintp(int(whole_y) - origin[0]), np.uintp(int(whole_x) - origin[1])
                down, right = np.float32(y - whole_y), np.float32(x - whole_x)
                value = _value(coefficients, line, place, down, right, method)
                flag = 0
                if not np.isfinite(value):
                    value, flag = _narrowed(samples, line, place, down, right, saturated)
                values[row, column], flags[row, column] = value, flag
            start = end


@kernel
def _value(
    samples: FloatImage, line: int, place: int, down: np.float32, right: np.float32, method: int
) -> np.float32:
    """Value `down` and `right` (0 to 1) of pixel (`line`, `place`); not finite next to missing ones."""
    half = np.float32(0.5)
    if method == NEAREST:
        return samples[line + np.uintp(down >= half), place + np.uintp(right >= half)]
    if method == BILINEAR:
        one = np.float32(1.0)
        above = samples[line, place] * (one - right) + samples[line, place + 1] * right
        below = samples[line + 1, place] * (one - right) + samples[line + 1, place + 1] * right
        return above * (one - down) + below * down
    if method == CUBIC:
        return _weighted(samples, line - 1, place - 1, cubic_weights(down), cubic_weights(right))
    return _weighted(samples, line - 1, place - 1, spline_weights(down), spline_weights(right))


@kernel
def _weighted(samples: FloatImage, line: int, place: int, down: Weights, right: Weights) -> np.float32:
    """Weighted sum of the 4 x 4 samples from (`line`, `place`) on."""
    first = _column_sum(samples, line, place, down)
    second = _column_sum(samples, line, place + 1, down)
    third = _column_sum(samples, line, place + 2, down)
    fourth = _column_sum(samples, line, place + 3, down)
    return (right[0] * first + right[1] * second) + (right[2] * third + right[3] * fourth)


@kernel
def _column_sum(samples: FloatImage, line: int, place: int, weights: Weights) -> np.float32:
    """Weighted sum of four samples below one another."""
    return (
        weights[0] * samples[line, place]
        + weights[1] * samples[line + 1, place]
        + weights[2] * samples[line + 2, place]
        + weights[3] * samples[line + 3, place]
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
def _narrowed(
    samples: FloatImage, line: int, place: int, down: np.float32, right: np.float32, saturated: float
) -> tuple[np.float32, int]:
    """Value and flag of a place near pixels that have no data or are saturated.

    The nearest pixel decides what the place is. If it has data, the value is the bilinear mean of those of
    the four pixels around that have, which neither rings nor takes anything from the others.
    """
    half, one = np.float32(0.5), np.float32(1.0)
    nearest = samples[line + np.uintp(down >= half), place + np.uintp(right >= half)]
    if np.isnan(nearest):
        return _MISSING, NO_DATA
    if np.isinf(nearest):
        return np.float32(saturated), SATURATED
    total, weights = np.float32(0.0), np.float32(0.0)
    for below in range(2):
        for beside in range(2):
            sample = samples[line + np.uintp(below), place + np.uintp(beside)]
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
