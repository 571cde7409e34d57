"""Step `simulate_sky`: clouds with heights and true shadows, cirrus, aerosol and water vapour.

Clouds are plates seen from straight above: at 10 degrees from nadir a cloud 2 km high would stand 350 m
aside. Their shadows fall away from the sun by their height times the tangent of its zenith, both as over the
middle of the tile. Cirrus casts no shadow: it takes less of the light than it reflects, some per cent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator import cloud_kernels, kernels
from ipf_plugins.simulator.cloud_kernels import REACH, Clouds, Population
from ipf_plugins.simulator.scene import Air, Scene
from ipf_plugins.simulator.surface import block_window
from pydantic import Field, model_validator

from ipf.engine import BlockStep, Context, StepParameters, writes

Floats = npt.NDArray[np.float32]

PIXEL_M = 20

# Distinct seeds, so that one field of chance says nothing of another.
_SKY_SEED, _AIR_SEED = 10_000, 20_000
_EDGES, _CIRRUS = 20, 50

_THICK_RADIUS_M, _THICK_SHARE_OF_SIDE = (150.0, 1500.0), (0.05, 0.13)
_THIN_RADIUS_M, _THIN_SHARE_OF_SIDE = (800.0, 3500.0), (0.08, 0.20)
"""Smallest and largest radius, and what these are at most of the side of a small scene: fair-weather cumulus
of 0.3 to 3 km (Plank 1969, Journal of Applied Meteorology 8, 46-67), larger veils of middle height."""
_THICK_SOFTNESS, _THIN_SOFTNESS = 0.25, 0.7


class SkyParameters(StepParameters):
    """What hangs over the land."""

    cloud_share: float = Field(
        0.06, ge=0.0, le=0.6, description="About this share of the scene is cloudy, thick and thin"
    )
    thin_share: float = Field(
        0.25,
        ge=0.0,
        le=1.0,
        description="Share of the cloudy area that has thin clouds, which one sees through",
    )
    cloud_lowest_m: float = Field(800.0, ge=0.0, le=6000.0, description="Height of the lowest thick cloud, m")
    cloud_highest_m: float = Field(
        3000.0, ge=0.0, le=6000.0, description="Height of the highest thick cloud, m; each has its own"
    )
    thin_lowest_m: float = Field(2500.0, ge=0.0, le=8000.0, description="Height of the lowest thin cloud, m")
    thin_highest_m: float = Field(
        5500.0, ge=0.0, le=8000.0, description="Height of the highest thin cloud, m; each has its own"
    )
    thin_opacity: float = Field(
        0.5, ge=0.1, le=0.9, description="Largest opacity of a thin cloud; they go down to two fifths of it"
    )
    cirrus: float = Field(0.03, ge=0.0, le=0.1, description="Reflectance of the thickest cirrus, in the blue")
    aot_variation: float = Field(
        0.0, ge=0.0, le=0.5, description="Largest relative departure of AOT and water vapour from the mean"
    )

    @model_validator(mode="after")
    def _ordered(self) -> SkyParameters:
        if self.cloud_lowest_m > self.cloud_highest_m or self.thin_lowest_m > self.thin_highest_m:
            raise ValueError("the lowest clouds of a kind must not be higher than the highest")
        return self


@dataclass(frozen=True)
class SceneAndAir:
    """The scene and the air over it."""

    scene: Scene
    air: Air


@dataclass(frozen=True)
class Sky:
    """Opacity and height (0 without cloud) of the densest cloud over a pixel, opacity of the one whose shadow
    falls on it, cirrus, and the columns of aerosol and water vapour."""

    true_cloud: Annotated[Floats, writes(unit="1", dtype="uint8", scale=0.005, resolution=20, maximum=200)]
    true_cloud_height: Annotated[Floats, writes(unit="m", dtype="uint8", scale=50.0, resolution=20)]
    true_cirrus: Annotated[Floats, writes(unit="1", dtype="uint8", scale=0.0005, resolution=20)]
    true_shadow: Annotated[Floats, writes(unit="1", dtype="uint8", scale=0.005, resolution=20, maximum=200)]
    true_aot: Annotated[Floats, writes(unit="1", dtype="uint16", scale=1e-4, resolution=20)]
    true_water_vapour: Annotated[Floats, writes(unit="cm", dtype="uint16", scale=1e-3, resolution=20)]


def simulate_sky(inputs: SceneAndAir, parameters: SkyParameters, context: Context) -> Sky:
    """Draw the sky from the scene's seed."""
    window, scene, air = block_window(context), inputs.scene, inputs.air
    place = (window.row, window.column, window.height, window.width)
    side = float(max(scene.grid.at(PIXEL_M).shape))
    clouds = clouds_over(scene, parameters)
    edges = scene.seed + _SKY_SEED + _EDGES
    opacity, height = cloud_kernels.cast(*place, clouds, 0.0, 0.0, edges)
    shadow, _ = cloud_kernels.cast(*place, clouds, *shadow_per_metre(scene), edges)
    cirrus = cloud_kernels.cirrus_veil(*place, side, parameters.cirrus, scene.seed + _SKY_SEED + _CIRRUS)
    departure = parameters.aot_variation if air.tabulated else 0.0
    aot, water_vapour = (
        kernels.columns(*place, 0.3 * side, mean, departure, scene.seed + _AIR_SEED + number)
        for number, mean in enumerate((air.aot, air.water_vapour))
    )
    return Sky(opacity, height, cirrus, shadow, aot, water_vapour)


