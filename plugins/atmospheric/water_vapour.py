"""Step `water_vapour`: column of water vapour on every 20 m pixel, as `atmospheric_state` has it.

A retrieval from B8A and B09 replaces this step by giving the same layer.
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
    """Column above the ground in cm; counts of a thousandth (PSD 14.8, WVP_QUANTIFICATION_VALUE)."""

    water_vapour: Annotated[
        npt.NDArray[np.float32],
        writes(unit="cm", dtype="uint16", scale=1e-3, nodata=0, minimum=1, resolution=RESOLUTION),
    ]


def spread(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Interpolate the stated column over a block."""
    assert context.window is not None
    return Outputs(inputs.atmospheric_state.water_vapour.field.over(context.window, RESOLUTION))


water_vapour = BlockStep(
    name="water_vapour", summary="water vapour column at 20 m, from ECMWF or as given", run=spread
)
