"""Radiative transfer of the scattering atmosphere: vector path reflectance, scalar transmittance and albedo.

The solver is sasktran2 (plane-parallel discrete ordinates). Three points decide the accuracy:

* the atmosphere is handed over as homogeneous layers (`LowerInterpolation`), since linear interpolation
  between levels needs more than twice as many of them;
* delta-M truncation removes the forward peak of the aerosol, and the single scattering it distorts is put
  right afterwards with the exact phase function (Nakajima and Tanaka 1988, JQSRT 40, 51: the "TMS"
  correction);
* transmittances come from the response of the top-of-atmosphere reflectance to the surface albedo, not from
  sasktran2's flux outputs, whose value depends on the layering.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.greek import GreekCoefficients
from ipf.atmosphere.single_scattering import LAYERS, layering, scattering_cosine

Floats = npt.NDArray[np.float64]

STREAMS = 12
NEAR_NADIR = 0.001
"""View zenith used for nadir (degrees): the solver's azimuth expansion is undefined at exactly 0."""

_LAYER_THICKNESS = 1000.0
_EARTH_RADIUS = 6371000.0
_LARGEST_ALBEDO = 1.0 - 1e-6
"""Conservative scattering is singular: 1 - 1e-9 leaves noise of 1e-11 that differs from run to run, this
1e-13, and changes transmittance and spherical albedo by less than 4e-7."""


@dataclass(frozen=True, slots=True)
class States:
    """Column optical depths of a set of atmospheres in one band: molecules and aerosol, (states,) each."""

    molecules: Floats
    aerosol: Floats


@dataclass(frozen=True, slots=True)
class Scatterers:
    """What scatters in one band: expansions to `STREAMS` + 1 orders, single-scattering albedo of the
    aerosol."""

    molecules: GreekCoefficients
    aerosol: GreekCoefficients
    albedo: float


@dataclass(frozen=True, slots=True)
class _Layers:
    """Extinction, single-scattering albedo and aerosol share of scattering, (layers, states) each."""

    depth: Floats
    albedo: Floats
    share: Floats


def path_reflectance(
    states: States,
    scatterers: Scatterers,
    solar_zenith: float,
    view_zenith: Floats,
    relative_azimuth: Floats,
    phase: Floats,
    threads: int,
) -> Floats:
    """Reflectance of the atmosphere over a black surface, (states, view zeniths, azimuths).

    Angles in degrees, azimuth 0 = backscatter; `phase` is the aerosol's exact P11 at the scattering angle of
    each ray, (view zeniths, azimuths).
    """
    layers = _mix(states, scatterers)
    rays = np.array(
        [(max(zenith, NEAR_NADIR), azimuth) for zenith in view_zenith for azimuth in relative_azimuth]
    )
    shape = (-1, view_zenith.size, relative_azimuth.size)
    reflectance = _solve(layers, scatterers, solar_zenith, rays, None, threads).reshape(shape)
    return reflectance + _truncation_correction(
        layers, scatterers, solar_zenith, view_zenith, relative_azimuth, phase
    )


def transmittance(
    states: States, scatterers: Scatterers, zenith: float, threads: int
) -> tuple[Floats, Floats]:
    """Total (direct + diffuse) transmittance along `zenith` (degrees) and spherical albedo, (states,) each.

    With the sun and the view at the same zenith, reciprocity makes the downward and the upward transmittance
    equal, so that one solution gives both: rho(A) - rho(0) = A T^2 / (1 - A s).
    """
    layers = _mix(states, scatterers)
    rays = np.array([(max(zenith, NEAR_NADIR), 90.0)])
    black, half, white = (
        _solve(layers, scatterers, zenith, rays, surface, threads)[:, 0] for surface in (0.0, 0.5, 1.0)
    )
    first, second = half - black, white - black
    albedo = (second - 2.0 * first) / (second - first)
    return np.sqrt(second * (1.0 - albedo)), albedo


def _mix(states: States, scatterers: Scatterers) -> _Layers:
    shares = layering()
    molecules = shares.molecules[:, np.newaxis] * states.molecules
    particles = shares.aerosol[:, np.newaxis] * states.aerosol
    scattered = molecules + particles * scatterers.albedo
    depth = molecules + particles
    return _Layers(
        depth, np.minimum(scattered / depth, _LARGEST_ALBEDO), particles * scatterers.albedo / scattered
    )


