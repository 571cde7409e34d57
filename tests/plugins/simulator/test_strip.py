"""A simulated datastrip: what is written is what was meant, and the chain makes the truth of it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import erfa
import numpy as np
import numpy.typing as npt
import pytest
from ipf_plugins.simulator import focal_plane
from ipf_plugins.simulator.orbit_pass import OrbitPass, quaternions_of
from ipf_plugins.simulator.strip import EARTH, Strip, StripParameters
from osgeo import gdal
from pydantic import ValidationError

from ipf.auxiliary.sensor_geometry import read_sensor_geometry
from ipf.auxiliary.terrain_files import open_terrain
from ipf.compare.phase_correlation import measured_shift
from ipf.geometry.attitude import rotation_matrices
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.tiles import tile_of_name
from ipf.product.bands import BANDS, BY_NAME
from ipf.product.geotiff import read_geotiff
from ipf.product.l1b_reader import read_l1b_product
from ipf.product.reader import open_product
from tests.cli.programs import call

gdal.UseExceptions()

JOB_ORDERS = Path(__file__).parents[3] / "job_orders"
SIZE_M = 1800
CREATION = ("--creation-date", "2026-01-02T03:04:05Z")
SMALL = (
    f"simulate_strip.size_m={SIZE_M}",
    "simulate_strip.margin_m=600",
    "simulate_strip.granule_lines=642",
    "simulate_strip.noise=false",
)


def simulated(folder: Path, *settings: str) -> Path:
    """The folder that a job order fills."""
    order = folder / "job_orders" / "simulate_l1b.xml"
    order.parent.mkdir(parents=True, exist_ok=True)
    order.write_bytes((JOB_ORDERS / order.name).read_bytes())
    options = [word for setting in (*SMALL, *settings) for word in ("--set", setting)]
    called = call("ipf", "run", order, *options, *CREATION, IPF_PLUGIN_PATH="")
    assert called.code == 0, called.stderr
    return folder / "demo"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated(tmp_path_factory.mktemp("strip"))


@pytest.fixture(scope="module")
def strip() -> Strip:
    parameters = StripParameters(size_m=SIZE_M, margin_m=600, granule_lines=642, noise=False)
    return Strip(tile_of_name("31TCJ"), parameters, 0, 1)


@pytest.fixture(scope="module")
def level_1c(made: Path) -> Path:
    """The product that the example job order of Level 1C makes of it."""
    order = made.parent / "job_orders" / "l1c_mmfi.xml"
    order.write_bytes((JOB_ORDERS / order.name).read_bytes())
    called = call(
        "ipf", "run", order, "--set", f"tile_geometry.size_m={SIZE_M}", *CREATION, IPF_PLUGIN_PATH=""
    )
    assert called.code == 0, called.stderr
    (product,) = (made / "L1C").iterdir()
    return product


def test_the_orbit_is_that_of_the_mission() -> None:
    epoch = StripParameters().day
    orbit = OrbitPass(
        epoch=datetime(epoch.year, epoch.month, epoch.day),
        earth=EARTH,
        longitude=1.3,
        latitude=43.6,
        seconds=39000.0,
    )
    seconds = 39000.0 + np.linspace(0.0, 6000.0, 601)
    positions, velocities = orbit.inertial(seconds)
    normal = np.cross(positions[0], velocities[0])
    inclination = np.rad2deg(np.arccos(normal[2] / np.linalg.norm(normal)))
    assert inclination == pytest.approx(98.62, abs=1e-6)
    period = 2 * np.pi / np.sqrt(3.986004418e14 / np.linalg.norm(positions[0]) ** 3)
    assert 10 * 86400 / period == pytest.approx(
        143, abs=0.35
    )  # orbits in the cycle; the Earth is not a sphere
    longitude, latitude, _ = erfa.gc2gd(1, orbit.terrestrial(seconds[:2])[0])
    assert np.rad2deg(longitude[0]) == pytest.approx(1.3, abs=1e-6)
    assert np.rad2deg(latitude[0]) == pytest.approx(43.6, abs=1e-6)
    assert latitude[1] < latitude[0]  # descending


def test_velocities_are_those_of_the_positions(strip: Strip) -> None:
    seconds = np.array([strip.orbit.seconds - 0.05, strip.orbit.seconds, strip.orbit.seconds + 0.05])
    positions, velocities = strip.orbit.terrestrial(seconds)
    np.testing.assert_allclose((positions[2] - positions[0]) / 0.1, velocities[1], atol=0.01)


def test_quaternions_are_the_turns() -> None:
    random = np.random.default_rng(2)
    matrices = np.linalg.qr(random.normal(size=(50, 3, 3)))[0]
    matrices *= np.sign(np.linalg.det(matrices))[:, None, None]
    np.testing.assert_allclose(rotation_matrices(quaternions_of(matrices)), matrices, atol=1e-12)


def test_all_bands_see_one_ground_with_a_line(strip: Strip) -> None:
    """To some pixels all over the swath, as real bands do, and detectors share some 150 pixels."""
    model = SensorModel(strip.geometry, None)
    for detector in (1, 6, 7, 12):
        seen = []
        for band in BANDS:
            line = (1000.0 - 0.5) * 10 / band.resolution + 0.5
            pixel = 1275.5 * 10 / band.resolution + 5 / band.resolution - 0.5
            found = model.direct_location(band.name, detector, [line], [pixel], 0.0)
            seen.append((found.longitude[0], found.latitude[0]))
        spread = np.ptp(np.array(seen), axis=0) * np.array([np.cos(np.deg2rad(43.6)), 1.0]) * 111e3
        assert spread.max() < 100.0
    last = model.direct_location("B02", 6, [1000.0], [2551.0], 0.0)
    _, pixel = model.inverse_location("B02", 7, last.longitude, last.latitude, 0.0)
    assert pixel[0] == pytest.approx(focal_plane.OVERLAP_PIXELS, abs=15)


def test_files_read_back_as_the_model(made: Path, strip: Strip) -> None:
    product = read_l1b_product(made / "L1B")
    assert not any(product.missing.values())
    (datastrip,) = (made / "L1B" / "DATASTRIP").iterdir()
    geometry = read_sensor_geometry(datastrip, made / "GIPP")
    box = (1.0, 43.9, 1.6, 44.4)
    terrain = open_terrain(made / "DEM", None, *box)
    read, meant = SensorModel(geometry, terrain), SensorModel(strip.geometry, strip.terrain)
    detector = min(strip.granules)
    lines = strip.granules[detector][0]
    for band in ("B02", "B05", "B01"):
        scale = 10 / BY_NAME[band].resolution
        at = [lines.start * scale + 100 * scale], [1270.0 * scale]
        found, expected = (model.direct_location(band, detector, *at) for model in (read, meant))
        np.testing.assert_allclose(found.longitude, expected.longitude, atol=2e-8)  # 2 mm
        np.testing.assert_allclose(found.latitude, expected.latitude, atol=2e-8)
        np.testing.assert_allclose(found.height, expected.height, atol=0.01)


def test_the_same_seed_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    again = simulated(tmp_path)
    for name in ("L1B", "GIPP", "DEM", "L1B_truth"):
        files = {path.relative_to(again): path for path in (again / name).rglob("*") if path.is_file()}
        assert files
        for relative, path in files.items():
            assert path.read_bytes() == (made / relative).read_bytes(), relative


def test_a_folder_that_holds_a_datastrip_is_left_alone(made: Path) -> None:
    order = made.parent / "job_orders" / "simulate_l1b.xml"
    called = call("ipf", "run", order, IPF_PLUGIN_PATH="")
    assert called.code >= 128
    assert "holds a datastrip already, expected a new folder" in called.stderr


@pytest.mark.parametrize("setting", ["size_m=610", "granule_lines=645", "tile=99ZZZ", "satellite=S2X"])
def test_bad_settings_are_refused(tmp_path: Path, setting: str) -> None:
    order = tmp_path / "simulate_l1b.xml"
    order.write_bytes((JOB_ORDERS / order.name).read_bytes())
    called = call("ipf", "run", order, "--set", f"simulate_strip.{setting}", IPF_PLUGIN_PATH="")
    assert called.code >= 128
    assert f"simulate_strip.{setting.split('=')[0]}" in called.stderr


def image(product: Path, band: str) -> npt.NDArray[np.float64]:
    (path,) = product.glob(f"GRANULE/*/IMG_DATA/*_{band}.jp2")
    return np.asarray(gdal.Open(str(path)).ReadAsArray(), np.float64)


@pytest.mark.parametrize("band", [band.name for band in BANDS])
def test_the_chain_makes_the_truth_again(made: Path, level_1c: Path, band: str) -> None:
    found = image(level_1c, band)
    truth = read_geotiff(made / "L1B_truth" / f"reflectance_{band}.tif").read_all().astype(np.float64)
    assert found.shape == truth.shape
    assert np.all(found > 0)
    error, light = found - truth, truth.mean() - 1000.0
    # B10 is all but dark: counts of either side are rounded to 5 % of its light.
    assert abs(error.mean()) <= max(1e-3 * light, 0.1)
    assert error.std() <= max(0.01 * light, 1.0)
    if min(found.shape) >= 64:
        shift = measured_shift(truth, found)
        assert np.hypot(shift.row, shift.column) <= 0.02


def test_the_seam_of_two_detectors_is_within(level_1c: Path) -> None:
    (path,) = level_1c.glob("GRANULE/*/QI_DATA/MSK_DETFOO_B02.jp2")
    detectors = gdal.Open(str(path)).ReadAsArray()
    assert set(np.unique(detectors)) == {6, 7}


def test_the_product_is_one_that_readers_take(level_1c: Path) -> None:
    assert open_product(level_1c).grid.rows == SIZE_M // 10


def test_there_is_something_to_look_at(made: Path) -> None:
    picture = gdal.Open(str(made / "L1B_truth" / "overview.png")).ReadAsArray()
    assert picture.std() > 20


def test_parameters_say_what_is_wrong() -> None:
    with pytest.raises(ValidationError, match="multiple of 60"):
        StripParameters(size_m=6001)
    assert replace(Strip(tile_of_name("31TCJ"), StripParameters(), 0, 1), seed=3).seed == 3
