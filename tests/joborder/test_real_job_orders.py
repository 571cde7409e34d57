"""Job orders of other people's systems: read, nothing lost, written back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from ipf.joborder import JobOrder, LogLevel, read_job_order, to_xml, write_job_order

XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

FILES = (
    "eegs/JobOrder_0083.xml",
    "eegs/JobOrder_template.1.xml",
    "s1/JobOrder_SPP_OBS.xml",
    "s2/JobOrder.INIT_LOC_L0_52742.xml",
    "s2/Joborder_OLQC.xml",
    "s2/job_order_ChaineL2.xml",
    "s2/job_order_inv_mtd_DS_L1B.xml",
    "s2/job_order_inv_mtd_TL_L1C.xml",
    "s3/JobOrderExample.xml",
    "s5p/JobOrder.609521551.xml",
)


@pytest.fixture
def folder(reference_data: Path) -> Path:
    return reference_data / "joborders"


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest, folder: Path) -> Path:
    path: Path = folder / request.param
    return path


def described(element: etree._Element, depth: int = 0) -> Iterator[tuple[int, str, str, dict[str, str]]]:
    """Depth, tag, text and attributes of every element in order: all that a document says.

    Counts are left out, since real ones lie, and xsi:type, since it names a class of the writing program.
    """
    attributes = {str(name): str(value) for name, value in element.items() if name not in ("count", XSI_TYPE)}
    yield depth, etree.QName(element).localname, (element.text or "").strip(), attributes
    for child in element.iterchildren(tag=etree.Element):
        yield from described(child, depth + 1)


def test_every_real_job_order_is_on_the_list(folder: Path) -> None:
    found = {str(path.relative_to(folder)) for path in folder.glob("*/*.xml") if "TaskTable" not in path.name}
    assert found == set(FILES)


def test_written_document_says_all_that_the_file_says_in_the_same_order(file: Path) -> None:
    original = etree.parse(file).getroot()
    written = etree.fromstring(to_xml(read_job_order(file)))
    assert list(described(written)) == list(described(original))


def test_model_to_xml_to_model_is_the_identity(file: Path, tmp_path: Path) -> None:
    job_order = read_job_order(file)
    write_job_order(job_order, tmp_path / file.name)
    again = read_job_order(tmp_path / file.name)
    assert again == job_order
    assert layouts(again) == layouts(job_order)
    assert to_xml(again) == to_xml(job_order)
    assert again.order_id == job_order.order_id
    assert list(tmp_path.iterdir()) == [tmp_path / file.name]


def layouts(job_order: JobOrder) -> list[object]:
    return [
        job_order.layout,
        *((task.elements, task.breakpoint and task.breakpoint.elements) for task in job_order.tasks),
        *(output.listed for task in job_order.tasks for output in task.outputs),
    ]


def test_only_counts_and_leaked_types_are_noted(file: Path) -> None:
    for note in read_job_order(file).notes:
        assert note.startswith(f"{file}:")
        assert "count is" in note or note.endswith("unknown attribute type is ignored")


def test_counts_that_lie_are_noted_and_corrected(folder: Path) -> None:
    job_order = read_job_order(folder / "s2/job_order_ChaineL2.xml")
    assert [note.partition(": /")[2] for note in job_order.notes] == [
        "Ipf_Job_Order/List_of_Ipf_Procs/Ipf_Proc/List_of_Inputs: count is 3 but the list has 14",
        "Ipf_Job_Order/List_of_Ipf_Procs/Ipf_Proc/List_of_Outputs: count is 2 but the list has 3",
    ]
    written = etree.fromstring(to_xml(job_order))
    assert written.find(".//List_of_Inputs").get("count") == "14"


def test_written_sentinel2_order_fits_the_schema_of_its_orchestrator(folder: Path) -> None:
    schema = etree.XMLSchema(etree.parse(folder / "s2/JobOrder.GENERIC.xsd"))
    path = folder / "s2/JobOrder.INIT_LOC_L0_52742.xml"
    schema.assertValid(etree.parse(path))
    job_order = read_job_order(path)
    schema.assertValid(etree.fromstring(to_xml(job_order)))


def test_sentinel2_initial_location(folder: Path) -> None:
    job_order = read_job_order(folder / "s2/JobOrder.INIT_LOC_L0_52742.xml")
    assert job_order.dialect == "mmfi"
    assert (job_order.processor_name, job_order.processor_version) == ("INIT_LOC_L0", "01.03")
    assert job_order.order_id == "INIT_LOC_L0_52742"
    assert job_order.parameter("SAD_DATA_INGESTION") == "true"
    assert job_order.parameter("ABSENT", "none") == "none"
    assert job_order.sensing_time is not None
    assert job_order.sensing_time.start.text == "1983-01-01T00:00:00Z"
    assert job_order.sensing_time.start.value == datetime(1983, 1, 1, tzinfo=UTC)
    assert (job_order.sensing_time.begin, job_order.sensing_time.end) == (None, None)
    task = job_order.task("INIT_LOC_L0")
    (viewing_directions,) = task.inputs_of_type("GIP_VIEDIR")
    assert len(viewing_directions.files) == 13
    assert all(path.startswith("/home/") and path.endswith(".xml") for path in viewing_directions.files)
    (report,) = task.outputs_of_type("REPORT")
    assert report.mandatory
    assert report.path.endswith("/output/REPORT/report.xml")
    assert job_order.stdout_levels == frozenset(LogLevel)


def test_sentinel2_templates_keep_their_placeholders(folder: Path) -> None:
    level_2a = read_job_order(folder / "s2/job_order_ChaineL2.xml")
    assert level_2a.acquisition_station == "@@@ACQUISITION_STATION@@@"
    assert level_2a.test is None
    assert level_2a.configuration_files == ()
    assert level_2a.task("Sen2Cor").outputs_of_type("KPI_L2A")[0].path == "@@@KPI_L2A@@@"
    quality = read_job_order(folder / "s2/Joborder_OLQC.xml")
    assert quality.order_id == "OLQC"
    assert quality.task("OLQC").inputs_of_type("IDP_INFOS")[0].files == ("[OLQC_REPOSITORY]/idp_info.xml",)
    inventory = read_job_order(folder / "s2/job_order_inv_mtd_TL_L1C.xml")
    assert inventory.tasks[0].outputs == ()


def test_sentinel1_validity_of_inputs(folder: Path) -> None:
    job_order = read_job_order(folder / "s1/JobOrder_SPP_OBS.xml")
    (orbit,) = job_order.tasks[0].inputs
    (interval,) = orbit.time_intervals
    assert (interval.begin, interval.end) == (
        datetime(2020, 1, 21, 18, 32, 36, tzinfo=UTC),
        datetime(2020, 1, 21, 21, 50, 6, tzinfo=UTC),
    )
    assert interval.file_name == orbit.files[0]
    assert [each.path for each in job_order.configuration_files] == [
        "/usr/local/conf/SPP_OBS_CFG/s1-obs-conffile.xml"
    ]
    assert job_order.stdout_levels == frozenset(LogLevel) - {LogLevel.DEBUG}


def test_sentinel5p_file_systems_and_product_identities(folder: Path) -> None:
    job_order = read_job_order(folder / "s5p/JobOrder.609521551.xml")
    assert job_order.order_id == "609521551"
    (task,) = job_order.tasks
    (methane,) = task.inputs_of_type("AUX_CTMCH4")
    assert methane.file_systems == ("S3", "ALLUXIO", "ALLUXIO")
    assert methane.kind.name == "PHYSICAL"
    assert methane.file_name_type == "PHYSICAL"
    assert [each.product_id for each in task.outputs] == ["7397129831", "7397129832", "7397129833"]
    assert task.outputs[1].path == "alluxio://results_B/result02.txt"
    assert job_order.stderr_levels == {LogLevel.WARNING, LogLevel.ERROR}
    assert job_order.parameter("orbit number") == "01191"


def test_biomass_sets_of_levels_resources_and_intermediate_outputs(folder: Path) -> None:
    job_order = read_job_order(folder / "eegs/JobOrder_0083.xml")
    assert job_order.dialect == "eegs"
    assert dict(job_order.attributes)["schemaName"] == "ESA-EOPG-EEGS-ID-0083"
    assert job_order.stdout_levels == frozenset(LogLevel) - {LogLevel.DEBUG}
    assert job_order.stderr_levels == frozenset()
    assert job_order.sensing_time is not None
    assert job_order.sensing_time.begin == datetime(2021, 2, 1, 1, 2, 3, 123456, tzinfo=UTC)
    (task,) = job_order.tasks
    assert (task.resources.cpu_cores, task.resources.ram, task.resources.disk_space) == (1, 2**30, 2**30)
    assert job_order.parameter("Orbit_Number") == "37847"
    assert [each.path for each in job_order.breakpoints_of(task)] == ["$PATH/tempfile_1", "$PATH/tempfile_2"]
    assert task.outputs[0].path == "$PATH"
    assert read_job_order(folder / "eegs/JobOrder_template.1.xml").sensing_time is None
