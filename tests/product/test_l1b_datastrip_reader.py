"""Level-1C datastrips take over what Level 1B says, and are valid by the official schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from ipf.errors import ProductError
from ipf.product.datastrip_reader import read_datastrip_metadata
from ipf.product.datastrip_writer import datastrip_xml
from ipf.product.l1b_datastrip_reader import read_as_level_1c
from ipf.product.nominal_radiometry import nominal_radiometry
from ipf.product.sensor_datastrip import read_sensor_datastrip
from ipf.product.utc import UtcTime
from tests.product.sensor_documents import datastrip_text

TILE = "S2A_OPER_MSI_L1C_TL_MPC__20240830T153343_A026904_T28SBC_N05.00"
RADIOMETRY = nominal_radiometry("S2A", UtcTime.parse("2020-08-16T12:02:21Z"), "05.00")
NEW: Mapping[str, object] = {"tiles": (TILE,), "doi": "https://doi.org/10.5270/S2_-742ikth"}


@pytest.mark.parametrize(("folder", "version"), [("PSD150", 15), ("PSD148", 14)])
def test_valid_and_complete(reference_data: Path, tmp_path: Path, folder: str, version: int) -> None:
    (source,) = (reference_data / "geometry_madeira" / "DATASTRIP").iterdir()
    metadata = replace(read_as_level_1c(source, RADIOMETRY), psd_version=version, **NEW)
    content = datastrip_xml(metadata)
    schema = etree.XMLSchema(
        file=str(reference_data / "xsd" / folder / "S2_PDI_Level-1C_Datastrip_Metadata.xsd")
    )
    schema.assertValid(etree.fromstring(content).getroottree())
    (tmp_path / "MTD_DS.xml").write_bytes(content)
    again = read_datastrip_metadata(tmp_path / "MTD_DS.xml")
    assert (again.datatake, again.tiles) == (metadata.datatake, (TILE,))
    assert again.datatake.relative_orbit == 23
    assert again.radiometry.offset("B02") == -1000
    assert again.radiometry.spectral_bands == metadata.radiometry.spectral_bands
    # The acquisition itself is the same.
    found, expected = read_sensor_datastrip(tmp_path), read_sensor_datastrip(source)
    assert (found.ephemeris.positions == expected.ephemeris.positions).all()
    assert (found.refining, found.earth, found.datation) == (
        expected.refining,
        expected.earth,
        expected.datation,
    )
    assert found.sun_distance_factor == RADIOMETRY.sun_distance_correction


def test_a_datastrip_without_its_sections(tmp_path: Path) -> None:
    path = tmp_path / "MTD_DS.xml"
    path.write_text(datastrip_text())
    with pytest.raises(
        ProductError, match=r"MTD_DS\.xml:\d+: General_Info: element Processing_Info is missing"
    ):
        read_as_level_1c(tmp_path, RADIOMETRY)
    path.write_text(datastrip_text().replace("Level-1B", "Level-1C"))
    with pytest.raises(ProductError, match="root element is Level-1C_DataStrip_ID, expected Level-1B"):
        read_as_level_1c(tmp_path, RADIOMETRY)
