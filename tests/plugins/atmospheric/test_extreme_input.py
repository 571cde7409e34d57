"""Scenes beyond the ordinary: no data, one class alone, a low sun, odd counts.

Each gives a product in which every layer is sound, and whose quality report names the fallbacks and the
limits that are exceeded; or it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from ipf_plugins.simulator.spectra import Cover
from osgeo import gdal

from ipf.product.angles import Direction, TileAngles
from ipf.product.bands import BAND_NAMES
from tests.plugins.atmospheric import atmospheres, small_scenes
from tests.plugins.atmospheric.small_scenes import (
    Bands,
    assert_sound,
    image,
    native,
    process,
    refusal,
    run,
)

gdal.UseExceptions()

ACCURATE, SEN2COR = "accurate", "sen2cor"
BOTH_MODES = pytest.mark.parametrize("mode", [ACCURATE, SEN2COR])
STATED, RETRIEVED = ("DEFAULT", "DEFAULT"), ("SEN2COR_DDV", "SEN2COR_APDA")
NO_DATA, SATURATED, WATER, UNCLASSIFIED, CLOUD_HIGH, SNOW = 0, 1, 6, 7, 9, 11
LOW_SUN, EMPTY = "SOLAR_ZENITH_ANGLE_ABOVE_70_DEG", "NO_DATA_AT_ALL"
CLOUD = {**dict.fromkeys(BAND_NAMES, 0.7), "B09": 0.5, "B10": 0.05, "B11": 0.45, "B12": 0.4}
MIDDLE_M = 600
"""A multiple of 60 m from the corner of the scenes."""


@pytest.fixture(scope="module")
def ordinary() -> Bands:
    """Forest, soil, crop and water."""
    return small_scenes.patches()


@pytest.fixture(scope="module")
def lake() -> Bands:
    return small_scenes.patches((Cover.CLEAR_WATER,))


# What the scene shows


def without(counts: Bands, *bands: str) -> Bands:
    """The scene with bands that hold no data."""
    return {band: 0 * each if band in bands or not bands else each for band, each in counts.items()}


def alone(counts: Bands, side_m: int) -> Bands:
    """A square in the middle, of one pixel at least, without data around it."""
    left = without(counts)
    for band, each in counts.items():
        first, side = MIDDLE_M // native(band), max(side_m // native(band), 1)
        here = slice(first, first + side), slice(first, first + side)
        left[band][here] = each[here]
    return left


def holed(counts: Bands) -> Bands:
    """The scene with single pixels of some bands missing."""
    with_holes = {band: each.copy() for band, each in counts.items()}
    for band, row, column in (("B02", 40, 41), ("B11", 30, 3), ("B09", 7, 7), ("B10", 9, 9)):
        with_holes[band][row, column] = 0
    return with_holes


def noise(counts: Bands) -> Bands:
    """Any counts, no data among them."""
    random = np.random.default_rng(0)
    return {band: random.integers(0, 32768, each.shape).astype(np.uint16) for band, each in counts.items()}


Scene = tuple[Callable[[Bands], Bands], tuple[str, str], set[str] | None, int | None]
SCENES: dict[str, Scene] = {
    "no data": (without, STATED, {EMPTY}, NO_DATA),
    "no B02": (lambda counts: without(counts, "B02"), STATED, {EMPTY}, NO_DATA),
    "no B09": (lambda counts: without(counts, "B09"), STATED, {EMPTY}, NO_DATA),
    "no B10": (lambda counts: without(counts, "B10"), STATED, {EMPTY}, NO_DATA),
    "cloud": (lambda _: small_scenes.constant(CLOUD), STATED, {"CLOUD_ONLY"}, CLOUD_HIGH),
    "brighter than white": (lambda _: small_scenes.constant(1.9), STATED, {"CLOUD_ONLY"}, CLOUD_HIGH),
    "the brightest counts": (lambda _: small_scenes.constant(3.1767), STATED, {"CLOUD_ONLY"}, CLOUD_HIGH),
    "the darkest counts": (lambda _: small_scenes.constant(-0.0999), STATED, set(), UNCLASSIFIED),
    "water": (lambda _: small_scenes.patches((Cover.CLEAR_WATER,)), STATED, {"WATER_ONLY"}, WATER),
    "snow": (lambda _: small_scenes.patches((Cover.SNOW,)), ("DEFAULT", "SEN2COR_APDA"), set(), SNOW),
    "forest": (lambda _: small_scenes.patches((Cover.CONIFER_FOREST,)), RETRIEVED, set(), 4),
    "one pixel of 10 m": (lambda counts: alone(counts, 10), STATED, {EMPTY}, NO_DATA),
    "one pixel of 20 m": (lambda counts: alone(counts, 20), STATED, {"WATER_ONLY"}, None),
    "one pixel of 60 m": (lambda counts: alone(counts, 60), STATED, {"WATER_ONLY"}, None),
    "holes": (holed, RETRIEVED, set(), None),
    "noise": (noise, STATED, None, None),
}


@BOTH_MODES
@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_of_its_own_kind(ordinary: Bands, tmp_path: Path, scene: str, mode: str) -> None:
    change, methods, limits, only_class = SCENES[scene]
    made = process(tmp_path, change(ordinary), mode)
    assert made.methods == methods
    if limits is not None:
        assert made.limits == limits
    if only_class is not None:
        assert np.all(image(made.product, "SCL", 20) == only_class)
    content = small_scenes.content_of(made.product)
    if methods == STATED and only_class != NO_DATA:
        assert (content.mean_aot, content.mean_water_vapour) == (0.2, 2.0)


OPTIONS = {
    "format_l2a.quality_page": "true",
    "cirrus_fit.correct": "true",
    "atmosphere_model.aerosol_model": "auto",
    "surface_reflectance.adjacency_range_m": "20",
    "water_vapour.water_mask": "2",
    "water_vapour.smoothing_m": "0",
}


@pytest.mark.parametrize("scene", ["no data", "one pixel of 20 m", "the darkest counts", "noise"])
def test_every_option_bears_it(ordinary: Bands, tmp_path: Path, scene: str) -> None:
    change, methods, *_ = SCENES[scene]
    assert process(tmp_path, change(ordinary), parameters=OPTIONS).methods == methods
    assert list((tmp_path / "demo" / "L2A").glob("*.html"))


# Counts


def test_counts_that_stand_for_saturation_are_a_class_of_their_own(ordinary: Bands, tmp_path: Path) -> None:
    job = small_scenes.job_of(tmp_path, ordinary)
    here = slice(9, 18), slice(9, 18)
    counts = ordinary["B8A"].copy()
    counts[here] = 65535
    (path,) = (job.demo / "L1C").glob("*.SAFE/GRANULE/*/IMG_DATA/*_B8A.jp2")
    rewrite(path, counts)
    outcome = run(job)
    assert (outcome.error, outcome.exit_code) == ("", 0)
    assert_sound(job.product, {**ordinary, "B8A": counts})
    expected = np.zeros(counts.shape, np.bool_)
    expected[here] = True
    np.testing.assert_array_equal(image(job.product, "SCL", 20) == SATURATED, expected)
    content = small_scenes.content_of(job.product)
    assert content.saturated_defective == pytest.approx(100 * expected.mean(), abs=1e-6)
    assert np.all(image(job.product, "B8A", 20)[here] == small_scenes.LARGEST_COUNT)
    reference = process(tmp_path / "ordinary", ordinary).product
    for band in ("B02", "B8A"):  # what is not known leaves no dark seam around it
        wide = np.repeat(np.repeat(expected, 20 // native(band), 0), 20 // native(band), 1)
        found, wanted = (image(each, band, native(band))[~wide] for each in (job.product, reference))
        np.testing.assert_allclose(found, wanted, rtol=0, atol=30)


def rewrite(path: Path, counts: npt.NDArray[np.uint16]) -> None:
    """An image of 16 bits in place of one of 15."""
    source = gdal.GetDriverByName("MEM").Create("", counts.shape[1], counts.shape[0], 1, gdal.GDT_UInt16)
    source.GetRasterBand(1).WriteArray(counts)
    path.unlink()
    gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(
        str(path), source, options=["REVERSIBLE=YES", "QUALITY=100"]
    )


def test_negative_reflectance_is_kept(lake: Bands, tmp_path: Path) -> None:
    made = process(tmp_path, {**lake, "B8A": (lake["B8A"] - 150).astype(np.uint16)})
    found = image(made.product, "B8A", 20)
    assert np.all((found > 700) & (found < 1000))
    assert small_scenes.figures(made.product)["B8A"] == "100.000000"


@BOTH_MODES
@pytest.mark.parametrize("count", [1, 1000, 32767])
@pytest.mark.parametrize("band", ["B09", "B10"])
def test_a_band_without_signal_or_full_of_it(
    ordinary: Bands, tmp_path: Path, band: str, count: int, mode: str
) -> None:
    made = process(tmp_path, {**ordinary, band: np.full_like(ordinary[band], count)}, mode)
    if band == "B09":
        assert made.methods == ("SEN2COR_DDV", "DEFAULT")
    else:
        assert made.methods == (RETRIEVED if count <= 1000 else STATED)
        assert made.limits == ({"CLOUD_ONLY"} if count > 1000 else set())


# Sun


def under(zenith: float) -> TileAngles:
    return atmospheres.constant_angles(Direction(zenith, 60.0), small_scenes.VIEW, small_scenes.NODES)


@pytest.mark.parametrize(
    ("zenith", "mode"),
    [
        (69.9, ACCURATE),
        (70.1, ACCURATE),
        (75.0, ACCURATE),
        (75.0, SEN2COR),
        (79.0, SEN2COR),
        (80.0, ACCURATE),
    ],
)
def test_a_low_sun_is_told(ordinary: Bands, tmp_path: Path, zenith: float, mode: str) -> None:
    made = process(tmp_path, ordinary, mode, angles=under(zenith))
    assert made.limits == ({LOW_SUN} if zenith > 70 else set())
    checks = made.product.metadata.quality.checks if made.product.metadata else {}
    assert checks["GENERAL_QUALITY"] == ("FAILED" if zenith > 70 else "PASSED")


@pytest.mark.parametrize("zenith", [80.1, 85.0, 90.0, 91.0])
def test_a_sun_below_the_tables_is_refused(ordinary: Bands, tmp_path: Path, zenith: float) -> None:
    error = refusal(tmp_path, ordinary, angles=under(zenith))
    assert f"solar zenith (degrees): {zenith:g} is outside the look-up table (0 to 80)" in error
