"""The list of tiles under a datastrip (TILE_LIST_FILE): what GET_TILE_LIST writes and later tasks go by.

The form is this project's own. Tiles are numbered from 1; a job order picks some of them by number (``001``)
or name (``28SCB``) in ``PARALLEL_TILE_IDENT``, joined by dashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ipf.atomic import write_bytes
from ipf.engine import TaskRequest
from ipf.errors import ParameterError, PlanError, ProductError
from ipf.geometry.tiles import TILE_SIZE_M, MgrsTile, tile_of_name
from ipf.product.raster import Grid
from ipf.product.xml_builder import add, serialised
from ipf.product.xml_nodes import Node

LIST_TYPE = "TILE_LIST_FILE"
SELECTION = "PARALLEL_TILE_IDENT"

_ROOT = "Tile_List"


@dataclass(frozen=True, slots=True)
class TileList:
    """The tiles of a datastrip, by its identifier; numbers count from 1."""

    datastrip: str
    tiles: tuple[MgrsTile, ...]

    def tile(self, name: str) -> MgrsTile:
        """The tile of a name; ProductError when the list does not have it."""
        for tile in self.tiles:
            if tile.name == name:
                return tile
        known = ", ".join(tile.name for tile in self.tiles)
        raise ProductError(f"tile {name} is not under datastrip {self.datastrip} ({known})")

    def selected(self, wanted: Sequence[str]) -> tuple[MgrsTile, ...]:
        """The tiles of numbers or names, in the list's order; all of them when none is wanted."""
        chosen = set()
        for text in wanted:
            if text.isdigit():
                if not 1 <= int(text) <= len(self.tiles):
                    raise ParameterError(f"{SELECTION}: tile {text}, expected 001 to {len(self.tiles):03d}")
                chosen.add(self.tiles[int(text) - 1])
            else:
                chosen.add(self.tile(text.removeprefix("T")))
        return tuple(tile for tile in self.tiles if not wanted or tile in chosen)


def grid_of(tile: MgrsTile, resolution: int = 10) -> Grid:
    """The grid of a tile's images of a pixel size in metres."""
    count = TILE_SIZE_M // resolution
    return Grid(tile.epsg, float(tile.upper_left_x), float(tile.upper_left_y), resolution, count, count)


def write_tile_list(path: Path, content: TileList) -> None:
    """Write the list to `path`, whole or not at all."""
    root = etree.Element(_ROOT, datastripId=content.datastrip, count=str(len(content.tiles)))
    for number, tile in enumerate(content.tiles, 1):
        element = add(root, "Tile", number=f"{number:03d}", tileId=tile.name)
        add(element, "HORIZONTAL_CS_CODE", f"EPSG:{tile.epsg}")
        add(element, "ULX", tile.upper_left_x, unit="m")
        add(element, "ULY", tile.upper_left_y, unit="m")
    write_bytes(path, serialised(root))


def read_tile_list(path: Path) -> TileList:
    """Read a list; raises ProductError naming file, line and element, also for corners of another tile."""
    root = Node.of_document(path, (_ROOT,))
    tiles = []
    for node in root.all("Tile"):
        name = node.attribute("tileId")
        try:
            tile = tile_of_name(name)
        except ParameterError as problem:
            raise node.error(str(problem)) from problem
        stated = node.text("HORIZONTAL_CS_CODE"), node.number("ULX"), node.number("ULY")
        expected = f"EPSG:{tile.epsg}", float(tile.upper_left_x), float(tile.upper_left_y)
        if stated != expected:
            raise node.error(f"tile {name} at {stated}, expected {expected}")
        tiles.append(tile)
    if not tiles:
        raise root.error("no Tile, expected at least one")
    return TileList(root.attribute("datastripId"), tuple(tiles))


def list_of_request(request: TaskRequest) -> TileList:
    """The list among the inputs of a task, which may stand in a folder of its own."""
    path = request.input_path(LIST_TYPE)
    if path.is_dir():
        found = sorted(path.glob("*.xml"))
        if len(found) != 1:
            raise PlanError(f"{path}: {len(found)} files, expected one list of tiles")
        path = found[0]
    return read_tile_list(path)


def tiles_of_request(request: TaskRequest) -> tuple[str, ...]:
    """Names of the tiles that a task is to make: its parts."""
    wanted = [text for text in request.parameters.get(SELECTION, "").split("-") if text]
    if request.parameters.get("PARALLEL_TILE", "true").lower() == "false":
        wanted = []
    return tuple(tile.name for tile in list_of_request(request).selected(wanted))


def tile_of_request(request: TaskRequest) -> MgrsTile:
    """The tile that this part of a task is about."""
    return list_of_request(request).tile(request.part)
