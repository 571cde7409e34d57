"""Tiles beyond the limits of the correction: a product whose quality report says so, and a warning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from ipf.engine import RunReport, Status
from ipf.product.angles import Direction
from ipf.product.bands import BAND_NAMES, BY_NAME
from tests.plugins.atmospheric import atmospheres
from tests.plugins.atmospheric.chain import Job, write_l1c

SIDE_M = 1260
AIR = {
    "atmospheric_state.aerosol_optical_thickness": "0.15",
    "atmospheric_state.water_vapour": "1.5",
    "format_l2a.quality_page": "true",
    "format_l2a.jp2_profile": "fast",
}
CLOUD = dict.fromkeys(BAND_NAMES, 0.7) | {"B09": 0.4, "B10": 0.02, "B11": 0.55, "B12": 0.5}
WATER = dict.fromkeys(BAND_NAMES, 0.01) | {
    "B01": 0.13,
    "B02": 0.1,
    "B03": 0.07,
    "B04": 0.04,
    "B05": 0.03,
    "B10": 0.001,
}
FIELD = dict.fromkeys(BAND_NAMES, 0.3) | {"B01": 0.14, "B02": 0.1, "B03": 0.11, "B04": 0.07, "B10": 0.001}


def run(
    folder: Path, reflectance: Mapping[str, float] | None, zenith: float = 30.0, **more: str
) -> tuple[Job, RunReport]:
    """Process a tile of one reflectance at the top of the atmosphere, with noise; None is for no data."""
    job, grid = Job(folder), atmospheres.small(SIDE_M)
    random = np.random.default_rng(17)
    bands = {}
    for band in BAND_NAMES:
        shape = grid.at(BY_NAME[band].resolution).shape
        if reflectance is None:
            bands[band] = np.zeros(shape, np.uint16)
        else:
            noisy = reflectance[band] * (1 + 0.01 * random.standard_normal(shape))
            bands[band] = np.rint(10000 * noisy + 1000).astype(np.uint16)
    angles = atmospheres.constant_angles(Direction(zenith, 150.0), Direction(5.0, 100.0))
    write_l1c(job, grid, angles, bands)
    return job, job.run(AIR | more)


def flags(job: Job) -> tuple[set[str], str]:
    """Flags of the quality report that are set, but for that of the correction itself; and its status."""
    (path,) = (job.demo / "L2A").glob("*.SAFE/GRANULE/*/QI_DATA/L2A_QUALITY.xml")
    root = etree.parse(path).getroot()
    values = {node.get("name"): node.text for node in root.iter("{*}value")}
    assert values.pop("AC_ENABLED") == "True"
    (report,) = root.iter("{*}report")
    return {name for name, value in values.items() if value == "True"}, report.get("globalStatus")


@pytest.mark.parametrize(
    ("reflectance", "zenith", "more", "expected", "status"),
    [
        (FIELD, 30.0, {}, set(), "PASSED"),
        (CLOUD, 30.0, {}, {"CLOUD_ONLY"}, "PASSED"),
        (WATER, 30.0, {}, {"WATER_ONLY"}, "PASSED"),
        (None, 30.0, {}, {"NO_DATA_AT_ALL"}, "FAILED"),
        (FIELD, 71.0, {}, {"SOLAR_ZENITH_ANGLE_ABOVE_70_DEG"}, "FAILED"),
        (
            FIELD,
            30.0,
            {"atmospheric_state.ground_elevation": "3600"},
            {"GROUND_ELEVATION_ABOVE_3_KM", "HIGHEST_GROUND_ABOVE_3.5_KM"},
            "FAILED",
        ),
        (
            FIELD,
            30.0,
            {"atmospheric_state.aerosol_optical_thickness": "1.3"},
            {"AOT_ABOVE_1", "VISIBILITY_LESS_THAN_5_KM"},
            "PASSED",
        ),
        (FIELD, 30.0, {"atmospheric_state.water_vapour": "5.5"}, {"GRANULE_WV_ABOVE_5_CM"}, "PASSED"),
    ],
    ids=["field", "cloud", "water", "no-data", "low-sun", "high-ground", "haze", "damp"],
)
def test_a_tile_beyond_a_limit_is_flagged(
    tmp_path: Path,
    reflectance: Mapping[str, float] | None,
    zenith: float,
    more: Mapping[str, str],
    expected: set[str],
    status: str,
) -> None:
    job, report = run(tmp_path, reflectance, zenith, **more)
    assert report.exit_code == 0, report.error
    assert flags(job) == (expected, status)
    assert report.status is (Status.WARNING if expected else Status.OK)
    assert {each for each in expected if any(each in warning for warning in report.warnings)} == expected
    (page,) = (job.demo / "L2A").glob("*.html")
    assert all(name in page.read_text() for name in expected)


def test_a_tile_without_data_stays_without_data(tmp_path: Path) -> None:
    job, _ = run(tmp_path, None)
    for layer, raster in job.product.bands.items():
        assert not raster.read_all().any(), layer
