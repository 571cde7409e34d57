"""A satellite above a place, mosaics under it, and where its lines of sight end, slowly found."""

from __future__ import annotations

import erfa
import numpy as np
import numpy.typing as npt

from ipf.geometry.terrain import Terrain

Floats = npt.NDArray[np.float64]

ALTITUDE = 786e3
STEP = 1.0 / 1200.0


def nadir_pose(longitude: float, latitude: float) -> Floats:
    """Pose (12,) of a satellite above a place (degrees): x looks east, y south, z down."""
    lam, phi = np.deg2rad(longitude), np.deg2rad(latitude)
    east = np.array([-np.sin(lam), np.cos(lam), 0.0])
    up = np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    north = np.cross(up, east)
    position = erfa.gd2gc(1, lam, phi, ALTITUDE)
    matrix = np.stack([east, -north, -up], axis=1)
    return np.concatenate([matrix.ravel(), position])


def mosaic(longitude: float, latitude: float, heights: Floats) -> Terrain:
    """A mosaic of nearly square cells with its middle at a place."""
    rows, columns = heights.shape
    wide = STEP / np.cos(np.deg2rad(latitude))
    west, north = longitude - (columns - 1) / 2 * wide, latitude + (rows - 1) / 2 * STEP
    return Terrain(np.ascontiguousarray(heights, np.float32), west, north, float(wide), STEP)


def bilinear(terrain: Terrain, longitude: Floats, latitude: Floats) -> Floats:
    """Heights of the mosaic at places (degrees); NaN off it."""
    turned = terrain.west + (longitude - terrain.west + 1e-9) % 360.0 - 1e-9
    column, row = (turned - terrain.west) / terrain.step_lon, (terrain.north - latitude) / terrain.step_lat
    rows, columns = terrain.heights.shape
    inside = (column >= 0) & (column <= columns - 1) & (row >= 0) & (row <= rows - 1)
    j = np.clip(np.floor(np.where(inside, column, 0)), 0, columns - 2).astype(int)
    i = np.clip(np.floor(np.where(inside, row, 0)), 0, rows - 2).astype(int)
    u, v = column - j, row - i
    z = terrain.heights.astype(np.float64)
    north = (1 - u) * z[i, j] + u * z[i, j + 1]
    south = (1 - u) * z[i + 1, j] + u * z[i + 1, j + 1]
    return np.where(inside, (1 - v) * north + v * south, np.nan)


def first_meeting(terrain: Terrain, pose: Floats, x: float, y: float, spacing: float = 0.25) -> Floats:
    """Longitude, latitude (degrees), height (m) where a line of sight first is below the mosaic.

    Stepped along from above the highest post, `spacing` metres at a time, then halved; NaN if it never is
    before it leaves the mosaic.
    """
    matrix, position = pose[:9].reshape(3, 3), pose[9:]
    direction = matrix @ np.array([x, y, 1.0])
    lowest, highest = terrain.bounds()
    # Distances at which the line comes to the two heights, from a plane: generous.
    slant = np.linalg.norm(direction)
    tilt = np.hypot(x, y) * ALTITUDE
    drop = tilt**2 / 2 / 6.35e6
    begin = ALTITUDE + drop * 0.99 - highest - 30.0
    end = ALTITUDE + drop * 1.3 - lowest + 30.0
    distances = np.arange(begin, end, spacing / slant)

    def above(at: Floats) -> Floats:
        longitude, latitude, height = _geodetic(position + at[:, None] * direction)
        return height - bilinear(terrain, longitude, latitude)

    values = above(distances)
    sure = np.flatnonzero(~(values > 0))
    high = np.array([_geodetic(position + distances[:1, None] * direction)[2][0]])
    assert high[0] > highest, "stepping began too low"
    if sure.size == 0 or np.isnan(values[sure[0]]):
        return np.full(3, np.nan)
    low, up = distances[sure[0]], distances[sure[0] - 1]
    for _ in range(60):
        middle = 0.5 * (low + up)
        if above(np.array([middle]))[0] > 0:
            up = middle
        else:
            low = middle
    longitude, latitude, height = _geodetic(position + np.array([[low]]) * direction)
    return np.array([longitude[0], latitude[0], height[0]])


def _geodetic(points: Floats) -> tuple[Floats, Floats, Floats]:
    """Longitude, latitude (degrees) and height (m) of points (n, 3), by SOFA."""
    longitude, latitude, height = erfa.gc2gd(1, points)
    return np.rad2deg(longitude), np.rad2deg(latitude), np.asarray(height)
