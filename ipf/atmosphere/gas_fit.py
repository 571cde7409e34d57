"""Fitting the gas model to rows of a line-by-line based band model (6SV1.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from ipf.atmosphere.gases import Absorption, BandGases, GasModel
from ipf.atmosphere.profile import ozone_above, pressure_at, water_vapour_above
from ipf.atmosphere.rows import Rows
from ipf.errors import AuxiliaryError

Floats = npt.NDArray[np.float64]

WAYS = ("dn", "up", "tot")
GAS_COLUMNS = {
    "water_vapour": "h2o",
    "ozone": "o3",
    "oxygen": "o2",
    "carbon_dioxide": "co2",
    "methane": "ch4",
}
INPUT_COLUMNS = (
    *("sza", "vza", "wv", "o3", "alt"),
    *(f"{gas}_{way}" for gas in ("gas", *GAS_COLUMNS.values()) for way in WAYS),
)
"""Columns needed: solar and view zenith (degrees), water vapour at sea level (cm), ozone (cm-atm), altitude
(km), and the transmittances downward, upward and in total, of all gases together and of each."""

NEGLIGIBLE = 2.0e-5
"""A gas that nowhere absorbs more than this is left out: the rows have five decimals."""

_FEWEST_ROWS = 8

_LEAST_LIGHT = 0.1
"""Below this transmittance, five decimals no longer tell a total from the product of its gases."""

_EVERYWHERE = (-np.inf, np.inf)

_DECIMALS = 7

Build = Callable[[Floats], Absorption]


def fit_gas_model(rows: Rows, satellite: str) -> GasModel:
    """Fit every band in `rows` (columns `INPUT_COLUMNS`); `satellite` is the one whose responses they hold
    for.

    Raises `AuxiliaryError` naming the file and the band when there are too few rows to fit.
    """
    names = sorted(set(rows.bands.tolist()), key=lambda name: (int(name[1:].rstrip("A")), name))
    return GasModel(satellite, {name: _fit_band(rows, name) for name in names})


def largest_errors(model: GasModel, rows: Rows) -> dict[str, float]:
    """Largest difference of the total transmittance, one-way and two-way, from `rows`, by band."""
    errors = {}
    for name in model.bands:
        sample = _samples(rows, name)
        fitted = model.transmittance(
            name, sample.airmass, sample.water_vapour, sample.ozone, sample.pressure
        ).total
        errors[name] = float(np.max(np.abs(fitted - sample.total)))
    return errors


def provenance(model: GasModel, rows: Rows, described: Mapping[str, str]) -> dict[str, Any]:
    """How `model` was made, for its file; `described` names the file of `rows`."""
    return {
        "rows": dict(described),
        "method": "least squares of band transmittances computed with 6SV1.1, whose line data it inherits",
        "valid_for": f"responses of {model.fitted_for}; used for the other satellites without refitting",
        "water_vapour": "stated at sea level in the rows, above the ground in the model",
        "largest_errors": {name: round(error, 5) for name, error in largest_errors(model, rows).items()},
    }


@dataclass(frozen=True, slots=True)
class _Samples:
    """Rows of one band, the three ways one after the other, (samples,) each; columns above the ground."""

    airmass: Floats
    pressure: Floats
    water_vapour: Floats
    ozone: Floats
    total: Floats
    by_gas: dict[str, Floats]


def _samples(rows: Rows, name: str) -> _Samples:
    chosen = rows.bands == name
    column = {key: value[chosen] for key, value in rows.columns.items()}
    sun, view = (1.0 / np.cos(np.deg2rad(column[key])) for key in ("sza", "vza"))
    pressure = pressure_at(column["alt"])
    return _Samples(
        np.concatenate([sun, view, sun + view]),
        np.tile(pressure, len(WAYS)),
        np.tile(water_vapour_above(column["wv"], pressure), len(WAYS)),
        np.tile(column["o3"], len(WAYS)),
        np.concatenate([column[f"gas_{way}"] for way in WAYS]),
        {gas: np.concatenate([column[f"{key}_{way}"] for way in WAYS]) for gas, key in GAS_COLUMNS.items()},
    )


def _fit_band(rows: Rows, name: str) -> BandGases:
    sample = _samples(rows, name)
    count = sample.total.size // len(WAYS)
    if count < _FEWEST_ROWS:
        raise AuxiliaryError(f"{rows.path}: band {name}: {count} rows, at least {_FEWEST_ROWS} needed")
    amounts = {
        "water_vapour": sample.airmass * sample.water_vapour,
        "ozone": sample.airmass * ozone_above(sample.ozone, sample.pressure),
    }
    gases = {
        gas: _fit_gas(gas, amounts.get(gas, sample.airmass), sample.pressure, value)
        for gas, value in sample.by_gas.items()
        if value.min() < 1.0 - NEGLIGIBLE
    }
    product = np.prod(list(sample.by_gas.values()), axis=0)
    seen = product > _LEAST_LIGHT
    if "methane" not in gases or np.all(sample.total[seen] > product[seen] - NEGLIGIBLE):
        return BandGases(gases, 0.0)
    joint = np.log(sample.by_gas["water_vapour"]) * np.log(sample.by_gas["methane"])
    other, overlap = _fit_other(sample.airmass, sample.pressure, sample.total / product, joint)
    return BandGases({**gases, "other": other}, overlap)


def _fit_gas(gas: str, amount: Floats, pressure: Floats, observed: Floats) -> Absorption:
    """Fit one gas: water vapour with a cubic, ozone with an exponential law, others with a parabola."""
    constant, slope = _straight_line(amount, observed)
    if gas == "water_vapour":
        start, build = np.array([constant, slope, 0.0, 0.0, 0.5, 0.0]), _cubic
    elif gas == "ozone":  # a continuum, without lines whose cores saturate
        start, build = np.array([constant]), _exponential
    else:
        start, build = np.array([constant, slope, 0.0, 1.0]), _parabola
    found = _minimise(lambda v: build(v).transmittance(amount, pressure) - observed, start)
    return _over_domain(build(found), amount, pressure)


def _straight_line(amount: Floats, observed: Floats) -> tuple[float, float]:
    """Constant and slope of ln(-ln T) over ln(amount), where T is neither 0 nor 1: the start of every fit."""
    usable = (observed > 1e-3) & (observed < 1.0 - 1e-5)
    slope, constant = np.polyfit(np.log(amount[usable]), np.log(-np.log(observed[usable])), 1)
    return float(constant), float(slope)


def _fit_other(mass: Floats, pressure: Floats, ratio: Floats, joint: Floats) -> tuple[Absorption, float]:
    """Fit what the total has beyond the product of its gases: other gases, and the overlap of two of them."""
    found = _minimise(
        lambda v: _parabola(v).transmittance(mass, pressure) * np.exp(-v[4] * joint) - ratio,
        np.array([-6.0, 0.9, 0.0, 1.0, 0.5]),
    )
    return _over_domain(_parabola(found), mass, pressure), float(found[4])


def _minimise(residual: Callable[[Floats], Floats], start: Floats) -> Floats:
    tight = 1e-15
    result = least_squares(residual, start, x_scale="jac", ftol=tight, xtol=tight, gtol=tight, max_nfev=2000)
    return np.asarray(np.round(result.x, _DECIMALS))


def _cubic(v: Floats) -> Absorption:
    return Absorption(tuple(v[:4].tolist()), (float(v[4]), float(v[5])), _EVERYWHERE)


def _exponential(v: Floats) -> Absorption:
    return Absorption((float(v[0]), 1.0), (0.0, 0.0), _EVERYWHERE)


def _parabola(v: Floats) -> Absorption:
    return Absorption(tuple(v[:3].tolist()), (float(v[3]), 0.0), _EVERYWHERE)


def _over_domain(absorption: Absorption, amount: Floats, pressure: Floats) -> Absorption:
    position = absorption.position(amount, pressure)
    domain = (round(float(position.min()), 3), round(float(position.max()), 3))
    return replace(absorption, domain=domain)
