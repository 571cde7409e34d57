"""Opening products: the real ones, and small ones made from real metadata in the older layouts."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pyproj
import pytest
from lxml import etree
from osgeo import gdal

from ipf.errors import ProductError
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.images import BandStore
from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.masks import CLOUD_FLAGS, QUALITY_FLAGS
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.names import TileName, baseline_in_name
from ipf.product.raster import Grid, Window
from ipf.product.reader import SafeProduct, open_product, open_tile
from ipf.product.tile_rasters import SCENE_CLASSES
from tests.product.documents import documents


def folder_of(reference_data: Path, tile: str) -> Path:
    (folder,) = reference_data.glob(f"*/*_T{tile}_*.SAFE")
    return folder


@pytest.fixture(scope="module")
def level1c(reference_data: Path) -> SafeProduct:
    return open_product(folder_of(reference_data, "18LTM"))


@pytest.fixture(scope="module")
def level2a(reference_data: Path) -> SafeProduct:
    return open_product(folder_of(reference_data, "29UNU") / "MTD_MSIL2A.xml")


def test_level1c_layers(level1c: SafeProduct):
    assert list(level1c.bands) == [f"toa_reflectance/{name}" for name in BAND_NAMES]
    for name, band in BY_NAME.items():
        raster = level1c.bands[f"toa_reflectance/{name}"]
        assert raster.grid == level1c.grid.at(band.resolution)
        assert (raster.unit, raster.scale, raster.offset, raster.nodata) == ("1", 1e-4, -1000.0, 0)
        assert level1c.masks[f"quality/{name}"].flags == QUALITY_FLAGS
        assert level1c.masks[f"detector_footprint/{name}"].grid == raster.grid
    assert level1c.masks["cloud_classification"].flags == CLOUD_FLAGS
    assert level1c.saturated == 65535
    assert sorted(level1c.auxiliary_files) == ["AUX_CAMSFO", "AUX_ECMWFT"]


def test_pixels_and_reflectance_are_those_that_gdal_reads(level1c: SafeProduct, reference_data: Path):
    raster = level1c.bands["toa_reflectance/B10"]
    dataset = gdal.Open(f"SENTINEL2_L1C:{folder_of(reference_data, '18LTM')}/MTD_MSIL1C.xml:60m:EPSG_32718")
    names = [dataset.GetRasterBand(index + 1).GetMetadataItem("BANDNAME") for index in range(3)]
    expected = dataset.GetRasterBand(names.index("B10") + 1).ReadAsArray()
    np.testing.assert_array_equal(raster.read_all(), expected)
    window = Window(500, 800, 30, 40)
    counts = expected[window.slices]
    np.testing.assert_array_equal(raster.read(window), counts)
    physical = raster.read_physical(window)
    np.testing.assert_allclose(physical, np.where(counts == 0, np.nan, (counts - 1000.0) / 10000), atol=1e-6)
    assert raster.grid.geotransform == dataset.GetGeoTransform()


def test_level2a_layers(level2a: SafeProduct):
    expected = {"boa_reflectance/B02": 10, "boa_reflectance/B02_20m": 20, "boa_reflectance/B02_60m": 60}
    expected |= {"boa_reflectance/B01": 60, "boa_reflectance/B01_20m": 20, "boa_reflectance/B8A": 20}
    expected |= {"aerosol_optical_thickness": 20, "aerosol_optical_thickness_10m": 10, "water_vapour_60m": 60}
    expected |= {"scene_classification": 20, "scene_classification_60m": 60}
    for layer, resolution in expected.items():
        assert level2a.bands[layer].grid.resolution == resolution
    assert len(level2a.bands) == 33
    assert level2a.bands["water_vapour_60m"].unit == "cm"
    assert level2a.bands["boa_reflectance/B02"].offset == -1000.0
    assert level2a.bands["scene_classification"].classes == SCENE_CLASSES
    probabilities = ["cloud_probability", "cloud_probability_60m", "snow_probability", "snow_probability_60m"]
    assert [layer for layer in level2a.masks if "probability" in layer] == probabilities


def test_level2a_means_are_those_that_the_product_states(level2a: SafeProduct):
    """Cover of the classes, mean AOT and water vapour as the official processor counted them."""
    content = level2a.metadata.quality.content
    classes = level2a.bands["scene_classification"].read_all()
    cover = np.bincount(classes.ravel(), minlength=12) / classes.size * 100
    assert cover[0] == pytest.approx(content.nodata, abs=1e-4)
    seen = cover[1:] / cover[1:].sum() * 100
    assert seen[SCENE_CLASSES.index("water") - 1] == pytest.approx(content.water, abs=1e-4)
    assert seen[SCENE_CLASSES.index("snow_ice") - 1] == pytest.approx(content.snow_ice, abs=1e-4)
    assert seen[SCENE_CLASSES.index("thin_cirrus") - 1] == pytest.approx(content.thin_cirrus, abs=1e-4)
    for layer, stated in (
        ("aerosol_optical_thickness_60m", content.mean_aot),
        ("water_vapour_60m", content.mean_water_vapour),
    ):
        raster = level2a.bands[layer]
        mean = np.nanmean(raster.read_physical(raster.grid.whole), dtype=np.float64)
        assert mean == pytest.approx(stated, rel=0.01)


def test_node_coordinates(level1c: SafeProduct):
    latitude, longitude = level1c.node_coordinates()
    assert latitude.shape == (23, 23)
    corner = pyproj.Proj(32718)(199980.0, 8700040.0, inverse=True)
    assert (longitude[0, 0], latitude[0, 0]) == pytest.approx(corner)
    assert pyproj.Proj(32718)(longitude[3, 5], latitude[3, 5]) == pytest.approx((224980.0, 8685040.0))


def test_stand_ins_raise_when_they_are_read_not_before(level1c: SafeProduct):
    with pytest.raises(ProductError, match=r"_B02\.jp2: empty stand-in"):
        level1c.bands["toa_reflectance/B02"].read_all()
    with pytest.raises(ProductError, match=r"MTD_DS\.xml: empty stand-in"):
        level1c.read_datastrip()


def test_what_a_product_lacks_is_named_when_it_is_read(level2a: SafeProduct):
    with pytest.raises(ProductError, match=r"_B02_10m\.jp2: image is missing"):
        level2a.bands["boa_reflectance/B02"].read_all()
    with pytest.raises(ProductError, match=r"0 metadata documents, expected one \(MTD_DS\.xml\)"):
        level2a.read_datastrip()


def test_products_before_the_offset_have_none_and_vector_masks(reference_data: Path):
    for tile, baseline in (("56JKT", "02.05"), ("55JEJ", "02.06")):
        product = open_product(folder_of(reference_data, tile))
        assert product.metadata.baseline == baseline
        assert {raster.offset for raster in product.bands.values()} == {0.0}
        assert len(product.masks) == 27
        assert product.masks["quality/B11"].read_all().shape == (5490, 5490)
        assert not product.masks["cloud_classification"].read_all().any()
        with pytest.raises(ProductError, match="a reduced stand-in"):
            product.bands["toa_reflectance/B01"].read_all()
        assert product.tile.identifier in product.read_datastrip().tiles


def test_store_holds_what_was_read_until_released(reference_data: Path):
    store = BandStore()
    product = open_product(folder_of(reference_data, "18LTM"), store=store)
    raster = product.bands["toa_reflectance/B01"]
    first = raster.read(Window(0, 0, 10, 10))
    assert np.shares_memory(first, raster.read(Window(5, 5, 10, 10)))
    assert list(store.held.values()) == [1830 * 1830 * 2]
    raster.release()
    assert store.held == {}


# --- Small products: the real documents of T55JEJ (baseline 02.06), cut down to 10.98 km -------------------

SIDE = {10: 1098, 20: 549, 60: 183}
SMALL_GRID = Grid(32755, 499980.0, 6900040.0, 10, SIDE[10], SIDE[10])


def small_tile_document(source: Path) -> etree._Element:
    root = etree.parse(source).getroot()
    for size in root.iter("Size"):
        for side in size:
            side.text = str(SIDE[int(size.get("resolution"))])
    return root


def write(path: Path, root: etree._Element) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(etree.tostring(root))


def band_counts(band: str) -> np.ndarray:
    side = SIDE[BY_NAME[band].resolution]
    return (np.arange(side * side) % 4000 + BY_NAME[band].identifier).reshape(side, side).astype(np.uint16)


def write_images(folder: Path, name) -> None:
    folder.mkdir(parents=True)
    for band in ("B02", "B11", "B01"):
        grid = SMALL_GRID.at(BY_NAME[band].resolution)
        encode_jpeg2000(folder / f"{name(band)}.jp2", band_counts(band), grid, ImageKind.BAND)


LONG_PRODUCT = "S2A_OPER_PRD_MSIL1C_PDMC_20160806T181453_R116_V20160806T002051_20160806T002051.SAFE"
SECOND_TILE = "S2A_OPER_MSI_L1C_TL_SGS__20171207T032513_A012840_T55JFJ_N02.06"


@pytest.fixture
def source(reference_data: Path) -> Path:
    return folder_of(reference_data, "55JEJ")


@pytest.fixture
def long_named(source: Path, tmp_path: Path) -> Path:
    """The product in the layout before December 2016, listing a second tile, with masks that name no band."""
    root = tmp_path / LONG_PRODUCT
    product = etree.parse(source / "MTD_MSIL1C.xml").getroot()
    granule = product.find(".//Granule")
    tile = TileName.parse(granule.get("granuleIdentifier"))
    granule.tag = "Granules"
    for image in list(granule):
        image.tag = "IMAGE_ID"
        image.text = tile.image(image.text.rpartition("_")[2])
    second = etree.SubElement(granule.getparent(), "Granules", dict(granule.attrib))
    second.set("granuleIdentifier", SECOND_TILE)
    write(root / (LONG_PRODUCT.removesuffix(".SAFE").replace("PRD_MSI", "MTD_SAF") + ".xml"), product)
    folder = root / "GRANULE" / str(tile)
    document = small_tile_document(next(source.glob("GRANULE/*/MTD_TL.xml")))
    (folder / "QI_DATA").mkdir(parents=True)
    for mask in document.iter("MASK_FILENAME"):
        kind, band = re.fullmatch(r".*MSK_(\w+)_(B\w\w)\.gml", mask.text).groups()
        long_name = f"S2A_OPER_MSK_{kind}_SGS__20171207T032513_A012840_T55JEJ_{band}_MSIL1C.gml"
        shutil.copy(source / mask.text, folder / "QI_DATA" / long_name)
        mask.text = long_name
        mask.attrib.pop("bandId", None)
    write(folder / tile.metadata_file, document)
    write_images(folder / "IMG_DATA", tile.image)
    datastrip = root / "DATASTRIP" / granule.get("datastripIdentifier")
    datastrip.mkdir(parents=True)
    shutil.copy(
        next(source.glob("DATASTRIP/*/MTD_DS.xml")),
        datastrip / "S2A_OPER_MTD_L1C_DS_SGS__20171207T032513_S20171207T002252.xml",
    )
    return root


def test_long_named_product(long_named: Path):
    product = open_product(long_named, tile="55JEJ")
    assert product.metadata.uri.startswith("S2A_MSIL1C_20171207")
    for band in ("B02", "B11", "B01"):
        raster = product.bands[f"toa_reflectance/{band}"]
        np.testing.assert_array_equal(raster.read_all(), band_counts(band))
        assert raster.nodata == 0
    footprint = product.masks["detector_footprint/B02"].read_all()
    assert (footprint[0, 0], footprint[-1, -1]) == (7, 8)
    assert product.masks["quality/B10"].source.endswith("_B10_MSIL1C.gml")
    assert not product.masks["cloud_classification"].read_all().any()
    assert product.read_datastrip().baseline == "02.06"
    with pytest.raises(ProductError, match=r"_B03\.jp2: image is missing"):
        product.bands["toa_reflectance/B03"].read_all()


def test_a_product_of_two_tiles_needs_the_tile(long_named: Path):
    with pytest.raises(ProductError, match="product of the tiles 55JEJ, 55JFJ; none was asked for"):
        open_product(long_named)
    with pytest.raises(ProductError, match="55JEJ, 55JFJ; 31TCJ was asked for"):
        open_product(long_named, tile="31TCJ")
    with pytest.raises(ProductError, match=r"T55JFJ_N02\.06: cannot be read"):
        open_product(long_named, tile="55JFJ")


def test_one_tile_of_two_datastrips_needs_the_identifier(long_named: Path):
    (document,) = long_named.glob("*.xml")
    identifier = "S2A_OPER_MSI_L1C_TL_SGS__20171207T032513_A012840_T55JEJ_N02.06"
    later = "S2A_OPER_MSI_L1C_TL_SGS__20171207T040000_A012840_T55JEJ_N02.06"
    document.write_text(document.read_text(encoding="utf-8").replace(SECOND_TILE, later), encoding="utf-8")
    with pytest.raises(ProductError, match="product of the tiles 55JEJ, 55JEJ; 55JEJ was asked for"):
        open_product(long_named, tile="55JEJ")
    assert open_product(long_named, tile=identifier).tile.identifier == identifier


def test_tile_and_datastrip_as_a_ground_segment_gives_them(long_named: Path, tmp_path: Path):
    (tile_folder,) = (long_named / "GRANULE").iterdir()
    (datastrip_folder,) = (long_named / "DATASTRIP").iterdir()
    (tile_folder / "IMG_DATA" / "notes.txt").write_text("left aside")
    product = open_tile(tile_folder, datastrip_folder)
    assert product.metadata is None
    assert sorted(product.bands) == ["toa_reflectance/B01", "toa_reflectance/B02", "toa_reflectance/B11"]
    raster = product.bands["toa_reflectance/B11"]
    np.testing.assert_array_equal(raster.read_all(), band_counts("B11"))
    assert (raster.scale, raster.nodata, product.saturated) == (1e-4, 0, 65535)
    assert product.masks["detector_footprint/B02"].read_all().any()


def test_a_datastrip_of_another_tile_is_refused(long_named: Path):
    (tile_folder,) = (long_named / "GRANULE").iterdir()
    (datastrip_folder,) = (long_named / "DATASTRIP").iterdir()
    (document,) = datastrip_folder.iterdir()
    text = document.read_text(encoding="utf-8")
    document.write_text(text.replace("_T55JEJ_", "_T55JEK_"), encoding="utf-8")
    with pytest.raises(ProductError, match="Tile_List lacks S2A_OPER_MSI_L1C_TL_SGS__20171207T032513"):
        open_tile(tile_folder, datastrip_folder)


@pytest.fixture
def compact(source: Path, tmp_path: Path) -> Path:
    """The product's metadata alone, in the compact layout."""
    root = tmp_path / source.name
    for document in [source / "MTD_MSIL1C.xml", *source.glob("GRANULE/*/MTD_TL.xml")]:
        copied = root / document.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(document, copied)
    return root


