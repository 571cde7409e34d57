"""The comparison with the truth tells a good product from a bad one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.simulator.comparison import band_figures, clear_sky, compare
from ipf_plugins.simulator.truth import Truth, read_truth

from ipf.errors import ProductError
from ipf.product.raster import Raster, raster_of_array


@pytest.fixture
def known(truth: Path) -> Truth:
    return read_truth(truth)


def retrieved(known: Truth, band: str, change: float = 0.0, relative: float = 0.0) -> Raster:
    """A Level-2A band that is off by `change` and by a share `relative` of the truth."""
    raster = known.reflectance(band)
    reflectance = raster.read_physical(raster.grid.whole)
    counts = np.rint((reflectance * (1 + relative) + change) * 10000 + 1000).astype(np.uint16)
    return raster_of_array(f"boa_reflectance/{band}", raster.grid, counts, "1", 1e-4, -1000.0, 0)


@pytest.mark.parametrize("band", ["B02", "B11", "B09"])
def test_a_perfect_product(known: Truth, band: str) -> None:
    figures = band_figures(band, retrieved(known, band), known)
    assert figures.within == 1.0
    assert figures.rmse < 5e-5
    assert figures.pixels == clear_sky(known, figures.resolution).sum()


def test_a_bias_is_found(known: Truth) -> None:
    figures = band_figures("B04", retrieved(known, "B04", 0.01), known)
    assert figures.bias == pytest.approx(0.01, abs=1e-5)
    assert figures.rmse == pytest.approx(0.01, abs=1e-4)
    assert figures.worst == pytest.approx(0.01, abs=1e-4)
    reflectance = known.reflectance("B04").read_physical(known.reflectance("B04").grid.whole)
    expected = (0.05 * reflectance + 0.005 >= 0.01)[clear_sky(known, 10)].mean()
    assert figures.within == pytest.approx(expected, abs=0.01)
    assert 0.1 < figures.within < 0.9


def test_a_wrong_scale_is_found(known: Truth) -> None:
    assert band_figures("B08", retrieved(known, "B08", relative=0.08), known).within < 0.3
    assert band_figures("B08", retrieved(known, "B08", relative=0.04), known).within == 1.0


def test_what_clouds_hide_does_not_count(known: Truth) -> None:
    raster = retrieved(known, "B03")
    counts = raster.read_all().copy()
    hidden = ~clear_sky(known, 10)
    assert hidden.any()
    counts[hidden] = 9000
    spoilt = raster_of_array(raster.layer, raster.grid, counts, "1", 1e-4, -1000.0, 0)
    assert band_figures("B03", spoilt, known).within == 1.0
    row, column = np.argwhere(~hidden)[0]
    counts[row, column] = 9000
    spoilt = raster_of_array(raster.layer, raster.grid, counts, "1", 1e-4, -1000.0, 0)
    assert band_figures("B03", spoilt, known).within < 1.0


def test_no_data_does_not_count(known: Truth) -> None:
    raster = retrieved(known, "B03")
    counts = np.zeros_like(raster.read_all())
    empty = raster_of_array(raster.layer, raster.grid, counts, "1", 1e-4, -1000.0, 0)
    figures = band_figures("B03", empty, known)
    assert figures.pixels == 0
    assert np.isnan(figures.rmse)
    assert np.isnan(figures.within)


def test_clear_sky_at_each_resolution(known: Truth) -> None:
    fine, native, coarse = (clear_sky(known, resolution) for resolution in (10, 20, 60))
    assert np.array_equal(fine[::2, ::2], native)
    assert coarse.mean() < native.mean() < 1.0
    rows, columns = coarse.shape
    assert np.array_equal(coarse, native.reshape(rows, 3, columns, 3).all(axis=(1, 3)))


def test_a_product_of_another_kind_or_place_is_refused(product: Path, truth: Path, tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="no Level-2A product of the scene"):
        compare(product, truth)
    other = tmp_path / "other"
    shutil.copytree(truth, other)
    (other / "reflectance_B02.tif").unlink()
    with pytest.raises(ProductError, match=r"reflectance_B02\.tif"):
        read_truth(other).reflectance("B02")
