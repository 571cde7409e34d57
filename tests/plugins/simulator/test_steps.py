"""Each step keeps the engine's contract, and together they give a scene of the stated truth."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyproj
import pytest
from ipf_plugins.simulator import acquisition, relief, sensor, sky, surface
from ipf_plugins.simulator.acquisition import Acquisition, AcquisitionParameters
from ipf_plugins.simulator.instrument import SATURATION_RADIANCE, published_noise
from pydantic import ValidationError

from ipf.engine import Context, StepParameters, TaskRequest
from ipf.engine.testing import StepCase, check_contract, check_declaration, run_step
from ipf.kernels.atmosphere import correct_lambertian
from ipf.product.bands import BAND_NAMES
from ipf.product.raster import Grid, Raster, raster_of_array
from tests.plugins.simulator.conftest import fixed_atmosphere

SIZE = 1260
BANDS = ("B02", "B11", "B09")
GRID = Grid(32631, 300000.0, 4900020.0, 10, SIZE // 10, SIZE // 10)


def context(tmp_path: Path) -> Context:
    request = TaskRequest("SIMULATOR", "01.00", "SIMULATE_L1C", {}, {}, {})
    return Context(request, datetime(2022, 6, 21, tzinfo=UTC), tmp_path)


@pytest.fixture(scope="module")
def acquired(tmp_path_factory: pytest.TempPathFactory) -> Acquisition:
    folder = tmp_path_factory.mktemp("scratch")
    return acquisition.simulate_acquisition(
        acquisition.NoInputs(), AcquisitionParameters(size_m=SIZE), context(folder)
    )


def made(case: StepCase) -> dict[str, dict[str, Raster]]:
    """Rasters that a step makes, by quantity and band."""
    rasters: dict[str, dict[str, Raster]] = {}
    declarations = {port.name: port.declaration for port in case.step.output_ports}
    for layer, counts in run_step(case).layers.items():
        name, _, band = layer.partition("/")
        declaration = declarations[name]
        grid = GRID.at(SIZE // counts.shape[0])
        rasters.setdefault(name, {})[band] = raster_of_array(
            layer, grid, counts, declaration.unit, declaration.scale, declaration.offset, declaration.nodata
        )
    return rasters


def chain(acquired: Acquisition) -> list[StepCase]:
    """The block steps in order, each with what the ones before it make."""
    footprints = {band: acquired.detector_footprint[band] for band in BANDS}
    held = {
        name: raster_of_array(raster.layer, raster.grid, raster.read_all(), "detector")
        for name, raster in footprints.items()
    }
    quantities: dict[str, dict[str, Raster]] = {"detector_footprint": held}
    models = {"scene": acquired.scene, "air": acquired.air}
    cases = []
    for step in (surface.COVER, sky.SKY, relief.RELIEF, surface.SURFACE, sensor.TOA, sensor.COUNTS):
        case = StepCase(step, dict(quantities), models)
        cases.append(case)
        quantities.update(made(case))
    return cases


def layers(acquired: Acquisition) -> dict[str, dict[str, Raster]]:
    """Every layer of the chain."""
    cases = chain(acquired)
    return {**cases[-1].quantities, **made(cases[-1])}


def physical(raster: Raster) -> np.ndarray:
    return raster.read_physical(raster.grid.whole)


def test_steps_keep_the_contract(acquired: Acquisition) -> None:
    for case in chain(acquired):
        check_contract(case)
    check_declaration(acquisition.STEP)


def test_the_surface_comes_back_from_what_is_measured(acquired: Acquisition) -> None:
    """Where the sky is clear, inverting the air leaves the instrument's noise and the rounding, no more."""
    found = layers(acquired)
    for band in BANDS:
        counts, truth = found["counts"][band], physical(found["true_reflectance"][band])
        size = counts.grid.resolution
        shape = counts.grid.shape
        air = acquired.air
        boa = correct_lambertian(
            physical(counts),
            np.full(shape, air.aot, np.float32),
            np.full(shape, air.water_vapour, np.float32),
            air.coefficients[band],
            0,
            0,
            float(size),
        )
        factor = size // 20
        clear = np.ones(shape, bool)
        for name in ("true_cloud", "true_cirrus", "true_shadow"):
            blocked = found[name][""].read_all() > 0
            if size == 10:
                blocked = blocked.repeat(2, 0).repeat(2, 1)
            elif factor > 1:
                blocked = blocked.reshape(shape[0], factor, shape[1], factor).any(axis=(1, 3))
            clear &= ~blocked
        clear &= found["true_saturation"][band].read_all() == 0
        assert clear.mean() > 0.4
        coefficients = air.coefficients[band]
        loss = float(coefficients.transmittance.min()) * (0.2 if band == "B09" else 0.9)
        radiance = sensor.radiance_per_reflectance(acquired.scene, band)
        deviation = published_noise()[band].deviation(0.5 * radiance) / radiance / loss
        error = (boa - truth)[clear]
        assert abs(error.mean()) < 0.1 * deviation + 2e-5
        assert np.abs(error).max() < 6 * deviation + 1.5e-4 / loss


