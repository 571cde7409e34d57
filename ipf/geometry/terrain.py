"""Heights of the ground above the ellipsoid, on a regular mosaic of posts in longitude and latitude."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.errors import AuxiliaryError

HeightImage = npt.NDArray[np.float32]

LOWEST, HIGHEST = -1000.0, 10000.0
"""Heights in metres above the ellipsoid that no ground of the Earth leaves (geoid within 107 m)."""


@dataclass(frozen=True, slots=True)
class Terrain:
    """Heights (m, elevation plus geoid) at posts; between four posts the surface is bilinear.

    `heights`, (rows, columns) float32, NaN where unknown. Post (r, c) lies at longitude `west` + c `step_lon`
    and latitude `north` - r `step_lat`, all in degrees. A mosaic across the antimeridian goes on eastwards
    beyond 180. Raises `AuxiliaryError` for a mosaic that no ray can be intersected with.
    """

    heights: HeightImage
    west: float
    north: float
    step_lon: float
    step_lat: float

    def __post_init__(self) -> None:
        rows, columns = self.heights.shape
        if rows < 2 or columns < 2:
            raise AuxiliaryError(f"terrain: {rows} x {columns} posts, expected at least 2 x 2")
        if self.heights.dtype != np.float32 or not self.heights.flags.c_contiguous:
            raise AuxiliaryError("terrain: heights are not a C-contiguous float32 array")
        if self.step_lon <= 0 or self.step_lat <= 0:
            raise AuxiliaryError(
                f"terrain: steps {self.step_lon}, {self.step_lat} degrees, expected positive"
            )
        if (columns - 1) * self.step_lon >= 360.0 or abs(self.north) > 90.0 + self.step_lat:
            raise AuxiliaryError("terrain: the mosaic goes once around the Earth or beyond a pole")
        lowest, highest = self.bounds()
        if not LOWEST <= lowest <= highest <= HIGHEST:
            raise AuxiliaryError(
                f"terrain: heights of {lowest:g} to {highest:g} m, expected {LOWEST:g} to {HIGHEST:g}"
            )

    def mesh(self) -> tuple[float, float, float, float]:
        """Longitude and latitude of the first post in radians, and columns and rows per radian."""
        first = float(np.deg2rad(self.west)), float(np.deg2rad(self.north))
        return *first, float(1.0 / np.deg2rad(self.step_lon)), float(1.0 / np.deg2rad(self.step_lat))

    def bounds(self) -> tuple[float, float]:
        """Lowest and highest height, metres; raises `AuxiliaryError` where no post has a height."""
        lowest, highest = np.fmin.reduce(self.heights, axis=None), np.fmax.reduce(self.heights, axis=None)
        if np.isnan(lowest):
            raise AuxiliaryError("terrain: no post has a height")
        return float(lowest), float(highest)
