"""Step `simulate_acquisition`: the tile, the moment, the directions, and the atmosphere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from ipf_plugins.simulator.geometry import Track, constant_angles, footprint, tile_angles
from ipf_plugins.simulator.scene import (
    BASELINE,
    Air,
    FixedAtmosphere,
    Relief,
    Scene,
    fixed_air,
    read_fixed_atmosphere,
    tabulated_air,
)
from pydantic import Field, field_validator

from ipf.engine import Context, Findings, SourceStep, StepParameters, provides
from ipf.errors import ParameterError, ProductError
from ipf.product.acquisition import coordinate_system
from ipf.product.angles import Direction
from ipf.product.bands import BAND_NAMES, BANDS
from ipf.product.names import TileName
from ipf.product.nominal_radiometry import RADIOMETRIC_OFFSET, nominal_radiometry
from ipf.product.raster import Grid, Raster
from ipf.product.reader import open_product
from ipf.product.utc import UtcTime

FULL_TILE_M = 109800
COARSEST_M = 60


class AcquisitionParameters(StepParameters):
    """Where, when and through which air the scene is seen. The tile is T31TCJ, near Toulouse, unless told."""

    size_m: int = Field(
        10980,
        ge=360,
        le=FULL_TILE_M,
        description="Side of the tile in metres, a multiple of 60; 109800 is a full tile (PSD 14.8)",
    )
    seed: int = Field(
        0, ge=0, lt=2**31, description="Seed of everything left to chance, added to the seed of the run"
    )
    like: Path | None = Field(
        None, description="Level-1C product whose tile, time, orbit and angles are taken; overrides size_m"
    )
    tile: str = Field("31TCJ", pattern=r"^\d{2}[A-Z]{3}$", description="Name of the tile (MGRS)")
    epsg: int = Field(32631, ge=32601, le=32760, description="EPSG code of the tile's UTM zone")
    upper_left_x: float = Field(300000.0, ge=0.0, le=1e6, description="Easting of the upper-left corner, m")
    upper_left_y: float = Field(4900020.0, ge=0.0, le=1e7, description="Northing of the upper-left corner, m")
    satellite: Literal["S2A", "S2B", "S2C"] = Field("S2A", description="Satellite")
    sensing_time: str = Field("2022-06-21T10:50:41.024Z", description="UTC at which the tile is seen")
    relative_orbit: int = Field(51, ge=1, le=143, description="Relative orbit number")
    absolute_orbit: int = Field(36544, ge=1, le=999999, description="Absolute orbit number")
    geometry: Literal["orbit", "constant"] = Field(
        "orbit", description="Angles of a pass of the satellite, or the same everywhere"
    )
    sun_zenith: float = Field(26.0, ge=0.0, le=75.0, description="Sun zenith at the tile's centre, degrees")
    sun_azimuth: float = Field(140.0, ge=0.0, lt=360.0, description="Sun azimuth at the centre, degrees")
    heading: float = Field(
        196.0, ge=180.0, le=225.0, description="Heading of the ground track (orbit), degrees from north"
    )
    track_offset_m: float = Field(
        -97200.0,
        ge=-150e3,
        le=150e3,
        description="Distance of the tile's centre from the track (orbit), m, positive towards detector 12;"
        " the default puts the edge between detectors 2 and 3 on the centre",
    )
    view_zenith: float = Field(6.0, ge=0.0, le=12.0, description="View zenith (constant), degrees")
    view_azimuth: float = Field(106.0, ge=0.0, lt=360.0, description="View azimuth (constant), degrees")
    atmosphere: Path | None = Field(
        None,
        description="JSON file with the coefficients of one geometry, whose angles then hold everywhere;"
        " without it the scattering table is used",
    )
    aerosol: Literal["continental", "maritime"] = Field("continental", description="Aerosol of the table")
    aot: float = Field(0.15, ge=0.0, le=1.5, description="Aerosol optical thickness at 550 nm")
    water_vapour: float = Field(2.0, ge=0.0, le=8.0, description="Water vapour column, cm")
    ozone: float = Field(0.33, ge=0.1, le=0.6, description="Ozone column, cm-atm")
    pressure: float = Field(
        1013.25, ge=560.0, le=1013.25, description="Pressure at the ground, the lowest if it has relief, hPa"
    )
    relief_m: float = Field(
        0.0, ge=0.0, le=3000.0, description="Highest ground over the lowest at most, m; 0 is flat"
    )
    relief_scale_m: float = Field(
        4000.0, ge=500.0, le=50000.0, description="Period of the largest forms of the relief, m"
    )
    relief_shape: Literal["hills", "ridges"] = Field(
        "hills", description="Forms of the relief: round hills, or ridges with sharp crests"
    )
    relief_base_m: float = Field(0.0, ge=0.0, le=3000.0, description="Elevation of the lowest ground, m")

    @field_validator("size_m")
    @classmethod
    def _whole_coarse_pixels(cls, value: int) -> int:
        if value % COARSEST_M:
            raise ValueError(f"expected a multiple of {COARSEST_M} m, so that the three resolutions share it")
        return value

    @field_validator("epsg")
    @classmethod
    def _utm(cls, value: int) -> int:
        coordinate_system(value)
        return value

    @field_validator("sensing_time")
    @classmethod
    def _utc(cls, value: str) -> str:
        return str(UtcTime.parse(value))

    @property
    def relief(self) -> Relief:
        """The shape of the ground."""
        return Relief(self.relief_base_m, self.relief_m, self.relief_scale_m, self.relief_shape == "ridges")


@dataclass(frozen=True)
class NoInputs:
    """The step begins the chain."""


@dataclass(frozen=True)
class Acquisition:
    """The scene, the air above it, and which detector sees each pixel of each band (1 to 12, 0 none)."""

    scene: Scene
    air: Air
    detector_footprint: Annotated[Mapping[str, Raster], provides()]


def simulate_acquisition(
    inputs: NoInputs, parameters: AcquisitionParameters, context: Context
) -> Acquisition:
    """Describe the acquisition; no pixel is made here.

    Raises `AuxiliaryError` for a bad file of coefficients, `ProductError` for a bad product to be like,
    `ParameterError` when an angle lies outside the scattering table.
    """
    fixed = read_fixed_atmosphere(parameters.atmosphere) if parameters.atmosphere else None
    seed = parameters.seed + context.seed
    scene, footprints = (
        _like(parameters.like, fixed, seed) if parameters.like else _invented(parameters, fixed, seed)
    )
    scene = replace(scene, relief=parameters.relief)
    if fixed is not None:
        air = fixed_air(fixed, parameters.pressure, scene.satellite if scene.relief.height else None)
    else:
        air = tabulated_air(
            scene,
            parameters.aerosol,
            parameters.aot,
            parameters.water_vapour,
            parameters.ozone,
            parameters.pressure,
        )
    return Acquisition(scene, air, footprints)


def _invented(
    parameters: AcquisitionParameters, fixed: FixedAtmosphere | None, seed: int
) -> tuple[Scene, Mapping[str, Raster]]:
    """A scene of its own, seen from a simulated track or from one direction."""
    side = parameters.size_m // 10
    grid = Grid(parameters.epsg, parameters.upper_left_x, parameters.upper_left_y, 10, side, side)
    sun = Direction(parameters.sun_zenith, parameters.sun_azimuth)
    view = Direction(parameters.view_zenith, parameters.view_azimuth)
    track = None
    if fixed is not None:
        angles = constant_angles(fixed.sun, fixed.view, fixed.views)
    elif parameters.geometry == "constant":
        angles = constant_angles(sun, view)
    else:
        track = Track(parameters.heading, parameters.track_offset_m)
        angles = tile_angles(grid, sun, track)
    time = UtcTime.parse(parameters.sensing_time)
    scene = Scene(
        grid=grid,
        tile=parameters.tile,
        satellite=parameters.satellite,
        sensing_time=time,
        relative_orbit=parameters.relative_orbit,
        absolute_orbit=parameters.absolute_orbit,
        angles=angles,
        radiometry=nominal_radiometry(parameters.satellite, time, BASELINE),
        seed=seed,
    )
    return scene, footprints(grid, track)


def footprints(grid: Grid, track: Track | None) -> dict[str, Raster]:
    """Detector footprints of all bands as lazy rasters."""
    made = {}
    for band in BANDS:
        native = grid.at(band.resolution)
        made[band.name] = Raster(
            layer=f"detector_footprint/{band.name}",
            grid=native,
            dtype=np.dtype(np.uint8),
            unit="detector",
            read=partial(footprint, track, native),
            source="simulate_acquisition",
        )
    return made


def _like(path: Path, fixed: FixedAtmosphere | None, seed: int) -> tuple[Scene, Mapping[str, Raster]]:
    """The tile, moment and directions of a real product; constant directions where the file gives them."""
    product = open_product(path)
    metadata = product.metadata
    if metadata is None or product.level != "L1C":
        raise ParameterError(f"simulate_acquisition.like: {path} is no Level-1C product")
    name = TileName.parse(product.tile.identifier)
    scene = Scene(
        grid=product.grid,
        tile=name.tile,
        satellite=metadata.satellite,
        sensing_time=product.tile.sensing_time,
        relative_orbit=metadata.datatake.relative_orbit,
        absolute_orbit=name.absolute_orbit,
        angles=constant_angles(fixed.sun, fixed.view, fixed.views) if fixed else product.tile.angles,
        radiometry=replace(metadata.radiometry, offsets=dict.fromkeys(BAND_NAMES, RADIOMETRIC_OFFSET)),
        seed=seed,
    )
    if fixed is not None:
        return scene, footprints(product.grid, None)
    absent = [name for name in BAND_NAMES if f"detector_footprint/{name}" not in product.masks]
    if absent:
        raise ProductError(f"{path}: no detector footprint of {', '.join(absent)}")
    return scene, {name: product.masks[f"detector_footprint/{name}"] for name in BAND_NAMES}


def check_acquisition(
    known: Mapping[str, Any], parameters: AcquisitionParameters, context: Context
) -> Findings:
    """The files that are read besides the inputs, and what an operator should know."""
    files = tuple(path for path in (parameters.atmosphere, parameters.like) if path is not None)
    air: Air = known["air"]
    scene: Scene = known["scene"]
    notes = [
        f"tile T{scene.tile}, {scene.grid.rows} x {scene.grid.columns} pixels of 10 m, air: {air.source}"
    ]
    return Findings(auxiliary=files, notes=tuple(notes))


STEP = SourceStep(
    name="simulate_acquisition",
    run=simulate_acquisition,
    check=check_acquisition,
    summary="the simulated tile, its sun and view angles, and its atmosphere",
)
