"""Names of auxiliary files, and the choice among those at hand by type, satellite, band and date."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.auxiliary.gipp_choice import choose_auxiliary_file, find_auxiliary_files
from ipf.auxiliary.gipp_names import AuxiliaryName
from ipf.errors import AuxiliaryError
from ipf.product.utc import UtcTime
from tests.auxiliary.packings import written

BULLETIN = "S2__OPER_AUX_UT1UTC_PDMC_20190725T000000_V20190726T000000_20200725T000000"
OLD = "S2A_OPER_GIP_PRDLOC_MPC__20150605T094736_V20150622T000000_21000101T000000_B00"
SOON = "S2A_OPER_GIP_PRDLOC_MPC__20171206T000000_V20150703T000000_21000101T000000_B00"
LATER = "S2A_OPER_GIP_PRDLOC_MPC__20171206T000000_V20170703T000000_21000101T000000_B00"
NEW = "S2A_OPER_GIP_PRDLOC_MPC__20180301T130000_V20180305T005000_21000101T000000_B00"
BAND = "S2A_OPER_GIP_VIEDIR_MPC__20151117T131050_V20150703T000000_21000101T000000_B8A"


@pytest.mark.parametrize("text", [BULLETIN, OLD, BAND])
def test_names_come_back(text: str) -> None:
    name = AuxiliaryName.parse(text)
    assert str(name) == text
    assert name.band == ("" if text == BULLETIN else text[-3:])


@given(st.text(max_size=90))
def test_other_texts_are_no_names(text: str) -> None:
    with pytest.raises(ValueError, match="is not the name of an auxiliary file"):
        AuxiliaryName.parse(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (OLD, SOON, LATER, NEW):
        written(tmp_path / "PRDLOC" / f"{name}.TGZ", b"")
    written(tmp_path / "VIEDIR" / BAND / f"{BAND}.DBL", b"")
    written(tmp_path / "VIEDIR" / BAND / f"{BAND}.HDR", b"")
    written(tmp_path / "readme.txt", b"")
    return tmp_path


def test_everything_is_found_once(folder: Path) -> None:
    written(folder / "copy" / f"{NEW}.xml", b"")
    found = find_auxiliary_files(folder)
    assert [str(file.name) for file in found] == [OLD, SOON, LATER, NEW, BAND]
    assert found[3].path.suffix == ".xml"
    assert found[-1].path == folder / "VIEDIR" / BAND
    assert find_auxiliary_files([folder / "PRDLOC", folder / "VIEDIR"])[0] == found[0]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2015-06-22T00:00:00Z", OLD),
        ("2017-01-01T12:00:00Z", SOON),
        ("2018-03-05T00:49:59Z", LATER),
        ("2018-03-05T00:50:00Z", NEW),
    ],
)
def test_the_newest_valid_file_wins(folder: Path, date: str, expected: str) -> None:
    files = find_auxiliary_files(folder)
    chosen = choose_auxiliary_file(files, "GIP_PRDLOC", "S2A", UtcTime.parse(date))
    assert str(chosen.name) == expected


def test_files_that_are_named_win_whatever_their_dates(folder: Path) -> None:
    files, date = find_auxiliary_files(folder), UtcTime.parse("2015-01-01T00:00:00Z")
    chosen = choose_auxiliary_file(files, "GIP_PRDLOC", "S2A", date, named=(NEW,))
    assert str(chosen.name) == NEW
    nearest = choose_auxiliary_file(files, "GIP_PRDLOC", "S2A", date, any_date=True)
    assert str(nearest.name) == OLD


@pytest.mark.parametrize(
    ("file_type", "satellite", "date", "band", "words"),
    [
        ("GIP_PRDLOC", "S2B", "2020-01-01T00:00:00Z", "B00", ["wrong satellite", OLD]),
        ("GIP_PRDLOC", "S2A", "2015-01-01T00:00:00Z", "B00", ["out of validity", OLD, "2015-01-01"]),
        ("GIP_VIEDIR", "S2A", "2020-01-01T00:00:00Z", "B02", ["other bands only", BAND, "for B02"]),
        ("GIP_SPAMOD", "S2A", "2020-01-01T00:00:00Z", "B00", ["none of the 5", "GIP_SPAMOD of S2A"]),
    ],
)
def test_refusals_say_what_was_looked_for_and_what_there_is(
    folder: Path, file_type: str, satellite: str, date: str, band: str, words: list[str]
) -> None:
    files = find_auxiliary_files(folder)
    with pytest.raises(AuxiliaryError) as refused:
        choose_auxiliary_file(files, file_type, satellite, UtcTime.parse(date), band)
    assert all(word in str(refused.value) for word in words)


def test_absent_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AuxiliaryError, match="does not exist"):
        find_auxiliary_files(tmp_path / "absent")
