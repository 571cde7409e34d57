"""Step `surface_reflectance`: from top-of-atmosphere to surface reflectance, band by band.

The ground is Lambertian. Where an elevation model is used, its slopes get the light that falls on them; light
that bright surroundings scatter into the view is taken away (adjacency). Gas absorption is band-averaged
along the whole path (see `ipf.atmosphere.gases`).

The air is evaluated on pixels of 20 m (60 m in bands of 60 m): nothing that it depends on is known finer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.aerosol_field import AerosolField
from ipf_plugins.atmospheric.air_pixels import AIR_RESOLUTION, AirPixels
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.cirrus import CirrusModel
from ipf_plugins.atmospheric.elevation import ElevationModel
from ipf_plugins.atmospheric.surroundings import COARSE, LARGEST_RANGE_M, MARGIN, MARGIN_M, Surroundings
from pydantic import Field

from ipf.engine import Bands, BlockStep, Context, StepParameters, reads, writes
from ipf.kernels.brdf import slope_factor
from ipf.kernels.classification import VEGETATION
from ipf.kernels.ground import (
    flat_reflectance,
    multiply,
    relative_irradiance,
    sloping_reflectance,
    subtract_coarse,
)

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
"""Bands of Level-2A: all but B10, in which the ground cannot be seen."""
VISIBLE = ("B01", "B02", "B03", "B04", "B05")
"""Bands below 720 nm, in which vegetation is dark (BRDF codes)."""

QUANTIFICATION = 10000
OFFSET = -1000
LARGEST_COUNT = 32767
"""Counts are ``reflectance * 10000 + 1000`` (PSD 14.8, BOA_ADD_OFFSET): 1 to 999 hold negative reflectance, 0
is no data, and 15 bits are written."""


class Exponents(NamedTuple):
    """Exponents of the factor of slopes lit at a grazing angle, by what lies on them."""

    ground: float
    visible_vegetation: float
    infrared_vegetation: float


EXPONENTS = {
    1: Exponents(1.0, 1.0, 1.0),
    2: Exponents(0.5, 0.5, 0.5),
    11: Exponents(1.0, 0.75, 1 / 3),
    12: Exponents(1.0, 0.75, 1.0),
    21: Exponents(0.5, 0.75, 1 / 3),
    22: Exponents(0.5, 0.75, 1.0),
}
"""By code of `brdf`, as in Sen2Cor and ATCOR-3."""


class SurfaceReflectanceParameters(StepParameters):
    """What of the ground's shape and neighbourhood is corrected."""

    terrain: bool = Field(
        default=True,
        description="correct the light on slopes, where an elevation model is used (DEM_Terrain_Correction)",
    )
    adjacency_range_m: float = Field(
        default=1000.0,
        ge=0.0,
        le=LARGEST_RANGE_M,
        description="half the side of the square whose light is scattered into the view, m; 0 for none "
        "(Adj_Km)",
    )
    slopes_range_m: float = Field(
        default=500.0,
        ge=0.0,
        le=LARGEST_RANGE_M,
        description="half the side of the square that opposite slopes lie in, m (Rng_Nbhd_Terrain_Corr)",
    )
    irradiance_minimum: float = Field(
        default=0.2,
        ge=0.05,
        le=1.0,
        description="least light on a slope relative to flat ground: darker slopes are corrected as if they "
        "had this much, lest noise be magnified",
    )
    brdf: Literal[0, 1, 2, 11, 12, 21, 22] = Field(
        default=0,
        description="empirical correction of slopes that are lit at a grazing angle (BRDF_Correction): 0 "
        "none, 1 linear, 2 square root; a second digit treats vegetation apart, weakly (1) or strongly (2) "
        "in the near infrared",
    )
    brdf_lower_bound: float = Field(
        default=0.22, ge=0.1, le=0.25, description="least factor of that correction (BRDF_Lower_Bound)"
    )


