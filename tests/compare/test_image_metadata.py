"""What image files say besides samples: each difference fails under the strictest profile, and is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr

from ipf.compare.comparison import compare
from ipf.compare.results import CheckName, Status
from ipf.compare.tolerance_files import PROFILES, load_tolerances
from tests.compare.tiffs import Damage, compared, edit, failures, write_rich


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    (tmp_path / "reference").mkdir()
    return write_rich(tmp_path / "reference" / "image.tif")


@pytest.fixture
def candidate(reference: Path, tmp_path: Path) -> Path:
    (tmp_path / "candidate").mkdir()
    return Path(shutil.copy(reference, tmp_path / "candidate"))


def system(epsg: int) -> osr.SpatialReference:
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(epsg)
    return reference


def points(epsg: int = 4326, add: float = 0.0, count: int = 4) -> Damage:
    return lambda dataset: dataset.SetGCPs(
        [gdal.GCP(x + 0.5 + add * (x == 3), x, 0, 10 * x, x) for x in range(count)], system(epsg)
    )


def polynomials(dataset: gdal.Dataset) -> None:
    dataset.SetMetadata(dataset.GetMetadata("RPC") | {"LINE_OFF": "49"}, "RPC")


@pytest.mark.parametrize("profile", ["identical", "cross-processor"])
@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (points(epsg=4258), "reference system of control points is EPSG:4258, expected EPSG:4326"),
        (points(add=1e-6), "control point 4 is row 3.0, column 30.0 at 3.500001"),
        (points(count=3), "control points is 3, expected 4"),
        (polynomials, "RPC LINE_OFF is 49, expected 1"),
    ],
)
def test_another_place_fails_in_every_profile(
    reference: Path, candidate: Path, damage: Damage, told: str, profile: str
) -> None:
    edit(candidate, damage)
    found = failures(compared(reference, candidate, profile))
    assert {name for name, _ in found} == {"georeference"}
    assert told in found["georeference", "raster"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda dataset: dataset.GetRasterBand(2).SetDescription("x"), "description is band 1, x, expected"),
        (lambda dataset: dataset.GetRasterBand(2).SetScale(0.5), "scale tag is none, 0.5, expected none"),
        (lambda dataset: dataset.GetRasterBand(2).SetOffset(7), "offset tag is none, 7.0, expected none"),
        (lambda dataset: dataset.GetRasterBand(1).SetUnitType("m"), "unit tag is m, none, expected none"),
        (
            lambda dataset: dataset.SetMetadataItem("MISSION", "other"),
            "MISSION is other, expected Sentinel-2",
        ),
        (lambda dataset: dataset.SetMetadataItem("MORE", "x"), "MORE is x, expected none"),
        (lambda dataset: dataset.SetMetadataItem("MISSION", None), "MISSION is none, expected Sentinel-2"),
        (
            lambda dataset: dataset.GetRasterBand(2).SetMetadataItem("WAVELENGTH", "666"),
            "band 2 WAVELENGTH is 666, expected 665",
        ),
        (
            lambda dataset: dataset.GetRasterBand(2).SetMetadataItem("STATISTICS_MEAN", "1"),
            "band 2 STATISTICS_MEAN is 1, expected 3000",
        ),
        (lambda dataset: dataset.SetMetadata(["<a/>"], "xml:XMP"), "xml:XMP document is <a/>, expected none"),
        (
            lambda dataset: dataset.GetRasterBand(1).SetCategoryNames(["sea", "land"]),
            "category names is sea, land, none, expected none",
        ),
    ],
)
def test_another_item_or_tag_is_one_of_encoding(
    reference: Path, candidate: Path, damage: Damage, told: str
) -> None:
    edit(candidate, damage)
    found = failures(compared(reference, candidate))
    assert ("encoding", "raster") in found
    assert told in found["encoding", "raster"]
    listed = [
        check
        for check in compared(reference, candidate, "cross-processor").checks
        if check.name is CheckName.ENCODING and told in check.message
    ]
    assert listed


def test_what_follows_from_pixels_fails_where_consequences_do(reference: Path, candidate: Path) -> None:
    edit(candidate, lambda dataset: dataset.GetRasterBand(2).SetMetadataItem("STATISTICS_MEAN", "1"))
    assert failures(compared(reference, candidate, "rounding")) == {}


@pytest.mark.parametrize(
    ("item", "value"), [("TIFFTAG_SOFTWARE", "two"), ("TIFFTAG_DATETIME", "2023:01:01 00:00:00")]
)
def test_what_depends_on_the_run_is_one_of_naming(
    reference: Path, candidate: Path, item: str, value: str
) -> None:
    edit(candidate, lambda dataset: dataset.SetMetadataItem(item, value))
    found = failures(compared(reference, candidate))
    assert {name for name, _ in found} == {"naming"}
    assert f"{item} is {value}, expected" in found["naming", "raster"]
    looser = compared(reference, candidate, "rounding")
    assert failures(looser) == {}
    assert any(f"{item} is {value}" in check.message for check in looser.checks)


def test_colour_and_attribute_tables_are_found(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.tif", "b.tif", "c.tif")]
    for number, path in enumerate(paths):
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), 64, 64, 1, gdal.GDT_Byte)
        band = dataset.GetRasterBand(1)
        table = gdal.ColorTable()
        table.SetColorEntry(1, (255, 0, int(number == 1)))
        band.SetColorTable(table)
        attributes = gdal.RasterAttributeTable()
        attributes.CreateColumn("count", gdal.GFT_Integer, gdal.GFU_Generic)
        attributes.SetRowCount(1)
        attributes.SetValueAsInt(0, 0, int(number == 2))
        band.SetDefaultRAT(attributes)
        del band, dataset
    for path, told in ((paths[1], "colour table is"), (paths[2], "attribute table is")):
        found = failures(compared(paths[0], path))
        assert found.keys() == {("encoding", "raster")}
        assert told in found["encoding", "raster"]


def test_a_pixel_that_is_a_point_is_found(tmp_path: Path) -> None:
    paths = tmp_path / "a.tif", tmp_path / "b.tif"
    for path, of in zip(paths, ("Area", "Point"), strict=True):
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), 64, 64, 1, gdal.GDT_Byte)
        dataset.SetGeoTransform((600000, 10, 0, 5900040, 0, -10))
        dataset.SetSpatialRef(system(32629))
        dataset.SetMetadataItem("AREA_OR_POINT", of)
        del dataset
    found = failures(compared(*paths))
    assert found.keys() == {("georeference", "raster")}
    assert "coordinates are of is Point, expected Area" in found["georeference", "raster"]


def messages(content: bytes) -> list[bytes]:
    """GRIB messages of edition 2: their lengths are eight bytes from the ninth on (WMO FM 92, section 0)."""
    found = []
    while content:
        length = int.from_bytes(content[8:16], "big")
        found.append(content[:length])
        content = content[length:]
    return found


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("values", [(1.0, 1.0), (1.0, 2.0)])
def test_two_messages_of_a_grib_that_are_swapped_are_found(
    tmp_path: Path, profile: str, values: tuple[float, float]
) -> None:
    memory = gdal.GetDriverByName("MEM").Create("", 16, 16, 2, gdal.GDT_Float32)
    memory.SetGeoTransform((0, 1, 0, 16, 0, -1))
    memory.SetSpatialRef(system(4326))
    options = []
    for band, (value, parameter) in enumerate(zip(values, ("1 3", "3 1"), strict=True), 1):
        memory.GetRasterBand(band).WriteArray(value * np.arange(256, dtype=np.float32).reshape(16, 16))
        product = f"{parameter} 2 96 0 0 0 1 0 1 0 0 255 0 0"
        options += [f"BAND_{band}_PDS_PDTN=0", f"BAND_{band}_PDS_TEMPLATE_ASSEMBLED_VALUES={product}"]
    reference, candidate = tmp_path / "a.grib", tmp_path / "b.grib"
    gdal.GetDriverByName("GRIB").CreateCopy(str(reference), memory, options=options)
    parts = messages(reference.read_bytes())
    assert len(parts) == 2
    candidate.write_bytes(parts[1] + parts[0])
    found = compare(reference, candidate, load_tolerances(profile))
    told = [check.message for check in found.checks if check.name is CheckName.ENCODING]
    assert all("GRIB_ELEMENT is" in message for message in told)
    assert len(told) == 2
    loose = load_tolerances(profile).structure.encoding == "report"
    assert found.status is (Status.PASSED if loose and values[0] == values[1] else Status.FAILED)
