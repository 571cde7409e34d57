"""Class maps: confusion and overlap are those of numpy, and one changed pixel is found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ipf.compare.class_maps import class_map_figures, compare_class_maps, joint_counts_of
from ipf.compare.content import Nature
from ipf.compare.results import Check, Status
from ipf.compare.tolerances import ClassTolerances, Tolerances
from tests.compare.rasters import flat, part, pixels

Labels = npt.NDArray[np.uint8]

SHAPE = (150, 116)
NAMES = {4: "vegetation", 5: "not_vegetated", 6: "water"}
IDENTICAL = Tolerances()


def patches(seed: int = 1) -> Labels:
    coarse = np.random.default_rng(seed).choice([0, 4, 5, 6, 200], (15, 29))
    return np.kron(coarse, np.ones((10, 4))).astype(np.uint8)


def check_of(reference: Labels, candidate: Labels, limits: ClassTolerances | None = None) -> Check:
    side = part(nature=Nature.CLASSES, names=NAMES, quantity="scene_classification")
    tolerances = IDENTICAL if limits is None else Tolerances(classes=limits)
    (check,), result = compare_class_maps((side, pixels(reference)), (side, pixels(candidate)), tolerances)
    assert result.classes is not None
    return check


def test_figures_are_those_of_numpy() -> None:
    one, two = patches(), patches(2)
    found = class_map_figures(NAMES, pixels(one), pixels(two))
    values = np.union1d(one, two)
    wanted = [[np.sum((one == first) & (two == second)) for second in values] for first in values]
    assert found.values == tuple(values)
    np.testing.assert_array_equal(found.confusion, wanted)
    assert found.agreement == np.mean(one == two)
    for value in values:
        overlap = np.sum((one == value) & (two == value)) / np.sum((one == value) | (two == value))
        assert found.intersection_over_union[int(value)] == overlap
    assert found.first_at == tuple(np.argwhere(one != two)[0])
    assert found.names[4] == "vegetation"
    assert found.names[200] == "class 200"


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipf.compare.pixels.THUMBNAIL", 50)
    one, two = patches(), patches(2)
    whole = joint_counts_of(pixels(one), pixels(two))
    assert whole.step == 3
    np.testing.assert_array_equal(whole.reference, one[1::3, np.minimum(np.arange(1, 118, 3), 115)])
    changed = np.pad((one != two).astype(float), ((0, 0), (0, 1)), constant_values=np.nan)
    means = np.nanmean(changed.reshape(50, 3, 39, 3), axis=(1, 3))
    np.testing.assert_allclose(whole.changed, means, rtol=1e-6)
    for height in (1, 31):
        assert flat(joint_counts_of(pixels(one), pixels(two), height)) == flat(whole)


def test_equal_maps_pass() -> None:
    check = check_of(patches(), patches())
    assert check.status is Status.PASSED
    assert check.message == "all 17400 pixels have the same class"


@pytest.mark.parametrize("place", [(0, 0), (77, 33), (149, 115)])
def test_one_pixel_of_another_class_fails(place: tuple[int, int]) -> None:
    changed = patches()
    changed[place] = 4 if changed[place] != 4 else 5
    check = check_of(patches(), changed)
    assert check.status is Status.FAILED
    assert f"row {place[0]}, column {place[1]}: 1 " in check.message
    assert (check.figures["first_row"], check.figures["first_column"]) == place


def test_limits_are_inclusive() -> None:
    one = np.repeat(np.array([[4, 5]], np.uint8), 50, axis=1)
    two = one.copy()
    two[0, 0] = 5
    assert (
        check_of(one, two, ClassTolerances(agreement=0.99, intersection_over_union=0.98)).status
        is Status.PASSED
    )
    for limits in (
        ClassTolerances(agreement=0.9901, intersection_over_union=0.98),
        ClassTolerances(agreement=0.99, intersection_over_union=0.9801),
    ):
        check = check_of(one, two, limits)
        assert check.status is Status.FAILED
        assert "of vegetation" in check.message


def test_the_overlap_of_a_class_that_only_the_candidate_has_is_judged() -> None:
    one = np.full(SHAPE, 4, np.uint8)
    two = one.copy()
    two[:2] = 6
    limits = ClassTolerances(agreement=0.9, intersection_over_union=0.1, wiped="report")
    check = check_of(one, two, limits)
    assert check.status is Status.FAILED
    assert check.figures["class"] == "water"


def test_a_rare_class_is_not_judged_by_its_overlap() -> None:
    one = np.full(SHAPE, 4, np.uint8)
    two = one.copy()
    one[0, 0], two[0, :2] = 6, 6
    limits = ClassTolerances(agreement=0.9, intersection_over_union=0.9)
    assert check_of(one, two, limits).status is Status.PASSED


@pytest.mark.parametrize(("has_it", "told"), [(0, "water is wiped out"), (1, "water is new")])
def test_a_class_that_one_side_alone_has_fails_however_small_it_is(has_it: int, told: str) -> None:
    sides = [np.full(SHAPE, 4, np.uint8) for _ in range(2)]
    sides[has_it][3, 7:9] = 6
    check = check_of(*sides, ClassTolerances(agreement=0.9, intersection_over_union=0.0))
    assert check.status is Status.FAILED
    assert f"{told} (2 pixels); expected the same classes on both sides" in check.message
    assert (check.figures["wiped"], check.limits["wiped"]) == (1, 0)
    reported = check_of(*sides, ClassTolerances(agreement=0.9, intersection_over_union=0.0, wiped="report"))
    assert reported.status is Status.PASSED
    assert f"{told} (2 pixels)" in reported.message
    assert "wiped" not in reported.limits
