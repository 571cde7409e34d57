"""Meteorological fields in GRIB edition 1, as embedded in products (AUX_ECMWFT, AUX_CAMSFO).

Layout of the sections: WMO Manual on Codes, FM 92 GRIB edition 1. Read here are regular latitude-longitude
grids in simple packing, which is what the embedded files hold; anything else is refused by name. Parameters
are told apart by ECMWF table and number, which general readers do not know for table 210 (composition).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.errors import AuxiliaryError

FloatArray = npt.NDArray[np.float64]

MAXIMUM_BYTES = 2**28
"""Largest file that is read; embedded ones have 3 kB, whole forecasts some 100 MB."""

_LARGEST_EXPONENT = 100

PARAMETERS: Mapping[tuple[int, int], tuple[str, str]] = {
    (128, 129): ("z", "m2 s-2"),
    (162, 51): ("z", "m2 s-2"),
    (128, 134): ("sp", "Pa"),
    (128, 137): ("tcwv", "kg m-2"),
    (128, 151): ("msl", "Pa"),
    (128, 157): ("r", "%"),
    (128, 165): ("u10", "m s-1"),
    (128, 166): ("v10", "m s-1"),
    (128, 206): ("tco3", "kg m-2"),
    (210, 207): ("aod550", "1"),
    (210, 208): ("ssaod550", "1"),
    (210, 209): ("duaod550", "1"),
    (210, 210): ("omaod550", "1"),
    (210, 211): ("bcaod550", "1"),
    (210, 212): ("suaod550", "1"),
    (210, 213): ("aod469", "1"),
    (210, 214): ("aod670", "1"),
    (210, 215): ("aod865", "1"),
    (210, 216): ("aod1240", "1"),
}
"""Short name and unit by table and parameter number (ECMWF parameter database)."""


@dataclass(frozen=True, slots=True, eq=False)
class GribField:
    """One field on a regular grid: values (rows, columns) as float64, NaN where missing.

    `latitude` has one value per row, `longitude` one per column, degrees; rows go from north to south,
    columns from west to east. `name` is the ECMWF short name (``tcwv``), ``128.137`` where it is not known.
    """

    name: str
    unit: str
    table: int
    parameter: int
    level_type: int
    level: int
    reference_time: datetime
    valid_time: datetime
    latitude: FloatArray
    longitude: FloatArray
    values: FloatArray

    def at(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> FloatArray:
        """Values at points (degrees), bilinear; the arguments broadcast together.

        Points up to one grid step outside take the value at the edge: the grid embedded in a product may end
        at the tile's corner. Raises AuxiliaryError for points farther out.
        """
        rows = self._position(self.latitude, np.asarray(latitude, np.float64), "latitude")
        middle = (self.longitude[0] + self.longitude[-1]) / 2
        wrapped = middle + (np.asarray(longitude, np.float64) - middle + 180.0) % 360.0 - 180.0
        columns = self._position(self.longitude, wrapped, "longitude")
        rows, columns = np.broadcast_arrays(rows, columns)
        top = np.minimum(rows.astype(np.intp), self.latitude.size - 2)
        left = np.minimum(columns.astype(np.intp), self.longitude.size - 2)
        down, right = rows - top, columns - left
        upper = self.values[top, left] * (1 - right) + self.values[top, left + 1] * right
        lower = self.values[top + 1, left] * (1 - right) + self.values[top + 1, left + 1] * right
        return np.asarray(upper * (1 - down) + lower * down)

    def _position(self, axis: FloatArray, points: FloatArray, name: str) -> FloatArray:
        """Points in steps from the axis' first value, clipped to the axis."""
        position = (points - axis[0]) / ((axis[-1] - axis[0]) / (axis.size - 1))
        if not np.all((position >= -1) & (position <= axis.size)):
            raise AuxiliaryError(
                f"GRIB field {self.name}: {name} {points.min():g} to {points.max():g} is outside"
                f" {axis.min():g} to {axis.max():g} degrees"
            )
        return np.asarray(np.clip(position, 0, axis.size - 1))


