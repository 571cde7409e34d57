"""The quality page: pictures of the right pixels, every figure, and tiles without anything to show."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.atmospheric.page_pictures import class_picture, colour_picture, map_picture
from ipf_plugins.atmospheric.quality_page import quality_page
from ipf_plugins.atmospheric.thumbnails import LARGEST_SIDE, Thumbnails, thumbnail_resolution
from matplotlib.image import imread

from ipf.product.bands import BY_NAME
from ipf.product.class_legend import LEGEND
from ipf.product.level_2a import L2AProcessing, level_2a_documents, with_content
from ipf.product.metadata import TileMetadata
from ipf.product.raster import Grid
from ipf.product.reader import SafeProduct, open_product
from ipf.product.utc import UtcTime
from tests.product.products import CONTENT, QUALITY, SMALL_GRID, small_acquisition, write_small_l1c
from tests.product.test_l2a_writer import documents_of

BANDS = tuple(band for band in BY_NAME if band != "B10")
USED = {"mode": "accurate", "elevation model": "<none>"}


@pytest.fixture(scope="module")
def l1c(tmp_path_factory: pytest.TempPathFactory) -> SafeProduct:
    return open_product(write_small_l1c(tmp_path_factory.mktemp("l1c")))


@pytest.fixture(scope="module")
def tile(l1c: SafeProduct) -> TileMetadata:
    documents = level_2a_documents(documents_of(l1c), L2AProcessing(UtcTime.parse("2022-10-05T16:44:54.0Z")))
    return with_content(documents.tile, CONTENT, 6.0)


def filled(l1c: SafeProduct, value: int | None = None) -> Thumbnails:
    """Thumbnails of bands with Level-1C's own counts, or one value; of classes in stripes, and two maps."""
    thumbnails = Thumbnails(l1c)
    for band in BANDS:
        counts = l1c.bands[f"toa_reflectance/{band}"].read_all()
        thumbnails.add_band(band, counts if value is None else np.full_like(counts, value))
        thumbnails.read_level_1c(band)
    shape = l1c.grid.at(20).shape
    rows, columns = np.indices(shape)
    for content in ("AOT", "WVP"):
        counts = (100 + rows + columns).astype(np.uint16)
        thumbnails.add_map(content, counts if value is None else np.full_like(counts, value))
    thumbnails.add_classes(
        (columns * 12 // shape[1]).astype(np.uint8) if value is None else np.zeros(shape, np.uint8)
    )
    return thumbnails


@pytest.mark.parametrize(
    ("side", "resolution"), [(186, 10), (1100, 10), (1830, 20), (3660, 60), (10980, 120), (5490, 60)]
)
def test_no_picture_is_large_and_every_factor_is_whole(side: int, resolution: int) -> None:
    grid = Grid(32631, 300000.0, 4900020.0, 10, side, side)
    assert thumbnail_resolution(grid) == resolution
    assert side * 10 // resolution <= LARGEST_SIDE


def test_every_band_comes_to_the_same_pixels(l1c: SafeProduct) -> None:
    """Level-1C read from its files is what is kept of the same counts on their way."""
    thumbnails = filled(l1c)
    assert thumbnails.grid == SMALL_GRID
    for band in BANDS:
        assert thumbnails.before[band].shape == thumbnails.after[band].shape == SMALL_GRID.shape
        np.testing.assert_array_equal(thumbnails.before[band], thumbnails.after[band], band)


def test_level_1c_without_offsets_is_shown_as_bright(tmp_path: Path) -> None:
    old = open_product(write_small_l1c(tmp_path, small_acquisition("02.09")))
    thumbnails = filled(old)
    present = thumbnails.after["B04"] > 0
    np.testing.assert_array_equal(thumbnails.before["B04"][present], thumbnails.after["B04"][present] + 1000)
    assert np.all(thumbnails.before["B04"][~present] == 0)


def pictures(page: str) -> list[np.ndarray]:
    found = re.findall(r'src="data:image/(png|jpeg);base64,([^"]*)"', page)
    return [imread(BytesIO(base64.b64decode(data)), format=kind) for kind, data in found]


def test_the_page_tells_everything(l1c: SafeProduct, tile: TileMetadata) -> None:
    page = quality_page(filled(l1c), tile, QUALITY, USED)
    sizes = [picture.shape[:2] for picture in pictures(page)]
    assert sizes[:3] == [SMALL_GRID.shape] * 3
    assert all(LARGEST_SIDE >= width > 1000 for _, width in sizes[3:])
    for one in LEGEND:
        assert f"{one.number} {one.name}" in page
        assert one.css in page
    for said in (
        tile.identifier,
        "40.00",
        "DDV_REFLECTANCE_RANGE",
        "0.050000",
        "w010_n51.dt1",
        "&lt;none&gt;",
    ):
        assert said in page
    assert "Within all limits" in page


def test_limits_stand_out(l1c: SafeProduct, tile: TileMetadata) -> None:
    thick = with_content(tile, replace(CONTENT, mean_aot=1.4), 99.9)
    page = quality_page(filled(l1c), thick, QUALITY, USED)
    assert "AOT_ABOVE_1, CLOUD_ONLY." in page
    assert "Within all limits" not in page


def test_the_same_product_gives_the_same_page(l1c: SafeProduct, tile: TileMetadata) -> None:
    one, two = (quality_page(filled(l1c), tile, QUALITY, USED) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("value", [0, 1500])
def test_a_tile_without_data_or_variety_has_a_page(l1c: SafeProduct, tile: TileMetadata, value: int) -> None:
    page = quality_page(filled(l1c, value), tile, QUALITY, USED)
    assert len(pictures(page)) == 5


def test_colours_are_those_of_the_reflectances() -> None:
    """B04, B03 and B02 as red, green and blue, 0.25 and more as white."""
    shape = (64, 64)
    bands = {
        "B04": np.full(shape, 3500, np.uint16),
        "B03": np.full(shape, 2250, np.uint16),
        "B02": np.full(shape, 1000, np.uint16),
    }
    picture = imread(BytesIO(colour_picture(bands)), format="jpeg")
    np.testing.assert_allclose(picture[32, 32], (255, 128, 0), atol=3)


def test_classes_are_drawn_in_their_colours() -> None:
    classes = np.arange(12, dtype=np.uint8).reshape(3, 4)
    picture = imread(BytesIO(class_picture(classes)), format="png")
    expected = np.array([one.colour for one in LEGEND]).reshape(3, 4, 3)
    np.testing.assert_array_equal(np.rint(picture[..., :3] * 255), expected)


def test_pixels_without_data_are_white_on_a_map() -> None:
    counts = np.full((50, 50), 200, np.uint16)
    counts[:, 25:] = 0
    picture = imread(BytesIO(map_picture({"AOT": counts, "WVP": counts})), format="png")
    white = np.all(picture[..., :3] == 1.0, axis=-1)
    row = white[picture.shape[0] // 2, : picture.shape[1] // 2]
    coloured = np.flatnonzero(~row)
    assert np.all(~row[coloured[0] : coloured[0] + 150])
    assert np.all(row[coloured[0] + 260 : coloured[0] + 400])
