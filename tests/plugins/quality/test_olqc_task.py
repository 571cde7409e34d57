"""The task OLQC from a job order to reports, page, manifest and exit code."""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ipf_plugins.quality import ALIASES, report_writing
from ipf_plugins.quality.placement import report_files
from ipf_plugins.quality.read_pdi import GivenItem, InspectedItems
from lxml import etree

from ipf.engine import load_plugins
from ipf.errors import ProductError
from ipf.product.quality.catalogue import INSPECTIONS
from ipf.product.quality.items import items_of
from ipf.product.quality.model import CHECKLISTS
from ipf.product.quality_report import Report
from tests.cli.programs import call, of_level
from tests.plugins.quality.jobs import copied, inspections, make_job, reports_in
from tests.product.products import tree
from tests.product.quality.small_products import value, write_l2a

PARENT = "S2__OPER_GIP_OLQCPA_IPF__20261125T000000_V20150622T000000"

PLUGIN = """
from ipf.engine import hookimpl
from ipf.product.quality.model import Inspection, passed_or_failed

def large_enough(item, parameters):
    {body}

@hookimpl
def ipf_checks():
    yield Inspection(
        "Mine", "GENERAL_QUALITY", "My own check.", ("tile",), ("L1C",), large_enough, "is mine"
    )
"""


NOTHING_RUN = """
from dataclasses import replace

from ipf.engine import hookimpl
from ipf.product.quality.catalogue import INSPECTIONS
from ipf.product.quality.model import not_run

def refuse(item, parameters):
    return not_run("I would not.")

@hookimpl
def ipf_checks():
    for each in INSPECTIONS:
        if each.checklist == "SENSOR_QUALITY":
            yield replace(each, run=refuse)

"""


def statuses(product: Path) -> dict[str, str]:
    """Global status of every report in a product, by its path."""
    return {
        path: str(next(root.iter("{*}report")).get("globalStatus"))
        for path, root in reports_in(product).items()
    }


def test_every_part_of_a_product_gets_its_checklists(tmp_path: Path, small_l1c: Path, gipp: Path) -> None:
    product = copied(small_l1c, tmp_path)
    for old in product.rglob("QI_DATA/*.xml"):
        old.unlink()
    called = make_job(tmp_path / "job", [product], gipp=gipp).run()
    assert called.code == 0, called.stdout + called.stderr
    names = {path.split("/")[0]: set() for path in reports_in(product)}
    for path in reports_in(product):
        names[path.split("/")[0]].add(Path(path).name)
    assert names == {
        "DATASTRIP": {f"{name}.xml" for name in CHECKLISTS["L1C", "datastrip"]},
        "GRANULE": {f"{name}.xml" for name in CHECKLISTS["L1C", "tile"]},
    }
    for root in reports_in(product).values():
        assert root.findtext(".//{*}parentID") == PARENT
        assert next(root.iter("{*}report")).get("date") == "2026-02-03T04:05:06.000000Z"


@pytest.mark.parametrize("level", ["l1c", "l2a"])
def test_reports_are_valid_by_the_official_schemas(
    tmp_path: Path, reference_data: Path, small_l1c: Path, small_l2a: Path, level: str
) -> None:
    product = copied({"l1c": small_l1c, "l2a": small_l2a}[level], tmp_path)
    assert make_job(tmp_path / "job", [product]).run().code == 0
    for version in ("PSD148", "PSD150"):
        olqc = etree.XMLSchema(etree.parse(reference_data / "xsd" / version / "OLQC_Report.xsd"))
        for root in reports_in(product).values():
            olqc.assertValid(root.getroottree())
        quality = etree.XMLSchema(etree.parse(reference_data / "xsd" / version / "L2A_QUALITY.xsd"))
        for path in product.rglob("L2A_QUALITY.xml"):
            quality.assertValid(etree.parse(path))
    assert len(reports_in(product)) == 9


