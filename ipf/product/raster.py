"""Grids, windows and lazy rasters: how pixels are described before they are read.

A raster is lazy: it knows its shape, data type, unit, scale, offset, no-data value and grid, and is read by
window. Storage holds integer counts (or class numbers); the physical value is
``(count + offset) * scale`` (PSD 14.8: reflectance = (DN + RADIO_ADD_OFFSET) / QUANTIFICATION_VALUE).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Rectangle of pixels on a grid: first row and column, height and width, in pixels of that grid."""

    row: int
    column: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices of the window in an array that covers the whole grid."""
        return (
            slice(self.row, self.row + self.height),
            slice(self.column, self.column + self.width),
        )

    def grown(self, margin: int) -> Window:
        """The window with `margin` pixels more on each side; it may leave the grid."""
        return Window(
            self.row - margin, self.column - margin, self.height + 2 * margin, self.width + 2 * margin
        )

    def clipped(self, rows: int, columns: int) -> Window:
        """The part of the window inside a grid of `rows` by `columns` pixels."""
        top, left = max(self.row, 0), max(self.column, 0)
        bottom = min(self.row + self.height, rows)
        right = min(self.column + self.width, columns)
        return Window(top, left, max(bottom - top, 0), max(right - left, 0))


@dataclass(frozen=True, slots=True)
class Grid:
    """North-up map grid: EPSG code, upper-left corner (metres), pixel size (metres), shape in pixels."""

    epsg: int
    upper_left_x: float
    upper_left_y: float
    resolution: int
    rows: int
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def geotransform(self) -> tuple[float, float, float, float, float, float]:
        """GDAL geotransform of the grid."""
        size = float(self.resolution)
        return self.upper_left_x, size, 0.0, self.upper_left_y, 0.0, -size

    @property
    def whole(self) -> Window:
        """Window of the whole grid."""
        return Window(0, 0, self.rows, self.columns)

    def at(self, resolution: int) -> Grid:
        """The grid of the same area at another pixel size, which must divide it (else ValueError)."""
        height, width = self.rows * self.resolution, self.columns * self.resolution
        if height % resolution or width % resolution:
            raise ValueError(f"{height} x {width} m is not a whole number of {resolution} m pixels")
        return replace(self, resolution=resolution, rows=height // resolution, columns=width // resolution)


ReadWindow = Callable[[Window], Array]


@dataclass(frozen=True, slots=True)
class Raster:
    """A lazy raster of counts or classes on a grid.

    `read` returns the counts of a window, shape (height, width), of type `dtype`; the window lies inside the
    grid. `scale` is None for class maps and masks, whose counts have no physical value. `layer` names the
    quantity (``toa_reflectance/B02``), `source` the file or step that it comes from. `flags` names the bits
    of a flag mask from the lowest on, `classes` the values of a class map from 0 on.
    """

    layer: str
    grid: Grid
    dtype: np.dtype[Any]
    unit: str
    read: ReadWindow = field(repr=False, compare=False)
    scale: float | None = None
    offset: float = 0.0
    nodata: int | None = None
    source: str = ""
    on_release: Callable[[], None] | None = field(default=None, repr=False, compare=False)
    flags: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def release(self) -> None:
        """Tell that the reader is done with the raster, so that memory held for it may be freed."""
        if self.on_release is not None:
            self.on_release()

    def read_all(self) -> Array:
        """Counts of the whole grid."""
        return self.read(self.grid.whole)

    def read_physical(self, window: Window) -> npt.NDArray[np.float32]:
        """Physical values of a window as float32, no-data as NaN; for class maps the counts as float32."""
        counts = self.read(window)
        values = counts.astype(np.float32)
        if self.scale is not None:
            values = (values + np.float32(self.offset)) * np.float32(self.scale)
        if self.nodata is not None:
            values[counts == self.nodata] = np.nan
        return values


def raster_of_array(
    layer: str,
    grid: Grid,
    counts: Array,
    unit: str,
    scale: float | None = None,
    offset: float = 0.0,
    nodata: int | None = None,
    source: str = "memory",
) -> Raster:
    """Wrap an array that covers `grid` as a raster; a wrong shape raises ValueError."""
    if counts.shape != grid.shape:
        raise ValueError(f"{layer}: array of shape {counts.shape}, expected {grid.shape}")
    return Raster(
        layer, grid, counts.dtype, unit, lambda window: counts[window.slices], scale, offset, nodata, source
    )
