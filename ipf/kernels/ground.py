"""The ground as it reflects: on slopes, under a part of the sky, among surroundings that shine into the view.

With S the signal, ``(rho_toa - path) / gain``, e the light on the ground relative to flat ground, f the share
of the upward light that comes from the surroundings, R their reflectance and s the spherical albedo:

    S (1 - s R) = (1 - f) e rho + f R

which is exact for surroundings of one reflectance (Vermote et al. 1997, IEEE TGRS 35, 675, equations 4 to
7). The light on a slope is (Hay and Davies 1980; Sandmeier and Itten 1997, IEEE TGRS 35, 708)

    e = b cos(incidence) / cos(sun zenith) + (1 - b) V + R (1 - V)

with b the share that comes from the sun's direction, V the part of the sky that is seen, and the last term
the light that opposite slopes reflect.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.atmosphere import Air
from ipf.kernels.jit import kernel

Floats32 = npt.NDArray[np.float32]

ONE = np.float32(1.0)
COARSE = 60.0
"""Pixel size in metres on which surroundings are averaged."""


@kernel
def flat_reflectance(toa: Floats32, air: Air) -> Floats32:
    """Reflectance of flat ground like its surroundings, from that at the top; all (rows, columns)."""
    reflectance = np.empty(toa.shape, np.float32)
    for i in range(toa.shape[0]):
        for j in range(toa.shape[1]):
            signal = (toa[i, j] - air.path[i, j]) / air.gain[i, j]
            reflectance[i, j] = signal / (ONE + air.albedo[i, j] * signal)
    return reflectance


@kernel
def sloping_reflectance(
    toa: Floats32,
    air: Air,
    irradiance: Floats32,
    surroundings: Floats32,
    adjacent: bool,
) -> Floats32:
    """Reflectance of ground that gets `irradiance` (relative to flat ground) amid `surroundings`.

    `toa` may be finer by a whole factor than `air`, `irradiance` and `surroundings`, which are of one shape.
    With `adjacent` the light that the surroundings scatter into the view is taken away; without, and where
    `surroundings` are NaN (nothing is known around a lone pixel), they are taken to be as bright as it.
    NaN where another input is NaN.
    """
    factor = toa.shape[0] // air.path.shape[0]
    reflectance = np.empty(toa.shape, np.float32)
    for i in range(air.path.shape[0]):
        for line in range(i * factor, (i + 1) * factor):
            for j in range(air.path.shape[1]):
                path, gain, albedo = air.path[i, j], air.gain[i, j], air.albedo[i, j]
                light = irradiance[i, j]
                around, foreign = surroundings[i, j], air.scattered[i, j]
                known = adjacent and around == around
                for pixel in range(j * factor, (j + 1) * factor):
                    signal = (toa[line, pixel] - path) / gain
                    if known:
                        own = signal * (ONE - albedo * around) - foreign * around
                        reflectance[line, pixel] = own / ((ONE - foreign) * light)
                    else:
                        reflectance[line, pixel] = signal / (light + albedo * signal)
    return reflectance


@kernel
def relative_irradiance(
    beam: Floats32,
    illumination: Floats32,
    sun_cosine: Floats32,
    sky_view: Floats32,
    opposite: Floats32,
    least: float,
) -> Floats32:
    """Light on each pixel relative to flat ground, at least `least`; all (rows, columns).

    `beam` is the share from the sun's direction, `illumination` the cosine of the angle of incidence (0 in
    shadow), `sun_cosine` that on flat ground, `sky_view` 0 to 1, `opposite` the reflectance of opposite
    slopes, NaN where none is known: those are taken to be black.
    """
    light = np.empty(beam.shape, np.float32)
    lowest = np.float32(least)
    for i in range(beam.shape[0]):
        for j in range(beam.shape[1]):
            share, sky, slopes = beam[i, j], sky_view[i, j], opposite[i, j]
            if np.isnan(slopes):
                slopes = np.float32(0.0)
            total = share * illumination[i, j] / sun_cosine[i, j] + (ONE - share) * sky + slopes * (ONE - sky)
            light[i, j] = max(total, lowest) if total == total else np.float32(np.nan)
    return light


@kernel
def mean_around(values: Floats32, reach: int) -> Floats32:
    """Mean of the valid pixels of the square of ``2 reach + 1`` pixels around each pixel, NaN without any.

    `values` (rows + 2 reach, columns + 2 reach) holds a margin of `reach` pixels, NaN for no data; the result
    has none. Sums run over the same pixels in the same order whatever the block.
    """
    rows, columns = values.shape[0] - 2 * reach, values.shape[1] - 2 * reach
    sums = np.zeros((values.shape[0], columns), np.float32)
    counts = np.zeros((values.shape[0], columns), np.int32)
    for i in range(values.shape[0]):
        for shift in range(2 * reach + 1):
            for j in range(columns):
                value = values[i, j + shift]
                if value == value:
                    sums[i, j] += value
                    counts[i, j] += 1
    means = np.zeros((rows, columns), np.float32)
    totals = np.zeros(columns, np.int32)
    for i in range(rows):
        totals[:] = 0
        for shift in range(2 * reach + 1):
            for j in range(columns):
                means[i, j] += sums[i + shift, j]
                totals[j] += counts[i + shift, j]
        for j in range(columns):
            means[i, j] = means[i, j] / np.float32(totals[j]) if totals[j] else np.float32(np.nan)
    return means


@kernel
def spread(coarse: Floats32, shape: tuple[int, int], resolution: float, margin: int) -> Floats32:
    """Values of 60 m pixels at the pixels of `resolution` metres of a block of `shape`, bilinear.

    `coarse` has `margin` (1 or more) 60 m pixels more on each side than the block, whose upper-left corner is
    that of a 60 m pixel. Next to a pixel without data the value of the nearest one is taken.
    """
    fine = np.empty(shape, np.float32)
    per_pixel = resolution / COARSE
    for i in range(shape[0]):
        y = (i + 0.5) * per_pixel - 0.5 + margin
        top = int(y)
        down = np.float32(y - top)
        for j in range(shape[1]):
            x = (j + 0.5) * per_pixel - 0.5 + margin
            left = int(x)
            right = np.float32(x - left)
            upper = coarse[top, left] + (coarse[top, left + 1] - coarse[top, left]) * right
            lower = coarse[top + 1, left] + (coarse[top + 1, left + 1] - coarse[top + 1, left]) * right
            value = upper + (lower - upper) * down
            fine[i, j] = value if value == value else coarse[int(y + 0.5), int(x + 0.5)]
    return fine


@kernel
def subtract_coarse(values: Floats32, coarse: Floats32, ratio: float) -> Floats32:
    """``values - ratio * coarse``, with negative `coarse` taken as 0; `values` may be finer by a whole
    factor."""
    factor = values.shape[0] // coarse.shape[0]
    weight = np.float32(ratio)
    difference = np.empty(values.shape, np.float32)
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            amount = coarse[i // factor, j // factor]
            difference[i, j] = values[i, j] - weight * max(amount, np.float32(0.0))
    return difference


@kernel
def multiply(values: Floats32, coarse: Floats32) -> None:
    """Multiply `values` in place by `coarse`, which may be coarser by a whole factor."""
    factor = values.shape[0] // coarse.shape[0]
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            values[i, j] *= coarse[i // factor, j // factor]