def test_the_launchers_template_is_run_as_it_is(
    tmp_path: Path, reference_data: Path, small_l1c: Path
) -> None:
    product = copied(small_l1c, tmp_path)
    given = tmp_path / "S2A_OPER_GIP_OLQCPA_MPC__20220715T000042_V20220830T002500_21000101T000000_B00.zip"
    with zipfile.ZipFile(given, "w") as archive:
        archive.writestr("amalfi/configuration.xml", "<amalfi/>")
    probas = tmp_path / "S2A_OPER_GIP_PROBAS.xml"
    probas.write_text("<probas/>")
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository/idp_info.xml").write_text("<IDP_Infos/>")
    (tmp_path / "processing/tmp").mkdir(parents=True)
    text = (reference_data / "joborders/s2/Joborder_OLQC.xml").read_text()
    for name, path in {
        "OLQC_PRODUCTS": product,
        "OLQC_GIP_OLQCPA": given,
        "OLQC_GIP_PROBAS": probas,
        "OLQC_PROCESSING_DIR": tmp_path / "processing",
        "OLQC_REPOSITORY": tmp_path / "repository",
    }.items():
        text = text.replace(f"[{name}]", str(path))
    job = make_job(tmp_path / "job", [product])
    job.path.write_text(text)
    called = job.run()
    assert called.code == 0, called.stderr
    assert any("thresholds of another form" in line for line in of_level(called.stdout, "W"))
    parents = {root.findtext(".//{*}parentID") for root in reports_in(product).values()}
    assert parents == {"S2A_OPER_GIP_OLQCPA_MPC__20220715T000042_V20220830T002500"}
    assert {path.name for path in (tmp_path / "processing/output/REPORT").iterdir()} == {
        "report.xml",
        "quality.html",
    }


def test_a_failed_verdict_is_a_result_and_a_warning(tmp_path: Path, small_l1c: Path) -> None:
    product = copied(small_l1c, tmp_path)
    job = make_job(tmp_path / "job", [product])
    called = job.run()
    assert called.code == 0
    warned = of_level(called.stdout, "W")
    assert any("FORMAT_CORRECTNESS: Tile_Position_Size FAILED: Tile is 1860 m" in line for line in warned)
    assert any(line.startswith("quality control FAILED: ") for line in warned)
    report = etree.parse(job.report / "report.xml")
    assert report.findtext("Exit_Code") == "0"
    figures = {each.findtext("Name"): each.findtext("Value") for each in report.iter("Figure")}
    assert figures["quality_status"] == "FAILED"
    assert int(figures["checks_failed"] or 0) >= 1
    (tile,) = [root for path, root in reports_in(product).items() if "GRANULE" in path and "FORMAT" in path]
    assert inspections(tile)["Tile_Position_Size"] == "FAILED"


def test_a_job_may_be_told_to_fail_on_a_failed_verdict(tmp_path: Path, small_l1c: Path) -> None:
    product = copied(small_l1c, tmp_path)
    parameters = {"quality_control.fail_on": "failed"}
    called = make_job(tmp_path / "job", [product], parameters=parameters).run()
    assert called.code == 170
    assert called.error.startswith("quality control FAILED: ")
    assert "FAILED" in statuses(product).values()


def test_thresholds_come_from_the_parameter_file(tmp_path: Path, small_l1c: Path, gipp: Path) -> None:
    product = copied(small_l1c, tmp_path)
    job = make_job(tmp_path / "job", [product], gipp=gipp)
    called = job.run()
    assert called.code == 0
    (tile,) = [root for path, root in reports_in(product).items() if "GRANULE" in path and "FORMAT" in path]
    assert inspections(tile)["Tile_Position_Size"] == "PASSED"
    planned = call("ipf", "plan", job.path, IPF_PLUGIN_PATH="")
    assert re.search(rf"tile_side_minimum +1000.* {re.escape(str(gipp))}: TILE_SIDE_MINIMUM", planned.stdout)
    strict = make_job(
        tmp_path / "strict", [product], gipp=gipp, parameters={"quality_control.tile_side_minimum": "90000"}
    )
    assert any("Tile_Position_Size FAILED" in line for line in of_level(strict.run().stdout, "W"))


