"""The exit-code matrix: however a run ends, the process leaves with a code that says so."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ipf.errors import OutputError
from tests.cli.programs import (
    PLUGIN,
    PROGRAMS,
    Job,
    call,
    check_log,
    environment,
    make_job,
    of_level,
    run,
    shadow,
    start,
)

SUCCESS = {"out/sum.txt", "report/report.xml", "4711.LIST"}
FAILURE = {"report/report.xml"}

FAILURES = [
    ("bug", 167, "step write_sum: ZeroDivisionError: first line second line"),
    ("recursion", 167, "step write_sum: RecursionError"),
    ("memory", 169, "out of memory"),
    ("resource", 169, "the disk quota is too small"),
    ("python_exit", 167, "step write_sum: SystemExit: left with a text"),
    ("block_exit", 167, "step double B01: SystemExit: 0"),
    ("auxiliary", 166, "no table is valid at the date"),
    ("unreadable", 165, "in.tiny: expected a tiny product"),
    ("plan_bug", 167, "step open_tiny: ZeroDivisionError"),
]

RAISING = """
from ipf.engine import hookimpl

@hookimpl
def ipf_joborder_dialects():
    raise ValueError("a bug in a hook")
"""

WANDERING = """
import os
from ipf.engine import hookimpl

os.chdir("/")

@hookimpl
def ipf_steps():
    return []
"""

DEATHS = [
    ("os_exit", 128, "the processor left with code 1 without saying why"),
    ("native_exit", 128, "the processor left with code 1 without saying why"),
    ("crash", 139, "the processor was killed by SIGSEGV"),
    ("killed", 137, "the processor was killed by SIGKILL"),
]


@pytest.mark.parametrize(("behaviour", "code", "error"), FAILURES)
def test_a_failure_has_its_code_one_reason_and_a_report(
    tmp_path: Path, behaviour: str, code: int, error: str
) -> None:
    job = make_job(tmp_path / "job", behaviour)
    called = call("ipf-processor", job.path)
    assert called.code == code
    check_failure(job, called.stdout, called.stderr, code, error)


@pytest.mark.parametrize(("behaviour", "code", "error"), DEATHS)
def test_a_death_leaves_as_much(tmp_path: Path, behaviour: str, code: int, error: str) -> None:
    job = make_job(tmp_path / "job", behaviour)
    ended = run("ipf-processor", job.path)
    assert ended.returncode == code
    check_failure(job, ended.stdout, ended.stderr, code, error)
    if behaviour == "crash":
        assert any("in crash" in line for line in of_level(ended.stdout, "D")), "it does not say where"


def check_failure(job: Job, stdout: str, stderr: str, code: int, error: str) -> None:
    """One reason, the same on both streams; the report and no other file."""
    assert error in of_level(stderr, "E")[-1]
    assert of_level(stdout, "E") == of_level(stderr, "E")
    assert job.files() == FAILURE
    report = job.report.read_text()
    assert "<Status>FAILED</Status>" in report
    assert f"<Exit_Code>{code}</Exit_Code>" in report


def test_a_success_leaves_zero_and_every_file_even_with_a_thread_that_does_not_end(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", "long_thread")
    ended = run("ipf-processor", job.path)
    assert (ended.returncode, ended.stderr) == (0, "")
    check_log(ended.stdout)
    assert job.files() == SUCCESS
    assert job.sum.read_text() == "380\n"
    assert (job.folder / "4711.LIST").read_text() == "out/sum.txt\n"


def test_a_step_that_changes_the_working_directory_takes_no_file_with_it(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", "wander")
    ended = run("ipf-processor", job.path.name, cwd=job.folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert job.files() == SUCCESS
    assert f"<Job_Order>{job.path.name}</Job_Order>" in job.report.read_text()


def test_neither_does_a_plugin_that_is_loaded(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    for name in ("a_wanderer.py", "b_stroller.py"):
        (job.folder / name).write_text(WANDERING)
    (job.folder / "x.toml").write_text("")
    options = ["--plugins", "a_wanderer.py", "--plugins", "b_stroller.py", "--config", "x.toml"]
    options += ["--breakpoint", "doubled=doubled.tif"]
    ended = run("ipf", "run", job.path.name, *options, cwd=job.folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert job.files() > SUCCESS
    assert any(name.startswith("doubled") for name in job.files())


def test_an_output_that_was_not_planned_is_a_failure(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", "unplanned")
    assert call("ipf-processor", job.path).code == 168
    assert job.files() == {"out/sum.txt", "report/report.xml"}


def test_what_plugins_print_is_part_of_the_log(tmp_path: Path) -> None:
    ended = run("ipf-processor", make_job(tmp_path / "job", "chatter").path)
    assert ended.returncode == 0
    warnings = of_level(ended.stderr, "W")
    assert warnings[0] == "complained"
    assert "deprecated thing" in warnings[1]
    assert warnings[2:] == ["GDAL 6: a driver", "is odd"]
    assert {"printed", "twice", "threads of BLAS: 1"} <= set(of_level(ended.stdout, "I"))


TALKATIVE = """
import logging, os, sys, warnings
from ipf.engine import hookimpl
print("imported")
print("unfinished", end="")
print("complained", file=sys.stderr)
warnings.warn("deprecated thing")
logging.getLogger("library").warning("logged")

