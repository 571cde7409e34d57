"""Kernels of the cloud mask against plain numpy and scipy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import maximum_filter

from ipf.kernels.cloud_mask import CIRRUS, OPAQUE, SEEN, SNOW, areas, candidates, shrunk_and_grown

LEVELS = np.array([(0.1, 0.78, 0.17), (0.08, 0.82, 0.13), (0.05, 0.88, 0.09)])
AIR = (-500.0, 1000.0, LEVELS)
THRESHOLDS = (0.22, 0.006, 0.55)

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]


def images(seed: int = 0, shape: tuple[int, int] = (61, 47)) -> tuple[Image, Image, Image]:
    """Blue, cirrus band and short-wave infrared, some of each missing."""
    random = np.random.default_rng(seed)
    made = []
    for highest in (0.9, 0.03, 0.6):
        image = random.uniform(0.0, highest, shape).astype(np.float32)
        image[random.random(shape) < 0.05] = np.nan
        made.append(image)
    return made[0], made[1], made[2]


def ground_under(shape: tuple[int, int]) -> Image:
    """Elevations on all levels, and beyond the first and the last."""
    return np.linspace(-900.0, 2400.0, shape[0] * shape[1], dtype=np.float32).reshape(shape)


def looks(blue: Image, cirrus: Image, swir: Image, ground: Image) -> Mask:
    """The same as `candidates`, plainly."""
    heights = AIR[0] + AIR[1] * np.arange(len(LEVELS))
    path, transmittance, albedo = (np.interp(ground, heights, column) for column in LEVELS.T)
    light = blue.astype(np.float64) - path
    corrected = light / (transmittance + albedo * light)
    seen = ~(np.isnan(blue) | np.isnan(cirrus))
    bright = seen & (corrected >= THRESHOLDS[0])
    with np.errstate(invalid="ignore"):
        snow = bright & ((corrected - swir) / (corrected + swir) >= THRESHOLDS[2])
    thin = seen & ~bright & (cirrus >= np.float64(THRESHOLDS[1]))
    flags = SEEN * seen + SNOW * snow + OPAQUE * (bright & ~snow) + CIRRUS * thin
    return np.asarray(flags, np.uint8)


def test_what_pixels_look_like() -> None:
    blue, cirrus, swir = images()
    flags = np.full(blue.shape, 255, np.uint8)
    ground = ground_under(blue.shape)
    candidates(blue, cirrus, swir, ground, AIR, THRESHOLDS, flags)
    np.testing.assert_array_equal(flags, looks(blue, cirrus, swir, ground))
    assert np.any(flags != looks(blue, cirrus, swir, np.zeros_like(ground)))
    assert set(np.unique(flags)) == {0, SEEN, SEEN | OPAQUE, SEEN | CIRRUS, SEEN | SNOW}


def box(mask: npt.NDArray[np.bool_], radius: int) -> npt.NDArray[np.bool_]:
    return np.asarray(maximum_filter(mask, 2 * radius + 1, mode="constant", cval=False))


@pytest.mark.parametrize(("erosion", "dilation"), [(0, 0), (1, 0), (0, 2), (1, 3), (2, 1)])
def test_shrinking_and_growing(erosion: int, dilation: int) -> None:
    random = np.random.default_rng(erosion + 10 * dilation)
    cloudy = box(random.random((70, 50)) < 0.01, 3)
    seen = ~box(random.random((70, 50)) < 0.001, 4)
    flags = np.asarray(SEEN * seen + OPAQUE * (cloudy & seen), np.uint8)
    expected = box(cloudy & seen & ~box(seen & ~cloudy, erosion), dilation)
    np.testing.assert_array_equal(shrunk_and_grown(flags, OPAQUE, erosion, dilation) > 0, expected)


def test_clouds_at_the_edge_of_what_is_seen_do_not_shrink() -> None:
    flags = np.zeros((9, 9), np.uint8)
    flags[:, 5:] = SEEN | OPAQUE
    np.testing.assert_array_equal(areas(flags, (2, 0), (0, 0)) > 0, flags > 0)


def test_no_pixel_is_two_things() -> None:
    flags = np.full((40, 40), SEEN, np.uint8)
    flags[5:15, 5:15] |= OPAQUE
    flags[12:30, 12:30] = SEEN | CIRRUS
    flags[5:15, 15:20] = SEEN | SNOW
    flags[16, 3:9] = 0
    mask = areas(flags, (1, 3), (1, 2))
    assert set(np.unique(mask)) == {0, OPAQUE, CIRRUS, SNOW}
    assert np.all(mask[5:12, 15:20] == SNOW)
    assert mask[13, 13] == OPAQUE
    assert np.all(mask[16, 3:9] == 0)
    assert mask[16, 10] == OPAQUE


def test_lone_pixels_are_left_out() -> None:
    flags = np.full((20, 20), SEEN, np.uint8)
    flags[10, 10] |= OPAQUE
    flags[4, 4:6] |= CIRRUS
    assert not areas(flags, (1, 3), (1, 2)).any()
    assert np.count_nonzero(areas(flags, (0, 1), (0, 0))) == 9 + 2
