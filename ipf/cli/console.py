"""What a person at a terminal sees of a run: a progress bar while it lasts, a summary when it has ended."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ipf.cli.outcome import FAILED, OK, WARNING, Outcome

COLOURS = {OK: "green", WARNING: "yellow", FAILED: "red"}


class ProgressBar:
    """One bar for each task of a run. As a context, it takes log lines written meanwhile above the bars."""

    def __init__(self, console: Console | None = None) -> None:
        # The stream of now: while plugins run, sys.stdout stands for the log, which shows above the bars.
        self._console = console or Console(file=sys.stdout, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[step]}"),
            console=self._console,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # the terminal may have gone
            self._progress.stop()

    def update(self, task: str, step: str, fraction: float) -> None:
        """Show that `task` has advanced to `fraction` and is at `step`."""
        if task not in self._bars:
            self._bars[task] = self._progress.add_task(task, total=1.0, step="")
        self._progress.update(self._bars[task], completed=fraction, step=step)

    def summary(self, outcome: Outcome) -> None:
        """End the bars and print how the run ended: products, time, memory, warnings."""
        table = Table(show_header=False, box=None)
        for task in outcome.tasks:
            for path in task.outputs:
                table.add_row("product", Text(str(path), overflow="fold"))
            for name, value in sorted(task.figures.items()):
                table.add_row(Text(name), f"{value:.4g}" if isinstance(value, float) else Text(value))
        table.add_row("time", f"{(outcome.stop - outcome.start).total_seconds():.1f} s")
        if outcome.peak_memory_bytes:
            table.add_row("peak memory", f"{outcome.peak_memory_bytes / 1e6:.0f} MB")
        for text in outcome.warnings:
            table.add_row("warning", Text(text, style="yellow"))
        if outcome.error:
            table.add_row("error", Text(outcome.error, style="red"))
        colour = COLOURS[outcome.status]
        table.add_row("status", Text(f"{outcome.status} (exit code {outcome.exit_code})", style=colour))
        with contextlib.suppress(OSError):
            self._progress.stop()
            self._console.print(table)
