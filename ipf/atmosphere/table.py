"""The scattering look-up table: what a gas-free atmosphere does to light, and how it is evaluated.

The path reflectance is stored without the light that the aerosol scatters once. That part carries the narrow
backscatter peak, is known in closed form, and is added back at evaluation, so that coarse nodes suffice. It
must be taken out as the solver puts it in, through an aerosol thinned by delta-M, or some of the peak stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.interpolation import cosine_weights, cubic_weights, linear_weights
from ipf.atmosphere.rayleigh import STANDARD_PRESSURE
from ipf.atmosphere.single_scattering import aerosol_single_scattering, scattering_cosine
from ipf.errors import ParameterError

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Numbers = Floats | float

_CHUNK = 2048


@dataclass(frozen=True, slots=True)
class Axes:
    """Nodes of the table, increasing: aerosol optical thickness at 550 nm, surface pressure (hPa), and solar
    zenith, view zenith and relative azimuth (degrees; azimuth 0 = backscatter, 0 to 180)."""

    aot: Floats
    pressure: Floats
    solar_zenith: Floats
    view_zenith: Floats
    relative_azimuth: Floats


@dataclass(frozen=True, slots=True)
class BandOptics:
    """Optical properties of one band: Rayleigh optical depth at 1013.25 hPa, aerosol extinction relative to
    550 nm, aerosol single-scattering albedo, the share of what it scatters that the solver's delta-M
    truncation counts as not scattered, and its phase function P11 (integral 2) at equal steps of the
    scattering angle."""

    rayleigh_depth: float
    aerosol_extinction: float
    aerosol_albedo: float
    truncated_share: float
    phase: Floats32

    def scattered_once(
        self, molecules: Numbers, particles: Numbers, phase: Numbers, sun: Numbers, view: Numbers
    ) -> Floats:
        """Reflectance by light that the aerosol scatters once, as the solver's TMS correction makes it.

        Column optical depths of `molecules` and `particles`, the phase function at the scattering angle,
        zenith angles in degrees; all broadcast together. The exact phase function, but depth and albedo of
        the aerosol scaled by delta-M (Nakajima and Tanaka 1988, JQSRT 40, 51).
        """
        kept = 1.0 - self.aerosol_albedo * self.truncated_share
        return aerosol_single_scattering(
            molecules, particles * kept, self.aerosol_albedo / kept, phase, sun, view
        )


@dataclass(frozen=True, slots=True)
class BandTable:
    """Scattering functions of one band at the nodes.

    `path_residual` (aot, pressure, solar zenith, view zenith, azimuth): path reflectance without the light
    the aerosol scattered once; `log_transmittance` (aot, pressure, zenith = the solar zenith nodes):
    logarithm of the total transmittance, the same downward and upward; `spherical_albedo` (aot, pressure).
    """

    optics: BandOptics
    path_residual: Floats32
    log_transmittance: Floats32
    spherical_albedo: Floats32


@dataclass(frozen=True, slots=True)
class Scattering:
    """Scattering functions of a gas-free atmosphere in one band, all of one shape.

    `path_reflectance` over a black surface, `molecular_reflectance` the same without aerosol; total (direct
    and diffuse) and direct transmittances along the solar (`down`) and the view (`up`) direction;
    `spherical_albedo`.
    """

    path_reflectance: Floats
    molecular_reflectance: Floats
    transmittance_down: Floats
    transmittance_up: Floats
    direct_down: Floats
    direct_up: Floats
    spherical_albedo: Floats

    @property
    def diffuse_down(self) -> Floats:
        """Diffuse part of the downward transmittance."""
        return self.transmittance_down - self.direct_down

    @property
    def diffuse_up(self) -> Floats:
        """Diffuse part of the upward transmittance."""
        return self.transmittance_up - self.direct_up


@dataclass(frozen=True)
class ScatteringTable:
    """Scattering functions of all bands of a satellite for one aerosol model, with no gas absorption.

    `scattering_angle` (degrees) are the equally spaced nodes of the phase functions.
    """

    satellite: str
    aerosol: str
    axes: Axes
    scattering_angle: Floats
    bands: Mapping[str, BandTable]

    def evaluate(
        self,
        band: str,
        aot: npt.ArrayLike,
        pressure: npt.ArrayLike,
        solar_zenith: npt.ArrayLike,
        view_zenith: npt.ArrayLike,
        relative_azimuth: npt.ArrayLike,
    ) -> Scattering:
        """Interpolate the table; the arguments broadcast (units and axes as in `Axes`).

        The azimuth may be any angle (the functions are even and periodic in it). Raises `ParameterError` for
        an unknown band and for values outside the table, naming the axis: nothing is extrapolated.
        """
        table = self._band(band)
        axes = self.axes
        arrays = np.broadcast_arrays(
            within("aerosol optical thickness", aot, axes.aot),
            within("surface pressure (hPa)", pressure, axes.pressure),
            within("solar zenith (degrees)", solar_zenith, axes.solar_zenith),
            within("view zenith (degrees)", view_zenith, axes.view_zenith),
            fold_azimuth(relative_azimuth),
        )
        shape = arrays[0].shape
        points = [np.ravel(array) for array in arrays]
        pieces = [
            self._evaluate_chunk(table, *(point[start : start + _CHUNK] for point in points))
            for start in range(0, points[0].size, _CHUNK)
        ]
        columns = np.concatenate(pieces, axis=1) if pieces else np.empty((7, 0))
        return Scattering(*(column.reshape(shape) for column in columns))

    def _band(self, band: str) -> BandTable:
        try:
            return self.bands[band]
        except KeyError:
            raise ParameterError(f"band {band!r} is not in the table ({', '.join(self.bands)})") from None

    def _evaluate_chunk(
        self, table: BandTable, aot: Floats, pressure: Floats, sun: Floats, view: Floats, azimuth: Floats
    ) -> Floats:
        """The fields of `Scattering`, stacked (7, points)."""
        axes, optics = self.axes, table.optics
        molecules = optics.rayleigh_depth * pressure / STANDARD_PRESSURE
        particles = optics.aerosol_extinction * aot
        weights_aot = cubic_weights(axes.aot, aot)
        weights_pressure = linear_weights(axes.pressure, pressure)

        # einsum in its plain form: no BLAS, whose sums may depend on the number of threads.
        around = cosine_weights(axes.relative_azimuth, azimuth)
        residual = np.einsum("apsvr,nr->apsvn", table.path_residual, around)
        residual = np.einsum("apsvn,nv->apsn", residual, cubic_weights(axes.view_zenith, view))
        residual = np.einsum("apsn,ns->apn", residual, cubic_weights(axes.solar_zenith, sun))
        residual = np.einsum("apn,np->an", residual, weights_pressure)
        path = np.einsum("an,na->n", residual, weights_aot) + optics.scattered_once(
            molecules, particles, self.phase(optics, sun, view, azimuth), sun, view
        )
        column = np.einsum("apz,np->anz", table.log_transmittance, weights_pressure)
        column = np.einsum("anz,na->nz", column, weights_aot)
        airmasses = _log_airmass(axes.solar_zenith)
        transmittances = [
            np.exp(np.einsum("nz,nz->n", column, cubic_weights(airmasses, _log_airmass(zenith))))
            for zenith in (sun, view)
        ]
        direct = [np.exp(-(molecules + particles) / np.cos(np.deg2rad(zenith))) for zenith in (sun, view)]
        albedo = np.einsum("ap,np->an", table.spherical_albedo, weights_pressure)
        albedo = np.einsum("an,na->n", albedo, weights_aot)
        return np.stack([path, residual[0], *transmittances, *direct, albedo])

    def phase(self, optics: BandOptics, sun: Floats, view: Floats, azimuth: Floats) -> Floats:
        """Aerosol phase function of a band at the scattering angle of each direction (degrees, broadcast)."""
        angle = np.rad2deg(np.arccos(scattering_cosine(sun, view, azimuth)))
        return np.interp(angle, self.scattering_angle, optics.phase)


def within(name: str, value: npt.ArrayLike, nodes: Floats) -> Floats:
    """`value` as an array of floats; raises `ParameterError` naming `name` when any lies outside the
    nodes."""
    array = np.asarray(value, dtype=np.float64)
    low, high = nodes[0], nodes[-1]
    outside = ~((array >= low) & (array <= high))
    if np.any(outside):
        raise ParameterError(
            f"{name}: {array[outside].flat[0]:g} is outside the look-up table ({low:g} to {high:g})"
        )
    return array


def fold_azimuth(azimuth: npt.ArrayLike) -> Floats:
    """Relative azimuth (degrees, any) folded to 0-180; raises `ParameterError` when it is not finite."""
    array = np.asarray(azimuth, dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise ParameterError("relative azimuth: not finite")
    return np.abs((array + 180.0) % 360.0 - 180.0)


def _log_airmass(zenith: Floats) -> Floats:
    return np.asarray(-np.log(np.cos(np.deg2rad(zenith))))
