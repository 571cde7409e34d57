"""Terrain mosaics: posts where files have them, sea between files, voids, other meshes, the antimeridian."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr
from scipy import ndimage

from ipf.auxiliary.elevation import MissingTiles
from ipf.auxiliary.terrain_files import open_terrain
from ipf.errors import AuxiliaryError
from tests.auxiliary.test_geoid import envi

VOID = -32767


def plane(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Elevation that bilinear interpolation reproduces."""
    return 1000.0 + 40.0 * longitude[None, :] - 25.0 * latitude[:, None]


def geotiff(
    folder: Path,
    west: int,
    south: int,
    steps: int = 10,
    columns: int | None = None,
    heights: np.ndarray | None = None,
    overlap: int = 1,
) -> Path:
    """A file of one degree whose first post is at its north-west corner, posts shared with its neighbours."""
    across, down = (columns or steps) + overlap, steps + overlap
    longitude = west + np.arange(across) / (columns or steps)
    latitude = south + 1 - np.arange(down) / steps
    path = folder / f"{west}_{south}.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), across, down, 1, gdal.GDT_Float32)
    half_lon, half_lat = 0.5 / (columns or steps), 0.5 / steps
    dataset.SetGeoTransform((west - half_lon, 2 * half_lon, 0, south + 1 + half_lat, 0, -2 * half_lat))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    dataset.SetProjection(reference.ExportToWkt())
    band = dataset.GetRasterBand(1)
    band.SetNoDataValue(VOID)
    band.WriteArray(plane(longitude, latitude) if heights is None else heights)
    return path


def test_posts_stay_where_they_are(tmp_path: Path) -> None:
    for west in (10, 11):
        for south in (40, 41):
            geotiff(tmp_path, west, south)
    terrain = open_terrain(tmp_path, None, 10.23, 40.31, 11.78, 41.5)
    assert (terrain.step_lon, terrain.step_lat) == pytest.approx((0.1, 0.1))
    assert (terrain.west, terrain.north) == pytest.approx((10.2, 41.5))
    assert terrain.heights.shape == (13, 17)
    longitude = terrain.west + np.arange(17) * terrain.step_lon
    latitude = terrain.north - np.arange(13) * terrain.step_lat
    np.testing.assert_allclose(terrain.heights, plane(longitude, latitude), atol=1e-3)


def test_without_files_there_is_sea_over_the_geoid(tmp_path: Path) -> None:
    geotiff(tmp_path, 10, 40)
    geoid = envi(tmp_path)
    said: list[str] = []
    terrain = open_terrain(tmp_path, geoid, 10.5, 40.5, 12.0, 40.9, report=said.append)
    sea = open_terrain(None, geoid, 10.5, 40.5, 12.0, 40.9)
    assert said == []
    longitude = terrain.west + np.arange(terrain.heights.shape[1]) * terrain.step_lon
    east = longitude > 11.01
    assert east.any()
    row = np.searchsorted(-(sea.north - np.arange(sea.heights.shape[0]) * sea.step_lat), -terrain.north)
    column = np.rint((longitude - sea.west) / sea.step_lon).astype(int)
    np.testing.assert_allclose(terrain.heights[0, east], sea.heights[row, column[east]], atol=0.05)
    assert (terrain.heights[0, ~east] > 300).all()
    far = open_terrain(tmp_path, None, -50.5, 10.5, -50.0, 11.0, report=said.append)
    assert not far.heights.any()
    assert "no elevation file within longitude -50.500" in said[0]


def test_coarser_steps_of_longitude_beside_finer_ones(tmp_path: Path) -> None:
    geotiff(tmp_path, 10, 49, steps=20)
    geotiff(tmp_path, 10, 50, steps=20, columns=10)
    geotiff(tmp_path, 10, 51, steps=10, columns=5)
    terrain = open_terrain(tmp_path, None, 10.0, 49.0, 11.0, 52.0)
    assert terrain.heights.shape == (61, 21)
    longitude = terrain.west + np.arange(21) * terrain.step_lon
    latitude = terrain.north - np.arange(61) * terrain.step_lat
    np.testing.assert_allclose(terrain.heights, plane(longitude, latitude), atol=1e-3)


