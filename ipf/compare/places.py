"""The tiles, granules and datastrips in a folder, and what they are called whatever their folders' names.

A place is recognised by the name of its folder, compact or long, else by its metadata document (PSD 14.8,
file naming; `ipf.compare.naming` says what in a name depends on the run).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ipf.errors import ProductError
from ipf.xml import local_name, parse_xml

PlaceKind = Literal["tile", "granule", "datastrip"]

_LEVEL = r"L(?:0_|1A|1B|1C|2A)"
_TIME = r"\d{8}T\d{6}"
_REST = (
    r"(?:(?:_A\d{6})?_T(?P<tile>[0-9A-Z]{5})"
    rf"|_S(?P<start>{_TIME})(?:_D(?P<detector>\d{{2}}))?|_A\d{{6}}(?:_S?{_TIME})?)?"
)
_LONG = re.compile(
    rf"S2[A-D_]_[A-Z0-9]{{4}}_(?P<category>MSI|MTD)_(?P<level>{_LEVEL})_(?P<code>DS|GR|TL)_[A-Z0-9_]{{4}}"
    rf"_{_TIME}{_REST}(?:_N\d{{2}}\.\d{{2}})?(?:\.xml)?",
    re.ASCII,
)
_COMPACT_TILE = re.compile(
    rf"(?P<level>L1C|L2A)_T(?P<tile>[0-9A-Z]{{5}})_A\d{{6}}_{_TIME}(?P<code>)(?P<start>)(?P<detector>)",
    re.ASCII,
)
_COMPACT = re.compile(
    rf"(?P<code>DS|GR|TL)_[A-Z0-9_]{{4}}_{_TIME}{_REST}(?P<level>)",
    re.ASCII,
)
_SHORT_DOCUMENT = re.compile(r"MTD_(?P<code>DS|GR|TL)\.xml", re.ASCII)
_ROOT = re.compile(r"Level-(?P<level>0|1A|1B|1C|2A)_(?:DataStrip|Granule|Tile)_ID", re.ASCII)
_IDENTIFIERS = ("TILE_ID", "GRANULE_ID")
_SCENE_IN_FILE = re.compile(rf"(?:^|_)T(?P<tile>\d{{2}}[A-Z]{{3}})_(?P<start>{_TIME})?", re.ASCII)
_KINDS: Mapping[str, PlaceKind] = {"DS": "datastrip", "GR": "granule", "TL": "tile", "": "tile"}


@dataclass(frozen=True, slots=True)
class Place:
    """A tile, granule or datastrip: what it is called (``T32TQR``, ``D03 12:02:26``), level, folder.

    `level` is None where nothing tells it.
    """

    kind: PlaceKind
    key: str
    level: str | None
    folder: Path


def find_places(listing: Mapping[Path, Iterable[str]]) -> dict[Path, Place]:
    """Places by their folders, from the names of the files in each folder.

    A datastrip is called that when it is the only one, else it has its start in addition.
    """
    found = [place for folder, names in listing.items() if (place := _place(folder, sorted(names)))]
    datastrips = Counter(place.kind for place in found)["datastrip"]
    return {
        place.folder: replace(place, key="datastrip")
        if place.kind == "datastrip" and datastrips == 1
        else place
        for place in found
    }


def is_metadata(name: str) -> bool:
    """Whether a file of that name is the metadata document of a place."""
    match = _LONG.fullmatch(name)
    return _SHORT_DOCUMENT.fullmatch(name) is not None or (
        match is not None and match["category"] == "MTD" and name.endswith(".xml")
    )


def scene_in_name(name: str) -> tuple[str, str | None] | None:
    """Tile (``32TQR``) and start of the datatake in the name of an image, None where there is no tile."""
    match = _SCENE_IN_FILE.search(name)
    return None if match is None else (match["tile"], match["start"])


def _place(folder: Path, names: list[str]) -> Place | None:
    for pattern in (_COMPACT_TILE, _COMPACT, _LONG):
        match = pattern.fullmatch(folder.name)
        if match is not None:
            place = _named(match, folder)
            return place if place.level else replace(place, level=_told_level(folder, names))
    document = next((name for name in names if is_metadata(name)), None)
    if document is None:
        return None
    match = _LONG.fullmatch(document)
    return _named(match, folder) if match is not None else _told(folder, document, names)


def _named(match: re.Match[str], folder: Path) -> Place:
    kind = _KINDS[match["code"]]
    level = match["level"].rstrip("_") or None
    start, detector, tile = match["start"], match["detector"], match["tile"]
    if kind == "tile":
        return Place(kind, f"T{tile}" if tile else kind, level, folder)
    time = f"{start[9:11]}:{start[11:13]}:{start[13:15]}" if start else ""
    key = f"D{detector} {time}" if kind == "granule" and detector else f"{kind} {time}"
    return Place(kind, key.strip(), level, folder)


def _told(folder: Path, document: str, names: list[str]) -> Place:
    """A place whose folder may be called anything: its images tell the tile, else its document does."""
    match = _SHORT_DOCUMENT.fullmatch(document)
    kind = _KINDS[match["code"] if match is not None else ""]
    level = _told_level(folder, names)
    if kind == "tile":
        below = sorted(path.name for path in folder.glob("IMG_DATA/**/*"))
        scene = next((scene for name in (*names, *below) if (scene := scene_in_name(name))), None)
        if scene is not None:
            return Place(kind, f"T{scene[0]}", level, folder)
    identifier = _LONG.fullmatch(_identifier(folder / document))
    return (
        replace(_named(identifier, folder), level=level) if identifier else Place(kind, kind, level, folder)
    )


def _told_level(folder: Path, names: list[str]) -> str | None:
    """Level that the root of the metadata document tells, None where it cannot be read."""
    for name in names:
        if is_metadata(name):
            try:
                match = _ROOT.fullmatch(local_name(parse_xml(folder / name, ProductError)))
            except ProductError:
                return None  # the comparison of the document says so
            return None if match is None else f"L{match['level']}"
    return None


def _identifier(document: Path) -> str:
    """Identifier that a metadata document tells, empty where it cannot be read."""
    try:
        root = parse_xml(document, ProductError)
    except ProductError:
        return ""  # the comparison of the document says so
    for name in _IDENTIFIERS:
        text = root.findtext(f".//{{*}}{name}")
        if text:
            return text.strip()
    return root.get("datastripIdentifier") or ""
