"""Steps `simulate_cover`, `simulate_sky` and `simulate_surface`: what there is to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator import kernels
from ipf_plugins.simulator.scene import Air, Scene
from ipf_plugins.simulator.spectra import MATERIALS, Cover, reflectance_table
from pydantic import Field

from ipf.engine import BlockStep, Context, StepParameters, reads, writes
from ipf.product.raster import Window

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

REFLECTANCE_SCALE = 2e-5
"""Truth is stored five times finer than the counts of products."""

# Distinct seeds, so that one field of chance says nothing of another.
_SKY_SEED, _AIR_SEED = 10_000, 20_000


def block_window(context: Context) -> Window:
    """The block that a block step is asked for."""
    assert context.window is not None, "a block step always has a window"
    return context.window


class CoverParameters(StepParameters):
    """How much the surface varies."""

    variation: float = Field(
        1.0,
        ge=0.0,
        le=3.0,
        description="Multiplies the variation from parcel to parcel and over 30 m to 600 m",
    )
    grain: float = Field(
        1.0, ge=0.0, le=5.0, description="Multiplies the variation from one 10 m pixel to the next"
    )
    size: float = Field(
        1.0, ge=0.2, le=20.0, description="Multiplies the size of parcels (240 m), towns and forests"
    )


@dataclass(frozen=True)
class SceneOnly:
    """The scene, nothing else."""

    scene: Scene


@dataclass(frozen=True)
class CoverMap:
    """Land cover (`Cover`) and brightness relative to the cover's mean."""

    true_cover: Annotated[Bytes, writes(unit="class", dtype="uint8", resolution=10)]
    brightness: Annotated[Floats, writes(unit="1", dtype="uint16", scale=1e-4, resolution=10)]


def simulate_cover(inputs: SceneOnly, parameters: CoverParameters, context: Context) -> CoverMap:
    """Draw the land: sea, coast, fields, forests, towns, rock and snow, from the scene's seed."""
    window, grid = block_window(context), inputs.scene.grid
    variation = np.array([MATERIALS[cover].variation for cover in Cover], np.float32)
    grain = np.array([MATERIALS[cover].grain for cover in Cover], np.float32)
    cover, brightness = kernels.land_cover(
        window.row,
        window.column,
        window.height,
        window.width,
        grid.rows,
        grid.columns,
        variation * np.float32(parameters.variation),
        grain * np.float32(parameters.grain),
        parameters.size,
        inputs.scene.seed,
    )
    return CoverMap(cover, brightness)


class SkyParameters(StepParameters):
    """What hangs over the land."""

    cloud_share: float = Field(0.06, ge=0.0, le=0.6, description="About this share of the scene is cloudy")
    cloud_height_m: float = Field(1500.0, ge=0.0, le=6000.0, description="Height of the clouds, m")
    cirrus: float = Field(0.03, ge=0.0, le=0.1, description="Reflectance of the thickest cirrus, in the blue")
    aot_variation: float = Field(
        0.0, ge=0.0, le=0.5, description="Largest relative departure of AOT and water vapour from the mean"
    )


@dataclass(frozen=True)
class SceneAndAir:
    """The scene and the air over it."""

    scene: Scene
    air: Air


@dataclass(frozen=True)
class Sky:
    """Clouds, their shadows, cirrus, and the columns of aerosol and water vapour."""

    true_cloud: Annotated[Floats, writes(unit="1", dtype="uint8", scale=0.005, resolution=20, maximum=200)]
    true_cirrus: Annotated[Floats, writes(unit="1", dtype="uint8", scale=0.0005, resolution=20)]
    true_shadow: Annotated[Floats, writes(unit="1", dtype="uint8", scale=0.005, resolution=20, maximum=200)]
    true_aot: Annotated[Floats, writes(unit="1", dtype="uint16", scale=1e-4, resolution=20)]
    true_water_vapour: Annotated[Floats, writes(unit="cm", dtype="uint16", scale=1e-3, resolution=20)]


def simulate_sky(inputs: SceneAndAir, parameters: SkyParameters, context: Context) -> Sky:
    """Draw the sky; shadows fall away from the sun by the clouds' height times the tangent of its zenith."""
    window, scene, air = block_window(context), inputs.scene, inputs.air
    side = float(max(scene.grid.at(20).shape))
    sun = scene.angles.mean_sun
    length = parameters.cloud_height_m * np.tan(np.deg2rad(sun.zenith)) / 20.0
    azimuth = np.deg2rad(sun.azimuth)
    cloud, cirrus, shadow = kernels.clouds(
        window.row,
        window.column,
        window.height,
        window.width,
        side,
        parameters.cloud_share,
        parameters.cirrus,
        -length * np.sin(azimuth),
        length * np.cos(azimuth),
        scene.seed + _SKY_SEED,
    )
    departure = parameters.aot_variation if air.tabulated else 0.0
    aot, water_vapour = (
        kernels.columns(
            window.row,
            window.column,
            window.height,
            window.width,
            0.3 * side,
            mean,
            departure,
            scene.seed + _AIR_SEED + number,
        )
        for number, mean in enumerate((air.aot, air.water_vapour))
    )
    return Sky(cloud, cirrus, shadow, aot, water_vapour)


@dataclass(frozen=True)
class BandCover:
    """The land at 10 m, for a band whose pixels may be coarser."""

    detector_footprint: Annotated[Bytes, reads(each_band=True)]
    true_cover: Annotated[Bytes, reads(resolution=10)]
    brightness: Annotated[Floats, reads(resolution=10)]


class NoChoice(StepParameters):
    """Nothing to choose."""


@dataclass(frozen=True)
class BandSurface:
    """Reflectance of the surface, the mean over each pixel of the band."""

    true_reflectance: Annotated[
        Floats, writes(unit="1", dtype="uint16", scale=REFLECTANCE_SCALE, each_band=True)
    ]


def simulate_surface(inputs: BandCover, parameters: NoChoice, context: Context) -> BandSurface:
    """Give the land its reflectance in one band."""
    factor = inputs.true_cover.shape[0] // inputs.detector_footprint.shape[0]
    return BandSurface(
        kernels.surface_reflectance(
            inputs.true_cover, inputs.brightness, reflectance_table(context.band), factor
        )
    )


COVER = BlockStep(name="simulate_cover", run=simulate_cover, summary="land cover and its brightness")
SKY = BlockStep(
    name="simulate_sky", run=simulate_sky, summary="clouds, shadows, cirrus, aerosol, water vapour"
)
SURFACE = BlockStep(name="simulate_surface", run=simulate_surface, summary="surface reflectance of a band")
