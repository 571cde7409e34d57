"""Clouds stand where they stand whatever the window, and throw shadows of their own height."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ipf_plugins.simulator import cloud_kernels
from ipf_plugins.simulator.cloud_kernels import HEIGHT_STEP_M, REACH, Population

THICK = Population(0.15, 10.0, 30.0, 800.0, 3000.0, 1.0, 1.0, 0.25)
THIN = Population(0.15, 20.0, 60.0, 2500.0, 5500.0, 0.2, 0.5, 0.7)
EAST, SOUTH = -0.02, 0.03
SIDE = 400


def drawn(kind: Population = THICK, seed: int = 3) -> np.ndarray:
    return cloud_kernels.draw_clouds(kind, float(SIDE), float(SIDE), 150.0, seed)


def seen(clouds: np.ndarray, top: int = 0, left: int = 0, size: int = SIDE, sun: bool = False) -> np.ndarray:
    east, south = (EAST, SOUTH) if sun else (0.0, 0.0)
    return np.stack(cloud_kernels.cast(top, left, size, size, clouds, east, south, 9))


@pytest.mark.parametrize("share", [0.03, 0.15, 0.4])
def test_about_the_share_asked_for_is_covered(share: float) -> None:
    covered = [(seen(drawn(THICK._replace(share=share), seed))[0] > 0.3).mean() for seed in range(12)]
    assert np.mean(covered) == pytest.approx(share, rel=0.25)


def test_clouds_are_what_their_population_says() -> None:
    clouds = drawn(THIN._replace(share=0.4))
    assert len(clouds) > 20
    assert clouds[:, 2].min() >= 20.0
    assert clouds[:, 2].max() <= 60.0
    assert not (clouds[:, 3] % HEIGHT_STEP_M).any()
    assert clouds[:, 3].min() >= 2500.0
    assert clouds[:, 3].max() <= 5500.0
    assert len(np.unique(clouds[:, 3])) > 10
    opacity = seen(clouds)[0]
    assert 0.3 < opacity.max() <= 0.5


def test_a_window_is_part_of_the_whole() -> None:
    clouds = drawn()
    for sun in (False, True):
        whole = seen(clouds, sun=sun)
        for top, left in ((0, 0), (57, 203), (340, 340)):
            part = seen(clouds, top, left, 60, sun)
            assert np.array_equal(part, whole[:, top : top + 60, left : left + 60])


def test_each_shadow_is_its_cloud_moved_by_its_own_height() -> None:
    """By height times the tangent of the sun's zenith: here in whole pixels, so that it is the same."""
    clouds = drawn()
    clouds[:, 3] = 100.0 * np.rint(clouds[:, 3] / 100.0)
    for cloud in clouds[:30]:
        alone = cloud[np.newaxis].copy()
        alone[0, :2] = 200.0
        right, down = round(EAST * cloud[3]), round(SOUTH * cloud[3])
        above, shadow = seen(alone)[0], seen(alone, sun=True)[0]
        assert above.max() > 0.9
        moved = np.roll(above, (down, right), axis=(0, 1))
        assert np.allclose(shadow, moved, atol=1e-6)


def test_the_denser_cloud_counts() -> None:
    low, high = (
        np.array([200.0, 200.0, 60.0, height, densest, 0.25])
        for height, densest in ((1000.0, 1.0), (4000.0, 0.4))
    )
    opacity, height = seen(np.stack([high, low]))
    assert np.array_equal(np.stack([opacity, height]), seen(np.stack([low, high])))
    alone = [seen(cloud[np.newaxis])[0] for cloud in (low, high)]
    assert np.array_equal(opacity, np.maximum(*alone))
    assert set(np.unique(height)) == {0.0, 1000.0}
    assert np.array_equal(height == 1000.0, opacity > 0)


def test_a_cloud_ends_within_its_reach() -> None:
    cloud = drawn()[:1].copy()
    cloud[0, :3] = 200.0, 200.0, 80.0
    opacity = seen(cloud)[0]
    rows, columns = np.nonzero(opacity)
    distance = np.hypot(rows - 200.0, columns - 200.0)
    assert 60.0 < distance.max() < 80.0 * REACH - 1.0


def test_no_clouds_when_none_are_wanted() -> None:
    assert len(drawn(THICK._replace(share=0.0))) == 0
    assert not seen(np.empty((0, 6))).any()
    assert not cloud_kernels.cirrus_veil(0, 0, 60, 60, 60.0, 0.0, 3).any()


def test_light_of_clouds_at_each_pixel_size() -> None:
    opacity = np.zeros((6, 6), np.float32)
    opacity[:3, :3], opacity[3:, 3:] = 0.5, 1.0
    height = np.where(opacity > 0, 1000.0, 0.0).astype(np.float32)
    height[3:, 3:] = 3000.0
    table = np.linspace(0.0, 2.55, 256).astype(np.float32)
    same = cloud_kernels.light_of_clouds(opacity, height, table, 6, 6)
    assert same[0, 0] == pytest.approx(0.5 * 0.20)
    assert same[5, 5] == pytest.approx(0.60)
    finer = cloud_kernels.light_of_clouds(opacity, height, table, 12, 12)
    assert np.array_equal(finer, same.repeat(2, 0).repeat(2, 1))
    coarser = cloud_kernels.light_of_clouds(opacity, height, table, 2, 2)
    assert np.allclose(coarser, same.reshape(2, 3, 2, 3).mean(axis=(1, 3)))


def test_sky_over_a_pixel() -> None:
    def sight(**given: float) -> float:
        values = {
            "toa": 0.30, "black": 0.10, "lit": 1.0, "sky": 1.0, "opacity": 0.0, "light": 0.0, "cirrus": 0.0,
            "shadow": 0.0,
        } | given  # fmt: skip
        full = [np.full((1, 1), value, np.float32) for value in values.values()]
        return float(cloud_kernels.under_clouds(*full, 0.25, 0.5)[0, 0])

    assert sight() == pytest.approx(0.30)
    assert sight(shadow=1.0) == pytest.approx(0.10 + 0.25 * 0.20)
    assert sight(lit=0.5) == pytest.approx(0.20)
    assert sight(lit=0.7, sky=0.8, shadow=1.0) == pytest.approx(0.10 + 0.8 * 0.25 * 0.20)
    assert sight(opacity=1.0, light=0.6, shadow=1.0) == pytest.approx(0.6)
    assert sight(opacity=0.4, light=0.24) == pytest.approx(0.6 * 0.3 + 0.24)
    assert sight(cirrus=0.04) == pytest.approx(0.02 + 0.98 * 0.30)


def test_opacity_in_plain_python_agrees() -> None:
    cloud = drawn()[0]
    opacity = seen(cloud[np.newaxis], -200, -200, 1000)[0]
    row, column = np.unravel_index(int(opacity.argmax()), opacity.shape)
    right, down = column - 200 - cloud[0], row - 200 - cloud[1]
    radius = cloud[2]
    noise = cloud_kernels.fractal(right / (0.7 * radius) + cloud[0], down / (0.7 * radius) + cloud[1], 5, 9)
    thickness = 1.0 - (right**2 + down**2) / radius**2 + 1.4 * noise
    assert opacity[row, column] == pytest.approx(1.0 - math.exp(-thickness / 0.25), abs=1e-6)
