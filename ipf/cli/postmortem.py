"""What the guard does for a job whose process has died: one error line in its log, and its reports.

Nothing here imports the engine: a signal has to be answered within seconds, on a busy machine too.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from ipf.cli.joblog import JobRecord
from ipf.cli.journal import Records
from ipf.cli.reportfiles import write_reports
from ipf.cli.runlog import Message, RunLog
from ipf.errors import IpfError

SHOW_CURSOR = "\x1b[?25h"
"""A progress bar hides the cursor and may have been killed before it showed it again."""


def report_abnormal_end(records: Records, reason: str, code: int) -> None:
    """End the log with `reason` and write the reports of the job that `records` tell of."""
    if records.job is None:
        raise ValueError("no job was begun")
    record = JobRecord.from_json(records.job)
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(SHOW_CURSOR)
    log = RunLog(
        record.identity,
        (sys.stdout, record.stdout_levels),
        (sys.stderr, record.stderr_levels),
        file=record.log_file,
    )
    for line in records.crash:
        log.message("DEBUG", line)
    log.message("ERROR", reason)
    before = [_message(*message) for message in records.messages]
    start = before[0].time if before else datetime.now(UTC)
    outcome = record.failure(start, code, reason)
    try:
        write_reports(record.reports, outcome, (*before, *log.messages), record.identity)
    except IpfError as problem:
        log.message("ERROR", str(problem))
    log.close()


def _message(time: str, level: str, text: str) -> Message:
    return Message(datetime.fromisoformat(time).replace(tzinfo=UTC), level, text)
