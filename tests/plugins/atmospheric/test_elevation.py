"""The step that gives the ground its elevation: with a model, without, and with one that is no good."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ipf_plugins.atmospheric.elevation import (
    ElevationModel,
    ElevationParameters,
    Inputs,
    Outputs,
    elevation,
)
from osgeo import gdal, osr

from ipf.engine import Context, TaskRequest
from ipf.engine.testing import check_declaration
from ipf.errors import AuxiliaryError, ParameterError
from ipf.product.raster import Window
from tests.plugins.atmospheric import atmospheres

GRID = atmospheres.small(6000)
FINE = GRID.at(20)


def dem(path: Path, height: float = 700.0, rows: int = FINE.rows) -> Path:
    """A GeoTIFF on the tile's 20 m grid, level."""
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), FINE.columns, rows, 1, gdal.GDT_Int16)
    dataset.SetGeoTransform(FINE.geotransform)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(FINE.epsg)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.GetRasterBand(1).Fill(height)
    return path


def run(inputs: dict[str, Path] | None = None, **parameters: Any) -> Outputs:
    """The step on a small tile whose ground is stated to be at 123.4 m."""
    return call(context(inputs), **parameters)


def context(inputs: dict[str, Path] | None = None) -> Context:
    """The surroundings of a job order with these inputs."""
    listed = {name: (path,) for name, path in (inputs or {}).items()}
    request = TaskRequest("test", "00.00", "L2A", listed, {}, {})
    return Context(request, datetime(2024, 1, 1, tzinfo=UTC), Path())


def call(surroundings: Context, **parameters: Any) -> Outputs:
    product: Any = SimpleNamespace(grid=GRID)
    state = atmospheres.stated(ground_elevation=123.4)
    outputs: Outputs = elevation.run(Inputs(product, state), ElevationParameters(**parameters), surroundings)
    return outputs


def notes(outputs: Outputs, **parameters: Any) -> Any:
    """What the check pass finds."""
    known = {"elevation_model": outputs.elevation_model, "l1c_product": SimpleNamespace(grid=GRID)}
    assert elevation.check is not None
    return elevation.check(known, ElevationParameters(**parameters), context())


def test_without_a_model_the_ground_is_flat() -> None:
    outputs = run()
    raster = outputs.elevation[""]
    assert (raster.layer, raster.unit, raster.grid) == ("elevation", "m", FINE)
    assert np.all(raster.read_physical(FINE.whole) == 123.0)
    model = outputs.elevation_model
    assert (model.source, model.used, model.mean) == ("NONE", False, 123.0)
    assert notes(outputs).notes == ("no elevation model: flat ground at 123 m",)
    assert notes(outputs).auxiliary == ()


@pytest.mark.parametrize("file_type", ["AUX_DEM", "DEM", "DEM_DIR"])
def test_the_job_order_may_name_the_model(tmp_path: Path, file_type: str) -> None:
    path = dem(tmp_path / "dem.tif")
    outputs = run({file_type: tmp_path})
    assert outputs.elevation_model.used
    assert outputs.elevation_model.source == tmp_path.name
    assert outputs.elevation_model.mean == 700.0
    assert np.all(outputs.elevation[""].read_physical(Window(5, 6, 7, 8)) == 700.0)
    assert notes(outputs).auxiliary == (path,)
    assert notes(outputs).notes == (f"elevation model {tmp_path}: 1 file, 100.0% of the tile",)


def test_the_parameter_wins_over_the_job_order(tmp_path: Path) -> None:
    outputs = run({"DEM": dem(tmp_path / "low.tif", 10.0)}, dem=dem(tmp_path / "high.tif", 900.0))
    assert outputs.elevation_model.mean == 900.0
    assert outputs.elevation_model.source == "high.tif"


@pytest.mark.parametrize("given", ["NONE", "none", "", None])
def test_a_model_called_none_is_none(given: str | None) -> None:
    assert ElevationParameters.model_validate({"dem": given}).dem is None
    assert not run(dem=given).elevation_model.used


def test_nothing_is_read_in_opening(tmp_path: Path) -> None:
    path = dem(tmp_path / "dem.tif")
    path.write_bytes(path.read_bytes()[:5000])
    outputs = run(dem=path)
    with pytest.raises(AuxiliaryError, match=r"dem\.tif: elevation cannot be read"):
        outputs.elevation[""].read(Window(0, 0, 1, 1))


def test_a_model_that_cannot_be_used_is_an_error_or_flat_ground(tmp_path: Path) -> None:
    with pytest.raises(AuxiliaryError, match="no elevation file"):
        run(dem=tmp_path)
    outputs = run(dem=tmp_path, on_missing="flat")
    assert not outputs.elevation_model.used
    (note,) = notes(outputs).notes
    assert note.startswith("flat ground at 123 m instead of the elevation model: ")
    assert "no elevation file" in note


def test_a_part_of_the_tile(tmp_path: Path) -> None:
    path = dem(tmp_path / "dem.tif", rows=FINE.rows // 4)
    outputs = run(dem=path, smoothing=30.0)
    (note,) = notes(outputs).notes
    assert "25.0% of the tile, the rest taken as sea level, smoothed" in note
    assert "standard deviation of 30 m" in note
    with pytest.raises(AuxiliaryError, match=r"covers 25\.0% of the tile"):
        run(dem=path, missing_tiles="error")


def test_voids_are_told_when_the_files_have_been_read(tmp_path: Path) -> None:
    path = dem(tmp_path / "dem.tif")
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).WriteArray(np.full((4, 5), -32768, np.int16), 30, 40)
    dataset = None
    outputs = call(context(), dem=path)
    assert outputs.elevation_model.told == []
    assert np.all(outputs.elevation[""].read_physical(FINE.whole) == 700.0)
    (told,) = outputs.elevation_model.told
    assert "20 void pixels interpolated" in told


def test_the_model_is_frozen_and_compares() -> None:
    model = ElevationModel("NONE", False, 5.0)
    assert model == ElevationModel("NONE", False, 5.0, "", ())
    with pytest.raises(AttributeError):
        model.used = True  # type: ignore[misc]


def test_the_step_is_declared() -> None:
    check_declaration(elevation)
    with pytest.raises((ParameterError, ValueError), match="smoothing"):
        ElevationParameters(smoothing=-1.0)
