"""Reducing the look-up table and the gas model to what one band of one tile needs, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.gases import LARGEST_SLANT_WATER_VAPOUR, GasModel, GasTransmittance
from ipf.atmosphere.interpolation import cubic_weights
from ipf.atmosphere.table import Scattering, ScatteringTable
from ipf.errors import ParameterError
from ipf.kernels.atmosphere import BandCoefficients

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

AOT_STEP = 0.02
ROOT_STEP = 0.02
"""Steps of AOT and of the square root of slant water vapour (cm^0.5): linear interpolation between them is
off by less than 2e-5 in every transmittance."""

ANGLE_GRID_STEP = 5000.0
"""Spacing of the angle grids of the tile metadata, metres (PSD 14.8, Sun_Angles_Grid)."""


@dataclass(frozen=True, slots=True)
class TileGeometry:
    """Angles at the nodes of a tile's angle grid, degrees, (rows, columns) each, without gaps.

    `relative_azimuth` is solar minus view azimuth: 0 is backscatter, the sensor having the sun behind it.
    `step` is the spacing of the nodes in metres, from the tile's upper-left corner.
    """

    solar_zenith: Floats
    view_zenith: Floats
    relative_azimuth: Floats
    step: float = ANGLE_GRID_STEP


def reduce_to_tile(
    table: ScatteringTable,
    gases: GasModel,
    band: str,
    geometry: TileGeometry,
    pressure: float,
    ozone: float,
) -> BandCoefficients:
    """Coefficients of `band` for the kernels of `ipf.kernels.atmosphere`.

    `pressure` at the ground in hPa, `ozone` in the total column in cm-atm, one value for the tile. Raises
    `ParameterError` naming the axis when an angle (NaN included) or the pressure is outside the table.
    """
    shape = geometry.solar_zenith.shape
    if len(shape) != 2 or min(shape) < 2:
        raise ParameterError(f"angle grid: shape {shape}, at least 2 x 2 nodes expected")
    nodes = table.axes.aot
    scattering = table.evaluate(
        band,
        nodes,
        pressure,
        geometry.solar_zenith[..., np.newaxis],
        geometry.view_zenith[..., np.newaxis],
        geometry.relative_azimuth[..., np.newaxis],
    )
    airmass = path_airmass(geometry.solar_zenith, geometry.view_zenith)
    dry = gases.transmittance(band, airmass, 0.0, ozone, pressure).dry
    fine = cubic_weights(nodes, np.arange(round(nodes[-1] / AOT_STEP) + 1) * AOT_STEP)
    aerosol = scattering.path_reflectance - scattering.molecular_reflectance
    two_way = np.log(scattering.transmittance_down * scattering.transmittance_up)
    beam = _beam_share(scattering.direct_down, scattering.transmittance_down)
    water, half_water = _water_tables(gases, band, float(airmass.mean()), ozone, pressure)
    return BandCoefficients(
        molecular=_stored(dry * scattering.molecular_reflectance[..., 0]),
        aerosol=_stored(dry[..., np.newaxis] * _along(aerosol, fine)),
        transmittance=_stored(dry[..., np.newaxis] * np.exp(_along(two_way, fine))),
        beam=_stored(_along(beam, fine)),
        scattered=_stored(_along(scattering.diffuse_up / scattering.transmittance_up, fine)),
        airmass=_stored(airmass),
        spherical_albedo=_stored(_along(scattering.spherical_albedo[0, 0], fine)),
        water=water,
        half_water=half_water,
        node_step=float(geometry.step),
        aot_step=AOT_STEP,
        root_step=ROOT_STEP,
    )


def _beam_share(direct: Floats, total: Floats) -> Floats:
    """Share of the irradiance of flat ground that comes from the sun's direction.

    Hay's anisotropic sky (Hay and Davies 1980, Proc. First Canadian Solar Radiation Data Workshop, 59-72):
    the share of the diffuse light that is circumsolar is the transmittance of the direct beam.
    """
    straight = direct / total
    return np.asarray(straight + (1.0 - straight) * direct)


def path_airmass(solar_zenith: npt.ArrayLike, view_zenith: npt.ArrayLike) -> Floats:
    """Air mass of the way down and up again, 1/cos(solar zenith) + 1/cos(view zenith); degrees."""
    sun, view = (np.deg2rad(np.asarray(zenith, dtype=np.float64)) for zenith in (solar_zenith, view_zenith))
    return np.asarray(1.0 / np.cos(sun) + 1.0 / np.cos(view))


def two_way_gases(
    gases: GasModel,
    band: str,
    airmass: npt.ArrayLike,
    water_vapour: npt.ArrayLike,
    ozone: npt.ArrayLike,
    pressure: npt.ArrayLike,
) -> tuple[GasTransmittance, GasTransmittance]:
    """Gas transmittances of the way down and up with all and with half the water vapour, as
    `path_reflectance` needs them; the arguments are those of `GasModel.transmittance`."""
    water = np.asarray(water_vapour, dtype=np.float64)
    return (
        gases.transmittance(band, airmass, water, ozone, pressure),
        gases.transmittance(band, airmass, water / 2.0, ozone, pressure),
    )


def path_reflectance(scattering: Scattering, whole: GasTransmittance, half: GasTransmittance) -> Floats:
    """Reflectance of the atmosphere over a black surface, gases included.

    `whole` is the gas transmittance of the way down and up, `half` the same with half the water vapour: the
    light scattered by the aerosol meets about half of it, that scattered by the molecules, higher up, none
    (6SV1.1).
    """
    aerosol = scattering.path_reflectance - scattering.molecular_reflectance
    return whole.dry * (scattering.molecular_reflectance + aerosol * half.water)


def _water_tables(
    gases: GasModel, band: str, airmass: float, ozone: float, pressure: float
) -> tuple[Floats32, Floats32]:
    """Transmittance of all and of half the water vapour, at the roots of its slant column.

    The transmittance is a function of the slant column; only the overlap with methane needs the air mass,
    which is the tile's mean.
    """
    roots = np.arange(int(np.sqrt(LARGEST_SLANT_WATER_VAPOUR) / ROOT_STEP) + 1) * ROOT_STEP
    whole, half = two_way_gases(gases, band, airmass, roots**2 / airmass, ozone, pressure)
    return _stored(whole.water), _stored(half.water)


def _along(values: Floats, weights: Floats) -> Floats:
    """Values (..., nodes) interpolated to (..., points) with `weights` (points, nodes); no BLAS, same bits
    always."""
    return np.asarray(np.einsum("...a,fa->...f", values, weights))


def _stored(value: Floats) -> Floats32:
    return np.ascontiguousarray(value, dtype=np.float32)
