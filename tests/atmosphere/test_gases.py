"""The gas model: hold-out, limits, conventions and malformed files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.atmosphere.gas_fit import INPUT_COLUMNS, fit_gas_model, largest_errors
from ipf.atmosphere.gases import (
    FILE_NAME,
    GASES,
    Absorption,
    GasModel,
    encode_gas_model,
    load_gas_model,
)
from ipf.atmosphere.profile import water_vapour_above
from ipf.atmosphere.rows import Rows, read_rows
from ipf.atmosphere.shipped import shipped_folder
from ipf.errors import AuxiliaryError, ParameterError

SEA_LEVEL = 1013.25
TOLERANCE = {"B09": 0.015, "B10": 0.015}


def half(rows: Rows, first: int) -> Rows:
    """Every second row."""
    chosen = slice(first, None, 2)
    columns = {name: value[chosen] for name, value in rows.columns.items()}
    return replace(rows, lines=rows.lines[chosen], bands=rows.bands[chosen], columns=columns)


@pytest.mark.parametrize("fitted", [0, 1])
def test_a_model_fitted_to_half_of_the_rows_predicts_the_others(gas_rows: Rows, fitted: int) -> None:
    model = fit_gas_model(half(gas_rows, fitted), "S2A")
    errors = largest_errors(model, half(gas_rows, 1 - fitted))
    print({band: round(error, 5) for band, error in errors.items()})
    assert len(errors) == 13
    for band, error in errors.items():
        assert error <= TOLERANCE.get(band, 0.003), band


def test_the_shipped_model_is_the_fit_to_the_rows(gas_rows: Rows, gases: GasModel) -> None:
    fitted = fit_gas_model(gas_rows, "S2A")
    assert fitted.bands.keys() == gases.bands.keys()
    column, mass = np.geomspace(0.05, 6.0, 20), np.array([[1.0], [2.0], [3.5]])
    for band in gases.bands:
        ours = gases.transmittance(band, mass, column, 0.3, 900.0).total
        again = fitted.transmittance(band, mass, column, 0.3, 900.0).total
        assert ours == pytest.approx(again, abs=2e-7)


def test_the_shipped_model_says_what_it_was_fitted_to(gas_rows: Rows) -> None:
    content = json.loads((shipped_folder() / FILE_NAME).read_text(encoding="utf-8"))
    made = content["provenance"]
    assert content["fitted_for"] == "S2A"
    assert "6SV1.1" in made["method"]
    assert "S2A" in made["valid_for"]
    assert made["rows"]["name"] == gas_rows.path.name
    assert set(made["largest_errors"]) == set(content["bands"])


def test_two_passages_absorb_less_than_the_square_of_one(gases: GasModel) -> None:
    one, two = (
        gases.transmittance("B09", mass, 2.0, 0.3, SEA_LEVEL).by_gas["water_vapour"] for mass in (1.0, 2.0)
    )
    assert two > one**2 + 0.1


def test_no_gas_no_absorption_and_more_gas_more_absorption(gases: GasModel) -> None:
    amounts = np.concatenate([[0.0], np.geomspace(1e-4, 7.0, 60)])
    for band in gases.bands:
        water = gases.transmittance(band, 2.5, amounts, 0.3, 950.0).by_gas["water_vapour"]
        assert water[0] == 1.0
        assert np.all(np.diff(water) <= 0)
        ozone = gases.transmittance(band, 2.5, 1.0, amounts / 10, 950.0).by_gas["ozone"]
        assert ozone[0] == 1.0
        assert np.all(np.diff(ozone) <= 0)


@given(
    st.floats(1.0, 7.0),
    st.floats(0.0, 4.0),
    st.floats(0.0, 0.6),
    st.floats(500.0, 1100.0),
    st.integers(0, 12),
)
def test_transmittances_lie_between_0_and_1(
    airmass: float, water: float, ozone: float, pressure: float, band: int
) -> None:
    model = load_gas_model()
    result = model.transmittance(list(model.bands)[band], airmass, water, ozone, pressure)
    assert set(result.by_gas) == set(GASES)
    for value in (*result.by_gas.values(), result.dry, result.water, result.total):
        assert 0.0 <= value <= 1.0


def test_outside_its_domain_a_fit_goes_on_as_a_power_law() -> None:
    inside = Absorption((-2.0, 0.8, -0.05), (0.0, 0.0), (-1.0, 2.0))
    amount = np.exp([2.0, 3.0, 4.0, 6.0])
    logarithm = np.log(-np.log(inside.transmittance(amount, SEA_LEVEL)))
    assert np.diff(logarithm) / np.diff(np.log(amount)) == pytest.approx(0.8 - 0.1 * 2.0)


def test_water_vapour_stated_at_sea_level_is_less_above_high_ground() -> None:
    assert water_vapour_above(2.0, 1013.25) == pytest.approx(2.0, rel=2e-3)
    assert water_vapour_above(1.0, 795.0) == pytest.approx(0.401, abs=2e-3)
    assert np.all(np.diff(water_vapour_above(1.0, np.linspace(500.0, 1080.0, 59))) > 0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("B99", 2.0, 1.0, 0.3, 1000.0), "'B99'"),
        (("B09", 2.0, -1.0, 0.3, 1000.0), "water vapour"),
        (("B09", 2.0, 1.0, np.nan, 1000.0), "ozone"),
        (("B09", np.inf, 1.0, 0.3, 1000.0), "air mass"),
        (("B09", 6.0, 6.0, 0.3, 1000.0), "slant path"),
    ],
)
def test_impossible_amounts_are_refused(gases: GasModel, arguments: tuple[Any, ...], named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        gases.transmittance(*arguments)


def test_model_survives_writing_and_reading(gases: GasModel, tmp_path: Path) -> None:
    (tmp_path / "gas.json").write_bytes(encode_gas_model(gases, {}))
    assert load_gas_model(tmp_path / "gas.json") == gases


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"fitted_for": "S2A"}',
        '{"fitted_for": "S2A", "bands": {"B01": {}}}',
        '{"fitted_for": "S2A", "bands": {"B01": {"gases": {"radon": {}}, "overlap": 0}}}',
        '{"fitted_for": "S2A", "bands": {"B01": {"gases": {"ozone": {"coefficients": ["x"], '
        '"pressure_exponents": [0, 0], "domain": [0, 1]}}, "overlap": 0}}}',
        '{"fitted_for": "S2A", "bands": {"B01": {"gases": {"ozone": {"coefficients": [1e999], '
        '"pressure_exponents": [0, 0], "domain": [0, 1]}}, "overlap": 0}}}',
        "[" * 100_000,
    ],
)
def test_malformed_models_are_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "gas.json"
    path.write_text(text)
    with pytest.raises(AuxiliaryError, match=r"gas\.json") as caught:
        load_gas_model(path)
    assert "\n" not in str(caught.value)


def test_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuxiliaryError, match=r"absent\.json"):
        load_gas_model(tmp_path / "absent.json")


def test_too_few_rows_name_the_band(gas_file: Path, tmp_path: Path) -> None:
    lines = gas_file.read_text().splitlines()
    few = [
        lines[0],
        *[line for line in lines if line.startswith("1,")],
        *[x for x in lines if x[:2] == "9,"][:3],
    ]
    (tmp_path / "few.csv").write_text("\n".join(few) + "\n")
    with pytest.raises(AuxiliaryError, match=r"few\.csv: band B09: 3 rows"):
        fit_gas_model(read_rows(tmp_path / "few.csv", INPUT_COLUMNS), "S2A")
