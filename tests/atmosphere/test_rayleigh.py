"""Molecular scattering against published formulas that this project does not use."""

from __future__ import annotations

import numpy as np
import pytest

from ipf.atmosphere.rayleigh import optical_depth, phase_coefficients


def test_optical_depth_is_that_of_the_published_fit_where_the_fit_holds() -> None:
    """Bodhaine et al. 1999, equation 30: within 0.03 % from 0.3 to 1 micrometre."""
    wavelength = np.linspace(300.0, 1000.0, 71)
    squared = (wavelength / 1000.0) ** 2
    numerator = 1.0455996 - 341.29061 / squared - 0.90230850 * squared
    fit = 0.0021520 * numerator / (1.0 + 0.0027059889 / squared - 85.968563 * squared)
    assert optical_depth(wavelength) == pytest.approx(fit, rel=3.5e-4)


def test_optical_depth_agrees_with_hansen_and_travis_from_blue_to_short_wave_infrared() -> None:
    """Hansen and Travis 1974, equation 2.30: within 0.4 %."""
    wavelength = np.linspace(400.0, 2300.0, 96)
    inverse = (1000.0 / wavelength) ** 2
    formula = 0.008569 * inverse**2 * (1.0 + 0.0113 * inverse + 0.00013 * inverse**2)
    assert optical_depth(wavelength) == pytest.approx(formula, rel=4e-3)


def test_phase_function_is_normalised_and_depolarised() -> None:
    """P(0) / P(90 degrees) = 2 / (1 + depolarisation factor) x (1 + ...): 1.9457 for a factor of 0.0279."""
    coefficients = phase_coefficients(13)
    assert coefficients.a1[0] == 1.0
    forward, sideways = np.polynomial.legendre.legval([1.0, 0.0], coefficients.a1)
    assert sideways / forward == pytest.approx((1 + 0.0279) / 2, rel=1e-12)
    assert np.count_nonzero(coefficients.a1) == 2
