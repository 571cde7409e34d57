"""Rules of the scene classification that ask where a pixel lies: shadow, terrain, maps, scene statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.classification_rules import DarkClass, SceneClassificationParameters, When
from ipf_plugins.atmospheric.cloud_field import CloudField

from ipf.engine import Context
from ipf.kernels import reclassification as rules
from ipf.kernels.classification import (
    CLOUD_HIGH,
    CLOUD_MEDIUM,
    DARK,
    NOT_VEGETATED,
    SNOW,
    UNDECIDED,
)
from ipf.kernels.cloud_statistics import pixels_with_flag
from ipf.kernels.morphology import dilate_box, dilate_diamond, erode_box, select
from ipf.kernels.shadow import CELL, SMOOTHING, SMOOTHING_REACH, project_shadow, smooth
from ipf.kernels.spectral_flags import BRIGHT_GROUND, SHADE_LIKE
from ipf.product.masks import QUALITY_FLAGS
from ipf.product.raster import Window

if TYPE_CHECKING:
    from ipf_plugins.atmospheric.scene_classification import Inputs

FACTOR = 3
"""Pixels along a cell of 60 m."""
SNOW_REACH = 3
"""Pixels within which snow is recovered beside snow (Sen2Cor 2.8)."""
CAST_SHADOW_REACH = 4
"""Pixels within which a dark pixel belongs to shadow cast by terrain (Sen2Cor 2.10: a square of 9)."""
SMALL_CLOUD, BIG_CLOUD_REACH = 3, 9
"""Radius of the square that no small cloud holds, and pixels around bigger ones left alone (2.10)."""
DEFECTS = sum(1 << QUALITY_FLAGS.index(flag) for flag in ("defective", "saturated"))

RISE_END, RISE_WIDTH = 1500.0, 900.0
FALL_START, FALL_WIDTH = 1530.0, 2700.0
HIGHEST_CLOUD = 6030.0
ORDER = 10
"""Distribution of cloud heights in metres: flat from some 600 to 4200 m with Butterworth flanks of order 5
(Sen2Cor 2.8, cloud shadow detection)."""

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


def apply(
    classes: Bytes, inputs: Inputs, parameters: SceneClassificationParameters, context: Context
) -> None:
    """Apply the rules in the order of Sen2Cor 2.8 to the classes of a block with its margin, in place."""
    if inputs.defects is not None:
        rules.mark_defective(classes, inputs.defects, DEFECTS)
    if parameters.cloud_shadow:
        _cloud_shadow(classes, inputs, parameters, context)
    if inputs.water_bodies is not None:
        rules.recover_mapped_water(classes, inputs.water_bodies)
    if inputs.relief:
        _relief(classes, inputs, parameters)
    _snow(classes, inputs)
    _statistics(classes, inputs, parameters)
    cells = inputs.cloud_field.ground_cells
    if inputs.land_cover is not None and cells is not None:
        window = cells_around(context.window, classes.shape)
        rules.recover_bare_ground(classes, inputs.land_cover, taken(cells, window))
    if parameters.bright_ground:
        _bright_ground(classes, inputs.spectral_flags)


def cells_around(window: Window | None, shape: tuple[int, ...]) -> Window:
    """Cells of 60 m of a block with its margin; they may lie outside of the scene."""
    assert window is not None
    border = (shape[0] - window.height) // 2
    return Window(
        (window.row - border) // FACTOR,
        (window.column - border) // FACTOR,
        shape[0] // FACTOR,
        shape[1] // FACTOR,
    )


def taken(cells: Bytes, window: Window) -> Bytes:
    """Part of a mask of the whole scene, 0 beyond it."""
    part = np.zeros((window.height, window.width), np.uint8)
    inside = window.clipped(*cells.shape)
    row, column = inside.row - window.row, inside.column - window.column
    part[row : row + inside.height, column : column + inside.width] = cells[inside.slices]
    return part


def _cloud_shadow(
    classes: Bytes, inputs: Inputs, parameters: SceneClassificationParameters, context: Context
) -> None:
    """Class 3 where the spectrum is as of shaded ground and a cloud may shade it."""
    field = inputs.cloud_field
    if not field.mask.any():
        return
    window = cells_around(context.window, classes.shape)
    known = taken(field.matched_shadow, window)
    rules.mark_known_shadow(classes, inputs.spectral_flags, known, parameters.shadow_on_water)
    candidates = pixels_with_flag(inputs.spectral_flags, SHADE_LIKE)
    if parameters.dark_in_shadow:
        candidates |= pixels_with_flag(select(classes, DARK, DARK), 1)
    if not candidates.any():
        return
    probability = shadow_probability(field, window, dilate_box(candidates, SMOOTHING_REACH))
    least = parameters.shadow_probability_minimum
    dark_too = parameters.dark_in_shadow
    rules.mark_cloud_shadow(classes, inputs.spectral_flags, probability, least, dark_too)


def shadow_probability(field: CloudField, window: Window, wanted: Bytes) -> Floats:
    """Probability that cells of 60 m lie in a cloud's shadow; right where all cells around are wanted."""
    longest = max(np.hypot(east, north) for east, north in _extremes(field))
    height_step = min(CELL / longest, HIGHEST_CLOUD / 10.0)
    heights = np.arange(height_step / 2.0, HIGHEST_CLOUD, height_step)
    probability = project_shadow(
        field.mask,
        window.row,
        window.column,
        wanted,
        field.east.over(window, int(CELL)),
        field.north.over(window, int(CELL)),
        height_weights(heights),
        height_step,
    )
    return smooth(probability, SMOOTHING)


