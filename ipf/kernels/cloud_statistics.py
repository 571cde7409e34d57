"""What a classification needs of the whole scene: the cloud mask at 60 m, and means of bands by class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.classification import DARK, NOT_VEGETATED, UNCLASSIFIED, UNDECIDED, VEGETATION, WATER
from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]
Sums = npt.NDArray[np.float64]

CLASSES = UNDECIDED + 1
PIXELS, CIRRUS, CIRRUS_SQUARED, VAPOUR, VAPOUR_SQUARED = range(5)
"""Columns of the sums: pixels of a class, sum and sum of squares of B10, and of B09/B8A over land."""
FACTOR = 3
"""Pixels of 20 m along a cell of 60 m."""


@kernel
def cloud_cells(confidence: ByteImage, least: int) -> ByteImage:
    """1 for each cell of 60 m most of whose nine pixels have more than `least` percent of cloud confidence.

    The median of a cell: what Sen2Cor's median filter of 3 x 3 pixels gives at the cell's centre.
    """
    rows, columns = confidence.shape[0] // FACTOR, confidence.shape[1] // FACTOR
    cells = np.zeros((rows, columns), np.uint8)
    for row in range(rows):
        for column in range(columns):
            count = 0
            for line in range(row * FACTOR, (row + 1) * FACTOR):
                for pixel in range(column * FACTOR, (column + 1) * FACTOR):
                    count += confidence[line, pixel] > least
            cells[row, column] = 2 * count > FACTOR * FACTOR
    return cells


@kernel
def pixels_with_flag(flags: ByteImage, bits: int) -> ByteImage:
    """Number of pixels (0-9) of each cell of 60 m that have any of the bits set."""
    cells = np.zeros((flags.shape[0] // FACTOR, flags.shape[1] // FACTOR), np.uint8)
    for row in range(cells.shape[0] * FACTOR):
        for column in range(cells.shape[1] * FACTOR):
            if flags[row, column] & bits:
                cells[row // FACTOR, column // FACTOR] += 1
    return cells


@kernel
def open_ground(classes: ByteImage) -> ByteImage:
    """Number of pixels (0-9) of each cell of 60 m on which shade would show: no cloud, water or snow."""
    cells = np.zeros((classes.shape[0] // FACTOR, classes.shape[1] // FACTOR), np.uint8)
    for row in range(cells.shape[0] * FACTOR):
        for column in range(cells.shape[1] * FACTOR):
            if classes[row, column] in (DARK, VEGETATION, NOT_VEGETATED, UNCLASSIFIED, UNDECIDED):
                cells[row // FACTOR, column // FACTOR] += 1
    return cells


@kernel
def water_only(values: FloatImage, classes: ByteImage) -> FloatImage:
    """Values of the cells of 60 m all of whose pixels are water, NaN for the others."""
    chosen = np.full(values.shape, np.nan, np.float32)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            water = True
            for line in range(row * FACTOR, (row + 1) * FACTOR):
                for pixel in range(column * FACTOR, (column + 1) * FACTOR):
                    water &= classes[line, pixel] == WATER
            if water:
                chosen[row, column] = values[row, column]
    return chosen


@kernel
def sums_by_class(classes: ByteImage, b10: FloatImage, b09: FloatImage, b8a: FloatImage) -> Sums:
    """Pixels and sums of bands by class, shape (`CLASSES`, 5), float64.

    `classes` on pixels of 20 m; the bands on cells of 60 m, NaN for no data. Each pixel counts with the bands
    of its cell. The columns of B09/B8A are filled for vegetated and not vegetated ground only.
    """
    sums = np.zeros((CLASSES, 5), np.float64)
    for row in range(b10.shape[0] * FACTOR):
        for column in range(b10.shape[1] * FACTOR):
            kind = classes[row, column]
            cirrus = np.float64(b10[row // FACTOR, column // FACTOR])
            if np.isnan(cirrus):
                continue
            sums[kind, PIXELS] += 1.0
            sums[kind, CIRRUS] += cirrus
            sums[kind, CIRRUS_SQUARED] += cirrus * cirrus
            if kind in (VEGETATION, NOT_VEGETATED):
                near_infrared = np.float64(b8a[row // FACTOR, column // FACTOR])
                vapour = np.float64(b09[row // FACTOR, column // FACTOR])
                if near_infrared > 0.0 and not np.isnan(vapour):
                    sums[kind, VAPOUR] += vapour / near_infrared
                    sums[kind, VAPOUR_SQUARED] += (vapour / near_infrared) ** 2
    return sums
