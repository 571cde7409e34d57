"""Grids to resample through, and resampling in plain numpy and scipy to hold the kernels against."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from ipf.geometry.resampling import Interpolation, InverseGrid, Rectangle

Array = npt.NDArray[Any]
Places = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def rotated_grid(
    image_shape: tuple[int, int],
    nodes: tuple[int, int],
    step: int,
    degrees: float = 13.0,
    scale: float = 0.97,
    bend: float = 1e-3,
    first: tuple[int, int] = (0, 0),
) -> InverseGrid:
    """A grid turned about the middle of an image as the map is against the orbit, and bent a little.

    scale : pixels of the image per pixel of output. bend : by how much the scale changes over the grid.
    """
    down, right = np.meshgrid(*(np.linspace(-0.5, 0.5, count) for count in nodes), indexing="ij")
    height, width = ((count - 1) * step for count in nodes)
    angle = np.radians(degrees)
    y, x = scale * height * down * (1 + bend * right), scale * width * right * (1 + bend * right)
    rows = (image_shape[0] - 1) / 2 + np.cos(angle) * y + np.sin(angle) * x
    columns = (image_shape[1] - 1) / 2 - np.sin(angle) * y + np.cos(angle) * x
    return InverseGrid(rows, columns, step, *first)


def places(grid: InverseGrid, window: Rectangle) -> Places:
    """Rows and columns in the image of the pixels of an output window, bilinear between nodes."""
    return _between(grid.rows, grid, window), _between(grid.columns, grid, window)


def _between(nodes: Array, grid: InverseGrid, window: Rectangle) -> npt.NDArray[np.float64]:
    rows = np.arange(window.row, window.row + window.height) - grid.first_row
    columns = np.arange(window.column, window.column + window.width) - grid.first_column
    i = np.minimum(rows // grid.step, nodes.shape[0] - 2)[:, np.newaxis]
    j = np.minimum(columns // grid.step, nodes.shape[1] - 2)
    down = (rows[:, np.newaxis] - i * grid.step) / grid.step
    pixel = (columns - j * grid.step).astype(np.float64)
    left = nodes[i, j] + (nodes[i + 1, j] - nodes[i, j]) * down
    right = nodes[i, j + 1] + (nodes[i + 1, j + 1] - nodes[i, j + 1]) * down
    return np.asarray(left + pixel * ((right - left) / grid.step))


def inside(at: Places, image_shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Whether places lie within the outer edges of the outer pixels."""
    rows, columns = at
    height, width = image_shape
    return (rows >= -0.5) & (rows < height - 0.5) & (columns >= -0.5) & (columns < width - 0.5)


def interpolated(image: Array, at: Places, method: Interpolation) -> npt.NDArray[np.float64]:
    """Values of a whole image without missing pixels, mirrored about its outer pixels, in float64."""
    rows, columns = at
    if method is Interpolation.CUBIC:
        return _convolved(np.pad(image.astype(np.float64), 3, mode="reflect"), rows + 3, columns + 3)
    if method is Interpolation.NEAREST:
        rows, columns = np.floor(rows + 0.5), np.floor(columns + 0.5)
    order = {Interpolation.NEAREST: 0, Interpolation.BILINEAR: 1, Interpolation.B_SPLINE: 3}[method]
    return np.asarray(map_coordinates(image.astype(np.float64), [rows, columns], order=order, mode="mirror"))


def _convolved(image: Array, rows: Array, columns: Array) -> npt.NDArray[np.float64]:
    """Cubic convolution as a sum over the 16 pixels around, those places that are inside."""
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    values = np.zeros(rows.shape)
    for below in range(-1, 3):
        for beside in range(-1, 3):
            line = np.clip(top + below, 0, image.shape[0] - 1)
            place = np.clip(left + beside, 0, image.shape[1] - 1)
            values += keys(rows - (top + below)) * keys(columns - (left + beside)) * image[line, place]
    return values


def keys(distance: Array) -> npt.NDArray[np.float64]:
    """Keys' kernel, a = -1/2 (1981, equation 15), of a distance in pixels."""
    s = np.abs(distance)
    near, far = 1.5 * s**3 - 2.5 * s**2 + 1, -0.5 * s**3 + 2.5 * s**2 - 4 * s + 2
    return np.where(s < 1, near, np.where(s < 2, far, 0.0))