def test_metadata_alone_open(compact: Path):
    product = open_product(compact)
    assert len(product.bands) == 13
    assert product.auxiliary_files == {}
    with pytest.raises(ProductError, match=r"MSK_DETFOO_B02\.gml: cannot be read"):
        product.masks["detector_footprint/B02"].read_all()


@pytest.mark.parametrize(
    "escape", ["../../outside_B02", "/etc/T55JEJ_20171207T002051_B02", "GRANULE/x/y/odd"]
)
def test_an_image_path_that_leaves_the_product_is_refused(compact: Path, escape: str):
    document = compact / "MTD_MSIL1C.xml"
    root = etree.parse(document).getroot()
    root.findall(".//IMAGE_FILE")[5].text = escape
    write(document, root)
    with pytest.raises(ProductError, match=r"not a path inside the product|is not a compact image name"):
        open_product(compact)


def test_a_tile_that_is_not_the_products_is_refused(compact: Path):
    document = next(compact.glob("GRANULE/*/MTD_TL.xml"))
    document.write_text(document.read_text().replace("_T55JEJ_N02.06", "_T55JEK_N02.06"))
    with pytest.raises(
        ProductError, match=r"_T55JEK_N02\.06, expected .*_T55JEJ_N02\.06 as in MTD_MSIL1C\.xml"
    ):
        open_product(compact)


