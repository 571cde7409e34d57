"""Direct solutions of the radiative transfer, in one band and for any state, to hold the table against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.atmosphere import aerosol, rayleigh, solver
from ipf.atmosphere.responses import BandWeights
from ipf.atmosphere.single_scattering import scattering_cosine
from ipf.atmosphere.table import ScatteringTable

Floats = npt.NDArray[np.float64]

QUANTITIES = ("path reflectance", "transmittance down", "transmittance up", "spherical albedo")


@dataclass(frozen=True)
class State:
    """AOT, pressure (hPa), and solar zenith, view zenith, relative azimuth in degrees (0 = backscatter)."""

    aot: float
    pressure: float
    sun: float
    view: float
    azimuth: float


def random_states(count: int, seed: int) -> list[State]:
    """States of the whole range of the table, small optical thicknesses more often."""
    rng = np.random.default_rng(seed)
    return [
        State(
            3.0 * rng.uniform() ** 2,
            rng.uniform(550.0, 1070.0),
            rng.uniform(0.0, 80.0),
            rng.uniform(0.0, 15.0),
            rng.uniform(0.0, 180.0),
        )
        for _ in range(count)
    ]


def backscatter_states(count: int, seed: int, largest_aot: float) -> list[State]:
    """States of a high sun behind the sensor, where aerosols of spheres have their glory."""
    rng = np.random.default_rng(seed)
    ranges = ((0.0, largest_aot), (550.0, 1070.0), (0.0, 25.0), (0.0, 15.0), (0.0, 30.0))
    return [State(*(rng.uniform(low, high) for low, high in ranges)) for _ in range(count)]


def errors(table: ScatteringTable, band: str, weights: BandWeights, states: list[State]) -> Floats:
    """Table less direct solution, (states, `QUANTITIES`)."""
    optics = table.bands[band].optics
    particles = aerosol.optics(table.aerosol, weights.mean_wavelength, solver.STREAMS + 1)
    scatterers = solver.Scatterers(
        rayleigh.phase_coefficients(solver.STREAMS + 1), particles.greek, particles.albedo
    )
    differences = []
    for state in states:
        columns = solver.States(
            np.array([optics.rayleigh_depth * state.pressure / rayleigh.STANDARD_PRESSURE]),
            np.array([particles.extinction * state.aot]),
        )
        view, azimuth = np.array([state.view]), np.array([state.azimuth])
        cosine = scattering_cosine(state.sun, view[:, np.newaxis], azimuth)
        phase = np.interp(cosine, particles.cosine, particles.phase)
        path = solver.path_reflectance(columns, scatterers, state.sun, view, azimuth, phase, 1)[0, 0, 0]
        down, albedo = solver.transmittance(columns, scatterers, state.sun, 1)
        up, _ = solver.transmittance(columns, scatterers, state.view, 1)
        ours = table.evaluate(band, state.aot, state.pressure, state.sun, state.view, state.azimuth)
        differences.append(
            [
                float(ours.path_reflectance) - path,
                float(ours.transmittance_down) - down[0],
                float(ours.transmittance_up) - up[0],
                float(ours.spherical_albedo) - albedo[0],
            ]
        )
    return np.array(differences)
