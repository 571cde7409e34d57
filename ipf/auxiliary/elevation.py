"""Elevation of the ground on a tile's grid, from the files of a digital elevation model, read when asked for.

Opening reads file headers only. The first window that is asked for has the whole grid resampled once, stripe
by stripe of fixed height, so that elevations do not depend on what is asked for; after that the counts are
held (two bytes a pixel) until released. Elevation comes as counts of 0.2 m rather than of whole metres: one
metre over the 40 m of a central difference on 20 m pixels is a slope of 1.4 degrees.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
from osgeo import gdal, osr

from ipf.auxiliary.dem_files import DemCover, DemFile, MapGrid, find_cover, quiet_gdal
from ipf.auxiliary.dem_voids import Counts, VoidCount, fill_voids
from ipf.errors import AuxiliaryError
from ipf.kernels.pixels import counts_to_physical, physical_to_counts

FloatImage = npt.NDArray[np.float32]

SCALE, OFFSET, NODATA = 0.2, 20000.0, -32768
"""Elevation in metres is ``(count + 20000) * 0.2``: -2553 to 10553 m, whole metres without error."""
LOWEST, HIGHEST = -500.0, 9000.0
"""Elevations beyond these, in metres, are no-data values that a file does not declare: the shore of the Dead
Sea lies at -430 m, Mount Everest at 8849 m."""
LARGEST_VOID = 4_000_000
"""Area in m2 up to which a void is interpolated; larger ones are mostly sea."""

_STRIPE = 549  # rows: a tenth of a tile at 20 m
_KERNEL_REACH = 4.0  # standard deviations: what is left out of the kernel weighs less than 1e-4
# GDAL places pixels by interpolation between exactly transformed ones, wrong by at most this many pixels.
_PLACE_ERROR = 0.02
_FINE = 0.75  # files of pixels smaller than this share of the grid's are averaged, others interpolated
_UNDECLARED_NODATA = -32768  # of SRTM, where a file declares none


class MissingTiles(StrEnum):
    """What to do where no file, or only a large void, covers the grid."""

    SEA_LEVEL = "sea_level"
    ERROR = "error"


@dataclass
class Elevation:
    """Elevation on a grid; `cover` tells the files and the share of the grid within them.

    `report` is told, once, about voids that were found in reading. Safe to use from several threads.
    """

    cover: DemCover
    grid: MapGrid
    missing: MissingTiles = MissingTiles.SEA_LEVEL
    smoothing: float = 0.0
    report: Callable[[str], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _counts: Counts | None = field(default=None, repr=False)
    _mean: float | None = field(default=None, repr=False)

    def counts(self) -> Counts:
        """Counts of the whole grid, int16, without no-data; read-only, read from the files when not held.

        Raises `AuxiliaryError` naming the file that is cut or damaged.
        """
        with self._lock:
            if self._counts is None:
                self._counts = self._read()
                self._mean = (float(self._counts.mean(dtype=np.float64)) + OFFSET) * SCALE
            return self._counts

    def metres(self) -> FloatImage:
        """Elevation of the whole grid in metres."""
        return counts_to_physical(self.counts(), OFFSET, SCALE, NODATA)

    def mean(self) -> float:
        """Mean elevation of the grid in metres; has the files read when they were not yet."""
        if self._mean is None:
            self.counts()
        assert self._mean is not None
        return self._mean

    def release(self) -> None:
        """Forget the counts; they are read again when asked for."""
        with self._lock:
            self._counts = None

    @property
    def source(self) -> str:
        """The file that lies over all others."""
        return str(self.cover.files[-1].path)

    def _read(self) -> Counts:
        counts = _resampled(self.cover.files, self.grid)
        voids = fill_voids(counts, NODATA, round(LARGEST_VOID / self.grid.resolution**2))
        self._tell(voids)
        if voids.absent:
            counts[counts == NODATA] = -round(OFFSET)
        if self.smoothing:
            counts = _smoothed(counts, self.smoothing / self.grid.resolution)
        counts.flags.writeable = False
        return counts

    def _tell(self, voids: VoidCount) -> None:
        """Report voids; `AuxiliaryError` where there is no elevation and none may be assumed."""
        share = voids.absent / (self.grid.rows * self.grid.columns)
        if voids.absent and self.missing is MissingTiles.ERROR:
            raise AuxiliaryError(
                f"{self.source}: no elevation for {share:.2%} of the tile (voids larger than "
                f"{LARGEST_VOID / 1e6:g} km2), expected all of it"
            )
        if self.report is None or not (voids.filled or voids.absent):
            return
        self.report(
            f"elevation: {voids.filled} void pixels interpolated, {voids.absent} ({share:.2%}) without "
            "elevation taken as sea level"
        )


def open_elevation(
    source: Path,
    grid: MapGrid,
    *,
    missing: MissingTiles = MissingTiles.SEA_LEVEL,
    smoothing: float = 0.0,
    report: Callable[[str], None] | None = None,
) -> Elevation:
    """Open the elevation model `source`, a folder or a file, on `grid`, reading headers only.

    missing : where no file covers the grid: sea level (absent DTED files are sea), or an error.
    smoothing : standard deviation in metres of a Gaussian over the resampled elevation; 0 for none.

    Raises `AuxiliaryError` as `find_cover` does, and when `missing` is error and a part has no file.
    """
    cover = find_cover(source, grid)
    if cover.share < 1.0 and missing is MissingTiles.ERROR:
        raise AuxiliaryError(f"{source}: covers {cover.share:.1%} of the tile, expected all of it")
    return Elevation(cover, grid, missing, smoothing, report)


def _resampled(files: Sequence[DemFile], grid: MapGrid) -> Counts:
    """Counts of the grid, `NODATA` where no file has an elevation; finer files lie over coarser ones."""
    counts = np.empty((grid.rows, grid.columns), np.int16)
    with quiet_gdal():
        mosaics = [
            (_mosaic(list(group)), _method(size, grid)) for (size, *_), group in groupby(files, key=_likeness)
        ]
        for top in range(0, grid.rows, _STRIPE):
            rows = min(_STRIPE, grid.rows - top)
            values = _stripe(mosaics, grid, top, rows)
            if values is None:
                raise AuxiliaryError(_culprit(files))
            values[(values < LOWEST) | (values > HIGHEST)] = np.nan
            physical_to_counts(
                values, 1.0 / SCALE, OFFSET, NODATA, NODATA + 1, 32767, counts[top : top + rows]
            )
    return counts


def _likeness(file: DemFile) -> tuple[float, str, str, int]:
    """What files of one mosaic share."""
    return file.pixel_size, file.projection, str(file.nodata), file.kind


def _method(pixel_size: float, grid: MapGrid) -> str:
    """Cubic convolution leaves no facets between coarse posts, the mean lets no fine relief alias."""
    return "average" if pixel_size < _FINE * grid.resolution else "cubic"


def _mosaic(files: Sequence[DemFile]) -> gdal.Dataset:
    """Like files as one virtual image, so that interpolation sees beyond the edge of each."""
    nodata = _UNDECLARED_NODATA if files[0].nodata is None else files[0].nodata
    options = gdal.BuildVRTOptions(resolution="highest", srcNodata=nodata, VRTNodata=nodata)
    try:
        mosaic = gdal.BuildVRT("", [str(file.path) for file in files], options=options)
    except RuntimeError:
        mosaic = None
    if mosaic is None:
        raise AuxiliaryError(_culprit(files))
    return mosaic


def _stripe(
    mosaics: Sequence[tuple[gdal.Dataset, str]], grid: MapGrid, top: int, rows: int
) -> FloatImage | None:
    """Elevation in metres of some rows of the grid, NaN where there is none; None when a file is damaged."""
    target = gdal.GetDriverByName("MEM").Create("", grid.columns, rows, 1, gdal.GDT_Float32)
    size = float(grid.resolution)
    target.SetGeoTransform((grid.upper_left_x, size, 0.0, grid.upper_left_y - top * size, 0.0, -size))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(grid.epsg)
    target.SetProjection(reference.ExportToWkt())
    band = target.GetRasterBand(1)
    band.SetNoDataValue(math.nan)
    band.Fill(math.nan)
    for mosaic, method in mosaics:
        options = gdal.WarpOptions(resampleAlg=method, errorThreshold=_PLACE_ERROR, dstNodata=math.nan)
        gdal.ErrorReset()
        try:
            done = gdal.Warp(target, mosaic, options=options)
        except RuntimeError:
            return None
        if not done or gdal.GetLastErrorType() >= gdal.CE_Failure:
            return None
    values: FloatImage = band.ReadAsArray()
    return values


def _culprit(files: Sequence[DemFile]) -> str:
    """What to say of files one of which cannot be read: the first that cannot, row by row."""
    for file in files:
        try:
            dataset = gdal.Open(str(file.path))
            read = dataset is not None and all(
                dataset.GetRasterBand(1).ReadRaster(0, row, file.columns, 1) is not None
                for row in range(file.rows)
            )
        except RuntimeError:
            read = False
        if not read:
            reason = " ".join(gdal.GetLastErrorMsg().split()) or "cut or damaged"
            return f"{file.path}: elevation cannot be read: {reason}"
    reason = " ".join(gdal.GetLastErrorMsg().split()) or "unknown reason"
    return f"{files[0].path}: elevation cannot be resampled to the tile: {reason}"


def _smoothed(counts: Counts, sigma: float) -> Counts:
    """Counts after a Gaussian of `sigma` pixels, cut at four of them; the edges are continued outwards."""
    # Imported where it is used, for every command would start by loading scipy otherwise.
    from scipy import ndimage

    reach = math.ceil(_KERNEL_REACH * sigma)
    smoothed = np.empty_like(counts)
    for top in range(0, counts.shape[0], _STRIPE):
        first, last = max(top - reach, 0), min(top + _STRIPE + reach, counts.shape[0])
        values = counts_to_physical(counts[first:last], OFFSET, SCALE, NODATA)
        values = ndimage.gaussian_filter(values, sigma, mode="nearest", radius=reach)
        rows = np.ascontiguousarray(values[top - first : top - first + _STRIPE])
        physical_to_counts(
            rows, 1.0 / SCALE, OFFSET, NODATA, NODATA + 1, 32767, smoothed[top : top + rows.shape[0]]
        )
    return smoothed
