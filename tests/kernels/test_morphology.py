"""Neighbourhood kernels against SciPy, and on arrays smaller than their reach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from ipf.kernels import morphology

masks = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.sampled_from([0, 0, 1])
)


@given(masks, st.integers(0, 5))
def test_counts_in_a_box_are_sums(mask: np.ndarray, radius: int) -> None:
    expected = ndimage.convolve(mask.astype(int), np.ones((2 * radius + 1,) * 2, int), mode="constant")
    np.testing.assert_array_equal(morphology.count_in_box(mask, radius), expected)


@given(masks, st.integers(0, 4))
def test_dilation_and_erosion_are_those_of_scipy(mask: np.ndarray, radius: int) -> None:
    square = np.ones((2 * radius + 1,) * 2)
    np.testing.assert_array_equal(
        morphology.dilate_box(mask, radius), ndimage.binary_dilation(mask, square).astype(np.uint8)
    )
    np.testing.assert_array_equal(
        morphology.erode_box(mask, radius), ndimage.binary_erosion(mask, square).astype(np.uint8)
    )
    cross = ndimage.iterate_structure(ndimage.generate_binary_structure(2, 1), max(radius, 1))
    grown = ndimage.binary_dilation(mask, cross) if radius else mask
    np.testing.assert_array_equal(morphology.dilate_diamond(mask, radius), np.asarray(grown, np.uint8))


@given(masks, st.integers(0, 4))
def test_majority_is_the_median_of_a_mask(mask: np.ndarray, radius: int) -> None:
    expected = ndimage.median_filter(mask, 2 * radius + 1, mode="constant")
    np.testing.assert_array_equal(morphology.majority(mask, radius), expected)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 10])
def test_median_of_classes_is_that_of_scipy_away_from_the_edge(size: int) -> None:
    classes = np.random.default_rng(size).integers(0, 12, (40, 31)).astype(np.uint8)
    found = morphology.median_of_classes(classes, size)
    inner = (slice(size, -size), slice(size, -size))
    np.testing.assert_array_equal(found[inner], ndimage.median_filter(classes, size)[inner])
    assert found.shape == classes.shape


def test_median_of_classes_at_the_edge_counts_what_is_there() -> None:
    classes = np.array([[4, 4, 9], [4, 9, 9], [0, 9, 9]], np.uint8)
    np.testing.assert_array_equal(morphology.median_of_classes(classes, 3), [[4, 9, 9], [4, 9, 9], [9, 9, 9]])


def test_lone_pixels_are_left_out() -> None:
    mask = np.zeros((9, 9), np.uint8)
    mask[1, 1] = 1
    mask[5:7, 5:7] = 1
    kept = morphology.without_lone(mask, 4, 1)
    assert kept[1, 1] == 0
    assert kept[5:7, 5:7].all()
    assert kept.sum() == 4


def test_select_finds_either_class() -> None:
    classes = np.array([[8, 9, 10, 0]], np.uint8)
    np.testing.assert_array_equal(morphology.select(classes, 8, 9), [[1, 1, 0, 0]])
