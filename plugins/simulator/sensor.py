"""Steps `simulate_toa` and `simulate_counts`: through the air, and through the instrument."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator import cloud_kernels, kernels
from ipf_plugins.simulator.cloud_optics import reflectance_by_height
from ipf_plugins.simulator.instrument import (
    SATURATION_RADIANCE,
    BandNoise,
    published_noise,
    read_noise,
)
from ipf_plugins.simulator.scene import Air, Scene
from ipf_plugins.simulator.spectra import CIRRUS, SKYLIGHT, of_band
from ipf_plugins.simulator.surface import block_window
from pydantic import Field

from ipf.engine import BlockStep, Context, Findings, StepParameters, reads, writes
from ipf.kernels.atmosphere import BandCoefficients
from ipf.kernels.atmosphere import simulate_toa as toa_of_surface
from ipf.product.bands import BAND_NAMES

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

COUNT_SCALE = 1e-4
COUNT_OFFSET = -1000.0
"""Reflectance = (count + offset) * scale: QUANTIFICATION_VALUE and RADIO_ADD_OFFSET since baseline 04.00."""
MAXIMUM_COUNT = 32767
"""Images have 15 bits."""
_NOISE_SEED = 30_000


@dataclass(frozen=True)
class BandOverSurface:
    """One band of the surface with the sky over it."""

    scene: Scene
    air: Air
    detector_footprint: Annotated[Bytes, reads(each_band=True)]
    true_reflectance: Annotated[Floats, reads(each_band=True)]
    true_cloud: Annotated[Floats, reads()]
    cloud_at_20m: Annotated[Floats, reads("true_cloud", resolution=20)]
    true_cloud_height: Annotated[Floats, reads(resolution=20)]
    true_cirrus: Annotated[Floats, reads()]
    true_shadow: Annotated[Floats, reads()]
    true_aot: Annotated[Floats, reads()]
    true_water_vapour: Annotated[Floats, reads()]
    true_elevation: Annotated[Floats, reads()]
    true_direct_light: Annotated[Floats, reads()]
    true_sky_view: Annotated[Floats, reads()]


class AirParameters(StepParameters):
    """What light does on slopes; on flat ground these have no effect."""

    circumsolar: bool = Field(
        False,
        description="Part of the light of the sky comes from around the sun and is shaded like the sun itself"
        " (Hay 1979: as much as passes directly), rather than evenly from all of the sky",
    )
    reflected: bool = Field(
        True,
        description="Slopes light each other by what they hide of the sky, as if all had the pixel's own"
        " reflectance and the light of flat ground",
    )


@dataclass(frozen=True)
class BandTop:
    """Reflectance at the top of the atmosphere, NaN where no detector looks."""

    toa_reflectance: Annotated[Floats, writes(unit="1", dtype="float32", each_band=True)]


def simulate_toa(inputs: BandOverSurface, parameters: AirParameters, context: Context) -> BandTop:
    """Carry the surface's light through the air, and put slopes, shadows, clouds and cirrus in its way."""
    band = context.band
    black = np.zeros_like(inputs.true_reflectance)
    light = cloud_kernels.light_of_clouds(
        inputs.cloud_at_20m,
        inputs.true_cloud_height,
        reflectance_by_height(inputs.scene, inputs.air, band),
        *inputs.true_cloud.shape,
    )
    toa = cloud_kernels.under_clouds(
        through_air(inputs, inputs.true_reflectance, context),
        through_air(inputs, black, context),
        light_on_ground(inputs, parameters, band),
        inputs.true_sky_view,
        inputs.true_cloud,
        light,
        inputs.true_cirrus,
        inputs.true_shadow,
        of_band(SKYLIGHT, band),
        of_band(CIRRUS, band),
    )
    toa[inputs.detector_footprint == 0] = np.nan
    return BandTop(toa)


def through_air(inputs: BandOverSurface, surface: Floats, context: Context) -> Floats:
    """Reflectance of flat ground at the top of the atmosphere, which is thinner over higher ground."""
    window, air, band = block_window(context), inputs.air, context.band
    assert context.grid is not None

    def through(coefficients: BandCoefficients) -> Floats:
        return toa_of_surface(
            surface,
            inputs.true_aot,
            inputs.true_water_vapour,
            coefficients,
            window.row,
            window.column,
            float(context.grid.resolution if context.grid else 0),
        )

    low, relief = through(air.coefficients[band]), inputs.scene.relief
    if air.high is None:
        return low
    share = (inputs.true_elevation - np.float32(relief.base)) / np.float32(relief.height)
    return np.asarray(low + share * (through(air.high[band]) - low), np.float32)


