"""True classes follow their rules, and the figures tell a good classification from a bad one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.simulator.confusion import (
    RIGHT,
    ClassLimits,
    TrueClass,
    confusion_of,
    count,
    table,
    true_classes,
)
from ipf_plugins.simulator.spectra import Cover
from ipf_plugins.simulator.truth import Truth, read_truth, write_layers

from ipf.errors import ProductError
from ipf.product.raster import Grid, raster_of_array

GRID = Grid(32631, 300000.0, 4900020.0, 20, 6, 6)


def scene_of(folder: Path, cover: np.ndarray, **layers: np.ndarray) -> Truth:
    """Truth with a cover at 10 m and opacities at 20 m, none where not given."""
    steps = {"cloud": 0.005, "shadow": 0.005, "cirrus": 0.0005}
    rasters = {"true_cover": raster_of_array("true_cover", GRID.at(10), cover.astype(np.uint8), "class")}
    for name, step in steps.items():
        counts = np.rint(layers.get(name, np.zeros(GRID.shape)) / step).astype(np.uint8)
        rasters[f"true_{name}"] = raster_of_array(f"true_{name}", GRID, counts, "1", step)
    write_layers(folder, rasters)
    return Truth(folder, {})


def test_the_rules(tmp_path: Path) -> None:
    cover = np.full((12, 12), Cover.GRASS, np.uint8)
    cover[:, :2], cover[:, 2:4], cover[:, 4:6] = Cover.CLEAR_WATER, Cover.SNOW, Cover.ROOF
    cover[:, 7] = Cover.SAND
    cloud, shadow, cirrus = np.zeros((6, 6)), np.zeros((6, 6)), np.zeros((6, 6))
    cloud[1], cloud[2], cloud[3] = 0.9, 0.4, 0.1
    cirrus[1:3, :], cirrus[4, :2], cirrus[4, 2:4] = 0.03, 0.03, 0.005
    shadow[4:, :] = 0.8
    shadow[5, :2], shadow[5, 2] = 0.3, 0.015
    cover[10:, 8:10] = Cover.TURBID_WATER
    classes = true_classes(scene_of(tmp_path, cover, cloud=cloud, shadow=shadow, cirrus=cirrus))
    water, vegetation, bare, snow, unclear = (
        TrueClass.WATER, TrueClass.VEGETATION, TrueClass.BARE, TrueClass.SNOW, TrueClass.AMBIGUOUS
    )  # fmt: skip
    assert classes[0].tolist() == [water, snow, bare, unclear, vegetation, vegetation]
    assert (classes[1] == TrueClass.THICK_CLOUD).all()
    assert (classes[2] == TrueClass.THIN_CLOUD).all()
    assert (classes[3] == unclear).all()
    assert classes[4].tolist() == [TrueClass.CIRRUS] * 2 + [unclear] * 2 + [TrueClass.SHADOW] * 2
    shaded = [TrueClass.SHADED_WATER, TrueClass.SHADOW]
    assert classes[5].tolist() == [unclear] * 2 + [bare, unclear, *shaded]


def test_limits_can_be_told(tmp_path: Path) -> None:
    cloud = np.full((6, 6), 0.4)
    truth = scene_of(tmp_path, np.full((12, 12), Cover.SAND), cloud=cloud)
    assert (true_classes(truth) == TrueClass.THIN_CLOUD).all()
    assert (true_classes(truth, ClassLimits(thick=0.3)) == TrueClass.THICK_CLOUD).all()
    assert (true_classes(truth, ClassLimits(thin=0.5)) == TrueClass.AMBIGUOUS).all()


def test_a_perfect_classification_of_a_simulated_scene(truth: Path) -> None:
    true = true_classes(read_truth(truth))
    names = np.array([7, *(RIGHT[kind][-1] for kind in TrueClass if kind)], np.uint8)
    figures = count(names[true], true)
    for kind in TrueClass:
        if kind and figures.pixels(kind):
            assert figures.recall(kind) == figures.precision(kind) == 1.0
    present = {kind for kind in TrueClass if figures.pixels(kind)}
    assert {TrueClass.THICK_CLOUD, TrueClass.SHADOW, TrueClass.WATER, TrueClass.SNOW} <= present
    assert figures.cloud_recall == figures.shadow_recall == figures.snow_not_called_cloud == 1.0
    assert figures.shadow_recall_with_water < 1.0
    assert figures.matrix.sum() == true.size
    assert figures.pixels(TrueClass.AMBIGUOUS) < 0.35 * true.size


def test_mistakes_show_in_the_figures() -> None:
    true = np.repeat([TrueClass.SNOW, TrueClass.THICK_CLOUD, TrueClass.THIN_CLOUD, TrueClass.SHADOW], 100)
    found = np.full(400, 9)
    found[:80], found[100:130], found[200:250] = 11, 4, 10
    found[300:360] = 3
    true, found = (image.reshape(20, 20).astype(np.uint8) for image in (true, found))
    figures = count(found, true)
    assert figures.recall(TrueClass.SNOW) == pytest.approx(0.8)
    assert figures.snow_not_called_cloud == pytest.approx(0.8)
    assert figures.recall(TrueClass.THICK_CLOUD) == pytest.approx(0.7)
    assert figures.recall(TrueClass.THIN_CLOUD) == pytest.approx(1.0)
    assert figures.cloud_recall == pytest.approx(0.85)
    assert figures.shadow_recall == figures.shadow_recall_with_water == pytest.approx(0.6)
    assert figures.precision(TrueClass.THICK_CLOUD) == pytest.approx(120 / 180)
    assert figures.precision(TrueClass.SHADOW) == pytest.approx(1.0)
    assert np.isnan(figures.recall(TrueClass.WATER))
    assert "clouds called cloud: 85.0 %" in table(figures)
    assert table(figures).count("\n") == len(TrueClass) + 4


def test_what_does_not_belong_together_is_refused(product: Path, truth: Path) -> None:
    with pytest.raises(ProductError, match="expected the same"):
        count(np.zeros((3, 3), np.uint8), np.zeros((4, 4), np.uint8))
    with pytest.raises(ProductError, match="no scene classification at 20 m"):
        confusion_of(product, truth)
