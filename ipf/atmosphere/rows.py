"""Tables of numbers as CSV: read by column, with the line and the column named when something is wrong."""

from __future__ import annotations

import csv
import io
import itertools
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
    number.

    `header` and `cells` are the file as it was written, every column of it.
    """

    path: Path
    lines: npt.NDArray[np.int64]
    bands: npt.NDArray[np.str_]
    columns: Mapping[str, Floats]
    header: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    def select(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """The `chosen` rows (a boolean for each), in their order."""
        return Rows(
            self.path,
            self.lines[chosen],
            self.bands[chosen],
            {name: value[chosen] for name, value in self.columns.items()},
            self.header,
            tuple(itertools.compress(self.cells, chosen.tolist())),
        )

    def text(self, name: str) -> list[str]:
        """Column `name` as written, without the spaces around; raises `AuxiliaryError` when it is missing."""
        place = _place(self.path, self.header, name)
        return [row[place].strip() for row in self.cells]

    def refuse(self, bad: npt.NDArray[np.bool_], name: str, reason: str, value: Floats) -> None:
        """Raise `AuxiliaryError` for the first row that is `bad`: its line, column `name`, its `value`."""
        if np.any(bad):
            first = int(np.argmax(bad))
            raise AuxiliaryError(
                f"{self.path}: line {self.lines[first]}: column {name!r}: {value[first]:g} is {reason}"
            )

    def refuse_outside(self, name: str, low: float, high: float) -> None:
        """Raise `AuxiliaryError` for the first row whose column `name` is not within `low` to `high`."""
        value = self.columns[name]
        self.refuse((value < low) | (value > high), name, f"outside {low:g} to {high:g}", value)


def read_rows(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Rows:
    """Read the ``band`` column and the numeric columns named; others are kept as text.

    Raises `AuxiliaryError` naming file, line and column for a column that is missing or occurs twice, a row
    of the wrong length, a band that does not exist or a value that is not a finite number.
    """
    reader = csv.reader(io.StringIO(_text(path)), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        place_of_band = _place(path, header, "band")
        names = [*required, *(name for name in optional if name in header)]
        places = {name: _place(path, header, name) for name in names}
        lines, bands, values, cells = [], [], [], []
        for row in reader:
            line = reader.line_num
            if not row:
                continue
            if len(row) != len(header):
                raise AuxiliaryError(f"{path}: line {line}: {len(row)} values, expected {len(header)}")
            lines.append(line)
            bands.append(_band(path, line, row[place_of_band]))
            values.append([_number(path, line, name, row[place]) for name, place in places.items()])
            cells.append(tuple(row))
    except csv.Error as problem:
        raise AuxiliaryError(f"{path}: line {reader.line_num}: {problem}") from problem
    table = np.array(values, dtype=np.float64).reshape(len(lines), len(names))
    columns = {name: table[:, index].copy() for index, name in enumerate(names)}
    return Rows(
        path,
        np.array(lines, dtype=np.int64),
        np.array(bands, dtype=np.str_),
        columns,
        tuple(header),
        tuple(cells),
    )


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


def _place(path: Path, header: Sequence[str], name: str) -> int:
    """Index of column `name`, which must be there once."""
    if header.count(name) != 1:
        found = "occurs twice" if name in header else "is missing"
        raise AuxiliaryError(f"{path}: line 1: column {name!r} {found}")
    return header.index(name)


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
