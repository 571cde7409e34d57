"""The MMFI dialect, root ``Ipf_Job_Order``: Sentinel-1, -2, -3, -5P, CryoSat, Aeolus, in every known variant.

The family is that of MMFI-GSEG-EOPG-TN-07-0003 and GMES-GSEG-EOPG-TN-09-0016, as public implementations write
it. Variants differ in the containers of parameters and of configuration files, in the order of elements, in
where and how breakpoints stand, and in the log levels; `Layout` and the `elements` of tasks and breakpoints
remember which one was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lxml import etree

from ipf.joborder.common import (
    interval_elements,
    is_reversed,
    parameter_elements,
    read_level_names,
    read_parameters,
    read_sensing_time,
    read_texts,
)
from ipf.joborder.loglevels import LogSelection
from ipf.joborder.model import (
    Breakpoint,
    BreakpointFile,
    ConfigurationFile,
    FileNameType,
    Input,
    JobOrder,
    Layout,
    Output,
    Parameter,
    Task,
    TimeInterval,
)
from ipf.joborder.reading import Document, Node, short
from ipf.joborder.writing import Parts, counted, element, parent, root_element

NAME = "mmfi"
ROOT_TAG = "Ipf_Job_Order"

PARAMETER_CONTAINERS = {
    "Dynamic_Processing_Parameters": ("Processing_Parameter", parent),
    "List_of_Dynamic_Processing_Parameters": ("Dynamic_Processing_Parameter", counted),
    "List_of_Dyn_Processing_Parameters": ("Dyn_Processing_Parameter", counted),
    "Processing_Parameters": ("Processing_Parameter", counted),
}
"""Containers of parameters and the tag of their items; the last one stands directly below the root."""
USUAL_PARAMETER_CONTAINER = "Dynamic_Processing_Parameters"
ROOT_PARAMETER_CONTAINER = "Processing_Parameters"

CONFIGURATION_CONTAINERS = {
    "Config_Files": ("Conf_File_Name", parent),
    "List_of_Config_Files": ("Config_File", counted),
}
"""Containers of configuration files and the tag of their items."""
USUAL_CONFIGURATION_CONTAINER = "Config_Files"

ROOT_ELEMENTS = ("Ipf_Conf", "Processor_Conf", *PARAMETER_CONTAINERS, "List_of_Ipf_Procs")
HEAD_ELEMENTS = (
    "Processor_Name",
    "Version",
    "Order_Type",
    "Logging_Level",
    "Stdout_Log_Level",
    "Stderr_Log_Level",
    "Test",
    "Troubleshooting",
    "Breakpoint_Enable",
    "Acquisition_Station",
    "Processing_Station",
    *CONFIGURATION_CONTAINERS,
    "Sensing_Time",
    *PARAMETER_CONTAINERS,
)
BREAKPOINT_TAGS = ("Breakpoint", "BreakPoint")
TASK_ELEMENTS = ("Task_Name", "Task_Version", *BREAKPOINT_TAGS, "List_of_Inputs", "List_of_Outputs")
BREAKPOINT_ELEMENTS = ("Enable", "List_of_Brk_Files")


# ---- reading


def read(root: etree._Element, name: str) -> JobOrder:
    """Job order of the document below `root`; `name` stands for the file in messages.

    Raises `JobOrderError` naming file, line and element.
    """
    document = Document(root, name)
    top = document.root
    head = top.required("Ipf_Conf")
    containers = [*head.children(*PARAMETER_CONTAINERS), *top.children(*PARAMETER_CONTAINERS)]
    parameters, container = _read_parameter_containers(containers)
    configuration_files, has_empty = _read_configuration_files(head.child(*CONFIGURATION_CONTAINERS))
    private = top.child("Processor_Conf")
    sensing_time = head.child("Sensing_Time")
    job_order = JobOrder(
        dialect=NAME,
        processor_name=head.required_text("Processor_Name"),
        processor_version=head.required_text("Version"),
        order_type=head.text("Order_Type"),
        stdout_log=_read_log(head, "Stdout_Log_Level"),
        stderr_log=_read_log(head, "Stderr_Log_Level"),
        test=head.boolean("Test"),
        troubleshooting=head.boolean("Troubleshooting"),
        breakpoint_enable=head.boolean("Breakpoint_Enable"),
        acquisition_station=head.text("Acquisition_Station"),
        processing_station=head.text("Processing_Station"),
        configuration_files=configuration_files,
        private_configuration_files=() if private is None else read_texts(private.children("File_Name")),
        sensing_time=None if sensing_time is None else read_sensing_time(sensing_time),
        parameters=parameters,
        tasks=_read_tasks(top.required("List_of_Ipf_Procs")),
        attributes=top.attributes(),
        namespace=etree.QName(root).namespace or "",
        layout=Layout(
            root=top.known_children(ROOT_ELEMENTS),
            configuration=head.known_children(HEAD_ELEMENTS),
            parameter_container=container,
            empty_configuration_file=has_empty,
        ),
    )
    document.note_unread()
    return replace(job_order, notes=tuple(document.notes))


def _read_log(head: Node, tag: str) -> LogSelection:
    node = head.child(tag) or head.child("Logging_Level")
    return LogSelection(read_level_names([node]) if node is not None else ())


def _read_parameter_containers(containers: Sequence[Node]) -> tuple[tuple[Parameter, ...], str]:
    """Parameters of every container, and the tag of the one to be written with them."""
    tags = {tag for tag, _ in PARAMETER_CONTAINERS.values()}
    spelling = {tag.casefold(): tag for tag in PARAMETER_CONTAINERS}
    items: dict[str, list[Node]] = {}
    for each in containers:
        items.setdefault(spelling[each.tag.casefold()], []).extend(each.listed(*tags))
    filled = [tag for tag, nodes in items.items() if nodes] or list(items) or [""]
    return read_parameters(node for nodes in items.values() for node in nodes), filled[0]


def _read_configuration_files(container: Node | None) -> tuple[tuple[ConfigurationFile, ...], bool]:
    """Configuration files and spaces, and whether there is an empty element among them."""
    if container is None:
        return (), False
    plain = {tag.casefold() for tag, _ in CONFIGURATION_CONTAINERS.values()}
    files = [
        ConfigurationFile(node.value, "" if node.tag.casefold() in plain else node.tag)
        for node in container.listed()
    ]
    meant = tuple(each for each in files if each.path or each.identifier)
    return meant, len(meant) < len(files)


def _read_tasks(container: Node) -> tuple[Task, ...]:
    nodes = container.listed("Ipf_Proc")
    if not nodes:
        raise container.error("expected at least one Ipf_Proc")
    return tuple(_read_task(node) for node in nodes)


def _read_task(node: Node) -> Task:
    breakpoint_node = node.child(*BREAKPOINT_TAGS)
    return Task(
        name=node.required_text("Task_Name"),
        version=node.text("Task_Version"),
        breakpoint=None if breakpoint_node is None else _read_breakpoint(breakpoint_node),
        inputs=tuple(_read_input(each) for each in node.items("List_of_Inputs", "Input")),
        outputs=tuple(_read_output(each) for each in node.items("List_of_Outputs", "Output")),
        elements=node.known_children(TASK_ELEMENTS),
    )


def _read_breakpoint(node: Node) -> Breakpoint:
    files = (
        BreakpointFile(
            path=each.text("File_Name"),
            file_type=each.text("File_Type"),
            file_name_type=_read_file_name_type(each),
            enable=each.boolean("Enable"),
        )
        for each in node.items("List_of_Brk_Files", "Brk_File")
    )
    return Breakpoint(tuple(files), node.boolean("Enable"), node.known_children(BREAKPOINT_ELEMENTS))


def _read_input(node: Node) -> Input:
    files, file_systems = _read_file_names(node.items("List_of_File_Names", "File_Name"))
    return Input(
        file_type=node.text("File_Type"),
        file_name_type=_read_file_name_type(node),
        source_data=node.boolean("Input_Source_Data"),
        files=files,
        file_systems=file_systems,
        time_intervals=tuple(
            _read_time_interval(each) for each in node.items("List_of_Time_Intervals", "Time_Interval")
        ),
        product_id=node.attribute("Product_ID") or "",
    )


def _read_time_interval(node: Node) -> TimeInterval:
    interval = TimeInterval(node.moment("Start"), node.moment("Stop"), node.text("File_Name"))
    if is_reversed(interval):
        node.note("Stop is before Start")
    return interval


def _read_output(node: Node) -> Output:
    container = node.child("List_of_File_Names")
    names = node.children("File_Name") if container is None else container.listed("File_Name")
    files, file_systems = _read_file_names(names)
    return Output(
        file_type=node.text("File_Type"),
        file_name_type=_read_file_name_type(node),
        files=files,
        file_systems=file_systems,
        mandatory=node.boolean_attribute("mandatory"),
        product_id=node.attribute("Product_ID") or "",
        listed=container is not None,
    )


def _read_file_names(nodes: Sequence[Node]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths that are not empty, and their file systems (none when no path has one)."""
    named = [node for node in nodes if node.value]
    file_systems = tuple(node.attribute("FS_TYPE") or "" for node in named)
    return tuple(node.value for node in named), file_systems if any(file_systems) else ()


