"""Outlines on the ground: against corners in real metadata, and where longitudes or meridians turn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ipf.errors import ProductError
from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.footprints import area_of_ring, datastrip_rings, detector_ring, granule_ring
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.tiles import tiles_under
from ipf.product.l1b_granule_reader import read_granule_metadata
from tests.geometry.acquisitions import acquisition as small_acquisition
from tests.geometry.madeira import GRANULE_LINES, RESOLUTIONS, ground_distance

GRANULES = 6
KEY = ("B02", 5)
LINES = range(1, 4 * 2304 + 1)


def synthetic(phase: float, longitude: float | None = None) -> SensorModel:
    """A small acquisition that starts at an argument of latitude, over a longitude where one is wanted."""
    model = SensorModel(small_acquisition(phase))
    if longitude is None:
        return model
    seen = model.direct_location(*KEY, np.array([4600.0]), np.array([1276.0]), 0.0).longitude[0]
    return SensorModel(small_acquisition(phase, np.deg2rad(longitude - seen)))


def test_corners_of_real_granules(model: SensorModel, reference_data: Path) -> None:
    """On the terrain, where the official ones lie.

    Two of 288, side by side on Madeira at 495 m, lie on their lines of sight at sea level instead.
    """
    distances = []
    for folder in sorted((reference_data / "geometry_madeira" / "GRANULE").iterdir()):
        granule = read_granule_metadata(next(folder.glob("*.xml")))
        stated = np.array(granule.geometry.footprint)[:4]
        ring = granule_ring(model, granule.detector, granule.lines("B04"), None)
        distances.append(ground_distance(stated[:, 1], stated[:, 0], ring[:, 0], ring[:, 1]))
    found = np.sort(np.ravel(distances))
    print(
        f"\ncorners of granules: median {np.median(found):.3f} m, {found[-3]:.3f} m, worst {found[-1]:.1f} m"
    )
    assert len(found) == 288
    assert np.median(found) < 0.05
    assert found[-3] < 0.2
    assert found[-1] < 40.0


def test_height_moves_corners_across_the_track_alone(acquisition: SensorGeometry) -> None:
    model = SensorModel(acquisition)
    low, high = (granule_ring(model, 12, range(1, 2305), height) for height in (0.0, 1000.0))
    moved = ground_distance(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    assert np.all((moved > 120.0) & (moved < 230.0))


def test_a_datastrip_is_the_area_of_all_that_its_detectors_see(acquisition: SensorGeometry) -> None:
    model = SensorModel(acquisition)
    images = {key: range(1, 1 + GRANULES * GRANULE_LINES[RESOLUTIONS[key[0]]]) for key in acquisition.viewing}
    (ring,) = datastrip_rings(model, images)
    assert 40_000e6 < area_of_ring(ring) < 45_000e6
    middle = ring.mean(axis=0)
    names = {tile.name for tile in tiles_under(ring)}
    assert {"28SCB", "28SBB", "28SCC"} <= names
    assert 12 <= len(names) <= 16
    for key, lines in images.items():
        detector = detector_ring(model, key, lines)
        assert np.all(detector[:, 1] <= ring[:, 1].max() + 1e-4)
        assert np.all(detector[:, 1] >= ring[:, 1].min() - 1e-4)
    assert abs(middle[0] + 17.0) < 1.0


def test_detectors_that_do_not_touch_have_outlines_of_their_own(acquisition: SensorGeometry) -> None:
    model = SensorModel(acquisition)
    rings = datastrip_rings(model, {("B04", 1): range(1, 2305), ("B04", 6): range(1, 4609)})
    assert len(rings) == 2
    assert area_of_ring(rings[0]) > 1.8 * area_of_ring(rings[1])


def test_across_the_antimeridian() -> None:
    (ring,) = datastrip_rings(synthetic(0.3, 180.0), {KEY: LINES})
    assert np.ptp(ring[:, 0]) < 1.0
    assert ring[:, 0].min() < 180.0 < ring[:, 0].max() or ring[:, 0].min() < -180.0 < ring[:, 0].max()
    assert {tile.name[:2] for tile in tiles_under(ring)} == {"01", "60"}
    (elsewhere,) = datastrip_rings(synthetic(0.3, 33.0), {KEY: LINES})
    assert area_of_ring(ring) == pytest.approx(area_of_ring(elsewhere), rel=1e-3)


@pytest.mark.parametrize(("phase", "letters"), [(np.pi / 2, "X"), (3 * np.pi / 2, "C")])
def test_where_the_orbit_is_nearest_to_the_poles(phase: float, letters: str) -> None:
    (ring,) = datastrip_rings(synthetic(phase), {KEY: LINES})
    (near_equator,) = datastrip_rings(synthetic(0.3), {KEY: LINES})
    assert np.abs(ring[:, 1]).max() > 81.4
    assert area_of_ring(ring) == pytest.approx(area_of_ring(near_equator), rel=0.05)
    tiles = tiles_under(ring)
    assert {tile.name[2] for tile in tiles} == {letters}
    assert len({tile.name[:2] for tile in tiles}) > 1


def test_across_the_equator() -> None:
    (ring,) = datastrip_rings(synthetic(-0.02), {KEY: LINES})
    assert {tile.name[2] for tile in tiles_under(ring)} == {"M", "N"}


def test_a_ring_goes_around_its_lines() -> None:
    model = synthetic(0.6)
    ring, few = detector_ring(model, KEY, LINES), detector_ring(model, KEY, range(1, 1201))
    corners = model.direct_location(*KEY, np.array([0.5, 9216.5]), np.array([-0.5, -0.5]), 0.0)
    for longitude, latitude in zip(corners.longitude, corners.latitude, strict=True):
        assert np.min(np.hypot(ring[:, 0] - longitude, ring[:, 1] - latitude)) < 1e-9
    assert area_of_ring(few) == pytest.approx(area_of_ring(ring) * 1200 / 9216, rel=0.01)


def test_nothing_seen_is_refused() -> None:
    model = synthetic(0.6)
    with pytest.raises(ProductError, match="nothing is seen"):
        datastrip_rings(model, {})
    with pytest.raises(ProductError, match="nothing is seen"):
        datastrip_rings(model, {KEY: range(1, 1)})
    with pytest.raises(ProductError, match="band B03, detector 5"):
        datastrip_rings(model, {("B03", 5): LINES})
