"""What is inspected, by which check, with which thresholds, and what comes out of it.

An `Item` is a product or one of its parts; an `Inspection` is one check of it, written once and used both
when a product is made and when a finished one is judged. Identifiers, titles and the checklists that hold
them are those of official reports of baselines 02.06 and 04.00.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from ipf.errors import IpfError, ProductError
from ipf.product.quality.mask_figures import BandLosses, band_losses
from ipf.product.quality.parameters import QualityParameters
from ipf.product.quality_report import Check, Container, Outcome, Report
from ipf.product.raster import Grid
from ipf.product.xml_builder import Text
from ipf.product.xml_nodes import STAND_IN_BYTES, Node
from ipf.xml import parse_xml

__all__ = [
    "ALWAYS",
    "CHECKLISTS",
    "Checklist",
    "Finding",
    "Inspection",
    "Item",
    "Kind",
    "Level",
    "Outcome",
    "QualityParameters",
    "Run",
    "inspect",
    "is_stand_in",
    "not_run",
    "passed_or_failed",
]

Kind = Container
Level = Literal["L0", "L1A", "L1B", "L1C", "L2A"]
Checklist = Literal[
    "FORMAT_CORRECTNESS",
    "GENERAL_QUALITY",
    "SENSOR_QUALITY",
    "GEOMETRIC_QUALITY",
    "RADIOMETRIC_QUALITY",
    "L2A_QUALITY",
]

_FORMAT: Final = "FORMAT_CORRECTNESS"
_GENERAL: Final = "GENERAL_QUALITY"
_SENSOR: Final = "SENSOR_QUALITY"
_GEOMETRIC: Final = "GEOMETRIC_QUALITY"
_RADIOMETRIC: Final = "RADIOMETRIC_QUALITY"
_L2A: Final = "L2A_QUALITY"

CHECKLISTS: Mapping[tuple[Level, Kind], tuple[Checklist, ...]] = {
    ("L0", "datastrip"): (_FORMAT, _GENERAL, _SENSOR, _GEOMETRIC),
    ("L0", "granule"): (_FORMAT, _GENERAL, _SENSOR),
    ("L1A", "datastrip"): (_FORMAT, _GENERAL, _GEOMETRIC, _RADIOMETRIC, _SENSOR),
    ("L1A", "granule"): (_FORMAT, _GENERAL, _GEOMETRIC, _SENSOR),
    ("L1B", "datastrip"): (_FORMAT, _GENERAL, _GEOMETRIC, _RADIOMETRIC, _SENSOR),
    ("L1B", "granule"): (_FORMAT, _GENERAL, _GEOMETRIC, _SENSOR),
    ("L1C", "datastrip"): (_FORMAT, _GENERAL, _GEOMETRIC, _RADIOMETRIC, _SENSOR),
    ("L1C", "tile"): (_FORMAT, _GENERAL, _GEOMETRIC, _SENSOR),
    ("L2A", "datastrip"): (_FORMAT, _GENERAL, _GEOMETRIC, _RADIOMETRIC, _SENSOR),
    ("L2A", "tile"): (_FORMAT, _GENERAL, _GEOMETRIC, _SENSOR, _L2A),
    ("L0", "product"): (_FORMAT,),
    ("L1A", "product"): (_FORMAT,),
    ("L1B", "product"): (_FORMAT,),
    ("L1C", "product"): (_FORMAT,),
    ("L2A", "product"): (_FORMAT,),
}
"""Checklists of each item, in the order in which they are worked through. Products as a whole have no
official report: theirs holds what only the product's own manifest and metadata tell."""

ALWAYS = ("00.00", "99.99")
"""Baselines, first and last, of a check that every baseline knows."""
_LARGEST_SIDE = 21960
"""Twice the pixels of 10 m along a tile (PSD: 10980)."""
_RAW_LEVELS = ("L1A", "L1B")


@dataclass(frozen=True)
class Item:
    """A product or a part of one, as it lies on the disk.

    `identifier` is the official one (``S2A_OPER_MSI_L1C_TL_…``; of a product its URI), `document` the
    metadata file, which need not be there. `baseline` (``04.00``) is None where nothing tells it. `manifest`
    is the item's own manifest.safe, None where it has none. `datastrip` is the datastrip that a granule or
    tile belongs to, None where that is not at hand; `other_datastrips` are the identifiers of those at hand
    where none of them is it. `images` and `masks` are what must be there, as paths in
    `folder`, None where only level and metadata tell.
    """

    kind: Kind
    level: Level
    identifier: str
    folder: Path
    document: Path
    baseline: str | None = None
    manifest: Path | None = None
    datastrip: Item | None = None
    other_datastrips: tuple[str, ...] = ()
    images: tuple[str, ...] | None = None
    masks: tuple[str, ...] | None = None

    @cached_property
    def root(self) -> Node:
        """Root of the metadata document, read once; ProductError when it cannot be, or is a stand-in."""
        if is_stand_in(self.document):
            raise ProductError(f"{self.document}: empty stand-in, expected a metadata document")
        return Node(parse_xml(self.document, ProductError), str(self.document))

    @property
    def psd_version(self) -> str | None:
        """Version of the specification that the document follows, None where it is an earlier one.

        ``15.0`` from baseline 05.11 on, and at Level-1B from 05.00; ``14.8`` at Level-0, and from 04.00 on
        (measured with the official schemas). An item whose baseline is not known counts as one of today.
        """
        baseline = self.baseline or ALWAYS[1]
        if baseline >= ("05.00" if self.level in _RAW_LEVELS else "05.11") and self.level != "L0":
            return "15.0"
        return "14.8" if self.level == "L0" or baseline >= "04.00" else None

    @cached_property
    def tile_grids(self) -> Mapping[int, Grid]:
        """Grids of a tile by pixel size in metres, as its metadata state them."""
        geocoding = self.root.child("Geometric_Info/Tile_Geocoding")
        code = geocoding.text("HORIZONTAL_CS_CODE").removeprefix("EPSG:")
        if not code.isdigit():
            raise geocoding.error(f"HORIZONTAL_CS_CODE is '{code}', expected EPSG:<number>")
        sizes = {node.attribute_integer("resolution"): node for node in geocoding.all("Size")}
        positions = {node.attribute_integer("resolution"): node for node in geocoding.all("Geoposition")}
        if not sizes or sizes.keys() != positions.keys():
            raise geocoding.error(f"Size of {sorted(sizes)} m and Geoposition of {sorted(positions)} m")
        return {
            resolution: Grid(
                int(code),
                positions[resolution].number("ULX"),
                positions[resolution].number("ULY"),
                resolution,
                _side(size, "NROWS"),
                _side(size, "NCOLS"),
            )
            for resolution, size in sizes.items()
        }

    @cached_property
    def band_losses(self) -> tuple[BandLosses, ...]:
        """Packets lost and degraded in each band of a tile, from its masks, which are decoded once."""
        return band_losses(self.root, self.folder, self.tile_grids)


