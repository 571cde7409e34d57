"""What image files say of themselves: real ones, and places that differ by less than can be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from osgeo import gdal

from ipf.compare.content import Nature, RasterPart
from ipf.compare.image_file import inspect_image
from ipf.compare.opening import open_content
from ipf.compare.results import CheckName, Status
from ipf.compare.structure import structure_checks
from ipf.compare.tolerances import Tolerances

TOLERANCES = Tolerances()


@pytest.mark.parametrize(
    ("key", "side", "components", "tile"),
    [
        ("B02 60 m", 1830, 1, (192, 192)),
        ("SCL 20 m", 5490, 1, (640, 640)),
        ("AOT 10 m", 10980, 1, (1024, 1024)),
        ("MSK_QUALIT_B02", 10980, 8, (1024, 1024)),
    ],
)
def test_images_of_a_real_product(
    reference_data: Path, key: str, side: int, components: int, tile: tuple[int, int]
) -> None:
    (product,) = (reference_data / "products").glob("*MSIL2A*")
    part = open_content(product).rasters[f"T29UNU/{key}"]
    image = inspect_image(part.path)
    assert (image.rows, image.columns, image.reference_system) == (side, side, "EPSG:32629")
    assert image.geotransform == (499980.0, 109800 / side, 0.0, 5900040.0, 0.0, -109800 / side)
    assert image.encoding["components"] == components
    assert (image.encoding["tile"], image.encoding["reversible"]) == (tile, True)
    assert [check.status for check in structure_checks(part, part, TOLERANCES)] == [Status.PASSED] * 3


def test_a_real_location_grid_has_no_place(reference_data: Path) -> None:
    folder = reference_data / "geometry_madeira" / "reference" / "direct"
    image = inspect_image(next(folder.glob("*_D01_B01.tif")))
    assert (image.reference_system, image.rows, image.columns) == ("", 5, 5)
    assert (image.encoding["components"], image.encoding["data type"]) == (3, "Float64")


@pytest.mark.parametrize(("shift", "status"), [(1e-6, Status.PASSED), (1e-3, Status.FAILED)])
def test_places_may_differ_by_a_millionth_of_a_pixel(tmp_path: Path, shift: float, status: Status) -> None:
    paths = tmp_path / "a.tif", tmp_path / "b.tif"
    for path, left in zip(paths, (600000.0, 600000.0 + shift), strict=True):
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), 8, 8, 1, gdal.GDT_UInt16)
        dataset.SetGeoTransform((left, 10.0, 0.0, 5900040.0, 0.0, -10.0))
        del dataset
    parts = [RasterPart("raster", path, Nature.CONTINUOUS, "other") for path in paths]
    found = {check.name: check.status for check in structure_checks(*parts, TOLERANCES)}
    assert found[CheckName.GEOREFERENCE] is status


@pytest.mark.parametrize(("error", "status"), [(1e-10, Status.PASSED), (9e-6, Status.FAILED)])
def test_corners_are_compared_not_the_size_of_one_pixel(tmp_path: Path, error: float, status: Status) -> None:
    """A pixel longer by a millionth moves the far corner of a tile by a hundredth of a pixel."""
    paths = tmp_path / "a.tif", tmp_path / "b.tif"
    for path, size in zip(paths, (10.0, 10.0 + error), strict=True):
        dataset = gdal.GetDriverByName("GTiff").Create(
            str(path), 10980, 10980, 1, gdal.GDT_Byte, ["SPARSE_OK=TRUE", "TILED=YES"]
        )
        dataset.SetGeoTransform((600000.0, size, 0.0, 5900040.0, 0.0, -size))
        del dataset
    parts = [RasterPart("raster", path, Nature.CONTINUOUS, "other") for path in paths]
    found = {check.name: check.status for check in structure_checks(*parts, TOLERANCES)}
    assert found[CheckName.GEOREFERENCE] is status
