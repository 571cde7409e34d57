"""Step `spectral_classification`: what the spectrum of each 20 m pixel tells of cloud, snow and ground.

The spectral tests of Sen2Cor 2.8 on top-of-atmosphere reflectance, with B8A as near infrared, its ring around
snow, and its recoveries of vegetation, water and soil. Where the place matters (shadow, terrain, maps,
statistics of the scene) `scene_classification` decides; the flags say what it may ask of the spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from ipf_plugins.atmospheric.class_maps import ClassMapsUsed
from ipf_plugins.atmospheric.thresholds import SpectralClassificationParameters

from ipf.engine import Bands, BlockStep, Context, reads, writes
from ipf.kernels.classification import (
    NO_DATA,
    SATURATED_DEFECTIVE,
    SNOW,
    FloatImage,
    clear_snow_ring,
    spectral_classes,
    spectral_tests,
)
from ipf.kernels.morphology import dilate_diamond, majority, select
from ipf.kernels.spectral_flags import (
    BELOW_REFERENCE,
    NEAR_REFERENCE,
    ROUGHLY_NEAR,
    shade_likeness,
    spectral_flags,
)

RESOLUTION = 20
RING = 3
"""Reach of the ring around snow in pixels (Sen2Cor 2.8: three dilations by the four neighbours)."""
MARGIN = RING * RESOLUTION

TESTED = ("B02", "B03", "B04", "B05", "B8A", "B11", "B12")
"""Bands of the tests that need neighbours."""
LOOKED_AT = ("B01", "B10")
HELD = ("B06", "B07", "B08", "B09")
"""Bands without a test: it is only asked whether they hold data."""

BRIGHTEST = np.float32(3.28)
"""Reflectance beyond the 15 bits of Level-1C counts: only the count that stands for saturation, 65535 (PSD
14.8, Special_Values), is brighter. Of a band of 10 m two of four pixels must be saturated to show here."""

Bytes = npt.NDArray[np.uint8]
Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True)
class Inputs:
    """Reflectance, and the elevation of the ground: of each pixel where known, else its mean."""

    tested: Annotated[Bands, reads("toa_reflectance", bands=TESTED, resolution=RESOLUTION, margin=MARGIN)]
    looked_at: Annotated[Bands, reads("toa_reflectance", bands=LOOKED_AT, resolution=RESOLUTION)]
    held: Annotated[Bands, reads("toa_reflectance", bands=HELD, resolution=RESOLUTION)]
    elevation: Annotated[FloatImage | None, reads(resolution=RESOLUTION)]
    atmospheric_state: AtmosphericState
    class_maps_used: ClassMapsUsed | None


@dataclass(frozen=True)
class Outputs:
    """Classes of the PSD (0-11) or 12 for undecided, confidences in percent, bits of `spectral_flags`."""

    spectral_class: Annotated[Bytes, writes(unit="class", dtype="uint8", nodata=0, resolution=RESOLUTION)]
    cloud_confidence: Annotated[Bytes, writes(unit="%", dtype="uint8", resolution=RESOLUTION)]
    snow_confidence: Annotated[Bytes, writes(unit="%", dtype="uint8", resolution=RESOLUTION)]
    spectral_flags: Annotated[Bytes, writes(unit="flags", dtype="uint8", resolution=RESOLUTION)]


def classify_spectra(
    inputs: Inputs, parameters: SpectralClassificationParameters, context: Context
) -> Outputs:
    """Classify the pixels of a block by their spectra."""
    limits = parameters.thresholds
    b02, b03, b04, b05, b8a, b11, b12 = (inputs.tested[band] for band in TESTED)
    b01, b10 = (inputs.looked_at[band] for band in LOOKED_AT)
    maps = inputs.class_maps_used
    snow_possible = parameters.snow_possible and (maps is None or maps.snow_possible)
    cloud, snow, ground = spectral_tests(b02, b03, b04, b05, b8a, b11, b12, snow_possible, limits)
    snowy = select(ground, SNOW, SNOW)
    if snowy.any():
        clear_snow_ring(cloud, ground, dilate_diamond(snowy, RING), b12, limits)
    like = shade_likeness(b02, b03, b04, b8a, b11, b12, limits)
    shaded = _mostly(like, NEAR_REFERENCE) | _mostly(like, BELOW_REFERENCE)
    dim = _mostly(like, ROUGHLY_NEAR)
    cloud, snow = _inner(cloud), _inner(snow)
    ground, shaded, dim = _inner(ground), _inner(shaded), _inner(dim)
    b02, b03, b04, b05, b8a, b11 = (_inner(band) for band in (b02, b03, b04, b05, b8a, b11))
    ground[_missing(inputs)] = 0
    elevation = _elevation(inputs, b10.shape)
    classes = spectral_classes(b02, b03, b04, b8a, b10, b11, cloud, snow, ground, elevation, limits)
    classes[_saturated(inputs) & (classes != NO_DATA)] = SATURATED_DEFECTIVE
    flags = spectral_flags(b01, b02, b03, b04, b05, b8a, b10, b11, shaded, dim, classes, limits)
    return Outputs(classes, _percent(cloud, classes), _percent(snow, classes), flags)


def _mostly(likeness: Bytes, bit: int) -> Bytes:
    """1 where a pixel and its eight neighbours mostly have the bit."""
    return majority(likeness & np.uint8(bit), 1)


def _inner(layer: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """The block without its margin."""
    return np.ascontiguousarray(layer[RING:-RING, RING:-RING])


def _missing(inputs: Inputs) -> npt.NDArray[np.bool_]:
    """Where a band that no test asks about holds no data."""
    missing: npt.NDArray[np.bool_] = np.isnan(inputs.looked_at["B01"])
    for band in HELD:
        missing |= np.isnan(inputs.held[band])
    return missing


def _saturated(inputs: Inputs) -> npt.NDArray[np.bool_]:
    """Where a band is brighter than its counts can tell."""
    saturated = np.zeros(inputs.looked_at["B01"].shape, np.bool_)
    for bands in (inputs.looked_at, inputs.held):
        for image in bands.values():
            saturated |= image > BRIGHTEST
    for image in inputs.tested.values():
        saturated |= image[RING:-RING, RING:-RING] > BRIGHTEST
    return saturated


def _elevation(inputs: Inputs, shape: tuple[int, ...]) -> FloatImage:
    """Elevation of each pixel in metres."""
    if inputs.elevation is not None:
        return inputs.elevation
    mean = inputs.atmospheric_state.ground_elevation.field.mean
    return np.full(shape, mean, np.float32)


def _percent(confidence: FloatImage, classes: Bytes) -> Bytes:
    """Confidence in whole percent, 0 where there is no data."""
    percent = (confidence * np.float32(100.0) + np.float32(0.5)).astype(np.uint8)
    percent[classes == 0] = 0
    return percent


spectral_classification = BlockStep(
    name="spectral_classification",
    summary="cloud, snow and ground at 20 m from spectral tests",
    run=classify_spectra,
)
