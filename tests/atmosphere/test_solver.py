"""The radiative-transfer solutions against physics and against other codes, not against 6S."""

from __future__ import annotations

import numpy as np
import pytest

from ipf.atmosphere import aerosol, rayleigh, solver
from ipf.atmosphere.single_scattering import layering, scattering_cosine
from ipf.atmosphere.solver import Scatterers, States
from ipf.atmosphere.table import BandOptics

ORDERS = solver.STREAMS + 1
CONTINENTAL = aerosol.optics("continental", 550.0, ORDERS)
MOLECULES = rayleigh.phase_coefficients(ORDERS)
ABSORBING = Scatterers(MOLECULES, CONTINENTAL.greek, CONTINENTAL.albedo)
CONSERVATIVE = Scatterers(MOLECULES, CONTINENTAL.greek, 1.0)


def reflectance(
    scatterers: Scatterers, states: States, sun: float, view: list[float], azimuth: list[float]
) -> np.ndarray:
    views, azimuths = np.array(view), np.array(azimuth)
    cosine = scattering_cosine(sun, views[:, np.newaxis], azimuths)
    phase = np.interp(cosine, CONTINENTAL.cosine, CONTINENTAL.phase)
    return solver.path_reflectance(states, scatterers, sun, views, azimuths, phase, 1)


def test_layers_share_out_both_columns() -> None:
    shares = layering(12)
    for share in (shares.molecules, shares.aerosol):
        assert share.sum() == pytest.approx(1.0, abs=1e-12)
        assert np.all(share > 0)
    assert (shares.molecules + shares.aerosol) / 2 == pytest.approx(1 / 12, abs=1e-9)
    assert shares.aerosol[0] > shares.molecules[0]


def test_sun_and_view_may_be_exchanged() -> None:
    """Helmholtz reciprocity of the reflectance function; it holds for the vector solution's intensity too."""
    states = States(np.array([0.10, 0.25]), np.array([0.3, 0.8]))
    for sun, view, azimuth in ((60.0, 10.0, 0.0), (40.0, 15.0, 120.0), (75.0, 5.0, 90.0)):
        there = reflectance(ABSORBING, states, sun, [view], [azimuth])
        back = reflectance(ABSORBING, states, view, [sun], [azimuth])
        assert there == pytest.approx(back, rel=2e-4)


def test_energy_is_conserved_without_absorption() -> None:
    """Over black ground, what is not transmitted returns to space: T(mu0) = 1 - plane albedo."""
    states = States(np.array([0.10, 0.24]), np.array([0.0, 0.0]))
    node, weight = np.polynomial.legendre.leggauss(10)
    cosine, weight = (node + 1) / 2, weight / 2
    azimuths = np.arange(0.0, 360.0, 30.0)
    for sun in (0.0, 40.0, 70.0):
        field = reflectance(
            CONSERVATIVE, states, sun, np.rad2deg(np.arccos(cosine)).tolist(), azimuths.tolist()
        )
        plane_albedo = 2.0 * (field.mean(axis=2) * weight * cosine).sum(axis=1)
        transmitted, _ = solver.transmittance(states, CONSERVATIVE, sun, 1)
        assert transmitted + plane_albedo == pytest.approx(1.0, abs=1.2e-3)


def test_spherical_albedo_is_what_diffuse_light_does_not_pass() -> None:
    """Conservative scattering: s = 1 - 2 integral of T(mu) mu; with absorption, less."""
    states = States(np.array([0.05, 0.24, 0.10]), np.array([0.0, 0.0, 0.5]))
    node, weight = np.polynomial.legendre.leggauss(8)
    cosine = (node + 1) / 2
    passed = np.zeros(3)
    for mu, share in zip(cosine, weight / 2, strict=True):
        transmitted, albedo = solver.transmittance(states, CONSERVATIVE, float(np.rad2deg(np.arccos(mu))), 1)
        passed += 2.0 * mu * share * transmitted
    assert albedo == pytest.approx(1.0 - passed, abs=5e-4)
    assert solver.transmittance(states, ABSORBING, 30.0, 1)[1][2] < albedo[2] - 0.02


def test_spherical_albedo_does_not_depend_on_the_direction_it_is_derived_from() -> None:
    states = States(np.array([0.24]), np.array([0.6]))
    albedos = [solver.transmittance(states, ABSORBING, zenith, 1)[1][0] for zenith in (0.0, 50.0, 80.0)]
    assert albedos == pytest.approx([albedos[0]] * 3, abs=1e-8)


