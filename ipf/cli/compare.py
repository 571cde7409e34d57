"""``ipf compare REFERENCE CANDIDATE``: where products differ, by how much, and whether that is acceptable."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ipf.errors import ComparisonError, UsageError

if TYPE_CHECKING:
    from ipf.compare.comparison import Progress
    from ipf.compare.results import Comparison

PATH = click.Path(path_type=Path)
PROFILES = ("identical", "rounding", "same-algorithm", "cross-processor")
"""Names of `ipf.compare.tolerance_files.PROFILES`, which is not imported for a page of help."""


@click.command()
@click.argument("reference", type=PATH, required=False)
@click.argument("candidate", type=PATH, required=False)
@click.option("--profile", type=click.Choice(PROFILES), help="How much may differ [default: identical].")
@click.option("--tolerances", type=PATH, metavar="FILE", help="TOML file that says how much may differ.")
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Write everything as JSON.")
@click.option("--junit", type=PATH, metavar="FILE", help="Write JUnit's XML, for continuous integration.")
@click.option("--html", type=PATH, metavar="DIR", help="Write a page with maps, histograms and both images.")
@click.option(
    "--write-tolerances",
    type=PATH,
    metavar="FILE",
    help="Write all limits with what they mean and, of two products, what was measured; needs no products.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Threads of the comparison."
)
def compare(
    reference: Path | None,
    candidate: Path | None,
    profile: str | None,
    tolerances: Path | None,
    json_file: Path | None,
    junit: Path | None,
    html: Path | None,
    write_tolerances: Path | None,
    workers: int,
) -> None:
    """Compare the product CANDIDATE with REFERENCE: values, classes, masks, places, encoding, metadata.

    Both are of one kind: SAFE products or parts of one, folders of GeoTIFFs, single rasters, location grids,
    parameter files, reports. The exit code is 0 when all checks passed, 171 when one failed.
    """
    from ipf.cli.comparison_view import comparison_text
    from ipf.compare.comparison import compare as compared
    from ipf.compare.tolerance_files import load_tolerances
    from ipf.compare.tolerance_files import write_tolerances as write

    if profile is not None and tolerances is not None:
        raise UsageError("--profile and --tolerances: expected one of them; the file may name a profile")
    outputs = {
        "--json": json_file,
        "--junit": junit,
        "--html": html,
        "--write-tolerances": write_tolerances,
    }
    refuse_overwriting(
        [path for path in (reference, candidate, tolerances) if path],
        {option: path for option, path in outputs.items() if path},
    )
    limits = load_tolerances(tolerances or profile or PROFILES[0])
    if reference is None or candidate is None:
        _refuse_missing_products(reference, outputs)
        assert write_tolerances is not None
        write(write_tolerances, limits)
        click.echo(write_tolerances)
        return
    with progress_bar() as progress:
        comparison = compared(reference, candidate, limits, threads=workers, progress=progress)
    _write(comparison, json_file, junit, html)
    if write_tolerances is not None:
        write(write_tolerances, limits, comparison)
    click.echo(comparison_text(comparison), nl=False)
    if comparison.failures or not comparison.checks:
        raise ComparisonError(
            f"{candidate}: {len(comparison.failures)} of {len(comparison.checks)} checks against {reference}"
            " failed"
        )


def _refuse_missing_products(reference: Path | None, outputs: dict[str, Path | None]) -> None:
    """Without products there is nothing to be done but to write tolerances; `UsageError` otherwise."""
    if reference is not None:
        raise UsageError(f"{reference}: expected a second product, CANDIDATE, to compare with it")
    if outputs["--write-tolerances"] is None:
        raise UsageError(
            "expected REFERENCE and CANDIDATE, or --write-tolerances FILE (see 'ipf compare --help')"
        )
    for option, path in outputs.items():
        if path is not None and option != "--write-tolerances":
            raise UsageError(f"{option}: there is nothing to write without REFERENCE and CANDIDATE")


def refuse_overwriting(inputs: list[Path], outputs: dict[str, Path]) -> None:
    """Nothing is written over an input, into one, or over another output; raises `UsageError`.

    Links are resolved as far as they lead anywhere.
    """
    protected = {Path(os.path.realpath(path)): str(path) for path in inputs}
    taken: dict[Path, str] = {}
    for option, path in outputs.items():
        place = Path(os.path.realpath(path))
        for around in (place, *place.parents):
            if around in protected:
                raise UsageError(f"{option}: {path} would be written over the input {protected[around]}")
        if any(place in protected_place.parents for protected_place in protected) and option != "--html":
            raise UsageError(f"{option}: {path} is a folder, expected a file")
        if place in taken:
            raise UsageError(f"{option}: {path} would be written over that of {taken[place]}")
        if path.is_dir() and option != "--html":
            raise UsageError(f"{option}: {path} is a folder, expected a file")
        taken[place] = option


def _write(comparison: Comparison, json_file: Path | None, junit: Path | None, html: Path | None) -> None:
    """Write the reports that are asked for."""
    from ipf.atomic import write_bytes, write_text

    if json_file is not None:
        from ipf.compare.report_json import comparison_json

        write_text(json_file, comparison_json(comparison))
    if junit is not None:
        from ipf.compare.report_junit import comparison_junit

        write_bytes(junit, comparison_junit(comparison))
    if html is not None:
        from ipf.compare.html_report import write_html

        write_html(comparison, html)


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """A bar on a terminal, with the part that was compared last; nothing elsewhere."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("opening", total=1.0)
        yield lambda fraction, text: bar.update(task, completed=fraction, description=escape(text))
