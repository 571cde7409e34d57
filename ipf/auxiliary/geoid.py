"""Heights of the geoid above the ellipsoid: ENVI images (also those called ``.gtx``), GTX grids, GeoTIFF.

The ground segment's file (type DEM_GEOIDF) is an ENVI image of 0.25 degree steps with its header beside it
and the extension of a GTX grid; a true GTX (NOAA VDatum) has its header inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from osgeo import gdal

from ipf.auxiliary.dem_files import describe, read_posts, reference_system
from ipf.errors import AuxiliaryError

Floats = npt.NDArray[np.float64]

FILE_TYPE = "DEM_GEOIDF"
EXTENSIONS = (".gtx", ".tif", ".tiff", ".dbl", ".img", ".bin")
"""Extensions looked for in a folder, in any case."""
LARGEST = 150.0
"""Largest distance in metres between geoid and ellipsoid: EGM2008 has -107 to 86 m."""

_LARGEST_POSTS = 400_000_000
_FULL_TURN = 360.0


@dataclass(frozen=True, slots=True)
class Geoid:
    """Heights (m) at posts (rows, columns), row 0 northernmost; `west`, `north` of the first one, degrees."""

    heights: npt.NDArray[np.float32]
    west: float
    north: float
    step_lon: float
    step_lat: float
    source: str = ""

    @property
    def around(self) -> bool:
        """Whether the columns go once around the Earth."""
        return bool(self.heights.shape[1] * self.step_lon > _FULL_TURN - self.step_lon / 2)

    def on_mesh(self, longitude: Floats, latitude: Floats) -> npt.NDArray[np.float32]:
        """Heights (latitudes, longitudes) in metres of a mesh, bilinear between posts.

        `longitude` (columns,) and `latitude` (rows,) in degrees. Raises `AuxiliaryError` naming the file when
        the mesh goes beyond it.
        """
        rows, columns = self.heights.shape
        row = (self.north - latitude) / self.step_lat
        column = ((longitude - self.west) % _FULL_TURN) / self.step_lon
        last = columns if self.around else columns - 1
        # A turn that ends a rounding error before 360 degrees is no turn.
        column = np.where(column > _FULL_TURN / self.step_lon - 1e-6, 0.0, column)
        if row.min() < -0.5 or row.max() > rows - 0.5 or column.max() > last + 1e-6:
            raise AuxiliaryError(
                f"{self.source}: geoid ends within longitude {longitude.min():.3f} to {longitude.max():.3f}, "
                f"latitude {latitude.min():.3f} to {latitude.max():.3f} degrees"
            )
        upper, row_share = _neighbours(np.clip(row, 0, rows - 1), rows - 1)
        left, column_share = _neighbours(np.minimum(column, last), last)
        right = (left + 1) % columns
        lower = np.minimum(upper + 1, rows - 1)
        heights = np.empty((len(latitude), len(longitude)), np.float32)
        for index, share in enumerate(row_share):
            line = self.heights[upper[index]] * (1 - share) + self.heights[lower[index]] * share
            heights[index] = line[left] * (1 - column_share) + line[right] * column_share
        return heights


def _neighbours(position: Floats, last: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Index of the post before each position, and the share (0-1) of the way to the next."""
    before = np.clip(np.floor(position).astype(np.int64), 0, max(last - 1, 0))
    return before, position - before


def read_geoid(path: Path) -> Geoid:
    """Read a geoid, a file or the folder that holds it.

    Raises `AuxiliaryError` naming the file when it cannot be opened, is no grid of longitudes and latitudes,
    or holds heights that no geoid has.
    """
    geoid = _file_of(path)
    drivers = ["ENVI"] if _has_envi_header(geoid) else []
    file = describe(geoid, drivers)
    west, step_lon, skew_x, north, skew_y, step_down = file.geotransform
    if (
        not reference_system(file.projection).is_geographic
        or skew_x
        or skew_y
        or step_lon <= 0
        or step_down >= 0
    ):
        raise AuxiliaryError(f"{file.path}: expected a geoid on a north-up grid of longitudes and latitudes")
    if file.rows < 2 or file.columns < 2 or file.rows * file.columns > _LARGEST_POSTS:
        raise AuxiliaryError(f"{file.path}: {file.rows} x {file.columns} posts, expected a geoid")
    expected = file.rows * file.columns * gdal.GetDataTypeSize(file.kind) // 8
    if drivers and geoid.stat().st_size < expected:  # GDAL gives zeros instead of what is missing
        raise AuxiliaryError(f"{geoid}: cut: {geoid.stat().st_size} bytes, expected {expected}")
    heights = read_posts(file, (0, 0, file.columns, file.rows), drivers).astype(np.float32)
    lowest, highest = float(heights.min()), float(heights.max())
    if not (math.isfinite(lowest) and -LARGEST <= lowest <= highest <= LARGEST):
        raise AuxiliaryError(
            f"{file.path}: heights of {lowest:g} to {highest:g} m, expected a geoid within {LARGEST:g} m"
        )
    return Geoid(heights, west + step_lon / 2, north + step_down / 2, step_lon, -step_down, str(file.path))


def _has_envi_header(path: Path) -> bool:
    """Whether an ENVI header stands beside the file: heights may pass for the header of a GTX."""
    for header in (path.with_suffix(".HDR"), path.with_suffix(".hdr")):
        if header.is_file():
            with header.open("rb") as stream:
                return stream.read(4) == b"ENVI"
    return False


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        if not path.exists():
            raise AuxiliaryError(f"{path}: does not exist, expected a geoid")
        return path
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in EXTENSIONS)
    if len(found) != 1:
        raise AuxiliaryError(f"{path}: {len(found)} geoids ({', '.join(EXTENSIONS)}), expected one")
    return found[0]
