"""The toy chain, planned and run from a job order on disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ipf.engine import Plan, Plugins, RunOptions, RunReport, load_plugins, plan_job, run_plan
from ipf.engine.plugins import Provider
from ipf.joborder import read_job_order
from tests.engine.toy import ToyPlugin

JOB_ORDER = """<?xml version="1.0" encoding="UTF-8"?>
<Ipf_Job_Order>
  <Ipf_Conf>
    <Processor_Name>TOYS</Processor_Name><Version>01.00</Version>
    <Stdout_Log_Level>INFO</Stdout_Log_Level><Stderr_Log_Level>ERROR</Stderr_Log_Level>
    <Test>false</Test><Breakpoint_Enable>{breakpoints}</Breakpoint_Enable>
    <Processing_Station>TEST</Processing_Station>
    <Config_Files>{configuration}</Config_Files>
    <Dynamic_Processing_Parameters>{parameters}</Dynamic_Processing_Parameters>
  </Ipf_Conf>
  <List_of_Ipf_Procs count="1"><Ipf_Proc>
    <Task_Name>{task}</Task_Name><Task_Version>01.00</Task_Version>
    <BreakPoint><List_of_Brk_Files count="1"><Brk_File><Enable>ON</Enable><File_Type>SMOOTH</File_Type>
      <File_Name_Type>Physical</File_Name_Type><File_Name>smooth.tif</File_Name></Brk_File>
    </List_of_Brk_Files></BreakPoint>
    <List_of_Inputs count="1"><Input><File_Type>TOY</File_Type><File_Name_Type>Physical</File_Name_Type>
      <List_of_File_Names count="1"><File_Name>toy.txt</File_Name></List_of_File_Names></Input>
    </List_of_Inputs>
    <List_of_Outputs count="1"><Output><File_Type>SUMS</File_Type><File_Name_Type>Physical</File_Name_Type>
      <File_Name>out/sums.txt</File_Name></Output></List_of_Outputs>
  </Ipf_Proc></List_of_Ipf_Procs>
</Ipf_Job_Order>
"""


@dataclass
class Recorder:
    """A listener that remembers."""

    messages: list[tuple[str, str]] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)

    def message(self, level: str, text: str) -> None:
        self.messages.append((level, text))

    def progress(self, task: str, step: str, fraction: float) -> None:
        self.fractions.append(fraction)

    def written(self, path: Path) -> None:
        self.paths.append(path)


@dataclass
class Workshop:
    """A folder with a job order of the toy chain, and what is needed to plan and run it."""

    folder: Path
    plugins: Plugins
    recorder: Recorder = field(default_factory=Recorder)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def sums(self) -> Path:
        return self.folder / "out" / "sums.txt"

    def job(
        self,
        parameters: dict[str, str] | None = None,
        configuration: str = "",
        task: str = "TOY",
        breakpoints: str = "false",
    ) -> Path:
        listed = "".join(
            f"<Processing_Parameter><Name>{name}</Name><Value>{value}</Value></Processing_Parameter>"
            for name, value in (parameters or {}).items()
        )
        named = f"<Conf_File_Name>{configuration}</Conf_File_Name>" if configuration else ""
        path = self.folder / "JobOrder.1.xml"
        path.write_text(
            JOB_ORDER.format(parameters=listed, configuration=named, task=task, breakpoints=breakpoints)
        )
        return path

    def plan(self, path: Path | None = None, options: RunOptions | None = None) -> Plan:
        path = path or self.job()
        return plan_job(read_job_order(path), path, self.plugins, options or RunOptions())

    def run(self, path: Path | None = None, options: RunOptions | None = None) -> RunReport:
        return run_plan(self.plan(path, options), self.plugins, self.recorder, self.stop)


@pytest.fixture
def toy_plugins() -> Plugins:
    plugins = load_plugins(use_entry_points=False)
    plugins.register(ToyPlugin(), Provider("toys", "1.0", 1))
    return plugins


@pytest.fixture
def workshop(tmp_path: Path, toy_plugins: Plugins) -> Workshop:
    (tmp_path / "toy.txt").write_text("toy one\n")
    return Workshop(tmp_path, toy_plugins)
