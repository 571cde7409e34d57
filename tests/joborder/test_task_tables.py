"""Task tables: the operational ones of Sentinel-2, and one of the EEGS family of our own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from lxml import etree

from ipf.errors import JobOrderError
from ipf.joborder import ConfigurationFile, FileNameType
from ipf.joborder.tasktable import read_task_table
from ipf.joborder.tasktable_model import (
    ExitCode,
    GeospatialSelection,
    Option,
    ParameterDeclaration,
    PrivateConfiguration,
    Quantity,
    TableBreakpoint,
    TaskTable,
    TemporalSelection,
)

MODES = (
    "L0",
    "L1A",
    "L1AFormatDS",
    "L1AFormatGR",
    "L1B",
    "L1BFormatGR",
    "L1BNoGRI",
    "L1CTile",
    "OLQC_L1BDS",
    "OLQC_L1CDS",
    "OLQC_L1CTL",
)


@pytest.fixture
def folder(reference_data: Path) -> Path:
    return reference_data / "joborders/s2_tasktables_6.1"


def values(model: object) -> Iterator[str]:
    """Every value in a model, in one spelling."""
    if is_dataclass(model):
        for field in fields(model):
            if field.compare:
                yield from values(getattr(model, field.name))
    elif isinstance(model, tuple):
        for item in model:
            yield from values(item)
    elif model not in (None, ""):
        yield spelling(str(model))


def spelling(text: str) -> str:
    text = {"yes": "true", "no": "false"}.get(text.casefold(), text.casefold())
    try:
        return str(float(text))
    except ValueError:
        return text


def test_every_task_table_is_on_the_list(folder: Path) -> None:
    assert {path.stem.removeprefix("TaskTable_") for path in folder.glob("*.xml")} == set(MODES)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_of_a_real_table_is_lost(folder: Path, mode: str) -> None:
    path = folder / f"TaskTable_{mode}.xml"
    root = etree.parse(path).getroot()
    leaves = Counter(
        spelling(element.text.strip())
        for element in root.iter(etree.Element)
        if len(element) == 0 and element.text and element.text.strip()
    )
    units = Counter(spelling(value) for value in root.xpath("//@units"))
    table = read_task_table(path)
    assert Counter(values(replace(table, dialect="", attributes=()))) == leaves + units
    assert all("count is" in note for note in table.notes)


@pytest.mark.parametrize(
    ("mode", "pools"),
    [
        ("L0", "INIT_LOC_L0,FORMAT_ISP QL_GEO QL_CLOUD_MASK FORMAT_IMG_QL_L0 FORMAT_METADATA_GR_L0C "
        "FORMAT_METADATA_DS_L0C"),
        ("L1A", "UNFORMAT_SAFE_DS,UNFORMAT_SAFE_GR QL_DECOMP QL_CLOUD_MASK UPDATE_LOC DECOMP "
        "INIT_LOC_L1,RADIO_AB RADIO_FINALIZE GET_GRI"),
        ("L1B", "INIT_VS_GEO UNFORMAT_GRI,UNFORMAT_GRI RESAMPLE_TO_VS,RESAMPLE_TO_VS TP_COLLECT TP_FILTER "
        "SPATIO GEO1B_FINALIZE FORMAT_METADATA_DS_L1B GET_TILE_LIST"),
        ("L1CTile", "TILE_INIT GEN_ORTHO_TOA TILE_FINALIZE MASK_S2 FORMAT_IMG_L1C,FORMAT_IMG_PVI_TCI "
        "FORMAT_METADATA_TILE_L1C"),
        ("OLQC_L1CDS", "FORMAT_METADATA_DS_L1C OLQC_DS_L1C"),
    ],
)  # fmt: skip
def test_pools_of_the_scheme(folder: Path, mode: str, pools: str) -> None:
    """The pools as section 6.2 of the interface description has them."""
    table = read_task_table(folder / f"TaskTable_{mode}.xml")
    assert " ".join(",".join(task.name for task in pool.tasks) for pool in table.pools) == pools
    assert {(pool.detached, pool.killing_signal) for pool in table.pools} == {(False, 15)}
    assert {(task.critical, task.criticality_level) for task in table.tasks} == {(True, 1)}


def test_inputs_and_outputs_of_a_task(folder: Path) -> None:
    """MASK_S2 as annex A of the interface description has it."""
    table = read_task_table(folder / "TaskTable_L1CTile.xml")
    task = table.task("MASK_S2")
    origins = {
        given.file_types[0]: given.alternatives[0].types[0].origin
        for given in task.inputs
        if not given.file_types[0].startswith("GIP_")
    }
    assert origins == {
        "PDI_DS": "PROC",
        "PDI_DS_TILE_LIST": "PROC",
        "TILE_LIST_FILE": "PROC",
        "DEM_SRTM": "DB",
    }
    gipp = {given.file_types[0] for given in task.inputs} - set(origins)
    assert gipp == {"GIP_MASPAR", "GIP_R2ABCA", "GIP_R2PARA", "GIP_CLOPAR"}
    assert all(given.mandatory and given.mode == "ALWAYS" for given in task.inputs)
    assert [(each.file_type, each.destination) for each in task.outputs] == [
        ("PDI_DS_TILE_LIST", "PROC"),
        ("VECTOR", "PROC"),
    ]
    assert task.outputs[0].kind is FileNameType.DIRECTORY
    assert task.executable == "$MASK_S2_EXE_DIR"
    assert table.maximum_time == Quantity(36000, "sec")
    with pytest.raises(JobOrderError, match="expected a task named 'RADIO_S2', found TILE_INIT, "):
        table.task("RADIO_S2")


def test_options_of_a_task(folder: Path) -> None:
    table = read_task_table(folder / "TaskTable_L1B.xml")
    assert Option("REFINING_TYPE", "REFINING", "String") in table.task("INIT_VS_GEO").options


MMFI = """
<Ipf_Task_Table>
  <Processor_Name>S3</Processor_Name><Version>01.00</Version><Test>No</Test>
  <Sensing_Time_flag>true</Sensing_Time_flag>
  <Private_Config><Default>a</Default><List_of_Cfg_Files count="1"><Cfg_Files><Version>1</Version>
    <File_Name>p.xml</File_Name></Cfg_Files></List_of_Cfg_Files></Private_Config>
  <List_of_Config_Spaces><Config_Space>SPACE</Config_Space></List_of_Config_Spaces>
  <List_of_Dyn_ProcParam count="1"><Dyn_ProcParam mandatory="true"><Param_Name>Mode</Param_Name>
    <Param_Type>String</Param_Type><Param_Default>NRT</Param_Default><Param_Valid>NRT</Param_Valid>
    <Param_Valid>NTC</Param_Valid></Dyn_ProcParam></List_of_Dyn_ProcParam>
  <List_of_Pools><Pool><Detached>false</Detached><Killing_Signal>2</Killing_Signal><List_of_Tasks><Task>
    <Name>A</Name><Version>1</Version><Critical>true</Critical><File_Name>/bin/a</File_Name>
    <NumberOfCPUs>4</NumberOfCPUs>
    <List_of_Inputs>
      <Input id="orbit"><Mode>NRT</Mode><Mandatory>No</Mandatory><List_of_Alternatives>
        <Alternative><Order>2</Order><Origin>DB</Origin><Retrieval_Mode>LatestValCover</Retrieval_Mode>
          <T0>-10</T0><T1>20.5</T1><File_Type>AUX_PREORB</File_Type><File_Name_Type>Physical</File_Name_Type>
          <Input_Source_Data>true</Input_Source_Data></Alternative>
        <Alternative><Order>1</Order><Origin>DB</Origin><File_Type>AUX_RESORB</File_Type></Alternative>
      </List_of_Alternatives></Input>
      <Input ref="orbit"/>
    </List_of_Inputs>
    <List_of_Outputs><Output><Destination>DBPROC</Destination><Mandatory>Yes</Mandatory>
      <File_Type>OUT</File_Type><File_Name_Type>Regexp</File_Name_Type></Output></List_of_Outputs>
    <List_of_Breakpoints><Breakpoint><File_Name>b</File_Name><File_Name_Type>Physical</File_Name_Type>
      </Breakpoint></List_of_Breakpoints>
  </Task></List_of_Tasks></Pool></List_of_Pools>
