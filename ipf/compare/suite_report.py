"""What became of the cases of a suite: rows for people, JSON, and JUnit's XML for continuous integration."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from ipf.compare.report_json import comparison_json
from ipf.compare.report_junit import add_notes, figure_lines, printable
from ipf.compare.results import Check, Status
from ipf.compare.suite_run import CaseResult, CaseStatus

COLUMNS = ("case", "status", "seconds", "worst check")

AT_LEAST = ("correlation", "agreement", "intersection_over_union")
"""Figures that must be at least their limit; others must be at most."""


def worst(result: CaseResult) -> tuple[str, Check] | None:
    """The check that failed by most, else the one nearest to failing, and the product it is about."""
    return max(_checks(result), key=lambda entry: _severity(entry[1]), default=None)


def _checks(result: CaseResult) -> list[tuple[str, Check]]:
    """The checks of a case, each with its product."""
    return [(product, check) for product, comparison in result.comparisons for check in comparison.checks]


def _severity(check: Check) -> tuple[bool, float]:
    """Whether a check failed, and the largest of its figures over their limits."""
    ratios = [
        _ratio(name, check.figures[name], limit)
        for name, limit in check.limits.items()
        if name in check.figures
    ]
    return check.status is Status.FAILED, max(ratios, default=0.0)


def _ratio(name: str, figure: object, limit: object) -> float:
    """A figure over its limit; 0 where that says nothing, infinite where nothing was allowed."""
    if not isinstance(figure, int | float) or not isinstance(limit, int | float) or math.isnan(figure):
        return 0.0
    high, low = (limit, figure) if name in AT_LEAST else (abs(figure), limit)
    if low > 0:
        return high / low
    return math.inf if high > low else 0.0


def rows(results: Sequence[CaseResult]) -> list[tuple[object, ...]]:
    """Rows of a table with the columns `COLUMNS`: one for each case."""
    return [
        (result.case.name, result.status.value, round(result.seconds, 1), remark(result))
        for result in results
    ]


def remark(result: CaseResult) -> str:
    """The worst check of a case; what is worse than any, where there is that."""
    found = worst(result)
    if result.status is CaseStatus.ERROR or result.missing or result.added or found is None:
        return result.message
    product, check = found
    if _severity(check) == (False, 0.0):
        return result.message  # none came near to failing
    return f"{check.name} of {check.item} in {product}: {check.message} ({result.message})"


def note_lines(results: Sequence[CaseResult]) -> list[str]:
    """Notes of all comparisons for a person, each with its case and product."""
    return [
        f"{result.case.name}: {product}: {note}"
        for result in results
        for product, comparison in result.comparisons
        for note in comparison.notes
    ]


def counts(results: Sequence[CaseResult]) -> dict[str, int]:
    """How many cases ended in each way that occurred, in the order of `CaseStatus`."""
    found = Counter(result.status for result in results)
    return {status.value: found[status] for status in CaseStatus if found[status]}


def good(results: Sequence[CaseResult]) -> bool:
    """Whether there were cases and all passed or are the reference now."""
    return bool(results) and all(result.status.good for result in results)


def suite_json(suite: Path, results: Sequence[CaseResult]) -> dict[str, Any]:
    """Everything about a run as numbers, texts, lists and dictionaries, ready to be written as JSON."""
    return {
        "suite": str(suite),
        "status": (CaseStatus.PASSED if good(results) else CaseStatus.FAILED).value,
        "counts": counts(results),
        "cases": [_json_case(result) for result in results],
    }


def _json_case(result: CaseResult) -> dict[str, Any]:
    case = result.case
    return {
        "name": case.name,
        "status": result.status.value,
        "message": result.message,
        "traceback": result.traceback,
        "seconds": round(result.seconds, 3),
        "job_order": str(case.job_order),
        "reference": str(case.reference),
        "tolerances": str(case.tolerances),
        "folder": str(result.folder),
        "log": str(result.log),
        "missing_outputs": [path.as_posix() for path in result.missing],
        "added_outputs": [path.as_posix() for path in result.added],
        "comparisons": [
            {"product": product, **json.loads(comparison_json(comparison))}
            for product, comparison in result.comparisons
        ],
    }


def suite_junit(suite: Path, results: Sequence[CaseResult]) -> bytes:
    """JUnit's XML: a test suite for each case, with a test for its run, its outputs, and each check.

    Differences of a case whose products became the reference are no failures. Notes of comparisons are tests
    that were skipped, as in the report of one comparison.
    """
    root = etree.Element("testsuites", name=printable(suite.stem))
    for result in results:
        root.append(_junit_case(result))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(case.get(name, "0")) for case in root)))
    root.set("time", f"{sum(result.seconds for result in results):.3f}")
    document: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return document


def _junit_case(result: CaseResult) -> etree._Element:
    case = etree.Element("testsuite", name=result.case.name)
    _junit_run(case, result)
    failing = result.status is CaseStatus.FAILED
    if result.comparisons or result.missing or result.added:
        lines = [f"missing {path.as_posix()}" for path in result.missing]
        lines += [f"added {path.as_posix()}" for path in result.added]
        _junit_test(case, result, "outputs", ", ".join(lines), lines, failing and bool(lines))
    for product, check in _checks(result):
        wrong = failing and check.status is Status.FAILED
        name = f"{product}: {check.name} of {check.item}"
        _junit_test(case, result, name, check.message, [check.message, *figure_lines(check)], wrong)
    for product, comparison in result.comparisons:
        add_notes(case, f"{result.case.name}: {product}", comparison.notes)
    tags = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    for name, tag in tags.items():
        case.set(name, str(len(case.findall(f".//{tag}"))))
    case.set("time", f"{result.seconds:.3f}")
    return case


def _junit_run(case: etree._Element, result: CaseResult) -> None:
    """The test that says whether the case could be run and compared at all."""
    run = etree.SubElement(case, "testcase", classname=result.case.name, name="run")
    run.set("time", f"{result.seconds:.3f}")
    if result.status is CaseStatus.ERROR:
        error = etree.SubElement(run, "error", message=printable(result.message))
        error.text = printable(result.traceback or result.message)
    else:
        etree.SubElement(run, "system-out").text = printable(result.message)


def _junit_test(
    case: etree._Element, result: CaseResult, name: str, message: str, lines: Sequence[str], wrong: bool
) -> None:
    test = etree.SubElement(case, "testcase", classname=result.case.name, name=printable(name))
    if wrong:
        failure = etree.SubElement(test, "failure", message=printable(message))
        failure.text = printable("\n".join(lines))
    elif message:
        etree.SubElement(test, "system-out").text = printable(message)
