"""Coefficients of a tile and the Lambertian kernels, against direct evaluation and plain numpy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.table import ScatteringTable
from ipf.atmosphere.tile import TileGeometry, path_airmass, path_reflectance, reduce_to_tile
from ipf.errors import ParameterError
from ipf.kernels.atmosphere import BandCoefficients, air_over_block, correct_lambertian, simulate_toa

PRESSURE, OZONE = 980.0, 0.31
ROWS, COLUMNS = np.mgrid[:23, :23]
GEOMETRY = TileGeometry(
    35.0 + 0.02 * ROWS - 0.015 * COLUMNS,
    np.clip(2.0 + 0.4 * COLUMNS, 0.0, 11.0),
    20.0 + 4.0 * COLUMNS + 0.3 * ROWS,
)
SIZE = {10: 10980, 20: 5490, 60: 1830}


@pytest.fixture(scope="module", params=["B01", "B05", "B09", "B12"])
def band(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def coefficients(band: str, table: ScatteringTable, gases: GasModel) -> BandCoefficients:
    return reduce_to_tile(table, gases, band, GEOMETRY, PRESSURE, OZONE)


def scene(shape: tuple[int, int], seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reflectance, aerosol optical thickness and water vapour of a block."""
    rng = np.random.default_rng(seed)
    limits = ((0.0, 0.8), (0.0, 1.2), (0.05, 4.5))
    reflectance, aot, water = (rng.uniform(*limit, shape).astype(np.float32) for limit in limits)
    return reflectance, aot, water


