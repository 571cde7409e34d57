"""Chance that depends on place and seed alone, with the statistics that it claims."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipf_plugins.simulator import kernels
from ipf_plugins.simulator.spectra import MATERIALS, Cover

VARIATION = np.array([MATERIALS[cover].variation for cover in Cover], np.float32)
GRAIN = np.array([MATERIALS[cover].grain for cover in Cover], np.float32)


def cover_of(top: int, left: int, rows: int, columns: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    return kernels.land_cover(top, left, rows, columns, 600, 600, VARIATION, GRAIN, 1.0, seed)


def test_hashed_numbers_are_uniform_and_independent() -> None:
    values = np.array([[kernels.hashed(x, y, 7) for x in range(-100, 100)] for y in range(-100, 100)])
    assert values.min() >= 0.0
    assert values.max() < 1.0
    counts = np.histogram(values, bins=20, range=(0, 1))[0]
    expected = values.size / 20
    assert (
        (counts - expected) ** 2 / expected
    ).sum() < 43.8  # 0.1 % point of chi-square, 19 degrees of freedom
    for first, second in ((values[:, :-1], values[:, 1:]), (values[:-1], values[1:])):
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02


def test_gaussian_has_mean_zero_deviation_one_and_normal_tails() -> None:
    values = np.array([[kernels.gaussian(x, y, 3) for x in range(300)] for y in range(300)])
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1.0) < 0.01
    assert abs((np.abs(values) > 2).mean() - 0.0455) < 0.003
    assert abs(np.corrcoef(values[:, :-1].ravel(), values[:, 1:].ravel())[0, 1]) < 0.015


def test_seeds_give_different_fields() -> None:
    first = np.array([kernels.gaussian(x, 0, 3) for x in range(5000)])
    second = np.array([kernels.gaussian(x, 0, 4) for x in range(5000)])
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.06


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.integers(0, 2**31))
@settings(max_examples=200, deadline=None)
def test_noise_stays_in_its_bounds_and_is_continuous(x: float, y: float, seed: int) -> None:
    value = kernels.value_noise(x, y, seed)
    assert 0.0 <= value <= 1.0
    assert abs(kernels.value_noise(x + 1e-6, y, seed) - value) < 1e-5
    assert -1.0 <= kernels.fractal(x, y, 6, seed) <= 1.0


def test_compiled_and_plain_python_agree() -> None:
    for x, y, seed in ((0, 0, 0), (-3, 12, 5), (1097, 2, 2**31 + 40_000)):
        with np.errstate(over="ignore"):
            plain = kernels.hashed.py_func(np.uint64(x % 2**64), np.uint64(y % 2**64), np.uint64(seed))
        assert plain == kernels.hashed(x, y, seed)


@pytest.mark.parametrize(("top", "left"), [(0, 0), (37, 211), (540, 540)])
def test_a_window_is_part_of_the_whole(top: int, left: int) -> None:
    whole_cover, whole_brightness = cover_of(0, 0, 600, 600)
    cover, brightness = cover_of(top, left, 60, 60)
    assert np.array_equal(cover, whole_cover[top : top + 60, left : left + 60])
    assert np.array_equal(brightness, whole_brightness[top : top + 60, left : left + 60])


@pytest.mark.parametrize("seed", range(5))
def test_every_landscape_is_there_whatever_the_seed(seed: int) -> None:
    cover, brightness = cover_of(0, 0, 600, 600, seed)
    present = set(np.unique(cover).tolist())
    for wanted in (Cover.CLEAR_WATER, Cover.SAND, Cover.GREEN_CROP, Cover.DRY_SOIL, Cover.ROCK, Cover.SNOW):
        assert wanted in present
    assert Cover.NONE not in present
    assert abs(brightness.mean() - 1.0) < 0.03


def test_mean_reflectance_of_coarse_pixels() -> None:
    cover = np.full((6, 6), Cover.SAND, np.uint8)
    cover[:, 3:] = Cover.SNOW
    brightness = np.full((6, 6), 1.5, np.float32)
    table = np.zeros(len(Cover), np.float32)
    table[Cover.SAND], table[Cover.SNOW] = 0.2, 0.6
    assert kernels.surface_reflectance(cover, brightness, table, 6)[0, 0] == pytest.approx(0.6)
    assert kernels.surface_reflectance(cover, brightness, table, 1)[0, 0] == pytest.approx(0.3)


def test_measured_noise_has_the_deviation_asked_for_and_saturates() -> None:
    toa = np.full((400, 400), 0.2, np.float32)
    dark, slope, radiance = 0.1, 0.001, 300.0
    values, saturated = kernels.measured(toa, radiance, 0, 0, dark, slope, math.inf, 9)
    expected = math.sqrt(dark**2 + slope * 60.0) / radiance
    assert values.std() == pytest.approx(expected, rel=0.01)
    assert values.mean() == pytest.approx(0.2, abs=3 * expected / 400)
    assert not saturated.any()
    values, saturated = kernels.measured(toa, radiance, 0, 0, 0.0, 0.0, 30.0, 9)
    assert np.allclose(values, 0.1)
    assert saturated.all()


def test_no_data_stays_no_data() -> None:
    toa = np.full((3, 3), np.nan, np.float32)
    values, saturated = kernels.measured(toa, 300.0, 0, 0, 0.1, 0.001, 30.0, 9)
    assert np.isnan(values).all()
    assert not saturated.any()


SHARES = np.zeros(len(Cover), np.float32)
SHARES[[Cover.CLEAR_WATER, Cover.GRASS, Cover.DRY_SOIL]] = 0.2, 0.5, 0.3


def patches_of(top: int, left: int, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    return kernels.patches(top, left, rows, columns, SHARES, VARIATION, GRAIN, 20, 4)


def test_patches_are_squares_of_one_cover_in_the_shares_asked_for() -> None:
    cover, brightness = patches_of(0, 0, 2000, 2000)
    squares = cover.reshape(100, 20, 100, 20)
    assert (squares == squares[:, :1, :, :1]).all()
    for kind in Cover:
        assert (cover == kind).mean() == pytest.approx(SHARES[kind], abs=0.015), kind
    assert brightness.mean() == pytest.approx(1.0, abs=0.01)
    grass = brightness[cover == Cover.GRASS]
    assert 0.04 < grass.std() < 0.15


def test_a_window_of_patches_is_part_of_the_whole() -> None:
    whole, window = patches_of(0, 0, 120, 120), patches_of(30, 54, 60, 48)
    for part, full in zip(window, whole, strict=True):
        assert np.array_equal(part, full[30:90, 54:102])
