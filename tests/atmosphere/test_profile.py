"""Pressure at altitude, against the tabulated standard atmosphere."""

from __future__ import annotations

import pytest

from ipf.atmosphere.profile import ozone_above, pressure_at
from ipf.errors import ParameterError

STANDARD_ATMOSPHERE = {0.0: 1013.25, 1.0: 898.76, 2.0: 795.01, 3.0: 701.21, 5.0: 540.48}
"""US Standard Atmosphere 1976: altitude (km), pressure (hPa)."""


def test_pressure_is_that_of_the_standard_atmosphere() -> None:
    for altitude, pressure in STANDARD_ATMOSPHERE.items():
        assert pressure_at(altitude) == pytest.approx(pressure, rel=1e-3)


@pytest.mark.parametrize("altitude", [-0.6, 6.1, float("nan")])
def test_altitudes_out_of_range_are_refused(altitude: float) -> None:
    with pytest.raises(ParameterError, match="altitude"):
        pressure_at([0.0, altitude])


def test_little_ozone_lies_below_the_mountains() -> None:
    assert ozone_above(0.3, 1013.25) == pytest.approx(0.3)
    assert 0.98 < ozone_above(0.3, 795.0) / 0.3 < 0.99
