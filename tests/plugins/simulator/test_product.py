"""The simulated product as others see it, and the truth beside it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.simulator.spectra import Cover
from ipf_plugins.simulator.truth import read_truth
from osgeo import gdal

from ipf.auxiliary.meteorology import read_meteorology
from ipf.engine import run_plan
from ipf.errors import IpfError, PlanError, ProductError
from ipf.product.bands import BANDS
from ipf.product.masks import CLOUD_FLAGS, QUALITY_FLAGS
from ipf.product.reader import open_product
from tests.plugins.simulator.conftest import SIZE_M, Listener, plan_scene, run_scene


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by relative name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_gdal_opens_the_product(product: Path) -> None:
    dataset = gdal.OpenEx(str(product / "MTD_MSIL1C.xml"), gdal.OF_RASTER, allowed_drivers=["SENTINEL2"])
    assert dataset is not None
    names = [name for name, _ in dataset.GetSubDatasets()]
    assert [name.split(":")[2] for name in names] == ["10m", "20m", "60m", "TCI"]
    ten = gdal.Open(names[0])
    assert (ten.RasterXSize, ten.RasterYSize, ten.RasterCount) == (SIZE_M // 10, SIZE_M // 10, 4)
    assert ten.GetRasterBand(1).GetMetadataItem("SOLAR_IRRADIANCE") == "1512.06"


def test_our_reader_gives_back_what_was_simulated(product: Path, truth: Path) -> None:
    opened, known = open_product(product), read_truth(truth)
    assert opened.level == "L1C"
    assert opened.grid == known.layer("cover").grid
    cover = known.layer("cover").read_all()
    for band in BANDS:
        raster = opened.bands[f"toa_reflectance/{band.name}"]
        counts = raster.read_all()
        assert raster.offset == -1000.0
        assert counts.min() >= 1
        assert counts.shape == known.reflectance(band.name).grid.shape
    snow = cover == Cover.SNOW
    assert opened.bands["toa_reflectance/B03"].read_physical(opened.grid.whole)[snow].mean() > 0.7


def test_masks_say_what_is_true(product: Path, truth: Path) -> None:
    opened, known = open_product(product), read_truth(truth)
    clouds = opened.masks["cloud_classification"].read_all()
    opaque = known.layer("cloud").read_physical(known.layer("cloud").grid.whole)
    flagged = (clouds >> CLOUD_FLAGS.index("opaque_cloud")) & 1 == 1
    means = opaque.reshape(SIZE_M // 60, 3, SIZE_M // 60, 3).mean(axis=(1, 3))
    assert np.array_equal(flagged, means > 0.5)
    assert flagged.any()
    footprint = opened.masks["detector_footprint/B02"].read_all()
    assert np.unique(footprint).tolist() == [2, 3]
    quality = opened.masks["quality/B02"].read_all()
    saturated = (quality >> QUALITY_FLAGS.index("saturated")) & 1
    assert np.array_equal(saturated, known.saturation("B02").read_all())


def test_angles_and_forecasts_are_those_of_the_truth(product: Path, truth: Path) -> None:
    opened, document = open_product(product), read_truth(truth).document
    assert opened.tile.angles.mean_sun.zenith == pytest.approx(document["sun"]["zenith"])
    assert opened.tile.angles.detectors("B8A")
    weather = read_meteorology(path for _, path in sorted(opened.auxiliary_files.items()))
    latitude, longitude = opened.node_coordinates()
    air = document["atmosphere"]
    assert weather.aerosol_optical_thickness(latitude, longitude) == pytest.approx(air["aot550"], rel=1e-5)
    assert weather.water_vapour_cm(latitude, longitude) == pytest.approx(air["water_vapour_cm"], rel=1e-5)
    assert weather.ozone_cm_atm(latitude, longitude) == pytest.approx(air["ozone_cm_atm"], rel=1e-5)
    assert weather.sea_level_pressure_hpa(latitude, longitude) == pytest.approx(air["pressure_hpa"], rel=1e-5)
    assert weather.valid_time.replace(minute=50) == opened.tile.sensing_time.moment.replace(
        second=0, microsecond=0
    )


def test_forecasts_can_be_left_out_or_wrong(tmp_path: Path) -> None:
    small = {"simulate_acquisition.size_m": "600"}
    for name, parameters in (
        ("none", {"format_l1c_scene.forecasts": "none"}),
        ("wrong", {"format_l1c_scene.forecast_aot": "0.4", "format_l1c_scene.forecast_water_vapour": "3.5"}),
    ):
        report = run_scene(tmp_path / name, small | parameters)
        assert report.exit_code == 0, report.error
    without, wrong = (open_product(next((tmp_path / name / "L1C").iterdir())) for name in ("none", "wrong"))
    assert not without.auxiliary_files
    weather = read_meteorology(path for _, path in sorted(wrong.auxiliary_files.items()))
    latitude, longitude = wrong.node_coordinates()
    assert weather.aerosol_optical_thickness(latitude, longitude) == pytest.approx(0.4, rel=1e-5)
    assert weather.water_vapour_cm(latitude, longitude) == pytest.approx(3.5, rel=1e-5)
    document = read_truth(next((tmp_path / "wrong" / "truth").iterdir())).document
    assert document["atmosphere"]["aot550"] == 0.15


def test_the_same_scene_has_the_same_bytes_however_it_is_cut(scene: Path, tmp_path: Path) -> None:
    report = run_scene(tmp_path, workers=3, block_size_m=420)
    assert report.exit_code == 0, report.error
    for folder in ("L1C", "truth"):
        first, second = contents(scene / folder), contents(tmp_path / folder)
        assert first.keys() == second.keys()
        different = [name for name in first if first[name] != second[name]]
        assert not different


def test_the_truth_is_a_document_for_other_programs(truth: Path) -> None:
    document = json.loads((truth / "truth.json").read_text())
    assert document["size_m"] == [SIZE_M, SIZE_M]
    assert document["cover"]["snow"] == Cover.SNOW
    dataset = gdal.Open(str(truth / "reflectance_B8A.tif"))
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "32631"
    assert dataset.GetRasterBand(1).GetScale() == pytest.approx(2e-5)


def test_an_output_that_exists_is_refused_before_any_pixel(scene: Path) -> None:
    with pytest.raises(PlanError, match=r"L1C: .*SAFE exists already"):
        run_scene(scene)


FAILING_STEP = """
from dataclasses import replace
from ipf.engine import hookimpl
from ipf_plugins.simulator.sensor import COUNTS, BandAtSensor, BandCounts, SensorParameters
from ipf.engine import Context

