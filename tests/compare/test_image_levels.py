"""Overviews, masks and further pages of GeoTIFFs: one pixel is found, within the limits of the image."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from ipf.compare.content import Nature, RasterPart
from ipf.compare.image_levels import level_checks
from ipf.compare.results import CheckName, Status
from ipf.compare.tolerances import Tolerances
from ipf.product.cog import CogTags, write_cog
from ipf.product.raster import Grid
from tests.compare.rasters import ground
from tests.compare.tiffs import compared, edit, failures, masks_inside, write_rich

COG_GRID = Grid(32629, 499980.0, 5900040.0, 10, 600, 520)


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    (tmp_path / "reference").mkdir()
    return write_rich(tmp_path / "reference" / "image.tif")


@pytest.fixture
def candidate(reference: Path, tmp_path: Path) -> Path:
    """A copy of the same content and other bytes, so that every pixel is looked at."""
    (tmp_path / "candidate").mkdir()
    copy = Path(shutil.copy(reference, tmp_path / "candidate"))
    copy.write_bytes(copy.read_bytes() + b"\0\0")
    return copy


def write_pixel(band: gdal.Band, value: int, row: int = 20, column: int = 30) -> None:
    band.WriteArray(np.full((1, 1), value), column, row)


def test_a_copy_has_every_level_compared(reference: Path, candidate: Path) -> None:
    result = compared(reference, candidate)
    assert failures(result) == {}
    items = {(check.name, check.item) for check in result.checks}
    assert {
        (CheckName.STATISTICS, "raster overview 48 x 64"),
        (CheckName.NO_DATA, "raster overview 48 x 64"),
        (CheckName.STATISTICS, "raster component 2 overview 48 x 64"),
        (CheckName.MASK, "raster mask"),
        (CheckName.MASK, "raster overview 48 x 64 mask"),
    } <= items


@pytest.mark.parametrize(
    ("number", "item"), [(1, "raster overview 48 x 64"), (2, "raster component 2 overview 48 x 64")]
)
def test_one_pixel_of_an_overview_is_found(reference: Path, candidate: Path, number: int, item: str) -> None:
    edit(candidate, lambda dataset: write_pixel(dataset.GetRasterBand(number).GetOverview(0), 9000))
    found = failures(compared(reference, candidate))
    assert found.keys() == {("statistics", item)}
    assert "at row 20, column 30" in found["statistics", item]


def test_one_pixel_of_a_mask_is_found(reference: Path, candidate: Path) -> None:
    edit(candidate, lambda dataset: write_pixel(dataset.GetRasterBand(1).GetMaskBand(), 0))
    found = failures(compared(reference, candidate))
    assert found.keys() == {("mask", "raster mask")}
    assert "valid lost 1, gained 0" in found["mask", "raster mask"]


def test_a_mask_on_one_side_is_compared_with_none(tmp_path: Path) -> None:
    first, second = tmp_path / "a.tif", tmp_path / "b.tif"
    for path in (first, second):
        gdal.GetDriverByName("GTiff").Create(str(path), 64, 64, 1)
    with masks_inside():
        edit(second, lambda dataset: dataset.CreateMaskBand(gdal.GMF_PER_DATASET))
    for pair, change in (((first, second), "lost 4096"), ((second, first), "gained 4096")):
        found = failures(compared(*pair))
        assert found.keys() == {("mask", "raster mask"), ("encoding", "raster")}
        assert change in found["mask", "raster mask"]
        assert "masks is" in found["encoding", "raster"]


def test_overviews_have_the_limits_of_their_image_and_its_overrides(tmp_path: Path) -> None:
    paths = tmp_path / "a.tif", tmp_path / "b.tif"
    counts = ground(COG_GRID.shape)
    for path, samples in zip(paths, (counts, counts + np.uint16(1)), strict=True):
        write_cog(path, samples, COG_GRID, CogTags("B02", "1", 1e-4, -1000, 0))
    parts = [RasterPart("T/B02 10 m", path, Nature.CONTINUOUS, "reflectance", scale=1e-4) for path in paths]
    limits = dict.fromkeys(("absolute", "bias", "rmse", "maximum", "slope"), 1.0) | {"correlation": 0.0}
    for item, status in (("T/B02*", Status.PASSED), ("T/B03*", Status.FAILED)):
        given = Tolerances.model_validate({"overrides": [{"item": item, "limits": limits}]})
        found = {check.name: check for check in level_checks(*parts, given)}
        assert found[CheckName.STATISTICS].status is status
        assert found[CheckName.STATISTICS].item == "T/B02 10 m overview 300 x 260"


def test_files_of_the_same_bytes_have_the_same_levels(reference: Path, tmp_path: Path) -> None:
    part = RasterPart("raster", reference, Nature.CONTINUOUS, "other")
    copy = RasterPart("raster", Path(shutil.copy(reference, tmp_path)), Nature.CONTINUOUS, "other")
    assert level_checks(part, copy, Tolerances()) == []


def test_an_overview_in_a_file_beside_is_compared_though_the_images_are_of_the_same_bytes(
    tmp_path: Path,
) -> None:
    paths = []
    for name, sampling in (("a", "NEAREST"), ("b", "AVERAGE")):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "image.tif"
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), 64, 64, 1, gdal.GDT_UInt16)
        dataset.GetRasterBand(1).WriteArray(ground((64, 64)))
        del dataset
        dataset = gdal.Open(str(path))
        dataset.BuildOverviews(sampling, [2])
        del dataset
        paths.append(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert ("statistics", "raster overview 32 x 32") in failures(compared(*paths))


def test_a_damaged_overview_is_a_failure(reference: Path, candidate: Path) -> None:
    dataset = gdal.Open(str(reference))
    offset = int(dataset.GetRasterBand(1).GetOverview(0).GetMetadataItem("BLOCK_OFFSET_0_0", "TIFF"))
    del dataset
    candidate.write_bytes(reference.read_bytes()[: offset + 10])
    assert compared(reference, candidate).status is Status.FAILED


def with_pages(path: Path, values: tuple[int, ...]) -> Path:
    """A TIFF of several pages, each of one value."""
    memory = gdal.GetDriverByName("MEM").Create("", 64, 48, 1)
    for number, value in enumerate(values):
        memory.GetRasterBand(1).Fill(value)
        options = ["APPEND_SUBDATASET=YES"] if number else []
        gdal.GetDriverByName("GTiff").CreateCopy(str(path), memory, 0, options)
    return path


def test_pages_of_a_tiff_are_parts(tmp_path: Path) -> None:
    reference = with_pages(tmp_path / "a.tif", (1, 2, 3))
    copy = compared(reference, with_pages(tmp_path / "b.tif", (1, 2, 3)))
    assert failures(copy) == {}
    assert {part.item for part in copy.parts} == {"raster", "raster page 2", "raster page 3"}
    found = failures(compared(reference, with_pages(tmp_path / "c.tif", (1, 2, 4))))
    assert ("statistics", "raster page 3") in found
    assert {item for _, item in found} == {"raster page 3"}
    found = failures(compared(reference, with_pages(tmp_path / "d.tif", (1, 2)), "cross-processor"))
    assert ("files", "raster page 3") in found


def test_pages_and_components_beyond_those_of_a_products_image_are_parts(tmp_path: Path) -> None:
    name = "T29UNU_20221005T115411_B02_10m.tif"
    folders = []
    for folder, last in (("a", 5), ("b", 6)):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / name
        (tmp_path / folder / "MTD_TL.xml").write_text("<Level-2A_Tile_ID/>")
        memory = gdal.GetDriverByName("MEM").Create("", 64, 64, 2, gdal.GDT_UInt16)
        memory.GetRasterBand(2).Fill(last)
        gdal.GetDriverByName("GTiff").CreateCopy(str(path), memory)
        gdal.GetDriverByName("GTiff").CreateCopy(str(path), memory, 0, ["APPEND_SUBDATASET=YES"])
        folders.append(tmp_path / folder)
    items = {item for name, item in failures(compared(*folders)) if name == "statistics"}
    assert len(items) == 2
    assert any(item.endswith("B02 10 m component 2") for item in items)
    assert any(item.endswith("page 2 component 2") for item in items)
