"""Datastrip metadata: every real document against plain searches, and documents that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from ipf.errors import ProductError
from ipf.product.bands import BAND_NAMES
from ipf.product.datastrip_reader import read_datastrip_metadata
from tests.product.documents import documents, text, texts


@pytest.fixture(scope="module")
def datastrip_documents(reference_data: Path) -> list[Path]:
    found = documents(reference_data, "_DataStrip_ID")
    assert len(found) == 3
    return found


def test_every_real_document_reads_and_agrees_with_a_plain_search(datastrip_documents: list[Path]):
    for path in datastrip_documents:
        root = etree.parse(path).getroot()
        datastrip = read_datastrip_metadata(path)
        assert datastrip.level == "L1C"
        assert datastrip.baseline == text(root, "PROCESSING_BASELINE")
        assert str(datastrip.sensing_start) == text(root, "DATASTRIP_SENSING_START")
        assert str(datastrip.sensing_stop) == text(root, "DATASTRIP_SENSING_STOP")
        assert str(datastrip.processing_time) == text(root, "UTC_DATE_TIME")
        assert datastrip.processing_centre == text(root, "PROCESSING_CENTER")
        assert str(datastrip.downlink_orbit) == text(root, "DOWNLINK_ORBIT_NUMBER")
        assert list(datastrip.tiles) == [tile.get("tileId") for tile in root.iter("Tile")]
        assert list(datastrip.radiometry.solar_irradiance) == list(BAND_NAMES)
        assert [gipp.name for gipp in datastrip.auxiliary.gipps] == texts(root, "GIPP_FILENAME")
        rotation = datastrip.auxiliary.earth_rotation
        assert rotation.ut1_utc == float(text(root, "UT1_UTC"))
        assert rotation.gps_time_tai == -19


def test_sections_passed_on_hold_what_the_document_holds(datastrip_documents: list[Path]):
    for path in datastrip_documents:
        root = etree.parse(path).getroot()
        datastrip = read_datastrip_metadata(path)
        for section, place in (
            (datastrip.sensor_configuration, "{*}Image_Data_Info/Sensor_Configuration"),
            (datastrip.geometric_info, "{*}Image_Data_Info/Geometric_Info"),
            (datastrip.satellite_ancillary_data, "{*}Satellite_Ancillary_Data_Info"),
            (datastrip.geometric_quality, "{*}Quality_Indicators_Info/Geometric_Info"),
            (datastrip.radiometric_quality, "{*}Quality_Indicators_Info/Radiometric_Info"),
        ):
            original, copied = root.find(place), etree.fromstring(section.content)
            assert section.name == copied.tag == etree.QName(original).localname
            assert b"xmlns" not in section.content
            ours = [(part.tag, part.text, dict(part.attrib)) for part in copied.iterdescendants()]
            theirs = [(part.tag, part.text, dict(part.attrib)) for part in original.iterdescendants()]
            assert ours == theirs


def test_a_wrong_flag_and_a_missing_section_are_named(datastrip_documents: list[Path], tmp_path: Path):
    root = etree.parse(datastrip_documents[0]).getroot()
    path = tmp_path / "MTD_DS.xml"
    root.find(".//SWIR_REARRANGEMENT_PROC").text = "maybe"
    path.write_bytes(etree.tostring(root))
    with pytest.raises(ProductError, match="SWIR_REARRANGEMENT_PROC is 'maybe', expected true or false"):
        read_datastrip_metadata(path)
    root.find(".//SWIR_REARRANGEMENT_PROC").text = "1"
    root.remove(root.find("{*}Satellite_Ancillary_Data_Info"))
    path.write_bytes(etree.tostring(root))
    with pytest.raises(ProductError, match="element Satellite_Ancillary_Data_Info is missing"):
        read_datastrip_metadata(path)


def test_an_offset_is_required_of_every_band_since_04_00(datastrip_documents: list[Path], tmp_path: Path):
    (source,) = (path for path in datastrip_documents if "N04.00" in path.name)
    root = etree.parse(source).getroot()
    radiometry = root.find(".//Radiometric_Info")
    radiometry.remove(radiometry.find("Radiometric_Offset_List"))
    path = tmp_path / "MTD_DS.xml"
    path.write_bytes(etree.tostring(root))
    with pytest.raises(ProductError, match=r"MTD_DS\.xml:\d+: .*RADIO_ADD_OFFSET is missing for B01"):
        read_datastrip_metadata(path)


def test_the_stand_in_of_a_real_product_is_named(reference_data: Path):
    (path,) = reference_data.glob("products/*T18LTM*/DATASTRIP/*/MTD_DS.xml")
    with pytest.raises(ProductError, match=r"MTD_DS\.xml: empty stand-in"):
        read_datastrip_metadata(path)
