"""From a job order's path to an exit code: log, plan, run, REPORT, LIST.

Whatever goes wrong once the job order is read ends in one error line, a report and a code of 128 or more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ipf.cli.capture import EarlyMessages, captured
from ipf.cli.guard import UNEXPECTED, Interrupted, describe, exit_code_of, handled_signals
from ipf.cli.joblog import JobLog, JobRecord, unknown_log_levels
from ipf.cli.journal import Journal
from ipf.cli.outcome import FAILED, WARNING, Outcome, outcome_of
from ipf.cli.reportfiles import list_path, write_list, write_reports
from ipf.cli.warning_code import warning_exit_code
from ipf.engine import Plan, Plugins, RunOptions, load_plugins, plan_job, run_plan
from ipf.errors import IpfError, JobOrderError, PlanError
from ipf.joborder import BUILT_IN_DIALECTS, Dialect, JobOrder, read_job_order

if TYPE_CHECKING:
    from ipf.cli.console import ProgressBar

PROGRESS_STEP = 0.05
"""Share of a task between two PROGRESS lines."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What is to be run, and how."""

    job_order: Path
    plugin_paths: tuple[Path, ...]
    options: RunOptions


def read_with_plugins(path: Path, plugins: Plugins) -> JobOrder:
    """The job order at `path`, in a built-in dialect or one of a plugin's."""
    return read_job_order(path, _dialects(plugins))


def _dialects(plugins: Plugins) -> tuple[Dialect, ...]:
    known = {dialect.name: dialect for dialect in BUILT_IN_DIALECTS}
    offered = plugins.table("ipf_joborder_dialects").values()
    known.update((offer.name, offer.description) for offer in offered)
    return tuple(known.values())


def _prepared(request: JobRequest) -> tuple[JobOrder, Plugins | BaseException]:
    """The job order and the plugins, or what is wrong with them.

    A failure of plugins is told in the report, and only the job order says where that belongs: it is read in
    a built-in dialect then. Where that fails, the plugins' failure is raised: they may have known better.
    """
    try:
        with _same_folder():
            plugins = load_plugins(request.plugin_paths)
            dialects = _dialects(plugins)
    except BaseException as problem:
        try:
            return read_job_order(request.job_order, BUILT_IN_DIALECTS), problem
        except JobOrderError:
            raise problem from None
    with _same_folder():
        return read_job_order(request.job_order, dialects), plugins


@contextlib.contextmanager
def _same_folder() -> Iterator[None]:
    """Come back to the working directory, which relative paths start from, wherever a plugin has gone."""
    folder = os.open(".", os.O_PATH | os.O_DIRECTORY)
    try:
        yield
    finally:
        os.fchdir(folder)
        os.close(folder)


def plan_request(request: JobRequest) -> Plan:
    """The plan of a job, that a run of it would follow; `IpfError` when it is refused."""
    with _same_folder():
        plugins = load_plugins(request.plugin_paths)
        dialects = _dialects(plugins)
    job_order = read_job_order(request.job_order, dialects)
    record = JobRecord.of(job_order, request.job_order, request.options.task, os.getpid())
    return _plan(request, job_order, plugins, record)


def _plan(request: JobRequest, job_order: JobOrder, plugins: Plugins, record: JobRecord) -> Plan:
    """The plan, refused too when a report that the job order asks for must not be written."""
    plan = plan_job(job_order, request.job_order, plugins, request.options)
    if record.refused_reports:
        raise PlanError(record.refused_reports[0])
    return plan


def run_job(request: JobRequest, journal: Journal, bar: ProgressBar | None = None) -> int:
    """Run a job; returns the exit code.

    Raises `JobOrderError` when the job order cannot be read, the plugins' failure when they cannot either.

    With a `bar` (a terminal), progress is shown there and a summary at the end.
    """
    early = EarlyMessages(journal)
    with captured(early):
        job_order, plugins = _prepared(request)
    record = JobRecord.of(job_order, request.job_order, request.options.task, journal.process)
    with bar or contextlib.nullcontext(), contextlib.ExitStack() as until_end:
        job_log = JobLog(record, journal, on_terminal=bar is not None)
        run = _JobRun(request, job_order, plugins, job_log, bar, until_end)
        early.pass_on(job_log.log)
        with captured(job_log.log):
            outcome = run.run()
        outcome = run.finish(outcome)
        job_log.close()
        if bar is not None:
            bar.summary(outcome)
    return outcome.exit_code


