"""Direct location: where the line of sight of a pixel meets the ground or a height above the ellipsoid.

The line of sight is cut out between two shells of the ellipsoid, just above the highest and below the lowest
post. In coordinates of the mosaic (columns, rows, height) this piece is straight to millimetres. It is
followed from cell to cell (Amanatides and Woo 1987, "A fast voxel traversal algorithm for ray tracing"); the
first cell whose bilinear surface it meets is found by a quadratic equation, so that a steep slope cannot be
jumped over. The point is then set on the true line of sight by Newton's method with the slope of the surface
there.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ipf.kernels.ellipsoid import (
    SEMI_MAJOR,
    SEMI_MINOR,
    Line,
    Origin,
    distance_to_shell,
    geodetic,
    origin_at,
)
from ipf.kernels.jit import kernel
from ipf.kernels.poses import interpolate_pose

Floats = npt.NDArray[np.float64]
Heights = npt.NDArray[np.float32]
Mesh = tuple[float, float, float, float]
"""Longitude and latitude of the first post, columns and rows per radian."""

SHELL_MARGIN = 1.0
"""Metres by which the shells enclose the ground: more than they deviate from true heights."""
ON_GROUND = 1e-3
"""Metres above or below the ground from where one straight step ends on it."""
MOST_STEPS = 8
NOWHERE = (math.nan, math.nan, math.nan)


@kernel
def locate_lines(
    poses: Floats,
    places: Floats,
    directions: tuple[Floats, Floats],
    heights: Heights,
    mesh: Mesh,
    bounds: tuple[float, float],
    found: tuple[Floats, Floats, Floats],
) -> None:
    """Fill `found`, three (lines, pixels): longitude, latitude (degrees) and height (m), NaN off the mosaic.

    `places` (lines,) are fractional rows of `poses`; `directions` x and y (pixels,) with z = 1. `heights`
    (rows, columns) is the mosaic, `bounds` its lowest and highest height; with an empty mosaic (0, 0) the
    location is at the height `bounds[0]`.
    """
    x, y = directions
    pose = np.empty(12)
    for i in range(places.shape[0]):
        interpolate_pose(poses, places[i], pose)
        middle = x.shape[0] // 2
        origin = _origin(_line_of_sight(pose, x[middle], y[middle]), bounds[1])
        for j in range(x.shape[0]):
            line = _line_of_sight(pose, x[j], y[j])
            point = _locate(line, origin, heights, mesh, bounds)
            found[0][i, j], found[1][i, j], found[2][i, j] = _degrees(point, origin)


@kernel
def locate_points(
    poses: Floats,
    places: Floats,
    directions: tuple[Floats, Floats],
    heights: Heights,
    mesh: Mesh,
    bounds: tuple[float, float],
    found: tuple[Floats, Floats, Floats],
) -> None:
    """The same for points each with its own time and direction: all arrays but the mosaic are (points,)."""
    x, y = directions
    pose = np.empty(12)
    for i in range(places.shape[0]):
        interpolate_pose(poses, places[i], pose)
        line = _line_of_sight(pose, x[i], y[i])
        origin = _origin(line, bounds[1])
        point = _locate(line, origin, heights, mesh, bounds)
        found[0][i], found[1][i], found[2][i] = _degrees(point, origin)


@kernel
def _line_of_sight(pose: Floats, x: float, y: float) -> Line:
    """The line of sight of the direction (x, y, 1)."""
    return (
        pose[9],
        pose[10],
        pose[11],
        pose[0] * x + pose[1] * y + pose[2],
        pose[3] * x + pose[4] * y + pose[5],
        pose[6] * x + pose[7] * y + pose[8],
    )


@kernel
def _origin(line: Line, height: float) -> Origin:
    """The origin of angles next to where a line of sight comes down to `height`; NaN if it never does."""
    px, py, pz, dx, dy, dz = line
    t = distance_to_shell(line, height)
    return origin_at(px + t * dx, py + t * dy, pz + t * dz)


@kernel
def _degrees(point: tuple[float, float, float], origin: Origin) -> tuple[float, float, float]:
    """Longitude (-180 to 180) and latitude in degrees, and height, from angles that count from an origin."""
    longitude = (origin[0] + point[0]) * (180.0 / math.pi)
    if longitude >= 180.0:
        longitude -= 360.0
    elif longitude < -180.0:
        longitude += 360.0
    return longitude, (origin[3] + point[1]) * (180.0 / math.pi), point[2]


@kernel
def _locate(
    line: Line, origin: Origin, heights: Heights, mesh: Mesh, bounds: tuple[float, float]
) -> tuple[float, float, float]:
    """Where a line of sight meets the ground, or the height `bounds[0]` without a mosaic."""
    if heights.shape[0] == 0:
        return _meet_height(line, origin, bounds[0])
    return _meet_ground(line, origin, heights, mesh, bounds)


@kernel
def _meet_height(line: Line, origin: Origin, height: float) -> tuple[float, float, float]:
    """Where a line of sight comes down to a height above the ellipsoid."""
    px, py, pz, dx, dy, dz = line
    t = distance_to_shell(line, height)
    for _ in range(MOST_STEPS):
        x, y, z = px + t * dx, py + t * dy, pz + t * dz
        longitude, latitude, reached = geodetic(x, y, z, origin)
        if not abs(reached - height) > 0.1 * ON_GROUND:
            return longitude, latitude, reached
        # The gradient of the ellipsoid's equation is the vertical, close enough for a step of centimetres.
        nx, ny = x / SEMI_MAJOR, y / SEMI_MAJOR
        nz = z * SEMI_MAJOR / (SEMI_MINOR * SEMI_MINOR)
        t += (height - reached) * math.sqrt(nx * nx + ny * ny + nz * nz) / (nx * dx + ny * dy + nz * dz)
    return NOWHERE


@kernel
def _meet_ground(
    line: Line, origin: Origin, heights: Heights, mesh: Mesh, bounds: tuple[float, float]
) -> tuple[float, float, float]:
    """Where a line of sight first meets the surface of the mosaic."""
    px, py, pz, dx, dy, dz = line
    start = distance_to_shell(line, bounds[1] + SHELL_MARGIN)
    end = distance_to_shell(line, bounds[0] - SHELL_MARGIN)
    if not start < end:
        return NOWHERE
    longitude, latitude, h1 = geodetic(px + start * dx, py + start * dy, pz + start * dz, origin)
    beyond, farther, h2 = geodetic(px + end * dx, py + end * dy, pz + end * dz, origin)
    first_column, first_row = _first_post(origin, mesh, heights.shape[1])
    c1, r1 = first_column + longitude * mesh[2], first_row - latitude * mesh[3]
    dc, dr, dh = (beyond - longitude) * mesh[2], (latitude - farther) * mesh[3], h2 - h1
    share = _walk(heights, c1, r1, h1, dc, dr, dh)
    if not share >= 0.0:
        return NOWHERE
    length = end - start
    t, step = start + share * length, 0.0
    height = h1
    for _ in range(MOST_STEPS):
        longitude, latitude, height = geodetic(px + t * dx, py + t * dy, pz + t * dz, origin)
        ground, slope_c, slope_r = _surface(
            heights, first_column + longitude * mesh[2], first_row - latitude * mesh[3]
        )
        above = height - ground
        approach = dh - slope_c * dc - slope_r * dr
        # Seen along the slope, the straight piece's own meeting is as good as the surface is known.
        step = -above / approach if approach < -1e-3 * abs(dh) else 0.0
        t += step * length
        if not abs(above) > ON_GROUND or step == 0.0:
            break
    return (
        longitude + step * dc / mesh[2],
        latitude - step * dr / mesh[3],
        height + step * dh,
    )


@kernel
def _first_post(origin: Origin, mesh: Mesh, columns: int) -> tuple[float, float]:
    """Fractional column and row of the mosaic at the origin; the column is the one nearest the middle."""
    half = 0.5 * (columns - 1) / mesh[2]
    from_middle = origin[0] - mesh[0] - half
    from_middle -= 2.0 * math.pi * math.floor(from_middle / (2.0 * math.pi) + 0.5)
    return (from_middle + half) * mesh[2], (mesh[1] - origin[3]) * mesh[3]


@kernel
def _surface(heights: Heights, column: float, row: float) -> tuple[float, float, float]:
    """Height (m) of the surface and its slopes (m per column, m per row); NaN off the mosaic."""
    if not (0.0 <= column <= heights.shape[1] - 1 and 0.0 <= row <= heights.shape[0] - 1):
        return NOWHERE
    j = min(int(column), heights.shape[1] - 2)
    i = min(int(row), heights.shape[0] - 2)
    u, v = column - j, row - i
    z00, z01 = np.float64(heights[i, j]), np.float64(heights[i, j + 1])
    z10, z11 = np.float64(heights[i + 1, j]), np.float64(heights[i + 1, j + 1])
    twist = z11 - z10 - z01 + z00
    slope_c, slope_r = z01 - z00 + twist * v, z10 - z00 + twist * u
    return z00 + slope_c * u + (z10 - z00) * v, slope_c, slope_r


@kernel
def _walk(
    heights: Heights, column: float, row: float, height: float, dc: float, dr: float, dh: float
) -> float:
    """Share (0 to 1) of the straight piece from (column, row, height) on at which it first meets the surface.

    NaN where it leaves the mosaic, or comes to a post without a height, before.
    """
    last_j, last_i = heights.shape[1] - 2, heights.shape[0] - 2
    if not (0.0 <= column <= last_j + 1 and 0.0 <= row <= last_i + 1):
        return math.nan
    j, i = min(int(column), last_j), min(int(row), last_i)
    step_j, step_i = (1 if dc > 0.0 else -1), (1 if dr > 0.0 else -1)
    per_column = 1.0 / abs(dc) if dc != 0.0 else math.inf
    per_row = 1.0 / abs(dr) if dr != 0.0 else math.inf
    next_column = ((j + 1 - column) if dc > 0.0 else (column - j)) * per_column if dc != 0.0 else math.inf
    next_row = ((i + 1 - row) if dr > 0.0 else (row - i)) * per_row if dr != 0.0 else math.inf
    share = 0.0
    while share < 1.0 and 0 <= j <= last_j and 0 <= i <= last_i:
        leave = min(next_column, next_row, 1.0)
        z00, z01 = np.float64(heights[i, j]), np.float64(heights[i, j + 1])
        z10, z11 = np.float64(heights[i + 1, j]), np.float64(heights[i + 1, j + 1])
        if not height + leave * dh > max(max(z00, z01), max(z10, z11)):
            u, v = column + share * dc - j, row + share * dr - i
            twist = z11 - z10 - z01 + z00
            along_c, along_r = z01 - z00 + twist * v, z10 - z00 + twist * u
            above = height + share * dh - (z00 + along_c * u + (z10 - z00) * v)
            met = _first_root(-twist * dc * dr, dh - along_c * dc - along_r * dr, above)
            if met != met:
                return math.nan
            if share + met <= leave + 1e-12:
                return share + met
        elif z00 + z01 + z10 + z11 != z00 + z01 + z10 + z11:
            return math.nan
        share = leave
        if next_column <= next_row:
            j += step_j
            next_column += per_column
        else:
            i += step_i
            next_row += per_row
    return math.nan


@kernel
def _first_root(a: float, b: float, c: float) -> float:
    """Smallest s >= 0 at which a s^2 + b s + c is zero; 0 where c is not above it; infinity if never.

    NaN where c is.
    """
    if c <= 0.0:
        return 0.0
    discriminant = b * b - 4.0 * a * c
    if discriminant < 0.0:
        return math.inf
    q = -0.5 * (b + math.copysign(math.sqrt(discriminant), b))
    if c != c:
        return c
    first = c / q if q != 0.0 else math.inf
    second = q / a if a != 0.0 else math.inf
    if first < 0.0:
        first = math.inf
    if second < 0.0:
        second = math.inf
    return min(first, second)


@kernel
def surface_heights(longitude: Floats, latitude: Floats, heights: Heights, mesh: Mesh, found: Floats) -> None:
    """Fill `found` (points,) with heights (m) of the mosaic at places in degrees; NaN off it."""
    for i in range(longitude.shape[0]):
        origin = (longitude[i] * (math.pi / 180.0), 0.0, 0.0, latitude[i] * (math.pi / 180.0), 0.0, 0.0)
        column, row = _first_post(origin, mesh, heights.shape[1])
        found[i] = _surface(heights, column, row)[0]
