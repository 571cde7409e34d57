"""The chain as a job order runs it: a Level-1C product in, a Level-2A product out."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ipf_plugins.atmospheric.surface_reflectance import BANDS
from osgeo import gdal

from ipf.engine import RunOptions, Status, load_plugins, plan_job, run_plan
from ipf.errors import IpfError, ProductError
from ipf.joborder import read_job_order
from ipf.kernels import pixels
from ipf.product.angles import Direction
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.images import decode_image
from ipf.product.quicklook import true_colour
from ipf.product.reader import SafeProduct
from tests.plugins.atmospheric import atmospheres
from tests.plugins.atmospheric.chain import Job, Messages, write_l1c
from tests.plugins.atmospheric.test_surface_reflectance import at_top, texture

gdal.UseExceptions()

SIDE_M = 3600
EMPTY_M = 600
"""Width without data at the eastern edge of the scene."""
PARAMETERS = {
    "atmospheric_state.aerosol_optical_thickness": "0.15",
    "atmospheric_state.water_vapour": "1.5",
    "atmospheric_state.ozone": "0.29",
    "atmospheric_state.surface_pressure": "1013.25",
    "surface_reflectance.adjacency_range_m": "0",  # the truth's pixels do not shine into one another
}

Truth = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def scene(reference_data: Path) -> dict[str, Any]:
    text = (reference_data / "radiative_transfer/scene_T18LTM_aot015_wv15.json").read_text()
    content: dict[str, Any] = json.loads(text)
    return content


def make_l1c(job: Job, scene: dict[str, Any], baseline: str = "04.00") -> Truth:
    """Write a scene of known truth; gives the surface reflectance by band."""
    grid = atmospheres.small(SIDE_M)
    angles = atmospheres.constant_angles(
        Direction(scene["sza"], scene["saa"]), Direction(scene["vza"], scene["vaa"])
    )
    offset = 1000 if baseline >= "04.00" else 0
    truth, counts = {}, {}
    for band in BAND_NAMES:
        resolution = BY_NAME[band].resolution
        truth[band] = texture(grid.at(resolution).shape, BY_NAME[band].identifier)
        toa = at_top(truth[band], scene["bands"][band])
        counts[band] = np.maximum(np.rint(toa * 10000 + offset), 1).astype(np.uint16)
        counts[band][:, -EMPTY_M // resolution :] = 0
    write_l1c(job, grid, angles, counts, baseline)
    return truth


@pytest.fixture(scope="module")
def done(scene: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, Truth]:
    """A job that has run, and the truth that it started from."""
    job = Job(tmp_path_factory.mktemp("chain"))
    truth = make_l1c(job, scene)
    report = job.run(PARAMETERS)
    assert (report.status, report.error) == (Status.OK, "")
    return job, truth


@pytest.fixture(scope="module")
def product(done: tuple[Job, Truth]) -> SafeProduct:
    return done[0].product


def image(product: SafeProduct, content: str, resolution: int) -> np.ndarray:
    """Counts of one image."""
    dtype = np.uint8 if content == "SCL" else np.uint16
    grid = product.grid.at(resolution)
    return decode_image(product.images[content, resolution], grid, np.dtype(dtype))


def native(band: str) -> int:
    return BY_NAME[band].resolution


def fraction_within(counts: np.ndarray, truth: np.ndarray) -> float:
    """Share of the pixels with data that are within the specification of surface reflectance."""
    valid = counts != 0
    found = (counts[valid].astype(np.float64) - 1000) / 10000
    return float(np.mean(np.abs(found - truth[valid]) <= 0.05 * truth[valid] + 0.005))


@pytest.mark.parametrize("band", [band for band in BANDS if band != "B09"])
def test_known_reflectance_comes_back_in_the_product(
    done: tuple[Job, Truth], product: SafeProduct, band: str
) -> None:
    raster = product.bands[f"boa_reflectance/{band}"]
    counts = raster.read_all()
    assert raster.grid.resolution == native(band)
    assert fraction_within(counts, done[1][band]) >= 0.99
    empty = EMPTY_M // native(band)
    assert np.all(counts[:, -empty:] == 0)
    assert np.all(counts[:, :-empty] != 0)


@pytest.mark.parametrize(
    ("band", "resolution"), [("B02", 20), ("B04", 60), ("B05", 60), ("B8A", 60), ("B12", 60)]
)
def test_coarser_images_are_means(product: SafeProduct, band: str, resolution: int) -> None:
    fine, coarse = image(product, band, native(band)), image(product, band, resolution)
    mean = pixels.block_mean(np.where(fine == 0, np.nan, fine).astype(np.float32), resolution // native(band))
    np.testing.assert_array_equal(coarse == 0, np.isnan(mean))
    assert np.nanmax(np.abs(np.where(coarse == 0, np.nan, coarse) - mean)) <= 0.5


def test_b01_at_20_m_repeats_that_at_60_m(product: SafeProduct) -> None:
    np.testing.assert_array_equal(image(product, "B01", 20), pixels.repeat(image(product, "B01", 60), 3))


@pytest.mark.parametrize(("content", "value"), [("AOT", 150), ("WVP", 1500)])
@pytest.mark.parametrize("resolution", [10, 20, 60])
def test_maps_hold_the_stated_air_where_there_is_data(
    product: SafeProduct, content: str, value: int, resolution: int
) -> None:
    counts = image(product, content, resolution)
    empty = EMPTY_M // resolution
    assert np.all(counts[:, -empty:] == 0)
    assert np.all(counts[:, :-empty] == value)


def test_classes_at_60_m_are_picked_from_those_at_20_m(product: SafeProduct) -> None:
    fine = image(product, "SCL", 20)
    np.testing.assert_array_equal(image(product, "SCL", 60), pixels.pick(fine, 3))
    assert np.all(fine[:, -EMPTY_M // 20 :] == 0)
    assert len(np.unique(fine)) > 3


@pytest.mark.parametrize("resolution", [10, 20, 60])
def test_true_colour_is_that_of_the_bands(product: SafeProduct, resolution: int) -> None:
    bands = [image(product, band, resolution) for band in ("B04", "B03", "B02")]
    picture = gdal.Open(str(product.images["TCI", resolution])).ReadAsArray()
    np.testing.assert_array_equal(picture, true_colour(*bands, offsets=(-1000, -1000, -1000)))


def test_probabilities_at_60_m_are_rounded_means(product: SafeProduct) -> None:
    fine = product.masks["cloud_probability"].read_all()
    coarse = product.masks["cloud_probability_60m"].read_all()
    mean = pixels.block_mean(fine.astype(np.float32), 3)
    np.testing.assert_allclose(coarse, mean, atol=0.5)
    assert fine.max() > 50


def test_masks_of_level_1c_are_passed_on_unchanged(done: tuple[Job, Truth], product: SafeProduct) -> None:
    (l1c,) = (done[0].demo / "L1C").glob("*.SAFE/GRANULE/*/QI_DATA")
    l2a = product.tile_folder / "QI_DATA"
    names = sorted(path.name for path in l1c.glob("MSK_*.jp2"))
    assert len(names) == 27
    for name in names:
        assert (l2a / name).read_bytes() == (l1c / name).read_bytes(), name


def test_metadata_state_what_was_done(product: SafeProduct) -> None:
    assert product.metadata is not None
    content = product.metadata.quality.content
    assert content is not None
    assert (content.mean_aot, content.mean_water_vapour, content.ozone) == (0.15, 1.5, 290.0)
    assert (content.aot_retrieval_method, content.ozone_source) == ("DEFAULT", "CONFIG")
    assert content.nodata == pytest.approx(100 * EMPTY_M / SIDE_M, abs=1e-6)
    classes = np.bincount(image(product, "SCL", 20).ravel(), minlength=12)
    assert content.vegetation == pytest.approx(100 * classes[4] / classes[1:].sum(), abs=1e-6)
    assert product.metadata.auxiliary.luts == ("scattering_S2A_continental.npz",)
    failed = {name for name, status in product.metadata.quality.checks.items() if status != "PASSED"}
    assert failed == {"FORMAT_CORRECTNESS"}  # the scene is smaller than a tile


def hashes(folder: Path) -> dict[str, str]:
    """Hash of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_one_worker_writes_the_same_bytes(done: tuple[Job, Truth], tmp_path: Path) -> None:
    job = Job(tmp_path)
    shutil.copytree(done[0].demo / "L1C", job.demo / "L1C")
    assert job.run(PARAMETERS, workers=1).status is Status.OK
    assert hashes(job.demo / "L2A") == hashes(done[0].demo / "L2A")


