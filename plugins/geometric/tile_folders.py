"""Folders of tiles between the tasks (PDI_DS_TILE_LIST): one for each tile, under its identifier.

Several tasks give parts of one tile. A job order hands them on as one input of several folders, or as one
folder in which links to all of them lie; where two hold a file of one name, the first counts. Links are
followed, and nothing is ever written through an input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipf.engine import TaskRequest
from ipf.errors import NothingToMakeError, ProductError
from ipf.product.names import TileName

TILES_TYPE = "PDI_DS_TILE_LIST"
IMAGES, QUALITY, AUXILIARY = "IMG_DATA", "QI_DATA", "AUX_DATA"

_TILE_FOLDER = re.compile(r"S2[A-D]_[A-Z0-9]{4}_MSI_L1C_TL_\S+", re.ASCII)


@dataclass(frozen=True, slots=True)
class TileFolders:
    """The folders, in several inputs, of one tile; `identifier` is that of the tile."""

    identifier: str
    folders: tuple[Path, ...]

    @property
    def name(self) -> TileName:
        """Parts of the identifier."""
        return TileName.parse(self.identifier)

    def find(self, relative: str) -> Path | None:
        """The first file of a relative path or pattern, None where no folder has one."""
        for folder in self.folders:
            for path in sorted(folder.glob(relative)):
                return path
        return None

    def file(self, relative: str) -> Path:
        """As `find`, but ProductError where there is none."""
        found = self.find(relative)
        if found is None:
            places = ", ".join(map(str, self.folders))
            raise ProductError(f"{places}: no {relative}, which an earlier task makes")
        return found

    @property
    def metadata(self) -> Path:
        """The tile's metadata."""
        return self.file(self.name.metadata_file)


def tile_folders(inputs: Sequence[Path], tile: str) -> TileFolders:
    """The folders of a tile (``28SCB``) in inputs.

    Raises NothingToMakeError for none, ProductError for several creations.
    """
    found: dict[str, list[Path]] = {}
    for path in inputs:
        for folder in _candidates(path):
            name = TileName.parse(folder.name)
            if name.tile == tile:
                found.setdefault(folder.name, []).append(folder)
    if not found:
        raise NothingToMakeError(f"{', '.join(map(str, inputs))}: no folder of tile {tile}")
    if len(found) > 1:
        raise ProductError(f"{', '.join(map(str, inputs))}: tile {tile} is there as {' and as '.join(found)}")
    ((identifier, folders),) = found.items()
    return TileFolders(identifier, tuple(folders))


def tiles_in(inputs: Sequence[Path]) -> frozenset[str]:
    """Names of the tiles that inputs hold folders of."""
    return frozenset(TileName.parse(folder.name).tile for path in inputs for folder in _candidates(path))


def _candidates(path: Path) -> Iterator[Path]:
    places = [path, *sorted(path.iterdir())] if path.is_dir() else []
    for place in places:
        if _TILE_FOLDER.fullmatch(place.name) and place.is_dir():
            yield place


def folders_of_request(request: TaskRequest) -> TileFolders:
    """The folders of the tile that this part of a task is about."""
    return tile_folders(request.inputs.get(TILES_TYPE, ()), request.part)


def output_folder(request: TaskRequest, identifier: str, file_type: str = TILES_TYPE) -> Path:
    """Folder of a tile in an output of the task."""
    return request.output_path(file_type) / identifier
