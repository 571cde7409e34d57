"""High ground, and elevation models that are odd, broken, or elsewhere, through the whole chain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from osgeo import gdal, osr

from tests.plugins.atmospheric import small_scenes
from tests.plugins.atmospheric.small_scenes import GRID, Bands, process, refusal

gdal.UseExceptions()

ACCURATE, SEN2COR = "accurate", "sen2cor"
HIGH_MEAN, HIGH_PEAK = "GROUND_ELEVATION_ABOVE_3_KM", "HIGHEST_GROUND_ABOVE_3.5_KM"


@pytest.fixture(scope="module")
def ordinary() -> Bands:
    """Forest, soil, crop and water."""
    return small_scenes.patches()


@pytest.mark.parametrize(
    ("metres", "limits", "mode"),
    [
        (-500, set(), ACCURATE),
        (3000, set(), ACCURATE),
        (3001, {HIGH_MEAN}, SEN2COR),
        (3600, {HIGH_MEAN, HIGH_PEAK}, ACCURATE),
        (3600, {HIGH_MEAN, HIGH_PEAK}, SEN2COR),
        (5500, {HIGH_MEAN, HIGH_PEAK}, ACCURATE),
    ],
)
def test_level_ground_on_high(
    ordinary: Bands, tmp_path: Path, metres: int, limits: set[str], mode: str
) -> None:
    parameters = {"atmospheric_state.ground_elevation": str(metres)}
    made = process(tmp_path, ordinary, mode, parameters)
    assert made.limits == limits
    assert small_scenes.figures(made.product)["DEM_MEAN_ALTITUDE_KM"] == f"{metres / 1000:.6f}"


def test_ground_above_the_tables_is_refused(ordinary: Bands, tmp_path: Path) -> None:
    error = refusal(tmp_path, ordinary, parameters={"atmospheric_state.ground_elevation": "5501"})
    assert "ground_elevation" in error
    assert "5500" in error


DEM_SIDE = 95
ROW, COLUMN = np.mgrid[0:DEM_SIDE, 0:DEM_SIDE].astype(np.float64)
HILLS = 200.0 * np.sin(COLUMN / 9.0) * np.cos(ROW / 7.0)


def with_void(value: float) -> npt.NDArray[np.float64]:
    ground = 500.0 + HILLS
    ground[20:25, 30:36] = value
    return ground


def write_dem(
    path: Path, metres: npt.NDArray[np.float64], nodata: float | None = None, east_m: float = 0.0
) -> Path:
    """Elevations on pixels of 20 m, 300 m beyond the tile on each side."""
    kind = gdal.GDT_Float32
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), metres.shape[1], metres.shape[0], 1, kind)
    left, top = GRID.upper_left_x - 300.0 + east_m, GRID.upper_left_y + 300.0
    dataset.SetGeoTransform((left, 20.0, 0.0, top, 0.0, -20.0))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(GRID.epsg)
    dataset.SetProjection(reference.ExportToWkt())
    if nodata is not None:
        dataset.GetRasterBand(1).SetNoDataValue(nodata)
    dataset.GetRasterBand(1).WriteArray(metres)
    return path


DEMS: dict[str, tuple[npt.NDArray[np.float64], float | None, set[str], float]] = {
    "below the sea": (HILLS - 420.0, None, set(), -0.42),
    "a peak": (1000.0 + 13.0 * np.maximum(HILLS, 0.0), None, {HIGH_PEAK}, 1.54),
    "high": (3400.0 + HILLS, None, {HIGH_MEAN, HIGH_PEAK}, 3.4),
    "above the levels": (4500.0 + HILLS, None, {HIGH_MEAN, HIGH_PEAK}, 4.5),
    "highest": (8000.0 + HILLS, None, {HIGH_MEAN, HIGH_PEAK}, 8.0),
    "a cliff": (np.where(COLUMN > 45, 4000.0, 0.0), None, {HIGH_PEAK}, 2.03),
    "void": (with_void(-32768.0), -32768.0, set(), 0.5),
    "void of NaN": (with_void(np.nan), None, set(), 0.5),
    "undeclared void": (with_void(-9999.0), None, set(), 0.5),
    "absurd pixels": (with_void(1e30), None, set(), 0.5),
}


@pytest.mark.parametrize("dem", DEMS)
def test_an_elevation_model(ordinary: Bands, tmp_path: Path, dem: str) -> None:
    metres, nodata, limits, mean = DEMS[dem]
    path = write_dem(tmp_path / "dem.tif", metres, nodata)
    made = process(tmp_path, ordinary, parameters={"elevation.dem": str(path)})
    assert made.limits == limits
    figures = small_scenes.figures(made.product)
    assert figures["DEM_TYPE"] == "dem.tif"
    assert float(figures["DEM_MEAN_ALTITUDE_KM"]) == pytest.approx(mean, abs=0.02)
    told = "elevation: 30 void pixels interpolated, 0 (0.00%) without elevation"
    assert any(told in line for line in made.outcome.lines) == (mean == 0.5)


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def text(path: Path) -> Path:
    path.write_text("no elevation")
    return path


UNUSABLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "elsewhere": (lambda path: write_dem(path, HILLS, east_m=1e5), "no elevation within"),
    "no raster": (text, "cannot be opened as elevation"),
    "not there": (lambda path: path, "dem.tif"),
}


@pytest.mark.parametrize("dem", UNUSABLE)
def test_an_elevation_model_that_cannot_be_used(ordinary: Bands, tmp_path: Path, dem: str) -> None:
    make, message = UNUSABLE[dem]
    parameters = {"elevation.dem": str(make(tmp_path / "dem.tif"))}
    error = refusal(tmp_path / "refused", ordinary, parameters=parameters)
    assert "dem.tif: " in error
    assert message in error
    made = process(tmp_path / "flat", ordinary, parameters={**parameters, "elevation.on_missing": "flat"})
    assert small_scenes.figures(made.product)["DEM_TYPE"] == "NONE"
    assert any("flat ground at 0 m instead of the elevation model" in line for line in made.outcome.lines)


def test_an_elevation_model_that_is_cut_is_refused(ordinary: Bands, tmp_path: Path) -> None:
    path = cut(write_dem(tmp_path / "dem.tif", HILLS))
    error = refusal(tmp_path, ordinary, parameters={"elevation.dem": str(path)})
    assert "dem.tif: elevation cannot be read" in error


def test_half_an_elevation_model_is_told(ordinary: Bands, tmp_path: Path) -> None:
    path = write_dem(tmp_path / "dem.tif", 900.0 + HILLS[:, :50])
    made = process(tmp_path / "made", ordinary, parameters={"elevation.dem": str(path)})
    told = "1 file, 55.5% of the tile, the rest taken as sea level"
    assert any(told in line for line in made.outcome.lines)
    parameters = {"elevation.dem": str(path), "elevation.missing_tiles": "error"}
    assert "covers 55.5% of the tile" in refusal(tmp_path / "refused", ordinary, parameters=parameters)


def test_a_lone_pixel_on_a_slope_has_a_reflectance(ordinary: Bands, tmp_path: Path) -> None:
    """Neither neighbours nor opposite slopes are known."""
    lone = {band: 0 * counts for band, counts in ordinary.items()}
    for band, counts in ordinary.items():
        pixel = 600 // small_scenes.native(band)
        lone[band][pixel, pixel] = counts[pixel, pixel]
    parameters = {
        "elevation.dem": str(write_dem(tmp_path / "dem.tif", 500.0 + HILLS)),
        "surface_reflectance.brdf": "22",
    }
    assert process(tmp_path, lone, parameters=parameters).limits == {"NO_DATA_AT_ALL"}
