"""The two files by which a management layer learns what a run did: ``REPORT`` and ``<order id>.LIST``.

REPORT: an XML file for each task whose job order asks for an output of type REPORT, written last and whole,
on failure too. The content of Sentinel-2's own ``report.xml`` is not public; the elements are those of the
public MMFI ``Product_Report`` (Aeolus), and a message carries the fields of Sentinel-2's ``A_MESSAGE``. It
holds the messages of the whole run but those of level DEBUG, which the log has.

LIST: the products written, one name a line, relative to the folder of the job order. It belongs to the
generic MMFI chain, whose job orders are called ``JobOrder.<order id>.xml`` and stand in the job's working
directory; it is written last, and never on failure. Sentinel-2's orchestrator names a WORKING folder in each
job order and collects the output folders itself; EEGS layers search by name pattern. Neither gets a LIST.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from lxml import etree

from ipf.atomic import write_bytes, write_text
from ipf.cli.outcome import FAILED, Outcome, TaskOutcome
from ipf.cli.runlog import LogIdentity, Message, time_text
from ipf.joborder import FileNameType, JobOrder, Output, Task

REPORT_TYPE = "REPORT"
REPORT_NAME = "report.xml"
WORKING_TYPE = "WORKING"
LIST_PREFIX = "JobOrder."


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Where the report of one task belongs, and what is known of the task before it has run."""

    path: Path
    task_name: str
    task_version: str
    inputs: tuple[Path, ...]


def report_requests(job_order: JobOrder, path: Path, task: str | None = None) -> tuple[ReportRequest, ...]:
    """Reports that the job order at `path` asks for, of all tasks or of the one called `task`."""
    folder = path.resolve().parent
    return tuple(
        ReportRequest(
            path=_report_path(folder, output),
            task_name=each.name,
            task_version=each.version,
            inputs=tuple(_absolute(folder, name) for entry in each.inputs for name in entry.files),
        )
        for each in job_order.tasks
        if task is None or each.name == task
        for output in each.outputs_of_type(REPORT_TYPE)
        if output.path
    )


def working_folder(job_order: JobOrder, path: Path, task: str | None = None) -> Path | None:
    """The first existing WORKING folder that the job order at `path` names, or None."""
    folder = path.resolve().parent
    for each in job_order.tasks:
        if task is None or each.name == task:
            for name in _names(each, WORKING_TYPE):
                if S_ISDIR(_mode(working := _absolute(folder, name))):
                    return working
    return None


def list_path(job_order: JobOrder, path: Path) -> Path | None:
    """Where the list of products belongs, or None when the job order is not of a chain that reads one."""
    if job_order.dialect != "mmfi" or not path.name.startswith(LIST_PREFIX):
        return None
    if any(_names(task, WORKING_TYPE) for task in job_order.tasks):
        return None
    return path.resolve().parent / f"{job_order.order_id}.LIST"


def write_list(path: Path, products: Sequence[Path]) -> None:
    """Write the names of `products` relative to the folder of `path`, in their order, each once."""
    folder = path.resolve().parent
    names = dict.fromkeys(os.path.relpath(product, folder) for product in products)
    write_text(path, "".join(f"{name}\n" for name in names))


def write_reports(
    requests: Sequence[ReportRequest], outcome: Outcome, messages: Sequence[Message], identity: LogIdentity
) -> None:
    """Write every requested report; the first that cannot be written raises `OutputError`."""
    tasks = {task.name: task for task in outcome.tasks}
    for request in requests:
        task = tasks.get(request.task_name) or _not_run(request, outcome)
        write_bytes(request.path, _document(outcome, task, request, messages, identity))


def _not_run(request: ReportRequest, outcome: Outcome) -> TaskOutcome:
    """Report of a task that the run never came to."""
    return TaskOutcome(
        name=request.task_name,
        version=request.task_version,
        start=outcome.start,
        stop=outcome.stop,
        status=FAILED,
        inputs=request.inputs,
        outputs=(),
    )


