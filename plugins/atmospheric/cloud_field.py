"""Step `cloud_field`: what the classification of a pixel needs of the whole scene.

The cloud mask at 60 m with the direction in which the cloud of a shaded place appears, and means of B10 and
B09/B8A over clear ground, from which land, water and cirrus are told that the spectral tests missed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.bare_ground import ground_cells
from ipf_plugins.atmospheric.cloud_shadows import Ground, cloud_direction, matched_shadow
from ipf_plugins.atmospheric.fields import TileField
from ipf_plugins.atmospheric.scene_statistics import SceneStatistics
from pydantic import Field

from ipf.engine import Bands, Context, SceneStep, StepParameters, reads
from ipf.kernels.cloud_statistics import (
    cloud_cells,
    open_ground,
    pixels_with_flag,
    sums_by_class,
    water_only,
)
from ipf.kernels.pixels import pick
from ipf.kernels.reclassification import MAP_SNOW_WATER
from ipf.kernels.spectral_flags import SHADE_LIKE
from ipf.product.angles import TileAngles
from ipf.product.raster import Grid, Window
from ipf.product.reader import SafeProduct

RESOLUTION, CELL = 20, 60
FACTOR = CELL // RESOLUTION
STATISTICS_BANDS = ("B10", "B09", "B8A")
WATER_BAND = "B03"
"""Band in which water shows shade best: bright enough, and not of the sky alone."""
RARE_SNOW = 10
"""Mean percentage of snow over land below which snow is rare (Sen2Cor 2.8)."""

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class CloudFieldParameters(StepParameters):
    """What counts as cloud for its shadow, and how the shadow lies to it."""

    cloud_confidence_minimum: int = Field(
        default=33,
        ge=0,
        le=100,
        description="cloud confidence in percent above which a pixel casts a shadow",
        json_schema_extra={"unit": "%", "source": "Sen2Cor 2.8, cloud shadow: 0.33"},
    )
    view_parallax: bool = Field(
        default=True,
        description="whether clouds are taken to appear displaced by the viewing angle, with the angles of "
        "each place; false: seen from straight above, under the mean sun, as in Sen2Cor",
        json_schema_extra={"unit": "", "source": "geometry"},
    )
    match_heights: bool = Field(
        default=True,
        description="whether the height of each cloud is sought at which its shadow falls on shade-like "
        "ground, and less strict a spectrum is then asked for there; false as in Sen2Cor 2.8",
        json_schema_extra={"unit": "", "source": "Zhu and Woodcock 2012, RSE 118, 83-94"},
    )


@dataclass(frozen=True)
class Inputs:
    """Classes and confidences from spectra, the bands of the statistics, optional maps, and the angles."""

    spectral_class: Annotated[Bytes, reads(resolution=RESOLUTION)]
    spectral_flags: Annotated[Bytes, reads(resolution=RESOLUTION)]
    cloud_confidence: Annotated[Bytes, reads(resolution=RESOLUTION)]
    toa_reflectance: Annotated[Bands, reads(bands=(*STATISTICS_BANDS, WATER_BAND), resolution=CELL)]
    land_cover: Annotated[Bytes | None, reads(resolution=RESOLUTION)]
    snow_condition: Annotated[Bytes | None, reads(resolution=RESOLUTION)]
    l1c_product: SafeProduct


@dataclass(frozen=True)
class CloudField:
    """The clouds of a scene.

    mask : uint8 on cells of 60 m, 1 where a cloud is seen that casts a shadow.
    matched_shadow : uint8 on the same cells, 1 in shadows of clouds of matched heights.
    east, north : metres on the ground, per metre of height, from a shaded place to where its cloud appears.
    statistics : pixels and sums of bands by class.
    ground_cells : uint8 on cells of 60 m, 1 where a cloud over a town or bare ground has no cloud around it;
        None without a map of land cover.
    snow_is_rare : whether a map of snow says so, in percent of the land below ten; false without a map.
    """

    mask: Bytes = field(repr=False, compare=False)
    matched_shadow: Bytes = field(repr=False, compare=False)
    east: TileField
    north: TileField
    statistics: SceneStatistics
    ground_cells: Bytes | None = field(repr=False, compare=False)
    snow_is_rare: bool


@dataclass(frozen=True)
class Outputs:
    """The clouds."""

    cloud_field: CloudField


@dataclass(frozen=True)
class Cell:
    """What a cell of the scene gives at 60 m: clouds, pixels of open ground and of shade, green of water (NaN
    elsewhere), classes, land cover."""

    window: Window
    mask: Bytes
    open_ground: Bytes
    shade: Bytes
    water: Floats
    classes: Bytes | None
    land_cover: Bytes | None


@dataclass(frozen=True)
class Partial:
    """Gathered so far. `snow` is the sum and the number of the map's values over land."""

    cells: tuple[Cell, ...]
    sums: npt.NDArray[np.float64]
    snow: tuple[int, int]
    angles: TileAngles
    grid: Grid


