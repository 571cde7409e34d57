"""Names of products against the patterns by which the caller looks for them; hostile patterns end in time."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from ipf.engine import PlannedFile, Status, name_patterns
from ipf.engine.name_patterns import unexpected_names
from ipf.joborder import Input, JobOrder, Output, Task, write_job_order
from tests.engine.conftest import Workshop

NAME = "S2A_MSIL2A_20220125T152341_N0400_R125_T18LTM_20240501T120000.SAFE"
PRODUCT = PlannedFile("L2A", Path("/out") / NAME)
PAGE = PlannedFile("L2A", Path("/out/page.html"))


def doubts(pattern: str, *files: PlannedFile) -> list[str]:
    return list(unexpected_names([Output("L2A", pattern=pattern, directory="/out")], files or (PRODUCT,)))


@pytest.mark.parametrize(
    "pattern",
    [
        NAME,
        r"S2._MSIL2A_.*\.SAFE",
        r"^S2[ABC]_MSIL2A_\d{8}T\d{6}_N0400_R\d{3}_T\d\d[A-Z]{3}_\d{8}T\d{6}\.SAFE$",
        "S2A_MSIL2A_",
        "S2?_MSIL2A_*.SAFE",
        "*",
        "*T18LTM*",
        "",
    ],
)
def test_a_name_may_be_of_the_pattern_as_a_glob_or_as_a_regular_expression(pattern: str) -> None:
    assert doubts(pattern) == []
    assert doubts(pattern, PAGE, PRODUCT) == []


@pytest.mark.parametrize("pattern", [r"S2._MSIL1C_.*\.SAFE", "S2?_MSIL2A_*.zip", "(", "*.safe", "é"])
def test_a_product_that_will_not_be_found_is_told(pattern: str) -> None:
    assert doubts(pattern) == [
        f"output L2A: {NAME} will not be found by the pattern {pattern!r} of the job order"
    ]


def test_outputs_of_another_type_or_without_a_product_are_left_alone() -> None:
    assert list(unexpected_names([Output("KPI", pattern="never")], [PRODUCT])) == []
    assert list(unexpected_names([Output("L2A", files=("/out",))], [PRODUCT])) == []


def test_a_name_of_type_regexp_is_compared_too() -> None:
    output = Output("L2A", files=(r"/out/^S2.*\.SAFE$",), file_name_type="Regexp")
    assert list(unexpected_names([output], [PRODUCT])) == []
    (line,) = unexpected_names([replace(output, files=(r"/out/^S3.*$",))], [PRODUCT])
    assert "will not be found by the pattern '^S3.*$'" in line


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a+)+b", "no answer within 0.5 s"),
        ("(a|a)*b", "no answer within 0.5 s"),
        ("a?" * 60 + "a" * 60, "no answer within 0.5 s"),
        (".*" * 100 + "b", "no answer within 0.5 s"),
        ("a" * 256, "it has 256 characters, expected at most 255"),
    ],
)
def test_a_hostile_pattern_ends_in_time(monkeypatch: pytest.MonkeyPatch, pattern: str, why: str) -> None:
    monkeypatch.setattr(name_patterns, "SECONDS", 0.5)
    begin = time.monotonic()
    (line,) = doubts(pattern, PlannedFile("L2A", Path("/out") / ("a" * 60)))
    assert line.startswith(f"output L2A: {'a' * 60} is not compared with the pattern '")
    assert line.endswith(f"of the job order: {why}")
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize(("pattern", "status"), [("s?ms.txt", Status.OK), ("nothing.*", Status.WARNING)])
def test_a_run_warns_of_what_its_caller_will_not_find(
    workshop: Workshop, pattern: str, status: Status
) -> None:
    """A toy's sink takes the output's folder for its file."""
    task = Task(
        "TOY",
        "01.00",
        (Input("TOY", (str(workshop.folder / "toy.txt"),), identifier="in"),),
        (Output("SUMS", pattern=pattern, directory=str(workshop.sums), baseline="01"),),
    )
    path = workshop.folder / "JobOrder.3.xml"
    write_job_order(JobOrder("eegs", "TOYS", "01.00", (task,), file_class="TEST"), path)
    report = workshop.run(path)
    assert report.status is status, report.error
    assert (report.exit_code, workshop.sums.is_file()) == (0, True)
    found = [text for text in workshop.plan(path).tasks[0].warnings if "will not be found" in text]
    assert len(found) == (status is Status.WARNING)
    assert tuple(found) == report.warnings
