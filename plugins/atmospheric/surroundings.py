"""What lies around each pixel: the mean reflectance of a square, for light that is scattered or reflected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.kernels.ground import mean_around

FloatImage = npt.NDArray[np.float32]

COARSE = 60
"""Pixel size in metres on which surroundings are averaged."""
LARGEST_RANGE_M = 2000
MARGIN_M = 2160
"""Margin of what `Surroundings` is made from: the largest range, and a pixel for interpolation."""
MARGIN = MARGIN_M // COARSE


@dataclass(frozen=True)
class Surroundings:
    """Reflectance of flat ground on 60 m pixels of a block, with a margin of `MARGIN` pixels, NaN where
    there is no data."""

    reflectance: FloatImage

    def mean_within(self, range_m: float) -> FloatImage:
        """Mean over the square that reaches `range_m` metres to each side, rounded to whole pixels.

        The result has a margin of one pixel around the block.
        """
        reach = round(range_m / COARSE)
        unused = MARGIN - reach - 1
        rows, columns = self.reflectance.shape
        inner = self.reflectance[unused : rows - unused, unused : columns - unused]
        return mean_around(np.ascontiguousarray(inner), reach)
