"""Two scenes whose atmosphere was computed with 6SV1.1: coefficients, and the reflectance below."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.rayleigh import STANDARD_PRESSURE
from ipf.atmosphere.table import ScatteringTable
from ipf.atmosphere.tile import TileGeometry, path_airmass, path_reflectance, reduce_to_tile
from ipf.kernels.atmosphere import correct_lambertian

REFLECTANCE = np.array([[0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7]], np.float32)


@pytest.fixture(scope="module", params=["scene_T18LTM_aot015_wv15.json", "scene_T18LTM_aot025_wv30.json"])
def scene(request: pytest.FixtureRequest, reference_data: Path) -> dict[str, Any]:
    path = reference_data / "radiative_transfer" / request.param
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_coefficients(scene: dict[str, Any], table: ScatteringTable, gases: GasModel) -> None:
    azimuth, ozone, water = scene["saa"] - scene["vaa"], scene["o3_cm_atm"], scene["wv_cm"]
    airmass = path_airmass(scene["sza"], scene["vza"])
    for band, expected in scene["bands"].items():
        scattering = table.evaluate(
            band, scene["aot550"], STANDARD_PRESSURE, scene["sza"], scene["vza"], azimuth
        )
        whole, half = (
            gases.transmittance(band, airmass, amount, ozone, STANDARD_PRESSURE)
            for amount in (water, water / 2)
        )
        differences = {
            "rho_atm": path_reflectance(scattering, whole, half) - expected["rho_atm"],
            "t_scat": scattering.transmittance_down * scattering.transmittance_up - expected["t_scat"],
            "t_gas": whole.total - expected["t_gas"],
            "s_alb": scattering.spherical_albedo - expected["s_alb"],
        }
        print(band, {name: f"{float(value):+.5f}" for name, value in differences.items()})
        assert abs(differences["rho_atm"]) <= max(0.0005, 0.006 * expected["rho_atm"])
        assert abs(differences["t_scat"]) <= 0.003
        assert abs(differences["t_gas"]) <= 0.0002
        assert abs(differences["s_alb"]) <= 0.0011


def test_reflectance_is_recovered_within_a_sixth_of_the_requirement(
    scene: dict[str, Any], table: ScatteringTable, gases: GasModel
) -> None:
    angles = (np.full((23, 23), value) for value in (scene["sza"], scene["vza"], scene["saa"] - scene["vaa"]))
    geometry = TileGeometry(*angles)
    for band, c in scene["bands"].items():
        if band == "B10":  # no light comes back from the ground: 0.1 % of it in the moist scene
            continue
        coefficients = reduce_to_tile(table, gases, band, geometry, STANDARD_PRESSURE, scene["o3_cm_atm"])
        toa = c["rho_atm"] + c["t_gas"] * c["t_scat"] * REFLECTANCE / (1 - c["s_alb"] * REFLECTANCE)
        aot, water = (np.full(toa.shape, scene[name], np.float32) for name in ("aot550", "wv_cm"))
        boa = correct_lambertian(toa.astype(np.float32), aot, water, coefficients, 700, 900, 10.0)
        share = np.abs(boa - REFLECTANCE) / (0.05 * REFLECTANCE + 0.005)
        assert share.max() <= 1 / 6, band
