"""Real pairs of Level-1C and Sen2Cor's Level-2A pixels.

Neither angles nor atmosphere are stated. What is fitted is fitted on the left half of a scene; the right half
is left for the comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
from ipf_plugins.atmospheric.surface_reflectance import BANDS
from osgeo import gdal

from ipf.atmosphere.profile import pressure_at
from ipf.product.angles import Direction
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.raster import Grid
from tests.sun import sun_position

gdal.UseExceptions()

Image = npt.NDArray[np.float32]

SIDE = 222
"""Pixels of 10 m per side: the largest whole number of 60 m pixels in the 224 that there are."""
LEFT, RIGHT = slice(0, 108), slice(114, 222)
"""Columns of 10 m: whole pixels of 60 m on either side of the middle, whose pixel is left out."""
VIEW = Direction(5.0, 100.0)
"""Unknown; the middle of what the instrument sees."""
TILE = "36MXC"
"""Name that the scenes are given; where they lie is stated only roughly."""
OZONE = 0.331
"""cm-atm; unknown, Sen2Cor's default."""
SMOOTHING_M = 30.0
"""Standard deviation in metres by which the elevations, whole metres in copies of 30 m, are smoothed."""
BEYOND = 60
"""Pixels by which the elevation model is continued at the height of its edge, lest a cliff be there."""

SCENES = {"38D_378R_2_3": (0, 0), "433D_629L_3_1": (1000, 1000), "282D_485L_3_3": (1000, 0)}
"""Counts added to reflectance in Level-1C and in Level-2A, by scene."""
HILLS = "433D_629L_3_1"
"""The one with slopes; the others are taken to be level."""


@dataclass(frozen=True)
class Pair:
    """One scene: counts of Level-1C and reflectance of Level-2A by band at native resolution, and the
    elevation in metres at 10 m."""

    name: str
    grid: Grid
    time: datetime
    l1c_offset: int
    l1c_counts: dict[str, npt.NDArray[np.uint16]]
    boa: dict[str, Image]
    dem: npt.NDArray[np.int16]

    @property
    def elevation(self) -> float:
        """Mean elevation in metres."""
        return float(self.dem.mean())

    @property
    def pressure(self) -> float:
        """Surface pressure of the standard atmosphere at the mean elevation, hPa."""
        return float(pressure_at(self.elevation / 1000.0))

    @property
    def sun(self) -> Direction:
        """Where the sun stood at the stated time."""
        x = self.grid.upper_left_x + 5.0 * SIDE
        y = self.grid.upper_left_y - 5.0 * SIDE
        longitude, latitude = pyproj.Transformer.from_crs(self.grid.epsg, 4326, always_xy=True).transform(
            x, y
        )
        return sun_position(self.time, latitude, longitude)

    def write_elevation_model(self, path: Path) -> Path:
        """Write the elevation as a file that the chain reads, with a rim at the height of its edge."""
        height = np.pad(self.dem, BEYOND, mode="edge")
        rows, columns = height.shape
        made = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, gdal.GDT_Int16)
        left, top = self.grid.upper_left_x - 10 * BEYOND, self.grid.upper_left_y + 10 * BEYOND
        made.SetGeoTransform((left, 10.0, 0.0, top, 0.0, -10.0))
        made.SetProjection(pyproj.CRS.from_epsg(self.grid.epsg).to_wkt())
        made.GetRasterBand(1).WriteArray(height)
        return path


def read_pair(reference_data: Path, name: str) -> Pair:
    """Read one scene, cropped to whole pixels of 60 m."""
    folder = reference_data / "pairs"
    l1c_offset, l2a_offset = SCENES[name]
    l1c = gdal.Open(str(folder / "S2L1C" / f"{name}.tif"))
    transform = l1c.GetGeoTransform()
    epsg = int(l1c.GetSpatialRef().GetAuthorityCode(None))
    top = l1c.ReadAsArray()
    boa = (gdal.Open(str(folder / "S2L2A" / f"{name}.tif")).ReadAsArray() - l2a_offset) * 1e-4
    stated = gdal.Open(str(folder / "LULC" / f"{name}.tif")).GetMetadata()["datetime"]
    return Pair(
        name=name,
        grid=Grid(epsg, transform[0], transform[3], 10, SIDE, SIDE),
        time=datetime.fromisoformat(stated[:19]).replace(tzinfo=UTC),
        l1c_offset=l1c_offset,
        l1c_counts={b: native(image, b).astype(np.uint16) for b, image in zip(BAND_NAMES, top, strict=True)},
        boa={b: native(image, b).astype(np.float32) for b, image in zip(BANDS, boa, strict=True)},
        dem=gdal.Open(str(folder / "DEM" / f"{name}.tif")).ReadAsArray(),
    )


def native(image: npt.NDArray[np.generic], band: str) -> npt.NDArray[np.generic]:
    """Native pixels of a band that is repeated on 10 m pixels."""
    step = BY_NAME[band].resolution // 10
    return image[:SIDE:step, :SIDE:step]


def part(image: npt.NDArray[Any], columns: slice) -> npt.NDArray[Any]:
    """Columns of a square image of a scene, given in pixels of 10 m."""
    step = SIDE // image.shape[1]
    return image[:, columns.start // step : columns.stop // step]


def root_mean_square(difference: npt.NDArray[np.floating]) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(difference, dtype=np.float64))))
