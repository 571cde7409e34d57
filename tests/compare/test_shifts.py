"""Shifts: found to hundredths of a pixel where the truth is known, and as an independent tool finds them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from osgeo import gdal
from scipy import fft, ndimage
from skimage.registration import phase_cross_correlation

from ipf.compare.figures import ShiftField
from ipf.compare.results import Check, CheckName, Status
from ipf.compare.shifts import GOOD_CORRELATION, Shift, shift_check, shift_field, shift_of, window_side
from ipf.compare.tolerances import RasterTolerances
from ipf.product.raster import Window

gdal.UseExceptions()

Image = npt.NDArray[np.float64]
SHIFTS = ((0.1, 0.0), (0.0, 0.5), (0.5, -0.3), (-0.1, 0.1), (1.3, 0.7), (-2.25, 0.15), (3.7, -4.4))
LIMITS = RasterTolerances(shift=0.05, local_shift=0.3)


def landscape(rows: int, columns: int, seed: int = 1) -> Image:
    """Ground of all scales, blurred as by optics, in counts."""
    random = np.random.default_rng(seed)
    scales = ((1.0, 300.0), (4.0, 900.0), (20.0, 8000.0))
    parts = [
        weight * ndimage.gaussian_filter(random.normal(size=(rows, columns)), scale, mode="wrap")
        for scale, weight in scales
    ]
    ground: Image = np.add.reduce(parts) + 2500
    return ground


def moved(image: Image, rows: float, columns: float) -> Image:
    """The image, which is periodic, with its content further down and to the right."""
    return np.asarray(fft.ifft2(ndimage.fourier_shift(fft.fft2(image), (rows, columns))).real)


def reader(image: Image) -> Callable[[Window], Image]:
    return lambda window: image[window.slices]


def field_of(reference: Image, candidate: Image) -> ShiftField:
    assert reference.shape == candidate.shape
    rows, columns = reference.shape
    return shift_field(reader(reference), reader(candidate), (rows, columns))


def verdict(reference: Image, candidate: Image, limits: RasterTolerances = LIMITS) -> Check:
    return shift_check(field_of(reference, candidate), limits, "B04 10 m")


@pytest.fixture(scope="module")
def ground() -> Image:
    return landscape(640, 640)


@pytest.mark.parametrize("size", [64, 128, 256])
@pytest.mark.parametrize("shift", SHIFTS)
def test_known_shifts_are_found(ground: Image, shift: tuple[float, float], size: int) -> None:
    candidate = moved(ground, *shift)
    for corner in (40, 200, 350):
        at = slice(corner, corner + size), slice(corner, corner + size)
        found = shift_of(ground[at], candidate[at])
        assert (found.row, found.column) == pytest.approx(shift, abs=0.02)
        assert found.correlation > 0.99


@pytest.mark.parametrize("shift", SHIFTS)
def test_gain_offset_and_rounding_are_no_shift_and_hide_none(
    ground: Image, shift: tuple[float, float]
) -> None:
    at = slice(100, 356), slice(100, 356)
    candidate = np.round(moved(ground, *shift) * 0.8 + 1000)
    found = shift_of(ground[at], candidate[at])
    assert (found.row, found.column) == pytest.approx(shift, abs=0.02)
    brighter = shift_of(ground[at], np.round(ground[at] * 1.2 - 300))
    assert (brighter.row, brighter.column) == (0, 0)


@pytest.mark.parametrize(("order", "within"), [(1, 0.04), (3, 0.01), (5, 0.01)])
@pytest.mark.parametrize("shift", [(0.5, 0.1), (0.1, 0.0), (0.3, -0.3), (1.3, 0.7)])
def test_shift_by_interpolation_is_found(
    ground: Image, shift: tuple[float, float], order: int, within: float
) -> None:
    candidate = np.round(ndimage.shift(ground, shift, order=order, mode="mirror"))
    found = shift_of(ground[100:356, 100:356], candidate[100:356, 100:356])
    assert (found.row, found.column) == pytest.approx(shift, abs=within)


def texture(shift: tuple[float, float], size: int, seed: int) -> Image:
    """Eighty waves of 4 pixels to a sixth of the window and of any direction, and nothing else."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size] - np.reshape(shift, (2, 1, 1))
    image = np.full((size, size), 2000.0)
    for _ in range(80):
        length = np.exp(random.uniform(np.log(4), np.log(size / 6)))
        direction, phase = random.uniform(0, 2 * np.pi, 2)
        along = np.cos(direction) * rows + np.sin(direction) * columns
        image += 20 * np.sqrt(length) * np.cos(2 * np.pi * along / length + phase)
    return image


