"""Finding what there is to inspect: a product with its parts, one part, or a folder of parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import cast, get_args

from ipf.errors import ProductError
from ipf.product import layout
from ipf.product.images import EXTENSIONS
from ipf.product.manifest_objects import MANIFEST_NAME
from ipf.product.names import baseline_in_name
from ipf.product.quality.model import Item, Kind, Level
from ipf.product.xml_nodes import Node

_PRODUCT_DOCUMENT = re.compile(
    r"MTD_MSI(?P<compact>L0|L1A|L1B|L1C|L2A)\.xml|S2[A-D]_[A-Z0-9]{4}_MTD_SAF(?P<long>L0_|L1A|L1B|L1C|L2A)_\w+\.xml",
    re.ASCII,
)
_PART_DOCUMENT = re.compile(
    r"MTD_(?P<compact>DS|GR|TL)\.xml"
    r"|S2[A-D_]_[A-Z0-9]{4}_MTD_(?P<level>L0_|L1A|L1B|L1C|L2A)_(?P<long>DS|GR|TL)_[\w.]+\.xml",
    re.ASCII,
)
_PART_FOLDER = re.compile(
    r"S2[A-D_]_[A-Z0-9]{4}_MSI_(?P<level>L0_|L1A|L1B|L1C|L2A)_(?P<long>DS|GR|TL)_[\w.]+", re.ASCII
)
_PART_ROOT = re.compile(r"Level-(?P<level>0|1A|1B|1C|2A)_(?P<kind>DataStrip|Granule|Tile)_ID", re.ASCII)
_PRODUCT_ROOT = re.compile(r"Level-(?P<level>0|1A|1B|1C|2A)_User_Product", re.ASCII)
_COMPACT_FOLDER = re.compile(r"(?P<level>L0|L1A|L1B|L1C|L2A)_T[0-9A-Z]{5}_A\d{6}_\w+", re.ASCII)
_KINDS: dict[str, Kind] = {"DS": "datastrip", "GR": "granule", "TL": "tile"}
_ROOT_KINDS: dict[str, Kind] = {"DataStrip": "datastrip", "Granule": "granule", "Tile": "tile"}
_IDENTIFIERS = ("General_Info/TILE_ID", "General_Info/GRANULE_ID")
_BASELINE_ELEMENT = "General_Info/Processing_Info/PROCESSING_BASELINE"
_DEPTH = 3
"""Folders in which parts are looked for, one in the other: ``GRANULE/DB1/<granule>``."""


def items_of(path: Path) -> tuple[Item, ...]:
    """What there is to inspect at `path`.

    `path` is a product (its folder or its metadata document), a part of one (likewise), or a folder that
    holds parts, up to three folders deep. A product comes first, then its datastrips, then its granules or
    tiles, each with the datastrip it belongs to where that is at hand. What a product lists but does not hold
    is an item all the same, whose metadata are missing. Raises ProductError when there is nothing to inspect.
    """
    if path.is_file():
        return with_datastrips(_of_document(path))
    if not path.is_dir():
        raise ProductError(f"{path}: is missing, expected a product or parts of one")
    items = _of_folder(path, _DEPTH)
    if not items:
        raise ProductError(f"{path}: holds no metadata of a product, datastrip, granule or tile")
    return with_datastrips(items)


def _of_document(path: Path) -> list[Item]:
    match = _PRODUCT_DOCUMENT.fullmatch(path.name)
    if match is not None:
        return _of_product(path, _level(match["compact"] or match["long"]))
    if _PART_DOCUMENT.fullmatch(path.name) is None:
        match = _PRODUCT_ROOT.fullmatch(_root_of(path).name)
        if match is not None:
            return _of_product(path, _level(f"L{match['level']}"))
    return [_part(path.parent, path)]


def _of_folder(folder: Path, depth: int) -> list[Item]:
    """Items of a folder: the product that it is, the part that it is, or those of its folders."""
    entries = sorted(folder.iterdir())
    for entry in entries:
        if entry.is_file() and _PRODUCT_DOCUMENT.fullmatch(entry.name):
            return _of_document(entry)
    documents = [entry for entry in entries if entry.is_file() and _PART_DOCUMENT.fullmatch(entry.name)]
    if documents:
        return [_part(folder, document) for document in documents]
    if _PART_FOLDER.fullmatch(folder.name):
        return [_part(folder, folder / _document_name(folder.name))]
    if depth == 0:
        return []
    return [item for entry in entries if entry.is_dir() for item in _of_folder(entry, depth - 1)]


def _document_name(folder: str) -> str:
    """Metadata file of a part with this folder: MSI becomes MTD, the baseline goes."""
    return re.sub(r"_N\d{2}\.\d{2}$", "", folder).replace("_MSI_", "_MTD_", 1) + ".xml"


def _level(text: str) -> Level:
    level = text.rstrip("_")
    if level not in get_args(Level):
        raise ValueError(f"'{text}' is no level")
    return cast("Level", level)


def _part(folder: Path, document: Path, identifier: str | None = None, level: Level | None = None) -> Item:
    """The datastrip, granule or tile in `folder`.

    Kind and level come from the names, else from the document; `identifier` and `level` from the product
    where it tells them.
    """
    kind = _kind_in_names(folder, document)
    level = _level_in_names(folder, document) or level
    if kind is None or level is None:
        match = _PART_ROOT.fullmatch(_root_of(document).name)
        if match is None:
            raise ProductError(f"{document}: not the metadata of a datastrip, granule or tile")
        kind, level = _ROOT_KINDS[match["kind"]], _level(f"L{match['level']}")
    manifest = folder / MANIFEST_NAME
    item = Item(
        kind,
        level,
        identifier or folder.name,
        folder,
        document,
        manifest=manifest if manifest.is_file() else None,
    )
    if identifier is None:
        item = replace(item, identifier=_identifier(item))
    return replace(item, baseline=_baseline(item))


def _root_of(document: Path) -> Node:
    return Item("tile", "L1C", "", document.parent, document).root


def _kind_in_names(folder: Path, document: Path) -> Kind | None:
    for match in (_PART_DOCUMENT.fullmatch(document.name), _PART_FOLDER.fullmatch(folder.name)):
        if match is not None:
            return _KINDS[match["long"] or match["compact"]]
    return None


def _level_in_names(folder: Path, document: Path) -> Level | None:
    matches = (
        _PART_DOCUMENT.fullmatch(document.name),
        _PART_FOLDER.fullmatch(folder.name),
        _COMPACT_FOLDER.fullmatch(folder.name),
    )
    return next((_level(match["level"]) for match in matches if match is not None and match["level"]), None)


def _identifier(item: Item) -> str:
    """Identifier that the document tells, else the folder's name where that is one, else the document's."""
    root = _readable_root(item)
    if root is not None:
        named = root.optional_attribute("datastripIdentifier")
        for path in _IDENTIFIERS:
            named = named or root.optional_text(path)
        if named:
            return named
    if _PART_FOLDER.fullmatch(item.folder.name):
        return item.folder.name
    if _PART_DOCUMENT.fullmatch(item.document.name) and item.document.name.startswith("S2"):
        name = item.document.stem.replace("_MTD_", "_MSI_", 1)
        baseline = None if root is None else root.optional_text(_BASELINE_ELEMENT)
        return name if baseline is None else f"{name}_N{baseline}"
    return item.folder.name if _PART_DOCUMENT.fullmatch(item.document.name) else item.document.stem


def _baseline(item: Item) -> str | None:
    """Baseline of the identifier, else of the document."""
    named = baseline_in_name(item.identifier)
    root = _readable_root(item) if named is None else None
    return named if root is None else root.optional_text(_BASELINE_ELEMENT)


def _readable_root(item: Item) -> Node | None:
    """Root of the document, None where it cannot be read: that is for the checks to say."""
    try:
        return item.root
    except ProductError:
        return None


def _of_product(document: Path, level: Level) -> list[Item]:
    """A product and the parts that it lists; those in its folders where its document cannot be read."""
    root_folder = document.parent
    manifest = root_folder / MANIFEST_NAME
    product = Item(
        "product",
        level,
        root_folder.name,
        root_folder,
        document,
        baseline_in_name(root_folder.name),
        manifest if manifest.is_file() else None,
    )
    root = _readable_root(product)
    if root is None:
        return [product, *_of_subfolders(root_folder, level)]
    info = root.find("General_Info/Product_Info")
    if info is not None:
        product = replace(
            product,
            identifier=info.optional_text("PRODUCT_URI") or product.identifier,
            baseline=info.optional_text("PROCESSING_BASELINE") or product.baseline,
        )
    return [product, *_listed_parts(product, root)]


def _of_subfolders(folder: Path, level: Level) -> Iterator[Item]:
    for name in ("DATASTRIP", "GRANULE"):
        if (folder / name).is_dir():
            for part in sorted((folder / name).iterdir()):
                yield from (
                    _part(part, document, level=level)
                    for document in sorted(part.iterdir())
                    if _PART_DOCUMENT.fullmatch(document.name)
                )


def _listed_parts(product: Item, root: Node) -> list[Item]:
    granules: dict[str, Item] = {}
    datastrips: dict[str, Item] = {}
    for node in _granule_nodes(root):
        identifier = node.attribute("granuleIdentifier")
        strip_identifier = node.attribute("datastripIdentifier")
        if strip_identifier not in datastrips:
            datastrips[strip_identifier] = _datastrip(product, strip_identifier)
        if identifier not in granules:
            granules[identifier] = replace(
                _granule(product, identifier, _image_names(node)), datastrip=datastrips[strip_identifier]
            )
    return [*datastrips.values(), *granules.values()]


def _granule_nodes(root: Node) -> list[Node]:
    return [
        Node(element, root.file)
        for name in ("Granule", "Granules")
        for element in root.element.iter(f"{{*}}{name}")
        if element.get("granuleIdentifier") is not None
    ]


def _image_names(node: Node) -> list[str]:
    return [child.text() for name in ("IMAGE_FILE", "IMAGE_ID", "IMAGE_FILE_2A") for child in node.all(name)]


def _datastrip(product: Item, identifier: str) -> Item:
    folder = layout.datastrip_folder(product.folder, identifier, product.document)
    document = _document_in(folder, "DS", identifier)
    return replace(_part(folder, document, identifier, product.level), kind="datastrip")


def _granule(product: Item, identifier: str, images: Sequence[str]) -> Item:
    """A granule or tile; images are named by their paths in the product, or by bare names in IMG_DATA."""
    if "/" in identifier or identifier in ("", ".", ".."):
        raise ProductError(
            f"{product.document}: granuleIdentifier: '{identifier}' is not the name of a folder"
        )
    folder = product.folder / "GRANULE" / identifier
    paths = [PurePosixPath(image) for image in images]
    for path in paths:
        if path.is_absolute() or ".." in path.parts:
            raise ProductError(f"{product.document}: '{path}' is not a path inside the product")
        if len(path.parts) > _DEPTH:
            folder = product.folder.joinpath(*path.parts[:2])
    code = "TL" if product.level in ("L1C", "L2A") else "GR"
    item = _part(folder, _document_in(folder, code, identifier), identifier, product.level)
    if not paths:
        return item
    relative = [
        PurePosixPath(*path.parts[2:]) if len(path.parts) > _DEPTH else PurePosixPath("IMG_DATA") / path.name
        for path in paths
    ]
    return replace(item, images=tuple(_with_extension(folder, path) for path in relative))


def _with_extension(folder: Path, path: PurePosixPath) -> str:
    """Path of an image with the extension of the file that is there, of JPEG 2000 where none is."""
    if path.suffix in EXTENSIONS:
        return str(path)
    names = [f"{path}{extension}" for extension in (".jp2", *EXTENSIONS)]
    return next((name for name in names if (folder / name).is_file()), names[0])


def _document_in(folder: Path, code: str, identifier: str) -> Path:
    """Metadata document of a part, there or not: short name in a compact product, else the official one."""
    if folder.is_dir():
        for entry in sorted(folder.iterdir()):
            match = _PART_DOCUMENT.fullmatch(entry.name)
            if match is not None and (match["long"] or match["compact"]) == code:
                return entry
    return folder / (_document_name(identifier) if folder.name == identifier else f"MTD_{code}.xml")


def with_datastrips(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items, datastrips before what belongs to them, and each granule and tile with its datastrip."""
    strips = {item.identifier: item for item in items if item.kind == "datastrip"}
    order = {"product": 0, "datastrip": 1, "granule": 2, "tile": 2}
    return tuple(
        _linked(item, strips)
        for item in (
            items if any(i.kind == "product" for i in items) else sorted(items, key=lambda i: order[i.kind])
        )
    )


def _linked(item: Item, strips: dict[str, Item]) -> Item:
    if item.datastrip is not None or item.kind not in ("granule", "tile") or not strips:
        return item
    root = _readable_root(item)
    named = None if root is None else root.optional_text("General_Info/DATASTRIP_ID")
    return item if named is None else replace(item, datastrip=strips.get(named))
