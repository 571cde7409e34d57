"""Bulletin A: real ones, days between, leap seconds, dates beyond it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipf.auxiliary.iers_bulletin import read_iers_bulletin
from ipf.errors import AuxiliaryError
from ipf.product.utc import UtcTime
from tests.auxiliary.packings import HEADER, tar_bytes, written, zip_bytes

TEXT = """
      COMBINED EARTH ORIENTATION PARAMETERS:
              MJD      x    error     y    error   UT1-UTC   error
   16 12 30  57752 0.08000 .00009 0.26000 .00009 -0.408000 0.000012
   16 12 31  57753 0.07800 .00009 0.26100 .00009 -0.409000 0.000016
      PREDICTIONS:
         TAI-UTC(MJD 57754) = 37.0
       2017  1  1  57754       0.0770      0.2620      0.59000
       2017  1  2  57755       0.0760      0.2630      0.58900
"""


def test_values_between_days_and_across_a_leap_second(tmp_path: Path) -> None:
    bulletin = read_iers_bulletin(written(tmp_path / "b.txt", TEXT.encode()))
    noon = bulletin.at(UtcTime.parse("2016-12-30T12:00:00Z"))
    assert noon.ut1_minus_utc == pytest.approx(-0.4085, abs=1e-12)
    assert (noon.pole_x, noon.pole_y) == pytest.approx((0.079, 0.2605))
    assert noon.gps_minus_utc == 17
    before = bulletin.at(UtcTime.parse("2016-12-31T12:00:00Z"))
    assert (before.ut1_minus_utc, before.gps_minus_utc) == (pytest.approx(-0.4095), 17)
    after = bulletin.at(UtcTime.parse("2017-01-01T12:00:00Z"))
    assert (after.ut1_minus_utc, after.gps_minus_utc) == (pytest.approx(0.5895), 18)


@pytest.mark.parametrize("pack", [tar_bytes, zip_bytes])
def test_packed_bulletins(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    path = written(tmp_path / "b", pack({"B.HDR": HEADER, "B.DBL": TEXT.encode()}))
    assert read_iers_bulletin(path).tai_minus_utc == 36


@pytest.mark.parametrize("date", ["2016-12-29T23:59:59Z", "2017-01-02T00:00:01Z"])
def test_dates_beyond_the_bulletin_are_refused(tmp_path: Path, date: str) -> None:
    bulletin = read_iers_bulletin(written(tmp_path / "b.txt", TEXT.encode()))
    with pytest.raises(AuxiliaryError, match=r"b\.txt: IERS bulletin out of date: MJD 57752 to 57755"):
        bulletin.at(UtcTime.parse(date))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("57753", "57740", "MJD 57741 to 57751 missing"),
        ("0.59000", "5.90000", r"b\.txt:8: .*UT1-UTC 5.9 s"),
        ("TAI-UTC(", "TAI(", "TAI-UTC is not stated"),
        ("  577", "  x77", "no line of Earth orientation"),
    ],
)
def test_damage_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    path = written(tmp_path / "b.txt", TEXT.replace(old, new).encode())
    with pytest.raises(AuxiliaryError, match=message):
        read_iers_bulletin(path)


def test_real_bulletins(reference_data: Path) -> None:
    (path,) = (reference_data / "geometry_madeira" / "IERS").iterdir()
    bulletin = read_iers_bulletin(path)
    earth = bulletin.at(UtcTime.parse("2020-08-16T12:02:33Z"))
    # A prediction of ten months against what the datastrip of the day states.
    assert earth.ut1_minus_utc == pytest.approx(-0.27381, abs=5e-4)
    assert (earth.pole_x, earth.pole_y) == pytest.approx((0.2393, 0.362), abs=2e-3)
    assert earth.gps_minus_utc == 18
    (folder,) = (reference_data / "gipp" / "S2B_datation_iers").glob("*UT1UTC*")
    assert read_iers_bulletin(folder).at(UtcTime.parse("2022-10-11T06:40:00Z")).gps_minus_utc == 18


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(TEXT)), damage=st.binary(max_size=10), cut=st.booleans())
def test_mutated_bulletins_fail_as_auxiliary_files(
    tmp_path: Path, place: int, damage: bytes, cut: bool
) -> None:
    content = TEXT.encode()
    path = tmp_path / "b.txt"
    written(path, content[:place] + damage + (b"" if cut else content[place + len(damage) :]))
    try:
        bulletin = read_iers_bulletin(path)
    except AuxiliaryError:
        return
    assert bulletin.source == str(path)
