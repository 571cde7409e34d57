"""What lies around each pixel: the mean reflectance of a square, for light that is scattered or reflected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.kernels.classification import CLOUD_HIGH, CLOUD_MEDIUM, SATURATED_DEFECTIVE
from ipf.kernels.ground import mean_around

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]

LEFT_OUT = (CLOUD_MEDIUM, CLOUD_HIGH, SATURATED_DEFECTIVE)
"""Classes that do not count as surroundings."""
COARSE = 60
"""Pixel size in metres on which surroundings are averaged."""
LARGEST_RANGE_M = 2000
MARGIN_M = 2160
"""Margin of what `Surroundings` is made from: the largest range, and a pixel for interpolation."""
MARGIN = MARGIN_M // COARSE


@dataclass(frozen=True)
class Surroundings:
    """Reflectance of flat ground on 60 m pixels of a block, with a margin of `MARGIN` pixels, NaN where there
    is no data; and the class of each.

    `LEFT_OUT` are clouds, which shine from above, not from the ground beside the pixel, and would darken all
    around them, and pixels whose reflectance is not known. Among these alone a pixel is its own surroundings.
    """

    reflectance: FloatImage
    classes: ByteImage

    def mean_within(self, range_m: float) -> FloatImage:
        """Mean over the square that reaches `range_m` metres to each side, rounded to whole pixels.

        The result has a margin of one pixel around the block.
        """
        reach = round(range_m / COARSE)
        ground = self.reflectance.copy()
        for unlike in LEFT_OUT:
            ground[self.classes == unlike] = np.nan
        means = mean_around(_within(ground, reach + 1), reach)
        own = _within(self.reflectance, 1)
        return np.where(np.isnan(means), own, means)


def _within(layer: FloatImage, margin: int) -> FloatImage:
    """A layer of `MARGIN` with a smaller margin."""
    unused = MARGIN - margin
    rows, columns = layer.shape
    return np.ascontiguousarray(layer[unused : rows - unused, unused : columns - unused])
