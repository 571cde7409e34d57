"""Directions of pixels through the rotations of detectors, focal planes and the instrument."""

from __future__ import annotations

import numpy as np

from ipf.geometry.acquisition import Mounting, ViewingDirections
from ipf.geometry.line_of_sight import instrument_to_satellite, pixel_directions, turned


def test_a_turned_focal_plane_is_as_a_turned_instrument() -> None:
    viewing = ViewingDirections(np.linspace(-0.18, -0.17, 50), np.linspace(-0.02, 0.02, 50))
    rotation = Mounting(0.3e-3, -0.8e-3, 0.2e-3)
    plain, moved = (
        pixel_directions(viewing, ("B11", 1)),
        pixel_directions(turned(viewing, rotation), ("B11", 1)),
    )
    seen = instrument_to_satellite(rotation, None, np.zeros(1))[0] @ np.stack((plain.x, plain.y, np.ones(50)))
    assert np.allclose(moved.x, seen[0] / seen[2], rtol=0, atol=1e-15)
    assert np.allclose(moved.y, seen[1] / seen[2], rtol=0, atol=1e-15)
    assert np.all(np.abs(moved.x - plain.x) > 1e-4)
