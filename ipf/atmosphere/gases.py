"""Transmittance of the absorbing gases, averaged over each band.

A band average of many absorption lines is not multiplicative (two passages absorb less than the square of one
in B09), so each gas has one function of its slant amount: the amount above the ground times the air mass of
the whole path, one-way or two-way alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.profile import ozone_above
from ipf.atmosphere.rayleigh import STANDARD_PRESSURE
from ipf.atmosphere.shipped import shipped_folder
from ipf.errors import AuxiliaryError, ParameterError

Floats = npt.NDArray[np.float64]

GASES = ("water_vapour", "ozone", "oxygen", "carbon_dioxide", "methane", "other")
"""Gases told apart; "other" is what 6S counts in the total only (nitrous oxide and carbon monoxide)."""

FILE_NAME = "gas_transmittance.json"

LARGEST_SLANT_WATER_VAPOUR = 30.0
"""Largest product of column (cm) and air mass accepted; the fit covers 15, a power law continues it."""

_MAXIMUM_SIZE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Absorption:
    """Band transmittance T = exp(-exp(p(y))), y = ln x + (n0 + n1 ln x) ln(P / 1013.25 hPa).

    x is the slant amount; `coefficients` of the polynomial p, constant first; `pressure_exponents` n0 and n1;
    `domain`, the values of y it was fitted on: outside it, p continues as a straight line, which is a power
    law of the amount.
    """

    coefficients: tuple[float, ...]
    pressure_exponents: tuple[float, float]
    domain: tuple[float, float]

    def transmittance(self, amount: npt.ArrayLike, pressure: npt.ArrayLike) -> Floats:
        """Transmittance for a slant `amount` (>= 0; cm, cm-atm, or the air mass for well-mixed gases)."""
        amount = np.asarray(amount, dtype=np.float64)
        absorbing = amount > 0
        y = self.position(np.where(absorbing, amount, 1.0), pressure)
        inside = np.clip(y, *self.domain)
        polynomial = np.polynomial.Polynomial(self.coefficients)
        value = polynomial(inside) + polynomial.deriv()(inside) * (y - inside)
        return np.where(absorbing, np.exp(-np.exp(value)), 1.0)

    def position(self, amount: npt.ArrayLike, pressure: npt.ArrayLike) -> Floats:
        """The variable y of the polynomial, for a slant `amount` above 0."""
        log_amount = np.log(np.asarray(amount, dtype=np.float64))
        log_pressure = np.log(np.asarray(pressure, dtype=np.float64) / STANDARD_PRESSURE)
        first, second = self.pressure_exponents
        return np.asarray(log_amount + (first + second * log_amount) * log_pressure)


@dataclass(frozen=True, slots=True)
class BandGases:
    """The gases that absorb in one band, and `overlap`: how far water vapour and methane absorb together.

    The band average of both is T_w T_m exp(-overlap ln T_w ln T_m): lines of both lie at the same
    wavelengths.
    """

    gases: Mapping[str, Absorption]
    overlap: float


@dataclass(frozen=True, slots=True)
class GasTransmittance:
    """Transmittance along one path, of one shape: of each gas alone (`by_gas`), of all gases but water vapour
    (`dry`), and the factor by which water vapour lessens that (`water`, its overlap with methane
    included)."""

    by_gas: Mapping[str, Floats]
    dry: Floats
    water: Floats

    @property
    def total(self) -> Floats:
        """Transmittance of all gases."""
        return self.dry * self.water


@dataclass(frozen=True)
class GasModel:
    """Gas transmittances of all bands; `fitted_for` names the satellite whose responses the fit holds for."""

    fitted_for: str
    bands: Mapping[str, BandGases]

    def transmittance(
        self,
        band: str,
        airmass: npt.ArrayLike,
        water_vapour: npt.ArrayLike,
        ozone: npt.ArrayLike,
        pressure: npt.ArrayLike,
    ) -> GasTransmittance:
        """Transmittances along a path; the arguments broadcast.

        `airmass` 1/cos(solar zenith) + 1/cos(view zenith) for both ways, one of the terms for one way;
        `water_vapour` above the ground, cm (see `profile.water_vapour_above` for columns stated at sea
        level); `ozone` total column, cm-atm; `pressure` at the ground, hPa. Raises `ParameterError` for an
        unknown band, a negative or non-finite amount, or more than 30 cm of slant water vapour.
        """
        absorbers = self.band(band)
        mass, water, trioxygen, ground = (
            _amount(name, value)
            for name, value in (
                ("air mass", airmass),
                ("water vapour (cm)", water_vapour),
                ("ozone (cm-atm)", ozone),
                ("surface pressure (hPa)", pressure),
            )
        )
        if np.any(ground == 0):
            raise ParameterError("surface pressure (hPa): 0 is no pressure")
        if np.any(mass * water > LARGEST_SLANT_WATER_VAPOUR):
            raise ParameterError(
                f"water vapour: {np.max(mass * water):.3g} cm along the slant path, "
                f"the gas model ends at {LARGEST_SLANT_WATER_VAPOUR:g} cm"
            )
        amounts = {"water_vapour": mass * water, "ozone": mass * ozone_above(trioxygen, ground)}
        shape = np.broadcast_shapes(mass.shape, water.shape, trioxygen.shape, ground.shape)
        by_gas = {}
        for gas in GASES:
            absorption = absorbers.gases.get(gas)
            value = absorption.transmittance(amounts.get(gas, mass), ground) if absorption else np.ones(shape)
            by_gas[gas] = np.broadcast_to(value, shape)
        dry = np.prod([by_gas[gas] for gas in GASES if gas != "water_vapour"], axis=0)
        water = by_gas["water_vapour"] ** (1.0 - absorbers.overlap * np.log(by_gas["methane"]))
        return GasTransmittance(by_gas, dry, water)

    def band(self, band: str) -> BandGases:
        """Gases of `band`; raises `ParameterError` when it is unknown."""
        try:
            return self.bands[band]
        except KeyError:
            raise ParameterError(f"band {band!r} is not in the gas model ({', '.join(self.bands)})") from None


def load_gas_model(path: Path | None = None) -> GasModel:
    """Read a gas model written by `encode_gas_model`, from `path` or as shipped.

    Raises `AuxiliaryError` naming file and element.
    """
    path = path or shipped_folder() / FILE_NAME
    try:
        if path.stat().st_size > _MAXIMUM_SIZE:
            raise AuxiliaryError(f"{path}: larger than {_MAXIMUM_SIZE} bytes: not a gas model")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        raise AuxiliaryError(f"{path}: cannot be read as a gas model: {problem}") from problem
    try:
        fitted_for = str(content["fitted_for"])
        bands = {str(name): _decode_band(band) for name, band in content["bands"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise AuxiliaryError(f"{path}: not a gas model: {type(problem).__name__} at {problem}") from problem
    return GasModel(fitted_for, bands)


def encode_gas_model(model: GasModel, provenance: Mapping[str, Any]) -> bytes:
    """The model and how it was made, as JSON."""
    bands = {
        name: {
            "overlap": band.overlap,
            "gases": {
                gas: {
                    "coefficients": list(absorption.coefficients),
                    "pressure_exponents": list(absorption.pressure_exponents),
                    "domain": list(absorption.domain),
                }
                for gas, absorption in band.gases.items()
            },
        }
        for name, band in model.bands.items()
    }
    content = {"fitted_for": model.fitted_for, "provenance": provenance, "bands": bands}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _decode_band(content: Mapping[str, Any]) -> BandGases:
    gases = {}
    for gas, element in content["gases"].items():
        if gas not in GASES:
            raise ValueError(f"gas {gas!r}, expected one of {', '.join(GASES)}")
        coefficients, exponents, domain = (
            tuple(float(number) for number in element[name])
            for name in ("coefficients", "pressure_exponents", "domain")
        )
        if not coefficients or len(exponents) != 2 or len(domain) != 2 or domain[0] > domain[1]:
            raise ValueError(f"gas {gas!r}: coefficients, two pressure exponents and a domain expected")
        if not np.all(np.isfinite([*coefficients, *exponents, *domain])):
            raise ValueError(f"gas {gas!r}: not finite")
        gases[gas] = Absorption(coefficients, (exponents[0], exponents[1]), (domain[0], domain[1]))
    return BandGases(gases, float(content["overlap"]))


def _amount(name: str, value: npt.ArrayLike) -> Floats:
    array = np.asarray(value, dtype=np.float64)
    bad = ~(np.isfinite(array) & (array >= 0))
    if np.any(bad):
        raise ParameterError(f"{name}: {array[bad].flat[0]:g} is negative or not finite")
    return array
