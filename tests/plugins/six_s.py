"""Atmospheres of 6SV1.1 for the simulator, made of rows of the tables of reference, each band of one row.

The tables hold every other run only, so that no atmosphere has all thirteen bands at one view azimuth. A band
takes the first of the azimuths (and at last nadir) of which there is a row, and its file states that view for
this band. Where a band has none at sea level (B05 at a sun zenith of 60 degrees and an optical thickness of
0.2), the row at 1.5 km is brought down by what the altitude makes at other optical thicknesses.

Conventions of 6S: relative azimuth 0 is backscatter; water vapour 2 cm and ozone 0.331 cm-atm in the table of
scattering; `app_rho0` is the reflectance over black ground with gases; `Tgas_tot` the two-way transmittance
of all gases, `Th2o_tot` that of water vapour; `Tsca_dn`, `Tsca_up` the scattering transmittances.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.atomic import write_text
from ipf.product.bands import BAND_NAMES

Floats = npt.NDArray[np.float64]
Row = Mapping[str, float]
Key = tuple[str, float, float, float, float, float]
"""Band, sun zenith, view zenith, relative azimuth, optical thickness, altitude in km."""

SUN_AZIMUTH = 107.1
"""Of the two scenes given with the tables, degrees."""
WATER_VAPOUR, OZONE = 2.0, 0.331
"""Columns of the rows of scattering: cm and cm-atm."""


@dataclass(frozen=True, slots=True)
class Atmosphere:
    """One geometry and the columns over it; `water_vapour` in cm."""

    sun_zenith: float
    view_zenith: float
    aot: float
    water_vapour: float

    @property
    def name(self) -> str:
        return (
            f"sza{self.sun_zenith:.0f}_vza{self.view_zenith:.0f}_aot{100 * self.aot:03.0f}"
            f"_wv{10 * self.water_vapour:02.0f}"
        )


ATMOSPHERES = tuple(
    Atmosphere(*values)
    for values in (
        (20.0, 10.0, 0.2, 2.0),
        (40.0, 10.0, 0.2, 2.0),
        (40.0, 10.0, 0.5, 2.0),
        (60.0, 0.0, 0.2, 0.5),
        (60.0, 0.0, 0.2, 2.0),
        (60.0, 0.0, 0.2, 5.0),
        (60.0, 0.0, 0.5, 3.0),
    )
)
"""Atmospheres of which nearly every number stands in the tables."""


@dataclass(frozen=True)
class Tables:
    """Rows of scattering by key, and rows of gases (13 to 33 of a band)."""

    scattering: Mapping[Key, Row]
    gases: tuple[tuple[str, Row], ...]

    def row(self, band: str, atmosphere: Atmosphere) -> tuple[float, float, Row]:
        """View zenith, relative azimuth and row of a band at sea level."""
        for view, azimuth in self._views(atmosphere):
            found = self.scattering.get((band, atmosphere.sun_zenith, view, azimuth, atmosphere.aot, 0.0))
            if found is not None:
                return view, azimuth, found
        for view, azimuth in self._views(atmosphere):
            high = self.scattering.get((band, atmosphere.sun_zenith, view, azimuth, atmosphere.aot, 1.5))
            if high is not None:
                return view, azimuth, self._brought_down(band, atmosphere, view, azimuth, high)
        raise LookupError(f"{atmosphere.name}: no row of {band}")

    def _views(self, atmosphere: Atmosphere) -> list[tuple[float, float]]:
        """View zeniths and azimuths, those first that the atmosphere wants and that most bands have."""
        oblique = sorted(
            ((10.0, azimuth) for azimuth in (0.0, 90.0, 180.0)),
            key=lambda view: (
                -sum(
                    (band, atmosphere.sun_zenith, *view, atmosphere.aot, 0.0) in self.scattering
                    for band in BAND_NAMES
                )
            ),
        )
        return [*oblique, (0.0, 0.0)] if atmosphere.view_zenith else [(0.0, 0.0), *oblique]

    def _brought_down(
        self, band: str, atmosphere: Atmosphere, view: float, azimuth: float, high: Row
    ) -> dict[str, float]:
        """A row at 1.5 km brought to sea level by the differences of altitude at other optical thicknesses.

        The path reflectance differs by the molecules' when there is no aerosol; the rest is linear in the
        optical thickness, within 2e-5.
        """
        row = {name: value for name, value in high.items() if name != "app_rho0"}
        pairs = self._pairs(band, atmosphere.sun_zenith, (view, azimuth))
        thickness, low, up = zip(*pairs, strict=True)
        row["ratm_ray"] = low[0]["ratm_ray"]
        path = (
            [0.0, *thickness],
            [
                low[0]["ratm_ray"] - high["ratm_ray"],
                *(a["ratm_tot"] - b["ratm_tot"] for a, b in zip(low, up, strict=True)),
            ],
        )
        row["ratm_tot"] = high["ratm_tot"] + float(np.interp(atmosphere.aot, *path))
        scattered = self._pairs(band, atmosphere.sun_zenith, None)
        thickness, low, up = zip(*scattered, strict=True)
        for name in ("Tsca_dn", "Tsca_up", "s_tot"):
            difference = [a[name] - b[name] for a, b in zip(low, up, strict=True)]
            row[name] = high[name] + float(np.interp(atmosphere.aot, thickness, difference))
        for name in ("Tgas_tot", "Th2o_tot"):
            row[name] = low[0][name]
        return row

    def _pairs(self, band: str, sun: float, view: tuple[float, float] | None) -> list[tuple[float, Row, Row]]:
        """Optical thickness and rows at sea level and 1.5 km, by thickness; of any 10-degree view if none."""
        views = [view] if view else [(10.0, azimuth) for azimuth in (0.0, 90.0, 180.0)]
        pairs = {}
        for aot in (0.05, 0.2, 0.5, 1.0):
            for zenith, azimuth in views:
                rows = [self.scattering.get((band, sun, zenith, azimuth, aot, alt)) for alt in (0.0, 1.5)]
                if rows[0] is not None and rows[1] is not None:
                    pairs[aot] = (aot, rows[0], rows[1])
        if not pairs:
            raise LookupError(f"{band}: no rows of two altitudes at sun zenith {sun}, view {view}")
        return [pairs[aot] for aot in sorted(pairs)]

    def water_transmittance(self, band: str, slant: float) -> float:
        """Transmittance of `slant` cm of water vapour along the path, at sea level.

        6S takes the absorption of a path for a function of its slant amount: one line through the rows of all
        geometries, the logarithm of the optical depth over that of the amount, continued beyond its ends by a
        parabola.
        """
        amounts, depths = self._water_line(band)
        if amounts.size == 0:
            return 1.0
        where = math.log(slant)
        if amounts[0] <= where <= amounts[-1]:
            value = np.interp(where, amounts, depths)
        else:
            near = slice(None, 12) if where < amounts[0] else slice(-12, None)
            value = np.polynomial.Polynomial.fit(amounts[near], depths[near], 2)(where)
        return math.exp(-math.exp(float(value)))

    def dry_transmittance(self, band: str, atmosphere: Atmosphere, view: float, row: Row) -> float:
        """Two-way transmittance of all gases but water vapour, that of ozone 0.331 cm-atm; what water vapour
        and methane absorb together is counted here, for the amount asked for."""
        shares = {
            gas["wv"]: gas["gas_tot"] / gas["h2o_tot"]
            for name, gas in self.gases
            if (name, gas["sza"], gas["vza"], gas["alt"], gas["o3"])
            == (band, atmosphere.sun_zenith, view, 0.0, OZONE)
            and gas["h2o_tot"] > 0.01
        }
        if row["Th2o_tot"] > 0.01 or not shares:
            shares[WATER_VAPOUR] = row["Tgas_tot"] / max(row["Th2o_tot"], 1e-5)
        amounts = sorted(shares)
        return float(np.interp(atmosphere.water_vapour, amounts, [shares[amount] for amount in amounts]))

    def _water_line(self, band: str) -> tuple[Floats, Floats]:
        """Logarithms of slant amount (cm) and of optical depth of water vapour, increasing; empty without
        absorption."""
        found: dict[float, float] = {}
        for name, gas in self.gases:
            if name == band and gas["alt"] == 0.0:
                down, up = (1.0 / math.cos(math.radians(gas[angle])) for angle in ("sza", "vza"))
                for way, airmass in (("dn", down), ("up", up), ("tot", down + up)):
                    found[round(gas["wv"] * airmass, 6)] = gas[f"h2o_{way}"]
        for (name, sun, view, _, _, altitude), row in self.scattering.items():
            if name == band and altitude == 0.0:
                airmass = sum(1.0 / math.cos(math.radians(angle)) for angle in (sun, view))
                found[round(WATER_VAPOUR * airmass, 6)] = row["Th2o_tot"]
        amounts = np.array(sorted(amount for amount, passed in found.items() if 1e-4 < passed < 0.9999))
        depths = np.array([math.log(-math.log(found[amount])) for amount in amounts])
        return np.log(amounts), depths


def read_tables(reference: Path) -> Tables:
    """Read both tables from the folder of reference data."""
    folder = reference / "radiative_transfer"
    scattering = {
        (band, row["sza"], row["vza"], row["raa"], row["aot550"], row["alt_km"]): row
        for band, row in _rows(folder / "6sv11_s2a_rt.csv")
    }
    return Tables(scattering, tuple(_rows(folder / "6sv11_s2a_gas.csv")))


def _rows(path: Path) -> list[tuple[str, dict[str, float]]]:
    """Band, as products call it, and numbers of each line."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = []
        for line in csv.DictReader(lines):
            number = line.pop("band")
            band = f"B{number}" if number == "8A" else f"B{int(number):02d}"
            rows.append((band, {name: float(value) for name, value in line.items()}))
    return rows


