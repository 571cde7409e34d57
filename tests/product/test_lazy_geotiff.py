"""GeoTIFFs that are read by window: in each form that is written, from several threads, refused when cut."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ipf.errors import ProductError
from ipf.product.geotiff import lazy_geotiff, write_geotiff
from ipf.product.raster import Grid, Window, raster_of_array

GRID = Grid(32628, 300000.0, 3700020.0, 20, 300, 270)


def counts(dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    numbers = np.arange(GRID.rows * GRID.columns).reshape(GRID.shape)
    return (numbers % np.iinfo(dtype).max).astype(dtype)


def written(path: Path, dtype: npt.DTypeLike, compress: bool) -> npt.NDArray[np.generic]:
    values = counts(dtype)
    write_geotiff(raster_of_array("x", GRID, values, "1"), path, compress)
    return values


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_windows_in_threads(tmp_path: Path, dtype: npt.DTypeLike, compress: bool) -> None:
    path = tmp_path / "x.tif"
    values = written(path, dtype, compress)
    raster = lazy_geotiff(path, "toa_reflectance/B05", GRID, dtype)
    assert (raster.layer, raster.source, raster.dtype) == ("toa_reflectance/B05", str(path), dtype)
    windows = [
        Window(row, column, height, width)
        for row, height in ((0, 1), (13, 50), (290, 10))
        for column, width in ((0, 270), (5, 7), (269, 1))
    ] * 20
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(raster.read, windows))
    for window, part in zip(windows, found, strict=True):
        assert part.dtype == dtype
        assert np.array_equal(part, values[window.slices])


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("lost", [1, 5000])
def test_cut(tmp_path: Path, compress: bool, lost: int) -> None:
    path = tmp_path / "x.tif"
    written(path, np.uint16, compress)
    content = path.read_bytes()
    path.write_bytes(content[:-lost])
    with pytest.raises(ProductError, match=r"x\.tif: (is cut|cannot be)"):
        lazy_geotiff(path, "x", GRID, np.uint16)


def test_damage_within(tmp_path: Path) -> None:
    """What only the pixels show is told when they are read."""
    path = tmp_path / "x.tif"
    written(path, np.uint16, compress=True)
    content = bytearray(path.read_bytes())
    content[600:1000] = bytes(400)  # the beginning of the first block, with its code tables
    path.write_bytes(content)
    raster = lazy_geotiff(path, "x", GRID, np.uint16)
    with pytest.raises(ProductError, match=r"x\.tif: cannot be read as GeoTIFF"):
        raster.read_all()
