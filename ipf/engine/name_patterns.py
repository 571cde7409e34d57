"""Whether the names of written products are those that the caller will look for.

A job order may name an output by a pattern: the File_Name_Pattern of EEGS, a File_Name of type Regexp in
MMFI. The processor names its products by their own convention, and the management layer then searches the
folder by the pattern, as a glob or as a regular expression, whichever it is set up for. A product of another
name is written and not found.

A pattern is anybody's text, and a regular expression may take longer than a job: it is compared in a process
of its own, which is ended after `SECONDS`.
"""

from __future__ import annotations

import json
import posixpath
import subprocess
import sys
from collections.abc import Iterator, Sequence

from ipf.engine.step import PlannedFile
from ipf.joborder import FileNameType, Output

LONGEST = 255
"""Characters of a pattern that is compared; no file name is longer."""

SECONDS = 2.0
"""Time for one comparison; those of real patterns take a hundredth of it, most of it to start the process."""

COMPARISON = """
import fnmatch, json, re, sys
pattern, names = json.load(sys.stdin)
try:
    matches = re.compile(pattern).match
except (re.error, OverflowError, RecursionError):
    matches = lambda name: False
print(json.dumps(any(matches(name) or fnmatch.fnmatchcase(name, pattern) for name in names)))
"""
"""Program that tells whether one of the names is of the pattern, as either kind."""


def unexpected_names(outputs: Sequence[Output], files: Sequence[PlannedFile]) -> Iterator[str]:
    """A line for each output of the job order whose pattern none of the planned `files` of its type has."""
    for output in outputs:
        pattern = _pattern(output)
        names = [file.path.name for file in files if file.file_type == output.file_type]
        if not pattern or not names:
            continue
        written = f"output {output.file_type}: {', '.join(names)}"
        try:
            if not _compare(pattern, names):
                yield f"{written} will not be found by the pattern {pattern!r} of the job order"
        except (OSError, ValueError, subprocess.SubprocessError) as problem:
            why = (
                f"no answer within {SECONDS:g} s"
                if isinstance(problem, subprocess.TimeoutExpired)
                else problem
            )
            yield f"{written} is not compared with the pattern {pattern[:LONGEST]!r} of the job order: {why}"


def _pattern(output: Output) -> str:
    """The pattern of the name; empty when the output has none."""
    if output.kind is FileNameType.REGEXP:
        return posixpath.basename(output.path)
    return output.pattern


def _compare(pattern: str, names: Sequence[str]) -> bool:
    """Whether one of `names` is of `pattern`; raises what `subprocess.run` does, ValueError for too much."""
    if len(pattern) > LONGEST:
        raise ValueError(f"it has {len(pattern)} characters, expected at most {LONGEST}")
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", COMPARISON],
        input=json.dumps([pattern, names]),
        capture_output=True,
        encoding="ascii",
        errors="replace",
        timeout=SECONDS,
        check=True,
    )
    return bool(json.loads(answer.stdout))
