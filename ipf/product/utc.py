"""Times of Sentinel-2 metadata: aware UTC instants that remember how many decimals they were written with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import total_ordering

_UTC_TEXT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z?", re.ASCII)
MICROSECOND_DECIMALS = 6


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class UtcTime:
    """One instant in UTC and the number of decimals (0-6) of its text.

    PSD documents mix ``…:01.024Z``, ``…:10.000000Z`` and ``…:59Z``; keeping the decimals lets a document be
    written back as it was read. Two times are equal when they are the same instant, whatever their decimals.
    """

    moment: datetime
    decimals: int = 3

    def __post_init__(self) -> None:
        if self.moment.utcoffset() is None:
            raise ValueError(f"{self.moment.isoformat()}: a time without a zone, expected UTC")
        if not 0 <= self.decimals <= MICROSECOND_DECIMALS:
            raise ValueError(f"{self.decimals} decimals, expected 0 to {MICROSECOND_DECIMALS}")
        object.__setattr__(self, "moment", self.moment.astimezone(UTC))

    @classmethod
    def parse(cls, text: str) -> UtcTime:
        """Read ``YYYY-MM-DDThh:mm:ss[.f…][Z]`` with at most six decimals; ValueError when it is not that."""
        match = _UTC_TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is not a UTC time YYYY-MM-DDThh:mm:ss[.ffffff]Z")
        seconds, fraction = match[1], match[2] or ""
        moment = datetime.fromisoformat(seconds).replace(
            microsecond=int(fraction.ljust(MICROSECOND_DECIMALS, "0")), tzinfo=UTC
        )
        return cls(moment, len(fraction))

    def __str__(self) -> str:
        """The text of the time, ending in Z; decimals beyond `decimals` are cut, never rounded up."""
        text = f"{self.moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0")
        if self.decimals:
            text += f".{self.moment.microsecond:06d}"[: self.decimals + 1]
        return text + "Z"

    @property
    def compact(self) -> str:
        """Form of file names, ``YYYYMMDDThhmmss``."""
        return f"{self.moment:%Y%m%dT%H%M%S}".rjust(15, "0")

    def __eq__(self, other: object) -> bool:
        return self.moment == other.moment if isinstance(other, UtcTime) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.moment < other.moment if isinstance(other, UtcTime) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.moment)
