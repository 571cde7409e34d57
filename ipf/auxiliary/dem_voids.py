"""Voids of an elevation model: small ones are interpolated from their rim, large ones are no terrain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from osgeo import gdal

Counts = npt.NDArray[np.int16]

CELL = 3
"""Voids are told apart on cells of so many pixels a side: a ninth of the memory."""
RIM = 16
"""Pixels around a void from which it may be interpolated."""
SMOOTHING = 2
"""3 x 3 averages over what was interpolated, against the rays that inverse distances leave (GDAL)."""


@dataclass(frozen=True, slots=True)
class VoidCount:
    """Pixels that were interpolated, and pixels of large voids or beyond every file."""

    filled: int
    absent: int


def fill_voids(counts: Counts, nodata: int, largest: int) -> VoidCount:
    """Interpolate, in place, voids of up to `largest` pixels; larger ones are left as they are.

    counts : elevation in any linear scale, int16, `nodata` where void; its sides are multiples of 3.

    A void is a set of 3 x 3 cells with a void pixel that touch, corners included. Values are weighted by
    inverse distance (GDAL, FillNodata).
    """
    # Imported where it is used, for every command would start by loading scipy otherwise.
    from scipy import ndimage

    void = counts == nodata
    if not void.any():
        return VoidCount(0, 0)
    rows, columns = counts.shape[0] // CELL, counts.shape[1] // CELL
    cells = void.reshape(rows, CELL, columns, CELL).sum(axis=(1, 3), dtype=np.int32)
    labels, number = ndimage.label(cells > 0, structure=np.ones((3, 3), int))
    sizes = np.bincount(labels.ravel(), weights=cells.ravel(), minlength=number + 1).astype(np.int64)
    boxes = ndimage.find_objects(labels)
    filled = 0
    for label in np.flatnonzero((sizes > 0) & (sizes <= largest)):
        filled += _fill_one(counts, nodata, labels, int(label), boxes[label - 1])
    return VoidCount(filled, int(void.sum()) - filled)


def _fill_one(
    counts: Counts, nodata: int, labels: npt.NDArray[np.int32], label: int, box: tuple[slice, slice]
) -> int:
    """Interpolate one void; the number of pixels that got a value."""
    cells = tuple(
        slice(max(side.start - RIM // CELL, 0), min(side.stop + RIM // CELL, size))
        for side, size in zip(box, labels.shape, strict=True)
    )
    pixels = tuple(slice(side.start * CELL, side.stop * CELL) for side in cells)
    part = counts[pixels]
    valid = part != nodata
    if not valid.any():
        return 0
    ours = (labels[cells] == label).repeat(CELL, 0).repeat(CELL, 1) & ~valid
    values = _interpolated(part.astype(np.float32), valid)
    part[ours] = np.rint(values[ours]).astype(counts.dtype)
    return int(ours.sum())


def _interpolated(values: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """`values` with those that are not valid interpolated, however far the next valid one is."""
    driver = gdal.GetDriverByName("MEM")
    rows, columns = values.shape
    image = driver.Create("", columns, rows, 1, gdal.GDT_Float32)
    mask = driver.Create("", columns, rows, 1, gdal.GDT_Byte)
    image.GetRasterBand(1).WriteArray(values)
    mask.GetRasterBand(1).WriteArray(valid.astype(np.uint8))
    reach = float(rows + columns)
    gdal.FillNodata(image.GetRasterBand(1), mask.GetRasterBand(1), reach, SMOOTHING)
    filled: npt.NDArray[np.float32] = image.ReadAsArray()
    return filled
