"""Job orders as the Sentinel-2 orchestrator writes them, with its quirks.

The number of inputs is one too small, the order of inputs and outputs arbitrary, a path has line ends round
it, there is neither a namespace nor a breakpoint, and the folder WORKING is an input.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

PAD = "\n              "


@dataclass(frozen=True)
class JobFile:
    """Input or output of a job: its type, the declared type of its names, and its paths."""

    file_type: str
    name_type: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class JobSheet:
    """What the orchestrator knows of one process that it starts."""

    task_name: str
    task_version: str
    parameters: Mapping[str, str]
    inputs: Sequence[JobFile]
    outputs: Sequence[JobFile]
    processor_name: str = "Chain"
    processor_version: str = "06.01.00"
    stdout_level: str = "INFO"
    stderr_level: str = "ERROR"
    sensing_time: tuple[str, str] | None = ("1983-01-01T00:00:00Z", "2020-01-01T00:00:00Z")


def write_sheet(sheet: JobSheet, path: Path, seed: int) -> None:
    """Write the job order of `sheet`; `seed` gives the arbitrary order of its lists."""
    shuffle = random.Random(seed).shuffle
    root = etree.Element("Ipf_Job_Order")
    _configuration(root, sheet)
    proc = etree.SubElement(_list(root, "List_of_Ipf_Procs", 1), "Ipf_Proc")
    _text(proc, "Task_Name", sheet.task_name)
    _text(proc, "Task_Version", sheet.task_version)
    inputs, outputs = list(sheet.inputs), list(sheet.outputs)
    shuffle(inputs)
    shuffle(outputs)
    entries = _list(proc, "List_of_Inputs", len(inputs) - 1)
    for each in inputs:
        entry = _head(entries, "Input", each)
        names = _list(entry, "List_of_File_Names", len(each.paths))
        for name in each.paths:
            _text(names, "File_Name", f"{PAD}{name}{PAD}")
    entries = _list(proc, "List_of_Outputs", len(outputs))
    for each in outputs:
        entry = _head(entries, "Output", each)
        entry.set("mandatory", "true")
        _text(entry, "File_Name", f"{PAD}{each.paths[0]}{PAD}")
    etree.indent(root)
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def write_processor_infos(path: Path, versions: Mapping[str, str], maximum_ram_gb: int = 2) -> None:
    """Write ``idp_infos.xml``: the memory that each process may use, and the version of each task."""
    root = etree.Element("IDP_Infos")
    _text(etree.SubElement(root, "Performance_Options"), "maxSizeRAM", str(maximum_ram_gb))
    for name, version in versions.items():
        etree.SubElement(root, "IDPSc_Name", version=version).text = name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _configuration(root: etree._Element, sheet: JobSheet) -> None:
    configuration = etree.SubElement(root, "Ipf_Conf")
    for name, text in (
        ("Processor_Name", sheet.processor_name),
        ("Version", sheet.processor_version),
        ("Stdout_Log_Level", sheet.stdout_level),
        ("Stderr_Log_Level", sheet.stderr_level),
        ("Test", "false"),
        ("Breakpoint_Enable", "false"),
        ("Acquisition_Station", "MTI_"),
        ("Processing_Station", "MTI_"),
        ("Config_Files", None),
    ):
        _text(configuration, name, text)
    if sheet.sensing_time is not None:
        sensing = etree.SubElement(configuration, "Sensing_Time")
        _text(sensing, "Start", sheet.sensing_time[0])
        _text(sensing, "Stop", sheet.sensing_time[1])
    parameters = etree.SubElement(configuration, "Dynamic_Processing_Parameters")
    for name, value in sheet.parameters.items():
        parameter = etree.SubElement(parameters, "Processing_Parameter")
        _text(parameter, "Name", name)
        _text(parameter, "Value", value)


def _head(parent: etree._Element, name: str, each: JobFile) -> etree._Element:
    entry = etree.SubElement(parent, name)
    _text(entry, "File_Type", each.file_type)
    _text(entry, "File_Name_Type", each.name_type)
    return entry


def _list(parent: etree._Element, name: str, count: int) -> etree._Element:
    return etree.SubElement(parent, name, count=str(count))


def _text(parent: etree._Element, name: str, text: str | None) -> None:
    etree.SubElement(parent, name).text = text
