"""Finding what there is to inspect: a product with its parts, one part, or a folder of parts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ipf.errors import ProductError
from ipf.product import layout
from ipf.product.images import EXTENSIONS
from ipf.product.manifest_objects import MANIFEST_NAME
from ipf.product.names import DatastripName, baseline_in_name
from ipf.product.quality.model import Item, Kind, Level
from ipf.product.quality.part_names import (
    KINDS,
    PART_DOCUMENT,
    PART_FOLDER,
    PART_ROOT,
    PRODUCT_DOCUMENT,
    PRODUCT_ROOT,
    ROOT_KINDS,
    document_in,
    document_name,
    is_folder_name,
    kind_in_names,
    level_in_names,
    level_named,
    level_of_product,
    part_folders,
)
from ipf.product.xml_nodes import Node

_IDENTIFIERS = ("General_Info/TILE_ID", "General_Info/GRANULE_ID")
_BASELINE_ELEMENT = "General_Info/Processing_Info/PROCESSING_BASELINE"
_BASELINE_OF_NAME = re.compile(r"_N\d{2}\.\d{2}$")
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
    match = PRODUCT_DOCUMENT.fullmatch(path.name)
    if match is not None:
        return _of_product(path, level_named(match["compact"] or match["long"]))
    if PART_DOCUMENT.fullmatch(path.name) is None:
        match = PRODUCT_ROOT.fullmatch(_root_of(path).name)
        if match is not None:
            return _of_product(path, level_named(f"L{match['level']}"))
    return [_part(path.parent, path)]


def _of_folder(folder: Path, depth: int) -> list[Item]:
    """Items of a folder: the product that it is, the part that it is, or those of its folders."""
    entries = sorted(folder.iterdir())
    for entry in entries:
        if entry.is_file() and PRODUCT_DOCUMENT.fullmatch(entry.name):
            return _of_document(entry)
    documents = [entry for entry in entries if entry.is_file() and PART_DOCUMENT.fullmatch(entry.name)]
    if documents:
        return [_part(folder, document) for document in documents]
    if PART_FOLDER.fullmatch(folder.name):
        return [_part(folder, folder / document_name(folder.name))]
    level = level_of_product(folder)
    if level is not None:
        return _of_product(folder / f"MTD_MSI{level}.xml", level)
    if depth == 0:
        return []
    return [item for entry in entries if entry.is_dir() for item in _of_folder(entry, depth - 1)]


def _part(
    folder: Path,
    document: Path,
    identifier: str | None = None,
    level: Level | None = None,
    kind: Kind | None = None,
) -> Item:
    """The datastrip, granule or tile in `folder`.

    Kind and level come from the names, else from the product, which gives `identifier`, `level` and `kind`
    where it tells them, else from the document.
    """
    kind = kind_in_names(folder, document) or kind
    level = level_in_names(folder, document) or level
    if kind is None or level is None:
        match = PART_ROOT.fullmatch(_root_of(document).name)
        if match is None:
            raise ProductError(f"{document}: not the metadata of a datastrip, granule or tile")
        kind, level = ROOT_KINDS[match["kind"]], level_named(f"L{match['level']}")
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


def _identifier(item: Item) -> str:
    """Identifier that the document tells, else the folder's name where that is one, else the document's."""
    root = _readable_root(item)
    if root is not None:
        named = root.optional_attribute("datastripIdentifier")
        for path in _IDENTIFIERS:
            named = named or root.optional_text(path)
        if named:
            return named
    if PART_FOLDER.fullmatch(item.folder.name):
        return item.folder.name
    if PART_DOCUMENT.fullmatch(item.document.name) and item.document.name.startswith("S2"):
        name = item.document.stem.replace("_MTD_", "_MSI_", 1)
        baseline = None if root is None else root.optional_text(_BASELINE_ELEMENT)
        return name if baseline is None else f"{name}_N{baseline}"
    return item.folder.name if PART_DOCUMENT.fullmatch(item.document.name) else item.document.stem


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
    info = None if root is None else root.find("General_Info/Product_Info")
    if info is not None:
        product = replace(
            product,
            identifier=info.optional_text("PRODUCT_URI") or product.identifier,
            baseline=info.optional_text("PROCESSING_BASELINE") or product.baseline,
        )
    listed = [] if root is None else _listed_parts(product, root)
    parts = [*listed, *_unlisted_parts(product, listed)]
    return [product, *sorted(parts, key=lambda item: item.kind != "datastrip")]


def _unlisted_parts(product: Item, listed: Sequence[Item]) -> Iterator[Item]:
    """The parts in the folders of a product that are not among those that it lists."""
    known = {os.path.realpath(item.folder) for item in listed}
    for code, folder in part_folders(product.folder):
        if os.path.realpath(folder) not in known:
            identifier = folder.name if PART_FOLDER.fullmatch(folder.name) else ""
            document = document_in(folder, _code(code, product.level), identifier)
            yield _part(folder, document, level=product.level, kind=_kind(code, product.level))


def _code(code: str, level: Level) -> str:
    """Code of a part in names: a granule is a tile from Level-1C on."""
    return code if code == "DS" or level in ("L1C", "L2A") else "GR"


def _kind(code: str, level: Level) -> Kind:
    """Kind of the parts with a code in names."""
    return KINDS[_code(code, level)]


@dataclass(frozen=True)
class Listing:
    """What a product says of its parts beside what it holds, each in words.

    `lost` is what it lists and does not hold, or lists where nothing of it may be; `unlisted` are the folders
    of parts that it holds and does not list.
    """

    lost: tuple[str, ...]
    unlisted: tuple[str, ...]


def listing_of(product: Item) -> Listing:
    """The parts that a product lists beside those that it holds; of one that cannot be read, nothing."""
    root = _readable_root(product)
    if root is None:
        return Listing((), ())
    listed = _listed_parts(product, root)
    lost = [
        f"{item.folder.relative_to(product.folder).as_posix()} is listed and missing"
        for item in listed
        if not item.folder.is_dir()
    ]
    lost += misnamed(root)
    lost += [
        f"'{image}' is not a path inside the product"
        for node in _granule_nodes(root)
        for image in _image_names(node)
        if _leads_out(PurePosixPath(image))
    ]
    if not any(item.kind != "datastrip" for item in listed):
        lost.append(f"{product.document.name} lists no granule")
    return Listing(
        tuple(lost),
        tuple(
            item.folder.relative_to(product.folder).as_posix() for item in _unlisted_parts(product, listed)
        ),
    )


def misnamed(root: Node) -> list[str]:
    """Identifiers in a product's listing that can be of no part of it, each once, in words."""
    wrong = []
    for node in _granule_nodes(root):
        granule = node.attribute("granuleIdentifier")
        strip = node.optional_attribute("datastripIdentifier")
        if not is_folder_name(granule):
            wrong.append(f"granuleIdentifier '{granule}' is not the name of a folder")
        if strip is None:
            wrong.append(f"{granule} is listed without datastripIdentifier")
        elif not _is_datastrip_name(strip):
            wrong.append(f"datastripIdentifier '{strip}' is not the name of a datastrip")
    return list(dict.fromkeys(wrong))


