"""The scene classification against a simulated scene of known clouds, shadows, snow, water and land."""

from __future__ import annotations

from pathlib import Path

import pytest
from ipf_plugins.atmospheric.modes import SEN2COR
from ipf_plugins.simulator.confusion import Confusion, TrueClass, count, true_classes
from ipf_plugins.simulator.job import newest
from ipf_plugins.simulator.truth import read_truth

from ipf.product.bands import BAND_NAMES
from ipf.product.reader import open_product
from tests.plugins.atmospheric.classified import classified
from tests.plugins.simulator.conftest import run_scene

SCENE = {
    "simulate_acquisition.size_m": "15000",
    "simulate_cover.layout": "patches",
    "simulate_sky.cloud_share": "0.2",
}
ROOMS = {"spectral_classification": "spectra", "cloud_field": "field", "scene_classification": "rules"}
"""Argument of `classified` for the parameters of each step."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scene of 15 km: patches of land, a fifth under clouds of 800 to 5500 m."""
    folder = tmp_path_factory.mktemp("classified")
    report = run_scene(folder, SCENE)
    assert report.exit_code == 0, report.error
    return folder


def judged(scene: Path, **parameters: dict[str, object]) -> Confusion:
    """The confusion matrix of the three steps."""
    product = open_product(newest(scene / "L1C", "*.SAFE"))
    bands = {band: product.bands[f"toa_reflectance/{band}"] for band in BAND_NAMES}
    angles = product.tile.angles
    found = classified(bands, sun=angles.mean_sun, view=angles.mean_viewing["B04"], **parameters)
    truth = read_truth(newest(scene / "truth", "*.TRUTH"))
    return count(found.classes, true_classes(truth))


def test_clouds_shadows_and_snow_are_found(scene: Path) -> None:
    found = judged(scene)
    assert found.cloud_recall >= 0.95
    assert found.shadow_recall >= 0.8
    assert found.snow_not_called_cloud >= 0.95
    assert found.clear_not_called_cloud >= 0.95
    for kind in (TrueClass.WATER, TrueClass.VEGETATION, TrueClass.SNOW):
        assert found.recall(kind) >= 0.89, kind
    assert found.precision(TrueClass.SHADOW) >= 0.8


def test_matched_heights_find_more_shadow_than_the_rules_of_sen2cor(scene: Path) -> None:
    choices: dict[str, dict[str, object]] = {}
    for choice in SEN2COR:
        if choice.step in ROOMS:
            choices.setdefault(ROOMS[choice.step], {})[choice.parameter] = choice.value
    assert set(choices) == set(ROOMS.values())
    accurate, sen2cor = judged(scene), judged(scene, **choices)
    assert accurate.shadow_recall > sen2cor.shadow_recall + 0.2
    assert sen2cor.cloud_recall >= 0.95
    assert sen2cor.precision(TrueClass.SHADOW) >= 0.95
