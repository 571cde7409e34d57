"""What a management layer and its operators hold against a processor's task."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lxml import etree

LOG_LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} \S+ \S+ \S+ (\S+ )?\[\d{1,10}\]: \[[DIPWE]\] .*"
)
FAILURE = 128
ABORT_LIMIT_S = 5.0
COMPLETION_LIMIT_S = 2.0
"""A process whose work was done when the abort came reports success, and leaves within this time."""
STRICT_TASKS = ("OLQC", "Sen2Cor")
"""Tasks whose callers take any code but 0 for a failure."""


class State(Enum):
    """State of a task in the orchestrator's words."""

    FINISHED = "FINISHED"
    ERROR = "ERROR"
    ABORTED = "ABORTED"


@dataclass(frozen=True)
class Evidence:
    """What one process has left."""

    task_name: str
    exit_code: int
    abort_signals: int
    abort_seconds: float
    logs: tuple[Path, ...]
    report: Path
    outputs: tuple[Path, ...]
    folder: Path


@dataclass(frozen=True)
class Verdict:
    """State of a task, whether it warned, and what it did against the interface."""

    state: State
    warned: bool
    faults: tuple[str, ...]


def judge(evidence: Evidence) -> Verdict:
    """Judge one process that has ended."""
    code = evidence.exit_code
    strict = evidence.task_name in STRICT_TASKS
    failed = code >= FAILURE or code < 0 or (strict and code != 0)
    aborted = evidence.abort_signals > 0
    state = State.ABORTED if aborted and failed else State.ERROR if failed else State.FINISHED
    faults = [
        *_exit_faults(evidence, strict, failed),
        *_log_faults(evidence, failed),
        *_report_faults(evidence, failed),
        *_output_faults(evidence, failed),
    ]
    return Verdict(state, 0 < code < FAILURE and not failed, tuple(faults))


def _exit_faults(evidence: Evidence, strict: bool, failed: bool) -> Iterator[str]:
    code = evidence.exit_code
    if code < 0:
        yield f"killed by signal {-code}"
    if code > 255 or (strict and 0 < code < FAILURE):
        yield f"exit code {code}"
    if evidence.abort_signals and not failed and evidence.abort_seconds > COMPLETION_LIMIT_S:
        yield f"exit code {code} {evidence.abort_seconds:.1f} s after an abort"
    if evidence.abort_signals > 1 or evidence.abort_seconds > ABORT_LIMIT_S:
        yield f"abort took {evidence.abort_seconds:.1f} s and {evidence.abort_signals} signals"


def _log_faults(evidence: Evidence, failed: bool) -> Iterator[str]:
    errors = set()
    for log in evidence.logs:
        for number, line in enumerate(log.read_text(errors="replace").splitlines(), 1):
            if not LOG_LINE.fullmatch(line):
                yield f"{log.name}:{number}: not a log line: {line[:80]}"
            elif "]: [E] " in line:
                errors.add(line)
    if failed and not errors:
        yield "a failure without an error line"
    if errors and not failed:
        yield "an error line without a failure"
    if evidence.abort_signals and len(errors) > 1:
        yield f"{len(errors)} error lines after an abort"


def _report_faults(evidence: Evidence, failed: bool) -> Iterator[str]:
    report = evidence.report / "report.xml" if evidence.report.is_dir() else evidence.report
    try:
        root = etree.parse(report).getroot()
    except (OSError, etree.XMLSyntaxError) as problem:
        yield f"report: {problem}"
        return
    if root.findtext(".//Task_Name") != evidence.task_name:
        yield f"report: of task {root.findtext('.//Task_Name')}"
    if failed != (root.findtext("Status") == "FAILED"):
        yield f"report: status {root.findtext('Status')} with exit code {evidence.exit_code}"


def _output_faults(evidence: Evidence, failed: bool) -> Iterator[str]:
    if not failed:
        for path in evidence.outputs:
            if not path.exists() or (path.is_dir() and not any(path.iterdir())):
                yield f"output {path} is missing"
    for path in sorted(evidence.folder.rglob("*")):
        if path.suffix == ".LIST":
            yield f"{path.name}: a list in a chain that has none"


def leftovers(folder: Path) -> list[Path]:
    """Temporary files that nobody removed."""
    return sorted(folder.rglob(".ipf-*"))


def fingerprint(paths: Sequence[Path]) -> dict[str, str]:
    """Hash of every file below `paths`, links followed, to see that nobody writes through an input."""
    found: dict[str, str] = {}
    for top in paths:
        files = [top] if top.is_file() else _files_below(top)
        for file in files:
            found[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def _files_below(top: Path) -> Iterator[Path]:
    for folder, _folders, names in os.walk(top, followlinks=True):
        yield from (Path(folder, name) for name in sorted(names))