def test_tile_and_datastrip_apart_as_the_ground_segment_wants_them(
    done: tuple[Job, Truth], tmp_path: Path
) -> None:
    job = Job(tmp_path, "l2a_sen2cor.xml")
    (l1c,) = (done[0].demo / "L1C").glob("*.SAFE")
    shutil.copytree(l1c / "GRANULE", job.demo / "MSI_L1C_TL")
    shutil.copytree(l1c / "DATASTRIP", job.demo / "MSI_L1C_DS")
    (job.demo / "working").mkdir()
    report = job.run(PARAMETERS)
    assert (report.status, report.error) == (Status.OK, "")
    (tile,) = (job.demo / "MSI_L2A_TL").iterdir()
    (datastrip,) = (job.demo / "MSI_L2A_DS").iterdir()
    assert tile.name == "S2A_OPER_MSI_L2A_TL_IPF__20240501T120000_A034442_T18LTM_N04.00"
    assert (datastrip / "MTD_DS.xml").is_file()
    (indicators,) = (job.demo / "KPI_L2A").iterdir()
    assert json.loads(indicators.read_text())["GRANULE_MEAN_AOT"] == 0.15
    whole = done[0].product.tile_folder
    for path in sorted((whole / "IMG_DATA").rglob("*_20m.jp2")):  # coded differently, the same pixels
        expected, found = (
            gdal.Open(str(file)).ReadAsArray() for file in (path, tile / path.relative_to(whole))
        )
        np.testing.assert_array_equal(found, expected, path.name)


