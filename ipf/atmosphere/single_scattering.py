"""Vertical layers of molecules and aerosol, scattering geometry, and the first order of scattering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.atmosphere import aerosol, rayleigh

Floats = npt.NDArray[np.float64]
Numbers = Floats | float

LAYERS = 12
"""Homogeneous layers: 12 leave an error of 0.00017 in the path reflectance of B01 against 60."""


@dataclass(frozen=True, slots=True)
class Layering:
    """Share of each constituent's column in every layer, ground layer first, (layers,) each, sum 1."""

    molecules: Floats
    aerosol: Floats


def layering(count: int = LAYERS) -> Layering:
    """`count` layers of equal shares of the mean of the two exponential profiles; the uppermost is open."""
    fraction = np.arange(1, count) / count
    low, high = np.zeros(count - 1), np.full(count - 1, 200.0)
    for _ in range(60):  # bisection in altitude (km)
        middle = (low + high) / 2.0
        above = (np.exp(-middle / rayleigh.SCALE_HEIGHT) + np.exp(-middle / aerosol.SCALE_HEIGHT)) / 2.0
        enough = 1.0 - above < fraction
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    edges = np.concatenate([[0.0], low, [np.inf]])
    return Layering(
        -np.diff(np.exp(-edges / rayleigh.SCALE_HEIGHT)), -np.diff(np.exp(-edges / aerosol.SCALE_HEIGHT))
    )


def scattering_cosine(solar_zenith: Numbers, view_zenith: Numbers, relative_azimuth: Numbers) -> Floats:
    """Cosine of the scattering angle; degrees, broadcast; azimuth 0 = backscatter (sun behind the sensor)."""
    sun, view, azimuth = np.deg2rad(solar_zenith), np.deg2rad(view_zenith), np.deg2rad(relative_azimuth)
    cosine = -np.cos(sun) * np.cos(view) - np.sin(sun) * np.sin(view) * np.cos(azimuth)
    return np.asarray(np.clip(cosine, -1.0, 1.0))


def aerosol_single_scattering(
    molecules: Numbers,
    particles: Numbers,
    albedo: Numbers,
    phase: Numbers,
    solar_zenith: Numbers,
    view_zenith: Numbers,
) -> Floats:
    """Reflectance by light scattered once, by the aerosol, in a layered atmosphere without truncation.

    Column optical depths of molecules and aerosol, single-scattering albedo of the aerosol, its phase
    function P11 (integral 2) at the scattering angle, zenith angles in degrees; all broadcast together.
    """
    shares = layering()
    sun, view = np.cos(np.deg2rad(solar_zenith)), np.cos(np.deg2rad(view_zenith))
    mass = 1.0 / sun + 1.0 / view
    total = np.zeros(np.broadcast_shapes(np.shape(molecules), np.shape(particles), np.shape(mass)))
    above = np.zeros_like(total)
    for share_molecules, share_particles in zip(shares.molecules[::-1], shares.aerosol[::-1], strict=True):
        scattered = share_particles * particles
        depth = mass * (share_molecules * molecules + scattered)
        # (1 - exp(-x)) / x tends to 1 in layers of neither aerosol nor molecules.
        escaping = np.exp(-above) * np.where(
            depth > 0, -np.expm1(-depth) / np.where(depth > 0, depth, 1.0), 1.0
        )
        total += scattered * mass * escaping
        above = above + depth
    return np.asarray(albedo * phase * total / (4.0 * (sun + view)))
