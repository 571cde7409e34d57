"""Resampling through grids: the right values, of the right pixels, whatever they are made in."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.errors import ProductError
from ipf.geometry import resampling
from ipf.geometry.resampling import (
    NARROWED,
    NO_DATA,
    SATURATED,
    Interpolation,
    InverseGrid,
    PixelWindow,
    SensorImage,
    resample,
    source_window,
)
from tests.geometry.resampled import inside, interpolated, places, rotated_grid

METHODS = list(Interpolation)
SHAPE = (170, 150)
WINDOW = PixelWindow(0, 0, 181, 163)


def noise(shape: tuple[int, int] = SHAPE, highest: int = 4096, seed: int = 1) -> npt.NDArray[np.uint16]:
    """Counts without structure: the hardest image to interpolate."""
    return np.random.default_rng(seed).integers(1, highest, shape).astype(np.uint16)


def grid_of(degrees: float, first: tuple[int, int] = (0, 0)) -> InverseGrid:
    """A grid that covers `WINDOW`, with corners outside the image."""
    return rotated_grid(SHAPE, (6, 6), 37, degrees, first=first)


@pytest.mark.parametrize("degrees", [0.0, 12.0, -15.0, 90.0, 180.0])
@pytest.mark.parametrize("method", METHODS)
def test_counts_are_those_of_an_independent_interpolation(method: Interpolation, degrees: float) -> None:
    grid = grid_of(degrees)
    at = places(grid, WINDOW)
    for highest, tolerance in ((4096, 0.51), (65536, 0.54)):  # float32 resolves 65535 to 0.004
        counts = noise(highest=highest)
        found = resample(SensorImage(counts), grid, WINDOW, method)
        expected = np.clip(interpolated(counts, at, method), 1, 65535)
        seen = inside(at, SHAPE)
        assert 0.5 < seen.mean() < 1.0
        assert np.abs(found.values[seen] - expected[seen]).max() <= tolerance
        assert not found.values[~seen].any()
        np.testing.assert_array_equal(found.flags, np.where(seen, 0, NO_DATA))


def test_the_comparison_sees_a_shift_of_a_thousandth_of_a_pixel() -> None:
    grid, counts = grid_of(12.0), noise()
    moved = dataclasses.replace(grid, rows=grid.rows + 1e-3)
    found = resample(SensorImage(counts), moved, WINDOW, Interpolation.B_SPLINE)
    at = places(grid, WINDOW)
    seen = inside(at, SHAPE)
    expected = interpolated(counts, at, Interpolation.B_SPLINE)
    assert np.abs(found.values[seen] - expected[seen]).max() > 1.0


def test_cubic_counts_are_those_of_gridr() -> None:
    """GridR (CNES) is an independent implementation of Keys' cubic on grids."""
    gridr = pytest.importorskip(
        "gridr.core.grid.grid_resampling",
        reason="the optional package gridr ('ipf[oracle]') is not installed",
    )
    counts = noise((400, 400))
    grid = rotated_grid(counts.shape, (7, 7), 45, 12.0)
    window = PixelWindow(0, 0, 271, 271)
    expected, _ = gridr.array_grid_resampling(
        "cubic",
        counts.astype(np.float64),
        grid.rows,
        grid.columns,
        (45, 45),
        None,
        boundary_condition="reflect",
    )
    found = resample(SensorImage(counts), grid, window, Interpolation.CUBIC)
    assert not found.flags.any()
    assert np.abs(found.values - np.clip(expected, 1, 65535)).max() <= 0.51


