"""Quality checks beside official reports; each is shown to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from ipf.product.acquisition import l1c_documents, nominal_datastrip
from ipf.product.angles import Direction
from ipf.product.datastrip_reader import read_datastrip_metadata
from ipf.product.metadata import (
    CamsReference,
    DatastripMetadata,
    Quantification,
    TileMetadata,
    XmlSection,
)
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.quality_checks import datastrip_reports, tile_reports
from ipf.product.quality_report import Check, Outcome, Report, ReportHeader, olqc_report_xml
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.utc import UtcTime
from tests.product.products import schema, small_acquisition

REAL_L1C = "products/S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE"
REAL_L2A = "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"
REAL_DATASTRIP = "Level-1C_DataStrip_ID__N04.00__*.xml"


def identifiers(reports: tuple[Report, ...]) -> dict[str, set[str]]:
    return {report.checklist: {check.identifier for check in report.checks} for report in reports}


def official_identifiers(folder: Path) -> dict[str, set[str]]:
    found = {}
    for path in folder.glob("*.xml"):
        root = etree.parse(path).getroot()
        inspections = list(root.iter("{*}inspection"))
        if inspections:
            found[root.findtext(".//{*}checkList/{*}name")] = {node.get("id") for node in inspections}
    return found


def failures(reports: tuple[Report, ...]) -> set[str]:
    return {check.identifier for report in reports for check in report.checks if not check.passed}


def datastrip() -> DatastripMetadata:
    return l1c_documents(small_acquisition()).datastrip


def test_checks_of_a_datastrip_are_official_ones(reference_data: Path) -> None:
    ours = identifiers(datastrip_reports(datastrip(), "identifier"))
    (folder,) = (reference_data / REAL_L1C / "DATASTRIP").glob("*/QI_DATA")
    official = official_identifiers(folder)
    assert set(ours) == set(official)
    for checklist, names in ours.items():
        assert names <= official[checklist]


def test_a_real_datastrip_passes(reference_data: Path) -> None:
    (path,) = (reference_data / "metadata").glob(REAL_DATASTRIP)
    assert failures(datastrip_reports(read_datastrip_metadata(path), "identifier")) == set()


def test_a_nominal_datastrip_passes() -> None:
    assert failures(datastrip_reports(datastrip(), "identifier")) == set()


def changed(section: XmlSection, old: str, new: str) -> XmlSection:
    content = section.content.decode()
    assert old in content
    return XmlSection(section.name, content.replace(old, new, 1).encode())


DATASTRIP_FAILURES: list[tuple[set[str], Callable[[DatastripMetadata], DatastripMetadata]]] = [
    ({"Start_Stop_Time"}, lambda strip: replace(strip, sensing_stop=UtcTime.parse("2022-10-05T11:00:00Z"))),
    ({"Orbit_Number_DOWNLINK"}, lambda strip: replace(strip, downlink_orbit=100_000)),
    (
        {"Relative_Orbit_Number_SENSING"},
        lambda strip: replace(strip, datatake=replace(strip.datatake, relative_orbit=144)),
    ),
    (
        {"Lost_Packets"},
        lambda strip: replace(
            strip,
            sensor_configuration=changed(strip.sensor_configuration, "LOST_PACKETS>0", "LOST_PACKETS>3"),
        ),
    ),
    (
        {"Degraded_Packets"},
        lambda strip: replace(
            strip,
            sensor_configuration=changed(
                strip.sensor_configuration, "TOO_DEGRADED_PACKETS>0", "TOO_DEGRADED_PACKETS>1"
            ),
        ),
    ),
    (
        {"EqualizationFlag"},
        lambda strip: replace(
            strip,
            sensor_configuration=changed(
                strip.sensor_configuration,
                '<EQUALIZATION_MODE metadataLevel="Expertise">true',
                '<EQUALIZATION_MODE metadataLevel="Expertise">false',
            ),
        ),
    ),
    (
        {"IntegrationTime"},
        lambda strip: replace(
            strip, sensor_configuration=changed(strip.sensor_configuration, 'unit="ms">7.2<', 'unit="ms">0<')
        ),
    ),
    (
        {"Datation_Model_GPS_SYNC"},
        lambda strip: replace(
            strip, sensor_configuration=changed(strip.sensor_configuration, "GPS_SYNC>true", "GPS_SYNC>false")
        ),
    ),
    (
        {"Absolute_Location_Value"},
        lambda strip: replace(strip, geometric_quality=changed(strip.geometric_quality, ">20<", ">31<")),
    ),
    (
        {"Planimetric_Stability"},
        lambda strip: replace(strip, geometric_quality=changed(strip.geometric_quality, ">3<", ">6<")),
    ),
    (
        {"Ephemeris_Quality"},
        lambda strip: replace(
            strip,
            geometric_quality=changed(strip.geometric_quality, "EPHEMERIS_QUALITY>0", "EPHEMERIS_QUALITY>21"),
        ),
    ),
    (
        {"Attitude_Quality_Indicator_Corrected"},
        lambda strip: replace(
            strip,
            satellite_ancillary_data=changed(
                strip.satellite_ancillary_data, "PROPAGATED</ATT", "INVALID</ATT"
            ),
        ),
    ),
    (
        {"Radiometric_Quality_Indicators_Cross_Band"},
        lambda strip: replace(
            strip,
            radiometric_quality=changed(
                strip.radiometric_quality,
                "CROSS_BAND_CALIBRATION_ACCURACY>3",
                "CROSS_BAND_CALIBRATION_ACCURACY>4",
            ),
        ),
    ),
    ({"Degraded_SAD"}, lambda strip: replace(strip, degraded_ancillary=0.5)),
    (
        {"QuantificationValue"},
        lambda strip: replace(
            strip, radiometry=replace(strip.radiometry, quantification=Quantification(1000.0))
        ),
    ),
    (
        {"SolarRadiance"},
        lambda strip: replace(strip, radiometry=replace(strip.radiometry, solar_irradiance={"B01": 1884.69})),
    ),
    (
        {"QuantificationValueBOA", "QuantificationValueAOT", "QuantificationValueWVP"},
        lambda strip: replace(
            strip,
            level="L2A",
            radiometry=replace(strip.radiometry, quantification=Quantification(1000.0)),
        ),
    ),
]


@pytest.mark.parametrize(("expected", "spoil"), DATASTRIP_FAILURES)
def test_each_check_of_a_datastrip_can_fail(
    expected: set[str], spoil: Callable[[DatastripMetadata], DatastripMetadata]
) -> None:
    assert failures(datastrip_reports(spoil(datastrip()), "identifier")) == expected


@pytest.fixture(scope="module")
def real_tile(reference_data: Path) -> tuple[TileMetadata, DatastripMetadata, Path]:
    """The real Level-2A tile, whose images of 10 and 20 m are few but sound."""
    (granule,) = (reference_data / REAL_L2A / "GRANULE").iterdir()
    tile = read_tile_metadata(granule / "MTD_TL.xml")
    product = read_product_metadata(reference_data / REAL_L2A / "MTD_MSIL2A.xml")
    return tile, nominal_datastrip(product, tile), granule


def test_a_real_tile_passes_what_the_official_report_passes(
    reference_data: Path, real_tile: tuple[TileMetadata, DatastripMetadata, Path]
) -> None:
    tile, strip, granule = real_tile
    reports = tile_reports(tile, strip, granule, ["QI_DATA/MSK_CLASSI_B00.jp2"])
    assert failures(reports) == set()
    official = official_identifiers(granule / "QI_DATA")
    ours = identifiers(reports)
    assert set(ours) == set(official)
    for checklist, names in ours.items():
        assert names <= official[checklist]
    values = {check.identifier: check.values for report in reports for check in report.checks}
    assert values["Solar_Angle_Zenith"] == {"VALUE": 57.820574357679, "EXPECTED": 70.0}


def with_grid(tile: TileMetadata, **changes: float) -> TileMetadata:
    return replace(tile, grid=replace(tile.grid, **changes))  # type: ignore[arg-type]


TILE_FAILURES: list[tuple[set[str], Callable[[TileMetadata], TileMetadata]]] = [
    (
        {"Tile_Position_Size", "Granule_Dimensions_10m", "Granule_Dimensions_20m", "Granule_Dimensions_60m"},
        lambda tile: with_grid(tile, rows=6000),
    ),
    ({"Tile_Position_Geoposition"}, lambda tile: with_grid(tile, upper_left_x=499990.0)),
    (
        {"Solar_Angle_Zenith"},
        lambda tile: replace(tile, angles=replace(tile.angles, mean_sun=Direction(70.5, 100.0))),
    ),
    (
        {"Solar_Angle_Azimuth"},
        lambda tile: replace(tile, angles=replace(tile.angles, mean_sun=Direction(50.0, 361.0))),
    ),
    ({"Sensing_Time"}, lambda tile: replace(tile, sensing_time=UtcTime.parse("2022-10-05T12:30:00Z"))),
]


@pytest.mark.parametrize(("expected", "spoil"), TILE_FAILURES)
def test_each_check_of_a_tile_can_fail(
    real_tile: tuple[TileMetadata, DatastripMetadata, Path],
    expected: set[str],
    spoil: Callable[[TileMetadata], TileMetadata],
) -> None:
    tile, strip, granule = real_tile
    assert failures(tile_reports(spoil(tile), strip, granule, [])) == expected


def test_missing_files_are_named(
    tmp_path: Path, real_tile: tuple[TileMetadata, DatastripMetadata, Path]
) -> None:
    tile, strip, granule = real_tile
    expected = ["IMG_DATA/R10m/absent.jp2", "QI_DATA/MSK_CLASSI_B00.jp2", "QI_DATA/absent.jp2"]
    reports = tile_reports(tile, strip, granule, expected)
    assert failures(reports) == {"checkL2AImages", "checkL2AMasks"}
    messages = {check.identifier: check.message for report in reports for check in report.checks}
    assert messages["checkL2AImages"] == "Missing: IMG_DATA/R10m/absent.jp2"
    assert messages["checkL2AMasks"] == "Missing: QI_DATA/absent.jp2"
    named = replace(strip.auxiliary, cams=CamsReference("S2__OPER_AUX_CAMSFO_…", "FORECAST"))
    empty = tile_reports(tile, replace(strip, auxiliary=named), tmp_path, [])
    assert {"Aux_Cams", "Ecmwf", "Granule_Dimensions_10m"} <= failures(empty)


def test_an_unreadable_image_fails_the_dimensions(reference_data: Path) -> None:
    (granule,) = (reference_data / REAL_L1C / "GRANULE").iterdir()
    tile = read_tile_metadata(granule / "MTD_TL.xml")
    product = read_product_metadata(reference_data / REAL_L1C / "MTD_MSIL1C.xml")
    reports = tile_reports(tile, nominal_datastrip(product, tile), granule, [])
    assert failures(reports) == {f"Granule_Dimensions_{resolution}m" for resolution in (10, 20, 60)}
    messages = {check.identifier: check.message for report in reports for check in report.checks}
    assert "T18LTM_20220125T151701_B02.jp2" in messages["Granule_Dimensions_10m"]


def test_the_parent_is_the_configuration_named_by_the_datastrip(reference_data: Path) -> None:
    (path,) = (reference_data / "metadata").glob(REAL_DATASTRIP)
    reports = datastrip_reports(read_datastrip_metadata(path), "identifier")
    assert {report.parent[:22] for report in reports} == {"S2B_OPER_GIP_OLQCPA_MP"}


@pytest.mark.parametrize("passed", [True, False])
def test_a_report_has_the_elements_of_the_official_one(reference_data: Path, passed: bool) -> None:
    report = Report(
        "SENSOR_QUALITY", "tile", (Check("Sensing_Time", "MTD_TL.xml", Outcome.of(passed), "text", {"A": 1.5}),)
    )
    header = ReportHeader("S2A", "2A", UtcTime.parse("2022-10-05T16:44:54Z"), "ipf", "0.1")
    ours = etree.fromstring(olqc_report_xml(report, "tile", header))
    schema(reference_data, "04.00", "OLQC_Report.xsd").assertValid(ours)
    (path,) = (reference_data / REAL_L2A / "GRANULE").glob("*/QI_DATA/SENSOR_QUALITY.xml")
    official = etree.parse(path).getroot()
    assert {element.tag for element in ours.iter()} == {
        element.tag for element in official.iter(etree.Element)
    }
    status = "PASSED" if passed else "FAILED"
    assert ours.find(".//{*}report").get("globalStatus") == status
    assert ours.find(".//{*}inspection").get("status") == status
    item, official_item = ours.find(".//{*}item"), official.find(".//{*}item")
    assert (item.get("class"), item.get("className")) == (
        official_item.get("class"),
        official_item.get("className"),
    )
