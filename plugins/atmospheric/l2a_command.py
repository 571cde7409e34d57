"""The command ``ipf l2a``: Level-1C products in, Level-2A products out, by a job order that stays."""

from __future__ import annotations

from pathlib import Path

import click

PRODUCT = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("products", type=PRODUCT, nargs=-1, required=True, metavar="PRODUCT...")
@click.option("--out", type=FOLDER, default=Path(), help="Folder of the results.  [default: this one]")
@click.option(
    "--resolution",
    type=click.Choice(["10", "20", "60"]),
    help="Finest pixel size to write, m: 20 leaves out 10 m, 60 also 20 m.  [default: 10]",
)
@click.option(
    "--mode",
    type=click.Choice(["accurate", "sen2cor"]),
    help="Set of parameters: the most accurate, or those of Sen2Cor.  [default: accurate]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["safe", "cog"]),
    help="SAFE with JPEG 2000, or a folder of Cloud Optimized GeoTIFFs.  [default: safe]",
)
@click.option("--dem", type=click.Path(exists=True, path_type=Path), help="Elevation model: folder or file.")
@click.option(
    "--jp2-profile",
    type=click.Choice(["official", "fast"]),
    help="JPEG 2000 as in official products, or quicker to write.  [default: official]",
)
@click.option("--page/--no-page", default=True, show_default=True, help="Quality page beside each product.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="STEP.NAME=VALUE",
    help="Any parameter of any step, as in a job order; may be repeated.",
)
@click.option("--workers", type=click.IntRange(1), help="Threads.  [default: the processors]")
@click.option(
    "--creation-date",
    metavar="ISO",
    help="Creation date of what is written; makes a run repeatable to the byte.",
)
@click.pass_context
def l2a(
    context: click.Context,
    products: tuple[Path, ...],
    out: Path,
    resolution: str | None,
    mode: str | None,
    form: str | None,
    dem: Path | None,
    jp2_profile: str | None,
    page: bool,
    settings: tuple[str, ...],
    workers: int | None,
    creation_date: str | None,
) -> None:
    """Make Level-2A of Level-1C products.

    Writes a job order into the folder of the results and runs it; run it again, changed or not, with 'ipf
    run'.
    """
    from ipf_plugins.atmospheric.l2a_job import L2AJob

    given = {
        "MODE": mode,
        "format_l2a.resolution": resolution,
        "format_l2a.format": form,
        "format_l2a.jp2_profile": jp2_profile,
        "format_l2a.quality_page": str(page).lower(),
        "elevation.dem": None if dem is None else str(dem.resolve()),
    }
    parameters = {name: value for name, value in given.items() if value is not None}
    job = L2AJob.of(products, out, parameters | dict(_setting(text) for text in settings))
    job_order = job.keep()
    options = [] if workers is None else ["--workers", str(workers)]
    options += [] if creation_date is None else ["--creation-date", creation_date]
    _run(context, job_order, options)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r}: expected STEP.NAME=VALUE", param_hint="--set")
    return name, value


def _run(context: click.Context, job_order: Path, options: list[str]) -> None:
    """Run a job order in this process, as the program's own command ``run`` does: same log, same codes."""
    program = context.find_root()
    assert isinstance(program.command, click.Group)
    run = program.command.get_command(program, "run")
    assert run is not None
    with run.make_context("run", [str(job_order), *options], parent=context) as inner:
        run.invoke(inner)
