"""Coding of images many of whose tiles hold the same samples, as masks do: one tile of each kind is coded.

A tile's bytes tell nothing of its place but its number, where all tiles are cut alike (see `equal_tiles`).
So a small image is coded that has one tile of each kind, and what came of it is put together as the whole
image would have been coded, byte for byte.
"""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ipf.product.raster import Window
from ipf.product.tile_parts import main_header, tile_parts

Samples = npt.NDArray[Any]
Encode = Callable[[Path, list[Samples]], None]
"""``encode(codestream, planes)`` codes an image of one or more planes to a raw code-stream."""

_SIDES_AT = 8
"""Byte of a code-stream where columns and rows of the image stand: after SOC, SIZ, its length and Rsiz."""
_TILE_NUMBER_AT = 4
"""Byte of a tile-part where the number of its tile stands: after SOT and its length."""
_SOT_BYTES = 12
_MOST_OF_THE_WHOLE = 0.5
"""Tiles of the small image to those of the whole, from which on it is not worth while."""
_FIRST_LOOK = 16
"""Of so many rows one is looked at first: where they tell that tiles differ, the others are not."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """Tiles of `side` pixels of an image, numbered row by row; those at the far edges may be smaller."""

    rows: int
    columns: int
    side: int

    @property
    def down(self) -> int:
        """Rows of tiles."""
        return -(-self.rows // self.side)

    @property
    def across(self) -> int:
        """Columns of tiles."""
        return -(-self.columns // self.side)

    def window(self, tile: int) -> Window:
        """The pixels of a tile."""
        row, column = divmod(tile, self.across)
        whole = Window(row * self.side, column * self.side, self.side, self.side)
        return whole.clipped(self.rows, self.columns)

    def places(self, cut_below: bool, cut_right: bool) -> list[int]:
        """Tiles that are cut short at the lower edge or not, and at the right edge or not."""
        below, beside = self.rows % self.side != 0, self.columns % self.side != 0
        rows = range(self.down - below, self.down) if cut_below else range(self.down - below)
        columns = range(self.across - beside, self.across) if cut_right else range(self.across - beside)
        return [row * self.across + column for row in rows for column in columns]


_CUTS = ((False, False), (False, True), (True, False), (True, True))
"""Cut short below, and at the right: the tiles of an image have one of four shapes."""


def encode_kinds_of_tiles(
    codestream: Path, planes: list[Samples], coding: tuple[int, int, int], encode: Encode
) -> None:
    """Write the code-stream of an image: through one tile of each kind, where that spares half of the work.

    `planes` are C-contiguous, (rows, columns) each; `coding` is the side of tiles and of code-blocks and the
    number of wavelet levels. What `encode` raises passes.
    """
    rows, columns = planes[0].shape
    side, code_block, levels = coding
    whole = Tiling(rows, columns, side)
    # Only such tiles are all cut into code-blocks and precincts alike, see `equal_tiles`.
    alike = side.bit_count() == 1 and side >= code_block << levels and min(rows, columns) >= side
    kinds = _kinds_worth_it(planes, whole) if alike else None
    if kinds is None:
        encode(codestream, planes)
        return
    small = _small_tiling(whole, kinds)
    stands_for = _stand_ins(small, kinds)
    part = codestream.with_suffix(".kinds")
    try:
        encode(part, _small_planes(planes, whole, small, stands_for))
        _put_together(part, codestream, whole, stands_for)
    finally:
        part.unlink(missing_ok=True)


Kinds = dict[tuple[bool, bool], list[list[int]]]
"""Tiles that hold the same samples, together, by how they are cut short."""


def _kinds_worth_it(planes: Sequence[Samples], whole: Tiling) -> Kinds | None:
    """Kinds of tiles; None where there are too many of them."""
    kinds: Kinds = {}
    for step in (_FIRST_LOOK, 1):
        kinds = _kinds(planes, whole, step)
        small = _small_tiling(whole, kinds)
        if small.down * small.across > _MOST_OF_THE_WHOLE * whole.down * whole.across:
            return None
    return kinds


def _kinds(planes: Sequence[Samples], tiling: Tiling, step: int) -> Kinds:
    """Tiles by what every `step`-th of their rows holds."""
    distinct = list({id(plane): plane for plane in planes}.values())
    found: Kinds = {}
    for cut in _CUTS:
        alike: defaultdict[bytes, list[int]] = defaultdict(list)
        for tile in tiling.places(*cut):
            rows, columns = tiling.window(tile).slices
            digest = hashlib.blake2b(digest_size=32)
            for plane in distinct:
                digest.update(plane[rows, columns][::step].tobytes())
            alike[digest.digest()].append(tile)
        found[cut] = list(alike.values())
    return found


def _small_tiling(whole: Tiling, kinds: Kinds) -> Tiling:
    """The least image with a tile of each kind that ends at the edges as the whole one does."""
    inner, right, below, _ = (len(kinds[cut]) for cut in _CUTS)
    across = max(below, 1)
    down = max(-(-inner // across), right)
    last_row, last_column = whole.rows % whole.side, whole.columns % whole.side
    return Tiling(down * whole.side + last_row, across * whole.side + last_column, whole.side)


def _stand_ins(small: Tiling, kinds: Kinds) -> dict[int, list[int]]:
    """For each tile of the small image those of the whole that it stands for; some stand for none."""
    return {
        place: group for cut in _CUTS for place, group in zip(small.places(*cut), kinds[cut], strict=False)
    }


def _small_planes(
    planes: Sequence[Samples], whole: Tiling, small: Tiling, stands_for: dict[int, list[int]]
) -> list[Samples]:
    """The planes of the small image; one that stands for several components still does."""
    made: dict[int, Samples] = {}
    for plane in planes:
        if id(plane) not in made:
            part = np.zeros((small.rows, small.columns), plane.dtype)
            for place, tiles in stands_for.items():
                part[small.window(place).slices] = plane[whole.window(tiles[0]).slices]
            made[id(plane)] = part
    return [made[id(plane)] for plane in planes]


def _put_together(part: Path, codestream: Path, whole: Tiling, stands_for: dict[int, list[int]]) -> None:
    """Write the code-stream of the whole image from that of the small one."""
    with part.open("rb") as source, codestream.open("wb") as target:
        header, tiles = _bytes_of_tiles(source, part)
        target.write(header[:_SIDES_AT])
        target.write(struct.pack(">II", whole.columns, whole.rows))
        target.write(header[_SIDES_AT + 8 :])
        place_of = {tile: place for place, group in stands_for.items() for tile in group}
        for tile in range(whole.down * whole.across):
            for piece in tiles[place_of[tile]]:
                target.write(piece[:_TILE_NUMBER_AT])
                target.write(struct.pack(">H", tile))
                target.write(piece[_TILE_NUMBER_AT + 2 :])
        target.write(b"\xff\xd9")


def _bytes_of_tiles(source: BinaryIO, path: Path) -> tuple[bytes, dict[int, list[bytes]]]:
    """Main header, and tile-parts by the tile, of a raw code-stream."""
    content = source.read()
    header = main_header(content, 0, len(content), path)
    pieces: defaultdict[int, list[bytes]] = defaultdict(list)
    for piece in tile_parts(source, header, path):
        pieces[piece.tile].append(content[piece.start - _SOT_BYTES : piece.start + piece.length])
    return content[: header.first_tile_part], pieces
