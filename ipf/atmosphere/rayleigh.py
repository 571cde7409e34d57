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

_CARBON_DIOXIDE = 360e-6
_MOLECULES_PER_CM3 = 2.546899e19
"""Air at 288.15 K and 1013.25 hPa."""

_MOLECULES_PER_CM2 = 1013250.0 * 6.0221367e23 / (28.9595 * 978.91)
"""Pressure x Avogadro's number / (molar mass x gravity at the mass-weighted altitude), cgs (equation 25)."""


def optical_depth(wavelength: Floats) -> Floats:
    """Rayleigh optical depth of the whole column at 1013.25 hPa; `wavelength` in nm, 230 to 2500.

    Bodhaine et al. 1999 (J. Atmos. Oceanic Technol. 16, 1854), section 4, for dry air with 360 ppm of carbon
    dioxide above sea level at 45 degrees of latitude. The depth is proportional to the surface pressure.
    """
    inverse_square = (1000.0 / wavelength) ** 2
    # Peck and Reeder 1972, 300 ppm of carbon dioxide (equation 18), and the correction to 360 ppm (equation
    # 19).
    refractivity = 8060.51 + 2480990.0 / (132.274 - inverse_square) + 17455.7 / (39.32957 - inverse_square)
    index_squared = (1.0 + 1e-8 * refractivity * (1.0 + 0.54 * (_CARBON_DIOXIDE - 300e-6))) ** 2
    # King factors of nitrogen, oxygen, argon and carbon dioxide (Bates 1984; equation 23).
    nitrogen = 1.034 + 3.17e-4 * inverse_square
    oxygen = 1.096 + 1.385e-3 * inverse_square + 1.448e-4 * inverse_square**2
    percent = 100.0 * _CARBON_DIOXIDE
    king = (78.084 * nitrogen + 20.946 * oxygen + 0.934 + 1.15 * percent) / (
        78.084 + 20.946 + 0.934 + percent
    )
    centimetres = wavelength * 1e-7
    lorentz = ((index_squared - 1.0) / (index_squared + 2.0)) ** 2
    cross_section = 24.0 * np.pi**3 / (centimetres**4 * _MOLECULES_PER_CM3**2) * lorentz * king
    return np.asarray(cross_section * _MOLECULES_PER_CM2)


def phase_coefficients(count: int) -> GreekCoefficients:
    """Expansion of the Rayleigh phase matrix, (`count`,) each; terms above order 2 are zero.

    Hansen and Travis 1974 (Space Sci. Rev. 16, 527), section 2.5, in generalised spherical functions.
    """
    anisotropy = (1.0 - DEPOLARISATION) / (1.0 + DEPOLARISATION / 2.0)
    coefficients = np.zeros((4, count))
    coefficients[0, 0] = 1.0
    coefficients[:, 2] = (0.5 * anisotropy, 3.0 * anisotropy, 0.0, np.sqrt(6.0) / 2.0 * anisotropy)
    return GreekCoefficients(*coefficients)
