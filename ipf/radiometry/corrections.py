"""The corrections of Level 1B on blocks of lines of one detector, each by itself and all in their order.

Blocks are float32 (lines, pixels), NaN where a pixel has no data. A function that takes an image and returns
none works in place. Line numbers count from 0 over the datastrip.

Source: order of the corrections, Sentinel-2 Level-1B algorithm overview (SentiWiki, S2 Processing).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ipf.kernels import radiometry as kernels
from ipf.radiometry.calibration import (
    LOST_COUNT,
    BilinearResponse,
    Binning,
    BlindColumns,
    Coefficients,
    DarkSignal,
    Defects,
    LineShifts,
    OnboardEqualization,
    Response,
)

Image = npt.NDArray[np.float32]
Counts = npt.NDArray[np.uint16]


def image_of_counts(counts: Counts) -> Image:
    """Raw counts as an image; lost pixels become NaN."""
    image = np.empty(counts.shape, np.float32)
    kernels.image_of_counts(counts, LOST_COUNT, image)
    return image


def undo_onboard_equalization(image: Image, equalization: OnboardEqualization) -> None:
    """Give the counts that the converter had made before the instrument evened them out."""
    coefficients = equalization.a1, equalization.a2, equalization.zs, equalization.dark
    kernels.undo_onboard_equalization(image, *coefficients)


def subtract_dark(image: Image, dark: DarkSignal, first_line: int) -> None:
    """Subtract the dark signal; `first_line` is the number of the block's first line."""
    kernels.subtract_dark(image, dark.levels, first_line)


def remove_blind_pixels(image: Image, blind: BlindColumns, correct_offset: bool = True) -> Image:
    """The image without blind columns, each line less the offset that its valid blind pixels tell."""
    offsets = np.zeros(image.shape[0], np.float32)
    if correct_offset:
        kernels.offsets_of_lines(image, np.array(blind.valid, np.int64), blind.normalisation, offsets)
    seeing = np.setdiff1d(np.arange(image.shape[1]), np.array(blind.every, np.int64))
    result = np.empty((image.shape[0], seeing.size), np.float32)
    kernels.subtract_offsets(image, offsets, seeing, result)
    return result


def subtract_crosstalk(
    images: Mapping[str, Image], leaks: Mapping[str, Mapping[str, float]]
) -> dict[str, Image]:
    """Images less what the signals of other bands at the same time added to them.

    images : by band, of the same time and detector; a band with half as many pixels has half the lines, too
    leaks : by band, the share of every other band's signal that it received; 0 or nothing is no leak

    Coarser bands are repeated and finer ones averaged over the pixels that were taken together.
    """
    corrected = {}
    for band, image in images.items():
        result = image.copy()
        for other, share in leaks.get(band, {}).items():
            if share and other in images and other != band:
                kernels.add_weighted(_on_pixels_of(images[other], image.shape), -share, result)
        corrected[band] = result
    return corrected


def _on_pixels_of(source: Image, shape: tuple[int, int]) -> Image:
    if source.shape == shape:
        return source
    if source.shape[0] < shape[0]:
        factors = tuple(wanted // has for wanted, has in zip(shape, source.shape, strict=True))
        return np.repeat(np.repeat(source, factors[0], axis=0), factors[1], axis=1)
    lines, pixels = (has // wanted for wanted, has in zip(shape, source.shape, strict=True))
    blocks = source.reshape(shape[0], lines, shape[1], pixels)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def apply_response(image: Image, response: Response) -> None:
    """Make the pixels of a line respond alike, and in proportion to radiance."""
    if isinstance(response, BilinearResponse):
        kernels.apply_bilinear(image, response.a1, response.a2, response.zs)
    else:
        kernels.apply_cubic(image, response.a, response.b, response.c)


def rearrange_lines(image: Image, shifts: LineShifts) -> Image:
    """Lines of which every column looks at the same ground; the image has a line more above and below.

    A shift by a part of a line is the parabola through three lines, unless there are other taps for it.
    """
    result = np.empty((image.shape[0] - 2, image.shape[1]), np.float32)
    weights = shift_weights(shifts.step) if shifts.taps is None else _weights_of_taps(shifts.taps)
    kernels.shift_lines(image, shifts.shifts, weights, result)
    return result


def _weights_of_taps(taps: Coefficients) -> Image:
    own = np.array([0.0, 1.0, 0.0], np.float32)
    return np.ascontiguousarray(np.stack([taps[::-1], own, taps]).astype(np.float32))


def shift_weights(step: float) -> Image:
    """Weights (3, 3) of the line above, the own and the one below, for shifts of -1, 0 and 1 `step`."""
    places = np.array([-step, 0.0, step])
    weights = [places * (places - 1) / 2, 1 - places**2, places * (places + 1) / 2]
    return np.ascontiguousarray(np.stack(weights, axis=1).astype(np.float32))


def interpolate_defects(image: Image, defects: Defects) -> None:
    """Fill defective columns from their neighbours along the line."""
    defective = np.zeros(image.shape[1], np.uint8)
    columns = np.array(defects.columns, np.int64)
    defective[columns] = 1
    kernels.fill_columns(image, columns, defective, defects.taps)


def bin_pixels(image: Image, binning: Binning, pixels: int) -> Image:
    """`pixels` coarser pixels of each line; the image has lines around it for the kernel to reach."""
    lines = image.shape[0] - (binning.kernel.shape[0] - 1)
    result = np.empty((lines, pixels), np.float32)
    kernels.bin_pixels(image, binning.kernel, binning.factor, result)
    return result


def counts_of_image(image: Image, offset: float, largest: int) -> Counts:
    """Whole counts ``image - offset`` from 1 to `largest`, 0 where there is no data.

    `offset` is RADIO_ADD_OFFSET of Level 1B, -100 by default: counts are larger by 100.
    """
    counts = np.empty(image.shape, np.uint16)
    kernels.counts_of_image(image, offset, LOST_COUNT + 1, largest, LOST_COUNT, counts)
    return counts
