"""What of a tile lies under the outline of its datastrip, and images of a band without what lies outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from ipf_plugins.geometric.read_l1b import TileFrame
from ipf_plugins.geometric.tile_folders import IMAGES, QUALITY, TileFolders
from ipf_plugins.geometric.tile_pieces import link

from ipf.geometry.acquisition import FloatArray
from ipf.product.bands import BY_NAME
from ipf.product.geotiff import read_geotiff, write_geotiff
from ipf.product.masks import QUALITY_FLAGS, rasterise
from ipf.product.raster import Array, Grid, raster_of_array

OUTLINE_RESOLUTION = 60
"""Pixel size, m, that the outline is followed by: alike in all bands."""
NO_DATA_FLAG = 1 << QUALITY_FLAGS.index("no_data")
_STEP_DEG = 0.02
_SURROUNDINGS_M = 150_000.0
"""Half the side of the square around the middle of a tile that an outline is cut to."""

Mask = npt.NDArray[np.bool_]


def outline_on_map(rings: Sequence[FloatArray], grid: Grid, margin: float = 0.0) -> shapely.Geometry:
    """The area inside rings of longitudes and latitudes (n, 2), deg, in the projection of a grid, m.

    Only what lies around the tile is looked at, so that strips of any length, and those over a pole or the
    antimeridian, are placed. `margin` are metres by which the area is grown.
    """
    half = grid.rows * grid.resolution / 2.0, grid.columns * grid.resolution / 2.0
    to_map = pyproj.Transformer.from_crs(4326, grid.epsg, always_xy=True)
    middle = to_map.transform(grid.upper_left_x + half[1], grid.upper_left_y - half[0], direction="INVERSE")
    plane = pyproj.Proj(proj="laea", lon_0=middle[0], lat_0=middle[1], ellps="WGS84")
    side = _SURROUNDINGS_M + margin
    areas = [shapely.make_valid(shapely.Polygon(np.column_stack(plane(*followed(ring).T)))) for ring in rings]
    around = shapely.intersection(shapely.union_all(areas), shapely.box(-side, -side, side, side))
    grown = shapely.segmentize(shapely.buffer(around, margin), 2000.0)

    def on_map(places: FloatArray) -> FloatArray:
        longitudes, latitudes = plane(places[:, 0], places[:, 1], inverse=True)
        return np.column_stack(to_map.transform(longitudes, latitudes))

    return shapely.make_valid(shapely.transform(grown, on_map))


def followed(ring: FloatArray) -> FloatArray:
    """A ring with points every 0.02 degrees along its edges, straight in longitude and latitude."""
    closed = np.vstack((ring, ring[:1]))
    closed[:, 0] = np.rad2deg(np.unwrap(np.deg2rad(closed[:, 0])))
    pieces = []
    for start, end in pairwise(closed):
        count = max(1, int(np.ceil(np.max(np.abs(end - start)) / _STEP_DEG)))
        pieces.append(start + np.linspace(0.0, 1.0, count, endpoint=False)[:, None] * (end - start))
    return np.vstack(pieces)


def covers(area: shapely.Geometry, grid: Grid) -> bool:
    """Whether an area in the projection of a grid holds all of the grid."""
    return bool(shapely.covers(area, _square(grid)))


def reaches(area: shapely.Geometry, grid: Grid) -> bool:
    """Whether an area in the projection of a grid holds some of the grid."""
    return bool(shapely.area(shapely.intersection(area, _square(grid))) > 0.0)


def _square(grid: Grid) -> shapely.Polygon:
    width, height = grid.columns * grid.resolution, grid.rows * grid.resolution
    left, top = grid.upper_left_x, grid.upper_left_y
    return shapely.box(left, top - height, left + width, top)


def inside(area: shapely.Geometry, grid: Grid) -> Mask:
    """Pixels of a grid whose centre lies in an area in its projection."""
    parts = shapely.get_parts(shapely.get_parts(area))  # of a collection of groups
    polygons = [part for part in parts if isinstance(part, shapely.Polygon)]
    rings = ((part.exterior, *part.interiors) for part in polygons if not part.is_empty)
    return rasterise((tuple(np.array(ring.coords)[:-1] for ring in group) for group in rings), grid)


def band_files(folders: TileFolders, band: str) -> Mapping[str, Path]:
    """Image, detectors and quality of a band by their place in the tile; ProductError for one missing."""
    image = folders.file(f"{IMAGES}/T{folders.name.tile}_*_{band}.tif")
    masks = (f"{QUALITY}/MSK_{kind}_{band}.tif" for kind in ("DETFOO", "QUALIT"))
    return {f"{IMAGES}/{image.name}": image, **{name: folders.file(name) for name in masks}}


def band_targets(folders: TileFolders, bands: Sequence[str], folder: Path) -> Iterator[Path]:
    """Where images and masks of bands are put when they are cleared."""
    for band in bands:
        for name in band_files(folders, band):
            yield folder / name


def clear_outside(frame: TileFrame, band: str, kept: Mask, folder: Path) -> int:
    """Give a band's image and masks to `folder`, as no data outside the pixels `kept` of 60 m.

    Files of a band of which nothing is seen there are given as they are. Returns how many pixels went.
    """
    files = band_files(frame.folders, band)
    image, footprint, quality = files
    detectors = read_geotiff(files[footprint]).read_all()
    factor = OUTLINE_RESOLUTION // BY_NAME[band].resolution
    outside = ~np.repeat(np.repeat(kept, factor, axis=0), factor, axis=1)
    outside = outside[: detectors.shape[0], : detectors.shape[1]]
    count = int(np.count_nonzero(detectors[outside]))
    if not count:
        for name in files:
            (folder / name).unlink(missing_ok=True)
        link(folder, files)
        return 0
    for name, value in ((image, 0), (footprint, 0), (quality, NO_DATA_FLAG)):
        _write_cleared(files[name], folder / name, outside, value)
    return count


def _write_cleared(source: Path, target: Path, outside: Mask, value: int) -> None:
    raster = read_geotiff(source)
    samples: Array = raster.read_all().copy()
    samples[outside] = value
    cleared = raster_of_array(
        raster.layer, raster.grid, samples, raster.unit, raster.scale, raster.offset, raster.nodata
    )
    write_geotiff(cleared, target, compress=False)
