"""The place of a granule in its metadata: read, and written anew with all else left as it was.

Granules of Levels 1A and 1B tell their place alike (PSD 15.0, Geometric_Info). What else a document holds is
passed on unchanged, so that tasks that locate granules need not know it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ipf.product.bands import BY_NAME
from ipf.product.granule_names import GranuleName
from ipf.product.l1b_model import Angles, GranuleGeometry, lines_of
from ipf.product.xml_builder import text_of
from ipf.product.xml_nodes import Node

ROOTS = ("Level-1A_Granule_ID", "Level-1B_Granule_ID")
METADATA_PATTERN = "S2?_*_MTD_L1?_GR_*.xml"

_LARGEST_SIDE = 100_000
_RING = "Granule_Footprint/Granule_Footprint/Footprint/EXT_POS_LIST"
_HEADER = "Granule_Position/Geometric_Header"


@dataclass(frozen=True, slots=True)
class PlacedGranule:
    """A granule's metadata in `file`: its name, and where its `rows` of 10 m begin, `position`, from 1."""

    file: Path
    name: GranuleName
    position: int
    rows: int

    def lines(self, band: str) -> range:
        """Lines of a band, from 1, that the granule holds."""
        return lines_of(self.position, self.rows * 10 // BY_NAME[band].resolution, band)


def read_placed_granule(path: Path) -> PlacedGranule:
    """Read what of a granule's metadata its place depends on; ProductError naming file, line and element."""
    root = Node.of_document(path, ROOTS)
    info, place = root.child("General_Info"), root.child("Geometric_Info")
    try:
        name = GranuleName.parse(info.text("GRANULE_ID"))
    except ValueError as problem:
        raise info.child("GRANULE_ID").error(f"GRANULE_ID: {problem}") from problem
    position = place.integer("Granule_Position/POSITION")
    if position < 1 or (position - 1) % 6:
        where = place.child("Granule_Position/POSITION")
        raise where.error(f"POSITION is {position}, expected 1 or a multiple of 6 more")
    sizes = [node for node in place.all("Granule_Dimensions/Size") if node.attribute("resolution") == "10"]
    if len(sizes) != 1:
        raise place.error(f"Granule_Dimensions: {len(sizes)} sizes at 10 m, expected one")
    rows = sizes[0].integer("NROWS")
    if not 0 < rows <= _LARGEST_SIDE or rows % 6:
        raise sizes[0].error(f"NROWS is {rows}, expected a multiple of 6 up to {_LARGEST_SIDE}")
    return PlacedGranule(path, name, position, rows)


def relocated_xml(granule: PlacedGranule, geometry: GranuleGeometry) -> bytes:
    """The granule's document with another place; ProductError naming an element that it lacks."""
    root = Node.of_document(granule.file, ROOTS)
    place = root.child("Geometric_Info")
    _set(place, _RING, (value for corner in geometry.footprint for value in corner))
    header = place.child(_HEADER)
    _set(header, "GROUND_CENTER", geometry.ground_centre)
    for name, angles in (("Incidence_Angles", geometry.incidence), ("Solar_Angles", geometry.sun)):
        _set_angles(header.child(name), angles)
    content: bytes = etree.tostring(root.element.getroottree(), xml_declaration=True, encoding="UTF-8")
    return content + b"\n"


def _set(node: Node, path: str, values: Iterable[float]) -> None:
    node.child(path).element.text = " ".join(text_of(value) for value in values)


def _set_angles(node: Node, angles: Angles) -> None:
    for name, angle in zip(("ZENITH_ANGLE", "AZIMUTH_ANGLE"), angles, strict=True):
        _set(node, name, (angle,))
