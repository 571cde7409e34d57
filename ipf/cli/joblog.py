"""What is known of a job once its job order is read, and the log that follows from it.

The record goes into the journal, so that a post-mortem can end the log and write the reports of a job whose
process has died.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipf.cli.journal import Journal
from ipf.cli.outcome import FAILED, Outcome
from ipf.cli.protection import obstacle
from ipf.cli.reportfiles import REPORT_TYPE, ReportRequest, report_requests, working_folder
from ipf.cli.runlog import LogIdentity, Message, RunLog, time_text
from ipf.joborder import JobOrder, LogLevel


@dataclass(frozen=True, slots=True)
class JobRecord:
    """Identity, log levels by stream, log file and reports of a job.

    `refused_reports` and `refused_log_file` say, a line each, what is not written since it would overwrite
    something else; a job whose report is refused is not run.
    """

    job_order: Path
    identity: LogIdentity
    stdout_levels: tuple[LogLevel, ...]
    stderr_levels: tuple[LogLevel, ...]
    log_file: Path | None
    reports: tuple[ReportRequest, ...]
    refused_reports: tuple[str, ...] = ()
    refused_log_file: str = ""

    @classmethod
    def of(cls, job_order: JobOrder, path: Path, task: str | None, process: int) -> JobRecord:
        """Record of the job order at `path`, of which all tasks are run or the one called `task`.

        The log file ``LOG.<order id>`` stands in the folder WORKING, where the job order names one; elsewhere
        the management layer collects both streams in a file of that name itself.
        """
        working = working_folder(job_order, path, task)
        log_file = working / f"LOG.{job_order.order_id}" if working else None
        under_log_file = obstacle(log_file, job_order, path) if log_file else ""
        requests = report_requests(job_order, path, task)
        under = {each.path: obstacle(each.path, job_order, path, REPORT_TYPE) for each in requests}
        names = [each.name for each in job_order.tasks if task in (None, each.name)]
        return cls(
            job_order=path,
            identity=LogIdentity(
                node=job_order.processing_node or os.uname().nodename,
                processor=job_order.processor_name,
                version=job_order.processor_version,
                process=process,
                task=("+".join(names) or task or "-") if job_order.dialect == "eegs" else "",
            ),
            stdout_levels=tuple(sorted(job_order.stdout_levels)),
            stderr_levels=tuple(sorted(job_order.stderr_levels)),
            log_file=None if under_log_file else log_file,
            reports=tuple(each for each in requests if not under[each.path]),
            refused_reports=tuple(
                f"{path}: task {each.task_name}: REPORT {each.path} would overwrite {under[each.path]}"
                for each in requests
                if under[each.path]
            ),
            refused_log_file=f"{log_file}: log file would overwrite {under_log_file}"
            if under_log_file
            else "",
        )

    def to_json(self) -> dict[str, Any]:
        """The record as JSON."""
        record: dict[str, Any] = _plain(asdict(self))
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> JobRecord:
        """The record of `to_json`."""
        return cls(
            job_order=Path(record["job_order"]),
            identity=LogIdentity(**record["identity"]),
            stdout_levels=tuple(LogLevel(level) for level in record["stdout_levels"]),
            stderr_levels=tuple(LogLevel(level) for level in record["stderr_levels"]),
            log_file=Path(record["log_file"]) if record["log_file"] else None,
            reports=tuple(
                ReportRequest(
                    Path(report["path"]),
                    report["task_name"],
                    report["task_version"],
                    tuple(Path(name) for name in report["inputs"]),
                )
                for report in record["reports"]
            ),
            refused_reports=tuple(record["refused_reports"]),
            refused_log_file=record["refused_log_file"],
        )

    @property
    def refusals(self) -> tuple[str, ...]:
        """Everything that is not written, a line each for the log."""
        refused = (*self.refused_reports, self.refused_log_file)
        return tuple(f"not written: {line}" for line in refused if line)

    def failure(self, start: datetime, code: int, error: str) -> Outcome:
        """Outcome of a job that has failed without the engine's saying so."""
        return Outcome(
            job_order=self.job_order,
            processor_name=self.identity.processor,
            processor_version=self.identity.version,
            start=start,
            stop=datetime.now(UTC),
            status=FAILED,
            exit_code=code,
            error=error,
        )


def unknown_log_levels(job_order: JobOrder, path: Path) -> tuple[str, ...]:
    """A line for each log level that the job order at `path` names in vain, and what is made of it."""
    known = ", ".join(LogLevel.__members__)
    selections = {"Stdout_Log_Level": job_order.stdout_log, "Stderr_Log_Level": job_order.stderr_log}
    return tuple(
        f"{path}: {element} {name}: expected one of {known}; {'ignored' if log.as_set else 'taken as INFO'}"
        for element, log in selections.items()
        for name in log.names
        if name and LogLevel.of(name) is None
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


class JobLog:
    """The log of a job: lines on the streams by the job order's levels, copies in the journal.

    On a terminal, where both streams show on one screen and a bar shows the progress, a line is shown once
    and PROGRESS lines are not.
    """

    def __init__(self, record: JobRecord, journal: Journal, *, on_terminal: bool = False) -> None:
        self.record = record
        self._journal = journal
        stdout, stderr = frozenset(record.stdout_levels), frozenset(record.stderr_levels)
        if on_terminal:
            stdout, stderr = (stdout | stderr) - {LogLevel.PROGRESS}, frozenset()
        journal.begin_job(record.to_json())
        self.log = RunLog(
            record.identity,
            (sys.stdout, stdout),
            (sys.stderr, stderr),
            file=record.log_file,
            observer=self._note,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Texts of the warnings so far."""
        return tuple(message.text for message in self.log.messages if message.level == "WARNING")

    def close(self) -> None:
        """Close the log file."""
        self.log.close()

    def _note(self, message: Message) -> None:
        self._journal.message(time_text(message.time), message.level, message.text)