def _side(size: Node, name: str) -> int:
    """Pixels along a side of a tile; what no memory holds, or is no size, is an error."""
    pixels = size.integer(name)
    if not 1 <= pixels <= _LARGEST_SIDE:
        raise size.child(name).error(f"{name} is {pixels}, expected 1 to {_LARGEST_SIDE}")
    return pixels


def is_stand_in(path: Path) -> bool:
    """Whether a file is an empty one in the place of something that was taken out of a sample product."""
    return path.is_file() and path.stat().st_size <= STAND_IN_BYTES


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of one item found: outcome, message, and the figures that the message speaks of."""

    outcome: Outcome
    message: str
    values: Mapping[str, Text] = field(default_factory=dict)


def passed_or_failed(passed: bool, message: str, values: Mapping[str, Text] | None = None) -> Finding:
    """A finding of a check that ran."""
    return Finding(Outcome.of(passed), message, values or {})


def not_run(reason: str) -> Finding:
    """A finding of a check that could not be made."""
    return Finding(Outcome.NOT_RUN, f"{Outcome.NOT_RUN}: {reason}")


Run = Callable[[Item, QualityParameters], Finding]


@dataclass(frozen=True, slots=True)
class Inspection:
    """One check: identifier, the checklist that holds it, and its title as official reports give them.

    It applies to items of `kinds` and `levels`. Level-1C had other checks before: there the baseline must be
    within `baselines`, first and last (one that is not known counts as one of today); of the other levels
    only the later checks are known. `run` raises a ProductError where the item cannot be read. `on_document`
    tells whether the report names the metadata file or the item as inspected. `needs` names what a product
    has not when it is written: its ``manifest``, ``schemas`` given from outside; or that ``pixels`` are
    decoded.
    """

    identifier: str
    checklist: Checklist
    title: str
    kinds: tuple[Kind, ...]
    levels: tuple[Level, ...]
    run: Run
    summary: str
    on_document: bool = True
    baselines: tuple[str, str] = ALWAYS
    needs: Literal["manifest", "schemas", "pixels"] | None = None

    @property
    def name(self) -> str:
        """By what plugins know the check: ``GENERAL_QUALITY.Lost_Packets``."""
        return f"{self.checklist}.{self.identifier}"

    def overlaps(self, other: Inspection) -> bool:
        """Whether both checks may be made on one item."""
        levels = set(self.levels) & set(other.levels)
        if not levels or not set(self.kinds) & set(other.kinds):
            return False
        (first, last), (other_first, other_last) = self.baselines, other.baselines
        if levels - {"L1C"} and last == other_last == ALWAYS[1]:
            return True
        return "L1C" in levels and first <= other_last and other_first <= last

    def applies(self, item: Item) -> bool:
        """Whether this check is made on `item`."""
        if item.kind not in self.kinds or item.level not in self.levels:
            return False
        if self.checklist not in CHECKLISTS.get((item.level, item.kind), ()):
            return False
        first, last = self.baselines
        if item.level != "L1C":
            return last == ALWAYS[1]
        return first <= (item.baseline or ALWAYS[1]) <= last

    def check(self, item: Item, parameters: QualityParameters) -> Check:
        """Make the check; an item that cannot be read gives ERROR with the reason, other errors propagate."""
        try:
            finding = self.run(item, parameters)
        except IpfError as problem:
            finding = Finding(Outcome.ERROR, str(problem))
        inspected = item.document.name if self.on_document else item.identifier
        return Check(self.identifier, inspected, finding.outcome, finding.message, finding.values, self.title)


def inspect(
    item: Item, inspections: Iterable[Inspection], parameters: QualityParameters
) -> tuple[Report, ...]:
    """Make those of `inspections` that apply to `item`; one report for each checklist that holds any.

    The order is that of `CHECKLISTS`, and within a checklist that of `inspections`.
    """
    applicable = [inspection for inspection in inspections if inspection.applies(item)]
    reports = []
    for checklist in CHECKLISTS.get((item.level, item.kind), ()):
        checks = tuple(
            inspection.check(item, parameters)
            for inspection in applicable
            if inspection.checklist == checklist
        )
        if checks:
            reports.append(Report(checklist, item.identifier, checks, parameters.name))
    return tuple(reports)