@pytest.mark.parametrize(
    ("resources", "parameters", "ran"),
    [
        (False, {"VALIDATE_SCHEMA": "true"}, False),
        (True, {"VALIDATE_SCHEMA": "true"}, True),
        (True, {"VALIDATE_SCHEMA": "false"}, False),
        (False, {"VALIDATE_SCHEMA": "false", "quality_control.schemas": "{schemas}"}, True),
    ],
)
def test_schemas_are_used_where_they_are_given_and_never_pass_where_they_are_not(
    tmp_path: Path,
    reference_data: Path,
    small_l1c: Path,
    resources: bool,
    parameters: dict[str, str],
    ran: bool,
) -> None:
    product = copied(small_l1c, tmp_path)
    schemas = reference_data / "xsd"
    job = make_job(
        tmp_path / "job",
        [product],
        resources=schemas if resources else None,
        parameters={name: value.format(schemas=schemas) for name, value in parameters.items()},
    )
    called = job.run()
    assert called.code == 0, called.stderr
    for path, root in reports_in(product).items():
        if "FORMAT_CORRECTNESS" in path:
            found = inspections(root).get("schemaXmlValidator")
            assert found == ("PASSED" if ran else None)
    page = (job.report / "quality.html").read_text()
    assert ("no folder of schemas was given" in page) is not ran
    reason = (
        "VALIDATE_SCHEMA is false"
        if parameters.get("VALIDATE_SCHEMA") == "false"
        else "no schemas are at hand"
    )
    assert any(reason in line for line in of_level(called.stdout, "I")) is not ran


def test_a_task_called_after_another_part_says_so(tmp_path: Path, small_l1c: Path) -> None:
    job = make_job(tmp_path / "job", [copied(small_l1c, tmp_path)])
    job.path.write_text(job.path.read_text().replace("<Task_Name>OLQC<", "<Task_Name>OLQC_DS_L0<"))
    told = of_level(job.run().stdout, "I")
    assert any(
        "OLQC_DS_L0 is asked for datastrips of level L0, and inspects the tile" in line for line in told
    )


def test_a_folder_without_schemas_is_refused(tmp_path: Path, small_l1c: Path) -> None:
    parameters = {"quality_control.schemas": str(tmp_path)}
    called = make_job(tmp_path / "job", [small_l1c], parameters=parameters).run()
    assert called.code == 164
    assert "holds no schema" in called.error


def test_the_same_job_writes_the_same_bytes(tmp_path: Path, small_l2a: Path, gipp: Path) -> None:
    trees = []
    for name in ("one", "two"):
        product = copied(small_l2a, tmp_path / name)
        assert make_job(tmp_path / name / "job", [product], gipp=gipp).run().code == 0
        trees.append(tree(product))
    assert trees[0] == trees[1]


def test_only_reports_and_the_manifest_are_written(tmp_path: Path, small_l1c: Path, gipp: Path) -> None:
    product = write_l2a(tmp_path, small_l1c)
    before = tree(product)
    assert make_job(tmp_path / "job", [product], gipp=gipp).run().code == 0
    after = tree(product)
    changed = {path for path in after if before.get(path) != after[path]}
    assert before.keys() <= after.keys()
    assert changed <= {*reports_in(product), "manifest.safe"}
    assert {path for path in after if path.endswith("L2A_QUALITY.xml")}
    assert not any(path.endswith("L2A_QUALITY.xml") for path in changed)


@pytest.mark.parametrize("own", ["PASSED", "FAILED", "no document"])
def test_the_report_of_the_processor_gives_way_where_it_passes_what_fails(
    tmp_path: Path, small_l1c: Path, gipp: Path, own: str
) -> None:
    product = write_l2a(tmp_path, small_l1c)
    (tile,) = items_of(next((product / "GRANULE").iterdir()))
    value("VEGETATION_PERCENTAGE", "77")(tile)
    report = tile.folder / "QI_DATA/L2A_QUALITY.xml"
    before = report.read_text()
    assert 'globalStatus="PASSED"' in before
    report.write_text(
        "nothing" if own == "no document" else before.replace('globalStatus="PASSED', f'globalStatus="{own}')
    )
    before = report.read_text()
    called = make_job(tmp_path / "job", [product], gipp=gipp).run()
    assert called.code == 0, called.stderr
    told = any("passed what fails here" in line for line in of_level(called.stdout, "W"))
    assert told == (own != "FAILED")
    if own == "FAILED":
        assert report.read_text() == before
        return
    document = etree.parse(report)
    assert next(document.iter("{*}report")).get("globalStatus") == "FAILED"
    assert "VEGETATION_PERCENTAGE is 77" in str(document.findtext(".//{*}message"))
    second = make_job(tmp_path / "second", [product], gipp=gipp).run()
    assert "L2A_QUALITY.xml has" not in second.stdout


