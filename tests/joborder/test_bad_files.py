"""Malformed, hostile and enormous files: one line naming file and element, in bounded time and memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from ipf.errors import JobOrderError
from ipf.joborder import read_job_order, to_xml
from ipf.joborder.tasktable import read_task_table

GOOD = (
    "<Ipf_Job_Order>\n<Ipf_Conf>\n<Processor_Name>L2A</Processor_Name>\n<Version>05.11</Version>\n{head}</Ipf_Conf>\n"
    "<List_of_Ipf_Procs>\n<Ipf_Proc>\n<Task_Name>Sen2Cor</Task_Name>\n{task}</Ipf_Proc>\n</List_of_Ipf_Procs>\n"
    "</Ipf_Job_Order>\n"
)
EEGS = (
    "<Job_Order>\n<Processor_Configuration>\n<Processor_Name>P</Processor_Name>\n"
    "<Processor_Version>1</Processor_Version>\n{head}</Processor_Configuration>\n<List_of_Tasks>\n<Task>\n"
    "<Task_Name>T</Task_Name>\n{task}</Task>\n</List_of_Tasks>\n</Job_Order>\n"
)
SENSING = "<Sensing_Time><Start>{}</Start><Stop>{}</Stop></Sensing_Time>"
NOW = "2024-05-01T10:30:00Z"
INPUT = "<List_of_Inputs>\n<Input>{}</Input>\n</List_of_Inputs>"
EXPECTED_TIME = "expected a time such as 2024-05-01T10:30:00Z or 20240501_103000000000, found "

BAD = {
    "not XML": ("Processor_Name = L2A\n", "1: not well-formed XML: "),
    "empty": ("", "1: not well-formed XML: "),
    "cut short": (GOOD[:200], ": not well-formed XML: "),
    "wrong root": (
        "<!-- a -->\n<Ipf_Task_Table/>",
        "2: /Ipf_Task_Table: expected the root Ipf_Job_Order or Job_Order",
    ),
    "no configuration": ("<Ipf_Job_Order/>", "1: /Ipf_Job_Order: expected an element Ipf_Conf"),
    "no processor": (
        GOOD.replace("<Processor_Name>L2A</Processor_Name>", ""),
        "2: /Ipf_Job_Order/Ipf_Conf: expected an element Processor_Name",
    ),
    "empty processor": (
        GOOD.replace("L2A", " \n "),
        "3: /Ipf_Job_Order/Ipf_Conf/Processor_Name: expected text, found an empty element",
    ),
    "no version": (
        GOOD.replace("<Version>05.11</Version>", ""),
        "2: /Ipf_Job_Order/Ipf_Conf: expected an element Version",
    ),
    "no task": (
        "<Ipf_Job_Order><Ipf_Conf><Processor_Name>P</Processor_Name><Version>1</Version></Ipf_Conf>"
        "<List_of_Ipf_Procs count='1'/></Ipf_Job_Order>",
        "1: /Ipf_Job_Order/List_of_Ipf_Procs: expected at least one Ipf_Proc",
    ),
    "task without a name": (
        GOOD.replace("<Task_Name>Sen2Cor</Task_Name>", ""),
        "7: /Ipf_Job_Order/List_of_Ipf_Procs/Ipf_Proc: expected an element Task_Name",
    ),
    "time that is none": (
        GOOD.replace("{head}", SENSING.format("yesterday", NOW)),
        f"5: /Ipf_Job_Order/Ipf_Conf/Sensing_Time/Start: {EXPECTED_TIME}'yesterday'",
    ),
    "month 13": (
        GOOD.replace("{head}", SENSING.format(NOW, "20241301_000000")),
        f"5: /Ipf_Job_Order/Ipf_Conf/Sensing_Time/Stop: {EXPECTED_TIME}'20241301_000000'",
    ),
    "placeholder for a time": (
        GOOD.replace("{head}", SENSING.format("@@@START@@@", NOW)),
        f"5: /Ipf_Job_Order/Ipf_Conf/Sensing_Time/Start: {EXPECTED_TIME}'@@@START@@@'",
    ),
    "empty time": (
        GOOD.replace("{head}", SENSING.format("", NOW)),
        "5: /Ipf_Job_Order/Ipf_Conf/Sensing_Time/Start: expected a time, found an empty element",
    ),
    "no stop": (
        GOOD.replace("{head}", SENSING.format(NOW, NOW).replace("Stop", "End")),
        "5: /Ipf_Job_Order/Ipf_Conf/Sensing_Time: expected an element Stop",
    ),
    "stop before start": (
        GOOD.replace("{head}", SENSING.format(NOW, "20240501_102959")),
        "5: /Ipf_Job_Order/Ipf_Conf/Sensing_Time: expected a Stop that is not before Start",
    ),
    "bad truth value": (
        GOOD.replace("{head}", "<Test>maybe\nnot</Test>"),
        "5: /Ipf_Job_Order/Ipf_Conf/Test: expected true or false, found 'maybe not'",
    ),
    "bad truth value of an attribute": (
        GOOD.replace("{task}", "<List_of_Outputs>\n<Output/><Output mandatory='2'/></List_of_Outputs>"),
        "10: /Ipf_Job_Order/List_of_Ipf_Procs/Ipf_Proc/List_of_Outputs/Output[2]: "
        "attribute mandatory: expected true or false, found '2'",
    ),
    "bad validity": (
        GOOD.replace(
            "{task}",
            INPUT.format(
                "<List_of_Time_Intervals><Time_Interval><Start>1</Start><Stop>2</Stop></Time_Interval>"
                "</List_of_Time_Intervals>"
            ),
        ),
        "10: /Ipf_Job_Order/List_of_Ipf_Procs/Ipf_Proc/List_of_Inputs/Input/List_of_Time_Intervals"
        f"/Time_Interval/Start: {EXPECTED_TIME}'1'",
    ),
    "parameter without a name": (
        GOOD.replace(
            "{head}", "<Dynamic_Processing_Parameters><Processing_Parameter/></Dynamic_Processing_Parameters>"
        ),
        "5: /Ipf_Job_Order/Ipf_Conf/Dynamic_Processing_Parameters/Processing_Parameter: "
        "expected an element Name",
    ),
    "EEGS: no tasks": (
        "<Job_Order><Processor_Configuration><Processor_Name>P</Processor_Name><Processor_Version>1"
        "</Processor_Version></Processor_Configuration><List_of_Tasks/></Job_Order>",
        "1: /Job_Order/List_of_Tasks: expected at least one Task",
    ),
    "EEGS: cores": (
        EEGS.replace("{task}", "<Number_of_CPU_Cores>-1</Number_of_CPU_Cores>"),
        "9: /Job_Order/List_of_Tasks/Task/Number_of_CPU_Cores: expected a number not below 0, found '-1'",
    ),
    "EEGS: not a number": (
        EEGS.replace("{task}", "<Number_of_CPU_Cores>NaN</Number_of_CPU_Cores>"),
        "9: /Job_Order/List_of_Tasks/Task/Number_of_CPU_Cores: expected a number, found 'NaN'",
    ),
    "EEGS: memory": (
        EEGS.replace("{task}", "<Amount_of_RAM>4 GB</Amount_of_RAM>"),
        "9: /Job_Order/List_of_Tasks/Task/Amount_of_RAM: expected a whole number, found '4 GB'",
    ),
    "EEGS: area": (
        EEGS.replace("{head}", "<Request><AOI><Geometry>48 11 49</Geometry></AOI></Request>"),
        "5: /Job_Order/Processor_Configuration/Request/AOI/Geometry: "
        "expected pairs 'lat lon lat lon ...' in degrees, found '48 11 49'",
    ),
    "EEGS: area off the Earth": (
        EEGS.replace("{head}", "<Request><AOI><Geometry>91 0</Geometry></AOI></Request>"),
        "5: /Job_Order/Processor_Configuration/Request/AOI/Geometry: "
        "expected latitudes in [-90, 90] and longitudes in [-360, 360] degrees, found '91 0'",
    ),
    "EEGS: input without a selection": (
        EEGS.replace("{task}", INPUT.format("<Input_ID>1</Input_ID>")),
        "10: /Job_Order/List_of_Tasks/Task/List_of_Inputs/Input: expected at least one Selected_Input "
        "in a List_of_Selected_Inputs",
    ),
    "document type": (
        '<!DOCTYPE Ipf_Job_Order SYSTEM "http://192.0.2.1/a.dtd">' + GOOD,
        "1: document type declarations are not accepted",
    ),
    "external entity": (
        '<!DOCTYPE Ipf_Job_Order [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + GOOD.replace("L2A", "&x;"),
        "1: document type declarations are not accepted",
    ),
    "parameter entity": (
        '<!DOCTYPE Ipf_Job_Order [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]>' + GOOD,
        "1: document type declarations are not accepted",
    ),
    "unknown entity": (GOOD.replace("L2A", "&x;"), "3: not well-formed XML: "),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_bad_content_gives_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "JobOrder.1.xml"
    path.write_text(content.replace("{head}", "").replace("{task}", ""))
    with pytest.raises(JobOrderError) as error:
        read_job_order(path)
    text = str(error.value)
    if message.startswith(":"):
        assert text.startswith(f"{path}:")
        assert message in text
    elif message.endswith(": "):
        assert text.startswith(f"{path}:{message}")
    else:
        assert text == f"{path}:{message}"
    assert "\n" not in text
    assert error.value.exit_code >= 128


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("", 1),
        ("\n", 2),
        ('<?xml version="1.0" encoding="{encoding}"?>\n', 2),
        (
            '<?xml version="1.0" encoding="{encoding}"?>\r\n<!-- a\n<!DOCTYPE b> -->\n <?c\n<!DOCTYPE d>?>\n',
            6,
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-8-SIG", "UTF-16", "UTF-16-BE", "ISO-8859-1"])
@pytest.mark.parametrize("declaration", ["<!DOCTYPE a>", '<!DOCTYPE\na SYSTEM "é.dtd"\n[\n]>\n'])
def test_a_document_type_is_refused_where_it_stands(
    tmp_path: Path, before: str, line: int, encoding: str, declaration: str
) -> None:
    if "{encoding}" not in before and encoding in ("ISO-8859-1", "UTF-16-BE"):  # which must be declared
        before = '<?xml version="1.0" encoding="{encoding}"?>' + before
    text = before.replace("{encoding}", encoding.removesuffix("-SIG")) + declaration
    path = tmp_path / "JobOrder.1.xml"
    path.write_bytes((text + GOOD.replace("{head}", "").replace("{task}", "")).encode(encoding))
    with pytest.raises(JobOrderError) as error:
        read_job_order(path)
    assert str(error.value) == f"{path}:{line}: document type declarations are not accepted"


def test_nothing_of_an_external_file_is_shown(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do-not-tell")
    path = tmp_path / "JobOrder.1.xml"
    path.write_text(f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>{GOOD.replace("L2A", "&x;")}')
    with pytest.raises(JobOrderError) as error:
        read_job_order(path)
    assert "do-not-tell" not in str(error.value)


@pytest.mark.parametrize("read", [read_job_order, read_task_table])
def test_what_is_no_file_is_refused(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path, "is a folder, expected an XML file"),
        (tmp_path / "absent.xml", "cannot be read: No such file or directory"),
        (tmp_path / "pipe", "is no regular file, expected an XML file"),
        (Path("/dev/zero"), "is no regular file, expected an XML file"),
    ):
        with pytest.raises(JobOrderError) as error:
            read(path)
        assert str(error.value) == f"{path}: {message}"


BOMB = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 12))
QUADRATIC = '<!DOCTYPE a [<!ENTITY x "{}">]><a>{}</a>'.format("y" * 100_000, "&x;" * 100_000)
MEGABYTES = 2**20

HOSTILE: dict[str, bytes | int] = {
    "200 MB of nothing": 200 * MEGABYTES,
    "7 MB of noise": random.Random(7).randbytes(7 * MEGABYTES),
    "billion laughs": f'<!DOCTYPE a [<!ENTITY x0 "ha">{BOMB}]><a>&x11;</a>'.encode(),
    "billion laughs in an attribute": f'<!DOCTYPE a [<!ENTITY x0 "ha">{BOMB}]><a b="&x11;"/>'.encode(),
    "quadratic blow-up": QUADRATIC.encode(),
    "deep": b"<a>" * (2 * MEGABYTES),
    "deep and closed": b"<a>" * MEGABYTES + b"</a>" * MEGABYTES,
    "flat": b"<a>" + b"<b/>" * (3 * MEGABYTES // 2) + b"</a>",
    "flat below the right root": b"<Ipf_Job_Order>" + b"<b/>" * (3 * MEGABYTES // 2) + b"</Ipf_Job_Order>",
    "many elements to be noted": GOOD.replace("{head}", "<b/>" * 200_000).replace("{task}", "").encode(),
    "many unknown attributes": GOOD.replace(
        "<Ipf_Conf>", "<Ipf_Conf {}>".format(" ".join(f"a{n}=''" for n in range(300_000)))
    )
    .replace("{head}", "")
    .replace("{task}", "")
    .encode(),
    "one long text": GOOD.replace("L2A", "x" * (7 * MEGABYTES)).format(head="", task="").encode(),
    "one long bad time": GOOD.format(head=SENSING.format("9" * (7 * MEGABYTES), NOW), task="").encode(),
    "one long tag": b"<" + b"a" * (7 * MEGABYTES) + b"/>",
    "spaces": b" " * (7 * MEGABYTES),
    "many files": GOOD.format(
        head="",
        task=INPUT.format(
            "<File_Type>X</File_Type><List_of_File_Names>"
            + "<File_Name>/data/with/a/rather/long/path.xml</File_Name>" * 120_000
            + "</List_of_File_Names>"
        ),
    ).encode(),
}
READABLE = {"many elements to be noted", "one long text", "many files"}
"""Enormous, but job orders all the same."""

READER = """
import json, re, resource, sys
from pathlib import Path
from ipf.errors import JobOrderError
from ipf.joborder import read_job_order
def peak():
    return int(re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1]) / 1024
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
memory = peak()
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
try:
    job_order = read_job_order(sys.argv[1])
    answer = {"read": job_order.processor_version, "notes": len(job_order.notes)}
