"""Empirical correction of slopes that are lit at a grazing angle, and therefore come out too bright.

Source: Richter 1998, Applied Optics 37, 4004-4015 (equations 22 and 23), with the threshold angles and the
exponents of the codes of Sen2Cor and ATCOR-3.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Floats32 = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@kernel
def threshold_angle(sun_zenith: float) -> float:
    """Angle of incidence from which a slope is corrected, degrees, for a sun zenith in degrees."""
    if sun_zenith < 35.0:
        return sun_zenith + 25.0
    if sun_zenith < 45.0:
        return sun_zenith + 20.0
    if sun_zenith < 50.0:
        return sun_zenith + 15.0
    if sun_zenith < 60.0:
        return sun_zenith + 10.0
    return max(70.0, sun_zenith + 5.0)


@kernel
def slope_factor(
    illumination: Floats32,
    sun_cosine: Floats32,
    classes: Bytes,
    vegetation: int,
    exponent: float,
    exponent_of_vegetation: float,
    lower_bound: float,
) -> Floats32:
    """Factor on the reflectance of each pixel, `lower_bound` to 1; all (rows, columns).

    `illumination` is the cosine of the angle of incidence, `sun_cosine` that on flat ground; pixels whose
    class is `vegetation` have an exponent of their own.
    """
    factor = np.ones(illumination.shape, np.float32)
    rows, columns = illumination.shape
    for i in range(rows):
        for j in range(columns):
            sun_zenith = np.rad2deg(np.arccos(sun_cosine[i, j]))
            limit = np.cos(np.deg2rad(threshold_angle(sun_zenith)))
            cosine = illumination[i, j]
            if limit > 0.0 and cosine < limit:
                power = exponent_of_vegetation if classes[i, j] == vegetation else exponent
                factor[i, j] = max((max(cosine, np.float32(0.0)) / limit) ** power, lower_bound)
    return factor
