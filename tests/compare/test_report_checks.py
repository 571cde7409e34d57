"""Checks as a page shows them: failures first, what is beyond its limit told from what is not."""

from __future__ import annotations

import math

import pytest

from ipf.compare.report_checks import Measure, grouped, number
from ipf.compare.results import Check, CheckName, Figure, Status


def check(
    name: CheckName, item: str, passed: bool, figures: dict[str, Figure], limits: dict[str, Figure]
) -> Check:
    return Check(name, item, Status.PASSED if passed else Status.FAILED, "told", figures, limits)


def measures(figures: dict[str, Figure], limits: dict[str, Figure], passed: bool = False) -> list[Measure]:
    (group,) = grouped([check(CheckName.STATISTICS, "B02", passed, figures, limits)])
    return list(group.lines[0].measures)


def test_parts_and_checks_that_failed_come_first_and_else_keep_their_order() -> None:
    checks = [
        check(CheckName.STATISTICS, "B02", True, {}, {}),
        check(CheckName.STATISTICS, "B03", True, {}, {}),
        check(CheckName.STATISTICS, "B04", True, {}, {}),
        check(CheckName.SHIFT, "B03", False, {}, {}),
    ]
    groups = grouped(checks)
    assert [(group.item, group.failed) for group in groups] == [("B03", True), ("B02", False), ("B04", False)]
    assert [line.name for line in groups[0].lines] == ["shift", "statistics"]
    assert groups[0].passed == "statistics"


@pytest.mark.parametrize(
    ("name", "value", "limit", "beyond"),
    [
        ("bias", -0.02, 0.01, True),
        ("bias", -0.01, 0.01, False),
        ("correlation", 0.98, 0.99, True),
        ("correlation", 0.999, 0.99, False),
        ("agreement", 0.5, 0.9, True),
        ("maximum", 1e9, math.inf, False),
        ("rmse", math.nan, 0.1, True),
        ("data_type", "uint8", "uint16", True),
        ("data_type", "uint16", "uint16", False),
    ],
)
def test_what_is_beyond_its_limit_is_marked(name: str, value: Figure, limit: Figure, beyond: bool) -> None:
    (measure,) = measures({name: value}, {name: limit})
    assert measure.beyond is beyond


def test_nothing_of_a_check_that_passed_is_marked() -> None:
    (measure,) = measures({"slope": math.nan}, {"slope": 0.1}, passed=True)
    assert not measure.beyond


def test_a_value_just_beyond_its_limit_does_not_read_as_the_limit() -> None:
    (measure,) = measures({"rmse": 0.00200001}, {"rmse": 0.002})
    assert measure.beyond
    assert measure.value == "0.00200001"


def test_a_limit_without_a_value_is_told() -> None:
    assert measures({}, {"absolute": 0.5, "maximum": math.inf}) == [
        Measure("absolute", None, "at most 0.5", False),
        Measure("maximum", None, "no limit", False),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1\u202f234\u202f567"),
        (0.123456, "0.1235"),
        (math.nan, "–"),
        (-math.inf, "-∞"),
        ("JP2 <lossy>", "JP2 <lossy>"),
    ],
)
def test_numbers_are_printed_for_people(value: Figure, text: str) -> None:
    assert number(value) == text