@pytest.mark.parametrize(
    ("sun", "view", "azimuth"), [(0.0, 0.0, 0.0), (45.0, 10.0, 0.0), (70.0, 12.0, 150.0)]
)
def test_thin_atmospheres_scatter_once(sun: float, view: float, azimuth: float) -> None:
    """rho = (tau_r P_r + omega tau_a P_a) / (4 mu0 mu) as the optical depths vanish."""
    thin = 1e-5
    states = States(np.array([thin, 0.0]), np.array([1e-12, thin]))
    path = reflectance(ABSORBING, states, sun, [view], [azimuth])[:, 0, 0]
    cosine = scattering_cosine(sun, view, azimuth)
    geometry = 4.0 * np.cos(np.deg2rad(sun)) * np.cos(np.deg2rad(view))
    molecular = np.polynomial.legendre.legval(cosine, MOLECULES.a1)
    particles = CONTINENTAL.albedo * np.interp(cosine, CONTINENTAL.cosine, CONTINENTAL.phase)
    assert path == pytest.approx(np.array([molecular, particles]) * thin / geometry, rel=2e-3)


def test_pure_rayleigh_atmosphere_agrees_with_a_doubling_adding_code() -> None:
    """Reflectances by polRadtran (Evans and Stephens 1991): optical depth 0.2369, sun at 30 degrees."""
    states = States(np.array([0.2369]), np.array([1e-9]))
    nadir = reflectance(ABSORBING, states, 30.0, [0.0], [0.0])[0, 0, 0]
    assert nadir == pytest.approx(0.0919, abs=3e-4)
    oblique = reflectance(ABSORBING, states, 30.0, [10.0], [180.0, 90.0, 0.0])[0, 0]
    assert oblique == pytest.approx([0.08507, 0.09199, 0.09961], abs=3e-4)


def test_truncation_is_put_right() -> None:
    """Uncorrected, the aerosol's backscatter peak is off by more than the tolerance of a path reflectance."""
    states = States(np.array([0.05]), np.array([0.5]))
    exact = reflectance(ABSORBING, states, 10.0, [10.0], [0.0])
    share = ABSORBING.aerosol.a1[solver.STREAMS] / (2 * solver.STREAMS + 1)
    order = np.arange(solver.STREAMS)
    series = ABSORBING.aerosol.a1[: solver.STREAMS] - share * (2 * order + 1)
    truncated = np.polynomial.legendre.legval(np.array([[-1.0]]), series)
    nothing_lost = solver.path_reflectance(
        states, ABSORBING, 10.0, np.array([10.0]), np.array([0.0]), truncated, 1
    )
    assert abs(exact - nothing_lost).max() > 0.002


def test_what_the_table_leaves_out_is_what_the_solver_scatters_once() -> None:
    """The exact phase function enters the solution by single scattering alone: one that is higher by 1 tells
    it. Without delta-M, in thick haze, it would be lower by the whole tolerance of a path reflectance."""
    states = States(np.array([0.05, 0.25, 0.05]), np.array([0.1, 0.8, 2.5]))
    share = CONTINENTAL.greek.truncated_share(solver.STREAMS)
    optics = BandOptics(0.1, 1.0, CONTINENTAL.albedo, share, np.empty(0, np.float32))
    untruncated = BandOptics(0.1, 1.0, CONTINENTAL.albedo, 0.0, np.empty(0, np.float32))
    for sun, view in ((5.0, 5.0), (40.0, 0.001), (75.0, 15.0)):
        one, two = (
            solver.path_reflectance(
                states, ABSORBING, sun, np.array([view]), np.array([0.0]), np.array([[phase]]), 1
            )[:, 0, 0]
            for phase in (1.0, 2.0)
        )
        once = optics.scattered_once(states.molecules, states.aerosol, 1.0, sun, view)
        assert two - one == pytest.approx(once, abs=1e-12)
        thick = untruncated.scattered_once(states.molecules, states.aerosol, 1.0, sun, view)
        assert (once - thick)[2] > 0.002


def test_threads_and_batches_do_not_change_a_bit() -> None:
    states = States(np.linspace(0.01, 0.25, 6), np.linspace(0.1, 1.5, 6))
    cosine = scattering_cosine(35.0, np.array([[0.0], [8.0]]), np.array([0.0, 90.0]))
    phase = np.interp(cosine, CONTINENTAL.cosine, CONTINENTAL.phase)
    arguments = (ABSORBING, 35.0, np.array([0.0, 8.0]), np.array([0.0, 90.0]), phase)
    one, two = (solver.path_reflectance(states, *arguments, threads) for threads in (1, 2))
    assert np.array_equal(one, two)
    part = solver.path_reflectance(States(states.molecules[2:4], states.aerosol[2:4]), *arguments, 1)
    assert np.array_equal(part, one[2:4])
