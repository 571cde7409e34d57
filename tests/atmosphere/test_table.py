"""The shipped scattering table: nodes, symmetries, limits and errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.atmosphere.storage import load_scattering_table
from ipf.atmosphere.table import ScatteringTable, fold_azimuth
from ipf.errors import ParameterError
from ipf.product.bands import BAND_NAMES

STATE = {
    "aot": 0.3,
    "pressure": 950.0,
    "solar_zenith": 35.0,
    "view_zenith": 7.0,
    "relative_azimuth": 60.0,
}


@pytest.mark.parametrize("satellite", ["S2A", "S2B", "S2C"])
@pytest.mark.parametrize("aerosol", ["continental", "maritime"])
def test_every_table_has_all_bands_and_sound_values(satellite: str, aerosol: str) -> None:
    table = load_scattering_table(satellite, aerosol)
    assert tuple(table.bands) == BAND_NAMES
    zenith = np.linspace(0.0, 80.0, 33)
    for band in table.bands:
        clear, hazy = (table.evaluate(band, aot, 1000.0, zenith, 5.0, 120.0) for aot in (0.05, 0.8))
        for scattering in (clear, hazy):
            assert np.all(scattering.path_reflectance >= scattering.molecular_reflectance - 1e-6)
            assert np.all(scattering.diffuse_down > -1e-6)
            assert np.all(scattering.diffuse_up > -1e-6)
            assert np.all(np.diff(scattering.transmittance_down) < 0)
            assert np.all((scattering.spherical_albedo > 0) & (scattering.spherical_albedo < 0.5))
        assert np.all(hazy.transmittance_down < clear.transmittance_down)
        assert np.all(hazy.path_reflectance > clear.path_reflectance)
        assert np.all(hazy.spherical_albedo > clear.spherical_albedo)


def test_satellites_differ_as_their_responses_do(table: ScatteringTable) -> None:
    """B02 of S2C lies 4 nm towards the blue: 3.3 % more Rayleigh optical depth."""
    depths = {
        satellite: load_scattering_table(satellite).bands["B02"].optics.rayleigh_depth
        for satellite in ("S2A", "S2B", "S2C")
    }
    assert depths["S2C"] / depths["S2A"] == pytest.approx(1.033, abs=0.003)
    assert depths["S2B"] / depths["S2A"] == pytest.approx(1.0036, abs=0.001)


def test_downward_and_upward_transmittance_are_one_function(table: ScatteringTable) -> None:
    scattering = table.evaluate("B02", 0.4, 900.0, [0.0, 5.0, 15.0], [0.0, 5.0, 15.0], 0.0)
    assert np.array_equal(scattering.transmittance_down, scattering.transmittance_up)


def test_arguments_broadcast(table: ScatteringTable) -> None:
    grid = table.evaluate("B03", np.array([0.1, 0.5]), 1000.0, np.full((4, 1), 30.0), 3.0, 10.0)
    assert grid.path_reflectance.shape == (4, 2)
    single = table.evaluate("B03", 0.5, 1000.0, 30.0, 3.0, 10.0)
    assert single.path_reflectance.shape == ()
    assert grid.path_reflectance[2, 1] == pytest.approx(float(single.path_reflectance), abs=1e-12)
    assert table.evaluate("B03", np.empty(0), 1000.0, 30.0, 3.0, 10.0).path_reflectance.shape == (0,)


def test_many_points_are_evaluated_as_one_by_one(table: ScatteringTable) -> None:
    rng = np.random.default_rng(4)
    aot, sun, view, azimuth = (rng.uniform(0, limit, 3000) for limit in (3.0, 80.0, 15.0, 180.0))
    many = table.evaluate("B05", aot, 900.0, sun, view, azimuth).path_reflectance
    for index in (0, 2047, 2048, 2999):
        one = table.evaluate("B05", aot[index], 900.0, sun[index], view[index], azimuth[index])
        assert many[index] == pytest.approx(float(one.path_reflectance), abs=1e-12)


@given(st.floats(-1e4, 1e4))
def test_azimuth_is_even_and_periodic(azimuth: float) -> None:
    folded = float(fold_azimuth(azimuth))
    assert 0.0 <= folded <= 180.0
    assert np.cos(np.deg2rad(folded)) == pytest.approx(np.cos(np.deg2rad(azimuth)), abs=1e-9)


@pytest.mark.parametrize(
    ("axis", "value", "named"),
    [
        ("aot", 3.01, "aerosol optical thickness"),
        ("aot", -0.001, "aerosol optical thickness"),
        ("pressure", 1071.0, "surface pressure"),
        ("solar_zenith", 80.5, "solar zenith"),
        ("view_zenith", 15.1, "view zenith"),
        ("view_zenith", np.nan, "view zenith"),
        ("relative_azimuth", np.inf, "relative azimuth"),
    ],
)
def test_nothing_is_extrapolated(table: ScatteringTable, axis: str, value: float, named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        table.evaluate("B04", **{**STATE, axis: [value, STATE[axis]]})


def test_unknown_band_is_named(table: ScatteringTable) -> None:
    with pytest.raises(ParameterError, match="'B13'"):
        table.evaluate("B13", **STATE)