@hookimpl
def ipf_joborder_dialects():
    print("asked for dialects")
    return []
"""


@pytest.mark.parametrize("end", ["", "raise ValueError", "os._exit(3)"])
def test_what_plugins_print_while_they_are_loaded_is_part_of_the_log(tmp_path: Path, end: str) -> None:
    talkative = tmp_path / "talkative.py"
    talkative.write_text(TALKATIVE + end)
    job = make_job(tmp_path / "job")
    ended = run("ipf-processor", job.path, env={"IPF_PLUGIN_PATH": f"{talkative}{os.pathsep}{PLUGIN}"})
    assert ended.returncode == {"": 0, "raise ValueError": 162, "os._exit(3)": 128}[end]
    told = of_level(ended.stdout, "I")
    assert told.count("imported") == 1
    warnings = of_level(ended.stderr, "W")
    assert [warnings[0], warnings[2]] == ["complained", "logged"]
    assert warnings[1].endswith("UserWarning: deprecated thing")
    report = job.report.read_text()
    assert report.count("<Text>complained</Text>") == 1
    last = {"": ["unfinishedasked for dialects"], "raise ValueError": ["unfinished"], "os._exit(3)": []}[end]
    assert [line for line in told if line.startswith("unfinished")] == last


@pytest.mark.parametrize(
    ("task", "setting", "code"),
    [("TINY", "", 0), ("TINY", "3", 3), ("OLQC", "3", 0), ("TINY", "128", 164)],
)
def test_warnings_have_a_code_of_their_own_only_where_it_is_asked_for(
    tmp_path: Path, task: str, setting: str, code: int
) -> None:
    job = make_job(tmp_path / "job", "warn", task=task)
    assert call("ipf-processor", job.path, IPF_WARNING_EXIT_CODE=setting).code == code
    assert job.files() == (SUCCESS if code < 128 else FAILURE)


def test_the_code_of_warnings_may_stand_in_a_configuration_file(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", "warn", configuration="<Conf_File_Name>exit.toml</Conf_File_Name>")
    (job.folder / "exit.toml").write_text("[exit]\nwarnings = 5\n")
    assert call("ipf-processor", job.path).code == 5
    (job.folder / "exit.toml").write_text('[exit]\nwarnings = "5"\n')
    assert call("ipf-processor", job.path).code == 164


@pytest.mark.parametrize(
    "command",
    [
        ["ipf-processor"],
        ["ipf-processor", "one", "two"],
        ["ipf-processor", ""],
        ["ipf", "run", ""],
        ["ipf-processor", "--unknown"],
        ["ipf", "unknown"],
        ["ipf", "--unknown"],
        ["ipf", "run"],
        ["ipf", "run", "job.xml", "--workers", "0"],
        ["ipf", "run", "job.xml", "--set", "no_value"],
        ["ipf", "run", "job.xml", "--creation-date", "yesterday"],
        ["ipf", "plan", "job.xml", "--memory-limit", "much"],
    ],
)
def test_a_usage_error_is_a_failure_told_in_one_line(command: list[str]) -> None:
    ended = run(*command)
    assert (ended.returncode, ended.stdout) == (160, "")
    assert len(of_level(ended.stderr, "E")) == 1


@pytest.mark.parametrize("program", ["ipf", "ipf-processor"])
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_are_successes(program: str, option: str) -> None:
    ended = run(program, option)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert program in ended.stdout


@pytest.mark.parametrize("kind", ["missing", "folder", "noise", "other_root"])
def test_a_job_order_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "order.xml"
    if kind == "folder":
        path.mkdir()
    elif kind == "noise":
        path.write_bytes(os.urandom(1000))
    elif kind == "other_root":
        path.write_text("<Other/>")
    called = call("ipf-processor", path)
    assert (called.code, called.stdout) == (161, "")
    assert str(path) in called.error
    assert "\n" not in called.error


@pytest.mark.parametrize(
    ("content", "code", "error"),
    [
        ("import nowhere", 162, "ModuleNotFoundError"),
        ("def broken(:", 162, "SyntaxError"),
        ("import sys; sys.exit(1)", 162, "SystemExit: 1"),
        (None, 162, "no such plugin"),
        (PLUGIN.read_text(), 162, "is offered by both"),
        (RAISING, 162, "ipf_joborder_dialects failed: a bug in a hook"),
    ],
)
def test_a_broken_plugin_is_a_failure(tmp_path: Path, content: str | None, code: int, error: str) -> None:
    plugin = tmp_path / "broken.py"
    if content is not None:
        plugin.write_text(content)
    job = make_job(tmp_path / "job")
    called = call("ipf-processor", job.path, IPF_PLUGIN_PATH=f"{PLUGIN}{os.pathsep}{plugin}")
    assert called.code == code
    assert error in called.error
    assert job.files() == FAILURE


def test_a_broken_plugin_is_the_reason_when_the_job_order_may_be_of_its_dialect(tmp_path: Path) -> None:
    (tmp_path / "raising.py").write_text(RAISING)
    (tmp_path / "order.xml").write_text("<Order_Of_A_Plugin/>")
    called = call("ipf-processor", tmp_path / "order.xml", IPF_PLUGIN_PATH=str(tmp_path / "raising.py"))
    assert (called.code, "a bug in a hook" in called.error) == (162, True)


def test_a_plugin_that_ends_the_process_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import os; os._exit(2)")
    job = make_job(tmp_path / "job")
    ended = run("ipf-processor", job.path, env={"IPF_PLUGIN_PATH": str(tmp_path)})
    assert ended.returncode == 128
    assert of_level(ended.stderr, "E") == ["the processor left with code 2 without saying why"]
    assert job.files() == FAILURE


@pytest.mark.parametrize(
    ("library", "content", "code", "files"),
    [
        ("lxml", "raise ImportError('broken')", 128, set()),
        ("numpy", "raise SystemExit(1)", 128, FAILURE),
        ("pluggy", "import ctypes; ctypes.string_at(0)", 139, FAILURE),
    ],
)
def test_a_broken_installation_is_a_failure(
    tmp_path: Path, library: str, content: str, code: int, files: set[str]
) -> None:
    """With a report, where what is left of the installation can read the job order."""
    shadow(tmp_path / "shadow", library, content)
    job = make_job(tmp_path / "job")
    ended = run("ipf-processor", job.path, env={"PYTHONPATH": str(tmp_path / "shadow")})
    assert ended.returncode == code
    assert of_level(ended.stderr, "E") != []
    assert job.files() == files


def test_a_broken_installation_of_the_program_for_people_is_a_failure(tmp_path: Path) -> None:
    shadow(tmp_path, "click", "raise ImportError('broken')")
    ended = run("ipf", "--help", env={"PYTHONPATH": str(tmp_path)})
    assert ended.returncode == 128
    assert of_level(ended.stderr, "E")[0] == "ImportError: broken"


def test_a_link_named_after_a_task_runs_that_task(tmp_path: Path) -> None:
    (tmp_path / "TINY.bash").symlink_to(PROGRAMS / "ipf-processor")
    job = make_job(tmp_path / "job")
    process = start(tmp_path / "TINY.bash", job.path)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert job.files() == SUCCESS
    numbers = {line.split("[")[1].split("]")[0] for line in check_log(output)}
    assert numbers == {f"{process.pid:010d}"}, "log lines name the process that was started"


@pytest.mark.parametrize(
    ("link", "task", "error"),
    [("RADIO_AB", "TINY", "expected task RADIO_AB, found TINY"), ("OLQC_DS_L1A.bash", "OLQC", "")],
)
def test_a_link_asks_for_its_task(tmp_path: Path, link: str, task: str, error: str) -> None:
    called = call(link, make_job(tmp_path / "job", task=task).path)
    assert (called.code, error in called.error) == (163 if error else 0, True)


@pytest.mark.parametrize("redirection", ["2>&- >&-", "<&- >/dev/full 2>/dev/full"])
def test_a_log_that_cannot_be_written_does_not_stop_a_job(tmp_path: Path, redirection: str) -> None:
    job = make_job(tmp_path / "job", "warn")
    ended = shell(f"ipf-processor {job.path} {redirection}")
    assert ended.returncode == 0
    assert job.files() == SUCCESS
    assert job.sum.read_text() == "380\n"


@pytest.mark.parametrize(
    "redirection", [">&-", ">/dev/full", "| (exec 0<&-; sleep 0.5); exit ${PIPESTATUS[0]}"]
)
def test_an_answer_that_cannot_be_written_is_a_failure(redirection: str) -> None:
    ended = shell(f"ipf exit-codes {redirection}")
    assert ended.returncode == 168
    assert len(of_level(ended.stderr, "E")) == 1


def test_a_report_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    (job.folder / "report").write_text("a file where a folder is needed")
    called = call("ipf-processor", job.path)
    assert called.code == 163
    assert "report.xml cannot be written" in called.stderr
    assert job.files() == {"report"}


def test_a_report_that_fails_late_is_a_failure_without_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OutputError("report.xml: cannot be written: No space left on device")

    monkeypatch.setattr("ipf.cli.execution.write_reports", fail)
    job = make_job(tmp_path / "job")
    called = call("ipf-processor", job.path)
    assert called.code == 168
    assert "report.xml: cannot be written" in called.error
    assert "status FAILED, exit code 168" in called.stdout.splitlines()[-1]
    assert not (job.folder / "4711.LIST").exists()


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of bash."""
    return subprocess.run(
        ["bash", "-c", f'PATH="{PROGRAMS}:$PATH"; {command}'],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        check=False,
    )
