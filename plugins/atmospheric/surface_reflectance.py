"""Step `surface_reflectance`: from top-of-atmosphere to surface reflectance, band by band.

The ground is flat and Lambertian, and each pixel is as bright as what surrounds it: no terrain, no adjacency,
no BRDF. Gas absorption is band-averaged along the whole path (see `ipf.atmosphere.gases`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel

from ipf.engine import BlockStep, Context, NoParameters, reads, writes
from ipf.kernels.atmosphere import correct_lambertian

FloatImage = npt.NDArray[np.float32]

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
"""Bands of Level-2A: all but B10, in which the ground cannot be seen."""

QUANTIFICATION = 10000
OFFSET = -1000
LARGEST_COUNT = 32767
"""Counts are ``reflectance * 10000 + 1000`` (PSD 14.8, BOA_ADD_OFFSET): 1 to 999 hold negative reflectance, 0
is no data, and 15 bits are written."""


@dataclass(frozen=True)
class Inputs:
    """Reflectance of one band, and what the air above each pixel holds."""

    toa_reflectance: Annotated[FloatImage, reads(bands=BANDS, each_band=True)]
    aerosol_optical_thickness: Annotated[FloatImage, reads()]
    water_vapour: Annotated[FloatImage, reads()]
    atmosphere_model: AtmosphereModel


@dataclass(frozen=True)
class Outputs:
    """Surface reflectance on the pixels of the band, NaN where there is no data."""

    surface_reflectance: Annotated[
        FloatImage,
        writes(
            unit="1",
            dtype="uint16",
            scale=1 / QUANTIFICATION,
            offset=OFFSET,
            nodata=0,
            minimum=1,
            maximum=LARGEST_COUNT,
            each_band=True,
        ),
    ]


def correct(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Correct a block of one band."""
    assert context.window is not None
    assert context.grid is not None
    return Outputs(
        correct_lambertian(
            inputs.toa_reflectance,
            inputs.aerosol_optical_thickness,
            inputs.water_vapour,
            inputs.atmosphere_model.coefficients(context.band),
            context.window.row,
            context.window.column,
            float(context.grid.resolution),
        )
    )


surface_reflectance = BlockStep(
    name="surface_reflectance",
    summary="surface reflectance over flat, Lambertian ground from the look-up table",
    run=correct,
)