@pytest.mark.parametrize("method", METHODS)
def test_float_images_keep_fractions_signs_and_missing_pixels(method: Interpolation) -> None:
    radiance = np.random.default_rng(2).normal(0.0, 1.0, SHAPE).astype(np.float32)
    radiance[80, 70] = np.nan
    grid = grid_of(14.0)
    found = resample(SensorImage(radiance), grid, WINDOW, method, np.float32)
    at = places(grid, WINDOW)
    assert found.values.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(found.values), found.flags & NO_DATA != 0)
    clear = inside(at, SHAPE) & (np.hypot(at[0] - 80, at[1] - 70) > 16)
    expected = interpolated(np.nan_to_num(radiance), at, method)
    np.testing.assert_allclose(found.values[clear], expected[clear], atol=2e-6)
    nearest = (np.floor(at[0] + 0.5) == 80) & (np.floor(at[1] + 0.5) == 70)
    np.testing.assert_array_equal(found.flags[inside(at, SHAPE)] & NO_DATA, nearest[inside(at, SHAPE)])


@pytest.mark.parametrize("method", METHODS)
@given(value=st.integers(1, 65535), degrees=st.floats(-180, 180), scale=st.floats(0.3, 3.0))
def test_constants_stay(method: Interpolation, value: int, degrees: float, scale: float) -> None:
    grid = rotated_grid((60, 50), (4, 4), 11, degrees, scale)
    window = PixelWindow(0, 0, 34, 34)
    found = resample(SensorImage(np.full((60, 50), value, np.uint16)), grid, window, method, np.float32)
    seen = inside(places(grid, window), (60, 50))
    np.testing.assert_allclose(found.values[seen], value, rtol=1e-6)
    counts = resample(SensorImage(np.full((60, 50), value, np.uint16)), grid, window, method)
    np.testing.assert_array_equal(counts.values, np.where(seen, value, 0))


@pytest.mark.parametrize("method", [method for method in METHODS if method is not Interpolation.NEAREST])
@given(
    down=st.floats(-10, 10), right=st.floats(-10, 10), degrees=st.floats(-180, 180), scale=st.floats(0.3, 1.0)
)
def test_ramps_stay(method: Interpolation, down: float, right: float, degrees: float, scale: float) -> None:
    """Away from the ends, where the mirror bends a ramp."""
    rows, columns = np.indices((90, 90))
    image = (100 + down * rows + right * columns).astype(np.float32)
    grid = rotated_grid((90, 90), (4, 4), 11, degrees, scale)
    window = PixelWindow(0, 0, 34, 34)
    at = places(grid, window)
    found = resample(SensorImage(image), grid, window, method, np.float32)
    margin = 15
    clear = np.all([(place > margin) & (place < 89 - margin) for place in at], axis=0)
    assert clear.any()
    expected = 100 + down * at[0] + right * at[1]
    np.testing.assert_allclose(found.values[clear], expected[clear], atol=2e-3)


def holed() -> npt.NDArray[np.uint16]:
    """Noise with missing and saturated pixels, lines and blocks."""
    counts = noise()
    counts[60:64, 40:90] = 0
    counts[100, :] = 0
    counts[20:30, 100:104] = 4095
    rng = np.random.default_rng(3)
    counts[rng.random(SHAPE) < 0.002] = 0
    counts[rng.random(SHAPE) < 0.002] = 4095
    return counts


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_no_bit_depends_on_window_tile_threads_or_part_of_the_image(
    method: Interpolation, data: st.DataObject
) -> None:
    image = SensorImage(holed(), 4095)
    grid = grid_of(data.draw(st.sampled_from([0.0, 12.3, -15.0, 101.0])), (7, -3))
    whole = PixelWindow(7, -3, 186, 186)
    expected = resample(image, grid, whole, method)
    top, left = data.draw(st.integers(7, 192)), data.draw(st.integers(-3, 182))
    window = PixelWindow(
        top, left, data.draw(st.integers(1, 193 - top)), data.draw(st.integers(1, 183 - left))
    )
    needed = source_window(SHAPE, grid, window, method)
    slack = data.draw(st.integers(0, 3))
    row, column = max(needed.row - slack, 0), max(needed.column - slack, 0)
    given_rows = image.pixels[row : needed.row + needed.height, column : needed.column + needed.width]
    part = SensorImage(given_rows, 4095, row, column, SHAPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resampling, "TILE", data.draw(st.sampled_from([17, 64, 512])))
        found = resample(part, grid, window, method, threads=data.draw(st.integers(1, 3)))
    inner = (slice(top - 7, top - 7 + window.height), slice(left + 3, left + 3 + window.width))
    np.testing.assert_array_equal(found.values, expected.values[inner])
    np.testing.assert_array_equal(found.flags, expected.flags[inner])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("side", ["row", "column", "height", "width"])
