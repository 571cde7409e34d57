"""Rules of the scene classification that look at neighbours: growth of clouds, shadows and snow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.classification_rules import SceneClassificationParameters

from ipf.kernels import reclassification as rules
from ipf.kernels.classification import CLOUD_HIGH, CLOUD_MEDIUM, CLOUD_SHADOW, NO_DATA, SNOW
from ipf.kernels.morphology import dilate_box, majority, select, without_lone

LEAST, AROUND = 4, 1
"""Fewer pixels than this in their 3 x 3 do not grow (Sen2Cor 2.10 leaves patches of up to 3 pixels out)."""

Bytes = npt.NDArray[np.uint8]


def grow_all(classes: Bytes, cloud_confidence: Bytes, parameters: SceneClassificationParameters) -> None:
    """Let clouds, then their shadows, then snow grow over their edges, in place (Sen2Cor 2.10).

    A square of the stated side, rounded off by a median of the same side.
    """
    clouds = select(classes, CLOUD_MEDIUM, CLOUD_HIGH)
    clouds &= cloud_confidence > parameters.cloud_dilation_confidence
    spared = (CLOUD_SHADOW, SNOW) if parameters.growth_spares else (NO_DATA, NO_DATA)
    rules.grow(classes, _grown(clouds, parameters.cloud_dilation), CLOUD_MEDIUM, *spared)
    shadows = select(classes, CLOUD_SHADOW, CLOUD_SHADOW)
    rules.grow(classes, _grown(shadows, parameters.shadow_dilation), CLOUD_SHADOW, SNOW, SNOW)
    snow = select(classes, SNOW, SNOW)
    rules.grow(classes, _grown(snow, parameters.snow_dilation), SNOW, CLOUD_SHADOW, CLOUD_SHADOW)


def _grown(mask: Bytes, side: int) -> Bytes:
    radius = side // 2
    if not mask.any():
        return mask
    return majority(dilate_box(without_lone(mask, LEAST, AROUND), radius), radius)
