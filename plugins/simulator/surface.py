"""Steps `simulate_cover` and `simulate_surface`: the land, and its reflectance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator import kernels
from ipf_plugins.simulator.scene import Scene
from ipf_plugins.simulator.spectra import (
    MATERIALS,
    SOIL,
    URBAN,
    VEGETATION,
    WATER,
    Cover,
    reflectance_table,
)
from pydantic import Field, field_validator, model_validator

from ipf.engine import BlockStep, Context, StepParameters, reads, writes
from ipf.product.raster import Window

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

REFLECTANCE_SCALE = 2e-5
"""Truth is stored five times finer than the counts of products."""


def block_window(context: Context) -> Window:
    """The block that a block step is asked for."""
    assert context.window is not None, "a block step always has a window"
    return context.window


class CoverParameters(StepParameters):
    """What the land is like, and how much it varies."""

    layout: Literal["landscape", "patches"] = Field(
        "landscape", description="A landscape from sea to snow, or square patches, each of one cover"
    )
    patch_m: int = Field(600, ge=60, le=6000, description="Side of the patches, m, a multiple of 10")
    vegetation_share: float = Field(
        0.40,
        ge=0.0,
        le=1.0,
        description="Share of the patches with crop, grass or forest, equally many of each",
    )
    water_share: float = Field(
        0.12, ge=0.0, le=1.0, description="Share of the patches with clear or turbid water"
    )
    urban_share: float = Field(0.04, ge=0.0, le=1.0, description="Share of the patches with roofs or asphalt")
    snow_share: float = Field(
        0.03, ge=0.0, le=1.0, description="Share of the patches with snow; the rest is soil, stubble and sand"
    )
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

    @field_validator("patch_m")
    @classmethod
    def _whole_pixels(cls, value: int) -> int:
        if value % 10:
            raise ValueError("expected a multiple of 10 m, so that patches end with pixels")
        return value

    @model_validator(mode="after")
    def _no_more_than_all(self) -> CoverParameters:
        if self.vegetation_share + self.water_share + self.urban_share + self.snow_share > 1.0 + 1e-9:
            raise ValueError("the shares of the patches add up to more than 1")
        return self

    @property
    def shares(self) -> Floats:
        """Share of each `Cover` among the patches, by cover number."""
        shares = np.zeros(len(Cover), np.float32)
        soil = 1.0 - self.vegetation_share - self.water_share - self.urban_share - self.snow_share
        for covers, share in (
            (VEGETATION, self.vegetation_share),
            (WATER, self.water_share),
            (URBAN, self.urban_share),
            ((Cover.SNOW,), self.snow_share),
            (SOIL, max(soil, 0.0)),
        ):
            shares[list(covers)] = share / len(covers)
        return shares


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
    """Draw the land from the scene's seed: sea, coast, fields, forests, towns, rock and snow, or patches."""
    window, grid = block_window(context), inputs.scene.grid
    variation = np.array([MATERIALS[cover].variation for cover in Cover], np.float32)
    grain = np.array([MATERIALS[cover].grain for cover in Cover], np.float32)
    place = (window.row, window.column, window.height, window.width)
    textures = (variation * np.float32(parameters.variation), grain * np.float32(parameters.grain))
    if parameters.layout == "patches":
        side = parameters.patch_m // 10
        cover, brightness = kernels.patches(*place, parameters.shares, *textures, side, inputs.scene.seed)
    else:
        cover, brightness = kernels.land_cover(
            *place, grid.rows, grid.columns, *textures, parameters.size, inputs.scene.seed
        )
    return CoverMap(cover, brightness)


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
SURFACE = BlockStep(name="simulate_surface", run=simulate_surface, summary="surface reflectance of a band")