</Ipf_Task_Table>
"""


def table_of(tmp_path: Path, text: str) -> TaskTable:
    path = tmp_path / "TaskTable.xml"
    path.write_text(text)
    return read_task_table(path)


def test_what_other_missions_add(tmp_path: Path) -> None:
    table = table_of(tmp_path, MMFI)
    assert table.notes == ()
    assert (table.test, table.has_sensing_time) == (False, True)
    assert table.configuration_spaces == ("SPACE",)
    assert table.private_configuration == PrivateConfiguration("a", (ConfigurationFile("p.xml", "1"),))
    assert table.parameters == (ParameterDeclaration("Mode", "String", "NRT", ("NRT", "NTC"), True),)
    (task,) = table.tasks
    assert task.cpu_cores == 4
    orbit, copy = task.inputs
    assert (orbit.identifier, orbit.mandatory, orbit.file_types) == (
        "orbit",
        False,
        ("AUX_RESORB", "AUX_PREORB"),
    )
    predicted = orbit.alternatives[1].types[0]
    assert (predicted.time_before, predicted.time_after, predicted.source_data) == (-10, 20.5, True)
    assert (copy.reference, copy.alternatives) == ("orbit", ())
    assert task.outputs[0].kind is FileNameType.REGEXP
    assert task.breakpoints == (TableBreakpoint("b", "Physical"),)


EEGS = """
<Task_Table schemaName="ESA-EOPG-EEGS-ID-0083" schemaVersion="1.0">
  <Processor_Name>MSI_L2A</Processor_Name><Processor_Version>05.11</Processor_Version><Author>us</Author>
  <List_of_Tasks>
    <Task>
      <Task_Name>CORRECT</Task_Name><Task_Version>05.11</Task_Version>
      <SW_Distribution>dist</SW_Distribution><SW_Version_Tag>v1</SW_Version_Tag>
      <Executable>/opt/correct</Executable>
      <CPU_Cores><Number>2.5</Number><Scalable>Yes</Scalable></CPU_Cores>
      <RAM><Amount>4096</Amount><Scalable>No</Scalable></RAM>
      <Disk_Space>10000</Disk_Space><Timeout>3600</Timeout><Killing_Signal>15</Killing_Signal>
      <Critical>Yes</Critical>
      <List_of_Proc_Parameters>
        <Proc_Parameter><Name>AOT</Name><Default_Value>0.12</Default_Value></Proc_Parameter>
      </List_of_Proc_Parameters>
      <List_of_Cfg_Files><Cfg_File><Cfg_ID>m</Cfg_ID><Cfg_File_Name>m.xml</Cfg_File_Name></Cfg_File>
      </List_of_Cfg_Files>
      <List_of_Inputs>
        <Input>
          <Input_ID>scene</Input_ID><Mandatory>Yes</Mandatory>
          <List_of_Input_Alternatives>
            <Input_Alternative>
              <Alternative_ID>1</Alternative_ID>
              <List_of_Alternative_Types>
                <Alternative_Type>
                  <File_Type>MSI_L1C_TL</File_Type><Origin>EXTERNAL</Origin><Instances>MULTIPLE</Instances>
                  <Selection_Parameters>
                    <Temporal_Parameters><Start_Offset>-5</Start_Offset><Stop_Offset>5</Stop_Offset>
                      <Overlap>Both</Overlap><Min_Overlap>50</Min_Overlap></Temporal_Parameters>
                    <Geospatial_Parameters><Geospatial_Offset>0.5</Geospatial_Offset><Overlap>Yes</Overlap>
                      <Min_Overlap>10</Min_Overlap></Geospatial_Parameters>
                    <List_of_Metadata_Names><Metadata_Name>tile</Metadata_Name></List_of_Metadata_Names>
                  </Selection_Parameters>
                  <Max_Number_of_Files>UNLIMITED</Max_Number_of_Files>
                  <Max_Number_to_Plugin>2</Max_Number_to_Plugin>
                  <Ordering>Latest</Ordering><Virtual>No</Virtual>
                </Alternative_Type>
                <Alternative_Type><File_Type>MSI_L1C_DS</File_Type><Origin>FIRST/05.11</Origin></Alternative_Type>
              </List_of_Alternative_Types>
              <Filter_Algorithm>f</Filter_Algorithm>
            </Input_Alternative>
            <Input_Alternative><Alternative_ID>2</Alternative_ID><List_of_Alternative_Types>
              <Alternative_Type><File_Type>MSI_L1C</File_Type></Alternative_Type>
            </List_of_Alternative_Types></Input_Alternative>
          </List_of_Input_Alternatives>
          <Filter_Algorithm>g</Filter_Algorithm>
        </Input>
      </List_of_Inputs>
      <List_of_Outputs><Output><File_Type>MSI_L2A_TL</File_Type><File_Name_Pattern>S2*</File_Name_Pattern>
        <Destination>External</Destination></Output></List_of_Outputs>
      <List_of_Intermediate_Outputs><Intermediate_Output><Intermediate_Output_ID>1</Intermediate_Output_ID>
        <Intermediate_Output_File>i.tif</Intermediate_Output_File>
        <Intermediate_Output_Description>mask</Intermediate_Output_Description></Intermediate_Output>
      </List_of_Intermediate_Outputs>
      <List_of_Exit_Codes><Exit_Code><Value>166</Value><Description>auxiliary file</Description></Exit_Code>
      </List_of_Exit_Codes>
    </Task>
    <Task><Task_Name>SECOND</Task_Name></Task>
  </List_of_Tasks>
