"""The files of a finished tile, wherever tasks have left them, and a folder that holds them together."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ipf_plugins.geometric.encode_pictures import PREVIEW_TYPE, TRUE_COLOUR_TYPE
from ipf_plugins.geometric.tile_folders import AUXILIARY, IMAGES, QUALITY, TileFolders, folders_of_request

from ipf.engine import TaskRequest
from ipf.errors import OutputError, ProductError
from ipf.product.bands import BAND_NAMES
from ipf.product.documents import Documents
from ipf.product.granule_writer import raster_masks

Pieces = Mapping[str, Path]
"""Files by their path in the folder of the tile."""


def finished_folders(request: TaskRequest) -> TileFolders:
    """Folders of the tile that a task is about, with those of its pictures where the inputs have any."""
    folders = folders_of_request(request)
    pictures = [
        place / folders.identifier
        for file_type in (PREVIEW_TYPE, TRUE_COLOUR_TYPE)
        for place in request.inputs.get(file_type, ())
        if (place / folders.identifier).is_dir()
    ]
    return replace(folders, folders=(*folders.folders, *pictures))


def image_pieces(folders: TileFolders, documents: Documents, contents: Iterable[str] = BAND_NAMES) -> Pieces:
    """Images of the tile; ProductError for one that is missing."""
    names = [f"{IMAGES}/{documents.image_name(content)}.jp2" for content in contents]
    return {name: folders.file(name) for name in names}


def mask_pieces(folders: TileFolders, documents: Documents) -> Pieces:
    """Masks of the tile; ProductError for one that is missing."""
    names = [mask.path.removeprefix(f"{documents.granule}/") for mask in raster_masks(documents)]
    return {name: folders.file(name) for name in names}


def auxiliary_pieces(folders: TileFolders) -> Pieces:
    """Forecasts of the tile, if it has any."""
    found: dict[str, Path] = {}
    for folder in folders.folders:
        for path in sorted((folder / AUXILIARY).glob("AUX_*")):
            found.setdefault(f"{AUXILIARY}/{path.name}", path)
    return dict(sorted(found.items()))


def preview_piece(documents: Documents) -> str:
    """Path of the preview in the folder of the tile."""
    return f"{QUALITY}/{documents.image_name('PVI')}.jp2"


def refer(folder: Path, pieces: Pieces) -> None:
    """Put symbolic links to the files into `folder`, to look at; raises as `link`."""
    _place(folder, pieces, os.symlink)


def link(folder: Path, pieces: Pieces) -> None:
    """Give the files names in `folder`, without copying them where the disk allows it.

    Raises ProductError for what is no file, OutputError for what cannot be written, naming it.
    """
    _place(folder, pieces, _link_or_copy)


def _place(folder: Path, pieces: Pieces, give_name: Callable[[Path, Path], object]) -> None:
    for name, source in pieces.items():
        target, origin = folder / name, source.resolve()
        if not origin.is_file():
            raise ProductError(f"{source}: is no file")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            give_name(origin, target)
        except OSError as problem:
            raise OutputError(
                f"{target}: cannot be made of {origin}: {problem.strerror or problem}"
            ) from problem


def _link_or_copy(origin: Path, target: Path) -> None:
    try:
        os.link(origin, target)
    except OSError as problem:
        if problem.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES):
            raise
        shutil.copyfile(origin, target)
