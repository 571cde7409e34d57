"""Which tiles of a JPEG 2000 image are coded by the same bytes, and so decode to the same samples.

Masks are almost empty: of the 121 tiles of a quality mask at 10 m four are distinct. The same bytes mean the
same samples where the tiles are of one size and are cut into code-blocks and precincts alike. Those lie on
grids from the image's corner (ISO/IEC 15444-1, annex B.6 and B.7), each of a power of two on the pixels of
its wavelet level. Tiles whose side is a power of two, and at least a code-block on the coarsest level, begin
on edges of the finer of these grids and never straddle one of the coarser: so all are cut alike. Where
packets are ordered by their place (annex B.12), or anything else is out of the common, nothing is told.
"""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ipf.product.raster import Window
from ipf.product.tile_parts import MainHeader, TilePart, read_main_header, tile_parts

_SIZE, _CODING, _QUANTISATION, _COMPONENT_QUANTISATION = 0xFF51, 0xFF52, 0xFF5C, 0xFF5D
_TILE_PART_LENGTHS, _PACKET_LENGTHS, _COMMENT, _START_OF_DATA = 0xFF55, 0xFF58, 0xFF64, 0xFF93
_PLAIN_MAIN_HEADER = frozenset(
    {_SIZE, _CODING, _QUANTISATION, _COMPONENT_QUANTISATION, _TILE_PART_LENGTHS, _COMMENT}
)
"""Segments that hold for all tiles alike; others may code a component or a tile in a way of its own."""
_PLAIN_TILE_HEADER = frozenset({_PACKET_LENGTHS, _COMMENT})
_ORDERS_WITHOUT_PLACE = 2
"""Progression orders 0 (LRCP) and 1 (RLCP) do not ask for a packet's place."""


@dataclass(frozen=True, slots=True)
class _Tiling:
    """Sides of an image and of its tiles, in pixels."""

    rows: int
    columns: int
    tile_rows: int
    tile_columns: int

    @property
    def across(self) -> int:
        return -(-self.columns // self.tile_columns)

    @property
    def tiles(self) -> int:
        return self.across * -(-self.rows // self.tile_rows)

    def window(self, tile: int) -> Window:
        row, column = tile // self.across * self.tile_rows, tile % self.across * self.tile_columns
        return Window(row, column, self.tile_rows, self.tile_columns).clipped(self.rows, self.columns)


def equal_tiles(path: Path) -> list[list[Window]]:
    """Windows of all tiles of the JP2 file `path`, those that decode to the same samples together.

    Empty where that cannot be told from the code-stream. Raises ProductError naming the file when its chain
    of tile-parts breaks; OSError passes.
    """
    with path.open("rb") as file:
        header = read_main_header(file, path)
        tiling = _tiling(header)
        parts: defaultdict[int, list[TilePart]] = defaultdict(list)
        for part in tile_parts(file, header, path):
            parts[part.tile].append(part)
        if tiling is None or not _in_order(parts, tiling.tiles):
            return []
        alike: defaultdict[Hashable, list[int]] = defaultdict(list)
        for tile, own in sorted(parts.items()):
            window = tiling.window(tile)
            lengths = tuple((part.count, part.length) for part in own)
            alike[window.height, window.width, lengths].append(tile)
        groups = [group for tiles in alike.values() for group in _of_same_bytes(file, tiles, parts)]
    return [[tiling.window(tile) for tile in group] for group in groups]


def _tiling(header: MainHeader) -> _Tiling | None:
    """Sides of image and tiles; None unless all tiles of one size are cut and coded alike."""
    markers = [marker for marker, _ in header.segments]
    if not _PLAIN_MAIN_HEADER.issuperset(markers) or markers.count(_SIZE) != 1 or markers.count(_CODING) != 1:
        return None
    size, coding = dict(header.segments)[_SIZE], dict(header.segments)[_CODING]
    try:
        columns, rows, left, top, *tile = struct.unpack_from(">8I", size, 2)
        _, order, _, _, levels, width, height = struct.unpack_from(">BBHBBBB", coding)
    except struct.error:
        return None
    tile_columns, tile_rows, tile_left, tile_top = tile
    if left or top or tile_left or tile_top or order >= _ORDERS_WITHOUT_PLACE or not rows or not columns:
        return None
    # Of each component: bits, then steps between its samples across and down.
    if set(size[37::3]) | set(size[38::3]) != {1}:
        return None
    for side, block in ((tile_columns, width), (tile_rows, height)):
        if side.bit_count() != 1 or side < (4 << block) << levels:
            return None
    return _Tiling(rows, columns, tile_rows, tile_columns)


def _in_order(parts: dict[int, list[TilePart]], tiles: int) -> bool:
    """Whether every tile is there, each with its parts in their order."""
    if len(parts) != tiles or max(parts) >= tiles:
        return False
    return all(part.number == number for own in parts.values() for number, part in enumerate(own))


def _of_same_bytes(file: BinaryIO, tiles: Sequence[int], parts: dict[int, list[TilePart]]) -> list[list[int]]:
    """The tiles in groups of the same bytes; a tile whose header is out of the common is alone."""
    if len(tiles) == 1:
        return [list(tiles)]
    groups: defaultdict[Hashable, list[int]] = defaultdict(list)
    for tile in tiles:
        digest = _digest(file, parts[tile])
        groups[tile if digest is None else digest].append(tile)
    return list(groups.values())


def _digest(file: BinaryIO, parts: Sequence[TilePart]) -> bytes | None:
    """Digest of a tile's bytes but for its number; None where its header holds more than lengths."""
    digest = hashlib.blake2b()
    for part in parts:
        file.seek(part.start)
        body = file.read(part.length)
        if not _has_plain_header(body):
            return None
        digest.update(body)
    return digest.digest()


def _has_plain_header(body: bytes) -> bool:
    position = 0
    while position + 4 <= len(body):
        marker, length = struct.unpack_from(">HH", body, position)
        if marker not in _PLAIN_TILE_HEADER:
            break
        position += 2 + length
    return body[position : position + 2] == _START_OF_DATA.to_bytes(2, "big")
