"""Geoids: the ground segment's ENVI image, GTX and GeoTIFF give the same heights, also around the Earth."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr

from ipf.auxiliary.geoid import Geoid, read_geoid
from ipf.errors import AuxiliaryError

LONGITUDES = -180 + np.arange(36) * 10.0
LATITUDES = 90 - np.arange(19) * 10.0
HEIGHTS = (50 * np.cos(np.radians(LONGITUDES))[None, :] * np.cos(np.radians(LATITUDES))[:, None]).astype("f4")


def envi(folder: Path) -> Path:
    """The heights as an ENVI image called .gtx, its header beside it."""
    (folder / "geoid.gtx").write_bytes(HEIGHTS.astype("<f4").tobytes())
    (folder / "geoid.HDR").write_text(
        "ENVI\nsamples = 36\nlines = 19\nbands = 1\nheader offset = 0\ndata type = 4\ninterleave = bsq\n"
        "byte order = 0\nmap info = {Geographic Lat/Lon, 1, 1, -185, 95, 10, 10, WGS-84}\n"
    )
    return folder / "geoid.gtx"


def gtx(folder: Path) -> Path:
    """The heights as a GTX grid: south first, big-endian, header inside (NOAA VDatum)."""
    header = struct.pack(">ddddii", -90.0, -180.0, 10.0, 10.0, 19, 36)
    (folder / "geoid.gtx").write_bytes(header + HEIGHTS[::-1].astype(">f4").tobytes())
    return folder / "geoid.gtx"


def geotiff(folder: Path, heights: np.ndarray = HEIGHTS) -> Path:
    """The heights as a GeoTIFF."""
    rows, columns = heights.shape
    path = folder / "geoid.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, gdal.GDT_Float32)
    dataset.SetGeoTransform((-185, 10, 0, 95, 0, -10))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.GetRasterBand(1).WriteArray(heights)
    return path


@pytest.mark.parametrize("write", [envi, gtx, geotiff])
def test_all_forms_give_the_same(tmp_path: Path, write: object) -> None:
    assert callable(write)
    write(tmp_path)
    geoid = read_geoid(tmp_path)
    assert (geoid.west, geoid.north, geoid.step_lon, geoid.step_lat) == (-180, 90, 10, 10)
    assert geoid.around
    np.testing.assert_array_equal(geoid.heights, HEIGHTS)


def test_bilinear_between_posts_and_around_the_earth(tmp_path: Path) -> None:
    geoid = read_geoid(envi(tmp_path))
    found = geoid.on_mesh(np.array([-180.0, 175.0, 182.5, 540.0, -5.0]), np.array([90.0, 45.0, -90.0]))
    middle = (HEIGHTS[4] + HEIGHTS[5]) / 2
    expected = [middle[0], (middle[35] + middle[0]) / 2, 0.75 * middle[0] + 0.25 * middle[1], middle[0]]
    np.testing.assert_allclose(found[1, :4], expected, rtol=1e-6)
    np.testing.assert_allclose(found[1, 4], (middle[17] + middle[18]) / 2, rtol=1e-6)
    np.testing.assert_allclose(found[[0, 2]], 0.0, atol=1e-5)


def test_a_regional_geoid_ends() -> None:
    region = Geoid(np.ones((3, 4), np.float32), 10.0, 50.0, 1.0, 1.0, "region.tif")
    assert region.on_mesh(np.array([10.0, 13.0]), np.array([50.0, 48.0])).tolist() == [[1, 1], [1, 1]]
    for longitude, latitude in ((9.9, 49.0), (13.1, 49.0), (11.0, 51.0), (11.0, 47.0)):
        with pytest.raises(AuxiliaryError, match=r"region\.tif: geoid ends"):
            region.on_mesh(np.array([longitude]), np.array([latitude]))


def test_what_is_no_geoid_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuxiliaryError, match="0 geoids"):
        read_geoid(tmp_path)
    with pytest.raises(AuxiliaryError, match="does not exist"):
        read_geoid(tmp_path / "absent.gtx")
    (tmp_path / "bad.gtx").write_bytes(b"bad")
    with pytest.raises(AuxiliaryError, match=r"bad\.gtx: cannot be opened"):
        read_geoid(tmp_path / "bad.gtx")
    with pytest.raises(AuxiliaryError, match="heights of 500"):
        read_geoid(geotiff(tmp_path, np.full((19, 36), 500, "f4")))
    damaged = HEIGHTS.copy()
    damaged[3, 4] = np.nan
    with pytest.raises(AuxiliaryError, match="expected a geoid"):
        read_geoid(geotiff(tmp_path, damaged))


def test_a_cut_image_is_refused(tmp_path: Path) -> None:
    path = envi(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(AuxiliaryError, match=r"geoid\.gtx"):
        read_geoid(path)


def test_the_ground_segments_geoid(reference_data: Path) -> None:
    geoid = read_geoid(reference_data / "geometry_madeira" / "DEM_GEOID")
    assert (geoid.heights.shape, geoid.west, geoid.north, geoid.step_lon) == ((721, 1440), -180, 90, 0.25)
    # At the checkpoint of the reference: a height of 42.5387 m at sea.
    found = geoid.on_mesh(np.array([-18.919024167218094]), np.array([33.79483143151926]))
    assert found[0, 0] == pytest.approx(42.538715533140156, abs=1e-4)
