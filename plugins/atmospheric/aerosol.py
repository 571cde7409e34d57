"""Step `aerosol`: aerosol optical thickness at 550 nm on every 20 m pixel, as `atmospheric_state` has it.

A retrieval from dark pixels replaces this step by giving the same layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState

from ipf.engine import BlockStep, Context, NoParameters, writes

RESOLUTION = 20


@dataclass(frozen=True)
class Inputs:
    """The state of the atmosphere."""

    atmospheric_state: AtmosphericState


@dataclass(frozen=True)
class Outputs:
    """Optical thickness without unit; counts of a thousandth (PSD 14.8, AOT_QUANTIFICATION_VALUE)."""

    aerosol_optical_thickness: Annotated[
        npt.NDArray[np.float32],
        writes(unit="1", dtype="uint16", scale=1e-3, nodata=0, minimum=1, resolution=RESOLUTION),
    ]


def spread(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Interpolate the stated optical thickness over a block."""
    assert context.window is not None
    return Outputs(inputs.atmospheric_state.aerosol_optical_thickness.field.over(context.window, RESOLUTION))


aerosol = BlockStep(
    name="aerosol", summary="aerosol optical thickness at 20 m, from CAMS or as given", run=spread
)
