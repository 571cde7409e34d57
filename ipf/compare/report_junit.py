"""A comparison as JUnit XML, for continuous integration: a suite for each part, a case for each check.

Notes are cases that were skipped, which continuous integration shows without calling them a failure: limits
that hold nowhere were not applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lxml import etree

from ipf.compare.results import Check, Comparison, Status

NOTES = "notes"
"""Suite of the notes."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (section 2.2)."""


def comparison_junit(comparison: Comparison, name: str = "ipf compare") -> bytes:
    """The document; the same comparison gives the same bytes."""
    root = etree.Element("testsuites")
    _count(root, name, comparison.checks, comparison.notes)
    for item, checks in _by_item(comparison.checks).items():
        suite = etree.SubElement(root, "testsuite")
        _count(suite, item, checks)
        for check in checks:
            _add_case(suite, check)
    if comparison.notes:
        suite = etree.SubElement(root, "testsuite")
        _count(suite, NOTES, (), comparison.notes)
        add_notes(suite, NOTES, comparison.notes)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _by_item(checks: Iterable[Check]) -> dict[str, list[Check]]:
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.item, []).append(check)
    return groups


def _count(element: etree._Element, name: str, checks: Iterable[Check], notes: Sequence[str] = ()) -> None:
    every = list(checks)
    failures = sum(check.status is Status.FAILED for check in every)
    skipped = len(notes)
    counts = {"tests": len(every) + skipped, "failures": failures, "errors": 0, "skipped": skipped}
    element.set("name", printable(name))
    for key, count in counts.items():
        element.set(key, str(count))


def _add_case(suite: etree._Element, check: Check) -> None:
    case = etree.SubElement(suite, "testcase", name=check.name.value, classname=printable(check.item))
    message = printable(check.message)
    if check.status is Status.FAILED:
        failure = etree.SubElement(case, "failure", message=message, type=check.name.value)
        failure.text = printable("\n".join([check.message, *figure_lines(check)]))
    else:
        etree.SubElement(case, "system-out").text = message


def add_notes(suite: etree._Element, classname: str, notes: Sequence[str]) -> None:
    """Add a skipped case for each note."""
    for number, note in enumerate(notes, 1):
        case = etree.SubElement(suite, "testcase", name=f"note {number}", classname=printable(classname))
        etree.SubElement(case, "skipped", message=printable(note))


def figure_lines(check: Check) -> list[str]:
    """What a check measured: a line for each figure, with its limit where it has one."""
    return [
        f"{name}: {value}" + (f" (limit {check.limits[name]})" if name in check.limits else "")
        for name, value in check.figures.items()
    ]


def printable(text: str) -> str:
    """`text` with an escape for each character that XML cannot hold: ``\\x1b`` for that of terminals."""
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
