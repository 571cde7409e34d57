"""``ipf regression SUITE``: run job orders, and compare what they make with what they once made."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ipf.errors import ComparisonError, UsageError

if TYPE_CHECKING:
    from ipf.cli.main import Session
    from ipf.compare.results import Comparison
    from ipf.compare.suite import Case, Suite
    from ipf.compare.suite_run import CaseResult, Runner

PATH = click.Path(path_type=Path)
PROGRAM = (sys.executable, "-c", "from ipf.cli.guard import ipf; ipf()", "run")


@click.command()
@click.argument("suite", type=PATH)
@click.option("--case", "names", multiple=True, metavar="NAME", help="Run this case only; may be repeated.")
@click.option(
    "--work", type=PATH, metavar="DIR", help="Folder to run in, kept [default: a new one, kept on failure]."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Threads of each job and comparison [default: the suite's, else the program's].",
)
@click.option(
    "--block-size",
    type=int,
    metavar="M",
    help="Side of a block in metres, a multiple of 60 [default: the suite's].",
)
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Write everything as JSON.")
@click.option("--junit", type=PATH, metavar="FILE", help="Write JUnit's XML, for continuous integration.")
@click.option("--html", type=PATH, metavar="DIR", help="Write a page for each case.")
@click.option(
    "--update-references",
    is_flag=True,
    help="Make products that differ from their reference, or have none, the new one, with a note of changes.",
)
@click.option(
    "--reason", metavar="TEXT", help="Why references change, for the note; asked for on a terminal."
)
@click.pass_obj
def regression(
    session: Session,
    /,
    suite: Path,
    names: tuple[str, ...],
    work: Path | None,
    workers: int | None,
    block_size: int | None,
    json_file: Path | None,
    junit: Path | None,
    html: Path | None,
    update_references: bool,
    reason: str | None,
) -> None:
    """Run the job orders of SUITE, a TOML file, and compare what they make with stored references.

    Each job order runs in a process and a folder of its own. A case FAILED when its products differ from the
    reference beyond tolerance; it is an ERROR when its job fails, or an output or the reference is missing.
    The exit code is 0 when all cases passed.
    """
    from ipf.compare.suite import read_suite
    from ipf.compare.suite_run import CaseStatus, Runner

    approved = _reason(reason) if update_references else None
    cases = read_suite(suite)
    chosen = [cases.case(name) for name in dict.fromkeys(names)] or list(cases.cases)
    with _work_folder(work) as folder:
        threads = workers or _THREADS
        runner = Runner(
            cases,
            folder,
            PROGRAM,
            lambda reference, candidate, case: _compare(reference, candidate, case, threads),
            workers,
            block_size,
        )
        results = [_run(runner, case, approved) for case in chosen]
        _write(cases, results, json_file, junit, html)
        failed = [
            result for result in results if result.status not in (CaseStatus.PASSED, CaseStatus.UPDATED)
        ]
        _print(results, folder if failed or work else None)
        if failed:
            session.exit_code = ComparisonError.exit_code
            _keep(folder)


_THREADS = 2
"""Threads of a comparison when nothing else is said."""

_KEPT = ".kept"
"""File in a temporary folder that is to stay."""


def _reason(given: str | None) -> str:
    """Why references change: the option, else the answer on a terminal; `UsageError` without one."""
    reason = given
    if reason is None and sys.stdin is not None and sys.stdin.isatty():
        reason = str(click.prompt("Why do the references change?", default="", show_default=False))
    if not reason or not reason.strip():
        raise UsageError("--update-references: expected a reason, given with --reason TEXT")
    return reason.strip()


@contextlib.contextmanager
def _work_folder(given: Path | None) -> Iterator[Path]:
    """The folder to run in: the one given, or a new one that is removed at the end if all went well."""
    if given is not None:
        yield given.absolute()
        return
    import shutil

    folder = Path(tempfile.mkdtemp(prefix="ipf-regression-"))
    yield folder
    if not (folder / _KEPT).exists():
        shutil.rmtree(folder, ignore_errors=True)


def _keep(folder: Path) -> None:
    (folder / _KEPT).touch()


def _compare(reference: Path, candidate: Path, case: Case, threads: int) -> Comparison:
    from ipf.compare.comparison import compare
    from ipf.compare.tolerance_files import load_tolerances

    return compare(reference, candidate, load_tolerances(case.tolerances), threads=threads)


def _run(runner: Runner, case: Case, reason: str | None) -> CaseResult:
    """Run a case; with a `reason`, what it made becomes the reference if it differs or there is none.

    Whatever else went wrong says nothing about the products: the reference stays.
    """
    from ipf.compare.references import change_note, is_missing, matches, write_reference
    from ipf.compare.suite_run import CaseStatus

    if sys.stderr is not None and sys.stderr.isatty():
        click.echo(f"{case.name} ...", err=True)
    result = runner.run(case)
    first = result.complete and is_missing(case.reference)
    if reason is None or not (first or result.status is CaseStatus.FAILED):
        return result
    note = change_note(datetime.now(UTC).date(), reason, result.comparisons)
    parts = matches(result.outputs, case.outputs)
    write_reference(case.reference, result.outputs, parts, packed=case.packed, note=note)
    told = "there was none" if first else result.message
    return replace(result, status=CaseStatus.UPDATED, message=f"new reference; {told}")


def _write(
    suite: Suite, results: Sequence[CaseResult], json_file: Path | None, junit: Path | None, html: Path | None
) -> None:
    """Write the reports that are asked for."""
    from ipf.atomic import write_bytes, write_text
    from ipf.compare.suite_report import suite_json, suite_junit

    if json_file is not None:
        write_text(json_file, json.dumps(suite_json(suite.path, results), indent=2) + "\n")
    if junit is not None:
        write_bytes(junit, suite_junit(suite.path, results))
    if html is not None:
        from ipf.compare.html_report import write_html

        for result in results:
            for product, comparison in result.comparisons:
                several = len(result.comparisons) > 1
                write_html(comparison, html / result.case.name / (product if several else ""))


def _print(results: Sequence[CaseResult], folder: Path | None) -> None:
    from ipf.cli.tables import table_text
    from ipf.compare.suite_report import COLUMNS, rows

    click.echo(table_text("", COLUMNS, rows(results)), nl=False)
    counts = Counter(result.status.value for result in results)
    click.echo(", ".join(f"{count} {status}" for status, count in counts.items()))
    if folder is not None:
        click.echo(f"products and logs: {folder}")