def test_level_1c_of_an_old_baseline_becomes_a_product_of_04_00(
    scene: dict[str, Any], tmp_path: Path
) -> None:
    job = Job(tmp_path)
    truth = make_l1c(job, scene, baseline="02.09")
    report = job.run({**PARAMETERS, "format_l2a.baseline": "04.00"})
    assert (report.status, report.error) == (Status.OK, "")
    for band in ("B02", "B8A"):
        counts = job.product.bands[f"boa_reflectance/{band}"].read_all()
        assert fraction_within(counts, truth[band]) >= 0.99
    footprint = job.product.masks["detector_footprint/B02"].read_all()
    assert set(np.unique(footprint[:, : -EMPTY_M // 10 - 1])) == {1}


def break_band(job: Job) -> str:
    (path,) = (job.demo / "L1C").glob("*.SAFE/GRANULE/*/IMG_DATA/*_B05.jp2")
    path.write_bytes(b"")
    return r"B05\.jp2: .*empty stand-in of 0 bytes"


def lose_mask(job: Job) -> str:
    (path,) = (job.demo / "L1C").glob("*.SAFE/GRANULE/*/QI_DATA/MSK_DETFOO_B03.jp2")
    path.unlink()
    return r"MSK_DETFOO_B03\.jp2: "


def cut_mask(job: Job) -> str:
    (path,) = (job.demo / "L1C").glob("*.SAFE/GRANULE/*/QI_DATA/MSK_DETFOO_B02.jp2")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return r"MSK_DETFOO_B02\.jp2: .* cut"


def other_zone(job: Job) -> str:
    (path,) = (job.demo / "L1C").glob("*.SAFE/GRANULE/*/MTD_TL.xml")
    path.write_text(path.read_text().replace("EPSG:32718", "EPSG:32719"))
    return r"\.jp2: image in EPSG:32718, expected EPSG:32719 as in the tile metadata"


def lose_datastrip(job: Job) -> str:
    (path,) = (job.demo / "L1C").glob("*.SAFE/DATASTRIP/*/MTD_DS.xml")
    path.write_text(" ")
    return r"MTD_DS\.xml"


def lower_sun(job: Job) -> str:
    (path,) = (job.demo / "L1C").glob("*.SAFE/GRANULE/*/MTD_TL.xml")
    path.write_text(path.read_text().replace("28.38", "85.5"))
    return r"18LTM.*solar zenith.*85\.5 is outside the look-up table"


def damp_air(job: Job) -> str:
    (path,) = (job.demo / "L1C").glob("*.SAFE/GRANULE/*/MTD_TL.xml")
    path.write_text(path.read_text().replace("28.38", "78.5"))
    return r"water vapour: .* cm along the slant path"


def second_product(job: Job) -> str:
    (path,) = (job.demo / "L1C").glob("*.SAFE")
    shutil.copytree(path, path.with_name("other.SAFE"))
    return "holds 2 folders, expected one"


def other_level(job: Job) -> str:
    (path,) = (job.demo / "L1C").glob("*.SAFE")
    shutil.rmtree(path)
    (done,) = (job.demo / "L2A").glob("*.SAFE")
    shutil.move(done, job.demo / "L1C")
    return "a L2A tile, expected L1C"


def nothing(job: Job) -> str:
    return "exists already"


@pytest.mark.parametrize(
    "damage",
    [
        break_band,
        lose_mask,
        cut_mask,
        other_zone,
        lose_datastrip,
        lower_sun,
        damp_air,
        second_product,
        other_level,
        nothing,
    ],
)
def test_what_cannot_work_is_refused_without_pixels(
    done: tuple[Job, Truth], tmp_path: Path, damage: Callable[[Job], str]
) -> None:
    job = Job(tmp_path)
    shutil.copytree(done[0].demo, job.demo)
    message = damage(job)
    with pytest.raises(IpfError, match=message) as refusal:
        job.plan({**PARAMETERS, "atmospheric_state.water_vapour": "8"} if damage is damp_air else PARAMETERS)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("format_l2a.baseline", "02.14", "02.14"),
        ("format_l2a.jp2_profile", "small", "'official' or 'fast'"),
        ("atmospheric_state.ozone", "331", "less than or equal to 0.7"),
        (
            "spectral_classification.cirrus_low",
            "0.05",
            r"cirrus_low must be below cirrus_high; cirrus_low = '0\.05' \(command line\)",
        ),
        ("atmosphere_model.look_up_tables", "/nowhere", "/nowhere"),
    ],
)
def test_wrong_parameters_are_refused(
    done: tuple[Job, Truth], tmp_path: Path, name: str, value: str, message: str
) -> None:
    job = Job(tmp_path)
    shutil.copytree(done[0].demo / "L1C", job.demo / "L1C")
    with pytest.raises(IpfError, match=message):
        job.plan({**PARAMETERS, name: value})


def test_a_file_that_is_cut_is_refused_before_any_pixel(done: tuple[Job, Truth], tmp_path: Path) -> None:
    job = Job(tmp_path)
    shutil.copytree(done[0].demo / "L1C", job.demo / "L1C")
    (path,) = (job.demo / "L1C").glob("*.SAFE/GRANULE/*/IMG_DATA/*_B08.jp2")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(ProductError, match=r"B08\.jp2"):
        job.plan(PARAMETERS)
    assert not (job.demo / "L2A").exists()


def test_a_failure_in_the_middle_of_writing_leaves_nothing(
    done: tuple[Job, Truth], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(tmp_path)
    shutil.copytree(done[0].demo / "L1C", job.demo / "L1C")

    def fail(*_: object) -> None:
        assert list((job.demo / "L2A").iterdir()) != []  # the product is under way
        raise ProductError("TCI_10m.jp2: no space left")

    monkeypatch.setattr("ipf_plugins.atmospheric.l2a_production.true_colour", fail)
    report = job.run(PARAMETERS)
    assert (report.status, report.exit_code >= 128) == (Status.FAILED, True)
    assert "TCI_10m.jp2: no space left" in report.error
    assert list((job.demo / "L2A").iterdir()) == []


def test_the_other_form_of_job_order_gives_the_same_product(done: tuple[Job, Truth], tmp_path: Path) -> None:
    job = Job(tmp_path, "l2a_eegs.xml")
    shutil.copytree(done[0].demo / "L1C", job.demo / "L1C")
    stated = ("atmospheric_state.aerosol_optical_thickness", "atmospheric_state.water_vapour")
    left = {name: value for name, value in PARAMETERS.items() if name not in stated}
    assert job.run(left).status is Status.OK
    assert hashes(job.demo / "L2A_eegs") == hashes(done[0].demo / "L2A")


EMPTY = """
import numpy as np
from ipf.engine import BlockStep, NoParameters, hookimpl
from ipf_plugins.atmospheric.water_vapour import Inputs, Outputs

def nothing(inputs: Inputs, parameters: NoParameters, context) -> Outputs:
    return Outputs(np.full((context.window.height, context.window.width), np.nan, np.float32))

@hookimpl
def ipf_steps():
    yield BlockStep(name="water_vapour", run=nothing)
"""


def test_bands_that_come_out_empty_are_told(done: tuple[Job, Truth], tmp_path: Path) -> None:
    """A step of one's own that gives no data leaves none in the product; nobody is left in the dark."""
    job = Job(tmp_path)
    shutil.copytree(done[0].demo / "L1C", job.demo / "L1C")
    (tmp_path / "nothing.py").write_text(EMPTY)
    plugins, messages = load_plugins((tmp_path / "nothing.py",)), Messages()
    options = RunOptions(workers=2, parameters=PARAMETERS)
    plan = plan_job(read_job_order(job.path), job.path, plugins, options)
    assert run_plan(plan, plugins, messages, threading.Event()).status is Status.WARNING
    assert any("no surface reflectance at all" in line and "B8A" in line for line in messages.lines)
