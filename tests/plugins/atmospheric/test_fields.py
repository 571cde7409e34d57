"""Fields of a tile: bilinear between nodes, the same for every block."""

from __future__ import annotations

import numpy as np
from ipf_plugins.atmospheric.fields import TileField

from ipf.product.raster import Window


def test_a_plane_is_reproduced_at_pixel_centres() -> None:
    south, east = np.mgrid[0:23, 0:23] * 5000.0
    field = TileField.of(1.0 + 2e-5 * south - 1e-5 * east, 5000.0)
    values = field.over(Window(100, 30, 7, 9), 20)
    rows, columns = np.mgrid[100:107, 30:39]
    expected = 1.0 + 2e-5 * (rows + 0.5) * 20 - 1e-5 * (columns + 0.5) * 20
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, expected, rtol=1e-7)


def test_a_block_gets_what_the_whole_gets() -> None:
    field = TileField.of(np.random.default_rng(5).random((23, 23)), 5000.0)
    whole = field.over(Window(0, 0, 5490, 549), 20)
    part = field.over(Window(1234, 56, 333, 77), 20)
    np.testing.assert_array_equal(part, whole[1234:1567, 56:133])


def test_a_constant_is_constant_and_the_last_value_is_kept() -> None:
    assert np.all(TileField.constant(0.25).over(Window(5, 5, 3, 3), 10) == np.float32(0.25))
    field = TileField.of(np.array([[1.0, 3.0]]), 100.0)
    np.testing.assert_allclose(field.over(Window(0, 0, 1, 4), 60), [[1.6, 2.8, 3.0, 3.0]])
    assert field.mean == 2.0