def test_files_without_shared_posts_leave_no_seam(tmp_path: Path) -> None:
    for west in (10, 11):
        geotiff(tmp_path, west, 49, steps=20, overlap=0)
        geotiff(tmp_path, west, 50, steps=20, columns=10, overlap=0)
    terrain = open_terrain(tmp_path, None, 10.1, 49.1, 11.8, 50.9)
    longitude = terrain.west + np.arange(terrain.heights.shape[1]) * terrain.step_lon
    latitude = terrain.north - np.arange(terrain.heights.shape[0]) * terrain.step_lat
    np.testing.assert_allclose(terrain.heights, plane(longitude, latitude), atol=1e-3)


@pytest.mark.parametrize(("west", "east"), [(179.5, -179.5), (179.5, 180.5), (-180.5, -179.5)])
def test_across_the_antimeridian(tmp_path: Path, west: float, east: float) -> None:
    for left in (179, -180):
        longitude = (left + np.arange(11) / 10) % 360
        geotiff(tmp_path, left, 10, heights=plane(longitude, 11 - np.arange(11) / 10) % 32000)
    terrain = open_terrain(tmp_path, None, west, 10.0, east, 11.0)
    assert terrain.heights.shape == (11, 11)
    longitude = (terrain.west + np.arange(11) * terrain.step_lon) % 360
    latitude = terrain.north - np.arange(11) * terrain.step_lat
    np.testing.assert_allclose(terrain.heights, plane(longitude, latitude), atol=1e-2)


def test_small_voids_are_filled_and_large_ones_refused(tmp_path: Path) -> None:
    steps = 1200
    longitude, latitude = 10 + np.arange(steps + 1) / steps, 41 - np.arange(steps + 1) / steps
    heights = plane(longitude, latitude)
    heights[600, 600:602] = VOID
    geotiff(tmp_path, 10, 40, steps=steps, heights=heights)
    said: list[str] = []
    terrain = open_terrain(tmp_path, None, 10.4, 40.4, 10.6, 40.6, report=said.append)
    row, column = round((terrain.north - 40.5) * steps), round((10.5 - terrain.west) * steps)
    assert terrain.heights[row, column] == pytest.approx(plane(longitude, latitude)[600, 600], abs=0.5)
    assert said == ["terrain: 2 void posts interpolated, 0 taken as sea level"]
    heights[500:700, 500:700] = VOID
    geotiff(tmp_path, 10, 40, steps=steps, heights=heights)
    with pytest.raises(AuxiliaryError, match="no elevation at 40000 posts of voids"):
        open_terrain(tmp_path, None, 10.3, 40.3, 10.7, 40.7)
    sea = open_terrain(tmp_path, None, 10.3, 40.3, 10.7, 40.7, missing=MissingTiles.SEA_LEVEL)
    assert (sea.heights == 0).sum() == 40000


def test_projected_files_are_interpolated(tmp_path: Path) -> None:
    path = tmp_path / "utm.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 400, 400, 1, gdal.GDT_Int16)
    dataset.SetGeoTransform((400_000, 90, 0, 4_536_000, 0, -90))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32632)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.GetRasterBand(1).Fill(321)
    dataset = None
    terrain = open_terrain(path, None, 7.9, 40.75, 8.1, 40.9)
    assert terrain.step_lat == pytest.approx(90 / 111_320)
    assert (terrain.heights == 321).all()


@pytest.mark.parametrize(
    "box",
    [(10, 41, 11, 40), (10, 40, 10, 41), (10, 40, 11, 95), (float("nan"), 40, 11, 41), (0, 40, 359.5, 41)],
)
def test_boxes_that_are_none(tmp_path: Path, box: tuple[float, float, float, float]) -> None:
    with pytest.raises(AuxiliaryError, match="is no box on the Earth"):
        open_terrain(None, None, *box)


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(AuxiliaryError, match="no elevation file"):
        open_terrain(tmp_path, None, 10, 40, 11, 41)
    (tmp_path / "n40.tif").write_bytes(b"II*\0damaged")
    with pytest.raises(AuxiliaryError, match=r"n40\.tif: cannot be opened"):
        open_terrain(tmp_path, None, 10, 40, 11, 41)


def test_damaged_files_are_told(tmp_path: Path) -> None:
    heights = np.random.default_rng(1).integers(0, 900, (401, 401)).astype(np.float64)
    path = geotiff(tmp_path, 10, 40, steps=400, heights=heights)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(AuxiliaryError, match=r"10_40\.tif: (heights )?cannot be"):
        open_terrain(tmp_path, None, 10, 40, 11, 41)


