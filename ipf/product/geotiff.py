"""Rasters as GeoTIFF: for breakpoints, a look at an intermediate result, truth beside a simulation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from osgeo import gdal, gdal_array, osr

from ipf.atomic import atomic_path
from ipf.errors import OutputError, ProductError
from ipf.product.images import check_image
from ipf.product.raster import Array, Grid, Raster, Window, raster_of_array


def write_geotiff(raster: Raster, path: Path, compress: bool = True) -> None:
    """Write a whole raster to `path` with its scale, offset, unit, no-data value and georeference."""
    counts = np.ascontiguousarray(raster.read_all())
    with atomic_path(path) as temporary, _quiet():
        try:
            _write(raster, counts, temporary, compress)
        except RuntimeError as problem:
            raise OutputError(f"{path}: cannot be written as GeoTIFF: {problem}") from problem


def _write(raster: Raster, counts: Array, path: Path, compress: bool) -> None:
    """Write every byte; RuntimeError when that fails, whether or not GDAL is set to raise it itself."""
    kind = gdal_array.NumericTypeCodeToGDALTypeCode(counts.dtype)
    # Without compression in rows, as they are read again: several times faster than in tiles.
    options = ["COMPRESS=DEFLATE", "TILED=YES"] if compress else []
    options.append("BIGTIFF=IF_SAFER")
    driver = gdal.GetDriverByName("GTiff")
    dataset = driver.Create(str(path), raster.grid.columns, raster.grid.rows, 1, kind, options)
    if dataset is None:
        raise RuntimeError(gdal.GetLastErrorMsg())
    dataset.SetGeoTransform(raster.grid.geotransform)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(raster.grid.epsg)
    dataset.SetProjection(reference.ExportToWkt())
    band = dataset.GetRasterBand(1)
    band.SetDescription(raster.layer)
    band.SetUnitType(raster.unit)
    if raster.scale is not None:
        band.SetScale(raster.scale)
        band.SetOffset(raster.offset * raster.scale)
    if raster.nodata is not None:
        band.SetNoDataValue(raster.nodata)
    gdal.ErrorReset()
    written = band.WriteArray(counts) == gdal.CE_None
    dataset.FlushCache()
    if not written or gdal.GetLastErrorType() >= gdal.CE_Failure:
        raise RuntimeError(gdal.GetLastErrorMsg())


def read_geotiff(path: Path) -> Raster:
    """Read what `write_geotiff` wrote; `ProductError` naming the file when it is something else."""
    with _quiet():
        try:
            dataset, counts = _read(path)
        except RuntimeError as problem:
            raise ProductError(f"{path}: cannot be read as GeoTIFF: {problem}") from problem
    band = dataset.GetRasterBand(1)
    # A scale that was never set reads as 1; only class maps and plain numbers are stored without one.
    scale = band.GetScale()
    scaled = scale is not None and scale != 1.0
    nodata = band.GetNoDataValue()
    return raster_of_array(
        layer=band.GetDescription() or path.stem,
        grid=_grid(dataset, path),
        counts=counts,
        unit=band.GetUnitType() or "",
        scale=scale if scaled else None,
        offset=round((band.GetOffset() or 0.0) / scale, 9) if scaled else 0.0,
        nodata=None if nodata is None else int(nodata),
        source=str(path),
    )


def _read(path: Path) -> tuple[gdal.Dataset, Array]:
    """Open a file and read its first band; RuntimeError as for `_write`."""
    dataset = _open(path)
    counts = dataset.GetRasterBand(1).ReadAsArray()
    if counts is None:
        raise RuntimeError(gdal.GetLastErrorMsg())
    return dataset, counts


def lazy_geotiff(path: Path, layer: str, grid: Grid, dtype: npt.DTypeLike) -> Raster:
    """The GeoTIFF `path` as a raster that is read window by window, from any number of threads.

    Scale, unit and no-data are left to the caller. The file must be of one band of `dtype` on `grid`; raises
    `ProductError` naming the file when it is missing, cut, of another type or in another place. Damage that
    only pixels show is told, likewise, when they are read.
    """
    kind = np.dtype(dtype)
    check_image(path, grid, 1, kind)
    _refuse_cut(path)

    def read(window: Window) -> Array:
        place = window.column, window.row, window.width, window.height
        with _quiet(), _as_product_error(path):
            counts = _open(path).ReadAsArray(*place)
            if counts is None:
                raise RuntimeError(gdal.GetLastErrorMsg())
        return np.asarray(counts)

    return Raster(layer=layer, grid=grid, dtype=kind, unit="", read=read, source=str(path))


def _refuse_cut(path: Path) -> None:
    """Refuse a file that ends before the last of its blocks, which writers write last."""
    with _quiet(), _as_product_error(path):
        dataset = _open(path)
        band = dataset.GetRasterBand(1)
        width, height = band.GetBlockSize()
        last = f"{(dataset.RasterXSize - 1) // width}_{(dataset.RasterYSize - 1) // height}"
        start, length = (band.GetMetadataItem(f"BLOCK_{what}_{last}", "TIFF") for what in ("OFFSET", "SIZE"))
    size = path.stat().st_size
    if start is None or int(start) + int(length) > size:
        raise ProductError(f"{path}: is cut: {size} bytes do not hold its last pixels")


@contextmanager
def _as_product_error(path: Path) -> Iterator[None]:
    """Name the file in what GDAL says."""
    try:
        yield
    except RuntimeError as problem:
        raise ProductError(f"{path}: cannot be read as GeoTIFF: {problem}") from problem


def _open(path: Path) -> gdal.Dataset:
    """Open a file; RuntimeError as for `_write`."""
    dataset = gdal.OpenEx(str(path), gdal.OF_RASTER, allowed_drivers=["GTiff"])
    if dataset is None:
        raise RuntimeError(gdal.GetLastErrorMsg())
    return dataset


def _grid(dataset: gdal.Dataset, path: Path) -> Grid:
    left, width, skew_x, top, skew_y, height = dataset.GetGeoTransform()
    if skew_x or skew_y or width <= 0 or width != -height or width != int(width):
        raise ProductError(f"{path}: expected a north-up raster of square pixels of whole metres")
    reference = dataset.GetSpatialRef()
    code = None if reference is None else reference.GetAuthorityCode(None)
    if code is None:
        raise ProductError(f"{path}: expected a coordinate reference system with an EPSG code")
    return Grid(int(code), left, top, int(width), dataset.RasterYSize, dataset.RasterXSize)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep GDAL from printing; its messages go into our errors."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()
