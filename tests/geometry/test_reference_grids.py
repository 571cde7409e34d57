"""Locations over Madeira against the grids that ESA's Sen2VM computed of the same acquisition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pyproj import Transformer

from ipf.geometry.acquisition import Refining, SensorGeometry
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.terrain import Terrain
from ipf.product.bands import BAND_NAMES
from tests.geometry.madeira import direct_grids, ground_distance, inverse_grids, madeira

Floats = npt.NDArray[np.float64]


def direct_errors(model: SensorModel, data: Path) -> dict[str, tuple[Floats, Floats]]:
    """Errors on the ground and of the height, m, of all nodes of each band."""
    errors: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in BAND_NAMES}
    for grid in direct_grids(data):
        found = model.direct_location(grid.band, grid.detector, grid.lines[:, None], grid.pixels)
        distance = ground_distance(found.longitude, found.latitude, grid.longitude, grid.latitude)
        errors[grid.band].append((distance.ravel(), np.abs(found.height - grid.height).ravel()))
    return {
        band: (np.concatenate([one for one, _ in some]), np.concatenate([two for _, two in some]))
        for band, some in errors.items()
    }


def test_direct_grids(model: SensorModel, reference_data: Path) -> None:
    by_band = direct_errors(model, reference_data)
    print("\nband  nodes  rms (m)  median  worst  worst height (m)")
    for band, (distance, height) in by_band.items():
        print(
            f"{band:4} {distance.size:6} {_rms(distance):8.4f} {np.median(distance):7.4f} "
            f"{distance.max():6.3f} {height.max():8.4f}"
        )
    distances = np.concatenate([distance for distance, _ in by_band.values()])
    heights = np.concatenate([height for _, height in by_band.values()])
    print(
        f"all  {distances.size:6} {_rms(distances):8.4f} {np.median(distances):7.4f} {distances.max():6.3f}"
    )
    assert distances.size == 11310
    assert _rms(distances) <= 0.04
    assert distances.max() <= 0.25
    assert _rms(heights) <= 0.005
    assert heights.max() <= 0.1


def test_checkpoint(model: SensorModel) -> None:
    found = model.direct_location("B01", 1, 0.0, 0.0)
    away = ground_distance(found.longitude, found.latitude, -18.919024167218094, 33.79483143151926)
    assert away <= 0.1
    assert abs(found.height - 42.538715533140156) <= 0.01


def test_inverse_grids(model: SensorModel, reference_data: Path) -> None:
    to_degrees = Transformer.from_crs(32628, 4326, always_xy=True)
    errors: dict[str, list[Floats]] = {name: [] for name in BAND_NAMES}
    grids = list(inverse_grids(reference_data))
    assert len(grids) == 78
    for grid in grids:
        longitude, latitude = to_degrees.transform(grid.easting, grid.northing)
        lines, pixels = model.inverse_location(grid.band, grid.detector, longitude, latitude)
        error = np.hypot(pixels + 0.5 - grid.column, lines - 0.5 - grid.row)
        valid = np.isfinite(grid.column) & np.isfinite(grid.row)
        assert not np.any(np.isnan(error[valid])), f"{grid.name}: not found where Sen2VM finds lines"
        errors[grid.band].append(error[valid])
    by_band = {band: np.concatenate(some) for band, some in errors.items()}
    print("\nband  nodes  median (px)  99 %  worst")
    for band, error in by_band.items():
        print(
            f"{band:4} {error.size:6} {np.median(error):11.4f} {np.percentile(error, 99):7.4f} "
            f"{error.max():7.4f}"
        )
    error = np.concatenate(list(by_band.values()))
    print(f"all  {error.size:6} {np.median(error):11.4f} {np.percentile(error, 99):7.4f} {error.max():7.4f}")
    assert np.median(error) <= 0.02
    assert np.percentile(error, 99) <= 0.2
    assert error.max() <= 0.6


def test_without_refining_the_location_moves_by_metres(model: SensorModel, reference_data: Path) -> None:
    unrefined = SensorModel(madeira(reference_data, refining=False), None)
    place = "B02", 5, 3000.0, 1000.0, 0.0
    one, other = model.direct_location(*place), unrefined.direct_location(*place)
    assert 2.0 <= ground_distance(one.longitude, one.latitude, other.longitude, other.latitude) <= 4.5


@pytest.mark.parametrize("part", ["x", "y", "z", "homothety", "earth", "quaternions", "times"])
def test_a_damaged_model_fails(
    acquisition: SensorGeometry, terrain: Terrain, reference_data: Path, part: str
) -> None:
    """What the comparison with the grids is worth: damage of a part of the model is seen."""
    model = SensorModel(_damaged(acquisition, part), terrain)
    distances = np.concatenate([distance for distance, _ in direct_errors(model, reference_data).values()])
    assert _rms(distances) > 0.04


def _damaged(geometry: SensorGeometry, part: str) -> SensorGeometry:
    if part == "earth":
        return replace(geometry, earth=replace(geometry.earth, ut1_minus_utc=0.0))
    if part == "quaternions":
        samples = geometry.attitude
        return replace(geometry, attitude=replace(samples, seconds=samples.seconds + 1e-3))
    if part == "times":
        return replace(
            geometry,
            datation=replace(geometry.datation, line_period=geometry.datation.line_period * (1 + 1e-4)),
        )
    refining = geometry.refining
    assert isinstance(refining, Refining)
    changed = {part: tuple(-value for value in getattr(refining, part))}
    return replace(geometry, refining=replace(refining, **changed))


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))
