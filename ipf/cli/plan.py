"""``ipf plan JOB``: what a job would do, before any pixel is read."""

from __future__ import annotations

import json
from typing import Any

import click

from ipf.cli.options import job_options, job_request


@click.command()
@job_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(as_json: bool, **options: Any) -> None:
    """Show the plan of the job order JOB, or refuse it as a run would.

    Steps, parameters with their origin, inputs, auxiliary files, outputs and the memory forecast.
    """
    from ipf.cli.execution import plan_request
    from ipf.cli.planview import plan_document, plan_tables

    planned = plan_request(job_request(**options))
    if as_json:
        click.echo(json.dumps(plan_document(planned), indent=2, ensure_ascii=False))
    else:
        click.echo(plan_tables(planned), nl=False)
