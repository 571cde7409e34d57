"""``ipf plugins``: what the plugins offer, and who provides it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ipf.cli.environment import plugin_paths

COLUMNS = ("hook", "name", "provider", "version", "note")


@click.command()
@click.option(
    "--plugins",
    "paths",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="Python file or folder of plugins; beside those of IPF_PLUGIN_PATH.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def plugins(paths: tuple[Path, ...], as_json: bool) -> None:
    """List every hook implementation with its provider and version."""
    from ipf.cli.tables import table_text
    from ipf.engine import load_plugins

    loaded = load_plugins(plugin_paths(paths))
    rows = [*loaded.providers()]
    rows += [("", "", name, "", f"not available: {why}") for name, why in sorted(loaded.failures.items())]
    if as_json:
        click.echo(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows], indent=2))
    else:
        click.echo(table_text("", COLUMNS, rows), nl=False)
