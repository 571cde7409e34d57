"""Where the clouds of a scene stand to their shadows: the direction, and heights matched to dark ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.fields import TileField
from ipf_plugins.atmospheric.sun import grid_convergence

from ipf.kernels.cloud_heights import cast, shade_by_height
from ipf.kernels.morphology import dilate_box
from ipf.product.angles import TileAngles
from ipf.product.raster import Grid, Window

VIEW_BAND = "B04"
"""Band whose view says where clouds appear: its brightness begins the cloud confidence."""
CELL = 60
HEIGHTS = np.arange(300.0, 9001.0, 100.0)
"""Heights in metres that a cloud is tried at."""
LEAST_CELLS = 4
"""A smaller patch of cloud is not matched."""
LEAST_SEEN = 0.15
"""Share of a patch's shadow that must fall on open ground."""
PIECE = 20
"""Cells along the pieces that a large patch is cut into."""
MUCH_BETTER = 0.2
"""How much more of the ground must be shaded at a piece's own height than at that of its patch."""
LEAST_SHADED = 0.3
"""Share of the ground in a matched shadow that must be like shade."""
PIXELS_IN_CELL = 9
WATER_REACH = 51
"""Side in cells of the square of water that a cell of water is compared with."""
DIM_WATER, UNEVEN_WATER = 0.006, 0.012
"""B03 by which shaded water is less bright, and its standard deviation from which water is too uneven."""
MANY_CELLS = 300_000
"""More cells of cloud than this are sampled, every other row and column."""

Bytes = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]


def cloud_direction(angles: TileAngles, grid: Grid, view_parallax: bool) -> tuple[TileField, TileField]:
    """Metres east and north on the map, per metre of height, from a shaded place to where its cloud appears.

    The cloud stands toward the sun; the satellite sees it against ground that lies away from itself:
    ``tan(sun zenith) * sun direction - tan(view zenith) * view direction``. Azimuths count from true north,
    which is up to 6 degrees aside of the map's; `grid` is any of the tile. Without `view_parallax` the sun is
    the mean one, its azimuth taken as the map's, and the satellite straight above.
    """
    if not view_parallax:
        east, north = _horizontal(np.array([[angles.mean_sun.zenith]]), np.array([[angles.mean_sun.azimuth]]))
        return TileField.of(east, 1.0), TileField.of(north, 1.0)
    sun = angles.sun.filled()
    place = grid.epsg, grid.upper_left_x, grid.upper_left_y, *sun.zenith.shape
    turned = grid_convergence(*place, sun.row_step, sun.column_step)
    sun_east, sun_north = _horizontal(sun.zenith, sun.azimuth - turned)
    view = angles.viewing_everywhere(VIEW_BAND)
    view_east, view_north = _horizontal(view.zenith, view.azimuth - turned)
    return TileField.of(sun_east - view_east, sun.row_step), TileField.of(
        sun_north - view_north, sun.row_step
    )


def _horizontal(zenith: Doubles, azimuth: Doubles) -> tuple[Doubles, Doubles]:
    """Metres east and north per metre of height along a direction in degrees."""
    length = np.tan(np.deg2rad(zenith))
    return length * np.sin(np.deg2rad(azimuth)), length * np.cos(np.deg2rad(azimuth))


@dataclass(frozen=True)
class Ground:
    """Pixels (0-9) of each cell of 60 m of a scene: those that would show shade, and those like shade."""

    open: Bytes
    shade: Bytes

    def with_water(self, green: Floats) -> Ground:
        """The ground and even water, which is shaded where it is less bright than the water around it.

        green : B03 of cells of water, NaN elsewhere. Where the water around is uneven it says nothing.
        """
        # Imported where it is used, for every command would start by loading scipy otherwise.
        from scipy import ndimage

        water = ~np.isnan(green)
        if not water.any():
            return self
        share = ndimage.uniform_filter(water.astype(np.float64), WATER_REACH, mode="constant")
        share = np.maximum(share, 1e-6)
        values = np.where(water, green, 0.0).astype(np.float64)
        mean = ndimage.uniform_filter(values, WATER_REACH, mode="constant") / share
        square = ndimage.uniform_filter(values * values, WATER_REACH, mode="constant") / share
        even = water & (square - mean * mean < UNEVEN_WATER**2)
        dim = even & (green < mean - DIM_WATER)
        nine = np.uint8(PIXELS_IN_CELL)
        return Ground(np.where(even, nine, self.open), np.where(dim, nine, self.shade))


