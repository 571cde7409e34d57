"""Step `toa_reflectance`: from counts of Level 1B to reflectance at the top of the atmosphere.

``reflectance = pi (count + offset) / (A E U cos(zenith))`` with the physical gain A (counts per W m-2 sr-1
um-1), the solar irradiance E (W m-2 um-1) at one astronomical unit, U for the distance of the sun, and the
zenith angle of the sun at the pixel, when it was seen (Sentinel-2 Level-1C algorithm overview).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.geometric.calibration import Calibration
from ipf_plugins.geometric.ortho_grids import OrthoGrids

from ipf.engine import BlockStep, Context, NoParameters, reads, writes
from ipf.errors import StepError
from ipf.geometry.resampling import NO_DATA, SATURATED
from ipf.kernels.reflectance import quality_of_pixels, reflectance_of_counts
from ipf.product.masks import QUALITY_FLAGS

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]

QUANTIFICATION, OFFSET, LARGEST_COUNT = 1e-4, -1000.0, 32767
"""Counts are ``reflectance * 10000 + 1000``; 0 is no data, and 15 bits are written (PSD 14.8)."""
LOST_FLAG = 1 << QUALITY_FLAGS.index("no_data")
SATURATED_FLAG = 1 << QUALITY_FLAGS.index("saturated")


@dataclass(frozen=True)
class Inputs:
    """One band on the tile's pixels, and what turns counts into reflectance."""

    l1b_counts: Annotated[FloatImage, reads(each_band=True)]
    resampling_flags: Annotated[ByteImage, reads(each_band=True)]
    l1b_detector: Annotated[ByteImage, reads(each_band=True)]
    l1b_quality: Annotated[ByteImage, reads(each_band=True)]
    calibration: Calibration
    ortho_grids: OrthoGrids


@dataclass(frozen=True)
class Outputs:
    """Reflectance, the detector that saw each pixel, and its flags as in quality masks."""

    toa_reflectance: Annotated[
        FloatImage,
        writes(
            unit="1",
            dtype="uint16",
            scale=QUANTIFICATION,
            offset=OFFSET,
            nodata=0,
            minimum=1,
            maximum=LARGEST_COUNT,
            each_band=True,
        ),
    ]
    detector_footprint: Annotated[ByteImage, writes(unit="detector", dtype="uint8", each_band=True)]
    quality: Annotated[ByteImage, writes(unit="flags", dtype="uint8", each_band=True)]


def convert(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Reflectance of one block."""
    if context.grid is None or context.window is None:
        raise StepError("toa_reflectance: no window is known, expected to be run by the engine")
    calibration, band = inputs.calibration, context.band
    factor = math.pi / (
        calibration.gains[band] * calibration.irradiance[band] * calibration.sun_distance_correction
    )
    cosine = inputs.ortho_grids.sun(band).cosine(context.grid.resolution, context.window)
    reflectance = np.empty_like(inputs.l1b_counts)
    reflectance_of_counts(inputs.l1b_counts, cosine, calibration.offsets[band], factor, reflectance)
    quality = np.empty_like(inputs.l1b_quality)
    quality_of_pixels(
        inputs.l1b_quality,
        inputs.resampling_flags,
        (NO_DATA, LOST_FLAG),
        (SATURATED, SATURATED_FLAG),
        quality,
    )
    # Detectors pass through so that a block is resampled once for all that is written of it.
    return Outputs(reflectance, inputs.l1b_detector, quality)


toa_reflectance = BlockStep(
    name="toa_reflectance",
    summary="reflectance at the top of the atmosphere, with the sun of every pixel",
    run=convert,
)
