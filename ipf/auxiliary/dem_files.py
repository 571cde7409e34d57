"""Files of a digital elevation model: found and described by their headers, no elevation is read.

Formats are those of GDAL. DTED (MIL-PRF-89020B) is what the Sentinel-2 ground segment uses: files of one
degree called ``w017/n32.dt1`` after their south-west corner. Heights are taken as they are, in metres; those
of DTED and SRTM count from the geoid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyproj
from osgeo import gdal

from ipf.errors import AuxiliaryError

Floats = npt.NDArray[np.float64]
Posts = npt.NDArray[Any]

EXTENSIONS = (".dt0", ".dt1", ".dt2", ".tif", ".tiff", ".hgt")
"""Extensions looked for in a folder, in any case."""
LEFT_OUT_FOLDERS = frozenset({"AUXFILES", "PREVIEW"})
"""Folders of a Copernicus DEM delivery that hold masks and pictures beside the elevation (AUXFILES has a map
of height errors that is told from elevation by its place alone)."""
METRES_PER_DEGREE = 111_320.0
"""Length of a degree of latitude, to tell fine files from coarse ones."""

_DTED_HEADER, _DTED_RECORD = 80 + 648 + 2700, 12  # MIL-PRF-89020B 3.7 to 3.11: UHL, DSI, ACC; one per column
_DTED_NAME = re.compile(r"([ew])(\d{3})/([ns])(\d{2})\.dt[012]", re.IGNORECASE)
_HGT_NAME = re.compile(r"([ns])(\d{2})([ew])(\d{3})\.hgt", re.IGNORECASE)
_SAMPLES = 128


class MapGrid(Protocol):
    """North-up map grid: EPSG code, upper-left corner and pixel size in metres, shape in pixels."""

    @property
    def epsg(self) -> int: ...
    @property
    def upper_left_x(self) -> float: ...
    @property
    def upper_left_y(self) -> float: ...
    @property
    def resolution(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...


@dataclass(frozen=True, slots=True)
class DemFile:
    """Header of one file: size in pixels, geotransform, reference system (WKT), no-data value, GDAL type."""

    path: Path
    columns: int
    rows: int
    geotransform: tuple[float, ...]
    projection: str
    nodata: float | None
    kind: int

    @property
    def pixel_size(self) -> float:
        """Distance between rows in metres, for geographic files roughly."""
        size = abs(self.geotransform[5])
        return size * METRES_PER_DEGREE if reference_system(self.projection).is_geographic else size

    def holds(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Whether points of the file's reference system lie within it."""
        inverse = gdal.InvGeoTransform(self.geotransform)
        column = inverse[0] + inverse[1] * x + inverse[2] * y
        row = inverse[3] + inverse[4] * x + inverse[5] * y
        return np.asarray((column >= 0) & (column <= self.columns) & (row >= 0) & (row <= self.rows))

    def touches(self, x: Floats, y: Floats) -> bool:
        """Whether the file's bounding box meets that of points in its reference system."""
        left, width, skew_x, top, skew_y, height = self.geotransform
        across = [left + width * i + skew_x * j for i in (0, self.columns) for j in (0, self.rows)]
        down = [top + skew_y * i + height * j for i in (0, self.columns) for j in (0, self.rows)]
        beside = min(across) > x.max() or max(across) < x.min()
        above_or_below = min(down) > y.max() or max(down) < y.min()
        return not (beside or above_or_below)


@dataclass(frozen=True, slots=True)
class DemCover:
    """Files that meet a grid, coarse ones first, and the share of the grid that lies within them (0-1)."""

    files: tuple[DemFile, ...]
    share: float


def find_cover(source: Path, grid: MapGrid) -> DemCover:
    """Files of `source` (a folder, searched with what is below it, or one file) that meet the grid.

    Only headers are read. Raises `AuxiliaryError` naming `source` or the file when there is no file, one
    cannot be opened, is cut or is no elevation in metres with a reference system, or when none meets the
    grid, naming the grid's extent.
    """
    cover_points = _Places(grid)
    described = [describe(path) for path in _candidates(source, cover_points)]
    # A folder may hold pictures beside the elevation; a file that is named has to be an elevation.
    found = [file for file in described if file.kind != gdal.GDT_Byte or not source.is_dir()]
    files = [file for file in found if file.touches(*cover_points.around(file.projection))]
    held = np.zeros(cover_points.count, bool)
    for file in files:
        held |= file.holds(*cover_points.inside(file.projection))
    if not held.any():
        raise AuxiliaryError(f"{source}: no elevation within {cover_points.extent}")
    ordered = sorted(files, key=lambda file: (-file.pixel_size, str(file.path)))
    return DemCover(tuple(ordered), float(held.mean()))


