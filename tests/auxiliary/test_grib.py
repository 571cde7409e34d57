"""GRIB reader against GDAL's on the files embedded in real products, and on messages built by the rules."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import gdal

from ipf.auxiliary.grib import PARAMETERS, read_grib
from ipf.errors import AuxiliaryError

ECMWF = 98


def embedded_files(reference_data: Path) -> list[Path]:
    files = sorted(reference_data.glob("*/*.SAFE/GRANULE/*/AUX_DATA/AUX_*"))
    assert len(files) == 6
    return files


def test_values_grid_and_times_are_those_that_gdal_reads(reference_data: Path):
    for path in embedded_files(reference_data):
        gdal.PushErrorHandler("CPLQuietErrorHandler")
        try:
            dataset = gdal.Open(str(path))
            left, width, _, top, _, height = dataset.GetGeoTransform()
            bands = [dataset.GetRasterBand(index + 1) for index in range(dataset.RasterCount)]
            expected = [(band.ReadAsArray(), band.GetMetadata()) for band in bands]
        finally:
            gdal.PopErrorHandler()
        fields = read_grib(path)
        assert len(fields) == len(expected)
        for field, (values, tags) in zip(fields, expected, strict=True):
            np.testing.assert_allclose(field.values, values, rtol=1e-12)
            assert field.valid_time.timestamp() == int(tags["GRIB_VALID_TIME"])
            assert field.reference_time.timestamp() == int(tags["GRIB_REF_TIME"])
            np.testing.assert_allclose(field.latitude, top + height * (np.arange(9) + 0.5), atol=1e-9)
            np.testing.assert_allclose(field.longitude, left + width * (np.arange(9) + 0.5), atol=1e-9)


def test_names_and_units_agree_with_gdal_where_it_knows_the_table(reference_data: Path):
    short_names = {
        "PWC": "tcwv",
        "MSL": "msl",
        "TCO3": "tco3",
        "10U": "u10",
        "10V": "v10",
        "R": "r",
        "Z": "z",
    }
    units = {"kg m-2": "[kg/m^2]", "Pa": "[Pa]", "m s-1": "[m/s]", "%": "[%]", "m2 s-2": "[m^2/s^2]"}
    seen = set()
    for path in embedded_files(reference_data):
        gdal.PushErrorHandler("CPLQuietErrorHandler")
        try:
            dataset = gdal.Open(str(path))
            tags = [dataset.GetRasterBand(index + 1).GetMetadata() for index in range(dataset.RasterCount)]
        finally:
            gdal.PopErrorHandler()
        for field, tag in zip(read_grib(path), tags, strict=True):
            element = tag["GRIB_ELEMENT"]
            if element.startswith("var"):
                assert element == f"var{field.parameter} of table {field.table} of center ECMWF"
                assert field.name.startswith(("aod", "ss", "du", "om", "bc", "su"))
            else:
                assert field.name == short_names[element]
                assert units[field.unit] == tag["GRIB_UNIT"]
            seen.add(field.name)
    assert seen == {name for name, _ in PARAMETERS.values()} - {"sp"}


def octets(value: int, size: int) -> bytes:
    """Sign and magnitude."""
    sign = 1 << (8 * size - 1)
    return (abs(value) | (sign if value < 0 else 0)).to_bytes(size, "big")


def build_message(
    packed: np.ndarray,
    *,
    width: int = 16,
    binary: int = 0,
    decimal: int = 0,
    scanning: int = 0,
    first: tuple[int, int] = (10_000, 20_000),
    last: tuple[int, int] = (8_000, 23_000),
    present: np.ndarray | None = None,
    edition: int = 1,
    data_flags: int = 8,
    grid_type: int = 0,
    unit: int = 1,
    indicator: int = 10,
) -> bytes:
    """GRIB 1 message of the packed integers, in the order of scanning, reference value 100."""
    product = bytearray(28)
    product[:3] = (28).to_bytes(3, "big")
    product[3:10] = bytes([128, ECMWF, 128, 255, 0x80 | (0x40 if present is not None else 0), 137, 1])
    product[12:21] = bytes([22, 10, 5, 6, 30, unit, 0, 9, indicator])
    product[24] = 21
    product[26:28] = octets(decimal, 2)
    grid = bytearray(32)
    grid[:3] = (32).to_bytes(3, "big")
    grid[5] = grid_type
    rows, columns = packed.shape
    struct.pack_into(">HH", grid, 6, columns, rows)
    grid[10:13], grid[13:16] = octets(first[0], 3), octets(first[1], 3)
    grid[17:20], grid[20:23] = octets(last[0], 3), octets(last[1], 3)
    grid[27] = scanning
    order = packed.T if scanning & 0x20 else packed
    bitmap = b""
    kept = order.ravel()
    if present is not None:
        mask = (present.T if scanning & 0x20 else present).ravel()
        kept = kept[mask]
        body = np.packbits(mask).tobytes()
        bitmap = (6 + len(body)).to_bytes(3, "big") + bytes(3) + body
    bits = ((kept[:, None] >> np.arange(width - 1, -1, -1)) & 1).astype(np.uint8)
    body = np.packbits(bits.ravel()).tobytes()
    hundred = bytes([0x42, 0x64, 0, 0])
    data = (11 + len(body)).to_bytes(3, "big") + bytes([data_flags]) + octets(binary, 2) + hundred
    data += bytes([width]) + body
    sections = bytes(product) + bytes(grid) + bitmap + data
    return b"GRIB" + (12 + len(sections)).to_bytes(3, "big") + bytes([edition]) + sections + b"7777"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@st.composite
def packings(draw: st.DrawFn):
    rows, columns = draw(st.integers(2, 6)), draw(st.integers(2, 6))
    width = draw(st.integers(1, 24))
    numbers = draw(st.lists(st.integers(0, 2**width - 1), min_size=rows * columns, max_size=rows * columns))
    present = draw(st.none() | st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns))
    return (
        np.array(numbers, np.int64).reshape(rows, columns),
        width,
        None if present is None else np.array(present).reshape(rows, columns),
        draw(st.integers(-20, 20)),
        draw(st.integers(-3, 3)),
    )


@given(packings(), st.booleans(), st.booleans(), st.booleans())
def test_any_packing_and_scanning_gives_the_values(tmp_path_factory, packing, westward, northward, by_column):
    packed, width, present, binary, decimal = packing
    first, last = [10_000, 20_000], [8_000, 23_000]
    if northward:
        first[0], last[0] = last[0], first[0]
    if westward:
        first[1], last[1] = last[1], first[1]
    message = build_message(
        packed,
        width=width,
        binary=binary,
        decimal=decimal,
        scanning=0x80 * westward | 0x40 * northward | 0x20 * by_column,
        first=(first[0], first[1]),
        last=(last[0], last[1]),
        present=present,
    )
    (field,) = read_grib(write(tmp_path_factory.mktemp("grib") / "f", message))
    expected = (100.0 + packed * 2.0**binary) / 10.0**decimal
    if present is not None:
        expected[~present] = np.nan
    expected = expected[:: -1 if northward else 1, :: -1 if westward else 1]
    np.testing.assert_allclose(field.values, expected, rtol=1e-12)
    assert (field.latitude[0], field.latitude[-1]) == (10.0, 8.0)
    assert (field.longitude[0], field.longitude[-1]) == (20.0, 23.0)


def test_times_of_a_forecast(tmp_path: Path):
    (field,) = read_grib(write(tmp_path / "f", build_message(np.zeros((2, 2), np.int64))))
    assert field.reference_time == datetime(2022, 10, 5, 6, 30, tzinfo=UTC)
    assert field.valid_time == datetime(2022, 10, 5, 15, 30, tzinfo=UTC)


def test_interpolation_is_exact_on_a_plane_and_across_the_date_line(tmp_path: Path):
    rows, columns = np.mgrid[0:3, 0:4]
    message = build_message(
        (10 * rows + columns).astype(np.int64), first=(10_000, 179_000), last=(8_000, -178_000)
    )
    (field,) = read_grib(write(tmp_path / "f", message))
    np.testing.assert_allclose(
        field.at(9.5, [179.25, -179.75, 180.25]), 100 + 5 + np.array([0.25, 1.25, 1.25])
    )
    np.testing.assert_allclose(field.at([10.5, 8.0], -178.0), [103.0, 123.0])
    for point in ((11.5, 180.0), (6.5, 180.0), (9.0, 177.0), (9.0, -176.0)):
        with pytest.raises(AuxiliaryError, match="outside"):
            field.at(*point)


@given(st.data())
def test_a_cut_or_changed_file_is_refused_or_read_never_a_crash(tmp_path_factory, data):
    message = bytearray(build_message(np.arange(12, dtype=np.int64).reshape(3, 4)))
    if data.draw(st.booleans()):
        del message[data.draw(st.integers(0, len(message) - 1)) :]
    else:
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    path = write(tmp_path_factory.mktemp("grib") / "cut", bytes(message))
    try:
        fields = read_grib(path)
    except AuxiliaryError as caught:
        message_text = str(caught)
    else:
        assert len(fields) == 1
        return
    assert str(path) in message_text
    assert "\n" not in message_text


SQUARE = np.zeros((2, 2), np.int64)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "no GRIB message"),
        (b"BUFR....", "does not start with GRIB"),
        (build_message(SQUARE, edition=2), "edition 2, expected 1"),
        (build_message(SQUARE, grid_type=50), "type 50, expected 0"),
        (build_message(SQUARE, data_flags=0x40), "expected simple packing"),
        (build_message(SQUARE, unit=4), "time unit 4"),
        (build_message(SQUARE, indicator=3), "range indicator 3"),
        (build_message(SQUARE, last=(10_000, 20_000)), "without extent"),
        (build_message(SQUARE)[:-1], "cut"),
        (build_message(SQUARE) + b"rest", "at byte 91"),
        (build_message(SQUARE, binary=400), "beyond any physical field"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_what_is_not_understood_is_named(tmp_path: Path, content: bytes, expected: str):
    path = write(tmp_path / "wrong", content)
    with pytest.raises(AuxiliaryError, match=expected) as caught:
        read_grib(path)
    assert str(path) in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path):
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(AuxiliaryError, match="cannot be read"):
            read_grib(path)
