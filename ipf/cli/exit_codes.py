"""``ipf exit-codes``: the documented table of exit codes."""

from __future__ import annotations

import click

from ipf.cli.exitcodes import exit_code_table


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
