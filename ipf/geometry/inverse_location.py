"""From places to lines and pixels of one detector: a first guess, then steps on the sensor model itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ipf.geometry.acquisition import FloatArray
from ipf.geometry.line_of_sight import PixelDirections
from ipf.geometry.trajectory import KNOT_STEP, Poses
from ipf.kernels.ellipsoid import distance_to_shell
from ipf.kernels.projection import project_points

TOLERANCE = 1e-5
"""Lines and pixels: the last step is smaller, and what it leaves far smaller still."""
GUESS_TIMES, GUESS_PIXELS = 5, 3
GUESS_HEIGHTS = (0.0, 4000.0)
"""Metres above the ellipsoid."""


@dataclass(frozen=True, slots=True)
class LineSearch:
    """The search for times and pixels of one detector within limits."""

    poses: Poses
    directions: PixelDirections
    guess: FloatArray
    limits: FloatArray
    tolerance: tuple[float, float]

    def run(self, places: Sequence[FloatArray], found: Sequence[FloatArray]) -> None:
        """Fill `found`, seconds after the epoch and pixels (points,), NaN outside the limits.

        `places`, (points,) each, are longitudes and latitudes in degrees, and heights in metres.
        """
        seconds, pixels = found
        longitude, latitude, height = places
        project_points(
            self.poses.table,
            (self.directions.x, self.directions.y),
            (longitude, latitude, height),
            self.guess,
            self.limits,
            self.tolerance,
            (seconds, pixels),
        )
        seconds[:] = self.poses.seconds(seconds)


def search_lines(
    poses: Poses, directions: PixelDirections, span: tuple[float, float], margin: float, period: float
) -> LineSearch:
    """The search between two times (seconds after the epoch), with `margin` pixels beyond the detector."""
    rows = poses.places(np.array(span))
    count = len(directions.x)
    limits = np.array([rows, [-margin, count - 1 + margin]])
    guess = _fit_guess(poses, directions, rows)
    return LineSearch(poses, directions, guess, limits, (TOLERANCE * period / KNOT_STEP, TOLERANCE))


def _fit_guess(poses: Poses, directions: PixelDirections, rows: FloatArray) -> FloatArray:
    """Constant and factors (2, 4) that give row and pixel from coordinates in ITRS with least squares.

    Some lines of sight are followed down to two heights; what a straight formula is wrong by, tens of lines
    on a whole orbit segment, the steps of the search take away.
    """
    count = len(directions.x)
    sampled = np.linspace(rows[0], rows[1], GUESS_TIMES)
    pixels = np.linspace(0, count - 1, GUESS_PIXELS)
    x, y = directions.at(pixels)
    points, wanted = [], []
    for row, pose in zip(sampled, poses.at(poses.seconds(sampled)), strict=True):
        matrix, position = pose[:9].reshape(3, 3), pose[9:]
        for pixel, direction in zip(pixels, (matrix @ np.array([x, y, np.ones_like(x)])).T, strict=True):
            for height in GUESS_HEIGHTS:
                distance = distance_to_shell((*position, *direction), height)
                points.append([1.0, *(position + distance * direction)])
                wanted.append([row, pixel])
    design = np.array(points)
    scale = np.array([1.0, 1e-6, 1e-6, 1e-6])
    solution = np.linalg.lstsq(design * scale, np.array(wanted), rcond=None)[0]
    return np.ascontiguousarray((solution * scale[:, None]).T)
