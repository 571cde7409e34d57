"""The memory forecast: what is held at once while a task runs, from the plan alone.

The runner's order is walked on paper: a file band is held from its first reader to its last, a computed layer
likewise, and the blocks under way need their inputs and outputs as float32 beside them.
"""

from __future__ import annotations

import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ipf.engine.step import Findings, SinkStep, Step
from ipf.engine.wiring import Unit
from ipf.product.raster import Raster

BASE_BYTES = 400 * 2**20
"""The interpreter with libraries, compiled kernels, look-up tables and encoders: 350 to 390 MB were measured
on scenes of no size."""
FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the plan as the forecast sees it."""

    step: Step
    units: tuple[Unit, ...]
    findings: Findings


def forecast(stages: Sequence[Stage], layers: Mapping[str, Raster], workers: int, block_size_m: int) -> int:
    """Peak memory in bytes of a task whose steps run in this order over these layers."""
    walk = _Walk(layers, workers, block_size_m)
    last_reader = {
        layer: unit.name for stage in stages for unit in stage.units for layer in sorted(unit.reads)
    }
    makers = {
        layer: unit for stage in stages for unit in stage.units for layer, _, _ in unit.outputs.values()
    }
    for stage in stages:
        walk.working = stage.findings.memory_bytes
        for unit in stage.units:
            if isinstance(stage.step, SinkStep):
                for layer in sorted(unit.reads):
                    walk.read(layer, makers, last_reader)
                    walk.release(layer, unit, last_reader)
            elif not unit.band and unit.held:
                walk.run(unit, makers, last_reader)
        walk.note(0)
    return BASE_BYTES + walk.peak


class _Walk:
    """Bytes held while walking the plan."""

    def __init__(self, layers: Mapping[str, Raster], workers: int, block_size_m: int) -> None:
        self.layers = layers
        self.workers = workers
        self.block_size_m = block_size_m
        self.held: dict[str, int] = {}
        self.peak = 0
        self.working = 0
        """Bytes that the step under way needs beside the layers: a sink keeps them while layers are made."""

    def note(self, extra: int) -> None:
        self.peak = max(self.peak, sum(self.held.values()) + self.working + extra)

    def read(self, layer: str, makers: Mapping[str, Unit], last: Mapping[str, str]) -> None:
        """Have a layer in memory: from its file, or by running its maker."""
        maker = makers.get(layer)
        if maker is None:
            self.held[layer] = _nbytes(self.layers[layer])
        elif maker.held:
            if layer not in self.held:
                self.run(maker, makers, last)
        else:
            for source in sorted(maker.reads):
                self.read(source, makers, last)
        self.note(0)

    def run(self, unit: Unit, makers: Mapping[str, Unit], last: Mapping[str, str]) -> None:
        for layer in sorted(unit.reads):
            self.read(layer, makers, last)
        for layer, _, _ in unit.outputs.values():
            self.held[layer] = _nbytes(self.layers[layer])
        self.note(self._working_set(unit))
        for layer in sorted(unit.reads):
            self.release(layer, unit, last)

    def release(self, layer: str, unit: Unit, last: Mapping[str, str]) -> None:
        if last.get(layer) == unit.name:
            self.held.pop(layer, None)

    def _working_set(self, unit: Unit) -> int:
        """Blocks under way: inputs and outputs as float32 and the temporaries of a step, twice over."""
        pixels = 0
        for layer in {*unit.reads, *(name for name, _, _ in unit.outputs.values())}:
            grid = self.layers[layer].grid
            side = self.block_size_m // grid.resolution
            pixels += min(side, grid.rows) * min(side, grid.columns)
        return self.workers * pixels * FLOAT_BYTES * 3


def peak_memory_bytes() -> int:
    """Largest memory that this process has held.

    Not ``getrusage``: its figure survives an ``exec``, and so counts the memory of whoever started it.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError):  # no such file system here
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _nbytes(raster: Raster) -> int:
    return raster.grid.rows * raster.grid.columns * np.dtype(raster.dtype).itemsize