def _read_file_name_type(node: Node) -> str:
    text = node.text("File_Name_Type")
    if FileNameType.of(text) is None:
        node.note(f"File_Name_Type '{short(text)}' is unknown and taken as Physical")
    return text


# ---- writing


def write(job_order: JobOrder) -> etree._Element:
    """The document of `job_order`, in the variant that its layout names, else as Sentinel-2 writes it."""
    layout = job_order.layout
    main = layout.parameter_container or USUAL_PARAMETER_CONTAINER
    below_root = main in layout.root or (
        main == ROOT_PARAMETER_CONTAINER and main not in layout.configuration
    )
    parts = Parts(layout.root)
    parts.add("Ipf_Conf", _head(job_order, "" if below_root else main))
    private = [element("File_Name", path) for path in job_order.private_configuration_files]
    parts.add("Processor_Conf", parent("Processor_Conf", private), filled=bool(private))
    _add_parameters(parts, job_order.parameters, main if below_root else "")
    tasks = counted("List_of_Ipf_Procs", [_task(task) for task in job_order.tasks])
    parts.add("List_of_Ipf_Procs", tasks)
    return root_element(ROOT_TAG, parts.arranged(), job_order.attributes, job_order.namespace)


def _head(job_order: JobOrder, parameter_container: str) -> etree._Element:
    layout = job_order.layout
    parts = Parts(layout.configuration)
    parts.text("Processor_Name", job_order.processor_name)
    parts.text("Version", job_order.processor_version)
    parts.text("Order_Type", job_order.order_type)
    _add_log_levels(parts, job_order)
    parts.text("Test", job_order.test)
    parts.text("Troubleshooting", job_order.troubleshooting)
    parts.text("Breakpoint_Enable", job_order.breakpoint_enable)
    parts.text("Acquisition_Station", job_order.acquisition_station)
    parts.text("Processing_Station", job_order.processing_station)
    _add_configuration_files(parts, job_order.configuration_files, layout.empty_configuration_file)
    if job_order.sensing_time is not None:
        parts.add("Sensing_Time", parent("Sensing_Time", interval_elements(job_order.sensing_time)))
    _add_parameters(parts, job_order.parameters, parameter_container)
    return parent("Ipf_Conf", parts.arranged())


