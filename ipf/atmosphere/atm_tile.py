"""Reducing tables in Sen2Cor's layout to what one band of one tile needs.

Sen2Cor turns radiance into the reflectance of the ground by the fluxes that its tables hold over ground of
reflectance 0.15,

    rho = pi (d² L - path) / (direct cos(solar zenith) + diffuse),

and corrects for other ground by a factor that is linear in its reflectance. Written for a black ground, with
the exact 1 / (1 - s rho), the same fluxes are the two-way transmittance of `ipf.kernels.atmosphere`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.atm_layout import GROUND_REFLECTANCE, water_above
from ipf.atmosphere.atm_tables import AtmTables
from ipf.atmosphere.atm_writer import MILLIWATTS
from ipf.atmosphere.gases import LARGEST_SLANT_WATER_VAPOUR
from ipf.atmosphere.interpolation import linear_weights
from ipf.atmosphere.tile import AOT_STEP, ROOT_STEP, TileGeometry, path_airmass
from ipf.errors import ParameterError
from ipf.kernels.atmosphere import BandCoefficients

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

AOT_NODES = 151
"""AOT from 0 to 3, the reach of our own table; beyond Sen2Cor's least visibility the last node holds."""
REFERENCE_AOT = 10
"""Index of the AOT (0.2) at which the dependence on water vapour is taken: it hardly changes with aerosol."""


@dataclass(frozen=True, slots=True)
class ReducedBand:
    """The tables of one band over one tile, at ground elevations (km).

    Unless said otherwise, float64 (elevation, node row, node column, AOT, water): `path_reflectance`, and
    `molecular_reflectance` (AOT axis of length 1), the same continued to no aerosol; `transmittance`, two-way
    over a black ground, gases included; `direct_share` of the light on flat black ground that comes straight
    from the sun, and `circumsolar`, that share with the circumsolar part of the diffuse light (Hay and Davies
    1980, as Sen2Cor has it); `diffuse_ratio`, diffuse over direct transmittance upward; `spherical_albedo`.
    AOT runs from 0 in steps of `aot_step`; `water` (elevation, water) is in cm above the ground; `airmass`
    (node row, node column) that of the way down and up.
    """

    elevation: Floats
    water: Floats
    airmass: Floats
    node_step: float
    aot_step: float
    path_reflectance: Floats
    molecular_reflectance: Floats
    transmittance: Floats
    direct_share: Floats
    circumsolar: Floats
    diffuse_ratio: Floats
    spherical_albedo: Floats


def reduce_atm_to_tile(
    tables: AtmTables,
    band: str,
    geometry: TileGeometry,
    elevation: npt.ArrayLike,
    irradiance: float,
) -> ReducedBand:
    """Reduce `tables` for `band` to a tile, at ground elevations in km, (n,), -0.5 to 3.5.

    `irradiance` of the sun at 1 AU in W/(m² µm): the one that turned the product's radiance into reflectance,
    as its metadata state it. Raises `ParameterError` naming the axis when an angle (NaN included) or an
    elevation is outside the tables.
    """
    shape = geometry.solar_zenith.shape
    if len(shape) != 2 or min(shape) < 2:
        raise ParameterError(f"angle grid: shape {shape}, at least 2 x 2 nodes expected")
    if not irradiance > 0:
        raise ParameterError(f"irradiance of {band}: {irradiance:g}, expected more than 0 W/(m² µm)")
    heights = np.atleast_1d(np.asarray(elevation, dtype=np.float64))
    levels = [_at_level(tables, band, geometry, float(height), irradiance) for height in heights]
    quantities = {
        name: np.stack([level[name] for level in levels]).reshape(heights.size, *shape, *value.shape[1:])
        for name, value in levels[0].items()
    }
    water = water_above(tables.water, heights[:, np.newaxis])
    airmass = path_airmass(geometry.solar_zenith, geometry.view_zenith)
    return ReducedBand(heights, water, airmass, float(geometry.step), AOT_STEP, **quantities)


