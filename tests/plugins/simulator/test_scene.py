"""The atmosphere over a scene: coefficients of a file, and those of the scattering table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ipf_plugins.simulator.scene import fixed_air, read_fixed_atmosphere

from ipf.errors import AuxiliaryError
from ipf.kernels.atmosphere import correct_lambertian, simulate_toa
from ipf.product.bands import BAND_NAMES
from tests.plugins.simulator.conftest import fixed_atmosphere


def write(path: Path, data: Any) -> Path:
    path.write_text(json.dumps(data))
    return path


def test_coefficients_give_the_stated_equation(reference_data: Path) -> None:
    path = reference_data / "radiative_transfer" / "scene_T18LTM_aot015_wv15.json"
    stated = json.loads(path.read_text())["bands"]
    air = fixed_air(read_fixed_atmosphere(path), 1013.25)
    assert (air.aot, air.water_vapour, air.ozone) == (0.15, 1.5, 0.29)
    surface = np.linspace(0.0, 0.9, 100, dtype=np.float32).reshape(10, 10)
    for band in BAND_NAMES:
        c = stated[band]
        expected = c["rho_atm"] + c["t_gas"] * c["t_scat"] * surface / (1 - c["s_alb"] * surface)
        for row, column in ((0, 0), (10970, 10970)):
            arguments = (
                np.full((10, 10), air.aot, np.float32),
                np.full((10, 10), air.water_vapour, np.float32),
                air.coefficients[band],
                row,
                column,
                10.0,
            )
            toa = simulate_toa(surface, *arguments)
            assert np.abs(toa - expected).max() < 1e-6
            assert np.abs(correct_lambertian(toa, *arguments) - surface).max() < 2e-4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sza": 95.0}, "sza is 95.0, expected a number from 0.0 to 85.0"),
        ({"aot550": "much"}, "aot550 is 'much'"),
        ({"vza": True}, "vza is True"),
        ({"wv_cm": None}, "wv_cm is None"),
        ({"bands": []}, "no element 'bands'"),
        ({"bands": {"B01": {}}}, "bands.B01.rho_atm is None"),
        (
            {"bands": {name: fixed_atmosphere()["bands"]["B01"] for name in BAND_NAMES[1:]}},
            "no coefficients for B01",
        ),
        ({"sza": float("nan")}, "sza is nan"),
    ],
)
def test_bad_coefficients_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = write(tmp_path / "air.json", fixed_atmosphere() | change)
    with pytest.raises(AuxiliaryError) as caught:
        read_fixed_atmosphere(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "[" * 100_000, "\x00"])
def test_no_coefficients_at_all(tmp_path: Path, text: str) -> None:
    path = tmp_path / "air.json"
    path.write_text(text)
    with pytest.raises(AuxiliaryError, match=r"air\.json: "):
        read_fixed_atmosphere(path)


def test_a_huge_or_absent_file(tmp_path: Path) -> None:
    path = tmp_path / "air.json"
    with pytest.raises(AuxiliaryError, match="cannot be read"):
        read_fixed_atmosphere(path)
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(AuxiliaryError, match="more than"):
        read_fixed_atmosphere(path)


def test_direct_light_on_slopes_under_a_file_of_coefficients(reference_data: Path) -> None:
    """Where it is asked for, it is the direct part of 6SV1.1: exp(-depth / cosine) over the whole."""
    path = reference_data / "radiative_transfer" / "scene_T18LTM_aot015_wv15.json"
    fixed = read_fixed_atmosphere(path)
    plain, told = fixed_air(fixed, 1013.25), fixed_air(fixed, 1013.25, "S2A")
    assert set(plain.direct.values()) == {1.0}
    share = {band: told.direct[band] / told.down[band] for band in BAND_NAMES}
    assert 0.5 < share["B01"] < share["B02"] < share["B04"] < share["B8A"] < share["B12"] < 1.0


def test_a_band_may_have_a_view_of_its_own(tmp_path: Path) -> None:
    content = fixed_atmosphere()
    content["bands"]["B02"] |= {"vza": 0.0}
    content["bands"]["B04"] |= {"vza": 9.0, "vaa": 200.0}
    found = read_fixed_atmosphere(write(tmp_path / "air.json", content))
    assert (found.views["B02"].zenith, found.views["B02"].azimuth) == (0.0, 100.0)
    assert (found.views["B04"].zenith, found.views["B04"].azimuth) == (9.0, 200.0)
    assert found.views["B03"] == found.view
    content["bands"]["B04"]["vza"] = 60.0
    with pytest.raises(AuxiliaryError, match=r"bands\.B04\.vza is 60\.0"):
        read_fixed_atmosphere(write(tmp_path / "air.json", content))
