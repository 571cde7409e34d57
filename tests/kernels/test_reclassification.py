"""Rules that ask where a pixel lies, one by one on a few pixels."""

from __future__ import annotations

import numpy as np
import pytest

from ipf.kernels import reclassification as rules
from ipf.kernels.classification import UNDECIDED
from ipf.kernels.spectral_flags import BLUE_SHADE, DIM, GREENER_THAN_SWIR, SHADE_LIKE


def row(*values: float, dtype: type = np.uint8) -> np.ndarray:
    """One line of pixels."""
    return np.array([values], dtype)


def cell(*values: float) -> np.ndarray:
    """A line of cells of 60 m."""
    return np.array([values], np.float32)


def test_defects_win_where_there_is_data() -> None:
    classes = row(0, 4, 9, 4)
    rules.mark_defective(classes, row(255, 16, 128, 1), 16 | 128)
    np.testing.assert_array_equal(classes, row(0, 1, 1, 4))


def test_cloud_shadow_needs_spectrum_and_geometry_and_no_cloud() -> None:
    classes = np.tile(row(4, 4, 2), (3, 2))
    flags = np.full_like(classes, SHADE_LIKE)
    flags[:, 0] = 0
    classes[0] = (0, 1, 8, 9, 10, 6)
    rules.mark_cloud_shadow(classes, flags, cell(0.06, 0.04), 0.05, False)
    np.testing.assert_array_equal(classes[0], (0, 1, 8, 9, 10, 6))
    np.testing.assert_array_equal(classes[1], (4, 3, 3, 4, 4, 2))


def test_dark_pixels_that_a_cloud_may_shade_are_shadow_when_wanted() -> None:
    classes = np.tile(row(2, 4, 5, 2, 4, 5), (3, 1))
    rules.mark_cloud_shadow(classes, np.zeros_like(classes), cell(0.06, 0.04), 0.05, True)
    np.testing.assert_array_equal(classes[0], (3, 4, 5, 2, 4, 5))


@pytest.mark.parametrize("water_too", [True, False])
def test_a_known_shadow_asks_less_of_the_spectrum(water_too: bool) -> None:
    classes = np.tile(row(4, 5, 6, 4, 5, 6), (3, 1))
    flags = np.tile(row(DIM, 0, 0, DIM, 0, 0), (3, 1))
    rules.mark_known_shadow(classes, flags, np.array([[1, 0]], np.uint8), water_too)
    np.testing.assert_array_equal(classes[0], (3, 5, 3 if water_too else 6, 4, 5, 6))


def test_mapped_water_replaces_what_tells_nothing() -> None:
    classes = row(2, 3, 4, 5, 7, 8, UNDECIDED, 0, 2)
    rules.recover_mapped_water(classes, row(2, 2, 2, 2, 2, 2, 2, 2, 1))
    np.testing.assert_array_equal(classes, row(6, 6, 4, 5, 6, 8, 6, 0, 2))


def test_relief_explains_water_shadow_and_cloud_over_shaded_snow() -> None:
    classes = row(6, 6, 6, 3, 3, 8, 8, 7)
    flags = row(0, 0, 0, 0, 0, BLUE_SHADE, 0, BLUE_SHADE)
    lit = row(0.3, 0.3, 0.8, 0.1, 0.2, 0.3, 0.3, np.nan, dtype=np.float32)
    slope = row(20, 5, 20, 30, 30, 30, 30, 30, dtype=np.float32)
    rules.correct_in_relief(classes, flags, lit, slope, 128 / 255, 32 / 255, 15.0)
    np.testing.assert_array_equal(classes, row(2, 6, 6, 2, 3, 2, 8, 7))


def test_dark_is_kept_in_cast_shadow_only() -> None:
    classes = row(2, 2, 6)
    rules.keep_cast_shadow(classes, row(1, 0, 0), UNDECIDED)
    np.testing.assert_array_equal(classes, row(2, UNDECIDED, 6))


def test_snow_is_recovered_beside_snow_and_refused_on_a_mapped_sea() -> None:
    classes = row(UNDECIDED, UNDECIDED, UNDECIDED, 7)
    rules.recover_snow(classes, row(GREENER_THAN_SWIR, 0, 2, 2), row(1, 1, 0, 1))
    np.testing.assert_array_equal(classes, row(11, UNDECIDED, UNDECIDED, 7))
    classes = row(11, 11, 6)
    rules.refuse_snow_on_sea(classes, row(254, 50, 254))
    np.testing.assert_array_equal(classes, row(8, 11, 6))


def test_land_is_recovered_from_low_clouds() -> None:
    classes = np.tile(row(8, 9, 10, 8, 8, 4, 8, 8, 8), (3, 1))
    rules.recover_land(
        classes, cell(0.001, 0.003, 0.001), cell(0.1, 0.1, 0.3), cell(0.4, 0.4, 0.4), 0.002, 0.3
    )
    np.testing.assert_array_equal(classes[0], (5, 5, 10, 8, 8, 4, 8, 8, 8))


def test_cirrus_is_recovered_over_low_land_and_water() -> None:
    classes = np.tile(row(4, 5, 6, 4, 5, 6), (3, 1))
    elevation = np.zeros(classes.shape, np.float32)
    elevation[:, 4], elevation[:, 5] = 1600.0, np.nan
    rules.recover_cirrus(classes, cell(0.0035, 0.0045), elevation, 0.004, 0.003, 1500.0)
    np.testing.assert_array_equal(classes[0], (4, 5, 10, 10, 5, 10))


def test_bare_ground_is_recovered_on_towns_and_bare_cells() -> None:
    classes = np.tile(row(UNDECIDED, 8, 9, 8, 7, UNDECIDED), (3, 1))
    cover = np.tile(row(190, 200, 190, 190, 202, 10), (3, 1))
    rules.recover_bare_ground(classes, cover, np.array([[1, 0]], np.uint8))
    np.testing.assert_array_equal(classes[0], (5, 5, 9, 8, 7, UNDECIDED))


def test_the_rest_is_named_and_masks_replace_and_grow() -> None:
    classes = row(UNDECIDED, 4)
    rules.name_the_rest(classes, 5)
    np.testing.assert_array_equal(classes, row(5, 4))
    classes = row(8, 9, 9, 4)
    rules.replace_where(classes, row(1, 1, 0, 1), 8, 9, 5)
    np.testing.assert_array_equal(classes, row(5, 5, 9, 4))
    classes = row(0, 1, 3, 4, 8, 10, 11, 5)
    rules.grow(classes, row(1, 1, 1, 1, 1, 1, 1, 0), 9, 3, 11)
    np.testing.assert_array_equal(classes, row(0, 1, 3, 9, 8, 10, 11, 5))
