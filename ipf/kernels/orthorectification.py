"""Places of map nodes in a sensor image at the ground's own height, and detectors laid over one another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel
from ipf.kernels.places import along_row, cell_end, cell_of

Nodes = npt.NDArray[np.float64]
Levels = npt.NDArray[np.float64]
Heights = npt.NDArray[np.float32]
Image = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]


ALWAYS = 1_000_000
"""More than any distance in pixels."""


@kernel
def places_on_ground(
    levels: Levels,
    lowest: float,
    level_step: float,
    coarse_step: float,
    heights: Heights,
    first: tuple[float, float],
    step: float,
    places: Nodes,
) -> None:
    """Fill `places`, (rows, columns), from places known on a coarse mesh at several heights.

    levels : (heights, coarse rows, coarse columns), at `lowest` + k `level_step` metres, NaN where unseen.
    coarse_step : metres between coarse nodes, the first of which is the map's upper-left corner.
    heights : (rows, columns) metres of the nodes to fill, NaN where unknown.
    first, step : metres from the corner down and to the right to the first node, and between nodes.
    Bilinear on the map, linear between heights; NaN next to what is not seen.
    """
    count, coarse_rows, coarse_columns = levels.shape
    rows, columns = heights.shape
    for row in range(rows):
        down = (first[0] + row * step) / coarse_step
        i = min(int(down), coarse_rows - 2)
        v = down - i
        for column in range(columns):
            across = (first[1] + column * step) / coarse_step
            j = min(int(across), coarse_columns - 2)
            u = across - j
            place = (float(heights[row, column]) - lowest) / level_step
            k = min(max(int(place), 0), count - 2) if place == place else 0
            w = place - k
            below = _bilinear(levels[k], i, j, v, u)
            above = _bilinear(levels[k + 1], i, j, v, u)
            places[row, column] = below + (above - below) * w


@kernel
def _bilinear(nodes: Nodes, i: int, j: int, v: float, u: float) -> float:
    upper = nodes[i, j] + (nodes[i, j + 1] - nodes[i, j]) * u
    lower = nodes[i + 1, j] + (nodes[i + 1, j + 1] - nodes[i + 1, j]) * u
    return float(upper + (lower - upper) * v)


@kernel
def lay_over(
    row_nodes: Nodes,
    column_nodes: Nodes,
    step: int,
    window: tuple[int, int],
    detector: tuple[int, int, int],
    before_end: float,
    seen: tuple[Image, Flags],
    mask: Flags,
    mask_origin: tuple[int, int],
    made: tuple[Image, Image, Flags, Flags, Flags],
) -> None:
    """Take the pixels of one detector wherever it is to be preferred to those before it.

    It is where it sees them further from its ends; or, with `before_end` of 0 and more, where its number is
    lower and its last pixel is at least as many pixels away, and of two that are nearer as without.

    row_nodes, column_nodes, step : its inverse grid; `window`, the first output row and column in it.
    detector : its number, the width of its image, and the bit of `seen` flags that says no data.
    seen : values and flags of the output pixels as this detector sees them, (rows, columns).
    mask : quality mask of the part of its image from pixel `mask_origin` on, or of shape (0, 0), which has no
        flag; taken from the nearest pixel.
    made : how much each pixel is preferred (pixels from the ends), values, flags, detectors and quality so
        far; changed.
    """
    number, width, no_data = detector
    values, flags = seen
    best, made_values, made_flags, made_detectors, made_quality = made
    node_rows, node_columns = row_nodes.shape
    rows, columns = values.shape
    masked = mask.shape[0] > 0
    for row in range(rows):
        cell_row = cell_of(window[0] + row, step, node_rows)
        fraction = (window[0] + row - cell_row * step) / step
        column, end = window[1], window[1] + columns
        while column < end:
            cell = cell_of(column, step, node_columns)
            stop = cell_end(cell, step, node_columns, end)
            left, change = along_row(column_nodes, cell_row, cell, fraction, step)
            above, slope = along_row(row_nodes, cell_row, cell, fraction, step)
            for position in range(column, stop):
                out = position - window[1]
                if flags[row, out] & no_data:
                    continue
                place = left + change * (position - cell * step)
                preference = min(place + 0.5, width - 0.5 - place)
                if before_end >= 0.0 and width - 1 - place >= before_end:
                    preference = float(ALWAYS - number)
                if preference > best[row, out]:
                    best[row, out] = preference
                    made_values[row, out] = values[row, out]
                    made_flags[row, out] = flags[row, out]
                    made_detectors[row, out] = number
                    if masked:
                        line = int(np.rint(above + slope * (position - cell * step))) - mask_origin[0]
                        pixel = int(np.rint(place)) - mask_origin[1]
                        made_quality[row, out] = mask[
                            min(max(line, 0), mask.shape[0] - 1), min(max(pixel, 0), mask.shape[1] - 1)
                        ]
                    else:
                        made_quality[row, out] = 0
            column = stop
