"""The scene classification from spectra alone, while the chain lacks the steps that it needs in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from ipf_plugins.atmospheric import spectral_classification as spectral
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from ipf_plugins.atmospheric.scene_classification import Outputs
from ipf_plugins.atmospheric.thresholds import SpectralClassificationParameters

from ipf.engine import Bands, BlockStep, Context, reads
from ipf.kernels.reclassification import name_the_rest


@dataclass(frozen=True)
class Inputs:
    """As `spectral_classification` reads, without maps."""

    tested: Annotated[Bands, reads("toa_reflectance", bands=spectral.TESTED, resolution=20, margin=60)]
    looked_at: Annotated[Bands, reads("toa_reflectance", bands=spectral.LOOKED_AT, resolution=20)]
    held: Annotated[Bands, reads("toa_reflectance", bands=spectral.HELD, resolution=20)]
    atmospheric_state: AtmosphericState


def classify(inputs: Inputs, parameters: SpectralClassificationParameters, context: Context) -> Outputs:
    """Spectral classes, the undecided ones unclassified."""
    given = spectral.Inputs(
        inputs.tested, inputs.looked_at, inputs.held, None, inputs.atmospheric_state, None
    )
    made = spectral.classify_spectra(given, parameters, context)
    name_the_rest(made.spectral_class, 7)
    cloud, snow = (layer.astype(np.float32) for layer in (made.cloud_confidence, made.snow_confidence))
    return Outputs(made.spectral_class, cloud, snow)


scene_classification = BlockStep(name="scene_classification", run=classify)
