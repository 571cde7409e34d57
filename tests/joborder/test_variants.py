"""Every known variant of the MMFI family, and the later parts of the EEGS family, in samples of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from ipf.joborder import (
    ConfigurationFile,
    FileNameType,
    JobOrder,
    LogLevel,
    Parameter,
    RamDisk,
    read_job_order,
    to_xml,
)

Read = Callable[[str], JobOrder]

HEAD = "<Processor_Name>L2A</Processor_Name><Version>05.11</Version>"
TASK = "<Ipf_Proc><Task_Name>Sen2Cor</Task_Name><Task_Version>05.11</Task_Version>{}</Ipf_Proc>"


def mmfi(head: str = "", task: str = "", below_root: str = "", start: str = "<Ipf_Job_Order>") -> str:
    return (
        f"{start}<Ipf_Conf>{HEAD}{head}</Ipf_Conf>{below_root}"
        f"<List_of_Ipf_Procs>{TASK.format(task)}</List_of_Ipf_Procs></Ipf_Job_Order>"
    )


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a text as a job order, after a check that it is written back with the same elements in order."""

    def reader(text: str) -> JobOrder:
        path = tmp_path / "JobOrder.7.xml"
        path.write_text(text, encoding="utf-8")
        job_order = read_job_order(path)
        again = tmp_path / "JobOrder.8.xml"
        again.write_bytes(to_xml(job_order))
        assert read_job_order(again) == job_order
        return job_order

    return reader


def leaves(xml: str | bytes) -> Iterator[tuple[str, str]]:
    root = etree.fromstring(xml if isinstance(xml, bytes) else xml.encode())
    for element in root.iter(etree.Element):
        yield etree.QName(element).localname, (element.text or "").strip()


def assert_written_alike(job_order: JobOrder, text: str) -> None:
    assert list(leaves(to_xml(job_order))) == list(leaves(text))


PARAMETERS = {
    "plain": "<Dynamic_Processing_Parameters><Processing_Parameter>{}</Processing_Parameter>"
    "</Dynamic_Processing_Parameters>",
    "Sentinel-1": '<List_of_Dynamic_Processing_Parameters count="1"><Dynamic_Processing_Parameter>{}'
    "</Dynamic_Processing_Parameter></List_of_Dynamic_Processing_Parameters>",
    "GMES 1.1": '<List_of_Dyn_Processing_Parameters count="1"><Dyn_Processing_Parameter>{}'
    "</Dyn_Processing_Parameter></List_of_Dyn_Processing_Parameters>",
}
ONE_PARAMETER = "<Name>AOT</Name><Value>0.12</Value>"


@pytest.mark.parametrize("container", PARAMETERS.values(), ids=PARAMETERS)
def test_parameters_in_each_container(read: Read, container: str) -> None:
    text = mmfi("<Config_Files/>" + container.format(ONE_PARAMETER), "<List_of_Inputs/><List_of_Outputs/>")
    job_order = read(text)
    assert job_order.parameters == (Parameter("AOT", "0.12"),)
    assert job_order.notes == ()
    assert_written_alike(job_order, text)


def test_parameters_below_the_root(read: Read) -> None:
    parameters = (
        '<Processing_Parameters count="1"><Processing_Parameter><Name>AOT</Name><Value>0.12</Value>'
        "</Processing_Parameter></Processing_Parameters>"
    )
    text = mmfi(below_root=parameters)
    job_order = read(text)
    assert job_order.parameter("AOT") == "0.12"
    assert_written_alike(job_order, text)


@pytest.mark.parametrize("order", [1, -1], ids=["empty one last", "empty one first"])
def test_a_filled_and_an_empty_container(read: Read, order: int) -> None:
    containers = [
        PARAMETERS["plain"].format(ONE_PARAMETER),
        '<List_of_Dynamic_Processing_Parameters count="0"/>',
    ]
    text = mmfi("".join(containers[::order]))
    assert_written_alike(read(text), text)


def test_parameters_of_every_container_are_taken(read: Read) -> None:
    second = PARAMETERS["Sentinel-1"].format("<Name>WV</Name><Value>1.5</Value>")
    job_order = read(mmfi(PARAMETERS["plain"].format(ONE_PARAMETER) + second + second))
    assert [each.name for each in job_order.parameters] == ["AOT", "WV", "WV"]


