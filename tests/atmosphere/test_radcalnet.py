"""Our atmosphere against RadCalNet: Baotou (BTCN02), 28 May 2018, B01 to B8A of Sentinel-2A, seen from nadir.

The day is dusty (Ångström exponent 0.07 to 0.32), but the file names aerosol type R for the reference at the
top of the atmosphere, read here as the rural aerosol of MODTRAN. Our aerosol of that name is the continental
model; the maritime one shows what the choice is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import erfa
import numpy as np
import numpy.typing as npt
import pytest

from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.responses import band_weights, read_irradiance, read_responses
from ipf.atmosphere.storage import load_scattering_table
from tests.atmosphere.radcalnet import Day, coupling, read_day, valid_times

Floats = npt.NDArray[np.float64]

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A")
WANTED = 0.05
LAST_WAVELENGTH = 1000.0
SMEARED = "B07"
"""Published every 10 nm, the reference has the oxygen band of 760 nm smeared over 750 to 780 nm: it is 2 to
3 % lower at 780 than at 790 nm, where neither surface nor gases differ. B07 is 771 to 795 nm."""


@dataclass(frozen=True)
class Comparison:
    """Relative differences of ours from theirs, (bands, times): at the top of the atmosphere, and of the
    surface that we make of their top."""

    top: Floats
    surface: Floats


@dataclass(frozen=True)
class Station:
    """The day's surface and top of the atmosphere at the valid times, and both averaged over the bands,
    (bands, times), with their relative standard uncertainties."""

    surface: Day
    top: Day
    boa: Floats
    toa: Floats
    boa_uncertainty: Floats
    toa_uncertainty: Floats
    wavelengths: tuple[float, ...]


@pytest.fixture(scope="module")
def station(reference_data: Path) -> Station:
    folder = reference_data / "radcalnet/datastore/BTCN"
    days = [read_day(folder / f"BTCN02_2018_148_{name}") for name in ("v00.03.input", "v02.03.output")]
    chosen = valid_times(*days, last=LAST_WAVELENGTH)
    surface, top = (day.select(chosen) for day in days)
    responses = read_responses(reference_data / "spectral/S2A_MSI_V4.txt")
    irradiance = read_irradiance(reference_data / "spectral/Thuillier2003.txt.bz2")
    weights = [band_weights(responses[band], irradiance) for band in BANDS]
    boa, toa, boa_error, toa_error = (
        np.array([day.band_average(spectra, weight) for weight in weights])
        for day, spectra in (
            (surface, surface.reflectance),
            (top, top.reflectance),
            (surface, surface.uncertainty),
            (top, top.uncertainty),
        )
    )
    means = tuple(weight.mean_wavelength for weight in weights)
    return Station(surface, top, boa, toa, boa_error / boa, toa_error / toa, means)


def compare(station: Station, gases: GasModel, aerosol: str, *, measured_slope: bool = False) -> Comparison:
    table = load_scattering_table("S2A", aerosol)
    top, surface = [], []
    for index, band in enumerate(BANDS):
        wavelength = station.wavelengths[index] if measured_slope else None
        air = coupling(station.surface, table, gases, band, wavelength=wavelength)
        top.append(air.top(station.boa[index]) / station.toa[index] - 1.0)
        surface.append(air.surface(station.toa[index]) / station.boa[index] - 1.0)
    return Comparison(np.array(top), np.array(surface))


@pytest.fixture(scope="module")
def continental(station: Station, gases: GasModel) -> Comparison:
    return compare(station, gases, "continental")


@pytest.fixture(scope="module")
def maritime(station: Station, gases: GasModel) -> Comparison:
    return compare(station, gases, "maritime")


def show(title: str, station: Station, values: Floats) -> None:
    """Print `values` (bands, times) in percent, a line for each time."""
    print(f"\n{title} (%)\nUTC    sun   AOT  Ång   " + "".join(f"{band:>7}" for band in BANDS))
    air = station.surface.atmosphere
    columns = zip(
        station.surface.times, station.surface.solar_zenith(), air["AOD"], air["Ang"], values.T, strict=True
    )
    for time, zenith, aot, slope, row in columns:
        print(
            f"{time:%H:%M} {zenith:5.1f} {aot:5.3f} {slope:4.2f} " + "".join(f"{100 * x:7.2f}" for x in row)
        )
    print(" " * 22 + "".join(f"{100 * x:7.2f}" for x in values.mean(axis=1)) + "  mean")


def others(values: Floats) -> Floats:
    """All bands but the one in which the reference is smeared."""
    return np.delete(values, BANDS.index(SMEARED), axis=0)


def test_the_files_say_what_we_read(station: Station) -> None:
    day = station.surface
    assert [f"{time:%Y-%m-%d %H:%M}" for time in (day.times[0], day.times[-1])] == [
        "2018-05-28 04:00",
        "2018-05-28 07:00",
    ]
    assert len(day.times) == 7
    assert set(day.aerosol_types) == {"R"}
    assert station.top.times == day.times
    assert all(np.array_equal(station.top.atmosphere[name], day.atmosphere[name]) for name in day.atmosphere)
    assert day.atmosphere["WV"][0] == 0.5938
    assert day.reflectance[0].tolist() == [0.0802, 0.0826, 0.0768, 0.0753, 0.0739, 0.0720, 0.0704]
    assert station.top.uncertainty[0, 0] == 0.0027
    assert not np.isfinite(day.reflectance[day.wavelength > LAST_WAVELENGTH]).any()


def test_the_sun_stands_where_the_ephemeris_of_the_iau_puts_it(station: Station) -> None:
    """To 0.01 degrees, which is 0.01 % of the cosine of its zenith angle."""
    day = station.surface
    for time, zenith in zip(day.times, day.solar_zenith(), strict=True):
        since = (time - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86400.0
        utc = (2451545.0, since)
        heliocentric, _ = erfa.epv00(2451545.0, since + 69.184 / 86400.0)  # TT - UTC in 2018
        ascension, declination = erfa.c2s(-heliocentric["p"])
        place = np.deg2rad(day.longitude), np.deg2rad(day.latitude), 1270.0
        observed = erfa.atco13(
            ascension, declination, 0.0, 0.0, 0.0, 0.0, *utc, 0.0, *place, 0.0, 0.0, 0.0, 0.0, 0.0, 0.6
        )
        assert zenith == pytest.approx(np.rad2deg(observed[1]), abs=0.01)


def test_top_of_atmosphere_is_within_5_percent(station: Station, continental: Comparison) -> None:
    """And, but for B07, within the standard uncertainty (k = 1) that the network states, 1.4 to 2.8 %."""
    show("Ours - RadCalNet at the top of the atmosphere, continental aerosol", station, continental.top)
    show("Standard uncertainty of RadCalNet there", station, station.toa_uncertainty)
    assert np.all(np.abs(continental.top) <= WANTED)
    assert np.all(np.abs(others(continental.top)) <= others(station.toa_uncertainty))
    assert np.all(np.abs(continental.top) <= 2.0 * station.toa_uncertainty)


def test_surface_comes_back_within_5_percent(station: Station, continental: Comparison) -> None:
    """The correction against what was measured on the ground: but for B07 within its standard uncertainty,
    2.8 %."""
    show("Ours from RadCalNet's top - measured surface, continental aerosol", station, continental.surface)
    show("Standard uncertainty of the measured surface", station, station.boa_uncertainty)
    assert np.all(np.abs(continental.surface) <= WANTED)
    assert np.all(np.abs(others(continental.surface)) <= others(station.boa_uncertainty))
    assert np.all(np.abs(continental.surface) <= 2.0 * station.boa_uncertainty)


def test_b07_agrees_where_no_oxygen_is_smeared_in(station: Station, gases: GasModel) -> None:
    """At 790 nm, the upper half of the band, ours is within 0.5 %; at 780 nm the reference has dropped."""
    air = coupling(station.surface, load_scattering_table("S2A"), gases, SMEARED)
    bias = {}
    for wavelength in (780.0, 790.0):
        node = station.surface.wavelength == wavelength
        bias[wavelength] = (
            air.top(station.surface.reflectance[node][0]) / station.top.reflectance[node][0] - 1
        )
        print(f"\n{wavelength:g} nm: " + " ".join(f"{100 * value:.2f}" for value in bias[wavelength]))
    assert np.all(np.abs(bias[790.0]) <= 0.005)
    assert np.all(bias[780.0] > 0.02)


def test_what_the_aerosol_type_is_worth(
    station: Station, continental: Comparison, maritime: Comparison
) -> None:
    """The maritime aerosol, which absorbs next to nothing, is too bright for dust over land: 5 to 11 % where
    the optical thickness is over 0.25, over 5 % in every band but B01. The type moves the top of the
    atmosphere, relatively, by 0.15 to 0.31 times the optical thickness: it, not the solver, decides about the
    5 %.
    """
    show("Ours - RadCalNet at the top of the atmosphere, maritime aerosol", station, maritime.top)
    show("Ours from RadCalNet's top - measured surface, maritime aerosol", station, maritime.surface)
    aot = station.surface.atmosphere["AOD"]
    type_effect = maritime.top - continental.top
    print(f"\nmaritime over 5 % in {np.count_nonzero(maritime.top > WANTED)} of {maritime.top.size}")
    assert np.all((type_effect > 0.15 * aot) & (type_effect < 0.31 * aot))
    assert np.all(np.abs(maritime.top) > np.abs(continental.top))
    hazy = maritime.top[:, aot > 0.25]
    assert np.all(hazy[0] > 0.0495)
    assert np.all(hazy[1:] > WANTED)


def test_the_slope_of_the_aerosol_matters_less(
    station: Station, gases: GasModel, continental: Comparison
) -> None:
    """With the measured Ångström exponent in place of the model's own (about 1.1), dust is thicker in the
    near infrared: darker there by up to 1.8 %, and still within 5 %."""
    sloped = compare(station, gases, "continental", measured_slope=True)
    show("The same with the measured Ångström exponent, continental aerosol", station, sloped.top)
    assert np.all(np.abs(sloped.top) <= WANTED)
    moved = np.abs(sloped.top - continental.top)
    assert 0.01 < moved.max() < 0.02
