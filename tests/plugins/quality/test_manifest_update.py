"""Bringing manifests up to date: nothing but the entries of the reports changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from ipf_plugins.quality.manifest_update import check_manifest, update_manifest
from lxml import etree

from ipf.errors import ProductError
from tests.plugins.quality.jobs import copied

REAL = "products/S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE"


def entries(manifest: Path) -> dict[str, tuple[str, str, str]]:
    """Size, checksum and its kind of every file that a manifest names."""
    found = {}
    for stream in etree.parse(manifest).iter("byteStream"):
        checksum = stream.find("checksum")
        assert checksum is not None
        (location,) = stream.iter("fileLocation")
        found[str(location.get("href"))] = (
            str(stream.get("size")),
            str(checksum.text),
            str(checksum.get("checksumName")),
        )
    return found


@pytest.fixture
def product(tmp_path: Path, small_l1c: Path) -> Path:
    return copied(small_l1c, tmp_path)


def report(product: Path, name: str) -> Path:
    (folder,) = product.glob("GRANULE/*/QI_DATA")
    return folder / name


def test_only_the_entries_of_the_reports_change(product: Path) -> None:
    manifest, changed = product / "manifest.safe", report(product, "GENERAL_QUALITY.xml")
    before = entries(manifest)
    changed.write_bytes(b"<changed/>")
    update_manifest(manifest, [changed])
    after = entries(manifest)
    name = f"./{changed.relative_to(product).as_posix()}"
    assert after == {
        **before,
        name: ("10", hashlib.sha3_256(b"<changed/>").hexdigest(), "SHA3-256"),
    }


def test_an_update_without_a_change_changes_nothing(product: Path) -> None:
    manifest = product / "manifest.safe"
    update_manifest(manifest, [report(product, "GENERAL_QUALITY.xml")])
    once = manifest.read_bytes()
    update_manifest(manifest, [report(product, "GENERAL_QUALITY.xml")])
    assert manifest.read_bytes() == once


def test_a_new_report_is_entered_beside_the_others(product: Path) -> None:
    manifest, new = product / "manifest.safe", report(product, "RADIOMETRIC_QUALITY.xml")
    new.write_bytes(b"<new/>")
    update_manifest(manifest, [new])
    assert entries(manifest)[f"./{new.relative_to(product).as_posix()}"][0] == "6"
    root = etree.parse(manifest)
    (unit,) = (
        each
        for each in root.iter("{*}contentUnit")
        if each.get("ID") == "Radiometric_OLQC_Report_Tile1_InformationUnit"
    )
    parent = unit.getparent()
    assert parent is not None
    assert parent.get("ID") == "QI_DATA_Tile1"
    assert unit[0].get("dataObjectID") == "Radiometric_OLQC_Report_Tile1_InformationData"
    identifiers = [str(each.get("ID")) for each in root.iter("dataObject")]
    assert len(identifiers) == len(set(identifiers))


def test_identifiers_are_those_of_real_manifests(tmp_path: Path, reference_data: Path) -> None:
    """A report that is taken out of a real manifest and entered again has its identifiers back."""
    manifest = tmp_path / "manifest.safe"
    tree = etree.parse(reference_data / REAL / "manifest.safe")
    (item,) = (
        each
        for each in tree.iter("dataObject")
        if each.get("ID") == "Sensor_OLQC_Report_Tile1_InformationData"
    )
    (unit,) = (
        each
        for each in tree.iter("{*}contentUnit")
        if each.get("ID") == "Sensor_OLQC_Report_Tile1_InformationUnit"
    )
    name = str(next(item.iter("fileLocation")).get("href")).removeprefix("./")
    for element in (item, unit):
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
    manifest.write_bytes(etree.tostring(tree))
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes((reference_data / REAL / name).read_bytes())
    update_manifest(manifest, [tmp_path / name])
    assert entries(manifest) == entries(reference_data / REAL / "manifest.safe")
    known = {each.get("ID") for each in etree.parse(manifest).iter("{*}contentUnit", "dataObject")}
    assert known == {
        each.get("ID")
        for each in etree.parse(reference_data / REAL / "manifest.safe").iter("{*}contentUnit", "dataObject")
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<dataObjectSection", "<dataSection", "not well-formed"),
        ('checksumName="SHA3-256"', 'checksumName="CRC"', "checksumName is CRC, expected one of"),
        ("fileLocation", "file", "no dataObject"),
        ("informationPackageMap", "packageMap", "informationPackageMap/contentUnit is missing"),
    ],
)
def test_a_manifest_that_cannot_be_updated_says_why(product: Path, old: str, new: str, message: str) -> None:
    manifest = product / "manifest.safe"
    manifest.write_text(manifest.read_text().replace(old, new))
    with pytest.raises(ProductError, match=message) as refused:
        check_manifest(manifest)
    assert str(manifest) in str(refused.value)
