"""The outline of a datastrip as a file (VECTOR, VECTOR_DS_FOOTPRINT): a footprint of Earth Observation GML.

Source of the form: OGC 10-157 (Earth Observation Metadata profile), ``eop:Footprint``; positions are latitude
and longitude, as EPSG:4326 has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from lxml import etree

from ipf.atomic import write_bytes
from ipf.errors import ProductError
from ipf.product.xml_builder import add, serialised
from ipf.product.xml_nodes import Node

FloatArray = npt.NDArray[np.float64]

_EOP, _GML = "http://www.opengis.net/eop/2.0", "http://www.opengis.net/gml/3.2"
_REFERENCE = "urn:ogc:def:crs:EPSG::4326"
_POLYGON = "multiExtentOf/MultiSurface/surfaceMember/Polygon"
_PATTERNS = ("*.gml", "*.xml")


def write_footprint(path: Path, datastrip: str, rings: Sequence[FloatArray]) -> None:
    """Write rings, (n, 2) longitudes and latitudes in degrees, not closed, of the datastrip of a name."""
    root = etree.Element(f"{{{_EOP}}}Footprint", nsmap={"eop": _EOP, "gml": _GML})
    root.set(f"{{{_GML}}}id", datastrip)
    extent = add(root, f"{{{_EOP}}}multiExtentOf")
    surface = add(extent, f"{{{_GML}}}MultiSurface", srsName=_REFERENCE)
    surface.set(f"{{{_GML}}}id", f"{datastrip}_extent")
    for number, ring in enumerate(rings):
        polygon = add(add(surface, f"{{{_GML}}}surfaceMember"), f"{{{_GML}}}Polygon")
        polygon.set(f"{{{_GML}}}id", f"{datastrip}_polygon.{number}")
        linear = add(add(polygon, f"{{{_GML}}}exterior"), f"{{{_GML}}}LinearRing")
        closed = np.vstack((ring, ring[:1]))[:, ::-1]
        closed[:, 1] = (closed[:, 1] + 180.0) % 360.0 - 180.0
        positions = " ".join(f"{value:.9f}" for value in closed.ravel())
        add(linear, f"{{{_GML}}}posList", positions, srsDimension=2)
    write_bytes(path, serialised(root))


def read_footprint(path: Path) -> tuple[FloatArray, ...]:
    """Rings, as `write_footprint` takes them, of a file or of the only one in a folder.

    Longitudes go on without a jump. Raises ProductError naming file, line and element.
    """
    root = Node.of_document(_file(path), ("Footprint",))
    for node in root.all("multiExtentOf/MultiSurface"):
        reference = node.optional_attribute("srsName") or _REFERENCE
        if not reference.endswith("4326"):
            raise node.error(f"MultiSurface: srsName is '{reference}', expected EPSG:4326")
    rings = tuple(_read_ring(node) for node in root.all(f"{_POLYGON}/exterior/LinearRing/posList"))
    if not rings:
        raise root.error(f"Footprint: element {_POLYGON} is missing")
    return rings


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = sorted(file for pattern in _PATTERNS for file in path.glob(pattern))
    if len(found) != 1:
        raise ProductError(f"{path}: {len(found)} files {' or '.join(_PATTERNS)}, expected one footprint")
    return found[0]


def _read_ring(node: Node) -> FloatArray:
    numbers = node.numbers()
    if numbers.size % 2 or numbers.size < 8:
        raise node.error(f"posList has {numbers.size} numbers, expected 2 a corner, 4 corners or more")
    ring = numbers.reshape(-1, 2)[:, ::-1].copy()
    if np.any(np.abs(ring[:, 1]) > 90.0) or np.any(np.abs(ring[:, 0]) > 360.0):
        raise node.error("posList: expected latitudes within 90 and longitudes within 360 degrees")
    if np.array_equal(ring[0], ring[-1]):
        ring = ring[:-1]
    ring[:, 0] = np.rad2deg(np.unwrap(np.deg2rad(ring[:, 0])))
    return ring
