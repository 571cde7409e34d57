"""Where the parts of a product lie: metadata documents, images, masks and auxiliary files on disk.

Three layouts hold Level-1C and Level-2A data: the compact SAFE (since December 2016), the long-named SAFE
before it, and a tile with its datastrip as a ground segment hands them over, each a folder of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from ipf.errors import ProductError
from ipf.product.images import EXTENSIONS
from ipf.product.metadata import GranuleReference, MaskFile, ProductMetadata
from ipf.product.names import DatastripName, TileName, image_content

_PRODUCT_DOCUMENT = re.compile(r"MTD_MSIL(1C|2A)\.xml|S2[A-D]_[A-Z0-9]{4}_MTD_SAFL(1C|2A)_\w+\.xml", re.ASCII)
_TILE_DOCUMENT = re.compile(r"MTD_TL\.xml|S2[A-D_]_[A-Z0-9]{4}_MTD_L(1C|2A)_TL_[\w.]+\.xml", re.ASCII)
_DATASTRIP_DOCUMENT = re.compile(r"MTD_DS\.xml|S2[A-D_]_[A-Z0-9]{4}_MTD_L(1C|2A)_DS_[\w.]+\.xml", re.ASCII)
_AUXILIARY = re.compile(r"(?:S2[A-D_]_[A-Z0-9]{4}_)?(AUX_(?:ECMWFT|CAMSFO|CAMSAN|CAMSRE))(?:_\w+)?")
_COMPACT_PARTS = 4

ImageKey = tuple[str, int | None]
"""Content (``B02``, ``SCL``) and resolution in metres of an image; None where the name does not tell."""


def product_document(path: Path) -> Path:
    """Metadata document of the product at `path`: the document itself or the product's folder."""
    if path.is_file():
        return path
    return _only_document(path, _PRODUCT_DOCUMENT, "MTD_MSIL1C.xml or MTD_MSIL2A.xml")


def tile_document(folder: Path) -> Path:
    """Metadata document of the tile in `folder`."""
    return _only_document(folder, _TILE_DOCUMENT, "MTD_TL.xml")


def datastrip_document(folder: Path) -> Path:
    """Metadata document of the datastrip in `folder`."""
    return _only_document(folder, _DATASTRIP_DOCUMENT, "MTD_DS.xml")


def _only_document(folder: Path, pattern: re.Pattern[str], expected: str) -> Path:
    found = [path for path in _listing(folder) if pattern.fullmatch(path.name)]
    if len(found) != 1:
        raise ProductError(f"{folder}: {len(found)} metadata documents, expected one ({expected})")
    return found[0]


def _listing(folder: Path) -> list[Path]:
    """Entries of a folder, sorted; ProductError when it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError as problem:
        raise ProductError(f"{folder}: cannot be read: {problem.strerror or problem}") from problem


def choose_granule(metadata: ProductMetadata, document: Path, tile: str | None) -> GranuleReference:
    """The granule of `tile` (``32TQR``, or a granule identifier), or the only one when `tile` is None.

    A long-named product may hold one tile twice, once per datastrip; then only the identifier will do.
    """
    names = {granule: _tile_name(granule, document).tile for granule in metadata.granules}
    chosen = [granule for granule, name in names.items() if tile in (None, name, granule.granule_identifier)]
    if len(chosen) == 1:
        return chosen[0]
    asked = "none was asked for" if tile is None else f"{tile} was asked for"
    raise ProductError(f"{document}: product of the tiles {', '.join(sorted(names.values()))}; {asked}")


def _tile_name(granule: GranuleReference, document: Path) -> TileName:
    try:
        return TileName.parse(granule.granule_identifier)
    except ValueError as problem:
        raise ProductError(f"{document}: granuleIdentifier: {problem}") from problem


def tile_folder(root: Path, granule: GranuleReference, document: Path) -> Path:
    """Folder of a granule in the product at `root`."""
    for image in granule.image_files:
        parts = _relative(image, document).parts
        if len(parts) >= _COMPACT_PARTS:
            return root.joinpath(*parts[:2])
    return root / "GRANULE" / granule.granule_identifier


def datastrip_folder(root: Path, identifier: str, document: Path) -> Path:
    """Folder of the datastrip `identifier` in the product at `root`; the compact one unless only the long one
    exists.
    """
    try:
        compact = root / "DATASTRIP" / DatastripName.parse(identifier).folder
    except ValueError as problem:
        raise ProductError(f"{document}: datastripIdentifier: {problem}") from problem
    long_named = root / "DATASTRIP" / identifier
    return long_named if long_named.is_dir() and not compact.is_dir() else compact


def product_images(
    root: Path, folder: Path, granule: GranuleReference, document: Path
) -> dict[ImageKey, Path]:
    """Images of a granule as its product lists them, whether or not the files exist."""
    images: dict[ImageKey, Path] = {}
    for image in granule.image_files:
        relative = _relative(image, document)
        # The long layout lists bare names.
        stem = root / relative if len(relative.parts) > 1 else folder / "IMG_DATA" / relative
        try:
            key = image_content(relative.name)
        except ValueError as problem:
            raise ProductError(f"{document}: IMAGE_FILE: {problem}") from problem
        images[key] = _with_extension(stem, EXTENSIONS)
    return images


def tile_images(folder: Path) -> dict[ImageKey, Path]:
    """Images in the IMG_DATA of a tile that comes without a product; files of other names are left aside."""
    images: dict[ImageKey, Path] = {}
    for path in _files_below(folder / "IMG_DATA"):
        if path.suffix in EXTENSIONS:
            try:
                images[image_content(path.stem)] = path
            except ValueError:
                continue
    return images


def _files_below(folder: Path) -> Iterator[Path]:
    for path in _listing(folder):
        if path.is_dir():
            yield from _files_below(path)
        else:
            yield path


def mask_path(folder: Path, mask: MaskFile, document: Path) -> Path:
    """File of a mask: QI_DATA of the tile's folder, whatever folder the metadata name."""
    name = _relative(mask.path, document).name
    return _with_extension(folder / "QI_DATA" / name, (".gml", *EXTENSIONS))


def auxiliary_files(folder: Path) -> Mapping[str, Path]:
    """Embedded auxiliary files of a tile by kind (``AUX_ECMWFT``, ``AUX_CAMSFO``); empty without any."""
    if not (folder / "AUX_DATA").is_dir():
        return {}
    matches = ((_AUXILIARY.fullmatch(path.name), path) for path in _listing(folder / "AUX_DATA"))
    return {match[1]: path for match, path in matches if match is not None}


def _relative(text: str, document: Path) -> PurePosixPath:
    """A path given in a document, which may not lead out of the product."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ProductError(f"{document}: '{text}' is not a path inside the product")
    return path


def _with_extension(stem: Path, extensions: tuple[str, ...]) -> Path:
    """`stem` itself when it has one of the extensions, else the file that exists, else the first's name."""
    if stem.suffix in extensions:
        return stem
    candidates = [stem.with_name(stem.name + extension) for extension in extensions]
    return next((path for path in candidates if path.is_file()), candidates[0])
