"""Kernels of the simulated relief: heights that are a function of place, and the light that falls on them.

Lengths are in pixels of 20 m, heights too where nothing else is said. Windows come with `around` pixels on
every side, whose heights are computed like those within: no edge is an edge of the land.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.kernels import fractal, value_noise

from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]
Heights = npt.NDArray[np.float64]

FINEST = 6.0
"""Period of the smallest forms, pixels: slopes are then smooth over the pixels that show them."""


class Forms(NamedTuple):
    """`height` of the highest ground over the lowest, at most, and `period` of the largest forms, pixels;
    `octaves` of smaller ones; `ridged` for sharp crests rather than round hills."""

    height: float
    period: float
    octaves: int
    ridged: bool


@kernel
def height_at(x: float, y: float, forms: Forms, seed: int) -> float:
    """Height over the lowest ground.

    Hills are a sum of noises; ridges one of noises folded at their middle, which makes crests (ridged
    fractal, Musgrave 1993, in Ebert et al. 2003, Texturing and Modeling, ch. 16).
    """
    u, v = x / forms.period, y / forms.period
    if not forms.ridged:
        return float(forms.height * 0.5 * (1.0 + fractal(u, v, forms.octaves, seed)))
    total, weight, sum_of_weights = 0.0, 1.0, 0.0
    for octave in range(forms.octaves):
        total += weight * (1.0 - abs(2.0 * value_noise(u, v, seed + octave) - 1.0))
        sum_of_weights += weight
        u, v, weight = 2.0 * u + 17.3, 2.0 * v - 9.1, 0.45 * weight
    return float(forms.height * total / sum_of_weights)


@kernel
def heights(top: int, left: int, rows: int, columns: int, around: int, forms: Forms, seed: int) -> Heights:
    """Heights of a window and `around` pixels on every side of it."""
    found = np.empty((rows + 2 * around, columns + 2 * around), np.float64)
    for row in range(found.shape[0]):
        for column in range(found.shape[1]):
            found[row, column] = height_at(
                float(left + column - around), float(top + row - around), forms, seed
            )
    return found


@kernel
def _between(land: Heights, y: float, x: float) -> float:
    """Height at a place between pixel centres, bilinear."""
    row, column = int(y), int(x)
    v, u = y - row, x - column
    upper = land[row, column] * (1.0 - u) + land[row, column + 1] * u
    lower = land[row + 1, column] * (1.0 - u) + land[row + 1, column + 1] * u
    return float(upper * (1.0 - v) + lower * v)


@kernel
def _horizon(land: Heights, row: int, column: int, east: float, south: float, reach: int) -> float:
    """Largest tangent of the elevation of the land seen from a pixel in one direction, within `reach`."""
    steepest = -1e9
    start = land[row, column]
    for step in range(1, reach + 1):
        there = _between(land, row + step * south, column + step * east)
        steepest = max(steepest, (there - start) / step)
    return steepest


@kernel
def direct_light(land: Heights, around: int, reach: int, sun_zenith: float, sun_azimuth: float) -> FloatImage:
    """Direct light of the sun on the ground relative to flat ground, 0 where the land shades itself.

    The cosine of the angle between the sun (radians, azimuth clockwise from north) and the normal of the
    ground, over that of the sun's zenith. A pixel is shaded when the land within `reach` stands above its ray
    to the sun. Slopes are central differences.
    """
    rows, columns = land.shape[0] - 2 * around, land.shape[1] - 2 * around
    light = np.empty((rows, columns), np.float32)
    east, south = math.sin(sun_azimuth), -math.cos(sun_azimuth)
    sine, cosine = math.sin(sun_zenith), math.cos(sun_zenith)
    for row in range(rows):
        for column in range(columns):
            y, x = row + around, column + around
            to_east = 0.5 * (land[y, x + 1] - land[y, x - 1])
            to_south = 0.5 * (land[y + 1, x] - land[y - 1, x])
            normal = math.sqrt(1.0 + to_east * to_east + to_south * to_south)
            value = (cosine - sine * (to_east * east + to_south * south)) / (normal * cosine)
            if value > 0.0 and _horizon(land, y, x, east, south, reach) * sine > cosine:
                value = 0.0
            light[row, column] = max(value, 0.0)
    return light


@kernel
def sky_view(land: Heights, around: int, reach: int, directions: int) -> FloatImage:
    """Share of the light of an even sky that reaches the ground: 1 on flat open ground.

    Integral over the sky above the land of the cosine to the ground's normal, in `directions` sectors, with
    the horizon within `reach` (Dozier and Frew 1990, IEEE Transactions on Geoscience and Remote Sensing 28,
    963-969, equation 7b).
    """
    rows, columns = land.shape[0] - 2 * around, land.shape[1] - 2 * around
    view = np.empty((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            y, x = row + around, column + around
            to_east = 0.5 * (land[y, x + 1] - land[y, x - 1])
            to_south = 0.5 * (land[y + 1, x] - land[y - 1, x])
            normal = math.sqrt(1.0 + to_east * to_east + to_south * to_south)
            total = 0.0
            for number in range(directions):
                azimuth = 2.0 * math.pi * number / directions
                east, south = math.sin(azimuth), -math.cos(azimuth)
                downhill = -(to_east * east + to_south * south)
                # The ground itself ends the sky where it rises; below the horizontal there is none.
                highest = max(_horizon(land, y, x, east, south, reach), -downhill, 0.0)
                zenith = 0.5 * math.pi - math.atan(highest)
                sine = math.sin(zenith)
                total += sine * sine + downhill * (zenith - sine * math.cos(zenith))
            view[row, column] = min(max(total / (directions * normal), 0.0), 1.0)
    return view
