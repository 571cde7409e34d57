"""Kernels of the retrievals against plain numpy forms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ipf.kernels.retrieval import (
    KINDS,
    NIR,
    RANGES,
    RED,
    SWIR,
    UNITS_PER_ONE,
    TargetTests,
    bilinear_thirds,
    gather_targets,
    median_of_nine,
    near,
    secant_step,
    weighted_sums,
)

Floats32 = npt.NDArray[np.float32]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


def with_gaps(random: np.random.Generator, shape: tuple[int, int]) -> Floats32:
    values = random.uniform(0.5, 1.5, shape).astype(np.float32)
    values[random.uniform(size=shape) < 0.3] = np.nan
    return values


@pytest.mark.parametrize("reach", [0, 1, 4])
def test_near_is_a_square_around_every_pixel(random: np.random.Generator, reach: int) -> None:
    mask = (random.uniform(size=(30, 26)) < 0.02).astype(np.uint8)
    expected = np.zeros((30 - 2 * reach, 26 - 2 * reach), np.uint8)
    for i in range(expected.shape[0]):
        for j in range(expected.shape[1]):
            expected[i, j] = mask[i : i + 2 * reach + 1, j : j + 2 * reach + 1].any()
    assert np.array_equal(near(mask, reach), expected)


def test_the_median_is_that_of_the_valid_pixels(random: np.random.Generator) -> None:
    values = with_gaps(random, (20, 17))
    found = median_of_nine(values)
    for i in range(18):
        for j in range(15):
            window = values[i : i + 3, j : j + 3].ravel()
            known = np.sort(window[~np.isnan(window)])
            centre = values[i + 1, j + 1]
            expected = np.nan if np.isnan(centre) else known[(known.size - 1) // 2]
            assert np.array_equal(found[i, j], np.float32(expected), equal_nan=True)


def test_weighted_sums_leave_gaps_out(random: np.random.Generator) -> None:
    values = with_gaps(random, (22, 24))
    weights = random.uniform(0, 2, values.shape).astype(np.float32)
    taps = np.array([0.1, 0.2, 0.4, 0.2, 0.1], np.float32)
    total, weight = weighted_sums(values, weights, taps)
    square = np.outer(taps, taps)
    for i in range(0, 18, 5):
        for j in range(0, 20, 3):
            here = slice(i, i + 5), slice(j, j + 5)
            share = np.where(np.isnan(values[here]), 0.0, square * weights[here])
            assert weight[i, j] == pytest.approx(share.sum(), rel=1e-5)
            assert total[i, j] == pytest.approx((share * np.nan_to_num(values[here])).sum(), rel=1e-5)


def test_thirds_of_a_plane_lie_on_the_plane() -> None:
    rows, columns = np.mgrid[0:7, 0:9].astype(np.float32)
    plane = 2 * rows + 3 * columns
    found = bilinear_thirds(plane)
    assert found.shape == (15, 21)
    fine_rows, fine_columns = np.mgrid[0:15, 0:21]
    # the middle of a fine pixel, counted in coarse pixels from the middle of the first one of the margin
    expected = 2 * ((fine_rows + 0.5) / 3 + 0.5) + 3 * ((fine_columns + 0.5) / 3 + 0.5)
    assert np.allclose(found, expected, atol=1e-5)


def test_the_secant_finds_where_a_line_crosses_zero() -> None:
    older, newer = np.array([[1.0, 1.0, 1.0, 2.0]], np.float32), np.array([[1.2, 1.2, 1.2, 2.0]], np.float32)

    def line(x: Floats32) -> Floats32:
        return np.array([[2.0, -2.0, 0.01, 1.0]], np.float32) * (x - np.float32(1.5))

    found = secant_step(older, newer, line(older), line(newer))[0]
    assert found[0] == pytest.approx(1.5, abs=1e-5)
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(1.5, abs=1e-4)
    assert found[3] == 2.0
    far = secant_step(older, newer, line(older) - 10, line(newer) - 10)[0]
    assert far[0] == pytest.approx(2.2, abs=1e-5)


def limits(shape: tuple[int, int], *values: float) -> Floats32:
    """The same limits in all cells."""
    return np.broadcast_to(np.array(values, np.float32), (*shape, len(values))).copy()


def test_sums_over_cells_are_those_of_the_pixels(random: np.random.Generator) -> None:
    shape, first, cell = (41, 53), (7, 3), 15
    cells = ((shape[0] + first[0] - 1) // cell + 1, (shape[1] + first[1] - 1) // cell + 1)
    layers = random.uniform(0.0, 0.2, (9, *shape)).astype(np.float32)
    layers[NIR] += 0.25
    layers[2, 5, 5] = np.nan
    classes = random.choice(np.array([0, 4, 4, 4, 5, 6, 9], np.uint8), shape)
    near_cloud = (random.uniform(size=shape) < 0.3).astype(np.uint8)
    tests = TargetTests(
        np.full(cells, 0.01, np.float32),
        limits(cells, 0.05, 0.1, 0.12),
        np.full(cells, 0.4, np.float32),
        limits(cells, 0.02, 0.04, 0.08),
        limits(cells, 0.26, 0.27, 0.28),
        0.1,
        0.3,
        0.35,
        0.6,
    )
    found = gather_targets(layers, classes, near_cloud, tests, first, cell)
    rows, columns = np.indices(shape)
    y, x = (rows + first[0]) // cell, (columns + first[1]) // cell
    good = (classes > 0) & ~np.isnan(layers).any(axis=0)
    red, nir, swir = layers[RED], layers[NIR], layers[SWIR]
    ndvi = (nir - red) / (nir + red)
    vegetation = good & (classes == 4)
    target = vegetation & (red <= 0.1) & (ndvi > 0.3) & (nir < np.float32(0.4)) & (swir > 0.01)
    kind = np.digitize(swir, np.array([0.05, 0.1, 0.12], np.float32)) + RANGES * near_cloud
    bright = vegetation & (nir > 0.35) & (ndvi > 0.6) & (near_cloud == 0)
    land = vegetation | (good & (classes == 5))
    dark = np.minimum(
        np.digitize(red, np.array([0.02, 0.04, 0.08], np.float32)),
        np.digitize(nir, np.array([0.26, 0.27, 0.28], np.float32)),
    )
    units = np.rint(layers.astype(np.float64) * UNITS_PER_ONE)
    assert target.sum() > 100
    for i in range(cells[0]):
        for j in range(cells[1]):
            here = (y == i) & (x == j)
            assert found.valid[i, j] == np.count_nonzero(here & good)
            assert found.water[i, j] == np.count_nonzero(here & good & (classes == 6))
            for level in range(4):
                assert found.negative[i, j, level] == np.count_nonzero(here & land & (dark == level))
            for number in range(KINDS):
                chosen = here & target & (kind == number) & (swir < np.float32(0.12))
                assert found.pixels[i, j, number] == np.count_nonzero(chosen)
                assert np.array_equal(found.sums[i, j, number], units[:, chosen].sum(axis=1))
            if (here & bright).any():
                assert found.bright[i, j, RED] == units[RED][here & bright].min()
            else:
                assert np.all(found.bright[i, j] == -1)
