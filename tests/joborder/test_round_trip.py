"""Job orders that a dialect can express come back from their documents; others are refused."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipf.errors import JobOrderError, OutputError
from ipf.joborder import (
    BUILT_IN_DIALECTS,
    AreaOfInterest,
    Breakpoint,
    BreakpointFile,
    ConfigurationFile,
    Dialect,
    Input,
    JobOrder,
    Layout,
    LogSelection,
    Moment,
    Output,
    Parameter,
    RamDisk,
    Resources,
    SensingTime,
    Task,
    TimeInterval,
    read_job_order,
    to_xml,
    write_job_order,
)
from ipf.joborder import mmfi as mmfi_dialect
from ipf.joborder.reading import XML_SPACE

XML_CHARACTERS = st.one_of(
    st.sampled_from("aB1 _-/.<>&'\"$@[]\t\n\r"),
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"),
)
words = st.text(XML_CHARACTERS, min_size=1, max_size=12).map(lambda text: text.strip(XML_SPACE)).filter(bool)
texts = st.one_of(st.just(""), words)
names = st.from_regex(r"[A-Z][A-Za-z0-9_]{0,8}", fullmatch=True)
switches = st.none() | st.booleans()
times = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9998, 12, 30), timezones=st.just(UTC))


@st.composite
def intervals(draw: st.DrawFn) -> tuple[Moment, Moment]:
    form = draw(st.sampled_from([Moment.iso, Moment.compact]))
    start, stop = (form(value) for value in sorted([draw(times), draw(times)]))
    if draw(st.booleans()):
        start = Moment("00000000_000000000000")
    if draw(st.booleans()):
        stop = Moment("99999999_999999999999")
    return start, stop


sensing_times = intervals().map(lambda ends: SensingTime(*ends))
parameters = st.lists(st.builds(Parameter, words, texts), max_size=3).map(tuple)


@st.composite
def with_file_systems(draw: st.DrawFn, kind: type[Input] | type[Output]) -> Input | Output:
    files = tuple(draw(st.lists(words, max_size=3)))
    systems = tuple(draw(st.sampled_from(["", "S3"])) for _ in files)
    common = {
        "file_type": draw(texts),
        "files": files,
        "file_name_type": draw(texts),
        "file_systems": systems if any(systems) else (),
        "product_id": draw(st.from_regex("[0-9]{0,5}", fullmatch=True)),
    }
    if kind is Output:
        return Output(**common, mandatory=draw(switches), listed=draw(st.booleans()))
    spans = draw(st.lists(intervals(), max_size=2))
    time_intervals = tuple(TimeInterval(*ends, file_name=draw(texts)) for ends in spans)
    return Input(**common, source_data=draw(switches), time_intervals=time_intervals)


def layouts_of(elements: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """No order at all, or any elements in any order: a layout never changes what is said."""
    return st.just(()) | st.lists(st.sampled_from(elements), unique=True).map(tuple)


mmfi_breakpoints = st.builds(
    Breakpoint,
    files=st.lists(st.builds(BreakpointFile, texts, texts, texts, switches), max_size=2).map(tuple),
    enable=switches,
    elements=layouts_of(mmfi_dialect.BREAKPOINT_ELEMENTS),
)
mmfi_tasks = st.builds(
    Task,
    name=words,
    version=texts,
    inputs=st.lists(with_file_systems(Input), max_size=3).map(tuple),
    outputs=st.lists(with_file_systems(Output), max_size=3).map(tuple),
    breakpoint=st.none() | mmfi_breakpoints,
    elements=layouts_of(mmfi_dialect.TASK_ELEMENTS),
)
configuration_files = st.one_of(
    st.builds(ConfigurationFile, words),
    st.builds(ConfigurationFile, texts, names.filter(lambda name: not name.startswith("Conf"))),
)
mmfi_job_orders = st.builds(
    JobOrder,
    dialect=st.just("mmfi"),
    processor_name=words,
    processor_version=words,
    tasks=st.lists(mmfi_tasks, min_size=1, max_size=3).map(tuple),
    parameters=parameters,
    sensing_time=st.none() | sensing_times,
    stdout_log=st.builds(LogSelection, st.lists(texts, max_size=1).map(tuple)),
    stderr_log=st.builds(LogSelection, st.lists(texts, max_size=1).map(tuple)),
    test=switches,
    troubleshooting=switches,
    breakpoint_enable=switches,
    order_type=texts,
    acquisition_station=texts,
    processing_station=texts,
    configuration_files=st.lists(configuration_files, max_size=3).map(tuple),
    private_configuration_files=st.lists(words, max_size=2).map(tuple),
    attributes=st.lists(st.tuples(names, words), max_size=2, unique_by=lambda pair: pair[0]).map(tuple),
    namespace=st.sampled_from(["", "http://www.example.org/a"]),
    layout=st.builds(
        Layout,
        layouts_of(mmfi_dialect.ROOT_ELEMENTS),
        layouts_of(mmfi_dialect.HEAD_ELEMENTS),
        st.sampled_from(["", *mmfi_dialect.PARAMETER_CONTAINERS]),
        st.booleans(),
    ),
)


@st.composite
def eegs_inputs(draw: st.DrawFn) -> tuple[Input, ...]:
    found: list[Input] = []
    for _ in range(draw(st.integers(0, 3))):
        identifier, alternative = draw(texts), draw(texts)
        for part in range(draw(st.integers(1, 3))):
            files = tuple(draw(st.lists(words, max_size=2)))
            found.append(Input(draw(texts), files, identifier=identifier, alternative=alternative, part=part))
    return tuple(found)


amounts = st.none() | st.integers(0, 10**15)
cores = st.none() | st.floats(0, allow_nan=False, allow_infinity=False)
eegs_tasks = st.builds(
    Task,
    name=words,
    version=texts,
    inputs=eegs_inputs(),
    outputs=st.lists(
        st.builds(Output, file_type=texts, pattern=texts, directory=texts, baseline=texts), max_size=2
    ).map(tuple),
    breakpoint=st.none()
    | st.builds(
        Breakpoint, st.lists(st.builds(BreakpointFile, texts, identifier=texts), max_size=2).map(tuple)
    ),
    parameters=parameters,
    configuration_files=st.lists(st.builds(ConfigurationFile, texts, texts), max_size=2).map(tuple),
    resources=st.builds(
        Resources,
        cores,
        amounts,
        amounts,
        cores,
        amounts,
        st.lists(st.builds(RamDisk, st.integers(0, 10**9), texts), max_size=2).map(tuple),
    ),
)
level_sets = st.just(LogSelection()) | st.builds(
    LogSelection,
    st.lists(st.sampled_from(["DEBUG", "INFO", "ERROR", ""]), max_size=3).map(tuple),
    st.just(True),
)
corners = st.tuples(st.floats(-90, 90), st.floats(-180, 180)).map(lambda point: f"{point[0]} {point[1]}")
eegs_job_orders = st.builds(
    JobOrder,
    dialect=st.just("eegs"),
    processor_name=words,
    processor_version=words,
    tasks=st.lists(eegs_tasks, min_size=1, max_size=2).map(tuple),
    sensing_time=st.none() | sensing_times,
    stdout_log=level_sets,
    stderr_log=level_sets,
    breakpoint_enable=switches,
    processing_station=texts,
    file_class=texts,
    processing_node=texts,
    area_of_interest=st.none() | st.lists(corners, min_size=1, max_size=4).map(" ".join).map(AreaOfInterest),
    metadata_parameters=parameters,
    attributes=st.just((("schemaName", "ESA-EOPG-EEGS-ID-0083"), ("schemaVersion", "1.0"))),
    namespace=st.sampled_from(["", "http://www.example.org/a"]),
)


def test_a_level_that_is_not_given_is_not_given_by_that_of_the_other_stream() -> None:
    layout = Layout((), ("Processor_Name", "Version", "Stderr_Log_Level", "Logging_Level"))
    one = replace(SIMPLE, stdout_log=LogSelection(("DEBUG",)), stderr_log=LogSelection(), layout=layout)
    text = to_xml(one).decode()
    assert "Stdout_Log_Level" in text
    assert "Logging_Level" not in text


@settings(max_examples=200, deadline=None)
@given(st.one_of(mmfi_job_orders, eegs_job_orders))
def test_model_to_xml_to_model_is_the_identity(job_order: JobOrder) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "JobOrder.1.xml"
        write_job_order(job_order, path)
        content = path.read_bytes()
        again = read_job_order(path)
    assert again == job_order
    # What was read says how it was written, so from now on the very bytes stay.
    assert to_xml(again) == content


SIMPLE = JobOrder("mmfi", "L2A", "05.11", (Task("Sen2Cor"),))


@pytest.mark.parametrize(
    ("job_order", "field"),
    [
        (replace(SIMPLE, file_class="OPER"), "file_class"),
        (replace(SIMPLE, processing_node="n"), "processing_node"),
        (replace(SIMPLE, area_of_interest=AreaOfInterest("1 2")), "area_of_interest"),
        (replace(SIMPLE, metadata_parameters=(Parameter("a", "b"),)), "metadata_parameters"),
        (replace(SIMPLE, stdout_log=LogSelection(("INFO", "DEBUG"))), "stdout_log.names"),
        (replace(SIMPLE, stdout_log=LogSelection(("INFO",), as_set=True)), "stdout_log.as_set"),
        (replace(SIMPLE, order_type=" x "), "order_type"),
        (replace(SIMPLE, tasks=(Task("A", resources=Resources(ram=1)),)), "tasks[0].resources.ram"),
        (
            replace(SIMPLE, tasks=(Task("A"), Task("B", parameters=(Parameter("a", "b"),)))),
            "tasks[1].parameters",
        ),
        (replace(SIMPLE, tasks=(Task("A", inputs=(Input("T", ("",)),)),)), "tasks[0].inputs[0].files"),
        (replace(SIMPLE, dialect="eegs", test=True), "test"),
        (replace(SIMPLE, dialect="eegs", parameters=(Parameter("a", "b"),)), "parameters"),
        (replace(SIMPLE, dialect="eegs", sensing_time=None, order_type="X"), "order_type"),
        (
            replace(SIMPLE, dialect="eegs", tasks=(Task("A", inputs=(Input("T", ("/a",), part=2),)),)),
            "tasks[0].inputs[0].part",
        ),
    ],
)
def test_what_a_dialect_cannot_express_is_refused_by_name(job_order: JobOrder, field: str) -> None:
    with pytest.raises(JobOrderError) as refusal:
        to_xml(job_order)
    assert str(refusal.value) == f"{field}: cannot be expressed in the dialect {job_order.dialect}"


@pytest.mark.parametrize(
    ("job_order", "message"),
    [
        (replace(SIMPLE, dialect="edifact"), "dialect: expected one of mmfi, eegs, found 'edifact'"),
        (replace(SIMPLE, order_type="\x1b[31m"), "Order_Type: expected text without control characters"),
        (replace(SIMPLE, tasks=()), "expected at least one Ipf_Proc"),
        (replace(SIMPLE, processor_name=""), "expected an element Processor_Name"),
        (
            replace(SIMPLE, configuration_files=(ConfigurationFile("a", "no tag"),)),
            "the job order cannot be written as mmfi",
        ),
    ],
)
def test_what_no_document_can_hold_is_refused(job_order: JobOrder, message: str, tmp_path: Path) -> None:
    with pytest.raises(JobOrderError, match=r"^[^\n]+$") as refusal:
        write_job_order(job_order, tmp_path / "JobOrder.1.xml")
    assert message in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_job_order(SIMPLE, tmp_path / "file" / "JobOrder.1.xml")


def test_what_is_written_from_scratch_looks_like_sentinel2() -> None:
    task = Task(
        "Sen2Cor", "05.11", (Input("MSI_L1C_TL", ("/in",), "Directory"),), (Output("REPORT", ("/r",)),)
    )
    text = to_xml(JobOrder("mmfi", "L2A", "05.11", (task,))).decode()
    for element in (
        "<Config_Files/>",
        "<Dynamic_Processing_Parameters/>",
        '<List_of_Ipf_Procs count="1">',
        '<List_of_Inputs count="1">',
        '<List_of_File_Names count="1">',
        "<File_Name>/r</File_Name>",
    ):
        assert element in text


def test_a_plugins_dialect_takes_part(tmp_path: Path) -> None:
    def rooted(job_order: JobOrder) -> object:
        root = mmfi_dialect.write(job_order)
        root.tag = "Laboratory_Order"
        return root

    laboratory = Dialect(
        "laboratory",
        frozenset({"Laboratory_Order"}),
        lambda root, name: replace(mmfi_dialect.read(root, name), dialect="laboratory"),
        rooted,  # type: ignore[arg-type]
    )
    path = tmp_path / "JobOrder.9.xml"
    job_order = replace(SIMPLE, dialect="laboratory")
    write_job_order(job_order, path, (*BUILT_IN_DIALECTS, laboratory))
    assert read_job_order(path, (*BUILT_IN_DIALECTS, laboratory)) == job_order
    with pytest.raises(
        JobOrderError, match="/Laboratory_Order: expected the root Ipf_Job_Order or Job_Order"
    ):
        read_job_order(path)
