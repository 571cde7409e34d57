"""Rules that change a class because of where the pixel lies: shadow, terrain, maps, statistics, neighbours.

Source: scene classification of Sen2Cor 2.8 after its spectral tests, and of 2.10 where a docstring says so.
Every kernel changes `classes` in place, never a pixel without data or a defective one. Arrays are on pixels
of 20 m; what is on cells of 60 m says so, and `classes` then begins on a whole cell.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.classification import (
    CLOUD_HIGH,
    CLOUD_MEDIUM,
    CLOUD_SHADOW,
    DARK,
    NO_DATA,
    NOT_VEGETATED,
    SATURATED_DEFECTIVE,
    SNOW,
    THIN_CIRRUS,
    UNCLASSIFIED,
    UNDECIDED,
    VEGETATION,
    WATER,
)
from ipf.kernels.jit import kernel
from ipf.kernels.spectral_flags import BLUE_SHADE, DIM, GREENER_THAN_SWIR, SHADE_LIKE

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]

FACTOR = 3
"""Pixels of 20 m along a cell of 60 m."""
MAP_WATER = 2
"""Value of water in ESA CCI's map of water bodies."""
MAP_URBAN, MAP_BARE_FIRST, MAP_BARE_LAST, MAP_SEA = 190, 200, 202, 210
"""Values of ESA CCI's land cover."""
MAP_SNOW_WATER = 254
"""Value of water in ESA CCI's snow condition."""


@kernel
def mark_defective(classes: ByteImage, flags: ByteImage, bits: int) -> None:
    """Saturated or defective where a quality mask says so; nothing changes such a pixel any more."""
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            if classes[row, column] != NO_DATA and flags[row, column] & bits:
                classes[row, column] = SATURATED_DEFECTIVE


