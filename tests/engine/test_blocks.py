"""Blocks cut, resample, pad and encode the same way whatever their size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.engine import Margins, reads, writes
from ipf.engine.blocks import Area, aligned, encode, read_area, scene_area, split
from ipf.errors import PluginError, StepError
from ipf.product.raster import Grid, Raster, Window, raster_of_array

CELLS = st.integers(1, 12)


def physical_raster(cells: int, resolution: int, seed: int = 0) -> Raster:
    size = cells * 60 // resolution
    counts = np.random.default_rng(seed).integers(0, 4000, (size, size)).astype(np.uint16)
    grid = Grid(32633, 0.0, 0.0, resolution, size, size)
    return raster_of_array("layer", grid, counts, "1", 1e-4, -1000.0, 0)


@given(CELLS, CELLS, st.integers(1, 8))
def test_split_covers_each_pixel_once(rows: int, columns: int, size: int) -> None:
    scene = Area(0, 0, rows * 60, columns * 60)
    seen = np.zeros((rows * 3, columns * 3), int)
    for area in split(scene, size * 60):
        seen[area.window(20).slices] += 1
    assert (seen == 1).all()


@given(
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from([10, 20, 60]),
)
def test_aligned_covers_the_window(row: int, column: int, height: int, width: int, resolution: int) -> None:
    scene = Area(0, 0, 60 * 100, 60 * 100)
    window = Window(row, column, height, width)
    area = aligned(window, resolution, scene)
    inner = area.window(resolution)
    assert area.top % 60 == area.left % 60 == area.height % 60 == area.width % 60 == 0
    assert inner.row <= row
    assert inner.column <= column
    assert inner.row + inner.height >= row + height
    assert inner.column + inner.width >= column + width
    assert inner.height * resolution < height * resolution + 120


@given(
    CELLS,
    st.sampled_from([10, 20, 60]),
    st.sampled_from([10, 20, 60]),
    st.integers(0, 7),
    st.integers(0, 150),
)
def test_what_a_pixel_gets_depends_on_its_place_only(
    cells: int, native: int, wanted: int, size: int, margin: int
) -> None:
    raster = physical_raster(cells, native)
    margins = Margins(margin, 0, 2 * margin, margin)
    scene = scene_area(raster.grid)
    whole = read_area(raster, scene, wanted, margins)
    top, left = -(-margin // wanted), -(-2 * margin // wanted)
    for area in split(scene, 60 * (size + 1)):
        part = read_area(raster, area, wanted, margins)
        window = area.window(wanted)
        expected = whole[
            window.row : window.row + part.shape[0], window.column : window.column + part.shape[1]
        ]
        np.testing.assert_array_equal(part, expected)
    assert np.isnan(whole[:top]).all()
    assert np.isnan(whole[:, :left]).all()


def test_line_offset_takes_the_band_further_down() -> None:
    raster = physical_raster(4, 20)
    area = Area(60, 60, 60, 60)
    np.testing.assert_array_equal(
        read_area(raster, area, 20, line_offset=2), read_area(raster, Area(0, 0, 240, 240), 20)[5:8, 3:6]
    )
    far = read_area(raster, area, 20, line_offset=50)
    assert far.shape == (3, 3)
    assert np.isnan(far).all()


def test_classes_come_as_they_are_and_are_padded_with_nodata() -> None:
    counts = np.arange(36, dtype=np.uint8).reshape(6, 6)
    raster = raster_of_array("classes", Grid(32633, 0, 0, 20, 6, 6), counts, "class", nodata=99)
    found = read_area(raster, Area(0, 0, 60, 60), 20, Margins.around(20))
    assert found.dtype == np.uint8
    assert (found[0] == 99).all()
    np.testing.assert_array_equal(found[1:, 1:], counts[:4, :4])
    fine = read_area(raster, Area(0, 0, 60, 60), 10)
    np.testing.assert_array_equal(fine, counts[:3, :3].repeat(2, 0).repeat(2, 1))


def test_encoding_limits_rounds_and_keeps_nodata() -> None:
    declaration = writes(
        unit="1", dtype="uint16", scale=1e-4, offset=-1000, nodata=0, minimum=1, maximum=32767
    )
    values = np.array([[np.nan, -5.0, 0.0, 0.12344, 9.0]], np.float32)
    counts = encode(values, declaration, (1, 5), "step", "layer")
    np.testing.assert_array_equal(counts, [[0, 1, 1000, 2234, 32767]])
    with pytest.raises(StepError, match="shape"):
        encode(values, declaration, (5, 1), "step", "layer")
    with pytest.raises(StepError, match="float64"):
        encode(values.astype(np.float64), declaration, (1, 5), "step", "layer")


def test_negative_margins_are_refused() -> None:
    with pytest.raises(PluginError, match="negative"):
        reads(margin=-20)


def test_coarser_flags_keep_every_bit() -> None:
    flags = np.zeros((6, 6), np.uint8)
    flags[0, 0], flags[2, 1], flags[5, 5] = 1, 4, 128
    grid = Grid(32633, 0, 0, 10, 6, 6)
    raster = replace(raster_of_array("quality", grid, flags, "flags"), flags=("LOST", "SATURATED"))
    found = read_area(raster, Area(0, 0, 60, 60), 20)
    np.testing.assert_array_equal(found, [[1, 0, 0], [4, 0, 0], [0, 0, 128]])
    assert read_area(raster, Area(0, 0, 60, 60), 60).item() == 133