@dataclass(frozen=True)
class Inputs:
    """Reflectance of one band, what the air above each pixel holds, and the shape of the ground; and the same
    on 60 m pixels with a margin, for what lies around the block."""

    toa_reflectance: Annotated[FloatImage, reads(bands=BANDS, each_band=True)]
    aerosol_optical_thickness: Annotated[FloatImage, reads(resolution=AIR_RESOLUTION)]
    water_vapour: Annotated[FloatImage, reads(resolution=AIR_RESOLUTION)]
    elevation: Annotated[FloatImage, reads(resolution=AIR_RESOLUTION)]
    illumination: Annotated[FloatImage, reads(resolution=AIR_RESOLUTION)]
    sky_view: Annotated[FloatImage, reads(resolution=AIR_RESOLUTION)]
    scene_classification: Annotated[ByteImage, reads(resolution=AIR_RESOLUTION)]
    toa_around: Annotated[
        FloatImage, reads("toa_reflectance", bands=BANDS, each_band=True, resolution=COARSE, margin=MARGIN_M)
    ]
    cirrus_around: Annotated[
        Bands, reads("toa_reflectance", bands=("B10",), resolution=COARSE, margin=MARGIN_M)
    ]
    aerosol_around: Annotated[
        FloatImage, reads("aerosol_optical_thickness", resolution=COARSE, margin=MARGIN_M)
    ]
    water_vapour_around: Annotated[FloatImage, reads("water_vapour", resolution=COARSE, margin=MARGIN_M)]
    elevation_around: Annotated[FloatImage, reads("elevation", resolution=COARSE, margin=MARGIN_M)]
    classes_around: Annotated[ByteImage, reads("scene_classification", resolution=COARSE, margin=MARGIN_M)]
    atmosphere_model: AtmosphereModel
    elevation_model: ElevationModel
    cirrus_model: CirrusModel
    aerosol_field: AerosolField | None

    @property
    def aerosol(self) -> str | None:
        """The aerosol model that the scene was found to have; None for the preferred one."""
        return None if self.aerosol_field is None else self.aerosol_field.aerosol_model


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


def correct(inputs: Inputs, parameters: SurfaceReflectanceParameters, context: Context) -> Outputs:
    """Correct a block of one band."""
    on = AirPixels.of(context)
    air = inputs.atmosphere_model.air(
        context.band,
        on.mean(inputs.aerosol_optical_thickness),
        on.mean(inputs.water_vapour),
        on.mean(inputs.elevation),
        on.place,
        inputs.aerosol,
    )
    uneven = parameters.terrain and inputs.elevation_model.used
    adjacent = parameters.adjacency_range_m > 0.0
    around = _surroundings(inputs, context.band, on) if uneven or adjacent else None
    toa = inputs.toa_reflectance
    cirrus = inputs.cirrus_model.relative_to_b10(context.band)
    if cirrus > 0.0:
        toa = subtract_coarse(toa, on.from_coarse(inputs.cirrus_around["B10"], MARGIN), cirrus)
    light = np.ones(on.shape, np.float32)
    neighbours = light
    if around is not None and uneven:
        opposite = on.from_coarse(around.mean_within(parameters.slopes_range_m), 1)
        light = relative_irradiance(
            air.beam,
            on.mean(inputs.illumination),
            on.sun_cosine(inputs.atmosphere_model),
            on.mean(inputs.sky_view),
            opposite,
            parameters.irradiance_minimum,
        )
    if around is not None and adjacent:
        neighbours = on.from_coarse(around.mean_within(parameters.adjacency_range_m), 1)
    reflectance = sloping_reflectance(toa, air, light, neighbours, adjacent)
    if uneven and parameters.brdf:
        multiply(reflectance, _grazing_factor(inputs, parameters, context.band, on))
    return Outputs(reflectance)


def _surroundings(inputs: Inputs, band: str, on: AirPixels) -> Surroundings:
    """Reflectance around the block, as of flat ground."""
    toa, cirrus = inputs.toa_around, inputs.cirrus_model.relative_to_b10(band)
    if cirrus > 0.0:
        toa = subtract_coarse(toa, inputs.cirrus_around["B10"], cirrus)
    row, column = (n * on.resolution // COARSE - MARGIN for n in (on.row, on.column))
    air = inputs.atmosphere_model.air(
        band,
        inputs.aerosol_around,
        inputs.water_vapour_around,
        inputs.elevation_around,
        (row, column, float(COARSE)),
        inputs.aerosol,
    )
    return Surroundings(flat_reflectance(toa, air), inputs.classes_around)


def _grazing_factor(
    inputs: Inputs, parameters: SurfaceReflectanceParameters, band: str, on: AirPixels
) -> FloatImage:
    """Factor on the reflectance of slopes that are lit at a grazing angle."""
    exponents = EXPONENTS[parameters.brdf]
    return slope_factor(
        on.mean(inputs.illumination),
        on.sun_cosine(inputs.atmosphere_model),
        on.classes(inputs.scene_classification),
        VEGETATION,
        exponents.ground,
        exponents.visible_vegetation if band in VISIBLE else exponents.infrared_vegetation,
        parameters.brdf_lower_bound,
    )


surface_reflectance = BlockStep(
    name="surface_reflectance",
    summary="surface reflectance of Lambertian ground from the look-up table: slopes, bright neighbours",
    run=correct,
)
