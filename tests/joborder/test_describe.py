"""What ``ipf joborder`` shows, to programs and to people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

from ipf.cli.joborder import joborder
from ipf.errors import JobOrderError
from ipf.joborder import read_job_order
from ipf.joborder.describe import lines, to_dict

FILES = {
    "eegs/JobOrder_0083.xml": "eegs",
    "s1/JobOrder_SPP_OBS.xml": "mmfi",
    "s2/JobOrder.INIT_LOC_L0_52742.xml": "mmfi",
    "s2/Joborder_OLQC.xml": "mmfi",
    "s2/job_order_ChaineL2.xml": "mmfi",
    "s2/job_order_inv_mtd_DS_L1B.xml": "mmfi",
    "s3/JobOrderExample.xml": "mmfi",
    "s5p/JobOrder.609521551.xml": "mmfi",
}


def texts(element: etree._Element, path: str) -> list[str]:
    return [(each.text or "").strip() for each in element.findall(path)]


@pytest.mark.parametrize(("file", "dialect"), FILES.items())
def test_json_against_the_document_itself(reference_data: Path, file: str, dialect: str) -> None:
    path = reference_data / "joborders" / file
    result = CliRunner().invoke(joborder, [str(path), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    root = etree.parse(path).getroot()
    assert shown["dialect"] == dialect
    assert shown["processor_name"] == texts(root, ".//Processor_Name")[0]
    assert (
        shown["processor_version"]
        == texts(root, ".//Processor_Version" if dialect == "eegs" else ".//Version")[0]
    )
    assert [task["name"] for task in shown["tasks"]] == texts(root, ".//Task_Name")
    assert [task["version"] for task in shown["tasks"]] == texts(root, ".//Task_Version")
    parameter = ".//Proc_Parameter" if dialect == "eegs" else ".//Processing_Parameter"
    names, values = texts(root, f"{parameter}/Name"), texts(root, f"{parameter}/Value")
    assert shown["parameters"] == dict(zip(names, values, strict=True))
    inputs = [each for task in shown["tasks"] for each in task["inputs"]]
    assert [each["file_type"] for each in inputs] == texts(root, ".//Input//File_Type")
    assert [each["files"] for each in inputs] == [
        texts(each, "File_Name") for each in root.iterfind(".//Input//List_of_File_Names")
    ]
    outputs = [each for task in shown["tasks"] for each in task["outputs"]]
    assert [each["file_type"] for each in outputs] == texts(root, ".//Output/File_Type")
    place = "File_Dir" if dialect == "eegs" else "File_Name"
    assert [each["path"] for each in outputs] == texts(root, f".//Output//{place}")


def test_every_value_is_in_the_dictionary(reference_data: Path) -> None:
    for file in FILES:
        path = reference_data / "joborders" / file
        root = etree.parse(path).getroot()
        shown = json.dumps(to_dict(read_job_order(path)), ensure_ascii=False)
        for element in root.iter(etree.Element):
            text = (element.text or "").strip()
            if text and text not in ("true", "false") and "Log_Level" not in element.tag:
                assert json.dumps(text)[1:-1] in shown, (file, element.tag, text)


def test_lines_for_people(reference_data: Path) -> None:
    path = reference_data / "joborders/s2/JobOrder.INIT_LOC_L0_52742.xml"
    result = CliRunner().invoke(joborder, [str(path)], catch_exceptions=False)
    shown = result.stdout.splitlines()
    assert shown[0] == "INIT_LOC_L0 01.03 (mmfi job order)"
    assert "  sensing time: 1983-01-01T00:00:00Z to 2020-01-01T00:00:00Z" in shown
    assert "  SAD_DATA_INGESTION = true" in shown
    assert "task INIT_LOC_L0 01.00" in shown
    assert sum("_GIP_VIEDIR_" in line for line in shown) == 13
    assert "  output REPORT (Physical, mandatory)" in shown
    quality = list(lines(read_job_order(reference_data / "joborders/s2/Joborder_OLQC.xml")))
    assert any("count is 4 but the list has 6" in line for line in quality)
    biomass = list(lines(read_job_order(reference_data / "joborders/eegs/JobOrder_0083.xml")))
    for line in (
        "  standard error: nothing",
        "  RAM (MB): 1073741824",
        "  parameter Orbit_Number = 37847",
        "    $PATH/tempfile_2",
    ):
        assert line in biomass


def test_a_file_that_is_no_job_order(tmp_path: Path) -> None:
    with pytest.raises(JobOrderError, match="is a folder"):
        CliRunner().invoke(joborder, [str(tmp_path)], catch_exceptions=False)


PLUGIN = """
from dataclasses import replace

from ipf.engine import hookimpl
from ipf.joborder import Dialect, mmfi


@hookimpl
def ipf_joborder_dialects():
    def read(root, name):
        return replace(mmfi.read(root, name), dialect="laboratory")

    return [Dialect("laboratory", frozenset({"Laboratory_Order"}), read, mmfi.write)]
"""


def test_a_dialect_of_a_plugin_is_shown(tmp_path: Path) -> None:
    plugin, order = tmp_path / "laboratory.py", tmp_path / "JobOrder.5.xml"
    plugin.write_text(PLUGIN)
    order.write_text(
        "<Laboratory_Order><Ipf_Conf><Processor_Name>P</Processor_Name><Version>1</Version></Ipf_Conf>"
        "<List_of_Ipf_Procs><Ipf_Proc><Task_Name>T</Task_Name></Ipf_Proc></List_of_Ipf_Procs></Laboratory_Order>"
    )
    arguments = [str(order), "--plugins", str(plugin)]
    result = CliRunner().invoke(joborder, arguments, catch_exceptions=False)
    assert result.stdout.splitlines()[:2] == ["P 1 (laboratory job order)", "  order: 5"]
    with pytest.raises(JobOrderError, match="/Laboratory_Order: expected the root"):
        CliRunner().invoke(joborder, arguments[:1], catch_exceptions=False)
