"""Opening what is to be compared: a product, parts of one, rasters, location grids, GIPPs, documents.

The folder is walked and every file becomes a part, whether anything is known about it or not, and whether it
can be read or not; so does every folder that has no file of its own. Nothing is decoded.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn, TypeVar

from ipf.compare import document_content, grid_content, raster_content, safe_content
from ipf.compare.calibration import UNKNOWN, Calibration, read_calibration
from ipf.compare.content import Content, DocumentPart, OtherPart, RasterPart
from ipf.compare.naming import is_name, normalised
from ipf.compare.places import Place, find_places, is_metadata, scene_in_name
from ipf.errors import ProductError
from ipf.product.names import ProductName

RASTERS, RASTER, GRIDS, GIPP, DOCUMENTS = "rasters", "raster", "location grids", "GIPP", "documents"
FILE = "file"
EXPECTED = (
    "expected a Sentinel-2 product or a part of one, GeoTIFFs, a raster, location grids, parameter files or"
    " XML documents"
)
_SINGLE_RASTERS = safe_content.IMAGE_SUFFIXES | {".vrt"}
"""Files that are rasters, whether GDAL opens them or not. A virtual raster is what it makes of its sources,
and in a folder, where these may be beside it, the document that it is as well."""
_VIRTUAL, _ROOT_OF_VIRTUAL, _BEGINNING_BYTES = ".vrt", b"<VRTDataset", 4096
_PRODUCT_FOLDERS = ("DATASTRIP", "GRANULE")
_OF_CLASSES = frozenset({"reflectance", "aerosol_optical_thickness", "water_vapour"})

Part = RasterPart | DocumentPart | OtherPart
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class _Tree:
    """The files below a folder, the places that they belong to, and how their counts are to be read.

    `folders` are those that have no file of their own, with what they are instead.
    `products` are calibrations by the folders of products, `datastrips` is the one where there is no product.
    """

    root: Path
    files: tuple[Path, ...]
    folders: Mapping[Path, str]
    places: Mapping[Path, Place]
    gipps: Mapping[Path, str]
    products: Mapping[Path, Calibration]
    datastrips: Calibration

    def place_of(self, file: Path) -> Place | None:
        """The innermost place around a file."""
        return _innermost(self.root, file, self.places)

    def calibration_of(self, place: Place) -> Calibration:
        """That of the product around a place, else of the datastrips."""
        told = _innermost(self.root, place.folder / "MTD", self.products)
        return self.datastrips if told is None or told is UNKNOWN else told


def open_content(path: Path) -> Content:
    """What is at `path`, a folder or a file, with every file of it as a part.

    Raises ProductError naming the path when it is missing or nothing known, and naming both files when two
    have the same meaning.
    """
    if path.is_dir():
        return _of_folder(_product_in(path))
    if not path.exists():
        raise ProductError(f"{path}: is missing, {EXPECTED}")
    if not path.is_file():
        raise ProductError(f"{path}: is no regular file, {EXPECTED}")
    return _of_file(path)


def _product_in(folder: Path) -> Path:
    """The product, tile, granule or datastrip that is all that `folder` holds; else `folder` itself."""
    listing, _ = _listing(folder)
    files = [inside for inside, names in listing.items() if names]
    top = {inside.relative_to(folder).parts[:1] for inside in files}
    if len(top) != 1 or () in top or folder in find_places(listing):
        return folder
    (name,) = top.pop()
    inner = folder / name
    is_product = inner.suffix == ".SAFE" or any(map(safe_content.product_level, listing[inner]))
    return inner if is_product or inner in find_places(listing) else folder


def _of_file(path: Path) -> Content:
    """Content of one file; of a GIPP in two, header and data, both."""
    if document_content.is_gipp(path.name):
        twins = [twin for suffix in (".HDR", ".DBL") if (twin := path.with_suffix(suffix)).is_file()]
        files = twins if path in twins else [path]
        keys = document_content.gipp_keys(files)
        return _content(GIPP, path, [(file, [_plain_part(keys[file], file)]) for file in files], {})
    is_raster = path.suffix.lower() in _SINGLE_RASTERS
    if not is_raster and document_content.is_document(path):
        kind, root = document_content.document_kind(path)
        return _content(kind, path, [(path, [DocumentPart(root, path)])], {})
    grid = grid_content.grid_key(path.name)
    if grid is not None:
        return _content(GRIDS, path, [(path, grid_content.grid_parts(grid, path))], {})
    if is_raster or raster_content.is_raster(path):
        return _content(RASTER, path, [(path, raster_content.raster_parts(RASTER, path))], {})
    return _content(FILE, path, [(path, [OtherPart(FILE, path)])], {})


def _of_folder(root: Path) -> Content:
    tree = _tree(root)
    kind = _kind(tree)
    if kind == RASTERS:
        tree = _with_tile_at_root(tree)
    parts = [(file, _parts(tree, file)) for file in tree.files]
    parts += [(folder, [_folder_part(tree, folder)]) for folder in tree.folders]
    return _content(kind, root, parts, _folder_names(tree, kind))


def _tree(root: Path) -> _Tree:
    listing, folders = _listing(root)
    files = tuple(sorted(folder / name for folder, names in listing.items() for name in names))
    places = find_places(listing)
    products = {file.parent: read_calibration([file]) for file in files if _product_level(file)}
    tree = _Tree(root, files, folders, places, {}, products, UNKNOWN)
    gipps = document_content.gipp_keys(file for file in files if tree.place_of(file) is None)
    tree = replace(tree, gipps=gipps)
    if all(tree.calibration_of(place) is not UNKNOWN for place in places.values()):
        return tree  # the documents of datastrips have up to 13 MB
    return replace(tree, datastrips=read_calibration(_datastrip_documents(files, places)))


def _listing(root: Path) -> tuple[dict[Path, list[str]], dict[Path, str]]:
    """Names of the files in every folder from `root` on, and what folders are that have no file of their own:
    empty, or linked to one that is listed. Links to others are followed.
    """

    def refuse(problem: OSError) -> NoReturn:
        raise ProductError(f"{problem.filename}: cannot be read: {problem.strerror}") from problem

    listing: dict[Path, list[str]] = {}
    without: dict[Path, str] = {}
    seen: set[Path] = set()
    waiting = deque([root])  # folders come before links to them, whatever they are called
    while waiting:
        for name, folders, names in os.walk(waiting.popleft(), onerror=refuse):
            folder, target = Path(name), Path(name).resolve()
            if target in seen:
                without[folder] = f"a link to {os.path.relpath(target, root.resolve())}"
                folders.clear()
                continue
            seen.add(target)
            if folder != root and not names and not folders:
                without[folder] = "empty"
            waiting.extend(sorted(folder / below for below in folders if (folder / below).is_symlink()))
            folders[:] = sorted(below for below in folders if not (folder / below).is_symlink())
            listing[folder] = names
    return listing, without


def _innermost(root: Path, file: Path, by_folder: Mapping[Path, _Found]) -> _Found | None:
    """What belongs to the innermost folder around a file, up to `root`."""
    for folder in file.parents:
        if folder in by_folder:
            return by_folder[folder]
        if folder == root:
            return None
    return None


def _datastrip_documents(files: Iterable[Path], places: Mapping[Path, Place]) -> list[Path]:
    return [
        file
        for file in files
        if is_metadata(file.name)
        and (place := places.get(file.parent)) is not None
        and place.kind == "datastrip"
    ]


def _product_level(file: Path) -> str | None:
    return safe_content.product_level(file.name)


def _kind(tree: _Tree) -> str:
    """What the folder is; ProductError when it is nothing known."""
    here = tree.places.get(tree.root)
    level = next(
        (level for file in tree.files if file.parent == tree.root and (level := _product_level(file))), None
    )
    if level is not None and here is not None:
        return RASTERS  # a product's documents and images side by side: the form of Cloud Optimized GeoTIFFs
    if any((tree.root / name).is_dir() for name in _PRODUCT_FOLDERS):
        level = level or _level_without_document(tree)
        if level is not None:
            return f"SAFE {level}"
    if here is not None:
        return f"{here.kind} {here.level or ''}".strip()
    if tree.places:
        levels = sorted({place.level for place in tree.places.values() if place.level})
        return f"parts {' '.join(levels)}".strip()
    return _kind_of_files(tree)


def _level_without_document(tree: _Tree) -> str | None:
    """Level of a product whose metadata document is not there: that of its name, else that of its parts.

    None where nothing else says that it is a product.
    """
    try:
        return ProductName.parse(tree.root.name).level
    except ValueError:
        if (tree.root / "manifest.safe").is_file() and tree.root not in tree.places:
            return next((place.level for place in tree.places.values() if place.level), None)
        return None


def _kind_of_files(tree: _Tree) -> str:
    images = [file for file in tree.files if file.suffix.lower() in safe_content.IMAGE_SUFFIXES]
    if images:
        return GRIDS if all(grid_content.grid_key(file.name) for file in images) else RASTERS
    if tree.gipps:
        return GIPP
    if any(document_content.is_document(file) for file in tree.files):
        return DOCUMENTS
    raise ProductError(f"{tree.root}: holds nothing known, {EXPECTED}")


def _with_tile_at_root(tree: _Tree) -> _Tree:
    """A folder of a tile's images is the tile, when their names say of which, and of one datatake."""
    scenes = {
        scene for file in tree.files if file.parent == tree.root and (scene := scene_in_name(file.name))
    }
    if tree.root in tree.places or len(scenes) != 1:
        return tree
    ((tile, _),) = scenes
    return replace(tree, places={tree.root: Place("tile", f"T{tile}", None, tree.root)})


