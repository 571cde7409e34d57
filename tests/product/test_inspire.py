"""Discovery metadata beside that of an official product."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from ipf.product.inspire import inspire_xml
from ipf.product.metadata import ProductMetadata
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.utc import UtcTime

L2A = "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"
SENSING = UtcTime.parse("2022-10-05T11:54:07.461Z"), UtcTime.parse("2022-10-05T11:57:40.319Z")


@pytest.fixture(scope="module")
def metadata(reference_data: Path) -> ProductMetadata:
    return read_product_metadata(reference_data / L2A / "MTD_MSIL2A.xml")


def values(document: etree._Element, *names: str) -> list[str]:
    return ["".join(document.find(f".//{{*}}{name}").itertext()).strip() for name in names]


def test_sections_stand_in_the_official_order(reference_data: Path, metadata: ProductMetadata) -> None:
    official = etree.parse(reference_data / L2A / "INSPIRE.xml").getroot()
    ours = etree.fromstring(inspire_xml(metadata, *SENSING))
    assert [child.tag for child in ours] == [child.tag for child in official]
    assert {element.tag for element in ours.iter(etree.Element)} - {
        element.tag for element in official.iter(etree.Element)
    } == {f"{{http://www.isotc211.org/2005/{name}" for name in ("gmd}distance", "gco}Distance")}
    assert values(ours, "title", "beginPosition", "endPosition") == values(
        official, "title", "beginPosition", "endPosition"
    )
    assert ours.nsmap == official.nsmap


def test_bounding_box_encloses_the_footprint(reference_data: Path, metadata: ProductMetadata) -> None:
    official = etree.parse(reference_data / L2A / "INSPIRE.xml").getroot()
    ours = etree.fromstring(inspire_xml(metadata, *SENSING))
    bounds = ("westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude")
    for our_bound, official_bound in zip(values(ours, *bounds), values(official, *bounds), strict=True):
        # the official box counts longitudes to 360 and rounds the footprint
        assert float(our_bound) == pytest.approx((float(official_bound) + 180) % 360 - 180, abs=1e-3)


def test_a_footprint_across_180_degrees_has_a_narrow_box(metadata: ProductMetadata) -> None:
    ring = ((51.0, 179.5), (51.0, -179.2), (50.0, -179.2), (50.0, 179.5), (51.0, 179.5))
    document = etree.fromstring(inspire_xml(replace(metadata, footprint=ring), *SENSING))
    assert values(document, "westBoundLongitude", "eastBoundLongitude") == ["179.5", "180.8"]


def test_no_clock_is_read(metadata: ProductMetadata) -> None:
    assert inspire_xml(metadata, *SENSING) == inspire_xml(metadata, *SENSING)
    assert b"2022-10-05" in inspire_xml(metadata, *SENSING)
