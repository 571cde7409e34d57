"""What a person at a terminal reads of judged items: a table, every failure, and what was not run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ipf_plugins.quality.judgement import Judgement, checks_with, summary, verdict
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ipf.product.quality.model import Outcome

STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.ERROR: "bold red",
    Outcome.NOT_RUN: "yellow",
}
UNLIMITED_WIDTH = 10_000


def print_judgements(judgements: Sequence[Judgement]) -> None:
    """Print the table, the checks that did not pass in full, and the total."""
    width = None if sys.stdout.isatty() else UNLIMITED_WIDTH
    console = Console(file=sys.stdout, highlight=False, width=width, soft_wrap=width is not None)
    console.print(_table(judgements))
    failed = checks_with(judgements, Outcome.FAILED, Outcome.ERROR)
    if failed:
        console.print(Text("\nfailed:"))
    for judgement, report, check in failed:
        line = Text(f"  {judgement.item.identifier}: {report.checklist}: ")
        line.append(check.identifier, STYLES[check.outcome])
        console.print(line.append(f": {check.message}"))
        for name, value in check.values.items():
            console.print(Text(f"      {name} = {value}"))
    not_run = _by_reason(judgements)
    if not_run:
        console.print(Text("\nnot run:"))
    for reason, identifiers in not_run.items():
        console.print(Text(f"  {reason}: ").append(", ".join(identifiers), STYLES[Outcome.NOT_RUN]))
    console.print(Text(f"\n{summary(judgements)}", STYLES[verdict(judgements)]))


def _by_reason(judgements: Sequence[Judgement]) -> dict[str, list[str]]:
    """Checks that were not run, by item, checklist and reason."""
    reasons: dict[str, list[str]] = {}
    for judgement, report, check in checks_with(judgements, Outcome.NOT_RUN):
        reason = check.message.removeprefix(f"{Outcome.NOT_RUN}: ")
        where = f"{judgement.item.identifier}: {report.checklist}: {reason}"
        reasons.setdefault(where, []).append(check.identifier)
    return reasons


def _table(judgements: Sequence[Judgement]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("item", "checklist", "verdict"):
        table.add_column(name, overflow="fold")
    for outcome in Outcome:
        table.add_column(outcome.lower(), justify="right")
    for judgement in judgements:
        for number, report in enumerate(judgement.reports):
            table.add_row(
                Text(judgement.item.identifier if number == 0 else ""),
                report.checklist,
                Text(report.status, STYLES[report.status]),
                *(str(sum(check.outcome is outcome for check in report.checks)) for outcome in Outcome),
            )
    return table
