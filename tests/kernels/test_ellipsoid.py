"""Geodetic coordinates against SOFA's exact ones, near an origin, far from it, and at the poles."""

from __future__ import annotations

import erfa
import numpy as np
import pytest

from ipf.kernels.ellipsoid import distance_to_shell, geodetic, origin_at, small_angle, terrestrial

LATITUDES = [-90.0, -89.9999, -60.0, -0.001, 0.0, 30.0, 45.0, 75.0, 89.0, 90.0]


@pytest.mark.parametrize("latitude", LATITUDES)
@pytest.mark.parametrize("away", [0.0, 1e-4, 0.5, 40.0])
def test_geodetic(latitude: float, away: float) -> None:
    """Within 1e-6 m of the exact conversion, wherever the origin of angles is."""
    for longitude in (-180.0, -20.0, 0.0, 100.0, 179.9999):
        for height in (-500.0, 0.0, 9000.0):
            lam, phi = np.deg2rad(longitude), np.deg2rad(latitude)
            point = erfa.gd2gc(1, lam, phi, height)
            near = erfa.gd2gc(1, lam + np.deg2rad(away), phi - np.deg2rad(away), 100.0)
            origin = origin_at(*near)
            east, north, found = geodetic(*point, origin)
            back = erfa.gd2gc(1, origin[0] + east, origin[3] + north, found)
            assert np.linalg.norm(back - point) <= 1e-6
            assert abs(found - height) <= 1e-6


def test_terrestrial() -> None:
    for longitude, latitude, height in ((0.3, -1.2, 8000.0), (-3.0, 1.57, -300.0)):
        expected = erfa.gd2gc(1, longitude, latitude, height)
        np.testing.assert_allclose(terrestrial(longitude, latitude, height), expected, rtol=0, atol=1e-8)


def test_small_angle() -> None:
    for angle in (0.0, 1e-9, 0.01, 0.0199, 0.0201, 1.5, 3.1, -0.015, -2.0):
        assert abs(small_angle(np.sin(angle), np.cos(angle)) - angle) <= 1e-15


def test_shell() -> None:
    down = (7.2e6, 0.0, 0.0, -2.0, 0.0, 0.0)
    assert distance_to_shell(down, 1000.0) == pytest.approx((7.2e6 - 6378137.0 - 1000.0) / 2, abs=1e-8)
    assert np.isnan(distance_to_shell((7.2e6, 0.0, 0.0, 1.0, 0.0, 0.0), 0.0))
    assert np.isnan(distance_to_shell((7.2e6, 0.0, 0.0, -1.0, 3.0, 0.0), 0.0))