def find_files_near(
    source: Path, west: float, south: float, east: float, north: float
) -> tuple[DemFile, ...]:
    """Files of `source`, a folder or one file, that may lie within a box of degrees; none where all are far.

    East of a box across the antimeridian is more than 180. Only headers are read; raises `AuxiliaryError` as
    `find_cover` does, but not for want of files near the box.
    """
    paths = [path for path in _elevation_paths(source) if _may_meet(path, (west, south, east, north))]
    described = [describe(path) for path in paths]
    return tuple(file for file in described if file.kind != gdal.GDT_Byte or not source.is_dir())


class _Places:
    """Places of a grid in other reference systems: inside for its cover, around for files that meet it."""

    def __init__(self, grid: MapGrid) -> None:
        self._grid = grid
        height, width = grid.rows * grid.resolution, grid.columns * grid.resolution
        shares = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
        self._inside = self._points(shares * height, shares * width)
        edges = np.linspace(0.0, 1.0, 17)
        self._around = self._points(edges * height, edges * width)
        self.count = self._inside[0].size

    def _points(self, southing: Floats, easting: Floats) -> tuple[Floats, Floats]:
        x, y = np.meshgrid(self._grid.upper_left_x + easting, self._grid.upper_left_y - southing)
        return x.ravel(), y.ravel()

    def inside(self, projection: str) -> tuple[Floats, Floats]:
        """Points spread evenly over the grid."""
        return self._moved(self._inside, projection)

    def around(self, projection: str) -> tuple[Floats, Floats]:
        """Points of the grid with its corners."""
        return self._moved(self._around, projection)

    def _moved(self, points: tuple[Floats, Floats], projection: str) -> tuple[Floats, Floats]:
        move = _transformer(self._grid.epsg, projection)
        x, y = move.transform(*points)
        return np.asarray(x, np.float64), np.asarray(y, np.float64)

    @property
    def degrees(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        longitude, latitude = self.around("EPSG:4326")
        return longitude.min(), latitude.min(), longitude.max(), latitude.max()

    @property
    def extent(self) -> str:
        """The grid's extent in words."""
        west, south, east, north = self.degrees
        left, top = self._grid.upper_left_x, self._grid.upper_left_y
        right = left + self._grid.columns * self._grid.resolution
        bottom = top - self._grid.rows * self._grid.resolution
        return (
            f"longitude {west:.3f} to {east:.3f}, latitude {south:.3f} to {north:.3f} degrees (EPSG:"
            f"{self._grid.epsg}, easting {left:.0f} to {right:.0f}, northing {bottom:.0f} to {top:.0f} m)"
        )


def _candidates(source: Path, places: _Places) -> list[Path]:
    """Files to open; of those named after their degree, only the ones near the grid."""
    paths = _elevation_paths(source)
    near = [path for path in paths if path == source or _may_meet(path, places.degrees)]
    if not near:
        raise AuxiliaryError(f"{source}: none of {len(paths)} elevation files is near {places.extent}")
    return near


def _elevation_paths(source: Path) -> list[Path]:
    """`source` itself, or the files of elevation in the folder that it is."""
    if not source.exists():
        raise AuxiliaryError(f"{source}: does not exist, expected a folder or file of elevation")
    if not source.is_dir():
        return [source]
    paths = sorted(path for path in source.rglob("*") if path.suffix.lower() in EXTENSIONS and path.is_file())
    paths = [path for path in paths if LEFT_OUT_FOLDERS.isdisjoint(path.relative_to(source).parts)]
    if not paths:
        raise AuxiliaryError(f"{source}: no elevation file ({', '.join(EXTENSIONS)}) in this folder")
    return paths


def _may_meet(path: Path, degrees: tuple[float, float, float, float]) -> bool:
    """False for a file whose name tells that it lies more than a degree away from the box."""
    corner = _named_corner(path)
    west, south, east, north = degrees
    if corner is None or east - west > 180.0:  # across the antimeridian: leave it to the headers
        return True
    longitude, latitude = corner
    across = any(west - 2 <= longitude + turn <= east + 1 for turn in (-360, 0, 360))
    return across and south - 2 <= latitude <= north + 1


def _named_corner(path: Path) -> tuple[int, int] | None:
    """Longitude and latitude of the south-west corner that a DTED or SRTM name states."""
    dted = _DTED_NAME.fullmatch(f"{path.parent.name}/{path.name}")
    if dted is not None:
        east_west, longitude, north_south, latitude = dted.groups()
    else:
        hgt = _HGT_NAME.fullmatch(path.name)
        if hgt is None:
            return None
        north_south, latitude, east_west, longitude = hgt.groups()
    signs = -1 if east_west.lower() == "w" else 1, -1 if north_south.lower() == "s" else 1
    return signs[0] * int(longitude), signs[1] * int(latitude)


def describe(path: Path, drivers: Sequence[str] = ()) -> DemFile:
    """Header of a file; `AuxiliaryError` naming it when it cannot be an elevation in metres.

    drivers : names of the GDAL drivers that may open it; all when there are none
    """
    with quiet_gdal():
        try:
            dataset = gdal.OpenEx(str(path), gdal.OF_RASTER, allowed_drivers=list(drivers))
        except RuntimeError:
            dataset = None
        if dataset is None:
            reason = " ".join(gdal.GetLastErrorMsg().split()) or "not a raster"
            raise AuxiliaryError(f"{path}: cannot be opened as elevation: {reason}")
        band = dataset.GetRasterBand(1)
        transform = dataset.GetGeoTransform(can_return_null=True)
        _check(path, dataset, band, transform)
        nodata = band.GetNoDataValue()
        return DemFile(
            path,
            dataset.RasterXSize,
            dataset.RasterYSize,
            tuple(transform),
            dataset.GetProjection(),
            nodata,
            band.DataType,
        )


def read_posts(file: DemFile, window: tuple[int, int, int, int], drivers: Sequence[str] = ()) -> Posts:
    """Values of a window (first column, first row, columns, rows) as the file has them, (rows, columns).

    Raises `AuxiliaryError` naming the file when it is cut or damaged there.
    """
    with quiet_gdal():
        try:
            dataset = gdal.OpenEx(str(file.path), gdal.OF_RASTER, allowed_drivers=list(drivers))
            values = None if dataset is None else dataset.GetRasterBand(1).ReadAsArray(*window)
        except RuntimeError:
            values = None
        if values is None:
            reason = " ".join(gdal.GetLastErrorMsg().split()) or "cut or damaged"
            raise AuxiliaryError(f"{file.path}: heights cannot be read: {reason}")
        return np.asarray(values)


def _check(path: Path, dataset: gdal.Dataset, band: gdal.Band, transform: Sequence[float] | None) -> None:
    if transform is None or not dataset.GetProjection():
        raise AuxiliaryError(f"{path}: expected a georeference and a coordinate reference system")
    unit = (band.GetUnitType() or "m").lower()
    if unit not in ("m", "metre", "meter", "metres", "meters"):
        raise AuxiliaryError(f"{path}: elevation in {unit!r}, expected metres")
    if (band.GetScale() or 1.0, band.GetOffset() or 0.0) != (1.0, 0.0):
        raise AuxiliaryError(f"{path}: elevation with scale or offset, expected metres")
    if dataset.GetDriver().ShortName == "DTED":
        columns, rows = dataset.RasterXSize, dataset.RasterYSize
        expected = _DTED_HEADER + columns * (_DTED_RECORD + 2 * rows)
        found = path.stat().st_size
        if found < expected:
            raise AuxiliaryError(f"{path}: cut: {found} bytes, expected {expected} of {columns} records")


@lru_cache(maxsize=32)
def reference_system(projection: str) -> pyproj.CRS:
    """The reference system of a WKT or code."""
    return pyproj.CRS.from_user_input(projection)


@lru_cache(maxsize=32)
def _transformer(epsg: int, projection: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(epsg, reference_system(projection), always_xy=True)


@contextmanager
def quiet_gdal() -> Iterator[None]:
    """GDAL of this thread: nothing printed, its messages go into our errors."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    gdal.ErrorReset()
    try:
        yield
    finally:
        gdal.PopErrorHandler()