def _document(
    outcome: Outcome,
    task: TaskOutcome,
    request: ReportRequest,
    messages: Sequence[Message],
    identity: LogIdentity,
) -> bytes:
    root = etree.Element("Product_Report")
    _texts(
        root,
        {
            "Processor_Name": outcome.processor_name,
            "Processor_Version": outcome.processor_version,
            "Job_Order": str(outcome.job_order),
            "Status": outcome.status,
            "Exit_Code": str(outcome.exit_code),
        },
    )
    if outcome.error:
        _texts(root, {"Error": outcome.error})
    procs = _list(root, "List_of_Ipf_Procs", 1)
    proc = etree.SubElement(procs, "Ipf_Proc")
    _texts(
        proc,
        {
            "Task_Name": task.name,
            "Task_Version": task.version or request.task_version,
            "Status": task.status,
            "PID": str(identity.process),
            "Node_Name": identity.node,
        },
    )
    operation = etree.SubElement(proc, "Date_Time_of_Operation")
    _texts(operation, {"Start": time_text(task.start), "Stop": time_text(task.stop)})
    _file_names(proc, "Input", task.inputs)
    _file_names(proc, "Output", task.outputs)
    _figures(proc, task)
    _messages(proc, task, messages, outcome, identity)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _figures(proc: etree._Element, task: TaskOutcome) -> None:
    figures = _list(proc, "List_of_Figures", len(task.figures))
    for name, value in sorted(task.figures.items()):
        _texts(etree.SubElement(figures, "Figure"), {"Name": name, "Value": str(value)})


def _file_names(proc: etree._Element, kind: str, paths: Sequence[Path]) -> None:
    names = _list(proc, f"List_of_{kind}_File_Names", len(paths))
    for path in paths:
        _texts(names, {f"{kind}_File_Name": str(path)})


def _messages(
    proc: etree._Element,
    task: TaskOutcome,
    messages: Sequence[Message],
    outcome: Outcome,
    identity: LogIdentity,
) -> None:
    told = [message for message in messages if message.level != "DEBUG"]
    entries = _list(proc, "List_of_Messages", len(told))
    for message in told:
        _texts(
            etree.SubElement(entries, "Message"),
            {
                "Function_Name": task.name,
                "Message_Code": str(outcome.exit_code if message.level == "ERROR" else 0),
                "Text": message.text,
                "Date_Time": time_text(message.time),
                "Node_Name": identity.node,
                "Processor_Name": outcome.processor_name,
                "Processor_Version": outcome.processor_version,
                "Type": message.level[0],
            },
        )


def _list(parent: etree._Element, name: str, count: int) -> etree._Element:
    return etree.SubElement(parent, name, count=str(count))


def _texts(parent: etree._Element, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        etree.SubElement(parent, name).text = _xml_text(text)


def _xml_text(text: str) -> str:
    """`text` with the characters that XML 1.0 cannot hold (section 2.2, Char) written as escapes."""
    return "".join(c if _is_xml_character(ord(c)) else c.encode("unicode_escape").decode() for c in text)


def _is_xml_character(code: int) -> bool:
    return (
        code in (0x9, 0xA, 0xD)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )


def _names(task: Task, file_type: str) -> tuple[str, ...]:
    return tuple(name for entry in task.inputs_of_type(file_type) for name in entry.files)


def _report_path(folder: Path, output: Output) -> Path:
    """The report's file: the path itself, or a fixed name in it when it is (declared as) a folder."""
    path = _absolute(folder, output.directory if output.pattern else output.path)
    is_folder = bool(output.pattern) or output.kind is FileNameType.DIRECTORY or S_ISDIR(_mode(path))
    return path / REPORT_NAME if is_folder and not S_ISREG(_mode(path)) else path


def _mode(path: Path) -> int:
    """What `path` is (see `stat`); 0 when it is not there or cannot be asked about."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _absolute(folder: Path, name: str) -> Path:
    return Path(os.path.normpath(folder / name))