def test_without_noise_the_counts_are_the_rounded_reflectance(acquired: Acquisition) -> None:
    case = chain(acquired)[-1]
    silent = replace(case, parameters=sensor.SensorParameters(noise=0.0, saturation=False))
    counts = run_step(silent).layers["counts/B02"]
    toa = case.quantities["toa_reflectance"]["B02"].read_all()
    assert np.array_equal(counts, np.rint(toa * 10000 + 1000).astype(np.uint16))


def test_pixels_that_no_detector_sees_have_no_data(tmp_path: Path) -> None:
    parameters = AcquisitionParameters(size_m=SIZE, track_offset_m=-145800.0)
    acquired = acquisition.simulate_acquisition(acquisition.NoInputs(), parameters, context(tmp_path))
    found = layers(acquired)
    for band in BANDS:
        unseen = found["detector_footprint"][band].read_all() == 0
        assert 0.3 < unseen.mean() < 0.7
        assert np.array_equal(found["counts"][band].read_all() == 0, unseen)


def test_what_is_too_bright_saturates(acquired: Acquisition) -> None:
    grid = GRID.at(10)
    toa = np.linspace(0.5, 1.5, grid.rows * grid.columns, dtype=np.float32).reshape(grid.shape)
    quantities = {"toa_reflectance": {"B08": raster_of_array("toa_reflectance/B08", grid, toa, "1")}}
    models = {"scene": acquired.scene}
    case = StepCase(sensor.COUNTS, quantities, models, sensor.SensorParameters(noise=0.0))
    result = run_step(case).layers
    limit = SATURATION_RADIANCE["B08"] / sensor.radiance_per_reflectance(acquired.scene, "B08")
    saturated = result["true_saturation/B08"] == 1
    assert np.array_equal(saturated, toa >= limit)
    assert 0.2 < saturated.mean() < 0.8
    assert (result["counts/B08"][saturated] == round(limit * 10000 + 1000)).all()
    unlimited = replace(case, parameters=sensor.SensorParameters(noise=0.0, saturation=False))
    assert run_step(unlimited).layers["counts/B08"].max() == 16000


def test_another_seed_is_another_scene_and_the_same_seed_the_same(tmp_path: Path) -> None:
    air = tmp_path / "air.json"
    air.write_text(json.dumps(fixed_atmosphere()))

    def cover(parameter: int, run: int) -> bytes:
        parameters = AcquisitionParameters(size_m=600, seed=parameter, atmosphere=air)
        of_run = replace(context(tmp_path), seed=run)
        acquired = acquisition.simulate_acquisition(acquisition.NoInputs(), parameters, of_run)
        footprint = {"B02": acquired.detector_footprint["B02"]}
        case = StepCase(surface.COVER, {"detector_footprint": footprint}, {"scene": acquired.scene})
        return run_step(case).layers["true_cover"].tobytes()

    assert cover(3, 0) == cover(0, 3) == cover(3, 0)
    assert cover(3, 0) != cover(4, 0)


def test_a_file_of_coefficients_fixes_the_angles(tmp_path: Path, reference_data: Path) -> None:
    path = reference_data / "radiative_transfer" / "scene_T18LTM_aot015_wv15.json"
    parameters = AcquisitionParameters(size_m=SIZE, atmosphere=path)
    acquired = acquisition.simulate_acquisition(acquisition.NoInputs(), parameters, context(tmp_path))
    assert acquired.scene.angles.mean_sun.zenith == 28.38
    assert (acquired.scene.angles.viewing_zenith("B02") == 9.2).all()
    assert not acquired.air.tabulated
    toa = layers(acquired)["toa_reflectance"]["B02"]
    assert toa.read_all().min() > 0.0746886


