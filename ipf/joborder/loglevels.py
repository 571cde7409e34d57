"""Log levels of a job order: a threshold in the MMFI family, a set in the EEGS family."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class LogLevel(IntEnum):
    """Severity of a log line, in increasing order."""

    DEBUG = 0
    INFO = 1
    PROGRESS = 2
    WARNING = 3
    ERROR = 4

    @classmethod
    def of(cls, name: str) -> LogLevel | None:
        """Level called `name` (case does not matter), None when there is none."""
        return cls.__members__.get(name.upper())


@dataclass(frozen=True, slots=True)
class LogSelection:
    """Which messages one stream shows, as the job order writes it.

    Attributes
    ----------
    names
        level names as written; () when the job order does not say.
    as_set
        True in the EEGS family: only the levels listed are shown. False in the MMFI family: the one level
        is a threshold, INFO where it is missing or unknown.
    """

    names: tuple[str, ...] = ()
    as_set: bool = False

    def levels(self, *, single_is_threshold: bool = False) -> frozenset[LogLevel]:
        """Levels to be shown; `single_is_threshold` reads a set of one as a threshold, as some do."""
        known = [level for name in self.names if (level := LogLevel.of(name)) is not None]
        if self.as_set and not (single_is_threshold and len(self.names) == 1):
            return frozenset(known)
        threshold = known[0] if known else LogLevel.INFO
        return frozenset(level for level in LogLevel if level >= threshold)


UNSAID = LogSelection()
"""What a job order that says nothing of its log levels means: INFO and above."""