def test_last_of_two_values_counts_and_is_noted(read: Read) -> None:
    item = "<Processing_Parameter><Name>TRACE</Name><Value>{}</Value></Processing_Parameter>"
    text = f"<Dynamic_Processing_Parameters>{item.format('false')}{item.format('true')}"
    job_order = read(mmfi(text + "</Dynamic_Processing_Parameters>"))
    assert job_order.parameter("TRACE") == "true"
    assert len(job_order.parameters) == 2
    assert "TRACE is given more than once" in job_order.notes[0]


CONFIGURATIONS = {
    "plain": ("<Config_Files><Conf_File_Name>/c/a.xml</Conf_File_Name></Config_Files>", ("/c/a.xml",)),
    "GMES 1.1": (
        '<List_of_Config_Files count="2"><Config_File>a</Config_File><Config_File>b</Config_File>'
        "</List_of_Config_Files>",
        ("a", "b"),
    ),
    "empty": ("<Config_Files/>", ()),
    "empty child": ("<Config_Files><Conf_File_Name/></Config_Files>", ()),
    "absent": ("<Test>false</Test>", ()),
}


@pytest.mark.parametrize(("container", "files"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_configuration_files(read: Read, container: str, files: tuple[str, ...]) -> None:
    job_order = read(mmfi(container))
    assert tuple(each.path for each in job_order.configuration_files) == files
    assert_written_alike(job_order, mmfi(container))


def test_configuration_spaces_and_private_configuration(read: Read) -> None:
    text = mmfi(
        "<Config_Files><Conf_File_Name>a</Conf_File_Name><AUX_SPACE>/s</AUX_SPACE></Config_Files>",
        below_root="<Processor_Conf><File_Name>/p.xml</File_Name></Processor_Conf>",
    )
    job_order = read(text)
    assert job_order.configuration_files == (ConfigurationFile("a"), ConfigurationFile("/s", "AUX_SPACE"))
    assert job_order.private_configuration_files == ("/p.xml",)
    assert_written_alike(job_order, text)


def test_any_order_of_the_head_is_kept(read: Read) -> None:
    head = (
        "<Sensing_Time><Start>20240501_103000000</Start><Stop>20240501_103000.1234</Stop></Sensing_Time>"
        "<Dynamic_Processing_Parameters/><Processing_Station>REFS</Processing_Station><Order_Type>RPRO</Order_Type>"
        "<Acquisition_Station>SGS_</Acquisition_Station><Config_Files/><Test>true</Test>"
        "<Stderr_Log_Level>ERROR</Stderr_Log_Level><Stdout_Log_Level>DEBUG</Stdout_Log_Level>"
    )
    job_order = read(mmfi(head))
    assert_written_alike(job_order, mmfi(head))
    assert job_order.order_type == "RPRO"
    assert job_order.test is True


BREAKPOINT_FILES = (
    '<List_of_Brk_Files count="2">'
    "<Brk_File><Enable>ON</Enable><File_Type>A</File_Type><File_Name_Type>Physical</File_Name_Type>"
    "<File_Name>/b/a</File_Name></Brk_File>"
    "<Brk_File><Enable>OFF</Enable><File_Type>B</File_Type><File_Name_Type>Physical</File_Name_Type>"
    "<File_Name>/b/b</File_Name></Brk_File></List_of_Brk_Files>"
)
LISTS = ("<List_of_Inputs/>", "<List_of_Outputs/>")
BREAKPOINTS = {
    "PVML: before the inputs": "<BreakPoint>{files}</BreakPoint>{lists}",
    "COPRS: after the outputs": "{lists}<BreakPoint>{files}</BreakPoint>",
    "S1: other spelling": "{lists}<Breakpoint>{files}</Breakpoint>",
    "own switch before the list": "<Breakpoint><Enable>ON</Enable>{files}</Breakpoint>{lists}",
    "own switch after the list": "<Breakpoint>{files}<Enable>ON</Enable></Breakpoint>{lists}",
}


@pytest.mark.parametrize("form", BREAKPOINTS.values(), ids=BREAKPOINTS)
def test_breakpoints_wherever_they_stand(read: Read, form: str) -> None:
    task = form.format(files=BREAKPOINT_FILES, lists="".join(LISTS))
    switch = (
        ""
        if "Enable>ON</Enable>{" in form or "}<Enable" in form
        else "<Breakpoint_Enable>true</Breakpoint_Enable>"
    )
    text = mmfi(switch, task)
    job_order = read(text)
    assert_written_alike(job_order, text)
    assert [each.path for each in job_order.breakpoints_of(job_order.tasks[0])] == ["/b/a"]


@pytest.mark.parametrize(
    ("head", "own", "written"),
    [
        ("", "", False),
        ("<Breakpoint_Enable>false</Breakpoint_Enable>", "", False),
        ("<Breakpoint_Enable>true</Breakpoint_Enable>", "<Enable>OFF</Enable>", False),
        ("<Breakpoint_Enable>false</Breakpoint_Enable>", "<Enable>ON</Enable>", False),
        ("<Breakpoint_Enable>true</Breakpoint_Enable>", "<Enable>ON</Enable>", True),
        ("", "<Enable>ON</Enable>", True),
    ],
)
def test_every_switch_must_be_on(read: Read, head: str, own: str, written: bool) -> None:
    job_order = read(mmfi(head, f"<Breakpoint>{own}{BREAKPOINT_FILES}</Breakpoint>"))
    assert bool(job_order.breakpoints_of(job_order.tasks[0])) is written


def test_empty_breakpoint_elements(read: Read) -> None:
    for element in ("<Breakpoint/>", '<BreakPoint><List_of_Brk_Files count="0"/></BreakPoint>'):
        text = mmfi("", element + "".join(LISTS))
        job_order = read(text)
        assert job_order.tasks[0].breakpoint is not None
    assert read(mmfi()).tasks[0].breakpoint is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("PHYSICAL", FileNameType.PHYSICAL),
        ("File", FileNameType.PHYSICAL),
        ("", FileNameType.PHYSICAL),
        ("Archive", FileNameType.ARCHIVE),
        ("directory", FileNameType.DIRECTORY),
        ("Regexp", FileNameType.REGEXP),
        ("Stem", FileNameType.STEM),
        ("Logical", FileNameType.LOGICAL),
        ("Nonsense", FileNameType.PHYSICAL),
    ],
)
def test_file_name_types(read: Read, text: str, kind: FileNameType) -> None:
    task = (
        f"<List_of_Outputs><Output><File_Type>X</File_Type><File_Name_Type>{text}</File_Name_Type>"
        "<File_Name>/data/^s1[a-b]-.*-(vv|hh)-.*$</File_Name></Output></List_of_Outputs>"
    )
    job_order = read(mmfi("", task))
    (output,) = job_order.tasks[0].outputs
    assert (output.kind, output.file_name_type) == (kind, text)
    assert output.path == "/data/^s1[a-b]-.*-(vv|hh)-.*$"
    assert bool(job_order.notes) is (text == "Nonsense")


