"""Forecasts at a tile: on the points of real products, between times, and what cannot be used."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ipf.auxiliary.grib import GribField, read_grib
from ipf.auxiliary.grib_writer import write_grib
from ipf.auxiliary.tile_forecasts import CAMS, ECMWF, ForecastGrid, ForecastKind, tile_forecast
from ipf.errors import AuxiliaryError
from ipf.geometry.orthorectification import MapArea
from ipf.geometry.tiles import TILE_SIZE_M, tile_of_name

MIDNIGHT = datetime(2022, 6, 21, tzinfo=UTC)
WHEN = MIDNIGHT + timedelta(hours=10, minutes=30, seconds=59)
GRID = ForecastGrid.between((-17.0, 33.0), (-16.0, 32.0))
PARAMETERS = {"tcwv": 137, "msl": 151, "tco3": 206}


def world(quantity: str, hours: int, offset: float, **changes: object) -> GribField:
    """A field that grows with latitude and longitude and by `offset` in all."""
    latitude, longitude = np.linspace(90.0, -90.0, 181), np.arange(360.0)
    made = GribField(
        name=quantity,
        unit="1",
        table=128,
        parameter=PARAMETERS[quantity],
        level_type=1,
        level=0,
        reference_time=MIDNIGHT,
        valid_time=MIDNIGHT + timedelta(hours=hours),
        latitude=latitude,
        longitude=longitude,
        values=offset + latitude[:, None] + 0.01 * longitude[None, :],
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_between_times_and_points(tmp_path: Path) -> None:
    """Half past ten, between forecasts for nine and twelve in two files; a forecast made later counts."""
    for hours, offset in ((9, 100.0), (12, 106.0)):
        write_grib(tmp_path / f"{hours}.grib", [world(name, hours, offset) for name in PARAMETERS])
    older = world(
        "msl",
        12,
        900.0,
        reference_time=MIDNIGHT - timedelta(hours=12),
        valid_time=MIDNIGHT + timedelta(hours=12),
    )
    write_grib(tmp_path / "older.grib", [older])
    fields = tile_forecast(tmp_path, ECMWF, GRID, WHEN)
    assert [field.name for field in fields] == ["tcwv", "msl", "tco3"]
    for field in fields:
        assert field.valid_time == MIDNIGHT + timedelta(hours=10, minutes=30)
        np.testing.assert_array_equal(field.latitude, np.linspace(33.0, 32.0, 9))
        expected = 103.0 + GRID.latitude[:, None] + 0.01 * (GRID.longitude[None, :] + 360.0)
        np.testing.assert_allclose(field.values, expected, atol=0.01)


def test_lowest_level_counts(tmp_path: Path) -> None:
    fields = [world(name, 10, 0.0) for name in PARAMETERS]
    high = world("tcwv", 10, 50.0, level=500)
    write_grib(tmp_path / "forecast", [*fields, high])
    found = tile_forecast(tmp_path / "forecast", ECMWF, GRID, WHEN)
    assert found[0].level == 500
    assert found[0].values.min() > 80.0


def test_antimeridian() -> None:
    grid = ForecastGrid.between((179.5, -40.0), (-179.25, -41.0))
    np.testing.assert_allclose(grid.longitude[[0, -1]], [179.5, 180.75])


@pytest.mark.parametrize(
    ("changes", "when", "message"),
    [
        ({}, WHEN + timedelta(hours=4), "tcwv is of 2022-06-21T10:00 to .*, out of date: expected that of"),
        ({}, WHEN - timedelta(hours=4), "out of date"),
        ({"longitude": np.linspace(0.0, 20.0, 360)}, WHEN, "longitude .* is outside"),
        ({"name": "tco3", "parameter": 206}, WHEN, "no field tcwv of AUX_ECMWFT; there is msl, tco3"),
    ],
)
def test_unusable(tmp_path: Path, changes: dict[str, object], when: datetime, message: str) -> None:
    fields = [world("tcwv", 10, 0.0, **changes), world("msl", 10, 0.0), world("tco3", 10, 0.0)]
    write_grib(tmp_path / "forecast", fields)
    with pytest.raises(AuxiliaryError, match=f"forecast: .*{message}"):
        tile_forecast(tmp_path / "forecast", ECMWF, GRID, when)


def test_other_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no forecast")
    with pytest.raises(AuxiliaryError, match=r"notes\.txt: .*GRIB"):
        tile_forecast(tmp_path, ECMWF, GRID, WHEN)


@pytest.mark.parametrize("kind", [ECMWF, CAMS])
def test_real_product(reference_data: Path, tmp_path: Path, kind: ForecastKind) -> None:
    """The points, the time, the fields and their order are those of a product; values to the packing."""
    product = next((reference_data / "products").glob("S2A_MSIL1C_*T18LTM*"))
    source = next(product.glob(f"GRANULE/*/AUX_DATA/{kind.name}"))
    tile = tile_of_name("18LTM")
    area = MapArea(tile.epsg, float(tile.upper_left_x), float(tile.upper_left_y), TILE_SIZE_M)
    corners = area.geographic(np.array([0.0, TILE_SIZE_M]), np.array([0.0, TILE_SIZE_M]))
    (west, east), (north, south) = (axis.tolist() for axis in corners)
    grid = ForecastGrid.between((west, north), (east, south))
    sensing_start = datetime(2022, 1, 25, 15, 23, 41, tzinfo=UTC)
    write_grib(tmp_path / kind.name, tile_forecast(source, kind, grid, sensing_start))
    made, expected = read_grib(tmp_path / kind.name), read_grib(source)
    assert [field.name for field in made] == [field.name for field in expected]
    for one, other in zip(made, expected, strict=True):
        assert (one.reference_time, one.valid_time) == (other.reference_time, other.valid_time)
        np.testing.assert_allclose(one.latitude, other.latitude, atol=1e-9)
        np.testing.assert_allclose(one.longitude, other.longitude, atol=1e-9)
        np.testing.assert_allclose(one.values, other.values, atol=2e-5 * np.ptp(other.values) + 1e-12)
