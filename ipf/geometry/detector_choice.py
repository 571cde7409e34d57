"""Which of two detectors a pixel is taken from where both have seen the ground.

In official products the lower-numbered detector is taken nearly to its last pixel. Where the change lies was
measured on raster footprints (MSK_DETFOO, baseline 04.00) of two products, to some 20 m: the distance grows
with the time between the band and B02, of which the even detectors see the ground in the opposite order.
"""

from __future__ import annotations

from enum import StrEnum

METRES_BEFORE_END = {
    "B01": 280,
    "B02": 0,
    "B03": 65,
    "B04": 110,
    "B05": 150,
    "B06": 200,
    "B07": 240,
    "B08": 40,
    "B8A": 265,
    "B09": 345,
    "B10": 320,
    "B11": 410,
    "B12": 470,
}
"""Distance from the centre of its last pixel up to which the lower-numbered detector is taken, by band."""
MIDDLE_OF_OVERLAP = -1.0
"""In place of such a distance: the detector that sees a pixel furthest from its ends."""


class DetectorChoice(StrEnum):
    """How the choice is made."""

    MIDDLE = "middle"
    LOWEST = "lowest"

    def pixels_before_end(self, band: str, resolution: int) -> float:
        """Pixels before its end up to which the lower-numbered detector of `band` is taken."""
        if self is DetectorChoice.MIDDLE:
            return MIDDLE_OF_OVERLAP
        return METRES_BEFORE_END[band] / resolution
