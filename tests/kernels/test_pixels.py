"""The pixel kernels against plain numpy, and the class rule against an official product."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from osgeo import gdal

from ipf.kernels import pixels

gdal.UseExceptions()

unhurried = settings(deadline=None)
"""The first call of a kernel compiles it."""

PRODUCT = "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"
GRANULE = f"{PRODUCT}/GRANULE/L2A_T29UNU_A038058_20221005T115407"


def read(path: Path) -> np.ndarray:
    return gdal.Open(str(path)).ReadAsArray()


def cells(image: np.ndarray, factor: int) -> np.ndarray:
    """Pixels of each cell along the last axis; what does not fill a cell is cut."""
    rows, columns = image.shape[0] // factor, image.shape[1] // factor
    whole = image[: rows * factor, : columns * factor]
    return whole.reshape(rows, factor, columns, factor).swapaxes(1, 2).reshape(rows, columns, -1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_counts_to_physical_is_offset_then_scale(dtype: str) -> None:
    limits = np.iinfo(dtype)
    counts = np.linspace(limits.min, limits.max, 60).astype(dtype).reshape(6, 10)
    counts[0, 0] = 0
    values = pixels.counts_to_physical(counts, -1000.0, 1e-4, 0)
    expected = (counts.astype(np.float32) + np.float32(-1000)) * np.float32(1e-4)
    expected[counts == 0] = np.nan
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, expected)


def test_without_nodata_every_count_is_a_value() -> None:
    counts = np.array([[0, 65535]], np.uint16)
    values = pixels.counts_to_physical(counts, 0.0, 1.0, pixels.NO_NODATA)
    np.testing.assert_array_equal(values, np.array([[0, 65535]], np.float32))


@unhurried
@given(
    hnp.arrays(
        np.float32,
        (7, 5),
        elements=st.floats(-5, 10, width=32) | st.just(float("nan")),
    )
)
def test_physical_to_counts_rounds_and_limits(values: np.ndarray) -> None:
    counts = np.empty(values.shape, np.uint16)
    pixels.physical_to_counts(values, 1e4, -1000.0, 0, 1, 32767, counts)
    plain = np.clip(np.rint(values * np.float32(1e4) - np.float32(-1000)), 1, 32767)
    np.testing.assert_array_equal(counts, np.where(np.isnan(values), 0, plain))


@unhurried
@given(hnp.arrays(np.uint16, (4, 9), elements=st.integers(0, 32767)))
def test_counts_survive_the_way_to_reflectance_and_back(counts: np.ndarray) -> None:
    values = pixels.counts_to_physical(counts, -1000.0, 1e-4, 0)
    back = np.empty_like(counts)
    pixels.physical_to_counts(values, 1e4, -1000.0, 0, 1, 32767, back)
    np.testing.assert_array_equal(back, counts)


@pytest.mark.parametrize("factor", [1, 2, 3, 6])
def test_block_mean_is_the_mean_of_each_cell(factor: int) -> None:
    values = np.random.default_rng(1).random((26, 38), np.float32)
    means = pixels.block_mean(values, factor)
    np.testing.assert_allclose(means, cells(values, factor).mean(-1), rtol=1e-6)


def test_block_mean_does_not_depend_on_the_block() -> None:
    values = np.random.default_rng(2).random((36, 36), np.float32)
    whole = pixels.block_mean(values, 6)
    part = pixels.block_mean(values[12:24, 6:36], 6)
    np.testing.assert_array_equal(part, whole[2:4, 1:6])


def test_block_mean_of_a_cell_with_nodata_is_nodata() -> None:
    values = np.ones((4, 4), np.float32)
    values[1, 2] = np.nan
    np.testing.assert_array_equal(pixels.block_mean(values, 2), [[1, np.nan], [1, 1]])


@unhurried
@given(
    st.sampled_from([1, 2, 3, 6]), hnp.arrays(np.uint16, (13, 12), elements=st.sampled_from([0, 1, 2, 32767]))
)
def test_mean_of_counts_is_the_rounded_mean_of_the_cell(factor: int, counts: np.ndarray) -> None:
    members = cells(counts, factor)
    expected = np.floor(members.mean(-1) + 0.5 + 1e-9)
    expected[(members == 0).any(-1)] = 0
    means = pixels.mean_of_counts(counts, factor, 0)
    assert means.dtype == counts.dtype
    np.testing.assert_array_equal(means, expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("factor", [1, 2, 3, 6])
def test_repeat_copies_each_pixel(dtype: str, factor: int) -> None:
    values = np.arange(15).astype(dtype).reshape(3, 5)
    repeated = pixels.repeat(values, factor)
    assert repeated.dtype == values.dtype
    np.testing.assert_array_equal(repeated, np.kron(values, np.ones((factor, factor))))


@unhurried
@given(st.sampled_from([1, 2, 3, 6]), hnp.arrays(np.uint8, (13, 12), elements=st.integers(0, 11)))
def test_pick_is_the_lower_median_of_the_cell(factor: int, classes: np.ndarray) -> None:
    ordered = np.sort(cells(classes, factor), axis=-1)
    picked = pixels.pick(classes, factor)
    assert picked.dtype == classes.dtype
    np.testing.assert_array_equal(picked, ordered[..., (factor * factor - 1) // 2])


def test_pick_is_the_rule_of_official_products(reference_data: Path) -> None:
    images = reference_data / GRANULE / "IMG_DATA"
    fine = read(images / "R20m/T29UNU_20221005T115411_SCL_20m.jp2")
    coarse = read(images / "R60m/T29UNU_20221005T115411_SCL_60m.jp2")
    np.testing.assert_array_equal(pixels.pick(fine, 3), coarse)


@pytest.mark.parametrize("mask", ["MSK_CLDPRB", "MSK_SNWPRB"])
def test_rounded_mean_is_the_rule_of_official_probabilities(reference_data: Path, mask: str) -> None:
    folder = reference_data / GRANULE / "QI_DATA"
    fine, coarse = read(folder / f"{mask}_20m.jp2"), read(folder / f"{mask}_60m.jp2")
    mean = pixels.block_mean(fine.astype(np.float32), 3)
    np.testing.assert_array_equal(np.rint(mean).astype(np.uint8), coarse)
