"""What a run tells of itself never overwrites an input, the job order or another output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.programs import Job, call, make_job, of_level, run

FOLDER_INPUT = (
    "<Input><File_Type>{type}</File_Type><File_Name_Type>Directory</File_Name_Type>"
    "<List_of_File_Names><File_Name>{name}</File_Name></List_of_File_Names></Input>"
)


def job_with_report_at(folder: Path, report: str, behaviour: str = "ok", inputs: str = "") -> Job:
    """A tiny job with a product as a second input and a link to it; the report is asked for at `report`."""
    product = folder / "product"
    product.mkdir(parents=True)
    (product / "MTD.xml").write_text("metadata")
    (folder / "link").symlink_to("product", target_is_directory=True)
    listed = FOLDER_INPUT.format(type="PRODUCT", name="product") + inputs
    job = make_job(folder, behaviour, inputs=listed)
    text = job.path.read_text().replace("report/report.xml", report)
    job.path.write_text(text)
    return job


def contents(job: Job) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in job.before}


@pytest.mark.parametrize(
    ("report", "named"),
    [
        ("product/MTD.xml", "input PRODUCT"),
        ("product/new/report.xml", "input PRODUCT"),
        ("link/MTD.xml", "input PRODUCT"),
        ("in.tiny", "input TINY"),
        ("JobOrder.4711.xml", "job order"),
        ("out/../out/sum.txt", "output SUM"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--memory-limit", "1MB")])
def test_a_report_overwrites_nothing(
    tmp_path: Path, report: str, named: str, options: tuple[str, ...]
) -> None:
    job = job_with_report_at(tmp_path / "job", report)
    before = contents(job)
    called = call("ipf", "run", job.path, *options)
    assert called.code in ((163, 169) if options else (163,))
    assert contents(job) == before
    assert job.files() == set()
    (warning,) = of_level(called.stderr, "W")
    assert "REPORT" in warning
    assert named in warning
    planned = call("ipf", "plan", job.path, *options)
    assert (planned.code, planned.error) == (called.code, called.error)


def test_neither_does_that_of_a_dead_process(tmp_path: Path) -> None:
    job = job_with_report_at(tmp_path / "job", "product/MTD.xml")
    before = contents(job)
    (tmp_path / "dying.py").write_text("import os; os._exit(2)")
    ended = run("ipf-processor", job.path, env={"IPF_PLUGIN_PATH": str(tmp_path)})
    assert ended.returncode == 128
    assert contents(job) == before
    assert job.files() == set()
    assert "input PRODUCT" in of_level(ended.stderr, "W")[0]


def test_a_report_in_the_working_folder_is_no_offence(tmp_path: Path) -> None:
    working = FOLDER_INPUT.format(type="WORKING", name="tmp")
    job = job_with_report_at(tmp_path / "job", "tmp/report.xml", inputs=working)
    (job.folder / "tmp").mkdir()
    assert call("ipf-processor", job.path).code == 0
    assert job.files() == {"out/sum.txt", "tmp/report.xml", "tmp/LOG.4711"}


def test_a_working_folder_in_an_input_gets_no_log_file(tmp_path: Path) -> None:
    working = FOLDER_INPUT.format(type="WORKING", name="product/tmp")
    job = job_with_report_at(tmp_path / "job", "report/report.xml", inputs=working)
    (job.folder / "product" / "tmp").mkdir()
    called = call("ipf-processor", job.path)
    assert called.code == 0
    assert job.files() == {"out/sum.txt", "report/report.xml"}
    (warning,) = of_level(called.stderr, "W")
    assert "LOG.4711" in warning
    assert "input PRODUCT" in warning


@pytest.mark.parametrize("report", ["ring", "ring/report.xml", "x" * 300])
def test_a_report_that_has_no_place_is_refused_in_one_line(tmp_path: Path, report: str) -> None:
    job = job_with_report_at(tmp_path / "job", report)
    (job.folder / "ring").symlink_to("ring")
    called = call("ipf", "plan", job.path)
    assert called.code == 163
    assert "cannot be written: " in called.error
    assert call("ipf-processor", job.path).code == 163
