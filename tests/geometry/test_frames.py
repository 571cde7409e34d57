"""Time scales and frames against SOFA's own routines, called for every date."""

from __future__ import annotations

from datetime import datetime

import erfa
import numpy as np
import pytest

from ipf.geometry.acquisition import EarthOrientation
from ipf.geometry.frames import ARCSECOND, EarthRotation, frame_bias
from ipf.geometry.time_scales import gps_date, julian_dates

EARTH = EarthOrientation(ut1_minus_utc=-0.27381, pole_x=0.2393, pole_y=0.362, gps_minus_utc=18.0)


@pytest.mark.parametrize("epoch", [datetime(2020, 8, 16), datetime(2020, 8, 16, 23, 59, 40)])
def test_time_scales(epoch: datetime) -> None:
    """TT and UT1 as from UTC, across midnight too."""
    seconds = np.array([0.0, 0.123456789, 43371.085])
    dates = julian_dates(epoch, seconds, EARTH)
    day = float(np.sum(erfa.cal2jd(2020, 8, 16)))
    utc = (epoch - datetime(2020, 8, 16)).total_seconds() + seconds - 18.0
    assert dates.day == day
    np.testing.assert_allclose(dates.terrestrial * 86400, utc + 37.0 + 32.184, rtol=0, atol=1e-9)
    np.testing.assert_allclose(dates.universal * 86400, utc - 0.27381, rtol=0, atol=1e-9)


def test_dates_in_messages() -> None:
    assert gps_date(datetime(2020, 8, 16), 43371.0855) == "GPS 2020-08-16T12:02:51.085"


def test_celestial_to_terrestrial() -> None:
    """As `c2t06a` at every date, though its slow part is computed twice a second: 1e-11 rad are 0.1 mm."""
    rotation = EarthRotation(datetime(2020, 8, 16), EARTH)
    seconds = np.linspace(43330.0, 43424.0, 501)
    dates = julian_dates(rotation.epoch, seconds, EARTH)
    pole = EARTH.pole_x * ARCSECOND, EARTH.pole_y * ARCSECOND
    expected = erfa.c2t06a(dates.day, dates.terrestrial, dates.day, dates.universal, *pole)
    found = rotation.celestial_to_terrestrial(seconds)
    assert np.abs(found - expected).max() <= 1e-11
    np.testing.assert_array_equal(rotation.celestial_to_terrestrial(seconds[100:103]), found[100:103])


def test_frame_bias() -> None:
    """The angles of the IAU 2000 frame bias (IERS Conventions 2010, 5.21), in milliarcseconds."""
    bias = frame_bias() / ARCSECOND * 1e3
    np.testing.assert_allclose([bias[0, 1], bias[0, 2], bias[1, 2]], [-14.6, 16.617, 6.8192], atol=5e-2)


def test_rotation_vector() -> None:
    """What ITRS turns by in a second, but for precession (8e-12 rad/s: 0.05 mm/s in orbit)."""
    rotation = EarthRotation(datetime(2020, 8, 16), EARTH)
    turned = rotation.celestial_to_terrestrial(np.array([0.0, 1.0]))
    change = turned[1] @ turned[0].T
    x, y, z = rotation.rotation_vector()
    np.testing.assert_allclose([change[1, 2], change[2, 0], change[0, 1]], [x, y, z], rtol=1e-7, atol=8e-12)