def read_grib(path: Path) -> tuple[GribField, ...]:
    """Read every field of a GRIB file, in the order of the file.

    Raises AuxiliaryError naming the file, the byte and what is wrong when it is missing, too large, cut, not
    GRIB edition 1, or of a grid or packing other than those named above.
    """
    try:
        size = path.stat().st_size
        if size > MAXIMUM_BYTES:
            raise AuxiliaryError(f"{path}: {size} bytes, expected a GRIB file of at most {MAXIMUM_BYTES}")
        content = path.read_bytes()
    except OSError as problem:
        raise AuxiliaryError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    fields = tuple(_read_messages(content, path))
    if not fields:
        raise AuxiliaryError(f"{path}: no GRIB message")
    return fields


def _read_messages(content: bytes, path: Path) -> Iterator[GribField]:
    start = 0
    while start < len(content):
        message = content[start:]
        try:
            length = _message_length(message)
            yield _read_message(message[:length])
        except ValueError as problem:
            raise AuxiliaryError(f"{path}: GRIB message at byte {start}: {problem}") from problem
        start += length


def _message_length(message: bytes) -> int:
    if message[:4] != b"GRIB" or len(message) < 8:
        raise ValueError("does not start with GRIB")
    if message[7] != 1:
        raise ValueError(f"edition {message[7]}, expected 1")
    length = _unsigned(message[4:7])
    if message[length - 4 : length] != b"7777":
        raise ValueError(f"cut: {len(message)} bytes left of {length}, or no 7777 at the end")
    return length


def _read_message(message: bytes) -> GribField:
    """Product definition, grid description, bit map and data of one message."""
    product, rest = _section(message, 8, "product definition", 28)
    flags = product[7]
    if not flags & 0x80:
        raise ValueError("no grid description section")
    grid, rest = _section(message, rest, "grid description", 28)
    bitmap = None
    if flags & 0x40:
        bitmap, rest = _section(message, rest, "bit map", 7)
    data, _ = _section(message, rest, "data", 11)
    latitude, longitude = _axes(grid)
    values = _unpack(data, bitmap, latitude.size * longitude.size, _signed(product[26:28]))
    reference, valid = _times(product)
    table, parameter = product[3], product[8]
    name, unit = PARAMETERS.get((table, parameter), (f"{table}.{parameter}", ""))
    scanning = grid[27]
    if scanning & 0x20:
        values = values.reshape(longitude.size, latitude.size).T
    values = values.reshape(latitude.size, longitude.size)
    # The axes follow the scanning; turn both so that rows go south and columns east.
    if latitude[0] < latitude[-1]:
        latitude, values = latitude[::-1], values[::-1]
    if longitude[0] > longitude[-1]:
        longitude, values = longitude[::-1], values[:, ::-1]
    return GribField(
        name=name,
        unit=unit,
        table=table,
        parameter=parameter,
        level_type=product[9],
        level=_unsigned(product[10:12]),
        reference_time=reference,
        valid_time=valid,
        latitude=latitude,
        longitude=longitude,
        values=np.ascontiguousarray(values),
    )


def _section(message: bytes, start: int, name: str, least: int) -> tuple[bytes, int]:
    """Section that starts at `start`, and where the next one does."""
    length = _unsigned(message[start : start + 3])
    end = start + length
    if length < least or end > len(message) - 4:
        raise ValueError(f"{name} section of {length} bytes, expected {least} or more, inside the message")
    return message[start:end], end


