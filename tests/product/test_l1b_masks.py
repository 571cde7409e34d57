"""Quality masks of Level-1B granules: joined along the track, and decoded no more often than needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ipf.errors import ProductError
from ipf.product import l1b_masks
from ipf.product.images import Piece
from ipf.product.l1b_masks import CleanMasks, quality_flags
from ipf.product.l1b_reader import L1bProduct, read_l1b_product
from ipf.product.l1b_writer import write_granule, write_l1b_datastrip
from tests.product.test_l1b_product import SIZES, datastrip, granule

ROWS, COLUMNS = SIZES[10]
FLAGGED = slice(3, 7)
"""Lines of the second granule that are flagged with bit 5."""


@pytest.fixture
def product(tmp_path: Path) -> L1bProduct:
    """Three granules of one detector: clean, flagged, clean."""
    write_l1b_datastrip(tmp_path, datastrip((3,)))
    for number in range(3):
        planes = [np.zeros(SIZES[10], np.uint8) for _ in range(8)]
        if number == 1:
            planes[5][FLAGGED] = 1
        write_granule(tmp_path, granule(3, number), {}, {"B02": planes}, "fast")
    return read_l1b_product(tmp_path)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Masks that were decoded, in their order."""
    paths: list[Path] = []
    really = l1b_masks.image_pieces

    def pieces(path: Path, threads: int) -> Iterator[Piece]:
        paths.append(path)
        return really(path, threads)

    monkeypatch.setattr(l1b_masks, "image_pieces", pieces)
    return paths


def test_flags_of_granules_are_joined(product: L1bProduct) -> None:
    flags = quality_flags(product, "B02", 3, product.lines("B02", 3))
    expected = np.zeros((3 * ROWS, COLUMNS), np.uint8)
    expected[ROWS:][FLAGGED] = 32
    assert flags is not None
    np.testing.assert_array_equal(flags, expected)
    part = quality_flags(product, "B02", 3, range(ROWS + 5, 2 * ROWS + 9))
    assert part is not None
    np.testing.assert_array_equal(part, expected[ROWS + 4 : 2 * ROWS + 8])


def test_without_a_flag_there_are_none(product: L1bProduct) -> None:
    assert quality_flags(product, "B02", 3, range(1, ROWS + 1)) is None
    assert quality_flags(product, "B03", 3, range(1, ROWS + 1)) is None


def test_clean_masks_of_the_same_bytes_are_decoded_once(product: L1bProduct, decoded: list[Path]) -> None:
    first, flagged, _ = (part.masks["B02"] for part in product.granules[3])
    clean, lines = CleanMasks(), product.lines("B02", 3)
    alone = quality_flags(product, "B02", 3, lines)
    decoded.clear()
    for _ in range(2):
        again = quality_flags(product, "B02", 3, lines, clean=clean)
        assert alone is not None
        assert again is not None
        np.testing.assert_array_equal(again, alone)
    assert decoded == [first, flagged, flagged]


def test_a_known_mask_of_another_size_is_refused(product: L1bProduct) -> None:
    clean = CleanMasks()
    assert quality_flags(product, "B02", 3, range(1, ROWS + 1), clean=clean) is None
    first = product.granules[3][0]
    coarse = replace(first, masks={"B11": first.masks["B02"]})
    mistaken = replace(product, granules={3: (coarse,)})
    with pytest.raises(ProductError, match=rf"8 planes of \({ROWS}, {COLUMNS}\), expected 8 of \(18, 12\)"):
        quality_flags(mistaken, "B11", 3, range(1, 19), clean=clean)


def test_a_cut_mask_is_refused(product: L1bProduct) -> None:
    path = product.granules[3][1].masks["B02"]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ProductError, match=path.name):
        quality_flags(product, "B02", 3, product.lines("B02", 3), clean=CleanMasks())
