"""The tile-parts of a JP2 file's code-stream, and whether it is whole, told without decoding.

Every tile-part states its length (ISO/IEC 15444-1, annex A.4.2: SOT, Psot), so that a file that was cut, or
that lost a part of its inside, breaks the chain. A decoder would tell as well, but late, from threads of its
own and on standard error.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ipf.errors import ProductError
from ipf.product.jp2_boxes import CODESTREAM, read_boxes

_HEAD_BYTES = 2**16
_START_OF_TILE_PART, _END_OF_CODESTREAM = 0xFF90, 0xFFD9
_MARKER_BYTES = 2
_TILE_PART_HEADER_BYTES = 12
"""SOT: marker, length, tile, length of the tile-part, number, count."""


@dataclass(frozen=True, slots=True)
class TilePart:
    """One part of a tile: number of the tile, of the part within it, parts in all (0 where that is not told).

    `start` and `length` in bytes are those of what follows the SOT segment: more of a header, then packets.
    """

    tile: int
    number: int
    count: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class MainHeader:
    """Marker segments of the main header (marker, content), and bytes of what follows: tile-parts, then the
    end marker at `end`.
    """

    segments: tuple[tuple[int, bytes], ...]
    first_tile_part: int
    end: int


def check_codestream(path: Path) -> None:
    """Follow the tile-parts of the JP2 file `path` to the end of the code-stream.

    Raises ProductError naming the file when it is not a JP2 file or the chain breaks; OSError passes.
    """
    with path.open("rb") as file:
        header = read_main_header(file, path)
        for _ in tile_parts(file, header, path):
            pass
        file.seek(header.end)
        if file.read(_MARKER_BYTES) != _END_OF_CODESTREAM.to_bytes(2, "big"):
            raise ProductError(f"{path}: JPEG 2000 code-stream without end, after its last tile-part")


def read_main_header(file: BinaryIO, path: Path) -> MainHeader:
    """The main header of the JP2 file `path`, opened as `file`.

    Raises ProductError naming the file when it is not a JP2 file or has no tile-part.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    boxes = read_boxes(head, size, str(path), ProductError)
    codestream = next(box for box in boxes if box.kind == CODESTREAM)
    return main_header(head, codestream.start, codestream.length, path)


def main_header(head: bytes, start: int, length: int, path: Path) -> MainHeader:
    """The main header of the code-stream of `length` bytes from byte `start` on of the file `path`.

    `head` is the beginning of the file. Raises ProductError naming the file when there is no tile-part.
    """
    end = start + length - _MARKER_BYTES
    segments: list[tuple[int, bytes]] = []
    position = start + _MARKER_BYTES
    while position + 4 <= len(head):
        marker, size = struct.unpack_from(">HH", head, position)
        if marker == _START_OF_TILE_PART:
            return MainHeader(tuple(segments), position, end)
        if marker < 0xFF00 or size < 2:
            break
        segments.append((marker, head[position + 4 : position + _MARKER_BYTES + size]))
        position += _MARKER_BYTES + size
    raise ProductError(f"{path}: JPEG 2000 code-stream without a tile-part")


def tile_parts(file: BinaryIO, header: MainHeader, path: Path) -> Iterator[TilePart]:
    """The tile-parts in their order; ProductError naming the file `path` where their chain breaks."""
    position = header.first_tile_part
    while position != header.end:
        part = _tile_part(file, position, header.end, path)
        yield part
        position = part.start + part.length


def _tile_part(file: BinaryIO, position: int, end: int, path: Path) -> TilePart:
    file.seek(position)
    segment = file.read(_TILE_PART_HEADER_BYTES)
    if len(segment) == _TILE_PART_HEADER_BYTES:
        marker, _, tile, length, number, count = struct.unpack(">HHHIBB", segment)
        # Length 0 means: up to the end marker.
        length = length or end - position
        if marker == _START_OF_TILE_PART and _TILE_PART_HEADER_BYTES <= length <= end - position:
            start = position + _TILE_PART_HEADER_BYTES
            return TilePart(tile, number, count, start, length - _TILE_PART_HEADER_BYTES)
        if marker == _START_OF_TILE_PART:
            raise ProductError(f"{path}: JPEG 2000 code-stream is cut in tile {tile}")
    raise ProductError(f"{path}: JPEG 2000 code-stream is damaged at byte {position}: no tile-part there")