def test_a_part_that_is_one_pixel_short_is_refused(method: Interpolation, side: str) -> None:
    counts, grid, window = noise(), grid_of(12.0), PixelWindow(70, 60, 40, 45)
    needed = source_window(SHAPE, grid, window, method)
    short = dataclasses.replace(
        needed, **{side: getattr(needed, side) + (1 if side in ("row", "column") else -1)}
    )
    bottom, right = needed.row + needed.height, needed.column + needed.width
    if side in ("height", "width"):
        bottom, right = short.row + short.height, short.column + short.width
    part = SensorImage(counts[short.row : bottom, short.column : right], None, short.row, short.column, SHAPE)
    with pytest.raises(ProductError, match=f"expected rows {needed.row} to {needed.row + needed.height} and"):
        resample(part, grid, window, method)


@pytest.mark.parametrize("method", METHODS)
def test_the_part_that_is_asked_for_is_used_to_its_ends(method: Interpolation) -> None:
    """Pixels around the window that is asked for change nothing; its outer ones do."""
    counts, grid, window = noise(highest=65536), grid_of(0.0), PixelWindow(60, 50, 60, 60)
    needed = source_window(SHAPE, grid, window, method)
    before = resample(SensorImage(counts), grid, window, method, np.float32).values
    changed = np.full_like(counts, 1)
    inner = (
        slice(needed.row, needed.row + needed.height),
        slice(needed.column, needed.column + needed.width),
    )
    changed[inner] = counts[inner]
    np.testing.assert_array_equal(
        resample(SensorImage(changed), grid, window, method, np.float32).values, before
    )
    if method is not Interpolation.B_SPLINE:  # whose outermost pixels weigh less than float32 resolves
        changed[needed.row + needed.height - 1] = 65535 - changed[needed.row + needed.height - 1]
        after = resample(SensorImage(changed), grid, window, method, np.float32).values
        assert (after != before).any() or method is Interpolation.NEAREST


@pytest.mark.parametrize("method", METHODS)
def test_the_mirrors_beyond_the_outer_pixels_are_asked_for(method: Interpolation) -> None:
    """Places in the outer halves of the outer pixels need one pixel more than those inside of them."""
    image = SensorImage(noise(highest=65536))
    for outer in (-0.4, 60.3, SHAPE[0] - 0.6):
        for beside in (-0.4, 70.3, SHAPE[1] - 0.6):
            grid = InverseGrid(np.full((2, 2), outer), np.full((2, 2), beside), 5)
            window = PixelWindow(2, 3, 1, 1)
            needed = source_window(SHAPE, grid, window, method)
            part = image.pixels[
                needed.row : needed.row + needed.height, needed.column : needed.column + needed.width
            ]
            found = resample(
                SensorImage(part, None, needed.row, needed.column, SHAPE), grid, window, method, np.float32
            )
            assert found.values == resample(image, grid, window, method, np.float32).values
            assert found.values == pytest.approx(
                interpolated(image.pixels, places(grid, window), method), abs=0.04
            )


def test_cells_outside_the_image_ask_for_nothing() -> None:
    """The last cell leads far down, but beside the image."""
    rows = np.array([[40.2, 40.2, 40.2, 140.2], [50.2, 50.2, 50.2, 150.2]])
    columns = np.array([[20.2, 25.2, -1000.2, -1000.2]] * 2)
    window = PixelWindow(0, 0, 6, 16)
    needed = source_window(SHAPE, InverseGrid(rows, columns, 5), window, Interpolation.NEAREST)
    assert needed == PixelWindow(40, 0, 12, 27)


