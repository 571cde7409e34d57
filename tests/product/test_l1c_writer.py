"""Level-1C products: valid by the official schemas, open in GDAL, named as the real one, and read back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lxml import etree
from osgeo import gdal

from ipf.errors import OutputError
from ipf.product.acquisition import Acquisition, l1c_documents
from ipf.product.bands import BAND_NAMES, BANDS
from ipf.product.jpeg2000 import inspect_jpeg2000
from ipf.product.l1c_writer import L1CMasks, coverage, write_l1c_product
from ipf.product.masks import read_clouds, read_detector_footprint
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.raster import Grid, raster_of_array
from ipf.product.reader import open_product
from ipf.product.utc import UtcTime
from tests.product.products import (
    AUXILIARY,
    SMALL_GRID,
    counts,
    masks,
    schema,
    small_acquisition,
    tree,
    write_small_l1c,
)

REAL = "products/S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE"
REAL_BEFORE_04 = "l1c_metadata/S2A_MSIL1C_20171207T002051_N0206_R116_T55JEJ_20171207T032513.SAFE"
DOCUMENTS = {
    "MTD_MSIL1C.xml": "S2_User_Product_Level-1C_Metadata.xsd",
    "MTD_DS.xml": "S2_PDI_Level-1C_Datastrip_Metadata.xsd",
    "MTD_TL.xml": "S2_PDI_Level-1C_Tile_Metadata.xsd",
    "FORMAT_CORRECTNESS.xml": "OLQC_Report.xsd",
    "GENERAL_QUALITY.xml": "OLQC_Report.xsd",
    "GEOMETRIC_QUALITY.xml": "OLQC_Report.xsd",
    "RADIOMETRIC_QUALITY.xml": "OLQC_Report.xsd",
    "SENSOR_QUALITY.xml": "OLQC_Report.xsd",
}


def like_real(real: str, grid: Grid = SMALL_GRID) -> Acquisition:
    """An acquisition with the identifiers of a real product, on the small tile."""
    if real == REAL:
        return replace(
            small_acquisition("04.00"),
            tile="18LTM",
            grid=replace(grid, epsg=32718),
            sensing_time=UtcTime.parse("2022-01-25T15:26:35.509574Z"),
            absolute_orbit=34442,
            relative_orbit=125,
            creation=UtcTime.parse("2022-01-25T19:00:36.000000Z"),
            centre="VGS2",
            datatake_start=UtcTime.parse("2022-01-25T15:17:01.024Z"),
            datastrip_start=UtcTime.parse("2022-01-25T15:23:41.312Z"),
        )
    return replace(
        small_acquisition("02.06"),
        tile="55JEJ",
        grid=replace(grid, epsg=32755),
        sensing_time=UtcTime.parse("2017-12-07T00:22:52.000Z"),
        absolute_orbit=12840,
        relative_orbit=116,
        creation=UtcTime.parse("2017-12-07T03:25:13.000000Z"),
        centre="SGS_",
        datatake_start=UtcTime.parse("2017-12-07T00:20:51.026Z"),
        datastrip_start=UtcTime.parse("2017-12-07T00:22:52.000Z"),
    )


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_l1c(tmp_path_factory.mktemp("l1c"))


@pytest.mark.parametrize(("baseline", "satellite"), [("04.00", "S2A"), ("05.10", "S2B"), ("05.11", "S2C")])
def test_every_document_is_valid_by_the_official_schemas(
    reference_data: Path, tmp_path: Path, baseline: str, satellite: str
) -> None:
    product = write_small_l1c(tmp_path, small_acquisition(baseline, satellite))
    documents = [path for path in product.rglob("*.xml") if path.name != "INSPIRE.xml"]
    assert {path.name for path in documents} == set(DOCUMENTS)
    for path in documents:
        schema(reference_data, baseline, DOCUMENTS[path.name]).assertValid(etree.parse(path))


def test_a_baseline_that_does_not_know_the_satellite_is_refused() -> None:
    with pytest.raises(OutputError, match=r"BASELINE is 05\.10, expected 05\.11 or later for Sentinel-2C"):
        l1c_documents(small_acquisition("05.10", "S2C"))


@pytest.mark.parametrize("baseline", ["02.04", "02.06", "03.01", "04.00", "05.11"])
def test_the_reader_gives_back_what_was_written(tmp_path: Path, baseline: str) -> None:
    written = write_small_l1c(tmp_path, small_acquisition(baseline))
    product = open_product(written)
    bands = counts()
    given = masks(bands)
    for band in BAND_NAMES:
        raster = product.bands[f"toa_reflectance/{band}"]
        assert np.array_equal(raster.read_all(), bands[band])
        assert raster.offset == (-1000 if baseline >= "04.00" else 0)
        assert np.array_equal(product.masks[f"detector_footprint/{band}"].read_all(), given.footprints[band])
        flags = given.quality.get(band, np.zeros_like(bands[band], np.uint8))
        assert np.array_equal(product.masks[f"quality/{band}"].read_all(), flags)
    assert given.clouds is not None
    kept = 0b111 if baseline >= "04.00" else 0b011  # the vector form cannot hold snow
    assert np.array_equal(product.masks["cloud_classification"].read_all(), given.clouds & kept)
    assert product.grid == SMALL_GRID
    assert product.tile.angles == small_acquisition().angles
    assert product.metadata is not None
    assert product.metadata.baseline == baseline
    assert product.read_datastrip().tiles == (product.tile.identifier,)
    expected = AUXILIARY if baseline >= "04.00" else {"AUX_ECMWFT": AUXILIARY["AUX_ECMWFT"]}
    assert {name: path.read_bytes() for name, path in product.auxiliary_files.items()} == expected


@pytest.mark.parametrize("satellite", ["S2A", "S2B", "S2C"])
def test_gdal_opens_it_with_the_metadata_of_the_real_product(
    reference_data: Path, tmp_path: Path, satellite: str
) -> None:
    baseline = "05.11" if satellite == "S2C" else "04.00"
    acquisition = replace(like_real(REAL), satellite=satellite, baseline=baseline)
    ours = gdal.Open(str(write_small_l1c(tmp_path, acquisition) / "MTD_MSIL1C.xml"))
    real = gdal.Open(str(reference_data / REAL / "MTD_MSIL1C.xml"))
    assert set(ours.GetMetadata()) == set(real.GetMetadata())
    assert described(ours) == described(real)
    for name, _ in ours.GetSubDatasets():
        subdataset = gdal.Open(name)
        twin = gdal.Open(
            next(real_name for real_name, _ in real.GetSubDatasets() if same_kind(name, real_name))
        )
        assert set(subdataset.GetMetadata()) == set(twin.GetMetadata())
        assert subdataset.RasterCount == twin.RasterCount
        assert subdataset.GetSpatialRef().IsSame(twin.GetSpatialRef())
        for number in range(1, subdataset.RasterCount + 1):
            band, real_band = subdataset.GetRasterBand(number), twin.GetRasterBand(number)
            assert set(band.GetMetadata()) == set(real_band.GetMetadata())
            assert band.ReadAsArray().max() > 0


def described(dataset: gdal.Dataset) -> list[str]:
    return [text for _, text in dataset.GetSubDatasets()]


def same_kind(ours: str, real: str) -> bool:
    return ours.split(":")[-2:] == real.split(":")[-2:]


# Files of the official tree that are not written, and files that are written beyond it, with reasons.
NOT_WRITTEN = {
    "rep_info/S2_User_Product_Level-1C_Metadata.xsd",  # a schema of the European Space Agency: not ours
}
WRITTEN_BEYOND = {
    "rep_info/README.txt",  # says where the schemas are
}


@pytest.mark.parametrize("real", [REAL, REAL_BEFORE_04])
def test_the_tree_is_that_of_the_real_product(reference_data: Path, tmp_path: Path, real: str) -> None:
    ours = set(tree(write_small_l1c(tmp_path, like_real(real))))
    official = set(tree(reference_data / real))
    name = Path(real).name
    assert (tmp_path / name).is_dir()
    # The browse image is added by distribution; one of the two real products came without.
    browse_image = {f"{name.removesuffix('.SAFE')}-ql.jpg"}
    assert official - ours == NOT_WRITTEN
    assert ours - official - browse_image == WRITTEN_BEYOND
    listed = etree.parse(reference_data / real / "manifest.safe").getroot().iter("fileLocation")
    manifest = {location.get("href").removeprefix("./") for location in listed}
    assert {path for path in manifest - ours if not path.startswith("HTML/")} == set()


def test_the_manifest_lists_every_file_with_size_and_checksum(product: Path) -> None:
    manifest = etree.parse(product / "manifest.safe").getroot()
    listed = {}
    for item in manifest.iter("dataObject"):
        path = item.find(".//fileLocation").get("href").removeprefix("./")
        content = (product / path).read_bytes()
        assert int(item.find("byteStream").get("size")) == len(content)
        assert item.findtext(".//checksum") == hashlib.sha3_256(content).hexdigest()
        listed[path] = item
    unlisted = {"manifest.safe", "rep_info/README.txt", f"{product.stem}-ql.jpg"}
    assert set(listed) == set(tree(product)) - unlisted


def test_the_same_input_gives_the_same_bytes_with_any_number_of_workers(
    product: Path, tmp_path: Path
) -> None:
    again = write_small_l1c(tmp_path, workers=3)
    assert again.name == product.name
    assert tree(again) == tree(product)


def test_images_have_the_official_bits_and_blocks(product: Path, tmp_path: Path) -> None:
    (folder,) = product.glob("GRANULE/*/IMG_DATA")
    blocks = {
        band.name: inspect_jpeg2000(next(folder.glob(f"*_{band.name}.jp2"))).code_block[0] for band in BANDS
    }
    assert blocks == {band.name: {10: 64, 20: 8, 60: 4}[band.resolution] for band in BANDS}
    bands = counts()
    fast = write_l1c_product(tmp_path, l1c_documents(small_acquisition()), bands, masks(bands), style="fast")
    for path in fast.rglob("*.jp2"):
        assert inspect_jpeg2000(path).code_block == (64, 64)


def test_coverages_are_those_of_the_real_product(reference_data: Path) -> None:
    """Cloud coverage is the share of pixels seen by a detector that are opaque or cirrus."""
    folder = next((reference_data / REAL / "GRANULE").iterdir())
    grid = Grid(32718, 199980.0, 8700040.0, 60, 1830, 1830)
    clouds = read_clouds(folder / "QI_DATA/MSK_CLASSI_B00.jp2", grid)
    seen = read_detector_footprint(folder / "QI_DATA/MSK_DETFOO_B01.jp2", grid) > 0
    quality = read_product_metadata(reference_data / REAL / "MTD_MSIL1C.xml").quality
    assert coverage(clouds, ("opaque_cloud", "cirrus"), seen) == pytest.approx(
        quality.cloud_coverage, rel=1e-12
    )
    assert coverage(clouds, ("snow",), seen) == quality.snow_coverage


def test_coverages_and_checks_stand_in_the_metadata(product: Path) -> None:
    metadata = read_product_metadata(product / "MTD_MSIL1C.xml")
    bands = counts()
    given = masks(bands)
    seen = bands["B01"] > 0
    assert given.clouds is not None
    cloudy = 100 * np.count_nonzero((given.clouds & 0b011 > 0) & seen) / np.count_nonzero(seen)
    assert metadata.quality.cloud_coverage == pytest.approx(cloudy, rel=1e-12)
    # A tile of 1860 m is not an official tile, and the report on it says so.
    assert {name for name, status in metadata.quality.checks.items() if status == "FAILED"} == {
        "FORMAT_CORRECTNESS"
    }
    (failure,) = metadata.quality.failed
    assert (failure.subject, len(failure.files)) == ("Granule", 1)
    report = etree.parse(product / failure.files[0]).getroot()
    failed = [node.get("id") for node in report.iter("{*}inspection") if node.get("status") == "FAILED"]
    assert failed == ["Tile_Position_Size"]


def test_lazy_rasters_are_read_and_one_detector_needs_no_footprint(tmp_path: Path) -> None:
    acquisition = small_acquisition()
    viewing = {key: grid for key, grid in acquisition.angles.viewing.items() if key[1] == 9}
    documents = l1c_documents(replace(acquisition, angles=replace(acquisition.angles, viewing=viewing)))
    bands = counts()
    lazy = {
        band: raster_of_array(band, SMALL_GRID.at(resolution), bands[band], "1")
        for band, resolution in ((band.name, band.resolution) for band in BANDS)
    }
    product = open_product(write_l1c_product(tmp_path, documents, lazy))
    footprint = product.masks["detector_footprint/B05"].read_all()
    assert np.array_equal(footprint, np.where(bands["B05"] > 0, 9, 0))
    assert product.metadata is not None
    assert product.metadata.quality.cloud_coverage == 0


def spoilt(change: Callable[[dict[str, np.ndarray]], object]) -> dict[str, np.ndarray]:
    bands = counts()
    change(bands)
    return bands


@pytest.mark.parametrize(
    ("bands", "message"),
    [
        (spoilt(lambda bands: bands.pop("B8A")), "no counts for B8A"),
        (spoilt(lambda bands: bands.update(B05=bands["B04"])), r"_B05.jp2: samples of uint16 and shape"),
        (spoilt(lambda bands: bands["B11"].fill(40000)), r"_B11.jp2: sample of 40000"),
        (spoilt(lambda bands: bands.update(B02=bands["B02"].astype(float))), r"_B02.jp2: samples of float64"),
    ],
)
def test_bands_that_do_not_fit_leave_nothing(
    tmp_path: Path, bands: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(OutputError, match=message):
        write_l1c_product(tmp_path, l1c_documents(small_acquisition()), bands, masks(counts()), workers=2)
    assert list(tmp_path.iterdir()) == []


def test_two_detectors_need_a_footprint(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"seen by the detectors \[8, 9\], expected a detector footprint"):
        write_l1c_product(tmp_path, l1c_documents(small_acquisition()), counts(), L1CMasks())
    assert list(tmp_path.iterdir()) == []


def test_an_existing_product_is_not_touched(tmp_path: Path, product: Path) -> None:
    (tmp_path / product.name).mkdir()
    with pytest.raises(OutputError, match="exists already"):
        write_small_l1c(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [product.name]


def test_documents_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    documents = l1c_documents(small_acquisition())
    other = replace(documents, tile=l1c_documents(replace(small_acquisition(), tile="30UVG")).tile)
    with pytest.raises(OutputError, match="tile in the product's name is 29UNU, expected 30UVG"):
        write_l1c_product(tmp_path, other, counts(), masks(counts()))
    with pytest.raises(OutputError, match=r"baseline of the datastrip is 04\.00, expected 05\.00"):
        write_l1c_product(tmp_path, documents.with_product(baseline="05.00"), counts(), masks(counts()))


def test_a_tile_too_small_for_a_preview_is_refused(tmp_path: Path) -> None:
    grid = replace(SMALL_GRID, rows=30, columns=30)
    bands = {band.name: np.ones(grid.at(band.resolution).shape, np.uint16) for band in BANDS}
    with pytest.raises(OutputError, match="no preview of 30 x 30 pixels"):
        write_l1c_product(tmp_path, l1c_documents(small_acquisition(grid=grid)), bands, masks(bands))