def _unsigned(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _signed(octets: bytes) -> int:
    """Number whose first bit is the sign (GRIB 1 uses no two's complement)."""
    value = _unsigned(octets)
    sign = 1 << (8 * len(octets) - 1)
    return -(value - sign) if value & sign else value


def _times(product: bytes) -> tuple[datetime, datetime]:
    """Reference time and valid time (code tables 4 and 5)."""
    year = (product[24] - 1) * 100 + product[12]
    reference = datetime(year, product[13], product[14], product[15], product[16], tzinfo=UTC)
    units = {0: 60, 1: 3600, 2: 86400, 10: 3 * 3600, 11: 6 * 3600, 12: 12 * 3600, 254: 1}
    unit, indicator = product[17], product[20]
    periods = {0: product[18], 1: 0, 10: _unsigned(product[18:20])}
    if unit not in units or indicator not in periods:
        raise ValueError(f"time unit {unit} with range indicator {indicator} is not known here")
    return reference, reference + timedelta(seconds=units[unit] * periods[indicator])


def _axes(grid: bytes) -> tuple[FloatArray, FloatArray]:
    """Latitudes and longitudes in the order that the values are scanned."""
    if grid[5] != 0:
        raise ValueError(f"grid of type {grid[5]}, expected 0 (regular latitude-longitude)")
    columns, rows = struct.unpack_from(">HH", grid, 6)
    if not (2 <= columns < 0xFFFF and 2 <= rows < 0xFFFF):
        raise ValueError(f"grid of {rows} x {columns} points, expected at least 2 x 2 and no thinned rows")
    first_latitude, first_longitude = _signed(grid[10:13]), _signed(grid[13:16])
    last_latitude, last_longitude = _signed(grid[17:20]), _signed(grid[20:23])
    eastward = not grid[27] & 0x80
    if eastward and last_longitude < first_longitude:
        last_longitude += 360_000
    if not eastward and last_longitude > first_longitude:
        last_longitude -= 360_000
    if first_latitude == last_latitude or first_longitude == last_longitude:
        raise ValueError("grid without extent")
    # The increments are rounded to 0.001 degrees; the corners are what counts.
    return (
        np.linspace(first_latitude, last_latitude, rows) / 1000.0,
        np.linspace(first_longitude, last_longitude, columns) / 1000.0,
    )


def _unpack(data: bytes, bitmap: bytes | None, count: int, decimal_exponent: int) -> FloatArray:
    """Values of a simply packed section: (reference + packed · 2^E) / 10^D, NaN where the bit map has 0."""
    if data[3] & 0xC0:
        raise ValueError("spherical harmonics or complex packing, expected simple packing")
    present = np.ones(count, np.bool_)
    if bitmap is not None:
        if _unsigned(bitmap[4:6]):
            raise ValueError("predefined bit map")
        bits = np.unpackbits(np.frombuffer(bitmap[6:], np.uint8))
        if bits.size < count:
            raise ValueError(f"bit map of {bits.size} bits for {count} points")
        present = bits[:count].astype(np.bool_)
    width, packed_count = data[10], int(present.sum())
    packed = np.zeros(packed_count, np.float64)
    if width:
        bits = np.unpackbits(np.frombuffer(data[11:], np.uint8))
        if width > 32 or bits.size < packed_count * width:
            raise ValueError(f"data section too short for {packed_count} values of {width} bits")
        weights = 2.0 ** np.arange(width - 1, -1, -1)
        packed = bits[: packed_count * width].reshape(packed_count, width) @ weights
    binary_exponent = _signed(data[4:6])
    if max(abs(binary_exponent), abs(decimal_exponent)) > _LARGEST_EXPONENT:
        raise ValueError(f"scaled by 2^{binary_exponent} / 10^{decimal_exponent}, beyond any physical field")
    values = np.full(count, np.nan)
    values[present] = (_ibm_float(data[6:10]) + packed * 2.0**binary_exponent) / 10.0**decimal_exponent
    return values


def _ibm_float(octets: bytes) -> float:
    """Hexadecimal floating-point number of 32 bits."""
    sign = -1.0 if octets[0] & 0x80 else 1.0
    return float(sign * _unsigned(octets[1:4]) * 16.0 ** ((octets[0] & 0x7F) - 70))
