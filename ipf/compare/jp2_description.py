"""What a JP2 file holds besides packets: boxes, bytes after its code-stream, markers of all its headers.

Boxes: ISO/IEC 15444-1, annex I; markers: annex A, tables A.2, A.9 (SIZ), A.12 to A.19 (COD), A.43 (COM).
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ipf.compare.image_tags import NONE, Value, digest, told
from ipf.compare.jp2_tile_parts import describe_tile_parts
from ipf.errors import ProductError
from ipf.product.jp2_boxes import CODESTREAM, Box, read_boxes
from ipf.product.tile_parts import read_main_header

_BEGINNING_BYTES = 2**20
_CHUNK_BYTES = 2**20
_SUPER_BOXES = ("jp2h", "asoc")
_UUID_BYTES = 16
_SIZE, _CODING, _COMMENT = 0xFF51, 0xFF52, 0xFF64
_MARKERS = {
    _SIZE: "SIZ",
    _CODING: "COD",
    0xFF50: "CAP",
    0xFF53: "COC",
    0xFF55: "TLM",
    0xFF57: "PLM",
    0xFF5C: "QCD",
    0xFF5D: "QCC",
    0xFF5E: "RGN",
    0xFF5F: "POC",
    0xFF60: "PPM",
    0xFF63: "CRG",
    _COMMENT: "COM",
}
_FOLLOW_PACKETS = ("TLM", "PLM", "PPM")
"""Markers that hold lengths or headers of packets: they differ wherever a pixel does."""
_LATIN = 1
_SIGNS = "unsigned", "signed"

_COORDINATES = re.compile(rb"(<(?:\w+:)?(?:pos|offsetVector)\b[^>]*>)[^<]*")
_REFERENCE = re.compile(rb"\b(srsName|uom)=(\"[^\"]*\"|'[^']*')")
"""Where a georeference in GML says where: origin and vectors, and in which reference system."""
_GML_LABEL = b"gml."


@dataclass(frozen=True, slots=True)
class Jp2Description:
    """`structure` by name, and what a run or a program puts in: comments of the code-stream's main header and
    of its tile-parts, XML boxes.
    """

    structure: dict[str, Value]
    comments: str
    part_comments: str
    documents: tuple[str, ...]


def describe_jp2(path: Path) -> Jp2Description:
    """Describe the JP2 file `path`; ProductError naming it when it is malformed, OSError passes."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        boxes = read_boxes(file.read(_BEGINNING_BYTES), size, str(path), ProductError)
        structure, documents = _boxes(file, boxes, path)
        end = boxes[-1].start + boxes[-1].length
        structure["bytes after the code-stream"] = _digest_of(file, end, size - end) if size > end else NONE
        header = read_main_header(file, path)
        segments = header.segments
        parts = describe_tile_parts(file, header, path)
    try:
        structure |= _markers(segments)
        comments = [_comment(content) for marker, content in segments if marker == _COMMENT]
        of_parts = [f"{where}: {_comment(content)}" for where, content in parts.comments]
    except struct.error as problem:
        raise ProductError(f"{path}: code-stream header is malformed or cut (SIZ, COD, COM)") from problem
    main, of_tiles = (told("; ".join(each)) for each in (comments, of_parts))
    return Jp2Description(structure | parts.structure, main, of_tiles, documents)


