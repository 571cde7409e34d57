"""The focal plane is that of MSI as published, and near the real one where that is at hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pyproj
import pytest
from ipf_plugins.simulator import focal_plane
from ipf_plugins.simulator.orbit_pass import OrbitPass

from ipf.auxiliary.sensor_geometry import read_sensor_geometry
from ipf.geometry.acquisition import Datation, EarthOrientation, Mounting, SensorGeometry
from ipf.geometry.sensor_model import SensorModel
from ipf.product.bands import BAND_NAMES, BY_NAME, DETECTORS

EARTH = EarthOrientation(0.05, 0.15, 0.35, 18.0)
EPOCH = datetime(2025, 6, 21)
SWATH_M, FIELD_OF_VIEW_DEG, OVERLAPS = 290e3, 20.6, (125, 175)
"""Mission description; overlaps in 10 m pixels."""
RATE = 8.43e-3


@pytest.fixture(scope="module")
def model() -> SensorModel:
    """The instrument over Toulouse, on the ellipsoid."""
    orbit = OrbitPass.on_day(EPOCH, EARTH, 1.4, 43.6)
    ends = orbit.seconds - 10.0, orbit.seconds + 10.0
    geometry = SensorGeometry(
        satellite="S2A",
        epoch=EPOCH,
        ephemeris=orbit.ephemeris(*ends),
        attitude=orbit.attitude(*ends),
        earth=EARTH,
        datation=Datation(focal_plane.first_lines(orbit.seconds), focal_plane.LINE_PERIOD_S),
        mounting=Mounting(0.0, 0.0, 0.0),
        refining=None,
        viewing=focal_plane.viewing_directions(orbit.apparent_rate()),
    )
    return SensorModel(geometry, None)


def test_field_of_view_and_swath(model: SensorModel) -> None:
    viewing = focal_plane.viewing_directions(RATE)
    tangents = viewing["B02", 1].tan_psi_x[0], viewing["B02", 12].tan_psi_x[-1]
    assert np.rad2deg(np.arctan(tangents[1]) - np.arctan(tangents[0])) == pytest.approx(
        FIELD_OF_VIEW_DEG, abs=0.2
    )
    first = model.direct_location("B02", 1, [1.0], [0.0], 0.0)
    last = model.direct_location("B02", 12, [1.0], [float(model.pixel_count("B02", 12) - 1)], 0.0)
    ends = first.longitude[0], first.latitude[0], last.longitude[0], last.latitude[0]
    assert pyproj.Geod(ellps="WGS84").inv(*ends)[2] == pytest.approx(SWATH_M, rel=0.02)
    # Descending, the first detector is the one to the west.
    assert ends[0] < ends[2]


@pytest.mark.parametrize("band", BAND_NAMES)
def test_pixels_are_of_their_size_and_detectors_overlap(band: str) -> None:
    viewing, factor = focal_plane.viewing_directions(RATE), BY_NAME[band].resolution // 10
    pitch = 7.5e-6 * factor / 0.6
    for detector in DETECTORS:
        tangents = viewing[band, detector].tan_psi_x
        assert np.diff(tangents) == pytest.approx(np.full(len(tangents) - 1, pitch), abs=2e-8)
        if detector < DETECTORS.stop - 1:
            shared = (tangents[-1] - viewing[band, detector + 1].tan_psi_x[0]) / pitch * factor
            assert OVERLAPS[0] <= shared <= OVERLAPS[1]


def test_odd_detectors_look_back_and_even_ones_ahead_in_the_opposite_order() -> None:
    viewing = focal_plane.viewing_directions(RATE)
    along = {key: float(found.tan_psi_y.mean()) for key, found in viewing.items()}
    order = sorted(BAND_NAMES, key=lambda band: -along[band, 7])
    assert order[0] == "B02"
    assert order[-1] == "B09"
    assert order == sorted(BAND_NAMES, key=lambda band: along[band, 6])
    assert all(along[band, 7] < 0.0 < along[band, 6] for band in BAND_NAMES)


def test_all_bands_see_one_ground_with_a_line(model: SensorModel) -> None:
    for detector in (1, 6, 7, 12):
        middle = (model.pixel_count("B02", detector) - 1) / 2.0
        seen = model.direct_location("B02", detector, [1.0], [middle], 0.0)
        for band in BAND_NAMES:
            line, _ = model.inverse_location(band, detector, seen.longitude, seen.latitude, 0.0)
            apart = (line[0] - 1.0) * BY_NAME[band].resolution / 10
            assert abs(apart) < 25.0, (band, detector)


def test_it_is_like_the_real_one(reference_data: Path) -> None:
    real_files = reference_data / "geometry_madeira"
    datastrip = next((real_files / "DATASTRIP").iterdir())
    real = read_sensor_geometry(datastrip, real_files / "GIPP", next((real_files / "IERS").iterdir()), False)
    assert real.datation.line_period == pytest.approx(focal_plane.LINE_PERIOD_S, abs=1e-12)
    made, first = focal_plane.viewing_directions(RATE), real.datation.first_line
    for (band, detector), found in made.items():
        there = real.viewing[band, detector]
        assert len(found.tan_psi_x) == len(there.tan_psi_x), (band, detector)
        assert np.abs(found.tan_psi_x - there.tan_psi_x).max() < 6e-3, (band, detector)
        assert np.abs(found.tan_psi_y - there.tan_psi_y).max() < 6e-3, (band, detector)
        late = focal_plane.delay(band, detector) - focal_plane.delay("B02", 1)
        assert late == pytest.approx(first[band, detector] - first["B02", 1], abs=0.1), (band, detector)
