"""Log lines of a run, in the form that management layers read.

    MMFI  2024-05-01T10:30:00.000000 node processor 06.01 [0000004711]: [I] text
    EEGS  2024-05-01T10:30:00.000000 node processor 06.01 task [0000004711]: [I] text

EEGS: ESA-EOPG-EEGS-ID-0083 as its public implementations agree on it. MMFI: the same line without the task,
as a delivered Sentinel-3 processor prints it; the process number is padded there too, which no reader of
digits minds. Times are UTC with six decimals, always; a field never holds a space; one record is one line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from ipf.joborder.loglevels import LogLevel

PROCESS_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a log: its UTC time, the name of its `LogLevel`, its text."""

    time: datetime
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """Who writes a log; `task` is empty in the MMFI family, whose lines have no such field."""

    node: str
    processor: str
    version: str
    process: int
    task: str = ""


def time_text(moment: datetime) -> str:
    """UTC time of `moment` with six decimals and no zone: 26 characters."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def log_line(identity: LogIdentity, moment: datetime, level: str, text: str) -> str:
    """The line of one record, without its end; `text` must be one line (see `lines_of`)."""
    fields = [identity.node, identity.processor, identity.version]
    if identity.task:
        fields.append(identity.task)
    head = " ".join(_field(each) for each in fields)
    return f"{time_text(moment)} {head} [{identity.process:0{PROCESS_DIGITS}d}]: [{level[0]}] {text}"


def lines_of(text: str) -> list[str]:
    """The lines of a message that has several (a traceback), without blank ones and control characters.

    A message without any text is one empty line: it still is a record.
    """
    lines = [_printable(line.rstrip()) for line in text.splitlines() if line.strip()]
    return lines or [""]


def _field(text: str) -> str:
    return _printable("_".join(text.split())) or "-"


def _printable(line: str) -> str:
    """`line` with control characters and surrogates written as escapes; tabs become spaces."""
    line = line.replace("\t", " ")
    if line.isprintable():
        return line
    return "".join(
        c if c.isprintable() or c == "\u00a0" else c.encode("unicode_escape").decode() for c in line
    )


def _now() -> datetime:
    return datetime.now(UTC)


class RunLog:
    """Writes messages to two streams, each with its own set of levels, and to a file with all levels.

    A message goes to each stream whose levels hold its own. A stream that fails (its reader has gone, its
    disk is full) is given up at its first failure, the file too: the run is worth more than its log.
    `observer` gets every message, line by line. Threads may log at the same time; lines never mix.
    """

    def __init__(
        self,
        identity: LogIdentity,
        stdout: tuple[TextIO, Collection[LogLevel]],
        stderr: tuple[TextIO, Collection[LogLevel]],
        *,
        file: Path | None = None,
        observer: Callable[[Message], None] | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.identity = identity
        self._sinks = [(stream, frozenset(levels)) for stream, levels in (stdout, stderr)]
        self._observer = observer
        self._clock = clock
        self._lock = threading.RLock()
        self._messages: list[Message] = []
        self._file: TextIO | None = None
        if file is not None:
            self._open(file)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message so far, one for each line."""
        return tuple(self._messages)

    def message(self, level: str, text: str) -> None:
        """Log `text` at `level`, the name of a `LogLevel` (ValueError for any other)."""
        severity = LogLevel.of(level)
        if severity is None:
            raise ValueError(f"log level {level!r}: expected one of {', '.join(LogLevel.__members__)}")
        with self._lock:
            moment = self._clock()
            for line in lines_of(text):
                message = Message(moment, severity.name, line)
                self._messages.append(message)
                if self._observer is not None:
                    self._observer(message)
                self._write(severity, log_line(self.identity, moment, severity.name, line) + "\n")

    def _write(self, severity: LogLevel, line: str) -> None:
        for sink in tuple(self._sinks):
            stream, levels = sink
            if severity not in levels:
                continue
            try:
                stream.write(line)
                stream.flush()
            except (OSError, ValueError):
                self._sinks.remove(sink)

    def _open(self, file: Path) -> None:
        try:
            self._file = file.open("a", encoding="utf-8", errors="backslashreplace")
        except OSError as problem:
            self.message("WARNING", f"{file}: log file cannot be written: {problem.strerror or problem}")
        else:
            self._sinks.append((self._file, frozenset(LogLevel)))

    def close(self) -> None:
        """Close the log file, if there is one."""
        if self._file is not None:
            self._file.close()
