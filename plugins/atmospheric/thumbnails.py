"""Small images of what passes by on its way into a product, for the page that shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from ipf_plugins.atmospheric.l2a_images import NATIVE_RESOLUTION_OF_MAPS, Bytes, Counts, resampled

from ipf.kernels import pixels
from ipf.product.bands import BY_NAME
from ipf.product.images import decode_reduced
from ipf.product.level_2a import BOA_OFFSET
from ipf.product.raster import Grid
from ipf.product.reader import SafeProduct

LARGEST_SIDE = 1100
"""Most pixels along a side."""
_COARSE_STEP = 60


def thumbnail_resolution(grid: Grid) -> int:
    """Pixel size in metres at which the area of `grid` has at most `LARGEST_SIDE` pixels a side.

    10, 20, or a multiple of 60, so that every image is reduced by a whole factor.
    """
    side = max(grid.shape) * grid.resolution
    coarse = _COARSE_STEP * -(-side // (_COARSE_STEP * LARGEST_SIDE))
    return next((size for size in (10, 20) if side <= size * LARGEST_SIDE), coarse)


class Thumbnails:
    """Bands of Level-1C and of Level-2A, maps and classes of a tile, all on the pixels of `grid`.

    `before` and `after` are reflectance counts of Level-2A by band, 0 for no data; `maps` those of aerosol
    and water vapour by the name of their images (``AOT``, ``WVP``).
    """

    def __init__(self, l1c: SafeProduct) -> None:
        self._l1c = l1c
        grid = l1c.grid
        resolution = thumbnail_resolution(grid)
        rows, columns = (side * grid.resolution // resolution for side in grid.shape)
        self.grid = replace(grid, resolution=resolution, rows=rows, columns=columns)
        self.before: dict[str, Counts] = {}
        self.after: dict[str, Counts] = {}
        self.maps: dict[str, Counts] = {}
        self.classes: Bytes = np.zeros(self.grid.shape, np.uint8)

    def add_band(self, band: str, counts: Counts) -> None:
        """Keep a band at the surface, at its native pixel size."""
        self.after[band] = self._reduced(counts, BY_NAME[band].resolution)

    def add_map(self, content: str, counts: Counts) -> None:
        """Keep a map of 20 m pixels."""
        self.maps[content] = self._reduced(counts, NATIVE_RESOLUTION_OF_MAPS)

    def add_classes(self, classes: Bytes) -> None:
        """Keep the scene classification of 20 m pixels."""
        wanted = self.grid.resolution
        if wanted < NATIVE_RESOLUTION_OF_MAPS:
            picked = pixels.repeat(classes, NATIVE_RESOLUTION_OF_MAPS // wanted)
        else:
            picked = pixels.pick(classes, wanted // NATIVE_RESOLUTION_OF_MAPS)
        self.classes = np.ascontiguousarray(picked[: self.grid.rows, : self.grid.columns])

    def read_level_1c(self, band: str) -> None:
        """Read a band of Level-1C coarsely from its file; bands may be read side by side."""
        raster = self._l1c.bands[f"toa_reflectance/{band}"]
        counts = decode_reduced(Path(raster.source), raster.grid, self.grid)
        shift = int(raster.offset - BOA_OFFSET)
        self.before[band] = np.where(counts > 0, counts + shift, 0).astype(np.uint16)

    def _reduced(self, counts: Counts, resolution: int) -> Counts:
        image = resampled(counts, resolution, self.grid.resolution)
        return np.ascontiguousarray(image[: self.grid.rows, : self.grid.columns])
