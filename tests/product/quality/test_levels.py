"""Documents of Level-0 and Level-1B: real ones pass what their inputs allow, and each damage is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.quality.items import items_of
from ipf.product.quality.model import CHECKLISTS, Item, Outcome, QualityParameters
from ipf.product.raster import Grid
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


@pytest.fixture(scope="module")
def granule(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Level-1B granule of real metadata with images of its sizes, in a folder of its own."""
    (document,) = reference_data.glob(DOCUMENTS["L1B granule"])
    folder = tmp_path_factory.mktemp("granule") / document.parent.name
    (folder / "IMG_DATA").mkdir(parents=True)
    shutil.copyfile(document, folder / document.name)
    stem = folder.name.rpartition("_N")[0]
    shapes = {10: (2304, 2552), 20: (1152, 1276), 60: (384, 425)}
    for band in BAND_NAMES:
        resolution = BY_NAME[band].resolution
        rows, columns = shapes[resolution]
        # Images of the sensor lie nowhere: the place is the encoder's.
        grid = Grid(32628, 300000.0, 3700020.0, resolution, rows, columns)
        path = folder / "IMG_DATA" / f"{stem}_{band}.jp2"
        encode_jpeg2000(path, np.full((rows, columns), 7, np.uint16), grid, ImageKind.BAND)
    return folder


def test_a_granule_fails_for_its_manifest_alone(granule: Path) -> None:
    (item,) = items_of(granule)
    assert broken(item, PLAIN) == {f"{FORMAT}.checkSafeManifest"}


@pytest.mark.parametrize("place", ["GRANULE", "GRANULE/DB1"])
def test_a_granule_of_a_package_owes_no_manifest(granule: Path, tmp_path: Path, place: str) -> None:
    copy = shutil.copytree(granule, tmp_path / place / granule.name)
    (item,) = items_of(copy)
    assert broken(item, PLAIN) == set()
    manifests = [
        check for name, check in checks(item, PLAIN).items() if "manifest of its own" in check.message
    ]
    assert len(manifests) == 28
    assert {check.outcome for check in manifests} == {Outcome.NOT_RUN}


def test_each_band_of_a_granule_is_missed(granule: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(granule, tmp_path / "GRANULE" / granule.name)
    next(copy.glob("IMG_DATA/*_B05.jp2")).unlink()
    (item,) = items_of(copy)
    name = f"{GEOMETRIC}.Granule_Dimensions_20m"
    assert broken(item, PLAIN) == {name}
    assert checks(item, PLAIN)[name].message == "Missing: B05"


def test_a_granule_states_its_own_name(granule: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(granule, tmp_path / "GRANULE" / granule.name.replace("_D02_", "_D03_"))
    (item,) = items_of(copy)
    found = checks(item, PLAIN)[f"{FORMAT}.checkMetadata"]
    assert found.outcome is Outcome.FAILED
    assert f"is in the folder {copy.name}" in found.message
