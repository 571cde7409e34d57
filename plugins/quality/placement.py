"""Where reports go: names, folders, and the refusal to write through links.

A report of an item stands in its QI_DATA. Parts whose metadata document has an official name of their own are
handed over between the parts of a ground segment, and so are their reports; parts of a compact product have
short names. An input of a ground segment's job is made of links into the folders of others, but for QI_DATA.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipf_plugins.quality.read_pdi import GivenItem, InspectedItems

from ipf.errors import OutputError
from ipf.product.manifest_objects import MANIFEST_NAME
from ipf.product.quality.model import CHECKLISTS, Inspection, Item, is_stand_in
from ipf.product.quality_report import report_name as name_of_report

QUALITY_FOLDER = "QI_DATA"
OWN_REPORT = "L2A_QUALITY"
"""Checklist of the processor itself: what it reported stays as it is, as only the processor knows all of its
figures, unless quality control fails what it passed."""
_FIRST_OWN_REPORT = "04.00"
"""Baseline from which tiles have it."""

_COMPACT_DOCUMENT = re.compile(r"MTD_(?:DS|TL|GR)\.xml")
_PARTS_IN_PRODUCT = ("DATASTRIP", "GRANULE")


@dataclass(frozen=True)
class ReportFile:
    """A report to be written: the item, its checklist, and the file.

    `stands` tells that the processor's own report is there already, and gives way to a failure alone.
    """

    item: Item
    checklist: str
    path: Path
    stands: bool = False


def report_name(item: Item, checklist: str) -> str:
    """File name of a report, short in a compact product; that of the processor has one name everywhere."""
    compact = _COMPACT_DOCUMENT.fullmatch(item.document.name) or checklist == OWN_REPORT
    return name_of_report(checklist, None if compact else item.identifier)


def report_files(items: InspectedItems, inspections: Sequence[Inspection]) -> tuple[ReportFile, ...]:
    """Reports that inspecting the items will give, in the order of items and checklists.

    Products as a whole have none, official ones neither: what their manifest and metadata fail stands in the
    reports of their parts. The processor's own report belongs to tiles of a baseline that has it. Raises
    `OutputError` where a QI_DATA is reached through a link.
    """
    return tuple(
        _report_file(given, checklist)
        for given in items.items
        if given.item.kind != "product"
        for checklist in _checklists(given.item, inspections)
        if checklist != OWN_REPORT or (given.item.baseline or _FIRST_OWN_REPORT) >= _FIRST_OWN_REPORT
    )


def _report_file(given: GivenItem, checklist: str) -> ReportFile:
    folder = _folder(given)
    standing = _standing_report(folder) if checklist == OWN_REPORT else None
    path = standing or folder / report_name(given.item, checklist)
    return ReportFile(given.item, checklist, path, standing is not None)


def _standing_report(folder: Path) -> Path | None:
    """The processor's own report, None where there is none but a stand-in."""
    found = sorted(folder.glob(f"*{OWN_REPORT}*.xml"))
    return next((path for path in found if not is_stand_in(path)), None)


def _checklists(item: Item, inspections: Iterable[Inspection]) -> Iterator[str]:
    made = {inspection.checklist for inspection in inspections if inspection.applies(item)}
    return (name for name in CHECKLISTS.get((item.level, item.kind), ()) if name in made)


def _folder(given: GivenItem) -> Path:
    """QI_DATA of an item; OutputError where it, or what leads to it from what was given, is a link."""
    folder = given.item.folder / QUALITY_FOLDER
    for place in (folder, *folder.parents):
        if place.is_symlink():
            raise OutputError(
                f"{folder}: is reached through the symbolic link {place}, which may lead into another"
                f" product: expected {QUALITY_FOLDER} to be a copy"
            )
        if place in (given.given, given.given.parent):
            break
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is no folder")
    return folder


def manifest_of(given: GivenItem) -> Path | None:
    """The manifest that lists the files of an item: its own, or that of the product around it."""
    item = given.item
    if item.manifest is not None:
        return item.manifest
    if item.folder.parent.name in _PARTS_IN_PRODUCT:
        around = item.folder.parent.parent / MANIFEST_NAME
        if around.is_file():
            return around
    return None


def is_writable_manifest(manifest: Path, given: GivenItem) -> bool:
    """Whether a manifest is part of what was given and no link."""
    around = given.given if given.given.is_dir() else given.given.parent
    return not manifest.is_symlink() and manifest.is_relative_to(around)