@pytest.mark.parametrize(
    ("element", "name"),
    [
        ("PROCESSING_BASELINE", "PRODUCT_URI is S2A_MSIL1C_20171207T002051_N0206_R116"),
        ("PRODUCT_URI", "PRODUCT_URI is S2A_MSIL1C_20171207T002051_N0205_R116"),
        ("datastripIdentifier", r"datastripIdentifier is \w+_N02\.05"),
        ("granuleIdentifier", r"granuleIdentifier is \w+_N02\.05"),
    ],
)
def test_a_baseline_that_the_names_contradict_is_refused(compact: Path, element: str, name: str):
    document = compact / "MTD_MSIL1C.xml"
    root = etree.parse(document).getroot()
    granule = root.find(".//Granule")
    if element in granule.attrib:
        granule.set(element, granule.get(element).replace("N02.06", "N02.05"))
    else:
        place = root.find(f".//{element}")
        place.text = place.text.replace("02.06", "02.05").replace("N0206", "N0205")
    write(document, root)
    with pytest.raises(ProductError, match=rf"MTD_MSIL1C\.xml: PROCESSING_BASELINE is 02\.0\d, but {name}"):
        open_product(compact)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (">02.06</PROCESSING_BASELINE>", ">02.05</PROCESSING_BASELINE>", r"is 02\.05, expected 02\.06"),
        (
            "<Reflectance_Conversion>",
            "<Radiometric_Offset_List>"
            + "".join(f'<RADIO_ADD_OFFSET band_id="{band}">-1000</RADIO_ADD_OFFSET>' for band in range(13))
            + "</Radiometric_Offset_List><Reflectance_Conversion>",
            "offsets of the bands are not those of the product",
        ),
    ],
)
def test_a_datastrip_that_contradicts_the_product_is_refused(
    source: Path, compact: Path, old: str, new: str, message: str
):
    (document,) = source.glob("DATASTRIP/*/MTD_DS.xml")
    text = document.read_text(encoding="utf-8")
    assert text.count(old) == 1
    copied = compact / document.relative_to(source)
    copied.parent.mkdir(parents=True)
    copied.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ProductError, match=rf"MTD_DS\.xml: .*{message}"):
        open_product(compact).read_datastrip()


