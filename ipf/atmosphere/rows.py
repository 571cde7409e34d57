"""Tables of numbers as CSV: read by column, with the line and the column named when something is wrong."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.errors import AuxiliaryError

Floats = npt.NDArray[np.float64]

MAXIMUM_SIZE = 256 * 1024 * 1024
_BAND = re.compile(r"B?0?(\d{1,2}|8A)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of a CSV file: `bands` by name (``B01``, ``B8A``), numbers by column, and each row's line
    number."""

    path: Path
    lines: npt.NDArray[np.int64]
    bands: npt.NDArray[np.str_]
    columns: Mapping[str, Floats]


def read_rows(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Rows:
    """Read the ``band`` column and the numeric columns named; others are ignored.

    Raises `AuxiliaryError` naming file, line and column for a missing column, a row of the wrong length, a
    band that does not exist or a value that is not a finite number.
    """
    reader = csv.reader(io.StringIO(_text(path)), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in ("band", *required) if name not in header]
        if missing:
            raise AuxiliaryError(f"{path}: line 1: column {missing[0]!r} is missing")
        names = [*required, *(name for name in optional if name in header)]
        places = {name: header.index(name) for name in names}
        lines, bands, values = [], [], []
        for row in reader:
            line = reader.line_num
            if not row:
                continue
            if len(row) != len(header):
                raise AuxiliaryError(f"{path}: line {line}: {len(row)} values, expected {len(header)}")
            lines.append(line)
            bands.append(_band(path, line, row[header.index("band")]))
            values.append([_number(path, line, name, row[place]) for name, place in places.items()])
    except csv.Error as problem:
        raise AuxiliaryError(f"{path}: line {reader.line_num}: {problem}") from problem
    table = np.array(values, dtype=np.float64).reshape(len(lines), len(names))
    columns = {name: table[:, index].copy() for index, name in enumerate(names)}
    return Rows(path, np.array(lines, dtype=np.int64), np.array(bands, dtype=np.str_), columns)


def band_name(label: str) -> str | None:
    """Name of the band meant by ``1``, ``01``, ``B1`` or ``B01`` (``B01``), or None when it is no band."""
    match = _BAND.fullmatch(label.strip())
    if not match:
        return None
    text = match.group(1).upper()
    if text == "8A":
        return "B8A"
    return f"B{int(text):02d}" if 1 <= int(text) <= 12 else None


def band_label(name: str) -> str:
    """Short form of a band name as the reference tables write it (``B01``: ``1``; ``B8A``: ``8A``)."""
    return name.removeprefix("B").lstrip("0")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAXIMUM_SIZE + 1)
        if len(content) > MAXIMUM_SIZE:
            raise AuxiliaryError(f"{path}: larger than {MAXIMUM_SIZE} bytes")
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise AuxiliaryError(f"{path}: cannot be read as text: {problem}") from problem


def _band(path: Path, line: int, text: str) -> str:
    name = band_name(text)
    if name is None:
        raise AuxiliaryError(f"{path}: line {line}: column 'band': {text[:20]!r} is no band (1 to 12, 8A)")
    return name


def _number(path: Path, line: int, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise AuxiliaryError(f"{path}: line {line}: column {name!r}: {text[:20]!r} is not a finite number")
    return value
