"""Whether a limit is kept, and how measured values are printed."""

from __future__ import annotations

from collections.abc import Iterable

_SLACK = 1e-9
"""Share of a limit that the arithmetic of scales may lose: a difference of ten counts is one of 0.001."""


def at_most(value: float, limit: float) -> bool:
    """Whether a value keeps an upper limit, which is inclusive; NaN does not."""
    return value <= limit * (1 + _SLACK)


def at_least(value: float, limit: float) -> bool:
    """Whether a value keeps a lower limit, which is inclusive; NaN does not."""
    return value >= limit


def share(part: int, whole: int) -> str:
    """A share in percent, never rounded to none or to all."""
    percent = 100 * part / whole
    if 0 < percent < 0.0001:
        return "under 0.0001 %"
    text = f"{percent:.4f}".rstrip("0").rstrip(".")
    return f"{text} %" if text != "100" or part == whole else "over 99.9999 %"


def on_one_side(pixels: Iterable[tuple[str, int, int]]) -> list[str]:
    """What only one side has, in words: of names with their pixels in the reference and in the candidate."""
    told = []
    for name, before, after in pixels:
        if before and not after:
            told.append(f"{name} is wiped out ({before} pixels)")
        elif after and not before:
            told.append(f"{name} is new ({after} pixels)")
    return told


def with_unit(value: float, unit: str) -> str:
    """A value with four digits and its unit, ``1`` for none."""
    return f"{value:.4g}" if unit in ("", "1") else f"{value:.4g} {unit}"
