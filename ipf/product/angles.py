"""Sun and viewing angles of a tile, on the grid of its metadata.

Angles are given at nodes 5 km apart, 23 x 23 of them, the first on the tile's upper-left corner (PSD 14.8,
A_L1C_ANGLES). Zenith angles count from the local vertical, azimuths clockwise from north, both seen from the
ground, in degrees. NaN stands where a detector does not see the node.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

NODE_STEP = 5000.0
"""Distance between nodes in metres."""
NODE_COUNT = 23
"""Nodes per side of a tile."""


@dataclass(frozen=True, slots=True)
class Direction:
    """Mean direction: zenith and azimuth in degrees."""

    zenith: float
    azimuth: float


@dataclass(frozen=True, slots=True, eq=False)
class AngleGrid:
    """Zenith and azimuth (degrees, float64, NaN where absent) at the nodes, rows going south, columns east.

    `row_step` and `column_step` are the distances between nodes in metres; the first node lies on the tile's
    upper-left corner.
    """

    zenith: FloatArray
    azimuth: FloatArray
    row_step: float = NODE_STEP
    column_step: float = NODE_STEP

    def __post_init__(self) -> None:
        if self.zenith.ndim != 2 or self.zenith.shape != self.azimuth.shape:
            raise ValueError(
                f"zenith of shape {self.zenith.shape} and azimuth of shape {self.azimuth.shape}, expected two"
                " equal grids"
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AngleGrid):
            return NotImplemented
        return (
            (self.row_step, self.column_step) == (other.row_step, other.column_step)
            and np.array_equal(self.zenith, other.zenith, equal_nan=True)
            and np.array_equal(self.azimuth, other.azimuth, equal_nan=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def filled(self) -> AngleGrid:
        """The grid with each absent node given the value of the nearest present one.

        Pixels between the last node that a detector sees and the edge of the image need an angle too. Raises
        ValueError when no node is present.
        """
        # Imported where it is used, for every command would start by loading scipy otherwise.
        from scipy.ndimage import distance_transform_edt

        absent = np.isnan(self.zenith) | np.isnan(self.azimuth)
        if absent.all():
            raise ValueError("an angle grid without a single value cannot be filled")
        nearest = distance_transform_edt(
            absent,
            sampling=(self.row_step, self.column_step),
            return_distances=False,
            return_indices=True,
        )
        rows, columns = nearest
        return AngleGrid(
            self.zenith[rows, columns], self.azimuth[rows, columns], self.row_step, self.column_step
        )

    def at(self, southing: FloatArray, easting: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Zenith and azimuth (degrees, 0-360) at points given in metres from the upper-left corner.

        Bilinear in the zenith and in the sine and cosine of the azimuth, so that a grid crossing north is
        right. `southing` and `easting` broadcast together; points beyond the nodes raise ValueError.
        """
        from scipy.interpolate import RegularGridInterpolator

        rows = np.arange(self.zenith.shape[0]) * self.row_step
        columns = np.arange(self.zenith.shape[1]) * self.column_step
        azimuth = np.deg2rad(self.azimuth)
        values = np.stack([self.zenith, np.cos(azimuth), np.sin(azimuth)], axis=-1)
        points = np.stack(np.broadcast_arrays(southing, easting), axis=-1)
        sampled = RegularGridInterpolator((rows, columns), values, bounds_error=True)(points)
        return sampled[..., 0], np.rad2deg(np.arctan2(sampled[..., 2], sampled[..., 1])) % 360.0


def merged(grids: list[AngleGrid]) -> AngleGrid:
    """One grid of several detectors' grids: at nodes seen by two detectors, the mean of the two.

    The zenith is averaged as a number and the azimuth as a direction on the circle: odd and even detectors
    look to different sides, so a plain mean of azimuths would be wrong near north.
    """
    if not grids:
        raise ValueError("no detector grid to merge")
    zenith = np.stack([grid.zenith for grid in grids])
    azimuth = np.deg2rad(np.stack([grid.azimuth for grid in grids]))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        mean_zenith = np.nanmean(zenith, axis=0)
        mean_azimuth = np.arctan2(np.nanmean(np.sin(azimuth), axis=0), np.nanmean(np.cos(azimuth), axis=0))
    return AngleGrid(mean_zenith, np.rad2deg(mean_azimuth) % 360.0, grids[0].row_step, grids[0].column_step)


@dataclass(frozen=True, slots=True)
class TileAngles:
    """Angles of one tile.

    `viewing` is keyed by band name and detector (1-12), in the order of the document; `mean_viewing` by band
    name.
    """

    sun: AngleGrid
    mean_sun: Direction
    viewing: Mapping[tuple[str, int], AngleGrid]
    mean_viewing: Mapping[str, Direction]

    def detectors(self, band: str) -> tuple[int, ...]:
        """Detectors that see the tile in `band`, in increasing order."""
        return tuple(sorted(detector for name, detector in self.viewing if name == band))

    def viewing_grid(self, band: str) -> AngleGrid:
        """Viewing angles of `band`, all detectors merged (see `merged`); ValueError when there is none."""
        grids = [self.viewing[band, detector] for detector in self.detectors(band)]
        if not grids:
            raise ValueError(f"no viewing angle grid for band {band}")
        return merged(grids)

    def has_viewing(self, band: str) -> bool:
        """Whether any node has viewing angles of `band`."""
        grids = (self.viewing[band, detector] for detector in self.detectors(band))
        return any(not np.isnan(grid.zenith + grid.azimuth).all() for grid in grids)

    def viewing_everywhere(self, band: str) -> AngleGrid:
        """Viewing angles of `band` at every node: where absent those of the nearest node, and of a band that
        has none at any node its mean direction. ValueError naming the band when that is not there either.
        """
        if self.has_viewing(band):
            return self.viewing_grid(band).filled()
        mean = self.mean_viewing.get(band)
        if mean is None:
            raise ValueError(f"no viewing angles of band {band}, neither at nodes nor their mean")
        shape, sun = self.sun.zenith.shape, self.sun
        return AngleGrid(
            np.full(shape, mean.zenith), np.full(shape, mean.azimuth), sun.row_step, sun.column_step
        )

    def viewing_zenith(self, band: str) -> FloatArray:
        """Viewing zenith of `band` at the nodes, degrees, NaN where no detector looks."""
        return self.viewing_grid(band).zenith

    def viewing_azimuth(self, band: str) -> FloatArray:
        """Viewing azimuth of `band` at the nodes, degrees in 0-360, NaN where no detector looks."""
        return self.viewing_grid(band).azimuth
