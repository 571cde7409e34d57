"""The shipped look-up tables, and the rows computed with 6SV1.1 that they are held against."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipf.atmosphere.gas_fit import INPUT_COLUMNS
from ipf.atmosphere.gases import GasModel, load_gas_model
from ipf.atmosphere.rows import Rows, read_rows
from ipf.atmosphere.storage import load_scattering_table
from ipf.atmosphere.table import ScatteringTable


@pytest.fixture(scope="session")
def table() -> ScatteringTable:
    return load_scattering_table("S2A")


@pytest.fixture(scope="session")
def gases() -> GasModel:
    return load_gas_model()


@pytest.fixture(scope="session")
def scattering_file(reference_data: Path) -> Path:
    return reference_data / "radiative_transfer/6sv11_s2a_rt.csv"


@pytest.fixture(scope="session")
def gas_file(reference_data: Path) -> Path:
    return reference_data / "radiative_transfer/6sv11_s2a_gas.csv"


@pytest.fixture(scope="session")
def gas_rows(gas_file: Path) -> Rows:
    return read_rows(gas_file, INPUT_COLUMNS)
