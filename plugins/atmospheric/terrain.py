"""Step `terrain`: how the sun and the sky meet the ground, on the 20 m grid.

Slopes are weighted central differences (Horn 1981); at the very edge of the tile, beyond which no terrain is
known, they are one-sided, and nothing beyond casts a shadow or hides the sky. Shadows and horizons reach
6 km: under a sun at a zenith angle of 60 degrees the shadow of 3460 m of relief is whole, at 70 that of
2180 m, at 80 that of 1060 m. The sky view is computed on 60 m pixels and interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.elevation import ElevationModel
from ipf_plugins.atmospheric.sun import sun_on_map
from pydantic import Field

from ipf.engine import BlockStep, Context, StepParameters, reads, writes
from ipf.kernels.pixels import block_mean
from ipf.kernels.sky_view import enlarge, sky_view
from ipf.kernels.terrain import cast_shadow, illumination, slope_angle, slopes
from ipf.product.angles import AngleGrid
from ipf.product.reader import SafeProduct

FloatImage = npt.NDArray[np.float32]
Classes = npt.NDArray[np.uint8]

RESOLUTION, COARSE = 20, 60
"""Pixel size of the layers, and that on which horizons are sought, in metres."""
REACH = 6000
"""How far terrain is looked for, in metres."""
MARGIN = REACH + 2 * COARSE
"""Reach of the step: the horizons of the coarse pixel beside the block, whose slope needs one more."""
HORIZON_DISTANCES = np.array(
    [*range(1, 9), *range(10, 17, 2), *range(19, 35, 3), *range(40, 101, 6)], dtype=np.int64
)
"""Coarse pixels away at which a horizon is looked for: all near by, then at steps of a sixth of the way."""


class TerrainParameters(StepParameters):
    """What of the terrain is taken into account."""

    correction: bool = Field(
        default=True,
        description="light on slopes and from a hidden sky is corrected; false: illumination and sky_view are"
        " those of flat ground, slope and cast_shadow stay. Without elevation model all is flat",
        json_schema_extra={"unit": "", "source": "Sen2Cor L2A_GIPP DEM_Terrain_Correction"},
    )
    cast_shadows: bool = Field(
        default=True,
        description="whether terrain before the sun takes its light; false: only slopes facing away lie dark",
        json_schema_extra={"unit": "", "source": ""},
    )
    sky_directions: int = Field(
        default=16,
        ge=8,
        le=64,
        description="directions in which the horizon is sought",
        json_schema_extra={"unit": "1", "source": "Dozier and Frew 1990"},
    )


@dataclass(frozen=True)
class Inputs:
    """Elevation in metres with its margin, whether a model gave it, and the product for its sun angles."""

    elevation: Annotated[FloatImage, reads(resolution=RESOLUTION, margin=MARGIN)]
    elevation_model: ElevationModel
    l1c_product: SafeProduct


@dataclass(frozen=True)
class Outputs:
    """Light on the ground.

    illumination : cosine of the angle between the sun and the ground's normal, 0 where the ground faces away
        or lies in shadow; of flat ground the cosine of the sun zenith angle. Counts of 2e-5.
    sky_view : share of the sky's light that reaches the ground, 1 for flat and open ground; what is missing
        comes from other terrain. Counts of 1/250.
    slope : degrees, counts of 0.4.
    cast_shadow : 1 where terrain stands before the sun, be it the pixel's own slope; 0 elsewhere.
    """

    illumination: Annotated[
        FloatImage,
        writes(unit="1", dtype="uint16", scale=2e-5, nodata=65535, maximum=65534, resolution=RESOLUTION),
    ]
    sky_view: Annotated[
        FloatImage,
        writes(unit="1", dtype="uint8", scale=1 / 250, nodata=255, maximum=254, resolution=RESOLUTION),
    ]
    slope: Annotated[
        FloatImage,
        writes(unit="degree", dtype="uint8", scale=0.4, nodata=255, maximum=254, resolution=RESOLUTION),
    ]
    cast_shadow: Annotated[Classes, writes(unit="class", dtype="uint8", resolution=RESOLUTION)]


def derive(inputs: Inputs, parameters: TerrainParameters, context: Context) -> Outputs:
    """Slopes, shadows, illumination and sky view of a block."""
    sun = inputs.l1c_product.tile.angles.sun
    if not inputs.elevation_model.used:
        return _flat(sun, context)
    margin = MARGIN // RESOLUTION
    east, north = slopes(inputs.elevation, margin, float(RESOLUTION))
    shadow = np.zeros(east.shape, np.uint8)
    if parameters.cast_shadows:
        shadow = cast_shadow(inputs.elevation, margin, REACH // RESOLUTION, *_sun_and_place(sun, context))
    slope = slope_angle(east, north)
    if not parameters.correction:
        flat = _flat(sun, context)
        return Outputs(flat.illumination, flat.sky_view, slope, shadow)
    lit = illumination(east, north, shadow, *_sun_and_place(sun, context))
    return Outputs(lit, _sky(inputs.elevation, parameters.sky_directions), slope, shadow)


def _sky(elevation: FloatImage, directions: int) -> FloatImage:
    """Sky view of a block from its elevation with `MARGIN`."""
    factor = COARSE // RESOLUTION
    coarse = block_mean(elevation, factor)
    rim = MARGIN // COARSE - 1
    east, north = slopes(coarse, rim, float(COARSE))
    return enlarge(sky_view(coarse, east, north, rim, float(COARSE), directions, HORIZON_DISTANCES), factor)


def _flat(sun: AngleGrid, context: Context) -> Outputs:
    """The layers of flat and open ground."""
    assert context.window is not None
    level = np.zeros((context.window.height, context.window.width), np.float32)
    shadow = np.zeros(level.shape, np.uint8)
    lit = illumination(level, level, shadow, *_sun_and_place(sun, context))
    return Outputs(lit, np.ones_like(level), level, shadow)


def _sun_and_place(
    sun: AngleGrid, context: Context
) -> tuple[npt.NDArray[np.float64], float, int, int, float]:
    """Last arguments of the kernels: the sun at its nodes, their distance, and where the block lies."""
    assert context.window is not None
    assert context.grid is not None
    window = context.window
    return sun_on_map(sun, context.grid), sun.row_step, window.row, window.column, float(RESOLUTION)


terrain = BlockStep(
    name="terrain",
    summary="illumination, cast shadows, slope and sky view at 20 m from the elevation of the ground",
    run=derive,
)