def forget(manifest: Path, name: str) -> None:
    """The manifest loses the entry of a file, and what points to it."""
    tree = etree.parse(manifest)
    (entry,) = [
        each
        for each in tree.iter("{*}dataObject")
        if str(next(each.iter("{*}fileLocation")).get("href")).endswith(f"/{name}")
    ]
    for pointer in list(tree.iter("{*}dataObjectPointer")):
        if pointer.get("dataObjectID") == entry.get("ID"):
            unit = pointer.getparent()
            unit.getparent().remove(unit)
    entry.getparent().remove(entry)
    tree.write(manifest, encoding="utf-8")


@pytest.mark.parametrize("left", ["nothing", "a stand-in"])
def test_the_report_of_the_processor_is_written_where_there_is_none(
    tmp_path: Path, reference_data: Path, small_l2a: Path, gipp: Path, left: str
) -> None:
    product = copied(small_l2a, tmp_path)
    (own,) = product.glob("GRANULE/*/QI_DATA/L2A_QUALITY.xml")
    own.write_text("\n")
    if left == "nothing":
        own.unlink()
        forget(product / "manifest.safe", own.name)
    assert make_job(tmp_path / "job", [product], gipp=gipp).run().code == 0
    document = etree.parse(own)
    for version in ("PSD148", "PSD150"):
        etree.XMLSchema(
            etree.parse(reference_data / "xsd" / version / own.with_suffix(".xsd").name)
        ).assertValid(document)
    assert [each.text for each in document.iter("{*}name")] == [
        "SCENE_CLASS_QUALITY",
        "ATMOSPHERIC_CORRECTION_QUALITY",
        "AUX_DATA_QUALITY",
    ]
    # The figures of this product are not those of its images.
    assert next(document.iter("{*}report")).get("globalStatus") == "FAILED"
    assert "the image tells" in str(document.findtext(".//{*}message"))
    (entry,) = [
        each
        for each in etree.parse(product / "manifest.safe").iter("{*}dataObject")
        if str(next(each.iter("{*}fileLocation")).get("href")).endswith("/L2A_QUALITY.xml")
    ]
    assert entry.get("ID") == "L2A_QUALITY_OLQC_Report_Tile1_InformationData"
    second = make_job(tmp_path / "second", [product], gipp=gipp)
    written = own.read_bytes()
    called = second.run("--creation-date", "2026-03-03T00:00:00Z")
    assert called.code == 0
    assert own.read_bytes() == written
    assert "hrefExist" not in called.stdout + called.stderr


def test_the_report_of_the_processor_belongs_to_baselines_that_have_it(
    tmp_path: Path, small_l2a: Path
) -> None:
    (folder,) = (copied(small_l2a, tmp_path) / "GRANULE").iterdir()
    (folder / "QI_DATA/L2A_QUALITY.xml").unlink()
    (item,) = items_of(folder)
    given = InspectedItems((GivenItem(item, folder),))
    early = InspectedItems((GivenItem(replace(item, baseline="02.14"), folder),))
    assert "L2A_QUALITY.xml" in {file.path.name for file in report_files(given, INSPECTIONS)}
    assert "L2A_QUALITY.xml" not in {file.path.name for file in report_files(early, INSPECTIONS)}


def test_the_manifest_knows_the_new_reports(tmp_path: Path, small_l1c: Path, gipp: Path) -> None:
    product = copied(small_l1c, tmp_path)
    for old in product.rglob("QI_DATA/SENSOR_QUALITY.xml"):
        old.unlink()
    manifest = product / "manifest.safe"
    text = manifest.read_text()
    text, removed = re.subn(
        r'<dataObject ID="Sensor[^"]*">.*?</dataObject>|<\S*contentUnit ID="Sensor.*?</\S*contentUnit>',
        "",
        text,
        flags=re.DOTALL,
    )
    assert removed == 4
    manifest.write_text(text)
    assert make_job(tmp_path / "job", [product], gipp=gipp).run().code == 0
    listed = {str(each.get("href")) for each in etree.parse(manifest).iter("fileLocation")}
    assert {f"./{path}" for path in reports_in(product)} <= listed
    second = make_job(tmp_path / "second", [product], gipp=gipp)
    called = second.run()
    assert called.code == 0
    told = called.stdout + (second.report / "quality.html").read_text()
    for check in ("hrefExist", "extraData", "idReferences", "checkSafeManifest"):
        assert f"{check} FAILED" not in told
        assert f"{check} ERROR" not in told


