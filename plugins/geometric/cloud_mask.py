"""Step `cloud_mask`: clouds and cirrus as areas: lone pixels are left out, edges are grown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.geometric.cloud_candidates import RESOLUTION

from ipf.auxiliary.l1_gipp import LARGEST_RADIUS, MaskParameters
from ipf.auxiliary.l1_gipp_model import step_parameter
from ipf.engine import BlockStep, Context, StepParameters, reads, writes
from ipf.kernels import cloud_mask as kernels

REACH_M = 2 * LARGEST_RADIUS * RESOLUTION
"""An erosion and a dilation after it."""

Flags = npt.NDArray[np.uint8]


class CloudMaskParameters(StepParameters):
    """Radii of the morphology, of each kind of cloud its own: squares of ``2 * radius + 1`` pixels."""

    opaque_erosion: int = step_parameter(MaskParameters, "opaque_erosion")
    opaque_dilation: int = step_parameter(MaskParameters, "opaque_dilation")
    cirrus_erosion: int = step_parameter(MaskParameters, "cirrus_erosion")
    cirrus_dilation: int = step_parameter(MaskParameters, "cirrus_dilation")


@dataclass(frozen=True)
class Inputs:
    """What pixels look like, around each as far as the radii can reach."""

    cloud_candidates: Annotated[Flags, reads(margin=REACH_M)]


@dataclass(frozen=True)
class Outputs:
    """Flags as in MSK_CLASSI: opaque cloud, cirrus, snow; no pixel has two."""

    cloud_flags: Annotated[Flags, writes(unit="flags", dtype="uint8", resolution=RESOLUTION)]


def make(inputs: Inputs, parameters: CloudMaskParameters, context: Context) -> Outputs:
    """The mask of one block."""
    made = kernels.areas(
        inputs.cloud_candidates,
        (parameters.opaque_erosion, parameters.opaque_dilation),
        (parameters.cirrus_erosion, parameters.cirrus_dilation),
    )
    edge = REACH_M // RESOLUTION
    return Outputs(np.ascontiguousarray(made[edge:-edge, edge:-edge]))


cloud_mask = BlockStep(
    name="cloud_mask",
    summary="areas of opaque cloud, cirrus and snow",
    run=make,
)
