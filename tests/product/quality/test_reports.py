"""From items to reports: checklists, outcomes, the official form of the documents."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from ipf.errors import ProductError
from ipf.product.quality.catalogue import INSPECTIONS
from ipf.product.quality.items import items_of
from ipf.product.quality.l2a_checks import l2a_quality_parts
from ipf.product.quality.model import (
    CHECKLISTS,
    Finding,
    Inspection,
    Item,
    Outcome,
    QualityParameters,
    inspect,
    not_run,
    passed_or_failed,
)
from ipf.product.quality_report import (
    Check,
    Report,
    ReportHeader,
    l2a_quality_xml,
    olqc_report_xml,
    total,
)
from ipf.product.utc import UtcTime
from tests.product.products import schema
from tests.product.quality.small_products import SMALL, item_of, write_l1c

HEADER = ReportHeader("S2A", "2A", UtcTime.parse("2022-10-05T16:44:54Z"), "ipf", "0.1")
REAL_L2A = "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"
OUTCOMES = list(Outcome)


def check(outcome: Outcome, identifier: str = "Sensing_Time") -> Check:
    return Check(identifier, "MTD_TL.xml", outcome, "text", {"A": 1.5}, "Check the time.")


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], Outcome.NOT_RUN),
        ([Outcome.NOT_RUN], Outcome.NOT_RUN),
        ([Outcome.PASSED, Outcome.NOT_RUN], Outcome.PASSED),
        ([Outcome.PASSED, Outcome.FAILED, Outcome.NOT_RUN], Outcome.FAILED),
        ([Outcome.PASSED, Outcome.ERROR], Outcome.FAILED),
    ],
)
def test_what_was_not_run_neither_passes_nor_fails(outcomes: list[Outcome], expected: Outcome) -> None:
    assert total(outcomes) is expected
    assert Report("SENSOR_QUALITY", "tile", tuple(map(check, outcomes))).status is expected


@pytest.mark.parametrize("baseline", ["04.00", "05.11"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_report_has_the_form_of_the_official_one(
    reference_data: Path, outcome: Outcome, baseline: str
) -> None:
    report = Report("SENSOR_QUALITY", "tile", (check(outcome), check(Outcome.PASSED)))
    ours = etree.fromstring(olqc_report_xml(report, "tile", HEADER))
    schema(reference_data, baseline, "OLQC_Report.xsd").assertValid(ours)
    (path,) = (reference_data / REAL_L2A / "GRANULE").glob("*/QI_DATA/SENSOR_QUALITY.xml")
    official = etree.parse(path).getroot()
    assert {element.tag for element in ours.iter()} == {
        element.tag for element in official.iter(etree.Element)
    }
    inspection = ours.find(".//{*}inspection")
    assert set(inspection.attrib) == set(official.find(".//{*}inspection").attrib)
    failed = outcome in (Outcome.FAILED, Outcome.ERROR)
    assert ours.find(".//{*}report").get("globalStatus") == ("FAILED" if failed else "PASSED")
    ran = outcome is not Outcome.NOT_RUN
    assert inspection.get("processingStatus") == ("done" if ran else "canceled")
    assert inspection.get("status") == (outcome if ran else "ERROR")
    assert inspection.get("name") == "Check the time."
    assert ours.findtext(".//{*}message").startswith("text" if ran else "NOT RUN")
    item, official_item = ours.find(".//{*}item"), official.find(".//{*}item")
    assert (item.get("class"), item.get("className")) == (
        official_item.get("class"),
        official_item.get("className"),
    )


@pytest.mark.parametrize("baseline", ["04.00", "05.11"])
def test_every_report_of_quality_control_is_valid(
    reference_data: Path, tmp_path: Path, baseline: str
) -> None:
    product = write_l1c(tmp_path, baseline)
    for item in items_of(product):
        reports = inspect(item, INSPECTIONS, SMALL)
        assert tuple(report.checklist for report in reports) == CHECKLISTS[item.level, item.kind]
        for report in reports:
            document = etree.fromstring(olqc_report_xml(report, item.kind, replace(HEADER, level="1C")))
            schema(reference_data, baseline, "OLQC_Report.xsd").assertValid(document)
            assert len(document.findall(".//{*}inspection")) == len(report.checks)


@pytest.mark.parametrize("baseline", ["04.00", "05.11"])
def test_level_2a_quality_is_written_in_its_own_form(reference_data: Path, l2a: Path, baseline: str) -> None:
    reports = inspect(item_of(l2a, "tile"), INSPECTIONS, SMALL)
    (report,) = [report for report in reports if report.checklist == "L2A_QUALITY"]
    parts = l2a_quality_parts(report)
    assert [(part.checklist, part.parent, part.status) for part in parts] == [
        ("SCENE_CLASS_QUALITY", "L2A_SC", Outcome.PASSED),
        ("ATMOSPHERIC_CORRECTION_QUALITY", "L2A_AC", Outcome.PASSED),
        ("AUX_DATA_QUALITY", "L2A_AUX", Outcome.PASSED),
    ]
    document = etree.fromstring(l2a_quality_xml(parts, HEADER))
    schema(reference_data, baseline, "L2A_QUALITY.xsd").assertValid(document)


def inspection(run: Finding | Exception) -> Inspection:
    def made(item: Item, parameters: QualityParameters) -> Finding:
        if isinstance(run, Exception):
            raise run
        return run

    return Inspection("mine", "GENERAL_QUALITY", "Mine.", ("tile",), ("L1C",), made, "what I look at")


def test_an_item_that_cannot_be_read_is_an_error_and_a_mistake_of_the_check_is_raised(l1c: Path) -> None:
    item = item_of(l1c, "tile")
    (report,) = inspect(item, [inspection(ProductError("MTD_TL.xml:3: no"))], SMALL)
    assert [(c.outcome, c.message) for c in report.checks] == [(Outcome.ERROR, "MTD_TL.xml:3: no")]
    (report,) = inspect(item, [inspection(not_run("no reason"))], SMALL)
    assert (report.status, report.checks[0].message) == (Outcome.NOT_RUN, "NOT RUN: no reason")
    (report,) = inspect(item, [inspection(passed_or_failed(False, "bad"))], SMALL)
    assert report.status is Outcome.FAILED
    with pytest.raises(ZeroDivisionError):
        inspect(item, [inspection(ZeroDivisionError())], SMALL)
    assert inspect(item_of(l1c, "datastrip"), [inspection(not_run(""))], SMALL) == ()


def test_reports_written_with_a_product_are_those_of_quality_control_afterwards(l1c: Path, l2a: Path) -> None:
    for product in (l1c, l2a):
        for item in items_of(product):
            for report in inspect(item, INSPECTIONS, QualityParameters()):
                if item.kind == "product" or report.checklist == "L2A_QUALITY":
                    continue
                root = etree.parse(item.folder / "QI_DATA" / f"{report.checklist}.xml").getroot()
                written = {
                    node.get("id"): (node.get("status"), node.getparent().findtext("{*}message"))
                    for node in root.iter("{*}inspection")
                }
                now = {c.identifier: (str(c.outcome), c.message) for c in report.checks}
                assert written.items() <= now.items()
                missing = now.keys() - written.keys()
                needed = {made.identifier for made in INSPECTIONS if made.needs is not None}
                assert missing <= needed | {"Attitude_Quality_Indicator_Raw"}


def test_a_small_tile_is_no_tile_and_the_product_says_so(l1c: Path) -> None:
    root = etree.parse(l1c / "MTD_MSIL1C.xml").getroot()
    statuses = {node.get("checkType"): node.text for node in root.iter("{*}quality_check")}
    assert statuses == {
        "FORMAT_CORRECTNESS": "FAILED",
        "GENERAL_QUALITY": "PASSED",
        "GEOMETRIC_QUALITY": "PASSED",
        "RADIOMETRIC_QUALITY": "PASSED",
        "SENSOR_QUALITY": "PASSED",
    }


def test_thresholds_go_together() -> None:
    with pytest.raises(ValueError, match="sensing_orbit_first is above sensing_orbit_last"):
        QualityParameters(sensing_orbit_first=100, sensing_orbit_last=99)
    with pytest.raises(ValueError, match="lost_packet_maximum"):
        QualityParameters.model_validate({"lost_packet_maximum": 1})


def test_parts_are_found_where_they_lie(l1c: Path, tmp_path: Path) -> None:
    product, strip, tile = items_of(l1c)
    assert (product.identifier, product.manifest) == (l1c.name, l1c / "manifest.safe")
    assert (strip.identifier, tile.baseline) == (tile.root.text("General_Info/DATASTRIP_ID"), "04.00")
    assert tile.datastrip is strip
    assert tile.images is not None
    assert len(tile.images) == 14
    assert items_of(product.document) == items_of(l1c)
    assert [item.folder for item in items_of(tile.folder)] == [tile.folder]
    assert [item.identifier for item in items_of(tile.document)] == [tile.identifier]
    parts = tmp_path / "parts"
    shutil.copytree(tile.folder, parts / "GRANULE" / tile.identifier)
    shutil.copytree(strip.folder, parts / "DATASTRIP" / strip.identifier)
    found = items_of(parts)
    assert [(item.kind, item.identifier) for item in found] == [
        ("datastrip", strip.identifier),
        ("tile", tile.identifier),
    ]
    assert found[1].datastrip is found[0]


def test_parts_are_found_without_the_document_of_the_product(l1c: Path, tmp_path: Path) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    (copy / "MTD_MSIL1C.xml").write_bytes(b"\n")
    items = items_of(copy)
    assert [item.kind for item in items] == ["product", "datastrip", "tile"]
    shutil.rmtree(copy / "DATASTRIP")
    (copy / "MTD_MSIL1C.xml").write_bytes((l1c / "MTD_MSIL1C.xml").read_bytes())
    items = items_of(copy)
    assert [item.kind for item in items] == ["product", "datastrip", "tile"]
    assert not items[1].document.exists()


def test_a_document_of_any_name_is_known_by_its_root(l1c: Path, tmp_path: Path) -> None:
    copy = tmp_path / "some"
    shutil.copytree(l1c, copy)
    _, strip, tile = items_of(copy)
    for number, item in enumerate(items_of(copy)):
        item.document.rename(item.document.with_name(f"{number}.xml"))
    (found,) = items_of(tile.folder / "2.xml")
    assert (found.kind, found.identifier) == ("tile", tile.identifier)
    (found,) = items_of(strip.folder / "1.xml")
    assert (found.kind, found.level, found.identifier) == ("datastrip", "L1C", "1")
    items = items_of(copy / "0.xml")
    assert [(item.kind, item.document.exists()) for item in items] == [
        ("product", True),
        ("datastrip", False),
        ("tile", False),
    ]


def test_where_there_is_nothing_to_inspect(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="is missing"):
        items_of(tmp_path / "absent")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ProductError, match="holds no metadata"):
        items_of(tmp_path)
    (tmp_path / "folder" / "some.xml").write_text("<some/>")
    with pytest.raises(ProductError, match="not the metadata of"):
        items_of(tmp_path / "folder" / "some.xml")