def matched_shadow(mask: Bytes, ground: Ground, east: TileField, north: TileField) -> Bytes:
    """1 on cells in the shadow of clouds whose height could be matched to shade-like ground, and beside them.

    mask : clouds on cells of 60 m of the whole scene. A patch of cloud has one height, but for pieces of it
    that another one fits much better.
    """
    from scipy import ndimage

    patches, count = ndimage.label(mask, structure=np.ones((3, 3)), output=np.int32)
    if not count or not ground.shade.any():
        return np.zeros_like(mask)
    pieces, owner = _pieces(patches)
    window = Window(0, 0, *mask.shape)
    to_east, to_north = east.over(window, CELL), north.over(window, CELL)
    stride = 2 if np.count_nonzero(mask) > MANY_CELLS else 1
    seen, shaded = shade_by_height(
        pieces, owner.size - 1, ground.open, ground.shade, to_east, to_north, HEIGHTS, stride
    )
    cells = np.bincount(pieces.ravel(), minlength=owner.size) / stride**2
    height = _heights(
        _shares(seen, shaded, cells), _shares(*_by_patch(owner, count, seen, shaded, cells)), owner
    )
    return dilate_box(cast(pieces, height, to_east, to_north), 1)


def _pieces(patches: Labels) -> tuple[Labels, npt.NDArray[np.intp]]:
    """Patches cut by a grid of `PIECE` cells: the piece of each cell, and the patch of each piece."""
    pieces = np.zeros(patches.shape, np.int32)
    rows, columns = np.nonzero(patches)
    blocks = (rows // PIECE) * (patches.shape[1] // PIECE + 1) + columns // PIECE
    key = patches[rows, columns].astype(np.int64) * (blocks.max() + 1) + blocks
    names, numbers = np.unique(key, return_inverse=True)
    pieces[rows, columns] = numbers + 1
    return pieces, np.concatenate([[0], names // (blocks.max() + 1)]).astype(np.intp)


def _by_patch(
    owner: npt.NDArray[np.intp], count: int, seen: Labels, shaded: Labels, cells: Doubles
) -> tuple[Labels, Labels, Doubles]:
    """Sums over the pieces of each patch."""
    sums = (np.zeros((count + 1, HEIGHTS.size), np.int32), np.zeros((count + 1, HEIGHTS.size), np.int32))
    for total, part in zip(sums, (seen, shaded), strict=True):
        np.add.at(total, owner, part)
    return sums[0], sums[1], np.bincount(owner, weights=cells, minlength=count + 1).astype(np.float64)


def _shares(seen: Labels, shaded: Labels, cells: Doubles) -> Doubles:
    """Share of the open ground that is shaded, by height; 0 where too little is seen."""
    least = PIXELS_IN_CELL * np.maximum(LEAST_SEEN * cells, LEAST_CELLS)
    return np.where(seen >= least[:, np.newaxis], shaded / np.maximum(seen, 1), 0.0)


def _heights(pieces: Doubles, patches: Doubles, owner: npt.NDArray[np.intp]) -> Doubles:
    """Height of each piece, 0 where none fits: that of its patch, or its own; the lowest of equal ones."""
    of_patch = patches.argmax(axis=1)[owner]
    fits = patches.max(axis=1)[owner] >= LEAST_SHADED
    height = np.where(fits, HEIGHTS[of_patch], 0.0)
    there = np.where(fits, pieces[np.arange(owner.size), of_patch], 0.0)
    own = pieces.max(axis=1)
    better = (own >= LEAST_SHADED) & (own > there + MUCH_BETTER)
    height = np.where(better, HEIGHTS[pieces.argmax(axis=1)], height)
    height[0] = 0.0
    return height
