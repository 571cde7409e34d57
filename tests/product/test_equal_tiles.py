"""Tiles of the same bytes: found where they are, decoded once, never told of where they may differ."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osgeo import gdal

from ipf.errors import ProductError
from ipf.product import images
from ipf.product.bands import BY_NAME
from ipf.product.equal_tiles import equal_tiles
from ipf.product.images import decode_flags, decode_image
from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.raster import Grid, Window

SIDE = 256
"""Pixels along a tile of a mask at 60 m."""
GRID = Grid(32632, 600000.0, 4900020.0, 60, 4 * SIDE + 100, 5 * SIDE + 40)
ROWS, COLUMNS = 5, 6
TILE = Grid(32718, 199980.0, 8700040.0, 10, 10980, 10980)

SIZ, COD, QCD = b"\xff\x51", b"\xff\x52", b"\xff\x5c"


def quality(path: Path, flags: np.ndarray) -> Path:
    """Write flags as a quality mask of eight planes."""
    encode_jpeg2000(path, [(flags >> bit) & np.uint8(1) for bit in range(8)], GRID, ImageKind.QUALIT)
    return path


def empty() -> np.ndarray:
    return np.zeros(GRID.shape, np.uint8)


def gdal_mask(path: Path, **options: str) -> Path:
    """An empty mask of one component in tiles of 64 as GDAL writes it with other options."""
    source = gdal.GetDriverByName("MEM").Create("", 300, 200, 1, gdal.GDT_Byte)
    settings = {"BLOCKXSIZE": "64", "BLOCKYSIZE": "64", "RESOLUTIONS": "3", "REVERSIBLE": "YES"}
    settings |= {
        "CODEBLOCK_WIDTH": "16",
        "CODEBLOCK_HEIGHT": "16",
        "QUALITY": "100",
        "PROFILE": "UNRESTRICTED",
    }
    chosen = [f"{name}={value}" for name, value in (settings | options).items()]
    gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(str(path), source, 0, chosen)
    return path


def plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every tile decoded."""
    monkeypatch.setattr(images, "equal_tiles", lambda path: [])


def covered(groups: list[list[Window]], shape: tuple[int, int]) -> np.ndarray:
    """How often each pixel lies in a window."""
    times = np.zeros(shape, np.int64)
    for group in groups:
        assert len({(window.height, window.width) for window in group}) == 1
        for window in group:
            times[window.slices] += 1
    return times


def test_an_empty_mask_has_one_kind_of_tile_for_each_size(tmp_path: Path) -> None:
    groups = equal_tiles(quality(tmp_path / "mask.jp2", empty()))
    assert sorted(map(len, groups)) == [1, ROWS - 1, COLUMNS - 1, (ROWS - 1) * (COLUMNS - 1)]
    assert (covered(groups, GRID.shape) == 1).all()


def test_flagged_tiles_are_apart_unless_they_are_alike(tmp_path: Path) -> None:
    flags = empty()
    flags[300, 300] = 128
    flags[300 + SIDE, 300 + 2 * SIDE] = 128
    flags[300, 300 + 2 * SIDE] = 16
    groups = equal_tiles(quality(tmp_path / "mask.jp2", flags))
    assert sorted(map(len, groups)) == [1, 1, 2, ROWS - 1, COLUMNS - 1, (ROWS - 1) * (COLUMNS - 1) - 3]
    (pair,) = (group for group in groups if len(group) == 2)
    assert pair == [Window(256, 256, 256, 256), Window(512, 768, 256, 256)]


@given(seed=st.integers(0, 10**6), flagged=st.integers(0, 40))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scattered_flags_come_back(tmp_path: Path, seed: int, flagged: int) -> None:
    random = np.random.default_rng(seed)
    flags = empty()
    rows, columns = random.integers(0, GRID.rows, flagged), random.integers(0, GRID.columns, flagged)
    flags[rows, columns] = random.integers(1, 256, flagged)
    path = quality(tmp_path / "mask.jp2", flags)
    np.testing.assert_array_equal(decode_flags(path, GRID, 8), flags)


