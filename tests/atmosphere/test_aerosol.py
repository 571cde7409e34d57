"""Mie optics of the aerosol models against figures of 6SV1.1, computed independently."""

from __future__ import annotations

import numpy as np
import pytest

from ipf.atmosphere import aerosol
from ipf.atmosphere.aerosol import optics

OCEANIC = {  # wavelength (nm): extinction relative to 550 nm, single-scattering albedo, asymmetry
    443.0: (3.601985 / 3.658747, 1.0, 0.784),
    860.0: (3.813161 / 3.658747, 3.809129 / 3.813161, 0.778),
    1650.0: (3.675602 / 3.658747, 3.619132 / 3.675602, 0.787),
    2250.0: (3.257454 / 3.658747, 2.935607 / 3.257454, 0.816),
}


def asymmetry(result: aerosol.AerosolOptics) -> float:
    return float(result.greek.a1[1] / 3.0)


@pytest.mark.parametrize(
    ("wavelength", "extinction", "albedo", "cosine"),
    [
        (443.13, 1.2331, 0.9003, 0.666),
        (664.52, 0.8168, 0.8847, 0.652),
        (864.71, 0.5974, 0.8571, 0.648),
        (2197.9, 0.2267, 0.7213, 0.802),
    ],
)
def test_continental_model(wavelength: float, extinction: float, albedo: float, cosine: float) -> None:
    result = optics("continental", wavelength, 13)
    assert result.extinction == pytest.approx(extinction, abs=2e-4)
    assert result.albedo == pytest.approx(albedo, abs=2e-4)
    assert asymmetry(result) == pytest.approx(cosine, abs=6e-4)


@pytest.mark.parametrize("wavelength", OCEANIC)
def test_oceanic_component(wavelength: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(aerosol.MIXTURES, "oceanic", ((aerosol.OCEANIC, 1.0),))
    extinction, albedo, cosine = OCEANIC[wavelength]
    result = optics("oceanic", wavelength, 13)
    assert result.extinction == pytest.approx(extinction, rel=0.01)
    assert 1.0 - result.albedo == pytest.approx(1.0 - albedo, rel=0.03, abs=2e-6)
    assert asymmetry(result) == pytest.approx(cosine, abs=0.008)


@pytest.mark.parametrize("model", aerosol.MIXTURES)
def test_phase_function_is_normalised_and_volumes_add_up(model: str) -> None:
    result = optics(model, 490.0, 13)
    assert result.greek.a1[0] == pytest.approx(1.0, abs=1e-12)
    assert np.all(result.phase > 0)
    assert np.all(np.diff(result.cosine) > 0)
    assert sum(fraction for _, fraction in aerosol.MIXTURES[model]) == pytest.approx(1.0)


def test_extinction_is_relative_to_550_nm() -> None:
    assert optics("maritime", 550.0, 13).extinction == pytest.approx(1.0, abs=1e-12)
