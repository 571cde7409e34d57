"""Elevation models on a tile's grid: known ground, real DTED, voids, gaps, and files that are no good."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import pytest
from osgeo import gdal, osr
from scipy import ndimage

from ipf.auxiliary import elevation as module
from ipf.auxiliary.dem_voids import fill_voids
from ipf.auxiliary.elevation import NODATA, SCALE, MissingTiles, open_elevation
from ipf.errors import AuxiliaryError
from ipf.product.raster import Grid

GRID = Grid(32632, 399960.0, 5300040.0, 20, 300, 240)
"""A corner of tile 32TMT, at 7.66 degrees east, 47.84 north."""
QUANTUM = SCALE / 2 + 1e-3


def write(
    path: Path,
    values: npt.NDArray[Any],
    transform: tuple[float, ...],
    epsg: int = 4326,
    nodata: float | None = None,
) -> Path:
    """A GeoTIFF of one band."""
    kinds = {"int16": gdal.GDT_Int16, "float32": gdal.GDT_Float32, "uint8": gdal.GDT_Byte}
    rows, columns = values.shape
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, kinds[values.dtype.name])
    dataset.SetGeoTransform(transform)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(epsg)
    dataset.SetProjection(reference.ExportToWkt())
    if nodata is not None:
        dataset.GetRasterBand(1).SetNoDataValue(nodata)
    dataset.GetRasterBand(1).WriteArray(values)
    return path


def on_grid(path: Path, values: npt.NDArray[Any], nodata: float | None = None, factor: int = 1) -> Path:
    """A GeoTIFF that covers the grid, of pixels `factor` times finer."""
    left, size, _, top, _, height = GRID.geotransform
    return write(path, values, (left, size / factor, 0.0, top, 0.0, height / factor), GRID.epsg, nodata)


def hill() -> npt.NDArray[np.float32]:
    """Smooth ground of some hundred metres on the grid."""
    rows, columns = np.mgrid[0 : GRID.rows, 0 : GRID.columns]
    return (400 + 150 * np.sin(rows / 25) * np.cos(columns / 31)).astype(np.float32)


def geographic(west: float, east: float, south: float, north: float, step: float = 1 / 1200) -> Any:
    """Slanted ground on a geographic grid with posts on its edges, as DTED has; with its geotransform."""
    longitude = np.arange(round((east - west) / step) + 1) * step + west
    latitude = north - np.arange(round((north - south) / step) + 1) * step
    values = slanted(*np.meshgrid(longitude, latitude)).astype(np.float32)
    return values, (west - step / 2, step, 0.0, north + step / 2, 0.0, -step)


def slanted(longitude: Any, latitude: Any) -> Any:
    """Ground that rises evenly with longitude and latitude."""
    return 3000.0 * (longitude - 7.0) + 5000.0 * (latitude - 47.0)


def at_pixels(grid: Grid) -> tuple[Any, Any]:
    """Longitude and latitude of the pixel centres."""
    easting = grid.upper_left_x + (np.arange(grid.columns) + 0.5) * grid.resolution
    northing = grid.upper_left_y - (np.arange(grid.rows) + 0.5) * grid.resolution
    move = pyproj.Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    return move.transform(*np.meshgrid(easting, northing))


def metres(source: Path, **options: Any) -> npt.NDArray[np.float32]:
    """Elevations of the whole grid."""
    return open_elevation(source, GRID, **options).metres()


def test_a_model_on_the_same_grid_comes_back_within_its_quantum(tmp_path: Path) -> None:
    truth = hill()
    opened = open_elevation(on_grid(tmp_path / "dem.tif", truth), GRID)
    assert np.abs(opened.metres() - truth).max() <= QUANTUM
    assert opened.mean() == pytest.approx(truth.mean(), abs=0.01)
    assert opened.cover.share == 1.0


def test_whole_metres_and_sea_level_are_exact(tmp_path: Path) -> None:
    truth = np.arange(GRID.rows * GRID.columns, dtype=np.int16).reshape(GRID.shape) % 8000 - 400
    found = metres(on_grid(tmp_path / "dem.tif", truth.astype(np.int16)))
    assert np.array_equal(found, truth.astype(np.float32))


def test_posts_in_degrees_are_placed_on_the_map(tmp_path: Path) -> None:
    values, transform = geographic(7.5, 7.9, 47.6, 48.0)
    write(tmp_path / "dem.tif", values, transform)
    truth = slanted(*at_pixels(GRID))
    # 0.02 of a pixel is 0.4 m of place, on ground that rises by 6 m in 100 m.
    assert np.abs(metres(tmp_path) - truth).max() < 0.02 * 20 * 0.06 + QUANTUM


def test_srtm_files_are_read_with_their_voids(tmp_path: Path) -> None:
    posts = np.rint(geographic(7.0, 8.0, 47.0, 48.0)[0]).astype(">i2")
    posts[200:204, 805:808] = -32768
    (tmp_path / "N47E007.hgt").write_bytes(posts.tobytes())
    (tmp_path / "S47E007.hgt").write_bytes(b"is not looked at")
    said: list[str] = []
    found = metres(tmp_path, report=said.append)
    assert np.abs(found - slanted(*at_pixels(GRID))).max() < 25.0
    assert np.sqrt(np.mean((found - slanted(*at_pixels(GRID))) ** 2)) < 0.5
    assert " 0 (0.00%) without elevation" in said[0]


def test_no_seam_between_files_of_a_folder(tmp_path: Path) -> None:
    step = 1 / 1200
    middle = 7.68 - 7.68 % step
    (tmp_path / "a").mkdir()
    for name, west, east in (("a/west.TIF", 7.5, middle), ("east.tif", middle, 7.9)):
        values, transform = geographic(west, east, 47.6, 48.0)
        write(tmp_path / name, values, transform)
    opened = open_elevation(tmp_path, GRID)
    assert len(opened.cover.files) == 2
    truth = slanted(*at_pixels(GRID))
    assert np.abs(opened.metres() - truth).max() < 0.02 * 20 * 0.06 + QUANTUM


def test_a_finer_file_lies_over_a_coarser_one(tmp_path: Path) -> None:
    values, transform = geographic(7.5, 7.9, 47.6, 48.0, step=1 / 400)
    write(tmp_path / "z_coarse.tif", np.zeros_like(values), transform)
    on_grid(tmp_path / "a_fine.tif", hill()[:150])
    found = metres(tmp_path)
    assert np.abs(found[:150] - hill()[:150]).max() <= QUANTUM
    assert np.all(found[150:] == 0.0)


def test_finer_pixels_are_averaged(tmp_path: Path) -> None:
    fine = np.random.default_rng(3).uniform(0, 100, (GRID.rows * 4, GRID.columns * 4)).astype(np.float32)
    truth = fine.reshape(GRID.rows, 4, GRID.columns, 4).mean(axis=(1, 3))
    assert np.abs(metres(on_grid(tmp_path / "dem.tif", fine, factor=4)) - truth).max() <= QUANTUM


@pytest.mark.parametrize(("nodata", "kind"), [(-32767.0, "int16"), (None, "int16"), (np.nan, "float32")])
def test_small_voids_are_filled_and_counted(tmp_path: Path, nodata: float | None, kind: str) -> None:
    truth = hill()
    holed = np.rint(truth).astype(kind)
    holed[100:110, 50:57] = -32768 if nodata is None else nodata
    said: list[str] = []
    found = metres(
        on_grid(tmp_path / "dem.tif", holed, nodata), missing=MissingTiles.ERROR, report=said.append
    )
    assert np.abs(found - truth)[100:110, 50:57].max() < 12.0
    whole = np.ones(truth.shape, bool)
    whole[98:112, 48:59] = False
    assert np.abs(found - truth)[whole].max() < 0.7
    assert said == ["elevation: 70 void pixels interpolated, 0 (0.00%) without elevation taken as sea level"]


def test_large_voids_are_sea_or_an_error(tmp_path: Path) -> None:
    holed = hill()
    holed[:, :120] = -9999.0
    path = on_grid(tmp_path / "dem.tif", holed)
    found = metres(path)
    assert np.all(found[:, :119] == 0.0)
    assert np.all(found[:, 121:] > 200.0)
    opened = open_elevation(path, GRID, missing=MissingTiles.ERROR)
    with pytest.raises(AuxiliaryError, match=r"dem\.tif: no elevation for 50\.00% of the tile"):
        opened.counts()


def test_voids_are_told_apart_and_filled_by_size() -> None:
    counts = np.full((60, 60), 100, np.int16)
    counts[:, 30:] = 200
    counts[6, 6] = counts[8, 9] = counts[40:50, 40:50] = counts[20, 31] = NODATA
    found = fill_voids(counts, NODATA, largest=50)
    assert (found.filled, found.absent) == (3, 100)
    assert counts[6, 6] == counts[8, 9] == 100
    assert 100 < counts[20, 31] <= 200
    assert np.all(counts[40:50, 40:50] == NODATA)


def test_nothing_but_void_stays_void() -> None:
    counts = np.full((9, 9), NODATA, np.int16)
    assert fill_voids(counts, NODATA, largest=1000).absent == 81


def test_smoothing_is_a_gaussian_whatever_the_stripes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rough = np.random.default_rng(1).uniform(0, 200, GRID.shape).astype(np.float32)
    path = on_grid(tmp_path / "dem.tif", rough)
    truth = ndimage.gaussian_filter(rough.astype(np.float64), 1.5, mode="nearest", truncate=4.0)
    monkeypatch.setattr(module, "_STRIPE", 77)
    found = metres(path, smoothing=30.0)
    assert np.abs(found - truth).max() < 2 * QUANTUM
    monkeypatch.setattr(module, "_STRIPE", 1000)
    assert np.array_equal(found, metres(path, smoothing=30.0))


def test_files_are_read_once_when_first_asked_by_any_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    resampled = module._resampled

    def counted(*arguments: Any) -> Any:
        calls.append(threading.get_ident())
        return resampled(*arguments)

    monkeypatch.setattr(module, "_resampled", counted)
    opened = open_elevation(on_grid(tmp_path / "dem.tif", hill()), GRID)
    assert not calls
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(opened.counts())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert all(counts is opened.counts() for counts in found)
    opened.release()
    assert np.array_equal(opened.counts(), found[0])
    assert len(calls) == 2


def test_a_folder_without_elevation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing")
    with pytest.raises(AuxiliaryError, match=r"no elevation file \(\.dt0, .*\) in this folder"):
        open_elevation(tmp_path, GRID)
    with pytest.raises(AuxiliaryError, match="absent: does not exist"):
        open_elevation(tmp_path / "absent", GRID)


def test_a_model_elsewhere_is_refused_with_the_tile_s_extent(tmp_path: Path) -> None:
    values, transform = geographic(10.0, 10.1, 47.0, 47.1)
    write(tmp_path / "dem.tif", values, transform)
    extent = (
        r"longitude 7\.66\d to 7\.7\d\d, latitude 47\.79\d to 47\.84\d degrees \(EPSG:32632, easting 399960 "
    )
    with pytest.raises(AuxiliaryError, match=extent):
        open_elevation(tmp_path, GRID)


def test_a_model_of_a_part_of_the_tile_tells_how_much(tmp_path: Path) -> None:
    path = on_grid(tmp_path / "dem.tif", hill()[:180])
    opened = open_elevation(path, GRID)
    assert opened.cover.share == pytest.approx(0.6, abs=0.01)
    assert np.all(opened.metres()[182:] == 0.0)
    with pytest.raises(AuxiliaryError, match=r"covers 60\.\d% of the tile, expected all of it"):
        open_elevation(path, GRID, missing=MissingTiles.ERROR)


def test_a_cut_file_is_named_when_it_is_read(tmp_path: Path) -> None:
    on_grid(tmp_path / "good.tif", hill())
    path = on_grid(tmp_path / "cut.tif", hill())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    opened = open_elevation(tmp_path, GRID)
    with pytest.raises(AuxiliaryError, match=r"cut\.tif: elevation cannot be read"):
        opened.counts()


def test_what_is_no_elevation_is_refused_or_left_out(tmp_path: Path) -> None:
    picture = on_grid(tmp_path / "mask.tif", np.zeros(GRID.shape, np.uint8))
    (tmp_path / "AUXFILES").mkdir()
    on_grid(tmp_path / "AUXFILES" / "errors.tif", np.full(GRID.shape, 5, np.float32))
    on_grid(tmp_path / "dem.tif", hill())
    assert np.abs(metres(tmp_path) - hill()).max() <= QUANTUM
    picture.write_text("no picture")
    with pytest.raises(AuxiliaryError, match=r"mask\.tif: cannot be opened as elevation"):
        metres(tmp_path)
    plain = gdal.GetDriverByName("GTiff").Create(str(picture), 9, 9, 1, gdal.GDT_Int16)
    plain.FlushCache()
    with pytest.raises(AuxiliaryError, match=r"mask\.tif: expected a georeference"):
        metres(tmp_path)


def test_feet_are_refused(tmp_path: Path) -> None:
    path = on_grid(tmp_path / "dem.tif", hill())
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).SetUnitType("ft")
    dataset = None
    with pytest.raises(AuxiliaryError, match=r"dem\.tif: elevation in 'ft', expected metres"):
        open_elevation(path, GRID)


MADEIRA = Grid(32628, 300000.0, 3650040.0, 20, 1500, 3600)


def test_real_dted_agrees_with_its_own_posts(reference_data: Path) -> None:
    folder = reference_data / "geometry_madeira" / "DEM_SRTM"
    opened = open_elevation(folder, MADEIRA)
    assert [file.path.parent.name + "/" + file.path.name for file in opened.cover.files] == [
        "w017/n32.dt1",
        "w018/n32.dt1",
    ]
    assert opened.cover.share == 1.0
    some = np.s_[::4, ::3]
    elevation = opened.metres()[some]
    longitude, latitude = (degrees[some] for degrees in at_pixels(MADEIRA))
    for name, west in (("w017", -17.0), ("w018", -18.0)):
        posts = gdal.Open(str(folder / name / "n32.dt1")).ReadAsArray().astype(np.float64)
        inside = (longitude > west) & (longitude < west + 1)

        def misfit(
            down: float, right: float, inside: Any = inside, posts: Any = posts, west: float = west
        ) -> Any:
            """Root mean square difference from the posts, were they moved by a share of their distance."""
            position = np.stack(
                [(33.0 - latitude[inside]) * 1200 + down, (longitude[inside] - west) * 1200 + right]
            )
            spline = ndimage.map_coordinates(posts, position, order=3, mode="nearest")
            return np.sqrt(np.mean((elevation[inside] - spline) ** 2))

        here = misfit(0.0, 0.0)
        assert here < 1.0
        # A twentieth of a post is 4 to 5 m.
        assert min(misfit(0.05, 0.0), misfit(-0.05, 0.0), misfit(0.0, 0.05), misfit(0.0, -0.05)) > 1.4 * here


def test_cut_dted_is_refused_in_opening(reference_data: Path, tmp_path: Path) -> None:
    whole = reference_data / "geometry_madeira" / "DEM_SRTM" / "w017" / "n32.dt1"
    (tmp_path / "w017").mkdir()
    cut = tmp_path / "w017" / "n32.dt1"
    shutil.copyfile(whole, cut)
    cut.write_bytes(whole.read_bytes()[:2_000_000])
    with pytest.raises(AuxiliaryError, match=r"w017/n32\.dt1: cut: 2000000 bytes, expected 2902642"):
        open_elevation(tmp_path, MADEIRA)


def test_files_far_away_are_not_opened(reference_data: Path, tmp_path: Path) -> None:
    shutil.copytree(reference_data / "geometry_madeira" / "DEM_SRTM" / "w017", tmp_path / "w017")
    (tmp_path / "e120").mkdir()
    (tmp_path / "e120" / "n32.dt1").write_text("is not looked at")
    assert len(open_elevation(tmp_path, MADEIRA).cover.files) == 1
    with pytest.raises(AuxiliaryError, match=r"none of 3 elevation files is near longitude 7\.66"):
        open_elevation(tmp_path, GRID)


@pytest.mark.parametrize("name", ["433D_629L_3_1", "38D_378R_2_3", "282D_485L_3_3"])
def test_real_models_of_whole_metres_are_smoothed(reference_data: Path, name: str) -> None:
    path = reference_data / "pairs" / "DEM" / f"{name}.tif"
    dataset = gdal.Open(str(path))
    left, _, _, top, _, _ = dataset.GetGeoTransform()
    epsg = int(dataset.GetSpatialRef().GetAuthorityCode(None))
    grid = Grid(epsg, left, top, 20, 111, 111)
    posts = dataset.ReadAsArray()[:222, :222].astype(np.float64)
    mean = posts.reshape(111, 2, 111, 2).mean(axis=(1, 3))
    found = open_elevation(path, grid, smoothing=30.0).metres()
    truth = ndimage.gaussian_filter(mean, 1.5, mode="nearest", truncate=4.0)
    assert np.abs(found - truth).max() < 2 * QUANTUM
