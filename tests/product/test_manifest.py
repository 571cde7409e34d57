"""Manifests against those of official products."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from ipf.errors import OutputError
from ipf.product.manifest import file_checksum, manifest_xml
from ipf.product.manifest_objects import data_objects
from ipf.product.metadata_reader import read_product_metadata

L1C = "products/S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE"
L2A = "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"
L1C_BEFORE_04 = "l1c_metadata/S2A_MSIL1C_20171207T002051_N0206_R116_T55JEJ_20171207T032513.SAFE"
UNIT = "{urn:ccsds:schema:xfdu:1}contentUnit"


def rows(manifest: etree._Element) -> dict[str, tuple[str, str, str, str | None, str | None]]:
    """Object identifier: path, MIME type, unit, text of the unit, container. HTML pages left out."""
    units = {
        pointer.get("dataObjectID"): pointer.getparent()
        for pointer in manifest.iter("dataObjectPointer")
        if pointer.getparent().tag == UNIT
    }
    return {
        item.get("ID"): (
            item.find(".//fileLocation").get("href").removeprefix("./"),
            item.find("byteStream").get("mimeType"),
            units[item.get("ID")].get("ID"),
            units[item.get("ID")].get("textInfo"),
            units[item.get("ID")].getparent().get("ID"),
        )
        for item in manifest.iter("dataObject")
        if not item.get("ID").startswith("HTML")
    }


@pytest.mark.parametrize("product", [L1C, L2A, L1C_BEFORE_04])
def test_identifiers_are_those_of_the_official_manifest(reference_data: Path, product: str) -> None:
    official = rows(etree.parse(reference_data / product / "manifest.safe").getroot())
    level = "Level-2A" if product == L2A else "Level-1C"
    ours = data_objects([row[0] for row in official.values()], level)
    assert {item.identifier: (item.path, item.mime_type, item.unit, item.text_info) for item in ours} == {
        identifier: row[:4] for identifier, row in official.items()
    }


def test_the_whole_document_is_that_of_the_official_product(reference_data: Path, tmp_path: Path) -> None:
    """Only the HTML pages, the satellite's designator and layout differ."""
    official_product = reference_data / L1C
    official = etree.parse(official_product / "manifest.safe").getroot()
    for path, *_ in rows(official).values():  # the whole tree, stand-ins and absent files too
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((official_product / path).read_bytes())
    metadata = read_product_metadata(official_product / "MTD_MSIL1C.xml")
    ours = etree.fromstring(manifest_xml(tmp_path, metadata))

    assert list(rows(ours)) == list(rows(official))
    assert rows(ours) == rows(official)
    assert outline(ours) == outline(official)
    checksums = {item.get("ID"): item.findtext(".//checksum") for item in official.iter("dataObject")}
    sizes = {item.get("ID"): item.find("byteStream").get("size") for item in official.iter("dataObject")}
    compared = 0
    for item in ours.iter("dataObject"):
        stream = item.find("byteStream")
        if stream.get("size") == sizes[item.get("ID")]:  # else a stand-in
            assert stream.findtext("checksum") == checksums[item.get("ID")].lower()
            compared += 1
    assert compared == 45  # of 57; ten bands, TCI and the datastrip's metadata are stand-ins


def outline(manifest: etree._Element) -> list[tuple[str, dict[str, str], str]]:
    """Tag, attributes and text of the elements outside the data objects."""
    found = []
    for element in manifest.iter(etree.Element):
        if any(part.tag == "dataObjectSection" for part in [element, *element.iterancestors()]):
            continue
        identifiers = [element.get("ID", ""), element.get("dataObjectID", "")]
        if any(name.startswith("HTML") for name in identifiers) or element.tag.endswith("nssdcIdentifier"):
            continue
        text = " ".join((element.text or "").split())
        found.append((element.tag, dict(element.attrib), text))
    return found


def test_known_checksums_are_not_computed_again(reference_data: Path, tmp_path: Path) -> None:
    metadata = read_product_metadata(reference_data / L1C / "MTD_MSIL1C.xml")
    (tmp_path / "INSPIRE.xml").write_text("content")
    manifest = etree.fromstring(manifest_xml(tmp_path, metadata, {"INSPIRE.xml": "known"}))
    assert manifest.findtext(".//checksum") == "known"


def test_checksum_algorithm_follows_the_baseline(reference_data: Path, tmp_path: Path) -> None:
    file = tmp_path / "INSPIRE.xml"
    file.write_text("content")
    assert file_checksum(file, "04.00") == hashlib.sha3_256(b"content").hexdigest()
    assert file_checksum(file, "03.01") == hashlib.md5(b"content").hexdigest()
    metadata = read_product_metadata(reference_data / L1C / "MTD_MSIL1C.xml")
    manifest = etree.fromstring(manifest_xml(tmp_path, replace(metadata, baseline="02.06")))
    assert manifest.find(".//checksum").get("checksumName") == "MD5"


@pytest.mark.parametrize(
    "path",
    ["notes.txt", "GRANULE/x/IMG_DATA/image.tif", "GRANULE/x/QI_DATA/MSK_FOREST_B01.jp2", "DATASTRIP/x/y"],
)
def test_a_foreign_file_is_named(reference_data: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    metadata = read_product_metadata(reference_data / L1C / "MTD_MSIL1C.xml")
    with pytest.raises(OutputError, match=f"{path}: not a file of a Level-1C"):
        manifest_xml(tmp_path, metadata)
