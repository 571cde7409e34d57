"""Ground of a simulated datastrip: hills that fall to the sea all around."""

from __future__ import annotations

import numpy as np
import pyproj
from ipf_plugins.simulator.map_scenes import Texture

from ipf.geometry.acquisition import FloatArray
from ipf.geometry.orthorectification import MapArea
from ipf.geometry.terrain import Terrain

POST_DEG = 1.0 / 3600.0
"""Between posts, along a meridian: 31 m."""
DECIMALS = 2
"""Of heights in metres."""
SHORE_M = 3000.0
"""Width of the slope down to the sea, beyond the margin."""
WAVELENGTHS_M = (2000.0, 12000.0)
_EDGE = 65
_ROWS = 256


def ground_of(area: MapArea, margin: float, relief: float, seed: int) -> Terrain:
    """Heights (m above the ellipsoid) on a regular mesh of degrees around an area, `relief` metres in all.

    Hills of 2 to 12 km that go down to 0 between `margin` and `SHORE_M` more around the area.
    """
    reach = margin + 1.5 * SHORE_M
    along = np.linspace(-reach, area.size + reach, _EDGE)
    longitude, latitude = area.geographic(along[:, np.newaxis], along[np.newaxis, :])
    if np.ptp(longitude) > 180.0:
        longitude = longitude % 360.0
    wide = float(POST_DEG / np.cos(np.deg2rad(latitude.mean())))
    west, north = float(longitude.min()), float(latitude.max())
    columns = int(np.ceil(np.ptp(longitude) / wide)) + 1
    rows = int(np.ceil(np.ptp(latitude) / POST_DEG)) + 1
    heights, shore = np.zeros((rows, columns), np.float32), np.empty((rows, columns), np.float32)
    hills = Texture.of(*WAVELENGTHS_M, seed=seed + 1)
    to_map = pyproj.Transformer.from_crs(4326, area.epsg, always_xy=True)
    for first in range(0, rows, _ROWS):
        stripe = slice(first, min(first + _ROWS, rows))
        posts = np.meshgrid(west + wide * np.arange(columns), north - POST_DEG * np.arange(rows)[stripe])
        eastings, northings = (np.ascontiguousarray(axis) for axis in to_map.transform(*posts))
        hills.add(1.0, eastings, northings, heights[stripe])
        shore[stripe] = _island(area.size, margin, area.top - northings) * _island(
            area.size, margin, eastings - area.left
        )
    heights -= heights.min()
    heights *= relief / max(float((heights * shore).max()), 1e-6)
    rounded = np.round(heights * shore, DECIMALS).astype(np.float32)
    return Terrain(np.ascontiguousarray(rounded), west, north, wide, POST_DEG)


def _island(size: float, margin: float, places: FloatArray) -> FloatArray:
    """1 within the margin of the area, 0 from `SHORE_M` beyond it, and a smooth step between."""
    outside = np.maximum(-margin - places, places - size - margin)
    share = np.clip(outside / SHORE_M, 0.0, 1.0)
    return np.asarray(1.0 - share * share * (3.0 - 2.0 * share))