def test_halfway_the_later_pixel_is_the_nearest() -> None:
    counts = noise((6, 6))
    halves = np.arange(-0.5, 6.0)
    grid = InverseGrid(*(halves[index] for index in np.indices((7, 7))), 1)
    found = resample(SensorImage(counts), grid, PixelWindow(0, 0, 7, 7), Interpolation.NEAREST)
    np.testing.assert_array_equal(found.values[:6, :6], counts)
    assert (found.flags[6] == NO_DATA).all()
    assert (found.flags[:, 6] == NO_DATA).all()


@pytest.mark.parametrize("method", METHODS)
def test_holes_do_not_ring_nor_grow(method: Interpolation) -> None:
    counts = np.full(SHAPE, 1000, np.uint16)
    counts[60:100, 40:90] = 0
    counts[20, 30] = 0
    grid = grid_of(12.0)
    at = places(grid, WINDOW)
    found = resample(SensorImage(counts), grid, WINDOW, method, np.float32)
    nearest = tuple(
        np.clip(np.floor(place + 0.5).astype(int), 0, size - 1) for place, size in zip(at, SHAPE, strict=True)
    )
    missing = ~inside(at, SHAPE) | (counts[nearest] == 0)
    np.testing.assert_array_equal(found.flags & NO_DATA != 0, missing)
    np.testing.assert_array_equal(np.isnan(found.values), missing)
    np.testing.assert_allclose(found.values[~missing], 1000, rtol=1e-6)
    narrowed = found.flags & NARROWED != 0
    assert narrowed.any() == (method is not Interpolation.NEAREST)
    assert not found.flags[missing & narrowed].any()


@pytest.mark.parametrize("method", METHODS)
def test_saturation_keeps_its_count_and_does_not_leak(method: Interpolation) -> None:
    for code in (4095, 65535):
        counts = np.full(SHAPE, 1000, np.uint16)
        counts[60:100, 40:90] = code
        grid = grid_of(12.0)
        at = places(grid, WINDOW)
        found = resample(SensorImage(counts, code), grid, WINDOW, method)
        nearest = tuple(
            np.clip(np.floor(place + 0.5).astype(int), 0, size - 1)
            for place, size in zip(at, SHAPE, strict=True)
        )
        saturated = inside(at, SHAPE) & (counts[nearest] == code)
        np.testing.assert_array_equal(found.flags & SATURATED != 0, saturated)
        np.testing.assert_array_equal(found.values[saturated], code)
        np.testing.assert_array_equal(found.values[~saturated & inside(at, SHAPE)], 1000)


