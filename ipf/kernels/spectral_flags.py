"""What later rules ask of a pixel's spectrum: likeness to shade, to snow, and to bright ground, as flags.

Source: scene classification of Sen2Cor 2.8 (cloud shadow, snow recovery, topographic shadow) and 2.10 (bright
ground); see `ipf.kernels.classification` for the thresholds.
"""

from __future__ import annotations

import numpy as np

from ipf.kernels.class_thresholds import Real, Thresholds
from ipf.kernels.classification import (
    CLOUD_HIGH,
    CLOUD_MEDIUM,
    DARK,
    NO_DATA,
    SMALLEST,
    SNOW,
    THIN_CIRRUS,
    UNCLASSIFIED,
    ZERO,
    ByteImage,
    FloatImage,
)
from ipf.kernels.jit import kernel

SHADE_LIKE, GREENER_THAN_SWIR, BLUE_SHADE, BRIGHT_GROUND, DIM = 1, 2, 4, 8, 16
"""Bits of the flags: as ground in the shadow of a cloud; green above B11 (as snow beside snow); as snow in
the shadow of a mountain; as bright ground rather than cloud; dim enough for ground in a known shadow."""
NEAR_REFERENCE, BELOW_REFERENCE, ROUGHLY_NEAR = 1, 2, 4
"""Bits of the likeness to a shaded spectrum, before neighbours are asked."""
SIXTH = np.float32(1.0 / 6.0)


@kernel
def _shade_likeness(b02: Real, b03: Real, b04: Real, b8a: Real, b11: Real, b12: Real, t: Thresholds) -> int:
    """Likeness to the reference spectrum of a shaded ground: near it on average, or below it in all bands."""
    d02, d03, d04 = b02 - t.shadow_b02, b03 - t.shadow_b03, b04 - t.shadow_b04
    d8a, d11, d12 = b8a - t.shadow_b8a, b11 - t.shadow_b11, b12 - t.shadow_b12
    distance = (abs(d02) + abs(d03) + abs(d04) + abs(d8a) + abs(d11) + abs(d12)) * SIXTH
    likeness = NEAR_REFERENCE if distance <= t.shadow_distance_maximum else 0
    if distance <= t.dim_distance_maximum:
        likeness |= ROUGHLY_NEAR
    if max(max(max(d02, d03), max(d04, d8a)), max(d11, d12)) < ZERO:
        likeness |= BELOW_REFERENCE
    return likeness


@kernel
def shade_likeness(
    b02: FloatImage,
    b03: FloatImage,
    b04: FloatImage,
    b8a: FloatImage,
    b11: FloatImage,
    b12: FloatImage,
    t: Thresholds,
) -> ByteImage:
    """Likeness of each pixel to the reference spectrum of a shaded ground; 0 where there is no data."""
    likeness = np.zeros(b02.shape, np.uint8)
    for row in range(b02.shape[0]):
        for column in range(b02.shape[1]):
            likeness[row, column] = _shade_likeness(
                b02[row, column],
                b03[row, column],
                b04[row, column],
                b8a[row, column],
                b11[row, column],
                b12[row, column],
                t,
            )
    return likeness


@kernel
def _is_blue_shade(b02: Real, b04: Real, b8a: Real, t: Thresholds) -> bool:
    """Whether a pixel looks as snow in the shadow of a mountain: lit by the blue sky alone, yet not dark."""
    return bool(b02 - b04 > t.water_blue_red_difference and b8a < b04 and b02 > t.shade_blue_minimum)


@kernel
def _is_bright_ground(
    b01: Real, b03: Real, b04: Real, b05: Real, b8a: Real, b10: Real, b11: Real, t: Thresholds
) -> bool:
    """Whether a pixel looks as bright ground or roofs do rather than a cloud.

    Sources: one branch of the decision tree of Hollstein et al. 2016 (Remote Sensing 8, 666), and the
    built-up index of Fmask 4 (Qiu et al. 2019, Remote Sensing of Environment 231), as in Sen2Cor 2.10.
    """
    if b03 > t.bright_green_minimum and b01 < t.bright_coastal_maximum:
        swir_excess = b11 - b10 > t.bright_swir_cirrus_difference
        if swir_excess and b05 / b11 < t.bright_red_edge_swir_ratio:
            return True
    built_up = (b11 - b8a) / (b11 + b8a)
    return bool(built_up > ZERO and built_up > (b8a - b04) / (b8a + b04))


@kernel
def spectral_flags(
    b01: FloatImage,
    b02: FloatImage,
    b03: FloatImage,
    b04: FloatImage,
    b05: FloatImage,
    b8a: FloatImage,
    b10: FloatImage,
    b11: FloatImage,
    shade_like: ByteImage,
    dim: ByteImage,
    classes: ByteImage,
    t: Thresholds,
) -> ByteImage:
    """Spectral flags of each pixel, 0 where there is no data.

    `shade_like` and `dim` tell where a pixel and most of its neighbours are like shade, strictly or roughly;
    what is as blue as water is not flagged so, nor is thin cirrus.
    """
    flags = np.zeros(classes.shape, np.uint8)
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            kind = classes[row, column]
            if kind == NO_DATA:
                continue
            blue, green, red = b02[row, column], b03[row, column], b04[row, column]
            nir, swir = b8a[row, column], b11[row, column]
            found = 0
            if kind != THIN_CIRRUS and blue <= t.shadow_water_ratio * max(swir, SMALLEST):
                if shade_like[row, column]:
                    found |= SHADE_LIKE
                if shade_like[row, column] or dim[row, column] or kind == DARK:
                    found |= DIM
            if kind == SNOW and nir < t.dim_snow_maximum:
                found |= DIM
            if swir < green:
                found |= GREENER_THAN_SWIR
            if _is_blue_shade(blue, red, nir, t):
                found |= BLUE_SHADE
            if kind in (UNCLASSIFIED, CLOUD_MEDIUM, CLOUD_HIGH):
                coastal, edge, cirrus = b01[row, column], b05[row, column], b10[row, column]
                if _is_bright_ground(coastal, green, red, edge, nir, cirrus, max(swir, SMALLEST), t):
                    found |= BRIGHT_GROUND
            flags[row, column] = found
    return flags
