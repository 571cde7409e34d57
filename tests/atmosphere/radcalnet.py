"""One day of a RadCalNet station: its files, and our atmosphere at its times.

A station measures the surface (seen from nadir) and the atmosphere every half hour; from them the network
computes the reflectance at the top of the atmosphere with MODTRAN and the type of aerosol that the file names
(Bouvet et al. 2019, Remote Sensing 11, 2401). So the top is no measurement: it is another code's answer to
the same question, with gas absorption that owes nothing to 6S, and with the uncertainty of what was measured
carried through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.coupling import Conditions, Coupling, couple
from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.responses import BandWeights
from ipf.atmosphere.table import ScatteringTable
from tests.sun import sun_position

Floats = npt.NDArray[np.float64]

FILL = 9000.0
"""Numbers from here on say why there is no value: 9996 to 9999."""
NANOMETRES_OF_AOD = 550.0
DOBSON = 1e-3
"""cm-atm."""


@dataclass(frozen=True)
class Day:
    """Spectra of one day at one place: (wavelengths, times) each, NaN where there is no value.

    `wavelength` in nm; `uncertainty` is the standard uncertainty of `reflectance` (k = 1); `atmosphere` has
    the columns ``P`` (hPa), ``T`` (K), ``WV`` (g/cm2, that is cm), ``O3`` (Dobson units), ``AOD`` (at 550
    nm) and ``Ang`` (Ångström exponent), (times,) each.
    """

    latitude: float
    longitude: float
    times: tuple[datetime, ...]
    atmosphere: dict[str, Floats]
    aerosol_types: tuple[str, ...]
    wavelength: Floats
    reflectance: Floats
    uncertainty: Floats

    def select(self, chosen: Sequence[int]) -> Day:
        """The same day at some of its times."""
        return Day(
            self.latitude,
            self.longitude,
            tuple(self.times[index] for index in chosen),
            {name: value[chosen] for name, value in self.atmosphere.items()},
            tuple(self.aerosol_types[index] for index in chosen),
            self.wavelength,
            self.reflectance[:, chosen],
            self.uncertainty[:, chosen],
        )

    def solar_zenith(self) -> Floats:
        """Zenith angle of the sun at every time, degrees."""
        return np.array([sun_position(time, self.latitude, self.longitude).zenith for time in self.times])

    def band_average(self, spectra: Floats, weights: BandWeights) -> Floats:
        """Average of `spectra` (wavelengths, times), linear between 10 nm, over a band, (times,)."""
        return np.array(
            [
                weights.average(np.interp(weights.wavelength, self.wavelength, spectrum))
                for spectrum in spectra.T
            ]
        )


def read_day(path: Path) -> Day:
    """Read one file, ``.input`` (surface) or ``.output`` (top of the atmosphere).

    Three blocks between empty lines: the place; times, atmosphere, aerosol type and spectra; uncertainties of
    atmosphere and spectra. A line is a name or a wavelength, then a value for each time.
    """
    place, values, uncertainties = (
        {words[0].rstrip(":"): words[1:] for words in map(str.split, block.splitlines())}
        for block in path.read_text(encoding="ascii").split("\n\n")
    )
    wavelengths = [name for name in values if name.isdigit()]
    stamps = zip(values["Year"], values["DOY(U)"], values["UTC"], strict=True)
    return Day(
        latitude=float(place["Lat"][0]),
        longitude=float(place["Lon"][0]),
        times=tuple(datetime.strptime(" ".join(s), "%Y %j %H:%M").replace(tzinfo=UTC) for s in stamps),
        atmosphere={name: _numbers(values[name]) for name in ("P", "T", "WV", "O3", "AOD", "Ang")},
        aerosol_types=tuple(values["Type"]),
        wavelength=np.array(wavelengths, dtype=np.float64),
        reflectance=np.array([_numbers(values[name]) for name in wavelengths]),
        uncertainty=np.array([_numbers(uncertainties[name]) for name in wavelengths]),
    )


def valid_times(*days: Day, last: float) -> list[int]:
    """Times at which every spectrum has all its values up to the wavelength `last` (nm)."""
    whole = [np.isfinite(day.reflectance[day.wavelength <= last]).all(axis=0) for day in days]
    return np.flatnonzero(np.logical_and.reduce(whole)).tolist()


def coupling(
    day: Day, table: ScatteringTable, gases: GasModel, band: str, *, wavelength: float | None = None
) -> Coupling:
    """Our atmosphere in `band` at every time of `day`, seen from nadir.

    With a `wavelength` (nm), the aerosol is as thick there as the measured Ångström exponent makes it, and
    only its phase function and absorption are the model's; without, the model has its own spectral slope.
    """
    air = day.atmosphere
    aot = air["AOD"]
    if wavelength is not None:
        measured = aot * (wavelength / NANOMETRES_OF_AOD) ** -air["Ang"]
        aot = measured / table.bands[band].optics.aerosol_extinction
    nadir = np.zeros_like(aot)
    conditions = Conditions(
        aot=aot,
        water_vapour=air["WV"],
        ozone=air["O3"] * DOBSON,
        pressure=air["P"],
        solar_zenith=day.solar_zenith(),
        view_zenith=nadir,
        relative_azimuth=nadir,
    )
    return couple(table, gases, band, conditions)


def _numbers(words: Sequence[str]) -> Floats:
    values = np.array(words, dtype=np.float64)
    return np.where(values < FILL, values, np.nan)