@pytest.mark.parametrize("noise", [0.0, 10.0])
@pytest.mark.parametrize("size", [32, 64, 128, 256])
@pytest.mark.parametrize("shift", [*SHIFTS[:-1], (0.2, -0.3), (0.01, 0.02), (3.0, -0.5)])
def test_shifts_of_limited_wavelengths_are_found(shift: tuple[float, float], size: int, noise: float) -> None:
    random = np.random.default_rng(7)
    for seed in range(2):
        reference, candidate = (
            image + random.normal(0.0, 1.0, image.shape) * noise
            for image in (texture((0.0, 0.0), size, seed), texture(shift, size, seed) * 1.1 + 100)
        )
        found = shift_of(reference, candidate)
        assert (found.row, found.column) == pytest.approx(shift, abs=0.02 if size > 64 else 0.05)


def test_equal_windows_have_no_shift_whatever_they_show(ground: Image) -> None:
    gaps = ground[:64, :64].copy()
    gaps[:40] = np.nan
    for image in (ground[:64, :64], np.ones((64, 64)), gaps):
        assert shift_of(image, image.copy()) == Shift(0.0, 0.0, 1.0)


def test_few_gaps_are_filled_and_many_refused(ground: Image) -> None:
    reference, candidate = ground[:128, :128].copy(), moved(ground, 0.5, -0.2)[:128, :128]
    candidate[40:44, 30:60] = np.nan
    found = shift_of(reference, candidate)
    assert (found.row, found.column) == pytest.approx((0.5, -0.2), abs=0.05)
    reference[:20] = np.nan
    assert np.isnan(shift_of(reference, candidate)).all()


def test_flat_windows_and_windows_of_noise_are_not_measured(ground: Image) -> None:
    random = np.random.default_rng(3)
    flat, noise, other = np.full((64, 64), 7.0), random.normal(size=(64, 64)), random.normal(size=(64, 64))
    for pair in ((flat, ground[:64, :64]), (flat, flat + 1), (noise, other), (noise, ground[:64, :64])):
        assert np.isnan(shift_of(*pair)).all()
    noise = random.normal(size=(80, 80))
    assert shift_of(noise[8:72, 8:72], noise[6:70, 7:71])[:2] == pytest.approx((2, 1), abs=0.02)


def test_noise_on_a_smooth_image_is_no_shift() -> None:
    smooth = ndimage.gaussian_filter(np.random.default_rng(4).normal(size=(600, 600)), 20)
    smooth /= smooth.std()
    for seed in range(5):
        noise = np.random.default_rng(seed).normal(size=(2, 600, 600)) * 0.1
        check = verdict(smooth + noise[0], smooth + noise[1], RasterTolerances())
        assert check.status is Status.PASSED, check.message
        assert check.figures["windows_used"]
        field = field_of(smooth + noise[0], smooth + noise[1])
        assert np.count_nonzero(np.nan_to_num(field.rows)) < 0.08 * field.rows.size


@pytest.mark.parametrize(
    ("length", "side"), [(31, 32), (32, 32), (127, 32), (172, 64), (1830, 64), (5490, 256), (10980, 256)]
)
def test_windows_fit_the_image(length: int, side: int) -> None:
    assert window_side((length, length)) == side


def test_grid_of_windows_covers_the_image() -> None:
    asked: list[Window] = []

    def read(window: Window) -> Image:
        asked.append(window)
        return np.zeros((window.height, window.width))

    field = shift_field(read, read, (10980, 9000))
    assert field.rows.shape == field.columns.shape == field.correlation.shape == (11, 11)
    first, last = field.centres[0, 0], field.centres[-1, -1]
    assert tuple(first) == (127.5, 127.5)
    assert tuple(last) == (10980 - 128.5, 9000 - 128.5)
    assert all(window.clipped(10980, 9000) == window for window in asked)


def test_untouched_copy_passes_with_no_tolerance(ground: Image) -> None:
    check = verdict(ground, ground.copy(), RasterTolerances())
    assert check.status is Status.PASSED
    assert check.name is CheckName.SHIFT
    assert check.figures["windows_used"] == check.figures["windows"] > 50
    assert check.figures["shift"] == check.figures["local_shift"] == 0


@pytest.mark.parametrize("size", [57, 172, 343, 640])
@pytest.mark.parametrize("shift", [(0.5, 0.0), (0.0, 0.1)])
def test_shift_of_a_band_is_found(ground: Image, shift: tuple[float, float], size: int) -> None:
    reference, candidate = ground[:size, :size], moved(ground, *shift)[:size, :size]
    check = verdict(reference, candidate)
    assert check.status is Status.FAILED
    assert check.figures["row"] == pytest.approx(shift[0], abs=0.02)
    assert check.figures["column"] == pytest.approx(shift[1], abs=0.02)
    looser = RasterTolerances(shift=max(shift) + 0.02, local_shift=1)
    assert verdict(reference, candidate, looser).status is Status.PASSED


