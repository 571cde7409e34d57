"""The acquisition over Madeira, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.terrain import Terrain
from tests.geometry.madeira import madeira, madeira_terrain


@pytest.fixture(scope="session")
def acquisition(reference_data: Path) -> SensorGeometry:
    """Its geometry, refined."""
    return madeira(reference_data)


@pytest.fixture(scope="session")
def terrain(reference_data: Path) -> Terrain:
    """Its terrain."""
    return madeira_terrain(reference_data)


@pytest.fixture(scope="session")
def model(acquisition: SensorGeometry, terrain: Terrain) -> SensorModel:
    """Its sensor model."""
    return SensorModel(acquisition, terrain, threads=2)
