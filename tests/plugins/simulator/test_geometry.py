"""Simulated angles against those of real tiles, and against what geometry demands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipf_plugins.simulator.geometry import (
    DETECTOR_WIDTH,
    Track,
    constant_angles,
    detector_of,
    footprint,
    sun_grid,
    tile_angles,
)

from ipf.product.angles import Direction
from ipf.product.raster import Grid, Window
from ipf.product.tile_reader import read_tile_metadata

FULL = Grid(32718, 199980.0, 8700040.0, 10, 10980, 10980)
TILES = {
    "products/S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_*/GRANULE/*/MTD_TL.xml": Track(191.5, -136e3),
    "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_*/GRANULE/*/MTD_TL.xml": Track(198.7, 137e3),
}


@pytest.mark.parametrize("pattern", TILES)
def test_angles_are_those_of_a_real_tile(reference_data: Path, pattern: str) -> None:
    """With the track fitted: zenith within 0.2 degrees, across the line of sight within 0.35."""
    (document,) = reference_data.glob(pattern)
    tile = read_tile_metadata(document)
    made = tile_angles(tile.grid, tile.angles.mean_sun, TILES[pattern])
    seen = compared = 0
    for (band, detector), real in tile.angles.viewing.items():
        grid = made.viewing[band, detector]
        both = ~np.isnan(real.zenith) & ~np.isnan(grid.zenith)
        seen, compared = seen + int((~np.isnan(real.zenith)).sum()), compared + int(both.sum())
        assert np.abs(real.zenith - grid.zenith)[both].max(initial=0.0) < 0.2
        turn = (real.azimuth - grid.azimuth + 180.0) % 360.0 - 180.0
        assert np.abs(turn * np.sin(np.deg2rad(real.zenith)))[both].max(initial=0.0) < 0.35
    assert compared > 0.96 * seen
    sun = tile.angles.sun
    assert np.abs(sun.zenith - made.sun.zenith).max() < 0.05
    assert np.abs(sun.azimuth - made.sun.azimuth).max() < 0.7


def test_detectors_share_the_swath() -> None:
    edges = (np.arange(12) - 6) * DETECTOR_WIDTH
    assert detector_of(edges + 1.0).tolist() == list(range(1, 13))
    assert detector_of(np.array([-6 * DETECTOR_WIDTH - 1, 6 * DETECTOR_WIDTH + 1])).tolist() == [0, 0]


def test_footprint_is_the_same_in_windows_and_at_every_resolution() -> None:
    track = Track(196.0, -97200.0)
    grid = Grid(32631, 300000.0, 4900020.0, 10, 600, 600)
    whole = footprint(track, grid, grid.whole)
    assert np.unique(whole).tolist() == [2, 3]
    part = footprint(track, grid, Window(100, 200, 50, 60))
    assert np.array_equal(part, whole[100:150, 200:260])
    coarse = grid.at(60)
    assert (footprint(track, coarse, coarse.whole) == whole[3::6, 3::6]).mean() > 0.98
    assert (footprint(None, grid, grid.whole) == 1).all()


def test_every_seen_node_has_an_angle_of_the_detector_that_sees_it() -> None:
    angles = tile_angles(FULL, Direction(30.0, 140.0), Track(190.5, -96.7e3))
    for band in ("B02", "B12"):
        detectors = angles.detectors(band)
        assert len(detectors) == 5
        for detector in detectors:
            grid = angles.viewing[band, detector]
            assert np.array_equal(np.isnan(grid.zenith), np.isnan(grid.azimuth))
        assert np.isfinite(angles.mean_viewing[band].zenith)


def test_odd_and_even_detectors_look_to_different_sides() -> None:
    track = Track(190.0, 0.0)
    across = np.array([-100e3])
    ahead, behind = track.direction(across, 20e3)[1], track.direction(across, -20e3)[1]
    assert ahead[0] > 100.0 > behind[0]


def test_nadir_and_the_edge_of_the_swath() -> None:
    zenith, _ = Track(190.0, 0.0).direction(np.array([0.0, 145e3]), 0.0)
    assert zenith[0] == pytest.approx(0.0, abs=1e-9)
    assert zenith[1] == pytest.approx(11.8, abs=0.15)


@given(st.floats(1.0, 74.0), st.floats(0.0, 359.9))
def test_the_sun_stands_lower_away_from_it_by_the_angle_travelled(zenith: float, azimuth: float) -> None:
    distance = 50e3
    direction = np.deg2rad(azimuth)
    away = np.array([[-distance * np.sin(direction)]]), np.array([[-distance * np.cos(direction)]])
    grid = sun_grid(*away, Direction(zenith, azimuth))
    assert grid.zenith[0, 0] == pytest.approx(zenith + np.rad2deg(distance / 6371e3), abs=0.01)
    here = sun_grid(np.zeros((1, 1)), np.zeros((1, 1)), Direction(zenith, azimuth))
    assert here.zenith[0, 0] == pytest.approx(zenith, abs=1e-9)


def test_constant_angles() -> None:
    angles = constant_angles(Direction(28.38, 107.1), Direction(9.2, 102.6))
    assert angles.detectors("B8A") == (1,)
    assert (angles.sun.zenith == 28.38).all()
    assert angles.viewing_azimuth("B09") == pytest.approx(102.6)
