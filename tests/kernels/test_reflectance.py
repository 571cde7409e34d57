"""The sun between nodes, against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest

from ipf.kernels.reflectance import cosines_between


@pytest.mark.parametrize("function", [cosines_between, cosines_between.py_func])  # type: ignore[attr-defined]
def test_cosines_are_bilinear(function) -> None:
    random = np.random.default_rng(4)
    nodes = random.uniform(0.2, 1.0, (7, 6))
    rows, columns = random.integers(0, 6, 11), random.integers(0, 5, 13)
    down, across = random.uniform(0, 1, 11), random.uniform(0, 1, 13)
    made = np.empty((11, 13), np.float32)
    function(nodes, rows, down, columns, across, made)
    along = nodes[rows] + (nodes[rows + 1] - nodes[rows]) * down[:, None]
    west = along[:, columns]
    expected = np.asarray(west + (along[:, columns + 1] - west) * across, np.float32)
    np.testing.assert_array_equal(made, expected)


def test_at_a_node_it_is_that_of_the_node() -> None:
    nodes = np.array([[0.25, 0.5], [0.75, 1.0]])
    made = np.empty((2, 2), np.float32)
    ends, none = np.array([0.0, 1.0]), np.zeros(2, np.int64)
    cosines_between(nodes, none, ends, none, ends, made)
    np.testing.assert_array_equal(made, nodes)
