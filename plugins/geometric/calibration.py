"""Step `calibrate`: what turns counts of Level 1B into reflectance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from ipf.auxiliary.l1_gipp import AbsoluteCalibration
from ipf.auxiliary.l1_gipp_model import ByBand, unit_of
from ipf.engine import Context, SourceStep, StepParameters
from ipf.product.bands import BAND_NAMES
from ipf.product.l1b_reader import L1bProduct
from ipf.product.nominal_radiometry import nominal_gains, nominal_radiometry, sun_distance_correction
from ipf.product.sensor_datastrip import SensorDatastrip

_BASELINE = "04.00"


def irradiance_parameter() -> Any:
    """Field of the irradiance of the sun, none for that of official metadata of the satellite."""
    return Field(
        default=None,
        description="irradiance of the sun at one astronomical unit, by band; none: as official metadata",
        json_schema_extra={"unit": unit_of(AbsoluteCalibration, "solar_irradiance")},
    )


@dataclass(frozen=True, slots=True)
class Calibration:
    """By band: physical gains (counts per W m-2 sr-1 um-1), counts to add, solar irradiance (W m-2 um-1).

    `sun_distance_correction` is U, about the inverse square of the distance to the sun.
    """

    gains: Mapping[str, float]
    offsets: Mapping[str, float]
    irradiance: Mapping[str, float]
    sun_distance_correction: float

    @classmethod
    def of(cls, datastrip: SensorDatastrip, irradiance: Mapping[str, float] | None = None) -> Calibration:
        """What a datastrip states, the irradiance of `irradiance` or else that of official metadata."""
        nominal = nominal_radiometry(datastrip.satellite, datastrip.datatake_start, _BASELINE)
        gains = {**nominal_gains(datastrip.satellite), **datastrip.gains}
        return cls(
            gains={band: gains[band] for band in BAND_NAMES},
            offsets={band: datastrip.radio_offsets.get(band, 0.0) for band in BAND_NAMES},
            irradiance=dict(irradiance or nominal.solar_irradiance),
            sun_distance_correction=sun_distance_correction(datastrip.datatake_start),
        )


class CalibrationParameters(StepParameters):
    """What is not taken from the datastrip."""

    solar_irradiance: ByBand | None = irradiance_parameter()


@dataclass(frozen=True)
class Inputs:
    """The datastrip's product."""

    l1b_product: L1bProduct


@dataclass(frozen=True)
class Outputs:
    """Its calibration."""

    calibration: Calibration


def find(inputs: Inputs, parameters: CalibrationParameters, context: Context) -> Outputs:
    """The calibration that the datastrip states, with the irradiance of the parameters where there is one."""
    return Outputs(Calibration.of(inputs.l1b_product.datastrip, parameters.solar_irradiance))


calibrate = SourceStep(
    name="calibrate", summary="gains, offsets, irradiance and distance of the sun", run=find
)
