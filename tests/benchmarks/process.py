"""What a process costs: wall time, processor time, and peak memory of it and its descendants."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall clock and of processors, and bytes: the sum of each process's own peak, never too
    low."""

    seconds: float
    processor_seconds: float
    peak_bytes: int
    exit_code: int
    output: str


def run_measured(command: Sequence[str | Path], processors: int) -> Cost:
    """Run `command` on the first `processors` processors of this process, and measure it."""
    chosen = sorted(os.sched_getaffinity(0))[:processors]
    peaks: dict[int, int] = {}
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.sched_setaffinity(0, chosen),
        )
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            for pid in _tree(process.pid):
                peaks[pid] = max(peaks.get(pid, 0), _peak_of(pid))
            time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    return Cost(seconds, usage.ru_utime + usage.ru_stime, sum(peaks.values()), process.returncode, said)


def _tree(pid: int) -> Iterator[int]:
    """The process and its descendants."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:
            continue
        for child in found:
            yield from _tree(int(child))


def _peak_of(pid: int) -> int:
    """Most memory (resident) that a process has had, bytes; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
