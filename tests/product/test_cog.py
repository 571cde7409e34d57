"""Cloud Optimized GeoTIFF: the layout, what the tags say, and the overviews."""

from __future__ import annotations

import resource
import signal
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from ipf.errors import OutputError
from ipf.kernels.overviews import halved
from ipf.product.cog import CogTags, overview_factors, write_cog
from ipf.product.raster import Grid

GRID = Grid(32631, 300000.0, 4900020.0, 20, 1203, 1101)
REFLECTANCE = CogTags("B05", "1", 1e-4, -1000.0, 0)
PALETTE = ((0, 0, 0), (255, 0, 0), (0, 160, 0))


@pytest.fixture(params=[gdal.UseExceptions, gdal.DontUseExceptions], ids=["raising", "returning"])
def gdal_mode(request: pytest.FixtureRequest) -> Iterator[None]:
    """GDAL raising its errors, and returning them: a plugin may have set either for the whole process."""
    before = gdal.GetUseExceptions()
    request.param()
    yield
    (gdal.UseExceptions if before else gdal.DontUseExceptions)()


def counts(planes: int = 1) -> np.ndarray:
    random = np.random.default_rng(3)
    made = random.integers(1, 5000, (planes, *GRID.shape)).astype(np.uint16)
    made[:, :, -100:] = 0
    return made if planes > 1 else made[0]


def directories(path: Path) -> list[dict[int, tuple[int, ...]]]:
    """Tags with whole numbers of every directory of a little-endian classic TIFF, each with its position."""
    content = path.read_bytes()
    assert content[:4] == b"II*\x00"
    sizes = {3: "H", 4: "I"}
    (position,) = struct.unpack_from("<I", content, 4)
    found = []
    while position:
        tags: dict[int, tuple[int, ...]] = {-1: (position,)}
        (number,) = struct.unpack_from("<H", content, position)
        for index in range(number):
            tag, kind, count = struct.unpack_from("<HHI", content, position + 2 + 12 * index)
            if kind in sizes:
                field = position + 2 + 12 * index + 8
                if count * struct.calcsize(sizes[kind]) > 4:
                    (field,) = struct.unpack_from("<I", content, field)
                tags[tag] = struct.unpack_from(f"<{count}{sizes[kind]}", content, field)
        found.append(tags)
        (position,) = struct.unpack_from("<I", content, position + 2 + 12 * number)
    return found


WIDTH, HEIGHT, OFFSETS, TILE_WIDTH, TILE_LENGTH = 256, 257, 324, 322, 323


def test_the_layout_is_cloud_optimised(tmp_path: Path, gdal_mode: None) -> None:
    """Directories come first, from fine to coarse; then pixels, from coarse to fine; all in tiles."""
    path = tmp_path / "new" / "B05.tif"
    write_cog(path, counts(), GRID, REFLECTANCE)
    found = directories(path)
    assert [(tags[HEIGHT][0], tags[WIDTH][0]) for tags in found] == [(1203, 1101), (602, 551), (301, 276)]
    assert all((tags[TILE_WIDTH], tags[TILE_LENGTH]) == ((512,), (512,)) for tags in found)
    places = [tags[-1][0] for tags in found]
    assert places == sorted(places)
    first_pixels = [min(tags[OFFSETS]) for tags in found]
    assert first_pixels == sorted(first_pixels, reverse=True)
    assert max(places) < min(first_pixels)
    assert gdal.Open(str(path)).GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG"
    assert [entry.name for entry in path.parent.iterdir()] == ["B05.tif"]


def test_reflectance_comes_back_with_its_scale(tmp_path: Path, gdal_mode: None) -> None:
    path, written = tmp_path / "B05.tif", counts()
    write_cog(path, written, GRID, REFLECTANCE)
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(1)
    np.testing.assert_array_equal(band.ReadAsArray(), written)
    assert (band.GetScale(), band.GetOffset(), band.GetNoDataValue()) == (1e-4, -0.1, 0)
    assert (band.GetDescription(), band.GetUnitType()) == ("B05", "1")
    assert dataset.GetGeoTransform() == GRID.geotransform
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "32631"
    level = halved(written, 0)
    np.testing.assert_array_equal(band.GetOverview(0).ReadAsArray(), level)
    np.testing.assert_array_equal(band.GetOverview(1).ReadAsArray(), halved(level, 0))


def test_classes_are_picked_and_coloured(tmp_path: Path) -> None:
    path, written = tmp_path / "SCL.tif", (counts() % 3).astype(np.uint8)
    write_cog(path, written, GRID, CogTags("SCL", "class", nodata=0, colours=PALETTE))
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(1)
    np.testing.assert_array_equal(band.GetOverview(0).ReadAsArray(), written[::2, ::2])
    assert [band.GetColorTable().GetColorEntry(value)[:3] for value in range(3)] == list(PALETTE)


def test_true_colour_has_three_planes(tmp_path: Path) -> None:
    path, written = tmp_path / "TCI.tif", (counts(3) // 20).astype(np.uint8)
    write_cog(path, written, GRID, CogTags("TCI", nodata=0))
    dataset = gdal.Open(str(path))
    np.testing.assert_array_equal(dataset.ReadAsArray(), written)
    roles = [dataset.GetRasterBand(number).GetColorInterpretation() for number in (1, 2, 3)]
    assert roles == [gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand]
    np.testing.assert_array_equal(
        dataset.GetRasterBand(3).GetOverview(0).ReadAsArray(), halved(written[2], 0)
    )


def test_a_small_image_has_no_overviews(tmp_path: Path) -> None:
    grid = Grid(32631, 300000.0, 4900020.0, 60, 31, 30)
    write_cog(tmp_path / "B01.tif", np.ones(grid.shape, np.uint16), grid, REFLECTANCE)
    dataset = gdal.Open(str(tmp_path / "B01.tif"))
    assert dataset.GetRasterBand(1).GetOverviewCount() == 0


@pytest.mark.parametrize(
    ("side", "factors"), [(512, []), (513, [2]), (1830, [2, 4]), (10980, [2, 4, 8, 16, 32])]
)
def test_overviews_end_where_one_tile_holds_the_image(side: int, factors: list[int]) -> None:
    assert overview_factors((side, side)) == factors


def test_the_same_image_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.tif", "two.tif"):
        write_cog(tmp_path / name, counts(), GRID, REFLECTANCE)
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "two.tif").read_bytes()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, gdal_mode: None) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_cog(tmp_path / "file" / "B05.tif", counts(), GRID, REFLECTANCE)


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, gdal_mode: None) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OutputError, match=r"B05\.tif: cannot be written as GeoTIFF: .+"):
            write_cog(tmp_path / "B05.tif", counts(), GRID, REFLECTANCE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_an_image_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"B05\.tif: array of shape \(1203, 1100\), expected \(1203, 1101\)"):
        write_cog(tmp_path / "B05.tif", counts()[:, :-1], GRID, REFLECTANCE)
