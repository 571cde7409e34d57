"""The pages of a run of a suite: one over all cases, which leads to that of each comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ipf import __version__
from ipf.atomic import write_text
from ipf.compare.html_report import PAGE, page_templates, write_html
from ipf.compare.report_junit import printable
from ipf.compare.results import Comparison
from ipf.compare.suite_report import counts, good, remark
from ipf.compare.suite_run import CaseResult

TEMPLATE = "suite.html.j2"
SHOWN = 12
"""Failed checks of a comparison, and outputs of a case, that are seen at once."""
_IN_TABLE = 2
"""Reports of a case, at most, that the table over all cases leads to by their names."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A case as the page shows it: its result, a remark, and its comparisons with their links."""

    result: CaseResult
    anchor: str
    remark: str
    comparisons: tuple[tuple[str, str, Comparison], ...]

    @property
    def first(self) -> tuple[tuple[str, str, Comparison], ...]:
        """The comparisons that the table over all cases names: where there are many, some that failed."""
        if len(self.comparisons) <= _IN_TABLE:
            return self.comparisons
        return tuple(entry for entry in self.comparisons if entry[2].failures)[:_IN_TABLE]

    @property
    def checks(self) -> int:
        """Number of checks."""
        return sum(len(comparison.checks) for _, _, comparison in self.comparisons)

    @property
    def failures(self) -> int:
        """Number of checks that failed."""
        return sum(len(comparison.failures) for _, _, comparison in self.comparisons)

    @property
    def notes(self) -> int:
        """Number of notes."""
        return sum(len(comparison.notes) for _, _, comparison in self.comparisons)


def write_case_pages(result: CaseResult, folder: Path) -> None:
    """Write the page of each comparison of a case into the folder of all pages.

    Raises `OutputError` when they cannot be written.
    """
    for product, comparison in result.comparisons:
        write_html(comparison, folder / _place(result, product))


def write_index(suite: Path, results: Sequence[CaseResult], folder: Path) -> Path:
    """Write the page over all cases, those of the cases being there; returns its path.

    Raises `OutputError` when it cannot be written.
    """
    table = [
        _Row(
            result,
            f"case-{number}",
            remark(result),
            tuple(
                (product, _link(result, product, folder), comparison)
                for product, comparison in result.comparisons
            ),
        )
        for number, result in enumerate(results)
    ]
    template = page_templates().get_template(TEMPLATE)
    text = template.render(
        suite=suite,
        rows=table,
        shown=SHOWN,
        passed=good(results),
        counts=counts(results),
        seconds=sum(result.seconds for result in results),
        version=__version__,
    )
    write_text(folder / PAGE, printable(text))
    return folder / PAGE


def _place(result: CaseResult, product: str) -> Path:
    """Folder of a comparison's page, relative to that of all pages."""
    several = len(result.comparisons) > 1
    return Path(result.case.name, product if several else "")


def _link(result: CaseResult, product: str, folder: Path) -> str:
    """Address of a comparison's page, relative to that of all pages; empty where it could not be written."""
    page = _place(result, product) / PAGE
    return quote(page.as_posix()) if (folder / page).is_file() else ""
