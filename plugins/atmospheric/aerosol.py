"""Step `aerosol`: aerosol optical thickness at 550 nm on every 20 m pixel, as `dark_targets` found it.

In a chain without `dark_targets` it is what `atmospheric_state` has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.aerosol_field import AerosolField
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState

from ipf.engine import BlockStep, Context, NoParameters, writes

RESOLUTION = 20


@dataclass(frozen=True)
class Inputs:
    """What was retrieved, and the state of the atmosphere."""

    aerosol_field: AerosolField | None
    atmospheric_state: AtmosphericState


@dataclass(frozen=True)
class Outputs:
    """Optical thickness without unit; counts of a thousandth (PSD 14.8, AOT_QUANTIFICATION_VALUE)."""

    aerosol_optical_thickness: Annotated[
        npt.NDArray[np.float32],
        writes(unit="1", dtype="uint16", scale=1e-3, nodata=0, minimum=1, resolution=RESOLUTION),
    ]


def spread(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Interpolate the optical thickness over a block."""
    assert context.window is not None
    if inputs.aerosol_field is not None:
        return Outputs(inputs.aerosol_field.over(context.window, RESOLUTION))
    return Outputs(inputs.atmospheric_state.aerosol_optical_thickness.field.over(context.window, RESOLUTION))


aerosol = BlockStep(
    name="aerosol", summary="aerosol optical thickness at 20 m, as retrieved, forecast or given", run=spread
)
