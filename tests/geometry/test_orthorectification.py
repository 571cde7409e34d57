"""Maps from several detectors: places at the ground's height, the choice of a detector, any cutting."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ipf.geometry.detector_choice import DetectorChoice
from ipf.geometry.orthorectification import (
    COARSE_STEP_M,
    DetectorImage,
    GroundNodes,
    HeightLevels,
    MapArea,
    SensorGrid,
    orthorectify,
)
from ipf.geometry.resampling import NO_DATA, Interpolation, PixelWindow, SensorImage
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.tiles import TILE_SIZE_M, tile_of_name
from ipf.kernels.orthorectification import lay_over, places_on_ground

LINES = (1.0, 2304.0 * 6)


@pytest.fixture(scope="module")
def area() -> MapArea:
    tile = tile_of_name("28SCB")
    return MapArea(tile.epsg, tile.upper_left_x, tile.upper_left_y, TILE_SIZE_M)


@pytest.mark.parametrize(("band", "resolution"), [("B02", 10), ("B12", 20), ("B01", 60)])
def test_places_on_relief_are_those_of_the_sensor_model(
    model: SensorModel, area: MapArea, band: str, resolution: int
) -> None:
    """Over the mountains of Madeira, against inverse location at each node on the terrain itself."""
    ground = GroundNodes.of(model, area, resolution)
    levels = HeightLevels.over(*ground.bounds())
    relief, worst = [], []
    size = 24000 // resolution
    summit = np.unravel_index(np.argmax(ground.heights), ground.heights.shape)
    row, column = (int(node) * ground.step - size // 2 for node in summit)
    for detector in range(8, 13):
        grid = SensorGrid.of(model, area, band, detector, levels, (1.0, 2304.0 * 60 / resolution))
        if grid is None or not grid.may_see(resolution, PixelWindow(row, column, size, size)):
            continue
        inverse = grid.within(ground, PixelWindow(row, column, size, size))
        nodes = [
            resolution / 2 + (first + np.arange(count) * inverse.step) * float(resolution)
            for first, count in zip(
                (inverse.first_row, inverse.first_column), inverse.rows.shape, strict=True
            )
        ]
        longitude, latitude = area.geographic(nodes[0][:, None], nodes[1][None, :])
        lines, pixels = model.inverse_location(band, detector, longitude, latitude)
        inside = (pixels > 0) & (pixels < model.pixel_count(band, detector))
        if not np.any(inside):
            continue
        worst.append(np.max(np.abs(lines - 1.0 - inverse.rows)[inside]))
        worst.append(np.max(np.abs(pixels - inverse.columns)[inside]))
        relief.append(float(np.ptp(model.terrain_heights(longitude, latitude)[inside])))
    print(f"{band}: worst {max(worst):.4f} pixels, relief of {max(relief):.0f} m")
    assert max(worst) < 0.06 / resolution  # 6 cm
    assert max(relief) > 500.0


def test_a_detector_that_sees_nothing_has_no_grid(model: SensorModel, area: MapArea) -> None:
    assert SensorGrid.of(model, area, "B02", 1, HeightLevels.over(0.0, 100.0), LINES) is None


class Scene:
    """Two detectors with straight geometry, 20 m pixels, that overlap by 40 columns."""

    width = 300
    shape = (400, width)

    def __init__(self) -> None:
        self.ground = GroundNodes(np.zeros((251, 251), np.float32), 20, 2)
        count = 500 * 20 // COARSE_STEP_M + 2
        down, across = np.mgrid[:count, :count] * (COARSE_STEP_M / 20.0)
        self.grids = [
            SensorGrid(
                "B05",
                number,
                HeightLevels(0.0, 100.0, 2),
                np.stack([down - 40.3] * 2),
                np.stack([across - 20.25 - shift] * 2),
            )
            for number, shift in ((4, 0.0), (5, 260.0))
        ]
        random = np.random.default_rng(3)
        self.images = {
            number: DetectorImage(
                SensorImage(random.integers(1, 4000, self.shape).astype(np.uint16), 4095),
                random.integers(0, 255, self.shape).astype(np.uint8),
            )
            for number in (4, 5)
        }

    def whole(self, method: Interpolation = Interpolation.B_SPLINE) -> tuple[npt.NDArray[np.generic], ...]:
        return self.made(PixelWindow(0, 0, 500, 500), method)

    def made(
        self, window: PixelWindow, method: Interpolation = Interpolation.B_SPLINE
    ) -> tuple[npt.NDArray[np.generic], ...]:
        pixels = orthorectify(self.grids, self.images, self.ground, window, method)
        return pixels.values, pixels.flags, pixels.detectors, pixels.quality


def test_the_overlap_is_cut_in_its_middle() -> None:
    detectors = Scene().whole()[2]
    row = detectors[200]
    # Columns 20.25 to 319.25 of the map are seen by 4, 280.25 to 579.25 by 5: their middle is 299.75.
    assert set(row[22:300].tolist()) == {4}
    assert set(row[300:].tolist()) == {5}
    assert set(row[:19].tolist()) == {0}


def test_another_detector_stands_in_where_one_has_no_data() -> None:
    scene = Scene()
    scene.images[4].image.pixels[100:200, 250:] = 0
    values, flags, detectors, _ = scene.whole()
    hole = (slice(150, 230), slice(285, 299))
    assert set(np.unique(detectors[hole])) == {5}
    assert not np.any(flags[hole] & NO_DATA)
    lost = (slice(150, 230), slice(272, 278))
    assert not np.any(detectors[lost])
    assert np.all(np.isnan(values[lost]))


def test_a_missing_detector_leaves_a_hole() -> None:
    scene = Scene()
    del scene.images[5]
    assert set(np.unique(scene.whole()[2])) == {0, 4}


def test_quality_is_that_of_the_nearest_pixel() -> None:
    scene = Scene()
    _, _, detectors, quality = scene.whole(Interpolation.NEAREST)
    for number, shift in ((4, 0.0), (5, 260.0)):
        rows, columns = np.nonzero(detectors == number)
        mask = scene.images[number].quality
        assert mask is not None
        lines = np.clip(np.rint(rows - 40.3).astype(int), 0, 399)
        pixels = np.clip(np.rint(columns - 20.25 - shift).astype(int), 0, 299)
        assert np.array_equal(quality[rows, columns], mask[lines, pixels])


def test_a_part_of_an_image_and_its_mask_serve_as_the_whole() -> None:
    scene = Scene()
    window = PixelWindow(120, 250, 60, 100)
    expected = scene.made(window)
    for number, whole in scene.images.items():
        assert whole.quality is not None
        rows, columns = slice(50, 180), slice(0, 300)
        image = SensorImage(whole.image.pixels[rows, columns], 4095, 50, 0, scene.shape)
        scene.images[number] = DetectorImage(image, whole.quality[rows, columns])
    for part, before in zip(scene.made(window), expected, strict=True):
        assert part.tobytes() == before.tobytes()


def test_no_mask_is_as_one_without_a_flag() -> None:
    """The overlap, too, where a detector with flags was there before."""
    scene = Scene()
    clean = DetectorImage(scene.images[5].image, np.zeros(Scene.shape, np.uint8))
    scene.images[5] = clean
    expected = scene.whole()
    scene.images[5] = DetectorImage(clean.image)
    for part, before in zip(scene.whole(), expected, strict=True):
        assert part.tobytes() == before.tobytes()


@pytest.mark.parametrize("method", list(Interpolation))
@pytest.mark.parametrize("size", [37, 128, 333])
def test_any_cutting_gives_the_same_bits(method: Interpolation, size: int) -> None:
    scene = Scene()
    whole = scene.whole(method)
    for row in range(0, 500, size):
        for column in range(0, 500, size):
            window = PixelWindow(row, column, min(size, 500 - row), min(size, 500 - column))
            inside = slice(row, row + window.height), slice(column, column + window.width)
            for part, expected in zip(scene.made(window, method), whole, strict=True):
                assert part.tobytes() == np.ascontiguousarray(expected[inside]).tobytes()


def chosen(before_end: float, missing: slice = slice(0)) -> list[int]:
    """Detectors along a row of 20 pixels: 3 sees the first 14 of them, 4 the last 14, all of 14 pixels."""
    state = (
        np.full((1, 20), -np.inf, np.float32),
        np.zeros((1, 20), np.float32),
        *(np.zeros((1, 20), np.uint8) for _ in range(3)),
    )
    rows = np.zeros((2, 2))
    for detector, first in ((4, 6), (3, 0)):
        columns = np.array([[-first, 19 - first]] * 2, np.float64)
        places = np.arange(20) - first
        flags = ((places < 0) | (places > 13)).astype(np.uint8)[np.newaxis]
        if detector == 3:
            flags[0, missing] = 1
        values = np.full((1, 20), detector, np.float32)
        mask = np.empty((0, 0), np.uint8)
        lay_over(
            rows, columns, 19, (0, 0), (detector, 14, 1), before_end, (values, flags), mask, (0, 0), state
        )
    np.testing.assert_array_equal(state[1][0], state[3][0])
    return [int(detector) for detector in state[3][0]]


def test_detectors_change_where_they_are_told_to() -> None:
    assert chosen(DetectorChoice.MIDDLE.pixels_before_end("B02", 10)) == [3] * 10 + [4] * 10
    assert chosen(DetectorChoice.LOWEST.pixels_before_end("B02", 10)) == [3] * 14 + [4] * 6
    assert chosen(DetectorChoice.LOWEST.pixels_before_end("B08", 10)) == [3] * 10 + [4] * 10
    assert chosen(1.0) == [3] * 13 + [4] * 7


def test_a_detector_without_data_leaves_its_pixels_to_the_other() -> None:
    assert chosen(0.0, missing=slice(8, 12)) == [3] * 8 + [4] * 4 + [3] * 2 + [4] * 6


def test_kernels_do_as_plain_python() -> None:
    random = np.random.default_rng(1)
    levels = random.normal(size=(3, 5, 6))
    heights = random.uniform(-50, 350, (7, 9)).astype(np.float32)
    heights[2, 3] = np.nan
    made, plain = np.empty((7, 9)), np.empty((7, 9))
    arguments = levels, 0.0, 150.0, 100.0, heights, (12.0, 5.0), 55.0
    places_on_ground(*arguments, made)
    places_on_ground.py_func(*arguments, plain)  # type: ignore[attr-defined]
    np.testing.assert_allclose(made, plain, rtol=1e-12)
    assert np.isnan(made[2, 3])
    assert np.sum(np.isnan(made)) == 1

    seen = random.normal(size=(6, 8)).astype(np.float32), random.integers(0, 2, (6, 8)).astype(np.uint8)
    nodes = [np.cumsum(random.uniform(1, 3, (4, 5)), axis=axis) for axis in (0, 1)]
    results = []
    for function in (lay_over, lay_over.py_func):  # type: ignore[attr-defined]
        state = (
            np.full((6, 8), 2.0, np.float32),
            np.zeros((6, 8), np.float32),
            np.zeros((6, 8), np.uint8),
            np.zeros((6, 8), np.uint8),
            np.zeros((6, 8), np.uint8),
        )
        function(
            nodes[0],
            nodes[1],
            3,
            (1, 2),
            (7, 12, 1),
            3.0,
            seen,
            np.arange(144, dtype=np.uint8).reshape(12, 12),
            (1, 2),
            state,
        )
        results.append(state)
    for jitted, plainly in zip(*results, strict=True):
        np.testing.assert_allclose(jitted, plainly)