def test_a_datastrip_of_another_baseline_is_refused(long_named: Path):
    (tile_folder,) = (long_named / "GRANULE").iterdir()
    (datastrip_folder,) = (long_named / "DATASTRIP").iterdir()
    (document,) = datastrip_folder.iterdir()
    text = document.read_text(encoding="utf-8")
    document.write_text(text.replace(">02.06</PROCESSING", ">02.05</PROCESSING"), encoding="utf-8")
    with pytest.raises(
        ProductError, match=r"PROCESSING_BASELINE is 02\.05, but DATASTRIP_ID of the tile is S2A"
    ):
        open_tile(tile_folder, datastrip_folder)


def test_every_real_document_has_the_baseline_of_its_names(reference_data: Path):
    read = [read_product_metadata(path) for path in documents(reference_data, "_User_Product")]
    for product in read:
        (granule,) = product.granules
        for name in (product.uri, granule.granule_identifier, granule.datastrip_identifier):
            assert baseline_in_name(name) == product.baseline
    assert len(read) == 18


def test_folders_without_or_with_two_documents_are_refused(compact: Path, tmp_path: Path):
    with pytest.raises(ProductError, match="cannot be read"):
        open_product(tmp_path / "absent.SAFE")
    with pytest.raises(ProductError, match="0 metadata documents, expected one"):
        open_product(tmp_path)
    shutil.copy(compact / "MTD_MSIL1C.xml", compact / "MTD_MSIL2A.xml")
    with pytest.raises(ProductError, match="2 metadata documents, expected one"):
        open_product(compact)
