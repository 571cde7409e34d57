"""Bands and detectors named on a command line."""

from __future__ import annotations

from ipf.errors import UsageError
from ipf.product.bands import BAND_NAMES, DETECTORS


def chosen_bands(text: str) -> tuple[str, ...]:
    """Bands of ``B02,B8A``, all for an empty text; raises UsageError for what is none."""
    names = [name.strip().upper() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in BAND_NAMES:
            raise UsageError(f"--bands: '{name}' is no band, expected some of {', '.join(BAND_NAMES)}")
    return tuple(name for name in BAND_NAMES if not names or name in names)


def chosen_detectors(text: str) -> tuple[int, ...]:
    """Detectors of ``01,3``, all for an empty text; raises UsageError for what is none."""
    numbers = []
    for name in (part.strip() for part in text.split(",") if part.strip()):
        if not name.isdigit() or int(name) not in DETECTORS:
            raise UsageError(f"--detectors: '{name}' is no detector, expected some of 01 to 12")
        numbers.append(int(name))
    return tuple(number for number in DETECTORS if not numbers or number in numbers)
