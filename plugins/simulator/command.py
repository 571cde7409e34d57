"""The command ``ipf simulate``: a scene, a datastrip, the demonstration, and a comparison with the truth."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PRODUCT = click.Path(exists=True, path_type=Path)


@click.group()
def simulate() -> None:
    """Make test data of known truth."""


@simulate.command()
@click.argument("folder", type=FOLDER)
@click.option("--size", type=int, default=10980, show_default=True, help="Side of the tile, m, 60 m pixels.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything left to chance.")
@click.option("--atmosphere", type=FILE, help="JSON file with the coefficients of one geometry.")
@click.option("--like", type=PRODUCT, help="Level-1C product whose tile, time and angles are taken.")
@click.option("--aot", type=float, help="Aerosol optical thickness at 550 nm.  [default: 0.15]")
@click.option("--water-vapour", type=float, help="Water vapour, cm.  [default: 2]")
@click.option("--clouds", type=float, help="Share of the scene under cloud.  [default: 0.06]")
@click.option("--workers", type=click.IntRange(1), help="Threads.  [default: the processors]")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="STEP.NAME=VALUE",
    help="Any parameter of any step, as in a job order; may be repeated.",
)
def scene(
    folder: Path,
    size: int,
    seed: int,
    atmosphere: Path | None,
    like: Path | None,
    aot: float | None,
    water_vapour: float | None,
    clouds: float | None,
    workers: int | None,
    settings: tuple[str, ...],
) -> None:
    """Make a Level-1C product and its truth in FOLDER.

    The job order that does it is left there too.
    """
    from ipf_plugins.simulator.job import parameters_of, run_scene

    given = {
        "simulate_acquisition.size_m": size,
        "simulate_acquisition.seed": seed,
        "simulate_acquisition.atmosphere": atmosphere,
        "simulate_acquisition.like": like,
        "simulate_acquisition.aot": aot,
        "simulate_acquisition.water_vapour": water_vapour,
        "simulate_sky.cloud_share": clouds,
    }
    for path in run_scene(folder, parameters_of(given, settings), workers):
        click.echo(path)


@simulate.command()
@click.argument("folder", type=FOLDER)
@click.option("--tile", default="31TCJ", show_default=True, help="Tile whose corner is seen (MGRS).")
@click.option(
    "--size", type=int, default=10980, show_default=True, help="Side of the ground, m, 60 m pixels."
)
@click.option("--relief", type=float, help="From the lowest to the highest ground, m.  [default: 1000]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything left to chance.")
@click.option("--workers", type=click.IntRange(1), help="Threads.  [default: the processors]")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="STEP.NAME=VALUE",
    help="Any parameter of any step, as in a job order; may be repeated.",
)
def strip(
    folder: Path,
    tile: str,
    size: int,
    relief: float | None,
    seed: int,
    workers: int | None,
    settings: tuple[str, ...],
) -> None:
    """Make a Level-1B datastrip and its truth in FOLDER.

    The parameter files and the elevation model that go with it are made too. The job order that does it, and
    the one that makes Level-1C of it, are left there.
    """
    from ipf_plugins.simulator.job import parameters_of, run_strip

    given = {"simulate_strip.relief_m": relief, "simulate_strip.seed": seed}
    for path in run_strip(folder, tile, size, parameters_of(given, settings), workers):
        click.echo(path)


@simulate.command()
@click.argument("product", type=PRODUCT)
@click.argument("truth", type=PRODUCT)
@click.option("--l1c", type=PRODUCT, help="The Level-1C product, for the pictures of --report.")
@click.option("--report", type=FOLDER, help="Folder for a page with pictures.")
def compare(product: Path, truth: Path, l1c: Path | None, report: Path | None) -> None:
    """Compare a Level-2A PRODUCT with the TRUTH of its scene."""
    from ipf_plugins.simulator import comparison as figures

    from ipf.errors import UsageError

    if report is not None and l1c is None:
        raise UsageError("--report needs --l1c")
    comparison = figures.compare(product, truth)
    click.echo(figures.table(comparison))
    if report is not None and l1c is not None:
        from ipf_plugins.simulator.report import write_report

        click.echo(write_report(comparison, l1c, report))


@simulate.command()
@click.argument("folder", type=FOLDER, default=Path("demo"))
def demo(folder: Path) -> None:
    """Make a scene in FOLDER, process it from Level-1C to Level-2A, and compare with the truth."""
    from ipf_plugins.simulator.demo import run_demo

    run_demo(folder)
