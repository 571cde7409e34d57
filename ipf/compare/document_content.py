"""XML documents, and parameter files (GIPP) by what their names say: type, band, validity."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ipf.errors import ProductError
from ipf.xml import local_name, parse_xml

_SUFFIXES = frozenset({".xml", ".safe", ".gml", ".xsd", ".vrt"})
_SOMETIMES = frozenset({"", ".hdr", ".dbl", ".eef"})
"""Extensions of documents and of other files alike: a header may be one of ENVI, a data block anything."""
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[?A-Za-z]")
_START_BYTES = 256

_GIPP = re.compile(
    r"(?P<satellite>S2[A-D_])_[A-Z0-9]{4}_(?P<kind>GIP_[A-Z0-9]{6})_[A-Z0-9_]{4}_\d{8}T\d{6}"
    r"_V(?P<start>\d{8}T\d{6})_\d{8}T\d{6}(?:_(?P<band>B\d[0-9A]))?(?P<extension>\.\w+)",
    re.ASCII,
)
_HEADERS = {".HDR": " header"}
_KINDS = {"Ipf_Job_Order": "job order", "Product_Report": "report"}


def is_document(path: Path) -> bool:
    """Whether a file is an XML document: by its extension, and where that is open by its first bytes."""
    suffix = path.suffix.lower()
    if suffix not in _SOMETIMES:
        return suffix in _SUFFIXES
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return _START.match(file.read(_START_BYTES)) is not None
    except OSError:
        return False  # the comparison of its bytes says that it cannot be read


def document_kind(path: Path) -> tuple[str, str]:
    """What a single XML document is (``job order``, ``report``, ``document Level-2A_Tile_ID``), and its root.

    Raises ProductError naming the file when it cannot be read.
    """
    root = local_name(parse_xml(path, ProductError))
    return _KINDS.get(root, f"document {root}"), root


def is_gipp(name: str) -> bool:
    """Whether `name` is that of a file of a GIPP."""
    return _GIPP.fullmatch(name) is not None


def gipp_keys(paths: Iterable[Path]) -> dict[Path, str]:
    """Keys of the files of GIPPs: ``GIP_VIEDIR B03``, ``GIP_DATATI B00 header``.

    Where several of one type and band are there, satellite and start of validity tell them apart, and where
    these do not, their names.
    """
    variants = {path: _variants(match) for path in paths if (match := _GIPP.fullmatch(path.name))}
    often = Counter(key for keys in variants.values() for key in keys)
    return {
        path: next((key for key in keys if often[key] == 1), path.name) for path, keys in variants.items()
    }


def _variants(match: re.Match[str]) -> tuple[str, str]:
    band = f" {match['band']}" if match["band"] else ""
    part = _HEADERS.get(match["extension"], "")
    kind = match["kind"] + band
    return kind + part, f"{kind} {match['satellite']} {match['start']}{part}"
