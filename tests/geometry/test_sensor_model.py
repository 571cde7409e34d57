"""The sensor model of a small acquisition: forth and back, in blocks and threads, and where it says no."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from ipf.errors import AuxiliaryError, ProductError
from ipf.geometry.acquisition import Refining, SensorGeometry, ViewingDirections
from ipf.geometry.line_of_sight import instrument_to_satellite
from ipf.geometry.sensor_model import Location, SensorModel
from ipf.geometry.terrain import Terrain
from tests.geometry.acquisitions import START, acquisition
from tests.geometry.madeira import ground_distance
from tests.geometry.test_trajectory import damaged

Floats = npt.NDArray[np.float64]

SENSOR = "B02", 5
LINES = np.array([1.0, 250.25, 3000.5, 9000.0])
PIXELS = np.array([-40.0, 0.0, 17.3, 1275.5, 2551.0, 2590.0])


def hilly(model: SensorModel, seed: int = 1) -> Terrain:
    """Hills under all that the acquisition sees."""
    found = model.direct_location(*SENSOR, LINES[:, None], PIXELS, 0.0)
    middle = found.longitude[0, 2]
    east = (found.longitude - middle + 180.0) % 360.0 - 180.0
    step = 0.01
    west, north = middle + east.min() - 0.3, found.latitude.max() + 0.3
    shape = int((np.ptp(found.latitude) + 0.6) / step), int((np.ptp(east) + 0.6) / step)
    heights = np.random.default_rng(seed).uniform(0.0, 900.0, shape).astype(np.float32)
    return Terrain(heights, float(west), float(north), step, step)


@pytest.mark.parametrize("phase", [0.6, 1.55, 4.7, 3.1], ids=["middle", "north", "south", "equator"])
@pytest.mark.parametrize("height", [0.0, 3000.0, None], ids=["sea", "3000 m", "terrain"])
def test_back_from_where_pixels_look(phase: float, height: float | None) -> None:
    """Within 1e-6 lines and pixels, beyond the detector's ends as well."""
    model = SensorModel(acquisition(phase))
    model = SensorModel(model.geometry, hilly(model))
    found = model.direct_location(*SENSOR, LINES[:, None], PIXELS, height)
    assert np.all(np.isfinite(found.height))
    lines, pixels = model.inverse_location(*SENSOR, found.longitude, found.latitude, height)
    np.testing.assert_allclose(lines, np.broadcast_to(LINES[:, None], lines.shape), rtol=0, atol=1e-4)
    np.testing.assert_allclose(pixels, np.broadcast_to(PIXELS, lines.shape), rtol=0, atol=1e-4)
    given = model.inverse_location(*SENSOR, found.longitude, found.latitude, found.height)
    np.testing.assert_allclose(given[0], np.broadcast_to(LINES[:, None], lines.shape), rtol=0, atol=1e-5)


def test_across_the_date_line() -> None:
    elsewhere = SensorModel(acquisition()).direct_location(*SENSOR, 4500.0, 1275.0, 0.0)
    model = SensorModel(acquisition(node=np.deg2rad(180.0 - float(elsewhere.longitude))))
    model = SensorModel(model.geometry, hilly(model))
    found = model.direct_location(*SENSOR, LINES[:, None], PIXELS)
    assert np.all(np.isfinite(found.height))
    assert found.longitude.min() < -179.0
    assert found.longitude.max() > 179.0
    lines, pixels = model.inverse_location(*SENSOR, found.longitude, found.latitude)
    np.testing.assert_allclose(pixels, np.broadcast_to(PIXELS, lines.shape), rtol=0, atol=1e-4)
    np.testing.assert_allclose(lines, np.broadcast_to(LINES[:, None], lines.shape), rtol=0, atol=1e-4)


def test_the_middle_pixel_of_an_upright_instrument_looks_down() -> None:
    """With no viewing angle it sees the point below the satellite, and the satellite in the zenith."""
    geometry = acquisition()
    straight = ViewingDirections(np.linspace(-0.01, 0.01, 3), np.zeros(3))
    model = SensorModel(replace(geometry, viewing={SENSOR: straight}))
    found = model.direct_location(*SENSOR, 100.0, 1.0, 0.0)
    position = model.trajectory.exact(model.line_seconds(*SENSOR, np.array([100.0])))[0, 9:]
    assert np.degrees(np.arctan2(position[1], position[0])) == pytest.approx(float(found.longitude), abs=1e-9)
    zenith, _ = model.viewing_angles(*SENSOR, 100.0, np.array([0.0, 1.0, 2.0]), 0.0)
    # The satellite looks at the Earth's centre, the zenith is the ellipsoid's: 0.19 degrees at most.
    assert zenith[1] <= 0.25
    np.testing.assert_allclose(zenith[[0, 2]], np.degrees(0.01) * 7167 / 6378, atol=0.25)