def coefficients(tables: Tables, atmosphere: Atmosphere) -> dict[str, Any]:
    """Content of a file of coefficients as the simulator reads it."""
    bands: dict[str, dict[str, float]] = {}
    for band in BAND_NAMES:
        view, azimuth, row = tables.row(band, atmosphere)
        path, gas = _path_and_gas(tables, band, atmosphere, view, row)
        bands[band] = {
            "rho_atm": path,
            "t_scat": row["Tsca_dn"] * row["Tsca_up"],
            "t_gas": gas,
            "s_alb": row["s_tot"],
            "vza": view,
            "vaa": (SUN_AZIMUTH - azimuth) % 360.0,
        }
    commonest = Counter((entry["vza"], entry["vaa"]) for entry in bands.values()).most_common(1)[0][0]
    return {
        "sza": atmosphere.sun_zenith,
        "saa": SUN_AZIMUTH,
        "vza": commonest[0],
        "vaa": commonest[1],
        "aot550": atmosphere.aot,
        "aerosol": "continental",
        "wv_cm": atmosphere.water_vapour,
        "o3_cm_atm": OZONE,
        "model": "6SV1.1, S2A V4 response",
        "bands": bands,
    }


def _path_and_gas(
    tables: Tables, band: str, atmosphere: Atmosphere, view: float, row: Row
) -> tuple[float, float]:
    """Path reflectance with gases, and two-way transmittance of all gases.

    For the water vapour of the row they are its own. For another amount the light that the aerosol scatters
    crosses half of it, that of the molecules none: the rule by which 6SV1.1 makes `app_rho0`, which the row
    then scales (within a band ozone and path reflectance vary together: 0.0003 in B02).
    """
    if atmosphere.water_vapour == WATER_VAPOUR and "app_rho0" in row:
        return row["app_rho0"], row["Tgas_tot"]
    path, gas = _by_rule(tables, band, atmosphere, view, row)
    if "app_rho0" in row:
        path *= (
            row["app_rho0"]
            / _by_rule(tables, band, replace(atmosphere, water_vapour=WATER_VAPOUR), view, row)[0]
        )
    return path, gas


def _by_rule(tables: Tables, band: str, atmosphere: Atmosphere, view: float, row: Row) -> tuple[float, float]:
    airmass = sum(1.0 / math.cos(math.radians(angle)) for angle in (atmosphere.sun_zenith, view))
    slant = atmosphere.water_vapour * airmass
    dry = tables.dry_transmittance(band, atmosphere, view, row)
    half = tables.water_transmittance(band, slant / 2.0)
    aerosol = row["ratm_tot"] - row["ratm_ray"]
    return dry * (row["ratm_ray"] + aerosol * half), dry * tables.water_transmittance(band, slant)


def write_atmospheres(reference: Path, folder: Path) -> dict[str, Path]:
    """Files of coefficients by name: those made here, in `folder`, and the two given scenes."""
    tables = read_tables(reference)
    paths = {}
    for atmosphere in ATMOSPHERES:
        paths[atmosphere.name] = folder / f"{atmosphere.name}.json"
        text = json.dumps(coefficients(tables, atmosphere), indent=1)
        write_text(paths[atmosphere.name], text + "\n")
    for given in sorted((reference / "radiative_transfer").glob("scene_T18LTM_*.json")):
        paths[given.stem] = given
    return paths
