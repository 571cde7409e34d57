"""The command ``ipf grid``: direct or inverse location grids of a Level-1B product."""

from __future__ import annotations

from pathlib import Path

import click

PLACE = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("configuration", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the grids."
)
@click.option("--detectors", metavar="01,03", default="", help="Detectors.  [default: all twelve]")
@click.option("--bands", metavar="B02,B8A", default="", help="Bands.  [default: all thirteen]")
@click.option("--l1b", type=PLACE, help="Level-1B product, in place of the configuration's.")
@click.option("--gipp", type=PLACE, help="Folder of GIPPs, likewise.")
@click.option("--dem", type=PLACE, help="Elevation model, likewise.")
@click.option("--geoid", type=PLACE, help="Geoid, likewise.")
@click.option("--iers", type=PLACE, help="IERS bulletin, likewise.")
@click.option("--workers", type=click.IntRange(1), help="Threads.  [default: the processors]")
def grid(
    configuration: Path,
    out: Path,
    detectors: str,
    bands: str,
    l1b: Path | None,
    gipp: Path | None,
    dem: Path | None,
    geoid: Path | None,
    iers: Path | None,
    workers: int | None,
) -> None:
    """Make location grids of a Level-1B product.

    CONFIGURATION is a JSON file in the form of Sen2VM, as are the names and the content of the grids.
    """
    from ipf_plugins.geometric.grid_configuration import read_grid_configuration
    from ipf_plugins.geometric.location_grids import GridJob
    from ipf_plugins.geometric.selections import chosen_bands, chosen_detectors
    from rich.console import Console
    from rich.progress import Progress

    from ipf.engine.planner import default_workers

    replaced = {"l1b_product": l1b, "gipp_folder": gipp, "dem": dem, "geoid": geoid, "iers": iers}
    settings = read_grid_configuration(configuration, replaced)
    job = GridJob(
        settings,
        chosen_bands(bands),
        chosen_detectors(detectors),
        workers or default_workers(),
        lambda text: click.echo(f"warning: {text}", err=True),
    )
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("opening", total=1.0)
        written = job.write(out, lambda share, name: bar.update(task, completed=share, description=name))
    click.echo(f"{len(written)} {settings.operation} grids in {out}")
