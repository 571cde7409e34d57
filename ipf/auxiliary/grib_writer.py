"""Meteorological fields written as GRIB edition 1: what a simulated product embeds (AUX_ECMWFT, AUX_CAMSFO).

The counterpart of `ipf.auxiliary.grib`: regular latitude-longitude grids, simple packing of 16 bits. Layout:
WMO Manual on Codes, FM 92 GRIB edition 1; parameters of ECMWF's own tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np

from ipf.atomic import write_bytes
from ipf.auxiliary.grib import FloatArray, GribField
from ipf.errors import AuxiliaryError

ECMWF = 98
_PACKED_BITS = 16
_GRID_UNKNOWN = 255
_HAS_GRID = 0x80
_DIRECTIONS_GIVEN = 0x80
_SMALLEST, _LARGEST = 1e-18, 1e18
"""Magnitudes within which any physical field lies; smaller ones are written as zero."""
_MINUTES, _HOURS, _TWO_OCTETS_PERIOD = 0, 1, 10


def write_grib(path: Path, fields: Iterable[GribField]) -> None:
    """Write fields to one file, in order; `AuxiliaryError` naming the field that GRIB cannot hold."""
    write_bytes(path, b"".join(encode_field(field) for field in fields))


def encode_field(field: GribField) -> bytes:
    """One field as a GRIB message. Values keep 16 bits of their range.

    Raises `AuxiliaryError` when a value is not finite or huge, the shapes do not fit, or the period from
    reference to valid time is no whole number of hours or minutes from 0 to 65535.
    """
    shape = (field.latitude.size, field.longitude.size)
    if field.values.shape != shape or min(shape) < 2:
        raise AuxiliaryError(
            f"GRIB field {field.name}: values of shape {field.values.shape} on a grid of {shape}"
        )
    if not (np.abs(field.values) < _LARGEST).all():
        raise AuxiliaryError(f"GRIB field {field.name}: a value is not finite, or beyond {_LARGEST:g}")
    body = _product_definition(field) + _grid_description(field) + _data(field.values)
    length = 8 + len(body) + 4
    return b"GRIB" + _octets(length, 3) + b"\x01" + body + b"7777"


def _product_definition(field: GribField) -> bytes:
    """Section 1: which quantity, when, on which level."""
    reference = field.reference_time.astimezone(UTC)
    unit, period = _period(field)
    century, year = divmod(reference.year - 1, 100)
    octets = bytes([field.table, ECMWF, 0, _GRID_UNKNOWN, _HAS_GRID, field.parameter, field.level_type])
    octets += _octets(field.level, 2)
    octets += bytes([year + 1, reference.month, reference.day, reference.hour, reference.minute, unit])
    octets += _octets(period, 2) + bytes([_TWO_OCTETS_PERIOD, 0, 0, 0, century + 1, 0, 0, 0])
    return _section(octets)


def _period(field: GribField) -> tuple[int, int]:
    """Unit and number of units from reference to valid time: hours, or minutes where these are not whole."""
    period = field.valid_time - field.reference_time
    for unit, step in ((_HOURS, timedelta(hours=1)), (_MINUTES, timedelta(minutes=1))):
        count, rest = divmod(period, step)
        if not rest and 0 <= count < 2**16:
            return unit, count
    raise AuxiliaryError(
        f"GRIB field {field.name}: valid {period} after its reference, expected whole hours or minutes"
    )


def _grid_description(field: GribField) -> bytes:
    """Section 2: rows from north to south, columns from west to east, thousandths of a degree."""
    latitude, longitude = field.latitude, field.longitude
    rows, columns = latitude.size, longitude.size
    octets = bytes([0, 255, 0]) + _octets(columns, 2) + _octets(rows, 2)
    octets += _signed(_millidegrees(latitude[0]), 3) + _signed(_millidegrees(longitude[0]), 3)
    octets += bytes([_DIRECTIONS_GIVEN])
    octets += _signed(_millidegrees(latitude[-1]), 3) + _signed(_millidegrees(longitude[-1]), 3)
    octets += _octets(_millidegrees((longitude[-1] - longitude[0]) / (columns - 1)), 2)
    octets += _octets(_millidegrees((latitude[0] - latitude[-1]) / (rows - 1)), 2)
    return _section(octets + bytes(5))


def _data(values: FloatArray) -> bytes:
    """Section 4: ``reference + packed 2^exponent``."""
    lowest, highest = float(values.min()), float(values.max())
    reference, octets = _ibm_float_below(lowest)
    span = highest - reference
    exponent = math.ceil(math.log2(span / (2**_PACKED_BITS - 1))) if span > _SMALLEST else 0
    packed = np.maximum(np.rint((values - reference) / 2.0**exponent), 0.0)
    octets += bytes([_PACKED_BITS]) + packed.astype(">u2").tobytes()
    return _section(bytes([0]) + _signed(exponent, 2) + octets)


def _ibm_float_below(value: float) -> tuple[float, bytes]:
    """Largest hexadecimal floating-point number not above `value`, and its four octets; 0 for next to
    nothing."""
    if abs(value) < _SMALLEST:
        return 0.0, bytes(4)
    exponent = math.floor(math.log(abs(value), 16)) + 1
    mantissa = math.floor(value / 16.0 ** (exponent - 6))
    if abs(mantissa) >= 2**24:
        exponent += 1
        mantissa = math.floor(value / 16.0 ** (exponent - 6))
    sign = 0x80 if mantissa < 0 else 0
    return mantissa * 16.0 ** (exponent - 6), bytes([sign | (exponent + 64)]) + _octets(abs(mantissa), 3)


def _section(octets: bytes) -> bytes:
    return _octets(len(octets) + 3, 3) + octets


def _millidegrees(angle: float) -> int:
    return round(float(angle) * 1000.0)


def _octets(value: int, count: int) -> bytes:
    return value.to_bytes(count, "big")


def _signed(value: int, count: int) -> bytes:
    """Number whose first bit is the sign."""
    return _octets(abs(value) | (1 << (8 * count - 1) if value < 0 else 0), count)
