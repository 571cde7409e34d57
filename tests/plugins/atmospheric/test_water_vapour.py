"""Water vapour from B8A and B09: known columns come back, and gaps are filled as stated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from ipf_plugins.atmospheric.apda import ApdaParameters, apda
from ipf_plugins.atmospheric.atmospheric_state import Source
from ipf_plugins.atmospheric.water_vapour import WaterVapourParameters, water_vapour
from ipf_plugins.atmospheric.water_vapour_mean import WaterVapourMean, water_vapour_mean
from ipf_plugins.simulator.spectra import Cover

from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.product.raster import Raster, raster_of_array
from tests.plugins.atmospheric.retrieval_scenes import SCENES, PatchScene, coefficients, patch_scene

LAND = (
    Cover.GREEN_CROP,
    Cover.GRASS,
    Cover.BROADLEAF_FOREST,
    Cover.CONIFER_FOREST,
    Cover.DRY_SOIL,
    Cover.MOIST_SOIL,
    Cover.ASPHALT,
    Cover.SNOW,
)
ALL = (*LAND, Cover.CLEAR_WATER)
BANDS = ("B07", "B8A", "B09", "B11")


@pytest.fixture(params=SCENES)
def truth(request: pytest.FixtureRequest, reference_data: Path) -> dict[str, object]:
    return coefficients(reference_data, request.param)


@pytest.fixture
def scene(reference_data: Path) -> PatchScene:
    return patch_scene(coefficients(reference_data, SCENES[1]), ALL, size_m=6000)


def apda_case(scene: PatchScene, **parameters: object) -> StepCase:
    layers = {**scene.layers(*BANDS), "aerosol_optical_thickness": scene.thickness()}
    return StepCase(apda, layers, scene.models, ApdaParameters(**parameters))  # type: ignore[arg-type]


def retrieved(scene: PatchScene, **parameters: object) -> npt.NDArray[np.uint16]:
    """Counts of the retrieved columns."""
    return np.asarray(run_step(apda_case(scene, **parameters)).layers["retrieved_water_vapour"])


def as_layer(scene: PatchScene, counts: npt.NDArray[np.uint16]) -> dict[str, Raster]:
    return {"": raster_of_array("retrieved_water_vapour", scene.grid.at(60), counts, "cm", 1e-3, 0, 0)}


def mean_case(scene: PatchScene, counts: npt.NDArray[np.uint16]) -> StepCase:
    layers = {"retrieved_water_vapour": as_layer(scene, counts), **scene.layers("B8A")}
    del layers["toa_reflectance"]
    return StepCase(water_vapour_mean, layers, scene.models)


def mean_of(scene: PatchScene, counts: npt.NDArray[np.uint16]) -> WaterVapourMean:
    found = run_step(mean_case(scene, counts)).model.water_vapour_mean
    assert isinstance(found, WaterVapourMean)
    return found


def map_case(
    scene: PatchScene, counts: npt.NDArray[np.uint16], mean: WaterVapourMean, **parameters: object
) -> StepCase:
    layers = mean_case(scene, counts).quantities
    models = {"water_vapour_mean": mean, "atmospheric_state": scene.state}
    return StepCase(water_vapour, layers, models, WaterVapourParameters(**parameters))  # type: ignore[arg-type]


def map_of(
    scene: PatchScene, counts: npt.NDArray[np.uint16], mean: WaterVapourMean, **parameters: object
) -> npt.NDArray[np.float64]:
    """The map at 20 m, cm."""
    return run_step(map_case(scene, counts, mean, **parameters)).layers["water_vapour"] / 1000.0


def test_the_column_of_6s_comes_back_over_every_land_cover(truth: dict[str, float]) -> None:
    """Within 0.2 + 0.1 WV; the gas model was fitted to 6S too, so that the spectra are what is tested."""
    scene = patch_scene(truth, ALL)
    columns = retrieved(scene) / 1000.0
    for cover in LAND:
        error = columns[scene.shows(cover)] - truth["wv_cm"]
        within = np.abs(error) <= 0.2 + 0.1 * truth["wv_cm"]
        print(f"{cover.name}: bias {error.mean():+.3f}, within {within.mean():.1%}")
        assert within.mean() >= 0.99, cover
    assert not columns[scene.shows(Cover.CLEAR_WATER)].any()


def test_snow_needs_its_own_ratio_of_bands(scene: PatchScene) -> None:
    snow = scene.shows(Cover.SNOW)
    assert retrieved(scene, surface_ratio="one")[snow].mean() > 1000 * (3.0 + 0.2 + 0.3)
    assert abs(retrieved(scene)[snow].mean() / 1000 - 3.0) < 0.3


@pytest.mark.parametrize("start", [0.3, 1.0, 6.0])
def test_the_first_guess_does_not_matter(scene: PatchScene, start: float) -> None:
    guess = replace(scene.state.water_vapour, field=type(scene.state.water_vapour.field).constant(start))
    other = replace(scene, state=replace(scene.state, water_vapour=guess))
    land = ~scene.shows(Cover.CLEAR_WATER)
    one, two = (retrieved(each)[land].astype(float) for each in (scene, other))
    assert np.count_nonzero(two) > 0.99 * two.size
    assert np.abs(one - two)[two > 0].max() < 40


def test_clouds_have_no_column(scene: PatchScene) -> None:
    labels = scene.classes.read_all().copy()
    labels[:150] = 8
    cloudy = raster_of_array("scene_classification", scene.grid.at(20), labels, "class", nodata=0)
    columns = retrieved(replace(scene, classes=cloudy))
    assert not columns[:50].any()
    assert columns[50:].any()


def test_brighter_in_b09_than_beside_it_is_no_water_vapour(scene: PatchScene) -> None:
    image = scene.bands["B09"]
    bright = raster_of_array(
        image.layer, image.grid, np.full_like(image.read_all(), 13000), "1", 1e-4, -1000, 0
    )
    assert not retrieved(replace(scene, bands={**scene.bands, "B09": bright})).any()


def test_apda_keeps_the_contract(reference_data: Path) -> None:
    check_contract(apda_case(patch_scene(coefficients(reference_data, SCENES[1]), ALL, size_m=1980)))


def test_the_mean_is_that_of_land(scene: PatchScene) -> None:
    counts = np.full(scene.grid.at(60).shape, 4000, np.uint16)
    land = ~scene.shows(Cover.CLEAR_WATER)
    counts[land] = 1500
    counts[:2] = 0
    found = mean_of(scene, counts)
    assert found.retrieved
    assert found.method == "SEN2COR_APDA"
    assert found.mean == pytest.approx(1.5)
    assert found.deviation == pytest.approx(0.0, abs=1e-6)
    assert found.pixels == np.count_nonzero(land[2:])
    assert found.line_means[5] == pytest.approx(1.5)
    assert "6SV1.1" in found.gas_model


def test_too_little_land_gives_the_mean_of_all_and_nothing_the_stated_value(scene: PatchScene) -> None:
    counts = np.zeros(scene.grid.at(60).shape, np.uint16)
    assert (mean_of(scene, counts).retrieved, mean_of(scene, counts).mean) == (False, 2.0)
    assert mean_of(scene, counts).method == Source.ECMWF.value
    water = scene.shows(Cover.CLEAR_WATER)
    counts[water] = 4000
    found = mean_of(scene, counts)
    assert found.retrieved
    assert found.mean == pytest.approx(4.0)


def test_the_mean_keeps_the_contract(reference_data: Path) -> None:
    small = patch_scene(coefficients(reference_data, SCENES[1]), ALL, size_m=1980)
    check_contract(mean_case(small, retrieved(small)))


def test_the_map_is_near_the_truth_everywhere(scene: PatchScene) -> None:
    counts = retrieved(scene)
    found = map_of(scene, counts, mean_of(scene, counts))
    assert found.min() > 0
    assert np.mean(np.abs(found - 3.0) <= 0.5) >= 0.99


def test_gaps_and_water_get_the_mean_over_land(scene: PatchScene) -> None:
    counts = np.full(scene.grid.at(60).shape, 3000, np.uint16)
    counts[30:70, 30:70] = 0
    mean = replace(mean_of(scene, counts), mean=2.0, line_means=(1.0,) * 100)
    far = (slice(140, 160), slice(140, 160))
    assert map_of(scene, counts, mean)[far].mean() == pytest.approx(2.0, abs=1e-3)
    assert map_of(scene, counts, mean, water_mask=2)[far].mean() == pytest.approx(1.0, abs=1e-3)
    water = scene.shows(Cover.CLEAR_WATER)
    counts[:] = np.where(water, 500, 3000)
    kept = map_of(scene, counts, mean, water_mask=0, smoothing_m=0.0)
    masked = map_of(scene, counts, mean, water_mask=1, smoothing_m=0.0)
    inside = water.repeat(3, 0).repeat(3, 1)
    assert kept[inside].min() < 0.7
    assert masked[inside].min() == pytest.approx(2.0, abs=1e-3)


def test_smoothing_takes_single_pixels_away_and_keeps_the_level(scene: PatchScene) -> None:
    random = np.random.default_rng(1)
    counts = np.rint(3000 + 200 * random.normal(size=scene.grid.at(60).shape)).astype(np.uint16)
    counts[50, 50] = 9000
    mean = mean_of(scene, np.full_like(counts, 3000))
    found = map_of(scene, counts, mean, water_mask=0)
    assert np.abs(found[140:160, 140:160] - 3.0).max() < 0.3
    assert found.mean() == pytest.approx(3.0, abs=0.02)
    assert found.std() < 0.08


def test_without_a_retrieval_the_stated_value_is_spread(scene: PatchScene) -> None:
    counts = np.zeros(scene.grid.at(60).shape, np.uint16)
    assert np.all(map_of(scene, counts, mean_of(scene, counts)) == 2.0)
    alone = StepCase(water_vapour, scene.layers("B8A"), {"atmospheric_state": scene.state})
    assert np.all(run_step(alone).layers["water_vapour"] == 2000)


@pytest.mark.parametrize("how", ["method", "parameter"])
def test_a_stated_column_is_not_retrieved(scene: PatchScene, how: str) -> None:
    if how == "method":
        assert not retrieved(scene, method="stated").any()
        return
    given = replace(scene.state.water_vapour, source=Source.PARAMETER)
    assert not retrieved(replace(scene, state=replace(scene.state, water_vapour=given))).any()


def test_the_map_keeps_the_contract(reference_data: Path) -> None:
    small = patch_scene(coefficients(reference_data, SCENES[1]), ALL, size_m=1980)
    counts = retrieved(small)
    check_contract(map_case(small, counts, mean_of(small, counts), water_mask=2))
