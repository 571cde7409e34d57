"""``ipf joborder FILE``: what a job order says."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ipf.cli.options import PATH


@click.command()
@click.argument("file", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "--plugins",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="Python file or folder of plugins that know more dialects; beside those of IPF_PLUGIN_PATH.",
)
def joborder(file: Path, as_json: bool, plugins: tuple[Path, ...]) -> None:
    """Show what the job order FILE asks for, in whichever dialect it is written."""
    from ipf.cli.environment import plugin_paths
    from ipf.cli.execution import read_with_plugins
    from ipf.engine import load_plugins
    from ipf.joborder.describe import lines, to_dict

    job_order = read_with_plugins(file, load_plugins(plugin_paths(plugins)))
    if as_json:
        click.echo(json.dumps(to_dict(job_order), indent=2))
    else:
        for line in lines(job_order):
            click.echo(line)
