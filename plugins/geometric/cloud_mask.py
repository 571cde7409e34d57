"""Step `cloud_mask`: clouds and cirrus as areas: lone pixels are left out, edges are grown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.geometric.cloud_candidates import RESOLUTION, SOURCE
from pydantic import Field

from ipf.engine import BlockStep, Context, StepParameters, reads, writes
from ipf.kernels import cloud_mask as kernels

LARGEST_RADIUS = 10
REACH_M = 2 * LARGEST_RADIUS * RESOLUTION
"""An erosion and a dilation after it."""

Flags = npt.NDArray[np.uint8]


def radius(default: int, text: str) -> Any:
    """Field of a radius: a square of ``2 * radius + 1`` pixels is gone over."""
    return Field(
        default=default,
        ge=0,
        le=LARGEST_RADIUS,
        description=text,
        json_schema_extra={"unit": "60 m pixels", "source": SOURCE},
    )


class CloudMaskParameters(StepParameters):
    """Radii of the morphology, of each kind of cloud its own."""

    opaque_erosion: int = radius(1, "radius by which opaque clouds shrink first: smaller ones go")
    opaque_dilation: int = radius(3, "radius by which opaque clouds grow after that")
    cirrus_erosion: int = radius(2, "radius by which cirrus shrinks first: smaller pieces go")
    cirrus_dilation: int = radius(4, "radius by which cirrus grows after that")


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
