"""Task tables of the MMFI family, root ``Ipf_Task_Table``, in the flavours of Sentinel-1, -2 and -3."""

from __future__ import annotations

import math
from dataclasses import replace

from lxml import etree

from ipf.joborder.common import read_texts
from ipf.joborder.mmfi import NAME
from ipf.joborder.model import ConfigurationFile
from ipf.joborder.reading import Document, Node, amount
from ipf.joborder.tasktable_model import (
    Alternative,
    AlternativeType,
    Option,
    ParameterDeclaration,
    Pool,
    PrivateConfiguration,
    Quantity,
    TableBreakpoint,
    TableInput,
    TableOutput,
    TableTask,
    TaskTable,
)

ROOT_TAG = "Ipf_Task_Table"


def read(root: etree._Element, name: str) -> TaskTable:
    """Task table below `root`; `name` stands for the file in messages. Raises `JobOrderError`."""
    document = Document(root, name)
    top = document.root
    private = top.child("Private_Config")
    table = TaskTable(
        dialect=NAME,
        processor_name=top.required_text("Processor_Name"),
        processor_version=top.required_text("Version"),
        test=top.boolean("Test"),
        minimum_disk_space=_read_quantity(top.child("Min_Disk_Space")),
        maximum_time=_read_quantity(top.child("Max_Time")),
        has_sensing_time=top.boolean("Sensing_Time_Flag"),
        configuration_files=_read_configuration_files(top),
        configuration_spaces=read_texts(top.items("List_of_Config_Spaces", "Config_Space")),
        private_configuration=None
        if private is None
        else PrivateConfiguration(private.text("Default"), _read_configuration_files(private)),
        parameters=tuple(
            _read_parameter(each) for each in top.items("List_of_Dyn_ProcParam", "Dyn_ProcParam")
        ),
        pools=tuple(_read_pool(each) for each in top.required("List_of_Pools").listed("Pool")),
        attributes=top.attributes(),
    )
    document.note_unread()
    return replace(table, notes=tuple(document.notes))


def _read_quantity(node: Node | None) -> Quantity | None:
    if node is None:
        return None
    unit = node.attribute("units") or ""
    return Quantity(node.converted(amount), unit) if node.value else None


def _read_configuration_files(node: Node) -> tuple[ConfigurationFile, ...]:
    nodes = node.items("List_of_Cfg_Files", "Cfg_File", "Cfg_Files")
    return tuple(ConfigurationFile(each.text("File_Name"), each.text("Version")) for each in nodes)


def _read_parameter(node: Node) -> ParameterDeclaration:
    default = node.child("Param_Default")
    return ParameterDeclaration(
        name=node.required_text("Param_Name"),
        type=node.text("Param_Type"),
        default=None if default is None else default.value,
        valid_values=read_texts(node.children("Param_Valid")),
        mandatory=node.boolean_attribute("mandatory"),
    )


def _read_pool(node: Node) -> Pool:
    return Pool(
        tasks=tuple(_read_task(each) for each in node.required("List_of_Tasks").listed("Task")),
        detached=node.boolean("Detached"),
        killing_signal=node.integer("Killing_Signal"),
    )


def _read_task(node: Node) -> TableTask:
    return TableTask(
        name=node.required_text("Name"),
        version=node.text("Version"),
        executable=node.text("File_Name"),
        critical=node.boolean("Critical"),
        criticality_level=node.integer("Criticality_Level"),
        cpu_cores=node.number("Number_of_CPUs", "NumberOfCPUs"),
        inputs=tuple(_read_input(each) for each in node.items("List_of_Inputs", "Input")),
        outputs=tuple(_read_output(each) for each in node.items("List_of_Outputs", "Output")),
        breakpoints=tuple(
            TableBreakpoint(each.text("File_Name"), each.text("File_Name_Type"))
            for each in node.items("List_of_Breakpoints", "Breakpoint")
        ),
        options=tuple(
            Option(each.required_text("Name"), each.text("Value"), each.text("Type"))
            for each in node.items("List_of_Options", "Option")
        ),
    )


def _read_input(node: Node) -> TableInput:
    alternatives = [_read_alternative(each) for each in node.items("List_of_Alternatives", "Alternative")]
    return TableInput(
        alternatives=tuple(sorted(alternatives, key=_order)),
        mandatory=node.boolean("Mandatory") is not False,
        mode=node.text("Mode"),
        identifier=node.attribute("id") or "",
        reference=node.attribute("ref") or "",
    )


def _order(alternative: Alternative) -> float:
    return math.inf if alternative.order is None else alternative.order


def _read_alternative(node: Node) -> Alternative:
    files = AlternativeType(
        file_type=node.required_text("File_Type"),
        file_name_type=node.text("File_Name_Type"),
        origin=node.text("Origin"),
        retrieval_mode=node.text("Retrieval_Mode"),
        time_before=node.number("T0"),
        time_after=node.number("T1"),
        source_data=node.boolean("Input_Source_Data"),
    )
    return Alternative((files,), order=node.integer("Order"))


def _read_output(node: Node) -> TableOutput:
    return TableOutput(
        file_type=node.text("Type", "File_Type"),
        destination=node.text("Destination"),
        file_name_type=node.text("File_Name_Type"),
        mandatory=node.boolean("Mandatory"),
    )
