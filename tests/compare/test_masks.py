"""Masks: gained and lost pixels of every bit are those of numpy, and one bit is found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ipf.compare.content import Nature
from ipf.compare.masks import compare_masks, mask_figures
from ipf.compare.results import Check, Status
from ipf.compare.tolerances import MaskTolerances, Tolerances, Verdict
from tests.compare.rasters import part, pixels

Flags = npt.NDArray[np.uint8]

SHAPE = (150, 116)
NAMES = {0: "opaque_cloud", 1: "cirrus", 2: "snow"}


def flags(seed: int, bits: int = 3) -> Flags:
    return np.random.default_rng(seed).integers(0, 1 << bits, SHAPE).astype(np.uint8)


def check_of(reference: Flags, candidate: Flags, changed: float = 0.0, wiped: Verdict = "report") -> Check:
    side = part(nature=Nature.MASK, names=NAMES, quantity="quality")
    tolerances = Tolerances(masks=MaskTolerances(changed=changed, wiped=wiped))
    (check,), result = compare_masks((side, pixels(reference)), (side, pixels(candidate)), tolerances)
    assert result.mask is not None
    return check


def test_figures_are_those_of_numpy() -> None:
    one, two = flags(1, 8), flags(2, 8)
    found, differing = mask_figures(NAMES, pixels(one), pixels(two))
    for bit in range(8):
        name = NAMES.get(bit, f"bit {bit}")
        before, after = one >> bit & 1, two >> bit & 1
        assert found.both[name] == np.sum(before & after)
        assert found.lost[name] == np.sum(before > after)
        assert found.gained[name] == np.sum(before < after)
    assert differing == np.sum(one != two)
    assert found.pixels == one.size
    assert found.first_at == tuple(np.argwhere(one != two)[0])
    np.testing.assert_array_equal(found.changed, one != two)


def test_bits_without_a_name_are_given_where_they_are_set() -> None:
    one = np.zeros(SHAPE, np.uint8)
    two = one.copy()
    two[3, 4] = 0b1000_0000
    found, _ = mask_figures(NAMES, pixels(one), pixels(two))
    assert found.gained == {"opaque_cloud": 0, "cirrus": 0, "snow": 0, "bit 7": 1}


def test_equal_masks_pass() -> None:
    check = check_of(flags(1), flags(1))
    assert check.status is Status.PASSED
    assert check.message == "all bits of 17400 pixels are equal"


@pytest.mark.parametrize("bit", range(8))
def test_one_bit_of_one_pixel_fails(bit: int) -> None:
    changed = flags(1)
    changed[149, 115] ^= 1 << bit
    check = check_of(flags(1), changed)
    assert check.status is Status.FAILED
    assert "row 149, column 115" in check.message
    name = NAMES.get(bit, f"bit {bit}")
    assert {check.figures[f"lost {name}"], check.figures[f"gained {name}"]} == {0, 1}


def test_a_pixel_of_several_changed_bits_counts_once() -> None:
    one = np.zeros((10, 10), np.uint8)
    two = one.copy()
    two[0, 0] = 0b111
    assert check_of(one, two, 0.01).status is Status.PASSED
    assert check_of(one, two, 0.0099).status is Status.FAILED


@pytest.mark.parametrize(("has_it", "told"), [(0, "cirrus is wiped out"), (1, "cirrus is new")])
def test_a_bit_that_one_side_alone_has_fails_however_few_pixels_it_is_set_in(has_it: int, told: str) -> None:
    one, two = (np.ones(SHAPE, np.uint8) for _ in range(2))
    (one, two)[has_it][3, 7:9] |= 0b10
    check = check_of(one, two, 0.1, "fail")
    assert check.status is Status.FAILED
    assert f"{told} (2 pixels); expected the same bits on both sides" in check.message
    assert (check.figures["wiped"], check.limits["wiped"]) == (1, 0)
    reported = check_of(one, two, 0.1, "report")
    assert reported.status is Status.PASSED
    assert f"{told} (2 pixels)" in reported.message
    assert "wiped" not in reported.limits