def _boxes(file: BinaryIO, boxes: list[Box], path: Path) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Contents of boxes by name, with the names of all in their order, and the XML documents among them."""
    described: dict[str, Value] = {}
    documents: list[str] = []
    outer: list[str] = []
    seen: Counter[str] = Counter()
    labelled = b""
    for box in boxes:
        outer = [*outer[: box.depth], box.kind.strip()]
        content = _content(file, box)
        name = "/".join(outer)
        if box.kind == "uuid":
            name += f" {content[:_UUID_BYTES].hex()}"
        seen[name] += 1
        name += f" {seen[name]}" if seen[name] > 1 else ""
        is_gml = labelled.startswith(_GML_LABEL) and box.depth > 0
        if box.kind == "lbl ":
            labelled = content
        if box.kind == "xml " and not is_gml:
            documents.append(content.decode("utf-8", "replace"))
            described[f"box {name}"] = "a document"
        elif box.kind == CODESTREAM or box.kind in _SUPER_BOXES:
            described[f"box {name}"] = "holds others" if box.kind != CODESTREAM else "the code-stream"
        else:
            described[f"box {name}"] = _box_text(box, _without_place(content) if is_gml else content, path)
    names = ", ".join(name.removeprefix("box ") for name in described)
    return {"boxes": names} | described, tuple(documents)


def _content(file: BinaryIO, box: Box) -> bytes:
    if box.kind == CODESTREAM or box.kind in _SUPER_BOXES:
        return b""
    file.seek(box.start)
    return file.read(box.length)


def _box_text(box: Box, content: bytes, path: Path) -> str:
    """Content of a box that tells it from every other; image header and colour in words."""
    try:
        if box.kind == "ihdr":
            rows, columns, components, bits, kind, unknown, rights = struct.unpack(">IIHBBBB", content)
            return (
                f"{rows} x {columns} pixels, {components} components, bits {bits}, compression {kind},"
                f" unknown colour {unknown}, rights {rights}"
            )
        if box.kind == "colr" and content[:1] == b"\1":
            method, precedence, approximation, space = struct.unpack(">BbBI", content)
            told_of = f"method {method}, precedence {precedence}, approximation {approximation}"
            return f"{told_of}, colour space {space}"
    except struct.error as problem:
        raise ProductError(f"{path}: JP2 box {box.kind} of {box.length} bytes is malformed") from problem
    return content.hex() or NONE if len(content) <= 16 else f"{len(content)} bytes, {digest(content)}"


def _without_place(gml: bytes) -> bytes:
    """A georeference in GML without what the check of places compares as numbers.

    Reference systems are numbered, so that one that is not that of the others remains to be seen.
    """
    names: dict[bytes, int] = {}

    def numbered(found: re.Match[bytes]) -> bytes:
        return found[1] + b"=%d" % names.setdefault(found[2][1:-1], len(names))

    return _REFERENCE.sub(numbered, _COORDINATES.sub(rb"\1#", gml))


def _digest_of(file: BinaryIO, start: int, length: int) -> str:
    file.seek(start)
    found = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        found.update(chunk)
    return f"{length} bytes, SHA-256 {found.hexdigest()[:16]}"


def _markers(segments: tuple[tuple[int, bytes], ...]) -> dict[str, Value]:
    """What the main header says that `inspect_jpeg2000` does not."""
    names = [_MARKERS.get(marker, f"{marker:04X}") for marker, _ in segments]
    described: dict[str, Value] = {"markers": ", ".join(name for name in names if name != "COM")}
    seen: Counter[str] = Counter()
    for name, (marker, content) in zip(names, segments, strict=True):
        seen[name] += 1
        if marker == _SIZE:
            described |= _size(content)
        elif marker == _CODING:
            described["packet markers"], described["code-block style"] = content[0] & ~1, content[8]
        elif marker != _COMMENT and name not in _FOLLOW_PACKETS:
            described[f"marker {name}" + (f" {seen[name]}" if seen[name] > 1 else "")] = told(content.hex())
    return described


def _size(content: bytes) -> dict[str, Value]:
    """Components' precision (with the sign) and sampling, and where image and tiles begin."""
    capabilities, _, _, left, top, _, _, tile_left, tile_top, count = struct.unpack_from(">H8IH", content)
    components = [struct.unpack_from(">BBB", content, 36 + 3 * number) for number in range(count)]
    distinct = sorted(set(components), key=components.index)
    each = distinct if len(distinct) == 1 else components
    texts = [
        f"{(precision & 0x7F) + 1} bits {_SIGNS[precision >> 7]}, every {down} x {across} pixels"
        for precision, across, down in each
    ]
    return {
        "capabilities": capabilities,
        "begin of image": (top, left),
        "begin of tiles": (tile_top, tile_left),
        "samples": "; ".join(texts),
    }


def _comment(content: bytes) -> str:
    """Text of a COM segment; of a binary one its digest."""
    (registration,) = struct.unpack_from(">H", content)
    return content[2:].decode("latin-1") if registration == _LATIN else digest(content[2:])
