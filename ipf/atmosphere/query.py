"""Evaluating the look-up table and the gas model for the rows of a CSV file.

Two kinds of rows, told apart by their columns, which are named as in the reference tables made with 6SV1.1:

* scattering rows: ``band, sza, vza, raa, aot550, alt_km`` and, if present, ``wv`` and ``o3`` (else 2 cm and
  0.331 cm-atm); they get path reflectances (of the molecules alone, of the aerosol alone, of both),
  scattering transmittances, spherical albedo, gas transmittances;
* gas rows: ``band, sza, vza, wv, o3, alt``; they get the transmittance of each gas, one-way and two-way.

Angles in degrees (azimuth 0 = backscatter), water vapour in cm, ozone in cm-atm, altitude of the ground in
km.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.gas_fit import GAS_COLUMNS, WAYS
from ipf.atmosphere.gases import LARGEST_SLANT_WATER_VAPOUR, GasModel
from ipf.atmosphere.profile import ALTITUDE_RANGE, pressure_at, water_vapour_above
from ipf.atmosphere.rayleigh import STANDARD_PRESSURE
from ipf.atmosphere.rows import Rows, band_label, read_rows
from ipf.atmosphere.table import ScatteringTable
from ipf.atmosphere.tile import path_airmass, path_reflectance, two_way_gases
from ipf.errors import AuxiliaryError

Floats = npt.NDArray[np.float64]
Columns = dict[str, Floats]

SCATTERING_INPUTS = ("sza", "vza", "raa", "aot550", "alt_km")
SCATTERING_OUTPUTS = (
    *("ratm_ray", "ratm_aer", "ratm_tot", "Tsca_dn", "Tsca_up", "Tdir_dn", "Tdir_up", "s_tot"),
    *("Tgas_tot", "Th2o_tot", "To3_tot", "od_ray", "od_aer", "app_rho0"),
)
GAS_INPUTS = ("sza", "vza", "wv", "o3", "alt")
GAS_OUTPUTS = tuple(f"{gas}_{way}" for gas in ("gas", *GAS_COLUMNS.values()) for way in WAYS)

DEFAULT_WATER_VAPOUR = 2.0
DEFAULT_OZONE = 0.331

PRESSURE_DEGREE = 3
"""Degree of the polynomial in pressure by which `aerosol_reflectance` leaves the molecules out. Lower ones
miss 6S by up to 0.0042 (1) and 0.0023 (2) in B01; the highest that the nodes allow amplifies their rounding.
"""

LARGEST_OZONE = 1.0
"""Largest total column accepted, cm-atm: about twice what occurs, and what Dobson units go beyond."""


def query(path: Path, table: ScatteringTable, gases: GasModel, *, water_at_sea_level: bool = True) -> str:
    """Evaluate the rows of the CSV file `path`; returns CSV text with their inputs and results.

    `water_at_sea_level` says what column ``wv`` means: the column that would stand above sea level, of which
    the part above the ground is taken (as 6S does), or the column above the ground itself. Raises
    `AuxiliaryError` naming file, line and column for anything that is no row, or outside the table.
    """
    rows = read_rows(path, ("sza", "vza"), (*SCATTERING_INPUTS[2:], *GAS_INPUTS[2:]))
    scattering = "raa" in rows.columns or "aot550" in rows.columns
    inputs = list(SCATTERING_INPUTS if scattering else GAS_INPUTS)
    for name in inputs:
        if name not in rows.columns:
            raise AuxiliaryError(f"{path}: line 1: column {name!r} is missing")
    outputs = SCATTERING_OUTPUTS if scattering else GAS_OUTPUTS
    evaluate = _evaluate_scattering if scattering else _evaluate_gases
    altitude = "alt_km" if scattering else "alt"
    _check(rows, table, altitude, scattering)
    conditions = _conditions(rows, altitude, water_at_sea_level)
    results = {name: np.empty(rows.lines.size) for name in outputs}
    for band in sorted(set(rows.bands.tolist())):
        chosen = rows.bands == band
        values = evaluate(table, gases, band, {name: value[chosen] for name, value in conditions.items()})
        for name in outputs:
            results[name][chosen] = values[name]
    given = [name for name in ("wv", "o3") if name in rows.columns and name not in inputs]
    return _text(rows, [*inputs, *given], results)


def _conditions(rows: Rows, altitude: str, water_at_sea_level: bool) -> Columns:
    """Inputs of every row, with defaults, plus the pressure and the water vapour above the ground."""
    shape = rows.lines.shape
    conditions = dict(rows.columns)
    conditions.setdefault("wv", np.full(shape, DEFAULT_WATER_VAPOUR))
    conditions.setdefault("o3", np.full(shape, DEFAULT_OZONE))
    pressure = pressure_at(conditions[altitude])
    water = conditions["wv"]
    above = water_vapour_above(water, pressure) if water_at_sea_level else water
    return {**conditions, "pressure": pressure, "water": above}


def _evaluate_scattering(table: ScatteringTable, gases: GasModel, band: str, row: Columns) -> Columns:
    scattering = table.evaluate(band, row["aot550"], row["pressure"], row["sza"], row["vza"], row["raa"])
    whole, half = two_way_gases(
        gases, band, path_airmass(row["sza"], row["vza"]), row["water"], row["o3"], row["pressure"]
    )
    optics = table.bands[band].optics
    return {
        "ratm_ray": scattering.molecular_reflectance,
        "ratm_aer": aerosol_reflectance(table, band, row["aot550"], row["sza"], row["vza"], row["raa"]),
        "ratm_tot": scattering.path_reflectance,
        "Tsca_dn": scattering.transmittance_down,
        "Tsca_up": scattering.transmittance_up,
        "Tdir_dn": scattering.direct_down,
        "Tdir_up": scattering.direct_up,
        "s_tot": scattering.spherical_albedo,
        "Tgas_tot": whole.total,
        "Th2o_tot": whole.by_gas["water_vapour"],
        "To3_tot": whole.by_gas["ozone"],
        "od_ray": optics.rayleigh_depth * row["pressure"] / STANDARD_PRESSURE,
        "od_aer": optics.aerosol_extinction * row["aot550"],
        "app_rho0": path_reflectance(scattering, whole, half),
    }


def aerosol_reflectance(
    table: ScatteringTable, band: str, aot: Floats, sun: Floats, view: Floats, azimuth: Floats
) -> Floats:
    """Path reflectance of an atmosphere of aerosol alone, all orders of scattering, as 6S means ``ratm_aer``.

    Arguments as of `ScatteringTable.evaluate`, all of one shape. Such an atmosphere is none of the table's:
    what aerosol adds to the molecules depends on their pressure, since either shades and lights the other (so
    that ``ratm_ray + ratm_aer`` is not ``ratm_tot``). Without the light that the aerosol scatters once, which
    has a closed form, the addition is so smooth that a polynomial of degree `PRESSURE_DEGREE` through the
    nodes of pressure is continued to none. Against 6S (AOT to 1, solar zenith to 70 degrees) it is as near as
    the path reflectance itself: within 0.002 or 2 %.
    """
    optics = table.bands[band].optics
    particles = optics.aerosol_extinction * aot
    phase = table.phase(optics, sun, view, azimuth)

    def scattered_once(molecules: float) -> Floats:
        return optics.scattered_once(molecules, particles, phase, sun, view)

    nodes = table.axes.pressure / STANDARD_PRESSURE
    added = []
    for pressure, relative in zip(table.axes.pressure, nodes, strict=True):
        scattering = table.evaluate(band, aot, pressure, sun, view, azimuth)
        once = scattered_once(optics.rayleigh_depth * relative)
        added.append(scattering.path_reflectance - scattering.molecular_reflectance - once)
    powers = np.vander(nodes, min(PRESSURE_DEGREE, nodes.size - 1) + 1)
    at_none = np.linalg.pinv(powers)[-1]
    result: Floats = scattered_once(0.0) + np.einsum("p,pn->n", at_none, np.stack(added))
    return result


def _evaluate_gases(table: ScatteringTable, gases: GasModel, band: str, row: Columns) -> Columns:
    sun, view = (1.0 / np.cos(np.deg2rad(row[name])) for name in ("sza", "vza"))
    outputs: Columns = {}
    for way, airmass in zip(WAYS, (sun, view, sun + view), strict=True):
        result = gases.transmittance(band, airmass, row["water"], row["o3"], row["pressure"])
        outputs[f"gas_{way}"] = result.total
        for gas, name in GAS_COLUMNS.items():
            outputs[f"{name}_{way}"] = result.by_gas[gas]
    return outputs


def _check(rows: Rows, table: ScatteringTable, altitude: str, scattering: bool) -> None:
    """Raise `AuxiliaryError` naming line and column of the first value out of range."""
    axes = table.axes
    ranges: dict[str, tuple[float, float]] = {
        "sza": (axes.solar_zenith[0], axes.solar_zenith[-1]),
        "vza": (axes.view_zenith[0], axes.view_zenith[-1]) if scattering else (0.0, axes.solar_zenith[-1]),
        "aot550": (axes.aot[0], axes.aot[-1]),
        altitude: ALTITUDE_RANGE,
        "wv": (0.0, LARGEST_SLANT_WATER_VAPOUR),
        "o3": (0.0, LARGEST_OZONE),
    }
    for name, (low, high) in ranges.items():
        if name in rows.columns:
            rows.refuse_outside(name, low, high)
    if scattering:
        pressure = pressure_at(rows.columns[altitude])
        low, high = axes.pressure[0], axes.pressure[-1]
        beyond = (pressure < low) | (pressure > high)
        rows.refuse(beyond, altitude, f"its pressure is outside {low:g} to {high:g} hPa", pressure)
    water = rows.columns.get("wv", np.full(rows.lines.shape, DEFAULT_WATER_VAPOUR))
    refuse_slant_water(rows, "wv", water)


def refuse_slant_water(rows: Rows, name: str, water: Floats) -> None:
    """Raise `AuxiliaryError` for the first row with more `water` (column `name`, cm) than the gas model takes
    along the way down and up."""
    slant = water * path_airmass(rows.columns["sza"], rows.columns["vza"])
    reason = f"more than {LARGEST_SLANT_WATER_VAPOUR:g} cm along the slant path"
    rows.refuse(slant > LARGEST_SLANT_WATER_VAPOUR, name, reason, slant)


def _text(rows: Rows, inputs: Sequence[str], results: Mapping[str, Floats]) -> str:
    lines = [",".join(["band", *inputs, *results])]
    for index, band in enumerate(rows.bands.tolist()):
        given = [f"{rows.columns[name][index]:.10g}" for name in inputs]
        computed = [f"{value[index]:.6f}" for value in results.values()]
        lines.append(",".join([band_label(band), *given, *computed]))
    return "\n".join(lines) + "\n"
