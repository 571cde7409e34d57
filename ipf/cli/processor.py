"""``ipf-processor JOBORDER``: the program that a management layer starts.

Exactly one positional argument. Called through a link named after a task (``RADIO_AB -> ipf-processor``,
also ``RADIO_AB.bash``), it runs that task of the job order only; the quality checks ``OLQC_*`` are one task,
OLQC.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ipf import __version__
from ipf.cli.journal import Journal
from ipf.errors import UsageError

PROGRAM = "ipf-processor"
USAGE = f"usage: {PROGRAM} JOBORDER | --version | --help"
HELP = f"""{USAGE}

Run every task of a job order; through a link named after a task, that task only.

  JOBORDER   path of a job order (MMFI Ipf_Job_Order or EEGS Job_Order)

Folders or files of further plugins are named in IPF_PLUGIN_PATH, separated by '{os.pathsep}'.
Exit codes: 0 success, 1-127 success with warnings (if configured), 128-255 failure; see 'ipf exit-codes'."""


def main(arguments: Sequence[str], journal: Journal) -> int:
    """Run the program with ``sys.argv``; returns the exit code. `UsageError` when it is called wrongly."""
    task = task_of_program(arguments[0])
    match arguments[1:]:
        case ["--version"]:
            print(f"{PROGRAM} {__version__}", flush=True)
            return 0
        case ["--help" | "-h"]:
            print(HELP, flush=True)
            return 0
        case [job_order] if job_order and not job_order.startswith("-"):
            return _run(Path(job_order), task, journal)
        case [""]:
            raise UsageError(f"expected the path of a job order, found an empty argument; {USAGE}")
        case [option] if option.startswith("-"):
            raise UsageError(f"unknown option {option}; {USAGE}")
        case given:
            raise UsageError(f"expected exactly one argument, found {len(given)}; {USAGE}")


def task_of_program(program: str) -> str | None:
    """Task that the program's file name stands for; None when it is the program's own."""
    name = Path(program).name.removesuffix(".bash").removesuffix(".sh")
    if name == PROGRAM:
        return None
    return "OLQC" if name.startswith("OLQC_") else name


def _run(job_order: Path, task: str | None, journal: Journal) -> int:
    journal.ask_for_job(job_order, task)
    from ipf.cli.environment import plugin_paths
    from ipf.cli.execution import JobRequest, run_job
    from ipf.engine import RunOptions

    return run_job(JobRequest(job_order, plugin_paths(), RunOptions(task=task)), journal)
