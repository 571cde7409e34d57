"""Aerosol from dark vegetation: known optical thickness comes back; where it cannot, it is said so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ipf_plugins.atmospheric.aerosol_field import AerosolField
from ipf_plugins.atmospheric.atmospheric_state import Source
from ipf_plugins.atmospheric.cell_solution import BANDS
from ipf_plugins.atmospheric.dark_cells import BRIGHT, DENSE, NONE
from ipf_plugins.atmospheric.dark_targets import dark_targets, forecast_aerosol
from ipf_plugins.atmospheric.target_parameters import DarkTargetsParameters
from ipf_plugins.simulator.spectra import Cover

from ipf.atmosphere.atm_layout import aot_of_visibility
from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.errors import AuxiliaryError
from ipf.product.raster import Window, raster_of_array
from tests.plugins.atmospheric.retrieval_scenes import (
    MIXED,
    SCENES,
    PatchScene,
    class_raster,
    coefficients,
    patch_scene,
)


def case(scene: PatchScene, parameters: DarkTargetsParameters | None = None) -> StepCase:
    return StepCase(dark_targets, scene.layers(*BANDS), scene.models, parameters)


def field_of(scene: PatchScene, parameters: DarkTargetsParameters | None = None) -> AerosolField:
    found = run_step(case(scene, parameters)).model.aerosol_field
    assert isinstance(found, AerosolField)
    return found


@pytest.fixture(params=SCENES)
def truth(request: pytest.FixtureRequest, reference_data: Path) -> dict[str, object]:
    return coefficients(reference_data, request.param)


@pytest.fixture
def clear(reference_data: Path) -> dict[str, object]:
    return coefficients(reference_data, SCENES[0])


@pytest.mark.parametrize(
    "covers",
    [
        MIXED,
        (Cover.GREEN_CROP, Cover.DRY_SOIL),
        (Cover.BROADLEAF_FOREST, Cover.DRY_SOIL),
        (Cover.CONIFER_FOREST, Cover.ASPHALT),
    ],
    ids=["mixed", "crop", "broadleaf", "conifer"],
)
def test_the_thickness_of_6s_comes_back(truth: dict[str, float], covers: tuple[Cover, ...]) -> None:
    """Within 0.03 + 0.1 AOT, with a relation that was made without looking at these spectra."""
    found = field_of(patch_scene(truth, covers))
    error = found.mean - truth["aot550"]
    print(f"{truth['aot550']}: {error:+.3f}, standard error {found.uncertainty:.3f}")
    assert found.method == "SEN2COR_DDV"
    assert abs(error) <= 0.03 + 0.1 * truth["aot550"]
    assert abs(error) <= 2 * found.uncertainty


def test_the_relation_of_sen2cor_is_there_too_and_told_apart(truth: dict[str, float]) -> None:
    """Red is less than half of B12 in these spectra: the rule makes the air clearer than it is."""
    scene = patch_scene(truth, (Cover.GREEN_CROP, Cover.BROADLEAF_FOREST, Cover.DRY_SOIL))
    ratio = field_of(scene, DarkTargetsParameters(relation="swir_ratio"))
    assert ratio.mean < truth["aot550"] - 0.05
    assert ratio.mean < field_of(scene).mean - 0.05


def test_the_visibility_of_sen2cor_ends_at_120_km(clear: dict[str, float]) -> None:
    """Its rule makes this air clearer than that, which only our own limits let pass."""
    scene = patch_scene(clear, (Cover.GREEN_CROP, Cover.BROADLEAF_FOREST, Cover.DRY_SOIL))
    free, limited = (
        field_of(scene, DarkTargetsParameters(relation="swir_ratio", visibility_limits=limits))
        for limits in (False, True)
    )
    least = float(aot_of_visibility(120.0, scene.state.ground_elevation.field.mean / 1000.0))
    assert free.mean < least
    assert limited.mean == pytest.approx(least)
    assert limited.method == free.method == "SEN2COR_DDV"


def test_the_step_keeps_the_contract(clear: dict[str, float]) -> None:
    check_contract(case(patch_scene(clear, (Cover.BROADLEAF_FOREST, Cover.DRY_SOIL), size_m=1980)))


def test_a_value_given_by_the_user_wins(clear: dict[str, float]) -> None:
    scene = patch_scene(clear, MIXED, size_m=1980, stated=0.31)
    given = replace(scene.state.aerosol_optical_thickness, source=Source.PARAMETER)
    found = field_of(replace(scene, state=replace(scene.state, aerosol_optical_thickness=given)))
    assert (found.method, found.origin, found.mean) == ("DEFAULT", "PARAMETER", 0.31)
    assert not found.retrieved


def test_the_stated_method_does_not_look_at_the_image(clear: dict[str, float]) -> None:
    found = field_of(patch_scene(clear, MIXED, size_m=1980), DarkTargetsParameters(method="stated"))
    assert (found.origin, found.mean) == ("DEFAULT", 0.2)


@pytest.mark.parametrize("label", [6, 9, 0], ids=["water", "cloud", "no data"])
def test_without_vegetation_the_stated_value_is_taken_and_said(clear: dict[str, float], label: int) -> None:
    scene = patch_scene(clear, MIXED, size_m=1980)
    labels = np.full(scene.classes.grid.shape, label, np.uint8)
    found = run_step(case(replace(scene, classes=class_raster(scene.grid, labels)))).model
    assert (found.aerosol_field.method, found.aerosol_field.mean) == ("DEFAULT", 0.2)
    assert found.dark_cells.kind == NONE
    assert found.aerosol_field.water_percentage == (100.0 if label == 6 else 0.0)


def test_images_of_zeros_are_no_targets(clear: dict[str, float]) -> None:
    scene = patch_scene(clear, MIXED, size_m=1980)
    empty = {
        band: raster_of_array(image.layer, image.grid, np.zeros_like(image.read_all()), "1", 1e-4, -1000, 0)
        for band, image in scene.bands.items()
    }
    found = run_step(case(replace(scene, bands=empty))).model
    assert found.dark_cells.row.size == 0
    assert found.aerosol_field.method == "DEFAULT"


def test_cams_stands_in_before_bright_vegetation(clear: dict[str, float]) -> None:
    scene = patch_scene(clear, (Cover.GREEN_CROP, Cover.DRY_SOIL), size_m=3000)
    no_dense = DarkTargetsParameters(nir_maximum=0.05)
    bright = field_of(scene, no_dense)
    assert (bright.method, bright.origin) == ("DEFAULT", BRIGHT)
    assert bright.retrieved
    forecast = replace(scene.state.aerosol_optical_thickness, source=Source.CAMS)
    known = replace(scene, state=replace(scene.state, aerosol_optical_thickness=forecast))
    assert field_of(known, no_dense).method == "CAMS"
    assert field_of(known).method == "SEN2COR_DDV"


def test_nothing_is_retrieved_under_a_low_sun(clear: dict[str, float]) -> None:
    found = field_of(patch_scene(clear, MIXED, size_m=1980), DarkTargetsParameters(sun_zenith_maximum=20.0))
    assert found.origin == "DEFAULT"


def test_targets_beside_clouds_count_only_where_there_are_no_others(clear: dict[str, float]) -> None:
    scene = patch_scene(clear, (Cover.BROADLEAF_FOREST, Cover.DRY_SOIL), size_m=3000)
    labels = scene.classes.read_all().copy()
    labels[70:80, 70:80] = 9
    cloudy = replace(scene, classes=class_raster(scene.grid, labels))
    whole, part = (run_step(case(each)).model for each in (scene, cloudy))
    assert 0 < part.dark_cells.pixels.sum() < 0.9 * whole.dark_cells.pixels.sum()
    labels[::30, ::30] = 9
    everywhere = replace(scene, classes=class_raster(scene.grid, labels))
    hidden = run_step(case(everywhere)).model
    assert hidden.dark_cells.kind == DENSE
    assert hidden.aerosol_field.mean == pytest.approx(whole.aerosol_field.mean, abs=0.01)


def test_the_guard_lessens_an_aerosol_that_would_make_the_ground_black(clear: dict[str, float]) -> None:
    """Soil as dark as no vegetation: at the thickness of the trees it would be negative."""
    scene = patch_scene(clear, (Cover.BROADLEAF_FOREST, Cover.DRY_SOIL))
    soil = scene.shows(Cover.DRY_SOIL).repeat(6, 0).repeat(6, 1)
    counts = scene.bands["B04"].read_all().copy()
    counts[soil] = 1230
    red = raster_of_array("toa_reflectance/B04", scene.bands["B04"].grid, counts, "1", 1e-4, -1000, 0)
    dark = field_of(replace(scene, bands={**scene.bands, "B04": red}))
    plain = field_of(scene)
    assert plain.lessened == 1.0
    assert dark.lessened < 0.9
    assert dark.mean < plain.mean


def test_the_field_lies_where_its_cells_lie(clear: dict[str, float]) -> None:
    """West clear, east hazy: the map says so, with the edge smoothed over."""
    covers = (Cover.GREEN_CROP, Cover.BROADLEAF_FOREST)
    west = patch_scene(clear, covers, size_m=12000)
    hazy = {
        **clear,
        "bands": {
            b: {**c, "rho_atm": c["rho_atm"] + (0.02 if b < "B05" else 0.004)}
            for b, c in clear["bands"].items()
        },
    }  # type: ignore[attr-defined]
    east = patch_scene(hazy, covers, size_m=12000)
    bands = {}
    for band, image in west.bands.items():
        counts = image.read_all().copy()
        half = counts.shape[1] // 2
        counts[:, half:] = east.bands[band].read_all()[:, half:]
        bands[band] = raster_of_array(image.layer, image.grid, counts, "1", 1e-4, -1000, 0)
    found = field_of(replace(west, bands=bands), DarkTargetsParameters(smoothing_km=1.0))
    line = found.over(Window(300, 0, 1, 600))[0]
    assert np.ptp(line[:150]) < 0.03
    assert line[500] - line[100] > 0.1
    middle = int(np.argmin(np.abs(line - 0.5 * (line[100] + line[500]))))
    assert abs(middle - 300) <= 15  # 300 m


def test_the_forecast_may_be_a_file(clear: dict[str, float], reference_data: Path, tmp_path: Path) -> None:
    (path,) = reference_data.glob("products/*L1C*T18LTM*/GRANULE/*/AUX_DATA/AUX_CAMSFO")
    scene = patch_scene(clear, (Cover.DRY_SOIL, Cover.CLEAR_WATER), size_m=1980)
    latitude, longitude = np.mgrid[-11.8:-12.6:23j, -77.7:-76.8:23j]
    product = SimpleNamespace(node_coordinates=lambda: (latitude, longitude), **vars(scene.product))
    parameters = DarkTargetsParameters(forecast=path)
    models = {**scene.models, "l1c_product": product}
    found = run_step(StepCase(dark_targets, scene.layers(*BANDS), models, parameters)).model.aerosol_field
    assert (found.method, found.origin) == ("CAMS", "CAMS")
    assert 0.01 < found.mean < 1.0
    assert found.mean != 0.2
    wrong = tmp_path / "wrong.grib"
    wrong.write_bytes(b"no grib")
    with pytest.raises(AuxiliaryError, match=r"wrong\.grib"):
        forecast_aerosol(product, wrong)