def test_several_parts_in_one_job(
    tmp_path: Path, small_l1c: Path, l2a_parts: tuple[Path, Path], gipp: Path
) -> None:
    product = copied(small_l1c, tmp_path)
    parts = [copied(part, tmp_path) for part in l2a_parts]
    job = make_job(tmp_path / "job", [*parts, product], gipp=gipp, task="OLQC_TILE_L2A")
    called = job.run()
    assert called.code == 0, called.stderr
    assert {Path(path).name for path in reports_in(parts[0])} == {
        f"{name}.xml" for name in CHECKLISTS["L2A", "tile"] if name != "L2A_QUALITY"
    }
    assert len(reports_in(parts[1])) == 5
    assert len(reports_in(product)) == 9
    page = (job.report / "quality.html").read_text()
    for part in (*parts, product):
        assert part.name in page


def test_parts_with_official_names_have_reports_with_theirs(tmp_path: Path, reference_data: Path) -> None:
    source = reference_data / "geometry_madeira"
    name = "S2A_OPER_MSI_L1B_DS_DPRM_20140630T140000_S20200816T120220"
    (document,) = (source / "DATASTRIP").rglob("S2A_OPER_MTD_L1B_DS_*.xml")
    datastrip = tmp_path / f"{name}_N05.00"
    datastrip.mkdir()
    shutil.copy(document, datastrip)
    granule = copied(sorted((source / "GRANULE").iterdir())[0], tmp_path)
    called = make_job(tmp_path / "job", [datastrip, granule]).run()
    assert called.code == 0, called.stderr
    assert {path.name for path in (datastrip / "QI_DATA").iterdir()} == {
        f"{name}_{checklist}_report.xml" for checklist in CHECKLISTS["L1B", "datastrip"]
    }
    assert {path.name for path in (granule / "QI_DATA").iterdir()} == {
        f"{granule.name.removesuffix('_N05.00')}_{checklist}_report.xml"
        for checklist in CHECKLISTS["L1B", "granule"]
    }
    for part in (datastrip, granule):
        (path,) = (part / "QI_DATA").glob("*_FORMAT_CORRECTNESS_report.xml")
        # Parts that are handed over alone owe a manifest, and what it would say was not looked at.
        assert inspections(etree.parse(path).getroot()) == {
            "checkSafeManifest": "FAILED",
            "checkMetadata": "PASSED",
            **({"Start_Stop_Time": "PASSED"} if part is datastrip else {}),
        }


def test_an_outsiders_check_changes_the_reports(tmp_path: Path, small_l1c: Path, gipp: Path) -> None:
    product = copied(small_l1c, tmp_path)
    plugin = tmp_path / "mine.py"
    body = "return passed_or_failed(False, 'It is too small.', {'SIDE': 1860})"
    plugin.write_text(PLUGIN.format(body=body))
    called = make_job(tmp_path / "job", [product], gipp=gipp).run("--plugins", plugin)
    assert called.code == 0, called.stderr
    for path, root in reports_in(product).items():
        assert ("Mine" in inspections(root)) is ("GRANULE" in path and "GENERAL" in path)
    (general,) = [
        root for path, root in reports_in(product).items() if "GRANULE" in path and "GENERAL" in path
    ]
    assert inspections(general)["Mine"] == "FAILED"
    assert any("Mine FAILED: It is too small." in line for line in of_level(called.stdout, "W"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 1 / 0", "check GENERAL_QUALITY.Mine: ZeroDivisionError: division by zero"),
        ("return True", "check GENERAL_QUALITY.Mine: gave a bool, expected a Finding"),
    ],
)
def test_a_check_that_breaks_down_is_an_error_of_the_check(
    tmp_path: Path, small_l1c: Path, body: str, message: str
) -> None:
    product = copied(small_l1c, tmp_path)
    plugin = tmp_path / "mine.py"
    plugin.write_text(PLUGIN.format(body=body))
    called = make_job(tmp_path / "job", [product]).run("--plugins", plugin)
    assert called.code == 0, called.stderr
    assert any(f"Mine ERROR: {message}" in line for line in of_level(called.stdout, "W"))


