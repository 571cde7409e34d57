"""What the headers of a JP2 file's tile-parts hold: markers after SOT and before the packets.

ISO/IEC 15444-1, annex A.3 and A.4.2: a tile may have coding, quantisation and order of its own (COD, COC,
QCD, QCC, RGN, POC), lengths and headers of packets (PLT, PPT) and comments (COM) in each of its parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ipf.compare.image_tags import NONE, Value, told
from ipf.errors import ProductError
from ipf.product.tile_parts import MainHeader, TilePart, tile_parts

_START_OF_DATA = 0xFF93
_COMMENT = 0xFF64
_FOLLOW_PACKETS = {0xFF58: "PLT", 0xFF61: "PPT"}
"""Markers that hold lengths or headers of packets: they differ wherever a pixel does."""
_NAMES = _FOLLOW_PACKETS | {
    0xFF52: "COD",
    0xFF53: "COC",
    0xFF5C: "QCD",
    0xFF5D: "QCC",
    0xFF5E: "RGN",
    0xFF5F: "POC",
    _COMMENT: "COM",
}


@dataclass(frozen=True, slots=True)
class TilePartHeaders:
    """`structure` by name; contents of comments, each with the words that tell where it stands."""

    structure: dict[str, Value]
    comments: tuple[tuple[str, bytes], ...]


def describe_tile_parts(file: BinaryIO, header: MainHeader, path: Path) -> TilePartHeaders:
    """Describe the headers of all tile-parts of the JP2 file `path`, opened as `file`.

    Raises ProductError naming the file where their chain breaks, or a header does not end within its part.
    """
    places: list[tuple[int, int]] = []
    markers: dict[str, str] = {}
    contents: dict[str, dict[str, str]] = {}
    comments: list[tuple[str, bytes]] = []
    for part in tile_parts(file, header, path):
        where = f"tile {part.tile} part {part.number}"
        places.append((part.tile, part.number))
        names: list[str] = []
        for marker, content in _segments(file, part, path):
            name = _NAMES.get(marker, f"{marker:04X}")
            if marker == _COMMENT:
                comments.append((where, content))
                continue
            names.append(name)
            if marker not in _FOLLOW_PACKETS:
                found = contents.setdefault(name, {})
                found[where] = f"{found[where]} {content.hex()}" if where in found else content.hex()
        if names:
            markers[where] = ", ".join(names)
    structure: dict[str, Value] = {
        "tile-parts": _order(places),
        "markers of tile-parts": _each(markers, len(places)),
    }
    structure |= {
        f"marker {name} of tile-parts": _each(found, len(places)) for name, found in contents.items()
    }
    return TilePartHeaders(structure, tuple(comments))


def _segments(file: BinaryIO, part: TilePart, path: Path) -> Iterator[tuple[int, bytes]]:
    """Marker segments of a tile-part up to its packets; what only follows these is passed over."""
    position, end = part.start, part.start + part.length
    while position + 2 <= end:
        file.seek(position)
        head = file.read(4)
        marker = int.from_bytes(head[:2], "big")
        if marker == _START_OF_DATA:
            return
        length = int.from_bytes(head[2:], "big")
        if marker < 0xFF00 or length < 2 or position + 2 + length > end:
            break
        yield marker, b"" if marker in _FOLLOW_PACKETS else file.read(length - 2)
        position += 2 + length
    raise ProductError(
        f"{path}: header of JPEG 2000 tile {part.tile}, part {part.number} is malformed or cut"
        f" at byte {position}"
    )


def _order(places: list[tuple[int, int]]) -> str:
    """How tiles are cut into parts, and the order of these."""
    if places == [(tile, 0) for tile in range(len(places))]:
        return "one of each tile, in the order of tiles"
    return told(f"{len(places)}: " + " ".join(f"{tile}.{number}" for tile, number in places))


def _each(found: dict[str, str], parts: int) -> str:
    """What is the same in all parts once, else by part."""
    if not found:
        return NONE
    distinct = set(found.values())
    if len(found) == parts and len(distinct) == 1:
        return told(distinct.pop())
    return told("; ".join(f"{where}: {text}" for where, text in found.items()))
