"""Comparison of rasters from files: every damage is found by the check meant for it, a copy passes all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from ipf.compare.content import Nature, RasterPart
from ipf.compare.raster_comparison import compare_rasters
from ipf.compare.results import Check, CheckName, Status
from ipf.compare.tolerance_files import load_tolerances
from ipf.compare.tolerances import RasterTolerances, Tolerances
from ipf.product.jpeg2000 import ImageKind
from tests.compare.rasters import ground, part, write_jp2, write_tiff

Image = npt.NDArray[Any]

SHAPE = (192, 180)
IDENTICAL = Tolerances()
UNIT = 1e-4
BAND = {"scale": UNIT, "offset": -1000.0, "nodata": 0, "saturated": 65535}
CLASSES = np.kron(np.random.default_rng(3).choice([4, 5, 6], (12, 9)), np.ones((8, 10))).astype(np.uint8)


def textured(seed: int = 1) -> Image:
    """A band with a corner of no data and some saturated pixels."""
    random = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(random.normal(size=SHAPE), scale, mode="wrap") for scale in (1, 3, 9)]
    counts = np.clip(3000 + 300 * sum(layer / layer.std() for layer in layers), 1100, 30000).astype(np.uint16)
    counts[:20, :20] = 0
    counts[100, 50:55] = 65535
    return counts


def compared(
    folder: Path,
    reference: Image,
    candidate: Image,
    tolerances: Tolerances = IDENTICAL,
    classes: Image | None = None,
    threads: int = 1,
    **more: Any,
) -> list[Check]:
    """Checks of two images written to files."""
    sides = [
        part(write_tiff(folder / name, image), **{**BAND, **more})
        for name, image in (("reference.tif", reference), ("candidate.tif", candidate))
    ]
    checks, result = compare_rasters(*sides, tolerances, classes, threads)
    assert result.item == sides[0].key
    assert all(check.item == sides[0].key and "\n" not in check.message for check in checks)
    return checks


def failed(checks: Sequence[Check]) -> set[CheckName]:
    return {check.name for check in checks if check.status is Status.FAILED}


def one(checks: Sequence[Check], name: CheckName) -> Check:
    (found,) = [check for check in checks if check.name is name]
    return found


def test_a_copy_passes_every_check(tmp_path: Path) -> None:
    checks = compared(tmp_path, textured(), textured(), classes=CLASSES)
    assert [check.name for check in checks] == [
        CheckName.STATISTICS,
        CheckName.CLASS_STATISTICS,
        CheckName.NO_DATA,
        CheckName.SATURATION,
        CheckName.SHIFT,
    ]
    assert not failed(checks)
    statistics = one(checks, CheckName.STATISTICS)
    assert statistics.message == f"all {textured().size - 405} pixels are equal"
    assert statistics.figures["correlation"] == 1.0
    assert statistics.figures["slope"] == 0.0


def change(function: Callable[[Image], Any]) -> Callable[[], Image]:
    def changed() -> Image:
        image = textured()
        result = function(image)
        return image if result is None else np.asarray(result)

    return changed


def put(row: slice | int, column: slice | int, value: float) -> Callable[[], Image]:
    return change(lambda image: image.__setitem__((row, column), value))


def with_data(function: Callable[[Image], Image]) -> Callable[[], Image]:
    def changed() -> Image:
        image = textured()
        special = (image == 0) | (image == 65535)
        return np.where(special, image, np.clip(np.round(function(image.astype(float))), 1, 60000)).astype(
            np.uint16
        )

    return changed


DAMAGE: dict[str, tuple[Callable[[], Image], set[CheckName]]] = {
    "one pixel by one count": (
        change(lambda i: i.__setitem__((150, 7), i[150, 7] + 1)),
        {CheckName.STATISTICS},
    ),
    "one pixel by minus one count": (
        change(lambda i: i.__setitem__((191, 179), i[191, 179] - 1)),
        {CheckName.STATISTICS},
    ),
    "offset": (with_data(lambda i: i + 3), {CheckName.STATISTICS}),
    "gain": (with_data(lambda i: i * 1.002), {CheckName.STATISTICS}),
    "a column repeated": (
        change(lambda i: i.__setitem__((slice(None), 60), i[:, 59])),
        {CheckName.STATISTICS},
    ),
    "no data gained": (put(50, 60, 0), {CheckName.NO_DATA}),
    "no data lost": (put(3, 3, 1), {CheckName.NO_DATA}),
    "saturation lost": (put(100, 52, 3000), {CheckName.SATURATION}),
    "saturation gained": (put(60, 60, 65535), {CheckName.SATURATION}),
    "saturation to no data": (put(100, 52, 0), {CheckName.NO_DATA}),
    "half a pixel": (
        with_data(
            lambda i: ndimage.shift(np.where((i == 0) | (i == 65535), 3000, i), (0.5, 0), mode="nearest")
        ),
        {CheckName.STATISTICS, CheckName.SHIFT},
    ),
    "mirrored": (change(lambda i: i[:, ::-1]), {CheckName.STATISTICS, CheckName.SHIFT, CheckName.NO_DATA}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_by_the_check_meant_for_it(tmp_path: Path, name: str) -> None:
    damaged, found_by = DAMAGE[name]
    assert failed(compared(tmp_path, textured(), damaged())) >= found_by
    if found_by in ({CheckName.NO_DATA}, {CheckName.SATURATION}):
        assert CheckName.STATISTICS not in failed(compared(tmp_path, textured(), damaged()))
    assert failed(compared(tmp_path, damaged(), textured())) >= found_by


def test_damage_of_one_class_is_found_and_the_class_named(tmp_path: Path) -> None:
    chosen = np.kron(CLASSES == 5, np.ones((2, 2), bool))
    damaged = np.where(chosen & (textured() > 0) & (textured() < 65535), textured() + 40, textured())
    limits = Tolerances(
        rasters={
            "other": RasterTolerances(
                absolute=1, outside=1, bias=1, rmse=1, maximum=1, slope=1, correlation=0, class_bias=0.003
            )
        }
    )
    checks = compared(tmp_path, textured(), damaged.astype(np.uint16), limits, CLASSES)
    assert failed(checks) - {CheckName.SHIFT} == {CheckName.CLASS_STATISTICS}
    check = one(checks, CheckName.CLASS_STATISTICS)
    assert "of not_vegetated" in check.message
    assert check.figures["class"] == "not_vegetated"
    assert check.figures["class_bias"] == pytest.approx(40 * UNIT)
    assert check.figures["bias vegetation"] == 0


@pytest.mark.parametrize(
    ("profile", "pixels", "fails"),
    [
        ("identical", 4, True),
        ("rounding", 4, True),
        ("same-algorithm", 4, False),
        ("same-algorithm", 34, False),
        ("same-algorithm", 35, True),
        ("cross-processor", 4, False),
        ("cross-processor", 34, False),
        ("cross-processor", 35, True),
    ],
)
def test_class_of_few_pixels_is_left_to_the_limits_on_pixels(
    tmp_path: Path, profile: str, pixels: int, fails: bool
) -> None:
    classes = np.full(SHAPE, 4, np.uint8)
    usable = np.flatnonzero((textured() > 0) & (textured() < 60000))
    chosen = usable[5000 : 5000 + pixels]
    classes.flat[chosen] = 11
    damaged = textured().copy()
    damaged.flat[chosen] += 500
    check = one(
        compared(tmp_path, textured(), damaged, load_tolerances(profile), classes), CheckName.CLASS_STATISTICS
    )
    assert (check.status is Status.FAILED) == fails, check.message
    assert ("1 too small to be judged" in check.message) == (not fails)
    assert check.figures["bias snow_ice"] == pytest.approx(500 * UNIT)


@pytest.mark.parametrize("everywhere", [False, True])
def test_where_the_class_map_has_no_data_is_told_and_not_judged_as_a_class(
    tmp_path: Path, everywhere: bool
) -> None:
    classes = np.full(SHAPE, 0 if everywhere else 4, np.uint8)
    classes[60:90] = 0
    damaged = textured()
    damaged[60:90] += 500
    checks = compared(tmp_path, textured(), damaged, classes=classes)
    assert CheckName.STATISTICS in failed(checks)
    check = one(checks, CheckName.CLASS_STATISTICS)
    assert check.status is Status.PASSED
    assert check.figures["classes"] == (0 if everywhere else 1)
    assert check.message.endswith("no class has a pixel that was compared" if everywhere else "not judged")
    assert everywhere or check.figures["bias no_data"] == pytest.approx(500 * UNIT, rel=0.1)
    judged = one(compared(tmp_path, textured(), damaged, classes=classes + 1), CheckName.CLASS_STATISTICS)
    assert judged.status is Status.FAILED


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("absolute", 10 * UNIT),
        ("outside", 3416 / 34155),
        ("bias", 10 * UNIT),
        ("rmse", 10 * UNIT),
        ("maximum", 10 * UNIT),
    ],
)
def test_limits_are_inclusive_in_physical_units(tmp_path: Path, limit: str, value: float) -> None:
    candidate = textured()
    if limit == "outside":
        candidate.ravel()[np.flatnonzero((candidate > 0) & (candidate < 65535))[::10]] += 10
    else:
        candidate = np.where((candidate > 0) & (candidate < 65535), candidate + 10, candidate)
    loose = {"absolute": 1.0, "outside": 1.0, "bias": 1.0, "rmse": 1.0, "maximum": 1.0, "slope": 1.0}
    strict = {"outside": 0.0} if limit == "absolute" else {"absolute": 0.0} if limit == "outside" else {}
    for allowed, passes in ((value, True), (value * 0.99, False)):
        limits = RasterTolerances(**loose | {"correlation": 0} | strict | {limit: allowed})
        checks = compared(tmp_path, textured(), candidate, Tolerances(rasters={"other": limits}))
        statistics = one(checks, CheckName.STATISTICS)
        assert (statistics.status is Status.PASSED) is passes, statistics.message
        if not passes:
            broken = "outside" if limit == "absolute" else limit
            assert f"beyond the limits: {broken}" in statistics.message


def test_the_slope_and_the_correlation_are_judged(tmp_path: Path) -> None:
    loose = {"absolute": 1.0, "outside": 1.0, "bias": 1.0, "rmse": 1.0, "maximum": 1.0}
    candidate = with_data(lambda image: image * 1.1)()
    for limits, word in (
        ({"slope": 0.2, "correlation": 0.999}, None),
        ({"slope": 0.05, "correlation": 0.999}, "slope 0.05"),
        ({"slope": 0.2, "correlation": 1.0}, "correlation 1"),
    ):
        tolerances = Tolerances(rasters={"other": RasterTolerances(**loose | limits)})
        check = one(compared(tmp_path, textured(), candidate, tolerances), CheckName.STATISTICS)
        assert (check.status is Status.PASSED) is (word is None)
        assert word is None or check.message.endswith(f"beyond the limits: {word}")


def test_offsets_are_undone(tmp_path: Path) -> None:
    """Counts of an offset against counts without: equal in physical units."""
    reference = textured()
    candidate = np.where((reference == 0) | (reference == 65535), reference, reference - 1000)
    sides = [
        part(write_tiff(tmp_path / f"{name}.tif", image), **{**BAND, "offset": offset})
        for name, image, offset in (("one", reference, -1000.0), ("two", candidate.astype(np.uint16), 0.0))
    ]
    checks, result = compare_rasters(sides[0], sides[1], IDENTICAL, None, 1)
    assert not failed(checks)
    assert result.raster is not None
    assert result.raster.mean_reference == result.raster.mean_candidate
    unaware = part(sides[1].path, **BAND)
    assert CheckName.STATISTICS in failed(compare_rasters(sides[0], unaware, IDENTICAL, None, 1)[0])


def test_images_that_do_not_vary_are_judged_by_the_other_figures(tmp_path: Path) -> None:
    flat_image = np.full(SHAPE, 2000, np.uint16)
    checks = compared(tmp_path, flat_image, flat_image)
    assert not failed(checks)
    assert "no slope and correlation" in one(checks, CheckName.STATISTICS).message
    damaged = flat_image.copy()
    damaged[5, 5] = 2001
    check = one(compared(tmp_path, flat_image, damaged), CheckName.STATISTICS)
    assert check.status is Status.FAILED
    assert "at row 5, column 5" in check.message
    assert "maximum" in check.message.split("beyond the limits")[1]


def test_images_without_data_pass_only_where_both_are(tmp_path: Path) -> None:
    nothing = np.zeros(SHAPE, np.uint16)
    checks = compared(tmp_path, nothing, nothing)
    assert not failed(checks)
    assert "nothing was compared" in one(checks, CheckName.STATISTICS).message
    checks = compared(tmp_path, nothing, textured())
    assert failed(checks) >= {CheckName.STATISTICS, CheckName.NO_DATA}
    checks = compared(tmp_path, textured(), np.full(SHAPE, 65535, np.uint16))
    assert failed(checks) >= {CheckName.STATISTICS, CheckName.SATURATION}


def test_shares_of_no_data_are_allowed(tmp_path: Path) -> None:
    damaged = put(slice(50, 60), slice(50, 60), 0)()
    for share, passes in ((100 / damaged.size, True), (99 / damaged.size, False)):
        tolerances = Tolerances(rasters={"other": RasterTolerances(no_data=share)})
        check = one(compared(tmp_path, textured(), damaged, tolerances), CheckName.NO_DATA)
        assert (check.status is Status.PASSED) is passes
        assert (check.figures["lost"], check.figures["gained"]) == (0, 100)


def test_no_data_turned_to_nan_is_told_from_no_data_turned_to_zero(tmp_path: Path) -> None:
    real = np.where(textured() == 0, np.nan, textured() * UNIT).astype(np.float32)
    plain = {"scale": 1.0, "offset": 0.0, "nodata": None, "saturated": None}
    assert not failed(compared(tmp_path, real, real, **plain))
    assert failed(compared(tmp_path, real, np.nan_to_num(real), **plain)) >= {CheckName.NO_DATA}
    assert failed(compared(tmp_path, np.nan_to_num(real), real, **plain)) >= {CheckName.NO_DATA}


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_last_bit_of_a_real_is_found(tmp_path: Path, kind: type) -> None:
    real = (textured() * UNIT).astype(kind)
    damaged = real.copy()
    damaged[120, 9] = np.nextafter(damaged[120, 9], kind(1))
    plain = {"scale": 1.0, "offset": 0.0, "nodata": None, "saturated": None}
    checks = compared(tmp_path, real, damaged, **plain)
    assert failed(checks) == {CheckName.STATISTICS}
    assert "at row 120, column 9" in one(checks, CheckName.STATISTICS).message


PLAIN = {"scale": 1.0, "offset": 0.0, "nodata": None, "saturated": None}


@pytest.mark.parametrize("turned", [np.nan, 0.0, np.inf, -np.inf])
def test_no_data_of_a_mark_turned_to_another_kind_is_found(tmp_path: Path, turned: float) -> None:
    real = np.where(textured() == 0, -9999, textured() * UNIT).astype(np.float32)
    marked = PLAIN | {"nodata": -9999.0}
    assert not failed(compared(tmp_path, real, real, **marked))
    for one_pixel in (False, True):
        damaged = real.copy()
        damaged[(3, 3) if one_pixel else real == -9999] = turned
        for pair in ((real, damaged), (damaged, real)):
            assert CheckName.NO_DATA in failed(compared(tmp_path, *pair, **marked))


@pytest.mark.parametrize("turned", [(np.inf, np.nan), (np.inf, -np.inf), (np.nan, -np.inf)])
def test_kinds_of_what_is_not_finite_are_told_from_one_another(
    tmp_path: Path, turned: tuple[float, float]
) -> None:
    sides = [np.where(textured() == 0, value, textured() * UNIT).astype(np.float32) for value in turned]
    assert failed(compared(tmp_path, *sides, **PLAIN)) == {CheckName.NO_DATA}
    assert not failed(compared(tmp_path, sides[0], sides[0], **PLAIN))


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
@pytest.mark.parametrize("by", [1, -1])
def test_one_count_of_large_whole_numbers_is_found(tmp_path: Path, kind: type, by: int) -> None:
    counts = textured().astype(kind) + kind(2**60)
    damaged = counts.copy()
    damaged[120, 9] = kind(int(damaged[120, 9]) + by)
    for more in ({}, {"scale": 1e-4, "offset": -1000.0}):
        checks = compared(tmp_path, counts, damaged, **PLAIN | more)
        check = one(checks, CheckName.STATISTICS)
        assert check.status is Status.FAILED
        assert check.figures["differing"] == 1
        assert (check.figures["maximum_row"], check.figures["maximum_column"]) == (120, 9)
        assert not failed(compared(tmp_path, counts, counts, **PLAIN | more))


def test_large_whole_numbers_next_to_the_mark_of_no_data_are_not_it(tmp_path: Path) -> None:
    counts = textured().astype(np.int64) + 2**60
    damaged = counts.copy()
    damaged[3, 3] += 1
    marked = PLAIN | {"nodata": 2.0**60}
    assert not failed(compared(tmp_path, counts, counts, **marked))
    assert failed(compared(tmp_path, counts, damaged, **marked)) == {CheckName.NO_DATA}


def test_the_last_bit_of_a_scaled_real_is_found(tmp_path: Path) -> None:
    real = textured().astype(np.float64)
    damaged = real.copy()
    damaged[120, 9] = np.nextafter(damaged[120, 9], 1e9)
    check = one(
        compared(tmp_path, real, damaged, **PLAIN | {"scale": 1e-4, "offset": -1000.0}), CheckName.STATISTICS
    )
    assert check.status is Status.FAILED
    assert check.figures["differing"] == 1


@pytest.mark.parametrize("unit", [1e300, 1e303, 1e-160, 1e-315])
def test_numbers_whose_squares_are_none_are_compared(tmp_path: Path, unit: float) -> None:
    real = textured().astype(np.float64) * unit
    assert not failed(compared(tmp_path, real, real, **PLAIN))
    damaged = real.copy()
    damaged[120, 9] *= -1
    check = one(compared(tmp_path, real, damaged, **PLAIN), CheckName.STATISTICS)
    assert check.status is Status.FAILED
    assert check.figures["maximum"] == abs(damaged[120, 9] - real[120, 9])
    for name in ("bias", "rmse"):
        assert check.figures[name] != 0
        assert f"{name} 0" in check.message.split("beyond the limits")[1]
    limits = RasterTolerances(
        maximum=np.inf, bias=1e200, rmse=1e200, outside=1.0, slope=np.inf, correlation=-1
    )
    loose = Tolerances(rasters={"other": limits})
    check = one(compared(tmp_path, real, damaged * 1.5, loose, **PLAIN), CheckName.STATISTICS)
    assert (check.status is Status.FAILED) is (unit > 1)


def test_conversions_beyond_all_numbers_fail(tmp_path: Path) -> None:
    real = textured().astype(np.float64)
    tolerances = Tolerances(rasters={"other": RasterTolerances(outside=1.0, correlation=-1.0)})
    sides = [
        part(write_tiff(tmp_path / f"{scale:g}.tif", real), **PLAIN | {"scale": scale})
        for scale in (1e306, 1.5e306)
    ]
    checks, _ = compare_rasters(*sides, tolerances, None, 1)
    assert CheckName.STATISTICS in failed(checks)


def test_pictures_are_compared_by_component(tmp_path: Path) -> None:
    image = np.stack([ground(SHAPE, seed) // 40 for seed in (1, 2, 3)]).astype(np.uint8)
    plain = {"scale": 1.0, "offset": 0.0, "nodata": None, "saturated": None, "nature": Nature.PICTURE}
    assert not failed(compared(tmp_path, image, image, **plain))
    for component in range(3):
        damaged = image.copy()
        damaged[component, 180, 170] += 1
        checks = compared(tmp_path, image, damaged, **plain)
        assert failed(checks) == {CheckName.STATISTICS}
        assert "at row 180, column 170" in one(checks, CheckName.STATISTICS).message


def test_jpeg2000_on_both_sides(tmp_path: Path) -> None:
    counts = textured() // 4
    damaged = counts.copy()
    damaged[77, 88] += 1
    paths = [write_jp2(tmp_path / f"{n}.jp2", image) for n, image in enumerate((counts, damaged))]
    sides = [part(path, **BAND) for path in paths]
    assert failed(compare_rasters(sides[0], sides[1], IDENTICAL, CLASSES, 2)[0]) == {
        CheckName.STATISTICS,
        CheckName.CLASS_STATISTICS,
    }
    assert not failed(compare_rasters(sides[0], sides[0], IDENTICAL, CLASSES, 2)[0])


def test_masks_and_class_maps_of_files(tmp_path: Path) -> None:
    labels = np.kron(CLASSES, np.ones((2, 2), np.uint8))
    damaged = labels.copy()
    damaged[3, 4] ^= 1
    paths = [
        write_jp2(tmp_path / f"{n}.jp2", image, ImageKind.SCL) for n, image in enumerate((labels, damaged))
    ]
    for nature, name in ((Nature.CLASSES, CheckName.CLASSES), (Nature.MASK, CheckName.MASK)):
        sides = [part(path, nature, quantity="quality") for path in paths]
        checks, _ = compare_rasters(sides[0], sides[1], IDENTICAL, None, 1)
        assert failed(checks) == {name}
        assert not failed(compare_rasters(sides[0], sides[0], IDENTICAL, None, 1)[0])


def unreadable(reference: RasterPart, candidate: RasterPart) -> str:
    checks, result = compare_rasters(reference, candidate, IDENTICAL, None, 1)
    assert [check.name for check in checks] == [CheckName.READABLE]
    assert failed(checks) == {CheckName.READABLE}
    assert result.raster is result.classes is result.mask is None
    return checks[0].message


def test_what_cannot_be_compared_is_a_failure(tmp_path: Path) -> None:
    whole = part(write_tiff(tmp_path / "whole.tif", textured()), **BAND)
    short = part(write_tiff(tmp_path / "short.tif", textured()[:-1]), **BAND)
    message = unreadable(whole, short)
    assert "192 x 180" in message
    assert "191 x 180" in message
    assert "short.tif" in unreadable(part(tmp_path / "short.tif", components=(1,)), whole)
    assert "missing.tif: " in unreadable(whole, part(tmp_path / "missing.tif", **BAND))
    assert "classes" in unreadable(whole, part(whole.path, Nature.CLASSES))
    planes = write_tiff(tmp_path / "planes.tif", np.stack([textured()] * 4))
    one, two = (part(planes, Nature.PICTURE, components=some) for some in ((0, 1, 2), (0, 1, 2, 3)))
    assert "3 components, compared with 4" in unreadable(one, two)


def test_a_cut_file_is_a_failure(tmp_path: Path) -> None:
    whole = write_jp2(tmp_path / "whole.jp2", textured() // 4)
    cut = tmp_path / "cut.jp2"
    cut.write_bytes(whole.read_bytes()[:-500])
    assert "cut.jp2" in unreadable(part(whole, **BAND), part(cut, **BAND))
    assert "cut.jp2" in unreadable(part(cut, **BAND), part(whole, **BAND))


def test_classes_of_other_ground_are_a_failure(tmp_path: Path) -> None:
    checks = compared(tmp_path, textured(), textured(), classes=CLASSES[:-1])
    assert failed(checks) == {CheckName.CLASS_STATISTICS}


def test_places_have_no_shift_of_their_own(tmp_path: Path) -> None:
    places = np.linspace(3.0, 4.0, SHAPE[0] * SHAPE[1]).reshape(SHAPE)
    plain = {"scale": 1.0, "offset": 0.0, "nodata": None, "saturated": None, "quantity": "longitude"}
    checks = compared(tmp_path, places, places + 1e-9, **plain)
    assert [check.name for check in checks] == [CheckName.STATISTICS, CheckName.NO_DATA]
    assert failed(checks) == {CheckName.STATISTICS}


def test_checks_do_not_depend_on_threads(tmp_path: Path) -> None:
    damaged = with_data(lambda image: image * 1.01)()
    found = compared(tmp_path, textured(), damaged, classes=CLASSES)
    assert compared(tmp_path, textured(), damaged, classes=CLASSES, threads=3) == found


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_values_equal_as_numbers_are_the_same_and_the_least_number_is_none_of_them(
    tmp_path: Path, kind: type
) -> None:
    """The profile `identical` says that 0.0 and -0.0 are the same."""
    real = (textured() * UNIT).astype(kind)
    real[100:110] = 0.0
    negative = np.where(real == 0, kind(-0.0), real)
    assert np.signbit(negative[105, 9])
    for pair in ((real, negative), (negative, real)):
        assert not failed(compared(tmp_path, *pair, **PLAIN))
    negative[105, 9] = -np.finfo(kind).tiny
    assert CheckName.STATISTICS in failed(compared(tmp_path, real, negative, **PLAIN))