@kernel
def mark_cloud_shadow(
    classes: ByteImage, flags: ByteImage, probability: FloatImage, least: float, dark_too: bool
) -> None:
    """Cloud shadow where the spectrum allows it and the geometry makes it more likely than `least`.

    dark_too : whether a dark pixel is shaded ground whatever its spectrum (2.10).
    probability : on cells of 60 m, that a cloud shades the cell.
    """
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            kind = classes[row, column]
            if kind in (NO_DATA, SATURATED_DEFECTIVE, CLOUD_MEDIUM, CLOUD_HIGH, THIN_CIRRUS):
                continue
            like = flags[row, column] & SHADE_LIKE or (dark_too and kind == DARK)
            if like and probability[row // FACTOR, column // FACTOR] > least:
                classes[row, column] = CLOUD_SHADOW


@kernel
def mark_known_shadow(classes: ByteImage, flags: ByteImage, shadow: ByteImage, water_too: bool) -> None:
    """Cloud shadow where the shadow of a cloud of known height falls on dim ground, or on any water.

    shadow : on cells of 60 m. Water in shadow looks much as other water.
    """
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            kind = classes[row, column]
            if not shadow[row // FACTOR, column // FACTOR] or kind in (
                NO_DATA,
                SATURATED_DEFECTIVE,
                CLOUD_MEDIUM,
                CLOUD_HIGH,
                THIN_CIRRUS,
            ):
                continue
            if flags[row, column] & DIM or (water_too and kind == WATER):
                classes[row, column] = CLOUD_SHADOW


@kernel
def recover_mapped_water(classes: ByteImage, water_bodies: ByteImage) -> None:
    """Water where a map knows water and the spectrum tells nothing better."""
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            if water_bodies[row, column] == MAP_WATER and classes[row, column] in (
                DARK,
                CLOUD_SHADOW,
                UNCLASSIFIED,
                UNDECIDED,
            ):
                classes[row, column] = WATER


@kernel
def correct_in_relief(
    classes: ByteImage,
    flags: ByteImage,
    illumination: FloatImage,
    slope: FloatImage,
    dim: float,
    dark: float,
    steep: float,
) -> None:
    """Dark where relief explains what looked like water, cloud shadow, or cloud over shaded snow.

    illumination : cosine of the sun's angle to the ground, 0 in cast shadow; slope in degrees. NaN: unknown.
    dim, dark : illumination below which ground is dim, and as good as unlit (Sen2Cor: 128/255 and 32/255).
    steep : slope in degrees above which no water lies.
    """
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            lit, kind = illumination[row, column], classes[row, column]
            if (
                (kind == WATER and lit < dim and slope[row, column] > steep)
                or (kind == CLOUD_SHADOW and lit < dark)
                or (
                    lit < dim
                    and flags[row, column] & BLUE_SHADE
                    and kind in (UNCLASSIFIED, UNDECIDED, CLOUD_MEDIUM)
                )
            ):
                classes[row, column] = DARK


@kernel
def keep_cast_shadow(classes: ByteImage, near_shadow: ByteImage, otherwise: int) -> None:
    """Dark pixels stay so in or near shadow cast by terrain alone (2.10); others become `otherwise`."""
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            if classes[row, column] == DARK and not near_shadow[row, column]:
                classes[row, column] = otherwise


@kernel
def recover_snow(classes: ByteImage, flags: ByteImage, near_snow: ByteImage) -> None:
    """Snow beside snow: what no test decided, within reach of snow and greener than B11."""
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            if (
                classes[row, column] == UNDECIDED
                and near_snow[row, column]
                and flags[row, column] & GREENER_THAN_SWIR
            ):
                classes[row, column] = SNOW


@kernel
def refuse_snow_on_sea(classes: ByteImage, snow_condition: ByteImage) -> None:
    """Cloud where the map of snow knows water, in a scene where snow is rare."""
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            if classes[row, column] == SNOW and snow_condition[row, column] == MAP_SNOW_WATER:
                classes[row, column] = CLOUD_MEDIUM


@kernel
def recover_land(
    classes: ByteImage,
    b10: FloatImage,
    b09: FloatImage,
    b8a: FloatImage,
    cirrus_maximum: float,
    vapour_maximum: float,
) -> None:
    """Not vegetated where a cloud lies as low as the ground: B10 as dark, B09/B8A as low as over land.

    Bands on cells of 60 m.
    """
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            if classes[row, column] not in (CLOUD_MEDIUM, CLOUD_HIGH):
                continue
            cirrus = b10[row // FACTOR, column // FACTOR]
            near_infrared = b8a[row // FACTOR, column // FACTOR]
            vapour = b09[row // FACTOR, column // FACTOR]
            if cirrus < cirrus_maximum and vapour < vapour_maximum * near_infrared:
                classes[row, column] = NOT_VEGETATED


@kernel
def recover_cirrus(
    classes: ByteImage,
    b10: FloatImage,
    elevation: FloatImage,
    land_minimum: float,
    water_minimum: float,
    elevation_maximum: float,
) -> None:
    """Thin cirrus over low land and water that is brighter in B10 than the scene's clear land and water.

    `b10` on cells of 60 m; `elevation` of each pixel in metres, NaN over the sea.
    """
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            kind = classes[row, column]
            if kind in (VEGETATION, NOT_VEGETATED):
                least = land_minimum
            elif kind == WATER:
                least = water_minimum
            else:
                continue
            if b10[row // FACTOR, column // FACTOR] > least and not (
                elevation[row, column] >= elevation_maximum
            ):
                classes[row, column] = THIN_CIRRUS


@kernel
def recover_bare_ground(classes: ByteImage, land_cover: ByteImage, ground_cells: ByteImage) -> None:
    """Not vegetated where a map knows towns or bare ground and the spectrum decided nothing, or saw a cloud
    that has no cloud around it (`ground_cells`, on cells of 60 m).
    """
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            cover, kind = land_cover[row, column], classes[row, column]
            if cover != MAP_URBAN and not (MAP_BARE_FIRST <= cover <= MAP_BARE_LAST):
                continue
            if kind == UNDECIDED or (
                kind in (UNCLASSIFIED, CLOUD_MEDIUM) and ground_cells[row // FACTOR, column // FACTOR]
            ):
                classes[row, column] = NOT_VEGETATED


@kernel
def replace_where(classes: ByteImage, mask: ByteImage, first: int, second: int, by: int) -> None:
    """Class `by` where the mask is set and the class is `first` or `second`."""
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            if mask[row, column] and classes[row, column] in (first, second):
                classes[row, column] = by


@kernel
def name_the_rest(classes: ByteImage, remainder: int) -> None:
    """Class `remainder` for what no rule decided."""
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            if classes[row, column] == UNDECIDED:
                classes[row, column] = remainder


@kernel
def grow(classes: ByteImage, grown: ByteImage, kind: int, first: int, second: int) -> None:
    """Class `kind` where `grown` is set, but over no cloud and not over the classes `first` and `second`."""
    for row in range(classes.shape[0]):
        for column in range(classes.shape[1]):
            found = classes[row, column]
            if not grown[row, column] or found in (
                NO_DATA,
                SATURATED_DEFECTIVE,
                CLOUD_MEDIUM,
                CLOUD_HIGH,
                THIN_CIRRUS,
            ):
                continue
            if found not in (first, second):
                classes[row, column] = kind
