"""Horizontal visibility, the measure of aerosol in which Sen2Cor's tables and reports speak."""

from __future__ import annotations

import math

import numpy as np

_ALTITUDES_KM = (0.0, 0.7, 2.5)
_INTERCEPTS = (1.54641, 1.40593, 0.92664)
_SLOPES = (-0.854022, -0.844382, -0.805663)
"""``ln AOT550 = a(z) + b(z) ln V`` at these altitudes of the ground (Sen2Cor, atmospheric correction)."""
LONGEST_KM = 120.0
"""Where the visibilities of Sen2Cor's tables end (L2A_GIPP Visibility)."""
_LEAST_AOT = 1e-3


def visibility_of(aot: float, altitude_km: float) -> float:
    """Visibility in km, at most `LONGEST_KM`, of an aerosol optical thickness at 550 nm above the ground.

    Between the altitudes of the formula its coefficients are interpolated, outside they stay.
    """
    intercept = float(np.interp(altitude_km, _ALTITUDES_KM, _INTERCEPTS))
    slope = float(np.interp(altitude_km, _ALTITUDES_KM, _SLOPES))
    return min(math.exp((math.log(max(aot, _LEAST_AOT)) - intercept) / slope), LONGEST_KM)
