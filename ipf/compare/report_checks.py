"""Checks as a page shows them: grouped by part, what was measured against what was allowed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ipf.compare.results import Check, Figure, Status
from ipf.compare.verdicts import at_least, at_most

_AT_LEAST = frozenset({"correlation", "agreement", "intersection_over_union"})
"""Figures whose limit is a lower one."""
_DIGITS, _ALL_DIGITS = 4, 12


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured value with its limit, as text; `value` is None where there is a limit alone."""

    name: str
    value: str | None
    limit: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check as a line of a table."""

    name: str
    failed: bool
    message: str
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """All checks of a part, those that failed first."""

    item: str
    failed: bool
    lines: tuple[CheckLine, ...]

    @property
    def names(self) -> str:
        """The checks in one line."""
        return ", ".join(dict.fromkeys(line.name for line in self.lines))

    @property
    def passed(self) -> str:
        """Those that passed in one line."""
        return ", ".join(line.name for line in self.lines if not line.failed)


def grouped(checks: Iterable[Check]) -> list[CheckGroup]:
    """Checks by their part; parts in which one failed come first."""
    by_item: dict[str, list[Check]] = {}
    for check in checks:
        by_item.setdefault(check.item, []).append(check)
    groups = [_group(item, of_item) for item, of_item in by_item.items()]
    return sorted(groups, key=lambda group: not group.failed)


def number(value: Figure, digits: int = _DIGITS) -> str:
    """A figure for a person: whole numbers in groups of three digits, NaN as a dash."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    if math.isnan(value):
        return "–"
    return f"{value:.{digits}g}".replace("inf", "∞")


def _group(item: str, checks: list[Check]) -> CheckGroup:
    lines = sorted((_line(check) for check in checks), key=lambda line: not line.failed)
    return CheckGroup(item, lines[0].failed, tuple(lines))


def _line(check: Check) -> CheckLine:
    measures = tuple(_measure(name, check) for name in check.limits)
    failed = check.status is Status.FAILED
    return CheckLine(check.name.value.replace("_", " "), failed, check.message, measures)


def _measure(name: str, check: Check) -> Measure:
    value, limit = check.figures.get(name), check.limits[name]
    label = name.replace("_", " ")
    if value is None:
        return Measure(label, None, _limit(name, number(limit)), False)
    kept = _keeps(name, value, limit)
    digits = _DIGITS
    if not kept and number(value) == number(limit):
        digits = _ALL_DIGITS  # else a value beyond the limit would read as the limit
    beyond = not kept and check.status is Status.FAILED
    return Measure(label, number(value, digits), _limit(name, number(limit, digits)), beyond)


def _keeps(name: str, value: Figure, limit: Figure) -> bool:
    if isinstance(value, str) or isinstance(limit, str):
        return value == limit
    return at_least(value, limit) if name in _AT_LEAST else at_most(abs(value), limit)


def _limit(name: str, limit: str) -> str:
    if limit == "∞":
        return "no limit"
    return f"at least {limit}" if name in _AT_LEAST else f"at most {limit}"
