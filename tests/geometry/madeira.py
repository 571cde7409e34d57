"""The real acquisition over Madeira, and its location grids as ESA's Sen2VM computes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from lxml import etree
from osgeo import gdal

from ipf.auxiliary.elevation import MissingTiles
from ipf.auxiliary.sensor_geometry import read_sensor_geometry
from ipf.auxiliary.terrain_files import open_terrain
from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.terrain import Terrain
from ipf.product.bands import BANDS

Floats = npt.NDArray[np.float64]

STEPS = {10: 600, 20: 300, 60: 100}
"""Pixels between nodes of the direct grids, by pixel size in metres."""
GRANULE_LINES = {10: 2304, 20: 1152, 60: 384}
RESOLUTIONS = {band.name: band.resolution for band in BANDS}
BOX = (-20.0, 31.0, -15.0, 34.5)
"""West, south, east, north of all that is seen, degrees, with room for parallax."""
UPPER_LEFT, INVERSE_STEPS = (199980.0, 3700020.0), {10: 6000, 20: 3000, 60: 1000}
"""First node of the inverse grids (easting and northing, UTM zone 28), and metres between nodes."""


@dataclass(frozen=True)
class DirectGrid:
    """One granule's grid in one band: lines, pixels and what Sen2VM found; the last three (rows, columns)."""

    name: str
    band: str
    detector: int
    lines: Floats
    pixels: Floats
    longitude: Floats
    latitude: Floats
    height: Floats


@dataclass(frozen=True)
class InverseGrid:
    """One detector's grid in one band: columns and rows in the datastrip's image, at nodes in UTM zone 28."""

    name: str
    band: str
    detector: int
    easting: Floats
    northing: Floats
    column: Floats
    row: Floats


def madeira(data: Path, refining: bool = True) -> SensorGeometry:
    """The acquisition."""
    folder = data / "geometry_madeira"
    datastrip = next((folder / "DATASTRIP").iterdir())
    return read_sensor_geometry(datastrip, folder / "GIPP", refining=refining)


def madeira_terrain(data: Path) -> Terrain:
    """Elevation and geoid under it; sea where there is no file."""
    folder = data / "geometry_madeira"
    geoid = next((folder / "DEM_GEOID").glob("*.gtx"))
    return open_terrain(folder / "DEM_SRTM", geoid, *BOX, missing=MissingTiles.SEA_LEVEL)


def direct_grids(data: Path) -> Iterator[DirectGrid]:
    """All grids of the odd detectors."""
    folder = data / "geometry_madeira"
    for path in sorted((folder / "reference" / "direct").glob("*.tif")):
        found = re.search(r"_(S\w+_D(\d\d))_(B\w\w)\.tif$", path.name)
        assert found
        band, detector, resolution = found[3], int(found[2]), RESOLUTIONS[found[3]]
        values = _pixels(path)
        step = STEPS[resolution]
        first = _granule_start(folder, path.name) * 10 // resolution
        rows = (first + step // 2) // step + np.arange(values.shape[1])
        lines, pixels = 1.0 + rows * step, np.arange(values.shape[2]) * float(step)
        yield DirectGrid(path.stem, band, detector, lines, pixels, *values)


def inverse_grids(data: Path) -> Iterator[InverseGrid]:
    """All grids of the odd detectors."""
    for path in sorted((data / "geometry_madeira" / "reference" / "inverse").glob("*.tif")):
        found = re.search(r"_D(\d\d)_(B\w\w)\.tif$", path.name)
        assert found
        band, detector = found[2], int(found[1])
        column, row = _pixels(path)
        step = INVERSE_STEPS[RESOLUTIONS[band]]
        easting = UPPER_LEFT[0] + step * np.arange(column.shape[1])
        northing = UPPER_LEFT[1] - step * np.arange(column.shape[0])
        yield InverseGrid(path.stem, band, detector, *np.meshgrid(easting, northing), column, row)


def ground_distance(
    longitude: Floats, latitude: Floats, other_longitude: Floats, other_latitude: Floats
) -> Floats:
    """Metres between neighbouring places on the ellipsoid."""
    phi = np.deg2rad(latitude)
    w = 1.0 - 0.0066943799901413165 * np.sin(phi) ** 2
    east = np.deg2rad(longitude - other_longitude) * 6378137.0 / np.sqrt(w) * np.cos(phi)
    north = np.deg2rad(latitude - other_latitude) * 6378137.0 * (1 - 0.0066943799901413165) / w**1.5
    return np.hypot(east, north)


def _granule_start(folder: Path, name: str) -> int:
    """Lines of a 10 m band before the granule that a grid is of."""
    granule = name.replace("_GEO_", "_MSI_").rsplit("_", 1)[0] + "_N05.00"
    metadata = next((folder / "GRANULE" / granule).glob("*.xml"))
    position = etree.parse(metadata).findtext(".//{*}POSITION")
    assert position
    return int(position) - 1


def _pixels(path: Path) -> Floats:
    dataset = gdal.OpenEx(str(path), gdal.OF_RASTER)
    return np.asarray(dataset.ReadAsArray(), np.float64)
