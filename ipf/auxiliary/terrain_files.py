"""Terrain of a box of degrees from elevation files and a geoid, for lines of sight to meet.

Posts stay where the files have them: the mesh of the mosaic is that of the finest files. Posts of other
meshes (DTED widens the steps of longitude above 50 degrees) are interpolated bilinearly, which is how lines
of sight see the surface between posts anyway. Where there is no file there is sea; voids within files are
interpolated from their rim when they are small, and refused, or sea on request, when they are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
from osgeo import gdal

from ipf.auxiliary.dem_files import (
    METRES_PER_DEGREE,
    DemFile,
    find_files_near,
    quiet_gdal,
    read_posts,
)
from ipf.auxiliary.dem_voids import CELL, fill_voids
from ipf.auxiliary.elevation import HIGHEST, LARGEST_VOID, LOWEST, MissingTiles
from ipf.auxiliary.geoid import read_geoid
from ipf.auxiliary.terrain_mesh import (
    ON_MESH,
    Mesh,
    PlacedFile,
    checked_box,
    is_post_grid,
    likeness,
    mesh_of,
    placed_files,
    words_of,
)
from ipf.errors import AuxiliaryError
from ipf.geometry.terrain import Terrain

FloatImage = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_COUNTS_PER_METRE, _VOID_COUNT = 4.0, -32768  # voids are filled in counts of a quarter of a metre
_EDGE = 0.5  # share of a step that a file reaches beyond its outermost posts


def open_terrain(
    dem: Path | None,
    geoid: Path | None,
    west: float,
    south: float,
    east: float,
    north: float,
    *,
    missing: MissingTiles = MissingTiles.ERROR,
    report: Callable[[str], None] | None = None,
) -> Terrain:
    """Read the terrain of a box of degrees: elevation of the files of `dem` plus heights of `geoid`.

    dem : folder or file of elevation (DTED, GeoTIFF, SRTM, or what GDAL reads); None for sea everywhere
    geoid : file or folder of the geoid; None where elevations count from the ellipsoid already
    west, south, east, north : box in degrees; a box with west beyond east crosses the antimeridian
    missing : what a void within a file is that is larger than `LARGEST_VOID`
    report : is told about voids and about a box without files

    Raises `AuxiliaryError` naming file or folder, and for a box that is none or too large.
    """
    box = checked_box(west, south, east, north)
    files = () if dem is None else find_files_near(dem, *box)
    placed = sorted(placed_files(files, box), key=likeness, reverse=True)
    others = [file for file in files if not is_post_grid(file)]
    mesh = mesh_of(box, placed, others)
    heights = np.full((mesh.rows, mesh.columns), np.nan, np.float32)
    covered = np.zeros(heights.shape, bool)
    with quiet_gdal():
        for file in sorted(others, key=lambda other: -other.pixel_size):
            _warp(file, mesh, heights, covered)
        for _, group in groupby(placed, key=likeness):
            _add_group(list(group), mesh, heights, covered)
    if report is not None and not covered.any():
        report(f"terrain: no elevation file within {words_of(box)}, taken as sea")
    heights[~covered] = 0.0
    _fill(heights, mesh, dem, missing, report)
    if geoid is not None:
        heights += read_geoid(geoid).on_mesh(mesh.longitudes, mesh.latitudes)
    return Terrain(heights, mesh.west, mesh.north, mesh.step_lon, mesh.step_lat)


def _add_group(group: Sequence[PlacedFile], mesh: Mesh, heights: FloatImage, covered: Mask) -> None:
    """Lay files that share one mesh over what is there."""
    first = group[0]
    row_of_first = (first.north - mesh.north) / first.step_lat
    column_of_first = (mesh.west - first.west) / first.step_lon
    # The part of the files' own mesh that holds the mosaic, with a post more on each side.
    top = math.floor(row_of_first + ON_MESH) - 1
    left = math.floor(column_of_first + ON_MESH) - 1
    rows = math.ceil((mesh.rows - 1) * mesh.step_lat / first.step_lat) + 4
    columns = math.ceil((mesh.columns - 1) * mesh.step_lon / first.step_lon) + 4
    own = np.full((rows, columns), np.nan, np.float32)
    row = (
        np.arange(mesh.rows, dtype=np.float64) * mesh.step_lat + (first.north - mesh.north)
    ) / first.step_lat - top
    column = (
        np.arange(mesh.columns, dtype=np.float64) * mesh.step_lon + (mesh.west - first.west)
    ) / first.step_lon - left
    for placed in group:
        down = round((first.north - placed.north) / first.step_lat) - top
        across = round((placed.west - first.west) / first.step_lon) - left
        _paste(placed.file, own, down, across)
        inside_rows = (row >= down - _EDGE) & (row <= down + placed.file.rows - 1 + _EDGE)
        inside_columns = (column >= across - _EDGE) & (column <= across + placed.file.columns - 1 + _EDGE)
        covered |= inside_rows[:, None] & inside_columns[None, :]
    _lay_over(own, row, column, heights)


def _paste(file: DemFile, own: FloatImage, down: int, across: int) -> None:
    """Put the posts of a file at their place in `own`; voids leave what is there."""
    top, left = max(-down, 0), max(-across, 0)
    bottom, right = min(own.shape[0] - down, file.rows), min(own.shape[1] - across, file.columns)
    if bottom <= top or right <= left:
        return
    values = _read(file, left, top, right - left, bottom - top)
    target = own[down + top : down + bottom, across + left : across + right]
    np.copyto(target, values, where=~np.isnan(values))


def _read(file: DemFile, left: int, top: int, columns: int, rows: int) -> FloatImage:
    """Elevations of a window in metres, NaN where void."""
    values = read_posts(file, (left, top, columns, rows))
    heights: FloatImage = values.astype(np.float32)
    if file.nodata is not None:
        heights[values == file.nodata] = np.nan
    heights[~((heights >= LOWEST) & (heights <= HIGHEST))] = np.nan
    return heights


def _lay_over(
    own: FloatImage,
    row: npt.NDArray[np.float64],
    column: npt.NDArray[np.float64],
    heights: FloatImage,
) -> None:
    """Lay `own`, at fractional rows and columns of its mesh, over `heights`, but for its voids.

    Between posts bilinear; beside a void the weights of the posts there are count, as long as the nearest is.
    """
    upper, row_share = _split(row)
    left, column_share = _split(column)
    if not row_share.any() and not column_share.any():
        values = own[upper[0] : upper[-1] + 1, left[0] : left[-1] + 1]
        np.copyto(heights, values, where=~np.isnan(values))
        return
    nearest_column = left + (column_share > _EDGE)
    for index, (above, share) in enumerate(zip(upper, row_share, strict=True)):
        total = np.zeros(len(column), np.float64)
        weights = np.zeros(len(column), np.float64)
        for line, line_weight in ((own[above], 1 - share), (own[above + 1], share)):
            for posts, weight in ((line[left], 1 - column_share), (line[left + 1], column_share)):
                known = ~np.isnan(posts)
                total += np.where(known, posts, 0.0) * weight * line_weight
                weights += known * weight * line_weight
        nearest = own[above + int(share > _EDGE)][nearest_column]
        known = ~np.isnan(nearest) & (weights > 0)
        heights[index][known] = (total[known] / weights[known]).astype(np.float32)


def _split(position: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Index of the post before each position and the share of the way to the next, none where on a post."""
    before = np.floor(position + ON_MESH).astype(np.int64)
    share = np.clip(position - before, 0.0, 1.0)
    share[share < 2 * ON_MESH] = 0.0
    return before, share


