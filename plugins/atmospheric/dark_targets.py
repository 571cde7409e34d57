"""Step `dark_targets`: aerosol of the whole tile from dense dark vegetation, and what stands in for it.

Per cell of 600 m the pixels of dark vegetation are summed up (rules: Sen2Cor 3, source as named by the
parameters), and the optical thickness is the one under which their visible bands fit the others. Without
targets the fallbacks are, in this order: CAMS, the darkest bright vegetation, the stated value.

Tiles of a datastrip that are given one another's targets (inputs `DARK_TARGETS`) get one field: it is a
function of the targets of all of them, on cells that they share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.aerosol_field import AerosolField, build_field
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import LARGEST_AEROSOL_OPTICAL_THICKNESS, AtmosphericState
from ipf_plugins.atmospheric.cell_solution import BANDS, CellBlock, Scene, solve_cells
from ipf_plugins.atmospheric.dark_cells import (
    CELL_M,
    FILE_TYPE,
    LEVELS,
    CellFrame,
    DarkCells,
    cells_of,
    merge,
    read_dark_targets,
)
from ipf_plugins.atmospheric.fields import TileField
from ipf_plugins.atmospheric.ground import Ground
from ipf_plugins.atmospheric.target_parameters import MARGIN_M, DarkTargetsParameters

from ipf.auxiliary.meteorology import read_meteorology
from ipf.engine import Bands, Context, Findings, SceneStep, reads
from ipf.errors import AuxiliaryError
from ipf.kernels.classification import CLOUD_MEDIUM, THIN_CIRRUS
from ipf.kernels.retrieval import TargetTests, gather_targets, near
from ipf.product.reader import SafeProduct

FloatImage = npt.NDArray[np.float32]

RESOLUTION = 20
MARGIN = MARGIN_M // RESOLUTION
START_AOT = 0.3226
"""Visibility of 23 km, under which B12 is judged (Sen2Cor)."""


@dataclass(frozen=True)
class Inputs:
    """Reflectance, classes with their surroundings, elevation, and what the atmosphere is known to be."""

    toa_reflectance: Annotated[Bands, reads(bands=BANDS, resolution=RESOLUTION)]
    scene_classification: Annotated[npt.NDArray[np.uint8], reads(resolution=RESOLUTION, margin=MARGIN_M)]
    elevation: Annotated[FloatImage | None, reads(resolution=RESOLUTION)]
    l1c_product: SafeProduct
    atmosphere_model: AtmosphereModel
    atmospheric_state: AtmosphericState


@dataclass(frozen=True)
class Outputs:
    """The aerosol over the tile, and the targets that it was told from."""

    aerosol_field: AerosolField
    dark_cells: DarkCells


@dataclass(frozen=True)
class Gathered:
    """Sums over the cells of areas, in the order of the areas; and the scene that they belong to."""

    scene: Scene
    product: SafeProduct
    blocks: tuple[CellBlock, ...]


def accumulate(inputs: Inputs, parameters: DarkTargetsParameters, context: Context) -> Gathered:
    """Sum up the targets of an area."""
    assert context.window is not None
    assert context.grid is not None
    place = context.window.row * context.grid.resolution, context.window.column * context.grid.resolution
    tile = inputs.l1c_product.tile
    scene = Scene(
        tile.identifier,
        tile.sensing_time.moment,
        inputs.l1c_product.grid,
        inputs.atmosphere_model,
        inputs.atmospheric_state,
    )
    classes = inputs.scene_classification[MARGIN:-MARGIN, MARGIN:-MARGIN]
    state = inputs.atmospheric_state
    if scene.is_stated(parameters) or not classes.any():
        return Gathered(scene, inputs.l1c_product, ())
    elevation = inputs.elevation
    if elevation is None:
        elevation = np.full(classes.shape, state.ground_elevation.field.mean, np.float32)
    frame, offset = cells_of(scene.grid, *place, *(RESOLUTION * size for size in classes.shape))
    first = offset[0] // RESOLUTION, offset[1] // RESOLUTION
    tests = _tests(scene, parameters, frame, _at_cells(elevation, first, (frame.rows, frame.columns)))
    layers = np.stack([*(inputs.toa_reflectance[band] for band in BANDS), elevation])
    labels = inputs.scene_classification
    around = ((labels >= CLOUD_MEDIUM) & (labels <= THIN_CIRRUS)).astype(np.uint8)
    reach = parameters.cloud_distance // RESOLUTION
    rows, columns = (slice(MARGIN - reach, size - MARGIN + reach) for size in around.shape)
    near_cloud = near(np.ascontiguousarray(around[rows, columns]), reach)
    found = gather_targets(
        layers, np.ascontiguousarray(classes), near_cloud, tests, first, CELL_M // RESOLUTION
    )
    return Gathered(scene, inputs.l1c_product, (CellBlock(frame, found),))


def _at_cells(elevation: FloatImage, first: tuple[int, int], shape: tuple[int, int]) -> FloatImage:
    """Elevation at the middles of the cells of a block, or at its edge where the middle lies outside."""
    pixels = CELL_M // RESOLUTION
    rows, columns = (
        np.clip(np.arange(count) * pixels + pixels // 2 - before, 0, size - 1)
        for count, before, size in zip(shape, first, elevation.shape, strict=True)
    )
    return np.ascontiguousarray(elevation[np.ix_(rows, columns)])


def _tests(
    scene: Scene, parameters: DarkTargetsParameters, frame: CellFrame, elevation: FloatImage
) -> TargetTests:
    """The limits as the top of the atmosphere shows them, cell by cell."""
    ground = Ground(scene.model, elevation, scene.place_of(frame))
    water = ground.everywhere(scene.state.water_vapour.field.mean)

    def at_top(band: str, reflectance: float, aot: float = START_AOT) -> FloatImage:
        return ground.at_top(band, reflectance, ground.everywhere(aot), water)

    return TargetTests(
        swir_minimum=at_top("B12", parameters.swir_minimum),
        swir_maximum=np.stack([at_top("B12", limit) for limit in parameters.swir_maxima], axis=-1),
        nir_maximum=at_top("B8A", parameters.nir_maximum),
        negative_red=_levels(at_top("B04", parameters.negative_red, level) for level in LEVELS),
        negative_nir=_levels(at_top("B8A", parameters.negative_nir, level) for level in LEVELS),
        red_maximum=parameters.red_maximum,
        ndvi_minimum=parameters.ndvi_minimum,
        bright_nir_minimum=parameters.bright_nir_minimum,
        bright_ndvi_minimum=parameters.bright_ndvi_minimum,
    )


def _levels(limits: Iterable[FloatImage]) -> FloatImage:
    """Limits of all levels, (rows, columns, levels), made to rise where the air of a level is darker."""
    return np.asarray(np.maximum.accumulate(np.stack(list(limits), axis=-1), axis=-1))


def combine(first: Gathered, second: Gathered) -> Gathered:
    """Both, in this order."""
    return Gathered(first.scene, first.product, first.blocks + second.blocks)


def finalise(gathered: Gathered, parameters: DarkTargetsParameters, context: Context) -> Outputs:
    """Solve the cells, join those of other tiles, and make the field."""
    scene = gathered.scene
    own = solve_cells(scene, gathered.blocks, parameters)
    others = [read_dark_targets(path) for path in context.request.inputs.get(FILE_TYPE, ())]
    tiles, notes = merge(own, others)
    for note in notes:
        context.logger.warning(note)
    forecast = None
    if parameters.forecast is not None and not scene.is_stated(parameters):
        forecast = forecast_aerosol(gathered.product, parameters.forecast)
    return Outputs(build_field(scene, own, tiles, parameters, forecast), own)


def forecast_aerosol(product: SafeProduct, path: Path) -> TileField:
    """Optical thickness at 550 nm over a tile from a GRIB file of CAMS.

    Raises `AuxiliaryError` naming the file when it holds none, or does not cover the tile.
    """
    weather = read_meteorology([path])
    if "aod550" not in weather.fields:
        raise AuxiliaryError(f"{path}: holds no aerosol optical thickness (aod550)")
    try:
        nodes = weather.aerosol_optical_thickness(*product.node_coordinates())
    except AuxiliaryError as problem:
        raise AuxiliaryError(f"{problem} (tile {product.tile.identifier})") from problem
    limited = np.minimum(nodes, LARGEST_AEROSOL_OPTICAL_THICKNESS)
    return TileField.of(limited, product.tile.angles.sun.row_step)


def look_at_files(known: Mapping[str, Any], parameters: DarkTargetsParameters, context: Context) -> Findings:
    """Read the small files before the run, and tell which targets will not count."""
    paths = context.request.inputs.get(FILE_TYPE, ())
    grid = known["l1c_product"].grid
    notes = [
        f"dark targets of {cells.tile} left out: EPSG {cells.epsg}, not {grid.epsg}"
        for cells in map(read_dark_targets, paths)
        if cells.epsg != grid.epsg
    ]
    files = () if parameters.forecast is None else (parameters.forecast,)
    if parameters.forecast is not None:
        forecast_aerosol(known["l1c_product"], parameters.forecast)
    return Findings(auxiliary=files, notes=tuple(notes))


dark_targets = SceneStep(
    name="dark_targets",
    summary="aerosol of the tile from dense dark vegetation, with fallbacks",
    accumulate=accumulate,
    merge=combine,
    finalise=finalise,
    check=look_at_files,
)
