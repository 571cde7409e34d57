"""Times, levels, identities and look-ups of the neutral job order."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.errors import JobOrderError
from ipf.joborder import (
    AreaOfInterest,
    Input,
    JobOrder,
    LogLevel,
    LogSelection,
    Moment,
    Output,
    Parameter,
    SensingTime,
    Task,
)

EXACT = datetime(2013, 6, 21, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20130621_010203000000", EXACT),
        ("20130621_010203000", EXACT),
        ("20130621_010203.123", EXACT.replace(microsecond=123000)),
        ("20130621_010203.0000", EXACT),
        ("20130621_010203123456", EXACT.replace(microsecond=123456)),
        ("20130621_010203", EXACT),
        ("2013-06-21T01:02:03Z", EXACT),
        ("2013-06-21T01:02:03.500Z", EXACT.replace(microsecond=500000)),
        ("2013-06-21T01:02:03.123456", EXACT.replace(microsecond=123456)),
        ("2013-06-21T01:02:03.123456789Z", EXACT.replace(microsecond=123456)),
        ("2013-06-21T03:02:03+02:00", EXACT),
        ("2013-06-20T20:32:03-04:30", EXACT),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("20161231_235960500000", datetime(2017, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)),
        ("00000000_000000000000", None),
        ("99999999_999999999999", None),
        ("00000000_000000.000", None),
        ("9999-99-99T99:99:99.999999", None),
    ],
)
def test_every_form_of_a_time(text: str, value: datetime | None) -> None:
    moment = Moment(text)
    assert moment.value == value
    assert moment.is_open is (value is None)
    assert moment.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2013-06-21",
        "20130621T010203",
        "20130621_0102",
        "20130631_010203",
        "20130621_240000",
        "20130621_126000",
        "2013-06-21 01:02:03",
        "2013-06-21T01:02:60Z",
        "2013-06-21T01:02:03z",
        "2013-06-21T01:02:03+24:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:60Z",
        "２０１３0621_010203",
        "20130621_010203.",
        "20130621_010203.1234567890",
        "00000000_000001",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time such as"):
        Moment(text)


instants = st.datetimes(timezones=st.just(UTC))


@given(instants, st.integers(-14, 14))
def test_written_times_are_read_back(value: datetime, hours: int) -> None:
    assert Moment.iso(value).value == value
    assert Moment.compact(value).value == value
    assert len(Moment.compact(value).text) == len("YYYYMMDD_hhmmssuuuuuu")
    if 1 < value.year < 9999:
        elsewhere = value.astimezone(timezone(timedelta(hours=hours)))
        assert Moment.iso(elsewhere) == Moment.iso(value)


def test_a_time_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="aware"):
        Moment.iso(datetime(2024, 5, 1))


def test_intervals_open_at_either_end() -> None:
    now = Moment("2024-05-01T10:30:00Z")
    assert SensingTime(Moment("00000000_000000"), now).begin is None
    assert SensingTime(Moment("00000000_000000"), now).end == now.value
    assert SensingTime(now, Moment("99999999_999999")).end is None
    default = SensingTime(Moment("1983-01-01T00:00:00Z"), Moment("2020-01-01T00:00:00Z"))
    assert (default.begin, default.end) == (None, None)
    real = SensingTime(Moment("1983-01-01T00:00:00Z"), now)
    assert real.begin == datetime(1983, 1, 1, tzinfo=UTC)


def test_thresholds_and_sets_of_levels() -> None:
    every = list(LogLevel)
    assert [level.name for level in every] == ["DEBUG", "INFO", "PROGRESS", "WARNING", "ERROR"]
    for level in every:
        assert LogSelection((level.name,)).levels() == {other for other in every if other >= level}
        assert LogSelection((level.name,), as_set=True).levels() == {level}
        assert LogSelection((level.name,), as_set=True).levels(single_is_threshold=True) == {
            other for other in every if other >= level
        }
    two = LogSelection(("ERROR", "INFO"), as_set=True)
    assert two.levels() == two.levels(single_is_threshold=True) == {LogLevel.ERROR, LogLevel.INFO}
    assert LogSelection().levels() == LogSelection(("?",)).levels() == LogSelection(("INFO",)).levels()


@pytest.mark.parametrize(
    ("name", "order_id"),
    [
        ("JobOrder.609521551.xml", "609521551"),
        ("JobOrder_RADIO_AB_4711.xml", "RADIO_AB_4711"),
        ("Joborder_OLQC.xml", "OLQC"),
        ("job_order_ChaineL2.xml", "ChaineL2"),
        ("JobOrder.12.3.XML", "12.3"),
        ("anything.xml", "anything"),
        ("JobOrder.xml", "JobOrder"),
        ("JobOrder.", "JobOrder."),
        ("joborder", "joborder"),
        (".xml", ".xml"),
    ],
)
def test_order_id_from_the_name_only(name: str, order_id: str) -> None:
    job_order = JobOrder("mmfi", "L2A", "05.11", source=Path("/data/v1.2/JobOrder.9.d") / name)
    assert job_order.order_id == order_id


def test_order_id_without_a_file() -> None:
    assert JobOrder("mmfi", "L2A", "05.11").order_id == ""


def test_look_ups() -> None:
    inputs = (Input("GIP", ("/a",)), Input("DEM", ("/d",)), Input("GIP", ("/b",)))
    task = Task(
        "A", inputs=inputs, outputs=(Output("REPORT", ("/r",)),), parameters=(Parameter("X", "task"),)
    )
    job_order = JobOrder(
        "mmfi", "P", "1", (task, Task("B")), (Parameter("X", "1"), Parameter("X", "2"), Parameter("Y", ""))
    )
    assert [each.files for each in task.inputs_of_type("GIP")] == [("/a",), ("/b",)]
    assert task.inputs_of_type("IERS") == ()
    assert task.outputs_of_type("REPORT")[0].path == "/r"
    assert job_order.parameter("X") == "2"
    assert job_order.parameter("Y", "default") == ""
    assert job_order.parameter("Z") is None
    assert job_order.parameters_of(task) == {"X": "task", "Y": ""}
    assert job_order.task("B").name == "B"
    with pytest.raises(JobOrderError, match="expected a task named 'C', found A, B"):
        job_order.task("C")


def test_output_paths_of_both_families() -> None:
    assert Output("X", ("/a", "/b")).path == "/a"
    assert Output("X", pattern="*.xml", directory="/out").path == "/out/*.xml"
    assert Output("X", pattern="*.xml").path == "*.xml"
    assert Output("X", directory="/out").path == "/out"
    assert Output("X").path == ""


def test_frozen_hashable_and_equal_by_content_not_by_layout_or_place() -> None:
    job_order = JobOrder("mmfi", "P", "1", (Task("A"),))
    with pytest.raises(FrozenInstanceError):
        job_order.processor_name = "Q"  # type: ignore[misc]
    same = replace(
        job_order, source=Path("/x"), notes=("n",), tasks=(replace(job_order.tasks[0], elements=("T",)),)
    )
    assert same == job_order
    assert hash(same) == hash(job_order)
    assert replace(job_order, test=False) != job_order
    assert not hasattr(job_order, "__dict__")


@pytest.mark.parametrize("geometry", ["", "1", "1 2 3", "a b", "91 0", "0 361", "nan 0", "inf 0"])
def test_areas_that_are_none(geometry: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        AreaOfInterest(geometry)
