"""A tiny job in a folder of its own, the programs as processes, and the grammar of their log lines."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from unittest import mock

from ipf.cli.guard import describe, exit_code_of
from ipf.cli.journal import Journal

PLUGIN = Path(__file__).parents[1] / "chain" / "tiny_plugin.py"
PROGRAMS = Path(sys.executable).parent
TIMEOUT_S = 60

LOG_LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} \S+ \S+ \S+ (\S+ )?\[\d{1,10}\]: \[[DIPWE]\] .*"
)
"""Section 9 of the interface's description."""

ORDER = """<?xml version="1.0"?>
<Ipf_Job_Order>
  <Ipf_Conf>
    <Processor_Name>TINY_CHAIN</Processor_Name><Version>01.00</Version>
    <Stdout_Log_Level>{stdout}</Stdout_Log_Level><Stderr_Log_Level>{stderr}</Stderr_Log_Level>
    <Config_Files>{configuration}</Config_Files>
  </Ipf_Conf>
  <List_of_Ipf_Procs count="1"><Ipf_Proc>
    <Task_Name>{task}</Task_Name><Task_Version>01.00</Task_Version>
    <List_of_Inputs count="9">
      <Input><File_Type>TINY</File_Type><File_Name_Type>Physical</File_Name_Type>
        <List_of_File_Names count="1"><File_Name>in.tiny</File_Name></List_of_File_Names></Input>
      {inputs}
    </List_of_Inputs>
    <List_of_Outputs count="2">
      <Output mandatory="true"><File_Type>SUM</File_Type><File_Name_Type>Physical</File_Name_Type>
        <File_Name>out/sum.txt</File_Name></Output>
      <Output mandatory="true"><File_Type>REPORT</File_Type><File_Name_Type>Physical</File_Name_Type>
        <File_Name>report/report.xml</File_Name></Output>
    </List_of_Outputs>
  </Ipf_Proc></List_of_Ipf_Procs>
</Ipf_Job_Order>
"""


@dataclass(frozen=True)
class Job:
    """A job order in a folder; `before` are the files that stand there before it is run."""

    path: Path
    before: frozenset[Path]

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def sum(self) -> Path:
        return self.folder / "out" / "sum.txt"

    @property
    def report(self) -> Path:
        return self.folder / "report" / "report.xml"

    @property
    def list(self) -> Path:
        return self.folder / "4711.LIST"

    def files(self) -> set[str]:
        """Names of the files that have appeared, relative to the folder, but for a behaviour's marks."""
        found = {path for path in self.folder.rglob("*") if path.is_file()} - self.before
        marks = (".begun", ".children")
        return {str(path.relative_to(self.folder)) for path in found if path.suffix not in marks}


def make_job(
    folder: Path,
    behaviour: str = "ok",
    *,
    name: str = "JobOrder.4711.xml",
    task: str = "TINY",
    stdout: str = "DEBUG",
    stderr: str = "WARNING",
    inputs: str = "",
    configuration: str = "",
) -> Job:
    """Make a tiny job in `folder`, whose sink has a given behaviour."""
    folder.mkdir(exist_ok=True)
    (folder / "in.tiny").write_text(behaviour)
    path = folder / name
    path.write_text(
        ORDER.format(task=task, stdout=stdout, stderr=stderr, inputs=inputs, configuration=configuration)
    )
    return Job(path, frozenset(each for each in folder.rglob("*") if each.is_file()))


def environment(**more: str) -> dict[str, str]:
    """Environment of a program: the tiny plugin and nothing else that concerns us."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IPF_")}
    return {**kept, "IPF_PLUGIN_PATH": str(PLUGIN), **more}


def check_log(text: str) -> list[str]:
    """The lines of a log, each of which must be of the grammar."""
    lines = text.splitlines()
    assert [line for line in lines if not LOG_LINE.fullmatch(line)] == []
    return lines


def of_level(text: str, letter: str) -> list[str]:
    """Texts of the lines of one level."""
    return [line.split(f"]: [{letter}] ", 1)[1] for line in check_log(text) if f"]: [{letter}] " in line]


def start(program: str | Path, *arguments: str | Path, **more: str) -> subprocess.Popen[str]:
    """Start a program with both streams piped and no signal ignored, also when run under nohup."""
    return subprocess.Popen(
        [PROGRAMS / program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**more),
        preexec_fn=_obey_hangup,
    )


def _obey_hangup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def wait_until_begun(job: Job) -> None:
    """Wait until the long part of a behaviour has begun."""
    end = time.monotonic() + TIMEOUT_S
    while not (job.folder / "out" / "sum.begun").exists():
        assert time.monotonic() < end, "the long part has not begun"
        time.sleep(0.02)
    time.sleep(0.1)


def run(
    program: str | Path, *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    command: Sequence[str | Path] = [PROGRAMS / program, *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment(**(env or {})),
        cwd=cwd,
        check=False,
    )


def shadow(folder: Path, library: str, content: str) -> None:
    """Put a package of the name `library` into `folder`, to be found before the real one."""
    package = folder / library
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(content)


@dataclass(frozen=True)
class Called:
    """What a program called inside the tests' own process has done; `error` is its last error."""

    code: int
    stdout: str
    stderr: str
    error: str


def call(program: str, *arguments: str | Path, **more: str) -> Called:
    """Call a program without its guard: what the guard's child would do, in a fraction of the time."""
    module = import_module("ipf.cli.main" if program == "ipf" else "ipf.cli.processor")
    output, errors, error = io.StringIO(), io.StringIO(), ""
    with (
        mock.patch.dict(os.environ, environment(**more), clear=True),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        try:
            code = module.main([program, *map(str, arguments)], Journal.create())
        except BaseException as problem:
            code, error = exit_code_of(problem), describe(problem)
    told = of_level(errors.getvalue(), "E")
    return Called(code, output.getvalue(), errors.getvalue(), error or (told[-1] if told else ""))
