"""Rasters as GeoTIFF: everything comes back, and failures name the file however GDAL tells them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from ipf.errors import OutputError, ProductError
from ipf.product.geotiff import read_geotiff, write_geotiff
from ipf.product.raster import Grid, Raster, raster_of_array

GRID = Grid(32631, 300000.0, 4900020.0, 20, 30, 40)


@pytest.fixture(params=[gdal.UseExceptions, gdal.DontUseExceptions], ids=["raising", "returning"])
def gdal_mode(request: pytest.FixtureRequest) -> Iterator[None]:
    """GDAL raising its errors, and returning them: a plugin may have set either for the whole process."""
    before = gdal.GetUseExceptions()
    request.param()
    yield
    (gdal.UseExceptions if before else gdal.DontUseExceptions)()


def raster(dtype: str = "uint16", **properties: float | None) -> Raster:
    counts = np.random.default_rng(1).integers(0, 200, GRID.shape).astype(dtype)
    values = {"scale": 1e-4, "offset": -1000.0, "nodata": 0} | properties
    return raster_of_array("toa_reflectance/B05", GRID, counts, "1", **values)  # type: ignore[arg-type]


PLAIN = {"scale": None, "offset": 0.0, "nodata": None}


@pytest.mark.parametrize(
    "written",
    [raster(), raster(**PLAIN), raster("uint8", scale=0.005, offset=0.0), raster("float32", **PLAIN)],
    ids=["counts", "classes", "bytes", "floats"],
)
def test_everything_comes_back(tmp_path: Path, gdal_mode: None, written: Raster) -> None:
    path = tmp_path / "new" / "layer.tif"
    write_geotiff(written, path)
    found = read_geotiff(path)
    for name in ("layer", "grid", "dtype", "unit", "scale", "offset", "nodata"):
        assert getattr(found, name) == getattr(written, name)
    assert np.array_equal(found.read_all(), written.read_all())
    assert [entry.name for entry in path.parent.iterdir()] == ["layer.tif"]


@pytest.mark.parametrize("content", [None, b"", b"no tiff", b"II*\x00" + bytes(20)])
def test_what_is_no_geotiff_is_refused(tmp_path: Path, gdal_mode: None, content: bytes | None) -> None:
    path = tmp_path / "layer.tif"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ProductError, match=r"layer\.tif: cannot be read as GeoTIFF"):
        read_geotiff(path)


def test_a_cut_file_is_refused(tmp_path: Path, gdal_mode: None) -> None:
    path = tmp_path / "layer.tif"
    write_geotiff(raster(), path)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(ProductError, match=r"layer\.tif: cannot be read as GeoTIFF"):
        read_geotiff(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, gdal_mode: None) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_geotiff(raster(), tmp_path / "file" / "layer.tif")
