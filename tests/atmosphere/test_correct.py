"""`ipf lut correct`: the inverse of the forward model, of 6S, and of the kernels; what it refuses."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from ipf.atmosphere.correct import correct
from ipf.atmosphere.coupling import Conditions, couple
from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.profile import pressure_at, water_vapour_above
from ipf.atmosphere.rows import band_label, read_rows
from ipf.atmosphere.storage import load_scattering_table
from ipf.atmosphere.table import ScatteringTable
from ipf.atmosphere.tile import TileGeometry, reduce_to_tile
from ipf.cli.lut import lut
from ipf.errors import AuxiliaryError, UsageError
from ipf.kernels.atmosphere import correct_lambertian
from ipf.product.bands import BAND_NAMES

HEADER = "band,sensor,toa,sza,vza,raa,aot550,wv_cm,o3_cm_atm,pressure_hpa"
ROW = "4,S2A,0.15,30,5,90,0.2,2,0.3,1000"
REFLECTANCES = (0.05, 0.3)


def run(folder: Path, text: str, *options: str) -> list[dict[str, str]]:
    """Rows that the command writes for the CSV `text`."""
    source, target = folder / "in.csv", folder / "out.csv"
    source.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(lut, ["correct", str(source), str(target), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))


def draw(count: int) -> Conditions:
    """Random states within the table, with little enough water for every band but B10."""
    low = np.array([0.0, 0.1, 0.2, 560.0, 0.0, 0.0, -180.0])
    high = np.array([2.0, 4.0, 0.5, 1060.0, 70.0, 15.0, 360.0])
    values = np.random.default_rng(5).uniform(low, high, (count, low.size)).T
    return Conditions(*(np.round(value, 4) for value in values))


def sheet(sensor: str, band: str, conditions: Conditions, toa: np.ndarray) -> list[str]:
    """CSV rows."""
    c = conditions
    columns = (c.solar_zenith, c.view_zenith, c.relative_azimuth, c.aot, c.water_vapour, c.ozone, c.pressure)
    return [
        ",".join([band, sensor, *(repr(float(number)) for number in numbers)])
        for numbers in zip(toa, *columns, strict=True)
    ]


@pytest.mark.parametrize("aerosol", ["continental", "maritime"])
def test_it_is_the_inverse_of_the_forward_model(tmp_path: Path, gases: GasModel, aerosol: str) -> None:
    """All satellites and all bands, mixed in one file."""
    conditions = draw(12)
    truth = np.linspace(0.0, 1.1, 12)
    rows, expected = [], []
    for sensor in ("S2A", "S2B", "S2C"):
        table = load_scattering_table(sensor, aerosol)
        for band in BAND_NAMES:
            coupling = couple(table, gases, band, conditions)
            assert coupling.surface(coupling.top(truth)) == pytest.approx(truth, abs=1e-9)
            if band != "B10":
                rows += sheet(sensor, band_label(band), conditions, coupling.top(truth))
                expected += truth.tolist()
    order = np.random.default_rng(1).permutation(len(rows))
    answers = run(tmp_path, "\n".join([HEADER, *(rows[i] for i in order)]), "--aerosol", aerosol)
    boa = np.array([float(answer["boa"]) for answer in answers])
    # Six decimals are written.
    assert boa == pytest.approx(np.array(expected)[order], abs=0.6e-6)


@pytest.mark.parametrize("band", ["B01", "B04", "B09", "B12"])
def test_a_tile_is_corrected_alike(
    tmp_path: Path, table: ScatteringTable, gases: GasModel, band: str
) -> None:
    """The chain's kernel, on a tile of these angles, gives the same number but for its tables of steps."""
    toa, aot, water = np.array([[0.1, 0.2, 0.4], [0.05, 0.33, 0.9], [0.5, 1.7, 3.1]], np.float32)
    geometry = TileGeometry(*(np.full((2, 2), angle) for angle in (40.0, 7.0, 70.0)))
    coefficients = reduce_to_tile(table, gases, band, geometry, 950.0, 0.3)
    tile = correct_lambertian(toa[None], aot[None], water[None], coefficients, 0, 0, 10.0)[0]
    rows = [f"{band},S2A,{t},40,7,70,{a},{w},0.3,950" for t, a, w in zip(toa, aot, water, strict=True)]
    answers = run(tmp_path, "\n".join([HEADER, *rows]))
    boa = [float(answer["boa"]) for answer in answers]
    # Steps of AOT and slant water leave 2e-5 in every transmittance, some 1e-4 of a reflectance.
    assert boa == pytest.approx(tile.tolist(), abs=1e-4)


