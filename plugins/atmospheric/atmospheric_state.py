"""Step `atmospheric_state`: what the air over the tile held, and where that is known from.

A value given as a parameter wins; else the forecasts embedded in the product are used (CAMS for the aerosol,
ECMWF for water vapour, ozone and pressure); else a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from ipf_plugins.atmospheric.fields import TileField
from ipf_plugins.atmospheric.forecast import Forecast, embedded_forecast
from pydantic import Field

from ipf.atmosphere.profile import pressure_at
from ipf.atmosphere.rayleigh import STANDARD_PRESSURE
from ipf.engine import Context, Findings, SourceStep, StepParameters
from ipf.product.reader import SafeProduct

DEFAULT_AEROSOL_OPTICAL_THICKNESS = 0.2
"""Visibility of 40 km at sea level, Sen2Cor's start value (L2A_GIPP Visibility)."""
DEFAULT_WATER_VAPOUR = 2.0
"""cm; between the mid-latitude winter (0.85) and summer (2.92) profiles (McClatchey et al. 1972)."""
DEFAULT_OZONE = 0.331
"""cm-atm; Sen2Cor's default (L2A_GIPP Ozone_Content 331 DU)."""

LARGEST_AEROSOL_OPTICAL_THICKNESS = 2.9
"""More is corrected as this much: the look-up tables end at 3."""
LARGEST_WATER_VAPOUR = 9.0
"""cm; more is corrected as this much: there is none on Earth."""


class Source(StrEnum):
    """Where a quantity is known from."""

    PARAMETER = "PARAMETER"
    CAMS = "CAMS"
    ECMWF = "ECMWF"
    DEFAULT = "DEFAULT"


@dataclass(frozen=True)
class Estimate:
    """A quantity over the tile, and where it is known from."""

    field: TileField
    source: Source

    def __str__(self) -> str:
        return f"{self.field.mean:.4g} ({self.source.value})"


@dataclass(frozen=True)
class AtmosphericState:
    """Aerosol optical thickness at 550 nm; water vapour above the ground, cm; ozone, cm-atm; pressure at the
    ground, hPa; elevation of the ground, m.
    """

    aerosol_optical_thickness: Estimate
    water_vapour: Estimate
    ozone: Estimate
    surface_pressure: Estimate
    ground_elevation: Estimate


class AtmosphericStateParameters(StepParameters):
    """Values that win over what the product brings along."""

    aerosol_optical_thickness: float | None = Field(
        default=None,
        ge=0.0,
        le=LARGEST_AEROSOL_OPTICAL_THICKNESS,
        description="aerosol optical thickness at 550 nm",
    )
    water_vapour: float | None = Field(
        default=None, ge=0.0, le=LARGEST_WATER_VAPOUR, description="water vapour column above the ground, cm"
    )
    ozone: float | None = Field(default=None, ge=0.1, le=0.7, description="ozone column, cm-atm")
    surface_pressure: float | None = Field(
        default=None, ge=550.0, le=1070.0, description="pressure at the ground, hPa"
    )
    ground_elevation: float | None = Field(
        default=None, ge=-500.0, le=5500.0, description="mean elevation of the ground, m"
    )


@dataclass(frozen=True)
class Inputs:
    """The product, with the forecasts embedded in it."""

    l1c_product: SafeProduct


@dataclass(frozen=True)
class Outputs:
    """The state."""

    atmospheric_state: AtmosphericState


def estimate_state(inputs: Inputs, parameters: AtmosphericStateParameters, context: Context) -> Outputs:
    """Choose for each quantity between parameter, forecast and default."""
    return Outputs(resolve(parameters, embedded_forecast(inputs.l1c_product)))


def resolve(parameters: AtmosphericStateParameters, forecast: Forecast) -> AtmosphericState:
    """The state under these parameters and this forecast."""
    elevation = _choose(parameters.ground_elevation, forecast.ground_elevation, Source.CAMS, 0.0)
    return AtmosphericState(
        aerosol_optical_thickness=_choose(
            parameters.aerosol_optical_thickness,
            _limited(forecast.aerosol_optical_thickness, LARGEST_AEROSOL_OPTICAL_THICKNESS),
            Source.CAMS,
            DEFAULT_AEROSOL_OPTICAL_THICKNESS,
        ),
        water_vapour=_choose(
            parameters.water_vapour,
            _limited(forecast.water_vapour, LARGEST_WATER_VAPOUR),
            Source.ECMWF,
            DEFAULT_WATER_VAPOUR,
        ),
        ozone=_choose(parameters.ozone, forecast.ozone, Source.ECMWF, DEFAULT_OZONE),
        surface_pressure=_surface_pressure(parameters, forecast, elevation.field.mean),
        ground_elevation=elevation,
    )


def _choose(given: float | None, forecast: TileField | None, source: Source, default: float) -> Estimate:
    if given is not None:
        return Estimate(TileField.constant(given), Source.PARAMETER)
    if forecast is not None:
        return Estimate(forecast, source)
    return Estimate(TileField.constant(default), Source.DEFAULT)


def _limited(field: TileField | None, largest: float) -> TileField | None:
    """The field without what is negative or too much."""
    return None if field is None else TileField.of(np.clip(field.nodes, 0.0, largest), field.step)


def _surface_pressure(
    parameters: AtmosphericStateParameters, forecast: Forecast, elevation: float
) -> Estimate:
    """Pressure at the mean elevation: that at sea level, reduced as in the US Standard Atmosphere."""
    if parameters.surface_pressure is not None:
        return Estimate(TileField.constant(parameters.surface_pressure), Source.PARAMETER)
    standard = float(pressure_at(elevation / 1000.0))
    if forecast.sea_level_pressure is None:
        return Estimate(TileField.constant(standard), Source.DEFAULT)
    reduced = forecast.sea_level_pressure.mean * standard / STANDARD_PRESSURE
    return Estimate(TileField.constant(reduced), Source.ECMWF)


def tell(known: Mapping[str, Any], parameters: AtmosphericStateParameters, context: Context) -> Findings:
    """Tell what is assumed, and what was too much for the tables."""
    state: AtmosphericState = known["atmospheric_state"]
    notes = [
        f"aerosol optical thickness {state.aerosol_optical_thickness}, water vapour {state.water_vapour} cm, "
        f"ozone {state.ozone} cm-atm, pressure {state.surface_pressure} hPa"
    ]
    if state.aerosol_optical_thickness.field.maximum >= LARGEST_AEROSOL_OPTICAL_THICKNESS:
        notes.append(f"aerosol optical thickness limited to {LARGEST_AEROSOL_OPTICAL_THICKNESS}")
    if state.water_vapour.field.maximum >= LARGEST_WATER_VAPOUR:
        notes.append(f"water vapour limited to {LARGEST_WATER_VAPOUR:g} cm")
    return Findings(notes=tuple(notes))


atmospheric_state = SourceStep(
    name="atmospheric_state",
    summary="aerosol, water vapour, ozone, pressure and elevation: given, forecast or default",
    run=estimate_state,
    check=tell,
)