def _warp(file: DemFile, mesh: Mesh, heights: FloatImage, covered: Mask) -> None:
    """Lay a file of a map projection over what is there, interpolated bilinearly at the posts."""
    target = gdal.GetDriverByName("MEM").Create("", mesh.columns, mesh.rows, 1, gdal.GDT_Float32)
    left, top = mesh.west - mesh.step_lon / 2, mesh.north + mesh.step_lat / 2
    target.SetGeoTransform((left, mesh.step_lon, 0.0, top, 0.0, -mesh.step_lat))
    target.SetProjection("EPSG:4326")
    band = target.GetRasterBand(1)
    band.SetNoDataValue(math.nan)
    band.Fill(math.nan)
    options = gdal.WarpOptions(resampleAlg="bilinear", errorThreshold=0.0, dstNodata=math.nan)
    gdal.ErrorReset()
    try:
        done = gdal.Warp(target, str(file.path), options=options)
    except RuntimeError:
        done = None
    if not done or gdal.GetLastErrorType() >= gdal.CE_Failure:
        reason = " ".join(gdal.GetLastErrorMsg().split()) or "cut or damaged"
        raise AuxiliaryError(f"{file.path}: elevation cannot be read: {reason}")
    values = band.ReadAsArray()
    values[~((values >= LOWEST) & (values <= HIGHEST))] = np.nan
    known = ~np.isnan(values)
    np.copyto(heights, values, where=known)
    covered |= known


def _fill(
    heights: FloatImage,
    mesh: Mesh,
    dem: Path | None,
    missing: MissingTiles,
    report: Callable[[str], None] | None,
) -> None:
    """Interpolate small voids in place; larger ones are an error, or sea."""
    void = np.isnan(heights)
    if not void.any():
        return
    middle = math.radians(mesh.north - mesh.rows * mesh.step_lat / 2)
    area = mesh.step_lat * mesh.step_lon * METRES_PER_DEGREE**2 * max(math.cos(middle), 1e-3)
    padding = [(0, -size % CELL) for size in heights.shape]
    metres = np.where(void, 0.0, np.clip(heights, LOWEST, 32767 / _COUNTS_PER_METRE))
    counts = np.rint(metres * _COUNTS_PER_METRE).astype(np.int16)
    counts[void] = _VOID_COUNT
    counts = np.pad(counts, padding, mode="edge")
    found = fill_voids(counts, _VOID_COUNT, round(LARGEST_VOID / area))
    counts = counts[: heights.shape[0], : heights.shape[1]]
    filled = void & (counts != _VOID_COUNT)
    heights[filled] = counts[filled] / np.float32(_COUNTS_PER_METRE)
    absent = int((void & ~filled).sum())
    if absent and missing is MissingTiles.ERROR:
        rows, columns = np.nonzero(void & ~filled)
        west, east = (mesh.west + mesh.step_lon * float(end) for end in (columns.min(), columns.max()))
        south, north = (mesh.north - mesh.step_lat * float(end) for end in (rows.max(), rows.min()))
        raise AuxiliaryError(
            f"{dem}: no elevation at {absent} posts of voids larger than {LARGEST_VOID / 1e6:g} km2, within "
            f"{words_of((west, south, east, north))}, expected files without such holes"
        )
    heights[void & ~filled] = 0.0
    if report is not None:
        report(f"terrain: {found.filled} void posts interpolated, {absent} taken as sea level")
