"""Step `scene_classification`: what each 20 m pixel shows, and how likely cloud and snow are.

Begins with the classes of `spectral_classification` and asks where the pixel lies: in the shadow of a cloud,
in relief, beside snow, on a map, in a scene of such statistics. Source: Sen2Cor 2.8, and 2.10 for the growth
of clouds, shadows and snow over their edges. A rule whose map or terrain is not there is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric import neighbourhood_rules, place_rules
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from ipf_plugins.atmospheric.classification_rules import SceneClassificationParameters
from ipf_plugins.atmospheric.cloud_field import CloudField

from ipf.engine import Bands, BlockStep, Context, reads, writes
from ipf.kernels import reclassification as rules
from ipf.kernels.classification import NO_DATA, SATURATED_DEFECTIVE
from ipf.kernels.morphology import median_of_classes

RESOLUTION, CELL = 20, 60
MARGIN = 840
"""Reach of all rules together, in metres and whole cells of 60 m: bright ground 12 pixels, then growth of
clouds 9, of shadows 7, of snow 5, then the median 5. Projected shadow and snow beside snow reach less."""
BORDER = MARGIN // RESOLUTION
STATISTICS_BANDS = ("B10", "B09", "B8A")

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class ElevationModel(Protocol):
    """What is asked of the elevation model: whether there is one."""

    @property
    def used(self) -> bool:
        """Whether terrain is known."""


@dataclass(frozen=True)
class Inputs:
    """Classes from spectra, the clouds of the scene, and what is known of the ground."""

    spectral_class: Annotated[Bytes, reads(resolution=RESOLUTION, margin=MARGIN)]
    spectral_flags: Annotated[Bytes, reads(resolution=RESOLUTION, margin=MARGIN)]
    cloud_confidence: Annotated[Bytes, reads(resolution=RESOLUTION, margin=MARGIN)]
    snow_confidence: Annotated[Bytes, reads(resolution=RESOLUTION)]
    toa_reflectance: Annotated[Bands, reads(bands=STATISTICS_BANDS, resolution=CELL, margin=MARGIN)]
    cloud_field: CloudField
    atmospheric_state: AtmosphericState
    illumination: Annotated[Floats | None, reads(resolution=RESOLUTION, margin=MARGIN)]
    slope: Annotated[Floats | None, reads(resolution=RESOLUTION, margin=MARGIN)]
    cast_shadow: Annotated[Bytes | None, reads(resolution=RESOLUTION, margin=MARGIN)]
    elevation: Annotated[Floats | None, reads(resolution=RESOLUTION, margin=MARGIN)]
    elevation_model: ElevationModel | None
    water_bodies: Annotated[Bytes | None, reads(resolution=RESOLUTION, margin=MARGIN)]
    land_cover: Annotated[Bytes | None, reads(resolution=RESOLUTION, margin=MARGIN)]
    snow_condition: Annotated[Bytes | None, reads(resolution=RESOLUTION, margin=MARGIN)]
    defects: Annotated[Bytes | None, reads(resolution=RESOLUTION, margin=MARGIN)]

    @property
    def relief(self) -> bool:
        """Whether terrain is known."""
        known = self.illumination is not None and self.slope is not None and self.cast_shadow is not None
        return known and (self.elevation_model is None or self.elevation_model.used)


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
    classes = inputs.spectral_class
    place_rules.apply(classes, inputs, parameters, context)
    rules.name_the_rest(classes, parameters.remainder_class)
    if parameters.dilations:
        neighbourhood_rules.grow_all(classes, inputs.cloud_confidence, parameters)
    if parameters.median_filter > 1:
        classes = _filtered(classes, parameters.median_filter)
    classes = _inner(classes)
    valid = classes > SATURATED_DEFECTIVE
    cloud = np.where(valid, _inner(inputs.cloud_confidence), 0).astype(np.float32)
    snow = np.where(valid, inputs.snow_confidence, 0).astype(np.float32)
    return Outputs(classes, cloud, snow)


def _filtered(classes: Bytes, size: int) -> Bytes:
    """The median-filtered classes; where there is no data there stays none, and no pixel loses its data."""
    filtered = median_of_classes(classes, size)
    kept = (classes == NO_DATA) | (filtered == NO_DATA)
    filtered[kept] = classes[kept]
    return filtered


def _inner(layer: Bytes) -> Bytes:
    """The block without its margin."""
    return np.ascontiguousarray(layer[BORDER:-BORDER, BORDER:-BORDER])


scene_classification = BlockStep(
    name="scene_classification",
    summary="classes, cloud and snow probabilities at 20 m, with shadow, terrain, maps and neighbourhood",
    run=classify_scene,
)
