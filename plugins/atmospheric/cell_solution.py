"""From sums over the cells of a tile to the aerosol optical thickness of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.aerosol_inversion import Solution, invert, path_ratio_departure
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState, Source
from ipf_plugins.atmospheric.dark_cells import BRIGHT, DENSE, LEVELS, NONE, CellFrame, DarkCells, cells_of
from ipf_plugins.atmospheric.ground import Ground
from ipf_plugins.atmospheric.surface_relation import (
    KnownRed,
    ShortWaveRatio,
    SurfaceRelation,
    canopy_relation,
)
from ipf_plugins.atmospheric.target_parameters import DarkTargetsParameters
from ipf_plugins.atmospheric.water_column import water_column

from ipf.kernels.retrieval import KINDS, RANGES, RED, UNITS_PER_ONE, TargetSums
from ipf.product.raster import Grid

Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

BANDS = ("B02", "B03", "B04", "B05", "B8A", "B09", "B11", "B12")
"""Bands that are summed up, in the order of the layers of `ipf.kernels.retrieval`."""
LEAST_PIXELS = 5
"""Pixels of 20 m below which a cell is no target."""
LARGEST_DEPARTURE = 9.0
"""Weighted square of the departure from the relation (3 standard deviations) above which a cell is none."""
DARKEST = 10
"""Number of the darkest pixels of bright vegetation, each of another cell."""
START_AOT = 0.2
"""Optical thickness under which the water vapour of a cell is told."""


@dataclass(frozen=True)
class Scene:
    """What the retrieval knows of a tile besides its pixels."""

    tile: str
    sensed: datetime
    grid: Grid
    model: AtmosphereModel
    state: AtmosphericState

    @property
    def frame(self) -> CellFrame:
        """The cells that cover the tile."""
        height, width = (size * self.grid.resolution for size in self.grid.shape)
        return cells_of(self.grid, 0, 0, height, width)[0]

    def place_of(self, frame: CellFrame) -> tuple[int, int, float]:
        """Where the tables are evaluated for the cells of `frame`.

        Cells do not begin at the tile's corner; their middles are drawn together by less than half a cell, so
        that all lie on the tile. No angle changes noticeably over that distance.
        """
        whole = self.frame
        height, width = (size * self.grid.resolution for size in self.grid.shape)
        size = min(height / whole.rows, width / whole.columns)
        return frame.row - whole.row, frame.column - whole.column, size

    def is_stated(self, parameters: DarkTargetsParameters) -> bool:
        """Whether the optical thickness is taken as it is stated."""
        given = self.state.aerosol_optical_thickness.source is Source.PARAMETER
        return given or parameters.method == "stated"


@dataclass(frozen=True)
class CellBlock:
    """Sums over the cells of `frame`."""

    frame: CellFrame
    sums: TargetSums


def solve_cells(scene: Scene, blocks: Sequence[CellBlock], parameters: DarkTargetsParameters) -> DarkCells:
    """The targets of a tile: dense dark vegetation, else the darkest bright vegetation, else none."""
    sums = _joined(scene.frame, blocks)
    valid = int(sums.valid.sum())
    water_share = 100.0 * int(sums.water.sum()) / max(valid, 1)
    dark_sun = scene.model.angles.mean_sun.zenith >= parameters.sun_zenith_maximum
    if valid == 0 or dark_sun or water_share > parameters.water_maximum:
        return _told(scene, sums, NONE, 0.0, water_share, 0.0, np.zeros_like(sums.valid), None)
    chosen = _chosen_kinds(sums.pixels.sum(axis=(0, 1)) * (100.0 / valid), parameters)
    pixels = sums.pixels[..., chosen].sum(axis=-1)
    share = 100.0 * int(pixels.sum()) / valid
    swir = parameters.swir_maxima[max(kind % RANGES for kind in chosen)]
    if share >= parameters.least_area:
        layers = sums.sums[..., chosen, :].sum(axis=-2)
        solutions = _solve(scene, layers, np.where(pixels >= LEAST_PIXELS, pixels, 0), parameters)
        if any(np.isfinite(solution.aot).any() for solution, _ in solutions):
            return _told(scene, sums, DENSE, share, water_share, swir, pixels, solutions)
    darkest = _darkest(sums.bright)
    if darkest.any():
        solutions = _solve(scene, sums.bright, darkest, parameters, KnownRed(parameters.bright_red))
        return _told(scene, sums, BRIGHT, share, water_share, 0.0, darkest, solutions)
    return _told(scene, sums, NONE, share, water_share, 0.0, np.zeros_like(sums.valid), None)


def _joined(frame: CellFrame, blocks: Sequence[CellBlock]) -> TargetSums:
    """The sums of all blocks, on the cells of the whole tile."""
    shape, layers, levels = (frame.rows, frame.columns), len(BANDS) + 1, len(LEVELS) + 1
    whole = TargetSums(
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        np.zeros((*shape, KINDS), np.int64),
        np.zeros((*shape, KINDS, layers), np.int64),
        np.zeros((*shape, levels), np.int64),
        np.full((*shape, layers), -1, np.int64),
    )
    for block in blocks:
        top, left = block.frame.row - frame.row, block.frame.column - frame.column
        here = slice(top, top + block.frame.rows), slice(left, left + block.frame.columns)
        for total, part in zip(whole[:-1], block.sums[:-1], strict=True):
            total[here] += part
        known, new = whole.bright[here], block.sums.bright
        darker = (new[..., 0] >= 0) & ((known[..., 0] < 0) | (new[..., RED] < known[..., RED]))
        known[darker] = new[darker]
    return whole


def _chosen_kinds(shares: npt.NDArray[np.float64], parameters: DarkTargetsParameters) -> list[int]:
    """Kinds of targets that are used: as few ranges as give enough, near clouds only where there is no
    other choice."""
    chosen: list[int] = []
    for kind in range(RANGES):
        chosen.append(kind)
        if shares[chosen].sum() > parameters.area:
            return chosen
    if shares[chosen].sum() >= parameters.least_area:
        return chosen
    for kind in range(RANGES, KINDS):
        chosen.append(kind)
        if shares[chosen].sum() > parameters.area:
            break
    return chosen


def _darkest(bright: Integers) -> Integers:
    """1 in the cells of the `DARKEST` pixels, in a fixed order among equals, (rows, columns)."""
    red = np.where(bright[..., 0] >= 0, bright[..., RED], np.iinfo(np.int64).max).ravel()
    order = np.argsort(red, kind="stable")[:DARKEST]
    found = np.zeros(red.size, np.int64)
    found[order] = bright[..., 0].ravel()[order] >= 0
    return found.reshape(bright.shape[:2])


def _solve(
    scene: Scene,
    layers: Integers,
    pixels: Integers,
    parameters: DarkTargetsParameters,
    relation: SurfaceRelation | None = None,
) -> list[tuple[Solution, npt.NDArray[np.float64]]]:
    """Solution and double ratio of path reflectances for each aerosol model."""
    with np.errstate(divide="ignore", invalid="ignore"):
        means = layers / (pixels[..., np.newaxis] * float(UNITS_PER_ONE))
    means[pixels == 0] = np.nan
    toa = {band: np.ascontiguousarray(means[..., k], np.float32) for k, band in enumerate(BANDS)}
    elevation = np.where(pixels > 0, means[..., -1], scene.state.ground_elevation.field.mean)
    solved = []
    for aerosol in scene.model.aerosols:
        place = scene.place_of(scene.frame)
        ground = Ground(scene.model, elevation.astype(np.float32), place, aerosol)
        water = _water(scene, ground, toa)
        used = relation or _relation(parameters)
        solution = invert(ground, toa, water, used)
        ratio = np.zeros_like(solution.aot)
        if relation is None:
            solution = _only_green(ground, toa, water, solution, parameters.green_red_ratio)
            if len(scene.model.aerosols) > 1:
                by_red = invert(
                    ground, toa, water, ShortWaveRatio(parameters.red_ratio, parameters.blue_ratio)
                )
                ratio = path_ratio_departure(ground, toa, water, used, by_red.aot)
        solved.append((solution, ratio))
    return solved


def _relation(parameters: DarkTargetsParameters) -> SurfaceRelation:
    if parameters.relation == "canopy":
        return canopy_relation()
    return ShortWaveRatio(parameters.red_ratio, parameters.blue_ratio)


def _water(scene: Scene, ground: Ground, toa: dict[str, Floats32]) -> Floats32:
    """Water vapour of each cell from its own B09 and B8A, where that can be told, else as stated."""
    stated = ground.everywhere(scene.state.water_vapour.field.mean)
    if scene.state.water_vapour.source is Source.PARAMETER:
        return stated
    told = water_column(ground, toa, ground.everywhere(START_AOT), stated, None)
    return np.where(np.isnan(told), stated, told)


def _only_green(
    ground: Ground, toa: dict[str, Floats32], water: Floats32, solution: Solution, least: float
) -> Solution:
    """The solution without cells that are not greener than red, or fit no optical thickness."""
    aot = np.maximum(solution.aot, 0.0).astype(np.float32)
    green, red = (ground.seen_through(band, toa[band], aot, water) for band in ("B03", "B04"))
    kept = (green >= least * red) & (solution.departure <= LARGEST_DEPARTURE)
    return Solution(*(np.where(kept, value, np.nan) for value in vars(solution).values()))


def _told(
    scene: Scene,
    sums: TargetSums,
    kind: str,
    share: float,
    water_share: float,
    swir: float,
    pixels: Integers,
    solutions: list[tuple[Solution, npt.NDArray[np.float64]]] | None,
) -> DarkCells:
    """The cells that hold data, as a list."""
    aerosols = scene.model.aerosols
    row, column = np.nonzero(sums.valid)
    nothing = np.full((len(aerosols), row.size), np.nan)
    aot, sigma, ratio = nothing, nothing, nothing
    if solutions is not None:
        aot = np.stack([solution.aot[row, column] for solution, _ in solutions])
        sigma = np.stack([solution.sigma[row, column] for solution, _ in solutions])
        ratio = np.stack([ratio[row, column] for _, ratio in solutions])
    return DarkCells(
        tile=scene.tile,
        sensed=scene.sensed.isoformat(),
        epsg=scene.grid.epsg,
        aerosols=aerosols,
        kind=kind,
        share=round(share, 6),
        water_share=round(water_share, 6),
        swir_maximum=swir,
        row=(row + scene.frame.row).astype(np.int64),
        column=(column + scene.frame.column).astype(np.int64),
        pixels=pixels[row, column],
        aot=aot,
        sigma=sigma,
        path_ratio=ratio,
        negative=sums.negative[row, column],
    )
