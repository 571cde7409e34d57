"""Images of a Level-2A product from what was computed once: coarser ones, finer ones, figures.

Bands are computed at their native pixel size, the maps of aerosol and water vapour at 20 m. Coarser images
are means of counts, finer ones repeat them: official products make their 60 m AOT and probabilities so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from ipf.kernels import pixels
from ipf.product.level_2a import BOA_OFFSET
from ipf.product.raster import Raster

Counts = npt.NDArray[np.uint16]
Bytes = npt.NDArray[np.uint8]
Rasters = Mapping[str, Raster]

NODATA = 0
NATIVE_RESOLUTION_OF_MAPS = 20
"""Pixel size in metres of aerosol, water vapour and classes."""
THOUSANDTH = 1e-3
"""Optical thickness, or cm of water, of one count of AOT and WVP."""


def resolutions_of(content: str, images: Mapping[int, tuple[str, ...]]) -> Iterator[int]:
    """Pixel sizes in metres at which `images` has one of `content`, the finest first."""
    return (resolution for resolution, contents in images.items() if content in contents)


def resampled(counts: Counts, resolution: int, wanted: int) -> Counts:
    """Counts on pixels of `wanted` metres: mean of the pixels inside (no data if one is), or repeated."""
    if wanted == resolution:
        return counts
    if wanted < resolution:
        return pixels.repeat(counts, resolution // wanted)
    return pixels.mean_of_counts(counts, wanted // resolution, NODATA)


def where_classified(counts: Counts, classes: Bytes) -> Counts:
    """Counts with no data wherever the scene classification has none."""
    return np.where(classes == NODATA, np.uint16(NODATA), counts)


def mean_of_valid(counts: Counts, scale: float) -> float:
    """Mean physical value of the pixels with data, 0 without any."""
    valid = int(np.count_nonzero(counts))
    return scale * int(counts.sum(dtype=np.uint64)) / valid if valid else 0.0


def negative_percentage(counts: Counts) -> float:
    """Share of the pixels with data whose reflectance is negative, in percent."""
    valid = int(np.count_nonzero(counts))
    below = int(np.count_nonzero(counts < -BOA_OFFSET)) - (counts.size - valid)
    return 100.0 * below / valid if valid else 0.0
