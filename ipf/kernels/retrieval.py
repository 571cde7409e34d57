"""What the retrievals of aerosol and water vapour do pixel by pixel: sums over cells, medians, smoothing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ipf.kernels.classification import NOT_VEGETATED, VEGETATION, WATER
from ipf.kernels.jit import kernel

Floats32 = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

UNITS_PER_ONE = 1_000_000
"""Sums are of whole millionths, so that they are the same in every order."""

RANGES = 3
KINDS = 2 * RANGES
"""Kinds of dark vegetation: three ranges of short-wave infrared reflectance far from clouds, then near."""


class TargetTests(NamedTuple):
    """Limits of the search for targets, reflectances at the top of the atmosphere.

    Those that are arrays are by cell, (rows, columns) and what stands with them, float32.
    """

    swir_minimum: Floats32
    """B12 above which vegetation is no water or shadow."""
    swir_maximum: Floats32
    """B12 below which vegetation is dark, (rows, columns, `RANGES`), rising."""
    nir_maximum: Floats32
    """B8A below which vegetation is dark."""
    negative_red: Floats32
    """B04 below which the ground would come out too dark, (rows, columns, levels), rising."""
    negative_nir: Floats32
    """The same for B8A."""
    red_maximum: float
    ndvi_minimum: float
    bright_nir_minimum: float
    bright_ndvi_minimum: float


class TargetSums(NamedTuple):
    """What was found in each cell, int64."""

    valid: Integers
    """Pixels with data, (rows, columns)."""
    water: Integers
    """Pixels of water, (rows, columns)."""
    pixels: Integers
    """Pixels of dark vegetation, (rows, columns, `KINDS`)."""
    sums: Integers
    """Their sums of each layer in `UNITS_PER_ONE`, (rows, columns, `KINDS`, layers)."""
    negative: Integers
    """Pixels of vegetation and soil, by the first level at which they come out too dark; the last entry is of
    those that never do, (rows, columns, levels + 1)."""
    bright: Integers
    """Layers of the bright vegetation pixel that is darkest in red, in `UNITS_PER_ONE`; the first is -1 where
    there is none, (rows, columns, layers)."""


RED, NIR, SWIR = 2, 4, 7
"""Places of B04, B8A and B12 among the layers B02, B03, B04, B05, B8A, B09, B11, B12, elevation."""


@kernel
def near(mask: Bytes, reach: int) -> Bytes:
    """1 where a pixel of `mask` is set within `reach` pixels along both axes; the result lacks the margin:
    `mask` (rows + 2 reach, columns + 2 reach) gives (rows, columns)."""
    rows, columns = mask.shape[0] - 2 * reach, mask.shape[1] - 2 * reach
    below = np.zeros((rows, columns + 2 * reach), np.uint8)
    for j in range(columns + 2 * reach):
        last = -1
        for i in range(mask.shape[0]):
            if mask[i, j]:
                last = i
            here = i - 2 * reach
            if here >= 0 and last >= here:
                below[here, j] = 1
    found = np.zeros((rows, columns), np.uint8)
    for i in range(rows):
        last = -1
        for j in range(columns + 2 * reach):
            if below[i, j]:
                last = j
            here = j - 2 * reach
            if here >= 0 and last >= here:
                found[i, here] = 1
    return found


@kernel
def gather_targets(
    layers: Floats32, classes: Bytes, near_cloud: Bytes, tests: TargetTests, first: tuple[int, int], cell: int
) -> TargetSums:
    """Sums over the cells of a block.

    `layers` (layers, rows, columns) are B02, B03, B04, B05, B8A, B09, B11, B12 and the elevation in metres;
    `classes` and `near_cloud` (rows, columns); `first` is the place of the first pixel in its cell, which has
    `cell` x `cell` pixels. A pixel counts when no layer is NaN and it has a class.
    """
    rows, columns = tests.swir_minimum.shape
    levels, depth = tests.negative_red.shape[2], layers.shape[0]
    found = TargetSums(
        np.zeros((rows, columns), np.int64),
        np.zeros((rows, columns), np.int64),
        np.zeros((rows, columns, KINDS), np.int64),
        np.zeros((rows, columns, KINDS, depth), np.int64),
        np.zeros((rows, columns, levels + 1), np.int64),
        np.full((rows, columns, depth), -1, np.int64),
    )
    down = (np.arange(classes.shape[0]) + first[0]) // cell
    across = (np.arange(classes.shape[1]) + first[1]) // cell
    _count_pixels(layers, classes, tests, down, across, found)
    _sum_vegetation(layers, classes, near_cloud, tests, down, across, found)
    return found


@kernel
def _count_pixels(
    layers: Floats32, classes: Bytes, tests: TargetTests, down: Integers, across: Integers, found: TargetSums
) -> None:
    """Count valid pixels, water, and by level the pixels that come out too dark."""
    valid, water, negative = found.valid, found.water, found.negative
    red_limits, nir_limits = tests.negative_red, tests.negative_nir
    for i in range(classes.shape[0]):
        y = down[i]
        for j in range(classes.shape[1]):
            label = classes[i, j]
            if label == 0 or _is_missing(layers, i, j):
                continue
            x = across[j]
            valid[y, x] += 1
            if label == WATER:
                water[y, x] += 1
            elif label in (VEGETATION, NOT_VEGETATED):
                by_red = _level(red_limits, y, x, layers[RED, i, j])
                negative[y, x, min(by_red, _level(nir_limits, y, x, layers[NIR, i, j]))] += 1


@kernel
def _sum_vegetation(
    layers: Floats32,
    classes: Bytes,
    near_cloud: Bytes,
    tests: TargetTests,
    down: Integers,
    across: Integers,
    found: TargetSums,
) -> None:
    """Sum up dark vegetation, and keep the darkest of the bright."""
    pixels, sums, bright = found.pixels, found.sums, found.bright
    nir_maximum, swir_minimum, swir_maximum = tests.nir_maximum, tests.swir_minimum, tests.swir_maximum
    for i in range(classes.shape[0]):
        y = down[i]
        for j in range(classes.shape[1]):
            if classes[i, j] != VEGETATION or _is_missing(layers, i, j):
                continue
            x = across[j]
            red, nir = layers[RED, i, j], layers[NIR, i, j]
            ndvi = (nir - red) / (nir + red)
            if nir > tests.bright_nir_minimum and ndvi > tests.bright_ndvi_minimum and not near_cloud[i, j]:
                _keep_darker(bright, y, x, layers, i, j)
            if not (red <= tests.red_maximum and ndvi > tests.ndvi_minimum and nir < nir_maximum[y, x]):
                continue
            kind = _range(swir_minimum, swir_maximum, y, x, layers[SWIR, i, j])
            if kind < 0:
                continue
            if near_cloud[i, j]:
                kind += RANGES
            pixels[y, x, kind] += 1
            for place in range(layers.shape[0]):
                sums[y, x, kind, place] += _units(layers[place, i, j])


@kernel
def _is_missing(layers: Floats32, i: int, j: int) -> bool:
    """Whether any layer of a pixel is NaN."""
    total = np.float32(0.0)
    for place in range(layers.shape[0]):
        total += layers[place, i, j]
    missing: bool = np.isnan(total)
    return missing


@kernel
def _keep_darker(bright: Integers, y: int, x: int, layers: Floats32, i: int, j: int) -> None:
    """Take the pixel for its cell where it is darker in red than the one before."""
    if bright[y, x, 0] < 0 or _units(layers[RED, i, j]) < bright[y, x, RED]:
        for place in range(layers.shape[0]):
            bright[y, x, place] = _units(layers[place, i, j])


@kernel
def _level(limits: Floats32, y: int, x: int, value: np.float32) -> int:
    """Place of the first of the rising limits of a cell that is above `value`; their number where none is."""
    low, high = 0, limits.shape[2]
    while low < high:
        middle = (low + high) // 2
        if limits[y, x, middle] > value:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def _range(least: Floats32, largest: Floats32, y: int, x: int, value: np.float32) -> int:
    """Number of the range of B12 that `value` lies in; -1 where it lies in none."""
    if not value > least[y, x]:
        return -1
    for number in range(RANGES):
        if value < largest[y, x, number]:
            return number
    return -1


@kernel
def _units(value: np.float32) -> np.int64:
    return np.int64(np.rint(np.float64(value) * UNITS_PER_ONE))


@kernel
def median_of_nine(values: Floats32) -> Floats32:
    """Median of the valid pixels among the 3 x 3 around each: (rows + 2, columns + 2) gives (rows, columns),
    NaN where the pixel itself is NaN. Of an even number, the lower of the two in the middle."""
    rows, columns = values.shape[0] - 2, values.shape[1] - 2
    result = np.full((rows, columns), np.nan, np.float32)
    window = np.empty(9, np.float32)
    for i in range(rows):
        for j in range(columns):
            if np.isnan(values[i + 1, j + 1]):
                continue
            count = 0
            for k in range(3):
                for m in range(3):
                    value = values[i + k, j + m]
                    if np.isnan(value):
                        continue
                    place = count
                    while place > 0 and window[place - 1] > value:
                        window[place] = window[place - 1]
                        place -= 1
                    window[place] = value
                    count += 1
            result[i, j] = window[(count - 1) // 2]
    return result


@kernel
def weighted_sums(values: Floats32, weights: Floats32, taps: Floats32) -> tuple[Floats32, Floats32]:
    """Sums of ``taps x weights x values`` and of ``taps x weights`` around each pixel.

    `taps` (2 reach + 1,) apply along both axes; the results lack the margin of `reach` pixels. A NaN value
    counts nothing, whatever its weight.
    """
    reach = taps.size // 2
    rows, columns = values.shape[0] - 2 * reach, values.shape[1] - 2 * reach
    across = np.empty((2, values.shape[0], columns), np.float32)
    for i in range(values.shape[0]):
        for j in range(columns):
            value, weight = np.float32(0.0), np.float32(0.0)
            for k in range(taps.size):
                here = values[i, j + k]
                if not np.isnan(here):
                    share = taps[k] * weights[i, j + k]
                    value += share * here
                    weight += share
            across[0, i, j], across[1, i, j] = value, weight
    total = np.zeros((2, rows, columns), np.float32)
    for i in range(rows):
        for k in range(taps.size):
            for j in range(columns):
                total[0, i, j] += taps[k] * across[0, i + k, j]
                total[1, i, j] += taps[k] * across[1, i + k, j]
    return total[0], total[1]


@kernel
def secant_step(older: Floats32, newer: Floats32, of_older: Floats32, of_newer: Floats32) -> Floats32:
    """Next arguments of a search for the zeros of a function that rises: (rows, columns) float32 each.

    The step is at most 1 and never backwards over a slope that falls or is flat: NaN there.
    """
    result = np.empty_like(newer)
    for i in range(newer.shape[0]):
        for j in range(newer.shape[1]):
            run, rise = newer[i, j] - older[i, j], of_newer[i, j] - of_older[i, j]
            if of_newer[i, j] == 0 or run == 0:
                result[i, j] = newer[i, j]
            elif rise / run > 0:
                step = -of_newer[i, j] * run / rise
                result[i, j] = newer[i, j] + min(max(step, np.float32(-1.0)), np.float32(1.0))
            else:
                result[i, j] = np.nan
    return result


@kernel
def bilinear_thirds(values: Floats32) -> Floats32:
    """Bilinear values on pixels a third as large: (rows + 2, columns + 2) gives (3 rows, 3 columns)."""
    rows, columns = 3 * (values.shape[0] - 2), 3 * (values.shape[1] - 2)
    result = np.empty((rows, columns), np.float32)
    third = np.float32(1.0 / 3.0)
    for i in range(rows):
        up = (i + 2) // 3
        down = np.float32((i + 2) % 3) * third
        for j in range(columns):
            left = (j + 2) // 3
            right = np.float32((j + 2) % 3) * third
            upper = values[up, left] + (values[up, left + 1] - values[up, left]) * right
            lower = values[up + 1, left] + (values[up + 1, left + 1] - values[up + 1, left]) * right
            result[i, j] = upper + (lower - upper) * down
    return result