def _add_log_levels(parts: Parts, job_order: JobOrder) -> None:
    """Both levels as far as given, or the one Logging_Level that stood in their place.

    It would speak for a level that is not given, too: then both are written.
    """
    names = {"Stdout_Log_Level": job_order.stdout_log.names, "Stderr_Log_Level": job_order.stderr_log.names}
    joined = [tag for tag in names if tag not in parts.arrangement]
    spoken_for = all(names[tag] for tag in names if tag not in joined)
    if "Logging_Level" in parts.arrangement and len({names[tag] for tag in joined}) == 1 and spoken_for:
        names = {"Logging_Level": names[joined[0]]} | {tag: names[tag] for tag in names if tag not in joined}
    for tag, given in names.items():
        if given:
            parts.add(tag, element(tag, given[0]))


def _add_configuration_files(parts: Parts, files: Sequence[ConfigurationFile], empty: bool) -> None:
    tag = next((tag for tag in parts.arrangement if tag in CONFIGURATION_CONTAINERS), None)
    tag = tag or USUAL_CONFIGURATION_CONTAINER
    item, container = CONFIGURATION_CONTAINERS[tag]
    children = [element(each.identifier or item, each.path) for each in files]
    if empty and not children:
        children = [element(item)]
    parts.add(tag, container(tag, children), filled=bool(children), usual=True)


