"""Faults of TOML tables in words of TOML, not of the library that finds them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_WORDING = (
    (r"^Value error, ", ""),
    (r"^Assertion failed, ", ""),
    (r"^Field required$", "is missing"),
    (r"^Extra inputs are not permitted$", "unknown key"),
    (r"^(?:Input|String|Tuple|List|Dictionary) should (?:be|have|match) ", "expected "),
    (r"a valid tuple", "a list"),
    (r"a valid (?:dictionary|model).*", "a table"),
    (r"a valid string", "text"),
    (r"a valid number", "a number"),
    (r"^expected pattern ", "expected text of the form "),
)


def fault_text(error: Any) -> str:
    """What is wrong, as an error of validation says it, with what was found where that is a single value."""
    message = str(error["msg"])
    for pattern, words in _WORDING:
        message = re.sub(pattern, words, message)
    told = message.startswith(("is missing", "unknown key"))
    found = error["input"]
    single = isinstance(found, str | bool | int | float)
    return message if told or not single else f"{message}, found {found!r}"


def place_text(location: Iterable[str | int]) -> str:
    """Place of a fault: ``overrides, table 1: item`` for the key `item` of the first table of a list."""
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f", number {step + 1}"
        else:
            text += (": " if ", number" in text else "." if text else "") + step
    return text
