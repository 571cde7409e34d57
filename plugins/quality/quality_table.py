"""What a person at a terminal reads of judged items: a table, every failure, and what was not run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ipf_plugins.quality.judgement import Judgement, remarks, summary, verdict
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
    for heading, outcomes in (
        ("failed:", (Outcome.FAILED, Outcome.ERROR)),
        ("not run:", (Outcome.NOT_RUN,)),
    ):
        found = remarks(judgements, *outcomes)
        if found:
            console.print(Text(f"\n{heading}"))
        for remark in found:
            line = Text(f"  {remark.item.identifier}: ").append(remark.label, STYLES[remark.outcome])
            console.print(line.append(f": {remark.message}"))
            for name, value in remark.values.items():
                console.print(Text(f"      {name} = {value}"))
    console.print(Text(f"\n{summary(judgements)}", STYLES[verdict(judgements)]))


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
