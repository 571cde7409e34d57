"""``ipf regression SUITE``: run job orders, and compare what they make with what they once made."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ipf.errors import ComparisonError, UsageError

if TYPE_CHECKING:
    from ipf.cli.journal import Journal
    from ipf.cli.main import Session
    from ipf.compare.comparison import Progress
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
@click.option(
    "--html", type=PATH, metavar="DIR", help="Write a page over all cases, and one for each comparison."
)
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
    reference beyond tolerance, or are others; it is an ERROR when its job fails, or the reference is missing.
    The exit code is 0 when all cases passed or are the reference now, 171 otherwise.
    """
    from ipf.cli.compare import progress_bar, refuse_overwriting
    from ipf.compare.suite import read_suite
    from ipf.compare.suite_report import good
    from ipf.compare.suite_run import Runner

    approved = _reason(reason) if update_references else None
    cases = read_suite(suite)
    chosen = [cases.case(name) for name in dict.fromkeys(names)] or list(cases.cases)
    outputs = {"--json": json_file, "--junit": junit, "--html": html}
    refuse_overwriting(_sources(cases), {option: path for option, path in outputs.items() if path})
    with _work_folder(work) as folder:
        with progress_bar() as progress:
            shown = _Advance(progress, len(chosen))
            runner = Runner(
                cases,
                folder,
                PROGRAM,
                lambda reference, candidate, case: _compare(
                    reference, candidate, case, workers or _THREADS, shown.comparison
                ),
                workers,
                block_size,
            )
            results = [_run(runner, case, approved, html, shown) for case in chosen]
        _print(results)
        if work or not good(results):
            if work is None:
                _keep(folder, session.journal)
            click.echo(f"products and logs: {folder}")
        _write(cases, results, json_file, junit, html)
    if not good(results):
        bad = [result.case.name for result in results if not result.status.good]
        raise ComparisonError(f"{suite}: {len(bad)} of {len(results)} cases did not pass: {', '.join(bad)}")


_THREADS = 2
"""Threads of a comparison when nothing else is said."""

_KEPT = ".kept"
"""File in a temporary folder that is to stay."""


class _Advance:
    """Progress over the cases of a suite; of each, its job is the first half and comparing the second."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total = progress, total
        self._begun, self._share, self._name = 0, 0.0, ""

    def case(self, name: str) -> None:
        """The next case begins with its job."""
        self._name, self._share = name, 0.0
        self._begun += 1
        self._tell("running the job")

    def comparison(self, fraction: float, part: str) -> None:
        """A product has been compared to `fraction`; where a case has several, there is no way back."""
        self._share = max(self._share, (1.0 + fraction) / 2.0)
        self._tell(f"comparing {part}")

    def _tell(self, what: str) -> None:
        if self._progress is not None:
            done = (self._begun - 1 + self._share) / self._total
            self._progress(done, f"{self._name} ({self._begun} of {self._total}): {what}")


def _reason(given: str | None) -> str:
    """Why references change: the option, else the answer on a terminal; `UsageError` without one."""
    reason = given
    if reason is None and sys.stdin is not None and sys.stdin.isatty():
        reason = str(click.prompt("Why do the references change?", default="", show_default=False))
    if not reason or not reason.strip():
        raise UsageError("--update-references: expected a reason, given with --reason TEXT")
    return reason.strip()


def _sources(suite: Suite) -> list[Path]:
    """What a suite reads."""
    found = [suite.path]
    for case in suite.cases:
        found += [case.job_order, case.reference, *case.plugins]
        found += [source for source in case.inputs.values() if isinstance(source, Path)]
        found += [case.tolerances] if isinstance(case.tolerances, Path) else []
    return found


@contextlib.contextmanager
def _work_folder(given: Path | None) -> Iterator[Path]:
    """The folder to run in: the one given, or a new one that is removed at the end unless it is to be kept.

    Where this process is killed, its guard removes it.
    """
    if given is not None:
        yield given.absolute()
        return
    import shutil

    folder = Path(tempfile.mkdtemp(prefix="ipf-regression-")).absolute()
    try:
        yield folder
    finally:
        if not (folder / _KEPT).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _keep(folder: Path, journal: Journal) -> None:
    """Have the folder stay; without the journal's knowing, the guard would remove it as a temporary one."""
    (folder / _KEPT).touch()
    journal.keep(folder)


def _compare(reference: Path, candidate: Path, case: Case, threads: int, progress: Progress) -> Comparison:
    from ipf.compare.comparison import compare
    from ipf.compare.tolerance_files import load_tolerances

    tolerances = load_tolerances(case.tolerances)
    return compare(reference, candidate, tolerances, threads=threads, progress=progress)


def _run(runner: Runner, case: Case, reason: str | None, html: Path | None, shown: _Advance) -> CaseResult:
    """Run a case, write its pages, and with a `reason` make its products the reference if they differ.

    Whatever goes wrong becomes the result; other cases go on.
    """
    from ipf.compare.suite_run import failed

    shown.case(case.name)
    result = runner.run(case)
    try:
        if html is not None:
            from ipf.compare.suite_html import write_case_pages

            write_case_pages(result, html)
        if reason is not None:
            from ipf.compare.suite_update import updated

            result = updated(result, reason, datetime.now(UTC).date())
    except Exception as problem:
        return failed(result, problem)
    return result


def _write(
    suite: Suite, results: Sequence[CaseResult], json_file: Path | None, junit: Path | None, html: Path | None
) -> None:
    """Write the reports that are asked for; the pages of the cases are there."""
    from ipf.atomic import write_bytes, write_text
    from ipf.compare.suite_report import suite_json, suite_junit

    if json_file is not None:
        write_text(json_file, json.dumps(suite_json(suite.path, results), indent=2) + "\n")
    if junit is not None:
        write_bytes(junit, suite_junit(suite.path, results))
    if html is not None:
        from ipf.compare.suite_html import write_index

        click.echo(f"page: {write_index(suite.path, results, html)}")


def _print(results: Sequence[CaseResult]) -> None:
    from ipf.cli.tables import table_text
    from ipf.compare.suite_report import COLUMNS, counts, note_lines, rows

    click.echo(table_text("", COLUMNS, rows(results)), nl=False)
    for note in note_lines(results):
        click.echo(f"note: {note}")
    click.echo(", ".join(f"{count} {status}" for status, count in counts(results).items()))
