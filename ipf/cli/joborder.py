"""``ipf joborder``: what a job order says."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ipf.joborder import read_job_order
from ipf.joborder.describe import lines, to_dict


@click.command("joborder")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def joborder(file: Path, as_json: bool) -> None:
    """Show what the job order FILE asks for, in whichever dialect it is written."""
    job_order = read_job_order(file)
    if as_json:
        click.echo(json.dumps(to_dict(job_order), indent=2))
    else:
        for line in lines(job_order):
            click.echo(line)