def _add_parameters(parts: Parts, parameters: Sequence[Parameter], main: str) -> None:
    """The container `main` with the parameters, and every other container of the layout, empty."""
    for tag, (item, container) in PARAMETER_CONTAINERS.items():
        children = parameter_elements(item, parameters) if tag == main else []
        parts.add(tag, container(tag, children), filled=bool(children), usual=tag == main)


def _task(task: Task) -> etree._Element:
    parts = Parts(task.elements)
    parts.text("Task_Name", task.name)
    parts.text("Task_Version", task.version, usual=True)
    if task.breakpoint is not None:
        tag = next((tag for tag in task.elements if tag in BREAKPOINT_TAGS), BREAKPOINT_TAGS[0])
        parts.add(tag, _breakpoint(tag, task.breakpoint))
    inputs = counted("List_of_Inputs", [_input(each) for each in task.inputs])
    parts.add("List_of_Inputs", inputs, filled=bool(task.inputs), usual=True)
    outputs = counted("List_of_Outputs", [_output(each) for each in task.outputs])
    parts.add("List_of_Outputs", outputs, filled=bool(task.outputs), usual=True)
    return parent("Ipf_Proc", parts.arranged())


def _breakpoint(tag: str, content: Breakpoint) -> etree._Element:
    parts = Parts(content.elements)
    parts.text("Enable", _switch(content.enable))
    files = counted("List_of_Brk_Files", [_breakpoint_file(each) for each in content.files])
    parts.add("List_of_Brk_Files", files, filled=bool(content.files), usual=True)
    return parent(tag, parts.arranged())


def _breakpoint_file(content: BreakpointFile) -> etree._Element:
    switch = [] if content.enable is None else [element("Enable", _switch(content.enable))]
    children = (
        element("File_Type", content.file_type),
        element("File_Name_Type", content.file_name_type),
        element("File_Name", content.path),
    )
    return parent("Brk_File", (*switch, *children))


def _switch(value: bool | None) -> str:
    return "" if value is None else "ON" if value else "OFF"


def _input(content: Input) -> etree._Element:
    made = parent(
        "Input",
        (element("File_Type", content.file_type), element("File_Name_Type", content.file_name_type)),
    )
    if content.source_data is not None:
        made.append(element("Input_Source_Data", content.source_data))
    made.append(counted("List_of_File_Names", _file_names(content)))
    if content.time_intervals:
        intervals = [
            parent("Time_Interval", (*interval_elements(each), element("File_Name", each.file_name)))
            for each in content.time_intervals
        ]
        made.append(counted("List_of_Time_Intervals", intervals))
    if content.product_id:
        made.set("Product_ID", content.product_id)
    return made


def _output(content: Output) -> etree._Element:
    names = _file_names(content)
    if content.listed or len(names) > 1:
        names = [counted("List_of_File_Names", names)]
    made = parent(
        "Output",
        (
            element("File_Type", content.file_type),
            element("File_Name_Type", content.file_name_type),
            *(names or [element("File_Name")]),
        ),
    )
    if content.mandatory is not None:
        made.set("mandatory", "true" if content.mandatory else "false")
    if content.product_id:
        made.set("Product_ID", content.product_id)
    return made


def _file_names(content: Input | Output) -> list[etree._Element]:
    names = [element("File_Name", path) for path in content.files]
    for name, file_system in zip(names, content.file_systems, strict=False):
        if file_system:
            name.set("FS_TYPE", file_system)
    return names