def _extremes(field: CloudField) -> list[tuple[float, float]]:
    """Displacements per height at the nodes; the step of heights must not depend on the block."""
    east, north = np.broadcast_arrays(field.east.nodes, field.north.nodes)
    return list(zip(east.ravel().tolist(), north.ravel().tolist(), strict=True))


def height_weights(heights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How common clouds are at heights in metres, 1 for the most common."""
    rising = 1.0 / (1.0 + (np.maximum(RISE_END - heights, 0.0) / RISE_WIDTH) ** ORDER)
    falling = 1.0 / (1.0 + (np.maximum(heights - FALL_START, 0.0) / FALL_WIDTH) ** ORDER)
    return np.asarray(rising * falling)


def _relief(classes: Bytes, inputs: Inputs, parameters: SceneClassificationParameters) -> None:
    assert inputs.illumination is not None
    assert inputs.slope is not None
    assert inputs.cast_shadow is not None
    rules.correct_in_relief(
        classes,
        inputs.spectral_flags,
        inputs.illumination,
        inputs.slope,
        parameters.dim_illumination,
        parameters.dark_illumination,
        parameters.steep_slope,
    )
    if parameters.dark_class is DarkClass.CAST_SHADOW:
        rules.keep_cast_shadow(classes, dilate_box(inputs.cast_shadow, CAST_SHADOW_REACH), UNDECIDED)


def _snow(classes: Bytes, inputs: Inputs) -> None:
    """Snow beside snow, and none on a mapped sea where snow is rare."""
    snow = select(classes, SNOW, SNOW)
    if not snow.any():
        return
    if inputs.snow_condition is not None and inputs.cloud_field.snow_is_rare:
        rules.refuse_snow_on_sea(classes, inputs.snow_condition)
        snow = select(classes, SNOW, SNOW)
    rules.recover_snow(classes, inputs.spectral_flags, dilate_diamond(snow, SNOW_REACH))


def _statistics(classes: Bytes, inputs: Inputs, parameters: SceneClassificationParameters) -> None:
    """Recover land and cirrus by the statistics of the scene."""
    b10, b09, b8a = (inputs.toa_reflectance[band] for band in ("B10", "B09", "B8A"))
    statistics, mapped = inputs.cloud_field.statistics, inputs.land_cover is not None
    limits = statistics.land_limits() if _wanted(parameters.land_recovery, mapped) else None
    if limits is not None:
        rules.recover_land(classes, b10, b09, b8a, limits.cirrus, limits.vapour)
    if _wanted(parameters.cirrus_recovery, mapped):
        land, water = statistics.cirrus_limits()
        maximum = parameters.cirrus_elevation_maximum
        rules.recover_cirrus(classes, b10, _elevation(inputs, classes.shape), land, water, maximum)


def _wanted(when: When, mapped: bool) -> bool:
    return when is When.ALWAYS or (when is When.WITH_LAND_COVER and mapped)


def _elevation(inputs: Inputs, shape: tuple[int, ...]) -> Floats:
    """Elevation of each pixel in metres, its mean where it is not known by pixel."""
    if inputs.elevation is not None:
        return inputs.elevation
    return np.full(shape, inputs.atmospheric_state.ground_elevation.field.mean, np.float32)


def _bright_ground(classes: Bytes, flags: Bytes) -> None:
    """Ground where a small bright cloud has the spectrum of ground (Sen2Cor 2.10)."""
    clouds = select(classes, CLOUD_MEDIUM, CLOUD_HIGH)
    big = dilate_box(erode_box(clouds, SMALL_CLOUD), BIG_CLOUD_REACH)
    small: Bytes = ((flags & BRIGHT_GROUND != 0) & (big == 0)).astype(np.uint8)
    rules.replace_where(classes, small, CLOUD_MEDIUM, CLOUD_HIGH, NOT_VEGETATED)
