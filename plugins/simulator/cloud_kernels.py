"""Kernels of the simulated sky: clouds of their own heights, the shadows that they cast, and cirrus.

A cloud is a plate at one height with a ragged edge. Where two overlap, the denser one counts, and it alone;
the same holds for their shadows. All lengths are in pixels of 20 m unless said.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.kernels import fractal, hashed

from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]
Clouds = npt.NDArray[np.float64]
"""Clouds, (clouds, 6): column and row of the centre, radius, height in m, largest opacity, softness."""

HEIGHT_STEP_M = 50.0
"""Heights of clouds are multiples of this, so that a byte holds them up to 12.75 km."""
REACH = 1.55
"""A cloud ends within its radius times this, whatever its edge does."""

_RAGGEDNESS = 1.4
_DRAWS = 2_000_000
_COLUMN, _ROW, _RADIUS, _HEIGHT, _OPACITY, _SOFTNESS, _FIELDS = 0, 1, 2, 3, 4, 5, 6


class Population(NamedTuple):
    """Clouds of one kind.

    `share` of the scene that they cover, about; `smallest` and `largest` radius; `lowest` and `highest`
    height, m; `faintest` and `densest` of their largest opacities; `softness` of their edges: thickness over
    which the light that passes falls to 1/e.
    """

    share: float
    smallest: float
    largest: float
    lowest: float
    highest: float
    faintest: float
    densest: float
    softness: float


@kernel
def _drawn(kind: Population, rows: float, columns: float, around: float, number: int, seed: int) -> Clouds:
    """One cloud of a population, centred within the scene or up to `around` beyond its edges."""
    cloud = np.empty(_FIELDS, np.float64)
    cloud[_COLUMN] = -around + (columns + 2.0 * around) * hashed(number, 0, seed)
    cloud[_ROW] = -around + (rows + 2.0 * around) * hashed(number, 1, seed)
    cloud[_RADIUS] = kind.smallest * (kind.largest / kind.smallest) ** hashed(number, 2, seed)
    height = kind.lowest + (kind.highest - kind.lowest) * hashed(number, 3, seed)
    cloud[_HEIGHT] = HEIGHT_STEP_M * math.floor(height / HEIGHT_STEP_M + 0.5)
    cloud[_OPACITY] = kind.faintest + (kind.densest - kind.faintest) * hashed(number, 4, seed)
    cloud[_SOFTNESS] = kind.softness
    return cloud


@kernel
def draw_clouds(kind: Population, rows: float, columns: float, around: float, seed: int) -> Clouds:
    """Clouds over a scene of `rows` x `columns` and up to `around` beyond, whose shadows may fall into it.

    Clouds are drawn until those centred in the scene would cover `share` of it if thrown blindly, ``-ln(1 -
    share)`` times its area in all; so that even a small scene has one. Radii are uniform in their logarithm,
    heights and opacities uniform.
    """
    wanted = -math.log(1.0 - kind.share) * rows * columns
    count, covered = 0, 0.0
    while covered < wanted and count < _DRAWS:
        cloud = _drawn(kind, rows, columns, around, count, seed)
        if 0.0 <= cloud[_COLUMN] < columns and 0.0 <= cloud[_ROW] < rows:
            covered += math.pi * cloud[_RADIUS] ** 2
        count += 1
    clouds = np.empty((count, _FIELDS), np.float64)
    for number in range(count):
        clouds[number] = _drawn(kind, rows, columns, around, number, seed)
    return clouds


@kernel
def _opacity(right: float, down: float, cloud: Clouds, seed: int) -> float:
    """Opacity (0 to 1) of a cloud at a place given from its centre.

    Thicker towards the middle, with a noise that is the cloud's own and moves with it.
    """
    radius = cloud[_RADIUS]
    distance = (right * right + down * down) / (radius * radius)
    if distance >= REACH * REACH:
        return 0.0
    u = right / (0.7 * radius) + cloud[_COLUMN]
    v = down / (0.7 * radius) + cloud[_ROW]
    thickness = 1.0 - distance + _RAGGEDNESS * fractal(u, v, 5, seed)
    if thickness <= 0.0:
        return 0.0
    return float(cloud[_OPACITY] * (1.0 - math.exp(-thickness / cloud[_SOFTNESS])))


@kernel
def cast(
    top: int, left: int, rows: int, columns: int, clouds: Clouds, east: float, south: float, seed: int
) -> tuple[FloatImage, FloatImage]:
    """Opacity (0 to 1) and height (m, 0 without cloud) of the densest cloud over each pixel of a window.

    The clouds are moved by `east` and `south` pixels per metre of their height: 0 and 0 shows them from
    above, the tangent of the sun's zenith away from the sun shows their shadows.
    """
    opacity = np.zeros((rows, columns), np.float32)
    height = np.zeros((rows, columns), np.float32)
    for number in range(clouds.shape[0]):
        cloud = clouds[number]
        x = cloud[_COLUMN] + east * cloud[_HEIGHT]
        y = cloud[_ROW] + south * cloud[_HEIGHT]
        reach = REACH * cloud[_RADIUS]
        for row in range(max(0, math.ceil(y - reach) - top), min(rows, math.floor(y + reach) + 1 - top)):
            for column in range(
                max(0, math.ceil(x - reach) - left), min(columns, math.floor(x + reach) + 1 - left)
            ):
                value = _opacity(left + column - x, top + row - y, cloud, seed)
                if value > opacity[row, column]:
                    opacity[row, column] = value
                    height[row, column] = cloud[_HEIGHT]
    return opacity, height


@kernel
def cirrus_veil(
    top: int, left: int, rows: int, columns: int, side: float, peak: float, seed: int
) -> FloatImage:
    """Reflectance of the cirrus in the blue: streaks along a diagonal band of a scene of longer side
    `side`."""
    veil = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        y = float(top + row)
        for column in range(columns):
            x = float(left + column)
            along, across = (x + y) / side - 0.48, (x - y) / side - 0.06
            envelope = math.exp(-((along / 0.22) ** 2) - (across / 0.07) ** 2)
            if peak > 0.0 and envelope > 0.01:
                streak = 0.6 + fractal(x / 150.0 + y / 150.0, (x - y) / 25.0, 3, seed)
                veil[row, column] = peak * envelope * max(streak, 0.0)
    return veil


@kernel
def light_of_clouds(
    opacity: FloatImage, height: FloatImage, reflectance: FloatImage, rows: int, columns: int
) -> FloatImage:
    """Opacity times reflectance of the clouds on an image of `rows` x `columns`, twice as fine as the 20 m of
    `opacity` and `height` (m), as fine, or coarser by a whole factor; the mean over a coarser pixel.

    reflectance : of an opaque cloud at the top of the atmosphere, by height in steps of `HEIGHT_STEP_M`.
    """
    light = np.empty((rows, columns), np.float32)
    factor = max(1, opacity.shape[0] // rows)
    finer = max(1, rows // opacity.shape[0])
    for row in range(rows):
        for column in range(columns):
            total = 0.0
            for line in range(row * factor // finer, row * factor // finer + factor):
                for pixel in range(column * factor // finer, column * factor // finer + factor):
                    step = int(height[line, pixel] / HEIGHT_STEP_M + 0.5)
                    total += opacity[line, pixel] * reflectance[step]
            light[row, column] = total / (factor * factor)
    return light


@kernel
def under_clouds(
    toa: FloatImage,
    black: FloatImage,
    lit: FloatImage,
    sky: FloatImage,
    opacity: FloatImage,
    light: FloatImage,
    cirrus: FloatImage,
    shadow: FloatImage,
    skylight: float,
    cirrus_ratio: float,
) -> FloatImage:
    """Reflectance at the top of the atmosphere with clouds, their shadows and cirrus.

    toa : without clouds over flat ground; black : the same over a black surface, so that `toa - black` is the
    light from the surface; lit : light on the ground relative to flat ground; sky : share of the sky that it
    sees. A shadow of a cloud leaves the share `skylight` of the light, as far as the sky is seen. A cloud
    hides what is below it by its `opacity` and adds its `light`. Cirrus adds `cirrus_ratio` times its
    reflectance in the blue and lets the rest through.
    """
    result = np.empty_like(toa)
    for row in range(toa.shape[0]):
        for column in range(toa.shape[1]):
            shaded = shadow[row, column]
            share = (1.0 - shaded) * lit[row, column] + shaded * skylight * sky[row, column]
            value = black[row, column] + share * (toa[row, column] - black[row, column])
            value = (1.0 - opacity[row, column]) * value + light[row, column]
            veil = cirrus_ratio * cirrus[row, column]
            result[row, column] = veil + (1.0 - veil) * value
    return result
