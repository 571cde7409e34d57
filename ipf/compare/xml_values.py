"""Texts of two XML documents compared as what they are: numbers, lists of numbers, times, booleans, text.

The type is told by the text, since the schemas of the many kinds of documents are not at hand. Both sides
must be of one type; otherwise they are compared as text. ``1.0`` equals ``1``, ``-0`` equals ``0``, NaN
equals NaN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from ipf.product.utc import UtcTime

Numbers = npt.NDArray[np.float64]

_ONLY_NUMBERS = re.compile(r"[-+.0-9eEnNaAiIfF ]+", re.ASCII)
"""Characters of numbers, NaN and INF: what has others (``1_000`` is Python's, not XML's) is no number."""

_TIME = re.compile(
    r"(?:(?P<scale>UTC|TAI|UT1|GPS)=)?(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:T(?P<clock>\d{2}:\d{2}:\d{2})(?:\.(?P<fraction>\d+))?(?:Z|[+-]00:00)?)?",
    re.ASCII,
)
"""ISO 8601 as in PSD and GML documents, and CCSDS as in Earth Explorer headers (``UTC=2015-06-22T00:00:00``).

Times of datastrips have nine decimals.
"""

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
"""Spellings of XML Schema (part 2, section 3.2.2)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much values may differ: numbers by `absolute` + `relative` * reference, times by `seconds`."""

    absolute: float = 0.0
    relative: float = 0.0
    seconds: float = 0.0


EXACT = Limits()


@dataclass(frozen=True, slots=True)
class ValueDifference:
    """In what two values differ; `counts` tells whether it is beyond the limits."""

    message: str
    counts: bool = True


def value_difference(reference: str, candidate: str, limits: Limits) -> ValueDifference | None:
    """Difference of two values, None when they are the same. How much white space there is does not count."""
    if reference == candidate:
        return None
    reference, candidate = " ".join(reference.split()), " ".join(candidate.split())
    if reference == candidate:
        return None
    if {reference, candidate} & {"true", "false"} and {reference, candidate} <= _BOOLEANS.keys():
        same = _BOOLEANS[reference] is _BOOLEANS[candidate]
        return None if same else ValueDifference("is the contrary")
    numbers = numbers_in(reference), numbers_in(candidate)
    if numbers[0] is not None and numbers[1] is not None:
        return _numbers_difference(reference.split(), candidate.split(), numbers[0], numbers[1], limits)
    seconds = _seconds_between(reference, candidate)
    if seconds is not None:
        return _time_difference(seconds, limits)
    return ValueDifference("is another text")


def is_time(text: str) -> bool:
    """Whether `text` is a date or a time that there is."""
    text = text.strip()
    return _seconds_between(text, text) is not None


def numbers_in(text: str) -> Numbers | None:
    """The numbers of a text that has nothing else; None for other texts, the empty one too."""
    if _ONLY_NUMBERS.fullmatch(text) is None:
        return None
    try:
        return np.array(text.split(), dtype=np.float64)
    except ValueError:
        return None


def _numbers_difference(
    words: list[str], others: list[str], reference: Numbers, candidate: Numbers, limits: Limits
) -> ValueDifference | None:
    if reference.size != candidate.size:
        return ValueDifference(f"has {candidate.size} numbers, expected {reference.size}")
    deltas = _deltas(words, others, reference, candidate)
    differing = np.flatnonzero(deltas)
    if not differing.size:
        return None
    beyond = int(np.count_nonzero(~(deltas <= allowances(reference, limits)) & (deltas > 0)))
    worst = int(np.argmax(deltas))
    delta = "a number that is none" if np.isinf(deltas[worst]) else f"{deltas[worst]:.6g}"
    if reference.size == 1:
        return ValueDifference(f"differs by {delta}", beyond > 0)
    message = (
        f"{differing.size} of {reference.size} numbers differ, {beyond} beyond tolerance, most by {delta}"
    )
    return ValueDifference(
        f"{message} at number {worst + 1}: {others[worst]}, expected {words[worst]}", beyond > 0
    )


def _deltas(words: list[str], others: list[str], reference: Numbers, candidate: Numbers) -> Numbers:
    """Absolute differences, infinite where only one side is NaN.

    Decimals that the binary form does not hold count too: they are those of 17 and more digits.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        deltas = np.abs(candidate - reference)
    absent = np.isnan(reference) & np.isnan(candidate)
    deltas[np.isnan(deltas)] = np.inf
    deltas[(reference == candidate) | absent] = 0.0
    for index in np.flatnonzero((deltas == 0.0) & ~absent):
        if words[index] != others[index]:
            deltas[index] = _exact_delta(words[index], others[index])
    return deltas


def _exact_delta(word: str, other: str) -> float:
    """Difference of two finite or infinite decimals, more than 0 unless they are equal."""
    try:
        one, two = Decimal(word), Decimal(other)
        if one == two:
            return 0.0
        return max(float(abs(one - two)), float(np.nextafter(0.0, 1.0)))
    except ArithmeticError:  # exponents beyond 10^18
        return float("inf")


def allowances(reference: Numbers, limits: Limits) -> Numbers:
    """What each number may differ by; an infinite limit allows anything."""
    if np.isinf(limits.relative) or np.isinf(limits.absolute):
        return np.full_like(reference, np.inf)
    magnitudes = np.nan_to_num(np.abs(reference), nan=0.0, posinf=0.0)
    return np.asarray(limits.absolute + limits.relative * magnitudes)


def _seconds_between(reference: str, candidate: str) -> Decimal | None:
    """Seconds from one time to the other, None when one of them is no time or they are of two scales."""
    one, other = _TIME.fullmatch(reference), _TIME.fullmatch(candidate)
    if one is None or other is None or (one["scale"] or "UTC") != (other["scale"] or "UTC"):
        return None
    try:
        moments = [UtcTime.parse(f"{time['date']}T{time['clock'] or '00:00:00'}") for time in (one, other)]
    except ValueError:
        return None
    fractions = [Decimal(f"0.{time['fraction'] or 0}") for time in (one, other)]
    whole = round((moments[1].moment - moments[0].moment).total_seconds())
    return whole + fractions[1] - fractions[0]


def _time_difference(seconds: Decimal, limits: Limits) -> ValueDifference | None:
    if seconds == 0:
        return None
    direction = "later" if seconds > 0 else "earlier"
    # The decimal 0.001 is compared with the decimal of the limit 0.001, not with its binary neighbour.
    return ValueDifference(f"{abs(seconds)} s {direction}", abs(seconds) > Decimal(repr(limits.seconds)))
