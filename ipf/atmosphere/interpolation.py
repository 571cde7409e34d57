"""Interpolation along one axis, written as weights of the nodes: value(x) = sum of weights(x) times node
values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def linear_weights(nodes: Floats, x: Floats) -> Floats:
    """Weights of piecewise linear interpolation, (..., nodes)."""
    interval = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, nodes.size - 2)
    fraction = (x - nodes[interval]) / (nodes[interval + 1] - nodes[interval])
    unit = np.eye(nodes.size)
    return np.asarray(
        unit[interval] * (1.0 - fraction)[..., np.newaxis] + unit[interval + 1] * fraction[..., np.newaxis]
    )


def cubic_weights(nodes: Floats, x: Floats) -> Floats:
    """Weights of the not-a-knot cubic spline (with four nodes: the cubic through them), (..., nodes)."""
    # Imported where it is used, for every command would start by loading scipy otherwise.
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(nodes, np.eye(nodes.size))(x))


def cosine_weights(nodes: Floats, x: Floats) -> Floats:
    """Weights of the cosine series through values at equal steps from 0 to 180 degrees, (..., nodes)."""
    order = np.arange(nodes.size)
    at_nodes = np.cos(np.deg2rad(nodes)[:, np.newaxis] * order)
    return np.asarray(np.cos(np.deg2rad(x)[..., np.newaxis] * order) @ np.linalg.inv(at_nodes))
