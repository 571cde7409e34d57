"""Every number of the spectral tests of the scene classification, as the kernels take them."""

from __future__ import annotations

from typing import Any, NamedTuple

Real = Any
"""A float32 scalar."""


class Thresholds(NamedTuple):
    """Every number of the tests, float32. A pair `low`, `high` is a ramp from 0 to 1 (or back).

    Reflectances and ratios have no unit; a limit on blue that varies with a ratio is
    ``slope * ratio + intercept`` kept within `minimum`..`maximum`.
    """

    cloud_red_low: Real
    cloud_red_high: Real
    cloud_ndsi_low: Real
    cloud_ndsi_high: Real
    dark_red_maximum: Real
    dark_nir_minimum: Real
    dark_nir_maximum: Real
    snow_ndsi_low: Real
    snow_ndsi_high: Real
    snow_red_edge_ratio_minimum: Real
    snow_nir_low: Real
    snow_nir_high: Real
    snow_blue_low: Real
    snow_blue_high: Real
    snow_blue_red_ratio_low: Real
    snow_blue_red_ratio_high: Real
    snow_confidence_minimum: Real
    vegetation_ndvi_low: Real
    vegetation_ndvi_high: Real
    vegetation_blue_maximum: Real
    soil_ratio_low: Real
    soil_ratio_high: Real
    soil_blue_slope: Real
    soil_blue_intercept: Real
    soil_blue_minimum: Real
    soil_blue_maximum: Real
    water_ratio_low: Real
    water_ratio_high: Real
    water_swir_slope: Real
    water_swir_intercept: Real
    water_swir_minimum: Real
    water_swir_maximum: Real
    water_blue_maximum: Real
    water_blue_red_difference: Real
    rock_ratio_low: Real
    rock_ratio_high: Real
    rock_blue_slope: Real
    rock_blue_intercept: Real
    rock_blue_minimum: Real
    rock_blue_maximum: Real
    rock_blue_swir_ratio: Real
    glint_ratio_low: Real
    glint_ratio_high: Real
    recovery_vegetation_ratio: Real
    recovery_water_nir_maximum: Real
    recovery_soil_ratio: Real
    cloud_medium_probability: Real
    cloud_high_probability: Real
    cirrus_low: Real
    cirrus_high: Real
    cirrus_blue_maximum: Real
    cirrus_elevation_maximum: Real
    thick_cirrus_elevation_maximum: Real
    thick_cirrus_confidence: Real
    snow_ring_swir_maximum: Real
    shadow_b02: Real
    shadow_b03: Real
    shadow_b04: Real
    shadow_b8a: Real
    shadow_b11: Real
    shadow_b12: Real
    shadow_distance_maximum: Real
    dim_distance_maximum: Real
    dim_snow_maximum: Real
    shadow_water_ratio: Real
    shade_blue_minimum: Real
    bright_green_minimum: Real
    bright_red_edge_swir_ratio: Real
    bright_swir_cirrus_difference: Real
    bright_coastal_maximum: Real
