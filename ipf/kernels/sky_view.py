"""Share of the sky that the ground sees: horizons in several directions, and their integral.

On a grid coarse enough to be cheap, since the view of the sky varies slowly. NaN is no terrain and hides
nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]


@kernel
def sky_view(
    elevation: FloatImage,
    east: FloatImage,
    north: FloatImage,
    margin: int,
    spacing: float,
    directions: int,
    distances: npt.NDArray[np.int64],
) -> FloatImage:
    """Share of isotropic light from the sky that tilted ground receives, 0-1, without the margin.

    elevation : metres, with `margin` pixels of `spacing` metres on each side; east, north : rises of the
        ground without the margin (`ipf.kernels.terrain.slopes`).
    directions : number of directions, evenly spread from north.
    distances : pixels away at which terrain is looked at in each direction, less than `margin`.

    The mean over directions φ of ``cos S sin²H + sin S cos(φ - A) (H - sin H cos H)`` for a slope S, its
    aspect A (downhill) and the horizon H, an angle from the zenith of at most 90 degrees (Dozier, J., and
    Frew, J., 1990, Rapid calculation of terrain parameters for radiation modeling from digital elevation
    data, IEEE TGRS 28, 963-969). The ground's own plane is part of the horizon, which makes an open slope see
    (1 + cos S) / 2.
    """
    total = np.zeros_like(east)
    tangent = np.empty_like(east)
    for direction in range(directions):
        azimuth = 2.0 * np.pi * direction / directions
        to_east, to_north = np.sin(azimuth), np.cos(azimuth)
        _own_plane(east, north, to_east, to_north, tangent)
        for distance in distances:
            _raise_horizon(elevation, margin, to_east * distance, to_north * distance, spacing, tangent)
        _add_direction(east, north, to_east, to_north, tangent, total)
    share = np.float32(1.0 / directions)
    for row in range(total.shape[0]):
        for column in range(total.shape[1]):
            value = total[row, column] * share
            if not np.isnan(value):
                value = min(max(value, np.float32(0.0)), np.float32(1.0))
            total[row, column] = value
    return total


@kernel
def _own_plane(
    east: FloatImage, north: FloatImage, to_east: float, to_north: float, tangent: FloatImage
) -> None:
    """Tangent of the horizon that the ground's own plane makes, not less than 0."""
    x, y, zero = np.float32(to_east), np.float32(to_north), np.float32(0.0)
    for row in range(tangent.shape[0]):
        for column in range(tangent.shape[1]):
            rise = x * east[row, column] + y * north[row, column]
            tangent[row, column] = rise if rise > zero else zero


@kernel
def _raise_horizon(
    elevation: FloatImage,
    margin: int,
    to_east: float,
    to_north: float,
    spacing: float,
    tangent: FloatImage,
) -> None:
    """Raise `tangent` to the terrain that stands at an offset in pixels, bilinear between pixel centres."""
    down = int(np.floor(-to_north))
    right = int(np.floor(to_east))
    share_down, share_right = np.float32(-to_north - down), np.float32(to_east - right)
    inverse = np.float32(1.0 / (np.hypot(to_east, to_north) * spacing))
    columns = tangent.shape[1]
    for row in range(tangent.shape[0]):
        here = elevation[row + margin, margin : margin + columns]
        upper = elevation[row + margin + down, margin + right : margin + right + columns + 1]
        lower = elevation[row + margin + down + 1, margin + right : margin + right + columns + 1]
        line = tangent[row]
        for column in range(columns):
            high = upper[column] + (upper[column + 1] - upper[column]) * share_right
            low = lower[column] + (lower[column + 1] - lower[column]) * share_right
            rise = (high + (low - high) * share_down - here[column]) * inverse
            line[column] = rise if rise > line[column] else line[column]


@kernel
def _add_direction(
    east: FloatImage,
    north: FloatImage,
    to_east: float,
    to_north: float,
    tangent: FloatImage,
    total: FloatImage,
) -> None:
    """Add what the ground would receive were the horizon the same all around."""
    x, y = np.float32(to_east), np.float32(to_north)
    one, right_angle = np.float32(1.0), np.float32(np.pi / 2)
    for row in range(total.shape[0]):
        for column in range(total.shape[1]):
            rise_east, rise_north = east[row, column], north[row, column]
            normal = one / np.sqrt(one + rise_east * rise_east + rise_north * rise_north)
            height = tangent[row, column]
            open_square = one / (one + height * height)
            angle = right_angle - np.arctan(height)
            downhill = -(x * rise_east + y * rise_north)
            through = open_square + downhill * (angle - height * open_square)
            total[row, column] += normal * through


@kernel
def enlarge(values: FloatImage, factor: int) -> FloatImage:
    """Bilinear values at pixels `factor` times finer, without the rim of one pixel that `values` has.

    NaN takes the value beside it, so that the field is level beyond the edge of a scene.
    """
    rows, columns = values.shape[0] - 2, values.shape[1] - 2
    fine = np.empty((rows * factor, columns * factor), np.float32)
    for row in range(rows * factor):
        i, down = _before(row, factor)
        for column in range(columns * factor):
            j, right = _before(column, factor)
            upper = _between(values[i, j], values[i, j + 1], right)
            lower = _between(values[i + 1, j], values[i + 1, j + 1], right)
            fine[row, column] = _between(upper, lower, down)
    return fine


@kernel
def _before(place: int, factor: int) -> tuple[int, np.float32]:
    """Coarse pixel (of those with a rim) whose centre lies before a fine one's, and the share of the way."""
    position = (place + 0.5) / factor + 0.5
    before = int(np.floor(position))
    return before, np.float32(position - before)


@kernel
def _between(before: np.float32, after: np.float32, share: np.float32) -> np.float32:
    """Value a share of the way from one to another; where one is NaN, the other."""
    if np.isnan(before):
        return after
    if np.isnan(after):
        return before
    return before + (after - before) * share