def test_the_page_stands_beside_a_report_that_is_a_file(tmp_path: Path, small_l1c: Path) -> None:
    product = copied(small_l1c, tmp_path)
    job = make_job(tmp_path / "job", [product], report_is_folder=False)
    planned = call("ipf", "plan", job.path, IPF_PLUGIN_PATH="")
    assert str(job.report.with_suffix(".html")) in planned.stdout
    assert job.run().code == 0
    assert {path.name for path in job.report.parent.iterdir()} == {"report.xml", "report.html"}
    assert "Tile_Position_Size" in job.report.with_suffix(".html").read_text()


def test_the_page_needs_nothing_but_itself(tmp_path: Path, small_l1c: Path) -> None:
    product = copied(small_l1c, tmp_path)
    job = make_job(tmp_path / "job", [product])
    assert job.run().code == 0
    page = (job.report / "quality.html").read_text()
    assert not re.search(r"(?:src|href)=|url\(|@import|<script", page)
    assert "Tile_Position_Size" in page


def test_what_was_not_run_is_no_error_of_a_report_that_passed(
    tmp_path: Path, small_l1c: Path, gipp: Path
) -> None:
    product = copied(small_l1c, tmp_path)
    assert make_job(tmp_path / "job", [product], gipp=gipp).run().code == 0
    passed = [root for path, root in reports_in(product).items() if statuses(product)[path] == "PASSED"]
    assert len(passed) > 5
    for root in passed:
        assert set(inspections(root).values()) == {"PASSED"}


def test_a_checklist_of_which_nothing_was_run_says_why(tmp_path: Path, small_l1c: Path) -> None:
    product = copied(small_l1c, tmp_path)
    plugin = tmp_path / "mine.py"
    plugin.write_text(NOTHING_RUN)
    called = make_job(tmp_path / "job", [product]).run("--plugins", plugin)
    assert called.code == 0, called.stderr
    (root,) = [root for path, root in reports_in(product).items() if "GRANULE" in path and "SENSOR" in path]
    assert next(root.iter("{*}report")).get("globalStatus") == "ERROR"
    messages = {each.text for each in root.iter("{*}message")}
    assert messages == {"NOT RUN: I would not."}


def test_reports_name_their_own_file(tmp_path: Path, small_l1c: Path, l2a_parts: tuple[Path, Path]) -> None:
    product, part = copied(small_l1c, tmp_path), copied(l2a_parts[0], tmp_path)
    assert make_job(tmp_path / "job", [product, part]).run().code == 0
    for folder in (product, part):
        found = reports_in(folder)
        assert found
        for path, root in found.items():
            assert root.findtext(".//{*}File_Name") == Path(path).name


def test_failures_of_the_product_as_a_whole_are_told_of(tmp_path: Path, small_l1c: Path, gipp: Path) -> None:
    product = copied(small_l1c, tmp_path)
    (product / "notes.txt").write_text("note")
    job = make_job(tmp_path / "job", [product], gipp=gipp)
    called = job.run()
    assert called.code == 0, called.stderr
    told = "extraData FAILED: Extra Files: notes.txt"
    assert any(told in line for line in of_level(called.stdout, "W"))
    assert "Extra Files: notes.txt" in (job.report / "quality.html").read_text()
    figures = {
        each.findtext("Name"): each.findtext("Value")
        for each in etree.parse(job.report / "report.xml").iter("Figure")
    }
    assert figures["quality_status"] == "FAILED"