def atmosphere_by_numpy(
    c: BandCoefficients, aot: np.ndarray, water: np.ndarray, row: int, column: int, resolution: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Path reflectance, gain and spherical albedo of each pixel, in double precision, node by node."""
    y = (np.arange(aot.shape[0]) + row + 0.5)[:, np.newaxis] * resolution / c.node_step
    x = (np.arange(aot.shape[1]) + column + 0.5)[np.newaxis, :] * resolution / c.node_step
    y, x = np.broadcast_arrays(y, x)
    top, left = np.minimum(y.astype(int), 21), np.minimum(x.astype(int), 21)
    down, right = y - top, x - left
    step = aot.astype(np.float64) / c.aot_step
    low = np.minimum(step.astype(int), c.spherical_albedo.size - 2)
    corners = [
        (top + i, left + j, (down if i else 1 - down) * (right if j else 1 - right))
        for i in (0, 1)
        for j in (0, 1)
    ]

    def flat(grid: np.ndarray) -> np.ndarray:
        return sum(weight * grid[i, j].astype(np.float64) for i, j, weight in corners)

    def hazy(grid: np.ndarray) -> np.ndarray:
        return sum(
            weight * ((low + 1 - step) * grid[i, j, low] + (step - low) * grid[i, j, low + 1])
            for i, j, weight in corners
        )

    root = np.sqrt(water.astype(np.float64) * flat(c.airmass))
    nodes = np.arange(c.water.size) * c.root_step
    whole, half = np.interp(root, nodes, c.water), np.interp(root, nodes, c.half_water)
    albedo = np.interp(aot, np.arange(c.spherical_albedo.size) * c.aot_step, c.spherical_albedo)
    return flat(c.molecular) + hazy(c.aerosol) * half, hazy(c.transmittance) * whole, albedo


@pytest.mark.parametrize(
    ("row", "column", "resolution"), [(0, 0, 10.0), (4990, 7480, 10.0), (1770, 1690, 60.0)]
)
def test_kernels_are_the_plain_formula(
    coefficients: BandCoefficients, row: int, column: int, resolution: float
) -> None:
    boa, aot, water = scene((60, 140))
    path, gain, albedo = atmosphere_by_numpy(coefficients, aot, water, row, column, resolution)
    toa = path + gain * boa / (1.0 - albedo * boa)
    simulated = simulate_toa(boa, aot, water, coefficients, row, column, resolution)
    assert simulated.dtype == np.float32
    assert simulated == pytest.approx(toa, abs=2e-6)
    signal = (toa - path) / gain
    corrected = correct_lambertian(toa.astype(np.float32), aot, water, coefficients, row, column, resolution)
    assert corrected == pytest.approx(signal / (1 + albedo * signal), abs=2e-5)


def test_coefficients_are_those_of_the_table_and_the_gas_model(
    band: str, coefficients: BandCoefficients, table: ScatteringTable, gases: GasModel
) -> None:
    """At random pixels, with the angles interpolated instead of what follows from them."""
    rng = np.random.default_rng(7)
    for _ in range(40):
        row, column = rng.integers(0, SIZE[60], 2)
        aot, water = np.float32(rng.uniform(0, 1.5)), np.float32(rng.uniform(0.1, 4.5))
        blocks = (np.full((1, 1), value, np.float32) for value in (aot, water))
        path, gain, albedo = atmosphere_by_numpy(coefficients, *blocks, int(row), int(column), 60.0)
        y, x = ((place + 0.5) * 60.0 / 5000.0 for place in (row, column))
        sun, view, azimuth = 35 + 0.02 * y - 0.015 * x, min(2 + 0.4 * x, 11.0), 20 + 4 * x + 0.3 * y
        if abs(2 + 0.4 * x - 11.0) < 0.5:  # the bend of the view angle lies within the cell
            continue
        exact = table.evaluate(band, aot, PRESSURE, sun, view, azimuth)
        mass = path_airmass(sun, view)
        whole, half = (gases.transmittance(band, mass, w, OZONE, PRESSURE) for w in (water, water / 2))
        assert path[0, 0] == pytest.approx(float(path_reflectance(exact, whole, half)), abs=2e-4)
        two_way = exact.transmittance_down * exact.transmittance_up * whole.total
        assert gain[0, 0] == pytest.approx(float(two_way), abs=2e-4)
        assert albedo[0, 0] == pytest.approx(float(exact.spherical_albedo), abs=5e-5)


def test_air_over_a_block_is_what_the_kernels_see(
    band: str, coefficients: BandCoefficients, table: ScatteringTable
) -> None:
    _, aot, water = scene((12, 30))
    place = (300, 700, 60.0)
    air = air_over_block(aot, water, coefficients, *place)
    for found, expected in zip(air, atmosphere_by_numpy(coefficients, aot, water, *place), strict=False):
        assert found == pytest.approx(expected, abs=2e-6)
    y, x = (300 + 5.5) * 60 / 5000, (700 + 8.5) * 60 / 5000
    sun, view, azimuth = 35 + 0.02 * y - 0.015 * x, 2 + 0.4 * x, 20 + 4 * x + 0.3 * y
    exact = table.evaluate(band, aot[5, 8], PRESSURE, sun, view, azimuth)
    direct, total = float(exact.direct_down), float(exact.transmittance_down)
    assert air.beam[5, 8] == pytest.approx(1 - (1 - direct / total) * (1 - direct), abs=3e-4)
    assert air.scattered[5, 8] == pytest.approx(float(exact.diffuse_up / exact.transmittance_up), abs=3e-4)


def test_one_kernel_inverts_the_other(coefficients: BandCoefficients) -> None:
    boa, aot, water = scene((50, 300))
    place = (2000, 3000, 20.0)
    toa = simulate_toa(boa, aot, water, coefficients, *place)
    again = correct_lambertian(toa, aot, water, coefficients, *place)
    # One rounding of the signal (half a float32 step) is magnified where little light passes the gases.
    passed = atmosphere_by_numpy(coefficients, aot, water, *place)[1]
    assert np.all(np.abs(again - boa) <= 4e-7 / passed)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 70), down=st.integers(0, 30), right=st.integers(0, 60))
def test_blocks_do_not_change_a_bit(
    height: int, width: int, down: int, right: int, table: ScatteringTable, gases: GasModel
) -> None:
    coefficients = reduce_to_tile(table, gases, "B09", replace(GEOMETRY, step=550.0), PRESSURE, OZONE)
    toa, aot, water = scene((70, 130))
    whole = correct_lambertian(toa, aot, water, coefficients, 480, 511, 10.0)
    part = (slice(down, down + height), slice(right, right + width))
    blocks = (np.ascontiguousarray(array[part]) for array in (toa, aot, water))
    alone = correct_lambertian(*blocks, coefficients, 480 + down, 511 + right, 10.0)
    assert np.array_equal(alone, whole[part])
    views = correct_lambertian(toa[part], aot[part], water[part], coefficients, 480 + down, 511 + right, 10.0)
    assert np.array_equal(views, alone)


def test_what_is_missing_or_outside_the_tables_is_nan(coefficients: BandCoefficients) -> None:
    toa, aot, water = scene((1, 9))
    toa[0, 0], aot[0, 1], water[0, 2] = np.nan, np.nan, np.nan
    aot[0, 3], aot[0, 4], water[0, 5], water[0, 6] = -0.01, 3.01, -0.01, 29.0
    for kernel in (correct_lambertian, simulate_toa):
        result = kernel(toa, aot, water, coefficients, 100, 100, 10.0)
        assert np.isnan(result[0]).tolist() == [True] * 7 + [False] * 2
        assert np.all(np.isnan(kernel(toa, aot, water, coefficients, 11000, 100, 10.0)))
        assert np.all(np.isnan(kernel(toa, aot, water, coefficients, 100, -20, 10.0)))


@pytest.mark.parametrize("resolution", SIZE)
def test_the_whole_tile_lies_inside_its_angle_grid(coefficients: BandCoefficients, resolution: int) -> None:
    toa, aot, water = scene((1, 1))
    last = SIZE[resolution] - 1
    assert np.isfinite(correct_lambertian(toa, aot, water, coefficients, last, last, float(resolution)))


def test_limits_of_the_aerosol_axis_are_inside(coefficients: BandCoefficients) -> None:
    toa, _, water = scene((1, 2))
    aot = np.array([[0.0, 3.0]], np.float32)
    assert np.all(np.isfinite(correct_lambertian(toa, aot, water, coefficients, 5, 5, 10.0)))


@pytest.mark.parametrize(
    ("geometry", "named"),
    [
        (replace(GEOMETRY, solar_zenith=GEOMETRY.solar_zenith + 50.0), "solar zenith"),
        (replace(GEOMETRY, view_zenith=np.where(ROWS == 3, np.nan, 5.0)), "view zenith"),
        (replace(GEOMETRY, relative_azimuth=np.where(ROWS == 3, np.nan, 5.0)), "relative azimuth"),
        (TileGeometry(np.array([30.0]), np.array([5.0]), np.array([9.0])), "angle grid"),
    ],
)
def test_impossible_geometry_is_named(
    geometry: TileGeometry, named: str, table: ScatteringTable, gases: GasModel
) -> None:
    with pytest.raises(ParameterError, match=named):
        reduce_to_tile(table, gases, "B04", geometry, PRESSURE, OZONE)
