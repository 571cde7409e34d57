"""Places and angles of granules: against those in metadata of real granules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ipf.auxiliary.geoid import Geoid, read_geoid
from ipf.errors import ProductError
from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.granule_geometry import GranuleLocation, locate_granule, terrain_box
from ipf.geometry.sensor_model import SensorModel
from ipf.product.l1b_granule_reader import read_granule_metadata
from ipf.product.l1b_model import GranuleGeometry
from tests.geometry.acquisitions import acquisition as small_acquisition
from tests.geometry.madeira import ground_distance

LINES = range(1, 2305)
COLUMNS = (
    "corners (m)", "heights (m)", "centre (m)", "incidence zenith (deg)", "incidence direction (deg)",
    "sun zenith (deg)", "sun azimuth (deg)",
)  # fmt: skip


def deviations(found: GranuleLocation, stated: GranuleGeometry, geoid: Geoid) -> list[float]:
    """What tells a location from a stated one, in the order of `COLUMNS`; those are above the `geoid`."""
    corners, centre = np.array(stated.footprint)[:4], np.array(stated.ground_centre)
    apart = ground_distance(found.corners[:, 0], found.corners[:, 1], corners[:, 1], corners[:, 0])
    moved = ground_distance(*(np.array([value]) for value in (*found.centre[:2], centre[1], centre[0])))
    undulation = np.diag(geoid.on_mesh(found.corners[:, 0], found.corners[:, 1]))
    turned = (found.incidence[1] - stated.incidence[1] + 180.0) % 360.0 - 180.0
    return [
        float(np.max(apart)),
        float(np.max(np.abs(found.corners[:, 2] - undulation - corners[:, 2]))),
        float(moved[0]),
        found.incidence[0] - stated.incidence[0],
        turned * np.sin(np.deg2rad(stated.incidence[0])),
        found.sun[0] - stated.sun[0],
        found.sun[1] - stated.sun[1],
    ]


@pytest.fixture(scope="module")
def compared(model: SensorModel, reference_data: Path) -> np.ndarray:
    """Deviations of all 72 granules, (72, 7)."""
    folder = reference_data / "geometry_madeira"
    geoid = read_geoid(next((folder / "DEM_GEOID").glob("*.gtx")))
    rows = []
    for granule in sorted((folder / "GRANULE").iterdir()):
        stated = read_granule_metadata(next(granule.glob("*.xml")))
        found = locate_granule(model, stated.detector, stated.lines("B04"))
        rows.append(deviations(found, stated.geometry, geoid))
    return np.array(rows)


def test_real_granules(compared: np.ndarray) -> None:
    """All but a corner that two granules share, and centres of three where Madeira lies under the diagonal.

    That corner is stated at sea level, exactly where its line of sight meets the geoid, 31.7 m beside the
    coastal ground at 445 m: `test_the_corner_at_sea_level`.
    """
    print("\nof 72 granules: median and largest deviation")
    for name, column in zip(COLUMNS, np.abs(compared).T, strict=True):
        print(f"  {name:26} {np.median(column):10.5f} {np.sort(column)[-3]:10.5f} {np.max(column):10.5f}")
    assert len(compared) == 72
    corners, heights, centre, zenith, direction, sun_zenith, sun_azimuth = np.sort(np.abs(compared), axis=0).T
    assert corners[-3] < 0.2
    assert np.median(centre) < 0.5
    assert centre[-4] < 1.3
    assert centre[-1] < 20.0
    assert zenith[-1] < 0.002
    assert direction[-1] < 0.002
    assert sun_zenith[-1] < 2e-4
    assert sun_azimuth[-1] < 5e-4
    assert np.median(heights) < 0.3
    assert heights[-3] < 0.6


def test_the_corner_at_sea_level(model: SensorModel, reference_data: Path) -> None:
    """The outlier among the corners of real granules is what the sensor model gives on the geoid."""
    folder = reference_data / "geometry_madeira"
    geoid = read_geoid(next((folder / "DEM_GEOID").glob("*.gtx")))
    name = "S2A_OPER_MSI_L1B_GR_DPRM_20140630T140000_S20200816T120229_D08_N05.00"
    stated = read_granule_metadata(next((folder / "GRANULE" / name).glob("*.xml")))
    latitude, longitude, height = stated.geometry.footprint[2]
    sea = float(geoid.on_mesh(np.array([longitude]), np.array([latitude]))[0, 0])
    end, last = model.pixel_count("B04", stated.detector) - 1.0, float(stated.lines("B04").stop - 1)
    place = model.direct_location("B04", stated.detector, [last], [end], sea)
    there = np.array([longitude]), np.array([latitude])
    assert abs(height) < 0.5
    assert ground_distance(place.longitude, place.latitude, *there)[0] < 0.2
    assert model.terrain_heights(place.longitude, place.latitude)[0] - sea > 400.0


def test_the_ellipsoid_without_terrain(acquisition: SensorGeometry, model: SensorModel) -> None:
    bare, lines = SensorModel(acquisition), range(1, 2305)
    found, on_ground = locate_granule(bare, 5, lines), locate_granule(model, 5, lines)
    assert np.all(found.corners[:, 2] == 0.0)
    assert found.centre[2] == 0.0
    assert on_ground.centre[2] != 0.0
    west, south, east, north = terrain_box(bare, 5, lines, 0.05)
    assert np.all((found.corners[:, 0] > west) & (found.corners[:, 0] < east))
    assert np.all((found.corners[:, 1] - south > 0.0499) & (north - found.corners[:, 1] > 0.0499))


def in_b04(turn: float = 0.0) -> SensorModel:
    """A small acquisition, turned around the Earth's axis by degrees, as if its band were B04."""
    geometry = small_acquisition(0.5, np.deg2rad(turn))
    directions, first = geometry.viewing["B02", 5], geometry.datation.first_line["B02", 5]
    datation = replace(geometry.datation, first_line={("B04", 5): first})
    return SensorModel(replace(geometry, viewing={("B04", 5): directions}, datation=datation))


def test_across_the_antimeridian() -> None:
    turned = in_b04(180.0 - locate_granule(in_b04(), 5, LINES).centre[0])
    found = locate_granule(turned, 5, LINES)
    assert np.ptp(found.corners[:, 0]) < 1.0
    assert abs(found.centre[0]) > 179.9
    assert abs(found.centre[0]) <= 180.0
    west, _, east, _ = terrain_box(turned, 5, LINES, 0.05)
    assert west > 179.0
    assert east < -179.0


def test_refused(acquisition: SensorGeometry) -> None:
    model = SensorModel(acquisition)
    with pytest.raises(ProductError, match="without lines"):
        locate_granule(model, 5, range(1, 1))
    with pytest.raises(ProductError, match=r"ephemeris|orbit"):
        locate_granule(model, 5, range(10_000_001, 10_002_305))
    seconds = float(model.line_seconds("B04", 5, 1152.0))
    ephemeris = acquisition.ephemeris
    kept = np.abs(ephemeris.seconds - seconds) > 8.0
    holed = replace(
        acquisition,
        ephemeris=replace(
            ephemeris,
            seconds=ephemeris.seconds[kept],
            positions=ephemeris.positions[kept],
            velocities=ephemeris.velocities[kept],
        ),
    )
    with pytest.raises(ProductError, match=r"ephemeris|orbit"):
        locate_granule(SensorModel(holed), 5, range(1, 2305))
