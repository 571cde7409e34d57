"""The kernels of resampling against plain forms and against themselves uncompiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.interpolate import BSpline

from ipf.geometry.resampling import InverseGrid, PixelWindow
from ipf.kernels import resampling as kernels
from ipf.kernels.places import places_within
from tests.geometry.resampled import inside, keys, places

Image = npt.NDArray[Any]
FRACTIONS = np.linspace(0, 1, 101, dtype=np.float32)


def weights_of(function: Any) -> npt.NDArray[np.float64]:
    """Weights at all fractions, (fractions, 4)."""
    return np.array([function(fraction) for fraction in FRACTIONS], np.float64)


@pytest.mark.parametrize("function", [kernels.cubic_weights, kernels.spline_weights])
def test_weights_add_up_to_one_and_keep_the_place(function: Any) -> None:
    weights = weights_of(function)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=3e-7)
    np.testing.assert_allclose(weights @ [-1, 0, 1, 2], FRACTIONS, atol=3e-7)


def test_weights_are_the_kernels_at_the_distances() -> None:
    distances = FRACTIONS[:, np.newaxis].astype(np.float64) - [-1, 0, 1, 2]
    np.testing.assert_allclose(weights_of(kernels.cubic_weights), keys(distances), atol=3e-7)
    spline = BSpline.basis_element([-2, -1, 0, 1, 2], extrapolate=False)
    expected = np.nan_to_num(spline(distances))
    np.testing.assert_allclose(weights_of(kernels.spline_weights), expected, atol=3e-7)


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_mirrors_are_the_outer_pixels(size: int) -> None:
    expected = np.pad(np.arange(size), 25, mode="reflect") if size > 1 else np.zeros(51, int)
    assert [kernels.mirrored(index, size) for index in range(-25, size + 25)] == expected.tolist()


@pytest.mark.parametrize("origin", [(0, 0), (-9, -20), (5, 3), (-2, 12)])
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_samples_are_mirrored_and_tell_what_is_missing(origin: tuple[int, int], dtype: Any) -> None:
    image = np.random.default_rng(1).integers(0, 8, (20, 17)).astype(dtype)
    samples, slow = np.empty((24, 30), np.float32), np.empty((24, 30), np.float32)
    arguments = (image, (0, 0), image.shape, origin, 1.0, 6.0)
    kernels.samples_of(*arguments, samples)
    kernels.samples_of.py_func(*arguments, slow)  # type: ignore[attr-defined]
    far = np.pad(image, 40, mode="symmetric" if min(image.shape) < 2 else "reflect")
    expected = far[40 + origin[0] :, 40 + origin[1] :][:24, :30].astype(np.float32)
    expected = np.where(expected >= 6, np.inf, np.where(expected >= 1, expected, np.nan))
    np.testing.assert_array_equal(samples, expected)
    np.testing.assert_array_equal(slow, expected)


@pytest.mark.parametrize("method", [kernels.NEAREST, kernels.BILINEAR, kernels.CUBIC, kernels.B_SPLINE])
def test_the_compiled_kernel_is_the_written_one(method: int) -> None:
    rng = np.random.default_rng(2)
    samples = rng.integers(1, 4000, (40, 40)).astype(np.float32)
    samples[18, 20], samples[25, 12] = np.nan, np.inf
    down, right = np.meshgrid(np.linspace(5, 45, 4), np.linspace(6, 44, 4), indexing="ij")
    rows, columns = down + 0.2 * right - 5, right - 0.2 * down
    results = []
    for function in (kernels.interpolate, kernels.interpolate.py_func):  # type: ignore[attr-defined]
        values, flags = np.empty((30, 31), np.float32), np.empty((30, 31), np.uint8)
        limits = (6.0, 43.0, 4.0, 41.0)
        with np.errstate(invalid="ignore"):
            function(
                samples, samples, (5, 3), limits, rows, columns, 11, (3, 2), method, 4095.0, values, flags
            )
        results.append((values, flags))
    np.testing.assert_array_equal(results[0][1], results[1][1])
    np.testing.assert_array_equal(results[0][0], results[1][0])
    assert set(np.unique(results[0][1])) >= {0, kernels.NO_DATA, kernels.SATURATED}


@pytest.mark.parametrize("window", [(0, 0, 37, 46), (3, 5, 1, 1), (8, 9, 10, 18), (36, 45, 1, 1)])
def test_the_extent_of_places_is_that_of_every_pixel(window: tuple[int, int, int, int]) -> None:
    rows, columns = np.random.default_rng(3).uniform(0, 100, (2, 5, 6))
    at = places(InverseGrid(rows, columns, 9), PixelWindow(*window))
    found = places_within(rows, columns, 9, window, (101, 101))
    expected = [extreme for place in at for extreme in (place.min(), place.max())]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    seen = inside(at, (60, 70))
    top, bottom, west, east = places_within(rows, columns, 9, window, (60, 70))
    for place, low, high in ((at[0], top, bottom), (at[1], west, east)):
        assert ((place[seen] >= low - 1e-9) & (place[seen] <= high + 1e-9)).all()
    assert not seen.any() or (top >= -0.5 and bottom <= 59.5 and west >= -0.5 and east <= 69.5)


def test_counts_are_rounded_and_keep_their_codes() -> None:
    values = np.array([[np.nan, -3, 0.4, 1.5, 2.5, 4093.6, 9000, 4095, 7]], np.float32)
    flags = np.array([[kernels.NO_DATA, 0, 0, 0, 0, 0, 0, kernels.SATURATED, kernels.NARROWED]], np.uint8)
    expected = [[0, 1, 1, 2, 2, 4094, 4094, 4095, 7]]
    np.testing.assert_array_equal(kernels.rounded(values, flags, 4095), expected)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(kernels.rounded.py_func(values, flags, 4095), expected)  # type: ignore[attr-defined]
    assert kernels.rounded(np.array([[1e6]], np.float32), np.zeros((1, 1), np.uint8), 65536) == 65535
