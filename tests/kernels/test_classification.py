"""The scene classification kernel: spectra of known class, land cover of real scenes, and a numpy twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ipf_plugins.atmospheric.thresholds import SpectralClassificationParameters
from osgeo import gdal

from ipf.kernels import classification
from ipf.kernels.pixels import block_mean

gdal.UseExceptions()

T = SpectralClassificationParameters().thresholds
PAIR_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
USED = ("B02", "B03", "B04", "B05", "B8A", "B10", "B11", "B12")

SPECTRA = {
    "broad-leaved forest": (classification.VEGETATION, [0.09, 0.08, 0.05, 0.10, 0.36, 0.001, 0.17, 0.08]),
    "dry loam": (classification.NOT_VEGETATED, [0.13, 0.15, 0.19, 0.22, 0.29, 0.002, 0.38, 0.32]),
    "desert sand": (classification.NOT_VEGETATED, [0.19, 0.26, 0.36, 0.40, 0.46, 0.002, 0.55, 0.50]),
    "bright rock": (classification.NOT_VEGETATED, [0.25, 0.27, 0.28, 0.29, 0.30, 0.002, 0.345, 0.30]),
    "clear lake": (classification.WATER, [0.08, 0.055, 0.032, 0.028, 0.015, 0.001, 0.006, 0.004]),
    "turbid river": (classification.WATER, [0.12, 0.13, 0.12, 0.10, 0.06, 0.001, 0.015, 0.010]),
    "fresh snow": (classification.SNOW, [0.85, 0.83, 0.82, 0.82, 0.78, 0.005, 0.10, 0.08]),
    "thick cloud": (classification.CLOUD_HIGH, [0.60, 0.60, 0.62, 0.64, 0.68, 0.006, 0.50, 0.40]),
    "thin cloud": (classification.CLOUD_MEDIUM, [0.26, 0.24, 0.22, 0.24, 0.30, 0.004, 0.24, 0.18]),
    "cirrus over forest": (classification.THIN_CIRRUS, [0.12, 0.11, 0.08, 0.13, 0.38, 0.022, 0.18, 0.09]),
    "thick cirrus over forest": (classification.CLOUD_MEDIUM, [0.16, 0.15, 0.12, 0.17, 0.40, 0.05, 0.2, 0.1]),
    "shaded ground": (classification.DARK, [0.07, 0.05, 0.04, 0.05, 0.08, 0.001, 0.06, 0.04]),
}

DARK_OR_UNCLASSIFIED = {
    "dark: not soil, though B02/B11 = 0.67": (2, [0.067, 0.08, 0.07, 0.08, 0.12, 0.001, 0.100, 0.06]),
    "dark, to soil: B02/B11 = 0.64": (5, [0.064, 0.08, 0.07, 0.08, 0.12, 0.001, 0.100, 0.06]),
    "never dark, soil: NDSI = -0.57": (5, [0.060, 0.055, 0.06, 0.10, 0.13, 0.001, 0.20, 0.15]),
    "dark: not water, though B02 - B04 = 0.04": (2, [0.09, 0.07, 0.05, 0.05, 0.045, 0.001, 0.030, 0.02]),
    "dark, to water: B02/B11 = 4.5": (6, [0.09, 0.07, 0.05, 0.05, 0.045, 0.001, 0.020, 0.02]),
    "dark, to vegetation: NDVI = 0.6": (4, [0.07, 0.06, 0.03, 0.05, 0.12, 0.001, 0.060, 0.04]),
    "dark, to vegetation: B8A/B03 = 2.7": (4, [0.07, 0.045, 0.06, 0.07, 0.12, 0.001, 0.060, 0.04]),
    "unclassified, to vegetation: NDVI = 0.7": (4, [0.16, 0.12, 0.05, 0.10, 0.30, 0.001, 0.150, 0.08]),
    "unclassified, to water: B8A = 0.20": (6, [0.25, 0.25, 0.24, 0.16, 0.20, 0.001, 0.030, 0.02]),
    "unclassified: not water, B8A = 0.31": (7, [0.36, 0.36, 0.35, 0.26, 0.31, 0.001, 0.040, 0.02]),
    "little cloud: not vegetation, NDVI = 0.6": (7, [0.16, 0.17, 0.10, 0.15, 0.40, 0.001, 0.170, 0.08]),
}
"""Class, and a spectrum that the recoveries change or that lies just outside them."""


def image(*values: float) -> list[np.ndarray]:
    """One-pixel bands."""
    return [np.full((1, 1), value, np.float32) for value in values]


def classify(
    bands: list[np.ndarray], snow_possible: bool = True, cirrus: bool = True
) -> tuple[np.ndarray, ...]:
    """Classes, what no test decided as unclassified, and confidences in percent; no ring around snow."""
    b02, b03, b04, b05, b8a, b10, b11, b12 = bands
    cloud, snow, ground = classification.spectral_tests(b02, b03, b04, b05, b8a, b11, b12, snow_possible, T)
    elevation = np.full(b02.shape, 0 if cirrus else 3000, np.float32)
    classes = classification.spectral_classes(b02, b03, b04, b8a, b10, b11, cloud, snow, ground, elevation, T)
    classes[classes == classification.UNDECIDED] = classification.UNCLASSIFIED
    percent = [np.where(classes == 0, np.float32(0), np.float32(100) * c) for c in (cloud, snow)]
    return classes, *percent


@pytest.mark.parametrize("name", SPECTRA)
def test_a_spectrum_of_known_class_is_recognised(name: str) -> None:
    expected, spectrum = SPECTRA[name]
    classes, _, _ = classify(image(*spectrum))
    assert classes[0, 0] == expected


@pytest.mark.parametrize("name", DARK_OR_UNCLASSIFIED)
def test_dark_goes_before_the_tests_of_the_ground_and_is_recovered_after_them(name: str) -> None:
    expected, spectrum = DARK_OR_UNCLASSIFIED[name]
    classes, cloud, _ = classify(image(*spectrum))
    assert classes[0, 0] == expected
    assert (cloud[0, 0] > 0) == name.startswith("little cloud")


def test_cloud_and_snow_come_with_their_probabilities() -> None:
    _, cloud, snow = classify(image(*SPECTRA["thick cloud"][1]))
    assert (cloud[0, 0], snow[0, 0]) == (100, 0)
    _, cloud, snow = classify(image(*SPECTRA["fresh snow"][1]))
    assert (cloud[0, 0], snow[0, 0]) == (0, 100)


def test_bright_vegetation_keeps_its_cloud_confidence() -> None:
    hazy_crop = [0.20, 0.20, 0.18, 0.25, 0.55, 0.002, 0.22, 0.15]
    classes, cloud, _ = classify(image(*hazy_crop))
    assert classes[0, 0] == classification.CLOUD_MEDIUM
    assert cloud[0, 0] == pytest.approx(39.9, abs=0.05)  # ((0.18 - 0.06) / 0.19)², nothing speaks against it
    hazy_crop[0] = 0.14
    classes, cloud, _ = classify(image(*hazy_crop))
    assert (classes[0, 0], cloud[0, 0]) == (classification.VEGETATION, 0)


@pytest.mark.parametrize(("nir_to_swir", "factor"), [(0.89, 1.0), (1.0, 0.5), (1.11, 1.0)])
def test_blue_below_the_limit_of_rock_is_less_of_a_cloud_even_when_no_rock(
    nir_to_swir: float, factor: float
) -> None:
    """B02/B11 = 1.05 is no rock: no class, and no certainty against a cloud below the ramp either."""
    b8a = nir_to_swir * 0.2
    classes, cloud, _ = classify(image(0.21, 0.20, 0.20, 0.20, b8a, 0.002, 0.20, 0.18))
    assert cloud[0, 0] == pytest.approx(100 * factor * (0.14 / 0.19) ** 2, rel=1e-4)
    assert classes[0, 0] == classification.CLOUD_MEDIUM


def test_where_snow_is_impossible_a_snowy_spectrum_is_cloud() -> None:
    classes, cloud, snow = classify(image(*SPECTRA["fresh snow"][1]), snow_possible=False)
    assert classes[0, 0] != classification.SNOW
    assert snow[0, 0] == 0
    assert cloud[0, 0] == 0  # B04/B11 above 6 speaks against cloud as well


def test_thick_cirrus_over_snow_is_cloud_on_low_ground_only() -> None:
    veiled = [0.85, 0.83, 0.82, 0.82, 0.78, 0.05, 0.10, 0.08]
    classes, cloud, snow = classify(image(*veiled))
    assert (classes[0, 0], cloud[0, 0], snow[0, 0]) == (classification.CLOUD_MEDIUM, pytest.approx(65), 0)
    classes, cloud, snow = classify(image(*veiled), cirrus=False)
    assert (classes[0, 0], cloud[0, 0], snow[0, 0]) == (classification.SNOW, 0, 100)


def test_high_ground_is_not_called_cirrus() -> None:
    classes, _, _ = classify(image(*SPECTRA["cirrus over forest"][1]), cirrus=False)
    assert classes[0, 0] == classification.VEGETATION


@pytest.mark.parametrize("band", range(8))
def test_a_pixel_without_data_in_any_band_is_nodata(band: int) -> None:
    bands = image(*SPECTRA["thick cloud"][1])
    bands[band][:] = np.nan
    assert [int(layer[0, 0]) for layer in classify(bands)] == [classification.NO_DATA, 0, 0]


def test_a_pixel_just_bright_enough_has_confidence_of_exactly_one() -> None:
    grey = [0.25, 0.25, float(T.cloud_red_high), 0.25, 0.25, 0.004, 0.21, 0.18]
    classes, cloud, _ = classify(image(*grey))
    assert (classes[0, 0], cloud[0, 0]) == (classification.CLOUD_HIGH, 100)
    grey[2] = float(T.cloud_red_low)
    assert classify(image(*grey))[1][0, 0] == 0


@settings(deadline=None, max_examples=50)
@given(
    hnp.arrays(np.float32, (8, 12, 12), elements=st.floats(-0.125, 1.25, width=32) | st.just(float("nan"))),
    st.booleans(),
    st.booleans(),
)
def test_kernel_equals_its_numpy_twin(reflectance: np.ndarray, snow: bool, cirrus: bool) -> None:
    given_ = [np.ascontiguousarray(band) for band in reflectance]
    for made, expected in zip(classify(given_, snow, cirrus), twin(given_, snow, cirrus), strict=True):
        np.testing.assert_array_equal(made, expected)


def test_every_class_of_the_twin_is_reached() -> None:
    rng = np.random.default_rng(3)
    spectra = np.array([spectrum for _, spectrum in SPECTRA.values()], np.float32)
    mixed = spectra[rng.integers(0, len(spectra), (60, 60))] * rng.uniform(0.7, 1.3, (60, 60, 8))
    bands = [np.ascontiguousarray(mixed[..., band], np.float32) for band in range(8)]
    classes, cloud, snow = classify(bands)
    for made, expected in zip((classes, cloud, snow), twin(bands, True, True), strict=True):
        np.testing.assert_array_equal(made, expected)
    assert set(np.unique(classes)) == {2, 4, 5, 6, 7, 8, 9, 10, 11}


def test_undecided_is_told_from_little_cloud() -> None:
    b02, b03, b04, b05, b8a, b10, b11, b12 = image(
        *DARK_OR_UNCLASSIFIED["unclassified: not water, B8A = 0.31"][1]
    )
    cloud, snow, ground = classification.spectral_tests(b02, b03, b04, b05, b8a, b11, b12, True, T)
    flat = np.zeros((1, 1), np.float32)
    undecided = classification.spectral_classes(b02, b03, b04, b8a, b10, b11, cloud, snow, ground, flat, T)
    assert undecided[0, 0] == classification.UNDECIDED
    cloud[:] = 0.1
    little = classification.spectral_classes(b02, b03, b04, b8a, b10, b11, cloud, snow, ground, flat, T)
    assert little[0, 0] == classification.UNCLASSIFIED


def test_the_ring_around_snow_loses_its_cloud_where_it_is_dim_in_b12() -> None:
    cloud = np.full((1, 4), 0.7, np.float32)
    ground = np.array([[classification.SNOW, 7, 7, 7]], np.uint8)
    near = np.array([[1, 1, 1, 0]], np.uint8)
    b12 = np.array([[0.1, 0.2, 0.3, 0.1]], np.float32)
    classification.clear_snow_ring(cloud, ground, near, b12, T)
    np.testing.assert_array_equal(cloud, np.array([[0.7, 0, 0.7, 0.7]], np.float32))


def scene_classes(reference_data: Path, scene: str) -> tuple[np.ndarray, np.ndarray]:
    """Classes of a real scene at 20 m, and its land cover where the cell is pure (255 elsewhere)."""
    counts = gdal.Open(str(reference_data / f"pairs/S2L1C/{scene}.tif")).ReadAsArray()
    reflectance = ((counts - 1000) * 1e-4).astype(np.float32)
    bands = [block_mean(np.ascontiguousarray(reflectance[PAIR_BANDS.index(name)]), 2) for name in USED]
    cover = gdal.Open(str(reference_data / f"pairs/LULC/{scene}.tif")).ReadAsArray()
    corners = np.stack([cover[row::2, column::2] for row in (0, 1) for column in (0, 1)])
    return classify(bands)[0], np.where((corners == corners[0]).all(0), corners[0], 255)


@pytest.mark.parametrize("scene", ["433D_629L_3_1", "282D_485L_3_3"])
def test_trees_of_a_land_cover_map_are_vegetation(reference_data: Path, scene: str) -> None:
    classes, cover = scene_classes(reference_data, scene)
    trees = classes[cover == 2]
    assert trees.size > 2000
    assert np.mean(trees == classification.VEGETATION) > 0.95


@pytest.mark.parametrize("scene", ["433D_629L_3_1", "282D_485L_3_3"])
def test_what_is_called_water_is_water_on_a_land_cover_map(reference_data: Path, scene: str) -> None:
    classes, cover = scene_classes(reference_data, scene)
    water = cover[(classes == classification.WATER) & (cover != 255)]
    assert water.size > 40  # dark water of 433D stays dark: only a map of water bodies would recover it
    assert np.mean(water == 1) > 0.98


def ramp(value: np.ndarray, low: np.float32, high: np.float32) -> np.ndarray:
    with np.errstate(over="ignore"):
        inner = (value - low) / (high - low)
    return np.where(value <= low, 0, np.where(value >= high, 1, inner)).astype(np.float32)


def twin(bands: list[np.ndarray], snow_possible: bool, cirrus_possible: bool) -> tuple[np.ndarray, ...]:
    """The tests of the kernel on whole arrays, in plain numpy."""
    missing = np.isnan(np.sum(bands, axis=0))
    raised = [np.maximum(np.nan_to_num(band), np.float32(1e-4)) for band in bands]
    b02, b03, b04, b05, b8a, _, b11, _ = raised
    b10, b12 = np.nan_to_num(bands[5]), np.nan_to_num(bands[7])
    ndsi = (b03 - b11) / (b03 + b11)
    red = ramp(b04, T.cloud_red_low, T.cloud_red_high)
    cloud = red * red * ramp(ndsi, T.cloud_ndsi_low, T.cloud_ndsi_high)
    bright = ramp(b8a, T.snow_nir_low, T.snow_nir_high) * ramp(b02, T.snow_blue_low, T.snow_blue_high)
    blue_red = ramp(b02 / b04, T.snow_blue_red_ratio_low, T.snow_blue_red_ratio_high)
    snow = ramp(ndsi, T.snow_ndsi_low, T.snow_ndsi_high) * bright * blue_red
    dark = (b04 < T.dark_red_maximum) & (T.dark_nir_minimum < b8a) & (b8a < T.dark_nir_maximum)
    dark &= ndsi > T.cloud_ndsi_low
    cloud[dark] = 0
    snow[(b05 / b8a < T.snow_red_edge_ratio_minimum) | (cloud <= 0) | (not snow_possible)] = 0
    is_snow = snow > T.snow_confidence_minimum

    ndvi = (b8a - b04) / (b8a + b04)
    vegetation = ramp(ndvi, T.vegetation_ndvi_low, T.vegetation_ndvi_high)
    b02_b11, b8a_b11 = b02 / b11, b8a / b11
    soil_limit = np.clip(
        T.soil_blue_slope * b02_b11 + T.soil_blue_intercept, T.soil_blue_minimum, T.soil_blue_maximum
    )
    rock_limit = np.clip(
        T.rock_blue_slope * b8a_b11 + T.rock_blue_intercept, T.rock_blue_minimum, T.rock_blue_maximum
    )
    swir_limit = np.clip(
        T.water_swir_slope * b02_b11 + T.water_swir_intercept, T.water_swir_minimum, T.water_swir_maximum
    )
    soil_like = b02 < soil_limit
    rock_dim = b02 < rock_limit
    is_rock = rock_dim & (b8a_b11 < T.rock_ratio_low) & (b02 < T.rock_blue_swir_ratio * b11)
    water_like = (b8a < b04) & (b02 < T.water_blue_maximum)
    blue_water = water_like & (b02 - b04 > T.water_blue_red_difference)
    ratio_water = water_like & ~blue_water & (b12 < swir_limit)
    one = np.float32(1)
    soil = np.where(soil_like, ramp(b02_b11, T.soil_ratio_low, T.soil_ratio_high), one)
    rock = np.where(rock_dim, ramp(b8a_b11, T.rock_ratio_low, T.rock_ratio_high), one)
    rock[rock_dim & (b8a_b11 < T.rock_ratio_low) & ~is_rock] = 1
    water = np.where(ratio_water, one - ramp(b02_b11, T.water_ratio_low, T.water_ratio_high), one)
    water[blue_water] = 0
    glint = one - ramp(b04 / b11, T.glint_ratio_low, T.glint_ratio_high)
    green = one - vegetation
    green[(vegetation == 1) & (b02 >= T.vegetation_blue_maximum)] = 1
    factor = green * soil * water * rock * glint
    cloud = np.where(is_snow, np.float32(0), cloud * factor)
    ground = np.select(
        [
            is_snow,
            dark,
            (vegetation == 1) & (b02 < T.vegetation_blue_maximum),
            soil_like & (b02_b11 < T.soil_ratio_low),
            blue_water | (ratio_water & (b02_b11 > T.water_ratio_high)),
            is_rock,
        ],
        [11, 2, 4, 5, 6, 5],
        7,
    )
    open_ = (ground == 2) | ((ground == 7) & (cloud == 0))
    ground[open_ & ((ndvi > T.vegetation_ndvi_high) | (b8a / b03 > T.recovery_vegetation_ratio))] = 4
    open_ &= ground != 4
    deep = (b02_b11 > T.water_ratio_high) & (b8a < b04) & (b8a < T.recovery_water_nir_maximum)
    ground[open_ & deep] = 6
    ground[(ground == 2) & (b02_b11 < T.recovery_soil_ratio)] = 5
    thick = cirrus_possible & (b10 >= T.cirrus_high)
    thin = cirrus_possible & (b10 > T.cirrus_low) & (b02 < T.cirrus_blue_maximum)
    classes = np.select(
        [
            cloud >= T.cloud_high_probability,
            (cloud >= T.cloud_medium_probability) | thick,
            thin,
        ],
        [9, 8, 10],
        ground,
    )
    raised = thick & (cloud < T.thick_cirrus_confidence)
    cloud = np.where(raised, T.thick_cirrus_confidence, cloud)
    snow = np.where(raised, np.float32(0), snow)
    layers = (classes.astype(np.uint8), np.float32(100) * cloud, np.float32(100) * snow)
    return tuple(np.where(missing, layer.dtype.type(0), layer) for layer in layers)
