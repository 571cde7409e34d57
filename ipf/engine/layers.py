"""Layers between steps: computed when first read, held while somebody still needs them.

A `BlockUnit` is one execution of a block step: for one band, or for all that it makes at once. Its layers are
lazy rasters. A held layer is computed whole, block by block, when it is first read; a fused one is computed
anew for each window that its only reader asks for, so that a block runs through both steps while in cache.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ipf.engine.blocks import Area, aligned, encode, read_area, scene_area, split, wanted_resolution
from ipf.engine.context import Context
from ipf.engine.executors import Executor
from ipf.engine.step import BlockStep, Port, Reads, SceneStep, Step, StepParameters, Writes
from ipf.engine.wiring import Unit
from ipf.errors import StepError
from ipf.product.raster import Array, Grid, Raster, Window

SCENE_CELL_M = 10980
"""Side of the cells on which scene steps accumulate: fixed, so that block size cannot change their sums."""

Rasters = Mapping[str, Raster]


class References:
    """How many readers each layer still has; a layer is freed when its last reader is done."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers: dict[str, set[str]] = {}
        self._free: dict[str, Callable[[], None]] = {}

    def add(self, layer: str, reader: str) -> None:
        """Register a reader of a layer."""
        self._readers.setdefault(layer, set()).add(reader)

    def on_free(self, layer: str, free: Callable[[], None]) -> None:
        """Say how the memory of a layer is given back."""
        self._free[layer] = free

    def wanted(self, layer: str) -> bool:
        """Whether anybody still has to read the layer."""
        return bool(self._readers.get(layer))

    def done(self, layer: str, reader: str) -> None:
        """A reader is done with a layer; free it when that was the last one."""
        with self._lock:
            readers = self._readers.get(layer)
            if readers is None or reader not in readers:
                return
            readers.discard(reader)
            free = self._free.get(layer) if not readers else None
        if free is not None:
            free()


@dataclass(frozen=True)
class Surroundings:
    """What every unit of a task shares."""

    context: Context
    executor: Executor
    references: References
    block_size_m: int
    around: Callable[[Step, str, Callable[[], None]], None]
    """``around(step, band, body)`` runs the body inside the step hooks and keeps time."""
    progress: Callable[[str, float], None]
    """``progress(unit name, fraction)``."""
    computed: set[str] = field(default_factory=set)
    """Layers made by block steps; the others are read from files."""


@dataclass
class StepInputs:
    """Where the fields of a step's inputs come from: rasters by field and band, and models by field."""

    model: type
    ports: tuple[Port, ...]
    rasters: Mapping[str, Rasters]
    models: Mapping[str, Any]
    band_resolution: int | None = None

    def read(self, area: Area) -> Any:
        """The inputs dataclass for one area."""
        values: dict[str, Any] = dict(self.models)
        for port in self.ports:
            if isinstance(port.declaration, Reads):
                values[port.name] = self._read_port(port, port.declaration, area)
        return self.model(**values)

    def _read_port(self, port: Port, declaration: Reads, area: Area) -> Any:
        rasters = self.rasters.get(port.name)
        if rasters is None:
            return None
        arrays = {
            band: read_area(
                raster,
                area,
                wanted_resolution(declaration, raster, self.band_resolution),
                declaration.margins,
                declaration.line_offset(band),
            )
            for band, raster in rasters.items()
        }
        return next(iter(arrays.values())) if declaration.each_band or "" in arrays else arrays

    @property
    def layers(self) -> tuple[Raster, ...]:
        """Every raster that is read."""
        return tuple(raster for rasters in self.rasters.values() for raster in rasters.values())


def step_inputs(step: Step, unit: Unit, rasters: Iterable[Raster], models: Mapping[str, Any]) -> StepInputs:
    """Inputs of a unit as it was wired, from the rasters and models that exist."""
    by_layer = {raster.layer: raster for raster in rasters}
    resolution = None
    if unit.band and unit.outputs:
        resolution = min(grid.resolution for _, _, grid in unit.outputs.values())
    return StepInputs(
        model=step.inputs,
        ports=step.input_ports,
        rasters={
            name: {band: by_layer[layer] for band, layer in layers.items()}
            for name, layers in unit.inputs.items()
            if layers
        },
        models={port.name: models.get(port.name) for port in step.input_ports if port.declaration is None},
        band_resolution=resolution,
    )


