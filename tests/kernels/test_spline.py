"""B-spline coefficients against the recursion of scipy, and around holes against runs of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import spline_filter1d

from ipf.kernels.spline import PREFILTER_REACH, prefilter_weights, spline_coefficients

REACH = PREFILTER_REACH
Image = npt.NDArray[Any]


def noise(shape: tuple[int, int], seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def inner(image: Image) -> Image:
    """An image without the frame."""
    return image[REACH:-REACH, REACH:-REACH]


def recursion(values: Image) -> npt.NDArray[np.float64]:
    """Coefficients of one line of pixels whose ends are repeated, NaN between runs of them."""
    coefficients = np.full(values.shape, np.nan)
    finite = np.isfinite(values)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], finite, [False]))))
    for start, end in edges.reshape(-1, 2):
        run = np.pad(values[start:end].astype(np.float64), 40, mode="edge")
        coefficients[start:end] = spline_filter1d(run, 3, mode="mirror")[40:-40]
    return coefficients


def test_the_weights_add_up_to_one_and_undo_the_spline() -> None:
    weights = prefilter_weights().astype(np.float64)
    whole = np.concatenate((weights[:0:-1], weights))
    assert whole.sum() == pytest.approx(1.0, abs=1e-7)
    undone = np.convolve(whole, [1 / 6, 4 / 6, 1 / 6])
    expected = np.zeros(undone.size)
    expected[undone.size // 2] = 1.0
    np.testing.assert_allclose(undone, expected, atol=2e-7)


def test_coefficients_are_those_of_the_recursion() -> None:
    samples = noise((70, 61))
    found = spline_coefficients(samples, prefilter_weights())
    far = np.pad(samples.astype(np.float64), 30, mode="edge")
    expected = spline_filter1d(spline_filter1d(far, 3, 0, mode="mirror"), 3, 1, mode="mirror")[30:-30, 30:-30]
    np.testing.assert_allclose(inner(found), inner(expected), atol=2e-6)
    frame = np.ones(samples.shape, bool)
    inner(frame)[:] = False
    np.testing.assert_array_equal(np.isnan(found), frame)


def test_the_compiled_kernel_is_the_written_one() -> None:
    samples = noise((30, 29))
    samples[14, 13] = np.nan
    found = spline_coefficients(samples, prefilter_weights())
    np.testing.assert_array_equal(spline_coefficients.py_func(samples, prefilter_weights()), found)  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_filter_stops_at_holes(bad: float) -> None:
    samples = noise((75, 64))
    samples[30:33] = bad
    samples[:, 40] = bad
    found = spline_coefficients(samples, prefilter_weights())
    down = np.apply_along_axis(recursion, 0, samples)
    expected = np.apply_along_axis(recursion, 1, down)
    np.testing.assert_allclose(inner(found), inner(expected), atol=2e-6)
    np.testing.assert_array_equal(np.isnan(inner(found)), ~np.isfinite(inner(samples)))


def test_a_constant_has_no_ripples_around_holes_of_any_form() -> None:
    samples = np.full((80, 80), 1000, np.float32)
    samples[np.random.default_rng(4).random(samples.shape) < 0.05] = np.nan
    found = inner(spline_coefficients(samples, prefilter_weights()))
    np.testing.assert_allclose(found[np.isfinite(found)], 1000, rtol=1e-6)


def test_far_holes_change_no_bit() -> None:
    """The way with holes and the way without add in one order."""
    samples = noise((64, 64))
    holed = samples.copy()
    holed[32, 32] = np.nan
    rows, columns = np.indices(samples.shape)
    far = (np.abs(rows - 32) > REACH) | (np.abs(columns - 32) > REACH)
    found = spline_coefficients(holed, prefilter_weights())
    expected = spline_coefficients(samples, prefilter_weights())
    np.testing.assert_array_equal(found[far], expected[far])
    assert found[31, 32] != expected[31, 32]
    assert found[32, 33] != expected[32, 33]