except JobOrderError as error:
    answer = {"error": str(error)}
answer["megabytes"] = peak() - memory
print(json.dumps(answer))
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_cost_little(tmp_path: Path, name: str) -> None:
    """Within 30 s of processor time and 300 MB above the interpreter's own memory, enforced by the system."""
    path = tmp_path / "JobOrder.1.xml"
    content = HOSTILE[name]
    if isinstance(content, int):
        with path.open("wb") as stream:
            stream.truncate(content)
    else:
        path.write_bytes(content)
    ended = subprocess.run(
        [sys.executable, "-c", READER, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    answer = json.loads(ended.stdout)
    assert answer["megabytes"] < 300
    if name in READABLE:
        assert answer["read"] == "05.11"
        assert answer["notes"] == (100 if name == "many elements to be noted" else 0)
    else:
        assert answer["error"].startswith(f"{path}:")
        assert "\n" not in answer["error"]
        assert len(answer["error"]) < len(str(path)) + 400


def change_text(element: etree._Element) -> None:
    element.text = "~"


def empty(element: etree._Element) -> None:
    element.text = None
    for child in list(element):
        element.remove(child)


def rename(element: etree._Element) -> None:
    element.tag = "Renamed"


def remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def repeat(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.append(etree.fromstring(etree.tostring(element)))


MUTATIONS = (change_text, empty, rename, remove, repeat)


def was_refused_in_one_line(path: Path) -> bool:
    """Whether the job order was refused; what is read must be fit to be written, and a refusal one line."""
    try:
        to_xml(read_job_order(path))
    except JobOrderError as error:
        message = str(error)
    else:
        return False
    assert message.startswith(f"{path}:")
    assert "\n" not in message
    return True


def test_every_mutation_of_every_element_is_read_or_refused_in_one_line(
    reference_data: Path, tmp_path: Path
) -> None:
    """No element of the real job orders, however it is mutated, brings anything but an answer."""
    refused = 0
    path = tmp_path / "JobOrder.1.xml"
    for file in ("s2/job_order_inv_mtd_DS_L1B.xml", "s1/JobOrder_SPP_OBS.xml", "eegs/JobOrder_0083.xml"):
        parsed = etree.parse(reference_data / "joborders" / file).getroot()
        document = etree.tostring(parsed)
        for number in range(len(list(parsed.iter(etree.Element)))):
            for mutate in MUTATIONS:
                root = etree.fromstring(document)
                mutate(list(root.iter(etree.Element))[number])
                path.write_bytes(etree.tostring(root))
                refused += was_refused_in_one_line(path)
    assert refused > 50


def test_every_damage_to_the_bytes_is_read_or_refused_in_one_line(
    reference_data: Path, tmp_path: Path
) -> None:
    chance = random.Random(11)
    content = (reference_data / "joborders/s2/Joborder_OLQC.xml").read_bytes()
    path = tmp_path / "JobOrder.1.xml"
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 3))
        path.write_bytes(damaged)
        was_refused_in_one_line(path)
