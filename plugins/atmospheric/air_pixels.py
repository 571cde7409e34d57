"""The pixels of a block on which the air over it is evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.fields import TileField

from ipf.engine import Context
from ipf.kernels import pixels
from ipf.kernels.ground import spread
from ipf.product.raster import Window

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]

AIR_RESOLUTION = 20
"""Pixel size in metres of the maps that the air is known from; bands of 60 m have their own."""


@dataclass(frozen=True)
class AirPixels:
    """Pixels of a block, `resolution` metres wide; the first is `row`, `column` of the tile."""

    row: int
    column: int
    rows: int
    columns: int
    resolution: int

    @classmethod
    def of(cls, context: Context) -> AirPixels:
        """The pixels for the block and the band of a step."""
        assert context.window is not None
        assert context.grid is not None
        window, size = context.window, context.grid.resolution
        resolution = max(AIR_RESOLUTION, size)
        row, column, rows, columns = (
            number * size // resolution for number in (window.row, window.column, window.height, window.width)
        )
        return cls(row, column, rows, columns, resolution)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def place(self) -> tuple[int, int, float]:
        """Where the block is, as kernels take it."""
        return self.row, self.column, float(self.resolution)

    def mean(self, layer: FloatImage) -> FloatImage:
        """A layer of the block, of 20 m, on these pixels."""
        factor = layer.shape[0] // self.rows
        return layer if factor == 1 else pixels.block_mean(layer, factor)

    def classes(self, layer: ByteImage) -> ByteImage:
        """A class map of the block, of 20 m, on these pixels."""
        factor = layer.shape[0] // self.rows
        return layer if factor == 1 else pixels.pick(layer, factor)

    def from_coarse(self, layer: FloatImage, margin: int) -> FloatImage:
        """A layer of 60 m that has a margin of so many pixels, bilinear between its pixels."""
        return spread(layer, self.shape, float(self.resolution), margin)

    def sun_cosine(self, model: AtmosphereModel) -> FloatImage:
        """Cosine of the sun zenith over flat ground."""
        sun = model.angles.sun.filled()
        cosine = TileField.of(np.cos(np.deg2rad(sun.zenith)), sun.row_step)
        return cosine.over(Window(self.row, self.column, self.rows, self.columns), self.resolution)
