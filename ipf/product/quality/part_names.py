"""Names by which products and their parts are told apart: folders, metadata documents, root elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast, get_args

from ipf.errors import ProductError
from ipf.product.manifest_objects import MANIFEST_NAME
from ipf.product.quality.model import Kind, Level

PRODUCT_DOCUMENT = re.compile(
    r"MTD_MSI(?P<compact>L0|L1A|L1B|L1C|L2A)\.xml|S2[A-D]_[A-Z0-9]{4}_MTD_SAF(?P<long>L0_|L1A|L1B|L1C|L2A)_\w+\.xml",
    re.ASCII,
)
PART_DOCUMENT = re.compile(
    r"MTD_(?P<compact>DS|GR|TL)\.xml"
    r"|S2[A-D_]_[A-Z0-9]{4}_MTD_(?P<level>L0_|L1A|L1B|L1C|L2A)_(?P<long>DS|GR|TL)_[\w.]+\.xml",
    re.ASCII,
)
PART_FOLDER = re.compile(
    r"S2[A-D_]_[A-Z0-9]{4}_MSI_(?P<level>L0_|L1A|L1B|L1C|L2A)_(?P<long>DS|GR|TL)_[\w.]+", re.ASCII
)
PART_ROOT = re.compile(r"Level-(?P<level>0|1A|1B|1C|2A)_(?P<kind>DataStrip|Granule|Tile)_ID", re.ASCII)
PRODUCT_ROOT = re.compile(r"Level-(?P<level>0|1A|1B|1C|2A)_User_Product", re.ASCII)
COMPACT_FOLDER = re.compile(r"(?P<level>L0|L1A|L1B|L1C|L2A)_T[0-9A-Z]{5}_A\d{6}_\w+", re.ASCII)
KINDS: dict[str, Kind] = {"DS": "datastrip", "GR": "granule", "TL": "tile"}
ROOT_KINDS: dict[str, Kind] = {"DataStrip": "datastrip", "Granule": "granule", "Tile": "tile"}
_LEVEL_IN_NAME = re.compile(r"_MSI(L0|L1A|L1B|L1C|L2A)_", re.ASCII)
_LEVEL_IN_MANIFEST = re.compile(rb"Level-(0|1A|1B|1C|2A)")
_DATASTRIP_FOLDER = re.compile(r"DS_\w+", re.ASCII)
PART_FOLDERS = {"DATASTRIP": "DS", "GRANULE": "TL"}
"""Folders of a product that hold its parts, with the code of these in names."""
_DEPTH = 2


def document_name(folder: str) -> str:
    """Metadata file of a part with this folder: MSI becomes MTD, the baseline goes."""
    return re.sub(r"_N\d{2}\.\d{2}$", "", folder).replace("_MSI_", "_MTD_", 1) + ".xml"


def is_folder_name(identifier: str) -> bool:
    """Whether an identifier may name a folder: one that is a path, or leads out of a product, is none."""
    return identifier not in ("", ".", "..") and "/" not in identifier and "\0" not in identifier


def level_named(text: str) -> Level:
    level = text.rstrip("_")
    if level not in get_args(Level):
        raise ValueError(f"'{text}' is no level")
    return cast("Level", level)


def kind_in_names(folder: Path, document: Path) -> Kind | None:
    for match in (PART_DOCUMENT.fullmatch(document.name), PART_FOLDER.fullmatch(folder.name)):
        if match is not None:
            return KINDS[match["long"] or match["compact"]]
    return None


def level_in_names(folder: Path, document: Path) -> Level | None:
    matches = (
        PART_DOCUMENT.fullmatch(document.name),
        PART_FOLDER.fullmatch(folder.name),
        COMPACT_FOLDER.fullmatch(folder.name),
    )
    return next(
        (level_named(match["level"]) for match in matches if match is not None and match["level"]), None
    )


def document_in(folder: Path, code: str, identifier: str) -> Path:
    """Metadata document of a part, there or not: short name in a compact product, else the official one."""
    if folder.is_dir():
        for entry in sorted(folder.iterdir()):
            match = PART_DOCUMENT.fullmatch(entry.name)
            if match is not None and (match["long"] or match["compact"]) == code:
                return entry
    return folder / (document_name(identifier) if folder.name == identifier else f"MTD_{code}.xml")


def is_part_folder(folder: Path) -> bool:
    """Whether a folder has the name of a part, or holds the metadata of one."""
    patterns = (PART_FOLDER, COMPACT_FOLDER, _DATASTRIP_FOLDER)
    if any(pattern.fullmatch(folder.name) for pattern in patterns):
        return True
    return any(PART_DOCUMENT.fullmatch(entry.name) for entry in folder.iterdir())


def part_folders(root: Path) -> Iterator[tuple[str, Path]]:
    """The folders of parts that a product holds, datastrips first, each with the code of its kind."""
    for name, code in PART_FOLDERS.items():
        if (root / name).is_dir():
            for folder in _parts_below(root / name, _DEPTH):
                yield code, folder


def _parts_below(folder: Path, depth: int) -> Iterator[Path]:
    for entry in sorted(entry for entry in folder.iterdir() if entry.is_dir()):
        if is_part_folder(entry):
            yield entry
        elif depth > 1:
            yield from _parts_below(entry, depth - 1)


def level_of_product(root: Path) -> Level | None:
    """Level of a product whose metadata document is missing, None where the folder is no product.

    A product has a manifest, the name of one (``….SAFE``), or datastrips and granules in the folders of a
    compact one: parts with long names also lie side by side without any product around them. Raises
    ProductError for a product whose level nothing tells.
    """
    manifest = root / MANIFEST_NAME
    found = tuple(part_folders(root))
    compact = all((root / name).is_dir() for name in PART_FOLDERS) and any(
        COMPACT_FOLDER.fullmatch(folder.name) or _DATASTRIP_FOLDER.fullmatch(folder.name)
        for _, folder in found
    )
    if not (root.name.endswith(".SAFE") or manifest.is_file() or compact):
        return None
    named = _LEVEL_IN_NAME.search(root.name)
    if named is not None:
        return level_named(named[1])
    for _, folder in found:
        for match in (COMPACT_FOLDER.fullmatch(folder.name), PART_FOLDER.fullmatch(folder.name)):
            if match is not None:
                return level_named(match["level"])
    stated = _LEVEL_IN_MANIFEST.search(manifest.read_bytes()) if manifest.is_file() else None
    if stated is None:
        raise ProductError(f"{root}: product without metadata, of a level that nothing tells")
    return level_named(f"L{stated[1].decode()}")
