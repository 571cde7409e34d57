"""Runs the cases of a suite, each job order in a process of its own, and compares what they make."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ipf.compare.references import copied, matches, opened
from ipf.compare.results import Comparison, Status
from ipf.compare.suite import Case, ReferenceInput, Suite
from ipf.compare.suite_job import apart
from ipf.errors import IpfError, OutputError, ProductError, StepError
from ipf.joborder import read_job_order, write_job_order

Compare = Callable[[Path, Path, Case], Comparison]
"""Compares a reference with a candidate by the tolerances of a case."""

MARK = ".made-by-ipf-regression"
"""File that says that a folder's content may be removed."""

OUTPUTS = "outputs"
LOG = "log.txt"

LEAST_FAILURE = 128
"""Exit codes from this on are failures; lower ones are success with warnings."""

GRACE_SECONDS = 10.0
"""From the request to end to the kill of a job that takes too long."""


class CaseStatus(StrEnum):
    """How a case ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    """Products differ from their references, beyond tolerance."""
    ERROR = "ERROR"
    """Something could not be run or compared."""
    UPDATED = "UPDATED"
    """Products differed, and are the reference now."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case.

    `comparisons` are those made, by the product's path below the outputs; `folder` is the case's own, with
    the job order, its log and, below `outputs`, what it wrote. `complete` tells whether the job ended well
    and made everything that the case compares.
    """

    case: Case
    status: CaseStatus
    message: str
    folder: Path
    seconds: float
    comparisons: tuple[tuple[str, Comparison], ...] = ()
    complete: bool = False

    @property
    def outputs(self) -> Path:
        """Folder of what the job wrote, by file type."""
        return self.folder / OUTPUTS


@dataclass(frozen=True, slots=True)
class Runner:
    """How cases are run.

    `program` is the command that a job order's path and the options of ``ipf run`` are added to; `workers`
    and `block_size` win over those of the cases.
    """

    suite: Suite
    work: Path
    program: Sequence[str]
    compare: Compare
    workers: int | None = None
    block_size: int | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def run(self, case: Case) -> CaseResult:
        """Run a case and compare; whatever goes wrong becomes its result."""
        start = time.monotonic()
        folder = self.work / case.name
        complete = False
        comparisons: list[tuple[str, Comparison]] = []
        try:
            _made_empty(folder)
            self._run_job(case, folder)
            made = _expected(folder / OUTPUTS, case, f"{case.job_order}: made no output")
            complete = True
            reference = opened(case.reference, folder / "reference")
            stored = _expected(reference, case, f"{case.reference}: holds no output")
            for before, after in _paired(stored, made, case):
                comparisons.append(
                    (after.as_posix(), self.compare(reference / before, folder / OUTPUTS / after, case))
                )
            status = _status(comparisons)
            message = _verdict(comparisons)
        except (IpfError, OSError) as problem:
            status, message = CaseStatus.ERROR, str(problem)
        return CaseResult(
            case, status, message, folder, time.monotonic() - start, tuple(comparisons), complete
        )

    def _run_job(self, case: Case, folder: Path) -> None:
        """Run the job order; `IpfError` when it fails."""
        scratch = folder / "scratch"
        scratch.mkdir()
        inputs = {
            name: source if isinstance(source, Path) else self._of_reference(name, source, folder)
            for name, source in case.inputs.items()
        }
        order = read_job_order(case.job_order)
        order = apart(order, case.job_order, folder / OUTPUTS, scratch, inputs, case.parameters)
        copy = folder / case.job_order.name
        write_job_order(order, copy)
        _run(
            [*self.program, str(copy), *self._options(case)],
            folder / LOG,
            case.timeout,
            self.environment,
        )

    def _of_reference(self, file_type: str, source: ReferenceInput, folder: Path) -> Path:
        """Path of an input that is part of a reference; `ProductError` when it is not there."""
        reference = self.suite.case(source.case).reference
        products = opened(reference, folder / "inputs" / source.case)
        found = sorted(products.glob(source.path))
        if len(found) != 1:
            raise ProductError(f"{reference}: {source.path}: expected one file or folder, found {len(found)}")
        if not source.changed:
            return found[0]
        copy = folder / OUTPUTS / file_type / found[0].name
        copied(found[0], copy)
        return copy

    def _options(self, case: Case) -> list[str]:
        given = {
            "--workers": self.workers or case.workers,
            "--block-size": self.block_size or case.block_size,
            "--creation-date": case.creation_date and case.creation_date.isoformat(),
        }
        options = [text for name, value in given.items() if value is not None for text in (name, str(value))]
        return options + [text for path in case.plugins for text in ("--plugins", str(path))]


def _made_empty(folder: Path) -> None:
    """Make the folder anew. `OutputError` when it holds what was not made here."""
    try:
        if folder.exists():
            if any(folder.iterdir()) and not (folder / MARK).exists():
                raise OutputError(f"{folder}: exists already and was not made by 'ipf regression'")
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / MARK).write_text("'ipf regression' may remove what stands here.\n", encoding="utf-8")
    except OSError as problem:
        raise OutputError(f"{folder}: cannot be made empty: {problem.strerror or problem}") from problem


def _run(command: Sequence[str], log: Path, timeout: float, environment: Mapping[str, str]) -> None:
    """Run a command, what it prints being kept in `log`; `StepError` when it fails or takes too long."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=log.parent,
            env=environment,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise StepError(f"the job took more than {timeout:g} s, see {log}") from None
        finally:
            _end(process)
    if code >= LEAST_FAILURE or code < 0:
        raise StepError(f"the job ended with exit code {code}: {_last_line(log)} (see {log})")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, and those that it has started."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_line(log: Path) -> str:
    """The last error that the job told, else its last line."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line.partition("[E] ")[2] for line in lines if "[E] " in line]
    return (errors or lines or ["it said nothing"])[-1]


def _expected(folder: Path, case: Case, complaint: str) -> list[Path]:
    """What the case compares in a folder; `ProductError` when one of its patterns matches nothing."""
    for pattern in case.outputs:
        if not matches(folder, [pattern]):
            raise ProductError(f"{complaint} {pattern!r}")
    return matches(folder, case.outputs)


def _paired(reference: Sequence[Path], candidate: Sequence[Path], case: Case) -> list[tuple[Path, Path]]:
    """Products of both sides in pairs: those of one name, the others in order, dates being last in names."""
    common = set(reference) & set(candidate)
    rest = [[path for path in side if path not in common] for side in (reference, candidate)]
    groups = [[path.parent for path in side] for side in rest]
    if groups[0] != groups[1]:
        names = [", ".join(path.as_posix() for path in side) or "nothing" for side in rest]
        raise ProductError(f"{case.reference}: expected {names[0]} among the outputs, found {names[1]}")
    return sorted([*((path, path) for path in common), *zip(*rest, strict=True)])


def _status(comparisons: Sequence[tuple[str, Comparison]]) -> CaseStatus:
    passed = all(comparison.status is Status.PASSED for _, comparison in comparisons)
    return CaseStatus.PASSED if passed else CaseStatus.FAILED


def _verdict(comparisons: Sequence[tuple[str, Comparison]]) -> str:
    """How many checks there were, and how many failed."""
    checks = sum(len(comparison.checks) for _, comparison in comparisons)
    failures = sum(len(comparison.failures) for _, comparison in comparisons)
    return f"{failures} of {checks} checks failed" if failures else f"{checks} checks passed"
