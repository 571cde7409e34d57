"""Position of the satellite between its samples: cubic Hermite interpolation in EME2000."""

from __future__ import annotations

import numpy as np

from ipf.errors import ProductError
from ipf.geometry.acquisition import Ephemeris, FloatArray
from ipf.geometry.frames import EarthRotation
from ipf.geometry.sampling import SampleTimes

LOWEST, HIGHEST = 6.9e6, 7.4e6
"""Distances from the Earth's centre, m, between which an orbit of about 786 km height is."""

LARGEST_JUMP = 50.0
"""Metres between two points and what their velocities make of them: GPS points scatter by some metres."""
CURVED = 1e-3
"""Metres, by the cube of seconds, that a circle is off so: its speed times the square of its rate, / 12."""


class Orbit:
    """Positions of the satellite at any time within the samples.

    Raises `ProductError` for too few samples, times that do not increase and positions that are no orbit's.
    """

    def __init__(self, ephemeris: Ephemeris, rotation: EarthRotation) -> None:
        self.times = SampleTimes("ephemeris (GPS points)", rotation.epoch, ephemeris.seconds, 2)
        distances = np.linalg.norm(ephemeris.positions, axis=1)
        wrong = ~((distances >= LOWEST) & (distances <= HIGHEST))
        if np.any(wrong):
            at = int(np.argmax(wrong))
            raise ProductError(
                f"ephemeris: point {at + 1} is {distances[at] / 1e3:.0f} km from the Earth's centre, "
                f"expected {LOWEST / 1e3:.0f} to {HIGHEST / 1e3:.0f}"
            )
        self._rotation = rotation
        to_inertial = np.swapaxes(rotation.inertial_to_terrestrial(ephemeris.seconds), 1, 2)
        carried = np.cross(rotation.rotation_vector(), ephemeris.positions)
        self._positions = np.einsum("nij,nj->ni", to_inertial, ephemeris.positions)
        self._velocities = np.einsum("nij,nj->ni", to_inertial, ephemeris.velocities + carried)
        self._refuse_jumps()

    def _refuse_jumps(self) -> None:
        """Refuse points that the mean velocity between neighbours does not lead to."""
        steps = np.diff(self.times.seconds)
        led = (self._velocities[1:] + self._velocities[:-1]) / 2 * steps[:, None]
        off = np.linalg.norm(np.diff(self._positions, axis=0) - led, axis=1)
        wrong = ~(off <= LARGEST_JUMP + CURVED * steps**3)
        if np.any(wrong):
            at = int(np.argmax(wrong))
            raise ProductError(
                f"ephemeris: from point {at + 1} to {at + 2} positions and velocities contradict each other "
                f"by {off[at]:.0f} m, expected {LARGEST_JUMP:.0f} m at most"
            )

    def positions(self, seconds: FloatArray) -> FloatArray:
        """Positions (n, 3) in EME2000, m, at `seconds`, (n,).

        Raises `ProductError` outside the samples and where a hole is among those needed.
        """
        self.times.require(float(np.min(seconds)), float(np.max(seconds)))
        return self.unchecked_positions(seconds)

    def unchecked_positions(self, seconds: FloatArray) -> FloatArray:
        """The same, across holes and a little beyond the ends."""
        first = self.times.first_neighbours(seconds)
        start = self.times.seconds[first]
        step = self.times.seconds[first + 1] - start
        u = ((seconds - start) / step)[:, None]
        span = step[:, None]
        return np.asarray(
            (1 + 2 * u) * (1 - u) ** 2 * self._positions[first]
            + u * (1 - u) ** 2 * span * self._velocities[first]
            + u**2 * (3 - 2 * u) * self._positions[first + 1]
            + u**2 * (u - 1) * span * self._velocities[first + 1],
            np.float64,
        )
