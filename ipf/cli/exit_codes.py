"""``ipf exit-codes``: the documented table of exit codes."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import click

from ipf import errors
from ipf.cli.environment import WARNING_EXIT_CODE

LAST_WARNING_CODE = 127
STRICT_TASKS = ("OLQC", "Sen2Cor")
"""Tasks whose callers take any code but 0 for a failure (Sentinel-2 launcher, L2A worker)."""


@dataclass(frozen=True, slots=True)
class ExitCode:
    """One row of the table; `code` is text, since a row may stand for a range."""

    code: str
    name: str
    meaning: str


@click.command("exit-codes")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
def exit_codes(markdown: bool) -> None:
    """Print every exit code and its meaning."""
    rows = exit_code_table()
    if markdown:
        lines = ["| code | name | meaning |", "|---|---|---|"]
        lines += [f"| {row.code} | {row.name} | {row.meaning} |" for row in rows]
    else:
        width = max(len(row.name) for row in rows)
        lines = [f"{row.code:>6}  {row.name:<{width}}  {row.meaning}" for row in rows]
    click.echo("\n".join(lines))


def exit_code_table() -> tuple[ExitCode, ...]:
    """Every code that a program can leave with, in rising order."""
    rows = [
        ExitCode(
            "0", "success", "All that the job order asks for is written; with warnings too, by default."
        ),
        ExitCode(
            f"1-{LAST_WARNING_CODE}",
            "warnings",
            f"Success with warnings, if a code is configured ([exit] warnings, or {WARNING_EXIT_CODE}); "
            f"never for tasks {STRICT_TASKS[0]}* and {STRICT_TASKS[1]}.",
        ),
    ]
    failures = [ExitCode(str(kind.exit_code), kind.__name__, _first_sentence(kind)) for kind in _kinds()]
    signals = [
        ExitCode(str(128 + number), number.name, f"Ended by {number.name}; nothing partial is left.")
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    ]
    crash = ExitCode("128+N", "crash", "Killed by signal N from within or by the system (SIGSEGV, SIGKILL).")
    return (*rows, *sorted(failures + signals, key=lambda row: int(row.code)), crash)


def _kinds() -> Iterator[type[errors.IpfError]]:
    """Kinds of errors with a code of their own; one that is made of another kind has the code of that."""
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        own = kind is errors.IpfError or errors.IpfError in kind.__bases__
        if own and issubclass(kind, errors.IpfError) and kind is not errors.SignalError:
            yield kind


def _first_sentence(kind: type[errors.IpfError]) -> str:
    if kind is errors.IpfError:
        return "Any other failure, an unexpected one included (a broken installation, a programming error)."
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())
