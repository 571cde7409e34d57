"""Towns and bare ground that were taken for clouds: patches of such "cloud" with no cloud around them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.classification import (
    CLOUD_HIGH,
    CLOUD_MEDIUM,
    CLOUD_SHADOW,
    THIN_CIRRUS,
    UNCLASSIFIED,
)
from ipf.kernels.reclassification import MAP_BARE_FIRST, MAP_BARE_LAST, MAP_URBAN

Bytes = npt.NDArray[np.uint8]

DOUBTFUL = (UNCLASSIFIED, CLOUD_MEDIUM)
CLOUDY = (UNCLASSIFIED, CLOUD_MEDIUM, CLOUD_HIGH, THIN_CIRRUS, CLOUD_SHADOW)
CLOUDY_RING = 0.35
"""Share of cloud in the ring around a patch above which the patch is cloud (Sen2Cor 2.8)."""


def ground_cells(classes: Bytes, land_cover: Bytes) -> Bytes:
    """1 on cells of patches of doubtful cloud over towns or over bare ground that have no cloud around them.

    Source: recovery of urban and bare pixels of Sen2Cor 2.8, there on pixels, here on cells of 60 m.
    """
    # Imported where it is used, for every command would start by loading scipy otherwise.
    from scipy import ndimage

    found = np.zeros(classes.shape, np.uint8)
    bare = (land_cover >= MAP_BARE_FIRST) & (land_cover <= MAP_BARE_LAST)
    for ground in (land_cover == MAP_URBAN, bare):
        patches, count = ndimage.label(ground & np.isin(classes, DOUBTFUL))
        ring = np.where(patches == 0, ndimage.grey_dilation(patches, size=(3, 3)), 0)
        around = np.bincount(ring.ravel(), minlength=count + 1)
        cloudy = np.bincount(ring[np.isin(classes, CLOUDY)], minlength=count + 1)
        clear = cloudy <= CLOUDY_RING * around
        clear[0] = False
        found |= clear[patches].astype(np.uint8)
    return found
