"""Kernels of the simulated scene: functions of place and seed, so that any block gives the same pixels."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]


@kernel
def hashed(x: int, y: int, seed: int) -> float:
    """A number in [0, 1) that depends on two whole numbers and a seed as chance would.

    Mixing function: the finaliser of MurmurHash3 (64 bits), over a linear combination with odd constants.
    """
    h = (
        np.uint64(x) * np.uint64(0x9E3779B97F4A7C15)
        ^ np.uint64(y) * np.uint64(0xC2B2AE3D27D4EB4F)
        ^ np.uint64(seed) * np.uint64(0x165667B19E3779F9)
    )
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    h ^= h >> np.uint64(33)
    return np.float64(h >> np.uint64(11)) * 2.0**-53


@kernel
def value_noise(x: float, y: float, seed: int) -> float:
    """Smooth noise in [0, 1] of period 1: hashed values at whole numbers, joined by smoothstep."""
    column, row = math.floor(x), math.floor(y)
    u, v = x - column, y - row
    u, v = u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v)
    i, j = int(column), int(row)
    top = hashed(i, j, seed) * (1.0 - u) + hashed(i + 1, j, seed) * u
    bottom = hashed(i, j + 1, seed) * (1.0 - u) + hashed(i + 1, j + 1, seed) * u
    return top * (1.0 - v) + bottom * v


@kernel
def fractal(x: float, y: float, octaves: int, seed: int) -> float:
    """Sum of noises, each of half the period and half the height of the one before; mean 0, within ±1."""
    total, height = 0.0, 1.0
    for octave in range(octaves):
        total += height * (2.0 * value_noise(x, y, seed + octave) - 1.0)
        x, y, height = 2.0 * x + 17.3, 2.0 * y - 9.1, 0.5 * height
    return 0.5 * total


@kernel
def gaussian(x: int, y: int, seed: int) -> float:
    """Standard normal number of a place (Box and Muller 1958, Annals of Mathematical Statistics 29, 610)."""
    first = 1.0 - hashed(x, y, seed)
    second = hashed(x, y, seed + 0x5851F42D)
    return math.sqrt(-2.0 * math.log(first)) * math.cos(2.0 * math.pi * second)


# Covers by number, as `ipf_plugins.simulator.spectra.Cover` (an enumeration that kernels cannot take).
_CLEAR_WATER, _TURBID_WATER, _SAND, _GREEN_CROP, _GRASS, _STUBBLE, _DRY_SOIL = 1, 2, 3, 4, 5, 6, 7
_MOIST_SOIL, _BROADLEAF_FOREST, _CONIFER_FOREST, _ROOF, _ASPHALT, _ROCK, _SNOW = 8, 9, 10, 11, 12, 13, 14


@kernel
def _field(x: float, y: float, seed: int) -> tuple[int, float]:
    """Cover and relative brightness (-1 to 1) of the parcel at a place: strips of fields of uneven width."""
    along, across = 0.956 * x + 0.292 * y, -0.292 * x + 0.956 * y
    strip = math.floor(across / 24.0)
    width = 16.0 + 32.0 * hashed(strip, 0, seed)
    shifted = along + 1000.0 * hashed(strip, 1, seed)
    parcel = math.floor(shifted / width)
    if across - 24.0 * strip < 0.8 or shifted - width * parcel < 0.8:
        return _GRASS, 0.0
    chance = hashed(parcel, strip, seed + 1)
    brightness = 2.0 * hashed(parcel, strip, seed + 2) - 1.0
    if chance < 0.35:
        return _GREEN_CROP, brightness
    if chance < 0.52:
        return _GRASS, brightness
    if chance < 0.67:
        return _STUBBLE, brightness
    if chance < 0.82:
        return _DRY_SOIL, brightness
    return _MOIST_SOIL, brightness


@kernel
def _town(x: float, y: float, seed: int) -> int:
    """Cover within a town, or 0 outside: towns stand in six cells of ten, 6 km apart; streets every 70 m."""
    cell_x, cell_y = math.floor(x / 600.0), math.floor(y / 600.0)
    if hashed(cell_x, cell_y, seed) > 0.6:
        return 0
    centre_x = (cell_x + 0.25 + 0.5 * hashed(cell_x, cell_y, seed + 1)) * 600.0
    centre_y = (cell_y + 0.25 + 0.5 * hashed(cell_x, cell_y, seed + 2)) * 600.0
    radius = 35.0 + 65.0 * hashed(cell_x, cell_y, seed + 3)
    distance = math.hypot(x - centre_x, y - centre_y) / radius
    if distance > 1.6 or distance + 0.7 * fractal(x / 25.0, y / 25.0, 3, seed + 4) > 1.0:
        return 0
    block_x, block_y = math.floor(x / 7.0), math.floor(y / 7.0)
    if x - 7.0 * block_x < 1.0 or y - 7.0 * block_y < 1.0:
        return _ASPHALT
    chance = hashed(int(x) // 2, int(y) // 2, seed + 5)
    if chance < 0.55:
        return _ROOF
    return _GRASS if chance < 0.8 else _ASPHALT


@kernel
def _relief_cover(height: float) -> int:
    """Cover that the height (0 in one corner of the scene, 1 in the opposite one) asks for, or 0."""
    if height < 0.17:
        return _CLEAR_WATER
    if height < 0.21:
        return _TURBID_WATER
    if height < 0.218:
        return _SAND
    if height > 0.85:
        return _SNOW
    if height > 0.80:
        return _ROCK
    return 0


@kernel
def land_cover(
    top: int,
    left: int,
    rows: int,
    columns: int,
    scene_rows: int,
    scene_columns: int,
    variation: FloatImage,
    grain: FloatImage,
    size: float,
    seed: int,
) -> tuple[ByteImage, FloatImage]:
    """Cover numbers and relative brightness (mean 1) of a window of the scene's 10 m grid.

    The relief rises from the lower left to the upper right corner whatever the size of the scene, so that a
    small scene too has sea, coast, fields, forest, towns, rock and snow. `variation` and `grain` are those of
    `Material`, by cover number, shape (covers,). Parcels, towns and forests are `size` times as large as
    usual.
    """
    cover = np.empty((rows, columns), np.uint8)
    brightness = np.empty((rows, columns), np.float32)
    period = 0.4 * max(scene_rows, scene_columns)
    for row in range(rows):
        y = float(top + row)
        for column in range(columns):
            x = float(left + column)
            height = 0.5 + 0.5 * (x / scene_columns - y / scene_rows)
            height += 0.22 * fractal(x / period, y / period, 7, seed)
            parcel = 0.0
            u, v = x / size, y / size
            kind = _relief_cover(height)
            if kind == 0:
                kind = _town(u, v, seed + 100)
            if kind == 0 and fractal(u / 300.0, v / 300.0, 5, seed + 200) > 0.14:
                kind = _CONIFER_FOREST if height > 0.6 else _BROADLEAF_FOREST
            if kind == 0:
                kind, parcel = _field(u, v, seed + 300)
            smooth = 2.0 * fractal(u / 60.0, v / 60.0, 3, seed + 400)
            value = 1.0 + variation[kind] * (1.2 * parcel + smooth)
            value += grain[kind] * gaussian(top + row, left + column, seed + 500)
            cover[row, column] = kind
            brightness[row, column] = max(value, 0.05)
    return cover, brightness


@kernel
def _chosen(shares: FloatImage, chance: float) -> int:
    """Number of the share into which a chance from 0 to 1 falls; the last one that is not 0 takes the
    rest."""
    last, total = 0, 0.0
    for number in range(shares.size):
        if shares[number] > 0.0:
            last = number
            total += shares[number]
            if chance < total:
                break
    return last


@kernel
def patches(
    top: int,
    left: int,
    rows: int,
    columns: int,
    shares: FloatImage,
    variation: FloatImage,
    grain: FloatImage,
    side: int,
    seed: int,
) -> tuple[ByteImage, FloatImage]:
    """Cover numbers and relative brightness of a window of the 10 m grid: squares of `side` pixels.

    `shares` of the covers among the squares, `variation` and `grain` by cover number. The brightness varies
    from square to square and within them, as in `land_cover`.
    """
    cover = np.empty((rows, columns), np.uint8)
    brightness = np.empty((rows, columns), np.float32)
    for row in range(rows):
        y = top + row
        for column in range(columns):
            x = left + column
            kind = _chosen(shares, hashed(x // side, y // side, seed + 600))
            parcel = 2.0 * hashed(x // side, y // side, seed + 601) - 1.0
            smooth = 2.0 * fractal(x / 60.0, y / 60.0, 3, seed + 602)
            value = 1.0 + variation[kind] * (1.2 * parcel + smooth)
            value += grain[kind] * gaussian(x, y, seed + 603)
            cover[row, column] = kind
            brightness[row, column] = max(value, 0.05)
    return cover, brightness


@kernel
def surface_reflectance(
    cover: ByteImage, brightness: FloatImage, table: FloatImage, factor: int
) -> FloatImage:
    """Mean reflectance of each `factor` x `factor` cell of 10 m pixels; `table` is by cover number."""
    rows, columns = cover.shape[0] // factor, cover.shape[1] // factor
    mean = np.empty((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            total = 0.0
            for line in range(row * factor, (row + 1) * factor):
                for pixel in range(column * factor, (column + 1) * factor):
                    total += table[cover[line, pixel]] * brightness[line, pixel]
            mean[row, column] = total / (factor * factor)
    return mean


@kernel
def measured(
    toa: FloatImage,
    radiance_per_reflectance: float,
    top: int,
    left: int,
    dark: float,
    slope: float,
    saturation: float,
    seed: int,
) -> tuple[FloatImage, ByteImage]:
    """Reflectance as the instrument measures it, and 1 where a pixel saturates.

    The radiance gets noise of deviation ``sqrt(dark² + slope radiance)`` and is cut at `saturation`; NaN
    stays NaN. `top` and `left` are the window's place in the band's grid, from which the noise follows.
    """
    result = np.empty_like(toa)
    saturated = np.zeros(toa.shape, np.uint8)
    for row in range(toa.shape[0]):
        for column in range(toa.shape[1]):
            radiance = toa[row, column] * radiance_per_reflectance
            deviation = math.sqrt(dark * dark + slope * max(radiance, 0.0))
            radiance += deviation * gaussian(top + row, left + column, seed)
            if radiance >= saturation:
                radiance = saturation
                saturated[row, column] = 1
            result[row, column] = radiance / radiance_per_reflectance
    return result, saturated


@kernel
def columns(
    top: int, left: int, rows: int, columns: int, period: float, mean: float, departure: float, seed: int
) -> FloatImage:
    """A smooth field of relative departures from `mean`, of the given period in pixels."""
    field = np.empty((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            shape = 0.0
            if departure > 0.0:
                shape = fractal((left + column) / period, (top + row) / period, 2, seed)
            field[row, column] = mean * (1.0 + departure * shape / 0.75)
    return field
