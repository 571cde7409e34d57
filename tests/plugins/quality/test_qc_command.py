"""The command ``ipf qc`` as a user meets it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from ipf.product.quality.parameter_file import SHIPPED_NAME, parameter_document
from ipf.product.quality.parameters import QualityParameters
from tests.cli.programs import Called, call
from tests.plugins.quality.jobs import copied, reports_in
from tests.product.products import tree

CREATION = "2026-02-03T04:05:06Z"
PLUGIN = """
from ipf.engine import hookimpl
from ipf.product.quality.model import Inspection, passed_or_failed

def refuse(item, parameters):
    return passed_or_failed(False, "I do not like it.")

@hookimpl
def ipf_checks():
    yield Inspection(
        "Mine", "SENSOR_QUALITY", "My own check.", ("datastrip",), ("L1C",), refuse, "is mine"
    )
"""


def qc(*arguments: str | Path, plugin_path: str = "") -> Called:
    return call("ipf", "qc", *arguments, "--creation-date", CREATION, IPF_PLUGIN_PATH=plugin_path)


@pytest.fixture
def lenient(tmp_path: Path) -> Path:
    """Thresholds under which tiles may be small and have some corrupted packets."""
    path = tmp_path / f"{SHIPPED_NAME}.xml"
    thresholds = QualityParameters(tile_side_minimum=1000.0, corrupted_packets_maximum=1000.0)
    path.write_bytes(parameter_document(thresholds))
    return path


def test_a_table_the_failures_in_full_and_the_total(small_l1c: Path) -> None:
    before = tree(small_l1c)
    called = qc(small_l1c)
    assert called.code == 170
    lines = called.stdout.splitlines()
    assert re.fullmatch(r"item +checklist +verdict +passed +failed +error +not run", lines[0])
    assert any(
        re.match(r"S2A_OPER_MSI_L1C_TL_\S+_T29UNU_N04.00 +FORMAT_CORRECTNESS +FAILED +\d", line)
        for line in lines
    )
    assert any(re.match(r" +GENERAL_QUALITY +PASSED +\d", line) for line in lines)
    failed, not_run = lines.index("failed:"), lines.index("not run:")
    assert any(
        "FORMAT_CORRECTNESS: Tile_Position_Size: Tile is 1860 m" in line for line in lines[failed:not_run]
    )
    assert any(
        "FORMAT_CORRECTNESS: schemaXmlValidator: no folder of schemas was given" in line
        for line in lines[not_run:]
    )
    assert re.match(r"FAILED: \d+ of \d+ checks failed, .*\d+ not run, 3 items", lines[-1])
    assert called.error.startswith(f"{small_l1c}: FAILED: ")
    assert tree(small_l1c) == before


def test_a_product_that_passes_ends_well(small_l1c: Path, lenient: Path) -> None:
    called = qc(small_l1c, "--parameters", lenient)
    assert "failed:" not in called.stdout.splitlines(), called.stdout
    assert called.code == 0
    assert re.match(r"PASSED: 0 of \d+ checks failed", called.stdout.splitlines()[-1])


def test_a_part_may_be_inspected_by_itself(small_l1c: Path, lenient: Path) -> None:
    (tile,) = (small_l1c / "GRANULE").iterdir()
    called = qc(tile, "--parameters", lenient)
    assert called.code == 0, called.stdout
    assert called.stdout.splitlines()[-1].endswith("1 item")


def test_schemas_are_used_where_they_are_given(reference_data: Path, small_l1c: Path, lenient: Path) -> None:
    called = qc(small_l1c, "--parameters", lenient, "--schemas", reference_data / "xsd")
    assert called.code == 0, called.stdout
    assert "schemaXmlValidator" not in called.stdout


def test_what_is_written_on_request(tmp_path: Path, small_l1c: Path, lenient: Path) -> None:
    product = copied(small_l1c, tmp_path)
    page, document = tmp_path / "out/page.html", tmp_path / "out/result.json"
    called = qc(product, "--parameters", lenient, "--html", page, "--json", document, "--write-reports")
    assert called.code == 0, called.stdout
    content = json.loads(document.read_text())
    assert content["format"] == "ipf-quality-1"
    assert content["status"] == "PASSED"
    assert content["parameter_file"] == "S2__OPER_GIP_OLQCPA_IPF__20261125T000000_V20150622T000000"
    checks = [check for item in content["items"] for report in item["reports"] for check in report["checks"]]
    assert content["checks"]["PASSED"] == sum(check["status"] == "PASSED" for check in checks)
    (schemas,) = {check["message"] for check in checks if check["identifier"] == "schemaXmlValidator"}
    assert schemas == "no folder of schemas was given"
    assert [item["kind"] for item in content["items"]] == ["product", "datastrip", "tile"]
    text = page.read_text()
    assert not re.search(r"(?:src|href)=|url\(|@import|<script", text)
    assert "TILE_SIDE_MINIMUM" in text
    for root in reports_in(product).values():
        assert next(root.iter("{*}report")).get("date") == "2026-02-03T04:05:06.000000Z"
    again = qc(product, "--parameters", lenient, "--json", document)
    assert again.code == 0, again.stdout


def test_nothing_is_written_into_what_is_inspected(tmp_path: Path, small_l1c: Path) -> None:
    product = copied(small_l1c, tmp_path)
    before = tree(product)
    called = qc(product, "--html", product / "page.html")
    assert called.code == 163
    assert "--html" in called.error
    assert tree(product) == before


def test_page_and_document_have_places_of_their_own(tmp_path: Path, small_l1c: Path) -> None:
    called = qc(small_l1c, "--html", tmp_path / "same", "--json", tmp_path / "same")
    assert called.code == 163
    assert not (tmp_path / "same").exists()


@pytest.mark.parametrize("how", ["option", "environment", "both"])
def test_checks_of_plugins_count(tmp_path: Path, small_l1c: Path, lenient: Path, how: str) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text(PLUGIN)
    options = [] if how == "environment" else ["--plugins", plugin]
    called = qc(
        small_l1c, "--parameters", lenient, *options, plugin_path="" if how == "option" else str(plugin)
    )
    assert called.code == 170
    assert "SENSOR_QUALITY: Mine: I do not like it." in called.stdout


def test_thresholds_of_another_form_are_told_of(tmp_path: Path, small_l1c: Path) -> None:
    path = tmp_path / "S2A_OPER_GIP_OLQCPA.xml"
    path.write_text("<amalfi/>")
    called = qc(small_l1c, "--parameters", path)
    assert called.code == 170
    assert f"warning: {path}: thresholds of another form" in called.stdout


@pytest.mark.parametrize(
    ("make", "code"),
    [(lambda path: path.write_text("<a/>"), 165), (lambda path: path.mkdir(), 165), (lambda path: None, 160)],
)
def test_what_is_no_product_is_refused(tmp_path: Path, make: object, code: int) -> None:
    path = tmp_path / "thing"
    assert callable(make)
    make(path)
    with_click = call("ipf", "qc", path, IPF_PLUGIN_PATH="")
    assert with_click.code == code
    assert str(path) in with_click.error


def test_a_folder_without_schemas_is_refused_at_once(tmp_path: Path, small_l1c: Path) -> None:
    called = qc(small_l1c, "--schemas", tmp_path)
    assert called.code == 164
    assert called.error.startswith(f"--schemas: {tmp_path} holds no schema")
    assert "checklist" not in called.stdout


@pytest.mark.parametrize("where", ["file", "product"])
def test_names_that_are_not_utf8_can_be_told_of(tmp_path: Path, small_l1c: Path, where: str) -> None:
    product = copied(small_l1c, tmp_path)
    if where == "file":
        Path(os.fsdecode(os.fsencode(product) + b"/n\xff.txt")).write_text("note")
    else:
        product = product.rename(os.fsdecode(os.fsencode(product) + b"\xff"))
    page, document = tmp_path / "page.html", tmp_path / "result.json"
    called = qc(product, "--json", document, "--html", page)
    assert called.code == 170, called.stderr
    word = "n\ufffd.txt" if where == "file" else "\ufffd"
    assert word in page.read_text()
    assert word in document.read_text()


def test_a_product_without_its_metadata_is_not_passed(tmp_path: Path, small_l1c: Path, lenient: Path) -> None:
    product = copied(small_l1c, tmp_path)
    (product / "MTD_MSIL1C.xml").unlink()
    called = qc(product, "--parameters", lenient)
    assert called.code == 170
    assert "checkMetadata: Metadata file MTD_MSIL1C.xml is missing." in called.stdout
    assert called.stdout.splitlines()[-1].endswith("3 items")


def test_a_wrong_date_is_refused(small_l1c: Path) -> None:
    called = call("ipf", "qc", small_l1c, "--creation-date", "yesterday", IPF_PLUGIN_PATH="")
    assert called.code == 160
    assert "--creation-date" in called.error
