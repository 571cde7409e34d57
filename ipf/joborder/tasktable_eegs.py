"""Task tables of the EEGS family, root ``Task_Table`` (ESA-EOPG-EEGS-ID-0083, and FLEX)."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from ipf.joborder.common import read_texts
from ipf.joborder.eegs import NAME
from ipf.joborder.model import ConfigurationFile
from ipf.joborder.reading import Document, Node
from ipf.joborder.tasktable_model import (
    Alternative,
    AlternativeType,
    ExitCode,
    GeospatialSelection,
    ParameterDeclaration,
    Pool,
    TableBreakpoint,
    TableInput,
    TableOutput,
    TableTask,
    TaskTable,
    TemporalSelection,
)

ROOT_TAG = "Task_Table"


def read(root: etree._Element, name: str) -> TaskTable:
    """Task table below `root`; `name` stands for the file in messages. Raises `JobOrderError`.

    Each task becomes a pool of its own, since EEGS tasks run one after the other and each has its own signal.
    """
    document = Document(root, name)
    top = document.root
    table = TaskTable(
        dialect=NAME,
        processor_name=top.required_text("Processor_Name"),
        processor_version=top.required_text("Processor_Version"),
        author=top.text("Author"),
        pools=tuple(
            Pool((_read_task(each),), killing_signal=each.integer("Killing_Signal"))
            for each in top.required("List_of_Tasks").listed("Task")
        ),
        attributes=top.attributes(),
    )
    document.note_unread()
    return replace(table, notes=tuple(document.notes))


def _read_task(node: Node) -> TableTask:
    cores, memory = node.child("CPU_Cores"), node.child("RAM")
    return TableTask(
        name=node.required_text("Task_Name"),
        version=node.text("Task_Version"),
        software_distribution=node.text("SW_Distribution"),
        software_version_tag=node.text("SW_Version_Tag"),
        executable=node.text("Executable"),
        cpu_cores=None if cores is None else cores.amount("Number"),
        cpu_cores_scalable=None if cores is None else cores.boolean("Scalable"),
        ram=None if memory is None else memory.amount("Amount"),
        ram_scalable=None if memory is None else memory.boolean("Scalable"),
        disk_space=node.amount("Disk_Space"),
        timeout=node.amount("Timeout"),
        critical=node.boolean("Critical"),
        parameters=tuple(
            ParameterDeclaration(each.required_text("Name"), default=each.text("Default_Value"))
            for each in node.items("List_of_Proc_Parameters", "Proc_Parameter")
        ),
        configuration_files=tuple(
            ConfigurationFile(each.text("Cfg_File_Name"), each.text("Cfg_ID"))
            for each in node.items("List_of_Cfg_Files", "Cfg_File")
        ),
        inputs=tuple(_read_input(each) for each in node.items("List_of_Inputs", "Input")),
        outputs=tuple(
            TableOutput(
                file_type=each.text("File_Type"),
                pattern=each.text("File_Name_Pattern"),
                destination=each.text("Destination"),
            )
            for each in node.items("List_of_Outputs", "Output")
        ),
        breakpoints=tuple(
            TableBreakpoint(
                path=each.text("Intermediate_Output_File", "File"),
                identifier=each.text("Intermediate_Output_ID", "ID"),
                description=each.text("Intermediate_Output_Description", "Description"),
            )
            for each in node.items("List_of_Intermediate_Outputs", "Intermediate_Output")
        ),
        exit_codes=tuple(_read_exit_code(each) for each in node.items("List_of_Exit_Codes", "Exit_Code")),
    )


def _read_exit_code(node: Node) -> ExitCode:
    value = node.integer("Value")
    if value is None:
        raise node.error("expected an element Value with a whole number")
    return ExitCode(value, node.text("Description"))


def _read_input(node: Node) -> TableInput:
    alternatives = node.items("List_of_Input_Alternatives", "Input_Alternative")
    return TableInput(
        alternatives=tuple(_read_alternative(each) for each in alternatives),
        mandatory=node.boolean("Mandatory") is not False,
        identifier=node.text("Input_ID"),
        filter_algorithm=node.text("Filter_Algorithm"),
    )


def _read_alternative(node: Node) -> Alternative:
    return Alternative(
        types=tuple(_read_type(each) for each in node.items("List_of_Alternative_Types", "Alternative_Type")),
        identifier=node.text("Alternative_ID"),
        filter_algorithm=node.text("Filter_Algorithm"),
    )


def _read_type(node: Node) -> AlternativeType:
    selection = node.child("Selection_Parameters")
    temporal = None if selection is None else selection.child("Temporal_Parameters")
    geospatial = None if selection is None else selection.child("Geospatial_Parameters")
    names = [] if selection is None else selection.items("List_of_Metadata_Names", "Metadata_Name")
    return AlternativeType(
        file_type=node.required_text("File_Type"),
        origin=node.text("Origin"),
        instances=node.text("Instances"),
        temporal=None if temporal is None else _read_temporal(temporal),
        geospatial=None if geospatial is None else _read_geospatial(geospatial),
        metadata_names=read_texts(names),
        maximum_files=node.text("Max_Number_of_Files"),
        maximum_to_plugin=node.text("Max_Number_to_Plugin"),
        ordering=node.text("Ordering"),
        virtual=node.boolean("Virtual"),
    )


def _read_temporal(node: Node) -> TemporalSelection:
    return TemporalSelection(
        start_offset=node.integer("Start_Offset"),
        stop_offset=node.integer("Stop_Offset"),
        overlap=node.text("Overlap"),
        minimum_overlap=node.amount("Min_Overlap"),
    )


def _read_geospatial(node: Node) -> GeospatialSelection:
    return GeospatialSelection(
        offset=node.number("Geospatial_Offset"),
        overlap=node.text("Overlap"),
        minimum_overlap=node.amount("Min_Overlap"),
    )
