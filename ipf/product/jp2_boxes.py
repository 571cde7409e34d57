"""The boxes of a JP2 file around its code-stream, and the georeference in GML.

A JP2 file (ISO/IEC 15444-1, annex I) is a sequence of boxes: signature, file type, image header and colour
(``jp2h``), here an association box with the georeference (GMLJP2 1.0, OGC 05-047r3), and the code-stream
(``jp2c``). Sentinel-2 images carry no other georeference.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ipf.errors import IpfError, OutputError
from ipf.product.raster import Grid

SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
CODESTREAM = "jp2c"
"""Type of the box that holds the code-stream."""

_BOX_HEADER = 8
_LONG_BOX_HEADER = 16
_SUPER_BOXES = frozenset({"jp2h", "asoc"})
_GREY, _SRGB = 17, 16
_COLOUR_COMPONENTS = 3

_GML = "http://www.opengis.net/gml"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_GML_JP2_SCHEMA = (
    "http://www.opengeospatial.net/gml"
    " http://schemas.opengis.net/gml/3.1.1/profiles/gmlJP2Profile/1.0.0/gmlJP2Profile.xsd"
)


@dataclass(frozen=True, slots=True)
class Box:
    """One box of a JP2 file: type, first byte and length of its content, nesting depth (0 = outermost)."""

    kind: str
    start: int
    length: int
    depth: int


def box(kind: str, content: bytes) -> bytes:
    """A whole box: length, four-letter type, content."""
    return struct.pack(">I4s", _BOX_HEADER + len(content), kind.encode("ascii")) + content


def header_boxes(rows: int, columns: int, components: int, bits: int) -> bytes:
    """Signature, file type and image header boxes of an image of unsigned samples of `bits` bits each."""
    brand = b"jp2 "
    image_header = struct.pack(">IIHBBBB", rows, columns, components, bits - 1, 7, 1, 0)
    colour_space = _SRGB if components >= _COLOUR_COMPONENTS else _GREY
    colour = struct.pack(">BBBI", 1, 0, 0, colour_space)
    return b"".join(
        [
            SIGNATURE,
            box("ftyp", brand + struct.pack(">I", 0) + brand),
            box("jp2h", box("ihdr", image_header) + box("colr", colour)),
        ]
    )


def georeference_box(grid: Grid) -> bytes:
    """Association box with the grid's georeference in GML."""
    instance = box("asoc", box("lbl ", b"gml.root-instance") + box("xml ", grid_gml(grid)))
    return box("asoc", box("lbl ", b"gml.data") + instance)


def codestream_box_header(path: Path, codestream_bytes: int) -> bytes:
    """Start of the ``jp2c`` box; the code-stream follows. More than 4 GiB raise OutputError naming `path`."""
    length = _BOX_HEADER + codestream_bytes
    if length >= 2**32:
        raise OutputError(f"{path}: code-stream of {codestream_bytes} bytes, expected less than 4 GiB")
    return struct.pack(">I4s", length, b"jp2c")


def grid_gml(grid: Grid) -> bytes:
    """GML document of the grid, in the structure of official products: grid limits count from 1, the origin
    is the centre of the upper-left pixel.
    """
    reference = f"urn:ogc:def:crs:EPSG::{grid.epsg}"
    half = grid.resolution / 2
    root = etree.Element(_gml("FeatureCollection"), nsmap={"gml": _GML, "xsi": _XSI})
    root.set(f"{{{_XSI}}}schemaLocation", _GML_JP2_SCHEMA)
    _add(root, "boundedBy/Null", "withheld")
    coverage = _add(root, "featureMember/FeatureCollection/featureMember/RectifiedGridCoverage")
    coverage.set("dimension", "2")
    coverage.set(_gml("id"), "RGC0001")
    domain = _add(coverage, "rectifiedGridDomain/RectifiedGrid")
    domain.set("dimension", "2")
    envelope = _add(domain, "limits/GridEnvelope")
    _add(envelope, "low", "1 1")
    _add(envelope, "high", f"{grid.columns} {grid.rows}")
    _add(domain, "axisName", "x")
    _add(domain, "axisName", "y")
    point = _add(domain, "origin/Point")
    point.set(_gml("id"), "P0001")
    point.set("srsName", reference)
    _add(point, "pos", f"{grid.upper_left_x + half:.15g} {grid.upper_left_y - half:.15g}")
    _add(domain, "offsetVector", f"{grid.resolution} 0").set("srsName", reference)
    _add(domain, "offsetVector", f"0 -{grid.resolution}").set("srsName", reference)
    file = _add(coverage, "rangeSet/File")
    _add(file, "rangeParameters/QuantityExtent", "inapplicable inapplicable").set("uom", reference)
    _add(file, "fileName", "gmljp2://codestream/0")
    _add(file, "fileStructure", "Record Interleaved")
    function = _add(coverage, "coverageFunction/GridFunction")
    _add(function, "sequenceRule", "Linear").set("order", "+x-y")
    _add(function, "startPoint", f"1 {grid.rows}")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=False, pretty_print=True)


def _gml(name: str) -> str:
    return f"{{{_GML}}}{name}"


def _add(parent: etree._Element, path: str, text: str | None = None) -> etree._Element:
    """Add the elements of `path` one inside the other and return the innermost."""
    element = parent
    for name in path.split("/"):
        element = etree.SubElement(element, _gml(name))
    element.text = text
    return element


def read_boxes(content: bytes, file_bytes: int, name: str, error: type[IpfError]) -> list[Box]:
    """The boxes of a JP2 file up to its code-stream, outer before inner.

    `content` is the beginning of the file, of `file_bytes` bytes in all. Raises `error` naming the file
    `name` when it is not a JP2 file, a box leaves the file, or no code-stream starts within `content`.
    """
    if not content.startswith(SIGNATURE):
        raise error(f"{name}: not a JP2 file, its first twelve bytes are not the JPEG 2000 signature")
    boxes = list(_walk(content, 0, file_bytes, 0, name, error))
    if not any(item.kind == CODESTREAM for item in boxes):
        raise error(f"{name}: JP2 file without a code-stream box ({CODESTREAM})")
    return boxes


def _walk(
    content: bytes, start: int, end: int, depth: int, name: str, error: type[IpfError]
) -> Iterator[Box]:
    while start < end:
        header, length, kind = _box_header(content, start, end)
        if length < header or start + length > end:
            raise error(f"{name}: JP2 box at byte {start} is cut, or longer than what contains it")
        yield Box(kind, start + header, length - header, depth)
        if kind == CODESTREAM:
            return
        if kind in _SUPER_BOXES:
            yield from _walk(content, start + header, start + length, depth + 1, name, error)
        start += length


def _box_header(content: bytes, start: int, end: int) -> tuple[int, int, str]:
    """Bytes of the box header, of the whole box, and the type; a cut header counts as length 0."""
    available = min(end, len(content)) - start
    if available < _BOX_HEADER:
        return _BOX_HEADER, 0, ""
    length, raw_kind = struct.unpack_from(">I4s", content, start)
    kind = raw_kind.decode("latin-1")
    if length == 0:  # to the end of the file
        return _BOX_HEADER, end - start, kind
    if length == 1 and available >= _LONG_BOX_HEADER:
        return _LONG_BOX_HEADER, struct.unpack_from(">Q", content, start + _BOX_HEADER)[0], kind
    return _BOX_HEADER, length, kind
