"""Points in time as job orders write them: the text is kept, and read as an aware UTC date and time.

Forms (met in job orders of Sentinel-1, -2, -3, -5P and Earth Explorers): compact ``YYYYMMDD_hhmmss`` with up
to nine decimals, with or without a point; ISO 8601 with up to nine decimals, zone ``Z``, an offset, or none
(then UTC). All zeros and all nines stand for an interval open towards the past and the future.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

EXPECTED = "a time such as 2024-05-01T10:30:00Z or 20240501_103000000000"

_COMPACT = re.compile(
    r"(?P<date>[0-9]{8})_(?P<clock>[0-9]{6})(?:\.?(?P<fraction>[0-9]{1,9}))?(?P<zone>)", re.ASCII
)
_ISO = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,9}))?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One point in time, or one open end of an interval.

    Equality is equality of the text. Raises `ValueError` when the text is none of the forms.
    """

    text: str

    def __post_init__(self) -> None:
        _parse(self.text)

    @property
    def value(self) -> datetime | None:
        """Aware date and time in UTC, to the microsecond; None for an open end."""
        return _parse(self.text)

    @property
    def is_open(self) -> bool:
        """Whether this stands for "always" rather than for a date."""
        return self.value is None

    @classmethod
    def iso(cls, value: datetime) -> Moment:
        """ISO form with Z, as Sentinel-2 writes it; decimals only where there are any."""
        return cls(_utc(value).replace(tzinfo=None).isoformat() + "Z")

    @classmethod
    def compact(cls, value: datetime) -> Moment:
        """Compact form with six decimals and no point, the usual one of the MMFI family."""
        text = _utc(value).replace(tzinfo=None).isoformat(timespec="microseconds")
        return cls(re.sub("[-:.]", "", text).replace("T", "_"))


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("expected an aware date and time")
    return value.astimezone(UTC)


def _parse(text: str) -> datetime | None:
    match = _COMPACT.fullmatch(text) or _ISO.fullmatch(text)
    if match is None:
        raise ValueError(f"expected {EXPECTED}")
    digits = re.sub("[^0-9]", "", match["date"] + match["clock"] + (match["fraction"] or ""))
    if set(digits) in ({"0"}, {"9"}):
        return None
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:14])
    # A leap second exists in UTC but not in datetime: it becomes the instant that follows, as in POSIX time.
    leap = timedelta(seconds=1) if second == 60 and (hour, minute) == (23, 59) else timedelta()
    microsecond = int((match["fraction"] or "0").ljust(6, "0")[:6])
    try:
        read = datetime(
            year, month, day, hour, minute, 59 if leap else second, microsecond, _zone(match["zone"])
        )
        return (read + leap).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise ValueError(f"expected {EXPECTED}") from problem


def _zone(text: str | None) -> timezone:
    if not text or text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:6])))
