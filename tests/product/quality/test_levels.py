"""Documents of Level-0 and Level-1B: real ones pass what their inputs allow, and each damage is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipf.product.quality.items import items_of
from ipf.product.quality.model import CHECKLISTS, Item, Outcome, QualityParameters
from tests.product.quality.small_products import Damage, added, broken, checks, text, value

PLAIN = QualityParameters()
FORMAT, GENERAL, SENSOR = "FORMAT_CORRECTNESS", "GENERAL_QUALITY", "SENSOR_QUALITY"
GEOMETRIC, RADIOMETRIC = "GEOMETRIC_QUALITY", "RADIOMETRIC_QUALITY"
NO_IMAGES = {f"{GEOMETRIC}.Granule_Dimensions_{size}m" for size in (10, 20, 60)}
"""What the granules without pixels fail."""

DOCUMENTS = {
    "L0 datastrip": "metadata/Level-0_DataStrip*",
    "L0 granule": "metadata/Level-0_Granule*20191001*",
    "L1B datastrip": "geometry_madeira/DATASTRIP/*/*.xml",
    "L1B granule": "geometry_madeira/GRANULE/*20200816T120222_D02*/*.xml",
}


def real(reference_data: Path, folder: Path, name: str) -> Item:
    """The item of a copy of a real document, under its official name."""
    (document,) = reference_data.glob(DOCUMENTS[name])
    official = document.name.split("__S2")[-1].rpartition("__")[0] or document.name
    copy = folder / (official if official.startswith("S2") else f"S2{official}")
    shutil.copyfile(document, copy)
    (item,) = items_of(copy)
    return item


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_real_document_passes_what_its_inputs_allow(
    reference_data: Path, tmp_path: Path, name: str
) -> None:
    item = real(reference_data, tmp_path, name)
    assert f"{item.level} {item.kind}" == name
    assert broken(item, PLAIN) == (NO_IMAGES if name == "L1B granule" else set())
    found = checks(item, PLAIN)
    assert {check.split(".")[0] for check in found} == set(CHECKLISTS[item.level, item.kind])
    assert {check.outcome for check in found.values()} <= {Outcome.PASSED, Outcome.NOT_RUN, Outcome.FAILED}


CASES: list[tuple[str, str, Damage]] = [
    (
        "L0 datastrip",
        f"{FORMAT}.Start_Stop_Time",
        value("DATASTRIP_SENSING_STOP", "2022-10-11T06:40:00.000Z"),
    ),
    ("L0 datastrip", f"{GENERAL}.Lost_Packets", value("NUMBER_OF_LOST_PACKETS", "1")),
    ("L0 datastrip", f"{GENERAL}.Orbit_Number_DOWNLINK", value("DOWNLINK_ORBIT_NUMBER", "0")),
    ("L0 datastrip", f"{GEOMETRIC}.Ephemeris_Quality", value("EPHEMERIS_QUALITY", "21")),
    ("L0 datastrip", f"{GEOMETRIC}.Absolute_Location_Value", value("VALUE", "31", "Absolute_Location")),
    ("L0 datastrip", f"{GEOMETRIC}.Attitude_Quality_Indicator_Raw", value("ATTITUDE_QUALITY", "NOATTITUDE")),
    ("L0 datastrip", f"{SENSOR}.Datation_Model_GPS_SYNC", value("GPS_SYNC", "false")),
    (
        "L0 datastrip",
        f"{SENSOR}.Degraded_SAD",
        added(
            "Satellite_Ancillary_Data_Info",
            "<Lost_Source_Packet_List><Lost_Source_Packet/></Lost_Source_Packet_List>",
        ),
    ),
    ("L0 granule", f"{SENSOR}.Missing_Lines", value("NB_OF_SOURCE_PACKETS", "23")),
    ("L0 granule", f"{SENSOR}.Missing_Lines", text('bandId="12"', 'bandId="0"')),
    ("L0 granule", f"{SENSOR}.Corrupted_ISP", value("DEGRADED_MSI_DATA_PERCENTAGE", "0.1")),
    ("L1B datastrip", f"{GENERAL}.Degraded_Packets", value("NUMBER_OF_TOO_DEGRADED_PACKETS", "1")),
    ("L1B datastrip", f"{GENERAL}.Processor_Version", value("PROCESSING_BASELINE", "05.01")),
    ("L1B datastrip", f"{GEOMETRIC}.Geometric_Refining_Image_Refining", value("X_STDV", "25")),
    ("L1B datastrip", f"{GEOMETRIC}.Attitude_Quality_Indicator_Corrected", text("PROPAGATED<", "INVALID<")),
    ("L1B datastrip", f"{RADIOMETRIC}.IntegrationTime", value("INTEGRATION_TIME", "-1")),
    ("L1B datastrip", f"{RADIOMETRIC}.EqualizationFlag", value("EQUALIZATION_MODE", "false")),
    ("L1B datastrip", f"{SENSOR}.Degraded_SAD", value("DEGRADED_ANC_DATA_PERCENTAGE", "1")),
    ("L1B granule", f"{SENSOR}.Missing_Lines", value("NROWS", "2300")),
    ("L1B granule", f"{SENSOR}.Corrupted_ISP", value("DEGRADED_MSI_DATA_PERCENTAGE", "0.1")),
    ("L1B granule", f"{GEOMETRIC}.Solar_Angle_Zenith", value("ZENITH_ANGLE", "-1", "Solar_Angles")),
    ("L1B granule", f"{GEOMETRIC}.Solar_Angle_Azimuth", value("AZIMUTH_ANGLE", "361", "Solar_Angles")),
]


@pytest.mark.parametrize(
    ("name", "check", "damage"), CASES, ids=[f"{name}-{check}" for name, check, _ in CASES]
)
def test_a_damage_fails_the_check_that_it_is_for(
    reference_data: Path, tmp_path: Path, name: str, check: str, damage: Damage
) -> None:
    item = real(reference_data, tmp_path, name)
    damage(item)
    (damaged,) = items_of(item.document)
    assert broken(damaged, PLAIN) == {check} | (NO_IMAGES if name == "L1B granule" else set())


def test_granules_are_judged_with_their_datastrip(reference_data: Path) -> None:
    items = items_of(reference_data / "geometry_madeira")
    assert [item.kind for item in items[:2]] == ["datastrip", "granule"]
    assert len(items) == 73
    for item in items[1:]:
        assert item.datastrip is items[0]
    times = [checks(item, PLAIN)[f"{SENSOR}.Sensing_Time"] for item in items[1::12]]
    assert {check.outcome for check in times} == {Outcome.PASSED}