@pytest.mark.parametrize(
    ("spelling", "value"),
    [
        (spelling, value)
        for value, words in ((True, "true True TRUE 1 Yes yes ON"), (False, "false False FALSE 0 No OFF"))
        for spelling in words.split()
    ],
)
def test_truth_values(read: Read, spelling: str, value: bool) -> None:
    assert read(mmfi(f"<Test> {spelling}\n</Test>")).test is value


def test_text_is_stripped_but_keeps_what_is_inside(read: Read) -> None:
    task = (
        "<List_of_Inputs><Input><File_Type>\n PDI_DS \n</File_Type><List_of_File_Names>"
        "<File_Name>\n\t/a b/c\n</File_Name><File_Name/></List_of_File_Names></Input></List_of_Inputs>"
    )
    (given,) = read(mmfi("", task)).tasks[0].inputs
    assert (given.file_type, given.files) == ("PDI_DS", ("/a b/c",))


def test_namespaces_and_encodings(tmp_path: Path) -> None:
    default = mmfi(start='<Ipf_Job_Order xmlns="http://www.example.org/PF_Proc">')
    prefixed = mmfi(start='<Ipf_Job_Order xmlns:a="http://www.acsys.it/schemas/IPF">')
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?>' + mmfi("<Order_Type>é</Order_Type>")
    contents = {
        "default": default.encode(),
        "prefixed": prefixed.encode(),
        "latin": latin.encode("latin-1"),
        "utf16": mmfi().encode("utf-16"),
    }
    read = {}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        read[name] = read_job_order(tmp_path / name)
    assert read["default"].namespace == "http://www.example.org/PF_Proc"
    assert (
        etree.fromstring(to_xml(read["default"]))
        .find("{*}Ipf_Conf")
        .tag.startswith("{http://www.example.org")
    )
    assert replace(read["default"], namespace="") == read["prefixed"] == read["utf16"]
    assert read["latin"].order_type == "é"


