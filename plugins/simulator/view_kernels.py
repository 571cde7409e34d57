"""Maps seen by lines of pixels: places on the map, cubic splines there, and the counts of what is seen."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.kernels import gaussian

from ipf.kernels.jit import kernel

Places = npt.NDArray[np.float64]
FloatImage = npt.NDArray[np.float32]
Counts = npt.NDArray[np.uint16]


@kernel
def places_on_map(
    longitude: Places,
    latitude: Places,
    since: Places,
    mesh: npt.NDArray[np.float64],
    first: tuple[int, int],
    steps: tuple[float, float],
    found: tuple[Places, Places, FloatImage],
) -> None:
    """Fill `found`, (lines, pixels) each: easting, northing (m), cosine of the sun's zenith, or NaN.

    longitude, latitude : degrees, (lines, pixels)
    since : seconds of the lines since the time of the mesh, (lines,)
    mesh : (rows, columns, 4) easting, northing, cosine and its change in a second, at latitudes
        ``(first[0] + row) steps[0]`` and longitudes ``(first[1] + column) steps[1]``; bilinear between
    """
    easting, northing, cosine = found
    lines, pixels = longitude.shape
    for line in range(lines):
        for pixel in range(pixels):
            y, x = latitude[line, pixel] / steps[0], longitude[line, pixel] / steps[1]
            if not (math.isfinite(x) and math.isfinite(y)):
                easting[line, pixel] = math.nan
                northing[line, pixel] = math.nan
                cosine[line, pixel] = np.float32(math.nan)
                continue
            row, column = math.floor(y), math.floor(x)
            v, u = y - row, x - column
            above, below = mesh[row - first[0]], mesh[row + 1 - first[0]]
            j = column - first[1]
            weights = ((1.0 - v) * (1.0 - u), (1.0 - v) * u, v * (1.0 - u), v * u)
            easting[line, pixel] = _mean(weights, above, below, j, 0)
            northing[line, pixel] = _mean(weights, above, below, j, 1)
            cosine[line, pixel] = np.float32(
                _mean(weights, above, below, j, 2) + since[line] * _mean(weights, above, below, j, 3)
            )


@kernel
def _mean(
    weights: tuple[float, float, float, float], above: Places, below: Places, column: int, kind: int
) -> float:
    return float(
        weights[0] * above[column, kind]
        + weights[1] * above[column + 1, kind]
        + weights[2] * below[column, kind]
        + weights[3] * below[column + 1, kind]
    )


@kernel
def add_spline(
    coefficients: FloatImage,
    origin: tuple[float, float],
    spacing: float,
    period: int,
    factor: float,
    eastings: Places,
    northings: Places,
    values: FloatImage,
) -> None:
    """Add `factor` times a cubic spline surface to `values` at places (m), all of one two-dimensional shape.

    coefficients : weights of the splines at easting ``origin[0] + column spacing`` and northing
        ``origin[1] - row spacing``; with a `period` (a power of two, else 0) the surface repeats after as
        many of them, and the array has three rows and columns more, in which it begins anew
    Beyond a surface without a period, and where a place is none, `values` become NaN.
    """
    rows, columns = coefficients.shape
    across, down = np.empty(4, np.float32), np.empty(4, np.float32)
    scale = np.float32(factor)
    for line in range(values.shape[0]):
        for pixel in range(values.shape[1]):
            x = (eastings[line, pixel] - origin[0]) / spacing - 1.0
            y = (origin[1] - northings[line, pixel]) / spacing - 1.0
            if not (math.isfinite(x) and math.isfinite(y)):
                values[line, pixel] = np.float32(math.nan)
                continue
            column, row = math.floor(x), math.floor(y)
            _weights(np.float32(x - column), across)
            _weights(np.float32(y - row), down)
            if period > 0:
                column, row = column & (period - 1), row & (period - 1)
            elif column < 0 or row < 0 or column + 3 >= columns or row + 3 >= rows:
                values[line, pixel] = np.float32(math.nan)
                continue
            total = np.float32(0.0)
            for i in range(4):
                part = coefficients[row + i, column : column + 4]
                total += down[i] * (
                    across[0] * part[0] + across[1] * part[1] + across[2] * part[2] + across[3] * part[3]
                )
            values[line, pixel] += scale * total


@kernel
def _weights(u: np.float32, weights: FloatImage) -> None:
    """Weights of the four cubic B-splines around a place `u` behind the second."""
    one, sixth = np.float32(1.0), np.float32(1.0 / 6.0)
    v = one - u
    weights[0] = v * v * v * sixth
    weights[1] = (np.float32(4.0) - np.float32(3.0) * u * u * (np.float32(1.0) + v)) * sixth
    weights[3] = u * u * u * sixth
    weights[2] = one - weights[0] - weights[1] - weights[3]


@kernel
def counts_of_reflectance(
    reflectance: FloatImage,
    cosine: FloatImage,
    factor: float,
    offset: float,
    noise: tuple[float, float],
    first_line: int,
    seed: int,
    largest: int,
    counts: Counts,
) -> None:
    """Fill `counts` with ``round(reflectance cosine factor - offset)``, 1 to `largest`; 0 for NaN.

    noise : variance of the counts, constant and per count of light; both 0 for none. The noise of a pixel
        depends on `seed`, on its column and on its line, of which the first has the number `first_line`.
    """
    dark, slope = noise
    noisy = dark > 0.0 or slope > 0.0
    lines, pixels = counts.shape
    for line in range(lines):
        for pixel in range(pixels):
            light = float(reflectance[line, pixel]) * float(cosine[line, pixel]) * factor
            if not math.isfinite(light):
                counts[line, pixel] = 0
                continue
            value = light - offset
            if noisy:
                deviation = math.sqrt(dark + slope * max(light, 0.0))
                value += deviation * gaussian(pixel, first_line + line, seed)
            counts[line, pixel] = int(min(max(math.floor(value + 0.5), 1), largest))
