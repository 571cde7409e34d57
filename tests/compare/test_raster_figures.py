"""Figures of two rasters: those of numpy over whole images, whatever the type, the blocks and the threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from ipf.compare import order_statistics
from ipf.compare.content import Nature
from ipf.compare.figures import PERCENTILES, RasterFigures
from ipf.compare.raster_figures import raster_figures
from ipf.compare.tolerances import RasterTolerances
from tests.compare.rasters import agree, expected, flat, ground, part, pixels

Image = npt.NDArray[Any]
Case = tuple[dict[str, Any], Image, dict[str, Any], Image]

SHAPE = (150, 116)
LIMITS = RasterTolerances(absolute=0.0101, relative=0.004)
CLASSES = np.kron(
    np.random.default_rng(3).choice([0, 4, 5, 9, 250], (15, 29)).astype(np.uint8), np.ones((5, 2), np.uint8)
)
"""Of pixels twice as large down and across."""
FULL_CLASSES = np.kron(CLASSES, np.ones((2, 2), np.uint8))


def noisy(image: Image, seed: int = 2, size: float = 60.0) -> Image:
    """The image with noise, gaps and saturation that come and go."""
    random = np.random.default_rng(seed)
    changed = np.round(np.clip(image + random.normal(0, size, image.shape), 1, 65000))
    draw = random.random(image.shape)
    return np.where(draw < 0.02, 0, np.where(draw > 0.97, 65535, changed)).astype(image.dtype)


def cases() -> dict[str, Case]:
    counts = noisy(ground(SHAPE), 5, 0)
    usual = {"scale": 1e-4, "nodata": 0, "saturated": 65535}
    real = np.where(counts == 0, np.nan, counts * 1e-4)
    small = (ground(SHAPE) // 40).astype(np.uint8)
    holed = np.where(real > 0.3, -9999.0, real)
    return {
        "counts": (usual, counts, usual, noisy(counts)),
        "counts of another offset": (usual, counts, usual | {"offset": -1000}, noisy(counts) + 1000),
        "counts of another scale": (
            usual,
            counts,
            usual | {"scale": 2e-4, "offset": 7.5},
            noisy(counts) // 2,
        ),
        "bytes": ({}, small, {"nodata": 90}, small + np.arange(SHAPE[1]).astype(np.uint8) % 3),
        "signed and unsigned": (
            {"nodata": -32768, "scale": 0.5},
            (counts // 4).astype(np.int16) - np.int16(700),
            {"nodata": 0, "scale": 0.5, "offset": -700},
            noisy(counts) // 4,
        ),
        "whole numbers of 32 bits": (
            {},
            counts.astype(np.int32) * 65536,
            {},
            counts.astype(np.int32) * 65536 - 5 * counts.astype(np.int32),
        ),
        "float32": ({}, real.astype(np.float32), {}, (real * 1.01 + 0.002).astype(np.float32)),
        "float64 with a number for no data": ({"nodata": -9999.0}, holed, {}, real + 0.1 * (real - 0.3)),
        "float32 and counts": (usual, counts, {}, (real * 1.05).astype(np.float32)),
        "saturated reals": ({"saturated": 6.5535}, counts * 1e-4, {}, noisy(counts) * 1e-4),
    }


def figures_of(case: Case, classes: Image | None = None, **more: Any) -> RasterFigures:
    sides = (part(**case[0]), pixels(case[1])), (part(**case[2]), pixels(case[3]))
    return raster_figures(*sides, LIMITS, classes, **more)


@pytest.mark.parametrize("name", cases())
def test_figures_are_those_of_numpy_over_the_whole_images(name: str) -> None:
    case = cases()[name]
    found = figures_of(case, CLASSES)
    wanted = expected(
        (part(**case[0]), case[1]), (part(**case[2]), case[3]), LIMITS.absolute, LIMITS.relative, FULL_CLASSES
    )
    scale = float(np.nanmax(np.abs(wanted["images"])))
    agree(found, wanted, 1e-12 * scale)
    assert wanted["all"]["outside"] > 0 or name == "bytes"
    assert found.histogram.counts.sum() == found.density.counts.sum() == found.all.pixels
    assert found.histogram.counts.size == found.histogram.edges.size - 1


def test_the_line_is_that_of_scipy() -> None:
    case = cases()["float32"]
    one, two = (image.astype(np.float64).ravel() for image in (case[1], case[3]))
    used = np.isfinite(one) & np.isfinite(two)
    line = stats.linregress(one[used], two[used])
    found = figures_of(case)
    np.testing.assert_allclose(
        [found.slope, found.intercept, found.correlation],
        [line.slope, line.intercept, line.rvalue],
        rtol=1e-10,
    )


@pytest.mark.parametrize("name", cases())
def test_figures_do_not_depend_on_blocks_and_threads(name: str) -> None:
    case = cases()[name]
    found = flat(figures_of(case, CLASSES))
    for height, threads in ((1, 1), (7, 2), (64, 3), (10_000, 1)):
        assert flat(figures_of(case, CLASSES, block_rows=height, threads=threads)) == found


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_thumbnails_are_means_of_what_has_data(
    size: int, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipf.compare.pixels.THUMBNAIL", -(-SHAPE[0] // size))
    counts = noisy(ground(SHAPE), 5, 0).astype(kind)
    marks = {"nodata": 0, "saturated": 65535, "scale": 1e-4, "offset": -100}
    case = (marks, counts, marks, noisy(counts))
    found = figures_of(case, block_rows=10).thumbnails
    wanted = expected((part(**marks), counts), (part(**marks), case[3]), 0, 0)
    assert found.step == size
    for image, values in zip(
        (found.reference, found.candidate, found.difference),
        (*wanted["images"], wanted["difference"]),
        strict=True,
    ):
        padded = np.full([-(-length // size) * size for length in SHAPE], np.nan)
        padded[: SHAPE[0], : SHAPE[1]] = values
        cells = (
            padded.reshape(padded.shape[0] // size, size, -1, size).swapaxes(1, 2).reshape(*image.shape, -1)
        )
        means = [
            np.nanmean(cell) if np.isfinite(cell).any() else np.nan for cell in cells.reshape(-1, size**2)
        ]
        np.testing.assert_allclose(image.ravel(), means, rtol=1e-6, atol=1e-9)


def test_a_small_variance_on_a_large_mean_does_not_cancel() -> None:
    random = np.random.default_rng(1)
    one = 1e9 + random.normal(0, 1e-3, SHAPE)
    two = one + random.normal(0, 1e-3, SHAPE)
    found = figures_of(({}, one, {}, two))
    exact = [image.astype(np.longdouble) for image in (one - 1e9, two - 1e9)]
    difference = exact[1] - exact[0]
    centred = [image - image.mean() for image in exact]
    np.testing.assert_allclose(found.all.precision, float(difference.std(ddof=1)), rtol=1e-12)
    slope = float((centred[0] * centred[1]).sum() / (centred[0] ** 2).sum())
    np.testing.assert_allclose(found.slope, slope, rtol=1e-6)


@pytest.mark.parametrize("name", cases())
def test_equal_images_have_a_correlation_and_a_slope_of_exactly_one(name: str) -> None:
    marks, image = cases()[name][:2]
    found = figures_of((marks, image, marks, image.copy()), CLASSES)
    assert found.slope == found.correlation == 1.0
    assert found.differing == found.all.outside == 0
    assert found.all.accuracy == found.all.precision == found.all.uncertainty == found.all.maximum == 0
    assert set(found.percentiles.values()) == {0.0}
    assert all(group.accuracy == 0 for group in found.classes.values())
    assert found.histogram.counts[63] == found.all.pixels


@pytest.mark.parametrize("kind", [np.uint16, np.float64])
def test_the_first_of_several_largest_differences_is_named(kind: type) -> None:
    one = np.full(SHAPE, 100, kind)
    two = one.copy()
    two[40, 7] += 9
    two[40, 3] -= 9
    two[130, 0] += 9
    for height in (1, 64, 200):
        assert figures_of(({}, one, {}, two), block_rows=height).maximum_at == (40, 3)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_components_of_a_picture_are_counted_together(kind: type) -> None:
    random = np.random.default_rng(4)
    one = random.integers(0, 250, (3, *SHAPE)).astype(kind)
    two = one + random.integers(0, 3, one.shape).astype(kind)
    side = part(nature=Nature.PICTURE)
    found = raster_figures((side, pixels(one)), (side, pixels(two)), LIMITS)
    agree(found, expected((side, one), (side, two), LIMITS.absolute, LIMITS.relative))
    assert found.thumbnails.reference.shape == (*SHAPE, 3)
    np.testing.assert_array_equal(found.thumbnails.reference, np.moveaxis(one, 0, -1))
    for height in (1, 50):
        again = raster_figures((side, pixels(one)), (side, pixels(two)), LIMITS, threads=2, block_rows=height)
        assert flat(again) == flat(found)


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_constant_images_have_no_line(kind: type) -> None:
    one = np.full(SHAPE, 7, kind) / kind(10) if kind is np.float32 else np.full(SHAPE, 7, kind)
    found = figures_of(({}, one, {}, one.copy()))
    assert np.isnan([found.slope, found.correlation]).all()
    varying = one.copy()
    varying[0, 0] += 1
    assert np.isnan(figures_of(({}, one, {}, varying)).slope)
    back = figures_of(({}, varying, {}, one))
    assert back.slope == 0
    assert np.isnan(back.correlation)


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_images_without_data_have_no_figures(kind: type) -> None:
    one = np.zeros(SHAPE, kind)
    found = figures_of(({"nodata": 0}, one, {"nodata": 0}, one))
    assert found.all.pixels == 0
    assert np.isnan([found.all.accuracy, found.slope, found.percentiles[50.0], found.mean_reference]).all()
    assert found.maximum_at is None
    assert found.histogram.counts.sum() == found.density.counts.sum() == 0
    assert np.isnan(found.thumbnails.difference).all()


def test_infinities_and_nan_are_not_taken_for_one_another() -> None:
    values = np.array([[np.inf, np.inf, np.inf, np.nan, 1.0, 1.0, -1.0]])
    others = np.array([[np.inf, -np.inf, np.nan, np.nan, np.inf, np.nan, -1.0]])
    found = figures_of(({}, values, {}, others))
    assert (found.no_data_lost, found.no_data_gained, found.all.pixels) == (0, 4, 1)


def test_bins_of_counts_are_whole_counts_wide() -> None:
    counts = ground(SHAPE)
    random = np.random.default_rng(6)
    found = figures_of(({}, counts, {}, counts + random.integers(0, 200, SHAPE).astype(np.uint16)))
    width = np.unique(np.diff(found.histogram.edges))
    assert width.size == 1
    assert width[0] % 2 == 1
    assert found.histogram.edges[63] == -found.histogram.edges[64]


def test_percentiles_of_a_file_are_those_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_statistics, "_IN_MEMORY", 1000)
    monkeypatch.setattr(order_statistics, "_CHUNK", 8 * 77)
    random = np.random.default_rng(8)
    for values in (
        random.normal(0, 1, 2001),
        np.concatenate([np.zeros(500), random.normal(0, 1e-300, 30), -np.geomspace(1e-5, 1e300, 99)]),
        np.array([-0.0, 0.0, 3.0]),
        np.array([5.5]),
    ):
        with order_statistics.kept_values() as kept:
            for some in np.array_split(values, 3):
                kept.add(some)
            found = order_statistics.percentiles_of(kept.order_statistics, values.size, PERCENTILES)
        assert list(found.values()) == list(np.percentile(values, PERCENTILES))
