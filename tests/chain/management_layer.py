"""A management layer in small: runs a Sentinel-2 task table the way the orchestrator does, and judges.

It reads a task table, the orchestrator's parameter list and the configuration of a mode; lays out the folders
of every task; links the inputs; writes one job order for each task and each of its parallel slices; starts
the executables, pool after pool; and judges what they leave. Source: the public Sentinel-2 orchestrator.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ipf.joborder.model import FileNameType
from ipf.joborder.orchestrator import (
    OrchestratorConfiguration,
    OrchestratorIcd,
    job_order_task_name,
    split_identifiers,
)
from ipf.joborder.tasktable_model import AlternativeType, TableOutput, TableTask, TaskTable
from tests.chain.judge import Evidence, State, Verdict, fingerprint, judge, leftovers
from tests.chain.s2_job_order import JobFile, JobSheet, write_processor_infos, write_sheet

POLL_S = 0.02
INTERRUPT_LIMIT_S = 5.0
NOT_FOUND = errno.ENOENT + 128
IDENTIFIER_AXES = ("BAND_QL", "BAND", "DETECTOR", "TILE")


def install(executables: Path, names: Iterator[str] | tuple[str, ...], version: str, program: Path) -> None:
    """Link `program` as the executable of every task: ``<TASK>/<version>/scripts/<TASK>.bash``."""
    for name in dict.fromkeys(map(job_order_task_name, names)):
        link = executables / name / version / "scripts" / f"{name}.bash"
        link.parent.mkdir(parents=True)
        link.symlink_to(program)


@dataclass
class Run:
    """One process: a task, or one of its slices."""

    task: TableTask
    number: int
    sheet: JobSheet
    command: list[str]
    logs: tuple[Path, Path]
    process: subprocess.Popen[bytes] | None = None
    exit_code: int | None = None
    abort_signals: int = 0
    abort_seconds: float = 0.0

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the executable in the layer's own working directory, as the orchestrator does."""
        with self.logs[0].open("wb") as output, self.logs[1].open("wb") as errors:
            try:
                self.process = subprocess.Popen(
                    self.command, stdout=output, stderr=errors, env=dict(environment)
                )
            except FileNotFoundError:
                self.exit_code = NOT_FOUND

    def ended(self) -> bool:
        """Whether the process has ended."""
        if self.exit_code is None and self.process is not None:
            self.exit_code = self.process.poll()
        return self.exit_code is not None

    def file(self, kind: str, file_type: str) -> Path:
        """First path of an input or output of the job order."""
        entries = self.sheet.inputs if kind == "input" else self.sheet.outputs
        return next(entry.paths[0] for entry in entries if entry.file_type == file_type)


@dataclass(frozen=True)
class Outcome:
    """What became of a mode: every process with its verdict, and faults of the whole."""

    runs: tuple[tuple[Run, Verdict], ...]
    faults: tuple[str, ...]

    @property
    def state(self) -> State:
        """State of the whole: the worst of the critical tasks'."""
        states = {verdict.state for run, verdict in self.runs if run.task.critical is not False}
        return next((state for state in (State.ABORTED, State.ERROR) if state in states), State.FINISHED)

    @property
    def all_faults(self) -> list[str]:
        """Every fault, with the process that it is held against."""
        return [
            f"{run.task.name} {run.number}: {fault}" for run, verdict in self.runs for fault in verdict.faults
        ] + list(self.faults)


