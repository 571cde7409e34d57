"""Sizes that no tile has are told with file and element, before anything is made of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipf.errors import ProductError
from ipf.product.quality.model import Outcome
from tests.product.quality.small_products import checks, item_of, value


@pytest.mark.parametrize("name", ["NROWS", "NCOLS"])
@pytest.mark.parametrize("pixels", ["999999999", "-5", "0"])
def test_a_size_that_is_none_is_an_error_of_its_element(
    l1c: Path, tmp_path: Path, name: str, pixels: str
) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    value(name, pixels)(item_of(copy, "tile"))
    tile = item_of(copy, "tile")
    with pytest.raises(ProductError, match=f"MTD_TL.xml.*{name} is {pixels}, expected 1 to"):
        _ = tile.tile_grids
    check = checks(tile)["FORMAT_CORRECTNESS.Tile_Position_Size"]
    assert check.outcome is Outcome.ERROR
    assert f"{name} is {pixels}" in check.message
