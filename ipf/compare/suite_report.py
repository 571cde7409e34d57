"""What became of the cases of a suite: rows for people, JSON, and JUnit's XML for continuous integration."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from ipf.compare.report_json import comparison_json
from ipf.compare.report_junit import printable
from ipf.compare.results import Check, Status
from ipf.compare.suite_run import CaseResult, CaseStatus

COLUMNS = ("case", "status", "seconds", "worst check")

AT_LEAST = ("correlation", "agreement", "intersection_over_union")
"""Figures that must be at least their limit; others must be at most."""


def worst(result: CaseResult) -> tuple[str, Check] | None:
    """The check that failed by most, else the one nearest to failing, and the product it is about."""
    checks = [(product, check) for product, comparison in result.comparisons for check in comparison.checks]
    return max(checks, key=lambda entry: _severity(entry[1]), default=None)


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
        (result.case.name, result.status.value, round(result.seconds, 1), _remark(result))
        for result in results
    ]


def _remark(result: CaseResult) -> str:
    """The worst check of a case, or why there is none."""
    found = worst(result)
    if result.status is CaseStatus.ERROR or found is None:
        return result.message
    product, check = found
    return f"{check.name} of {check.item} in {product}: {check.message} ({result.message})"


def suite_json(suite: Path, results: Sequence[CaseResult]) -> dict[str, Any]:
    """Everything about a run as numbers, texts, lists and dictionaries, ready to be written as JSON."""
    return {
        "suite": str(suite),
        "cases": [
            {
                "name": result.case.name,
                "status": result.status.value,
                "message": result.message,
                "seconds": round(result.seconds, 3),
                "job_order": str(result.case.job_order),
                "reference": str(result.case.reference),
                "comparisons": [
                    {"product": product, **json.loads(comparison_json(comparison))}
                    for product, comparison in result.comparisons
                ],
            }
            for result in results
        ],
    }


def suite_junit(suite: Path, results: Sequence[CaseResult]) -> bytes:
    """JUnit's XML: a test suite for each case, with a test for the run and one for each check."""
    root = etree.Element("testsuites", name=suite.stem)
    for result in results:
        root.append(_junit_case(result))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(case.get(name, "0")) for case in root)))
    document: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return document


def _junit_case(result: CaseResult) -> etree._Element:
    checks = [(product, check) for product, comparison in result.comparisons for check in comparison.checks]
    failed = [check for _, check in checks if check.status is Status.FAILED]
    counted = result.status is not CaseStatus.UPDATED
    error = result.status is CaseStatus.ERROR
    case = etree.Element(
        "testsuite",
        name=result.case.name,
        tests=str(1 + len(checks)),
        failures=str(len(failed) if counted else 0),
        errors=str(int(error)),
        time=f"{result.seconds:.3f}",
    )
    run = etree.SubElement(case, "testcase", classname=result.case.name, name="run")
    if error:
        etree.SubElement(run, "error", message=printable(result.message))
    for product, check in checks:
        name = printable(f"{product}: {check.name} of {check.item}")
        test = etree.SubElement(case, "testcase", classname=result.case.name, name=name)
        if counted and check.status is Status.FAILED:
            etree.SubElement(test, "failure", message=printable(check.message))
    return case
