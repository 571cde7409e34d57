"""Places of map nodes in a sensor image at the ground's own height, and detectors laid over one another."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel
from ipf.kernels.places import Line, along_line

Nodes = npt.NDArray[np.float64]
Levels = npt.NDArray[np.float64]
Heights = npt.NDArray[np.float32]
Image = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]
FloatLine = npt.NDArray[np.float32]
FlagLine = npt.NDArray[np.uint8]
TakenLine = npt.NDArray[np.bool_]
AnyLine = npt.NDArray[Any]


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
    rows, columns = values.shape
    masked = mask.shape[0] > 0
    places, lines, taken = np.empty(columns), np.empty(columns), np.empty(columns, np.bool_)
    for row in range(rows):
        along_line(column_nodes, step, window[0] + row, window[1], places)
        _prefer(places, flags[row], (number, width, no_data), before_end, best[row], taken)
        _take(taken, values[row], made_values[row])
        _take(taken, flags[row], made_flags[row])
        for column in range(columns):
            made_detectors[row, column] = number if taken[column] else made_detectors[row, column]
        if masked:
            along_line(row_nodes, step, window[0] + row, window[1], lines)
            _take_nearest(taken, lines, places, mask, mask_origin, made_quality[row])
        else:
            for column in range(columns):
                made_quality[row, column] = 0 if taken[column] else made_quality[row, column]


@kernel
def _prefer(
    places: Line,
    flags: FlagLine,
    detector: tuple[int, int, int],
    before_end: float,
    best: FloatLine,
    taken: TakenLine,
) -> None:
    """Fill `taken`: whether this detector is to be preferred to what is `best` so far, which is changed."""
    number, width, no_data = detector
    lowest = before_end >= 0.0
    for column in range(places.size):
        place = places[column]
        preference = min(place + 0.5, width - 0.5 - place)
        if lowest and width - 1 - place >= before_end:
            preference = float(ALWAYS - number)
        better = (preference > best[column]) & ((flags[column] & no_data) == 0)
        taken[column] = better
        best[column] = np.float32(preference) if better else best[column]


@kernel
def _take(taken: TakenLine, seen: AnyLine, made: AnyLine) -> None:
    for column in range(taken.size):
        made[column] = seen[column] if taken[column] else made[column]


@kernel
def _take_nearest(
    taken: TakenLine, lines: Line, places: Line, mask: Flags, origin: tuple[int, int], quality: FlagLine
) -> None:
    """Take the flags of the pixels of a mask that are nearest to the places."""
    last_line, last_pixel = mask.shape[0] - 1, mask.shape[1] - 1
    for column in range(taken.size):
        if taken[column]:
            line = int(np.rint(lines[column])) - origin[0]
            pixel = int(np.rint(places[column])) - origin[1]
            quality[column] = mask[min(max(line, 0), last_line), min(max(pixel, 0), last_pixel)]
