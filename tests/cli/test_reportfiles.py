"""REPORT and LIST: where they belong, when they are written, and that they can always be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ipf.cli.outcome import FAILED, OK, Outcome, TaskOutcome
from ipf.cli.reportfiles import (
    ReportRequest,
    list_path,
    report_requests,
    working_folder,
    write_list,
    write_reports,
)
from ipf.cli.runlog import LogIdentity, Message
from ipf.errors import OutputError
from ipf.joborder import Input, JobOrder, Output, Task, read_job_order

START = datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
STOP = datetime(2024, 5, 1, 10, 31, 0, 5, UTC)
IDENTITY = LogIdentity("node", "Chain", "06.01.00", 4711)


def order_with(*outputs: Output, inputs: tuple[Input, ...] = (), dialect: str = "mmfi") -> JobOrder:
    return JobOrder(dialect, "Chain", "06.01.00", (Task("MASK_S2", "02.00.00", inputs, outputs),))


def outcome(status: str = OK, error: str = "", **figures: float | str) -> Outcome:
    task = TaskOutcome(
        "MASK_S2", "02.00.00", status, START, STOP, (Path("/in/a"),), (Path("/out/b"),), figures
    )
    code = 128 if status == FAILED else 0
    return Outcome(
        Path("/w/JobOrder.1.xml"), "Chain", "06.01.00", status, code, START, STOP, (task,), error=error
    )


def write_one(folder: Path, told: Outcome, messages: tuple[Message, ...] = ()) -> etree._Element:
    request = ReportRequest(folder / "deep" / "report.xml", "MASK_S2", "02.00.00", (Path("/in/a"),))
    write_reports((request,), told, messages, IDENTITY)
    return etree.parse(request.path).getroot()


def test_a_report_tells_the_facts_of_a_product_report(tmp_path: Path) -> None:
    message = Message(STOP, "WARNING", "odd < & ]]>")
    debug = Message(STOP, "DEBUG", "detail")
    root = write_one(tmp_path, outcome(cloud_cover=12.5), (message, debug))
    assert root.tag == "Product_Report"
    expected = {
        "Processor_Name": "Chain",
        "Processor_Version": "06.01.00",
        "Status": "OK",
        "Exit_Code": "0",
        "List_of_Ipf_Procs/Ipf_Proc/Task_Name": "MASK_S2",
        "List_of_Ipf_Procs/Ipf_Proc/PID": "4711",
        "List_of_Ipf_Procs/Ipf_Proc/Node_Name": "node",
        "List_of_Ipf_Procs/Ipf_Proc/Date_Time_of_Operation/Start": "2024-05-01T10:30:00.000000",
        "List_of_Ipf_Procs/Ipf_Proc/Date_Time_of_Operation/Stop": "2024-05-01T10:31:00.000005",
        "List_of_Ipf_Procs/Ipf_Proc/List_of_Input_File_Names/Input_File_Name": "/in/a",
        "List_of_Ipf_Procs/Ipf_Proc/List_of_Output_File_Names/Output_File_Name": "/out/b",
        ".//Figure/Name": "cloud_cover",
        ".//Figure/Value": "12.5",
        ".//Message/Text": "odd < & ]]>",
        ".//Message/Type": "W",
        ".//Message/Date_Time": "2024-05-01T10:31:00.000005",
    }
    assert {path: root.findtext(path) for path in expected} == expected
    assert len(root.findall(".//Message")) == 1
    names = ("Function_Name", "Message_Code", "Text", "Date_Time", "Node_Name")
    assert [child.tag for child in root.iterfind(".//Message/*")] == [
        *names,
        "Processor_Name",
        "Processor_Version",
        "Type",
    ]


def test_a_task_that_was_never_reached_is_reported_as_failed(tmp_path: Path) -> None:
    root = write_one(tmp_path, replace(outcome(FAILED, "no such step"), tasks=()))
    assert root.findtext("Error") == "no such step"
    assert root.findtext(".//Ipf_Proc/Status") == "FAILED"
    assert root.findtext(".//Input_File_Name") == "/in/a"


@given(st.text(), st.text())
def test_whatever_the_text_a_report_is_xml(
    tmp_path_factory: pytest.TempPathFactory, text: str, error: str
) -> None:
    folder = tmp_path_factory.mktemp("report")
    root = write_one(folder, outcome(FAILED, error), (Message(STOP, "ERROR", text),))
    assert root.findtext(".//Message/Type") == "E"


def test_a_report_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("a file")
    with pytest.raises(OutputError, match=r"report\.xml"):
        write_one(tmp_path, outcome())


@pytest.mark.parametrize(
    ("output", "existing", "expected"),
    [
        (Output("REPORT", ("r/report.xml",), "Physical"), "", "r/report.xml"),
        (Output("REPORT", ("r",), "Directory"), "", "r/report.xml"),
        (Output("REPORT", ("r",), "Physical"), "folder", "r/report.xml"),
        (Output("REPORT", ("r",), "Directory"), "file", "r"),
        (Output("REPORT", pattern="R_.*", directory="r"), "", "r/report.xml"),
    ],
)
def test_what_is_on_disk_decides_where_a_report_goes(
    tmp_path: Path, output: Output, existing: str, expected: str
) -> None:
    if existing == "folder":
        (tmp_path / "r").mkdir()
    elif existing == "file":
        (tmp_path / "r").write_text("")
    (request,) = report_requests(order_with(output), tmp_path / "job.xml")
    assert request.path == tmp_path / expected


def test_only_the_task_that_is_run_reports(tmp_path: Path) -> None:
    order = order_with(Output("REPORT", ("report.xml",)), Output("VECTOR", ("v",)))
    assert len(report_requests(order, tmp_path / "job.xml", "MASK_S2")) == 1
    assert report_requests(order, tmp_path / "job.xml", "RADIO_AB") == ()


def test_a_list_is_for_the_generic_chain_only(tmp_path: Path) -> None:
    working = (Input("WORKING", (str(tmp_path),), "Directory"),)
    named = tmp_path / "JobOrder.17.xml"
    generic = replace(order_with(), source=named)
    assert list_path(generic, named) == tmp_path / "17.LIST"
    assert list_path(replace(order_with(inputs=working), source=named), named) is None
    assert list_path(replace(order_with(dialect="eegs"), source=named), named) is None
    other = tmp_path / "JobOrder_MASK_S2_17.xml"
    assert list_path(replace(order_with(), source=other), other) is None


def test_a_list_names_products_relative_to_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "17.LIST"
    write_list(path, [tmp_path / "out" / "A.SAFE", tmp_path / "B.SAFE", tmp_path / "out" / "A.SAFE"])
    assert path.read_text() == "out/A.SAFE\nB.SAFE\n"


def test_the_working_folder_must_be_there(tmp_path: Path) -> None:
    inputs: Mapping[str, tuple[Input, ...]] = {
        name: (Input("WORKING", (name,), "Directory"),) for name in ("here", "nowhere")
    }
    (tmp_path / "here").mkdir()
    assert working_folder(order_with(inputs=inputs["here"]), tmp_path / "j.xml") == tmp_path / "here"
    assert working_folder(order_with(inputs=inputs["nowhere"]), tmp_path / "j.xml") is None


def test_real_job_orders_say_where_their_reports_go(reference_data: Path) -> None:
    path = reference_data / "joborders/s2/JobOrder.INIT_LOC_L0_52742.xml"
    (request,) = report_requests(read_job_order(path), path)
    assert request.path.parts[-3:] == ("output", "REPORT", "report.xml")
    assert len(request.inputs) == 23
    quality = reference_data / "joborders/s2/Joborder_OLQC.xml"
    (request,) = report_requests(read_job_order(quality), quality)
    assert request.path.name == "report.xml"
    assert list_path(read_job_order(path), path) is None
