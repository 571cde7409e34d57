"""Step `apda`: the column of water vapour over each 60 m pixel whose ground and air allow it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.aerosol_field import AerosolField
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState, Source
from ipf_plugins.atmospheric.ground import Ground
from ipf_plugins.atmospheric.water_column import water_column
from pydantic import Field

from ipf.atmosphere.canopy import CanopyRelation, load_canopy_relation
from ipf.engine import Bands, BlockStep, Context, StepParameters, reads, writes
from ipf.kernels.classification import (
    CLOUD_HIGH,
    CLOUD_MEDIUM,
    CLOUD_SHADOW,
    NO_DATA,
    SATURATED_DEFECTIVE,
    SNOW,
    THIN_CIRRUS,
)

FloatImage = npt.NDArray[np.float32]

RESOLUTION = 60
UNSEEN = (NO_DATA, SATURATED_DEFECTIVE, CLOUD_SHADOW, CLOUD_MEDIUM, CLOUD_HIGH, THIN_CIRRUS)
"""Classes whose signal is not that of sunlit ground below clear air."""


class ApdaParameters(StepParameters):
    """How water vapour is retrieved."""

    method: Literal["apda", "stated"] = Field(
        default="apda",
        description="apda: from B8A and B09 (WV_Correction 1); stated: the forecast or default of "
        "atmospheric_state (WV_Correction 0). A value given to atmospheric_state always wins",
    )
    surface_ratio: Literal["spectrum", "one"] = Field(
        default="spectrum",
        description="brightness of the ground in B09 relative to B8A: told from B07, B8A and B11 by "
        "simulated canopies and soils and by the absorption of snow, or taken to be one (Sen2Cor)",
    )
    nir_minimum: float = Field(
        default=0.05,
        ge=0.0,
        le=0.5,
        description="surface reflectance in B8A below which the ground is too dark",
        json_schema_extra={"unit": "1"},
    )


@dataclass(frozen=True)
class Inputs:
    """Reflectance and classes, the aerosol over them, the elevation below and the tables."""

    toa_reflectance: Annotated[Bands, reads(bands=("B07", "B8A", "B09", "B11"), resolution=RESOLUTION)]
    scene_classification: Annotated[npt.NDArray[np.uint8], reads(resolution=RESOLUTION)]
    aerosol_optical_thickness: Annotated[FloatImage, reads(resolution=RESOLUTION)]
    elevation: Annotated[FloatImage | None, reads(resolution=RESOLUTION)]
    atmosphere_model: AtmosphereModel
    atmospheric_state: AtmosphericState
    aerosol_field: AerosolField | None


@dataclass(frozen=True)
class Outputs:
    """Column above the ground in cm, NaN where it was not retrieved; counts of a thousandth."""

    retrieved_water_vapour: Annotated[
        FloatImage,
        writes(unit="cm", dtype="uint16", scale=1e-3, nodata=0, minimum=1, resolution=RESOLUTION),
    ]


def retrieve(inputs: Inputs, parameters: ApdaParameters, context: Context) -> Outputs:
    """Retrieve the columns of a block."""
    assert context.window is not None
    state = inputs.atmospheric_state
    stated = parameters.method == "stated" or state.water_vapour.source is Source.PARAMETER
    classes = inputs.scene_classification
    if stated or np.isin(classes, UNSEEN).all():
        return Outputs(np.full(classes.shape, np.nan, np.float32))
    elevation = inputs.elevation
    if elevation is None:
        elevation = np.full(classes.shape, state.ground_elevation.field.mean, np.float32)
    place = (context.window.row, context.window.column, float(RESOLUTION))
    aerosol = None if inputs.aerosol_field is None else inputs.aerosol_field.aerosol_model
    column = water_column(
        Ground(inputs.atmosphere_model, elevation, place, aerosol),
        {band: np.asarray(image) for band, image in inputs.toa_reflectance.items()},
        inputs.aerosol_optical_thickness,
        state.water_vapour.field.over(context.window, RESOLUTION),
        _relation() if parameters.surface_ratio == "spectrum" else None,
        classes == SNOW,
        parameters.nir_minimum,
    )
    column[np.isin(classes, UNSEEN)] = np.nan
    return Outputs(column)


@cache
def _relation() -> CanopyRelation:
    return load_canopy_relation()


apda = BlockStep(
    name="apda", summary="water vapour column at 60 m from the absorption in B09 (APDA)", run=retrieve
)
