"""The ground amid its surroundings, against plain numpy and against light traced forward."""

from __future__ import annotations

import numpy as np
import pytest

from ipf.kernels.atmosphere import Air, mix_levels
from ipf.kernels.ground import (
    flat_reflectance,
    mean_around,
    relative_irradiance,
    sloping_reflectance,
    spread,
)

SHAPE = (12, 18)


def random(low: float, high: float, shape: tuple[int, int] = SHAPE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def air(seed: int = 1) -> Air:
    """Hazy air that differs from pixel to pixel."""
    limits = ((0.02, 0.1), (0.6, 0.9), (0.05, 0.2), (0.6, 0.95), (0.05, 0.25))
    return Air(*(random(*limit, seed=seed + number) for number, limit in enumerate(limits)))


def seen_from_space(
    ground: np.ndarray, around: np.ndarray, light: np.ndarray, a: Air, factor: int
) -> np.ndarray:
    """Light reflected by a pixel and by its surroundings, in double precision."""
    path, gain, albedo, scattered, around, light = (
        np.kron(each.astype(np.float64), np.ones((factor, factor)))
        for each in (a.path, a.gain, a.albedo, a.scattered, around, light)
    )
    bounced = 1.0 / (1.0 - albedo * around)
    return path + gain * bounced * ((1.0 - scattered) * light * ground + scattered * around)


@pytest.mark.parametrize("factor", [1, 2])
def test_what_is_traced_forward_comes_back(factor: int) -> None:
    ground = random(0.0, 0.7, (factor * SHAPE[0], factor * SHAPE[1]))
    around, light = random(0.0, 0.5, seed=11), random(0.2, 1.4, seed=12)
    toa = seen_from_space(ground, around, light, air(), factor).astype(np.float32)
    assert sloping_reflectance(toa, air(), light, around, True) == pytest.approx(ground, abs=3e-6)


def test_without_neighbours_a_pixel_is_its_own_surroundings() -> None:
    ground, light = random(0.0, 0.7), np.ones(SHAPE, np.float32)
    toa = seen_from_space(ground, ground, light, air(), 1).astype(np.float32)
    assert flat_reflectance(toa, air()) == pytest.approx(ground, abs=3e-6)
    empty = np.empty((0, 0), np.float32)
    assert sloping_reflectance(toa, air(), light, empty, False) == pytest.approx(ground, abs=3e-6)


def test_equal_surroundings_change_nothing() -> None:
    ground = np.full(SHAPE, 0.3, np.float32)
    toa = seen_from_space(ground, ground, np.ones(SHAPE), air(), 1).astype(np.float32)
    both = [sloping_reflectance(toa, air(), np.ones_like(ground), ground, how) for how in (True, False)]
    assert both[0] == pytest.approx(both[1], abs=3e-6)


def test_missing_light_is_not_made_up() -> None:
    light, around = np.ones(SHAPE, np.float32), np.full(SHAPE, 0.2, np.float32)
    light[0, 0] = np.nan
    found = sloping_reflectance(random(0.1, 0.4), air(), light, around, True)
    assert np.argwhere(np.isnan(found)).tolist() == [[0, 0]]


def test_a_pixel_without_neighbours_lies_among_its_like() -> None:
    toa, light = random(0.1, 0.4), np.ones(SHAPE, np.float32)
    nothing = np.full(SHAPE, np.nan, np.float32)
    uniform = sloping_reflectance(toa, air(), light, nothing, False)
    np.testing.assert_array_equal(sloping_reflectance(toa, air(), light, nothing, True), uniform)
    beam, sun = random(0.6, 0.9), random(0.5, 0.9, seed=6)
    sky = np.full(SHAPE, 0.7, np.float32)
    without = relative_irradiance(beam, sun, sun, sky, nothing, 0.05)
    np.testing.assert_array_equal(without, relative_irradiance(beam, sun, sun, sky, 0 * sky, 0.05))


def test_light_on_slopes() -> None:
    beam, sky, opposite = random(0.6, 0.9), random(0.5, 1.0, seed=3), random(0.0, 0.3, seed=4)
    illumination, sun = random(0.0, 1.0, seed=5), random(0.5, 0.9, seed=6)
    expected = beam * illumination / sun + (1 - beam) * sky + opposite * (1 - sky)
    found = relative_irradiance(beam, illumination, sun, sky, opposite, 0.0)
    assert found == pytest.approx(expected, abs=1e-6)
    assert relative_irradiance(beam, sun, sun, np.ones_like(sun), opposite, 0.0) == pytest.approx(1, abs=1e-6)
    assert relative_irradiance(beam, illumination, sun, sky, opposite, 0.5).min() == np.float32(0.5)
    beam[2, 2] = np.nan
    assert np.isnan(relative_irradiance(beam, illumination, sun, sky, opposite, 0.5)).sum() == 1


@pytest.mark.parametrize("reach", [1, 4])
def test_mean_around_is_that_of_numpy(reach: int) -> None:
    values = random(0.0, 1.0, (SHAPE[0] + 2 * reach, SHAPE[1] + 2 * reach))
    values[random(0.0, 1.0, values.shape, seed=9) < 0.3] = np.nan
    side = 2 * reach + 1
    windows = np.lib.stride_tricks.sliding_window_view(values, (side, side))
    assert mean_around(values, reach) == pytest.approx(np.nanmean(windows, axis=(2, 3)), abs=1e-6)
    nothing = np.full_like(values, np.nan)
    assert np.isnan(mean_around(nothing, reach)).all()


def test_mean_around_does_not_depend_on_the_block() -> None:
    values = random(0.0, 1.0, (60, 50))
    whole = mean_around(values, 5)
    part = mean_around(np.ascontiguousarray(values[7:40, 11:45]), 5)
    assert np.array_equal(part, whole[7:30, 11:35])


@pytest.mark.parametrize("resolution", [10.0, 20.0, 60.0])
def test_spreading_keeps_planes(resolution: float) -> None:
    y, x = np.mgrid[:7, :9].astype(np.float32)
    coarse = (0.1 * y - 0.03 * x).astype(np.float32)
    factor = round(60 / resolution)
    fine = spread(coarse, (5 * factor, 7 * factor), resolution, 1)
    rows, columns = np.mgrid[: fine.shape[0], : fine.shape[1]]
    place = ((rows + 0.5) / factor + 0.5, (columns + 0.5) / factor + 0.5)
    assert fine == pytest.approx(0.1 * place[0] - 0.03 * place[1], abs=1e-5)


def test_levels_are_mixed_where_they_enclose_the_ground() -> None:
    low, high = air(1), air(20)
    out = Air(*(np.full(SHAPE, np.nan, np.float32) for _ in range(5)))
    elevation = random(0.0, 3000.0, seed=2)
    mix_levels(low, high, elevation, 500.0, 2000.0, out)
    inside = (elevation >= 500.0) & (elevation < 2000.0)
    share = (elevation - 500.0) / 1500.0
    for lower, upper, mixed in zip(low, high, out, strict=True):
        assert mixed[inside] == pytest.approx((lower + (upper - lower) * share)[inside], abs=1e-6)
        assert np.isnan(mixed[~inside]).all()
