"""One task while it runs: units are built from the plan, steps run in order, outputs are accounted for."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipf.engine import breakpoints
from ipf.engine.context import Context
from ipf.engine.executors import CancelledError, Executor
from ipf.engine.layers import (
    BlockUnit,
    References,
    StepInputs,
    Surroundings,
    run_scene_step,
    step_inputs,
    with_reader,
)
from ipf.engine.listener import WarningCounter, logger_to
from ipf.engine.plan import Plan, PlannedStep, TaskPlan
from ipf.engine.plugins import Plugins
from ipf.engine.report import Status, StepReport, TaskReport
from ipf.engine.step import BlockStep, SceneStep, SinkStep, SourceStep, Step, Written
from ipf.engine.taskplan import call_source
from ipf.engine.wiring import Quantity, Unit
from ipf.errors import IpfError, OutputError, StepError
from ipf.product.raster import Raster


@dataclass(frozen=True, slots=True)
class _StepProgress:
    """Where the step that is run stands in its task: done before it, and its share."""

    step: str
    begin: float
    share: float

    @property
    def end(self) -> float:
        return self.begin + self.share


def _weight(planned: PlannedStep) -> float:
    """Rough share of a step in its task's time: a sink makes the steps of single bands run, and encodes."""
    if isinstance(planned.step, SinkStep):
        return 6.0
    return 2.0 if isinstance(planned.step, BlockStep | SceneStep) and not planned.step.each_band else 0.0


