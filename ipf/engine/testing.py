"""Contract tests that every step gets for free, for our own steps and for those of outside authors.

    from ipf.engine.testing import StepCase, check_contract

    def test_my_step_keeps_the_contract():
        check_contract(StepCase(my_step, quantities={"toa_reflectance": rasters}, models={"angles": angles}))

`run_step` alone runs one step on arrays, without a job order: for a test, a notebook or a prototype.
"""

from __future__ import annotations

import dataclasses
import pickle
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydantic

from ipf.engine.context import Context, TaskRequest
from ipf.engine.executors import Executor, SerialExecutor, ThreadExecutor
from ipf.engine.layers import BlockUnit, References, StepInputs, Surroundings, run_scene_step, step_inputs
from ipf.engine.step import BlockStep, SceneStep, Step, StepParameters
from ipf.engine.wiring import Network, Unit
from ipf.product.raster import Raster, raster_of_array

Counts = npt.NDArray[Any]
BLOCK_SIZES_M = (60, 420, 10980)
"""Block sizes under which results must agree: one coarse pixel, an odd number of them, and a whole scene."""


@dataclass(frozen=True)
class StepCase:
    """A step with inputs to run it on: rasters by quantity and band, models by name, and parameters."""

    step: BlockStep | SceneStep
    quantities: Mapping[str, Mapping[str, Raster]] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    parameters: StepParameters | None = None


@dataclass(frozen=True)
class StepResult:
    """What a step made: counts by layer name (block step), or its outputs dataclass (scene step)."""

    layers: Mapping[str, Counts]
    model: Any = None


def run_step(case: StepCase, *, block_size_m: int = 10980, workers: int = 1) -> StepResult:
    """Run one step over the whole scene of its inputs; `workers` above 1 uses threads."""
    executor: Executor = ThreadExecutor(workers) if workers > 1 else SerialExecutor()
    parameters = case.parameters or case.step.parameters()
    network = Network("test")
    for name, rasters in case.quantities.items():
        network.add_quantity(name, rasters)
    network.models.update(case.models)
    units = network.units(case.step, parameters)
    with tempfile.TemporaryDirectory(prefix="ipf-") as scratch, executor:
        surroundings = _surroundings(executor, block_size_m, Path(scratch), workers)
        if isinstance(case.step, SceneStep):
            inputs = _inputs(case, units[0])
            model = run_scene_step(case.step, parameters, inputs, surroundings, units[0].name)
            return StepResult({}, model)
        layers: dict[str, Counts] = {}
        for unit in units:
            layers.update(_run_unit(case, case.step, unit, parameters, surroundings))
    return StepResult(layers)


def check_contract(case: StepCase) -> None:
    """Run every contract check; the first one that is broken raises AssertionError saying which."""
    check_declaration(case.step)
    check_invariance(case)
    check_empty_scene(case)


def check_declaration(step: Step) -> None:
    """The step is frozen, its functions can be pickled, its ports are declared, its parameters described."""
    assert dataclasses.is_dataclass(step), f"{step!r} is no dataclass"
    try:
        step.name = "other"  # type: ignore[misc]
    except dataclasses.FrozenInstanceError:
        pass
    else:
        raise AssertionError(f"step {step.name} is not frozen")
    assert pickle.loads(pickle.dumps(step)) == step, f"step {step.name} does not survive pickling"
    assert step.input_ports or step.output_ports, f"step {step.name} declares nothing"
    parameters = step.parameters
    assert issubclass(parameters, StepParameters), f"step {step.name}: parameters are no StepParameters"
    parameters()
    for name, described in parameters.model_fields.items():
        assert described.description, f"step {step.name}: parameter {name} has no description"
    try:
        parameters.model_validate({"surely_not_a_parameter": 1})
    except pydantic.ValidationError:
        pass
    else:
        raise AssertionError(f"step {step.name}: unknown parameters are accepted")


def check_invariance(case: StepCase) -> None:
    """The same bits for every block size and every number of workers."""
    expected = run_step(case)
    for block_size_m in BLOCK_SIZES_M:
        for workers in (1, 3):
            found = run_step(case, block_size_m=block_size_m, workers=workers)
            _assert_equal(expected, found, f"blocks of {block_size_m} m, {workers} workers", case.step.name)


def check_empty_scene(case: StepCase) -> None:
    """A scene of no-data, and one of a single coarse pixel, go through without failing."""
    run_step(replace(case, quantities=_mapped(case, _emptied)))
    run_step(replace(case, quantities=_mapped(case, _single_cell)))


def _surroundings(executor: Executor, block_size_m: int, scratch: Path, workers: int) -> Surroundings:
    request = TaskRequest("test", "00.00", "test", {}, {}, {})
    context = Context(request, datetime(2020, 1, 1, tzinfo=UTC), scratch, workers=workers)

    def around(_step: Step, _band: str, body: Callable[[], None]) -> None:
        body()

    return Surroundings(context, executor, References(), block_size_m, around, lambda _name, _fraction: None)


def _inputs(case: StepCase, unit: Unit) -> StepInputs:
    rasters = [raster for quantity in case.quantities.values() for raster in quantity.values()]
    return step_inputs(case.step, unit, rasters, case.models)


def _run_unit(
    case: StepCase, step: BlockStep, unit: Unit, parameters: StepParameters, surroundings: Surroundings
) -> dict[str, Counts]:
    for layer, _, _ in unit.outputs.values():
        surroundings.references.add(layer, "test")
    block_unit = BlockUnit(
        unit.name, step, parameters, _inputs(case, unit), unit.outputs, unit.band, True, surroundings
    )
    return {raster.layer: raster.read_all() for raster in block_unit.rasters().values()}


def _assert_equal(expected: StepResult, found: StepResult, how: str, step: str) -> None:
    assert expected.layers.keys() == found.layers.keys(), f"step {step}: other layers with {how}"
    for layer, counts in expected.layers.items():
        same = np.array_equal(counts, found.layers[layer], equal_nan=counts.dtype.kind == "f")
        assert same, f"step {step}: layer {layer} differs with {how}"
    if expected.model is not None:
        assert pickle.dumps(expected.model) == pickle.dumps(found.model), (
            f"step {step}: the model differs with {how}"
        )


def _mapped(case: StepCase, change: Callable[[Raster], Raster]) -> dict[str, dict[str, Raster]]:
    return {
        name: {band: change(raster) for band, raster in rasters.items()}
        for name, rasters in case.quantities.items()
    }


def _emptied(raster: Raster) -> Raster:
    empty = np.nan if _is_float(raster) else raster.nodata or 0
    return _with_counts(raster, np.full(raster.grid.shape, empty, raster.dtype))


def _single_cell(raster: Raster) -> Raster:
    size = 60 // raster.grid.resolution
    counts = np.ascontiguousarray(raster.read_all()[:size, :size])
    return _with_counts(replace(raster, grid=replace(raster.grid, rows=size, columns=size)), counts)


def _with_counts(raster: Raster, counts: Counts) -> Raster:
    return raster_of_array(
        raster.layer, raster.grid, counts, raster.unit, raster.scale, raster.offset, raster.nodata
    )


def _is_float(raster: Raster) -> bool:
    return np.dtype(raster.dtype).kind == "f"
