"""A comparison as JUnit XML, for continuous integration: a suite for each part, a case for each check."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from ipf.compare.results import Check, Comparison, Status

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (section 2.2)."""


def comparison_junit(comparison: Comparison, name: str = "ipf compare") -> bytes:
    """The document; the same comparison gives the same bytes."""
    root = etree.Element("testsuites")
    _count(root, name, comparison.checks)
    for item, checks in _by_item(comparison.checks).items():
        suite = etree.SubElement(root, "testsuite")
        _count(suite, item, checks)
        for check in checks:
            _add_case(suite, check)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _by_item(checks: Iterable[Check]) -> dict[str, list[Check]]:
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.item, []).append(check)
    return groups


def _count(element: etree._Element, name: str, checks: Iterable[Check]) -> None:
    every = list(checks)
    failures = sum(check.status is Status.FAILED for check in every)
    counts = {"tests": len(every), "failures": failures, "errors": 0, "skipped": 0}
    element.set("name", printable(name))
    for key, count in counts.items():
        element.set(key, str(count))


def _add_case(suite: etree._Element, check: Check) -> None:
    case = etree.SubElement(suite, "testcase", name=check.name.value, classname=printable(check.item))
    message = printable(check.message)
    if check.status is Status.FAILED:
        failure = etree.SubElement(case, "failure", message=message, type=check.name.value)
        failure.text = printable("\n".join([check.message, *_lines(check)]))
    else:
        etree.SubElement(case, "system-out").text = message


def _lines(check: Check) -> list[str]:
    return [
        f"{name}: {value}" + (f" (limit {check.limits[name]})" if name in check.limits else "")
        for name, value in check.figures.items()
    ]


def printable(text: str) -> str:
    """`text` with an escape for each character that XML cannot hold: ``\\x1b`` for that of terminals."""
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
