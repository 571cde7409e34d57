"""Step `quality_masks`: cloud and snow probabilities at 60 m, the mean of those at 20 m.

Detector footprints, quality masks and the cloud mask of Level-1C need no step: the product passes them on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from ipf.engine import BlockStep, Context, NoParameters, reads, writes

RESOLUTION = 60
FloatImage = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Inputs:
    """Probabilities in percent; the engine averages them to 60 m."""

    cloud_probability: Annotated[FloatImage, reads(resolution=RESOLUTION)]
    snow_probability: Annotated[FloatImage, reads(resolution=RESOLUTION)]


@dataclass(frozen=True)
class Outputs:
    """The same at 60 m."""

    cloud_probability_60m: Annotated[
        FloatImage, writes(unit="%", dtype="uint8", scale=1.0, maximum=100, resolution=RESOLUTION)
    ]
    snow_probability_60m: Annotated[
        FloatImage, writes(unit="%", dtype="uint8", scale=1.0, maximum=100, resolution=RESOLUTION)
    ]


def average(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Pass the averages on."""
    return Outputs(inputs.cloud_probability, inputs.snow_probability)


quality_masks = BlockStep(name="quality_masks", summary="cloud and snow probabilities at 60 m", run=average)
