"""The demonstration: make a scene of known truth, process it from Level-1C to Level-2A, compare.

``python -m ipf_plugins.simulator.demo [FOLDER]`` runs two job orders as anybody would, with the program
``ipf``, and ends with an exit code of 128 or more when something fails.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ipf_plugins.simulator.job import LEVEL_2A, SCENE, adapted, newest, run

from ipf.atomic import write_text
from ipf.errors import IpfError, OutputError, UsageError
from ipf.joborder import write_job_order

L1C, TRUTH, L2A, REPORT = "L1C", "truth", "L2A", "report"
WITHOUT_NEIGHBOURS = {"surface_reflectance.adjacency_range_m": "0"}
"""The light of each simulated pixel is its own, so that there is nothing of its neighbours to correct."""
MARK = ".made-by-ipf-demo"
"""File that says that the folder's content may be replaced."""


def run_demo(folder: Path, parameters: Mapping[str, str] | None = None) -> Path:
    """Run the demonstration in `folder` and print what it makes; returns the path of the report.

    `parameters` win over those of the job order that makes the scene.

    What an earlier demonstration left there is replaced. Raises `OutputError` when the folder holds something
    else, and `IpfError` with the processor's exit code when a job fails.
    """
    start = time.monotonic()
    folder = folder.resolve()
    _prepare(folder)
    for name, given in ((SCENE, parameters), (LEVEL_2A, WITHOUT_NEIGHBOURS)):
        write_job_order(adapted(name, given), folder / name)
        print(f"\n$ ipf run {folder / name}", flush=True)
        run(folder / name)
    # Imported late: drawing takes a while to load, and is not needed when a job fails.
    from ipf_plugins.simulator.comparison import compare, table
    from ipf_plugins.simulator.report import QUICKLOOK, write_report

    l1c, l2a = newest(folder / L1C, "*.SAFE"), newest(folder / L2A, "*.SAFE")
    comparison = compare(l2a, newest(folder / TRUTH, "*.TRUTH"))
    page = write_report(comparison, l1c, folder / REPORT)
    print(f"\n{table(comparison)}\n")
    print(f"Level-1C:   {l1c}")
    print(f"Level-2A:   {l2a}")
    print(f"truth:      {comparison.truth}")
    print(f"quicklook:  {page.with_name(QUICKLOOK)}")
    print(f"comparison: {page}")
    print(f"done in {time.monotonic() - start:.0f} s")
    return page


def _prepare(folder: Path) -> None:
    """Make the folder, empty but for what the user may have put there."""
    made = [folder / name for name in (L1C, TRUTH, L2A, REPORT)]
    if not (folder / MARK).exists():
        present = next((path for path in made if path.exists()), None)
        if present is not None:
            raise OutputError(f"{present}: exists already and was not made by the demonstration")
    write_text(folder / MARK, "The demonstration may replace what stands here.\n")
    for path in made:
        shutil.rmtree(path, ignore_errors=True)


def main(arguments: Sequence[str]) -> int:
    """Run with the command line's arguments; returns the exit code."""
    try:
        if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
            raise UsageError("expected one folder at most: python -m ipf_plugins.simulator.demo [FOLDER]")
        run_demo(Path(arguments[0] if arguments else "demo"))
    except IpfError as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
