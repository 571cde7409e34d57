"""What the air does to light over each pixel: Lambertian coupling with the ground, and its exact inverse.

    rho_toa = M + A w(u/2) + K w(u) rho / (1 - s rho)

M and A are the path reflectances of molecules and aerosol, K the product of the downward and upward
scattering transmittances, all three times the transmittance of every gas but water vapour; w is the
transmittance of water vapour (the light scattered by the aerosol crosses about half of it); s is the
spherical albedo. Vermote et al. 1997 (IEEE TGRS 35, 675), equation 7, with the water-vapour rule of 6SV1.1.

Every value depends on the pixel's place on the tile, never on the block it is computed in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

Floats32 = npt.NDArray[np.float32]


class BandCoefficients(NamedTuple):
    """Atmosphere of one band over one tile, tabulated for `correct_lambertian` and `simulate_toa`.

    The angle grid has nodes every `node_step` metres from the tile's upper-left corner; values between are
    bilinear. Aerosol optical thickness (AOT) runs from 0 in steps of `aot_step`, and the square root of slant
    water vapour (cm^0.5) from 0 in steps of `root_step`; values between are linear.
    """

    molecular: Floats32
    """Path reflectance of the molecules, (rows, columns) of the angle grid."""
    aerosol: Floats32
    """Path reflectance added by the aerosol, (rows, columns, AOT)."""
    transmittance: Floats32
    """Two-way scattering transmittance, (rows, columns, AOT)."""
    beam: Floats32
    """Share of the downward light that comes from the sun's direction over flat ground: the direct light and
    the circumsolar part of the diffuse, (rows, columns, AOT)."""
    scattered: Floats32
    """Share of the upward transmittance that is diffuse: light of the surroundings, (rows, columns, AOT)."""
    airmass: Floats32
    """1/cos(solar zenith) + 1/cos(view zenith), (rows, columns)."""
    spherical_albedo: Floats32
    """(AOT,)."""
    water: Floats32
    """Transmittance of water vapour, (roots,)."""
    half_water: Floats32
    """Transmittance of half the water vapour, (roots,)."""
    node_step: float
    aot_step: float
    root_step: float


class Air(NamedTuple):
    """The air over each pixel of a block, float32 (rows, columns) each, NaN outside the tables.

    `path` reflectance; `gain`, the two-way transmittance of scattering and gases; `albedo`, spherical; `beam`
    and `scattered` as in `BandCoefficients`.
    """

    path: Floats32
    gain: Floats32
    albedo: Floats32
    beam: Floats32
    scattered: Floats32


@kernel
def air_over_block(
    aot: Floats32,
    water_vapour: Floats32,
    coefficients: BandCoefficients,
    row: int,
    column: int,
    resolution: float,
) -> Air:
    """The air over a block whose first pixel is `row`, `column` of the tile; arguments as in
    `correct_lambertian`."""
    path, gain, albedo = np.empty_like(aot), np.empty_like(aot), np.empty_like(aot)
    beam, scattered = np.empty_like(aot), np.empty_like(aot)
    for i in range(aot.shape[0]):
        _atmosphere_of_row(
            aot[i], water_vapour[i], coefficients, row + i, column, resolution, path[i], gain[i], albedo[i]
        )
        _shares_of_row(aot[i], coefficients, row + i, column, resolution, beam[i], scattered[i])
    return Air(path, gain, albedo, beam, scattered)


@kernel
def mix_levels(low: Air, high: Air, elevation: Floats32, bottom: float, top: float, out: Air) -> None:
    """Write to `out` the air over the pixels between two levels (`bottom` up to, not including, `top`, m),
    linear between the air over the one and the other level."""
    for i in range(elevation.shape[0]):
        for j in range(elevation.shape[1]):
            height = elevation[i, j]
            if not bottom <= height < top:
                continue
            share = np.float32((height - bottom) / (top - bottom))
            out.path[i, j] = _between(low.path[i, j], high.path[i, j], share)
            out.gain[i, j] = _between(low.gain[i, j], high.gain[i, j], share)
            out.albedo[i, j] = _between(low.albedo[i, j], high.albedo[i, j], share)
            out.beam[i, j] = _between(low.beam[i, j], high.beam[i, j], share)
            out.scattered[i, j] = _between(low.scattered[i, j], high.scattered[i, j], share)


@kernel
def correct_lambertian(
    toa: Floats32,
    aot: Floats32,
    water_vapour: Floats32,
    coefficients: BandCoefficients,
    row: int,
    column: int,
    resolution: float,
) -> Floats32:
    """Surface reflectance from top-of-atmosphere reflectance, (rows, columns) float32.

    `aot` (at 550 nm) and `water_vapour` (cm above the ground) have the shape of `toa`; `row` and `column` are
    the place of the block's first pixel on the tile, `resolution` the pixel size in metres. The result is NaN
    where an input is NaN, or outside the tables or the angle grid.
    """
    boa = np.empty(toa.shape, np.float32)
    path, gain, albedo = _row_buffers(toa.shape[1])
    for i in range(toa.shape[0]):
        _atmosphere_of_row(
            aot[i], water_vapour[i], coefficients, row + i, column, resolution, path, gain, albedo
        )
        for j in range(toa.shape[1]):
            signal = (toa[i, j] - path[j]) / gain[j]
            boa[i, j] = signal / (np.float32(1.0) + albedo[j] * signal)
    return boa


@kernel
def simulate_toa(
    boa: Floats32,
    aot: Floats32,
    water_vapour: Floats32,
    coefficients: BandCoefficients,
    row: int,
    column: int,
    resolution: float,
) -> Floats32:
    """Top-of-atmosphere reflectance from surface reflectance: the inverse of `correct_lambertian`, same
    arguments."""
    toa = np.empty(boa.shape, np.float32)
    path, gain, albedo = _row_buffers(boa.shape[1])
    for i in range(boa.shape[0]):
        _atmosphere_of_row(
            aot[i], water_vapour[i], coefficients, row + i, column, resolution, path, gain, albedo
        )
        for j in range(boa.shape[1]):
            toa[i, j] = path[j] + gain[j] * boa[i, j] / (np.float32(1.0) - albedo[j] * boa[i, j])
    return toa


@kernel
def _row_buffers(columns: int) -> tuple[Floats32, Floats32, Floats32]:
    return np.empty(columns, np.float32), np.empty(columns, np.float32), np.empty(columns, np.float32)


@kernel
def _atmosphere_of_row(
    aot: Floats32,
    water_vapour: Floats32,
    coefficients: BandCoefficients,
    row: int,
    column: int,
    resolution: float,
    path: Floats32,
    gain: Floats32,
    albedo: Floats32,
) -> None:
    """Fill `path`, `gain` and `albedo` (columns,) for one line of pixels.

    The two lines of angle nodes around the pixels are merged once per grid cell and AOT step, not per pixel:
    both change seldom along a line.
    """
    c = coefficients
    nodes_down, nodes_right = c.airmass.shape
    steps, roots = c.spherical_albedo.size, c.water.size
    per_step, per_root = np.float32(1.0 / c.aot_step), np.float32(1.0 / c.root_step)
    nodes_per_pixel = resolution / c.node_step
    y = (row + 0.5) * nodes_per_pixel
    top = min(max(int(y), 0), nodes_down - 2)
    down = np.float32(y - top)
    inside_down = 0.0 <= y <= nodes_down - 1
    zero = np.float32(0.0)
    molecular_left = molecular_right = airmass_left = airmass_right = zero
    aerosol_00 = aerosol_01 = aerosol_10 = aerosol_11 = zero
    direct_00 = direct_01 = direct_10 = direct_11 = zero
    last_left, last_step = -1, -1
    for j in range(path.size):
        x = (column + j + 0.5) * nodes_per_pixel
        in_steps = aot[j] * per_step
        if not (inside_down and 0.0 <= x <= nodes_right - 1 and 0.0 <= in_steps <= steps - 1):
            path[j] = gain[j] = albedo[j] = np.nan
            continue
        left = min(int(x), nodes_right - 2)
        step = min(int(in_steps), steps - 2)
        if left != last_left:
            molecular_left = _between(c.molecular[top, left], c.molecular[top + 1, left], down)
            molecular_right = _between(c.molecular[top, left + 1], c.molecular[top + 1, left + 1], down)
            airmass_left = _between(c.airmass[top, left], c.airmass[top + 1, left], down)
            airmass_right = _between(c.airmass[top, left + 1], c.airmass[top + 1, left + 1], down)
        if left != last_left or step != last_step:
            aerosol_00, aerosol_01, aerosol_10, aerosol_11 = _corners(c.aerosol, top, left, step, down)
            direct_00, direct_01, direct_10, direct_11 = _corners(c.transmittance, top, left, step, down)
            last_left, last_step = left, step
        right = np.float32(x - left)
        above = in_steps - np.float32(step)

        slant = np.sqrt(water_vapour[j] * _between(airmass_left, airmass_right, right)) * per_root
        if not 0.0 <= slant <= roots - 1:
            path[j] = gain[j] = albedo[j] = np.nan
            continue
        root = min(int(slant), roots - 2)
        beyond = slant - np.float32(root)
        water = _between(c.water[root], c.water[root + 1], beyond)
        half_water = _between(c.half_water[root], c.half_water[root + 1], beyond)

        aerosol = _between(
            _between(aerosol_00, aerosol_01, above), _between(aerosol_10, aerosol_11, above), right
        )
        transmittance = _between(
            _between(direct_00, direct_01, above), _between(direct_10, direct_11, above), right
        )
        path[j] = _between(molecular_left, molecular_right, right) + aerosol * half_water
        gain[j] = transmittance * water
        albedo[j] = _between(c.spherical_albedo[step], c.spherical_albedo[step + 1], above)


@kernel
def _shares_of_row(
    aot: Floats32,
    coefficients: BandCoefficients,
    row: int,
    column: int,
    resolution: float,
    beam: Floats32,
    scattered: Floats32,
) -> None:
    """Fill `beam` and `scattered` (columns,) for one line of pixels, as `_atmosphere_of_row` does."""
    c = coefficients
    nodes_down, nodes_right = c.airmass.shape
    steps = c.spherical_albedo.size
    per_step = np.float32(1.0 / c.aot_step)
    nodes_per_pixel = resolution / c.node_step
    y = (row + 0.5) * nodes_per_pixel
    top = min(max(int(y), 0), nodes_down - 2)
    down = np.float32(y - top)
    zero = np.float32(0.0)
    beam_00 = beam_01 = beam_10 = beam_11 = zero
    scattered_00 = scattered_01 = scattered_10 = scattered_11 = zero
    last_left, last_step = -1, -1
    for j in range(aot.size):
        x = (column + j + 0.5) * nodes_per_pixel
        in_steps = aot[j] * per_step
        if not (0.0 <= y <= nodes_down - 1 and 0.0 <= x <= nodes_right - 1 and 0.0 <= in_steps <= steps - 1):
            beam[j] = scattered[j] = np.nan
            continue
        left = min(int(x), nodes_right - 2)
        step = min(int(in_steps), steps - 2)
        if left != last_left or step != last_step:
            beam_00, beam_01, beam_10, beam_11 = _corners(c.beam, top, left, step, down)
            scattered_00, scattered_01, scattered_10, scattered_11 = _corners(
                c.scattered, top, left, step, down
            )
            last_left, last_step = left, step
        right = np.float32(x - left)
        above = in_steps - np.float32(step)
        beam[j] = _between(_between(beam_00, beam_01, above), _between(beam_10, beam_11, above), right)
        scattered[j] = _between(
            _between(scattered_00, scattered_01, above), _between(scattered_10, scattered_11, above), right
        )


@kernel
def _corners(
    table: Floats32, top: int, left: int, step: int, down: np.float32
) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Values at the left node for `step` and `step` + 1, then at the right node, between two lines of
    nodes."""
    return (
        _between(table[top, left, step], table[top + 1, left, step], down),
        _between(table[top, left, step + 1], table[top + 1, left, step + 1], down),
        _between(table[top, left + 1, step], table[top + 1, left + 1, step], down),
        _between(table[top, left + 1, step + 1], table[top + 1, left + 1, step + 1], down),
    )


@kernel
def _between(first: np.float32, second: np.float32, fraction: np.float32) -> np.float32:
    return first + (second - first) * fraction
