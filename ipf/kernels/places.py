"""Places in an image of output pixels, from a grid of nodes.

The grid gives the place (row, column in the image, 0 is the centre of the first pixel) of every `step`-th
output pixel. Between nodes places are bilinear. Each is computed from its own cell, so that an output pixel
has the same place, to the bit, whatever window it is made in. Places are float64.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Nodes = npt.NDArray[np.float64]
Line = npt.NDArray[np.float64]
Fractions = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


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
        left, cell_column = column, cell_of(column, step, node_columns)
        while left < column + columns:
            right = cell_end(cell_column, step, node_columns, column + columns)
            corners = (first, after - 1, left, right - 1)
            low, high = _extent(row_nodes, cell_row, cell_column, step, corners)
            near, far = _extent(column_nodes, cell_row, cell_column, step, corners)
            if high >= -0.5 and low <= height and far >= -0.5 and near <= width:
                top, bottom = min(top, max(low, -0.5)), max(bottom, min(high, height))
                west, east = min(west, max(near, -0.5)), max(east, min(far, width))
            left, cell_column = right, cell_column + 1
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
def locate_line(
    row_nodes: Nodes,
    column_nodes: Nodes,
    step: int,
    row: int,
    column: int,
    limits: tuple[float, float, float, float],
    origin: tuple[int, int],
    stride: int,
    indices: Indices,
    down: Fractions,
    right: Fractions,
) -> None:
    """Places of the output pixels of `row` from `column` on, (columns,), counted from the first node.

    limits : places from `limits[0]` (rows) and `limits[2]` (columns) on and before `limits[1]`, `limits[3]`
        are inside; there are such.
    origin, stride : first pixel of the samples, and how many a row of them has.
    indices : of the sample at or before the place along both axes; of the first inside for those outside.
    down, right : how far the place is behind that sample, 0 to 1; NaN for those outside.
    """
    top, bottom, west, east = limits
    lines, pixels = np.empty(indices.size), np.empty(indices.size)
    along_line(row_nodes, step, row, column, lines)
    along_line(column_nodes, step, row, column, pixels)
    missing = np.float32(np.nan)
    first_row, first_column, width = np.int32(origin[0]), np.int32(origin[1]), np.intp(stride)
    # Integers of 32 bits: those of 64 have no vectors that floats turn into.
    for place in range(indices.size):
        y, x = lines[place], pixels[place]
        inside = (top <= y) & (y < bottom) & (west <= x) & (x < east)
        y, x = y if inside else top, x if inside else west
        whole_y, whole_x = np.floor(y), np.floor(x)
        after_rows, after_columns = np.int32(whole_y) - first_row, np.int32(whole_x) - first_column
        indices[place] = np.intp(after_rows) * width + np.intp(after_columns)
        down[place] = np.float32(y - whole_y) if inside else missing
        right[place] = np.float32(x - whole_x) if inside else missing


@kernel
def along_line(nodes: Nodes, step: int, row: int, first: int, places: Line) -> None:
    """Places of the output pixels of `row` from `first` on, both counted from the first node."""
    node_rows, node_columns = nodes.shape
    cell_row = cell_of(row, step, node_rows)
    fraction = (row - cell_row * step) / step
    column, end = first, first + places.size
    cell = cell_of(first, step, node_columns)
    while column < end:
        stop = cell_end(cell, step, node_columns, end)
        left, change = along_row(nodes, cell_row, cell, fraction, step)
        for position in range(column, stop):
            places[position - first] = left + float(position - cell * step) * change
        column, cell = stop, cell + 1