def gather(inputs: Inputs, parameters: CloudFieldParameters, context: Context) -> Partial:
    """Summarise one cell of the scene."""
    assert context.window is not None
    assert context.grid is not None
    window = Window(*(side // FACTOR for side in _sides(context.window)))
    mask = cloud_cells(inputs.cloud_confidence, parameters.cloud_confidence_minimum)
    shade = pixels_with_flag(inputs.spectral_flags, SHADE_LIKE)
    ground = open_ground(inputs.spectral_class)
    water = water_only(inputs.toa_reflectance[WATER_BAND], inputs.spectral_class)
    classes = cover = None
    if inputs.land_cover is not None:
        classes, cover = pick(inputs.spectral_class, FACTOR), pick(inputs.land_cover, FACTOR)
    b10, b09, b8a = (inputs.toa_reflectance[band] for band in STATISTICS_BANDS)
    sums = sums_by_class(inputs.spectral_class, b10, b09, b8a)
    snow = _snow_over_land(inputs.snow_condition)
    return Partial(
        (Cell(window, mask, ground, shade, water, classes, cover),),
        sums,
        snow,
        inputs.l1c_product.tile.angles,
        context.grid,
    )


def _sides(window: Window) -> tuple[int, int, int, int]:
    return window.row, window.column, window.height, window.width


def _snow_over_land(snow_condition: Bytes | None) -> tuple[int, int]:
    """Sum and number of the snow map's values where it knows no water."""
    if snow_condition is None:
        return 0, 0
    land = snow_condition[snow_condition != MAP_SNOW_WATER]
    return int(land.sum(dtype=np.int64)), land.size


def join(first: Partial, second: Partial) -> Partial:
    """Both together; sums are added in the cells' order."""
    snow = first.snow[0] + second.snow[0], first.snow[1] + second.snow[1]
    return Partial(first.cells + second.cells, first.sums + second.sums, snow, first.angles, first.grid)


def conclude(partial: Partial, parameters: CloudFieldParameters, context: Context) -> Outputs:
    """Put the cells together."""
    last = partial.cells[-1].window
    shape = last.row + last.height, last.column + last.width
    east, north = cloud_direction(partial.angles, partial.grid, parameters.view_parallax)
    mask = _mosaic(partial, shape, "mask")
    shadow = np.zeros_like(mask)
    if parameters.match_heights:
        ground = Ground(_mosaic(partial, shape, "open_ground"), _mosaic(partial, shape, "shade"))
        ground = ground.with_water(_mosaic(partial, shape, "water"))
        shadow = matched_shadow(mask, ground, east, north)
    covers = [cell.land_cover for cell in partial.cells]
    cleared = None
    if all(cover is not None for cover in covers):
        classes = _mosaic(partial, shape, "classes")
        cleared = ground_cells(classes, _mosaic(partial, shape, "land_cover"))
    total, pixels = partial.snow
    return Outputs(
        CloudField(
            mask=mask,
            matched_shadow=shadow,
            east=east,
            north=north,
            statistics=SceneStatistics.of(partial.sums),
            ground_cells=cleared,
            snow_is_rare=total > 0 and total < RARE_SNOW * pixels,
        )
    )


def _mosaic(partial: Partial, shape: tuple[int, int], layer: str) -> npt.NDArray[Any]:
    """The cells' arrays of one kind put together."""
    whole = np.zeros(shape, getattr(partial.cells[0], layer).dtype)
    for cell in partial.cells:
        whole[cell.window.slices] = getattr(cell, layer)
    return whole


cloud_field = SceneStep(
    name="cloud_field",
    summary="cloud mask of the scene at 60 m for its shadows, statistics of clear land and water",
    accumulate=gather,
    merge=join,
    finalise=conclude,
)
