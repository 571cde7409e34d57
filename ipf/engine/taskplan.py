"""One task's plan while it grows step by step: layers wired, sources opened, every step asked to object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ipf.engine import breakpoints
from ipf.engine.context import Context
from ipf.engine.memory import Stage, forecast
from ipf.engine.plan import PlannedLayer, PlannedStep, RunOptions, TaskOutline, TaskPlan
from ipf.engine.step import Findings, SourceStep, Step, StepParameters, Writes
from ipf.engine.wiring import Network, Quantity, choose_held
from ipf.errors import IpfError, PlanError, StepError


def plan_steps(outline: TaskOutline, options: RunOptions) -> TaskPlan:
    """The plan of a task whose inputs are there: its steps wired, checked and (sources) opened, in order."""
    draft = _Draft(outline, options)
    for planned in outline.steps:
        draft.add(planned)
    return draft.finish()


def refuse_unmakeable(names: Mapping[str, Sequence[str]], steps: Sequence[Step], task: str) -> None:
    """Raise `PlanError` for breakpoints and loads, by kind, of things that no step of the task makes."""
    makeable = sorted({port.name for step in steps for port in step.output_ports})
    for kind, wanted in names.items():
        for name in wanted:
            if name not in makeable:
                known = ", ".join(makeable)
                raise PlanError(f"{kind} {name}: no step of task {task} makes it ({known})")


@dataclass
class _Draft:
    """A task's plan while it grows step by step."""

    outline: TaskOutline
    options: RunOptions
    network: Network = field(init=False)
    models: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Quantity] = field(default_factory=dict)
    steps: list[PlannedStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.network = Network(self.outline.definition.name)

    def add(self, planned: PlannedStep) -> None:
        """Wire, check and (a source step) open one more step."""
        step, parameters = planned.step, planned.parameters
        units = self.network.units(step, parameters)
        if isinstance(step, SourceStep) and self._inputs_known(step):
            self._open(step, parameters)
        skipped = self._load(step)
        findings = Findings()
        if step.check is not None and not skipped:
            findings = step.check(dict(self.models), parameters, self.outline.context)
        self.steps.append(replace(planned, units=units, findings=findings, skipped=skipped))

    def _inputs_known(self, step: Step) -> bool:
        return all(
            port.name in self.models or port.optional or port.declaration is not None
            for port in step.input_ports
        )

    def _open(self, step: SourceStep, parameters: StepParameters) -> None:
        """Run a source step: it opens files without reading pixels."""
        values = {}
        for port in step.input_ports:
            if port.declaration is None:
                values[port.name] = self.models.get(port.name)
            else:
                values[port.name] = self.network.quantities.get(port.layer, {})
        result = call_source(step, values, parameters, self.outline.context)
        for port in step.output_ports:
            value = getattr(result, port.name)
            if port.declaration is None:
                self.models[port.name] = value
                self.network.models.add(port.name)
            else:
                self.sources[port.name] = value
                self.network.add_quantity(port.name, value)

    def _load(self, step: Step) -> bool:
        """Replace what is loaded from breakpoints; whether nothing of the step is left to be made."""
        left = 0
        for port in step.output_ports:
            path = self.options.loaded.get(port.name)
            if path is None:
                left += 1
            elif port.declaration is None:
                self.models[port.name] = breakpoints.load_model(port.type, path)
            elif isinstance(port.declaration, Writes):
                self.sources[port.name] = breakpoints.load_layer(port.name, path, port.declaration)
                self.network.add_quantity(port.name, self.sources[port.name])
        return bool(step.output_ports) and not left and not isinstance(step, SourceStep)

    def finish(self) -> TaskPlan:
        """Decide what is held, forecast the memory and close the plan."""
        running = [planned for planned in self.steps if not planned.skipped]
        decided = choose_held(
            {planned.step.name: (planned.step, planned.units) for planned in running},
            frozenset(
                raster.layer
                for name in self.outline.breakpoints
                for raster in self.network.quantities.get(name, {}).values()
            ),
        )
        steps = tuple(
            replace(planned, units=tuple(decided.get(unit.name, unit) for unit in planned.units))
            for planned in self.steps
        )
        rasters = {
            raster.layer: raster
            for quantity in self.network.quantities.values()
            for raster in quantity.values()
        }
        stages = [
            Stage(planned.step, planned.units, planned.findings) for planned in steps if not planned.skipped
        ]
        workers = self.outline.context.workers
        return TaskPlan(
            **{**vars(self.outline), "steps": steps},
            layers=_layers(steps, rasters),
            quantities=self.sources,
            models=self.models,
            memory_bytes=forecast(stages, rasters, workers, self.options.block_size_m),
        )


def call_source(
    step: SourceStep, values: dict[str, Any], parameters: StepParameters, context: Context
) -> Any:
    """Run a source step; what is not one of our errors becomes a `StepError` naming the step."""
    try:
        inputs = step.inputs(**values) if fields(step.inputs) else step.inputs()
        return step.run(inputs, parameters, context)
    except IpfError:
        raise
    except Exception as problem:
        raise StepError(f"step {step.name}: {type(problem).__name__}: {problem}") from problem


def _layers(steps: Sequence[PlannedStep], rasters: Mapping[str, Any]) -> tuple[PlannedLayer, ...]:
    held = {
        layer: unit.held
        for planned in steps
        for unit in planned.units
        for layer, _, _ in unit.outputs.values()
    }
    readers: dict[str, list[str]] = {}
    for planned in steps:
        for unit in planned.units:
            for layer in unit.reads:
                readers.setdefault(layer, []).append(unit.name)
    return tuple(
        PlannedLayer(
            name,
            raster.source,
            raster.grid,
            str(raster.dtype),
            tuple(readers.get(name, ())),
            held.get(name, True),
        )
        for name, raster in rasters.items()
    )
