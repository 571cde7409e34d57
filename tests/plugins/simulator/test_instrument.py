"""Noise as published and as tabulated; spectra that make sense."""

from __future__ import annotations

from pathlib import Path

import pytest
from ipf_plugins.simulator.instrument import (
    REFERENCE_RADIANCE,
    SATURATION_RADIANCE,
    SIGNAL_TO_NOISE,
    published_noise,
    read_noise,
)
from ipf_plugins.simulator.spectra import MATERIALS, Cover, of_band, reflectance_table

from ipf.errors import AuxiliaryError
from ipf.product.bands import BAND_NAMES

TABLE = """,,noise model
Band,Lref,Lmax,a,b,Ak (*),Radiance
""" + "".join(
    f'B{name},100,500,"0,1","0,0005","4,0",1\n'
    for name in ["1", "2", "3", "4", "5", "6", "7", "8", "8a", "9", "10", "11", "12"]
)


def test_published_noise_gives_the_published_ratio() -> None:
    for band, noise in published_noise().items():
        radiance = REFERENCE_RADIANCE[band]
        assert radiance / noise.deviation(radiance) == pytest.approx(SIGNAL_TO_NOISE[band])
        assert noise.deviation(0.0) < noise.deviation(radiance) < noise.deviation(SATURATION_RADIANCE[band])


def test_noise_table_of_the_calibration(reference_data: Path) -> None:
    """The table's own signal-to-noise at the reference radiance, and the ratios measured in orbit."""
    path = reference_data / "spectral" / "S2A_SNR_model.csv"
    noise = read_noise(path)
    expected = {"B02": 206.24, "B03": 225.98, "B8A": 154.46, "B10": 459.73, "B12": 145.54}
    for band, ratio in expected.items():
        radiance = REFERENCE_RADIANCE[band]
        assert radiance / noise[band].deviation(radiance) == pytest.approx(ratio, rel=6e-3)  # digits of b
    for band in BAND_NAMES:
        measured = REFERENCE_RADIANCE[band] / noise[band].deviation(REFERENCE_RADIANCE[band])
        assert measured == pytest.approx(SIGNAL_TO_NOISE[band], rel=0.35)


def test_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "noise.csv"
    path.write_text(TABLE)
    noise = read_noise(path)
    assert tuple(sorted(noise)) == tuple(sorted(BAND_NAMES))
    assert noise["B8A"].dark == pytest.approx(0.1)
    assert noise["B8A"].slope == pytest.approx(0.002)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("Band,Lref", "Bande,Lref"), "no line that begins with Band"),
        (("B12,", "B13,"), "no line for band B12"),
        (('"0,1"', '"-"'), "band B01, column a: '-' is no number"),
        (('"0,0005"', '"inf"'), "column b: inf is not a number of 0 or more"),
        (("Ak", "Gain"), "column Ak: '' is no number"),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = tmp_path / "noise.csv"
    path.write_text(TABLE.replace(*change))
    with pytest.raises(AuxiliaryError, match=r"noise\.csv: ") as caught:
        read_noise(path)
    assert message in str(caught.value)


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(AuxiliaryError, match="cannot be read"):
        read_noise(tmp_path / "absent.csv")


def test_spectra_have_the_shape_of_their_class() -> None:
    def reflectance(cover: Cover, band: str) -> float:
        return of_band(MATERIALS[cover].reflectance, band)

    assert set(MATERIALS) == set(Cover)
    for cover in Cover:
        assert len(MATERIALS[cover].reflectance) == len(BAND_NAMES)
        if cover is not Cover.NONE:
            assert all(0 < value < 1000 for value in MATERIALS[cover].reflectance)
    for cover in (Cover.GREEN_CROP, Cover.BROADLEAF_FOREST, Cover.CONIFER_FOREST):
        red, near_infrared = reflectance(cover, "B04"), reflectance(cover, "B8A")
        assert (near_infrared - red) / (near_infrared + red) > 0.7
    assert reflectance(Cover.SNOW, "B03") > 8 * reflectance(Cover.SNOW, "B11")
    assert reflectance(Cover.CLEAR_WATER, "B11") < 0.005
    assert reflectance_table("B04")[Cover.SAND] == pytest.approx(0.33)
