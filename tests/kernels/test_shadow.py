"""Shadows of clouds of known place and height, and heights found again from shadows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ipf.kernels.cloud_heights import cast, shade_by_height
from ipf.kernels.shadow import CELL, SMOOTHING, project_shadow, smooth

SIDE = 120
AZIMUTHS = (0.0, 45.0, 140.0, 200.0, 270.0, 330.0)


def square_cloud() -> np.ndarray:
    """A cloud of 10 x 10 cells in the middle."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[55:65, 55:65] = 1
    return mask


def toward_sun(zenith: float, azimuth: float) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Fields of the direction to the cloud, and the direction itself (east, north)."""
    length, angle = np.tan(np.deg2rad(zenith)), np.deg2rad(azimuth)
    east, north = length * np.sin(angle), length * np.cos(angle)
    return (
        np.full((SIDE, SIDE), east, np.float32),
        np.full((SIDE, SIDE), north, np.float32),
        (float(east), float(north)),
    )


def centre(field: np.ndarray) -> np.ndarray:
    return np.asarray(ndimage.center_of_mass(field))


@pytest.mark.parametrize("azimuth", AZIMUTHS)
@pytest.mark.parametrize(("zenith", "height"), [(30.0, 2000.0), (55.0, 1500.0)])
def test_the_shadow_of_a_square_cloud_lies_away_from_the_sun(
    azimuth: float, zenith: float, height: float
) -> None:
    mask = square_cloud()
    east, north, (to_east, to_north) = toward_sun(zenith, azimuth)
    step = CELL / np.hypot(to_east, to_north)
    heights = (np.arange(100) + 0.5) * step
    weights = (np.abs(heights - height) <= 0.51 * step).astype(np.float64)
    shadow = project_shadow(mask, 0, 0, np.ones_like(mask), east, north, weights, step)
    known = heights[weights > 0].mean()
    moved = centre(shadow) - centre(mask)
    assert moved[0] * CELL == pytest.approx(known * to_north, abs=0.51 * CELL)
    assert moved[1] * CELL == pytest.approx(-known * to_east, abs=0.51 * CELL)
    assert np.hypot(*moved) * CELL == pytest.approx(height * np.tan(np.deg2rad(zenith)), abs=1.5 * CELL)
    assert np.count_nonzero(shadow) == pytest.approx(100, abs=20)
    assert shadow[mask == 1].max() == 0


def test_a_window_of_the_scene_is_shaded_as_the_whole_scene() -> None:
    mask = square_cloud()
    east, north, _ = toward_sun(40.0, 150.0)
    weights = np.linspace(1.0, 0.1, 60)
    whole = project_shadow(mask, 0, 0, np.ones_like(mask), east, north, weights, 70.0)
    part = project_shadow(
        mask, 30, -10, np.ones((40, 80), np.uint8), east[:40, :80], north[:40, :80], weights, 70.0
    )
    np.testing.assert_array_equal(part[:, 10:], whole[30:70, :70])
    assert part[:, :10].max() == 0
    assert whole.max() == 1


def test_only_wanted_cells_are_looked_at_and_faint_heights_add_up() -> None:
    mask = square_cloud()
    east, north, _ = toward_sun(45.0, 180.0)
    wanted = np.zeros_like(mask)
    wanted[50, 60] = 1
    shadow = project_shadow(mask, 0, 0, wanted, east, north, np.full(40, 0.01), 60.0)
    assert np.count_nonzero(shadow) == 1
    # Ten cells of cloud are passed, of three pixels of 20 m each, of weight 0.01.
    assert shadow[50, 60] == pytest.approx(10 * 3 * 0.01, rel=1e-6)


def test_compiled_and_plain_projection_agree() -> None:
    mask = (np.random.default_rng(1).random((30, 30)) > 0.9).astype(np.uint8)
    east, north, _ = toward_sun(35.0, 120.0)
    given = (mask, 0, 0, np.ones_like(mask), east[:30, :30], north[:30, :30], np.linspace(1, 0, 20), 90.0)
    np.testing.assert_array_equal(project_shadow(*given), project_shadow.py_func(*given))  # type: ignore[attr-defined]


def test_smoothing_is_a_gaussian_of_one_cell() -> None:
    field = np.zeros((21, 21), np.float32)
    field[10, 10] = 1.0
    expected = ndimage.gaussian_filter(field, 1.0, truncate=3.0, mode="constant")
    np.testing.assert_allclose(smooth(field, SMOOTHING), expected, atol=1e-6)


@pytest.mark.parametrize("azimuth", AZIMUTHS)
def test_the_height_of_a_cloud_is_that_of_the_best_shaded_ground(azimuth: float) -> None:
    mask = square_cloud()
    patches = mask.astype(np.int32)
    east, north, _ = toward_sun(45.0, azimuth)
    shadow = cast(patches, np.array([0.0, 1800.0]), east, north)
    assert shadow.sum() == 100
    heights = np.arange(300.0, 4000.0, 100.0)
    nine = np.full((SIDE, SIDE), 9, np.uint8)
    seen, shaded = shade_by_height(patches, 1, nine, nine * shadow, east, north, heights, 1)
    share = shaded[1] / np.maximum(seen[1], 1)
    assert abs(heights[share.argmax()] - 1800.0) <= 100.0
    assert share.max() == pytest.approx(1.0)
    assert seen[0].sum() == 0