def listed_datastrips(product: Item) -> list[Item]:
    """The datastrips that a product lists."""
    return [item for item in _listed_parts(product, product.root) if item.kind == "datastrip"]


def listed_granules(product: Item) -> list[str]:
    """Identifiers of the granules and tiles that a product lists."""
    return [node.attribute("granuleIdentifier") for node in _granule_nodes(product.root)]


def _is_datastrip_name(identifier: str) -> bool:
    try:
        DatastripName.parse(identifier)
    except ValueError:
        return False
    return True


def _leads_out(path: PurePosixPath) -> bool:
    return path.is_absolute() or ".." in path.parts


def _listed_parts(product: Item, root: Node) -> list[Item]:
    """The parts that a product lists, but for those `misnamed`, which lie nowhere in it."""
    granules: dict[str, Item] = {}
    datastrips: dict[str, Item] = {}
    for node in _granule_nodes(root):
        identifier = node.attribute("granuleIdentifier")
        strip = node.optional_attribute("datastripIdentifier")
        if strip is not None and strip not in datastrips and _is_datastrip_name(strip):
            datastrips[strip] = _datastrip(product, strip)
        if is_folder_name(identifier) and identifier not in granules:
            granules[identifier] = replace(
                _granule(product, identifier, _image_names(node)), datastrip=datastrips.get(strip or "")
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
    document = document_in(folder, "DS", identifier)
    return replace(_part(folder, document, identifier, product.level, "datastrip"), kind="datastrip")


def _granule(product: Item, identifier: str, images: Sequence[str]) -> Item:
    """A granule or tile; images are named by their paths in the product, or by bare names in IMG_DATA."""
    folder = product.folder / "GRANULE" / identifier
    # What leads out of the product is for the check of its references to tell.
    paths = [path for path in map(PurePosixPath, images) if not _leads_out(path)]
    for path in paths:
        if len(path.parts) > _DEPTH:
            folder = product.folder.joinpath(*path.parts[:2])
    document = document_in(folder, _code("TL", product.level), identifier)
    item = _part(folder, document, identifier, product.level, _kind("TL", product.level))
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
    """The item with its datastrip; with the names of the given ones where none of them is its own."""
    if item.datastrip is not None or item.kind not in ("granule", "tile") or not strips:
        return item
    root = _readable_root(item)
    if root is None:
        return item
    named = root.optional_text("General_Info/DATASTRIP_ID") or ""
    strip = strips.get(named) or strips.get(_compact_name(named))
    if strip is None:
        return replace(item, other_datastrips=tuple(strips))
    # One that is read for all of its granules is not to be read for each of them.
    return replace(item, datastrip=strip if strip.identifier == named else replace(strip, identifier=named))


def _compact_name(identifier: str) -> str:
    """Name of a datastrip's folder in a compact product (``DS_SGS__20171207T032513_S20171207T002252``).

    A datastrip that is handed over in such a folder states no other name.
    """
    return _BASELINE_OF_NAME.sub("", f"DS_{identifier.partition('_DS_')[2]}")
