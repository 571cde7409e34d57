"""Where the sun stands over a tile, as unit vectors on the tile's map.

Azimuths in Sentinel-2 metadata count from true north: the nodes of real tiles agree with the ephemeris of the
sun to some hundredths of a degree, without a trace of the 1 to 2 degrees of a tile's grid convergence. On the
map a direction is turned by that convergence.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj

from ipf.product.angles import AngleGrid
from ipf.product.raster import Grid

Floats = npt.NDArray[np.float64]


def sun_on_map(sun: AngleGrid, grid: Grid) -> Floats:
    """Unit vectors to the sun at the nodes, shape (rows, columns, 3): along the map's easting, its northing,
    and up. `grid` is any grid of the tile: its corner is the first node. A node without angles has those
    of the nearest one that has; ValueError when none has.
    """
    rows, columns = sun.zenith.shape
    turned = grid_convergence(
        grid.epsg, grid.upper_left_x, grid.upper_left_y, rows, columns, sun.row_step, sun.column_step
    )
    whole = sun.filled() if np.isnan(sun.zenith + sun.azimuth).any() else sun
    azimuth, zenith = np.deg2rad(whole.azimuth - turned), np.deg2rad(whole.zenith)
    return np.stack(
        [np.sin(zenith) * np.sin(azimuth), np.sin(zenith) * np.cos(azimuth), np.cos(zenith)], axis=-1
    )


@lru_cache(maxsize=8)
def grid_convergence(
    epsg: int, left: float, top: float, rows: int, columns: int, row_step: float, column_step: float
) -> Floats:
    """Azimuth of grid north in degrees clockwise from true north, at nodes going south and east of a corner.

    Read-only: the array is shared.
    """
    projection = pyproj.Proj(epsg)
    easting, northing = np.meshgrid(left + np.arange(columns) * column_step, top - np.arange(rows) * row_step)
    longitude, latitude = projection(easting, northing, inverse=True)
    convergence = np.asarray(projection.get_factors(longitude, latitude).meridian_convergence, np.float64)
    convergence.flags.writeable = False
    return convergence
