"""Surface reflectance against independent truth: top-of-atmosphere reflectance made with 6SV1.1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ipf_plugins.atmospheric.atmospheric_state import LARGEST_AEROSOL_OPTICAL_THICKNESS
from ipf_plugins.atmospheric.cirrus import CirrusModel
from ipf_plugins.atmospheric.elevation import ElevationModel
from ipf_plugins.atmospheric.surface_reflectance import (
    BANDS,
    SurfaceReflectanceParameters,
    surface_reflectance,
)

from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.kernels.classification import VEGETATION
from ipf.product.angles import Direction
from ipf.product.bands import BY_NAME
from ipf.product.raster import Grid, Raster, raster_of_array
from tests.plugins.atmospheric import atmospheres

SCENES = ("scene_T18LTM_aot015_wv15.json", "scene_T18LTM_aot025_wv30.json")
LEVELS = np.array([0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.45, 0.6])


@pytest.fixture(params=SCENES)
def scene(request: pytest.FixtureRequest, reference_data: Path) -> dict[str, Any]:
    """Coefficients of 6SV1.1 for one geometry and atmosphere."""
    text = (reference_data / "radiative_transfer" / request.param).read_text()
    content: dict[str, Any] = json.loads(text)
    return content


def texture(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Surface reflectance in patches of known levels, each pixel a few percent off."""
    rng = np.random.default_rng(seed)
    patches = rng.choice(LEVELS, (shape[0] // 10 + 1, shape[1] // 10 + 1)).repeat(10, 0).repeat(10, 1)
    return patches[: shape[0], : shape[1]] * rng.uniform(0.9, 1.1, shape)


def at_top(reflectance: np.ndarray, coefficients: dict[str, float]) -> np.ndarray:
    """The equation stated in the reference file."""
    gain = coefficients["t_gas"] * coefficients["t_scat"]
    return coefficients["rho_atm"] + gain * reflectance / (1 - coefficients["s_alb"] * reflectance)


def measured(scene: dict[str, Any], band: str, truth: np.ndarray, grid: Grid) -> Raster:
    """Level-1C counts of a band over known ground."""
    counts = np.rint(at_top(truth, scene["bands"][band]) * 10000 + 1000).astype(np.uint16)
    return raster_of_array(f"toa_reflectance/{band}", grid, counts, "1", 1e-4, -1000, 0)


def layer(name: str, value: float, grid: Grid) -> dict[str, Raster]:
    """A constant layer in thousandths."""
    counts = np.full(grid.shape, round(value * 1000), np.uint16)
    return {"": raster_of_array(name, grid, counts, "1", 1e-3, 0, 0)}


def level_ground(grid: Grid, sun: Direction) -> dict[str, dict[str, Raster]]:
    """Layers of flat ground at sea level, of vegetation."""
    cosine = np.cos(np.deg2rad(sun.zenith))
    counts = {
        "elevation": (np.zeros(grid.shape, np.int16), 0.2),
        "illumination": (np.full(grid.shape, round(cosine / 2e-5), np.uint16), 2e-5),
        "sky_view": (np.full(grid.shape, 250, np.uint8), 1 / 250),
        "scene_classification": (np.full(grid.shape, VEGETATION, np.uint8), None),
    }
    return {
        name: {"": raster_of_array(name, grid, array, "1", scale)} for name, (array, scale) in counts.items()
    }


FLAT = SurfaceReflectanceParameters(adjacency_range_m=0.0)
"""The coefficients of the scenes are those of pixels without neighbours."""


def no_cirrus(grid: Grid) -> Raster:
    """B10 of a clear sky."""
    return raster_of_array(
        "toa_reflectance/B10", grid, np.full(grid.shape, 1012, np.uint16), "1", 1e-4, -1000, 0
    )


def case(
    scene: dict[str, Any], bands: dict[str, Raster], parameters: SurfaceReflectanceParameters = FLAT
) -> StepCase:
    """The step on these bands under the atmosphere of the scene."""
    state = atmospheres.stated(
        aerosol_optical_thickness=scene["aot550"],
        water_vapour=scene["wv_cm"],
        ozone=scene["o3_cm_atm"],
        surface_pressure=1013.25,
    )
    grid = next(iter(bands.values())).grid.at(20)
    angles = atmospheres.constant_angles(
        Direction(scene["sza"], scene["saa"]), Direction(scene["vza"], scene["vaa"])
    )
    return StepCase(
        surface_reflectance,
        quantities={
            "toa_reflectance": {"B10": no_cirrus(grid.at(60)), **bands},
            "aerosol_optical_thickness": layer("aerosol_optical_thickness", scene["aot550"], grid),
            "water_vapour": layer("water_vapour", scene["wv_cm"], grid),
            **level_ground(grid, angles.mean_sun),
        },
        models={
            "atmosphere_model": atmospheres.model(angles, state),
            "elevation_model": ElevationModel("NONE", False, 0.0),
            "cirrus_model": CirrusModel(None),
        },
        parameters=parameters,
    )


@pytest.mark.parametrize("band", [band for band in BANDS if band != "B09"])
def test_known_reflectance_comes_back(scene: dict[str, Any], band: str) -> None:
    grid = atmospheres.GRID.at(BY_NAME[band].resolution)
    truth = texture(grid.shape, seed=BY_NAME[band].identifier)
    toa = measured(scene, band, truth, grid)
    counts = run_step(case(scene, {band: toa})).layers[f"surface_reflectance/{band}"]
    found = (counts.astype(np.float64) - 1000) / 10000
    within = np.abs(found - truth) <= 0.05 * truth + 0.005
    print(f"{band}: bias {np.mean(found - truth):+.4f}, within specification {within.mean():.2%}")
    assert within.mean() >= 0.99


def test_nodata_stays_nodata_and_negatives_keep_their_counts(scene: dict[str, Any]) -> None:
    grid = atmospheres.GRID.at(60)
    counts = np.full(grid.shape, 1100, np.uint16)
    counts[0, 0] = 0
    toa = raster_of_array("toa_reflectance/B01", grid, counts, "1", 1e-4, -1000, 0)
    boa = run_step(case(scene, {"B01": toa})).layers["surface_reflectance/B01"]
    assert boa[0, 0] == 0
    assert np.all((boa[1:] > 0) & (boa[1:] < 1000))


def test_the_step_keeps_the_contract(scene: dict[str, Any]) -> None:
    bands = {}
    for band in ("B01", "B02", "B8A"):
        grid = atmospheres.small().at(BY_NAME[band].resolution)
        bands[band] = measured(scene, band, texture(grid.shape, seed=1), grid)
    check_contract(case(scene, bands))


def test_the_thickest_aerosol_that_may_be_stated_is_corrected(scene: dict[str, Any]) -> None:
    grid = atmospheres.small().at(60)
    thick = {**scene, "aot550": LARGEST_AEROSOL_OPTICAL_THICKNESS}
    bands = {"B01": measured(scene, "B01", texture(grid.shape, seed=1), grid)}
    assert np.all(run_step(case(thick, bands)).layers["surface_reflectance/B01"] > 0)