@dataclass
class TaskRun:
    """One task while it runs."""

    plan: Plan
    task: TaskPlan
    plugins: Plugins
    listener: WarningCounter
    stop: threading.Event
    references: References = field(default_factory=References)
    quantities: dict[str, dict[str, Raster]] = field(default_factory=dict)
    models: dict[str, Any] = field(default_factory=dict)
    seconds: list[StepReport] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    figures: dict[str, float | str] = field(default_factory=dict)
    _progress: _StepProgress = field(default_factory=lambda: _StepProgress("", 0.0, 0.0))

    def run(self) -> TaskReport:
        start = datetime.now(UTC)
        options = self.plan.options
        self.listener.message("INFO", f"task {self.task.title} started")
        create = self.plugins.executor(options.executor).create
        with (
            tempfile.TemporaryDirectory(prefix="ipf-", dir=self.task.context.scratch) as scratch,
            create(self.task.context.workers, self.stop) as executor,
        ):
            self._run_steps(self._surroundings(Path(scratch), executor))
        self._check_outputs()
        self._tell_progress("", 1.0)
        self.listener.message("INFO", f"task {self.task.title} ended")
        request = self.task.request
        return TaskReport(
            name=self.name,
            version=self.task.version,
            start=start,
            stop=datetime.now(UTC),
            status=Status.WARNING if self.listener.warnings else Status.OK,
            inputs=tuple(path for paths in request.inputs.values() for path in paths),
            outputs=tuple(self.written),
            steps=tuple(self.seconds),
            figures=self.figures,
        )

    @property
    def name(self) -> str:
        return self.task.request.task_name

    def _surroundings(self, scratch: Path, executor: Executor) -> Surroundings:
        context = replace(self.task.context, scratch=scratch, logger=logger_to(self.listener))
        return Surroundings(
            context=context,
            executor=executor,
            references=self.references,
            block_size_m=self.plan.options.block_size_m,
            around=self._around(context),
            progress=self._unit_progress,
        )

    def _around(self, context: Context) -> Callable[[Step, str, Callable[[], None]], None]:
        """What surrounds the execution of a step: hooks, time, and the step's name on a failure."""
        providers = {planned.step.name: planned.provider for planned in self.task.steps}

        def around(step: Step, band: str, body: Callable[[], None]) -> None:
            if self.stop.is_set():
                raise CancelledError
            start = time.monotonic()
            label = f"{step.name} {band}".rstrip()
            self.listener.message("DEBUG", f"step {label} started")
            try:
                self.plugins.hook.ipf_run_step(step=step, band=band, context=context, run=body)
            except (IpfError, CancelledError, MemoryError):
                raise
            except (Exception, SystemExit, GeneratorExit) as problem:
                raise StepError(f"step {label}: {type(problem).__name__}: {problem}") from problem
            elapsed = time.monotonic() - start
            self.seconds.append(StepReport(step.name, providers[step.name], band, elapsed))
            self.listener.message("DEBUG", f"step {label} ended after {elapsed:.2f} s")

        return around

    def _run_steps(self, surroundings: Surroundings) -> None:
        running = [planned for planned in self.task.steps if not planned.skipped]
        self.models.update(self.task.models)
        for name, rasters in self.task.quantities.items():
            self._add_source(name, rasters)
        for planned in running:
            for unit in planned.units:
                for layer in unit.reads:
                    self.references.add(layer, unit.name)
        for name in self.task.breakpoints:
            for layer in self._layers_of(name):
                self.references.add(layer, "breakpoint")
        total = sum(map(_weight, running)) or 1.0
        for planned in running:
            share = _weight(planned) / total
            self._progress = _StepProgress(planned.step.name, self._progress.end, share)
            self._run_step(planned, surroundings)
            self._write_breakpoints(planned)
            self._unit_progress(planned.step.name, 1.0)

    def _run_step(self, planned: PlannedStep, surroundings: Surroundings) -> None:
        step = planned.step
        if isinstance(step, SourceStep):
            if not all(port.name in self.models or port.declaration for port in step.output_ports):
                self._run_source(planned, step, surroundings)
        elif isinstance(step, BlockStep):
            self._add_block_units(planned, step, surroundings)
        elif isinstance(step, SceneStep):
            unit = planned.units[0]
            inputs = self._inputs(planned, unit)
            result = run_scene_step(step, planned.parameters, inputs, surroundings, unit.name)
            self._add_models(step, result)
        elif isinstance(step, SinkStep):
            self._run_sink(planned, step, surroundings)

    def _run_source(self, planned: PlannedStep, step: SourceStep, surroundings: Surroundings) -> None:
        """A source whose inputs were not known in the check pass."""
        values: dict[str, Any] = {}
        for port in step.input_ports:
            if port.declaration is None:
                values[port.name] = self.models.get(port.name)
            else:
                values[port.name] = self.quantities.get(port.layer, {})

        def body() -> None:
            self._add_models(step, call_source(step, values, planned.parameters, surroundings.context))

        surroundings.around(step, "", body)

    def _add_models(self, step: Step, result: Any) -> None:
        for port in step.output_ports:
            if port.declaration is None and port.name not in self.plan.options.loaded:
                self.models[port.name] = getattr(result, port.name)

    def _add_source(self, name: str, rasters: Quantity) -> None:
        self.quantities[name] = dict(rasters)
        for raster in rasters.values():
            self.references.on_free(raster.layer, raster.release)

    def _add_block_units(self, planned: PlannedStep, step: BlockStep, surroundings: Surroundings) -> None:
        for unit in planned.units:
            block_unit = BlockUnit(
                name=unit.name,
                step=step,
                parameters=planned.parameters,
                inputs=self._inputs(planned, unit),
                outputs=unit.outputs,
                band=unit.band,
                held=unit.held,
                surroundings=surroundings,
            )
            for name, raster in block_unit.rasters().items():
                if name not in self.plan.options.loaded:
                    self.quantities.setdefault(name, {})[unit.band] = raster
            if unit.held and not unit.band:
                block_unit.compute()

    def _inputs(self, planned: PlannedStep, unit: Unit) -> StepInputs:
        rasters = [raster for quantity in self.quantities.values() for raster in quantity.values()]
        return step_inputs(planned.step, unit, rasters, self.models)

    def _run_sink(self, planned: PlannedStep, step: SinkStep, surroundings: Surroundings) -> None:
        unit = planned.units[0]
        inputs = self._inputs(planned, unit)
        values: dict[str, Any] = dict(inputs.models)
        for port in inputs.ports:
            if port.declaration is not None:
                rasters = {
                    band: with_reader(raster, unit.name, self.references)
                    for band, raster in inputs.rasters.get(port.name, {}).items()
                }
                values[port.name] = rasters.get("", rasters) if rasters else None
        context = replace(
            surroundings.context, progress=lambda fraction: self._unit_progress(unit.name, fraction)
        )

        def body() -> None:
            self._note(step.run(step.inputs(**values), planned.parameters, context))

        surroundings.around(step, "", body)
        for raster in inputs.layers:
            self.references.done(raster.layer, unit.name)

    def _note(self, written: Written) -> None:
        self.figures.update(written.figures)
        for file in written.files:
            self.written.append(file.path)
            self.listener.written(file.path)
            self.plugins.hook.ipf_product_written(file=file, figures=written.figures)

    def _layers_of(self, name: str) -> list[str]:
        return [
            layer
            for planned in self.task.steps
            for unit in planned.units
            for field_name, (layer, _, _) in unit.outputs.items()
            if field_name == name
        ]

    def _write_breakpoints(self, planned: PlannedStep) -> None:
        for port in planned.step.output_ports:
            path = self.task.breakpoints.get(port.name)
            if path is None:
                continue
            if port.declaration is None:
                breakpoints.write_model(self.models[port.name], path)
            else:
                rasters = self.quantities[port.name]
                breakpoints.write_layer(rasters, path)
                for raster in rasters.values():
                    self.references.done(raster.layer, "breakpoint")
            self.listener.message("INFO", f"breakpoint {port.name} written to {path}")

    def _unit_progress(self, unit: str, fraction: float) -> None:
        """Progress of the step that is run; of a unit that it makes run on the way, nothing is told."""
        if unit != self._progress.step:
            return
        self._tell_progress(unit, min(self._progress.begin + fraction * self._progress.share, 1.0))

    def _tell_progress(self, step: str, fraction: float) -> None:
        """Tell the progress of the task, of which this may be one part of several."""
        number, count = self.task.place
        total = (number + fraction) / count
        self.listener.progress(self.name, f"{self.task.request.part} {step}".strip(), total)
        self.plugins.hook.ipf_progress(task=self.name, step=step, fraction=total)

    def _check_outputs(self) -> None:
        """Planned and written outputs must be the same, and be there."""
        planned = {file.path for file in self.task.outputs}
        written = set(self.written)
        for path in sorted(planned - written):
            raise OutputError(f"task {self.name}: planned output {path} was not written")
        for path in sorted(written - planned):
            raise OutputError(f"task {self.name}: output {path} was written without being planned")
        for path in sorted(written):
            if not path.exists():
                raise OutputError(f"task {self.name}: output {path} is said to be written but is not there")
