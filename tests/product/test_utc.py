"""UTC times with the decimals that they were written with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.product.utc import UtcTime

times = st.builds(UtcTime, st.datetimes(timezones=st.just(UTC)), st.integers(0, 6))


@given(times)
def test_text_then_parse_gives_the_same_text(time: UtcTime):
    again = UtcTime.parse(str(time))
    assert str(again) == str(time)
    assert again.decimals == time.decimals
    assert timedelta(0) <= time.moment - again.moment < timedelta(seconds=10.0**-time.decimals)


@given(times, times)
def test_order_and_equality_are_those_of_the_instants(first: UtcTime, second: UtcTime):
    assert (first < second) == (first.moment < second.moment)
    assert (first == second) == (first.moment == second.moment)


def test_another_zone_is_turned_into_utc():
    paris = datetime(2022, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert str(UtcTime(paris, 0)) == "2022-07-01T10:00:00Z"
    assert UtcTime(paris).compact == "20220701T100000"


def test_decimals_do_not_matter_to_equality():
    assert UtcTime.parse("2022-01-25T15:17:01Z") == UtcTime.parse("2022-01-25T15:17:01.000000Z")
    assert len({UtcTime.parse("2022-01-25T15:17:01Z"), UtcTime.parse("2022-01-25T15:17:01.000")}) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2022-01-25",
        "2022-01-25T15:17",
        "2022-01-25 15:17:01Z",
        "2022-01-25T15:17:01+00:00",
        "2022-02-30T15:17:01Z",
        "2022-01-25T25:17:01Z",
        "2022-01-25T15:17:01.1234567Z",
        "٢٠٢٢-01-25T15:17:01Z",
    ],
)
def test_other_texts_are_refused(text: str):
    with pytest.raises(ValueError):  # noqa: PT011
        UtcTime.parse(text)


def test_a_time_without_zone_or_with_too_many_decimals_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        UtcTime(datetime(2022, 1, 25))
    with pytest.raises(ValueError, match="expected 0 to 6"):
        UtcTime(datetime(2022, 1, 25, tzinfo=UTC), 7)