def _at_level(
    tables: AtmTables, band: str, geometry: TileGeometry, elevation: float, irradiance: float
) -> dict[str, Floats]:
    """The quantities of `ReducedBand` at one elevation, (nodes, AOT, water) each."""
    sun = geometry.solar_zenith.ravel()
    level = tables.level(band, elevation)
    nodes = level.along(sun, geometry.view_zenith.ravel(), geometry.relative_azimuth.ravel())
    weights = level.aot_weights(np.arange(AOT_NODES, dtype=np.float64) * AOT_STEP)
    path, diffuse, direct, straight_up, diffuse_up, albedo = np.einsum("qwan,fa->qnfw", nodes, weights)

    cosine = np.cos(np.deg2rad(sun))[:, np.newaxis, np.newaxis]
    full_sun = irradiance * MILLIWATTS * cosine
    lit = (direct * cosine + diffuse) * (1.0 - GROUND_REFLECTANCE * albedo)
    share = direct * cosine / lit
    sunbeam = straight_up ** (1.0 / cosine)
    clear = np.einsum("wan,a->nw", nodes[0], linear_weights(level.aot, np.zeros(())))[:, np.newaxis]
    return {
        "path_reflectance": np.pi * path / full_sun,
        "molecular_reflectance": np.pi * clear / full_sun,
        "transmittance": lit / full_sun,
        "direct_share": share,
        "circumsolar": share + (1.0 - share) * sunbeam,
        "diffuse_ratio": diffuse_up / straight_up,
        "spherical_albedo": albedo,
    }


def coefficients_at(reduced: ReducedBand, level: int) -> BandCoefficients:
    """Coefficients for the kernels of `ipf.kernels.atmosphere`, for ground at elevation number `level`.

    The kernels know water vapour by one curve of its slant column for the whole tile: the curve of the tile's
    mean node is taken, and every node is exact at the water vapour of the middle file. What the path
    reflectance is without aerosol counts as that of the molecules, and the curve of "half the water vapour"
    is the one by which the rest really falls.
    """
    water = reduced.water[level]
    middle = water.size // 2
    molecular = reduced.molecular_reflectance[level][..., middle]
    aerosol = reduced.path_reflectance[level] - molecular[..., np.newaxis]
    transmittance = reduced.transmittance[level]
    steps = int(np.sqrt(LARGEST_SLANT_WATER_VAPOUR) / ROOT_STEP)
    roots = np.arange(steps + 1, dtype=np.float64) * ROOT_STEP
    mean_airmass = float(reduced.airmass.mean())
    whole = _curve(transmittance, water, mean_airmass, roots)
    half = _curve(aerosol, water, mean_airmass, roots)
    slant = np.sqrt(reduced.airmass * water[middle])[..., np.newaxis]
    ratio = reduced.diffuse_ratio[level, ..., middle]
    return BandCoefficients(
        molecular=_stored(molecular[..., 0]),
        aerosol=_stored(aerosol[..., middle] / np.interp(slant, roots, half)),
        transmittance=_stored(transmittance[..., middle] / np.interp(slant, roots, whole)),
        beam=_stored(reduced.circumsolar[level, ..., middle]),
        scattered=_stored(ratio / (1.0 + ratio)),
        airmass=_stored(reduced.airmass),
        spherical_albedo=_stored(reduced.spherical_albedo[level, 0, 0, :, middle]),
        water=_stored(whole),
        half_water=_stored(half),
        node_step=reduced.node_step,
        aot_step=reduced.aot_step,
        root_step=ROOT_STEP,
    )


def _curve(values: Floats, water: Floats, airmass: float, roots: Floats) -> Floats:
    """How the mean over the nodes of `values` (rows, columns, AOT, water) falls with the root of the slant
    water vapour, 1 where there is none."""
    mean = values[:, :, REFERENCE_AOT].mean(axis=(0, 1))
    weights = linear_weights(np.sqrt(water), roots / np.sqrt(airmass))
    curve = np.exp(np.einsum("rw,w->r", weights, np.log(np.maximum(mean, 1e-30))))
    return np.asarray(curve / curve[0])


def _stored(value: Floats) -> Floats32:
    return np.ascontiguousarray(value, dtype=np.float32)
