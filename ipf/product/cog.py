"""Images as Cloud Optimized GeoTIFF: tiled, with overviews, directories before pixels.

Scale, offset, unit and no-data value stand in the tags, so that GDAL and QGIS show physical values. Layout:
"Cloud Optimized GeoTIFF", GDAL's COG driver.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from osgeo import gdal, gdal_array, osr

from ipf.atomic import atomic_path
from ipf.errors import OutputError
from ipf.kernels.overviews import halved
from ipf.kernels.pixels import NO_NODATA
from ipf.product.raster import Array, Grid

TILE_SIDE = 512
"""Side of the tiles in pixels; the coarsest overview fits into one."""
_OPTIONS = (
    f"BLOCKSIZE={TILE_SIDE}",
    "COMPRESS=DEFLATE",
    "LEVEL=1",
    "PREDICTOR=STANDARD",
    "OVERVIEWS=FORCE_USE_EXISTING",
    "NUM_THREADS=1",
    "BIGTIFF=IF_SAFER",
)
# For 120.6 million counts of 16 bits that hold 5 to 6 bits each, overviews included: 1.5 to 1.8 s of one
# processor and 9 to 11 bits a pixel, where ZSTD at level 1 takes 1.1 to 1.4 s, 6 to 12 % more room, and a
# reader that knows it. The predictor subtracts the pixel on the left; without it 16 bits a pixel are left.

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class CogTags:
    """What the file says of its samples.

    The physical value is ``(count + offset) * scale`` in `unit`; `scale` is None for classes, whose overviews
    are picked and not averaged. `colours` are those of the classes from 0 on.
    """

    description: str
    unit: str = ""
    scale: float | None = None
    offset: float = 0.0
    nodata: int | None = None
    colours: tuple[Colour, ...] = ()


def write_cog(path: Path, samples: Array, grid: Grid, tags: CogTags) -> None:
    """Write unsigned `samples`, (rows, columns) or (planes, rows, columns), that cover `grid`.

    Raises ValueError for a shape that is not the grid's, `OutputError` naming the file when it cannot be
    written; then nothing is left.
    """
    planes = np.ascontiguousarray(samples if samples.ndim == 3 else samples[np.newaxis])
    if planes.shape[1:] != grid.shape:
        raise ValueError(f"{path.name}: array of shape {samples.shape}, expected {grid.shape}")
    with atomic_path(path) as temporary:
        gdal.PushErrorHandler("CPLQuietErrorHandler")
        try:
            _write(temporary, planes, grid, tags)
        except RuntimeError as problem:
            raise OutputError(f"{path}: cannot be written as GeoTIFF: {problem}") from problem
        finally:
            gdal.PopErrorHandler()


def _write(path: Path, planes: Array, grid: Grid, tags: CogTags) -> None:
    """Write every byte; RuntimeError when that fails, whether or not GDAL is set to raise it itself."""
    source = _in_memory(planes, grid, tags)
    _add_overviews(source, planes, tags)
    gdal.ErrorReset()
    written = gdal.GetDriverByName("COG").CreateCopy(str(path), source, 0, list(_OPTIONS))
    if written is None:
        raise RuntimeError(gdal.GetLastErrorMsg())
    written.FlushCache()
    del written
    if gdal.GetLastErrorType() >= gdal.CE_Failure:
        raise RuntimeError(gdal.GetLastErrorMsg())


def _in_memory(planes: Array, grid: Grid, tags: CogTags) -> gdal.Dataset:
    """A dataset whose pixels are those of the array, which must outlive it."""
    source = gdal.GetDriverByName("MEM").Create("", grid.columns, grid.rows, 0)
    kind = gdal_array.NumericTypeCodeToGDALTypeCode(planes.dtype)
    for plane in planes:
        source.AddBand(kind, [f"DATAPOINTER={plane.ctypes.data}"])
    source.SetGeoTransform(grid.geotransform)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(grid.epsg)
    source.SetProjection(reference.ExportToWkt())
    for number in range(1, len(planes) + 1):
        _describe(source.GetRasterBand(number), number, len(planes), tags)
    return source


def _describe(band: gdal.Band, number: int, planes: int, tags: CogTags) -> None:
    band.SetDescription(tags.description)
    band.SetUnitType(tags.unit)
    if tags.scale is not None:
        band.SetScale(tags.scale)
        band.SetOffset(tags.offset * tags.scale)
    if tags.nodata is not None:
        band.SetNoDataValue(tags.nodata)
    if planes == 3:
        colours = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand)
        band.SetColorInterpretation(colours[number - 1])
    if tags.colours:
        table = gdal.ColorTable()
        for value, colour in enumerate(tags.colours):
            table.SetColorEntry(value, colour)
        band.SetColorTable(table)
        band.SetColorInterpretation(gdal.GCI_PaletteIndex)


def _add_overviews(source: gdal.Dataset, planes: Array, tags: CogTags) -> None:
    """Give the dataset overviews down to the first that fits into one tile."""
    sizes = overview_factors(planes.shape[1:])
    if not sizes:
        return
    source.BuildOverviews("NONE", sizes)
    for number, plane in enumerate(planes, start=1):
        band, level = source.GetRasterBand(number), plane
        for index in range(len(sizes)):
            level = _coarser(level, tags)
            band.GetOverview(index).WriteArray(level)


def overview_factors(shape: tuple[int, ...]) -> list[int]:
    """Factors by which the overviews of an image are coarser: 2, 4, 8, ..."""
    factors: list[int] = []
    side = max(shape)
    while side > TILE_SIDE:
        side = (side + 1) // 2
        factors.append(2 * factors[-1] if factors else 2)
    return factors


def _coarser(level: Array, tags: CogTags) -> Array:
    if tags.scale is None and tags.colours:
        picked: npt.NDArray[np.uint8] = np.ascontiguousarray(level[::2, ::2])
        return picked
    nodata = NO_NODATA if tags.nodata is None else tags.nodata
    return halved(level, nodata)
