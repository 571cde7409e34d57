"""Parameters of `spectral_classification`: every threshold of the spectral tests.

Defaults are those of Sen2Cor 2.8 (scene classification GIPP ``L2A_CAL_SC_GIPP`` and the constants of its
code); each description ends with the name it has there. Reflectances are top of atmosphere, without unit.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from ipf.engine import StepParameters
from ipf.kernels.class_thresholds import Thresholds

SOURCE = "Sen2Cor 2.8, scene classification"


def threshold(default: float, low: float, high: float, text: str) -> Any:
    """Field of a threshold without unit, within `low`..`high`."""
    return Field(
        default=default,
        ge=low,
        le=high,
        description=text,
        json_schema_extra={"unit": "1", "source": SOURCE},
    )


def reflectance(default: float, text: str) -> Any:
    """Field of a reflectance or a difference of two."""
    return threshold(default, 0.0, 1.5, text)


def index(default: float, text: str) -> Any:
    """Field of a normalised difference."""
    return threshold(default, -1.0, 1.0, text)


def ratio(default: float, text: str) -> Any:
    """Field of a ratio of two bands."""
    return threshold(default, 0.0, 20.0, text)


def coefficient(default: float, text: str) -> Any:
    """Field of a coefficient of a straight line."""
    return threshold(default, -5.0, 5.0, text)


class SpectralClassificationParameters(StepParameters):
    """Thresholds; `low` and `high` of a pair are the ends of a ramp, so `low` must lie below `high`."""

    cloud_red_low: float = reflectance(0.06, "B04 that no cloud is darker than (T1_B04)")
    cloud_red_high: float = reflectance(0.25, "B04 from which brightness speaks fully for cloud (T2_B04)")
    cloud_ndsi_low: float = index(-0.24, "NDSI that no cloud is below (T1_NDSI_CLD)")
    cloud_ndsi_high: float = index(-0.16, "NDSI from which a cloud is possible without reserve (T2_NDSI_CLD)")
    dark_red_maximum: float = reflectance(0.10, "B04 below which a pixel may be dark")
    dark_nir_minimum: float = reflectance(0.04, "B8A above which a pixel may be dark (below it is water)")
    dark_nir_maximum: float = reflectance(0.15, "B8A below which a pixel may be dark")
    snow_ndsi_low: float = index(0.35, "NDSI where snow begins (T1_NDSI_SNW)")
    snow_ndsi_high: float = index(0.50, "NDSI of certain snow (T2_NDSI_SNW)")
    snow_red_edge_ratio_minimum: float = ratio(0.85, "B05/B8A below which it is vegetation, not snow")
    snow_nir_low: float = reflectance(0.15, "B8A where snow begins (T1_B8A)")
    snow_nir_high: float = reflectance(0.35, "B8A of certain snow (T2_B8A)")
    snow_blue_low: float = reflectance(0.18, "B02 where snow begins (T1_B02)")
    snow_blue_high: float = reflectance(0.22, "B02 of certain snow (T2_B02)")
    snow_blue_red_ratio_low: float = ratio(0.85, "B02/B04 where snow begins (T1_R_B02_B04)")
    snow_blue_red_ratio_high: float = ratio(0.95, "B02/B04 of certain snow (T2_R_B02_B04)")
    snow_confidence_minimum: float = threshold(0.12, 0.0, 1.0, "snow confidence that makes snow (T1_SNOW)")
    vegetation_ndvi_low: float = index(0.36, "NDVI from which a cloud is less likely (T1_NDVI)")
    vegetation_ndvi_high: float = index(0.42, "NDVI of vegetation (T2_NDVI)")
    vegetation_blue_maximum: float = reflectance(0.15, "B02 below which it may be vegetation")
    soil_ratio_low: float = ratio(0.70, "B02/B11 of bare soil (T11_R_B02_B11)")
    soil_ratio_high: float = ratio(1.00, "B02/B11 from which it is no bare soil (T12_R_B02_B11)")
    soil_blue_slope: float = coefficient(-0.40, "slope of the limit of B02 over B02/B11 for soil (T11_B02)")
    soil_blue_intercept: float = coefficient(0.46, "intercept of the limit of B02 for soil (T12_B02)")
    soil_blue_minimum: float = reflectance(0.15, "least limit of B02 for soil")
    soil_blue_maximum: float = reflectance(0.32, "greatest limit of B02 for soil")
    water_ratio_low: float = ratio(2.0, "B02/B11 from which it may be water (T21_R_B02_B11)")
    water_ratio_high: float = ratio(4.0, "B02/B11 of water (T22_R_B02_B11)")
    water_swir_slope: float = coefficient(0.1, "slope of the limit of B12 over B02/B11 for water (T21_B12)")
    water_swir_intercept: float = coefficient(-0.09, "intercept of the limit of B12 for water (T22_B12)")
    water_swir_minimum: float = reflectance(0.07, "least limit of B12 for water")
    water_swir_maximum: float = reflectance(0.21, "greatest limit of B12 for water")
    water_blue_maximum: float = reflectance(0.2, "B02 below which it may be water")
    water_blue_red_difference: float = reflectance(0.034, "B02 - B04 above which it is water")
    rock_ratio_low: float = ratio(0.90, "B8A/B11 of rock and sand (T1_R_B8A_B11)")
    rock_ratio_high: float = ratio(1.10, "B8A/B11 from which it is no rock or sand (T2_R_B8A_B11)")
    rock_blue_slope: float = coefficient(-0.25, "slope of the limit of B02 over B8A/B11 for rock")
    rock_blue_intercept: float = coefficient(0.475, "intercept of the limit of B02 for rock")
    rock_blue_minimum: float = reflectance(0.16, "least limit of B02 for rock")
    rock_blue_maximum: float = reflectance(0.35, "greatest limit of B02 for rock")
    rock_blue_swir_ratio: float = ratio(0.8, "B02/B11 below which it may be rock")
    glint_ratio_low: float = ratio(3.0, "B04/B11 from which a cloud is less likely than glint")
    glint_ratio_high: float = ratio(6.0, "B04/B11 from which it is no cloud")
    recovery_vegetation_ratio: float = ratio(2.5, "B8A/B03 above which dark is vegetation (T2_R_B8A_B03)")
    recovery_water_nir_maximum: float = reflectance(0.3, "B8A below which dark or unclassified may be water")
    recovery_soil_ratio: float = ratio(0.65, "B02/B11 below which dark is soil")
    cloud_medium_probability: float = threshold(0.20, 0.0, 1.0, "confidence of class 8 (T_CLOUD_MP)")
    cloud_high_probability: float = threshold(0.80, 0.0, 1.0, "confidence of class 9 (T_CLOUD_HP)")
    cirrus_low: float = reflectance(0.012, "B10 of thin cirrus (T1_B10)")
    cirrus_high: float = reflectance(0.035, "B10 of a cloud of class 8 (T2_B10)")
    cirrus_blue_maximum: float = reflectance(0.5, "B02 below which it may be thin cirrus")
    cirrus_elevation_maximum: float = Field(
        default=1500.0,
        ge=-500.0,
        le=9000.0,
        description="ground elevation in m up to which thin cirrus is told from high ground",
        json_schema_extra={"unit": "m", "source": SOURCE},
    )
    snow_ring_swir_maximum: float = reflectance(
        0.25, "B12 below which the ring around snow is no cloud (T2_SNOW)"
    )
    shadow_b02: float = reflectance(0.12, "B02 of the reference spectrum of shaded ground")
    shadow_b03: float = reflectance(0.08, "B03 of the reference spectrum of shaded ground")
    shadow_b04: float = reflectance(0.06, "B04 of the reference spectrum of shaded ground")
    shadow_b8a: float = reflectance(0.10, "B8A of the reference spectrum of shaded ground")
    shadow_b11: float = reflectance(0.0545, "B11 of the reference spectrum of shaded ground")
    shadow_b12: float = reflectance(0.0255, "B12 of the reference spectrum of shaded ground")
    shadow_distance_maximum: float = reflectance(
        0.018, "mean distance over six bands to the reference spectrum of shaded ground (T_B02_B12)"
    )
    dim_distance_maximum: float = reflectance(
        0.06, "the same where a cloud's shadow is known to fall (used with cloud_field.match_heights only)"
    )
    dim_snow_maximum: float = reflectance(
        0.5, "B8A below which snow is in shadow where a cloud's shadow is known to fall"
    )
    shadow_water_ratio: float = ratio(6.0, "B02/B11 above which it is water rather than shaded ground")
    shade_blue_minimum: float = reflectance(0.20, "B02 above which snow may lie in a mountain's shadow")
    bright_green_minimum: float = reflectance(0.319, "B03 above which it may be bright ground (2.10)")
    bright_red_edge_swir_ratio: float = ratio(4.33, "B05/B11 below which it may be bright ground (2.10)")
    bright_swir_cirrus_difference: float = reflectance(
        0.255, "B11 - B10 above which it may be bright ground (2.10)"
    )
    bright_coastal_maximum: float = reflectance(0.30, "B01 below which it may be bright ground (2.10)")
    thick_cirrus_elevation_maximum: float = Field(
        default=1500.0,
        ge=-500.0,
        le=10000.0,
        description="ground elevation in m up to which B10 alone tells a cloud of class 8 (2.10); 2.8: 10000",
        json_schema_extra={"unit": "m", "source": SOURCE},
    )
    thick_cirrus_confidence: float = threshold(
        0.65,
        0.0,
        1.0,
        "least confidence of a cloud that B10 alone tells (2.10); 2.8: 0, as its brightness says",
    )
    snow_possible: bool = Field(
        default=True,
        description="whether snow may lie in the scene; false where the season or place excludes it",
        json_schema_extra={"unit": "", "source": SOURCE},
    )

    @model_validator(mode="after")
    def ramps_rise(self) -> Self:
        """Refuse a ramp that does not rise."""
        for name in type(self).model_fields:
            upper = name.removesuffix("_low") + "_high"
            if name.endswith("_low") and getattr(self, name) >= getattr(self, upper):
                raise ValueError(f"{name} must be below {upper}")
        return self

    @property
    def thresholds(self) -> Thresholds:
        """The numbers as the kernel takes them, float32."""
        return Thresholds(*(np.float32(getattr(self, name)) for name in Thresholds._fields))
