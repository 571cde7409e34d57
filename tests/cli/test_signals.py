"""Signals: one error line, no process and no partial output left, 128 + signal within five seconds."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.programs import PROGRAMS, Job, environment, make_job, of_level, shadow, start, wait_until_begun

LIMIT_S = 5.0
ABORTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def abort(process: subprocess.Popen[str], job: Job, number: int) -> float:
    """Send a signal while the long part runs, check what is left, and return the seconds that it took."""
    wait_until_begun(job)
    begin = time.monotonic()
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    seconds = time.monotonic() - begin
    assert process.returncode == 128 + number
    text = f"interrupted by {signal.Signals(number).name}"
    assert of_level(errors, "E") == [text]
    assert of_level(output, "E") == [text]
    assert job.files() == {"report/report.xml"}
    assert f"<Error>{text}</Error>" in job.report.read_text()
    return seconds


@pytest.mark.parametrize("number", ABORTS)
def test_a_native_call_that_lets_no_python_run(tmp_path: Path, number: int) -> None:
    job = make_job(tmp_path / "job", "long_native_locked")
    assert abort(start("ipf-processor", job.path), job, number) < LIMIT_S


@pytest.mark.parametrize("behaviour", ["long_gdal", "long_python", "plan_long"])
def test_whatever_the_processor_is_doing(tmp_path: Path, behaviour: str) -> None:
    job = make_job(tmp_path / "job", behaviour)
    assert abort(start("ipf-processor", job.path), job, signal.SIGTERM) < LIMIT_S


def test_libraries_are_still_being_loaded(tmp_path: Path) -> None:
    """The engine takes a second to import, and more on a busy machine: the report must come all the same."""
    job = make_job(tmp_path / "job")
    mark = job.folder / "out" / "sum.begun"
    mark.parent.mkdir()
    content = f"import time; open({str(mark)!r}, 'w').close(); time.sleep(60)"
    shadow(tmp_path / "shadow", "numpy", content)
    process = start("ipf-processor", job.path, PYTHONPATH=str(tmp_path / "shadow"))
    assert abort(process, job, signal.SIGINT) < LIMIT_S


def test_between_blocks_a_run_ends_by_itself(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", "long_blocks")
    process = start("ipf", "run", job.path, "--block-size", "60", "--workers", "2")
    assert abort(process, job, signal.SIGINT) < LIMIT_S


def test_children_end_too(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", "long_children")
    assert abort(start("ipf-processor", job.path), job, signal.SIGTERM) < LIMIT_S
    numbers = (job.folder / "out" / "sum.children").read_text().split()
    assert len(numbers) == 3
    assert [number for number in numbers if Path("/proc", number).exists()] == []


def test_the_orchestrator_s_abort_of_two_signals(tmp_path: Path) -> None:
    """SIGINT, then SIGTERM before the first has had its effect: the first one counts."""
    job = make_job(tmp_path / "job", "long_native")
    process = start("ipf-processor", job.path)
    wait_until_begun(job)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert abort_again(process) == 128 + signal.SIGINT
    assert job.files() == {"report/report.xml"}


def abort_again(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    return process.returncode


def test_an_interrupt_ignored_by_the_starting_shell_is_obeyed(tmp_path: Path) -> None:
    """A shell without job control starts background processes with SIGINT ignored."""
    job = make_job(tmp_path / "job", "long_native")
    process = subprocess.Popen(
        ["bash", "-c", f"trap '' INT; exec {PROGRAMS / 'ipf-processor'} {job.path}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert abort(process, job, signal.SIGINT) < LIMIT_S


def test_a_command_that_is_no_job(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", "plan_long")
    process = start("ipf", "plan", job.path)
    wait_until_begun(job)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (143, "")
    assert of_level(errors, "E") == ["interrupted by SIGTERM"]


def test_the_child_does_not_outlive_its_guard(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", "long_native_locked")
    process = start("ipf-processor", job.path)
    wait_until_begun(job)
    (child,) = children_of(process.pid)
    process.kill()
    process.communicate(timeout=60)
    end = time.monotonic() + LIMIT_S
    while running(child):
        assert time.monotonic() < end
        time.sleep(0.02)


def children_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def running(number: int) -> bool:
    """Whether a process is there and not a zombie that nobody waits for."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