def test_case_of_tags_is_forgiven(read: Read) -> None:
    text = mmfi("<Test>true</Test>").replace("Ipf_Conf", "IPF_CONF").replace("Task_Name", "task_name")
    job_order = read(text.replace("Ipf_Job_Order", "ipf_job_order"))
    assert job_order.test is True
    assert job_order.tasks[0].name == "Sen2Cor"


def test_unknown_elements_and_attributes_are_ignored_and_noted(read: Read) -> None:
    text = mmfi("<Novelty><Inside/></Novelty><Test flavour='x'>true</Test>", start="<Ipf_Job_Order a='1'>")
    job_order = read(text)
    assert [note.partition(": ")[2] for note in job_order.notes] == [
        "/Ipf_Job_Order/Ipf_Conf/Novelty: unknown or repeated element is ignored",
        "/Ipf_Job_Order/Ipf_Conf/Test: unknown attribute flavour is ignored",
    ]
    assert job_order.attributes == (("a", "1"),)


@pytest.mark.parametrize(
    ("head", "stdout", "stderr"),
    [
        ("", "INFO", "INFO"),
        ("<Logging_Level>WARNING</Logging_Level>", "WARNING", "WARNING"),
        ("<Logging_Level>DEBUG</Logging_Level><Stderr_Log_Level>ERROR</Stderr_Log_Level>", "DEBUG", "ERROR"),
        ("<Stdout_Log_Level>loud</Stdout_Log_Level><Stderr_Log_Level/>", "INFO", "INFO"),
        ("<Stdout_Log_Level>progress</Stdout_Log_Level>", "PROGRESS", "INFO"),
    ],
)
def test_thresholds(read: Read, head: str, stdout: str, stderr: str) -> None:
    job_order = read(mmfi(head))
    assert_written_alike(job_order, mmfi(head + "" if head else ""))
    assert job_order.stdout_levels == {level for level in LogLevel if level >= LogLevel[stdout]}
    assert job_order.stderr_levels == {level for level in LogLevel if level >= LogLevel[stderr]}


