"""Light on the simulated relief, held against closed forms, and the elevation as others read it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.simulator import acquisition, relief, relief_kernels, sensor
from ipf_plugins.simulator.acquisition import Acquisition, AcquisitionParameters
from ipf_plugins.simulator.relief_kernels import Forms
from osgeo import gdal

from ipf.engine.testing import StepCase, check_contract, run_step
from tests.plugins.simulator.conftest import run_scene
from tests.plugins.simulator.test_steps import GRID, SIZE, chain, context, layers

ROWS, COLUMNS = np.mgrid[0:121, 0:121].astype(float)
AROUND = 20
ZENITH, AZIMUTH = math.radians(50.0), math.radians(140.0)


def light(land: np.ndarray, reach: int = 18) -> np.ndarray:
    return relief_kernels.direct_light(land, AROUND, reach, ZENITH, AZIMUTH)


@pytest.mark.parametrize("slope", [0.0, 10.0, 35.0])
@pytest.mark.parametrize("aspect", [0.0, 90.0, 140.0, 320.0])
def test_direct_light_on_a_plane(slope: float, aspect: float) -> None:
    """cos(beta) = cos(sun zenith) cos(slope) + sin(sun zenith) sin(slope) cos(sun azimuth - aspect)."""
    tilt, facing = math.radians(slope), math.radians(aspect)
    land = -math.tan(tilt) * (COLUMNS * math.sin(facing) - ROWS * math.cos(facing))
    expected = math.cos(ZENITH) * math.cos(tilt)
    expected += math.sin(ZENITH) * math.sin(tilt) * math.cos(AZIMUTH - facing)
    assert np.allclose(light(land), max(expected, 0.0) / math.cos(ZENITH), atol=1e-5)


def test_a_tower_throws_its_shadow_away_from_the_sun() -> None:
    """10 pixels high under a sun 40 degrees above the horizon: 11.9 pixels long, to the north-west."""
    land = np.zeros_like(ROWS)
    land[59:62, 59:62] = 10.0
    shaded = np.argwhere(light(land, 18) == 0.0) + AROUND - 60.0
    shaded = shaded[np.hypot(*shaded.T) > 3.0]
    length = shaded @ np.array([math.cos(AZIMUTH), -math.sin(AZIMUTH)])
    aside = shaded @ np.array([math.sin(AZIMUTH), math.cos(AZIMUTH)])
    assert length.min() > 0.0
    assert length.max() == pytest.approx(10.0 * math.tan(ZENITH) + 1.5, abs=1.5)
    assert np.abs(aside).max() < 3.0


@pytest.mark.parametrize("angle", [0.0, 20.0, 45.0])
def test_the_floor_of_a_crater_sees_less_sky(angle: float) -> None:
    """With a horizon of elevation h all around, an even sky gives cos²(h) of its light to flat ground."""
    distance = np.hypot(ROWS - 60.0, COLUMNS - 60.0)
    land = np.where(distance < 3.0, 0.0, distance * math.tan(math.radians(angle)))
    view = relief_kernels.sky_view(land, AROUND, 18, 16)[60 - AROUND, 60 - AROUND]
    assert view == pytest.approx(math.cos(math.radians(angle)) ** 2, abs=0.01)


@pytest.mark.parametrize("slope", [10.0, 30.0, 45.0])
def test_a_slope_sees_half_of_one_and_its_cosine(slope: float) -> None:
    land = COLUMNS * math.tan(math.radians(slope))
    view = relief_kernels.sky_view(land, AROUND, 18, 32)
    assert np.allclose(view, 0.5 * (1.0 + math.cos(math.radians(slope))), atol=0.01)


@pytest.mark.parametrize("ridged", [False, True])
def test_heights_depend_on_place_alone(ridged: bool) -> None:
    forms = Forms(50.0, 100.0, 4, ridged)
    whole = relief_kernels.heights(0, 0, 300, 300, 10, forms, 5)
    part = relief_kernels.heights(40, 110, 60, 30, 10, forms, 5)
    assert np.array_equal(part, whole[40:120, 110:160])
    assert 0.0 <= whole.min() < 15.0
    assert 35.0 < whole.max() <= 50.0


@pytest.fixture(scope="module")
def hilly(tmp_path_factory: pytest.TempPathFactory) -> Acquisition:
    parameters = AcquisitionParameters(
        size_m=SIZE, relief_m=250.0, relief_scale_m=600.0, relief_shape="ridges", sun_zenith=60.0
    )
    folder = tmp_path_factory.mktemp("scratch")
    return acquisition.simulate_acquisition(acquisition.NoInputs(), parameters, context(folder))


def test_the_step_keeps_the_contract(hilly: Acquisition) -> None:
    cases = {case.step.name: case for case in chain(hilly)}
    check_contract(cases["simulate_relief"])
    check_contract(cases["simulate_toa"])


def test_relief_shows(hilly: Acquisition) -> None:
    found = layers(hilly)
    direct, view = (
        found[name][""].read_physical(GRID.at(20).whole) for name in ("true_direct_light", "true_sky_view")
    )
    assert (direct == 0).mean() > 0.01
    assert direct.max() > 1.3
    assert 0.9 < direct.mean() < 1.1
    assert view.min() < 0.97
    assert view.max() <= 1.0


def toa_of(
    acquired: Acquisition, band: str, elevation: float, sun: float, sky: float, **parameters: bool
) -> float:
    """Reflectance of a grey surface of 0.3 under a clear sky, on ground of one kind."""
    case = next(case for case in chain(acquired) if case.step.name == "simulate_toa")
    quantities = {
        name: {
            key: replace(
                raster,
                read=lambda window, value=value, raster=raster: np.full(
                    (window.height, window.width), round(value / raster.scale), raster.dtype
                ),
            )
            for key, raster in case.quantities[name].items()
        }
        for name, value in (
            ("true_reflectance", 0.3),
            ("true_cloud", 0.0),
            ("true_shadow", 0.0),
            ("true_cirrus", 0.0),
            ("true_elevation", elevation),
            ("true_direct_light", sun),
            ("true_sky_view", sky),
        )
    }
    given = StepCase(
        case.step, {**case.quantities, **quantities}, case.models, sensor.AirParameters(**parameters)
    )
    return float(np.nanmean(run_step(given).layers[f"toa_reflectance/{band}"]))


def test_light_on_a_slope_is_direct_and_diffuse(hilly: Acquisition) -> None:
    """Direct by cos(beta)/cos(zenith), diffuse by V, and (1 - V) rho from slopes, relative to flat ground."""
    band = "B02"
    share = hilly.air.direct[band] / hilly.air.down[band]
    assert 0.4 < share < 0.8
    flat = toa_of(hilly, band, 0.0, 1.0, 1.0)
    dark = toa_of(hilly, band, 0.0, 0.0, 0.0, reflected=False)
    surface = flat - dark
    for sun, sky in ((0.0, 0.8), (1.5, 0.9)):
        plain = toa_of(hilly, band, 0.0, sun, sky, reflected=False) - dark
        assert plain / surface == pytest.approx(share * sun + (1.0 - share) * sky, abs=1e-4)
        lit = toa_of(hilly, band, 0.0, sun, sky) - dark
        assert (lit - plain) / surface == pytest.approx((1.0 - sky) * 0.3, abs=1e-4)
        around = toa_of(hilly, band, 0.0, sun, sky, reflected=False, circumsolar=True) - dark
        beam = hilly.air.direct[band]
        expected = share * sun + (1.0 - share) * (beam * sun + (1.0 - beam) * sky)
        assert around / surface == pytest.approx(expected, abs=1e-4)


def test_less_air_over_higher_ground(hilly: Acquisition) -> None:
    """250 m take 3 % of the molecules away, and with them of the path reflectance in the blue."""
    low, high = (toa_of(hilly, "B02", metres, 0.0, 0.0, reflected=False) for metres in (0.0, 250.0))
    assert 0.0008 < low - high < 0.004


def test_the_elevation_is_a_model_that_gdal_reads(tmp_path: Path) -> None:
    parameters = {
        "simulate_acquisition.relief_m": "300", "simulate_acquisition.relief_scale_m": "1500",
        "simulate_acquisition.relief_base_m": "200",
    }  # fmt: skip
    report = run_scene(tmp_path, parameters)
    assert report.exit_code == 0, report.error
    (path,) = tmp_path.glob("truth/*/elevation.tif")
    dataset = gdal.Open(str(path))
    values = dataset.ReadAsArray()
    assert dataset.GetRasterBand(1).GetScale() in (None, 1.0)
    assert values.dtype == np.float32
    assert 200.0 <= values.min() < 300.0
    assert 350.0 < values.max() <= 500.0
    assert dataset.GetGeoTransform()[1] == 20.0


def test_forms_are_no_smaller_than_pixels_can_show() -> None:
    scene = relief.Relief(0.0, 500.0, 4000.0, True)
    found = relief.forms(scene)
    assert found.height == 25.0
    assert found.period / 2 ** (found.octaves - 1) >= relief_kernels.FINEST
