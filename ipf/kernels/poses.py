"""Poses of an instrument between knots: the matrix to ITRS and the position, by cubics through four knots."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Floats = npt.NDArray[np.float64]


@kernel
def interpolate_pose(poses: Floats, place: float, pose: Floats) -> None:
    """Fill `pose` (12,) with `poses` (knots, 12) at a fractional row from the second to the last but one."""
    knot = min(max(math.floor(place), 1), poses.shape[0] - 3)
    u = place - knot
    w0 = -u * (u - 1.0) * (u - 2.0) / 6.0
    w1 = (u + 1.0) * (u - 1.0) * (u - 2.0) * 0.5
    w2 = -(u + 1.0) * u * (u - 2.0) * 0.5
    w3 = (u + 1.0) * u * (u - 1.0) / 6.0
    for i in range(12):
        pose[i] = (
            w0 * poses[knot - 1, i] + w1 * poses[knot, i] + w2 * poses[knot + 1, i] + w3 * poses[knot + 2, i]
        )


@kernel
def interpolate_pose_rate(poses: Floats, place: float, pose: Floats, rate: Floats) -> None:
    """The same, and `rate` (12,): the change of the pose in one row."""
    knot = min(max(math.floor(place), 1), poses.shape[0] - 3)
    u = place - knot
    u2 = u * u
    w0 = -u * (u - 1.0) * (u - 2.0) / 6.0
    w1 = (u + 1.0) * (u - 1.0) * (u - 2.0) * 0.5
    w2 = -(u + 1.0) * u * (u - 2.0) * 0.5
    w3 = (u + 1.0) * u * (u - 1.0) / 6.0
    r0 = -(3.0 * u2 - 6.0 * u + 2.0) / 6.0
    r1 = (3.0 * u2 - 4.0 * u - 1.0) * 0.5
    r2 = -(3.0 * u2 - 2.0 * u - 2.0) * 0.5
    r3 = (3.0 * u2 - 1.0) / 6.0
    for i in range(12):
        p0, p1, p2, p3 = poses[knot - 1, i], poses[knot, i], poses[knot + 1, i], poses[knot + 2, i]
        pose[i] = w0 * p0 + w1 * p1 + w2 * p2 + w3 * p3
        rate[i] = r0 * p0 + r1 * p1 + r2 * p2 + r3 * p3


@kernel
def interpolate_poses(poses: Floats, places: Floats, found: Floats) -> None:
    """Fill `found` (n, 12) with poses at `places` (n,)."""
    for i in range(places.shape[0]):
        interpolate_pose(poses, places[i], found[i])