def errors_against_6s(source: Path, folder: Path, *options: str) -> dict[tuple[str, float], float]:
    """Largest error by band and reflectance, for surfaces under the atmospheres of 6SV1.1 in `source`."""
    names = ("sza", "vza", "raa", "aot550", "alt_km", "app_rho0", "Tgas_tot", "Tsca_dn", "Tsca_up", "s_tot")
    rows = read_rows(source, names)
    c = rows.columns
    pressure = pressure_at(c["alt_km"])
    water, ozone = water_vapour_above(2.0, pressure), np.full_like(pressure, 0.331)
    conditions = Conditions(c["aot550"], water, ozone, pressure, c["sza"], c["vza"], c["raa"])
    errors = {}
    for rho in REFLECTANCES:
        toa = c["app_rho0"] + c["Tgas_tot"] * c["Tsca_dn"] * c["Tsca_up"] * rho / (1.0 - c["s_tot"] * rho)
        lines = sheet("S2A", "", conditions, toa)
        lines = [f"{band}{line}" for line, band in zip(lines, rows.bands, strict=True)]
        boa = [float(answer["boa"]) for answer in run(folder, "\n".join([HEADER, *lines]), *options)]
        for band in BAND_NAMES:
            errors[band, rho] = float(np.max(np.abs(np.array(boa) - rho)[rows.bands == band]))
    return errors


def tolerance(rho: float) -> float:
    """Accuracy asked of surface reflectance (Vermote and Kotchenova 2008, JGR 113, D23S90)."""
    return 0.05 * rho + 0.005


def test_6s_is_inverted(scattering_file: Path, tmp_path: Path) -> None:
    """Surfaces of known reflectance come back in every band but B10, where less than 2 % of their light
    arrives."""
    errors = errors_against_6s(scattering_file, tmp_path)
    print()
    for band in BAND_NAMES:
        print(f"{band}: " + ", ".join(f"{errors[band, rho]:.5f} at {rho:g}" for rho in REFLECTANCES))
    assert {band for band, rho in errors if errors[band, rho] > tolerance(rho)} <= {"B10"}


def test_6s_is_not_inverted_with_another_aerosol(scattering_file: Path, tmp_path: Path) -> None:
    """The comparison above is able to fail."""
    errors = errors_against_6s(scattering_file, tmp_path, "--aerosol", "maritime")
    assert {band for band, rho in errors if errors[band, rho] > tolerance(rho)} > {"B01", "B04", "B8A"}


def test_rows_are_passed_through_as_written(tmp_path: Path) -> None:
    text = f'site,{HEADER},note\r\nBaotou,{ROW},"sand, wet"\r\n\r\n Gobabeb ,B8A{ROW[1:]},\r\n'
    first, second = run(tmp_path, text)
    assert list(first) == ["site", *HEADER.split(","), "note", "boa"]
    assert (first["site"], first["note"], first["band"]) == ("Baotou", "sand, wet", "4")
    assert (second["site"], second["note"], second["band"]) == (" Gobabeb ", "", "B8A")
    assert ",".join(list(first.values())[1:-2]) == ROW
    plain = run(tmp_path, f"{HEADER}\n{ROW}\n")
    assert plain[0]["boa"] == first["boa"]


def test_satellites_and_aerosols_have_their_own_tables(tmp_path: Path) -> None:
    text = f"{HEADER}\n{ROW}\n{ROW.replace('S2A', 's2b')}\n"
    first, second = run(tmp_path, text)
    assert 1e-5 < abs(float(first["boa"]) - float(second["boa"])) < 0.01
    other = run(tmp_path, text, "--aerosol", "maritime")
    assert abs(float(other[0]["boa"]) - float(first["boa"])) > 1e-3


