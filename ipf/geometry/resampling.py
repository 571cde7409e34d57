"""Resampling of sensor images through inverse location grids.

An inverse location grid says where in the sensor's image the pixels of the map lie. The output is made tile
by tile, `threads` at a time; a pixel depends on the grid and the image alone, never on the window, the tile
or the part of the image that it is made of, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ipf.errors import ProductError
from ipf.geometry.acquisition import FloatArray
from ipf.kernels import resampling as kernels
from ipf.kernels.places import places_within
from ipf.kernels.spline import PREFILTER_REACH, prefilter_weights, spline_coefficients

Array = npt.NDArray[Any]
FloatImage = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]

NO_DATA, SATURATED, NARROWED = kernels.NO_DATA, kernels.SATURATED, kernels.NARROWED
"""Bits of the flags of resampled pixels, see `Resampled`."""

TILE = 384
"""Rows and columns of output made at a time: what that takes of the image stays in the cache."""

_SLACK = 1e-6
"""Pixels by which bounds of places are widened, far above their rounding."""


class Interpolation(StrEnum):
    """How values between pixels are made; in rising order of sharpness but for the first."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    CUBIC = "cubic"
    """Cubic convolution with a = -0.5 (Keys, 1981)."""
    B_SPLINE = "b_spline"
    """Cubic B-spline through the pixels: its coefficients are made of the pixels first."""

    @property
    def reach(self) -> int:
        """Pixels needed after the two between which a place lies, and before them, along each axis."""
        match self:
            case Interpolation.B_SPLINE:
                return 1 + PREFILTER_REACH
            case Interpolation.CUBIC:
                return 1
        return 0


_METHODS = {
    Interpolation.NEAREST: kernels.NEAREST,
    Interpolation.BILINEAR: kernels.BILINEAR,
    Interpolation.CUBIC: kernels.CUBIC,
    Interpolation.B_SPLINE: kernels.B_SPLINE,
}


