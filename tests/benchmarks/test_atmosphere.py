"""Speed of the atmosphere kernels against a copy of the same pixels, the rebuilding of every table, and
direct solutions between their nodes."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner
from pytest_benchmark.fixture import BenchmarkFixture

from ipf.atmosphere.gases import load_gas_model
from ipf.atmosphere.responses import band_weights, read_irradiance, read_responses
from ipf.atmosphere.shipped import shipped_folder
from ipf.atmosphere.storage import SATELLITES, load_scattering_table, table_name
from ipf.atmosphere.tile import TileGeometry, reduce_to_tile
from ipf.cli.lut import lut
from ipf.kernels.atmosphere import correct_lambertian, simulate_toa
from tests.atmosphere.direct import QUANTITIES, State, backscatter_states, errors, random_states

Floats = npt.NDArray[np.float64]

SIDE = 2048


@pytest.mark.parametrize("kernel", [correct_lambertian, simulate_toa], ids=["correct", "simulate"])
@pytest.mark.parametrize("band", ["B02", "B09"])
def test_kernels(benchmark: BenchmarkFixture, kernel: object, band: str) -> None:
    rows, columns = np.mgrid[:23, :23]
    geometry = TileGeometry(30 + 0.05 * rows, 2.0 + 0.3 * columns, 20.0 + 3.0 * columns)
    coefficients = reduce_to_tile(load_scattering_table("S2A"), load_gas_model(), band, geometry, 1000.0, 0.3)
    rng = np.random.default_rng(0)
    reflectance = rng.uniform(0.05, 0.5, (SIDE, SIDE)).astype(np.float32)
    line, sample = np.mgrid[:SIDE, :SIDE]
    aot = (0.2 + 0.1 * np.sin(line / 300) * np.cos(sample / 200)).astype(np.float32)
    water = (2.0 + 0.5 * np.sin(sample / 100) + rng.normal(0, 0.01, (SIDE, SIDE))).astype(np.float32)
    assert callable(kernel)
    result = benchmark(kernel, reflectance, aot, water, coefficients, 1000, 3000, 10.0)
    assert np.all(np.isfinite(result))
    start = perf_counter()
    for _ in range(10):
        reflectance.copy()
    floor = (perf_counter() - start) / 10
    mean = benchmark.stats.stats.mean  # type: ignore[union-attr]
    print(f"\n{mean / SIDE**2 * 1e9:.1f} ns per pixel, {mean / floor:.1f} times a copy")


@pytest.mark.parametrize("satellite", SATELLITES)
@pytest.mark.parametrize("aerosol", ["continental", "maritime"])
def test_every_table_built_again_has_the_shipped_bytes(
    satellite: str, aerosol: str, reference_data: Path, tmp_path: Path
) -> None:
    spectral = reference_data / "spectral"
    inputs = (spectral / f"{satellite}_MSI_V4.txt", spectral / "Thuillier2003.txt.bz2")
    command = ["build", "--responses", str(inputs[0]), "--irradiance", str(inputs[1]), "--threads", "2"]
    command += ["--satellite", satellite, "--aerosol", aerosol, "--output", str(tmp_path)]
    start = perf_counter()
    assert CliRunner().invoke(lut, command, catch_exceptions=False).exit_code == 0
    print(f"\n{satellite} {aerosol}: {perf_counter() - start:.0f} s")
    for suffix in (".npz", ".json"):
        name = table_name(satellite, aerosol) + suffix
        assert (tmp_path / name).read_bytes() == (shipped_folder() / name).read_bytes()


@pytest.mark.parametrize("aerosol", ["continental", "maritime"])
@pytest.mark.parametrize("band", ["B01", "B04", "B8A"])
def test_direct_solutions_between_the_nodes(aerosol: str, band: str, reference_data: Path) -> None:
    """In directions and states that no reference row has: sun, view and azimuth anywhere in the table.

    The bounds are an eighth of what is allowed to the path reflectance against 6S (0.002), and a quarter of
    what is allowed to the transmittances (0.005).
    """
    largest = _largest_errors(aerosol, band, reference_data, random_states(20, seed=3))
    assert largest[0] <= 0.00025
    assert np.all(largest[1:] <= 0.00125)


@pytest.mark.parametrize(("largest_aot", "bound"), [(1.0, 0.00003), (3.0, 0.00015)])
@pytest.mark.parametrize("aerosol", ["continental", "maritime"])
def test_direct_solutions_near_backscatter(
    aerosol: str, largest_aot: float, bound: float, reference_data: Path
) -> None:
    """The maritime aerosol has a glory that 5 degrees between view zeniths do not resolve: as light scattered
    once, it is not left to the nodes."""
    states = backscatter_states(60, seed=5, largest_aot=largest_aot)
    largest = _largest_errors(aerosol, "B04", reference_data, states)
    assert largest[0] <= bound


def _largest_errors(aerosol: str, band: str, reference_data: Path, states: list[State]) -> Floats:
    """Largest error of each of `QUANTITIES`, printed."""
    spectral = reference_data / "spectral"
    response = read_responses(spectral / "S2A_MSI_V4.txt")[band]
    weights = band_weights(response, read_irradiance(spectral / "Thuillier2003.txt.bz2"))
    table = load_scattering_table("S2A", aerosol)
    largest = np.abs(errors(table, band, weights, states)).max(axis=0)
    listed = ", ".join(f"{name} {value:.6f}" for name, value in zip(QUANTITIES, largest, strict=True))
    print(f"\n{aerosol} {band}: {listed}")
    return np.asarray(largest)