@pytest.mark.parametrize("method", [Interpolation.CUBIC, Interpolation.B_SPLINE])
def test_overshoot_makes_neither_no_data_nor_saturation(method: Interpolation) -> None:
    counts = np.where(np.indices(SHAPE).sum(axis=0) // 6 % 2, 1, 4094).astype(np.uint16)
    grid = grid_of(12.0)
    found = resample(SensorImage(counts, 4095), grid, WINDOW, method)
    seen = inside(places(grid, WINDOW), SHAPE)
    assert not found.flags[seen].any()
    assert found.values[seen].min() == 1
    assert found.values[seen].max() == 4094
    free = resample(SensorImage(counts, 4095), grid, WINDOW, method, np.float32).values[seen]
    assert free.min() < 0
    assert free.max() > 4095


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("method", METHODS)
def test_cells_without_a_place_have_no_data(method: Interpolation, bad: float) -> None:
    grid = grid_of(0.0)
    rows = grid.rows.copy()
    rows[2, 3] = bad
    expected = resample(SensorImage(noise()), grid, WINDOW, method)
    found = resample(SensorImage(noise()), dataclasses.replace(grid, rows=rows), WINDOW, method)
    around = (slice(37 + 1, 3 * 37), slice(2 * 37 + 1, 4 * 37))
    assert (found.flags[around] == NO_DATA).all()
    assert not found.values[around].any()
    kept = np.ones(found.flags.shape, bool)
    kept[37 : 3 * 37, 2 * 37 : 4 * 37] = False
    np.testing.assert_array_equal(found.values[kept], expected.values[kept])


@pytest.mark.parametrize("method", METHODS)
def test_a_window_that_sees_nothing_needs_nothing(method: Interpolation) -> None:
    grid = grid_of(0.0)
    away = dataclasses.replace(grid, rows=grid.rows + 1000)
    needed = source_window(SHAPE, away, WINDOW, method)
    assert (needed.height, needed.width) == (0, 0)
    nothing = SensorImage(np.empty((0, 0), np.uint16), None, 0, 0, SHAPE)
    found = resample(nothing, away, WINDOW, method)
    assert (found.flags == NO_DATA).all()
    assert not found.values.any()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (3, 40)])
def test_images_smaller_than_a_kernel(method: Interpolation, shape: tuple[int, int]) -> None:
    counts = noise(shape)
    grid = rotated_grid(shape, (3, 3), 25, 12.0)
    window = PixelWindow(0, 0, 51, 51)
    at = places(grid, window)
    found = resample(SensorImage(counts), grid, window, method, np.float32)
    seen = inside(at, shape)
    assert seen.any()
    np.testing.assert_array_equal(found.flags, np.where(seen, 0, NO_DATA))
    if min(shape) > 3:
        expected = interpolated(counts, at, method)
        np.testing.assert_allclose(found.values[seen], expected[seen], atol=0.01)
    assert np.isfinite(found.values[seen]).all()


def bad_grids() -> dict[str, Any]:
    """Grids that are none, by what is wrong."""
    nodes = np.zeros((3, 3))
    return {
        "expected two arrays of one shape": lambda: InverseGrid(nodes, nodes[1:], 5),
        "at least 2 x 2": lambda: InverseGrid(nodes[:1], nodes[:1], 5),
        "nodes are not float64": lambda: InverseGrid(nodes, nodes.astype(np.float32), 5),
        "a step of 0 pixels": lambda: InverseGrid(nodes, nodes, 0),
        "expected 2 of uint16 or float32": lambda: SensorImage(nodes),
        "1 axes of uint16": lambda: SensorImage(np.zeros(3, np.uint16)),
        "are not inside an image of 4 x 4": lambda: SensorImage(noise((3, 3)), None, 2, 0, (4, 4)),
        "empty window": lambda: source_window((9, 9), InverseGrid(nodes, nodes, 5), PixelWindow(0, 0, 0, 3)),
        "covers rows 0 to 10 and columns 0 to 10": lambda: source_window(
            (9, 9), InverseGrid(nodes, nodes, 5), PixelWindow(0, 0, 12, 3)
        ),
    }


@pytest.mark.parametrize("fault", list(bad_grids()))
def test_faults_are_named(fault: str) -> None:
    with pytest.raises(ProductError, match=fault):
        bad_grids()[fault]()


def test_the_last_nodes_belong_to_the_grid() -> None:
    grid = grid_of(0.0)
    window = PixelWindow(0, 0, 186, 186)
    rows, _ = places(grid, window)
    assert rows[-1, -1] == grid.rows[-1, -1]
    resample(SensorImage(noise()), grid, window)
    with pytest.raises(ProductError, match="inverse grid: covers rows"):
        resample(SensorImage(noise()), grid, PixelWindow(0, 0, 187, 186))
    with pytest.raises(ProductError, match="inverse grid: covers rows"):
        resample(SensorImage(noise()), grid, PixelWindow(-1, 0, 2, 2))
