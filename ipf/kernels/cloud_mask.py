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
Air = tuple[float, float, npt.NDArray[np.float64]]

OPAQUE, CIRRUS, SNOW, SEEN = 1, 2, 4, 8
"""Flags; the first three as in MSK_CLASSI (PSD 14.8)."""


@kernel
def candidates(
    blue: Image,
    cirrus: Image,
    swir: Image,
    ground: Image,
    air: Air,
    thresholds: tuple[float, float, float],
    flags: Mask,
) -> None:
    """Fill `flags` with what each pixel looks like; 0 where blue or the cirrus band have no data.

    ground : elevation, m; levels beyond those of `air` count as the nearest of them
    air : height of the first level and distance of levels, m, and for each level, (n, 3), reflectance of the
        air in the blue, its transmittance both ways, and its spherical albedo; two levels at least
    thresholds : of corrected blue (opaque), of the cirrus band, of ``(blue - swir) / (blue + swir)`` (snow)

    Without data in `swir` a bright pixel counts as cloud.
    """
    lowest, step, levels = air
    last = levels.shape[0] - 2
    opaque, thin, snow = thresholds
    for row in range(blue.shape[0]):
        for column in range(blue.shape[1]):
            at_top, high, infrared = blue[row, column], cirrus[row, column], swir[row, column]
            flag = 0
            if at_top == at_top and high == high:
                flag = SEEN
                place = (ground[row, column] - lowest) / step
                level = min(max(int(place), 0), last)
                part = min(max(place - level, 0.0), 1.0)
                path = levels[level, 0] + part * (levels[level + 1, 0] - levels[level, 0])
                transmittance = levels[level, 1] + part * (levels[level + 1, 1] - levels[level, 1])
                albedo = levels[level, 2] + part * (levels[level + 1, 2] - levels[level, 2])
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
