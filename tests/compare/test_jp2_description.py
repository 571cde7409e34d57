"""Boxes, comments and trailing bytes of JP2 files: each kind of damage is found by the check meant for it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from ipf.compare.comparison import compare
from ipf.compare.jp2_description import describe_jp2
from ipf.compare.tolerance_files import load_tolerances
from ipf.errors import ProductError
from ipf.product.jp2_boxes import box
from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.raster import Grid
from tests.compare.rasters import ground
from tests.compare.tiffs import failures

GRID = Grid(32629, 499980.0, 5900040.0, 10, 64, 64)
START = b"\xff\x4f"
UUID = bytes(range(16))
XML = b"<product><GENERATION_TIME>2022-10-05T16:44:54.000000Z</GENERATION_TIME><gain>1</gain></product>"


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "reference.jp2"
    encode_jpeg2000(path, ground(GRID.shape), GRID, ImageKind.BAND)
    with_box(box("xml ", XML))(path)
    return path


def replaced(old: bytes, new: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = path.read_bytes()
        assert content.count(old) == 1
        path.write_bytes(content.replace(old, new))

    return damage


def with_box(content: bytes) -> Callable[[Path], None]:
    """Put a box before the code-stream."""

    def damage(path: Path) -> None:
        whole = path.read_bytes()
        place = whole.index(b"jp2c") - 4
        path.write_bytes(whole[:place] + content + whole[place:])

    return damage


def with_segment(marker: int, content: bytes) -> Callable[[Path], None]:
    """Put a marker segment in front of the first tile-part."""

    def damage(path: Path) -> None:
        whole = path.read_bytes()
        start = whole.index(b"jp2c") - 4
        place = whole.index(b"\xff\x90", start)
        segment = struct.pack(">HH", marker, 2 + len(content)) + content
        length = struct.unpack_from(">I", whole, start)[0] + len(segment)
        path.write_bytes(
            whole[:start] + struct.pack(">I", length) + whole[start + 4 : place] + segment + whole[place:]
        )

    return damage


def appended(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes() + content) and None


def compared(reference: Path, damage: Callable[[Path], None], profile: str) -> dict[tuple[str, str], str]:
    candidate = reference.with_name("candidate.jp2")
    candidate.write_bytes(reference.read_bytes())
    damage(candidate)
    return failures(compare(reference, candidate, load_tolerances(profile)))


COLOUR = box("colr", struct.pack(">BBBI", 1, 0, 0, 17))
HEADER = box("ihdr", struct.pack(">IIHBBBB", 64, 64, 1, 14, 7, 1, 0))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            replaced(COLOUR, box("colr", struct.pack(">BBBI", 1, 0, 0, 16))),
            "box jp2h/colr is method 1, precedence 0, approximation 0, colour space 16, expected",
        ),
        (
            replaced(HEADER, box("ihdr", struct.pack(">IIHBBBB", 64, 64, 1, 15, 7, 1, 0))),
            "box jp2h/ihdr is 64 x 64 pixels, 1 components, bits 15",
        ),
        (replaced(b"jp2 \0\0\0\0jp2 ", b"jp2 \0\0\0\1jp2 "), "box ftyp is 6a70322000000001"),
        (with_box(box("uuid", UUID + b"more")), f"box uuid {UUID.hex()} is 20 bytes"),
        (with_box(box("res ", box("resc", bytes(10)))), "box res is 18 bytes, SHA-256"),
        (with_box(box("xml ", b"<other/>")), "XML box 2 is <other/>, expected none"),
        (replaced(b"<gain>1<", b"<gain>2<"), "XML box 1 gain is 2, expected 1"),
        (replaced(b"<gain>1<", b"<gain>1>"), "XML box 1 is"),
        (replaced(b"<gml:low>1 1<", b"<gml:low>0 0<"), "box asoc/asoc/xml is"),
        (appended(b"\0tail"), "bytes after the code-stream is 5 bytes, SHA-256"),
        (appended(box("free", b"")), "bytes after the code-stream is 8 bytes, SHA-256"),
        (with_segment(0xFF63, bytes(4)), "markers is SIZ, COD, QCD, CRG, expected SIZ, COD, QCD"),
    ],
)
def test_another_box_is_one_of_encoding(reference: Path, damage: Callable[[Path], None], told: str) -> None:
    found = compared(reference, damage, "identical")
    assert found.keys() == {("encoding", "raster")}
    assert told in found["encoding", "raster"]
    assert compared(reference, damage, "same-algorithm") == {}


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            with_segment(0xFF64, b"\0\1Kakadu-v7.4"),
            "comments of the code-stream is",
        ),
        (replaced(b"2022-10-05T16:44:54", b"2023-01-01T00:00:00"), "GENERATION_TIME is 2023-01-01T00:00:00"),
    ],
)
def test_what_a_program_says_of_itself_is_one_of_naming(
    reference: Path, damage: Callable[[Path], None], told: str
) -> None:
    found = compared(reference, damage, "identical")
    assert found.keys() == {("naming", "raster")}
    assert told in found["naming", "raster"]
    assert compared(reference, damage, "rounding") == {}


def test_a_reference_system_that_is_not_that_of_the_others_is_found(reference: Path) -> None:
    """The place is read from one of three elements."""

    def damage(path: Path) -> None:
        head, found, tail = path.read_bytes().rpartition(b"EPSG::32629")
        assert found
        path.write_bytes(head + b"EPSG::32630" + tail)

    assert ("encoding", "raster") in compared(reference, damage, "identical")


def test_boxes_and_comments_of_a_real_image(reference_data: Path) -> None:
    (path,) = (reference_data / "registration_pair").glob("ref_*.jp2")
    found = describe_jp2(path)
    assert found.comments.startswith("Kakadu-v7.7.1")
    assert str(found.structure["boxes"]).endswith("uuid b14bf8bd083d4b43a5ae8cd7d5a6ce03, jp2c")
    assert found.structure["samples"] == "16 bits unsigned, every 1 x 1 pixels"
    assert found.structure["bytes after the code-stream"] == "none"
    assert found.documents == ()


def in_tile_part(marker: int, content: bytes) -> Callable[[Path], None]:
    """Put a marker segment into the header of the first tile-part, as that says how long it is."""

    def damage(path: Path) -> None:
        whole = path.read_bytes()
        segment = struct.pack(">HH", marker, 2 + len(content)) + content
        start = whole.index(b"jp2c") - 4
        place = whole.index(b"\xff\x90", start)
        (box_length,) = struct.unpack_from(">I", whole, start)
        (length,) = struct.unpack_from(">I", whole, place + 6)
        made = bytearray(whole[: place + 12] + segment + whole[place + 12 :])
        struct.pack_into(">I", made, start, box_length + len(segment))
        struct.pack_into(">I", made, place + 6, length + len(segment) if length else 0)
        path.write_bytes(made)

    return damage


def with_a_second_part(path: Path) -> None:
    """Put an empty part of the first tile after all others."""
    part = struct.pack(">HHHIBB", 0xFF90, 10, 0, 14, 1, 0) + b"\xff\x93"
    whole = path.read_bytes()
    start = whole.index(b"jp2c") - 4
    (length,) = struct.unpack_from(">I", whole, start)
    end = start + length - 2
    assert whole[end : end + 2] == b"\xff\xd9"
    path.write_bytes(
        whole[:start] + struct.pack(">I", length + len(part)) + whole[start + 4 : end] + part + whole[end:]
    )


COMMENT = 0xFF64


@pytest.mark.parametrize("profile", ["identical", "rounding"])
def test_comments_of_tile_parts_are_compared_as_those_of_the_main_header(
    reference: Path, profile: str
) -> None:
    found = compared(reference, in_tile_part(COMMENT, b"\0\1made elsewhere"), profile)
    if profile == "rounding":
        assert not found
        return
    assert found.keys() == {("naming", "raster")}
    assert "tile 0 part 0: made elsewhere" in found["naming", "raster"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (in_tile_part(0xFF5E, b"\0\0\0"), "marker RGN of tile-parts is 000000, expected none"),
        (in_tile_part(0xFF58, b"\0\1"), "markers of tile-parts is PLT, expected none"),
        (with_a_second_part, "tile-parts is 2: 0.0 0.1, expected one of each tile, in the order of tiles"),
    ],
)
def test_headers_of_tile_parts_are_compared(
    reference: Path, damage: Callable[[Path], None], told: str
) -> None:
    found = compared(reference, damage, "identical")
    assert found.keys() == {("encoding", "raster")}
    assert told in found["encoding", "raster"]


def test_a_header_of_a_tile_part_without_end_is_refused(reference: Path) -> None:
    in_tile_part(0x0102, b"\0\0")(reference)
    with pytest.raises(ProductError, match="tile 0, part 0 is malformed or cut at byte"):
        describe_jp2(reference)
