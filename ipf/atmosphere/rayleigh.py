"""Molecular (Rayleigh) scattering of dry air: optical depth and phase matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.greek import GreekCoefficients

Floats = npt.NDArray[np.float64]

STANDARD_PRESSURE = 1013.25
"""Sea-level pressure of the US Standard Atmosphere 1962, hPa."""

DEPOLARISATION = 0.0279
"""Depolarisation factor of air (Young 1980, Applied Optics 19, 3427), as in 6SV1.1."""

SCALE_HEIGHT = 8.0
"""Scale height of the molecules, km (6SV1.1)."""


def optical_depth(wavelength: Floats) -> Floats:
    """Rayleigh optical depth of the whole column at 1013.25 hPa; `wavelength` in nm, 250 to 4000.

    Bodhaine et al. 1999 (J. Atmos. Oceanic Technol. 16, 1854), equation 30. The depth is proportional to the
    surface pressure.
    """
    squared = (wavelength / 1000.0) ** 2
    numerator = 1.0455996 - 341.29061 / squared - 0.90230850 * squared
    denominator = 1.0 + 0.0027059889 / squared - 85.968563 * squared
    return np.asarray(0.0021520 * numerator / denominator)


def phase_coefficients(count: int) -> GreekCoefficients:
    """Expansion of the Rayleigh phase matrix, (`count`,) each; terms above order 2 are zero.

    Hansen and Travis 1974 (Space Sci. Rev. 16, 527), section 2.5, in generalised spherical functions.
    """
    anisotropy = (1.0 - DEPOLARISATION) / (1.0 + DEPOLARISATION / 2.0)
    coefficients = np.zeros((4, count))
    coefficients[0, 0] = 1.0
    coefficients[:, 2] = (0.5 * anisotropy, 3.0 * anisotropy, 0.0, np.sqrt(6.0) / 2.0 * anisotropy)
    return GreekCoefficients(*coefficients)