def test_a_file_without_rows_has_an_answer_without_rows(tmp_path: Path) -> None:
    assert run(tmp_path, f"{HEADER}\n") == []
    assert (tmp_path / "out.csv").read_text() == f"{HEADER},boa\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f"{HEADER}\n", "", "line 1: column 'band' is missing"),
        ("sensor", "satellite", "line 1: column 'sensor' is missing"),
        ("wv_cm", "wv", "line 1: column 'wv_cm' is missing"),
        ("raa", "sza", "line 1: column 'sza' occurs twice"),
        (f"pressure_hpa\n{ROW}", f"pressure_hpa,boa\n{ROW},0.1", "line 1: column 'boa' is there already"),
        ("4,S2A", "13,S2A", "line 2: column 'band': '13' is no band"),
        ("S2A", "S2D", "line 2: column 'sensor': 'S2D' is no satellite (S2A, S2B, S2C)"),
        ("S2A", "", "line 2: column 'sensor': '' is no satellite"),
        ("0.15", "nan", "line 2: column 'toa': 'nan' is not a finite number"),
        ("0.15", "", "line 2: column 'toa': '' is not a finite number"),
        ("0.15", "1500", "line 2: column 'toa': 1500 is outside -0.1 to 6.4535"),
        (",30,", ",80.5,", "line 2: column 'sza': 80.5 is outside 0 to 80"),
        (",5,", ",-1,", "line 2: column 'vza': -1 is outside 0 to 15"),
        (",90,", ",inf,", "line 2: column 'raa': 'inf' is not a finite number"),
        (",90,", ",361,", "line 2: column 'raa': 361 is outside -360 to 360"),
        (",0.2,", ",3.2,", "line 2: column 'aot550': 3.2 is outside 0 to 3"),
        (",2,", ",-2,", "line 2: column 'wv_cm': -2 is outside"),
        (",2,", ",20,", "line 2: column 'wv_cm': 43.1"),
        (",0.3,", ",300,", "line 2: column 'o3_cm_atm': 300 is outside 0 to 1"),
        ("1000", "100000", "line 2: column 'pressure_hpa': 100000 is outside 550 to 1070"),
        ("1000", "1000,7", "line 2: 11 values, expected 10"),
        (ROW, "10,S2A,0.15,30,5,90,0.2,10,0.3,1000", "line 2: column 'band': 3.17301e-05 is its two-way"),
    ],
)
def test_bad_input_names_file_line_and_column(old: str, new: str, message: str, tmp_path: Path) -> None:
    """And nothing is written."""
    source = tmp_path / "in.csv"
    source.write_text(f"{HEADER}\n{ROW}\n".replace(old, new, 1))
    result = CliRunner().invoke(lut, ["correct", str(source), str(tmp_path / "out.csv")])
    assert isinstance(result.exception, AuxiliaryError)
    assert str(result.exception).startswith(f"{source}: {message}")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_ground_below_black_is_refused_only_where_no_surface_could_look_so(tmp_path: Path) -> None:
    """A hazy measurement under the path reflectance is a negative surface; there is an end to that."""
    dark = run(tmp_path, f"{HEADER}\n{ROW.replace('0.15', '0.01')}\n")
    assert -0.1 < float(dark[0]["boa"]) < 0
    source = tmp_path / "in.csv"
    source.write_text(f"{HEADER}\n1,S2A,-0.1,78,15,0,3,2,0.3,1000\n")
    result = CliRunner().invoke(lut, ["correct", str(source), str(tmp_path / "none.csv")])
    assert isinstance(result.exception, AuxiliaryError)
    assert "line 2: column 'toa': -0.1 is too far below the path reflectance" in str(result.exception)


def test_the_first_bad_row_is_named_by_its_line_in_the_file(tmp_path: Path) -> None:
    """Also where rows of several satellites are mixed."""
    source = tmp_path / "in.csv"
    bad = ROW.replace(",30,", ",85,")
    source.write_text(f"{HEADER}\n{ROW.replace('S2A', 'S2B')}\n\n{ROW}\n{bad}\n")
    result = CliRunner().invoke(lut, ["correct", str(source), str(tmp_path / "out.csv")])
    assert f"{source}: line 5: column 'sza': 85" in str(result.exception)


@settings(max_examples=60)
@given(st.text(max_size=60) | st.text('0123456789,.-\n\r" S2AB', max_size=60))
def test_any_text_is_answered_or_refused(
    tmp_path_factory: pytest.TempPathFactory, table: ScatteringTable, gases: GasModel, text: str
) -> None:
    """A row that is answered has the same answer whatever stands before it."""
    air = Conditions(*(np.array(value) for value in (0.2, 2.0, 0.3, 1000.0, 30.0, 5.0, 90.0)))
    expected = f"{float(couple(table, gases, 'B04', air).surface(0.15)):.6f}"
    path = tmp_path_factory.mktemp("rows") / "in.csv"
    path.write_text(f"note,{HEADER}\n{text},{ROW}\n", encoding="utf-8")
    with suppress(AuxiliaryError):  # anything else is a defect
        answer = list(csv.reader(io.StringIO(correct(path, load_scattering_table, gases), newline="")))
        assert all(len(row) == len(answer[0]) for row in answer)
        assert answer[-1][-1] == expected


def test_another_folder_of_tables(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"{HEADER}\n{ROW}\n")
    command = ["correct", str(source), str(tmp_path / "out.csv"), "--tables", str(tmp_path)]
    result = CliRunner().invoke(lut, command)
    assert isinstance(result.exception, AuxiliaryError)
    assert str(tmp_path) in str(result.exception)


def test_help_names_every_column() -> None:
    text = CliRunner().invoke(lut, ["correct", "--help"]).output
    assert all(name in text for name in HEADER.split(","))


@pytest.mark.parametrize("command", ["correct", "query"])
def test_the_rows_are_not_written_over(tmp_path: Path, command: str) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("band\n")
    result = CliRunner().invoke(lut, [command, str(source), str(tmp_path / "." / "rows.csv")])
    assert isinstance(result.exception, UsageError)
    assert "would be written over" in str(result.exception)
    assert source.read_text() == "band\n"