</Task_Table>
"""


def test_table_of_the_other_family(tmp_path: Path) -> None:
    table = table_of(tmp_path, EEGS)
    assert table.notes == ()
    assert (table.dialect, table.author) == ("eegs", "us")
    assert [[task.name for task in pool.tasks] for pool in table.pools] == [["CORRECT"], ["SECOND"]]
    assert [pool.killing_signal for pool in table.pools] == [15, None]
    task = table.task("CORRECT")
    assert (task.cpu_cores, task.cpu_cores_scalable, task.ram, task.ram_scalable) == (2.5, True, 4096, False)
    assert (task.disk_space, task.timeout, task.critical) == (10000, 3600, True)
    (scene,) = task.inputs
    assert scene.file_types == ("MSI_L1C_TL", "MSI_L1C_DS", "MSI_L1C")
    tile = scene.alternatives[0].types[0]
    assert tile.temporal == TemporalSelection(-5, 5, "Both", 50)
    assert tile.geospatial == GeospatialSelection(0.5, "Yes", 10)
    assert tile.metadata_names == ("tile",)
    assert task.exit_codes == (ExitCode(166, "auxiliary file"),)
    assert task.breakpoints == (TableBreakpoint("i.tif", identifier="1", description="mask"),)
    root = etree.fromstring(EEGS)
    leaves = Counter(
        spelling(element.text.strip())
        for element in root.iter(etree.Element)
        if len(element) == 0 and element.text and element.text.strip()
    )
    assert Counter(values(replace(table, dialect="", attributes=()))) == leaves


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<Job_Order/>", "1: /Job_Order: expected the root Ipf_Task_Table or Task_Table"),
        ("<Task_Table/>", "1: /Task_Table: expected an element Processor_Name"),
        (
            MMFI.replace("36000", "x").replace("<Killing_Signal>2<", "<Killing_Signal>TERM<"),
            "/Killing_Signal: expected a whole number, found 'TERM'",
        ),
        (MMFI.replace("<Name>A</Name>", ""), "/List_of_Tasks/Task: expected an element Name"),
        (MMFI.replace("<Test>No", "<Test>Perhaps"), "/Test: expected true or false, found 'Perhaps'"),
        (EEGS.replace("<Value>166", "<Value>"), "/Exit_Code: expected an element Value"),
        (
            EEGS.replace("<Amount>4096", "<Amount>-4"),
            "/RAM/Amount: expected a number not below 0, found '-4'",
        ),
        ("<!DOCTYPE a []><Task_Table/>", "1: document type declarations are not accepted"),
        ("nothing", "1: not well-formed XML"),
    ],
)
def test_bad_tables_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(JobOrderError) as error:
        table_of(tmp_path, text.strip())
    assert message in str(error.value)
    assert str(error.value).startswith(f"{tmp_path / 'TaskTable.xml'}:")
    assert "\n" not in str(error.value)
