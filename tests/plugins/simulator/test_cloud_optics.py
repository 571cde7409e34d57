"""Clouds of different heights in the bands that water vapour absorbs."""

from __future__ import annotations

import numpy as np
import pytest
from ipf_plugins.simulator import acquisition
from ipf_plugins.simulator.acquisition import Acquisition, AcquisitionParameters
from ipf_plugins.simulator.cloud_kernels import HEIGHT_STEP_M
from ipf_plugins.simulator.cloud_optics import reflectance_by_height
from ipf_plugins.simulator.spectra import CIRRUS, CLOUD, of_band

from tests.plugins.simulator.test_steps import context


@pytest.fixture(scope="module")
def acquired(tmp_path_factory: pytest.TempPathFactory) -> Acquisition:
    parameters = AcquisitionParameters(size_m=600)
    folder = tmp_path_factory.mktemp("scratch")
    return acquisition.simulate_acquisition(acquisition.NoInputs(), parameters, context(folder))


def at(acquired: Acquisition, band: str, height: float) -> float:
    table = reflectance_by_height(acquired.scene, acquired.air, band)
    return float(table[round(height / HEIGHT_STEP_M)])


def test_b10_hides_low_clouds_and_shows_high_ones(acquired: Acquisition) -> None:
    """An opaque cloud at 1 km is darker than the threshold of cirrus (0.012); one at 5 km is bright."""
    assert at(acquired, "B10", 1000.0) < 0.012
    assert at(acquired, "B10", 5000.0) > 0.10
    heights = reflectance_by_height(acquired.scene, acquired.air, "B10")
    assert (np.diff(heights) > 0).all()
    assert heights[round(10_000 / HEIGHT_STEP_M)] > 0.6 * of_band(CLOUD, "B10")
    assert of_band(CIRRUS, "B10") > 0.6


def test_b09_grows_with_height_and_windows_do_not(acquired: Acquisition) -> None:
    assert at(acquired, "B09", 800.0) < 0.6 * at(acquired, "B09", 8000.0)
    for band in ("B02", "B08", "B8A", "B12"):
        assert at(acquired, band, 800.0) == pytest.approx(at(acquired, band, 8000.0), rel=0.06)


def test_at_the_ground_the_whole_air_is_above(acquired: Acquisition) -> None:
    """0.25 and 0.004 are the two-way transmittances of 2 cm of water vapour, sun at 30 degrees (6SV1.1)."""
    assert at(acquired, "B09", 0.0) / of_band(CLOUD, "B09") == pytest.approx(0.25, abs=0.02)
    assert at(acquired, "B10", 0.0) / of_band(CLOUD, "B10") == pytest.approx(0.004, abs=0.001)
