"""Factor of slopes lit at a grazing angle, against the formula written out."""

from __future__ import annotations

import numpy as np
import pytest

from ipf.kernels.brdf import slope_factor, threshold_angle

VEGETATION = 4


@pytest.mark.parametrize(
    ("sun", "threshold"), [(20.0, 45.0), (35.0, 55.0), (44.9, 64.9), (47.0, 62.0), (55.0, 65.0), (62.0, 70.0)]
)
def test_threshold_follows_the_sun(sun: float, threshold: float) -> None:
    assert threshold_angle(sun) == pytest.approx(threshold)


@pytest.mark.parametrize(("ground", "green"), [(1.0, 0.75), (0.5, 1 / 3)])
def test_only_slopes_beyond_the_threshold_change(ground: float, green: float) -> None:
    sun = np.full((1, 5), np.cos(np.deg2rad(40.0)), np.float32)
    angles = np.array([[30.0, 59.9, 70.0, 70.0, 89.9]])
    classes = np.array([[5, 5, 5, VEGETATION, 5]], np.uint8)
    lit = np.cos(np.deg2rad(angles)).astype(np.float32)
    factor = slope_factor(lit, sun, classes, VEGETATION, ground, green, 0.22)
    ratio = np.cos(np.deg2rad(70.0)) / np.cos(np.deg2rad(60.0))
    expected = [1.0, 1.0, ratio**ground, ratio**green, 0.22]
    assert factor[0] == pytest.approx(expected, abs=1e-5)
    assert slope_factor(
        np.zeros_like(lit), sun, classes, VEGETATION, ground, green, 0.1
    ).min() == pytest.approx(0.1)
