"""Wiring: which layer of which step feeds which field of which other, for every band.

The result says everything that the runner needs to build its units, and everything that the plan prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np

from ipf.engine.blocks import check_resolutions, wanted_resolution
from ipf.engine.step import BlockStep, Port, Reads, Step, StepParameters, Writes
from ipf.errors import PlanError
from ipf.product.raster import Array, Grid, Raster, Window

Quantity = Mapping[str, Raster]
"""Rasters of one quantity by band; the band of a quantity without bands is the empty string."""


def layer_name(quantity: str, band: str) -> str:
    """Name of a layer: the quantity, and the band after a slash where there is one."""
    return f"{quantity}/{band}" if band else quantity


@dataclass(frozen=True, slots=True)
class Unit:
    """One execution of a step: for one band, or for all that it makes at once.

    `inputs` gives the layers by field and band; `outputs` the layer, declaration and grid by field; `held`
    whether the layers are kept whole (else they are computed anew for each window of their only reader).
    """

    name: str
    band: str
    inputs: Mapping[str, Mapping[str, str]]
    outputs: Mapping[str, tuple[str, Writes, Grid]]
    held: bool = True

    @property
    def reads(self) -> frozenset[str]:
        """Names of the layers read."""
        return frozenset(layer for layers in self.inputs.values() for layer in layers.values())


@dataclass
class Network:
    """Everything made so far in a task: rasters by quantity, and names of models."""

    task: str
    quantities: dict[str, Quantity] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    scene: Grid | None = None

    def add_quantity(self, name: str, rasters: Quantity) -> None:
        """Register the rasters of a quantity; the first one tells the area of the scene."""
        self.quantities[name] = rasters
        for raster in rasters.values():
            if self.scene is None:
                self.scene = raster.grid
            area = (raster.grid.rows * raster.grid.resolution, raster.grid.columns * raster.grid.resolution)
            scene = (self.scene.rows * self.scene.resolution, self.scene.columns * self.scene.resolution)
            if area != scene:
                raise PlanError(f"layer {raster.layer} covers {area} m, expected {scene} m as the scene does")

    def units(self, step: Step, parameters: StepParameters) -> tuple[Unit, ...]:
        """Wire a step: one unit, or one for each band; registers what a block step makes."""
        bands = self._bands(step) if step.each_band else ("",)
        units = tuple(self._unit(step, band) for band in bands)
        made: dict[str, dict[str, Raster]] = {}
        for unit in units:
            for name, (layer, declaration, grid) in unit.outputs.items():
                made.setdefault(name, {})[unit.band] = _planned_raster(layer, declaration, grid, step.name)
        for name, rasters in made.items():
            self.add_quantity(name, rasters)
        for port in step.output_ports:
            if port.declaration is None:
                self.models.add(port.name)
        return units

    def _unit(self, step: Step, band: str) -> Unit:
        inputs: dict[str, Mapping[str, str]] = {}
        resolution = self._band_resolution(step, band) if band else None
        for port in step.input_ports:
            if isinstance(port.declaration, Reads):
                rasters = self._rasters(step, port, port.declaration, band)
                for raster in rasters.values():
                    wanted = wanted_resolution(port.declaration, raster, resolution)
                    check_resolutions(step.name, raster, wanted)
                inputs[port.name] = {key: raster.layer for key, raster in rasters.items()}
            elif port.name not in self.models and not port.optional:
                self._missing(step, "model", port.name, sorted(self.models))
        outputs = self._outputs(step, band, resolution) if isinstance(step, BlockStep) else {}
        return Unit(f"{step.name}/{band}" if band else step.name, band, inputs, outputs)

    def _rasters(self, step: Step, port: Port, declaration: Reads, band: str) -> Quantity:
        available = self.quantities.get(port.layer)
        if available is None:
            if port.optional:
                return {}
            self._missing(step, "layer", port.layer, sorted(self.quantities))
        if declaration.each_band:
            return {band: available[band]}
        wanted = declaration.bands or tuple(available)
        missing = [name for name in wanted if name not in available]
        if missing:
            self._missing(step, "layer", layer_name(port.layer, missing[0]), sorted(available))
        return {name: available[name] for name in wanted}

    def _bands(self, step: Step) -> tuple[str, ...]:
        common: list[str] | None = None
        for port in step.input_ports:
            declaration = port.declaration
            if isinstance(declaration, Reads) and declaration.each_band:
                available = self.quantities.get(port.layer)
                if available is None:
                    self._missing(step, "layer", port.layer, sorted(self.quantities))
                bands = [name for name in available if not declaration.bands or name in declaration.bands]
                common = bands if common is None else [name for name in common if name in bands]
        if not common:
            raise PlanError(f"step {step.name}: runs for each band, but no input layer has a band for it")
        return tuple(common)

    def _band_resolution(self, step: Step, band: str) -> int:
        """Native pixel size of the band: that of the first layer read for each band."""
        for port in step.input_ports:
            if isinstance(port.declaration, Reads) and port.declaration.each_band:
                return port.declaration.resolution or self.quantities[port.layer][band].grid.resolution
        raise PlanError(f"step {step.name}: runs for each band, but reads no layer of that band")

    def _outputs(self, step: Step, band: str, resolution: int | None) -> dict[str, tuple[str, Writes, Grid]]:
        if self.scene is None:
            raise PlanError(f"step {step.name}: no earlier step of task {self.task} gives a raster")
        outputs = {}
        for port in step.output_ports:
            declaration = port.declaration
            if not isinstance(declaration, Writes):
                raise PlanError(f"step {step.name}: a block step makes layers only, {port.name} is none")
            size = declaration.resolution or resolution or self._input_resolution(step)
            outputs[port.name] = (layer_name(port.name, band), declaration, self.scene.at(size))
        return outputs

    def _input_resolution(self, step: Step) -> int:
        for port in step.input_ports:
            if isinstance(port.declaration, Reads) and port.layer in self.quantities:
                raster = next(iter(self.quantities[port.layer].values()))
                return wanted_resolution(port.declaration, raster, None)
        raise PlanError(f"step {step.name}: an output needs a resolution, since no layer is read")

    def _missing(self, step: Step, kind: str, name: str, known: list[str]) -> NoReturn:
        made = ", ".join(known) or "nothing"
        raise PlanError(
            f"step {step.name} needs {kind} {name}, which no earlier step of task {self.task} makes "
            f"(made so far: {made})"
        )


def _planned_raster(layer: str, declaration: Writes, grid: Grid, source: str) -> Raster:
    def unread(_window: Window) -> Array:
        raise PlanError(f"layer {layer} is read while the job is only planned")

    return Raster(
        layer,
        grid,
        np.dtype(declaration.dtype),
        declaration.unit,
        unread,
        declaration.scale,
        declaration.offset,
        declaration.nodata,
        source,
    )


def choose_held(units: Mapping[str, tuple[Step, tuple[Unit, ...]]], kept: frozenset[str]) -> dict[str, Unit]:
    """Every unit by name, with the decision which layers are held whole.

    A layer is fused into its reader when that is the only one, is a block step, looks at the pixel itself on
    the same pixel size, and nobody asked for the layer at a breakpoint (`kept`).
    """
    readers: dict[str, list[tuple[Step, Unit]]] = {}
    for step, members in units.values():
        for unit in members:
            for layer in unit.reads:
                readers.setdefault(layer, []).append((step, unit))
    decided = {}
    for _, members in units.values():
        for unit in members:
            fused = bool(unit.outputs) and all(
                layer not in kept and _fits(readers.get(layer, []), layer, grid)
                for layer, _, grid in unit.outputs.values()
            )
            decided[unit.name] = replace(unit, held=not fused)
    return decided


def _fits(readers: list[tuple[Step, Unit]], layer: str, grid: Grid) -> bool:
    if len(readers) != 1 or not isinstance(readers[0][0], BlockStep):
        return False
    step, unit = readers[0]
    output_sizes = {other.resolution for _, _, other in unit.outputs.values()}
    for port in step.input_ports:
        declaration: Any = port.declaration
        if isinstance(declaration, Reads) and layer in unit.inputs.get(port.name, {}).values():
            size = declaration.resolution or (min(output_sizes) if unit.band else grid.resolution)
            if declaration.margins or declaration.line_offsets or size != grid.resolution:
                return False
    return True