@pytest.mark.parametrize("level", ["L1C", "L2A"])
def test_reports_of_the_parts_tell_what_their_product_fails(
    tmp_path: Path, small_l1c: Path, gipp: Path, level: str
) -> None:
    product = copied(small_l1c, tmp_path) if level == "L1C" else write_l2a(tmp_path, small_l1c)
    assert make_job(tmp_path / "good", [product], gipp=gipp).run().code == 0
    reports = {path: root for path, root in reports_in(product).items() if "FORMAT_CORRECTNESS" in path}
    assert len(reports) == 2
    assert not any("FAILED" in inspections(root).values() for root in reports.values())
    (product / "INSPIRE.xml").unlink()
    called = make_job(tmp_path / "bad", [product], gipp=gipp).run()
    assert any("tells what the product fails: hrefExist" in line for line in of_level(called.stdout, "W"))
    for path in reports:
        root = reports_in(product)[path]
        assert next(root.iter("{*}report")).get("globalStatus") == "FAILED"
        assert inspections(root)["hrefExist"] == "FAILED"
        assert "idReferences" not in inspections(root)
        assert any("INSPIRE.xml is missing" in str(each.text) for each in root.iter("{*}message"))
    others = [root for path, root in reports_in(product).items() if path not in reports]
    assert others
    assert not any("hrefExist" in inspections(root) for root in others)


def test_a_message_with_control_characters_can_be_written(tmp_path: Path, small_l1c: Path) -> None:
    product = copied(small_l1c, tmp_path)
    plugin = tmp_path / "mine.py"
    body = r"return passed_or_failed(False, 'bad \x00\x1b\udcff\ufffe name', {'a\x01': 'b\x02'})"
    plugin.write_text(PLUGIN.format(body=body))
    called = make_job(tmp_path / "job", [product]).run("--plugins", plugin)
    assert called.code == 0, called.stderr
    (root,) = [root for path, root in reports_in(product).items() if "GRANULE" in path and "GENERAL" in path]
    (found,) = [each for each in root.iter("{*}inspection") if each.get("id") == "Mine"]
    message = found.getnext()
    assert message is not None
    assert message.text == "bad \ufffd\ufffd\ufffd\ufffd name"


def test_nothing_is_written_unless_all_reports_can_be_made(
    tmp_path: Path, small_l1c: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = copied(small_l1c, tmp_path)
    before = tree(product)
    made = report_writing.olqc_report_xml

    def refusing(report: Report, *others: Any) -> bytes:
        if report.checklist == "SENSOR_QUALITY":
            raise ProductError("cannot be made")
        return made(report, *others)

    monkeypatch.setattr(report_writing, "olqc_report_xml", refusing)
    assert make_job(tmp_path / "job", [product]).run().code == 165
    assert tree(product) == before


@pytest.mark.parametrize("alias", ["OLQC", *ALIASES])
def test_every_task_of_the_ground_segment_is_known(alias: str) -> None:
    assert load_plugins().task(alias).name == "OLQC"


def test_a_part_inside_a_product_is_inspected_alone_and_the_operator_told_of_the_manifest(
    tmp_path: Path, small_l1c: Path, gipp: Path
) -> None:
    product = copied(small_l1c, tmp_path)
    before = tree(product)
    (tile,) = (product / "GRANULE").iterdir()
    called = make_job(tmp_path / "job", [tile], gipp=gipp).run()
    assert called.code == 0, called.stderr
    after = tree(product)
    changed = {path for path in after if before.get(path) != after[path]}
    assert changed == {path for path in reports_in(product) if path.startswith("GRANULE")}
    assert any("will not know the new reports" in line for line in of_level(called.stdout, "W"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE",
        "S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE",
    ],
)
def test_real_products_get_reports_in_the_places_of_their_own(
    tmp_path: Path, reference_data: Path, name: str
) -> None:
    source = reference_data / "products" / name
    product = copied(source, tmp_path)
    called = make_job(tmp_path / "job", [product], resources=reference_data / "xsd").run()
    assert called.code == 0, called.stderr
    before, after = tree(source), tree(product)
    assert before.keys() == after.keys()
    changed = {path for path in after if before[path] != after[path]}
    assert changed == {*reports_in(product), "manifest.safe"}
    schema = etree.XMLSchema(etree.parse(reference_data / "xsd/PSD148/OLQC_Report.xsd"))
    for root in reports_in(product).values():
        schema.assertValid(root.getroottree())
