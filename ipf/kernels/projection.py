"""Inverse location: which line and pixel look at a place, by Newton's method in the plane of viewing angles.

At a time, a place is seen in the direction (x, y, 1) of the instrument's frame; a pixel looks in such a
direction too. Time and pixel are sought for which both are the same. The motion of the satellite during a
step of the time is known from the poses, so that the steps converge quadratically: two or three are enough.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ipf.kernels.ellipsoid import terrestrial
from ipf.kernels.jit import kernel
from ipf.kernels.poses import interpolate_pose_rate

Floats = npt.NDArray[np.float64]
Vector = tuple[float, float, float]

MOST_STEPS = 12
SETTLED_STEPS = 2
"""Steps after which a time or pixel far outside its range will not come back."""


@kernel
def project_points(
    poses: Floats,
    directions: tuple[Floats, Floats],
    places: tuple[Floats, Floats, Floats],
    guess: Floats,
    limits: Floats,
    tolerance: tuple[float, float],
    found: tuple[Floats, Floats],
) -> None:
    """Fill `found`, rows of `poses` and pixels (points,), NaN where there are none within `limits`.

    `places` are longitudes and latitudes (degrees) and heights (m); `directions` x and y (pixels,) of pixels.
    `guess`, (2, 4), gives a first row and pixel as constant and factors of the coordinates in ITRS; `limits`,
    (2, 2), are the least and greatest row and pixel. A step within `tolerance` (rows, pixels) is the last
    one.
    """
    pose, rate = np.empty(12), np.empty(12)
    for i in range(places[0].shape[0]):
        longitude, latitude = places[0][i] * (math.pi / 180.0), places[1][i] * (math.pi / 180.0)
        point = terrestrial(longitude, latitude, places[2][i])
        found[0][i], found[1][i] = _project(poses, directions, point, guess, limits, tolerance, pose, rate)


@kernel
def _project(
    poses: Floats,
    directions: tuple[Floats, Floats],
    point: Vector,
    guess: Floats,
    limits: Floats,
    tolerance: tuple[float, float],
    pose: Floats,
    rate: Floats,
) -> tuple[float, float]:
    """Row and pixel that see a point (ITRS, m)."""
    row = guess[0, 0] + guess[0, 1] * point[0] + guess[0, 2] * point[1] + guess[0, 3] * point[2]
    pixel = guess[1, 0] + guess[1, 1] * point[0] + guess[1, 2] * point[1] + guess[1, 3] * point[2]
    count = directions[0].shape[0]
    for step in range(MOST_STEPS):
        row = min(max(row, limits[0, 0]), limits[0, 1])
        interpolate_pose_rate(poses, row, pose, rate)
        x, y, rate_x, rate_y, seen = _direction_of(pose, rate, point)
        if not seen:
            break
        first = min(max(math.floor(pixel), 0), count - 2)
        slope_x = directions[0][first + 1] - directions[0][first]
        slope_y = directions[1][first + 1] - directions[1][first]
        miss_x = x - directions[0][first] - (pixel - first) * slope_x
        miss_y = y - directions[1][first] - (pixel - first) * slope_y
        determinant = rate_y * slope_x - rate_x * slope_y
        row_step = (slope_y * miss_x - slope_x * miss_y) / determinant
        pixel_step = (rate_y * miss_x - rate_x * miss_y) / determinant
        row, pixel = row + row_step, pixel + pixel_step
        if abs(row_step) < tolerance[0] and abs(pixel_step) < tolerance[1]:
            if _within(row, limits[0], 0.0) and _within(pixel, limits[1], 0.0):
                return row, pixel
            break
        if step >= SETTLED_STEPS and not (
            _within(row, limits[0], 0.5 * (limits[0, 1] - limits[0, 0])) and _within(pixel, limits[1], count)
        ):
            break
    return math.nan, math.nan


@kernel
def _within(value: float, limits: Floats, slack: float) -> bool:
    """Whether a value is between two limits, or outside by less than the slack."""
    return bool(limits[0] - slack <= value <= limits[1] + slack)


@kernel
def _direction_of(pose: Floats, rate: Floats, point: Vector) -> tuple[float, float, float, float, bool]:
    """Direction x and y of a point in the instrument's frame, their rates, and whether it is seen."""
    vx, vy, vz = point[0] - pose[9], point[1] - pose[10], point[2] - pose[11]
    if vx * point[0] + vy * point[1] + vz * point[2] >= 0.0:
        return 0.0, 0.0, 0.0, 0.0, False  # behind the horizon
    # Rows of the inverse matrix, times its determinant, are cross products of the columns.
    i0, i1, i2 = _cross(pose, 1, 2)
    j0, j1, j2 = _cross(pose, 2, 0)
    k0, k1, k2 = _cross(pose, 0, 1)
    along = k0 * vx + k1 * vy + k2 * vz
    if along <= 0.0:
        return 0.0, 0.0, 0.0, 0.0, False
    determinant = pose[2] * k0 + pose[5] * k1 + pose[8] * k2
    x = (i0 * vx + i1 * vy + i2 * vz) / along
    y = (j0 * vx + j1 * vy + j2 * vz) / along
    # The point stays: the matrix times a change of the direction balances position and matrix.
    depth = along / determinant
    mx = -rate[9] - depth * (rate[0] * x + rate[1] * y + rate[2])
    my = -rate[10] - depth * (rate[3] * x + rate[4] * y + rate[5])
    mz = -rate[11] - depth * (rate[6] * x + rate[7] * y + rate[8])
    rate_along = k0 * mx + k1 * my + k2 * mz
    rate_x = (i0 * mx + i1 * my + i2 * mz - x * rate_along) / along
    rate_y = (j0 * mx + j1 * my + j2 * mz - y * rate_along) / along
    return x, y, rate_x, rate_y, True


@kernel
def _cross(pose: Floats, a: int, b: int) -> Vector:
    """Cross product of two columns of the matrix."""
    return (
        pose[3 + a] * pose[6 + b] - pose[6 + a] * pose[3 + b],
        pose[6 + a] * pose[b] - pose[a] * pose[6 + b],
        pose[a] * pose[3 + b] - pose[3 + a] * pose[b],
    )