def failing(inputs: BandAtSensor, parameters: SensorParameters, context: Context) -> BandCounts:
    if context.band == "B12":
        raise ValueError("no light")
    return COUNTS.run(inputs, parameters, context)

@hookimpl
def ipf_steps():
    yield replace(COUNTS, run=failing)
"""


def test_a_product_that_appears_meanwhile_is_left_alone(tmp_path: Path) -> None:
    plan, loaded = plan_scene(tmp_path)
    other = plan.tasks[0].outputs[0].path
    other.mkdir(parents=True)
    (other / "precious").touch()
    report = run_plan(plan, loaded, Listener(), threading.Event())
    assert report.exit_code == 168
    assert "exists already" in report.error
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["simulate_l1c.xml", "precious"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    plugin = tmp_path / "failing_plugin.py"
    plugin.write_text(FAILING_STEP)
    report = run_scene(tmp_path / "scene", plugins=[plugin])
    assert report.exit_code >= 128
    assert "no light" in report.error
    left = [path for path in (tmp_path / "scene").rglob("*") if path.is_file()]
    assert [path.name for path in left] == ["simulate_l1c.xml"]


def test_truth_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match=r"truth\.json: cannot be read"):
        read_truth(tmp_path)


def test_a_full_tile_like_a_real_product_is_planned(tmp_path: Path, reference_data: Path) -> None:
    """Named after the real one's satellite, orbit and tile, and within 4 GiB."""
    (real,) = reference_data.glob("products/S2A_MSIL1C_*_T18LTM_*.SAFE")
    coefficients = reference_data / "radiative_transfer" / "scene_T18LTM_aot015_wv15.json"
    plan, _ = plan_scene(
        tmp_path,
        {"simulate_acquisition.like": str(real), "simulate_acquisition.atmosphere": str(coefficients)},
    )
    (task,) = plan.tasks
    names = [file.path.name for file in task.outputs]
    assert names[0].endswith("_N0400_R125_T18LTM_20260102T030405.SAFE")
    assert names[1] == names[0].replace(".SAFE", ".TRUTH")
    assert task.auxiliary == (coefficients, real)
    assert task.memory_bytes < 4 * 2**30


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"simulate_acquisition.satellite": "S2C"}, "S2C_MSIL1C_20220621T105031_N0511_"),
        ({"format_l1c_scene.baseline": "05.11"}, "S2A_MSIL1C_20220621T105031_N0511_"),
    ],
)
def test_the_baseline_is_one_that_knows_the_satellite(
    tmp_path: Path, parameters: dict[str, str], name: str
) -> None:
    plan, _ = plan_scene(tmp_path, parameters)
    assert plan.tasks[0].outputs[0].path.name.startswith(name)


@pytest.mark.parametrize(
    ("baseline", "message"),
    [("04.00", "expected 05.11 or later for Sentinel-2C"), ("03.01", "expected 04.00 or later")],
)
def test_a_baseline_that_cannot_be_written_is_refused(tmp_path: Path, baseline: str, message: str) -> None:
    parameters = {"simulate_acquisition.satellite": "S2C", "format_l1c_scene.baseline": baseline}
    with pytest.raises(IpfError, match=message):
        plan_scene(tmp_path, parameters)
