"""Spectral responses and irradiance: the real files of three satellites, and malformed ones."""

from __future__ import annotations

import bz2
from pathlib import Path

import numpy as np
import pytest

from ipf.atmosphere.responses import Spectrum, band_weights, read_irradiance, read_responses
from ipf.errors import AuxiliaryError
from ipf.product.bands import BAND_NAMES

# Sentinel-2 spectral responses, COPE-GSEG-EOPG-TN-15-0007: centre wavelengths of S2A and S2B (nm).
CENTRES = {"B01": 442.7, "B02": 492.7, "B04": 664.6, "B8A": 864.7, "B09": 945.1, "B12": 2202.4}


@pytest.mark.parametrize("name", ["S2A_MSI_V4.txt", "S2B_MSI_V4.txt", "S2C_MSI_V4.txt", "S2A_MSI.txt"])
def test_real_responses(reference_data: Path, name: str) -> None:
    responses = read_responses(reference_data / "spectral" / name)
    irradiance = read_irradiance(reference_data / "spectral/Thuillier2003.txt.bz2")
    assert tuple(responses) == BAND_NAMES
    for band, response in responses.items():
        assert response.value.max() == pytest.approx(1.0, abs=0.02)
        weights = band_weights(response, irradiance)
        assert weights.weight.sum() == pytest.approx(1.0)
        if band in CENTRES and not name.startswith("S2C"):
            assert weights.mean_wavelength == pytest.approx(CENTRES[band], rel=0.011)


def test_irradiance_spectra_give_the_same_band_means(reference_data: Path) -> None:
    """Only the shape of the solar spectrum enters, and it matters little within a band."""
    folder = reference_data / "spectral"
    response = read_responses(folder / "S2A_MSI_V4.txt")["B01"]
    means = [
        band_weights(response, read_irradiance(folder / name)).mean_wavelength
        for name in ("Thuillier2003.txt.bz2", "Coddington2023_1_0nm.txt.bz2")
    ]
    assert means[0] == pytest.approx(means[1], abs=0.1)


def test_a_box_response_in_constant_light_has_its_centre_as_mean() -> None:
    wavelength = np.arange(500.0, 511.0)
    flat = Spectrum(np.array([400.0, 600.0]), np.array([2.0, 2.0]))
    weights = band_weights(Spectrum(wavelength, np.ones(11)), flat)
    assert weights.mean_wavelength == pytest.approx(505.0)
    assert weights.average(wavelength**2) == pytest.approx((510.0**3 - 500.0**3) / 30.0, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no 'Band n' heading"),
        ("500 1\n", "line 1: values before"),
        ("# Band 1\n# Band 01\n", "line 2: band B01 occurs twice"),
        ("# Band 1\n500 1\n501 x\n", "line 3: expected 'wavelength value'"),
        ("# Band 1\n500 1 2\n", "line 2: expected"),
        ("# Band 1\n500 1\n501 -2\n", "line 3: value is negative"),
        ("# Band 1\n500 1\n501 nan\n", "line 3: value is negative or not finite"),
        ("# Band 1\n500 1\n", "band B01: fewer than two samples"),
        ("# Band 1\n500 1\n500 1\n", "band B01: wavelengths do not increase"),
        ("# Band 8A\n500 0\n501 0\n", "band B8A: every value is zero"),
    ],
)
def test_malformed_responses_are_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "responses.txt"
    path.write_text(text)
    with pytest.raises(AuxiliaryError) as caught:
        read_responses(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"\x00\x01\x02 not bz2", bz2.compress(b"500 1\n501 1\n")[:-6]])
def test_broken_compression_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sun.txt.bz2"
    path.write_bytes(content)
    with pytest.raises(AuxiliaryError, match=r"sun\.txt\.bz2"):
        read_irradiance(path)


def test_a_decompression_bomb_is_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "sun.txt.bz2"
    path.write_bytes(bz2.compress(b"5" * (40 * 1024 * 1024)))
    with pytest.raises(AuxiliaryError, match="more than"):
        read_irradiance(path)


def test_irradiance_must_cover_the_band() -> None:
    with pytest.raises(AuxiliaryError, match="covers 500-510 nm"):
        band_weights(
            Spectrum(np.array([490.0, 505.0]), np.ones(2)), Spectrum(np.array([500.0, 510.0]), np.ones(2))
        )
