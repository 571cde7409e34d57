"""Product metadata: every real document, against plain searches and GDAL; and documents that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from osgeo import gdal

from ipf.errors import ProductError
from ipf.product.bands import BANDS
from ipf.product.metadata_reader import read_product_metadata
from tests.product.documents import documents, leaves, text, texts, with_text, without


@pytest.fixture(scope="module")
def product_documents(reference_data: Path) -> list[Path]:
    found = documents(reference_data, "_User_Product")
    assert len(found) == 18
    return found


def test_every_real_document_reads_and_agrees_with_a_plain_search(product_documents: list[Path]):
    for path in product_documents:
        root = etree.parse(path).getroot()
        product = read_product_metadata(path)
        assert f"Level-{product.level[1:]}" == text(root, "PROCESSING_LEVEL")
        assert product.uri == text(root, "PRODUCT_URI")
        assert product.baseline == text(root, "PROCESSING_BASELINE")
        assert product.doi == text(root, "PRODUCT_DOI")
        assert product.datatake.spacecraft_name == text(root, "SPACECRAFT_NAME")
        for ours, name in (
            (product.start_time, "PRODUCT_START_TIME"),
            (product.stop_time, "PRODUCT_STOP_TIME"),
            (product.generation_time, "GENERATION_TIME"),
            (product.datatake.sensing_start, "DATATAKE_SENSING_START"),
        ):
            assert str(ours) == text(root, name)
        images = [image for granule in product.granules for image in granule.image_files]
        assert images == texts(root, "IMAGE_FILE")
        radiometry = product.radiometry
        assert radiometry.sun_distance_correction == float(text(root, "U"))
        assert list(radiometry.solar_irradiance.values()) == [
            float(value) for value in texts(root, "SOLAR_IRRADIANCE")
        ]
        assert list(product.physical_gains.values()) == [
            float(value) for value in texts(root, "PHYSICAL_GAINS")
        ]
        offsets = texts(root, "RADIO_ADD_OFFSET") + texts(root, "BOA_ADD_OFFSET")
        assert list(radiometry.offsets.values()) == [float(value) for value in offsets]
        assert bool(offsets) == (product.baseline >= "04.00")
        assert [gipp.name for gipp in product.auxiliary.gipps] == texts(root, "GIPP_FILENAME")
        assert list(product.auxiliary.gris) == texts(root, "GRI_FILENAME")
        assert product.auxiliary.ecmwf == text(root, "ECMWF_DATA_REF")
        assert product.quality.cloud_coverage == float(text(root, "Cloud_Coverage_Assessment"))
        assert len(product.quality.checks) in (5, 6)
        footprint = [float(word) for word in text(root, "EXT_POS_LIST").split()]
        assert [number for point in product.footprint for number in point] == footprint
        assert product.footprint[0] == product.footprint[-1]


def test_bands_are_keyed_by_name_in_every_document(product_documents: list[Path]):
    names = [band.name for band in BANDS]
    for path in product_documents:
        product = read_product_metadata(path)
        assert list(product.radiometry.solar_irradiance) == names
        assert list(product.physical_gains) == names
        assert [band.band for band in product.radiometry.spectral_bands] == names
        for band, known in zip(product.radiometry.spectral_bands, BANDS, strict=True):
            assert band.resolution == known.resolution
            assert band.minimum < band.central < band.maximum
            samples = (band.maximum - band.minimum) / band.response_step + 1
            if product.satellite == "S2A" and product.baseline <= "02.06" and band.band in ("B02", "B08"):
                assert len(band.response) == samples - {"B02": 2, "B08": 11}[band.band]
            else:
                assert len(band.response) == samples
            assert max(band.response) == 1.0
        assert product.radiometry.display_order == ("B04", "B03", "B02")
        assert (product.nodata, product.saturated) == (0, 65535)


def test_level2a_parts(product_documents: list[Path]):
    level2a = [read_product_metadata(path) for path in product_documents]
    level2a = [product for product in level2a if product.level == "L2A"]
    assert len(level2a) == 9
    for product in level2a:
        assert product.scene_classes["SC_NODATA"] == 0
        assert sorted(product.scene_classes.values()) == list(range(12))
        quantification = product.radiometry.quantification
        assert (quantification.reflectance, quantification.aot, quantification.water_vapour) == (
            1e4,
            1e3,
            1e3,
        )
        content = product.quality.content
        classes = (
            content.saturated_defective
            + content.shadow
            + content.cloud_shadow
            + content.vegetation
            + content.not_vegetated
            + content.water
            + content.unclassified
            + content.medium_probability_clouds
            + content.high_probability_clouds
            + content.thin_cirrus
            + content.snow_ice
        )
        assert classes == pytest.approx(100, abs=0.01)


def test_levels_versions_and_satellites_that_the_samples_span(product_documents: list[Path]):
    products = [read_product_metadata(path) for path in product_documents]
    assert {product.psd_version for product in products} == {14, 15}
    assert {product.satellite for product in products} == {"S2A", "S2B", "S2C"}
    assert {product.baseline for product in products} >= {
        "02.05",
        "02.06",
        "03.01",
        "04.00",
        "05.09",
        "05.11",
    }


def test_agrees_with_the_driver_of_gdal(reference_data: Path):
    paths = sorted(reference_data.glob("*/*.SAFE/MTD_MSI*.xml"))
    assert len(paths) == 4
    for path in paths:
        tags = gdal.Open(str(path)).GetMetadata()
        product = read_product_metadata(path)
        datatake = product.datatake
        assert datatake.identifier == tags["DATATAKE_1_ID"]
        assert str(datatake.sensing_start) == tags["DATATAKE_1_DATATAKE_SENSING_START"]
        assert datatake.kind == tags["DATATAKE_1_DATATAKE_TYPE"]
        assert datatake.relative_orbit == int(tags["DATATAKE_1_SENSING_ORBIT_NUMBER"])
        assert datatake.orbit_direction == tags["DATATAKE_1_SENSING_ORBIT_DIRECTION"]
        assert product.reference_band[:1] + product.reference_band[2:] == tags["REFERENCE_BAND"]
        assert product.radiometry.sun_distance_correction == float(tags["REFLECTANCE_CONVERSION_U"])
        checks = {name: tags.get(name, tags.get(f"{name}_FLAG")) for name in product.quality.checks}
        assert product.quality.checks == checks
        assert product.quality.degraded_msi == float(tags["DEGRADED_MSI_DATA_PERCENTAGE"])
        ring = ", ".join(f"{longitude!r} {latitude!r}" for latitude, longitude in product.footprint)
        assert f"POLYGON(({ring}))" == tags["FOOTPRINT"]
        if product.level == "L2A":
            content = product.quality.content
            assert content.snow_ice == float(tags["SNOW_ICE_PERCENTAGE"])
            assert content.mean_water_vapour == float(tags["GRANULE_MEAN_WV"])
            assert content.ozone == float(tags["OZONE_VALUE"])


OPTIONAL = {
    "PRODUCT_DOI",
    "SENSING_ORBIT_DIRECTION",
    "PRODUCT_FORMAT",
    "IMAGE_FILE",
    "SOLAR_IRRADIANCE",
    "PHYSICAL_GAINS",
    "REFERENCE_BAND",
    "GIPP_FILENAME",
    "GRI_FILENAME",
    "GRI_List",
    "ECMWF_DATA_REF",
    "CAMS_DATA_REF",
    "LUT_FILENAME",
    "SNOW_CLIMATOLOGY_MAP",
    "ESACCI_WaterBodies_Map",
    "ESACCI_LandCover_Map",
    "ESACCI_SnowCondition_Map_Dir",
    "Snow_Coverage_Assessment",
    "quality_check",
    "Failed_Inspections",
    "CLOUDY_PIXEL_OVER_LAND_PERCENTAGE",
    "AOT_RETRIEVAL_METHOD",
    "GRANULE_MEAN_AOT",
    "GRANULE_MEAN_WV",
    "OZONE_SOURCE",
    "OZONE_VALUE",
}
"""Elements that older baselines lack, or that a list may be without."""
NOT_READ = {
    "PROCESSING_LEVEL",
    "PREVIEW_IMAGE_URL",
    "PREVIEW_GEO_INFO",
    "RASTER_CS_TYPE",
    "PIXEL_ORIGIN",
    "GEO_TABLES",
    "HORIZONTAL_CS_TYPE",
}
"""Elements with one value in every product."""


def test_an_element_that_is_missing_is_named(product_documents: list[Path], tmp_path: Path):
    accepted = set()
    for source in product_documents[-2:]:
        root = etree.parse(source).getroot()
        for leaf in leaves(root):
            name = etree.QName(leaf).localname
            path = tmp_path / "MTD.xml"
            path.write_bytes(without(root, leaf))
            try:
                read_product_metadata(path)
            except ProductError as caught:
                message = str(caught)
            else:
                accepted.add(name)
                continue
            assert message.startswith(f"{path}:")
            assert "missing" in message or "has no" in message
            assert name in message or name.startswith("SPECIAL_VALUE")
    assert accepted <= OPTIONAL | NOT_READ


def test_a_number_or_time_that_is_none_is_named(product_documents: list[Path], tmp_path: Path):
    checked = 0
    for source in product_documents[-2:]:
        root = etree.parse(source).getroot()
        for leaf in leaves(root):
            name = etree.QName(leaf).localname
            content = (leaf.text or "").strip()
            if not content[:1].isdigit() or name in NOT_READ or name.endswith(("BASELINE", "FILENAME")):
                continue
            for wrong in ("12,5", "1_000", "nan", "inf"):
                path = tmp_path / "MTD.xml"
                path.write_bytes(with_text(root, leaf, wrong))
                with pytest.raises(ProductError, match=name):
                    read_product_metadata(path)
                checked += 1
    assert checked > 150


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SPACECRAFT_NAME", "Landsat-8", "expected Sentinel-2A to Sentinel-2D"),
        ("QUANTIFICATION_VALUE", "0", "expected a positive number"),
        ("SENSING_ORBIT_NUMBER", "12.5", "expected a whole number"),
        ("RED_CHANNEL", "13", "expected a band number 0-12"),
        ("PRODUCT_START_TIME", "2022-13-25T15:17:01Z", "PRODUCT_START_TIME: month"),
        ("PRODUCT_START_TIME", "yesterday", "'yesterday' is not a UTC time"),
        ("EXT_POS_LIST", "1 2 3 4 5 6 7", "expected pairs"),
        ("EXT_POS_LIST", "91 2 3 4 5 6 91 2", "not a latitude and a longitude"),
    ],
)
def test_wrong_values_are_named(
    product_documents: list[Path], tmp_path: Path, name: str, value: str, expected: str
):
    root = etree.parse(
        product_documents[-2] if "L1C" in str(product_documents[-2]) else product_documents[-1]
    )
    element = root.getroot().find(f".//{{*}}{name}")
    path = tmp_path / "MTD.xml"
    path.write_bytes(with_text(root.getroot(), element, value))
    with pytest.raises(ProductError, match=expected):
        read_product_metadata(path)


@pytest.mark.parametrize(
    ("tile", "name"), [("T18LTM", "RADIO_ADD_OFFSET"), ("T29UNU", "BOA_ADD_OFFSET")], ids=["L1C", "L2A"]
)
@pytest.mark.parametrize("left", [0, 12])
def test_an_offset_is_required_of_every_band_since_04_00(
    reference_data: Path, tmp_path: Path, tile: str, name: str, left: int
):
    """Without it counts would be read as 0.1 too bright, and nothing would tell."""
    (source,) = reference_data.glob(f"products/*{tile}*/MTD_MSIL*.xml")
    root = etree.parse(source).getroot()
    for offset in root.findall(f".//{name}")[left:]:
        offset.getparent().remove(offset)
    path = tmp_path / "MTD.xml"
    path.write_bytes(etree.tostring(root))
    band = "B01" if left == 0 else "B12"
    with pytest.raises(ProductError, match=rf"MTD\.xml:\d+: .*{name} is missing for {band}, .* 04\.00"):
        read_product_metadata(path)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fraction=st.floats(0, 1, exclude_max=True))
def test_a_cut_document_is_one_clear_error(product_documents: list[Path], tmp_path: Path, fraction: float):
    content = product_documents[0].read_bytes().rstrip()
    path = tmp_path / "cut.xml"
    path.write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(ProductError) as caught:
        read_product_metadata(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_document_and_a_stand_in_are_refused(reference_data: Path, tmp_path: Path):
    tile = next(reference_data.glob("products/*/GRANULE/*/MTD_TL.xml"))
    with pytest.raises(
        ProductError, match=r"root element is Level-\w+_Tile_ID, expected Level-1C_User_Product"
    ):
        read_product_metadata(tile)
    stand_in = tmp_path / "MTD_MSIL1C.xml"
    stand_in.write_text("\n")
    with pytest.raises(ProductError, match="empty stand-in"):
        read_product_metadata(stand_in)


def test_entities_are_refused(product_documents: list[Path], tmp_path: Path):
    root = etree.parse(product_documents[0]).getroot()
    document_type = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    path = tmp_path / "MTD.xml"
    path.write_bytes(document_type.encode() + etree.tostring(root))
    with pytest.raises(ProductError, match="document type declarations are not accepted"):
        read_product_metadata(path)