def light_on_ground(inputs: BandOverSurface, parameters: AirParameters, band: str) -> Floats:
    """Light that reaches the ground relative to flat ground, without clouds.

    Direct light by the angle at which the sun meets the ground; diffuse light by the share of the sky that is
    seen; light of opposite slopes by the share that is not.
    """
    direct = np.float32(inputs.air.direct[band] / inputs.air.down[band])
    around = np.float32(inputs.air.direct[band] if parameters.circumsolar else 0.0)
    sun, sky = inputs.true_direct_light, inputs.true_sky_view
    lit = direct * sun + (1 - direct) * (around * sun + (1 - around) * sky)
    if parameters.reflected:
        lit = lit + (1 - sky) * inputs.true_reflectance
    return np.asarray(lit, np.float32)


class SensorParameters(StepParameters):
    """How the instrument measures."""

    noise: float = Field(1.0, ge=0.0, le=100.0, description="Multiplies the instrument's noise; 0 is none")
    noise_model: Path | None = Field(
        None,
        description="Table of the calibration's noise model (columns Band, a, b, Ak) in place of the"
        " published signal-to-noise ratios",
    )
    saturation: bool = Field(True, description="Whether radiance is cut at the saturation of the instrument")


@dataclass(frozen=True)
class BandAtSensor:
    """What reaches the sensor in one band."""

    scene: Scene
    toa_reflectance: Annotated[Floats, reads(each_band=True)]


@dataclass(frozen=True)
class BandCounts:
    """Measured reflectance as counts, and the pixels that saturate."""

    counts: Annotated[
        Floats,
        writes(
            unit="1",
            dtype="uint16",
            scale=COUNT_SCALE,
            offset=COUNT_OFFSET,
            nodata=0,
            minimum=1,
            maximum=MAXIMUM_COUNT,
            each_band=True,
        ),
    ]
    true_saturation: Annotated[Bytes, writes(unit="class", dtype="uint8", each_band=True)]


def simulate_counts(inputs: BandAtSensor, parameters: SensorParameters, context: Context) -> BandCounts:
    """Measure: radiance with the instrument's noise, cut at saturation, back to reflectance.

    L = rho E U cos(sun zenith) / pi (PSD 14.8, Reflectance_Conversion), as the noise is stated in radiance.
    """
    window, band = block_window(context), context.band
    assert context.grid is not None
    radiance = radiance_per_reflectance(inputs.scene, band)
    noise = _noise(parameters)[band]
    measured, saturated = kernels.measured(
        inputs.toa_reflectance,
        radiance,
        window.row,
        window.column,
        parameters.noise * noise.dark,
        parameters.noise**2 * noise.slope,
        SATURATION_RADIANCE[band] if parameters.saturation else math.inf,
        inputs.scene.seed + _NOISE_SEED + 1000 * BAND_NAMES.index(band),
    )
    return BandCounts(measured, saturated)


def radiance_per_reflectance(scene: Scene, band: str) -> float:
    """Radiance (W m-2 sr-1 µm-1) of a reflectance of 1 at the tile's mean sun."""
    irradiance = scene.radiometry.solar_irradiance[band] * scene.radiometry.sun_distance_correction
    return irradiance * math.cos(math.radians(scene.angles.mean_sun.zenith)) / math.pi


def _noise(parameters: SensorParameters) -> Mapping[str, BandNoise]:
    return read_noise(parameters.noise_model) if parameters.noise_model else published_noise()


def check_counts(known: Mapping[str, Any], parameters: SensorParameters, context: Context) -> Findings:
    """Refuse a bad noise model before any pixel."""
    _noise(parameters)
    return Findings(auxiliary=(parameters.noise_model,) if parameters.noise_model else ())


TOA = BlockStep(name="simulate_toa", run=simulate_toa, summary="reflectance at the top of the atmosphere")
COUNTS = BlockStep(
    name="simulate_counts", run=simulate_counts, check=check_counts, summary="noise, saturation, counts"
)
