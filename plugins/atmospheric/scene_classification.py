"""Step `scene_classification`: what each 20 m pixel shows, and how likely cloud and snow are.

The spectral tests of Sen2Cor 2.8 on top-of-atmosphere reflectance, with B8A as near infrared, and its
recoveries of vegetation, water and soil. Cloud shadow (class 3), the neighbourhood tests (dilations, snow
rings), statistics of the scene (recovery of land and cirrus) and the maps of water, land cover, snow and
slope are not part of it, nor is topographic shadow. Class 1 is never given: the special count of saturated
pixels (65535) does not fit the 15 bits of Level-1C images, and the masks that hold them are not decoded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from ipf_plugins.atmospheric.thresholds import SceneClassificationParameters

from ipf.engine import Bands, BlockStep, Context, reads, writes
from ipf.kernels.classification import classify
from ipf.product.bands import BAND_NAMES

RESOLUTION = 20


@dataclass(frozen=True)
class Inputs:
    """Reflectance, and the ground elevation.

    Of the bands without a test it is only asked whether they hold data: a pixel has a class where all do.
    """

    toa_reflectance: Annotated[Bands, reads(bands=BAND_NAMES, resolution=RESOLUTION)]
    atmospheric_state: AtmosphericState


@dataclass(frozen=True)
class Outputs:
    """Class numbers of the PSD (0-11), and probabilities in percent, 0 where there is no data."""

    scene_classification: Annotated[
        npt.NDArray[np.uint8], writes(unit="class", dtype="uint8", nodata=0, resolution=RESOLUTION)
    ]
    cloud_probability: Annotated[
        npt.NDArray[np.float32],
        writes(unit="%", dtype="uint8", scale=1.0, maximum=100, resolution=RESOLUTION),
    ]
    snow_probability: Annotated[
        npt.NDArray[np.float32],
        writes(unit="%", dtype="uint8", scale=1.0, maximum=100, resolution=RESOLUTION),
    ]


def classify_scene(inputs: Inputs, parameters: SceneClassificationParameters, context: Context) -> Outputs:
    """Classify the pixels of a block."""
    toa = inputs.toa_reflectance
    elevation = inputs.atmospheric_state.ground_elevation.field.mean
    classes, cloud, snow = classify(
        toa["B02"],
        toa["B03"],
        toa["B04"],
        toa["B05"],
        toa["B8A"],
        toa["B10"],
        toa["B11"],
        toa["B12"],
        parameters.snow_possible,
        elevation < parameters.cirrus_elevation_maximum,
        parameters.thresholds,
    )
    missing = np.any([np.isnan(toa[band]) for band in BAND_NAMES], axis=0)
    for layer in (classes, cloud, snow):
        layer[missing] = 0
    return Outputs(classes, cloud, snow)


scene_classification = BlockStep(
    name="scene_classification",
    summary="classes, cloud and snow probabilities at 20 m from spectral tests",
    run=classify_scene,
)
