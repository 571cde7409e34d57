"""Corrections of raw counts, pixel by pixel: loops over lines and pixels, most of them in place.

Images are float32 (lines, pixels), NaN where a pixel has no data; coefficients are float32 (pixels,). The
equations are those of the models in `ipf.radiometry.calibration`, where their sources are named.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Image = npt.NDArray[np.float32]
Counts = npt.NDArray[np.uint16]
Row = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]


@kernel
def image_of_counts(counts: Counts, lost: int, image: Image) -> None:
    """Fill `image` with `counts`, NaN where they are `lost`."""
    lines, pixels = counts.shape
    for line in range(lines):
        for pixel in range(pixels):
            count = counts[line, pixel]
            image[line, pixel] = np.float32(np.nan) if count == lost else np.float32(count)


@kernel
def undo_onboard_equalization(image: Image, a1: Row, a2: Row, zs: Row, dark: Row) -> None:
    """Give `image` the counts that it had before the instrument evened out its pixels.

    ``Z = Y / a1`` up to Y = a1 zs, ``(Y - (a1 - a2) zs) / a2`` beyond, and ``X = Z + dark``.
    """
    lines, pixels = image.shape
    first, second, step = np.empty_like(a1), np.empty_like(a1), np.empty_like(a1)
    for pixel in range(pixels):
        first[pixel] = np.float32(1.0) / a1[pixel]
        second[pixel] = np.float32(1.0) / a2[pixel]
        step[pixel] = (a1[pixel] - a2[pixel]) * zs[pixel]
    for line in range(lines):
        for pixel in range(pixels):
            value = image[line, pixel]
            below, above = value * first[pixel], (value - step[pixel]) * second[pixel]
            image[line, pixel] = (below if below <= zs[pixel] else above) + dark[pixel]


@kernel
def subtract_dark(image: Image, levels: Image, first_line: int) -> None:
    """Subtract the dark level of each line's place in the chronogram; `first_line` counts from 0."""
    lines, pixels = image.shape
    for line in range(lines):
        level = levels[(first_line + line) % levels.shape[0]]
        for pixel in range(pixels):
            image[line, pixel] -= level[pixel]


@kernel
def offsets_of_lines(
    image: Image, columns: npt.NDArray[np.int64], normalisation: float, offsets: Row
) -> None:
    """Fill `offsets` (lines,) with `normalisation` times the mean of `columns` with data, 0 without any."""
    for line in range(image.shape[0]):
        total, number = 0.0, 0
        for column in columns:
            value = image[line, column]
            if not np.isnan(value):
                total += value
                number += 1
        offsets[line] = np.float32(normalisation * total / number) if number else np.float32(0.0)


@kernel
def subtract_offsets(image: Image, offsets: Row, columns: npt.NDArray[np.int64], result: Image) -> None:
    """Fill `result` with `columns` of `image`, each line less its offset."""
    for line in range(image.shape[0]):
        offset = offsets[line]
        for place, column in enumerate(columns):
            result[line, place] = image[line, column] - offset


@kernel
def add_weighted(source: Image, weight: float, total: Image) -> None:
    """Add `weight` times `source` to `total`; pixels of the source without data add nothing."""
    lines, pixels = total.shape
    share = np.float32(weight)
    for line in range(lines):
        for pixel in range(pixels):
            value = source[line, pixel]
            total[line, pixel] += share * (np.float32(0.0) if np.isnan(value) else value)


@kernel
def apply_cubic(image: Image, a: Row, b: Row, c: Row) -> None:
    """Replace Z by ``a Z^3 + b Z^2 + c Z``."""
    lines, pixels = image.shape
    for line in range(lines):
        for pixel in range(pixels):
            value = image[line, pixel]
            image[line, pixel] = ((a[pixel] * value + b[pixel]) * value + c[pixel]) * value


@kernel
def apply_bilinear(image: Image, a1: Row, a2: Row, zs: Row) -> None:
    """Replace Z by ``a1 Z`` up to `zs`, by ``a2 Z + (a1 - a2) zs`` beyond."""
    lines, pixels = image.shape
    for line in range(lines):
        for pixel in range(pixels):
            value = image[line, pixel]
            below = a1[pixel] * value
            above = a2[pixel] * value + (a1[pixel] - a2[pixel]) * zs[pixel]
            image[line, pixel] = below if value <= zs[pixel] else above


@kernel
def shift_lines(image: Image, shifts: npt.NDArray[np.int8], weights: Image, result: Image) -> None:
    """Fill `result` from lines around its own, as each column's shift asks.

    `image` has one line more above and one below; `weights` (3, 3) by shift -1, 0, 1 and by line above, own,
    below. A weight of 0 takes no part, whether its line has data or not.
    """
    lines, pixels = result.shape
    for line in range(lines):
        for pixel in range(pixels):
            row = weights[shifts[pixel] + 1]
            value = np.float32(0.0)
            for near in range(3):
                if row[near] != 0.0:
                    value += row[near] * image[line + near, pixel]
            result[line, pixel] = value


@kernel
def fill_columns(image: Image, columns: npt.NDArray[np.int64], defective: Flags, taps: Row) -> None:
    """Give `columns` the weighted mean of neighbours that have data and are not `defective` (pixels,)."""
    lines, pixels = image.shape
    reach = taps.size // 2
    for line in range(lines):
        for column in columns:
            total, share = 0.0, 0.0
            for tap in range(taps.size):
                near = column + tap - reach
                if 0 <= near < pixels and not defective[near] and not np.isnan(image[line, near]):
                    total += taps[tap] * image[line, near]
                    share += taps[tap]
            image[line, column] = np.float32(total / share) if share > 0.0 else np.float32(np.nan)


@kernel
def bin_pixels(image: Image, weights: Image, factor: int, result: Image) -> None:
    """Fill `result` (lines, pixels) with weighted means of `image`, around every `factor`-th pixel.

    `image` has as many lines more above and below as half of the weights' lines. Pixel p of the result stands
    on ``factor p + factor // 2`` of the image. Pixels beyond the ends or without data take no part.
    """
    lines, pixels = result.shape
    above, aside = weights.shape[0] // 2, weights.shape[1] // 2
    for line in range(lines):
        for pixel in range(pixels):
            centre = pixel * factor + factor // 2
            total, share = 0.0, 0.0
            for down in range(weights.shape[0]):
                for right in range(weights.shape[1]):
                    column = centre + right - aside
                    if 0 <= column < image.shape[1]:
                        value = image[line + down, column]
                        if not np.isnan(value):
                            total += weights[down, right] * value
                            share += weights[down, right]
            own = image[line + above, centre]
            known = share > 0.5 and not np.isnan(own)
            result[line, pixel] = np.float32(total / share) if known else np.float32(np.nan)


@kernel
def counts_of_image(
    image: Image, offset: float, smallest: int, largest: int, lost: int, counts: Counts
) -> None:
    """Fill `counts` with the whole numbers nearest to ``image - offset``, limited, `lost` without data."""
    lines, pixels = image.shape
    shift, low, high = np.float32(0.5 - offset), np.float32(smallest), np.float32(largest)
    for line in range(lines):
        for pixel in range(pixels):
            value = np.floor(image[line, pixel] + shift)
            value = min(max(value, low), high)
            counts[line, pixel] = lost if np.isnan(image[line, pixel]) else np.uint16(value)
