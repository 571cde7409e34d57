"""The aerosol over a tile, as the step `dark_targets` finds it, and how targets become a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmospheric_state import LARGEST_AEROSOL_OPTICAL_THICKNESS, Source
from ipf_plugins.atmospheric.cell_solution import Scene
from ipf_plugins.atmospheric.dark_cells import BRIGHT, CELL_M, DENSE, LEVELS, CellFrame, DarkCells
from ipf_plugins.atmospheric.fields import TileField
from ipf_plugins.atmospheric.target_parameters import DarkTargetsParameters

from ipf.atmosphere.atm_layout import VISIBILITY, aot_of_visibility
from ipf.kernels.retrieval import weighted_sums
from ipf.product.raster import Window

Floats = npt.NDArray[np.float64]

FULL_WEIGHT_PIXELS = 45
"""Pixels of a cell (5 %) from which more do not add to its weight."""
SHARED_SIGMA = 0.05
"""Error that cells of one sort of vegetation share, so that the darkest sort does not outvote all others."""
PRIOR = 0.02
"""Weight of the mean of all targets, as a share of the weight that targets everywhere would have."""
GUARD_STEPS, GUARD_FACTOR = 50, 0.98
"""The optical thickness is lessened by this factor at most so many times, lest the ground come out black."""


@dataclass(frozen=True)
class AerosolField:
    """Aerosol optical thickness at 550 nm over a tile, and how it is known.

    `field` has its first node `offset` metres (north, west) of the tile's corner. `method` is a word of the
    PSD (AOT_RETRIEVAL_METHOD): SEN2COR_DDV, CAMS, DEFAULT; `origin` says it in full: dense dark vegetation,
    bright vegetation, CAMS, PARAMETER, DEFAULT. `aerosol_model` of the tables.

    `ddv_percentage`, pixels that are targets, and `water_percentage`, of those with data; `ddv_reflectance`,
    the largest surface reflectance in B12 of a target; `uncertainty`, the mean standard error of a target, 0
    where nothing was retrieved; `tiles` whose targets count; `lessened`, the factor by which the guard
    against negative reflectance lessened it; `mean` over the tile.
    """

    field: TileField
    offset: tuple[int, int]
    aerosol_model: str
    method: str
    origin: str
    ddv_percentage: float = 0.0
    water_percentage: float = 0.0
    ddv_reflectance: float = 0.0
    uncertainty: float = 0.0
    tiles: tuple[str, ...] = ()
    lessened: float = 1.0
    mean: float = 0.0

    @property
    def retrieved(self) -> bool:
        """Whether the aerosol was told from the image."""
        return self.origin in (DENSE, BRIGHT)

    def over(self, window: Window, resolution: int = 20) -> npt.NDArray[np.float32]:
        """Values at the pixels of a window of the tile, float32; the pixel size must divide `offset`."""
        south, east = (metres // resolution for metres in self.offset)
        shifted = Window(window.row + south, window.column + east, window.height, window.width)
        return self.field.over(shifted, resolution)


def build_field(
    scene: Scene,
    own: DarkCells,
    tiles: Sequence[DarkCells],
    parameters: DarkTargetsParameters,
    forecast: TileField | None = None,
) -> AerosolField:
    """The field of a tile from the targets of all `tiles`, or from what stands in for them.

    `forecast` is that of a file given for it; else the one in the state of the atmosphere counts.
    """
    stated = scene.state.aerosol_optical_thickness
    told = AerosolField(
        field=stated.field,
        offset=(0, 0),
        aerosol_model=scene.model.aerosol,
        method="CAMS" if stated.source is Source.CAMS else "DEFAULT",
        origin=stated.source.value,
        ddv_percentage=own.share if own.kind == DENSE else 0.0,
        water_percentage=own.water_share,
        mean=stated.field.mean,
    )
    if scene.is_stated(parameters):
        return told
    by_kind = {kind: [cells for cells in tiles if cells.kind == kind] for kind in (DENSE, BRIGHT)}
    if by_kind[DENSE]:
        return _from_targets(
            scene, by_kind[DENSE], parameters, replace(told, method="SEN2COR_DDV", origin=DENSE)
        )
    if forecast is not None:
        return replace(told, field=forecast, method="CAMS", origin="CAMS", mean=forecast.mean)
    if stated.source is Source.CAMS or not by_kind[BRIGHT]:
        return told
    return _from_targets(scene, by_kind[BRIGHT], parameters, replace(told, method="DEFAULT", origin=BRIGHT))


def _from_targets(
    scene: Scene, tiles: Sequence[DarkCells], parameters: DarkTargetsParameters, told: AerosolField
) -> AerosolField:
    frame = _frame_around(scene.frame, tiles)
    number = _aerosol_model(tiles, parameters.type_difference)
    aot, weight, sigma = _on_cells(frame, tiles, number)
    smooth = _smoothed(aot, weight, parameters.smoothing_km * 1000.0 / CELL_M)
    factor = _guard(smooth, frame, tiles, parameters.negative_maximum / 100.0)
    limited = np.clip(smooth * factor, *_limits(scene, parameters))
    whole = scene.frame
    top, left = whole.row - frame.row - 1, whole.column - frame.column - 1
    nodes = limited[top : top + whole.rows + 2, left : left + whole.columns + 2]
    north = round(-scene.grid.upper_left_y) - (whole.row * CELL_M - CELL_M // 2)
    west = round(scene.grid.upper_left_x) - (whole.column * CELL_M - CELL_M // 2)
    return replace(
        told,
        field=TileField.of(nodes.astype(np.float64), float(CELL_M)),
        offset=(north, west),
        aerosol_model=tiles[0].aerosols[number],
        ddv_reflectance=max(cells.swir_maximum for cells in tiles),
        uncertainty=sigma,
        tiles=tuple(cells.tile for cells in tiles),
        lessened=factor,
        mean=float(nodes[1:-1, 1:-1].mean()),
    )


def _limits(scene: Scene, parameters: DarkTargetsParameters) -> tuple[float, float]:
    """Least and largest optical thickness that is told."""
    if not parameters.visibility_limits:
        return 0.0, LARGEST_AEROSOL_OPTICAL_THICKNESS
    altitude = scene.state.ground_elevation.field.mean / 1000.0
    least, largest = aot_of_visibility(VISIBILITY[[-1, 0]], altitude)
    return float(least), float(largest)


def _frame_around(own: CellFrame, tiles: Sequence[DarkCells]) -> CellFrame:
    """The cells of all tiles, and one more on each side."""
    rows = [own.row, own.row + own.rows - 1, *(int(end(t.row)) for t in tiles for end in (np.min, np.max))]
    columns = [
        own.column,
        own.column + own.columns - 1,
        *(int(end(t.column)) for t in tiles for end in (np.min, np.max)),
    ]
    top, left = min(rows) - 1, min(columns) - 1
    return CellFrame(top, left, max(rows) - top + 2, max(columns) - left + 2)


def _aerosol_model(tiles: Sequence[DarkCells], difference: float) -> int:
    """Number of the aerosol model whose path reflectances have the colour of those measured; the preferred
    one, the first, unless another is nearer by more than `difference`."""
    departures = []
    for number in range(len(tiles[0].aerosols)):
        ratios = np.concatenate([cells.path_ratio[number] for cells in tiles])
        pixels = np.concatenate([cells.pixels for cells in tiles])
        known = np.isfinite(ratios) & (pixels > 0)
        mean = np.average(ratios[known], weights=pixels[known]) if known.any() else 0.0
        departures.append(abs(np.exp(mean) - 1.0))
    best = int(np.argmin(departures))
    return best if departures[best] + difference < departures[0] else 0


def _on_cells(frame: CellFrame, tiles: Sequence[DarkCells], number: int) -> tuple[Floats, Floats, float]:
    """Optical thickness and weight of each cell, NaN and 0 without targets; mean standard error."""
    total, weight = np.zeros((frame.rows, frame.columns)), np.zeros((frame.rows, frame.columns))
    errors = 0.0
    for cells in tiles:
        known = np.isfinite(cells.aot[number])
        place = cells.row[known] - frame.row, cells.column[known] - frame.column
        variance = cells.sigma[number][known] ** 2 + SHARED_SIGMA**2
        share = np.minimum(cells.pixels[known] / FULL_WEIGHT_PIXELS, 1.0) / variance
        total[place] += share * cells.aot[number][known]
        weight[place] += share
        errors += float((share * cells.sigma[number][known]).sum())
    with np.errstate(invalid="ignore"):
        return total / weight, weight, errors / float(weight.sum())


def _smoothed(aot: Floats, weight: Floats, deviation: float) -> Floats:
    """Gaussian mean of the targets around each cell; far from all of them, their mean."""
    reach = int(np.ceil(3.0 * deviation))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    taps = (taps / taps.sum()).astype(np.float32)
    known = weight > 0
    mean = float((weight[known] * aot[known]).sum() / weight[known].sum())
    prior = PRIOR * float(weight[known].mean())
    values, weights = (
        np.pad(array.astype(np.float32), reach, constant_values=fill)
        for array, fill in ((aot - mean, np.nan), (weight, 0.0))
    )
    total, share = weighted_sums(values, weights, taps)
    return np.asarray(mean + total / (share + np.float32(prior)), np.float64)


def _guard(smooth: Floats, frame: CellFrame, tiles: Sequence[DarkCells], largest: float) -> float:
    """Factor under which no more than the share `largest` of vegetation and soil comes out too dark."""
    factor = 1.0
    for _ in range(GUARD_STEPS):
        dark = pixels = 0.0
        for cells in tiles:
            here = factor * smooth[cells.row - frame.row, cells.column - frame.column]
            counted = np.cumsum(cells.negative, axis=1)
            dark += float(_between_levels(counted[:, :-1], here).sum())
            pixels += float(counted[:, -1].sum())
        if dark <= largest * pixels:
            break
        factor *= GUARD_FACTOR
    return factor


def _between_levels(counts: npt.NDArray[np.int64], aot: Floats) -> Floats:
    """Counts (cells, levels) at the optical thickness of each cell, linear between the levels."""
    levels = np.array(LEVELS)
    upper = np.clip(np.searchsorted(levels, aot), 1, levels.size - 1)
    share = np.clip((aot - levels[upper - 1]) / (levels[upper] - levels[upper - 1]), 0.0, 1.0)
    cells = np.arange(aot.size)
    low, high = counts[cells, upper - 1], counts[cells, upper]
    return np.asarray(np.where(aot < levels[0], 0.0, low + share * (high - low)), np.float64)
