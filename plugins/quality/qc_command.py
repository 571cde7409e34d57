"""The command ``ipf qc``: every quality check on a product or a part of one, for a person."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("product", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the specification's schemas, or of PSD148, PSD150. Without it schema checks are not run.",
)
@click.option(
    "--parameters",
    "parameter_file",
    type=click.Path(exists=True, path_type=Path),
    help="Parameter file with the thresholds (GIP_OLQCPA).  [default: those of the shipped file]",
)
@click.option("--json", "json_file", type=FILE, help="Write the result as JSON.")
@click.option("--html", "html_file", type=FILE, help="Write a page that needs no network.")
@click.option("--write-reports", is_flag=True, help="Write the official reports into the product's QI_DATA.")
@click.option(
    "--plugins",
    "plugins",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="Python file or folder of plugins, for their checks; beside those of IPF_PLUGIN_PATH.",
)
@click.option(
    "--plugin-path",
    "standing_plugins",
    type=click.Path(path_type=Path),
    multiple=True,
    envvar="IPF_PLUGIN_PATH",
    hidden=True,
)
@click.option("--creation-date", metavar="ISO", help="Creation date of what is written.  [default: now]")
def qc(
    product: Path,
    schemas: Path | None,
    parameter_file: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    write_reports: bool,
    plugins: tuple[Path, ...],
    standing_plugins: tuple[Path, ...],
    creation_date: str | None,
) -> None:
    """Inspect PRODUCT: a product, or a datastrip, granule or tile of one.

    Exits with 0 when nothing failed; a check that was not run is no failure, and is listed.
    """
    from ipf_plugins.quality.qc_run import QualityRun

    QualityRun(
        product=product,
        schemas=schemas,
        parameter_file=parameter_file,
        json_file=json_file,
        html_file=html_file,
        write_reports=write_reports,
        plugins=(*standing_plugins, *plugins),
        created=_date(creation_date),
    ).run()


def _date(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        stated = datetime.fromisoformat(text)
    except ValueError as problem:
        raise click.BadParameter(
            f"{text!r}: expected YYYY-MM-DDThh:mm:ssZ", param_hint="--creation-date"
        ) from problem
    return stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
