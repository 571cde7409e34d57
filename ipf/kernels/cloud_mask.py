"""Cloud mask of Level 1C: what single pixels look like, and areas made of them.

Images are float32 reflectance at the top of the atmosphere, NaN for no data; masks uint8 flags.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel
from ipf.kernels.morphology import dilate_box

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]

OPAQUE, CIRRUS, SNOW, SEEN = 1, 2, 4, 8
"""Flags; the first three as in MSK_CLASSI (PSD 14.8)."""


@kernel
def candidates(
    blue: Image,
    cirrus: Image,
    swir: Image,
    air: tuple[float, float, float],
    thresholds: tuple[float, float, float],
    flags: Mask,
) -> None:
    """Fill `flags` with what each pixel looks like; 0 where blue or the cirrus band have no data.

    air : reflectance of the air in the blue, its transmittance both ways, and its spherical albedo
    thresholds : of corrected blue (opaque), of the cirrus band, of ``(blue - swir) / (blue + swir)`` (snow)

    Without data in `swir` a bright pixel counts as cloud.
    """
    path, transmittance, albedo = air
    opaque, thin, snow = thresholds
    for row in range(blue.shape[0]):
        for column in range(blue.shape[1]):
            at_top, high, infrared = blue[row, column], cirrus[row, column], swir[row, column]
            flag = 0
            if at_top == at_top and high == high:
                flag = SEEN
                light = at_top - path
                corrected = light / (transmittance + albedo * light)
                if corrected >= opaque:
                    index = (corrected - infrared) / max(corrected + infrared, 1e-6)
                    flag |= SNOW if index >= snow else OPAQUE
                elif high >= thin:
                    flag |= CIRRUS
            flags[row, column] = flag


@kernel
def areas(flags: Mask, opaque: tuple[int, int], cirrus: tuple[int, int]) -> Mask:
    """OPAQUE, CIRRUS and SNOW after each kind of cloud was shrunk, then grown, by squares of a radius each.

    opaque, cirrus : radii of erosion and of dilation in pixels

    What was not seen does not shrink anything and stays without flags. Where the kinds meet, opaque clouds
    win over cirrus, and grown clouds spare snow.
    """
    clouds = shrunk_and_grown(flags, OPAQUE, opaque[0], opaque[1])
    thin = shrunk_and_grown(flags, CIRRUS, cirrus[0], cirrus[1])
    made = np.zeros(flags.shape, np.uint8)
    for row in range(flags.shape[0]):
        for column in range(flags.shape[1]):
            flag = flags[row, column]
            if not flag & SEEN:
                continue
            if flag & SNOW:
                made[row, column] = SNOW
            elif clouds[row, column]:
                made[row, column] = OPAQUE
            elif thin[row, column]:
                made[row, column] = CIRRUS
    return made


@kernel
def shrunk_and_grown(flags: Mask, kind: int, erosion: int, dilation: int) -> Mask:
    """1 where pixels of a kind are left after erosion, grown by dilation.

    What was not seen erodes nothing.
    """
    against = np.zeros(flags.shape, np.uint8)
    kept = np.zeros(flags.shape, np.uint8)
    for row in range(flags.shape[0]):
        for column in range(flags.shape[1]):
            flag = flags[row, column]
            kept[row, column] = flag & kind != 0
            against[row, column] = flag & SEEN != 0 and flag & kind == 0
    reached = dilate_box(against, erosion)
    for row in range(flags.shape[0]):
        for column in range(flags.shape[1]):
            if reached[row, column]:
                kept[row, column] = 0
    return dilate_box(kept, dilation)