@contextlib.contextmanager
def _on_signals(action: Callable[[int], None]) -> Iterator[None]:
    """Call `action` with the number of each signal that comes, instead of interrupting what is under way."""

    def handle(number: int, _frame: FrameType | None) -> None:
        action(number)

    before = {number: signal.signal(number, handle) for number in handled_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _JobRun:
    """One run of a job; hears what the engine tells of it."""

    def __init__(
        self,
        request: JobRequest,
        job_order: JobOrder,
        plugins: Plugins | BaseException,
        job_log: JobLog,
        bar: ProgressBar | None,
        until_end: contextlib.ExitStack,
    ) -> None:
        self._request = request
        self._job_order = job_order
        self._plugins = plugins
        self._job_log = job_log
        self._bar = bar
        self._until_end = until_end
        self._list = list_path(job_order, request.job_order)  # now: steps may change the working directory
        self._start = datetime.now(UTC)
        self._stop = threading.Event()
        self._signal: int | None = None
        self._shown: dict[str, float] = {}

    def message(self, level: str, text: str) -> None:
        """Log a message; what goes wrong because the run was interrupted is no error of its own."""
        if level == "ERROR" and self._signal is not None:
            level = "DEBUG"
        self._job_log.log.message(level, text)

    def progress(self, task: str, step: str, fraction: float) -> None:
        """Log progress now and then, and show it on the bar."""
        if self._bar is not None:
            self._bar.update(task, step, fraction)
        shown = self._shown.get(task, 0.0)
        if fraction >= min(shown + PROGRESS_STEP, 1.0) > shown:
            self._shown[task] = fraction
            where = f", step {step}" if step else ""
            self.message("PROGRESS", f"task {task}: progress {100 * fraction:.0f} %{where}")

    def written(self, path: Path) -> None:
        """Log an output."""
        self.message("INFO", f"written {path}")

    def run(self) -> Outcome:
        """Plan and run; every failure becomes an outcome."""
        self._job_log.log.message(
            "INFO",
            f"processor {self._job_order.processor_name} {self._job_order.processor_version} starting, "
            f"job order {self._request.job_order}",
        )
        for note in self._job_order.notes:
            self._job_log.log.message("DEBUG", note)
        doubts = unknown_log_levels(self._job_order, self._request.job_order)
        for line in (*doubts, *self._job_log.record.refusals):
            self._job_log.log.message("WARNING", line)
        try:
            return self._run()
        except BaseException as problem:
            self._end_at_leisure()
            code, log = exit_code_of(problem), self._job_log.log
            if not isinstance(problem, Interrupted):
                log.message("ERROR" if code == UNEXPECTED else "DEBUG", traceback.format_exc())
            log.message("ERROR", describe(problem))
            return self._job_log.record.failure(self._start, code, describe(problem))

    def _run(self) -> Outcome:
        if isinstance(self._plugins, BaseException):
            raise self._plugins
        plugins = self._plugins
        for name, why in plugins.failures.items():
            self.message("WARNING", f"plugin {name} is not available: {why}")
        request = self._request
        plan = _plan(request, self._job_order, plugins, self._job_log.record)
        warning_code = warning_exit_code(plan)
        self._end_at_leisure()
        outcome = outcome_of(run_plan(plan, plugins, self, self._stop))
        if self._signal is not None and outcome.failed:
            interruption = Interrupted(self._signal)
            self._job_log.log.message("ERROR", describe(interruption))
            return replace(outcome, exit_code=exit_code_of(interruption), error=describe(interruption))
        if not outcome.failed and self._job_log.warnings:
            outcome = replace(outcome, status=WARNING, warnings=self._job_log.warnings)
        return replace(outcome, exit_code=warning_code) if outcome.status == WARNING else outcome

    def _end_at_leisure(self) -> None:
        """From here on a signal asks the run to stop and interrupts nothing, least of all the reports."""
        self._until_end.enter_context(_on_signals(self._interrupt))

    def _interrupt(self, number: int) -> None:
        self._signal = self._signal or number
        self._stop.set()

    def finish(self, outcome: Outcome) -> Outcome:
        """Tell the end, and write the files that tell it: the reports, and (never on failure) the list."""
        log = self._job_log.log
        log.message("INFO", f"processor ending: {_figures(outcome)}")
        try:
            self._write_reports(outcome)
            if not outcome.failed and self._list is not None:
                write_list(self._list, outcome.products)
        except IpfError as problem:
            log.message("ERROR", str(problem))
            if outcome.failed:
                return outcome
            outcome = replace(outcome, status=FAILED, exit_code=exit_code_of(problem), error=str(problem))
            log.message("INFO", f"processor ending: {_figures(outcome)}")
            with contextlib.suppress(IpfError):  # it may be the very reports that cannot be written
                self._write_reports(outcome)
        return outcome

    def _write_reports(self, outcome: Outcome) -> None:
        record = self._job_log.record
        write_reports(record.reports, outcome, self._job_log.log.messages, record.identity)


def _figures(outcome: Outcome) -> str:
    seconds = (outcome.stop - outcome.start).total_seconds()
    memory = f", peak memory {outcome.peak_memory_bytes / 1e6:.0f} MB" if outcome.peak_memory_bytes else ""
    return (
        f"status {outcome.status}, exit code {outcome.exit_code}, {seconds:.1f} s{memory}, "
        f"{len(outcome.warnings)} warnings"
    )
