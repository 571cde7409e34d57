"""What plugins and libraries say in ways of their own becomes lines of the log.

A management layer reads both streams of a processor as its log; a ``print`` of a plugin, a Python warning or
a message of GDAL would put lines into it that no reader of logs understands. Only what is written to
the descriptors of the streams passes by: by native libraries, by programs that a plugin starts without
redirecting their output, by ``os.write``.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from collections.abc import Iterator
from typing import Protocol

from ipf.cli.journal import Journal
from ipf.joborder.loglevels import LogLevel

_PYTHON_WARNINGS = "py.warnings"


class MessageSink(Protocol):
    """Takes messages, as a `RunLog` does."""

    def message(self, level: str, text: str) -> None:
        """Take `text` of `level`, the name of a `LogLevel`."""


class EarlyMessages:
    """Keeps what is said before there is a log, in the journal too, for a post-mortem."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: list[tuple[str, str]] = []

    def message(self, level: str, text: str) -> None:
        """Keep a message."""
        self._journal.early_message(level, text)
        self._kept.append((level, text))

    def pass_on(self, log: MessageSink) -> None:
        """Log what has been kept."""
        for level, text in self._kept:
            log.message(level, text)


@contextlib.contextmanager
def captured(log: MessageSink) -> Iterator[None]:
    """Send prints, Python warnings, `logging` and GDAL messages to `log`."""
    with (
        _logging(log),
        _gdal(log),
        LogStream(log, LogLevel.INFO) as output,
        LogStream(log, LogLevel.WARNING) as errors,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        yield


@contextlib.contextmanager
def _logging(log: MessageSink) -> Iterator[None]:
    handler = RunLogHandler(log, logging.WARNING)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)


@contextlib.contextmanager
def _gdal(log: MessageSink) -> Iterator[None]:
    """Messages of GDAL; its failures reach this only where they raise no exception, and are warnings then."""
    from osgeo import gdal

    def tell(kind: int, number: int, text: str) -> None:
        level = LogLevel.DEBUG if kind in (gdal.CE_None, gdal.CE_Debug) else LogLevel.WARNING
        log.message(level.name, f"GDAL {number}: {text}")

    gdal.SetErrorHandler(tell)
    try:
        yield
    finally:
        gdal.SetErrorHandler("CPLDefaultErrorHandler")


class RunLogHandler(logging.Handler):
    """Passes records of Python's `logging` (steps, libraries, warnings) on to a run's log."""

    def __init__(self, log: MessageSink, level: int = logging.DEBUG) -> None:
        super().__init__(level)
        self._log = log
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record with its traceback, if it has one; of a Python warning, not the quoted source."""
        text = self.format(record)
        if record.name == _PYTHON_WARNINGS:
            text = text.partition("\n")[0]
        self._log.message(_level_name(record.levelno), text)


def _level_name(number: int) -> str:
    if number >= logging.ERROR:
        return LogLevel.ERROR.name
    if number >= logging.WARNING:
        return LogLevel.WARNING.name
    return LogLevel.INFO.name if number >= logging.INFO else LogLevel.DEBUG.name


class LogStream(io.TextIOBase):
    """A text stream whose lines become messages: stands for stdout and stderr while plugins run.

    A ``print`` in a plugin would otherwise put a line into the log that no reader of logs understands.
    """

    def __init__(self, log: MessageSink, level: LogLevel) -> None:
        super().__init__()
        self._log = log
        self._level = level.name
        self._local = threading.local()

    def write(self, text: str) -> int:
        """Take `text`; each line that it completes is logged."""
        *lines, rest = (getattr(self._local, "rest", "") + text).split("\n")
        self._local.rest = rest
        for line in lines:
            if line.strip():
                self._log.message(self._level, line)
        return len(text)

    def close(self) -> None:
        """Log a last line that has no end."""
        unfinished: str = getattr(self._local, "rest", "")
        if unfinished and not self.closed:
            self.write("\n")
        super().close()