def test_rotations_of_the_instrument_move_what_is_seen() -> None:
    """One of 1e-5 rad about x and y by 7.9 m each, and as much by refining as by mounting."""
    geometry = acquisition()
    model = SensorModel(geometry)
    for axis in ("x", "y"):
        mounted = SensorModel(replace(geometry, mounting=replace(geometry.mounting, **{axis: 1e-5})))
        nothing: dict[str, tuple[float, ...]] = dict.fromkeys(("x", "y", "z", "homothety"), (0.0,))
        refining = Refining(**(nothing | {axis: (1e-5,)}), centre=START)
        refined = SensorModel(replace(geometry, refining=refining))
        places = [one.direct_location(*SENSOR, 100.0, 1275.0, 0.0) for one in (model, mounted, refined)]
        assert _distance(places[0], places[1]) == pytest.approx(7.9, abs=0.2)
        assert _distance(places[1], places[2]) <= 1e-6


def test_refining_grows_with_time_from_its_centre() -> None:
    refining = Refining((0.0, 1e-6), (), (), (0.0, 0.0, 1e-9), centre=START)
    mounting = acquisition().mounting
    early, late = instrument_to_satellite(mounting, refining, START + np.array([0.0, 10.0]))
    np.testing.assert_allclose(early, np.eye(3), atol=1e-15)
    assert late[2, 1] == pytest.approx(-1e-5)
    assert late[2, 2] == pytest.approx(1.0 + 1e-7, abs=1e-10)


