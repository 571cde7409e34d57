"""Parts of the guard that need no process of their own."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import click
import pytest

from ipf.cli.guard import Interrupted, _remove, describe, exit_code_of
from ipf.cli.joblog import JobRecord
from ipf.cli.journal import Journal
from ipf.cli.options import byte_count, iso_time, named_value
from ipf.cli.processor import task_of_program
from ipf.cli.reportfiles import ReportRequest
from ipf.cli.runlog import LogIdentity
from ipf.cli.warning_code import warning_exit_code
from ipf.engine import Plan, RunOptions, TaskPlan
from ipf.errors import OutputError, ProductError
from ipf.joborder import JobOrder, LogLevel
from tests.cli.programs import of_level


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (OutputError("x"), 168),
        (Interrupted(signal.SIGTERM), 143),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 169),
        (SystemExit(1), 128),
        (SystemExit(0), 128),
        (click.UsageError("x"), 128),
        (RecursionError(), 128),
    ],
)
def test_a_foreign_code_never_counts(problem: BaseException, code: int) -> None:
    assert exit_code_of(problem) == code


def test_a_description_is_one_line_and_names_foreign_types_only() -> None:
    assert describe(ProductError("file:\n  broken")) == "file: broken"
    assert describe(ValueError("a\nb")) == "ValueError: a b"
    assert describe(MemoryError()) == "MemoryError"
    assert describe(Interrupted(1)) == "interrupted by SIGHUP"


@pytest.mark.parametrize(
    ("program", "task"),
    [
        ("ipf-processor", None),
        ("/usr/bin/ipf-processor.bash", None),
        ("/dpc/app/RADIO_AB/06.01.00/scripts/RADIO_AB.bash", "RADIO_AB"),
        ("./MASK_S2", "MASK_S2"),
        ("OLQC_TILE_L1C.bash", "OLQC"),
        ("OLQC", "OLQC"),
    ],
)
def test_a_program_s_name_is_its_task(program: str, task: str | None) -> None:
    assert task_of_program(program) == task


def test_a_journal_outlives_a_torn_record() -> None:
    journal = Journal.create()
    journal.message("2024-05-01T10:30:00.000000", "INFO", "text\nwith \udcff")
    journal.begin_job({"name": "x"})
    journal.ask_for_job(Path("/w/job.xml"), None)
    journal.end(7, ["reason", "trace"])
    whole = journal.read()
    assert whole.messages == (("2024-05-01T10:30:00.000000", "INFO", "text\nwith \udcff"),)
    assert (whole.job, whole.exit_code, whole.temporaries) == ({"name": "x"}, 7, ())
    assert (whole.asked, whole.failure) == (("/w/job.xml", None), ("reason", "trace"))
    os.write(journal._descriptor, b'["end", 12')
    assert journal.read() == whole


def test_a_journal_notes_temporary_files_by_their_absolute_path(tmp_path: Path) -> None:
    journal = Journal.create()
    journal._note_temporary_file("tempfile.mkstemp", (str(tmp_path / "a"),))
    journal._note_temporary_file("tempfile.mkdtemp", ("relative",))
    journal._note_temporary_file("open", ("other", "r", 0))
    assert journal.read().temporaries == (str(tmp_path / "a"), str(Path.cwd() / "relative"))


def test_a_temporary_folder_that_is_to_be_kept_is_none_of_the_guard_s(tmp_path: Path) -> None:
    journal = Journal.create()
    for name in ("a", "b"):
        journal._note_temporary_file("tempfile.mkdtemp", (str(tmp_path / name),))
    journal.keep(tmp_path / "a")
    assert journal.read().temporaries == (str(tmp_path / "b"),)


def test_the_standard_library_tells_of_the_temporary_files_that_it_makes(tmp_path: Path) -> None:
    """The guard rests on these audit events; they are part of the documented interface of `tempfile`."""
    code = (
        "import sys, tempfile\n"
        "sys.addaudithook(lambda event, args: event.startswith('tempfile.') and print(event, *args))\n"
        f"tempfile.mkstemp(dir={str(tmp_path)!r}); tempfile.TemporaryDirectory(dir={str(tmp_path)!r})\n"
        f"tempfile.NamedTemporaryFile(dir={str(tmp_path)!r})\n"
    )
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    events = [line.split()[0] for line in lines.splitlines()]
    assert events == ["tempfile.mkstemp", "tempfile.mkdtemp", "tempfile.mkstemp"]


@pytest.mark.parametrize("there", [True, False])
def test_a_temporary_file_is_a_matter_only_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], there: bool
) -> None:
    """On a read-only file system, removing a file fails before anybody looks for the file."""
    path = tmp_path / ".ipf-x"
    if there:
        path.touch()

    def refuse(_path: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "unlink", refuse)
    _remove((str(path),))
    told = of_level(capfd.readouterr().err, "E")
    assert told == ([f"{path}: temporary file cannot be removed: Read-only file system"] if there else [])


def test_a_job_record_survives_json() -> None:
    record = JobRecord(
        job_order=Path("/w/JobOrder.1.xml"),
        identity=LogIdentity("node", "Chain", "06.01", 17, "TASK"),
        stdout_levels=(LogLevel.DEBUG, LogLevel.ERROR),
        stderr_levels=(),
        log_file=Path("/w/LOG.1"),
        reports=(ReportRequest(Path("/w/r.xml"), "TASK", "01", (Path("/in"),)),),
    )
    journal = Journal.create()
    journal.begin_job(record.to_json())
    job = journal.read().job
    assert job is not None
    assert JobRecord.from_json(job) == record


def test_option_values() -> None:
    assert named_value("a.b=c=d") == ("a.b", "c=d")
    assert byte_count("4GB") == 4_000_000_000
    assert byte_count("1.5 MiB") == 1_572_864
    assert byte_count("17") == 17
    assert iso_time("2024-05-01T10:30:00") == datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
    assert iso_time("2024-05-01T12:30:00+02:00") == datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
    for function, text in ((named_value, "=x"), (byte_count, "0"), (byte_count, "4TB"), (iso_time, "now")):
        with pytest.raises(click.BadParameter, match="expected"):
            function(text)


@pytest.mark.parametrize(
    ("name", "declared", "code"),
    [("L2A", False, 5), ("Sen2Cor", False, 0), ("OLQC", False, 0), ("L2A", True, 0)],
)
def test_tasks_whose_callers_take_any_code_for_a_failure_never_warn_by_code(
    monkeypatch: pytest.MonkeyPatch, name: str, declared: bool, code: int
) -> None:
    monkeypatch.setenv("IPF_WARNING_EXIT_CODE", "5")
    order = JobOrder("mmfi", "L2A", "03.00")
    task = SimpleNamespace(
        request=SimpleNamespace(task_name=name), definition=SimpleNamespace(warnings_exit_zero=declared)
    )
    plan = Plan(order, Path("job.xml"), (cast(TaskPlan, task),), RunOptions())
    assert warning_exit_code(plan) == code
