"""GPS seconds of an acquisition as the Julian dates that the routines of SOFA take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import erfa
import numpy as np

from ipf.geometry.acquisition import EarthOrientation, FloatArray

DAY = 86400.0
TAI_MINUS_GPS = 19.0
"""Seconds; constant since 1980 (IS-GPS-200, 3.3.4)."""
TT_MINUS_TAI = 32.184
"""Seconds; by definition (IERS Conventions 2010, 10.1)."""


@dataclass(frozen=True, slots=True)
class JulianDates:
    """Two-part Julian dates: a whole day, and days after it, (n,); nanoseconds are kept."""

    day: float
    terrestrial: FloatArray
    universal: FloatArray


def julian_dates(epoch: datetime, seconds: FloatArray, earth: EarthOrientation) -> JulianDates:
    """Terrestrial time (TT) and universal time (UT1) of GPS `seconds`, (n,), after `epoch`."""
    midnight = epoch.replace(hour=0, minute=0, second=0, microsecond=0)
    day, modified = erfa.cal2jd(midnight.year, midnight.month, midnight.day)
    gps = (epoch - midnight).total_seconds() + np.asarray(seconds, np.float64)
    terrestrial = (gps + (TAI_MINUS_GPS + TT_MINUS_TAI)) / DAY
    universal = (gps + (earth.ut1_minus_utc - earth.gps_minus_utc)) / DAY
    return JulianDates(float(day) + float(modified), terrestrial, universal)


def gps_date(epoch: datetime, second: float) -> str:
    """The GPS date of a second, to the millisecond, for messages."""
    return f"GPS {(epoch + timedelta(seconds=float(second))).isoformat(timespec='milliseconds')}"
