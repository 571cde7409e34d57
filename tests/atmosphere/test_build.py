"""Building the table again: the same bits as shipped, on a coarse grid the same physics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ipf.atmosphere import build, solver
from ipf.atmosphere.build import AXES, SCATTERING_ANGLE, build_band, steps_per_band
from ipf.atmosphere.responses import BandWeights, band_weights, read_irradiance, read_responses
from ipf.atmosphere.storage import load_scattering_table
from ipf.atmosphere.table import Axes, ScatteringTable
from ipf.cli.lut import lut
from ipf.errors import AuxiliaryError
from tests.atmosphere.direct import backscatter_states, errors, random_states

BAND = "B8A"


@pytest.fixture(scope="module")
def weights(reference_data: Path) -> BandWeights:
    spectral = reference_data / "spectral"
    response = read_responses(spectral / "S2A_MSI_V4.txt")[BAND]
    return band_weights(response, read_irradiance(spectral / "Thuillier2003.txt.bz2"))


@pytest.mark.slow
def test_one_band_built_again_is_the_shipped_one_bit_for_bit(
    weights: BandWeights, table: ScatteringTable
) -> None:
    steps = []
    again = build_band(weights, "continental", threads=2, advance=lambda: steps.append(None))
    shipped = table.bands[BAND]
    assert len(steps) == steps_per_band()
    for name in ("path_residual", "log_transmittance", "spherical_albedo"):
        assert np.array_equal(getattr(again, name), getattr(shipped, name)), name
    assert np.array_equal(again.optics.phase, shipped.optics.phase)
    for name in ("rayleigh_depth", "aerosol_extinction", "aerosol_albedo"):
        assert getattr(again.optics, name) == getattr(shipped.optics, name)


def test_the_table_is_close_to_direct_solutions_between_its_nodes(
    weights: BandWeights, table: ScatteringTable
) -> None:
    """The joint error of all five axes, at random states of the whole range."""
    difference = np.abs(errors(table, BAND, weights, random_states(30, seed=11))).max(axis=0)
    assert np.all(difference <= [5e-4, 7e-4, 7e-4, 4e-4])


def test_nothing_of_the_glory_is_left_to_the_nodes(weights: BandWeights) -> None:
    """That of the maritime aerosol is narrower than the 5 degrees between view zeniths, up to thick haze."""
    states = backscatter_states(12, seed=7, largest_aot=3.0)
    difference = errors(load_scattering_table("S2A", "maritime"), BAND, weights, states)
    assert np.abs(difference[:, 0]).max() <= 1e-4


def test_nodes_are_reproduced(weights: BandWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    few = Axes(
        aot=np.array([0.0, 0.2, 0.5, 1.0]),
        pressure=np.array([700.0, 850.0, 1000.0, 1050.0]),
        solar_zenith=np.array([0.0, 30.0, 55.0, 75.0]),
        view_zenith=np.array([0.0, 4.0, 8.0, 12.0]),
        relative_azimuth=np.array([0.0, 60.0, 120.0, 180.0]),
    )
    monkeypatch.setattr(solver, "STREAMS", 4)
    band = build_band(weights, "maritime", few)
    table = ScatteringTable("S2A", "maritime", few, SCATTERING_ANGLE, {BAND: band})
    index = np.indices((4, 4, 4, 4, 4)).reshape(5, -1)[:, ::7]
    nodes = (few.aot, few.pressure, few.solar_zenith, few.view_zenith, few.relative_azimuth)
    at_nodes = table.evaluate(BAND, *(axis[place] for axis, place in zip(nodes, index, strict=True)))
    a, p, s = index[:3]
    assert np.log(at_nodes.transmittance_down) == pytest.approx(band.log_transmittance[a, p, s], abs=1e-7)
    assert at_nodes.spherical_albedo == pytest.approx(band.spherical_albedo[a, p], abs=1e-7)
    clear = index[0] == 0
    residual = band.path_residual[tuple(index)]
    assert at_nodes.path_reflectance[clear] == pytest.approx(residual[clear], abs=1e-7)
    assert np.all(at_nodes.path_reflectance[~clear] > residual[~clear])
    assert table.scattering_angle[0] <= 180.0 - AXES.solar_zenith[-1] - AXES.view_zenith[-1]


def test_values_are_rounded_to_what_the_solver_is_sure_of(table: ScatteringTable) -> None:
    stored = table.bands["B01"].path_residual.astype(np.float64)
    assert np.abs(stored - np.round(stored, build.DECIMALS)).max() < 1e-7


def test_bad_inputs_are_refused_before_anything_is_solved(tmp_path: Path) -> None:
    (tmp_path / "responses.txt").write_text("nothing\n")
    command = ["build", "--responses", str(tmp_path / "responses.txt"), "--irradiance", "absent.txt"]
    result = CliRunner().invoke(lut, [*command, "--output", str(tmp_path)])
    assert isinstance(result.exception, AuxiliaryError)
    assert "responses.txt: line 1" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["responses.txt"]


def test_the_gas_model_is_fitted_on_request(gas_file: Path, tmp_path: Path) -> None:
    command = ["fit-gases", "--gas-rows", str(gas_file), "--output", str(tmp_path)]
    result = CliRunner().invoke(lut, command, catch_exceptions=False)
    assert result.exit_code == 0
    assert result.output.strip() == str(tmp_path / "gas_transmittance.json")
    assert (tmp_path / "gas_transmittance.json").read_bytes().startswith(b'{\n "fitted_for": "S2A"')
