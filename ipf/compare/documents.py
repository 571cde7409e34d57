"""XML documents of a product against those of the reference: one check each, and every difference."""

from __future__ import annotations

from lxml import etree

from ipf.compare.content import DocumentPart
from ipf.compare.results import (
    Check,
    CheckName,
    DocumentDifference,
    NameDifference,
    PartResult,
    Pattern,
    Status,
)
from ipf.compare.tolerances import Tolerances
from ipf.compare.unused import own_patterns
from ipf.compare.xml_difference import XmlDifference, compare_xml
from ipf.compare.xml_patterns import matched_patterns
from ipf.compare.xml_rules import Rules
from ipf.errors import ProductError
from ipf.xml import MAXIMUM_BYTES, parse_xml_bytes, read_bounded

TOLD = 3
"""Differences that the message of a check tells; all are in the result."""

ComparedDocuments = tuple[list[Check], PartResult, tuple[NameDifference, ...]]


def compare_documents(
    reference: DocumentPart, candidate: DocumentPart, tolerances: Tolerances
) -> ComparedDocuments:
    """Compare two XML documents.

    Gives the check METADATA, and NAMING where names must be the same; READABLE, failed, when one of them
    cannot be read. METADATA fails under any tolerances where documents are of other data (orbit, satellite,
    grid, identifiers), have lost a main section, hold a date, baseline or number that is none, or numbers
    that are grossly off (`ipf.compare.xml_gross`). The result lists every difference, also those within
    tolerance and at ignored paths (`counts` is false). Differences that depend on the run alone come apart,
    their places beginning with the key of the part. `patterns` of the result are those of the tolerances' own
    that match anything in either document.
    """
    key = reference.key
    try:
        found, patterns = _difference(reference, candidate, tolerances)
    except ProductError as problem:
        check = Check(CheckName.READABLE, key, Status.FAILED, f"cannot be compared: {problem}")
        return [check], PartResult(key), ()
    names = tuple(
        NameDifference(f"{key}: {name.place}", name.reference, name.candidate) for name in found.names
    )
    checks = [_metadata_check(key, found, tolerances)]
    if tolerances.structure.naming == "fail":
        checks.append(_naming_check(key, found.names))
    result = PartResult(key, document=(*found.differences, *found.ignored), patterns=patterns)
    return checks, result, names


def patterns_in(part: DocumentPart, tolerances: Tolerances) -> frozenset[Pattern]:
    """The tolerances' own patterns that match anything in a document that has no partner.

    None in one that cannot be read: that it has no partner is told whatever it holds.
    """
    own = own_patterns(tolerances)
    try:
        return matched_patterns(_parsed(_content(part), part), own) if own else frozenset()
    except ProductError:
        return frozenset()


def _difference(
    reference: DocumentPart, candidate: DocumentPart, tolerances: Tolerances
) -> tuple[XmlDifference, frozenset[Pattern]]:
    """What the documents differ in, and which of the tolerances' own patterns match in either."""
    own = own_patterns(tolerances)
    contents = [_content(part) for part in (reference, candidate)]
    same = contents[0] == contents[1]
    ours = _parsed(contents[0], reference)
    patterns = matched_patterns(ours, own)
    if same:
        return XmlDifference(), patterns
    theirs = _parsed(contents[1], candidate)
    contents.clear()
    return compare_xml(ours, theirs, Rules.of(tolerances)), patterns | matched_patterns(theirs, own)


def _content(part: DocumentPart) -> bytes:
    return read_bounded(part.path, ProductError, MAXIMUM_BYTES, "an XML file")


def _parsed(content: bytes, part: DocumentPart) -> etree._Element:
    return parse_xml_bytes(content, str(part.path), ProductError)


def _metadata_check(key: str, found: XmlDifference, tolerances: Tolerances) -> Check:
    beyond = [difference for difference in found.differences if difference.counts]
    strict = tolerances.metadata.differing == "fail"
    figures = {
        "differences": len(beyond),
        "essential": len(found.essential),
        "within_tolerance": len(found.differences) - len(beyond),
        "ignored": len(found.ignored),
    }
    return Check(
        CheckName.METADATA,
        key,
        Status.FAILED if found.essential or (beyond and strict) else Status.PASSED,
        _told(found, beyond),
        figures,
        ({"differences": 0} if strict else {}) | {"essential": 0},
    )


def _told(found: XmlDifference, beyond: list[DocumentDifference]) -> str:
    """How many differences there are of each kind, and the first of them, essential ones before others."""
    within = len(found.differences) - len(beyond)
    parts = [_counted(len(beyond), "difference")]
    if found.essential:
        parts.append(f"{len(found.essential)} essential")
    if within:
        parts.append(f"{within} within tolerance")
    if found.names:
        parts.append(f"{_counted(len(found.names), 'name or date', 'names or dates')} apart")
    if found.ignored:
        parts.append(f"{len(found.ignored)} at ignored paths")
    known = set(map(id, found.essential))
    first = [*found.essential, *(difference for difference in beyond if id(difference) not in known)][:TOLD]
    told = "; ".join(map(_sentence, first))
    more = f"; and {len(beyond) - TOLD} more" if len(beyond) > TOLD else ""
    return ", ".join(parts) + (f": {told}{more}" if told else "")


def _naming_check(key: str, names: list[NameDifference]) -> Check:
    told = "; ".join(f"{name.place}: {name.candidate}, expected {name.reference}" for name in names[:TOLD])
    more = f"; and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return Check(
        CheckName.NAMING,
        key,
        Status.FAILED if names else Status.PASSED,
        f"{_counted(len(names), 'name or date', 'names or dates')} of the run"
        + (f": {told}{more}" if told else ""),
        {"differences": len(names)},
        {"differences": 0},
    )


def _counted(number: int, one: str, many: str | None = None) -> str:
    """``1 difference``, ``2 differences``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _sentence(difference: DocumentDifference) -> str:
    """One difference in words."""
    if difference.reference is None or difference.candidate is None:
        return f"{difference.path} {difference.message}"
    values = f"{difference.candidate!r}, expected {difference.reference!r}"
    return f"{difference.path} {difference.message} ({values})"
