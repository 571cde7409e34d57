"""``ipf run JOB``: a person's form of ``ipf-processor``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ipf.cli.options import job_options, job_request

if TYPE_CHECKING:
    from ipf.cli.main import Session


@click.command()
@job_options
@click.pass_obj
def run(session: Session, /, job: Path, task: str | None, **options: Any) -> None:
    """Run the job order JOB.

    A progress bar and a summary are shown on a terminal, the lines of the log elsewhere.
    """
    session.journal.ask_for_job(job, task)
    from ipf.cli.execution import run_job

    bar = None
    if sys.stdout.isatty():
        from ipf.cli.console import ProgressBar

        bar = ProgressBar()
    session.exit_code = run_job(job_request(job=job, task=task, **options), session.journal, bar)
