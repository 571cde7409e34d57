"""Makes what a case made its reference, where it differs from the one before and somebody says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ipf.compare.references import change_note, is_missing, matches, write_reference
from ipf.compare.suite_outputs import unmatched
from ipf.compare.suite_run import CaseResult, CaseStatus


def updated(result: CaseResult, reason: str, day: date) -> CaseResult:
    """The result once its products are the reference, with a note of the changes and the `reason`.

    A reference stays where the case passed, where anything else than a difference went wrong, which says
    nothing about the products, and where outputs that the case compares were not made: the new reference
    would never pass. Raises `OutputError` when it cannot be written.
    """
    case = result.case
    first = result.complete and is_missing(case.reference)
    if not (first or result.status is CaseStatus.FAILED):
        return result
    if not result.complete:
        pattern = unmatched(result.outputs, case.outputs)[0]
        return replace(
            result,
            message=f"{result.message}; the reference stays: take {pattern!r}, of which nothing was made,"
            " out of the outputs first if that is wanted",
        )
    note = change_note(day, reason, result.comparisons, result.missing, result.added)
    parts = matches(result.outputs, case.outputs)
    write_reference(case.reference, result.outputs, parts, packed=case.packed, note=note)
    told = "there was none" if first else result.message
    return replace(result, status=CaseStatus.UPDATED, message=f"new reference; {told}", traceback="")
