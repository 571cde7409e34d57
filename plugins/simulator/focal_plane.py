"""Where the pixels of the instrument look, and when: a focal plane made from published numbers.

Twelve detectors stand staggered in two rows, odd ones looking backwards and even ones forwards; bands follow
one another along the track, in the opposite order in both rows, so that all see one ground a few seconds
apart. Source: MSI description (600 mm of focal length, pixels of 7.5 and 15 um, 290 km of swath), delays
between bands and overlaps of detectors as seen in datastrips of Sentinel-2A.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ipf.geometry.acquisition import SensorKey, ViewingDirections
from ipf.product.bands import BANDS, BY_NAME, DETECTORS
from ipf.product.l1b_model import GRANULE_SIZES

FOCAL_LENGTH_M = 0.6
PIXEL_M = 7.5e-6
"""Of a 10 m band; on the focal plane."""
LINE_PERIOD_S = 1.565873622e-3
"""Of a 10 m band (datastrips of Sentinel-2A)."""
OVERLAP_PIXELS = 150
"""Pixels of 10 m that two detectors share."""
DELAYS_S: Mapping[str, float] = {
    "B02": 0.0,
    "B08": 0.266,
    "B03": 0.534,
    "B10": 0.879,
    "B04": 1.021,
    "B05": 1.289,
    "B11": 1.524,
    "B06": 1.552,
    "B07": 1.821,
    "B8A": 2.084,
    "B12": 2.153,
    "B01": 2.363,
    "B09": 2.635,
}
"""Seconds by which odd detectors see a place later than in B02."""
FIRST_BAND_S = 1.0
"""Seconds by which odd detectors see a place in B02 later than straight below, and even ones earlier."""
DECIMALS = 10
"""Of tangents, as parameter files hold them: .1 mm on the ground."""
TDI: Mapping[str, str] = {
    band.name: "APPLIED" if band.name in ("B03", "B04", "B11", "B12") else "NO_TDI" for band in BANDS
}
"""Lines that are taken twice and added (time delay integration)."""


def delay(band: str, detector: int) -> float:
    """Seconds by which a detector sees a place later than straight below."""
    late = FIRST_BAND_S + DELAYS_S[band]
    return late if detector % 2 else -late


def first_lines(seconds: float) -> dict[SensorKey, float]:
    """Seconds at which every band and detector begins its first line: all see one ground with a line."""
    return {
        (band.name, detector): seconds + delay(band.name, detector)
        for band in BANDS
        for detector in DETECTORS
    }


def viewing_directions(apparent_rate: float) -> dict[SensorKey, ViewingDirections]:
    """Tangents of all pixels; `apparent_rate` is that at which the ground passes below, rad/s."""
    across = PIXEL_M / FOCAL_LENGTH_M
    spacing = (GRANULE_SIZES[10][1] - OVERLAP_PIXELS) * across
    made = {}
    for band in BANDS:
        pixels = GRANULE_SIZES[BY_NAME[band.name].resolution][1]
        places = (np.arange(pixels) - (pixels - 1) / 2) * across * band.resolution / 10
        for detector in DETECTORS:
            middle = (detector - (DETECTORS.start + DETECTORS.stop - 1) / 2) * spacing
            along = -apparent_rate * delay(band.name, detector)
            tangents = np.round(middle + places, DECIMALS), np.round(np.full(pixels, along), DECIMALS)
            made[band.name, detector] = ViewingDirections(*tangents)
    return made
