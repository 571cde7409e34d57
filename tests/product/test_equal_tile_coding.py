"""Images of which one tile of each kind is coded: the same bytes as coding all of them, with less work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipf.errors import OutputError
from ipf.product import equal_tile_coding, jpeg2000
from ipf.product.equal_tile_coding import Samples
from ipf.product.jpeg2000 import CodingProfile, ImageKind, encode_jpeg2000
from ipf.product.raster import Grid

SIDE = 256
"""Pixels along a tile of a mask at 60 m, whose official code-blocks are of 16."""


def grid(rows: int, columns: int, resolution: int = 60) -> Grid:
    return Grid(32632, 600000.0, 4900020.0, resolution, rows, columns)


@pytest.fixture
def coded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Shapes of the images that the encoder was given, in their order."""
    shapes: list[tuple[int, int]] = []
    really = jpeg2000._run_encoder

    def run(path: Path, profile: CodingProfile, threads: int, target: Path, planes: list[Samples]) -> None:
        shapes.append(planes[0].shape)
        really(path, profile, threads, target, planes)

    monkeypatch.setattr(jpeg2000, "_run_encoder", run)
    return shapes


def plainly(path: Path, encode: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The file when all tiles are coded."""
    with monkeypatch.context() as patch:
        patch.setattr(equal_tile_coding, "_kinds_worth_it", lambda planes, whole: None)
        encode()
    return path.read_bytes()


def spots(rows: int, columns: int, places: list[tuple[int, int]]) -> Samples:
    image = np.zeros((rows, columns), np.uint8)
    for number, (row, column) in enumerate(places):
        image[row : row + 9, column : column + 40] = 1 + number % 5
    return image


@pytest.mark.parametrize(
    ("shape", "places"),
    [
        ((6 * SIDE, 5 * SIDE), [(700, 300)]),
        ((6 * SIDE + 70, 5 * SIDE + 33), [(700, 300), (1540, 20), (300, 1285), (1550, 1290)]),
        ((6 * SIDE + 1, 5 * SIDE + 2), [(6 * SIDE, 700)]),
        ((7 * SIDE, 5 * SIDE + 100), []),
        ((SIDE, 9 * SIDE + 5), [(20, 2000)]),
    ],
)
def test_the_bytes_are_those_of_coding_every_tile(
    tmp_path: Path,
    shape: tuple[int, int],
    places: list[tuple[int, int]],
    coded: list[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, flags = tmp_path / "mask.jp2", spots(*shape, places)
    planes = [(flags >> bit) & np.uint8(1) for bit in range(8)]

    def encode() -> None:
        encode_jpeg2000(path, planes, grid(*shape), ImageKind.QUALIT)

    encode()
    made = path.read_bytes()
    assert made == plainly(path, encode, monkeypatch)
    assert coded[0][0] * coded[0][1] < 0.6 * shape[0] * shape[1]
    assert coded[1:] == [shape]
    assert [entry.name for entry in tmp_path.iterdir()] == ["mask.jp2"]


@pytest.mark.parametrize("kind", [ImageKind.BAND, ImageKind.DETFOO, ImageKind.TCI])
def test_any_kind_of_image_at_10_m(
    tmp_path: Path, kind: ImageKind, coded: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiles of 1024 without data, but for some."""
    path, rows, columns = tmp_path / "image.jp2", 3172, 2148
    dtype = np.uint16 if kind is ImageKind.BAND else np.uint8
    image = np.zeros((rows, columns), dtype)
    image[:900, 1100:1700] = np.random.default_rng(1).integers(0, 200, (900, 600))
    samples = [image, image // dtype(2), image] if kind is ImageKind.TCI else image

    def encode() -> None:
        encode_jpeg2000(path, samples, grid(rows, columns, 10), kind, "fast", 2)

    encode()
    made = path.read_bytes()
    assert made == plainly(path, encode, monkeypatch)
    assert coded[0][0] * coded[0][1] < 0.7 * rows * columns
    assert coded[1:] == [(rows, columns)]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 1500)), max_size=8),
    extra=st.tuples(st.integers(0, SIDE - 1), st.integers(0, SIDE - 1)),
)
def test_any_spots(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    places: list[tuple[int, int]],
    extra: tuple[int, int],
) -> None:
    path, shape = tmp_path / "mask.jp2", (4 * SIDE + extra[0], 5 * SIDE + extra[1])
    image = spots(*shape, places)

    def encode() -> None:
        encode_jpeg2000(path, image, grid(*shape), ImageKind.DETFOO)

    encode()
    assert path.read_bytes() == plainly(path, encode, monkeypatch)


def test_images_without_equal_tiles_are_coded_whole(tmp_path: Path, coded: list[tuple[int, int]]) -> None:
    shape = 4 * SIDE, 4 * SIDE
    image = np.random.default_rng(2).integers(0, 9, shape).astype(np.uint8)
    encode_jpeg2000(tmp_path / "mask.jp2", image, grid(*shape), ImageKind.DETFOO)
    assert coded == [shape]


def test_tiles_that_differ_between_rows_of_the_first_look_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, shape = tmp_path / "mask.jp2", (4 * SIDE, 4 * SIDE)
    image = np.zeros(shape, np.uint8)
    image[2 * SIDE + 7, 300] = 5

    def encode() -> None:
        encode_jpeg2000(path, image, grid(*shape), ImageKind.DETFOO)

    encode()
    assert path.read_bytes() == plainly(path, encode, monkeypatch)


def test_tiles_that_may_be_cut_otherwise_are_coded_whole(
    tmp_path: Path, coded: list[tuple[int, int]]
) -> None:
    """Code-blocks of 64 in tiles of 256, and tiles of 192."""
    shape = 4 * SIDE, 4 * SIDE
    encode_jpeg2000(tmp_path / "mask.jp2", np.zeros(shape, np.uint8), grid(*shape), ImageKind.DETFOO, "fast")
    encode_jpeg2000(tmp_path / "band.jp2", np.zeros(shape, np.uint16), grid(*shape), ImageKind.BAND)
    assert coded == [shape, shape]


def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OutputError("no space")

    monkeypatch.setattr(jpeg2000, "_run_encoder", fail)
    with pytest.raises(OutputError, match="no space"):
        encode_jpeg2000(
            tmp_path / "mask.jp2", np.zeros((1024, 1024), np.uint8), grid(1024, 1024), ImageKind.DETFOO
        )
    assert not list(tmp_path.iterdir())