def dted(path: Path, heights: np.ndarray, south: int, west: int) -> Path:
    """A DTED file of one degree (MIL-PRF-89020B) from heights (rows, columns), row 0 northernmost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = heights.shape
    plain = path.with_suffix(".tif")
    source = gdal.GetDriverByName("GTiff").Create(str(plain), columns, rows, 1, gdal.GDT_Int16)
    across, down = 1 / (columns - 1), 1 / (rows - 1)
    source.SetGeoTransform((west - across / 2, across, 0, south + 1 + down / 2, 0, -down))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    source.SetProjection(reference.ExportToWkt())
    source.GetRasterBand(1).WriteArray(heights)
    assert gdal.GetDriverByName("DTED").CreateCopy(str(path), source, 0) is not None
    source = None
    plain.unlink()
    return path


def test_levels_of_dted_beside_one_another_above_50_degrees(tmp_path: Path) -> None:
    # Level 0: 121 posts of latitude; of longitude 121 up to 50 degrees, 61 from there on.
    slope = np.arange(121)[::-1, None] * 4.0
    dted(tmp_path / "e010" / "n49.dt0", (slope + np.zeros(121)).astype(np.int16), 49, 10)
    dted(tmp_path / "e010" / "n50.dt0", (480 + slope + np.zeros(61)).astype(np.int16), 50, 10)
    terrain = open_terrain(tmp_path, None, 10.2, 49.5, 10.8, 50.5)
    assert (1 / terrain.step_lat, 1 / terrain.step_lon) == pytest.approx((120, 120))
    latitude = terrain.north - np.arange(terrain.heights.shape[0]) * terrain.step_lat
    expected = np.broadcast_to(((latitude - 49) * 480)[:, None], terrain.heights.shape)
    np.testing.assert_allclose(terrain.heights, expected, atol=1e-2)


def test_voids_and_cuts_of_dted(tmp_path: Path) -> None:
    heights = np.full((121, 121), 200, np.int16)
    heights[60, 60] = VOID
    path = dted(tmp_path / "e010" / "n49.dt0", heights, 49, 10)
    assert (open_terrain(tmp_path, None, 10.2, 49.2, 10.8, 49.8).heights == 200).all()
    heights[40:80, 40:80] = VOID
    dted(path, heights, 49, 10)
    with pytest.raises(AuxiliaryError, match="no elevation at 1600 posts"):
        open_terrain(tmp_path, None, 10.2, 49.2, 10.8, 49.8)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(AuxiliaryError, match=r"n49\.dt0: cut"):
        open_terrain(tmp_path, None, 10.2, 49.2, 10.8, 49.8)


def test_heights_of_the_reference_lie_on_the_terrain(reference_data: Path) -> None:
    folder = reference_data / "geometry_madeira"
    terrain = open_terrain(folder / "DEM_SRTM", folder / "DEM_GEOID", -20.0, 31.0, -14.5, 35.0)
    grids = sorted((folder / "reference" / "direct").iterdir())
    longitude, latitude, height = (
        np.concatenate(bands)
        for bands in zip(
            *(gdal.Open(str(path)).ReadAsArray().reshape(3, -1) for path in grids[::3]), strict=True
        )
    )
    column, row = (longitude - terrain.west) / terrain.step_lon, (terrain.north - latitude) / terrain.step_lat
    found = ndimage.map_coordinates(terrain.heights.astype(np.float64), [row, column], order=1)
    assert (height > 100).sum() > 50  # on the island
    np.testing.assert_allclose(found, height, atol=1e-4)


def test_real_dted_over_its_geoid(reference_data: Path) -> None:
    folder = reference_data / "geometry_madeira"
    terrain = open_terrain(folder / "DEM_SRTM", folder / "DEM_GEOID", -17.5, 32.2, -16.0, 33.2)
    sea = open_terrain(None, folder / "DEM_GEOID", -17.5, 32.2, -16.0, 33.2)
    assert 1 / terrain.step_lat == pytest.approx(1200)
    dataset = gdal.Open(str(folder / "DEM_SRTM" / "w017" / "n32.dt1"))
    posts = dataset.ReadAsArray()
    row, column = round((33 - terrain.north) * -1200), round((-17 - terrain.west) * 1200)
    summit = np.unravel_index(posts.argmax(), posts.shape)
    undulation = terrain.heights[summit[0] + row, summit[1] + column] - posts.max()
    assert sea.heights.min() < undulation < sea.heights.max()
