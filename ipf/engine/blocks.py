"""Blocks: the areas that a step works on, and how its inputs are cut, resampled and padded for one area.

An area is in whole metres from the scene's upper-left corner and is aligned to `ALIGNMENT_M`, so that the
three resolutions share it. What a pixel receives depends on its place in the scene only, never on the area.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.engine.step import Margins, Reads, Writes
from ipf.errors import PlanError, StepError
from ipf.kernels import pixels
from ipf.product.raster import Array, Grid, Raster, Window

NO_MARGINS = Margins()
ALIGNMENT_M = 60
"""Every block edge is a multiple of this: the coarsest pixel, and a multiple of the others."""


@dataclass(frozen=True, slots=True)
class Area:
    """Rectangle of the scene in metres from its upper-left corner, y down."""

    top: int
    left: int
    height: int
    width: int

    def window(self, resolution: int) -> Window:
        """The same rectangle in pixels of `resolution`, which must divide its edges."""
        return Window(
            self.top // resolution,
            self.left // resolution,
            self.height // resolution,
            self.width // resolution,
        )


def scene_area(grid: Grid) -> Area:
    """The whole of a grid as an area."""
    return Area(0, 0, grid.rows * grid.resolution, grid.columns * grid.resolution)


def split(scene: Area, size_m: int) -> Iterator[Area]:
    """Cut the scene into blocks of `size_m` metres, row by row; the last ones are smaller."""
    for top in range(0, scene.height, size_m):
        for left in range(0, scene.width, size_m):
            yield Area(top, left, min(size_m, scene.height - top), min(size_m, scene.width - left))


def aligned(window: Window, resolution: int, scene: Area) -> Area:
    """Smallest aligned area that covers a window given in pixels of `resolution`, within the scene."""
    top = window.row * resolution // ALIGNMENT_M * ALIGNMENT_M
    left = window.column * resolution // ALIGNMENT_M * ALIGNMENT_M
    bottom = -(-(window.row + window.height) * resolution // ALIGNMENT_M) * ALIGNMENT_M
    right = -(-(window.column + window.width) * resolution // ALIGNMENT_M) * ALIGNMENT_M
    bottom, right = min(bottom, scene.height), min(right, scene.width)
    return Area(top, left, bottom - top, right - left)


def wanted_resolution(declaration: Reads, raster: Raster, band_resolution: int | None) -> int:
    """Pixel size on which a step gets a layer: as declared, else that of its band, else native."""
    return declaration.resolution or band_resolution or raster.grid.resolution


def check_resolutions(step: str, raster: Raster, resolution: int) -> None:
    """Refuse a change of pixel size by something else than a whole factor."""
    coarse, fine = max(resolution, raster.grid.resolution), min(resolution, raster.grid.resolution)
    if coarse % fine:
        raise PlanError(
            f"step {step}: layer {raster.layer} has {raster.grid.resolution} m pixels, which are no whole "
            f"fraction or multiple of the {resolution} m that the step asks for"
        )


def read_area(
    raster: Raster, area: Area, resolution: int, margins: Margins = NO_MARGINS, line_offset: int = 0
) -> Array:
    """The array that a step gets for `area`: decoded, on `resolution`, grown by margins, padded outside.

    Layers with a scale come as float32 physical values, NaN for no-data and beyond the scene; class maps come
    as they are stored, with their no-data value (or 0) beyond the scene.
    """
    window = _grown(area.window(resolution), margins, resolution, line_offset)
    target = raster.grid if resolution == raster.grid.resolution else raster.grid.at(resolution)
    inside = window.clipped(target.rows, target.columns)
    if inside == window:
        return _read_resampled(raster, inside, resolution)
    if not inside.height or not inside.width:
        inside = Window(0, 0, 0, 0)
    values = _read_resampled(raster, inside, resolution)
    outside: Any = np.nan if raster.scale is not None else (raster.nodata or 0)
    padded = np.full((window.height, window.width), outside, dtype=values.dtype)
    row, column = inside.row - window.row, inside.column - window.column
    padded[row : row + inside.height, column : column + inside.width] = values
    return padded


def _grown(window: Window, margins: Margins, resolution: int, line_offset: int) -> Window:
    """The window with its margins rounded up to whole pixels, moved down by `line_offset` lines."""
    top, bottom, left, right = (
        -(-metres // resolution) for metres in (margins.top, margins.bottom, margins.left, margins.right)
    )
    return Window(
        window.row - top + line_offset,
        window.column - left,
        window.height + top + bottom,
        window.width + left + right,
    )


def _read_resampled(raster: Raster, window: Window, resolution: int) -> Array:
    native = raster.grid.resolution
    if native == resolution:
        return _decoded(raster, window)
    if native < resolution:
        factor = resolution // native
        source = Window(*(factor * n for n in (window.row, window.column, window.height, window.width)))
        values = _decoded(raster, source)
        if raster.flags:
            return pixels.combine_flags(values, factor)
        if raster.scale is None and values.dtype.kind != "f":
            return pixels.pick(values, factor)
        return pixels.block_mean(values, factor)
    factor = native // resolution
    row, column = window.row // factor, window.column // factor
    bottom = -(-(window.row + window.height) // factor)
    right = -(-(window.column + window.width) // factor)
    values = _decoded(raster, Window(row, column, bottom - row, right - column))
    repeated = pixels.repeat(values, factor)
    top, left = window.row - row * factor, window.column - column * factor
    return np.ascontiguousarray(repeated[top : top + window.height, left : left + window.width])


def _decoded(raster: Raster, window: Window) -> Array:
    if raster.scale is None:
        return np.array(raster.read(window), order="C")  # a copy: what a step is given is its own
    counts = np.ascontiguousarray(raster.read(window))
    nodata = -1 if raster.nodata is None else raster.nodata
    return pixels.counts_to_physical(counts, raster.offset, raster.scale, nodata)


def encode(
    values: npt.NDArray[Any], declaration: Writes, shape: tuple[int, int], step: str, layer: str
) -> Array:
    """Counts of what a step returned for a block; `StepError` when shape or type are not as declared."""
    array = np.ascontiguousarray(values)
    if array.shape != shape:
        raise StepError(f"step {step}: {layer} has shape {array.shape}, expected {shape}")
    if declaration.scale is None:
        if array.dtype != declaration.dtype:
            raise StepError(f"step {step}: {layer} has type {array.dtype}, expected {declaration.dtype}")
        return array
    if array.dtype != np.float32:
        raise StepError(f"step {step}: {layer} has type {array.dtype}, expected float32")
    counts = np.empty(shape, declaration.dtype)
    pixels.physical_to_counts(
        array,
        1.0 / declaration.scale,
        declaration.offset,
        declaration.nodata or 0,
        declaration.minimum,
        declaration.maximum,
        counts,
    )
    return counts
