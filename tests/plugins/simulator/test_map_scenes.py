"""Scenes on a map: the splines that they say they are, wavelengths that pixels can carry, and their ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from ipf_plugins.simulator.map_scenes import LATTICE, OCTAVES, PERIOD, RasterScene, Texture, TexturedScene
from ipf_plugins.simulator.view_kernels import add_spline, counts_of_reflectance, places_on_map
from scipy.ndimage import map_coordinates

from ipf.errors import ParameterError

Places = npt.NDArray[np.float64]
EPSG = 32628


def places(shape: tuple[int, int] = (40, 50)) -> tuple[Places, Places]:
    """Eastings and northings all over a map."""
    random = np.random.default_rng(5)
    return random.uniform(2e5, 8e5, shape), random.uniform(0.0, 9e6, shape)


def test_a_texture_is_a_spline_surface_without_end() -> None:
    texture, (eastings, northings) = Texture.of(40.0, 80.0, 1), places()
    values = np.zeros(eastings.shape, np.float32)
    texture.add(2.0, eastings, northings, values)
    spacing = texture.shortest / LATTICE
    expected = map_coordinates(
        texture.coefficients[:PERIOD, :PERIOD].astype(np.float64),
        [(-northings / spacing) % PERIOD, (eastings / spacing) % PERIOD],
        order=3,
        mode="grid-wrap",
        prefilter=False,
    )
    np.testing.assert_allclose(values, 2.0 * expected, atol=2e-5)
    assert values.std() == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(("shortest", "longest"), OCTAVES)
def test_a_texture_has_the_wavelengths_that_it_says(shortest: float, longest: float) -> None:
    texture = Texture.of(shortest, longest, 2)
    spacing = shortest / LATTICE / 2
    along = np.arange(2 * PERIOD) * spacing
    eastings, northings = np.meshgrid(along, along)
    values = np.zeros(eastings.shape, np.float32)
    texture.add(1.0, eastings, northings, values)
    power = np.abs(np.fft.rfft2(values.astype(np.float64))) ** 2
    frequency = np.hypot(
        np.fft.fftfreq(2 * PERIOD, spacing)[:, np.newaxis], np.fft.rfftfreq(2 * PERIOD, spacing)
    )
    inside = (frequency <= 1.001 / shortest) & (frequency >= 0.999 / longest)
    assert power[~inside].sum() < 1e-6 * power.sum()


def test_bands_share_what_their_pixels_can_carry() -> None:
    scene, (eastings, northings) = TexturedScene.of(EPSG, seed=3), places((200, 200))
    fine, other, coarse = (scene.reflectance(band, eastings, northings) for band in ("B02", "B08", "B01"))
    np.testing.assert_allclose(fine / scene.means["B02"], other / scene.means["B08"], rtol=1e-5)
    rest = fine / scene.means["B02"] - coarse / scene.means["B01"]
    assert rest.std() == pytest.approx(np.hypot(0.08, 0.06), rel=0.02)
    assert len(set(scene.means.values())) == 13
    assert not np.allclose(
        fine, TexturedScene.of(EPSG, seed=4).reflectance("B02", eastings, northings), atol=0.01
    )


def test_a_raster_is_the_spline_through_its_pixels() -> None:
    image = np.random.default_rng(1).uniform(0.1, 0.5, (30, 40)).astype(np.float32)
    scene = RasterScene.of(EPSG, 3e5, 3.6e6, 20.0, {"B05": image})
    rows, columns = np.mgrid[1:29, 1:39].astype(np.float64)
    northings, eastings = 3.6e6 - (rows + 0.5) * 20.0, 3e5 + (columns + 0.5) * 20.0
    at_pixels = scene.reflectance("B05", eastings, northings)
    assert np.all(np.isfinite(at_pixels[:, :-1][:-1]))
    np.testing.assert_allclose(at_pixels[:-1, :-1], image[1:28, 1:38], atol=1e-6)
    between = scene.reflectance("B05", eastings[:-2, :-2] + 7.0, northings[:-2, :-2] - 3.0)
    expected = map_coordinates(
        image.astype(np.float64), [rows[:-2, :-2] + 0.15, columns[:-2, :-2] + 0.35], order=3, mode="mirror"
    )
    np.testing.assert_allclose(between, expected, atol=1e-6)


def test_beyond_a_raster_there_is_nothing() -> None:
    scene = RasterScene.of(EPSG, 0.0, 200.0, 20.0, {"B05": np.full((10, 10), 0.3, np.float32)})
    eastings = np.array([[100.0, -50.0, 100.0, 260.0, np.nan]])
    northings = np.array([[100.0, 100.0, 250.0, 100.0, 100.0]])
    values = scene.reflectance("B05", eastings, northings)
    np.testing.assert_allclose(values[0, 0], 0.3, rtol=1e-6)
    assert np.all(np.isnan(values[0, 1:]))
    with pytest.raises(ParameterError, match="no image of B02"):
        scene.reflectance("B02", eastings, northings)


def test_scenes_that_are_none_are_refused() -> None:
    image = np.full((10, 10), 0.3, np.float32)
    image[3, 4] = np.nan
    with pytest.raises(ParameterError, match=r"B05 of \(10, 10\) pixels, 1 without a value"):
        RasterScene.of(EPSG, 0.0, 200.0, 20.0, {"B05": image})
    with pytest.raises(ParameterError, match="2 contrasts, expected 4"):
        TexturedScene.of(EPSG, contrasts=(0.1, 0.1))


def test_kernels_do_as_plain_python() -> None:
    random = np.random.default_rng(2)
    eastings, northings = random.uniform(-100, 900, (5, 7)), random.uniform(-100, 900, (5, 7))
    eastings[1, 2] = np.nan
    for period, coefficients in ((0, random.normal(size=(9, 9))), (16, random.normal(size=(19, 19)))):
        made = [np.ones((5, 7), np.float32) for _ in range(2)]
        for function, values in zip((add_spline, add_spline.py_func), made, strict=True):  # type: ignore[attr-defined]
            arguments = coefficients.astype(np.float32), (0.0, 800.0), 50.0, period, 0.5
            function(*arguments, eastings, northings, values)
        np.testing.assert_allclose(made[0], made[1], rtol=1e-5)
        assert np.isnan(made[0][1, 2])

    longitude, latitude = random.uniform(10.0, 10.05, (5, 7)), random.uniform(-3.05, -3.0, (5, 7))
    longitude[2, 3] = np.nan
    mesh = random.normal(size=(8, 8, 4))
    results = []
    for function in (places_on_map, places_on_map.py_func):  # type: ignore[attr-defined]
        found = np.empty((5, 7)), np.empty((5, 7)), np.empty((5, 7), np.float32)
        function(longitude, latitude, random.normal(size=5) * 0, mesh, (-306, 999), (0.01, 0.01), found)
        results.append(found)
    for compiled, plain in zip(*results, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-6)
        assert np.isnan(compiled[2, 3])

    reflectance, cosine = random.uniform(0, 3, (2, 5, 7)).astype(np.float32)
    reflectance[0, 0] = np.nan
    counted = [np.empty((5, 7), np.uint16) for _ in range(2)]
    for function, counts in zip(
        (counts_of_reflectance, counts_of_reflectance.py_func),  # type: ignore[attr-defined]
        counted,
        strict=True,
    ):
        function(reflectance, cosine, 900.0, -100.0, (0.0, 0.0), 3, 11, 4095, counts)
    np.testing.assert_array_equal(counted[0], counted[1])
    assert counted[0][0, 0] == 0
    assert counted[0].max() == 4095