@dataclass
class BlockUnit:
    """One execution of a block step. `outputs` maps a field to its layer's name, declaration and grid."""

    name: str
    step: BlockStep
    parameters: StepParameters
    inputs: StepInputs
    outputs: Mapping[str, tuple[str, Writes, Grid]]
    band: str
    held: bool
    surroundings: Surroundings
    _store: dict[str, Array] = field(default_factory=dict)
    _freed: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rasters(self) -> dict[str, Raster]:
        """The unit's layers as lazy rasters, by field."""
        made = {}
        for name, (layer, declaration, grid) in self.outputs.items():
            made[name] = Raster(
                layer=layer,
                grid=grid,
                dtype=declaration.dtype,
                unit=declaration.unit,
                read=self._reader(layer, grid),
                scale=declaration.scale,
                offset=declaration.offset,
                nodata=declaration.nodata,
                source=self.step.name,
            )
            self.surroundings.references.on_free(layer, self._free(layer))
            self.surroundings.computed.add(layer)
        return made

    def compute(self) -> None:
        """Compute and hold every layer of the unit, unless that is done already."""
        with self._lock:
            if self._store or self._freed:
                return
            prepare(self.inputs.layers, self.surroundings)
            wanted = self.surroundings.references.wanted
            store = {
                layer: np.empty(grid.shape, declaration.dtype)
                for layer, declaration, grid in self.outputs.values()
                if wanted(layer)
            }
            self.surroundings.around(self.step, self.band, lambda: self._fill(store))
            self._store = store
        for raster in self.inputs.layers:
            self.surroundings.references.done(raster.layer, self.name)

    def _fill(self, store: dict[str, Array]) -> None:
        scene = self._scene()
        areas = list(split(scene, self.surroundings.block_size_m))

        def run(area: Area) -> None:
            for layer, (counts, grid) in self.run_area(area).items():
                if layer not in store:
                    continue
                store[layer][area.window(grid.resolution).slices] = counts

        for done, _ in enumerate(self.surroundings.executor.map(run, areas), start=1):
            self.surroundings.progress(self.name, done / len(areas))

    def _scene(self) -> Area:
        return scene_area(next(iter(self.outputs.values()))[2])

    def run_area(self, area: Area) -> dict[str, tuple[Array, Grid]]:
        """Counts of every layer of the unit over one area."""
        grid = next(iter(self.outputs.values()))[2]
        context = self.surroundings.context.for_block(grid, area.window(grid.resolution), self.band)
        result = self.step.run(self.inputs.read(area), self.parameters, context)
        if not isinstance(result, self.step.outputs):
            found, expected = type(result).__name__, self.step.outputs.__name__
            raise StepError(f"step {self.step.name}: returned {found}, expected {expected}")
        counts = {}
        for name, (layer, declaration, layer_grid) in self.outputs.items():
            window = area.window(layer_grid.resolution)
            values = getattr(result, name)
            shape = (window.height, window.width)
            counts[layer] = (encode(values, declaration, shape, self.step.name, layer), layer_grid)
        return counts

    def _reader(self, layer: str, grid: Grid) -> Callable[[Window], Array]:
        def read_held(window: Window) -> Array:
            self.compute()
            counts = self._store.get(layer)
            if counts is None:
                raise StepError(
                    f"step {self.step.name}: layer {layer} is read after its last reader was done"
                )
            return counts[window.slices]

        def read_fused(window: Window) -> Array:
            area = aligned(window, grid.resolution, scene_area(grid))
            counts, _ = self.run_area(area)[layer]
            inner = area.window(grid.resolution)
            row, column = window.row - inner.row, window.column - inner.column
            return counts[row : row + window.height, column : column + window.width]

        return read_held if self.held else read_fused

    def _free(self, layer: str) -> Callable[[], None]:
        def free() -> None:
            self._store.pop(layer, None)
            self._freed.add(layer)
            if not self.held:
                for raster in self.inputs.layers:
                    self.surroundings.references.done(raster.layer, self.name)

        return free


def prepare(rasters: Sequence[Raster], surroundings: Surroundings) -> None:
    """Have rasters ready for many small reads, so that block threads never wait on each other.

    Files are decoded side by side; computed layers are computed in this thread, which feeds the executor.
    """

    def touch(raster: Raster) -> None:
        raster.read(Window(0, 0, 1, 1))

    for raster in rasters:
        if raster.layer in surroundings.computed:
            touch(raster)
    files = [raster for raster in rasters if raster.layer not in surroundings.computed]
    for _ in surroundings.executor.map(touch, files):
        pass


def with_reader(raster: Raster, reader: str, references: References) -> Raster:
    """The raster as given to a sink: its `release` says that this reader is done with it."""
    return replace(raster, on_release=lambda: references.done(raster.layer, reader))


def run_scene_step(
    step: SceneStep, parameters: StepParameters, inputs: StepInputs, surroundings: Surroundings, name: str
) -> Any:
    """Run a scene step over the fixed cells and return its outputs dataclass."""
    gathered: list[Any] = []
    areas: list[Area] = []
    if inputs.layers:
        areas = list(split(scene_area(inputs.layers[0].grid), SCENE_CELL_M))
        prepare(inputs.layers, surroundings)

    def accumulate(area: Area) -> Any:
        grid = inputs.layers[0].grid
        context = surroundings.context.for_block(grid, area.window(grid.resolution), "")
        return step.accumulate(inputs.read(area), parameters, context)

    def body() -> None:
        for done, partial in enumerate(surroundings.executor.map(accumulate, areas), start=1):
            gathered[:] = [step.merge(gathered[0], partial) if gathered else partial]
            surroundings.progress(name, done / len(areas))
        partial = gathered[0] if gathered else None
        gathered[:] = [step.finalise(partial, parameters, surroundings.context)]

    surroundings.around(step, "", body)
    for raster in inputs.layers:
        surroundings.references.done(raster.layer, name)
    return gathered[0]