def test_each_kind_of_tile_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = empty()
    flags[0, 0] = 1
    path = quality(tmp_path / "mask.jp2", flags)
    decoded: list[Window] = []
    read = images._samples

    def counting(dataset: gdal.Dataset, window: Window) -> np.ndarray:
        decoded.append(window)
        return read(dataset, window)

    monkeypatch.setattr(images, "_samples", counting)
    np.testing.assert_array_equal(decode_flags(path, GRID, 8), flags)
    assert len(decoded) == 5
    assert sum(window.height * window.width for window in decoded) < 0.2 * flags.size
    decoded.clear()
    # On enough threads all tiles side by side are sooner done than the distinct ones in turn.
    np.testing.assert_array_equal(decode_flags(path, GRID, 8, threads=6), flags)
    assert sum(window.height * window.width for window in decoded) == flags.size


def test_a_footprint_too_is_put_together_of_its_distinct_tiles(tmp_path: Path) -> None:
    detectors = np.repeat(np.array([2, 3], np.uint8), [2 * SIDE, GRID.columns - 2 * SIDE])
    footprint = np.ascontiguousarray(np.broadcast_to(detectors, GRID.shape))
    footprint[:300, 600:700] = 0
    path = tmp_path / "MSK_DETFOO_B01.jp2"
    encode_jpeg2000(path, footprint, GRID, ImageKind.DETFOO)
    assert 6 < len(equal_tiles(path)) < ROWS * COLUMNS / 2
    np.testing.assert_array_equal(decode_image(path, GRID, np.dtype(np.uint8)), footprint)


@pytest.mark.parametrize("band", ["B01", "B02", "B05", "B10", "B11", "B12"])
def test_real_masks_are_as_gdal_reads_them(reference_data: Path, band: str) -> None:
    """The other bands' files are byte for byte those of B01, B02 and B05; in the last tiles, for time."""
    (path,) = reference_data.glob(f"products/*T18LTM*/GRANULE/*/QI_DATA/MSK_QUALIT_{band}.jp2")
    grid = TILE.at(BY_NAME[band].resolution)
    groups = equal_tiles(path)
    assert (covered(groups, grid.shape) == 1).all()
    assert len(groups) <= 14
    flags = decode_flags(path, grid, 8)
    first = {10: 9216, 20: 2048, 60: 0}[grid.resolution]
    rest = grid.rows - first
    planes = gdal.Open(str(path)).ReadAsArray(first, first, rest, rest)
    for bit, plane in enumerate(planes):
        np.testing.assert_array_equal((flags[first:, first:] >> bit) & 1, plane != 0)