EEGS = """
<Job_Order schemaName="ESA-EOPG-EEGS-ID-0083" schemaVersion="2.1"
           xmlns="http://www.eop.esa.int/EOEP/schemas/generic/PF_Proc">
  <Processor_Configuration>
    <File_Class>OPER</File_Class>
    <Processor_Name>MSI_L2A</Processor_Name>
    <Processor_Version>05.11</Processor_Version>
    <Processing_Node>node01</Processing_Node>
    <List_of_Stdout_Log_Levels><Stdout_Log_Level>PROGRESS</Stdout_Log_Level></List_of_Stdout_Log_Levels>
    <List_of_Stderr_Log_Levels/>
    <Intermediate_Output_Enable>false</Intermediate_Output_Enable>
    <Processing_Station>REFS</Processing_Station>
    <Request>
      <TOI><Start>2024-05-01T10:30:00.000000Z</Start><Stop>2024-05-01T10:31:00.000000</Stop></TOI>
      <AOI><Geometry>48.0 11.0 48.0 12.0 49.0 12.0 48.0 11.0</Geometry></AOI>
      <List_of_Metadata_Parameters>
        <Metadata_Parameter><Name>tile</Name><Value>32UPU</Value></Metadata_Parameter>
      </List_of_Metadata_Parameters>
    </Request>
  </Processor_Configuration>
  <List_of_Tasks>
    <Task>
      <Task_Name>CORRECT</Task_Name>
      <Task_Version>05.11</Task_Version>
      <Number_of_CPU_Cores>2.5</Number_of_CPU_Cores>
      <Amount_of_RAM>4096</Amount_of_RAM>
      <List_of_RAMDISKs><RAMDISK><Amount>512</Amount><Mount_Path>/ram</Mount_Path></RAMDISK></List_of_RAMDISKs>
      <Number_of_GPU_Cores>0</Number_of_GPU_Cores>
      <Amount_of_GPU_RAM>0</Amount_of_GPU_RAM>
      <Disk_Space>10000</Disk_Space>
      <List_of_Proc_Parameters>
        <Proc_Parameter><Name>AOT</Name><Value>0.12</Value></Proc_Parameter>
      </List_of_Proc_Parameters>
      <List_of_Cfg_Files>
        <Cfg_File><Cfg_ID>main</Cfg_ID><Cfg_File_Name>conf/main.xml</Cfg_File_Name></Cfg_File>
      </List_of_Cfg_Files>
      <List_of_Inputs>
        <Input>
          <Input_ID>scene</Input_ID>
          <Alternative_ID>2</Alternative_ID>
          <List_of_Selected_Inputs>
            <Selected_Input>
              <File_Type>MSI_L1C_DS</File_Type>
              <List_of_File_Names><File_Name>/in/ds</File_Name></List_of_File_Names>
            </Selected_Input>
            <Selected_Input>
              <File_Type>MSI_L1C_TL</File_Type>
              <List_of_File_Names><File_Name>/in/t1</File_Name><File_Name>/in/t2</File_Name></List_of_File_Names>
            </Selected_Input>
          </List_of_Selected_Inputs>
        </Input>
        <Input>
          <Input_ID>scene</Input_ID>
          <Alternative_ID>2</Alternative_ID>
          <List_of_Selected_Inputs>
            <Selected_Input>
              <File_Type>AUX_ECMWF</File_Type>
              <List_of_File_Names><File_Name>/in/ecmwf</File_Name></List_of_File_Names>
            </Selected_Input>
          </List_of_Selected_Inputs>
        </Input>
      </List_of_Inputs>
      <List_of_Outputs>
        <Output>
          <File_Type>MSI_L2A_TL</File_Type>
          <File_Name_Pattern>S2*_L2A_TL_*</File_Name_Pattern>
          <File_Dir>/out</File_Dir>
          <Baseline>05</Baseline>
        </Output>
        <Output>
          <File_Type>KPI</File_Type>
          <File_Name_Pattern>kpi*.xml</File_Name_Pattern>
          <Baseline>05</Baseline>
        </Output>
      </List_of_Outputs>
      <List_of_Intermediate_Outputs/>
    </Task>
  </List_of_Tasks>
</Job_Order>
"""


def test_eegs_with_everything(read: Read) -> None:
    job_order = read(EEGS)
    assert job_order.notes == ()
    assert_written_alike(job_order, EEGS)
    (task,) = job_order.tasks
    assert [(each.file_type, each.identifier, each.part) for each in task.inputs] == [
        ("MSI_L1C_DS", "scene", 0),
        ("MSI_L1C_TL", "scene", 1),
        ("AUX_ECMWF", "scene", 0),
    ]
    assert [output.path for output in task.outputs] == ["/out/S2*_L2A_TL_*", "kpi*.xml"]
    assert task.resources.cpu_cores == 2.5
    assert task.resources.ram_disks == (RamDisk(512, "/ram"),)
    assert task.configuration_files == (ConfigurationFile("conf/main.xml", "main"),)
    assert job_order.area_of_interest is not None
    assert job_order.area_of_interest.points[1] == (48.0, 12.0)
    assert job_order.metadata_parameters == (Parameter("tile", "32UPU"),)
    assert job_order.parameter("AOT") == "0.12"
    assert job_order.parameters_of(task) == {"AOT": "0.12"}


def test_eegs_levels_are_a_set_unless_one_alone_is_taken_as_threshold(read: Read) -> None:
    job_order = read(EEGS)
    assert job_order.stdout_levels == {LogLevel.PROGRESS}
    assert job_order.stdout_log.levels(single_is_threshold=True) == {
        LogLevel.PROGRESS,
        LogLevel.WARNING,
        LogLevel.ERROR,
    }
    assert job_order.stderr_log.levels(single_is_threshold=True) == frozenset()


def test_eegs_without_its_level_lists_shows_info_and_above(read: Read) -> None:
    root = etree.fromstring(EEGS)
    for name in ("List_of_Stdout_Log_Levels", "List_of_Stderr_Log_Levels"):
        element = root.find(f".//{{*}}{name}")
        assert element is not None
        element.getparent().remove(element)
    job_order = read(etree.tostring(root, encoding="unicode"))
    assert job_order.stderr_levels == frozenset(LogLevel) - {LogLevel.DEBUG}