@pytest.mark.parametrize("start", [0, 100, 187, 300, 491])
def test_shifted_stripe_of_a_detector_is_found_where_it_is(ground: Image, start: int) -> None:
    width = round(0.23 * ground.shape[1])
    stripe = np.zeros(ground.shape, bool)
    for row, begin in enumerate(start + np.arange(ground.shape[0]) * 0.25 - 80):
        stripe[row, max(round(begin), 0) : max(round(begin) + width, 0)] = True
    candidate = np.where(stripe, moved(ground, 1.5, 0), ground)
    check = verdict(ground, candidate)
    assert check.status is Status.FAILED
    assert check.figures["shift"] <= LIMITS.shift
    assert float(check.figures["local_shift"]) == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize(
    "part",
    [
        (slice(300, 440), slice(300, 440)),
        (slice(None), slice(0, 70)),
        (slice(None), slice(570, 640)),
        (slice(200, 460), slice(560, 640)),
    ],
)
def test_parts_that_few_windows_show_are_found(ground: Image, part: tuple[slice, slice]) -> None:
    """A block, and stripes of detectors that the edge of the tile cuts."""
    candidate = ground.copy()
    candidate[part] = moved(ground, 1.0, 0)[part]
    check = verdict(ground, candidate)
    assert check.status is Status.FAILED
    assert float(check.figures["shift"]) <= LIMITS.shift
    assert float(check.figures["local_shift"]) == pytest.approx(1.0, abs=0.1)


def test_a_lone_window_leaves_neighbours_unmeasured() -> None:
    alone = np.full((5, 5), np.nan)
    alone[2, 2] = 0.9
    field = ShiftField(64, np.zeros((5, 5, 2)), alone, alone, alone)
    check = shift_check(field, RasterTolerances(shift=2, local_shift=1), "B04")
    assert "largest of neighbouring windows not measured; 1 of 25 windows" in check.message
    assert "local_shift" not in check.figures


def test_one_bad_window_is_no_shift(ground: Image) -> None:
    candidate = ground + np.random.default_rng(5).normal(size=ground.shape)
    candidate[300:364, 300:364] = moved(ground, 2, 2)[300:364, 300:364]
    check = verdict(ground, candidate, RasterTolerances(shift=0.01, local_shift=0.05))
    assert check.status is Status.PASSED, check.message


def test_nothing_to_measure_is_said(ground: Image) -> None:
    random = np.random.default_rng(6)
    pairs = (
        (np.ones((200, 200)), np.full((200, 200), 2.0)),
        (random.normal(size=(200, 200)), random.normal(size=(200, 200))),
        (np.full((200, 200), np.nan), ground[:200, :200]),
        (ground[:20, :300], ground[5:25, :300]),
    )
    for pair in pairs:
        check = verdict(*pair, RasterTolerances())
        assert check.status is Status.PASSED
        assert check.message.startswith("no shift could be measured: ")
        assert check.figures["windows_used"] == 0


def test_images_of_other_places_fail_unless_any_shift_is_allowed(ground: Image) -> None:
    other = landscape(640, 640, seed=9)
    check = verdict(ground, other)
    assert check.status is Status.FAILED
    assert check.figures["windows_used"] == 0
    allowed = verdict(ground, other, RasterTolerances(shift=np.inf, local_shift=np.inf))
    assert allowed.status is Status.PASSED
    assert allowed.message.startswith("no shift could be measured: ")


def two_dates(folder: Path) -> tuple[Image, Image]:
    """The area that both images of the pair show, NaN = no data."""
    sources = [gdal.Open(os.fspath(path)) for path in sorted(folder.glob("*.jp2"))]
    corners = [
        (round(-transform[3] / 10), round(transform[0] / 10))
        for transform in (source.GetGeoTransform() for source in sources)
    ]
    shapes = [(source.RasterYSize, source.RasterXSize) for source in sources]
    first = [max(at) for at in zip(*corners, strict=True)]
    last = [
        min(corner[axis] + shape[axis] for corner, shape in zip(corners, shapes, strict=True))
        for axis in (0, 1)
    ]
    images = []
    for source, corner in zip(sources, corners, strict=True):
        at = tuple(slice(first[axis] - corner[axis], last[axis] - corner[axis]) for axis in (0, 1))
        counts = source.ReadAsArray()[at].astype(np.float64)
        images.append(np.where(counts == 0, np.nan, counts))
    return images[0], images[1]


def test_two_dates_agree_with_an_independent_tool(reference_data: Path) -> None:
    """Holds for windows of 256 pixels, of 10 m and 20 m images, and |row| and |column| taken together.

    In windows of 64 pixels, those of smaller images, shifts between two dates are not found as well.
    """
    reference, candidate = two_dates(reference_data / "registration_pair")
    side, step = 256, 128
    differences = []
    for row in range(0, reference.shape[0] - side + 1, step):
        for column in range(0, reference.shape[1] - side + 1, step):
            pair = [image[Window(row, column, side, side).slices] for image in (reference, candidate)]
            if any(np.isnan(image).any() for image in pair):
                continue
            found = shift_of(pair[0], pair[1])
            if not found.correlation > GOOD_CORRELATION:
                continue
            first, second = (image - image.mean() for image in pair)
            expected = -phase_cross_correlation(first, second, upsample_factor=100)[0]
            differences.append(np.abs(np.array(found[:2]) - expected))
    assert len(differences) > 80
    assert np.median(differences) <= 0.02
    assert np.percentile(differences, 95) <= 0.1
