"""Where the satellite is and how its instrument is turned, at knots in time close enough for kernels.

Between knots 5 ms apart, the kernels interpolate by cubics. On real attitudes that leaves 0.1 mm on the
ground and at worst 1.5 mm, next to the samples, where one interpolating polynomial follows another; Rugged,
which interpolates linearly, is run with knots 10 ms apart. Knots lie at whole multiples of the spacing after
the epoch, whatever is asked for, so that a line has the same location in every block.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field

import numpy as np

from ipf.errors import ProductError
from ipf.geometry.acquisition import FloatArray, SensorGeometry
from ipf.geometry.attitude import Attitude
from ipf.geometry.frames import EarthRotation
from ipf.geometry.line_of_sight import instrument_to_satellite
from ipf.geometry.orbit import Orbit
from ipf.geometry.time_scales import gps_date
from ipf.kernels.poses import interpolate_poses

KNOT_STEP = 0.005
"""Seconds between knots."""
REACH = 2
"""Knots needed on either side of a time."""
CHUNK = 128
"""Knots that are computed at once."""


@dataclass(frozen=True, slots=True)
class Poses:
    """Poses at `KNOT_STEP`: (knots, 12), the matrix from pixel directions to ITRS by rows, then the position.

    Row i is at (`first` + i) `KNOT_STEP` seconds after the epoch.
    """

    first: int
    table: FloatArray

    def places(self, seconds: FloatArray) -> FloatArray:
        """Fractional rows of the table at `seconds` after the epoch."""
        return np.asarray(seconds / KNOT_STEP - self.first, np.float64)

    def seconds(self, places: FloatArray) -> FloatArray:
        """Seconds after the epoch at fractional rows of the table."""
        return np.asarray((places + self.first) * KNOT_STEP, np.float64)

    def at(self, seconds: FloatArray) -> FloatArray:
        """Poses (n, 12) at `seconds`, (n,), as the kernels interpolate them."""
        found = np.empty((len(seconds), 12))
        interpolate_poses(self.table, self.places(seconds), found)
        return found


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Poses of one acquisition; safe to use from several threads.

    Raises `ProductError` for ephemeris and attitudes that are none, and where they are missing.
    """

    geometry: SensorGeometry
    rotation: EarthRotation
    orbit: Orbit
    attitude: Attitude
    _chunks: dict[int, FloatArray] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, geometry: SensorGeometry) -> Trajectory:
        """The trajectory that ephemeris and attitudes of an acquisition describe."""
        rotation = EarthRotation(geometry.epoch, geometry.earth)
        orbit = Orbit(geometry.ephemeris, rotation)
        return cls(geometry, rotation, orbit, Attitude(geometry.attitude, geometry.epoch))

    def span(self) -> tuple[float, float]:
        """First and last second for which there are both ephemeris and attitudes."""
        ephemeris, attitude = self.orbit.times.seconds, self.attitude.times.seconds
        first, last = max(ephemeris[0], attitude[0]), min(ephemeris[-1], attitude[-1])
        if first >= last:
            start, end = (gps_date(self.geometry.epoch, times[0]) for times in (ephemeris, attitude))
            raise ProductError(f"ephemeris from {start} and attitudes from {end} have no time in common")
        return float(first), float(last)

    def poses(self, first: float, last: float) -> Poses:
        """Poses to interpolate between, for all times from `first` to `last`, seconds after the epoch.

        Raises `ProductError` where ephemeris or attitudes are missing, naming which and when.
        """
        self.orbit.times.require(first, last)
        self.attitude.times.require(first, last)
        begin = math.floor(first / KNOT_STEP) - REACH
        end = math.floor(last / KNOT_STEP) + REACH + 1
        chunks = range(begin // CHUNK, (end - 1) // CHUNK + 1)
        table = np.concatenate([self._chunk(number) for number in chunks])
        skipped = begin - chunks.start * CHUNK
        return Poses(begin, np.ascontiguousarray(table[skipped : skipped + end - begin]))

    def exact(self, seconds: FloatArray) -> FloatArray:
        """Poses (n, 12) at any `seconds` (n,), across holes and a little beyond the ends."""
        geometry = self.geometry
        to_terrestrial = self.rotation.inertial_to_terrestrial(seconds)
        to_inertial = np.swapaxes(self.attitude.unchecked_matrices(seconds), 1, 2)
        mounted = instrument_to_satellite(geometry.mounting, geometry.refining, seconds)
        positions = np.einsum("nij,nj->ni", to_terrestrial, self.orbit.unchecked_positions(seconds))
        matrices = to_terrestrial @ to_inertial @ mounted
        return np.concatenate([matrices.reshape(-1, 9), positions], axis=1)

    def _chunk(self, number: int) -> FloatArray:
        """Poses (CHUNK, 12) of the knots from `number` CHUNK on; those far from all samples are NaN."""
        with self._lock:
            if number not in self._chunks:
                seconds = np.arange(number * CHUNK, (number + 1) * CHUNK, dtype=np.float64) * KNOT_STEP
                poses = np.full((CHUNK, 12), np.nan)
                first, last = self.span()
                near = REACH * KNOT_STEP + KNOT_STEP
                within = (seconds >= first - near) & (seconds <= last + near)
                poses[within] = self.exact(seconds[within])
                self._chunks[number] = poses
            return self._chunks[number]
