"""``ipf lut``: build the atmosphere's look-up tables, fit the gas model, and evaluate both in bulk."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ipf.errors import UsageError

PATH = click.Path(path_type=Path)
SATELLITE = click.option(
    "--satellite", type=click.Choice(["S2A", "S2B", "S2C"]), default="S2A", show_default=True
)
AEROSOL = click.option(
    "--aerosol",
    type=click.Choice(["continental", "rural", "maritime"]),
    default="continental",
    show_default=True,
    help="Aerosol model; 'rural' is another name of 'continental'.",
)
OUTPUT = click.option("--output", type=PATH, required=True, help="Folder the files are written to.")
TABLES = click.option("--tables", type=PATH, help="Folder of other look-up tables than those shipped.")


@click.group("lut")
def lut() -> None:
    """Look-up tables of the atmosphere."""


@lut.command("build")
@click.option("--responses", type=PATH, required=True, help="Spectral responses of the satellite (text).")
@click.option("--irradiance", type=PATH, required=True, help="Solar irradiance spectrum (text, may be .bz2).")
@SATELLITE
@AEROSOL
@OUTPUT
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True)
def build(
    responses: Path, irradiance: Path, satellite: str, aerosol: str, output: Path, threads: int
) -> None:
    """Build the scattering table of one satellite and one aerosol model, with its provenance beside it.

    Needs the optional packages 'ipf[lut]' and some minutes. The same inputs and library versions give the
    same bytes, whatever the number of threads.
    """
    from ipf.atmosphere.build import build_table, provenance, steps_per_band
    from ipf.atmosphere.responses import read_irradiance, read_responses
    from ipf.atmosphere.storage import AEROSOLS, describe_input, encode_provenance, encode_table, table_name
    from ipf.atomic import write_bytes

    _require_sasktran2()
    bands = read_responses(responses)
    solar = read_irradiance(irradiance)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"{satellite} {aerosol}", total=len(bands) * steps_per_band())
        table = build_table(
            satellite, AEROSOLS[aerosol], bands, solar, threads, lambda: progress.advance(task)
        )
    name = table_name(satellite, aerosol)
    content = encode_table(table)
    made = provenance(table, describe_input(responses), describe_input(irradiance))
    write_bytes(output / f"{name}.npz", content)
    write_bytes(output / f"{name}.json", encode_provenance(made, content))
    click.echo(output / f"{name}.npz")


@lut.command("fit-gases")
@click.option("--gas-rows", type=PATH, required=True, help="Gas transmittances of a band model (CSV).")
@SATELLITE
@OUTPUT
def fit_gases(gas_rows: Path, satellite: str, output: Path) -> None:
    """Fit the gas model to rows of transmittances, made for the spectral responses of one satellite.

    The columns are those that 'ipf lut query' writes for gas rows.
    """
    from ipf.atmosphere.gas_fit import INPUT_COLUMNS, fit_gas_model, provenance
    from ipf.atmosphere.gases import FILE_NAME, encode_gas_model
    from ipf.atmosphere.rows import read_rows
    from ipf.atmosphere.storage import describe_input
    from ipf.atomic import write_bytes

    rows = read_rows(gas_rows, INPUT_COLUMNS)
    model = fit_gas_model(rows, satellite)
    made = provenance(model, rows, describe_input(gas_rows))
    write_bytes(output / FILE_NAME, encode_gas_model(model, made))
    click.echo(output / FILE_NAME)


@lut.command("query")
@click.argument("rows", type=PATH)
@click.argument("results", type=PATH)
@SATELLITE
@AEROSOL
@click.option(
    "--water-vapour-at",
    type=click.Choice(["sea-level", "ground"]),
    default="sea-level",
    show_default=True,
    help="What column 'wv' states: the column above sea level, of which the part above the ground is taken, "
    "or the column above the ground itself.",
)
@TABLES
def query(
    rows: Path, results: Path, satellite: str, aerosol: str, water_vapour_at: str, tables: Path | None
) -> None:
    """Evaluate the look-up table for each row of the CSV file ROWS and write the CSV file RESULTS.

    \b
    Scattering rows: band,sza,vza,raa,aot550,alt_km and optionally wv,o3 (else 2 cm and 0.331 cm-atm).
    Gas rows:        band,sza,vza,wv,o3,alt
    Angles in degrees, relative azimuth 0 = backscatter; wv in cm, o3 in cm-atm, altitude in km.
    """
    from ipf.atmosphere.gases import FILE_NAME, load_gas_model
    from ipf.atmosphere.query import query as evaluate
    from ipf.atmosphere.storage import load_scattering_table
    from ipf.atomic import write_text

    _refuse_overwriting(rows, results)
    table = load_scattering_table(satellite, aerosol, tables)
    gases = load_gas_model(tables / FILE_NAME if tables else None)
    text = evaluate(rows, table, gases, water_at_sea_level=water_vapour_at == "sea-level")
    write_text(results, text)


@lut.command("correct")
@click.argument("rows", type=PATH)
@click.argument("results", type=PATH)
@AEROSOL
@TABLES
def correct(rows: Path, results: Path, aerosol: str, tables: Path | None) -> None:
    """Correct the measurements in the CSV file ROWS and write them with their surface reflectance to RESULTS.

    For match-ups with ground stations. Each row states its atmosphere:

    \b
    band          1 ... 8, 8A, 9 ... 12, or B01 ... B12, B8A
    sensor        S2A, S2B or S2C
    toa           reflectance at the top of the atmosphere
    sza, vza      zenith angles of sun and view, degrees
    raa           relative azimuth, degrees, 0 = backscatter (the sun behind the sensor)
    aot550        aerosol optical thickness at 550 nm
    wv_cm         water vapour actually above the surface, cm
    o3_cm_atm     ozone in the total column, cm-atm (Dobson units / 1000)
    pressure_hpa  pressure at the surface, hPa

    The columns may come in any order; others are passed through as they are. RESULTS has all of them and
    'boa', the reflectance of a flat Lambertian surface.
    """
    from ipf.atmosphere.correct import correct as evaluate
    from ipf.atmosphere.gases import FILE_NAME, load_gas_model
    from ipf.atmosphere.storage import load_scattering_table
    from ipf.atomic import write_text

    _refuse_overwriting(rows, results)
    gases = load_gas_model(tables / FILE_NAME if tables else None)
    text = evaluate(rows, lambda sensor: load_scattering_table(sensor, aerosol, tables), gases)
    write_text(results, text)


def _require_sasktran2() -> None:
    try:
        import sasktran2  # noqa: F401
    except ImportError as problem:
        raise UsageError(f"building a table needs the optional packages 'ipf[lut]': {problem}") from problem


def _refuse_overwriting(rows: Path, results: Path) -> None:
    """Inputs are never written over; raises `UsageError`."""
    if rows.resolve() == results.resolve():
        raise UsageError(f"{results}: would be written over the rows")
