"""Aerosol optical thickness of dark targets: the one under which the ground departs least from a relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.ground import Ground
from ipf_plugins.atmospheric.surface_relation import SurfaceRelation

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

NODES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.3, 1.6, 2.0, 2.4, 2.9)
"""Optical thicknesses of the first look."""
STEPS = (0.04, 0.02, 0.02)
"""Distance of the three points of each parabola laid through the least departure afterwards."""
LEAST = -0.1
"""A solution may come out below 0, as half of those of clear air do: the mean of many is then unbiased."""
LEAST_SIGMA = 0.01


@dataclass(frozen=True)
class Solution:
    """Optical thickness at 550 nm, its standard error, and the weighted square of the departure that is left,
    (rows, columns) each; NaN where there is no target."""

    aot: Floats
    sigma: Floats
    departure: Floats


def invert(
    ground: Ground, toa: Mapping[str, Floats32], water_vapour: Floats32, relation: SurfaceRelation
) -> Solution:
    """Solve every cell of `toa` (by band, NaN where there is no target) for the optical thickness."""
    precision = relation.precision

    def departure(aot: Floats) -> Floats:
        trial = np.asarray(aot, np.float32)
        seen = {band: ground.seen_through(band, toa[band], trial, water_vapour) for band in relation.bands}
        left = relation.departures(seen)
        return np.asarray(np.einsum("i...,ij,j...->...", left, precision, left))

    nodes = np.array(NODES)
    scanned = np.stack([departure(np.full(water_vapour.shape, node)) for node in nodes])
    middle = np.clip(np.argmin(np.where(np.isnan(scanned), np.inf, scanned), axis=0), 1, nodes.size - 2)
    around = [middle - 1, middle, middle + 1]
    points = np.stack([nodes[index] for index in around])
    values = np.stack([np.take_along_axis(scanned, index[np.newaxis], 0)[0] for index in around])
    best, curvature = _vertex(points, values)
    for step in STEPS:
        centre = np.clip(best, step, NODES[-1] - step)
        points = np.stack([centre - step, centre, centre + step])
        values = np.stack([departure(point) for point in points])
        best, curvature = _vertex(points, values)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.maximum(np.sqrt(2.0 / curvature), LEAST_SIGMA)
    solved = np.isfinite(best) & np.isfinite(sigma) & (curvature > 0)
    left = departure(np.clip(best, 0.0, NODES[-1]))
    return Solution(*(np.where(solved, value, np.nan) for value in (best, sigma, left)))


def _vertex(points: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Place of the least value of parabolas through three points, and their second derivative.

    Where a parabola bends downwards it is the point of least value; never further than the outer points, but
    for below the first, down to `LEAST`.
    """
    first = (values[1] - values[0]) / (points[1] - points[0])
    second = (values[2] - values[1]) / (points[2] - points[1])
    curvature = 2.0 * (second - first) / (points[2] - points[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = 0.5 * (points[0] + points[1]) - first / curvature
    lowest = np.take_along_axis(points, np.argmin(np.nan_to_num(values, nan=np.inf), axis=0)[np.newaxis], 0)
    place = np.where(curvature > 0, vertex, lowest[0])
    below = np.where(points[0] < 0.03, LEAST, points[0])
    return np.where(np.isnan(values).any(axis=0), np.nan, np.clip(place, below, points[2])), curvature


def path_ratio_departure(
    ground: Ground,
    toa: Mapping[str, Floats32],
    water_vapour: Floats32,
    relation: SurfaceRelation,
    aot: Floats,
) -> Floats:
    """ln of the double ratio of path reflectances, blue over red, measured over modelled; (rows, columns).

    The measured path reflectance is what the ground that the relation expects does not explain. 0 is an
    aerosol whose colour is that of the model (Sen2Cor's choice of the aerosol type).
    """
    thickness = np.asarray(np.clip(aot, 0.0, NODES[-1]), np.float32)
    seen = {band: ground.seen_through(band, toa[band], thickness, water_vapour) for band in relation.bands}
    logs = []
    for band, surface in zip(("B02", "B04"), relation.expected(seen), strict=True):
        black = ground.at_top(band, 0.0, thickness, water_vapour)
        lit = ground.at_top(band, np.asarray(surface, np.float32), thickness, water_vapour)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs.append(np.log((toa[band] - (lit - black)) / black))
    return np.asarray(logs[0] - logs[1], np.float64)
