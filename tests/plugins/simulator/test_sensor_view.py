"""What the sensor sees of a known map: every count from first principles, the same in any cutting."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
import pytest
from ipf_plugins.simulator.instrument import published_noise
from ipf_plugins.simulator.map_scenes import MapScene, RasterScene, TexturedScene
from ipf_plugins.simulator.sensor_view import (
    BLOCK_LINES,
    LARGEST_COUNT,
    SensorView,
    ViewCalibration,
    blocks_of,
)

from ipf.errors import AuxiliaryError, ParameterError
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.terrain import Terrain
from ipf.product.bands import BAND_NAMES
from ipf.product.nominal_radiometry import nominal_gains, nominal_radiometry
from ipf.product.sensor_datastrip import read_sensor_datastrip
from ipf.product.utc import UtcTime
from tests.geometry.acquisitions import acquisition

BAND, DETECTOR = "B02", 5
START = UtcTime.parse("2021-03-20T10:00:00Z")


def calibration() -> ViewCalibration:
    nominal = nominal_radiometry("S2A", START, "05.00")
    offsets = dict.fromkeys(BAND_NAMES, -100.0)
    return ViewCalibration(
        nominal_gains("S2A"), nominal.solar_irradiance, nominal.sun_distance_correction, offsets
    )


def bare_model() -> SensorModel:
    return SensorModel(acquisition())


def hills() -> Terrain:
    """Waves of 600 m around what the first lines see."""
    seen = bare_model().direct_location(BAND, DETECTOR, [1.0, 600.0], [[0.0], [2551.0]], 0.0)
    west, north = float(seen.longitude.min()) - 0.05, float(seen.latitude.max()) + 0.05
    step = 0.002
    rows = math.ceil((north + 0.05 - seen.latitude.min()) / step)
    columns = math.ceil((seen.longitude.max() + 0.05 - west) / step)
    row, column = np.mgrid[:rows, :columns]
    heights = 600.0 + 600.0 * np.sin(row / 3.0) * np.cos(column / 4.0)
    return Terrain(heights.astype(np.float32), west, north, step, step)


@pytest.fixture(scope="module")
def view() -> SensorView:
    terrain = hills()
    zone = math.floor((terrain.west + 180.0) / 6.0) + 1
    scene = TexturedScene.of((32600 if terrain.north > 0 else 32700) + zone)
    return SensorView(SensorModel(acquisition(), terrain), scene, calibration())


def light(view: SensorView, lines: range) -> npt.NDArray[np.float64]:
    """Counts above the offset, one by one as the equations have them."""
    numbers = np.array(lines, np.float64)[:, np.newaxis]
    seen = view.model.direct_location(BAND, DETECTOR, numbers, np.arange(2552.0))
    places = pyproj.Transformer.from_crs(4326, view.scene.epsg, always_xy=True).transform(
        seen.longitude, seen.latitude
    )
    seconds = view.model.line_seconds(BAND, DETECTOR, numbers)
    zenith, _ = view.model.sun_angles(seen.longitude, seen.latitude, seconds)
    reflectance = view.scene.reflectance(BAND, *places).astype(np.float64)
    known = view.calibration
    irradiance = known.irradiance[BAND] * known.sun_distance_correction * np.cos(np.deg2rad(zenith))
    return np.asarray(reflectance * irradiance / math.pi * known.gains[BAND])


def test_counts_are_those_of_the_equations(view: SensorView) -> None:
    lines = range(100, 150)
    counts = view.counts(BAND, DETECTOR, lines)
    expected = light(view, lines) + 100.0
    assert counts.shape == (50, 2552)
    # Half a count of rounding, and what 2 mm on the map are.
    assert np.max(np.abs(counts - expected)) < 0.53
    assert counts.std() > 20.0


def test_any_cutting_and_any_number_of_threads_give_the_same_bits(view: SensorView) -> None:
    whole = view.counts(BAND, DETECTOR, range(1, 400))
    threaded = replace(view, threads=3).counts(BAND, DETECTOR, range(1, 400))
    np.testing.assert_array_equal(threaded, whole)
    for part in (range(1, 2), range(90, 210), range(127, 129), range(300, 400)):
        cut = view.counts(BAND, DETECTOR, part)
        np.testing.assert_array_equal(cut, whole[part.start - 1 : part.stop - 1])


def test_blocks_hold_all_lines_once() -> None:
    blocks = list(blocks_of(range(5, 600)))
    assert [line for block in blocks for line in block] == list(range(5, 600))
    assert all(block.start % BLOCK_LINES == 0 for block in blocks[1:])


def test_noise_is_that_of_the_instrument_and_of_the_seed(view: SensorView) -> None:
    lines = range(1, 200)
    noisy = replace(view, noise=published_noise(), seed=7)
    counts, clean = noisy.counts(BAND, DETECTOR, lines), light(view, lines)
    model, gain = published_noise()[BAND], view.calibration.gains[BAND]
    expected = gain * np.sqrt(model.dark**2 + model.slope * clean / gain)
    normalised = (counts - 100.0 - clean) / np.sqrt(expected**2 + 1.0 / 12.0)
    assert normalised.std() == pytest.approx(1.0, abs=0.01)
    assert abs(normalised.mean()) < 0.01
    assert abs(np.mean(normalised[1:] * normalised[:-1])) < 0.01
    np.testing.assert_array_equal(noisy.counts(BAND, DETECTOR, range(150, 160)), counts[149:159])
    other = replace(noisy, seed=8).counts(BAND, DETECTOR, lines)
    assert abs(np.corrcoef((other - clean).ravel(), (counts - clean).ravel())[0, 1]) < 0.01


def seen_of(view: SensorView, scene: MapScene) -> npt.NDArray[np.uint16]:
    return replace(view, scene=scene).counts(BAND, DETECTOR, range(1, 60))


def test_bright_ground_saturates_and_dark_ground_is_not_no_data(view: SensorView) -> None:
    bright = TexturedScene.of(view.scene.epsg, means=dict.fromkeys(BAND_NAMES, 50.0))
    assert np.all(seen_of(view, bright) == LARGEST_COUNT)
    dark = TexturedScene.of(view.scene.epsg, means=dict.fromkeys(BAND_NAMES, -5.0))
    assert np.all(seen_of(view, dark) == 1)


def test_where_there_is_no_scene_there_is_no_data(view: SensorView) -> None:
    seen = view.model.direct_location(BAND, DETECTOR, [30.0], [1200.0])
    place = pyproj.Transformer.from_crs(4326, view.scene.epsg, always_xy=True).transform(
        seen.longitude[0], seen.latitude[0]
    )
    image = np.full((50, 50), 0.3, np.float32)
    raster = RasterScene.of(view.scene.epsg, place[0] - 500.0, place[1] + 500.0, 20.0, {BAND: image})
    counts = seen_of(view, raster)
    assert counts[29, 1200] > 200
    assert np.all(counts[:, :1000] == 0)
    assert 0.01 < np.mean(counts > 0) < 0.1


def test_a_raster_of_a_scene_is_seen_as_the_scene(view: SensorView) -> None:
    """Sampled every 10 m, whose wavelengths are 80 m and more."""
    scene = TexturedScene.of(view.scene.epsg, enlarged=2.0)
    seen = view.model.direct_location(BAND, DETECTOR, [1.0, 59.0], [[0.0], [2551.0]])
    corners = pyproj.Transformer.from_crs(4326, scene.epsg, always_xy=True).transform(
        seen.longitude, seen.latitude
    )
    left, top = float(np.min(corners[0])) - 2000.0, float(np.max(corners[1])) + 2000.0
    size = [math.ceil(float(np.ptp(axis)) + 4000.0) // 10 for axis in (corners[1], corners[0])]
    eastings, northings = np.meshgrid(
        left + 5.0 + 10.0 * np.arange(size[1]), top - 5.0 - 10.0 * np.arange(size[0])
    )
    image = scene.reflectance(BAND, eastings, northings)
    raster = RasterScene.of(scene.epsg, left, top, 10.0, {BAND: image})
    difference = seen_of(view, raster).astype(int) - seen_of(view, scene)
    assert np.max(np.abs(difference)) <= 1


def test_where_there_is_no_terrain_there_is_no_data(view: SensorView) -> None:
    terrain = hills()
    heights = terrain.heights.copy()
    heights[:, heights.shape[1] // 2 :] = np.nan
    model = SensorModel(acquisition(), replace(terrain, heights=heights))
    counts = replace(view, model=model).counts(BAND, DETECTOR, range(1, 60))
    assert 0.2 < np.mean(counts == 0) < 0.8
    whole = view.counts(BAND, DETECTOR, range(1, 60))
    assert np.mean(counts[counts > 0] == whole[counts > 0]) > 0.99
    nowhere = SensorModel(acquisition(), replace(terrain, west=terrain.west - 20.0))
    assert not np.any(replace(view, model=nowhere).counts(BAND, DETECTOR, range(1, 4)))
    with pytest.raises(AuxiliaryError, match="no elevation model"):
        replace(view, model=bare_model()).counts(BAND, DETECTOR, range(1, 4))


@pytest.mark.parametrize("lines", [range(1, 1), range(1, 9, 2)])
def test_lines_that_are_none_are_refused(view: SensorView, lines: range) -> None:
    with pytest.raises(ParameterError, match="expected lines one by one"):
        view.counts(BAND, DETECTOR, lines)


def test_the_calibration_is_that_of_the_datastrip(reference_data: Path) -> None:
    strip = read_sensor_datastrip(next((reference_data / "geometry_madeira" / "DATASTRIP").iterdir()))
    found = ViewCalibration.of(strip)
    assert found.gains["B02"] == 3.75048246
    assert found.offsets["B12"] == -100.0
    days = (datetime(2020, 8, 16, 12, 2, 21, 24000) - datetime(1950, 1, 1, 12)) / timedelta(days=1)
    factor = (1.0 - 0.01673 * math.cos(0.0172 * (days - 2.0))) ** -2
    assert found.sun_distance_correction == pytest.approx(factor, rel=1e-12)
    assert found.factor("B02") == pytest.approx(
        3.75048246 * 1959.66 * found.sun_distance_correction / math.pi
    )