class Rectangle(Protocol):
    """A rectangle of pixels: first row and column, height and width."""

    @property
    def row(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...


@dataclass(frozen=True, slots=True)
class PixelWindow:
    """A rectangle of pixels: first row and column, height and width."""

    row: int
    column: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class InverseGrid:
    """Place in the sensor's image of every `step`-th pixel of the output, along both axes.

    `rows` and `columns` of the image, float64, (node rows, node columns), at least 2 x 2; 0 is the centre of
    the first pixel. Node (0, 0) is the centre of the output pixel (`first_row`, `first_column`). Between
    nodes places are bilinear; a cell with a node that is NaN is outside the image.
    """

    rows: FloatArray
    columns: FloatArray
    step: int
    first_row: int = 0
    first_column: int = 0

    def __post_init__(self) -> None:
        if self.rows.shape != self.columns.shape or self.rows.ndim != 2 or min(self.rows.shape) < 2:
            raise ProductError(
                f"inverse grid: nodes of {self.rows.shape} and {self.columns.shape}, expected two "
                "arrays of one shape, at least 2 x 2"
            )
        if self.rows.dtype != np.float64 or self.columns.dtype != np.float64:
            raise ProductError("inverse grid: nodes are not float64")
        if self.step < 1:
            raise ProductError(f"inverse grid: a step of {self.step} pixels, expected at least 1")

    def within(self, window: Rectangle) -> tuple[int, int, int, int]:
        """First row and column of an output window counted from the first node, and its rows and columns.

        Raises `ProductError` for a window that is empty or reaches beyond the nodes.
        """
        row, column = window.row - self.first_row, window.column - self.first_column
        last_row, last_column = ((nodes - 1) * self.step for nodes in self.rows.shape)
        if window.height < 1 or window.width < 1:
            raise ProductError(f"resampling: empty window of {window.height} x {window.width} pixels")
        if not (0 <= row <= row + window.height - 1 <= last_row) or not (
            0 <= column <= column + window.width - 1 <= last_column
        ):
            raise ProductError(
                f"inverse grid: covers rows {self.first_row} to {self.first_row + last_row} and columns "
                f"{self.first_column} to {self.first_column + last_column}, expected those from "
                f"{window.row}, {window.column} on, {window.height} x {window.width} pixels"
            )
        return row, column, window.height, window.width


@dataclass(frozen=True, slots=True)
class SensorImage:
    """The image of one band and detector, or the part of it from pixel (`row`, `column`) on.

    `pixels`, (rows, columns): counts (uint16), where 0 is no data, or float32, where NaN is no data.
    `saturated` is the least value that is saturated, None if there is none. `shape` is that of the whole
    image, which is mirrored about its outer pixels; None where it ends with `pixels`.
    """

    pixels: Array
    saturated: float | None = None
    row: int = 0
    column: int = 0
    shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.dtype not in (np.uint16, np.float32):
            raise ProductError(
                f"sensor image: {self.pixels.ndim} axes of {self.pixels.dtype}, expected 2 of uint16 or "
                "float32"
            )
        (height, width), (rows, columns) = self.pixels.shape, self.whole_shape
        if self.row < 0 or self.column < 0 or self.row + height > rows or self.column + width > columns:
            raise ProductError(
                f"sensor image: {height} x {width} pixels from {self.row}, {self.column} on are not inside "
                f"an image of {rows} x {columns}"
            )

    @property
    def whole_shape(self) -> tuple[int, int]:
        """Rows and columns of the whole image."""
        if self.shape is not None:
            return self.shape
        return self.row + self.pixels.shape[0], self.column + self.pixels.shape[1]

    @property
    def lowest(self) -> float:
        """Least value that is data."""
        return 1.0 if self.pixels.dtype == np.uint16 else float(np.finfo(np.float32).min)

    def covers(self, window: Rectangle) -> bool:
        """Whether the part that is given has all pixels of a window of the image."""
        return (
            self.row <= window.row
            and self.column <= window.column
            and window.row + window.height <= self.row + self.pixels.shape[0]
            and window.column + window.width <= self.column + self.pixels.shape[1]
        )


@dataclass(frozen=True, slots=True)
class Resampled:
    """Output pixels, (rows, columns) each: `values` (uint16 counts or float32) and `flags` (uint8).

    The image's pixel nearest to the place of an output pixel decides what that is:
    `NO_DATA` where it has no data or the place is outside the image (value 0, or NaN in float32);
    `SATURATED` where it is saturated (value `saturated`). Other places next to such pixels are `NARROWED`: a
    kernel that would touch one gives way to the bilinear mean of those of the four pixels around that have
    data and are not saturated, so that neither holes nor saturated pixels ring or leak.
    """

    values: Array
    flags: Flags


def source_window(
    image_shape: tuple[int, int],
    grid: InverseGrid,
    window: Rectangle,
    method: Interpolation = Interpolation.B_SPLINE,
) -> PixelWindow:
    """Pixels of an image of `image_shape` that the output `window` needs, margins included.

    Height and width are 0 where the window sees nothing of the image. Raises `ProductError` for a window
    beyond the grid.
    """
    support = _support(image_shape, grid, grid.within(window), method)
    if support is None:
        return PixelWindow(0, 0, 0, 0)
    top, bottom = _mirrored_span(support.row, support.row + support.height, image_shape[0])
    left, right = _mirrored_span(support.column, support.column + support.width, image_shape[1])
    return PixelWindow(top, left, bottom - top, right - left)


def resample(
    image: SensorImage,
    grid: InverseGrid,
    window: Rectangle,
    method: Interpolation = Interpolation.B_SPLINE,
    dtype: type[np.uint16 | np.float32] = np.uint16,
    threads: int = 1,
) -> Resampled:
    """The output `window` of `image` seen through `grid`, as counts (uint16) or values (float32).

    Counts of pixels with data are 1 to 65535, and below the image's `saturated`. Raises `ProductError` where
    the grid does not cover the window, or the part of the image that is given not its `source_window`.
    """
    needed = source_window(image.whole_shape, grid, window, method)
    if needed.height and not image.covers(needed):
        raise ProductError(
            f"sensor image: rows {image.row} to {image.row + image.pixels.shape[0]} and columns "
            f"{image.column} to {image.column + image.pixels.shape[1]} are given, expected rows {needed.row} "
            f"to {needed.row + needed.height} and columns {needed.column} to {needed.column + needed.width}"
        )
    values = np.empty((window.height, window.width), dtype)
    flags = np.empty((window.height, window.width), np.uint8)

    def make(tile: PixelWindow) -> None:
        rows = slice(tile.row - window.row, tile.row - window.row + tile.height)
        columns = slice(tile.column - window.column, tile.column - window.column + tile.width)
        made = _tile(image, grid, tile, method)
        flags[rows, columns] = made.flags
        values[rows, columns] = made.values if dtype == np.float32 else _counts(made, image.saturated)

    _for_each(make, list(_tiles(window)), threads)
    return Resampled(values, flags)


def _tile(image: SensorImage, grid: InverseGrid, tile: PixelWindow, method: Interpolation) -> Resampled:
    """One tile, in float32."""
    row, column, height, width = grid.within(tile)
    values = np.full((height, width), np.nan, np.float32)
    flags = np.full((height, width), NO_DATA, np.uint8)
    support = _support(image.whole_shape, grid, (row, column, height, width), method)
    if support is None:
        return Resampled(values, flags)
    saturated = np.inf if image.saturated is None else image.saturated
    origin = support.row, support.column
    samples = np.empty((support.height, support.width), np.float32)
    kernels.samples_of(
        image.pixels, (image.row, image.column), image.whole_shape, origin, image.lowest, saturated, samples
    )
    coefficients = samples
    if method is Interpolation.B_SPLINE:
        coefficients = spline_coefficients(samples, prefilter_weights())
    kernels.interpolate(
        samples,
        coefficients,
        origin,
        _limits(image.whole_shape, support, min(method.reach, 1)),
        np.ascontiguousarray(grid.rows),
        np.ascontiguousarray(grid.columns),
        grid.step,
        (row, column),
        _METHODS[method],
        saturated,
        values,
        flags,
    )
    return Resampled(values, flags)


def _counts(made: Resampled, saturated: float | None) -> npt.NDArray[np.uint16]:
    """Values as counts; without saturation up to the greatest that a count can be."""
    return kernels.rounded(made.values, made.flags, 65536 if saturated is None else int(saturated))


def _support(
    image_shape: tuple[int, int],
    grid: InverseGrid,
    window: tuple[int, int, int, int],
    method: Interpolation,
) -> PixelWindow | None:
    """Pixels that kernels touch, those beyond the image's ends too; None where all places are outside."""
    top, bottom, west, east = places_within(
        np.ascontiguousarray(grid.rows), np.ascontiguousarray(grid.columns), grid.step, window, image_shape
    )
    if not (top <= bottom and west <= east):
        return None
    first_row, first_column = (int(np.floor(place - _SLACK)) - method.reach for place in (top, west))
    last_row, last_column = (int(np.floor(place + _SLACK)) + 1 + method.reach for place in (bottom, east))
    return PixelWindow(first_row, first_column, last_row - first_row + 1, last_column - first_column + 1)


def _limits(
    image_shape: tuple[int, int], support: PixelWindow, taps: int
) -> tuple[float, float, float, float]:
    """Where places are inside the image, and have `taps` samples around the two they lie between."""
    return (
        max(-0.5, float(support.row + taps)),
        min(image_shape[0] - 0.5, float(support.row + support.height - 1 - taps)),
        max(-0.5, float(support.column + taps)),
        min(image_shape[1] - 0.5, float(support.column + support.width - 1 - taps)),
    )


def _mirrored_span(first: int, end: int, size: int) -> tuple[int, int]:
    """First pixel, and the one after the last, that the pixels from `first` to `end` are or mirror."""
    if first <= -size or end >= 2 * size:
        return 0, size
    last = end - 1
    images = [max(first, 0), min(last, size - 1)]
    if first < 0:
        images.append(-first)
    if last > size - 1:
        images.append(2 * (size - 1) - last)
    return max(min(images), 0), min(max(images), size - 1) + 1


def _tiles(window: Rectangle) -> Iterator[PixelWindow]:
    """The window in tiles."""
    for row in range(window.row, window.row + window.height, TILE):
        height = min(TILE, window.row + window.height - row)
        for column in range(window.column, window.column + window.width, TILE):
            yield PixelWindow(row, column, height, min(TILE, window.column + window.width - column))


def _for_each(make: Callable[[PixelWindow], None], tiles: list[PixelWindow], threads: int) -> None:
    """Make the tiles, `threads` at a time."""
    if threads == 1 or len(tiles) == 1:
        for tile in tiles:
            make(tile)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="ipf-resampling") as pool:
        list(pool.map(make, tiles))
