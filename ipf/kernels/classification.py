"""Scene classification of single pixels from top-of-atmosphere reflectance: the spectral tests.

Source of the sequence and of the tests: Sen2Cor Software User Manual and L2A Algorithm Theoretical Basis
Document (S2-PDGS-MPC-ATBD-L2A, scene classification, steps 1 to 7) as realised by Sen2Cor 2.8, with its
recoveries of vegetation, water and soil from dark or unclassified pixels. Everything is float32: a class
depends on a confidence being exactly 1.

What needs more than the pixel and its nearest neighbours (cloud shadow, statistics of the scene, maps,
terrain, dilations) is in `ipf.kernels.reclassification` and `ipf.kernels.shadow`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.class_thresholds import Real, Thresholds
from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]

NO_DATA, SATURATED_DEFECTIVE, DARK, CLOUD_SHADOW, VEGETATION, NOT_VEGETATED = range(6)
WATER, UNCLASSIFIED, CLOUD_MEDIUM, CLOUD_HIGH, THIN_CIRRUS, SNOW = range(6, 12)
"""Class numbers of Scene_Classification_List (PSD 14.8)."""
UNDECIDED = 12
"""Between the steps only: no test spoke for a class and none for a cloud. Later rules may still name it."""

ZERO, ONE = np.float32(0.0), np.float32(1.0)
SMALLEST = np.float32(1e-4)
"""Reflectances below one count are raised to it, so that ratios keep a meaning where offsets (since baseline
04.00) let reflectance fall to zero or below."""


@kernel
def _ramp(value: Real, low: Real, high: Real) -> Real:
    """0 up to `low`, 1 from `high` on, linear between."""
    if value <= low:
        return ZERO
    if value >= high:
        return ONE
    return (value - low) / (high - low)


@kernel
def _line(ratio: Real, slope: Real, intercept: Real, minimum: Real, maximum: Real) -> Real:
    """A limit that varies with a band ratio."""
    return min(max(slope * ratio + intercept, minimum), maximum)


@kernel
def _is_dark(b04: Real, b8a: Real, ndsi: Real, t: Thresholds) -> bool:
    """Whether a pixel is dark (step 1.1), and not far brighter in B11 than in green, which frees it (1.2)."""
    dark = b04 < t.dark_red_maximum and t.dark_nir_minimum < b8a < t.dark_nir_maximum
    return bool(dark and ndsi > t.cloud_ndsi_low)


@kernel
def _brightness(b04: Real, ndsi: Real, t: Thresholds) -> Real:
    """Cloud confidence to start from: bright in red (step 1.1), and brighter in green than B11 (1.2)."""
    red = _ramp(b04, t.cloud_red_low, t.cloud_red_high)
    return red * red * _ramp(ndsi, t.cloud_ndsi_low, t.cloud_ndsi_high)


@kernel
def _snow(b02: Real, b04: Real, b05: Real, b8a: Real, ndsi: Real, t: Thresholds) -> Real:
    """Snow confidence (step 2)."""
    if b05 / b8a < t.snow_red_edge_ratio_minimum:
        return ZERO
    index = _ramp(ndsi, t.snow_ndsi_low, t.snow_ndsi_high)
    bright = _ramp(b8a, t.snow_nir_low, t.snow_nir_high) * _ramp(b02, t.snow_blue_low, t.snow_blue_high)
    return index * bright * _ramp(b02 / b04, t.snow_blue_red_ratio_low, t.snow_blue_red_ratio_high)


@kernel
def _vegetation(b02: Real, b04: Real, b8a: Real, t: Thresholds) -> tuple[Real, bool]:
    """Factor on the cloud confidence and whether it is vegetation (step 3).

    The ramp counts only between its ends: a pixel as green as vegetation, but too bright in blue for it,
    keeps its confidence.
    """
    ramp = _ramp((b8a - b04) / (b8a + b04), t.vegetation_ndvi_low, t.vegetation_ndvi_high)
    if ramp == ONE and b02 >= t.vegetation_blue_maximum:
        return ONE, False
    return ONE - ramp, ramp == ONE


@kernel
def _soil(b02: Real, b11: Real, t: Thresholds) -> tuple[Real, bool]:
    """Factor on the cloud confidence and whether it is soil (step 5.1)."""
    ratio = b02 / b11
    limit = _line(ratio, t.soil_blue_slope, t.soil_blue_intercept, t.soil_blue_minimum, t.soil_blue_maximum)
    if b02 >= limit:
        return ONE, False
    return _ramp(ratio, t.soil_ratio_low, t.soil_ratio_high), ratio < t.soil_ratio_low


@kernel
def _water(b02: Real, b04: Real, b8a: Real, b11: Real, b12: Real, t: Thresholds) -> tuple[Real, bool]:
    """Factor on the cloud confidence and whether it is water (step 5.2)."""
    if b8a >= b04 or b02 >= t.water_blue_maximum:
        return ONE, False
    if b02 - b04 > t.water_blue_red_difference:
        return ZERO, True
    ratio = b02 / b11
    limit = _line(
        ratio, t.water_swir_slope, t.water_swir_intercept, t.water_swir_minimum, t.water_swir_maximum
    )
    if b12 >= limit:
        return ONE, False
    return ONE - _ramp(ratio, t.water_ratio_low, t.water_ratio_high), ratio > t.water_ratio_high


@kernel
def _rock(b02: Real, b8a: Real, b11: Real, t: Thresholds) -> tuple[Real, bool]:
    """Factor on the cloud confidence and whether it is rock or sand (step 6).

    That blue is far below B11 is asked of the class, not of the ramp: below the ramp only rock is no cloud.
    """
    ratio = b8a / b11
    limit = _line(ratio, t.rock_blue_slope, t.rock_blue_intercept, t.rock_blue_minimum, t.rock_blue_maximum)
    if b02 >= limit:
        return ONE, False
    if ratio < t.rock_ratio_low:
        is_rock = b02 < t.rock_blue_swir_ratio * b11
        return (ZERO if is_rock else ONE), is_rock
    return _ramp(ratio, t.rock_ratio_low, t.rock_ratio_high), False


@kernel
def _surface(b02: Real, b04: Real, b8a: Real, b11: Real, b12: Real, t: Thresholds) -> tuple[Real, int]:
    """Factor on the cloud confidence and class of the ground (steps 3 to 6)."""
    vegetation_factor, is_vegetation = _vegetation(b02, b04, b8a, t)
    soil_factor, is_soil = _soil(b02, b11, t)
    water_factor, is_water = _water(b02, b04, b8a, b11, b12, t)
    rock_factor, is_rock = _rock(b02, b8a, b11, t)
    glint_factor = ONE - _ramp(b04 / b11, t.glint_ratio_low, t.glint_ratio_high)
    factor = vegetation_factor * soil_factor * water_factor * rock_factor * glint_factor
    if is_vegetation:
        return factor, VEGETATION
    if is_soil:
        return factor, NOT_VEGETATED
    if is_water:
        return factor, WATER
    if is_rock:
        return factor, NOT_VEGETATED
    return factor, UNCLASSIFIED


@kernel
def _tested(
    b02: Real,
    b03: Real,
    b04: Real,
    b05: Real,
    b8a: Real,
    b11: Real,
    b12: Real,
    snow_possible: bool,
    t: Thresholds,
) -> tuple[Real, Real, int]:
    """Cloud and snow confidence, and class of the ground (steps 1 to 6)."""
    ndsi = (b03 - b11) / (b03 + b11)
    if _is_dark(b04, b8a, ndsi, t):
        return ZERO, ZERO, DARK
    cloud, snow = _brightness(b04, ndsi, t), ZERO
    if snow_possible and cloud > ZERO:
        snow = _snow(b02, b04, b05, b8a, ndsi, t)
    if snow > t.snow_confidence_minimum:
        return ZERO, snow, SNOW
    factor, ground = _surface(b02, b04, b8a, b11, b12, t)
    return cloud * factor, snow, ground


@kernel
def _recovered(b02: Real, b03: Real, b04: Real, b8a: Real, b11: Real, ground: int, t: Thresholds) -> int:
    """Class of a pixel that was left dark, or unclassified without any sign of cloud (recoveries)."""
    if (b8a - b04) / (b8a + b04) > t.vegetation_ndvi_high or b8a / b03 > t.recovery_vegetation_ratio:
        return VEGETATION
    if b02 / b11 > t.water_ratio_high and b8a < b04 and b8a < t.recovery_water_nir_maximum:
        return WATER
    if ground == DARK and b02 / b11 < t.recovery_soil_ratio:
        return NOT_VEGETATED
    return ground if ground == DARK else UNDECIDED


@kernel
def _is_thick_cirrus(b10: Real, elevation: Real, t: Thresholds) -> bool:
    """Whether B10 alone tells a cloud."""
    return bool(b10 >= t.cirrus_high and elevation < t.thick_cirrus_elevation_maximum)


@kernel
def _clouds(b02: Real, b10: Real, cloud: Real, ground: int, elevation: Real, t: Thresholds) -> int:
    """Class of a pixel whose ground class and cloud confidence are known (step 7).

    On high ground B10 shows the ground itself: there it tells no cirrus.
    """
    if cloud >= t.cloud_high_probability:
        return CLOUD_HIGH
    if cloud >= t.cloud_medium_probability or _is_thick_cirrus(b10, elevation, t):
        return CLOUD_MEDIUM
    if b10 > t.cirrus_low and b02 < t.cirrus_blue_maximum and elevation < t.cirrus_elevation_maximum:
        return THIN_CIRRUS
    return ground


@kernel
def spectral_tests(
    b02: FloatImage,
    b03: FloatImage,
    b04: FloatImage,
    b05: FloatImage,
    b8a: FloatImage,
    b11: FloatImage,
    b12: FloatImage,
    snow_possible: bool,
    t: Thresholds,
) -> tuple[FloatImage, FloatImage, ByteImage]:
    """Cloud and snow confidence (0-1) and class of the ground (0-11), steps 1 to 6.

    Bands are top-of-atmosphere reflectance on one grid, NaN for no data; a pixel without data in any of them
    is class 0.
    """
    cloud, snow = np.zeros(b02.shape, np.float32), np.zeros(b02.shape, np.float32)
    ground = np.zeros(b02.shape, np.uint8)
    for row in range(b02.shape[0]):
        for column in range(b02.shape[1]):
            blue, green, red = b02[row, column], b03[row, column], b04[row, column]
            edge, nir = b05[row, column], b8a[row, column]
            swir, swir2 = b11[row, column], b12[row, column]
            if np.isnan(blue + green + red + edge + nir + swir + swir2):
                continue
            blue, green, red = max(blue, SMALLEST), max(green, SMALLEST), max(red, SMALLEST)
            edge, nir, swir = max(edge, SMALLEST), max(nir, SMALLEST), max(swir, SMALLEST)
            tested = _tested(blue, green, red, edge, nir, swir, swir2, snow_possible, t)
            cloud[row, column], snow[row, column], ground[row, column] = tested
    return cloud, snow, ground


@kernel
def clear_snow_ring(
    cloud: FloatImage, ground: ByteImage, near_snow: ByteImage, b12: FloatImage, t: Thresholds
) -> None:
    """Take the cloud confidence from what lies within the ring around snow and is dim in B12 (step 2.5).

    Snow mixed with ground is bright as a cloud is. `near_snow` is not 0 on snow and on the ring.
    """
    for row in range(cloud.shape[0]):
        for column in range(cloud.shape[1]):
            if (
                near_snow[row, column]
                and ground[row, column] != SNOW
                and b12[row, column] < t.snow_ring_swir_maximum
            ):
                cloud[row, column] = ZERO


@kernel
def spectral_classes(
    b02: FloatImage,
    b03: FloatImage,
    b04: FloatImage,
    b8a: FloatImage,
    b10: FloatImage,
    b11: FloatImage,
    cloud: FloatImage,
    snow: FloatImage,
    ground: ByteImage,
    elevation: FloatImage,
    t: Thresholds,
) -> ByteImage:
    """Classes (0-11, or `UNDECIDED`) from confidence and ground, with cirrus and recoveries (step 7).

    `elevation` of the ground in metres, NaN where unknown (sea): there cirrus is told. Thick cirrus gets at
    least its stated confidence, and then is no snow: changes `cloud` and `snow` (Sen2Cor 2.10).
    """
    classes = np.zeros(ground.shape, np.uint8)
    for row in range(ground.shape[0]):
        for column in range(ground.shape[1]):
            kind, confidence, cirrus = ground[row, column], cloud[row, column], b10[row, column]
            if kind == NO_DATA or np.isnan(cirrus):
                continue
            blue, red = max(b02[row, column], SMALLEST), max(b04[row, column], SMALLEST)
            if kind == DARK or (kind == UNCLASSIFIED and confidence == ZERO):
                green, nir = max(b03[row, column], SMALLEST), max(b8a[row, column], SMALLEST)
                kind = _recovered(blue, green, red, nir, max(b11[row, column], SMALLEST), kind, t)
            height = elevation[row, column]
            if np.isnan(height):
                height = ZERO
            classes[row, column] = _clouds(blue, cirrus, confidence, kind, height, t)
            if confidence < t.thick_cirrus_confidence and _is_thick_cirrus(cirrus, height, t):
                cloud[row, column], snow[row, column] = t.thick_cirrus_confidence, ZERO
    return classes