def test_real_footprints_are_as_whole_decoding_gives_them(
    reference_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = reference_data.glob("products/*T18LTM*/GRANULE/*/QI_DATA/MSK_DETFOO_B02.jp2")
    assert len(equal_tiles(path)) == 50
    footprint = decode_image(path, TILE, np.dtype(np.uint8))
    plainly(monkeypatch)
    np.testing.assert_array_equal(footprint, decode_image(path, TILE, np.dtype(np.uint8)))


@pytest.mark.parametrize("equal_damage", [False, True])
def test_damage_is_told_as_whole_decoding_tells_it(
    tmp_path: Path, equal_damage: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one of the tiles and in all of them; whatever is made of it is the same."""
    flags = empty()
    flags[5:200, 5:200] = np.random.default_rng(1).integers(0, 256, (195, 195))
    whole = quality(tmp_path / "whole.jp2", flags).read_bytes()
    starts = [place for place in range(len(whole)) if whole.startswith(b"\xff\x90\x00\x0a", place)]
    assert len(starts) == ROWS * COLUMNS
    path, outcomes = tmp_path / "damaged.jp2", []
    for place in (12, 14, 15, 16, 18, 20, 23, 40, 2000):
        content = bytearray(whole)
        for start in starts[1:] if equal_damage else starts[:1]:
            if place < struct.unpack_from(">I", whole, start + 6)[0]:
                content[start + place] ^= 0xFF
        path.write_bytes(content)
        for prepare in (lambda _: None, plainly):
            with monkeypatch.context() as patch:
                prepare(patch)
                try:
                    outcomes.append(decode_flags(path, GRID, 8).tobytes())
                except ProductError as problem:
                    outcomes.append(str(problem))
        assert outcomes[-2] == outcomes[-1]
    assert any(isinstance(outcome, str) and "cannot be decoded" in outcome for outcome in outcomes)


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({}, 4),
        ({"PROGRESSION": "RLCP"}, 4),
        ({"PLT": "YES"}, 4),
        ({"TILEPARTS": "RESOLUTIONS"}, 4),
        ({"PRECINCTS": "{32,32},{32,32},{16,16}"}, 4),
        ({"PROGRESSION": "RPCL"}, 0),
        ({"BLOCKXSIZE": "96"}, 0),
        ({"RESOLUTIONS": "4"}, 0),
    ],
)
def test_nothing_is_told_where_tiles_may_be_cut_differently(
    tmp_path: Path, options: dict[str, str], kinds: int
) -> None:
    """Packets in order of their place, tiles of no power of two, and of half a code-block on the coarsest
    level."""
    path = gdal_mask(tmp_path / "mask.jp2", **options)
    groups = equal_tiles(path)
    assert len(groups) == kinds
    assert (covered(groups, (200, 300)) == bool(kinds)).all()
    if "TILEPARTS" in options:
        assert path.read_bytes().count(b"\xff\x90\x00\x0a") == 3 * 20


@pytest.mark.parametrize(
    ("marker", "offset", "value"),
    [
        (SIZ, 4 + 2 + 8, b"\x00\x00\x00\x01"),  # the image begins beside the corner of its grid
        (SIZ, 4 + 2 + 24, b"\x00\x00\x00\x01"),  # the tiles do
        (SIZ, 4 + 37, b"\x02"),  # a component of every other column
        (SIZ, 4 + 2 + 16, b"\x00\x00\x00\x00"),  # tiles of no width
        (SIZ, 4 + 2, b"\x00\x00\x00\x00"),  # an image of none
        (COD, 4 + 5, b"\xff"),  # 255 levels
        (QCD, 0, b"\xff\x5e"),  # a region of interest
        (QCD, 0, b"\xff\x53"),  # a component coded in its own way
        (QCD, 0, b"\xff\x52"),  # two coding styles
    ],
)
def test_nothing_is_told_of_headers_out_of_the_common(
    tmp_path: Path, marker: bytes, offset: int, value: bytes
) -> None:
    path = gdal_mask(tmp_path / "mask.jp2")
    content = path.read_bytes()
    start = content.index(marker, content.index(b"\xff\x4f\xff\x51")) + offset
    path.write_bytes(content[:start] + value + content[start + len(value) :])
    assert equal_tiles(path) == []


def tile_parts_of(content: bytes) -> tuple[bytes, list[bytes], bytes]:
    """What is before, the tile-parts, what is after."""
    start = position = content.index(b"\xff\x90\x00\x0a")
    parts = []
    while content.startswith(b"\xff\x90\x00\x0a", position):
        (length,) = struct.unpack_from(">I", content, position + 6)
        parts.append(content[position : position + length])
        position += length
    return content[:start], parts, content[position:]


def put_together(before: bytes, parts: list[bytes], after: bytes) -> bytes:
    """The opposite, with the length of the code-stream's box made right."""
    box = before.rindex(b"jp2c") - 4
    codestream = before[box:] + b"".join(parts) + after
    return before[:box] + struct.pack(">I", len(codestream)) + codestream[4:]


def test_nothing_is_told_of_tiles_that_are_missing_or_out_of_order(tmp_path: Path) -> None:
    path = gdal_mask(tmp_path / "mask.jp2", TILEPARTS="RESOLUTIONS")
    before, parts, after = tile_parts_of(path.read_bytes())
    assert len(before) + len(after) + sum(map(len, parts)) == path.stat().st_size
    numbered = [part[:4] + b"\x00\x63" + part[6:] for part in parts[:3]] + parts[3:]
    for changed in (numbered, [parts[1], parts[0], *parts[2:]], [*parts[:-3], *parts[:3]], parts[3:]):
        path.write_bytes(put_together(before, changed, after))
        assert equal_tiles(path) == []


def test_a_tile_with_a_header_of_its_own_is_alone(tmp_path: Path) -> None:
    """A tile may state another coding style: then equal bytes need not be equal samples."""
    path = gdal_mask(tmp_path / "mask.jp2")
    content = path.read_bytes()
    start = content.index(b"\xff\x52", content.index(b"\xff\x4f\xff\x51"))
    (length,) = struct.unpack_from(">H", content, start + 2)
    style = content[start : start + 2 + length]
    before, parts, after = tile_parts_of(content)
    changed = []
    for part in parts:
        size = struct.pack(">I", len(part) + len(style))
        changed.append(part[:6] + size + part[10:12] + style + part[12:])
    path.write_bytes(put_together(before, changed, after))
    groups = equal_tiles(path)
    assert len(groups) == 20
    assert (covered(groups, (200, 300)) == 1).all()
    assert not gdal.Open(str(path)).ReadAsArray().any()
