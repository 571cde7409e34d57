"""Tables for people: coloured on a terminal, plain text of unlimited width elsewhere."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

UNLIMITED_WIDTH = 10_000


def table_text(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as text; numbers stand to the right. Nothing is cut where the output is not a terminal."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    content = [tuple(row) for row in rows]
    for number, name in enumerate(columns):
        numeric = bool(content) and all(isinstance(row[number], int | float) for row in content)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in content:
        table.add_row(*(Text(str(cell)) for cell in row))
    return rendered(table)


def rendered(table: Table) -> str:
    """Text of a rich table, with trailing blanks removed."""
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=on_terminal,
        width=None if on_terminal else UNLIMITED_WIDTH,
        highlight=False,
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())
