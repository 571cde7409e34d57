"""Step `simulate_relief`: hills or ridges under the land, and the light that they leave each other.

The sun is that over the middle of the tile; curvature of the Earth is left out. Flat unless told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator import relief_kernels
from ipf_plugins.simulator.relief_kernels import FINEST, Forms
from ipf_plugins.simulator.scene import Relief
from ipf_plugins.simulator.surface import SceneOnly, block_window
from pydantic import Field

from ipf.engine import BlockStep, Context, StepParameters, writes

Floats = npt.NDArray[np.float32]

PIXEL_M = 20
_RELIEF_SEED = 40_000
_LONGEST_SHADOW_M = 8000.0
_OCTAVES = 8


class ReliefParameters(StepParameters):
    """How exactly the light on the relief is computed; what it is like says `simulate_acquisition`."""

    sky_directions: int = Field(
        16, ge=4, le=64, description="Directions in which the horizon is sought for the view of the sky"
    )
    horizon_m: float = Field(
        1500.0, ge=100.0, le=5000.0, description="How far the horizon is sought for the view of the sky, m"
    )


@dataclass(frozen=True)
class Land:
    """Elevation (m above the sea), direct light of the sun relative to flat ground (0 in cast shadow), and
    share of the light of an even sky that is seen."""

    true_elevation: Annotated[Floats, writes(unit="m", dtype="uint16", scale=0.1, resolution=20)]
    true_direct_light: Annotated[Floats, writes(unit="1", dtype="uint16", scale=1e-4, resolution=20)]
    true_sky_view: Annotated[Floats, writes(unit="1", dtype="uint8", scale=0.005, resolution=20, maximum=200)]


def simulate_relief(inputs: SceneOnly, parameters: ReliefParameters, context: Context) -> Land:
    """Raise the land, and find what reaches it of the light of sun and sky."""
    window, relief = block_window(context), inputs.scene.relief
    shape = (window.height, window.width)
    if relief.height == 0.0:
        even = np.ones(shape, np.float32)
        return Land(np.full(shape, relief.base, np.float32), even, even)
    sun = inputs.scene.sun_on_map
    zenith, azimuth = math.radians(sun.zenith), math.radians(sun.azimuth)
    shadow = math.ceil(min(relief.height * math.tan(zenith), _LONGEST_SHADOW_M) / PIXEL_M) + 1
    # Beyond 20 times the relief's height its horizon is below 3 degrees: 0.3 % of an even sky.
    horizon = math.ceil(min(parameters.horizon_m, 20.0 * relief.height) / PIXEL_M)
    around = max(shadow, horizon) + 2
    land = relief_kernels.heights(
        window.row, window.column, *shape, around, forms(relief), inputs.scene.seed + _RELIEF_SEED
    )
    inside = land[around:-around, around:-around]
    return Land(
        (inside * PIXEL_M + relief.base).astype(np.float32),
        relief_kernels.direct_light(land, around, shadow, zenith, azimuth),
        relief_kernels.sky_view(land, around, horizon, parameters.sky_directions),
    )


def forms(relief: Relief) -> Forms:
    """The relief in pixels; its smallest forms are some 120 m."""
    period = relief.scale / PIXEL_M
    octaves = min(max(1 + math.floor(math.log2(period / FINEST)), 1), _OCTAVES)
    return Forms(relief.height / PIXEL_M, period, octaves, relief.ridged)


RELIEF = BlockStep(
    name="simulate_relief", run=simulate_relief, summary="elevation, light of sun and sky on slopes"
)
