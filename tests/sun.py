"""Where the sun stands: an independent low-precision formula for places and times without metadata."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from ipf.product.angles import Direction


def sun_position(time: datetime, latitude: float, longitude: float) -> Direction:
    """Zenith and azimuth of the sun in degrees, to a hundredth (Astronomical Almanac, low precision)."""
    days = (time - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86400.0
    anomaly = np.deg2rad(357.528 + 0.9856003 * days)
    mean_longitude = 280.460 + 0.9856474 * days
    ecliptic = np.deg2rad(mean_longitude + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.deg2rad(23.439 - 4e-7 * days)
    ascension = np.arctan2(np.cos(obliquity) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(obliquity) * np.sin(ecliptic))
    sidereal = np.deg2rad((18.697374558 + 24.06570982441908 * days) * 15.0 + longitude)
    hour, place = sidereal - ascension, np.deg2rad(latitude)
    height = np.sin(place) * np.sin(declination) + np.cos(place) * np.cos(declination) * np.cos(hour)
    south = np.sin(place) * np.cos(hour) - np.cos(place) * np.tan(declination)
    azimuth = np.rad2deg(np.arctan2(np.sin(hour), south)) + 180.0
    return Direction(float(np.rad2deg(np.arccos(height))), float(azimuth % 360.0))
