"""`ipf lut query`: what it reads, and how it refuses what it cannot read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.query import query
from ipf.atmosphere.rows import band_label, band_name, read_rows
from ipf.atmosphere.table import ScatteringTable
from ipf.cli.lut import lut
from ipf.errors import AuxiliaryError
from ipf.product.bands import BAND_NAMES

SCATTERING = "band,sza,vza,raa,aot550,alt_km"
GAS = "band,sza,vza,wv,o3,alt"


def written(folder: Path, text: str) -> Path:
    path = folder / "in.csv"
    path.write_text(text)
    return path


def asked(
    folder: Path, text: str, table: ScatteringTable, gases: GasModel, **options: bool
) -> list[list[str]]:
    return [line.split(",") for line in query(written(folder, text), table, gases, **options).splitlines()]


def test_rows_keep_their_order_and_inputs(tmp_path: Path, table: ScatteringTable, gases: GasModel) -> None:
    text = f"{SCATTERING}\n8A,30,5,90,0.2,0\n1,30,5,90,0.2,0\nB8A,30,5,90,0.2,0\n"
    header, *rows = asked(tmp_path, text, table, gases)
    assert header[:6] == SCATTERING.split(",")
    assert [row[0] for row in rows] == ["8A", "1", "8A"]
    assert rows[0] == rows[2]
    assert rows[0][1:6] == ["30", "5", "90", "0.2", "0"]
    assert all(len(row) == len(header) for row in rows)


def test_columns_may_come_in_any_order_with_others_between(
    tmp_path: Path, table: ScatteringTable, gases: GasModel
) -> None:
    plain = asked(tmp_path, f"{SCATTERING}\n4,30,5,90,0.2,0.5\n", table, gases)
    mixed = asked(tmp_path, "alt_km,note,raa,vza,band,aot550,sza\n0.5,hello,90,5,4,0.2,30\n\n", table, gases)
    assert mixed == plain


def test_aerosol_alone_vanishes_without_aerosol_and_grows_to_the_edge_of_the_table(
    tmp_path: Path, table: ScatteringTable, gases: GasModel
) -> None:
    thickness = [0, 0.1, 0.5, 1, 2, 3]
    rows = "".join(f"{b},{s},15,0,{aot},0\n" for b in (1, 4, 12) for s in (0, 80) for aot in thickness)
    header, *found = asked(tmp_path, f"{SCATTERING}\n{rows}", table, gases)
    reflectance = [float(row[header.index("ratm_aer")]) for row in found]
    for begin in range(0, len(found), len(thickness)):
        series = reflectance[begin : begin + len(thickness)]
        assert series[0] == 0.0
        assert series == sorted(set(series))


def test_water_vapour_and_ozone_may_be_given(tmp_path: Path, table: ScatteringTable, gases: GasModel) -> None:
    default = asked(tmp_path, f"{SCATTERING}\n9,30,5,90,0.2,0\n", table, gases)
    stated = asked(tmp_path, f"{SCATTERING},o3,wv\n9,30,5,90,0.2,0,0.331,2\n", table, gases)
    assert stated[1][8:] == default[1][6:]
    dry = asked(tmp_path, f"{SCATTERING},wv\n9,30,5,90,0.2,0,0\n", table, gases)
    assert float(dict(zip(*dry, strict=True))["Th2o_tot"]) == 1.0


def test_water_vapour_convention_matters_on_high_ground_only(
    tmp_path: Path, table: ScatteringTable, gases: GasModel
) -> None:
    text = f"{GAS}\n9,30,5,1,0.3,0\n9,30,5,1,0.3,2\n"
    at_sea_level = asked(tmp_path, text, table, gases)
    at_ground = asked(tmp_path, text, table, gases, water_at_sea_level=False)
    name = at_ground[0].index("h2o_tot")
    low, high = (float(at_sea_level[line][name]) - float(at_ground[line][name]) for line in (1, 2))
    assert abs(low) < 2e-4
    assert high > 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: column 'band'"),
        ("band,sza,vza\n1,30,5\n", "line 1: column 'wv'"),
        ("band,sza,vza,raa\n1,30,5,0\n", "line 1: column 'aot550'"),
        (f"{SCATTERING}\n1,30,5,0,0.2\n", "line 2: 5 values, expected 6"),
        (f"{SCATTERING}\n1,30,5,0,0.2,0\n13,30,5,0,0.2,0\n", "line 3: column 'band': '13' is no band"),
        (f"{SCATTERING}\n1,30,5,0,a lot,0\n", "line 2: column 'aot550': 'a lot'"),
        (f"{SCATTERING}\n1,30,5,0,nan,0\n", "line 2: column 'aot550': 'nan'"),
        (f"{SCATTERING}\n1,30,5,0,0.2,0\n\n1,81,5,0,0.2,0\n", "line 4: column 'sza': 81 is outside 0 to 80"),
        (f"{SCATTERING}\n1,30,16,0,0.2,0\n", "line 2: column 'vza': 16 is outside 0 to 15"),
        (f"{SCATTERING}\n1,30,5,0,3.5,0\n", "line 2: column 'aot550': 3.5 is outside 0 to 3"),
        (f"{SCATTERING}\n1,30,5,0,0.2,9\n", "line 2: column 'alt_km': 9 is outside"),
        (f"{SCATTERING}\n1,30,5,0,0.2,5.5\n", "line 2: column 'alt_km'"),
        (f"{SCATTERING},wv\n1,79,5,0,0.2,0,7\n", "line 2: column 'wv'"),
        (f"{GAS}\n1,30,5,-1,0.3,0\n", "line 2: column 'wv': -1 is outside"),
        (f"{GAS}\n1,30,5,1,300,0\n", "line 2: column 'o3': 300 is outside 0 to 1"),
        (f'{GAS}\n1,30,5,1,0.3,"0\n', "line 2"),
    ],
)
def test_bad_rows_name_file_line_and_column(
    text: str, message: str, tmp_path: Path, table: ScatteringTable, gases: GasModel
) -> None:
    with pytest.raises(AuxiliaryError) as caught:
        query(written(tmp_path, text), table, gases)
    assert str(caught.value).startswith(f"{tmp_path / 'in.csv'}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=60)
@given(st.text(max_size=200) | st.text('0123456789,.-\n B8Anaife"', max_size=200))
def test_any_text_is_answered_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("rows") / "in.csv"
    path.write_text(f"{GAS}\n{text}", encoding="utf-8")
    with suppress(AuxiliaryError):  # anything else is a defect
        rows = read_rows(path, GAS.split(",")[1:])
        assert all(len(column) == len(rows.bands) for column in rows.columns.values())


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"\xff\xfe\x00band")
    with pytest.raises(AuxiliaryError, match=r"in\.csv: cannot be read as text"):
        read_rows(tmp_path / "in.csv", ())


def test_band_names_and_labels() -> None:
    assert [band_name(band_label(name)) for name in BAND_NAMES] == list(BAND_NAMES)
    assert [band_name(text) for text in ("1", "01", "B1", "b01", "B01")] == ["B01"] * 5
    assert [band_name(text) for text in ("0", "13", "8B", "B", "", "1 2")] == [None] * 6


def test_nothing_is_written_when_the_rows_are_bad(tmp_path: Path) -> None:
    source = written(tmp_path, f"{SCATTERING}\n1,95,5,0,0.2,0\n")
    result = CliRunner().invoke(lut, ["query", str(source), str(tmp_path / "out.csv")])
    assert isinstance(result.exception, AuxiliaryError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]