@dataclass
class ManagementLayer:
    """One mode of the orchestrator.

    `database` gives the paths of each file type that the archive or an earlier mode has; `executables` is the
    folder of `install`; `base` is the folder of the run; `granules` the number that granule axes divide.
    """

    table: TaskTable
    icd: OrchestratorIcd
    configuration: OrchestratorConfiguration
    executables: Path
    base: Path
    database: Mapping[str, tuple[Path, ...]]
    executable_version: str = "06.01.00"
    granules: int = 4
    processes: int = 2
    levels: tuple[str, str] = ("DEBUG", "WARNING")
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def run(self, abort_when: Callable[[], bool] = lambda: False) -> Outcome:
        """Run pool after pool until one fails; `abort_when` is asked again and again."""
        versions = {job_order_task_name(task.name): self.executable_version for task in self.table.tasks}
        write_processor_infos(self.processor_infos, versions)
        given = [path for paths in self.database.values() for path in paths]
        before = fingerprint(given)
        judged: list[tuple[Run, Verdict]] = []
        for pool in self.table.pools:
            runs = [run for task in pool.tasks for run in self.prepare(task)]
            started = self._run_pool(runs, abort_when)
            judged += [(run, judge(self._evidence(run))) for run in started]
            if any(verdict.state is not State.FINISHED for _, verdict in judged):
                break
        faults = [f"leftover {path}" for path in leftovers(self.base)]
        if fingerprint(given) != before:
            faults.append("an input was changed")
        return Outcome(tuple(judged), tuple(faults))

    @property
    def processor_infos(self) -> Path:
        """The file ``IDP_INFOS`` that every job is given."""
        return self.base / "IDP_INFOS" / "idp_infos.xml"

    def prepare(self, task: TableTask) -> list[Run]:
        """Lay out the folders of a task, link its inputs and write the job order of each slice."""
        inputs = [
            self._input(task, entry.alternatives[0].types[0]) for entry in task.inputs if entry.alternatives
        ]
        outputs = {output.file_type: self._output(task, output) for output in task.outputs}
        outputs.pop("REPORT", None)
        return [
            self._prepare_slice(task, parameters, inputs, list(outputs.values()))
            for parameters in self.slices(task)
        ]

    def slices(self, task: TableTask) -> list[dict[str, str]]:
        """Parameters of each process of a task: one for every combination of parts of its parallel axes."""
        options = {option.name: option.value for option in task.options}
        table = {each.name: each.default for each in self.table.parameters if each.default is not None}
        values = self.icd.values(task.name, self.configuration, table, options)
        axes = []
        for axis in self.icd.split_axes(task.name):
            partition = self.configuration.partition(axis.name)
            if partition is None or values.get(f"PARALLEL_{axis.name}") != "true":
                continue
            names = [each.name for each in axis.slice_parameters]
            if axis.name in IDENTIFIER_AXES:
                axes.append(
                    [{names[0]: part} for part in split_identifiers(values[names[0]], partition.parts)]
                )
            elif axis.name in ("GRANULE", "ATF"):
                ranges = _ranges(self.granules, partition.parts)
                axes.append([dict(zip(names[:2], each, strict=True)) for each in ranges])
        return [
            values | {name: value for part in combination for name, value in part.items()}
            for combination in itertools.product(*axes)
        ]

    def _prepare_slice(
        self, task: TableTask, parameters: dict[str, str], inputs: list[JobFile], outputs: list[JobFile]
    ) -> Run:
        number = next(self._numbers)
        name = job_order_task_name(task.name)
        folder = self.folder(task)
        working, report = folder / f"tmp_{number}", folder / f"REPORT_{number}" / "report.xml"
        working.mkdir()
        report.parent.mkdir()
        sheet = JobSheet(
            task_name=name,
            task_version=task.version,
            parameters=parameters,
            inputs=[
                *inputs,
                JobFile("WORKING", "Directory", (working,)),
                JobFile("IDP_INFOS", "Physical", (self.processor_infos,)),
            ],
            outputs=[
                *outputs,
                JobFile("REPORT", "Directory", (report.parent,))
                if name == "OLQC"
                else JobFile("REPORT", "Physical", (report,)),
            ],
            stdout_level=self.levels[0],
            stderr_level=self.levels[1],
        )
        order = self.base / f"JobOrder_{name}_{number}.xml"
        write_sheet(sheet, order, seed=number)
        executable = re.sub(r"^\$(\w+)_EXE_DIR$", self._executable, task.executable)
        logs = (self.base / f"{name}_{number}.log", self.base / f"{name}_{number}.err")
        return Run(task, number, sheet, [executable, str(order)], logs)

    def _executable(self, match: re.Match[str]) -> str:
        name = match[1]
        return str(self.executables / name / self.executable_version / "scripts" / f"{name}.bash")

    def folder(self, task: TableTask) -> Path:
        """Folder of a task, shared by its slices; made on first use."""
        folder = self.base / task.name
        for name in ("input", "output"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        return folder

    def _output(self, task: TableTask, output: TableOutput) -> JobFile:
        if output.destination == "DB" and output.file_type in self.database:
            return JobFile(output.file_type, output.file_name_type, self.database[output.file_type])
        path = self.folder(task) / "output" / output.file_type
        path.mkdir(exist_ok=True)
        if output.kind is not FileNameType.DIRECTORY:
            path = path / f"{output.file_type.lower()}.xml"
        return JobFile(output.file_type, output.file_name_type, (path,))

    def _input(self, task: TableTask, wanted: AlternativeType) -> JobFile:
        """Link an input into the task's folder; several producers are merged into a folder of links."""
        sources = self._sources(task, wanted)
        folder = self.folder(task) / "input"
        if wanted.file_type.startswith("GIP_"):
            folder = folder / "GIPP"
        folder.mkdir(exist_ok=True)
        if wanted.kind is not FileNameType.DIRECTORY or wanted.file_type == "PDI_SAFE":
            links = tuple(_link(folder / source.name, source) for source in sources)
            return JobFile(wanted.file_type, wanted.file_name_type, links)
        link = folder / wanted.file_type
        if len(sources) == 1:
            return JobFile(wanted.file_type, wanted.file_name_type, (_link(link, sources[0]),))
        link.mkdir()
        for source in sources:
            for entry in sorted(source.iterdir()):
                if not (link / entry.name).exists():  # the first producer wins
                    _link(link / entry.name, entry)
        return JobFile(wanted.file_type, wanted.file_name_type, (link,))

    def _sources(self, task: TableTask, wanted: AlternativeType) -> list[Path]:
        """Where the files of an input come from: outputs of earlier tasks of this run, else the database."""
        found = []
        if wanted.origin == "PROC":
            feeds = [
                (producer, feed.file_type)
                for feed in self.icd.feeds(task.name, wanted.file_type)
                for producer in feed.producers
            ]
            latest = [
                (each.name, wanted.file_type)
                for each in self.table.tasks[: self.table.tasks.index(task)]
                if any(output.file_type == wanted.file_type for output in each.outputs)
            ][-1:]
            for producer, file_type in feeds or latest:
                path = self.base / producer / "output" / file_type
                if wanted.kind is not FileNameType.DIRECTORY:
                    path = path / f"{file_type.lower()}.xml"
                if path.exists():
                    found.append(path)
        if not found:
            found = list(self.database.get(wanted.file_type, ()))
        if not found:
            raise LookupError(f"task {task.name}: nothing gives its input {wanted.file_type}")
        return found

    def _run_pool(self, runs: list[Run], abort_when: Callable[[], bool]) -> list[Run]:
        """Run a pool's processes, so many at a time; after a failure or an abort, no further one is begun."""
        waiting, running, started = list(runs), list[Run](), list[Run]()
        stopped = False
        while running or (waiting and not stopped):
            while waiting and len(running) < self.processes and not stopped:
                run = waiting.pop(0)
                run.start(self.environment)
                running.append(run)
                started.append(run)
            time.sleep(POLL_S)
            if abort_when() and not stopped:
                stopped = True
                _abort(running)
            ended = [run for run in running if run.ended()]
            running = [run for run in running if run not in ended]
            if any(run.exit_code is not None and run.exit_code >= 128 for run in ended) and not stopped:
                stopped = True
                _abort(running)
        return started

    def _evidence(self, run: Run) -> Evidence:
        return Evidence(
            task_name=run.sheet.task_name,
            exit_code=NOT_FOUND if run.exit_code is None else run.exit_code,
            abort_signals=run.abort_signals,
            abort_seconds=run.abort_seconds,
            logs=run.logs,
            report=run.file("output", "REPORT"),
            outputs=tuple(each.paths[0] for each in run.sheet.outputs if each.file_type != "REPORT"),
            folder=self.base,
        )


def _abort(runs: list[Run]) -> None:
    """SIGINT to every process, and SIGTERM to those that have not ended within the limit."""
    begin = time.monotonic()
    left = [run for run in runs if not run.ended()]
    for number in (signal.SIGINT, signal.SIGTERM):
        for run in left:
            if run.process is not None:
                run.process.send_signal(number)
                run.abort_signals += 1
        end = time.monotonic() + INTERRUPT_LIMIT_S
        while left and time.monotonic() < end:
            time.sleep(POLL_S)
            for run in left:
                run.abort_seconds = time.monotonic() - begin
            left = [run for run in left if not run.ended()]
    for run in left:
        if run.process is not None:
            run.process.kill()
            run.exit_code = run.process.wait()


def _link(link: Path, target: Path) -> Path:
    """A relative symbolic link, which the slices of a task share."""
    if not link.is_symlink():
        link.symlink_to(os.path.relpath(target, link.parent), target_is_directory=target.is_dir())
    return link


def _ranges(count: int, parts: int) -> list[tuple[str, str]]:
    """First and last of `parts` runs of the numbers 1 to `count`, three digits each."""
    bounds = [count * part // parts for part in range(parts + 1)]
    return [(f"{low + 1:03d}", f"{high:03d}") for low, high in itertools.pairwise(bounds) if high > low]