def test_a_scene_like_a_real_product(tmp_path: Path, reference_data: Path) -> None:
    (product,) = reference_data.glob("products/S2A_MSIL1C_*_T18LTM_*.SAFE")
    parameters = AcquisitionParameters(like=product)
    acquired = acquisition.simulate_acquisition(acquisition.NoInputs(), parameters, context(tmp_path))
    scene = acquired.scene
    assert (scene.tile, scene.satellite, scene.relative_orbit, scene.absolute_orbit) == (
        "18LTM",
        "S2A",
        125,
        34442,
    )
    assert scene.grid.shape == (10980, 10980)
    assert scene.radiometry.sun_distance_correction == pytest.approx(1.0323, abs=2e-3)
    assert scene.angles.detectors("B02") == (1, 2, 3, 4)
    assert set(acquired.detector_footprint) == set(BAND_NAMES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size_m": 1000}, "multiple of 60"),
        ({"sensing_time": "yesterday"}, "not a UTC time"),
        ({"satellite": "S2X"}, "S2A"),
        ({"tile": "toulouse"}, "match pattern"),
        ({"epsg": 32661}, "not a UTM zone"),
        ({"sun_zenith": 89.0}, "less than or equal to 75"),
    ],
)
def test_bad_parameters_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AcquisitionParameters.model_validate(values)


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (surface.CoverParameters, {"vegetation_share": 0.7, "water_share": 0.4}, "add up to more than 1"),
        (surface.CoverParameters, {"patch_m": 605}, "multiple of 10 m"),
        (sky.SkyParameters, {"cloud_lowest_m": 3500.0}, "must not be higher"),
        (sky.SkyParameters, {"thin_highest_m": 1000.0}, "must not be higher"),
    ],
)
def test_bad_parameters_of_land_and_sky(
    model: type[StepParameters], values: dict[str, float], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        model.model_validate(values)


def test_patches_keep_the_contract(acquired: Acquisition) -> None:
    case = chain(acquired)[0]
    check_contract(replace(case, parameters=surface.CoverParameters(layout="patches", patch_m=200)))


def test_shadows_lie_away_from_the_sun(acquired: Acquisition) -> None:
    """The sun stands in the south-east: the mask of the shadows is that of the clouds, moved north-west."""
    sky_case = chain(acquired)[1]
    low = sky.SkyParameters(cloud_share=0.1, thin_share=0.0, cloud_lowest_m=600.0, cloud_highest_m=600.0)
    found = run_step(replace(sky_case, parameters=low)).layers
    cloud, shadow = found["true_cloud"] > 100, found["true_shadow"] > 100
    assert set(np.unique(found["true_cloud_height"])) == {0, 12}
    length = 600.0 * np.tan(np.deg2rad(26.0)) / 20.0
    right, down = -length * np.sin(np.deg2rad(140.0)), length * np.cos(np.deg2rad(140.0))
    moved = np.roll(cloud, (round(down), round(right)), axis=(0, 1))[20:-20, 20:-20]
    inner = shadow[20:-20, 20:-20]
    assert right < -5.0
    assert down < -5.0
    assert inner.sum() > 20
    assert (moved & inner).sum() > 0.85 * inner.sum()


def test_the_sun_of_the_metadata_is_turned_to_the_map(acquired: Acquisition) -> None:
    """Whose north is 1.8 degrees west of true north here; directions on the ellipsoid are PROJ's."""
    east, south = sky.shadow_per_metre(acquired.scene)
    here = np.array([GRID.upper_left_x + SIZE / 2, GRID.upper_left_y - SIZE / 2])
    toward_the_sun = here + 1000.0 * np.array([-east, south])
    places = (pyproj.Proj(GRID.epsg)(*place, inverse=True) for place in (here, toward_the_sun))
    seen, _, _ = pyproj.Geod(ellps="WGS84").inv(*next(places), *next(places))
    assert seen == pytest.approx(acquired.scene.angles.mean_sun.azimuth, abs=0.02)
