"""The EEGS dialect, root ``Job_Order``: the generic processor interface of BIOMASS, FLEX.

The family is that of ESA-EOPG-EEGS-ID-0083 with the additions of later versions (GPU, RAM disks), as public
implementations write it. Element names and their order are those of its schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lxml import etree

from ipf.joborder.common import (
    interval_elements,
    parameter_elements,
    read_level_names,
    read_parameters,
    read_sensing_time,
    read_texts,
)
from ipf.joborder.loglevels import UNSAID, LogSelection
from ipf.joborder.model import (
    AreaOfInterest,
    Breakpoint,
    BreakpointFile,
    ConfigurationFile,
    Input,
    JobOrder,
    Output,
    RamDisk,
    Resources,
    Task,
)
from ipf.joborder.reading import Document, Node
from ipf.joborder.writing import element, parent, root_element

NAME = "eegs"
ROOT_TAG = "Job_Order"


# ---- reading


def read(root: etree._Element, name: str) -> JobOrder:
    """Job order of the document below `root`; `name` stands for the file in messages.

    Raises `JobOrderError` naming file, line and element.
    """
    document = Document(root, name)
    top = document.root
    head = top.required("Processor_Configuration")
    request = head.child("Request")
    time_of_interest = None if request is None else request.child("TOI")
    area = None if request is None else request.child("AOI")
    metadata = [] if request is None else request.items("List_of_Metadata_Parameters", "Metadata_Parameter")
    tasks = top.required("List_of_Tasks")
    task_nodes = tasks.listed("Task")
    if not task_nodes:
        raise tasks.error("expected at least one Task")
    job_order = JobOrder(
        dialect=NAME,
        processor_name=head.required_text("Processor_Name"),
        processor_version=head.required_text("Processor_Version"),
        file_class=head.text("File_Class"),
        processing_node=head.text("Processing_Node"),
        stdout_log=_read_log(head, "Stdout_Log_Level"),
        stderr_log=_read_log(head, "Stderr_Log_Level"),
        breakpoint_enable=head.boolean("Intermediate_Output_Enable"),
        processing_station=head.text("Processing_Station"),
        sensing_time=None if time_of_interest is None else read_sensing_time(time_of_interest),
        area_of_interest=None if area is None else area.required("Geometry").converted(AreaOfInterest),
        metadata_parameters=read_parameters(metadata),
        tasks=tuple(_read_task(node) for node in task_nodes),
        attributes=top.attributes(),
        namespace=etree.QName(root).namespace or "",
    )
    document.note_unread()
    return replace(job_order, notes=tuple(document.notes))


def _read_log(head: Node, tag: str) -> LogSelection:
    container = head.child(f"List_of_{tag}s")
    return UNSAID if container is None else LogSelection(read_level_names(container.listed(tag)), as_set=True)


def _read_task(node: Node) -> Task:
    return Task(
        name=node.required_text("Task_Name"),
        version=node.text("Task_Version"),
        resources=_read_resources(node),
        parameters=read_parameters(node.items("List_of_Proc_Parameters", "Proc_Parameter")),
        configuration_files=tuple(
            ConfigurationFile(each.text("Cfg_File_Name"), each.text("Cfg_ID"))
            for each in node.items("List_of_Cfg_Files", "Cfg_File")
        ),
        inputs=tuple(
            selected for each in node.items("List_of_Inputs", "Input") for selected in _read_input(each)
        ),
        outputs=tuple(
            Output(
                file_type=each.text("File_Type"),
                pattern=each.text("File_Name_Pattern"),
                directory=each.text("File_Dir"),
                baseline=each.text("Baseline"),
            )
            for each in node.items("List_of_Outputs", "Output")
        ),
        breakpoint=_read_intermediate_outputs(node),
    )


def _read_resources(node: Node) -> Resources:
    return Resources(
        cpu_cores=node.amount("Number_of_CPU_Cores"),
        ram=node.integer("Amount_of_RAM"),
        disk_space=node.integer("Disk_Space"),
        gpu_cores=node.amount("Number_of_GPU_Cores"),
        gpu_ram=node.integer("Amount_of_GPU_RAM"),
        ram_disks=tuple(_read_ram_disk(each) for each in node.items("List_of_RAMDISKs", "RAMDISK")),
    )


def _read_ram_disk(node: Node) -> RamDisk:
    amount = node.integer("Amount")
    if amount is None:
        raise node.error("expected an element Amount with a number of MB")
    return RamDisk(amount, node.text("Mount_Path"))


def _read_input(node: Node) -> Iterator[Input]:
    """Each selected input as an input of its own: the types of one input are alike for a task."""
    selected = node.items("List_of_Selected_Inputs", "Selected_Input")
    if not selected:
        raise node.error("expected at least one Selected_Input in a List_of_Selected_Inputs")
    for part, each in enumerate(selected):
        yield Input(
            file_type=each.text("File_Type"),
            files=read_texts(each.items("List_of_File_Names", "File_Name")),
            identifier=node.text("Input_ID"),
            alternative=node.text("Alternative_ID"),
            part=part,
        )


def _read_intermediate_outputs(node: Node) -> Breakpoint | None:
    container = node.child("List_of_Intermediate_Outputs")
    if container is None:
        return None
    return Breakpoint(
        tuple(
            BreakpointFile(
                each.text("Intermediate_Output_File"), identifier=each.text("Intermediate_Output_ID")
            )
            for each in container.listed("Intermediate_Output")
        )
    )


# ---- writing


def write(job_order: JobOrder) -> etree._Element:
    """The document of `job_order`; lists are written even when empty, as the interface demands."""
    request = []
    if job_order.sensing_time is not None:
        request.append(parent("TOI", interval_elements(job_order.sensing_time)))
    if job_order.area_of_interest is not None:
        request.append(parent("AOI", [element("Geometry", job_order.area_of_interest.geometry)]))
    if job_order.metadata_parameters:
        metadata = parameter_elements("Metadata_Parameter", job_order.metadata_parameters)
        request.append(parent("List_of_Metadata_Parameters", metadata))
    head = parent(
        "Processor_Configuration",
        (
            element("File_Class", job_order.file_class),
            element("Processor_Name", job_order.processor_name),
            element("Processor_Version", job_order.processor_version),
            element("Processing_Node", job_order.processing_node),
            *_log(job_order.stdout_log, "Stdout_Log_Level"),
            *_log(job_order.stderr_log, "Stderr_Log_Level"),
            *_unless_none("Intermediate_Output_Enable", job_order.breakpoint_enable),
            element("Processing_Station", job_order.processing_station),
            parent("Request", request),
        ),
    )
    tasks = parent("List_of_Tasks", [_task(task) for task in job_order.tasks])
    return root_element(ROOT_TAG, (head, tasks), job_order.attributes, job_order.namespace)


def _unless_none(tag: str, content: bool | float | None) -> list[etree._Element]:
    return [] if content is None else [element(tag, content)]


def _log(selection: LogSelection, tag: str) -> list[etree._Element]:
    if selection == UNSAID:
        return []
    return [parent(f"List_of_{tag}s", [element(tag, name) for name in selection.names])]


def _task(task: Task) -> etree._Element:
    resources = task.resources
    ram_disks = [
        parent("RAMDISK", (element("Amount", each.amount), element("Mount_Path", each.mount_path)))
        for each in resources.ram_disks
    ]
    configuration_files = [
        parent("Cfg_File", (element("Cfg_ID", each.identifier), element("Cfg_File_Name", each.path)))
        for each in task.configuration_files
    ]
    return parent(
        "Task",
        (
            element("Task_Name", task.name),
            element("Task_Version", task.version),
            *_unless_none("Number_of_CPU_Cores", resources.cpu_cores),
            *_unless_none("Amount_of_RAM", resources.ram),
            *([parent("List_of_RAMDISKs", ram_disks)] if ram_disks else []),
            *_unless_none("Number_of_GPU_Cores", resources.gpu_cores),
            *_unless_none("Amount_of_GPU_RAM", resources.gpu_ram),
            *_unless_none("Disk_Space", resources.disk_space),
            parent("List_of_Proc_Parameters", parameter_elements("Proc_Parameter", task.parameters)),
            parent("List_of_Cfg_Files", configuration_files),
            parent("List_of_Inputs", _inputs(task.inputs)),
            parent("List_of_Outputs", [_output(each) for each in task.outputs]),
            *_intermediate_outputs(task.breakpoint),
        ),
    )


def _inputs(inputs: Iterable[Input]) -> list[etree._Element]:
    """Input elements, each with the selected inputs that follow the one of part 0."""
    made: list[etree._Element] = []
    for each in inputs:
        selected = parent(
            "Selected_Input",
            (
                element("File_Type", each.file_type),
                parent("List_of_File_Names", [element("File_Name", path) for path in each.files]),
            ),
        )
        if each.part and made:
            made[-1][-1].append(selected)
        else:
            identity = (element("Input_ID", each.identifier), element("Alternative_ID", each.alternative))
            made.append(parent("Input", (*identity, parent("List_of_Selected_Inputs", [selected]))))
    return made


def _output(content: Output) -> etree._Element:
    directory = [element("File_Dir", content.directory)] if content.directory else []
    return parent(
        "Output",
        (
            element("File_Type", content.file_type),
            element("File_Name_Pattern", content.pattern),
            *directory,
            element("Baseline", content.baseline),
        ),
    )


def _intermediate_outputs(content: Breakpoint | None) -> list[etree._Element]:
    if content is None:
        return []
    children = [
        parent(
            "Intermediate_Output",
            (
                element("Intermediate_Output_ID", each.identifier),
                element("Intermediate_Output_File", each.path),
            ),
        )
        for each in content.files
    ]
    return [parent("List_of_Intermediate_Outputs", children)]
