"""The commands, the log of a job in both families, and what a person at a terminal sees."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from ipf.cli.joblog import unknown_log_levels
from ipf.errors import IpfError
from ipf.joborder import Input, JobOrder, LogSelection, Output, Task, write_job_order
from tests.cli.programs import (
    PLUGIN,
    PROGRAMS,
    TIMEOUT_S,
    call,
    check_log,
    environment,
    make_job,
    of_level,
    run,
)

GREETING = '''
import click
from ipf.engine import hookimpl

@click.command("greet")
@click.argument("code", type=int)
def greet(code):
    """Greet and leave with a code."""
    print("hello")
    click.get_current_context().exit(code)

@hookimpl
def ipf_commands():
    return [greet]
'''


def test_a_plan_names_everything_before_any_pixel(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    called = call("ipf", "plan", job.path, "--json", "--block-size", "120", "--workers", "2")
    assert (called.code, called.stderr) == (0, "")
    plan = json.loads(called.stdout)
    (task,) = plan["tasks"]
    assert [(step["name"], step["kind"], step["pass"]) for step in task["steps"]] == [
        ("open_tiny", "source", 1),
        ("double", "block", 1),
        ("write_sum", "sink", 1),
    ]
    assert task["steps"][0]["provider"] == f"{PLUGIN} 7.1"
    assert task["steps"][2]["notes"] == ["one file"]
    assert task["outputs"] == [{"file_type": "SUM", "path": str(job.sum)}]
    assert task["inputs"]["TINY"] == [str(job.folder / "in.tiny")]
    assert (plan["block_size_m"], task["workers"]) == (120, 2)
    assert plan["memory_bytes"] > 0
    assert job.files() == set()


def test_a_plan_for_people_names_it_too_and_cuts_nothing(tmp_path: Path) -> None:
    job = make_job(tmp_path / ("deep" * 40))
    called = call("ipf", "plan", job.path)
    assert called.code == 0
    for text in ("write_sum", str(job.sum), str(job.folder / "in.tiny"), "TINY_CHAIN 01.00"):
        assert text in called.stdout


@pytest.mark.parametrize(
    ("options", "code", "error"),
    [
        (["--block-size", "61"], 163, "block size 61 m: expected a positive multiple of 60 m"),
        (["--task", "OTHER"], 163, "expected task OTHER, found TINY"),
        (["--memory-limit", "1MB"], 169, "granted 1 MB"),
        (["--set", "double.gain=2"], 164, "double.gain"),
        (["--config", "nowhere.toml"], 164, "nowhere.toml"),
        (["--executor", "cluster"], 162, "cluster"),
        (["--load", "nothing=x.tif"], 163, "nothing"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_plan_refuses_what_a_run_refuses(
    tmp_path: Path, command: str, options: list[str], code: int, error: str
) -> None:
    job = make_job(tmp_path / "job")
    called = call("ipf", command, job.path, *options)
    assert called.code == code
    assert error in called.error
    assert not job.sum.exists()


def test_a_forced_creation_date_and_a_task_are_passed_on(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    called = call("ipf", "plan", job.path, "--json", "--creation-date", "2024-05-01T12:30:00+02:00")
    assert json.loads(called.stdout)["tasks"][0]["creation_date"] == "2024-05-01T10:30:00+00:00"


def test_a_configuration_of_another_program_is_no_failure(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", configuration="<Conf_File_Name>other.xml</Conf_File_Name>")
    (job.folder / "other.xml").write_text("<not_ours/>")
    called = call("ipf-processor", job.path)
    assert called.code == 0
    (warning,) = of_level(called.stderr, "W")
    assert "other.xml is not read" in warning


def test_plugins_lists_every_hook_with_provider_and_version() -> None:
    rows = json.loads(call("ipf", "plugins", "--json").stdout)
    row = {"hook": "ipf_tasks", "name": "TINY", "provider": str(PLUGIN), "version": "7.1", "note": ""}
    assert row in rows
    assert {row["name"] for row in rows if row["provider"] == "ipf"} >= {"serial", "threads"}
    assert ["ipf_tasks", "TINY", str(PLUGIN), "7.1"] in map(
        str.split, run("ipf", "plugins").stdout.splitlines()
    )


def test_plugins_may_be_named_on_the_command_line() -> None:
    assert str(PLUGIN) in call("ipf", "plugins", "--plugins", PLUGIN, IPF_PLUGIN_PATH="").stdout
    assert str(PLUGIN) not in call("ipf", "plugins", IPF_PLUGIN_PATH="").stdout


def test_a_plugin_may_bring_a_command(tmp_path: Path) -> None:
    plugin = tmp_path / "greeting.py"
    plugin.write_text(GREETING)
    assert "Greet and leave with a code." in call("ipf", "--help", IPF_PLUGIN_PATH=str(plugin)).stdout
    for code, expected in ((0, 0), (1, 128), (2, 128), (200, 200)):
        called = call("ipf", "greet", str(code), IPF_PLUGIN_PATH=str(plugin))
        assert (called.code, called.stdout) == (expected, "hello\n")


def test_the_exit_code_table_holds_every_code_once() -> None:
    lines = call("ipf", "exit-codes").stdout.splitlines()
    codes = [line.split()[0] for line in lines]
    assert len(set(codes)) == len(codes)
    for kind in (IpfError, *IpfError.__subclasses__()):
        assert kind.__name__ == "SignalError" or str(kind.exit_code) in codes
    assert all(128 <= int(code) <= 255 for code in codes[2:-1])
    assert call("ipf", "exit-codes", "--markdown").stdout.startswith("| code | name | meaning |\n|---|")


def test_the_log_of_an_eegs_job_names_its_task_and_node(tmp_path: Path) -> None:
    (tmp_path / "in.tiny").write_text("warn")
    order = JobOrder(
        "eegs",
        "TINY_CHAIN",
        "01.00",
        (
            Task(
                "TINY",
                "01.00",
                inputs=(Input("TINY", (str(tmp_path / "in.tiny"),), identifier="in"),),
                outputs=(Output("SUM", pattern="s.*", directory=str(tmp_path / "sum"), baseline="01"),),
            ),
        ),
        stdout_log=LogSelection(("INFO",), as_set=True),
        stderr_log=LogSelection(("WARNING", "ERROR"), as_set=True),
        processing_node="node 7",
        processing_station="HERE",
        file_class="TEST",
    )
    write_job_order(order, tmp_path / "JobOrder.1.xml")
    called = call("ipf-processor", tmp_path / "JobOrder.1.xml")
    lines = check_log(called.stdout)
    assert lines
    assert all(re.search(r" node_7 TINY_CHAIN 01\.00 TINY \[\d{10}\]: \[I\] ", line) for line in lines)
    assert of_level(called.stderr, "W") == ["something is odd"]
    assert not (tmp_path / "1.LIST").exists()


@pytest.mark.parametrize("program", ["ipf-processor", "ipf"])
def test_paths_may_be_of_any_script_whatever_the_locale(tmp_path: Path, program: str) -> None:
    job = make_job(tmp_path / "jöb")
    text = job.path.read_text()
    for plain, named in (("in.tiny", "数据.tiny"), ("out/sum", "Größe/sum"), ("report/", "отчёт/")):
        text = text.replace(plain, named)
    job.path.write_text(text, encoding="utf-8")
    (job.folder / "in.tiny").rename(job.folder / "数据.tiny")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    command = ["run", job.path] if program == "ipf" else [job.path]
    ended = run(program, *command, env=ascii_only)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (job.folder / "Größe" / "sum.txt").read_text() == "380\n"
    report = (job.folder / "отчёт" / "report.xml").read_text(encoding="utf-8")
    assert f"<Input_File_Name>{job.folder}/数据.tiny</Input_File_Name>" in report
    (job.folder / "数据.tiny").unlink()
    ended = run(program, *command, env=ascii_only)
    assert ended.returncode == 163
    assert of_level(ended.stderr, "E") == [
        f"{job.path}: task TINY: input TINY: {job.folder}/数据.tiny does not exist"
    ]
    assert "FAILED" in (job.folder / "отчёт" / "report.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("stdout", "stderr", "expected"),
    [
        ("LOUD", "WARNING", ["Stdout_Log_Level LOUD: expected one of DEBUG, INFO, PROGRESS, WARNING, ERROR"]),
        ("LOUD", "", ["Stdout_Log_Level LOUD: expected one of DEBUG, INFO, PROGRESS, WARNING, ERROR"]),
        ("debug", "Warning", []),
        ("", "WARNING", []),
    ],
)
def test_an_unknown_log_level_is_a_warning(
    tmp_path: Path, stdout: str, stderr: str, expected: list[str]
) -> None:
    job = make_job(tmp_path / "job", stdout=stdout, stderr=stderr)
    called = call("ipf-processor", job.path)
    assert called.code == 0
    assert of_level(called.stderr, "W") == [f"{job.path}: {text}; taken as INFO" for text in expected]


def test_an_unknown_log_level_of_a_set_is_a_warning() -> None:
    order = JobOrder("eegs", "C", "1", stderr_log=LogSelection(("ERROR", "LOUD"), as_set=True))
    (warning,) = unknown_log_levels(order, Path("j.xml"))
    assert warning.startswith("j.xml: Stderr_Log_Level LOUD: expected")
    assert warning.endswith("; ignored")


def test_a_log_file_stands_in_the_working_folder(tmp_path: Path) -> None:
    working = (
        "<Input><File_Type>WORKING</File_Type><File_Name_Type>Directory</File_Name_Type>"
        "<List_of_File_Names><File_Name>tmp</File_Name></List_of_File_Names></Input>"
    )
    job = make_job(tmp_path / "job", inputs=working, stdout="ERROR", stderr="ERROR")
    (job.folder / "tmp").mkdir()
    called = call("ipf-processor", job.path)
    assert (called.code, called.stdout, called.stderr) == (0, "", "")
    assert job.files() == {"out/sum.txt", "report/report.xml", "tmp/LOG.4711"}
    lines = check_log((job.folder / "tmp" / "LOG.4711").read_text())
    assert any("[D] of debug" in line for line in lines)


def test_a_terminal_shows_a_bar_each_line_once_and_a_summary(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", "warn")
    code, screen = on_a_terminal("ipf", "run", str(job.path))
    assert code == 0
    assert "━" in screen
    assert "progress 100 %" not in screen
    assert screen.count("[W] something is odd") == 1
    assert re.search(rf"product +{re.escape(str(job.sum))}", screen.replace("\r\n", ""))
    assert "WARNING (exit code 0)" in screen


def test_a_bar_s_hidden_cursor_is_shown_again_after_a_kill(tmp_path: Path) -> None:
    returned, screen = on_a_terminal("ipf", "run", str(make_job(tmp_path / "job", "killed").path))
    assert returned == 137
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")


def on_a_terminal(program: str, *arguments: str) -> tuple[int, str]:
    """Exit code and screen of a program that runs on a terminal of its own."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [PROGRAMS / program, *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**environment(), "TERM": "xterm", "COLUMNS": "250"},
    )
    os.close(terminal)
    screen = b""
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        if not select.select([controller], [], [], 1.0)[0]:
            continue
        try:
            part = os.read(controller, 65536)
        except OSError:  # the other end has closed
            break
        if not part:
            break
        screen += part
    os.close(controller)
    return process.wait(timeout=1), screen.decode()
