"""Pictures of a tile: true-colour image, preview and browse image.

True colour (TCI): red, green and blue are B04, B03 and B02. A reflectance count `r` (offset taken off)
gives ``floor(254 r / 2500) + 1`` for 0 < r < 2500 and 255 above; 0 stands for no data and for counts of zero
or less.
The rule was read from a real Level-2A product of baseline 04.00, where it gives every sample of TCI_60m.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from osgeo import gdal, gdal_array

from ipf.atomic import atomic_path
from ipf.errors import OutputError
from ipf.product.raster import Grid

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.uint16]

PREVIEW_RESOLUTION = 320
"""Pixel size of the preview in metres: 343 x 343 pixels for a whole tile."""

WHITE = 0.25
"""Reflectance that is white in true-colour images."""
COUNTS_OF_ONE = 10_000
"""Counts of a reflectance of 1, once the offset is added."""
_BROWSE_QUALITY = 75
_STRIPE_ROWS = 256


def true_colour(
    red: Counts,
    green: Counts,
    blue: Counts,
    offsets: tuple[float, float, float] = (0.0, 0.0, 0.0),
    white: float = WHITE,
) -> Bytes:
    """True-colour image (3, rows, columns) of reflectance counts.

    `offsets` are the counts to add (-1000), `white` is the reflectance that is white (count 255).
    """
    picture = np.empty((3, *red.shape), np.uint8)
    for component, counts, offset in zip(picture, (red, green, blue), offsets, strict=True):
        table = _true_colour_table(offset, white)
        # By stripes: numpy turns the counts into indices of eight bytes, four times their memory.
        for top in range(0, red.shape[0], _STRIPE_ROWS):
            stripe = slice(top, top + _STRIPE_ROWS)
            np.take(table, counts[stripe], out=component[stripe], mode="clip")
    return picture


def _true_colour_table(offset: float, white: float) -> Bytes:
    """Picture value of every 16-bit count; count 0 is no data."""
    counts, largest = np.arange(2**16, dtype=np.float64) + offset, white * COUNTS_OF_ONE
    table = np.floor(np.clip(counts, 0, largest) * 254 / largest).astype(np.uint8) + np.uint8(1)
    table[counts <= 0] = 0
    table[0] = 0
    return table


def preview_grid(grid: Grid) -> Grid:
    """Grid of the preview of a tile: whole pixels of 320 m from the same corner (343 of a tile's 343.125).

    A grid smaller than one such pixel, or whose pixels do not divide 320 m, raises ValueError.
    """
    size = PREVIEW_RESOLUTION
    rows, columns = (side * grid.resolution // size for side in grid.shape)
    if not rows or not columns or size % grid.resolution:
        raise ValueError(
            f"no preview of {grid.rows} x {grid.columns} pixels of {grid.resolution} m: expected a side of at"
            f" least {size} m and pixels of 10 or 20 m"
        )
    return Grid(grid.epsg, grid.upper_left_x, grid.upper_left_y, size, rows, columns)


def preview(picture: Bytes, grid: Grid) -> Bytes:
    """Preview (PVI) of a true-colour image on `grid`: mean of each 320 m square, samples of 0 left out."""
    rows, columns = preview_grid(grid).shape
    factor = PREVIEW_RESOLUTION // grid.resolution
    reduced = np.zeros((3, rows, columns), np.uint8)
    for target, component in zip(reduced, picture, strict=True):
        squares = component[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
        total = squares.sum(axis=(1, 3), dtype=np.uint32)
        present = np.count_nonzero(squares, axis=(1, 3))
        np.floor_divide(
            total + present // 2, present, out=target, where=present > 0, casting="unsafe", dtype=np.int64
        )
    return reduced


def write_browse_image(path: Path, picture: Bytes) -> None:
    """Write a picture (3, rows, columns) as JPEG; raises OutputError naming the file when it cannot be."""
    with atomic_path(path) as temporary:
        gdal.PushErrorHandler("CPLQuietErrorHandler")
        try:
            source = gdal_array.OpenArray(picture)
            driver = gdal.GetDriverByName("JPEG")
            written = driver.CreateCopy(str(temporary), source, 0, [f"QUALITY={_BROWSE_QUALITY}"]) is not None
        except RuntimeError as problem:
            raise OutputError(f"{path}: JPEG encoding failed: {problem}") from problem
        finally:
            gdal.PopErrorHandler()
        if not written:
            raise OutputError(f"{path}: JPEG encoding failed: {gdal.GetLastErrorMsg()}")