def test_blocks_and_threads_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, however many lines are asked for at once and however many threads there are."""
    model = SensorModel(acquisition())
    terrain = hilly(model)
    lines, pixels = np.arange(1.0, 400.0)[:, None], np.arange(0.0, 2552.0, 11.0)
    whole = SensorModel(model.geometry, terrain).direct_location(*SENSOR, lines, pixels)
    back = SensorModel(model.geometry, terrain).inverse_location(*SENSOR, whole.longitude, whole.latitude)
    monkeypatch.setattr("ipf.geometry.sensor_model.BLOCK", 3000)
    threaded = SensorModel(model.geometry, terrain, threads=3)
    for part in (slice(None), slice(100, 137)):
        again = threaded.direct_location(*SENSOR, lines[part], pixels)
        for name in ("longitude", "latitude", "height"):
            np.testing.assert_array_equal(getattr(again, name), getattr(whole, name)[part])
        found = threaded.inverse_location(*SENSOR, whole.longitude[part], whole.latitude[part])
        for one, other in zip(found, back, strict=True):
            np.testing.assert_array_equal(one, other[part])


def test_shapes() -> None:
    model = SensorModel(acquisition())
    assert model.direct_location(*SENSOR, 5.0, 6.0, 0.0).height.shape == ()
    assert model.direct_location(*SENSOR, np.ones((4, 1)), np.ones(3), 0.0).height.shape == (4, 3)
    assert model.direct_location(*SENSOR, np.ones((4, 3)), np.ones((4, 3)), 0.0).height.shape == (4, 3)
    assert model.direct_location(*SENSOR, np.ones((0, 1)), np.ones(3), 0.0).height.shape == (0, 3)
    assert model.direct_location(*SENSOR, np.ones((4, 1)), np.ones((1, 1, 4)), 0.0).height.shape == (1, 4, 4)
    assert model.inverse_location(*SENSOR, np.ones((4, 1)), np.ones(3), 0.0)[0].shape == (4, 3)


def test_what_is_not_a_number_is_nowhere() -> None:
    model = SensorModel(acquisition())
    found = model.direct_location(*SENSOR, np.array([np.nan, 5.0, 5.0]), np.array([5.0, np.nan, 5.0]), 0.0)
    np.testing.assert_array_equal(np.isnan(found.longitude), [True, True, False])
    places = np.array([np.nan, found.longitude[2], found.longitude[2]]), found.latitude[2]
    lines, pixels = model.inverse_location(*SENSOR, *places, np.array([0.0, np.nan, 0.0]))
    np.testing.assert_array_equal(np.isnan(lines), [True, True, False])
    assert pixels[2] == pytest.approx(5.0, abs=1e-6)
    zenith, _ = model.viewing_angles(*SENSOR, np.full(2, np.nan), np.full(2, np.nan), 0.0)
    assert np.all(np.isnan(zenith))


def test_places_that_no_pixel_sees() -> None:
    """To the side, before and after, on the far side of the Earth: none; within a margin, beyond the ends."""
    model = SensorModel(acquisition())
    seen = model.direct_location(*SENSOR, 3000.0, np.array([-70.0, -60.0, 2610.0, 2620.0]), 0.0)
    _, pixels = model.inverse_location(*SENSOR, seen.longitude, seen.latitude, 0.0)
    np.testing.assert_array_equal(np.isnan(pixels), [True, False, False, True])
    _, pixels = model.inverse_location(*SENSOR, seen.longitude, seen.latitude, 0.0, margin=100.0)
    np.testing.assert_allclose(pixels, [-70.0, -60.0, 2610.0, 2620.0], atol=1e-6)
    along = model.direct_location(*SENSOR, np.array([900.0, 1100.0, 2900.0, 3100.0]), 1000.0, 0.0)
    lines, _ = model.inverse_location(*SENSOR, along.longitude, along.latitude, 0.0, lines=(1000.0, 3000.0))
    np.testing.assert_array_equal(np.isnan(lines), [True, False, False, True])
    far = along.longitude + 180.0, -along.latitude
    for places in (far, (along.longitude + 40.0, along.latitude), (along.longitude, along.latitude - 60.0)):
        assert np.all(np.isnan(model.inverse_location(*SENSOR, *places, 0.0)))


def test_holes_are_not_searched() -> None:
    """A hole among the lines that are searched is an error; with a range that has none, all is well."""
    seconds = acquisition().attitude.seconds
    model = SensorModel(damaged("attitude", (seconds < START + 30.0) | (seconds > START + 33.0)))
    place = model.direct_location(*SENSOR, 3000.0, 100.0, 0.0)
    with pytest.raises(ProductError, match=r"attitudes.*none from"):
        model.inverse_location(*SENSOR, place.longitude, place.latitude, 0.0)
    lines, _ = model.inverse_location(*SENSOR, place.longitude, place.latitude, 0.0, lines=(1.0, 9000.0))
    assert lines == pytest.approx(3000.0, abs=1e-6)
    with pytest.raises(ProductError, match=r"attitudes.*none from"):
        model.direct_location(*SENSOR, np.array([1.0, 12000.0]), 0.0, 0.0)


@pytest.mark.parametrize("line", [-8000.0, 18000.0])
def test_lines_outside_the_data(line: float) -> None:
    with pytest.raises(ProductError, match="given for GPS"):
        SensorModel(acquisition()).direct_location(*SENSOR, line, 0.0, 0.0)


def test_what_is_not_there_is_named() -> None:
    model = SensorModel(acquisition())
    with pytest.raises(ProductError, match="band B02, detector 7"):
        model.direct_location("B02", 7, 1.0, 0.0, 0.0)
    with pytest.raises(ProductError, match="band B12, detector 5"):
        model.inverse_location("B12", 5, 1.0, 0.0, 0.0)
    with pytest.raises(AuxiliaryError, match="no elevation model"):
        model.direct_location(*SENSOR, 1.0, 0.0)
    with pytest.raises(AuxiliaryError, match="no elevation model"):
        model.inverse_location(*SENSOR, 1.0, 0.0)


@pytest.mark.parametrize(
    ("tangents", "words"),
    [
        ((np.zeros(5), np.zeros(4)), "expected as many"),
        ((np.zeros(5), np.full(5, np.nan)), "not all are numbers"),
    ],
)
def test_viewing_directions_that_are_none(tangents: tuple[Floats, Floats], words: str) -> None:
    geometry: SensorGeometry = replace(acquisition(), viewing={SENSOR: ViewingDirections(*tangents)})
    with pytest.raises(AuxiliaryError, match=words):
        SensorModel(geometry).direct_location(*SENSOR, 1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"heights": np.zeros((1, 5), np.float32)}, "at least 2 x 2"),
        ({"heights": np.zeros((5, 5), np.float64)}, "float32"),
        ({"heights": np.full((5, 5), np.nan, np.float32)}, "no post has a height"),
        ({"heights": np.full((5, 5), -32768, np.float32)}, "-32768"),
        ({"step_lon": -0.1}, "expected positive"),
        ({"step_lon": 90.0}, "once around"),
        ({"north": 91.0}, "beyond a pole"),
    ],
)
def test_terrain_that_is_none(change: dict[str, object], words: str) -> None:
    whole: dict[str, object] = {
        "heights": np.zeros((5, 5), np.float32),
        "west": 0.0,
        "north": 1.0,
        "step_lon": 0.1,
        "step_lat": 0.1,
    }
    Terrain(**whole)  # type: ignore[arg-type]
    with pytest.raises(AuxiliaryError, match=words):
        Terrain(**(whole | change))  # type: ignore[arg-type]


def _distance(one: Location, other: Location) -> float:
    return float(ground_distance(one.longitude, one.latitude, other.longitude, other.latitude))
