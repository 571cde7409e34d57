"""Orientation of the Earth at a date from IERS Bulletin A, the auxiliary file UT1UTC of the ground segment.

The bulletin is a text with a table of rapid values and one of predictions, a line a day at 0 h UTC: date,
MJD, pole x and y (arcsec), UT1 - UTC (s), the rapid values with errors between them. Between days, values are
interpolated linearly; UT1 - UTC jumps at leap seconds, which are taken out before and put back after.
Source: IERS Rapid Service/Prediction Centre, format of Bulletin A.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.auxiliary.archives import read_auxiliary
from ipf.errors import AuxiliaryError
from ipf.geometry.acquisition import EarthOrientation
from ipf.product.utc import UtcTime

FILE_TYPE = "AUX_UT1UTC"
TAI_MINUS_GPS = 19.0
"""TAI - GPS time in seconds (IS-GPS-200)."""

_NUMBER = r"(-?\d*\.\d+)"
_DAY = r"\s*\d{2,4}\s+\d{1,2}\s+\d{1,2}\s+(\d{5})\s+"
_RAPID = re.compile(rf"{_DAY}{_NUMBER}\s+\d*\.\d+\s+{_NUMBER}\s+\d*\.\d+\s+{_NUMBER}\s+\d*\.\d+\s*", re.ASCII)
_PREDICTED = re.compile(rf"{_DAY}{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s*", re.ASCII)
_LEAP_SECONDS = re.compile(r"TAI-UTC\(MJD\s*(\d{5})\)\s*=\s*(\d+\.?\d*)", re.ASCII)
_MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)
_DAY_SECONDS = 86400.0
_LARGEST_POLE, _LARGEST_UT1 = 1.0, 0.9  # arcsec, s: |UT1 - UTC| stays below 0.9 s (ITU-R TF.460)


@dataclass(frozen=True, slots=True)
class IersBulletin:
    """Daily values of a bulletin: `mjd` strictly increasing, pole in arcsec, UT1 - UTC in seconds, (n,) each.

    `tai_minus_utc` is that of the first day, in seconds.
    """

    mjd: npt.NDArray[np.float64]
    pole_x: npt.NDArray[np.float64]
    pole_y: npt.NDArray[np.float64]
    ut1_minus_utc: npt.NDArray[np.float64]
    tai_minus_utc: float
    source: str = ""

    def at(self, time: UtcTime) -> EarthOrientation:
        """Orientation at `time`; `AuxiliaryError` naming file and dates when the bulletin lacks it."""
        mjd = (time.moment - _MJD_EPOCH).total_seconds() / _DAY_SECONDS
        first, last = self.mjd[0], self.mjd[-1]
        if not first <= mjd <= last:
            raise AuxiliaryError(
                f"{self.source}: IERS bulletin out of date: MJD {first:.0f} to {last:.0f}, expected that of "
                f"the acquisition of {time}, {mjd:.3f}"
            )
        # A leap second is the only jump: take it out, and put it back for the days from it on.
        leaps = _leaps_since_first(self.ut1_minus_utc)
        continuous = float(np.interp(mjd, self.mjd, self.ut1_minus_utc - leaps))
        leap = float(leaps[np.searchsorted(self.mjd, mjd, side="right") - 1])
        return EarthOrientation(
            continuous + leap,
            float(np.interp(mjd, self.mjd, self.pole_x)),
            float(np.interp(mjd, self.mjd, self.pole_y)),
            self.tai_minus_utc - TAI_MINUS_GPS + leap,
        )


def read_iers_bulletin(path: Path) -> IersBulletin:
    """Read a Bulletin A: plain text or packed with its header.

    Raises `AuxiliaryError` naming file and line when it is none, and when days are missing or values out of
    their range.
    """
    found = read_auxiliary(path)
    rows: dict[int, tuple[float, float, float]] = {}
    predictions = False
    leap_seconds: tuple[int, float] | None = None
    for number, line in enumerate(found.content.decode("ascii", "replace").splitlines(), 1):
        predictions = predictions or line.strip() == "PREDICTIONS:"
        stated = _LEAP_SECONDS.search(line)
        leap_seconds = (int(stated[1]), float(stated[2])) if stated else leap_seconds
        match = (_PREDICTED if predictions else _RAPID).fullmatch(line)
        if match is not None:
            rows.setdefault(int(match[1]), _values(match, f"{found.name}:{number}"))
    if not rows:
        raise AuxiliaryError(f"{found.name}: no line of Earth orientation, expected an IERS Bulletin A")
    if leap_seconds is None:
        raise AuxiliaryError(f"{found.name}: TAI-UTC is not stated, expected an IERS Bulletin A")
    days = sorted(rows)
    for day, following in itertools.pairwise(days):
        if following != day + 1:
            raise AuxiliaryError(
                f"{found.name}: MJD {day + 1} to {following - 1} missing between the days given"
            )
    values = np.array([rows[day] for day in days])
    mjd, tai_minus_utc = np.array(days, np.float64), leap_seconds[1]
    stated_at = int(np.clip(leap_seconds[0] - days[0], 0, len(days) - 1))
    tai_minus_utc -= float(_leaps_since_first(values[:, 2])[stated_at])
    return IersBulletin(mjd, values[:, 0], values[:, 1], values[:, 2], tai_minus_utc, found.name)


def _leaps_since_first(ut1_minus_utc: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Leap seconds that UTC had from the first day on, (n,)."""
    return np.concatenate([[0.0], np.cumsum(np.round(np.diff(ut1_minus_utc)))])


def _values(match: re.Match[str], place: str) -> tuple[float, float, float]:
    x, y, ut1 = (float(text) for text in match.groups()[1:])
    if max(abs(x), abs(y)) > _LARGEST_POLE or abs(ut1) > _LARGEST_UT1:
        raise AuxiliaryError(
            f"{place}: pole {x}, {y} arcsec, UT1-UTC {ut1} s: expected at most {_LARGEST_POLE} arcsec, "
            f"{_LARGEST_UT1} s"
        )
    return x, y, ut1
