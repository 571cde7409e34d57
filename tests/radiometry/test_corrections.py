"""Corrections of Level 1B against an instrument written from its equations, on real pixels of Level 1B."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from ipf.kernels import radiometry as kernels
from ipf.radiometry import corrections
from ipf.radiometry.calibration import (
    BilinearResponse,
    Binning,
    BlindColumns,
    CubicResponse,
    DarkSignal,
    Defects,
    LineShifts,
    OnboardEqualization,
)
from tests.radiometry import forward

CROPS = 10


def rms(difference) -> float:
    return float(np.sqrt(np.nanmean(np.square(difference, dtype=np.float64))))


def row(rng, low, high, pixels):
    return rng.uniform(low, high, pixels).astype(np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture(params=range(CROPS))
def real_pixels(reference_data, request):
    """Four bands of real sensor pixels, counts in proportion to radiance; anywhere between whole counts."""
    folder = reference_data / "l1b_pixels"
    image = gdal.Open(str(folder / f"{request.param:02d}.tif")).ReadAsArray().astype(np.float64)
    image = np.clip(image + np.random.default_rng(request.param).uniform(-0.5, 0.5, image.shape), 1, 3500)
    return {f"B{n:02d}": image[index] for index, n in enumerate((2, 3, 4, 8))}


def equalization(rng, pixels):
    return OnboardEqualization(
        row(rng, 0.98, 1.03, pixels),
        row(rng, 0.97, 1.02, pixels),
        row(rng, 600, 1400, pixels),
        row(rng, 440, 520, pixels),
    )


def test_onboard_equalization_is_undone(real_pixels, rng):
    truth = real_pixels["B04"] + 480
    model = equalization(rng, truth.shape[1])
    raw = forward.digitised(forward.even_out_on_board(truth, model.a1, model.a2, model.zs, model.dark))
    image = corrections.image_of_counts(raw)
    corrections.undo_onboard_equalization(image, model)
    assert rms(image - truth) <= 0.3  # the converter's rounding, 1 / sqrt(12), over slopes near 1


def test_dark_signal_is_undone_whichever_line_a_block_begins_on(real_pixels, rng):
    truth = real_pixels["B02"]
    dark = DarkSignal(np.stack([row(rng, 440, 520, truth.shape[1]) for _ in range(6)]))
    raw = forward.digitised(forward.add_dark(truth, dark.levels, 0))
    for first in (0, 1, 4, 7, 100):
        image = corrections.image_of_counts(raw[first:])
        corrections.subtract_dark(image, dark, first)
        assert rms(image - truth[first:]) <= 0.3


def test_offsets_of_lines_are_told_by_valid_blind_pixels_only(real_pixels, rng):
    truth = real_pixels["B03"]
    lines, pixels = truth.shape
    wandering = np.cumsum(rng.normal(0, 0.4, lines))
    blind = BlindColumns(
        valid=(0, 1, 2, pixels + 37, pixels + 38), every=(*range(20), *range(pixels + 20, pixels + 40))
    )
    raw = np.zeros((lines, pixels + 40))
    raw[:, 20:-20] = truth
    raw[:, 5:15] = 99.0  # blind pixels that see light
    raw += wandering[:, None]
    result = corrections.remove_blind_pixels(raw.astype(np.float32), blind)
    assert result.shape == truth.shape
    assert rms(result - truth) <= 1e-3
    uncorrected = corrections.remove_blind_pixels(raw.astype(np.float32), blind, correct_offset=False)
    assert rms(uncorrected - truth) == pytest.approx(
        rms(np.broadcast_to(wandering[:, None], truth.shape)), rel=1e-3
    )


def test_crosstalk_is_undone(real_pixels):
    shares = {"B02": {"B03": 0.004, "B08": 0.002}, "B04": {"B02": 0.003}, "B08": {"B04": -0.001}}
    raw = forward.leak(real_pixels, shares)
    images = {band: np.rint(image).astype(np.float32) for band, image in raw.items()}
    corrected = corrections.subtract_crosstalk(images, shares)
    for band, truth in real_pixels.items():
        assert rms(corrected[band] - truth) <= 0.3
    biases = [float(np.mean(image["B02"] - real_pixels["B02"])) for image in (images, corrected)]
    assert biases[0] > 0.2
    assert abs(biases[1]) < biases[0] / 5


def test_crosstalk_between_pixel_sizes_takes_what_was_seen_together(rng):
    fine, coarse = rng.uniform(0, 3000, (12, 24)), rng.uniform(0, 3000, (6, 12))
    images = {"B02": fine.astype(np.float32), "B05": coarse.astype(np.float32)}
    corrected = corrections.subtract_crosstalk(images, {"B02": {"B05": 0.01}, "B05": {"B02": 0.02}})
    repeated = np.kron(coarse, np.ones((2, 2)))
    means = fine.reshape(6, 2, 12, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(corrected["B02"], fine - 0.01 * repeated, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(corrected["B05"], coarse - 0.02 * means, rtol=1e-5, atol=1e-3)


def test_lost_pixels_of_another_band_leave_the_band_as_it_was():
    image, lost = np.full((2, 2), 100, np.float32), np.full((2, 2), np.nan, np.float32)
    corrected = corrections.subtract_crosstalk({"B02": image, "B03": lost}, {"B02": {"B03": 0.1}})
    np.testing.assert_array_equal(corrected["B02"], image)
    assert np.isnan(corrected["B03"]).all()


def test_cubic_response_is_undone(real_pixels, rng):
    truth = real_pixels["B08"]
    pixels = truth.shape[1]
    model = CubicResponse(
        row(rng, -2e-9, 2e-9, pixels), row(rng, -4e-6, 4e-6, pixels), row(rng, 0.97, 1.2, pixels)
    )
    image = np.rint(forward.answer_cubic(truth, model.a, model.b, model.c)).astype(np.float32)
    corrections.apply_response(image, model)
    assert rms(image - truth) <= 0.36  # rounding times slopes up to 1.2


def test_bilinear_response_is_undone(real_pixels, rng):
    truth = real_pixels["B04"]
    pixels = truth.shape[1]
    model = BilinearResponse(
        row(rng, 0.9, 1.1, pixels), row(rng, 0.9, 1.1, pixels), row(rng, 300, 900, pixels)
    )
    image = np.rint(forward.answer_bilinear(truth, model.a1, model.a2, model.zs)).astype(np.float32)
    corrections.apply_response(image, model)
    assert rms(image - truth) <= 0.33


def test_whole_lines_are_rearranged_exactly(real_pixels, rng):
    truth = real_pixels["B02"]
    shifts = rng.integers(-1, 2, truth.shape[1]).astype(np.int8)
    raw = forward.place_columns(truth, shifts).astype(np.float32)
    result = corrections.rearrange_lines(raw, LineShifts(shifts, 1.0))
    np.testing.assert_array_equal(result, truth[1:-1].astype(np.float32))


def test_thirds_of_lines_are_rearranged_as_a_parabola_is():
    lines = np.arange(20.0)
    shifts = np.array([-1, 0, 1], np.int8)

    def ground(place):
        return 3 + 2 * place + 0.5 * place**2

    raw = np.stack([ground(lines - shift / 3) for shift in shifts], axis=1).astype(np.float32)
    result = corrections.rearrange_lines(raw, LineShifts(shifts, 1 / 3))
    np.testing.assert_allclose(result, np.repeat(ground(lines)[1:-1, None], 3, axis=1), rtol=1e-5)


def test_a_lost_line_is_lost_only_to_the_columns_that_look_at_it():
    image = np.ones((5, 3), np.float32)
    image[1] = np.nan
    result = corrections.rearrange_lines(image, LineShifts(np.array([-1, 0, 1], np.int8), 1.0))
    np.testing.assert_array_equal(np.isnan(result), [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_defective_columns_are_filled_from_sound_neighbours():
    image = np.tile(np.arange(12, dtype=np.float32), (3, 1))
    image[:, 5], image[:, 6], image[1, 3] = 9000, 4000, np.nan
    defects = Defects((5, 6), np.array([0.1, 0.4, 0, 0.4, 0.1], np.float32))
    corrections.interpolate_defects(image, defects)
    np.testing.assert_allclose(image[0, 5], (0.1 * 3 + 0.4 * 4 + 0.1 * 7) / 0.6, rtol=1e-6)
    np.testing.assert_allclose(image[1, 5], (0.4 * 4 + 0.1 * 7) / 0.5, rtol=1e-6)
    np.testing.assert_allclose(image[0, 6], (0.1 * 4 + 0.4 * 7 + 0.1 * 8) / 0.6, rtol=1e-6)


def test_a_defective_column_without_any_neighbour_has_no_data():
    image = np.ones((2, 3), np.float32)
    corrections.interpolate_defects(image, Defects((0, 1, 2), np.array([0.5, 0, 0.5], np.float32)))
    assert np.isnan(image).all()


def test_binning_is_the_convolution_at_every_third_pixel(rng):
    from scipy.ndimage import correlate

    image = rng.uniform(0, 3000, (30, 1276)).astype(np.float32)
    weights = rng.uniform(0.5, 1, (3, 7))
    weights /= weights.sum()
    result = corrections.bin_pixels(image, Binning(weights.astype(np.float32)), 425)
    expected = correlate(image.astype(np.float64), weights)[1:-1, 1::3][:, :425]
    assert result.shape == (28, 425)
    np.testing.assert_allclose(result[:, 1:-1], expected[:, 1:-1], rtol=1e-5)
    flat = corrections.bin_pixels(np.full((3, 1276), 7, np.float32), Binning(weights.astype(np.float32)), 425)
    np.testing.assert_allclose(flat, 7, rtol=1e-6)  # at the ends, too


def test_counts_are_rounded_shifted_and_limited():
    image = np.array([[-200, -99.6, 0, 10.49, 10.51, 5000, np.nan]], np.float32)
    counts = corrections.counts_of_image(image, -100, 4095)
    assert counts.dtype == np.uint16
    assert counts.tolist() == [[1, 1, 100, 110, 111, 4095, 0]]


def test_the_whole_chain_gives_the_signal_back(real_pixels, rng):
    """Every invertible correction at once; B08 leaks into B04."""
    bands = ("B04", "B08")
    pixels = real_pixels["B04"].shape[1]
    shifts = rng.integers(-1, 2, pixels).astype(np.int8)
    cubic = {
        band: CubicResponse(
            row(rng, -1e-9, 1e-9, pixels), row(rng, -2e-6, 2e-6, pixels), row(rng, 1, 1.2, pixels)
        )
        for band in bands
    }
    dark = DarkSignal(np.stack([row(rng, 440, 520, pixels) for _ in range(6)]))
    model = equalization(rng, pixels)
    shares = {"B04": {"B08": 0.003}}
    signal = {
        b: forward.answer_cubic(
            forward.place_columns(real_pixels[b], shifts), cubic[b].a, cubic[b].b, cubic[b].c
        )
        for b in bands
    }
    raw = {
        band: forward.digitised(
            forward.even_out_on_board(
                forward.add_dark(image, dark.levels, 0), model.a1, model.a2, model.zs, model.dark
            )
        )
        for band, image in forward.leak(signal, shares).items()
    }
    images = {}
    for band in bands:
        images[band] = corrections.image_of_counts(raw[band])
        corrections.undo_onboard_equalization(images[band], model)
        corrections.subtract_dark(images[band], dark, 0)
    images = corrections.subtract_crosstalk(images, shares)
    for band in bands:
        corrections.apply_response(images[band], cubic[band])
        result = corrections.rearrange_lines(images[band], LineShifts(shifts, 1.0))
        assert rms(result - real_pixels[band][1:-1]) <= 0.5


@pytest.mark.parametrize(
    "name",
    [
        "image_of_counts",
        "undo_onboard_equalization",
        "subtract_dark",
        "apply_cubic",
        "apply_bilinear",
        "counts_of_image",
    ],
)
def test_compiled_and_plain_forms_are_one(name, rng):
    """The kernel and its own source run by Python give the same numbers."""
    image = rng.uniform(300, 3000, (7, 9)).astype(np.float32)
    image[3, 2] = np.nan
    coefficients = [row(rng, 0.9, 1.1, 9) for _ in range(4)]
    counts = rng.integers(0, 3, (7, 9)).astype(np.uint16)
    calls = {
        "image_of_counts": lambda run, out: run(counts, 0, out),
        "undo_onboard_equalization": lambda run, out: run(out, *coefficients),
        "subtract_dark": lambda run, out: run(out, np.stack(coefficients[:3]), 4),
        "apply_cubic": lambda run, out: run(out, *coefficients[:3]),
        "apply_bilinear": lambda run, out: run(out, *coefficients[:3]),
        "counts_of_image": lambda run, out: run(out.copy(), -100.0, 1, 4095, 0, counts),
    }
    kernel = getattr(kernels, name)
    compiled, plain = image.copy(), image.copy()
    calls[name](kernel, compiled)
    numbers = counts.copy()
    calls[name](kernel.py_func, plain)
    np.testing.assert_allclose(compiled, plain, rtol=2e-7)
    np.testing.assert_array_equal(numbers, counts)
