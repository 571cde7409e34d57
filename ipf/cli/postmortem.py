"""What the guard does for a job that did not come to its own end: error lines in its log, and its reports.

Nothing here imports the engine: a signal has to be answered within seconds, on a busy machine too.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from ipf.cli.joblog import JobRecord
from ipf.cli.journal import Records
from ipf.cli.reportfiles import write_reports
from ipf.cli.runlog import Message, RunLog
from ipf.errors import IpfError
from ipf.joborder import read_job_order

SHOW_CURSOR = "\x1b[?25h"
"""A progress bar hides the cursor and may have been killed before it showed it again."""


def report_failure(records: Records, code: int, failure: tuple[str, ...]) -> None:
    """End the log with the lines of `failure` and write the reports of the job that `records` tell of.

    A job that was not begun yet (its process died while it was loading libraries) is reported all the same.
    Raises `JobOrderError` when its job order cannot be read, ValueError when no job was asked for.
    """
    record = _record(records)
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(SHOW_CURSOR)
    log = RunLog(
        record.identity,
        (sys.stdout, record.stdout_levels),
        (sys.stderr, record.stderr_levels),
        file=record.log_file,
    )
    if records.job is None:  # nothing has been logged yet
        for level, text in records.early:
            log.message(level, text)
        for line in record.refusals:
            log.message("WARNING", line)
    for line in records.crash:
        log.message("DEBUG", line)
    for line in failure:
        log.message("ERROR", line)
    before = [_message(*message) for message in records.messages]
    start = before[0].time if before else datetime.now(UTC)
    outcome = record.failure(start, code, failure[0])
    try:
        write_reports(record.reports, outcome, (*before, *log.messages), record.identity)
    except IpfError as problem:
        log.message("ERROR", str(problem))
    log.close()


def _record(records: Records) -> JobRecord:
    if records.job is not None:
        return JobRecord.from_json(records.job)
    if records.asked is None:
        raise ValueError("no job was asked for")
    path, task = Path(records.asked[0]), records.asked[1]
    return JobRecord.of(read_job_order(path), path, task, os.getpid())


def _message(time: str, level: str, text: str) -> Message:
    return Message(datetime.fromisoformat(time).replace(tzinfo=UTC), level, text)
