"""Expansions in generalised spherical functions, against cases known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.atmosphere.greek import expand

COSINE, WEIGHT = np.polynomial.legendre.leggauss(400)


def test_rayleigh_matrix() -> None:
    """Without depolarisation: a1 = (1, 0, 1/2), a2 = (0, 0, 3), a3 = 0, b1 = (0, 0, sqrt(6)/2)."""
    result = expand(COSINE, WEIGHT, 0.75 * (1 + COSINE**2), 0.75 * (1 - COSINE**2), 1.5 * COSINE, 6)
    expected = np.zeros((4, 6))
    expected[0, [0, 2]] = 1.0, 0.5
    expected[1, 2], expected[3, 2] = 3.0, np.sqrt(6.0) / 2.0
    assert np.stack([result.a1, result.a2, result.a3, result.b1]) == pytest.approx(expected, abs=1e-11)


@given(st.floats(-0.8, 0.8))
def test_henyey_greenstein_phase_function(asymmetry: float) -> None:
    phase = (1 - asymmetry**2) / (1 + asymmetry**2 - 2 * asymmetry * COSINE) ** 1.5
    result = expand(COSINE, WEIGHT, phase, np.zeros_like(phase), phase, 13)
    order = np.arange(13)
    assert result.a1 == pytest.approx((2 * order + 1) * asymmetry**order, abs=1e-8)
    assert result.b1 == pytest.approx(0.0, abs=1e-12)
    assert result.truncated_share(12) == pytest.approx(asymmetry**12, abs=1e-9)


def test_matrix_is_recovered_from_its_coefficients() -> None:
    """P11 = P33 = 1 + x^3: a2 + a3 and a2 - a3 are those of 2 (1 + x^3) and 0."""
    phase = 1.0 + COSINE**3
    result = expand(COSINE, WEIGHT, phase, 0 * phase, phase, 8)
    assert np.polynomial.legendre.legval(COSINE, result.a1) == pytest.approx(phase, abs=1e-11)
    assert result.a2 == pytest.approx(result.a3, abs=1e-11)
