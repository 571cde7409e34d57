"""Gross errors in numbers of metadata: what makes a product unusable, whichever processor it is of.

Everything here holds where both sides say something. What one side lacks is another matter: offsets came with
baseline 04.00, and a tile has angle grids of the detectors that saw it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ipf.compare.xml_rules import Patterns
from ipf.compare.xml_values import EXACT, Limits, Numbers, allowances, numbers_in


class _Gross(NamedTuple):
    """How much numbers at some element paths may differ at most; on a circle, the shorter way around."""

    paths: Patterns
    limits: Limits
    circle: bool = False


_ANGLES = Limits(absolute=5.0)

_GROSS = (
    _Gross(
        Patterns(("*COL_STEP", "*ROW_STEP", "*SPECIAL_VALUE_INDEX", "*QUANTIFICATION_VALUE", "*_ADD_OFFSET")),
        EXACT,
    ),
    _Gross(
        Patterns(
            (
                "*Mean_Sun_Angle/ZENITH_ANGLE",
                "*Solar_Angles/ZENITH_ANGLE",
                "*Incidence_Angle*/ZENITH_ANGLE",
                "*_Angles_Grid*/Zenith/*VALUES",
            )
        ),
        _ANGLES,
    ),
    _Gross(
        Patterns(
            (
                "*Mean_Sun_Angle/AZIMUTH_ANGLE",
                "*Solar_Angles/AZIMUTH_ANGLE",
                "*Sun_Angles_Grid/Azimuth/*VALUES",
            )
        ),
        _ANGLES,
        circle=True,
    ),
    _Gross(Patterns(("*Reflectance_Conversion/U",)), Limits(relative=0.05)),
    _Gross(Patterns(("*SOLAR_IRRADIANCE",)), Limits(relative=0.1)),
)
"""What counts mean and where angles are is exact.

5 degrees: the Sun moves by them in 20 minutes, and no orbit or attitude is off by as much; azimuths of view
turn by any amount below the satellite and are not among them. U, the correction for the distance of the Sun,
changes by 7 % in a year. Irradiance within 10 %: models of the Sun differ by a few per cent in the short-wave
infrared.
"""

_PARTLY_SEEN = Patterns(("*Viewing_Incidence_Angles_Grids/*",))
"""NaN here is no fault (PSD 14.8): where a detector did not see the tile, the border of which may differ."""


def gross_error(rule: str, reference: str, candidate: str) -> str | None:
    """Why `candidate` cannot stand at the path `rule` where `reference` does, under any tolerances.

    None where nothing is wrong, or where the reference is no number itself.
    """
    reference, candidate = " ".join(reference.split()), " ".join(candidate.split())
    if reference in ("0", "1") and candidate in ("false", "true"):
        return None  # a boolean on both sides
    expected, found = numbers_in(reference), numbers_in(candidate)
    if expected is None or not np.isfinite(expected).any():
        return None
    if found is None:
        return "is no number"
    if expected.size != found.size:
        return None  # told, and no difference of numbers: outlines have as many corners as they need
    lost = np.isinf(found) if _PARTLY_SEEN.match(rule) else ~np.isfinite(found)
    if (lost & np.isfinite(expected)).any():
        return "is no number" if found.size == 1 else "has what is no number"
    return _too_far(rule, expected, found)


def _too_far(rule: str, reference: Numbers, candidate: Numbers) -> str | None:
    gross = next((each for each in _GROSS if each.paths.match(rule)), None)
    if gross is None:
        return None
    both = np.isfinite(reference) & np.isfinite(candidate)
    with np.errstate(over="ignore", invalid="ignore"):
        deltas = np.abs(candidate[both] - reference[both])
        if gross.circle:
            deltas = np.minimum(deltas % 360, 360 - deltas % 360)
    beyond = deltas > allowances(reference[both], gross.limits)
    return f"differs by {deltas[beyond].max():.6g}, more than any processor may" if beyond.any() else None