def shadow_per_metre(scene: Scene) -> tuple[float, float]:
    """How far east and south a shadow falls, in pixels of 20 m per metre of the cloud's height."""
    sun = scene.sun_on_map
    length = math.tan(math.radians(sun.zenith)) / PIXEL_M
    azimuth = math.radians(sun.azimuth)
    return -length * math.sin(azimuth), length * math.cos(azimuth)


def clouds_over(scene: Scene, parameters: SkyParameters) -> Clouds:
    """All clouds over the scene and around it, as `cloud_kernels.cast` takes them; the same for any block."""
    rows, columns = scene.grid.at(PIXEL_M).shape
    east, south = shadow_per_metre(scene)
    thick = _population(
        parameters.cloud_share * (1.0 - parameters.thin_share),
        (_THICK_RADIUS_M, _THICK_SHARE_OF_SIDE),
        max(rows, columns),
        (parameters.cloud_lowest_m, parameters.cloud_highest_m),
        (1.0, 1.0),
        _THICK_SOFTNESS,
    )
    thin = _population(
        parameters.cloud_share * parameters.thin_share,
        (_THIN_RADIUS_M, _THIN_SHARE_OF_SIDE),
        max(rows, columns),
        (parameters.thin_lowest_m, parameters.thin_highest_m),
        (0.4 * parameters.thin_opacity, parameters.thin_opacity),
        _THIN_SOFTNESS,
    )
    return _drawn((thick, thin), rows, columns, math.hypot(east, south), scene.seed + _SKY_SEED)


def _population(
    share: float,
    radius: tuple[tuple[float, float], tuple[float, float]],
    side: int,
    heights: tuple[float, float],
    opacities: tuple[float, float],
    softness: float,
) -> Population:
    """A kind of cloud, its radii in pixels and small enough for the scene and for the share."""
    metres, shares = radius
    smallest, largest = (
        min(metre / PIXEL_M, part * side) for metre, part in zip(metres, shares, strict=True)
    )
    return Population(share, smallest, largest, *heights, *opacities, softness)


@lru_cache(maxsize=8)
def _drawn(
    kinds: tuple[Population, ...], rows: int, columns: int, reach_per_metre: float, seed: int
) -> Clouds:
    drawn = [
        cloud_kernels.draw_clouds(
            kind,
            float(rows),
            float(columns),
            REACH * kind.largest + reach_per_metre * kind.highest,
            seed + number,
        )
        for number, kind in enumerate(kinds)
        if kind.share > 0.0
    ]
    return np.concatenate([*drawn, np.empty((0, 6))])


SKY = BlockStep(
    name="simulate_sky", run=simulate_sky, summary="clouds, shadows, cirrus, aerosol, water vapour"
)
