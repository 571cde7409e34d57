"""Atmospheres made of rows of 6SV1.1: what is not in the rows is what another row says of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from ipf_plugins.simulator.scene import read_fixed_atmosphere

from ipf.product.bands import BAND_NAMES
from tests.plugins import six_s
from tests.plugins.six_s import ATMOSPHERES, Tables


@pytest.fixture(scope="module")
def tables(reference_data: Path) -> Tables:
    return six_s.read_tables(reference_data)


def test_the_simulator_reads_them(reference_data: Path, tmp_path: Path) -> None:
    paths = six_s.write_atmospheres(reference_data, tmp_path)
    assert len(paths) == len(ATMOSPHERES) + 2
    for atmosphere in ATMOSPHERES:
        read = read_fixed_atmosphere(paths[atmosphere.name])
        assert (read.sun.zenith, read.aot, read.water_vapour, read.ozone) == (
            atmosphere.sun_zenith, atmosphere.aot, atmosphere.water_vapour, 0.331
        )  # fmt: skip
        assert len({view.zenith for view in read.views.values()}) <= 2


def test_numbers_are_those_of_the_rows(tables: Tables) -> None:
    """At the rows' own 2 cm of water vapour, but for the one band that has no row at sea level."""
    for atmosphere in ATMOSPHERES:
        if atmosphere.water_vapour != six_s.WATER_VAPOUR:
            continue
        content = six_s.coefficients(tables, atmosphere)
        for band in BAND_NAMES:
            element = content["bands"][band]
            azimuth = float(round(content["saa"] - element["vaa"]) % 360)
            key = (band, atmosphere.sun_zenith, element["vza"], azimuth, atmosphere.aot, 0.0)
            if key not in tables.scattering:
                assert (band, atmosphere.sun_zenith, atmosphere.aot) == ("B05", 60.0, 0.2)
                continue
            row = tables.scattering[key]
            assert element["rho_atm"] == row["app_rho0"]
            assert element["t_gas"] == row["Tgas_tot"]
            assert element["t_scat"] == pytest.approx(row["Tsca_dn"] * row["Tsca_up"])
            assert element["s_alb"] == row["s_tot"]


def test_what_a_row_says_of_black_ground_follows_from_its_columns(tables: Tables) -> None:
    """The rule for another amount of water vapour gives back `app_rho0` of every row at sea level."""
    worst = 0.0
    for (band, sun, view, _, aot, altitude), row in tables.scattering.items():
        if altitude != 0.0:
            continue
        bare = {name: value for name, value in row.items() if name != "app_rho0"}
        atmosphere = six_s.Atmosphere(sun, view, aot, six_s.WATER_VAPOUR)
        path, gas = six_s._by_rule(tables, band, atmosphere, view, bare)
        if band != "B02":
            worst = max(worst, abs(path - row["app_rho0"]), abs(gas - row["Tgas_tot"]))
        assert abs(path - row["app_rho0"]) < 3e-4, (band, sun, view, aot)
        assert abs(gas - row["Tgas_tot"]) < 2e-4, (band, sun, view, aot)
    assert worst < 1e-4


def without(tables: Tables, amount: float) -> Tables:
    """The tables without the rows of one amount of water vapour."""
    return replace(tables, gases=tuple(entry for entry in tables.gases if entry[1]["wv"] != amount))


@pytest.mark.parametrize("amount", [3.0, 5.0])
def test_water_vapour_between_the_rows_and_beyond(tables: Tables, amount: float) -> None:
    """Leaving out all rows of one amount, the others give it within 0.002 in B09, 0.0003 in other bands."""
    others, checked = without(tables, amount), 0
    for band, gas in tables.gases:
        if gas["alt"] != 0.0 or gas["wv"] != amount:
            continue
        airmass = 1.0 / math.cos(math.radians(gas["sza"])) + 1.0 / math.cos(math.radians(gas["vza"]))
        found = others.water_transmittance(band, amount * airmass)
        tolerance = 2e-3 if band == "B09" else 3e-4
        assert abs(found - gas["h2o_tot"]) < tolerance, (band, gas)
        checked += 1
    assert checked > 15


def test_a_row_brought_down_from_altitude(tables: Tables) -> None:
    """Of rows from B05 on, sun to 60 degrees, that have one above and neighbours, as if absent."""
    checked = 0
    for key, row in tables.scattering.items():
        band, sun, view, azimuth, aot, altitude = key
        if altitude != 0.0 or aot not in (0.2, 0.5) or view != 10.0 or sun > 60.0:
            continue
        high = tables.scattering.get((band, sun, view, azimuth, aot, 1.5))
        if high is None:
            continue
        others = replace(tables, scattering={k: v for k, v in tables.scattering.items() if k[4] != aot})
        atmosphere = six_s.Atmosphere(sun, view, aot, six_s.WATER_VAPOUR)
        try:
            found = others._brought_down(band, atmosphere, view, azimuth, high)
        except LookupError:
            continue
        if band in ("B01", "B02", "B03", "B04"):
            continue
        checked += 1
        assert abs(found["ratm_tot"] - row["ratm_tot"]) < 2e-4, key
        assert abs(found["Tsca_dn"] * found["Tsca_up"] - row["Tsca_dn"] * row["Tsca_up"]) < 1e-3, key
    assert checked >= 20


def test_an_atmosphere_that_is_not_in_the_tables(tables: Tables) -> None:
    with pytest.raises(LookupError, match=r"sza25.*no row of B01"):
        six_s.coefficients(tables, six_s.Atmosphere(25.0, 0.0, 0.2, 2.0))


def test_names_tell_atmospheres_apart() -> None:
    assert len({atmosphere.name for atmosphere in ATMOSPHERES}) == len(ATMOSPHERES)
    assert ATMOSPHERES[3].name == "sza60_vza0_aot020_wv05"
