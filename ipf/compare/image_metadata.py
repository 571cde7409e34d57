"""Metadata within image files: what differs, told apart into content, what follows from pixels, and the run.

GeoTIFF's items (baseline TIFF tags 305 Software, 306 DateTime, 316 HostComputer), comments of JPEG 2000
code-streams and XML boxes, which are compared as documents are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from ipf.compare.image_file import ImageFile
from ipf.compare.image_tags import NONE, Value, told
from ipf.compare.naming import normalised
from ipf.compare.results import Check, CheckName, Status
from ipf.compare.tolerances import Tolerances
from ipf.compare.xml_difference import compare_xml
from ipf.compare.xml_rules import Rules
from ipf.errors import ProductError
from ipf.xml import parse_xml_bytes

Difference = tuple[str, Value, Value]
"""Name of a parameter, its value in the reference and in the candidate."""

_OF_RUN = frozenset(
    {"TIFFTAG_SOFTWARE", "TIFFTAG_DATETIME", "TIFFTAG_HOSTCOMPUTER", "TIFFTAG_DOCUMENTNAME"}
    | {"NC_GLOBAL#history"}
)
"""Items that say what wrote the file, when, where, and as what."""
_OF_PIXELS = "STATISTICS_"
"""Items that GDAL computed from pixels."""


@dataclass(frozen=True, slots=True)
class MetadataDifferences:
    """Differences of content, of what follows from the pixels, and of what depends on the run alone."""

    content: list[Difference] = field(default_factory=list)
    consequences: list[Difference] = field(default_factory=list)
    run: list[Difference] = field(default_factory=list)


def differing(reference: Mapping[str, Value], candidate: Mapping[str, Value]) -> list[Difference]:
    """Values that differ, by name; what one side does not have is ``none`` there."""
    names = dict.fromkeys([*reference, *candidate])
    pairs = [(name, reference.get(name, NONE), candidate.get(name, NONE)) for name in names]
    return [pair for pair in pairs if pair[1] != pair[2]]


def metadata_differences(
    reference: ImageFile, candidate: ImageFile, tolerances: Tolerances
) -> MetadataDifferences:
    """What differs in the metadata within two image files."""
    same_format = reference.encoding["format"] == candidate.encoding["format"]
    found = MetadataDifferences(run=differing(reference.run, candidate.run) if same_format else [])
    for name, one, other in differing(reference.items, candidate.items):
        key = name.rpartition(" ")[2]
        if key in _OF_RUN or normalised(str(one)) == normalised(str(other)):
            kind = found.run
        else:
            kind = found.consequences if key.startswith(_OF_PIXELS) else found.content
        kind.append((name, told(str(one)), told(str(other))))
    for number, pair in enumerate(zip_longest(reference.documents, candidate.documents), 1):
        _compare_documents(f"XML box {number}", pair, found, tolerances)
    return found


def _compare_documents(
    name: str, pair: tuple[str | None, str | None], found: MetadataDifferences, tolerances: Tolerances
) -> None:
    """Element by element where both are well-formed; else as text."""
    one, other = pair
    if one == other:
        return
    if one is None or other is None:
        found.content.append((name, told(one or ""), told(other or "")))
        return
    try:
        first, second = (parse_xml_bytes(text.encode("utf-8"), name, ProductError) for text in pair if text)
    except (ProductError, ValueError):
        found.content.append((name, told(one), told(other)))
        return
    difference = compare_xml(first, second, Rules.of(tolerances))
    found.content.extend(
        (f"{name} {each.path}", told(each.reference or ""), told(each.candidate or ""))
        for each in difference.differences
        if each.counts
    )
    found.run.extend(
        (f"{name} {each.place}", told(each.reference), told(each.candidate)) for each in difference.names
    )


def naming_checks(
    item: str, files: tuple[ImageFile, ImageFile], found: MetadataDifferences, tolerances: Tolerances
) -> list[Check]:
    """NAMING of what the files of `item` say of their run, where they say it and it must be the same, or
    where it differs.
    """
    strict = tolerances.structure.naming == "fail"
    says = any(file.run or _OF_RUN.intersection(file.items) for file in files)
    if not found.run and not (strict and says):
        return []
    message = "; ".join(f"{name} is {other}, expected {one}" for name, one, other in found.run)
    failed = bool(found.run) and strict
    return [
        Check(
            CheckName.NAMING,
            item,
            Status.FAILED if failed else Status.PASSED,
            message or "what the file says of its run is equal",
            {"differences": len(found.run)},
            {"differences": 0} if strict else {},
        )
    ]
