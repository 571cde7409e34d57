"""Angle grids: merging of detectors, filling, interpolation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ipf.product.angles import NODE_COUNT, AngleGrid, Direction, TileAngles, merged
from ipf.product.bands import BAND_NAMES
from ipf.product.tile_reader import read_tile_metadata
from tests.product.documents import documents

NAN = np.nan


def grid_of(zenith, azimuth) -> AngleGrid:
    return AngleGrid(np.array(zenith, float), np.array(azimuth, float))


def test_where_two_detectors_see_a_node_it_gets_the_mean_of_both():
    left = grid_of([[2.0, 3.0, NAN]], [[350.0, 350.0, NAN]])
    right = grid_of([[NAN, 5.0, 6.0]], [[NAN, 20.0, 30.0]])
    both = merged([left, right])
    np.testing.assert_allclose(both.zenith, [[2.0, 4.0, 6.0]])
    np.testing.assert_allclose(both.azimuth, [[350.0, 5.0, 30.0]])


def test_a_node_that_no_detector_sees_stays_absent():
    both = merged([grid_of([[NAN, 1.0]], [[NAN, 10.0]]), grid_of([[NAN, NAN]], [[NAN, NAN]])])
    np.testing.assert_array_equal(np.isnan(both.zenith), [[True, False]])
    np.testing.assert_array_equal(np.isnan(both.azimuth), [[True, False]])


def test_merging_nothing_and_unequal_grids_are_refused():
    with pytest.raises(ValueError, match="no detector grid"):
        merged([])
    with pytest.raises(ValueError, match="two equal grids"):
        AngleGrid(np.zeros((2, 2)), np.zeros((2, 3)))


def test_filling_takes_the_nearest_present_node():
    grid = grid_of([[NAN, 1.0, NAN, NAN, 4.0]], [[NAN, 10.0, NAN, NAN, 40.0]]).filled()
    np.testing.assert_array_equal(grid.zenith, [[1.0, 1.0, 1.0, 4.0, 4.0]])
    np.testing.assert_array_equal(grid.azimuth, [[10.0, 10.0, 10.0, 40.0, 40.0]])
    with pytest.raises(ValueError, match="without a single value"):
        grid_of([[NAN]], [[NAN]]).filled()


@given(
    arrays(np.float64, (3, 4), elements=st.floats(0, 80)),
    arrays(np.float64, (3, 4), elements=st.floats(0, 359)),
)
def test_interpolation_gives_the_nodes_back(zenith, azimuth):
    grid = AngleGrid(zenith, azimuth)
    southing, easting = np.meshgrid(np.arange(3) * 5000.0, np.arange(4) * 5000.0, indexing="ij")
    at_zenith, at_azimuth = grid.at(southing, easting)
    np.testing.assert_allclose(at_zenith, zenith, atol=1e-9)
    difference = (at_azimuth - azimuth + 180) % 360 - 180
    np.testing.assert_allclose(difference, 0, atol=1e-9)


def test_interpolation_across_north():
    grid = grid_of([[10.0, 20.0], [10.0, 20.0]], [[350.0, 10.0], [350.0, 10.0]])
    zenith, azimuth = grid.at(np.array(2500.0), np.array([1250.0, 2500.0]))
    np.testing.assert_allclose(zenith, [12.5, 15.0])
    np.testing.assert_allclose(azimuth % 360, [355.0, 0.0], atol=0.1)
    with pytest.raises(ValueError, match="out of bounds"):
        grid.at(np.array(5001.0), np.array(0.0))


def test_grids_are_equal_when_their_values_are():
    assert grid_of([[1.0, NAN]], [[2.0, NAN]]) == grid_of([[1.0, NAN]], [[2.0, NAN]])
    assert grid_of([[1.0, NAN]], [[2.0, NAN]]) != grid_of([[1.0, 3.0]], [[2.0, NAN]])


def test_real_tiles_have_angles_where_they_say_on_average(reference_data: Path):
    """The stated means are an independent product of the official processor: the merged grid agrees."""
    checked = 0
    for path in documents(reference_data, "_Tile_ID"):
        angles = read_tile_metadata(path).angles
        assert angles.sun.zenith.shape == (NODE_COUNT, NODE_COUNT)
        assert np.isfinite(angles.sun.zenith).all()
        assert angles.mean_sun.zenith == pytest.approx(angles.sun.zenith.mean(), abs=0.03)
        for band in BAND_NAMES:
            grid = angles.viewing_grid(band)
            seen = np.isfinite(grid.zenith)
            np.testing.assert_array_equal(seen, np.isfinite(grid.azimuth))
            assert grid.zenith[seen].min() > 0
            assert grid.zenith[seen].max() < 13
            if seen.all():
                assert grid.zenith.mean() == pytest.approx(angles.mean_viewing[band].zenith, abs=0.15)
                checked += 1
            assert np.isfinite(grid.filled().zenith).all()
    assert checked == 2 * len(BAND_NAMES)  # two of the fifteen tiles lie inside the swath


def test_no_grid_for_a_band_is_named(reference_data: Path):
    angles = read_tile_metadata(documents(reference_data, "_Tile_ID")[0]).angles
    with pytest.raises(ValueError, match="no viewing angle grid for band B99"):
        angles.viewing_zenith("B99")


def test_a_band_is_seen_at_every_node_as_well_as_the_tile_tells():
    nothing = grid_of([[NAN, NAN]], [[NAN, NAN]])
    sun = grid_of([[30.0, 31.0]], [[40.0, 41.0]])
    viewing = {("B02", 3): grid_of([[NAN, 4.0]], [[NAN, 90.0]]), ("B03", 3): nothing}
    means = {"B03": Direction(7.0, 200.0), "B04": Direction(8.0, 210.0)}
    angles = TileAngles(sun, Direction(30.0, 40.0), viewing, means)
    assert [angles.has_viewing(band) for band in ("B02", "B03", "B04", "B05")] == [True, False, False, False]
    assert angles.viewing_everywhere("B02") == grid_of([[4.0, 4.0]], [[90.0, 90.0]])
    assert angles.viewing_everywhere("B03") == grid_of([[7.0, 7.0]], [[200.0, 200.0]])
    assert angles.viewing_everywhere("B04") == grid_of([[8.0, 8.0]], [[210.0, 210.0]])
    with pytest.raises(ValueError, match="no viewing angles of band B05"):
        angles.viewing_everywhere("B05")
