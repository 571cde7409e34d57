"""Kernels of comparisons against plain numpy, on images that hypothesis makes up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ipf.kernels import comparison, value_comparison
from ipf.kernels.comparison import (
    NEVER,
    add_to_histogram,
    changed_pixels,
    joint_counts,
    joint_histogram,
    occurring,
    tally_counts,
)
from ipf.kernels.value_comparison import count_digits, merge_moments, tally_values

Image = npt.NDArray[Any]

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 11))
STEPS = st.integers(1, 5)
LABELS = np.array([200, 0, 40], np.uint8)
"""Classes of the groups."""
GROUPS = np.zeros(256, np.uint8)
GROUPS[[200, 0, 40]] = 0, 1, 2


@st.composite
def pairs(draw: st.DrawFn, dtype: str, elements: st.SearchStrategy[Any]) -> tuple[Image, Image, Image]:
    """Two images and groups of one shape."""
    shape = draw(SHAPES)
    one, two = (draw(hnp.arrays(dtype, shape, elements=elements)) for _ in range(2))
    return one, two, draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 2)))


def cells_of(image: Image, chosen: Image, step: int) -> tuple[Image, Image]:
    """Sums and numbers of the chosen pixels of each cell."""
    padding = [(0, -length % step) for length in image.shape]
    values = np.pad(np.where(chosen, image, 0), padding)
    numbers = np.pad(chosen.astype(np.int64), padding)
    shape = values.shape[0] // step, step, values.shape[1] // step, step
    return values.reshape(shape).sum(axis=(1, 3)), numbers.reshape(shape).sum(axis=(1, 3))


def usable(one: Image, two: Image, marks: Image) -> tuple[Image, Image, Image, Image, Image]:
    """Masks: data of each side, saturated of each side, pixels compared."""
    data = np.isfinite(one) & (one != marks[0]), np.isfinite(two) & (two != marks[2])
    full = one == marks[1], two == marks[3]
    return *data, *full, data[0] & data[1] & ~full[0] & ~full[1]


def expected_sums(one: Image, two: Image, marks: Image) -> list[int]:
    """Numbers of pixels: no data lost and gained, saturation lost and gained."""
    one_data, two_data, one_full, two_full, _ = usable(one, two, marks)
    both = one_data & two_data
    return [
        int(np.sum(changed))
        for changed in (
            ~one_data & two_data,
            one_data & ~two_data,
            both & one_full & ~two_full,
            both & ~one_full & two_full,
        )
    ]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32"])
@given(data=st.data(), shift=st.integers(-3, 3), step=STEPS, tolerance=st.sampled_from([0.0, 1.5, 2.0]))
def test_tally_of_counts(dtype: str, data: st.DataObject, shift: int, step: int, tolerance: float) -> None:
    one, two, groups = data.draw(pairs(dtype, st.integers(0, 9)))
    marks = np.array(data.draw(st.tuples(*[st.sampled_from([NEVER, 0, 9, 5])] * 4)), np.int64)
    relative, offset, first_row = 0.25, -4.0, 20
    histogram, outside = np.zeros((3, 2 * 12 + 1), np.int64), np.zeros(3, np.int64)
    sums, largest = np.zeros(7, np.int64), np.zeros(3, np.int64)
    coarse = [-(-length // step) for length in one.shape]
    cells = np.zeros((*coarse, 6), np.int64)
    tally_counts(
        one, two, marks, shift, tolerance, relative, offset,
        LABELS[groups], np.arange(one.shape[0]), np.arange(one.shape[1]), GROUPS, first_row, step,
        histogram, outside, sums, largest, cells,
    )  # fmt: skip
    first, second = one.astype(np.int64), two.astype(np.int64)
    one_data, two_data, _, _, used = usable(first, second, marks)
    difference = second - first + shift
    beyond = used & (np.abs(difference) > tolerance + relative * np.abs(first + offset))
    for group in range(3):
        chosen = used & (groups == group)
        np.testing.assert_array_equal(histogram[group], np.bincount(difference[chosen] + 12, minlength=25))
        assert outside[group] == np.sum(beyond & chosen)
    assert list(sums[:3]) == [np.sum(product[used]) for product in (first, first**2, first * second)]
    assert list(sums[3:]) == expected_sums(first, second, marks)
    magnitude = np.where(used, np.abs(difference), 0)
    assert largest[0] == magnitude.max()
    if magnitude.max():
        place = np.unravel_index(magnitude.argmax(), magnitude.shape)
        # Within a row of a block the first of equal ones is the one further left.
        assert tuple(largest[1:]) == (place[0] + first_row, place[1])
    for image, (values, chosen) in enumerate(((first, one_data), (second, two_data), (difference, used))):
        total, pixels = cells_of(values, chosen, step)
        np.testing.assert_array_equal(cells[:, :, 2 * image], total)
        np.testing.assert_array_equal(cells[:, :, 2 * image + 1], pixels)


VALUES = st.one_of(
    st.floats(-10, 10, width=32), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 9.0, -9999.0])
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(data=st.data(), step=STEPS, tolerance=st.sampled_from([0.0, 1.5]))
def test_tally_of_values(dtype: str, data: st.DataObject, step: int, tolerance: float) -> None:
    one, two, groups = data.draw(pairs(dtype, VALUES))
    marks = np.array(data.draw(st.tuples(*[st.sampled_from([np.nan, 0.0, 9.0, -9999.0])] * 4)))
    conversion = np.array(data.draw(st.sampled_from([(0.0, 1.0, 0.0, 1.0), (2.0, 0.5, -1.0, 0.25)])))
    relative, first_row = 0.25, 20
    moments, differences = np.zeros((one.shape[0], 3, 8)), np.zeros(one.size)
    maxima, counts, sums = np.zeros(3), np.zeros(4, np.int64), np.zeros(7, np.int64)
    largest, cells = np.zeros(3), np.zeros((*(-(-length // step) for length in one.shape), 6))
    changes = np.empty((0, 0))
    if conversion[1] == conversion[3]:
        with np.errstate(invalid="ignore"):
            changes = two.astype(np.float64) - one.astype(np.float64)
    pixels = tally_values(
        one.astype(np.float64), two.astype(np.float64), changes, conversion, marks, 0.0, tolerance, relative,
        LABELS[groups], np.arange(one.shape[0]), np.arange(one.shape[1]), GROUPS, first_row, step,
        moments, differences, maxima, counts, sums, largest, cells,
    )  # fmt: skip
    one, two = one.astype(np.float64), two.astype(np.float64)
    one_data, two_data, _, _, used = usable(one, two, marks)
    marked = [
        (image == mark) | (np.isnan(image) & np.isnan(mark))
        for image, mark in ((one, marks[0]), (two, marks[2]))
    ]
    alike = (one == two) | (np.isnan(one) & np.isnan(two)) | (marked[0] & marked[1])
    unlike = ~one_data & ~two_data & ~alike
    wanted = expected_sums(one, two, marks)
    assert list(sums[3:]) == [wanted[0], wanted[1] + np.sum(unlike), *wanted[2:]]
    first, second = (one + conversion[0]) * conversion[1], (two + conversion[2]) * conversion[3]
    difference = np.where(used, second, 0) - np.where(used, first, 0)
    np.testing.assert_array_equal(differences[:pixels], difference[used])
    assert counts[3] == np.count_nonzero(difference)
    beyond = used & (np.abs(difference) > tolerance + relative * np.abs(first))
    for group in range(3):
        chosen = used & (groups == group)
        assert counts[group] == np.sum(beyond & chosen)
        assert maxima[group] == np.abs(difference[chosen]).max(initial=0)
    assert largest[0] == np.abs(difference).max()
    check_moments(moments, first, second, difference, [used & (groups == group) for group in range(3)])
    for image, (values, chosen) in enumerate(((first, one_data), (second, two_data), (difference, used))):
        total, number = cells_of(values, chosen, step)
        np.testing.assert_allclose(cells[:, :, 2 * image], total, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(cells[:, :, 2 * image + 1], number)


def check_moments(moments: Image, one: Image, two: Image, difference: Image, groups: list[Image]) -> None:
    """Merged over rows they are those of all pixels."""
    for group, chosen in enumerate(groups):
        merged = np.zeros(8)
        merge_moments(np.ascontiguousarray(moments[:, group]), merged)
        images = [image[chosen] for image in (one, two, difference)]
        assert merged[0] == chosen.sum()
        if not chosen.any():
            continue
        centred = [image - image.mean() for image in images]
        wanted = [image.mean() for image in images] + [
            np.sum(centred[a] * centred[b]) for a, b in ((0, 0), (1, 1), (0, 1), (2, 2))
        ]
        scale = max(np.abs(image).max() for image in images) ** 2
        np.testing.assert_allclose(merged[1:], wanted, rtol=1e-9, atol=1e-12 * max(scale, 1))


def test_rounding_of_conversions_is_no_difference() -> None:
    counts = np.arange(1.0, 201.0).reshape(10, 20)
    others = counts * 10
    moments, differences = np.zeros((10, 1, 8)), np.zeros(200)
    maxima, tally, sums, largest = np.zeros(1), np.zeros(2, np.int64), np.zeros(7, np.int64), np.zeros(3)
    conversion = np.array([0.0, 1e-3, 0.0, 1e-4])
    assert np.any(counts * 1e-3 != others * 1e-4)
    tally_values(
        counts, others, np.empty((0, 0)), conversion, np.full(4, np.nan), 1e-15, 0.0, 0.0,
        np.zeros((1, 1), np.uint8), np.zeros(10, np.int64), np.zeros(20, np.int64),
        np.zeros(256, np.uint8), 0, 1,
        moments, differences, maxima, tally, sums, largest, np.zeros((10, 20, 6)),
    )  # fmt: skip
    assert not tally.any()
    assert not differences.any()
    assert largest[0] == maxima[0] == 0


@given(images=pairs("uint8", st.integers(0, 255)), step=STEPS)
def test_joint_counts_and_changes(images: tuple[Image, Image, Image], step: int) -> None:
    one, two, _ = images
    counts = np.zeros((256, 256), np.int64)
    first = joint_counts(one, two, counts)
    wanted = np.zeros((256, 256), np.int64)
    np.add.at(wanted, (one.ravel(), two.ravel()), 1)
    np.testing.assert_array_equal(counts, wanted)
    np.testing.assert_array_equal(np.flatnonzero(occurring(one)), np.unique(one))
    differing = np.flatnonzero(one != two)
    assert first == (differing[0] if differing.size else -1)
    np.testing.assert_array_equal(
        changed_pixels(one, two, step), cells_of(np.ones(one.shape, int), one != two, step)[0]
    )


@given(
    values=hnp.arrays(np.float64, st.tuples(st.just(2), st.integers(0, 40)), elements=st.floats(-3, 3)),
    bins=st.integers(1, 9),
)
def test_histograms(values: Image, bins: int) -> None:
    low, width = -2.0, 4.0 / bins
    places = np.clip(np.floor((values - low) / width), 0, bins - 1).astype(int)
    wanted = np.zeros((bins, bins), np.int64)
    np.add.at(wanted, (places[0], places[1]), 1)
    np.testing.assert_array_equal(joint_histogram(values[0], values[1], low, width, bins), wanted)
    counts = np.zeros(bins, np.int64)
    add_to_histogram(values[0], low, width, counts)
    np.testing.assert_array_equal(counts, np.bincount(places[0], minlength=bins))


@given(values=hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(allow_nan=False)))
def test_digits_of_keys_are_in_the_order_of_values(values: Image) -> None:
    counts = np.zeros((1, 2**16), np.int64)
    count_digits(values.view(np.uint64), np.zeros(1, np.uint64), 48, counts)
    assert counts.sum() == values.size
    bits = values.view(np.uint64)
    keys = np.where(values.view(np.int64) < 0, ~bits, bits | np.uint64(1 << 63))
    np.testing.assert_array_equal(np.flatnonzero(counts[0]), np.unique(keys >> np.uint64(48)))
    order = np.argsort(keys, kind="stable")
    np.testing.assert_array_equal(values[order], np.sort(values))
    prefixes = np.unique(keys >> np.uint64(48))[::2].copy()
    next_digits = np.zeros((prefixes.size, 2**16), np.int64)
    count_digits(values.view(np.uint64), prefixes, 32, next_digits)
    for place, prefix in enumerate(prefixes):
        chosen = keys[keys >> np.uint64(48) == prefix] >> np.uint64(32) & np.uint64(0xFFFF)
        np.testing.assert_array_equal(
            next_digits[place], np.bincount(chosen.astype(np.int64), minlength=2**16)
        )


def test_places_are_those_of_columns() -> None:
    """Sums and numbers of pixels alternate: their means are taken by stride."""
    assert comparison.REFERENCE_PIXELS == comparison.REFERENCE_SUM + 1
    assert comparison.CANDIDATE_SUM == comparison.REFERENCE_SUM + 2
    assert comparison.DIFFERENCE_PIXELS == comparison.DIFFERENCE_SUM + 1
    assert value_comparison.SQUARES_DIFFERENCE == 7
