"""Datastrips of sensors: real ones are read; damage is told with file, line and element."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipf.errors import IpfError, ProductError
from ipf.product.gps_time import gps_seconds
from ipf.product.sensor_datastrip import datastrip_file, read_sensor_datastrip
from tests.product.sensor_documents import DATASTRIP, datastrip_text


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        folder = tmp_path / DATASTRIP
        folder.mkdir(exist_ok=True)
        (folder / f"{DATASTRIP.replace('_MSI_', '_MTD_')[:-7]}.xml").write_text(text)
        return folder

    return write


def test_a_small_datastrip(written: Callable[[str], Path]) -> None:
    found = read_sensor_datastrip(written(datastrip_text()))
    assert (found.satellite, found.epoch) == ("S2A", datetime(2020, 8, 16))
    assert found.ephemeris.seconds.tolist() == [43328.0, 43329.0, 43330.0]
    assert found.ephemeris.positions[0].tolist() == pytest.approx([5592938.4, -1685506.246, 4147746.566])
    assert found.ephemeris.velocities[0].tolist() == pytest.approx([3557.53, -2940.565, -5974.98])
    assert found.attitude.seconds.tolist() == [43329.9, 43330.0]
    np.testing.assert_allclose(
        found.attitude.quaternions[0],
        [-0.434491027202845, -0.47671519231492, -0.749609618869837, 0.14847758077967],
        atol=1e-14,
    )
    assert found.datation.line_period == pytest.approx(1.565873622e-3)
    # Given for line 3 of a band of 60 m: two lines of six periods before.
    assert found.datation.first_line["B01", 1] == pytest.approx(43365.812731 - 12 * 1.565873622e-3, abs=1e-9)
    assert found.tdi == {"B03": "APPLIED"}
    assert found.gains == {"B01": 4.10907633}
    assert found.earth is not None
    assert (found.earth.ut1_minus_utc, found.earth.gps_minus_utc) == (-0.27381, 18.0)
    assert found.refining is not None
    assert found.refining.x == (2.95053743505789e-06, -3.97553724884445e-08)
    assert found.refining.homothety == (-2.53929601479642e-06,)
    assert found.refining.centre == pytest.approx(43353.085 + 18, abs=1e-6)
    assert [entry.position for entry in found.granules[1]] == [1, 2305]
    assert found.radio_offsets == {"B01": -100.0}
    assert found.gipps == ("S2A_OPER_GIP_SPAMOD_MPC__20210419T000024_V20210421T233000_21000101T000000_B00",)


def test_times_keep_all_their_decimals() -> None:
    epoch = datetime(2020, 8, 16)
    assert gps_seconds("2020-08-16T12:02:09.3312873840332", epoch) == pytest.approx(
        43329.3312873840332, abs=1e-11
    )
    assert gps_seconds("2020-08-15T23:59:59", epoch) == -1.0
    for text in ("2020-08-16", "2020-08-16T25:00:00", "now", "2020-08-16T12:02:09+02:00"):
        with pytest.raises(ValueError, match=r".+"):
            gps_seconds(text, epoch)


def test_duplicates_and_disorder_and_what_is_not_valid(written: Callable[[str], Path]) -> None:
    text = datastrip_text()
    points = re.findall(r"<GPS_Point>.*?</GPS_Point>", text, re.DOTALL)
    shuffled = text.replace("".join(points), points[2] + points[0] + points[2] + points[1])
    assert shuffled != text
    found, expected = read_sensor_datastrip(written(shuffled)), read_sensor_datastrip(written(text))
    np.testing.assert_array_equal(found.ephemeris.positions, expected.ephemeris.positions)
    invalid = text.replace("VALIDITY>true", "VALIDITY>false", 1)
    with pytest.raises(ProductError, match="1 valid Values at different times"):
        read_sensor_datastrip(written(invalid))


def test_what_a_datastrip_may_lack(written: Callable[[str], Path]) -> None:
    text = datastrip_text()
    without = re.sub(r"<IERS_Bulletin>.*?</IERS_Bulletin>", "", text, flags=re.DOTALL)
    with pytest.raises(ProductError, match="a refined datastrip without IERS_Bulletin"):
        read_sensor_datastrip(written(without))
    plain = without.replace('flag="REFINED"', 'flag="NOT_REFINED"')
    found = read_sensor_datastrip(written(plain))
    assert (found.earth, found.refining) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("5592938400", "NaN", "POSITION_VALUES holds a number that is not finite"),
        ("5592938400", "5592938", "POSITION_VALUES: norm"),
        ("5592938400 ", "", "POSITION_VALUES has 2 numbers"),
        ("5592938400", "1e308", "POSITION_VALUES: norm"),
        ('detectorId="01"', f'detectorId="{"1" * 5000}"', "expected a whole number|attribute detectorId"),
        ('unit="mm"', 'unit="m"', "POSITION_VALUES: unit is 'm', expected mm"),
        ("-0.47671519231492", "-0.67671519231492", "QUATERNION_VALUES: 4 numbers of norm"),
        ("12:02:08", "12:02", "GPS_TIME: '2020-08-16T12:02' is not a time"),
        ("Sentinel-2A", "Sentinel-3A", "SPACECRAFT_NAME is 'Sentinel-3A'"),
        (">1.565873622<", ">15.65<", "LINE_PERIOD is '15.65'"),
        ('detectorId="01"', 'detectorId="14"', "detectorId is 14"),
        ("<DEGREE>1<", "<DEGREE>2<", "2 coefficients for DEGREE 2"),
        ('"REFINED"', '"YES"', "flag is 'YES'"),
        ("<POSITION>2305<", "<POSITION>1<", "POSITION is 1"),
        (">18<", ">18.5<", "GPS_TIME_UTC is '18.5'"),
        ("<Spacecraft_Position/>", "<Spacecraft_Position><X><COEFFICIENTS>1</COEFFICIENTS></X>"
         "</Spacecraft_Position>", "Spacecraft_Position is refined"),
        ("<PHYSICAL_GAINS>4", "<PHYSICAL_GAINS>-4", "PHYSICAL_GAINS is -4"),
        ("DATASTRIP_SENSING_STOP>2020", "DATASTRIP_SENSING_STOP>2019", "is before DATASTRIP_SENSING_START"),
        ("<Time_Stamp>", "<Other>", "not well-formed"),
    ],
)  # fmt: skip
def test_damage_is_told(written: Callable[[str], Path], old: str, new: str, message: str) -> None:
    text = datastrip_text()
    assert old in text
    with pytest.raises(ProductError, match=rf"S2A_OPER_MTD_L1B_DS_.*\.xml:\d+: .*{message}"):
        read_sensor_datastrip(written(text.replace(old, new, 1 if "MSI" not in old else -1)))


def test_folders_without_one_metadata(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="0 files named"):
        datastrip_file(tmp_path)
    (tmp_path / "MTD_DS.xml").touch()
    assert datastrip_file(tmp_path) == tmp_path / "MTD_DS.xml"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), damage=st.text(max_size=8), length=st.integers(0, 40), cut=st.booleans())
def test_mutated_datastrips_fail_as_products(
    tmp_path: Path, place: float, damage: str, length: int, cut: bool
) -> None:
    text = datastrip_text()
    at = int(place * len(text))
    path = tmp_path / "MTD_DS.xml"
    content = text[:at] + damage + ("" if cut else text[at + length :])
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    try:
        found = read_sensor_datastrip(path)
    except ProductError:
        return
    except IpfError as other:
        pytest.fail(f"{type(other).__name__}: {other}")
    assert found.file == path


def test_real_level_1b(reference_data: Path) -> None:
    (folder,) = (reference_data / "geometry_madeira" / "DATASTRIP").iterdir()
    found = read_sensor_datastrip(folder)
    assert (len(found.ephemeris.seconds), len(found.attitude.seconds)) == (97, 950)
    assert len(found.datation.first_line) == 156
    assert found.granules.keys() == set(range(1, 13))
    assert {len(entries) for entries in found.granules.values()} == {6}
    assert [entry.position for entry in found.granules[11]] == [1, 2305, 4609, 6913, 9217, 11521]
    assert found.tdi == dict.fromkeys(("B03", "B04", "B11", "B12"), "APPLIED")
    assert set(found.radio_offsets.values()) == {-100.0}
    assert found.sun_distance_factor is None


def test_real_level_1c(reference_data: Path) -> None:
    for folder in sorted((reference_data / "l1c_metadata").glob("*/DATASTRIP/*")):
        found = read_sensor_datastrip(folder)
        assert (len(found.datation.first_line), len(found.sun_irradiance)) == (156, 13)
        assert found.sun_distance_factor == pytest.approx(1.0, abs=0.035)
        assert found.refining is None
        assert found.granules == {}
