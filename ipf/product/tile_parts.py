"""Whether the code-stream of a JP2 file is whole, told from its tile-parts without decoding.

Every tile-part states its length (ISO/IEC 15444-1, annex A.4.2: SOT, Psot), so that a file that was cut, or
that lost a part of its inside, breaks the chain. A decoder would tell as well, but late, from threads of its
own and on standard error.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from ipf.errors import ProductError
from ipf.product.jp2_boxes import CODESTREAM, read_boxes

_HEAD_BYTES = 2**16
_START_OF_TILE_PART, _END_OF_CODESTREAM = 0xFF90, 0xFFD9
_MARKER_BYTES = 2
_TILE_PART_HEADER_BYTES = 12
"""SOT: marker, length, tile, length of the tile-part, number, count."""


def check_codestream(path: Path) -> None:
    """Follow the tile-parts of the JP2 file `path` to the end of the code-stream.

    Raises ProductError naming the file when it is not a JP2 file or the chain breaks; OSError passes.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(_HEAD_BYTES)
        boxes = read_boxes(head, size, str(path), ProductError)
        codestream = next(box for box in boxes if box.kind == CODESTREAM)
        end = codestream.start + codestream.length
        position = _first_tile_part(head, codestream.start, path)
        while position != end - _MARKER_BYTES:
            position += _tile_part_length(file, position, end, path)
        file.seek(position)
        if file.read(_MARKER_BYTES) != _END_OF_CODESTREAM.to_bytes(2, "big"):
            raise ProductError(f"{path}: JPEG 2000 code-stream without end, after its last tile-part")


def _first_tile_part(head: bytes, start: int, path: Path) -> int:
    """Byte of the first tile-part: after the start marker and the segments of the main header."""
    position = start + _MARKER_BYTES
    while position + 4 <= len(head):
        marker, length = struct.unpack_from(">HH", head, position)
        if marker == _START_OF_TILE_PART:
            return position
        if marker < 0xFF00 or length < 2:
            break
        position += _MARKER_BYTES + length
    raise ProductError(f"{path}: JPEG 2000 code-stream without a tile-part")


def _tile_part_length(file: BinaryIO, position: int, end: int, path: Path) -> int:
    file.seek(position)
    header = file.read(_TILE_PART_HEADER_BYTES)
    if len(header) == _TILE_PART_HEADER_BYTES:
        marker, _, tile, length = struct.unpack_from(">HHHI", header)
        # Length 0 means: up to the end marker.
        length = length or end - _MARKER_BYTES - position
        fits = _TILE_PART_HEADER_BYTES <= length <= end - _MARKER_BYTES - position
        if marker == _START_OF_TILE_PART and fits:
            return int(length)
        if marker == _START_OF_TILE_PART:
            raise ProductError(f"{path}: JPEG 2000 code-stream is cut in tile {tile}")
    raise ProductError(f"{path}: JPEG 2000 code-stream is damaged at byte {position}: no tile-part there")
