"""What the working child tells its guard, in memory that outlives the child however it ends.

One JSON line for each record, in an anonymous file that both processes hold open: no name on any disk,
nothing to clean up, and complete up to the moment of a crash. Standard library only: the guard imports it.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Records:
    """What the journal holds.

    `exit_code` is None when the child never said that it ended; `failure` are the lines of a failure that it
    left to be told. `asked` are path and task (or None) of the job order that is to be run, `job` what a
    post-mortem needs to know of the job, once the job order has been read; `messages` is the job's log as
    (time, level, text), `early` what was said before there was a log, as (level, text), `crash` the Python
    stacks at a fatal signal.
    """

    exit_code: int | None
    failure: tuple[str, ...]
    asked: tuple[str, str | None] | None
    temporaries: tuple[str, ...]
    job: Mapping[str, Any] | None
    early: tuple[tuple[str, str], ...]
    messages: tuple[tuple[str, str, str], ...]
    crash: tuple[str, ...]


class Journal:
    """An append-only list of records shared by the guard and its child."""

    def __init__(self, descriptor: int, crash_descriptor: int, process: int) -> None:
        self._descriptor = descriptor
        self._crash_descriptor = crash_descriptor
        self.process = process
        """The guard's process number: the one that was started, that signals go to and that logs name."""

    @classmethod
    def create(cls) -> Journal:
        """A new, empty journal of the calling process."""
        return cls(os.memfd_create("ipf-journal"), os.memfd_create("ipf-crash"), os.getpid())

    def watch(self) -> None:
        """Have this process's temporary files and the stacks of a crash noted."""
        sys.addaudithook(self._note_temporary_file)
        faulthandler.enable(self._crash_descriptor)

    def end(self, exit_code: int, failure: Sequence[str] = ()) -> None:
        """The child has done all it could and leaves with `exit_code`; `failure` is yet to be told."""
        self._write("end", (exit_code, failure))

    def ask_for_job(self, path: Path, task: str | None) -> None:
        """The job order at `path` is to be run, all of it or one task."""
        self._write("asked", (str(path), task))

    def begin_job(self, job: Mapping[str, Any]) -> None:
        """A job order has been read; `job` is JSON."""
        self._write("job", job)

    def early_message(self, level: str, text: str) -> None:
        """Something said before there is a log; it is in the log as soon as the job has begun."""
        self._write("early", (level, text))

    def message(self, time: str, level: str, text: str) -> None:
        """A line of the log."""
        self._write("message", (time, level, text))

    def _note_temporary_file(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Audit hook: note what `tempfile` makes, as all temporary files of the project are."""
        if event in ("tempfile.mkstemp", "tempfile.mkdtemp"):
            self._write("temporary", str(Path(os.fsdecode(arguments[0])).absolute()))

    def keep(self, path: Path) -> None:
        """The temporary file or folder `path` is to stay when the program has ended."""
        self._write("kept", str(path.absolute()))

    def read(self) -> Records:
        """Everything written so far."""
        kinds = ("end", "asked", "temporary", "kept", "job", "early", "message")
        found: dict[str, list[Any]] = {kind: [] for kind in kinds}
        *complete, _torn = _content(self._descriptor).split(b"\n")
        for line in complete:
            kind, value = json.loads(line)
            found[kind].append(value)
        exit_code, failure = found["end"][-1] if found["end"] else (None, ())
        return Records(
            exit_code=exit_code,
            failure=tuple(failure),
            asked=(found["asked"][-1][0], found["asked"][-1][1]) if found["asked"] else None,
            temporaries=tuple(
                path for path in dict.fromkeys(found["temporary"]) if path not in found["kept"]
            ),
            job=found["job"][-1] if found["job"] else None,
            early=tuple((level, text) for level, text in found["early"]),
            messages=tuple((time, level, text) for time, level, text in found["message"]),
            crash=tuple(_content(self._crash_descriptor).decode("utf-8", "replace").splitlines()),
        )

    def _write(self, kind: str, value: Any) -> None:
        # One write call for each record: records of several threads never mix.
        os.write(self._descriptor, json.dumps((kind, value)).encode("ascii") + b"\n")


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
