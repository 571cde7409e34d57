"""What ephemeris and attitudes have in common: samples in time, which may have holes or end too early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from ipf.errors import ProductError
from ipf.geometry.acquisition import FloatArray
from ipf.geometry.time_scales import gps_date

Indices = npt.NDArray[np.int64]

LARGEST_STEP = 1.5
"""In nominal steps (the median of all): what is longer is a hole."""


@dataclass(frozen=True, slots=True)
class SampleTimes:
    """Times of `what`, GPS `seconds` (n,) after `epoch`, of which `neighbours` make one interpolation.

    Raises `ProductError` for too few samples, and for times that are not strictly increasing.
    """

    what: str
    epoch: datetime
    seconds: FloatArray
    neighbours: int

    def __post_init__(self) -> None:
        if len(self.seconds) < self.neighbours:
            raise ProductError(
                f"{self.what}: {len(self.seconds)} samples, expected at least {self.neighbours}"
            )
        steps = np.diff(self.seconds)
        if not np.all(np.isfinite(self.seconds)) or np.any(steps <= 0):
            at = int(np.argmin(np.where(np.isfinite(steps), steps, -np.inf)))
            raise ProductError(
                f"{self.what}: times do not increase after {gps_date(self.epoch, self.seconds[0])} "
                f"(sample {at + 2} of {len(self.seconds)})"
            )

    def first_neighbours(self, seconds: FloatArray) -> Indices:
        """Index (n,) of the first neighbour of each of `seconds`: as many before as after, if there are."""
        after = np.searchsorted(self.seconds, seconds, side="right")
        return np.clip(after - self.neighbours // 2, 0, len(self.seconds) - self.neighbours)

    def require(self, first: float, last: float) -> None:
        """Raise `ProductError`, saying what is missing, unless `first` to `last` can be interpolated."""
        if first < self.seconds[0] or last > self.seconds[-1]:
            has = f"{gps_date(self.epoch, self.seconds[0])} to {gps_date(self.epoch, self.seconds[-1])}"
            wanted = f"{gps_date(self.epoch, first)} to {gps_date(self.epoch, last)}"
            raise ProductError(f"{self.what}: given for {has}, needed for {wanted}")
        begin, end = self.first_neighbours(np.array([first, last]))
        steps = np.diff(self.seconds)
        used = steps[begin : end + self.neighbours - 1]
        longest = int(np.argmax(used))
        if used[longest] > LARGEST_STEP * np.median(steps):
            hole = self.seconds[begin + longest : begin + longest + 2]
            raise ProductError(
                f"{self.what}: none from {gps_date(self.epoch, hole[0])} to {gps_date(self.epoch, hole[1])}, "
                f"expected one every {np.median(steps):g} s"
            )