def _parts(tree: _Tree, file: Path) -> list[Part]:
    """The parts that a file is: one, or its components."""
    grid = grid_content.grid_key(file.name)
    if grid is not None:
        return [*grid_content.grid_parts(grid, file)]
    if file in tree.gipps:
        return [_plain_part(tree.gipps[file], file)]
    place = tree.place_of(file)
    if place is None or (file.parent == tree.root and _product_level(file)):
        return _parts_by_form(safe_content.key_in_product(file.relative_to(tree.root)), file)
    key = safe_content.key_in_place(file, place)
    image = safe_content.image_in_place(file.relative_to(place.folder), place)
    if image is None or file.suffix.lower() not in safe_content.IMAGE_SUFFIXES:
        return _parts_by_form(key, file)
    part = safe_content.image_part(key, file, image, place, tree.calibration_of(place))
    if part.quantity == "counts" and place.kind == "tile" and file.suffix.lower() != ".jp2":
        return [*raster_content.raster_parts(key, file)]  # its own tags say what its counts mean
    return [raster_content.with_own_tags(part), *raster_content.further_parts(part)]


def _folder_part(tree: _Tree, folder: Path) -> OtherPart:
    place = tree.place_of(folder)
    key = (
        safe_content.key_in_product(folder.relative_to(tree.root))
        if place is None
        else safe_content.key_in_place(folder, place)
    )
    return OtherPart(f"{key}/", folder, tree.folders[folder])


