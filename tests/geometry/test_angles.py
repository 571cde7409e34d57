"""Angles of the sun and of views against those in real products, and against simple places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from lxml import etree

from ipf.geometry.angles import SunPosition, angles_from_ground
from ipf.geometry.frames import EarthRotation
from ipf.geometry.sensor_model import SensorModel
from tests.geometry.acquisitions import EARTH, EPOCH
from tests.geometry.angle_grids import l1c_tiles
from tests.sun import sun_position

Floats = npt.NDArray[np.float64]

GPS_MINUS_UTC = 18.0
ARCSECOND = 1.0 / 3600.0


@pytest.mark.parametrize("hours", [0.0, 5.5, 12.0, 19.0])
@pytest.mark.parametrize("place", [(0.0, 0.0), (-70.0, -33.0), (150.0, 60.0), (179.9, -80.0)])
def test_sun_by_another_formula(hours: float, place: tuple[float, float]) -> None:
    sun = SunPosition(EarthRotation(EPOCH, EARTH))
    zenith, azimuth = sun.angles(*place, 3600.0 * hours + GPS_MINUS_UTC)
    expected = sun_position(
        EPOCH.replace(tzinfo=UTC) + timedelta(hours=hours), latitude=place[1], longitude=place[0]
    )
    assert abs(zenith - expected.zenith) <= 0.03
    turn = (azimuth - expected.azimuth + 180.0) % 360.0 - 180.0
    assert abs(turn) * np.sin(np.deg2rad(zenith)) <= 0.03


def test_sun_between_computed_positions() -> None:
    """The position is interpolated; a request of one time gives what a request of many does."""
    sun = SunPosition(EarthRotation(EPOCH, EARTH))
    seconds = np.linspace(40000.0, 40100.0, 101)
    many = sun.positions(seconds)
    one = np.concatenate([sun.positions(seconds[i : i + 1]) for i in range(len(seconds))])
    np.testing.assert_array_equal(many, one)
    steps = np.diff(many, n=2, axis=0)
    assert np.abs(steps).max() / 1.5e11 < 1e-8
    assert np.all(np.isnan(sun.positions(np.array([np.nan, 1.0]))[0]))


def test_simple_places() -> None:
    """What is straight above, towards the pole, and in the east."""
    a = 6378137.0
    zenith, azimuth = angles_from_ground(
        0.0, 0.0, 0.0, np.array([[a + 1e6, 0.0, 0.0], [a, 0.0, 5e5], [a, 1e6, 0.0]])
    )
    np.testing.assert_allclose(zenith, [0.0, 90.0, 90.0], atol=1e-9)
    np.testing.assert_allclose(azimuth[1:], [0.0, 90.0], atol=1e-9)
    zenith, azimuth = angles_from_ground(90.0, 45.0, 0.0, np.array([0.0, 1e9, -1e9]))
    assert azimuth == pytest.approx(180.0)


def test_granules_of_madeira(model: SensorModel, reference_data: Path) -> None:
    """Sun and incidence at the centres of 72 granules; the sun at the middle of their lines."""
    sun, views = [], []
    for path in sorted((reference_data / "geometry_madeira" / "GRANULE").glob("*/*.xml")):
        document = etree.parse(path)
        latitude, longitude, height = (float(value) for value in _text(document, "GROUND_CENTER").split())
        detector = int(_text(document, "DETECTOR_ID"))
        start = datetime.fromisoformat(_text(document, "SENSING_TIME").rstrip("Z"))
        first = (start - model.geometry.epoch).total_seconds() + GPS_MINUS_UTC
        middle = first + 1152 * model.geometry.datation.line_period
        position = float(_text(document, "POSITION"))
        assert abs(first - model.line_seconds("B04", detector, position - 0.5)) <= 1e-6
        found = model.sun_angles(longitude, latitude, middle)
        sun.append(_differences(found, document, "Solar_Angles"))
        line, pixel = model.inverse_location("B04", detector, longitude, latitude, height)
        found = model.viewing_angles("B04", detector, line, pixel, height)
        views.append(_differences(found, document, "Incidence_Angles"))
    assert len(sun) == 72
    assert np.abs(sun).max() <= 1e-4
    zenith, azimuth = np.array(views).T
    print(f"\nincidence: zenith {zenith.mean():.4f} +- {zenith.std():.4f}, azimuth {azimuth.mean():.3f}")
    assert np.abs(zenith).max() <= 0.005
    assert np.abs(azimuth).max() <= 0.1


@pytest.mark.parametrize("number", [0, 1])
def test_grids_of_level_1c(reference_data: Path, number: int) -> None:
    """Tiles of two products, with the times at which the first detector of B03 would see their nodes.

    Those times, beyond the detector's own ends as well, are what the grids of the sun were found to have. The
    mounting of the instrument at those dates is not known: one constant difference of directions is taken
    off.
    """
    tile = l1c_tiles(reference_data)[number]
    model = SensorModel(tile.geometry(reference_data))
    lines, _ = model.inverse_location("B03", 1, tile.longitude, tile.latitude, 0.0, margin=60000.0)
    seconds = model.line_seconds("B03", 1, lines)
    zenith, azimuth = model.sun_angles(tile.longitude, tile.latitude, seconds)
    sun = tile.sun()
    print(
        f"\nsun: {np.abs(zenith - sun.zenith).max():.5f}, {np.abs(azimuth - sun.azimuth).max():.5f} degrees"
    )
    assert np.abs(zenith - sun.zenith).max() <= 0.005
    assert np.abs(azimuth - sun.azimuth).max() <= 0.005
    zeniths, azimuths = _view_differences(model, tile)
    assert zeniths.size >= 300
    for differences, limit in ((zeniths, 0.05), (azimuths, 0.5)):
        centred = np.abs(differences - np.median(differences))
        print(f"views: bias {np.median(differences):.4f}, median after it {np.median(centred):.4f} degrees")
        assert np.median(centred) <= limit


def _view_differences(model: SensorModel, tile: object) -> tuple[Floats, Floats]:
    """Differences of zenith and azimuth at all nodes that have views."""
    zeniths, azimuths = [], []
    for band, detector, grid in tile.views():  # type: ignore[attr-defined]
        place = tile.longitude, tile.latitude, 0.0  # type: ignore[attr-defined]
        lines, pixels = model.inverse_location(band, detector, *place, margin=3000.0)
        zenith, azimuth = model.viewing_angles(band, detector, lines, pixels, 0.0)
        known = np.isfinite(grid.zenith)
        assert np.all(np.isfinite(zenith[known])), f"{band}, detector {detector}: nodes not found"
        zeniths.append((zenith - grid.zenith)[known])
        azimuths.append(((azimuth - grid.azimuth + 180.0) % 360.0 - 180.0)[known])
    return np.concatenate(zeniths), np.concatenate(azimuths)


def _differences(found: tuple[Floats, Floats], document: etree._ElementTree, element: str) -> list[float]:
    """Zenith and azimuth less those of a granule's metadata."""
    names = "ZENITH_ANGLE", "AZIMUTH_ANGLE"
    expected = (float(_text(document, f"{element}/{{*}}{name}")) for name in names)
    return [float(one) - other for one, other in zip(found, expected, strict=True)]


def _text(document: etree._ElementTree, name: str) -> str:
    text = document.findtext(f".//{{*}}{name}")
    assert text
    return text
