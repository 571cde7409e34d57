"""True colour against a real TCI, previews against plain arithmetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from ipf.errors import OutputError
from ipf.product.quicklook import preview, preview_grid, true_colour, write_browse_image
from ipf.product.raster import Grid

L2A = "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"
TILE = Grid(32629, 499980.0, 5900040.0, 10, 10980, 10980)


def test_true_colour_is_that_of_the_real_product(reference_data: Path) -> None:
    (folder,) = (reference_data / L2A / "GRANULE").glob("*/IMG_DATA/R60m")
    bands = [
        gdal.Open(str(next(folder.glob(f"*_{band}_60m.jp2")))).ReadAsArray() for band in ("B04", "B03", "B02")
    ]
    expected = gdal.Open(str(next(folder.glob("*_TCI_60m.jp2")))).ReadAsArray()
    assert np.array_equal(true_colour(*bands, offsets=(-1000.0, -1000.0, -1000.0)), expected)


def test_true_colour_of_chosen_counts() -> None:
    counts = np.array([[0, 1, 1000, 1001, 1500, 3499, 3500, 32767]], np.uint16)
    dark = np.zeros_like(counts)
    assert true_colour(counts, dark, dark, (-1000.0, 0.0, 0.0))[0].tolist() == [
        [0, 0, 0, 1, 51, 254, 255, 255]
    ]
    assert true_colour(dark, counts, dark)[1].tolist() == [[0, 1, 102, 102, 153, 255, 255, 255]]


def test_another_reflectance_may_be_white() -> None:
    counts = np.array([[1000, 2000, 5000, 6000]], np.uint16)
    picture = true_colour(counts, counts, counts, (0.0, 0.0, 0.0), white=0.5)
    assert picture[0].tolist() == [[51, 102, 255, 255]]


def test_preview_grid_is_that_of_the_real_preview(reference_data: Path) -> None:
    (path,) = (reference_data / L2A / "GRANULE").glob("*/QI_DATA/*_PVI.jp2")
    real = gdal.Open(str(path))
    grid = preview_grid(TILE)
    assert grid.shape == (real.RasterYSize, real.RasterXSize)
    assert grid.geotransform == real.GetGeoTransform()


def test_preview_is_the_mean_of_the_samples_present() -> None:
    grid = Grid(32629, 499980.0, 5900040.0, 20, 39, 33)
    picture = np.zeros((3, 39, 33), np.uint8)
    picture[0, :16, :16] = 200
    picture[0, :8, :16] = 100
    picture[1, 16:32, 16:32] = 7
    picture[1, 16:24, 16:32] = 0
    picture[2] = 255
    reduced = preview(picture, grid)
    assert reduced.shape == (3, 2, 2)
    assert reduced[0].tolist() == [[150, 0], [0, 0]]
    assert reduced[1].tolist() == [[0, 0], [0, 7]]
    assert reduced[2].tolist() == [[255, 255], [255, 255]]


@pytest.mark.parametrize("grid", [Grid(32629, 0.0, 0.0, 10, 31, 60), Grid(32629, 0.0, 0.0, 60, 60, 60)])
def test_a_grid_without_preview_is_refused(grid: Grid) -> None:
    with pytest.raises(ValueError, match="no preview of"):
        preview_grid(grid)


def test_browse_image_shows_the_picture(tmp_path: Path) -> None:
    picture = np.full((3, 64, 64), 90, np.uint8)
    picture[0] += np.arange(64, dtype=np.uint8)
    write_browse_image(tmp_path / "ql.jpg", picture)
    decoded = gdal.Open(str(tmp_path / "ql.jpg")).ReadAsArray().astype(int)
    assert np.abs(decoded - picture).max() <= 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ql.jpg"]


def test_browse_image_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"ql.jpg: JPEG encoding failed"):
        write_browse_image(tmp_path / "ql.jpg", np.zeros((3, 70000, 1), np.uint8))
