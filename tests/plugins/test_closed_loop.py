"""The tiles of the closed loop are what they claim to be, and the figures tell good columns from bad ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ipf_plugins.simulator.spectra import SOIL, VEGETATION, WATER, Cover
from osgeo import gdal

from ipf.product.bands import BAND_NAMES
from tests.plugins import closed_loop, six_s
from tests.plugins.known_truth import KnownTruth, at_top, reflectance, stripes

NAME = "sza20_vza10_aot020_wv20"


@pytest.fixture(scope="module")
def tile(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> KnownTruth:
    folder = tmp_path_factory.mktemp("closed_loop")
    return closed_loop.make_tile(
        folder / NAME, six_s.write_atmospheres(reference_data, folder)[NAME], size_m=6000
    )


def whole(path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    (image,) = stripes(path, whole=True)
    return image


def test_the_tile_shows_its_truth_under_its_air(tile: KnownTruth) -> None:
    """Level-1C agrees with the formula of the coefficients on the mean; noise and rounding are left."""
    for band in BAND_NAMES:
        truth, seen = whole(tile.true_reflectance(band)), whole(tile.level_1c_image(band))
        difference = reflectance(seen) - at_top(truth, tile.coefficients["bands"][band])
        assert abs(difference.mean()) < 2e-5, band
        assert difference.std() < 3e-3, band


def test_the_surface_is_a_patchwork_with_vegetation(tile: KnownTruth) -> None:
    cover = whole(tile.truth / "cover.tif")
    patches = cover.reshape(10, 60, 10, 60)
    assert (patches == patches[:, :1, :, :1]).all()
    shares = {
        kind: np.isin(cover, covers).mean()
        for kind, covers in (("vegetation", VEGETATION), ("water", WATER), ("soil", SOIL))
    }
    assert 0.25 < shares["vegetation"] < 0.55
    assert shares["water"] < 0.3
    assert shares["soil"] > 0.2


def test_nothing_in_the_product_tells_the_air(tile: KnownTruth) -> None:
    """Neither forecasts nor a text with the true figures."""
    assert not list(tile.l1c.rglob("AUX_*"))
    assert all(str(tile.coefficients["aot550"]) not in path.stem for path in tile.l1c.rglob("*"))
    assert json.loads((tile.truth / "truth.json").read_text())["atmosphere"]["aot550"] == 0.2
    assert closed_loop.ozone_of(tile) == "0.331"


def test_ratios_of_vegetation_are_reported() -> None:
    ratios = closed_loop.spectral_ratios()
    assert set(ratios) == {cover.name.lower() for cover in VEGETATION}
    assert len({round(red_to_swir, 2) for red_to_swir, _ in ratios.values()}) == 4


def level_2a(tile: KnownTruth, folder: Path, maps: dict[str, float]) -> KnownTruth:
    """The tile with a Level-2A of even maps, and of a band that is the truth plus 0.01 over vegetation."""
    images = folder / "L2A" / "X.SAFE" / "GRANULE" / "G" / "IMG_DATA"
    for name, value in maps.items():
        write(images / "R20m" / f"T_{name}_20m.jp2", np.full((300, 300), round(value * 1000)))
    truth = whole(tile.true_reflectance("B8A"))
    cover = whole(tile.truth / "cover.tif")[::2, ::2]
    found = truth + np.where(np.isin(cover, VEGETATION), 0.01, 0.0)
    write(images / "R20m" / "T_B8A_20m.jp2", np.rint(found * 10000 + 1000))
    return replace(tile, folder=folder)


def write(path: Path, counts: Iterable[Any]) -> None:
    """A lossless image; GeoTIFF will do, GDAL looks into the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.asarray(counts, np.uint16)
    dataset = gdal.GetDriverByName("GTiff").Create(
        str(path), array.shape[1], array.shape[0], 1, gdal.GDT_UInt16
    )
    dataset.GetRasterBand(1).WriteArray(array)
    dataset.FlushCache()


def test_columns_are_judged(tile: KnownTruth, tmp_path: Path) -> None:
    good = closed_loop.columns(level_2a(tile, tmp_path / "good", {"AOT": 0.24, "WVP": 2.3}))
    bad = closed_loop.columns(level_2a(tile, tmp_path / "bad", {"AOT": 0.26, "WVP": 1.5}))
    empty = closed_loop.columns(level_2a(tile, tmp_path / "empty", {"AOT": 0.0, "WVP": 2.0}))
    assert [one.within for one in good] == [1.0, 1.0]
    assert [one.within for one in bad] == [0.0, 0.0]
    assert good[0].bias == pytest.approx(0.04)
    assert good[1].rmse == pytest.approx(0.3)
    assert bad[1].worst == pytest.approx(0.5)
    assert (empty[0].empty, empty[1].empty) == (1.0, 0.0)
    assert "AOT" in closed_loop.column_table(good)


def test_bias_by_cover(tile: KnownTruth, tmp_path: Path) -> None:
    made = level_2a(tile, tmp_path, {})
    found = closed_loop.bias_by_cover(made, "B8A")
    assert len(found) > 6
    for name, bias in found.items():
        expected = 0.01 if Cover[name.upper()] in VEGETATION else 0.0
        assert bias == pytest.approx(expected, abs=2e-5), name
