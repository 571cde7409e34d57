"""The ground that lines of sight meet: heights of posts on a regular mesh of longitudes and latitudes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Terrain:
    """Heights of posts above the ellipsoid (WGS 84) in metres, the geoid included; bilinear between posts.

    heights : (rows, cols) float32, row 0 northernmost, column 0 westernmost, no void
    west, north : longitude and latitude of the first post in degrees; east of a mosaic that crosses the
        antimeridian, longitudes go on beyond 180
    step_lon, step_lat : distances between posts in degrees, both positive
    """

    heights: npt.NDArray[np.float32]
    west: float
    north: float
    step_lon: float
    step_lat: float
