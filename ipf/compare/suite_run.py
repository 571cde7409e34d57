"""Runs the cases of a suite, each job order in a process of its own, and compares what they make."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from ipf.compare.references import copied, is_missing, matches, opened
from ipf.compare.results import Comparison, Status
from ipf.compare.suite import Case, ReferenceInput, Suite
from ipf.compare.suite_job import apart
from ipf.compare.suite_outputs import paired, stored_outputs, unmatched
from ipf.errors import IpfError, OutputError, ProductError, StepError
from ipf.joborder import read_job_order, write_job_order

Compare = Callable[[Path, Path, Case], Comparison]
"""Compares a reference with a candidate by the tolerances of a case."""

MARK = ".made-by-ipf-regression"
"""File that says that a folder's content may be removed."""

OUTPUTS = "outputs"
SCRATCH = "scratch"
LOG = "log.txt"

LEAST_FAILURE = 128
"""Exit codes from this on are failures; lower ones are success with warnings."""

GRACE_SECONDS = 10.0
"""From the request to end to the kill of a job that takes too long."""

INTERRUPT_GRACE_SECONDS = 1.0
"""The same when the program itself is to end, which has two seconds for that (`ipf.cli.guard`)."""

_LISTED = 3
"""Outputs that a message names."""


class CaseStatus(StrEnum):
    """How a case ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    """Products differ from their references beyond tolerance, or there are others."""
    ERROR = "ERROR"
    """Something could not be run or compared."""
    UPDATED = "UPDATED"
    """Products differed, and are the reference now."""

    @property
    def good(self) -> bool:
        """Whether nothing is left to be done."""
        return self in (CaseStatus.PASSED, CaseStatus.UPDATED)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case.

    `comparisons` are those made, by the product's path below the outputs; `missing` are outputs that the
    reference alone has, `added` those that it lacks. `folder` is the case's own, with the job order, its log
    and, below `outputs`, what it wrote. `complete` tells whether the job ended well and made everything that
    the case compares. `traceback` is that of an error that nobody has foreseen.
    """

    case: Case
    status: CaseStatus
    message: str
    folder: Path
    seconds: float = 0.0
    comparisons: tuple[tuple[str, Comparison], ...] = ()
    missing: tuple[Path, ...] = ()
    added: tuple[Path, ...] = ()
    complete: bool = False
    traceback: str = ""

    @property
    def outputs(self) -> Path:
        """Folder of what the job wrote, by file type."""
        return self.folder / OUTPUTS

    @property
    def log(self) -> Path:
        """What the job printed, and the traceback if there is one."""
        return self.folder / LOG


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
        """Run a case and compare; whatever goes wrong, a programming error too, becomes its result."""
        start = time.monotonic()
        result = CaseResult(case, CaseStatus.ERROR, "", self.work / case.name)
        done: list[tuple[str, Comparison]] = []
        try:
            _made_empty(result.folder)
            self._run_job(case, result.folder)
            result = replace(result, complete=not unmatched(result.outputs, case.outputs))
            result = self._compared(result, done)
        except Exception as problem:
            result = failed(replace(result, comparisons=tuple(done)), problem)
        return replace(result, seconds=time.monotonic() - start)

    def _compared(self, result: CaseResult, done: list[tuple[str, Comparison]]) -> CaseResult:
        """The result with its verdict; comparisons are added to `done` one by one."""
        case = result.case
        unmade = unmatched(result.outputs, case.outputs)
        if unmade and is_missing(case.reference):
            raise ProductError(f"{case.job_order}: made no output {unmade[0]!r}")
        reference = opened(case.reference, result.folder / "reference")
        nowhere = unmatched(reference, unmade)
        if nowhere:
            raise ProductError(
                f"{case.job_order}: made no output {nowhere[0]!r}, and {case.reference} holds none"
            )
        outputs = paired(stored_outputs(reference, case.outputs), matches(result.outputs, case.outputs))
        for before, after in outputs.pairs:
            comparison = self.compare(reference / before, result.outputs / after, case)
            done.append((after.as_posix(), comparison))
        result = replace(result, comparisons=tuple(done), missing=outputs.missing, added=outputs.added)
        return replace(result, status=_status(result), message=_verdict(result))

    def _run_job(self, case: Case, folder: Path) -> None:
        """Run the job order; `IpfError` when it fails."""
        scratch = folder / SCRATCH
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
            {**self.environment, "TMPDIR": str(scratch)},
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
    """Run a command, what it prints being kept in `log`; `StepError` when it fails or takes too long.

    Nothing of it is left when this program is interrupted meanwhile.
    """
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
        grace = INTERRUPT_GRACE_SECONDS
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            grace = GRACE_SECONDS
            raise StepError(f"the job took more than {timeout:g} s, see {log}") from None
        finally:
            _end(process, grace)
    if code >= LEAST_FAILURE or code < 0:
        raise StepError(f"the job ended with exit code {code}: {_last_line(log)} (see {log})")


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    """End a process that still runs, and those that it has started; kill them after `grace` seconds."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_line(log: Path) -> str:
    """The last error that the job told, else its last line."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line.partition("[E] ")[2] for line in lines if "[E] " in line]
    return (errors or lines or ["it said nothing"])[-1]


def failed(result: CaseResult, problem: Exception) -> CaseResult:
    """The result of a case in which `problem` occurred.

    A failure that is none of the project's own is told with its traceback, which also ends the case's log.
    """
    text = " ".join(str(problem).split())
    if isinstance(problem, IpfError):
        return replace(result, status=CaseStatus.ERROR, message=text)
    trace = "".join(traceback.format_exception(problem))
    message = f"{type(problem).__name__}: {text}"
    if (result.folder / MARK).exists():
        with result.log.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"\n{trace}")
        message += f" (see {result.log})"
    return replace(result, status=CaseStatus.ERROR, message=message, traceback=trace)


def _status(result: CaseResult) -> CaseStatus:
    same = all(comparison.status is Status.PASSED for _, comparison in result.comparisons)
    return CaseStatus.PASSED if same and not result.missing and not result.added else CaseStatus.FAILED


def _verdict(result: CaseResult) -> str:
    """Outputs that came and went, how many checks there were, and how many failed."""
    told = [
        f"{what} {_listed(paths)}"
        for what, paths in (("missing", result.missing), ("added", result.added))
        if paths
    ]
    checks = sum(len(comparison.checks) for _, comparison in result.comparisons)
    failures = sum(len(comparison.failures) for _, comparison in result.comparisons)
    if not checks:
        told.append("nothing was compared")
    else:
        of = f"{checks} check{'s' * (checks != 1)}"
        told.append(f"{failures} of {of} failed" if failures else f"{of} passed")
    return "; ".join(told)


def _listed(paths: Sequence[Path]) -> str:
    """Paths in a line, the first of many alone; reports hold them all."""
    more = len(paths) - _LISTED
    names = ", ".join(path.as_posix() for path in paths[:_LISTED])
    return f"{names} and {more} more" if more > 0 else names
