"""A simulated datastrip sees the whole of its piece of ground, however large."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from ipf_plugins.simulator.strip import Strip, StripParameters
from pydantic import ValidationError

from ipf.geometry.terrain import Terrain
from ipf.geometry.tiles import TILE_SIZE_M, tile_of_name
from ipf.product.bands import BAND_NAMES, BY_NAME

PLACES = 61


def strip_over(tile: str, size: int) -> Strip:
    """A datastrip over even ground, which is not what takes long."""
    made = Strip(tile_of_name(tile), StripParameters(tile=tile, size_m=size, relief_m=0.0), 0, 1)
    longitude, latitude = made.area.geographic(np.array([0.0, float(size)]), np.array([0.0, float(size)]))
    west, north = float(longitude.min() - 2.0), float(latitude.max() + 2.0)
    vars(made)["terrain"] = Terrain(np.zeros((60, 80), np.float32), west, north, 0.1, 0.1)
    return made


@pytest.mark.parametrize(("tile", "size"), [("31TCJ", TILE_SIZE_M), ("56HLH", TILE_SIZE_M), ("35WNS", 1200)])
def test_granules_see_all_of_the_ground_in_every_band(tile: str, size: int) -> None:
    strip = strip_over(tile, size)
    places = np.linspace(0.0, float(size), PLACES)
    longitude, latitude = strip.area.geographic(places[:, np.newaxis], places[np.newaxis, :])
    for band in BAND_NAMES:
        scale = BY_NAME[band].resolution / 10
        seen = np.zeros(longitude.size, bool)
        for detector, granules in strip.granules.items():
            assert granules[0].start >= 1
            lines, _ = strip.model.inverse_location(band, detector, longitude.ravel(), latitude.ravel(), 0.0)
            fine = (lines - 0.5) * scale + 0.5
            seen |= np.isfinite(fine) & (fine >= granules[0].start) & (fine <= granules[-1].stop - 1)
        assert seen.all(), f"{band}: {np.count_nonzero(~seen)} of {seen.size} places are not seen"


def test_days_of_other_leap_seconds_are_refused() -> None:
    with pytest.raises(ValidationError, match="2017"):
        StripParameters(day=date(2016, 12, 31))
