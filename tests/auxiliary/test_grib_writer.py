"""GRIB fields written, read back by our reader and by GDAL's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import gdal

from ipf.auxiliary.grib import GribField, read_grib
from ipf.auxiliary.grib_writer import encode_field, write_grib
from ipf.errors import AuxiliaryError

REFERENCE = datetime(2022, 6, 21, 0, tzinfo=UTC)


def field(values: np.ndarray, **changes: object) -> GribField:
    rows, columns = values.shape
    made = GribField(
        name="tcwv",
        unit="kg m-2",
        table=128,
        parameter=137,
        level_type=1,
        level=0,
        reference_time=REFERENCE,
        valid_time=REFERENCE + timedelta(hours=11),
        latitude=np.linspace(44.5, 43.5, rows),
        longitude=np.linspace(-0.25, 1.75, columns),
        values=values,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@contextmanager
def quiet() -> Iterator[None]:
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()


def test_fields_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    written = [
        field(rng.uniform(5, 40, (9, 9))),
        field(rng.uniform(99_000, 103_000, (9, 9)), name="msl", unit="Pa", parameter=151),
        field(np.full((2, 3), 0.15), name="aod550", unit="1", table=210, parameter=207),
        field(rng.uniform(-20, 20, (4, 5)), name="u10", unit="m s-1", parameter=165),
    ]
    path = tmp_path / "AUX_ECMWFT"
    write_grib(path, written)
    found = read_grib(path)
    assert len(found) == len(written)
    for one, other in zip(written, found, strict=True):
        for name in ("name", "unit", "table", "parameter", "level", "reference_time", "valid_time"):
            assert getattr(one, name) == getattr(other, name)
        assert np.allclose(one.latitude, other.latitude, atol=1e-9)
        assert np.allclose(one.longitude, other.longitude, atol=1e-9)
        step = np.ptp(one.values) / 2**15 + np.abs(one.values).max() * 2.0**-20
        assert np.abs(one.values - other.values).max() <= step


def test_gdal_reads_the_same(tmp_path: Path) -> None:
    values = np.random.default_rng(2).uniform(5, 40, (9, 9))
    path = tmp_path / "AUX_ECMWFT"
    write_grib(path, [field(values)])
    with quiet():
        dataset = gdal.OpenEx(str(path), gdal.OF_RASTER, allowed_drivers=["GRIB"])
        band = dataset.GetRasterBand(1)
        found = band.ReadAsArray()
        metadata = band.GetMetadata()
        transform = dataset.GetGeoTransform()
    assert np.abs(found - values).max() < 1e-3
    assert metadata["GRIB_ELEMENT"] == "PWC"
    assert int(metadata["GRIB_VALID_TIME"].split()[0]) == int((REFERENCE + timedelta(hours=11)).timestamp())
    assert transform[1] == pytest.approx(0.25, abs=1e-3)
    assert transform[3] == pytest.approx(44.5 + 0.0625, abs=1e-3)


@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=4, max_size=4),
    st.floats(1e-3, 1.0),
)
def test_any_values_survive(numbers: list[float], factor: float) -> None:
    values = np.array(numbers).reshape(2, 2) * factor
    message = encode_field(field(values))
    assert int.from_bytes(message[4:7], "big") == len(message)
    (found,) = _decoded(message)
    scale = np.ptp(values) / 2**15 + np.abs(values).max() * 2.0**-19 + 2e-18
    assert np.abs(found.values - values).max() <= scale


def _decoded(message: bytes) -> tuple[GribField, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "field"
        path.write_bytes(message)
        return read_grib(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": np.array([[1.0, np.nan], [0.0, 0.0]])}, "not finite"),
        ({"values": np.zeros((3, 2))}, r"shape \(3, 2\)"),
        ({"valid_time": REFERENCE + timedelta(seconds=30)}, "whole hours"),
        ({"valid_time": REFERENCE - timedelta(hours=1)}, "whole hours"),
    ],
)
def test_what_cannot_be_held_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(AuxiliaryError, match=message):
        encode_field(replace(field(np.zeros((2, 2))), **changes))  # type: ignore[arg-type]


def test_minutes_keep_their_time(tmp_path: Path) -> None:
    given = replace(field(np.zeros((2, 2))), valid_time=REFERENCE + timedelta(hours=15, minutes=23))
    write_grib(tmp_path / "AUX_ECMWFT", [given])
    (found,) = read_grib(tmp_path / "AUX_ECMWFT")
    assert (found.reference_time, found.valid_time) == (REFERENCE, given.valid_time)