def _solve(
    layers: _Layers,
    scatterers: Scatterers,
    solar_zenith: float,
    rays: Floats,
    surface_albedo: float | None,
    threads: int,
) -> Floats:
    """Reflectance at the top, (states, rays): vector over black ground, scalar where an albedo is given."""
    import sasktran2 as sk  # optional: needed to build a table, not to use one

    vector = surface_albedo is None
    config = sk.Config()
    config.num_stokes = 3 if vector else 1
    config.num_streams = STREAMS
    config.num_singlescatter_moments = STREAMS + 1
    config.single_scatter_source = sk.SingleScatterSource.DiscreteOrdinates
    config.multiple_scatter_source = sk.MultipleScatterSource.DiscreteOrdinates
    config.delta_m_scaling = True
    config.num_threads = threads
    cosine = float(np.cos(np.deg2rad(solar_zenith)))
    geometry = sk.Geometry1D(
        cosine,
        0.0,
        _EARTH_RADIUS,
        _LAYER_THICKNESS * np.arange(LAYERS + 1),
        sk.InterpolationMethod.LowerInterpolation,
        sk.GeometryType.PlaneParallel,
    )
    viewing = sk.ViewingGeometry()
    for zenith, azimuth in rays:
        # The solver's relative azimuth 0 is forward scattering.
        viewing.add_ray(
            sk.GroundViewingSolar(cosine, np.deg2rad(180.0 - azimuth), np.cos(np.deg2rad(zenith)), 2.0e5)
        )
    atmosphere = sk.Atmosphere(geometry, config, numwavel=layers.depth.shape[1], calculate_derivatives=False)
    _fill(atmosphere, layers, scatterers, vector)
    if surface_albedo is not None:
        atmosphere.surface.albedo[:] = surface_albedo
    radiance = sk.Engine(config, geometry, viewing).calculate_radiance(atmosphere)["radiance"]
    return np.asarray(radiance.isel(stokes=0).values * np.pi / cosine, dtype=np.float64)


def _fill(atmosphere: Any, layers: _Layers, scatterers: Scatterers, vector: bool) -> None:
    """Write the layers into the solver's levels: each level holds the layer above it, the top one repeats."""
    levels = np.minimum(np.arange(LAYERS + 1), LAYERS - 1)
    atmosphere.storage.total_extinction[:] = (layers.depth / _LAYER_THICKNESS)[levels]
    atmosphere.storage.ssa[:] = layers.albedo[levels]
    share = layers.share[levels]
    for name in ("a1", "a2", "a3", "b1") if vector else ("a1",):
        target = getattr(atmosphere.leg_coeff, name)
        particles = getattr(scatterers.aerosol, name)[:, np.newaxis, np.newaxis]
        molecules = getattr(scatterers.molecules, name)[:, np.newaxis, np.newaxis]
        target[:] = share * particles + (1.0 - share) * molecules


def _truncation_correction(
    layers: _Layers,
    scatterers: Scatterers,
    solar_zenith: float,
    view_zenith: Floats,
    relative_azimuth: Floats,
    phase: Floats,
) -> Floats:
    """Single scattering lost to the truncation of the aerosol phase function, (states, views, azimuths)."""
    order = np.arange(STREAMS)
    truncated_share = scatterers.aerosol.truncated_share(STREAMS)
    cosine = scattering_cosine(solar_zenith, view_zenith[:, np.newaxis], relative_azimuth)
    series = scatterers.aerosol.a1[:STREAMS] - truncated_share * (2 * order + 1)
    lost = phase - np.polynomial.legendre.legval(cosine, series)

    fraction = layers.share * truncated_share
    depth = layers.depth * (1.0 - layers.albedo * fraction)
    below = np.cumsum(depth[::-1], axis=0)[::-1]  # from the top of the atmosphere to each layer's lower edge
    sun, view = np.cos(np.deg2rad(solar_zenith)), np.cos(np.deg2rad(view_zenith))
    mass = (1.0 / sun + 1.0 / view)[:, np.newaxis, np.newaxis]
    escaping = np.exp(-mass * (below - depth)) - np.exp(-mass * below)
    weight = layers.albedo * layers.share / (1.0 - layers.albedo * fraction)
    strength = (weight * escaping).sum(axis=1) / (4.0 * (sun + view))[:, np.newaxis]
    return np.asarray(strength.T[:, :, np.newaxis] * lost)