def _parts_by_form(key: str, file: Path) -> list[Part]:
    if file.suffix.lower() in safe_content.IMAGE_SUFFIXES:
        return [*raster_content.raster_parts(key, file)]
    images = raster_content.raster_parts(f"{key} image", file) if _is_virtual_raster(file) else []
    return [_plain_part(key, file), *images]


def _is_virtual_raster(file: Path) -> bool:
    """Whether a file is a virtual raster; virtual layers of vectors have the same extension."""
    if file.suffix.lower() != _VIRTUAL or not file.is_file():
        return False
    try:
        with file.open("rb") as stream:
            return _ROOT_OF_VIRTUAL in stream.read(_BEGINNING_BYTES)
    except OSError:
        return False  # the comparison of the document says that it cannot be read


def _plain_part(key: str, file: Path) -> DocumentPart | OtherPart:
    return DocumentPart(key, file) if document_content.is_document(file) else OtherPart(key, file)


def _folder_names(tree: _Tree, kind: str) -> dict[str, str]:
    """Names of the product's folder and of those of its places."""
    names = {"product" if kind.startswith("SAFE") else "folder": tree.root.name} | {
        f"{place.key} folder": folder.name for folder, place in tree.places.items() if folder != tree.root
    }
    return {where: name for where, name in names.items() if _depends_on_run(name)}


def _depends_on_run(name: str) -> bool:
    return is_name(name) or normalised(name) != name


def _content(
    kind: str, root: Path, parts: Iterable[tuple[Path, Iterable[Part]]], folder_names: Mapping[str, str]
) -> Content:
    """Everything by its key; ProductError naming both files where two have one key."""
    by_key: dict[str, Part] = {}
    names = dict(folder_names)
    for file, found in parts:
        for part in found:
            other = by_key.setdefault(part.key, part)
            if other is not part:
                raise ProductError(f"{other.path} and {file}: both are {part.key}, expected one of it")
            if _depends_on_run(file.name):
                names[f"{part.key} file"] = file.name
    rasters = {key: part for key, part in by_key.items() if isinstance(part, RasterPart)}
    return Content(
        kind,
        root,
        _with_classification(rasters),
        {key: part for key, part in by_key.items() if isinstance(part, DocumentPart)},
        {key: part for key, part in by_key.items() if isinstance(part, OtherPart)},
        names,
    )


def _with_classification(rasters: Mapping[str, RasterPart]) -> dict[str, RasterPart]:
    """The rasters, those of Level 2A with the class map of their tile where there is one."""
    result = {}
    for key, part in rasters.items():
        tile = key.rpartition("/")[0]
        maps = [f"{tile}/{name}" for name in safe_content.SCENE_CLASSIFICATION]
        found = next((name for name in maps if name in rasters), None)
        result[key] = replace(part, classification=found) if part.quantity in _OF_CLASSES else part
    return result
