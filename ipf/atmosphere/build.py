"""Making a scattering table: the optics of each band, then one radiative-transfer solution per node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.atmosphere import aerosol, rayleigh, solver
from ipf.atmosphere.responses import BandWeights, Spectrum, band_weights
from ipf.atmosphere.single_scattering import LAYERS, scattering_cosine
from ipf.atmosphere.table import Axes, BandOptics, BandTable, ScatteringTable

Floats = npt.NDArray[np.float64]

AXES = Axes(
    aot=np.array([0.0, 0.1, 0.2, 0.4, 0.7, 1.1, 1.6, 2.2, 3.0]),
    pressure=np.array([550.0, 680.0, 810.0, 940.0, 1070.0]),
    solar_zenith=np.array([0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 75.0, 80.0]),
    view_zenith=np.array([0.0, 5.0, 10.0, 15.0]),
    relative_azimuth=np.arange(0.0, 181.0, 30.0),
)
SCATTERING_ANGLE = np.arange(80.0, 180.01, 0.25)
DECIMALS = 6
"""Stored values are rounded, far below the solver's accuracy: its last digits depend on the processor."""


def _no_progress() -> None:
    pass


def build_table(
    satellite: str,
    model: str,
    responses: Mapping[str, Spectrum],
    irradiance: Spectrum,
    threads: int = 1,
    advance: Callable[[], None] = _no_progress,
) -> ScatteringTable:
    """Solve all bands of `responses` for aerosol `model`, calling `advance` `steps_per_band` times a band."""
    bands = {
        name: build_band(band_weights(response, irradiance), model, AXES, threads, advance)
        for name, response in responses.items()
    }
    return ScatteringTable(satellite, model, AXES, SCATTERING_ANGLE, bands)


def steps_per_band() -> int:
    """How often the making of one band reports progress."""
    return int(AXES.solar_zenith.size)


def provenance(
    table: ScatteringTable, responses: Mapping[str, Any], irradiance: Mapping[str, Any]
) -> dict[str, Any]:
    """How `table` was made, for the JSON beside it; `responses` and `irradiance` describe the input files."""
    return {
        "satellite": table.satellite,
        "aerosol": table.aerosol,
        "inputs": {"responses": responses, "irradiance": irradiance},
        "libraries": {name: version(name) for name in ("sasktran2", "numpy")},
        "recipe": {
            "solver": "sasktran2: plane-parallel discrete ordinates, delta-M and TMS correction",
            "stokes_parameters": {"path_reflectance": 3, "transmittance_and_spherical_albedo": 1},
            "streams": solver.STREAMS,
            "layers": LAYERS,
            "scale_height_km": {"molecules": rayleigh.SCALE_HEIGHT, "aerosol": aerosol.SCALE_HEIGHT},
            "rayleigh": "Bodhaine et al. 1999, section 4",
            "depolarisation": rayleigh.DEPOLARISATION,
            "aerosol": "WCP-112 mixture of spheres, size distributions of d'Almeida et al. 1991, Mie theory",
            "decimals": DECIMALS,
        },
        "axes": {
            "aerosol_optical_thickness_550nm": table.axes.aot.tolist(),
            "surface_pressure_hpa": table.axes.pressure.tolist(),
            "solar_zenith_degrees": table.axes.solar_zenith.tolist(),
            "view_zenith_degrees": table.axes.view_zenith.tolist(),
            "relative_azimuth_degrees_0_is_backscatter": table.axes.relative_azimuth.tolist(),
        },
        "bands": {
            name: {
                "rayleigh_optical_depth": band.optics.rayleigh_depth,
                "aerosol_extinction_relative_to_550nm": band.optics.aerosol_extinction,
                "aerosol_single_scattering_albedo": band.optics.aerosol_albedo,
                "aerosol_share_truncated": band.optics.truncated_share,
            }
            for name, band in table.bands.items()
        },
    }


def build_band(
    weights: BandWeights,
    model: str,
    axes: Axes = AXES,
    threads: int = 1,
    advance: Callable[[], None] = _no_progress,
) -> BandTable:
    """Solve one band for aerosol `model` at the nodes of `axes`; `advance` is called at each solar zenith."""
    particles = aerosol.optics(model, weights.mean_wavelength, solver.STREAMS + 1)
    optics = BandOptics(
        rayleigh_depth=round(weights.average(rayleigh.optical_depth(weights.wavelength)), 9),
        aerosol_extinction=round(particles.extinction, 9),
        aerosol_albedo=round(particles.albedo, 9),
        truncated_share=round(particles.greek.truncated_share(solver.STREAMS), 9),
        phase=_stored(np.interp(np.cos(np.deg2rad(SCATTERING_ANGLE)), particles.cosine, particles.phase)),
    )
    scatterers = solver.Scatterers(
        rayleigh.phase_coefficients(solver.STREAMS + 1), particles.greek, optics.aerosol_albedo
    )
    aot, pressure = (grid.ravel() for grid in np.meshgrid(axes.aot, axes.pressure, indexing="ij"))
    states = solver.States(
        optics.rayleigh_depth * pressure / rayleigh.STANDARD_PRESSURE, optics.aerosol_extinction * aot
    )
    nodes = (axes.aot.size, axes.pressure.size)
    view, azimuth = axes.view_zenith[:, np.newaxis], axes.relative_azimuth
    residuals, transmittances = [], []
    for zenith in axes.solar_zenith:
        cosine = scattering_cosine(zenith, view, azimuth)
        exact = np.interp(cosine, particles.cosine, particles.phase)
        stored = np.interp(np.rad2deg(np.arccos(cosine)), SCATTERING_ANGLE, optics.phase)
        path = solver.path_reflectance(
            states, scatterers, zenith, axes.view_zenith, axes.relative_azimuth, exact, threads
        )
        once = optics.scattered_once(
            states.molecules[:, np.newaxis, np.newaxis],
            states.aerosol[:, np.newaxis, np.newaxis],
            stored,
            zenith,
            view,
        )
        residuals.append((path - once).reshape(*nodes, *cosine.shape))
        transmittance, albedo = solver.transmittance(states, scatterers, zenith, threads)
        transmittances.append(np.log(transmittance).reshape(nodes))
        advance()
    return BandTable(
        optics,
        _stored(np.stack(residuals, axis=2)),
        _stored(np.stack(transmittances, axis=2)),
        _stored(albedo.reshape(nodes)),
    )


def _stored(value: Floats) -> npt.NDArray[np.float32]:
    return np.round(value, DECIMALS).astype(np.float32)
