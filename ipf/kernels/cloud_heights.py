"""Heights of clouds from their shadows: the height at which a cloud's shadow falls on the darkest ground.

Method: object matching as in Fmask (Zhu and Woodcock 2012, Remote Sensing of Environment 118, 83-94, section
3.3), here with one height for a connected patch of cloud and the share of shade-like ground as likeness. All
on cells of 60 m; rows go south. A shaded place sees its cloud `east` and `north` metres away per metre of
height, so that the shadow of a cloud lies as far the other way.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int32]
Heights = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int32]

CELL = 60.0


@kernel
def shade_by_height(
    patches: Labels,
    count: int,
    open_ground: ByteImage,
    shade: ByteImage,
    east: FloatImage,
    north: FloatImage,
    heights: Heights,
    stride: int,
) -> tuple[Counts, Counts]:
    """Open ground in the shadow of each patch of cloud if it were at each height, and how much is shaded.

    patches : number of the patch of a cell, 1 to `count`, 0 without cloud. open_ground : pixels of a cell
    that would show shade; shade : those that are like it. heights in metres. Every `stride`-th row and column
    is looked at. Both results are pixels, of the shape (`count` + 1, heights).
    """
    rows, columns = patches.shape
    seen = np.zeros((count + 1, heights.size), np.int32)
    shaded = np.zeros((count + 1, heights.size), np.int32)
    for row in range(0, rows, stride):
        for column in range(0, columns, stride):
            patch = patches[row, column]
            if patch == 0:
                continue
            down, left = north[row, column] / CELL, east[row, column] / CELL
            for index in range(heights.size):
                line = row + int(np.rint(heights[index] * down))
                sample = column - int(np.rint(heights[index] * left))
                if not (0 <= line < rows and 0 <= sample < columns):
                    break
                if patches[line, sample] == 0:
                    seen[patch, index] += open_ground[line, sample]
                    shaded[patch, index] += shade[line, sample]
    return seen, shaded


@kernel
def cast(patches: Labels, height: Heights, east: FloatImage, north: FloatImage) -> ByteImage:
    """1 on the cells that the shadows fall on, of patches of known `height` (0 for none)."""
    rows, columns = patches.shape
    shadow = np.zeros((rows, columns), np.uint8)
    for row in range(rows):
        for column in range(columns):
            above = height[patches[row, column]]
            if above <= 0.0:
                continue
            line = row + int(np.rint(above * north[row, column] / CELL))
            sample = column - int(np.rint(above * east[row, column] / CELL))
            if 0 <= line < rows and 0 <= sample < columns:
                shadow[line, sample] = 1
    return shadow
