"""Pixels of parts: the same from every kind of file, and what is damaged is refused by name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from osgeo import gdal

from ipf.compare import pixels as module
from ipf.compare.content import Nature
from ipf.compare.pixels import open_both, open_pixels, row_blocks
from ipf.errors import ProductError
from ipf.product.jpeg2000 import ImageKind
from ipf.product.raster import Window
from tests.compare.rasters import ground, part, write_jp2, write_tiff

SHAPE = (150, 116)
WINDOWS = (Window(0, 0, *SHAPE), Window(63, 40, 70, 76), Window(149, 0, 1, 116))


def written(folder: Path, image: npt.NDArray[Any], suffix: str, kind: ImageKind = ImageKind.BAND) -> Path:
    path = folder / f"image{suffix}"
    return write_tiff(path, image) if suffix == ".tif" else write_jp2(path, image, kind)


@pytest.mark.parametrize("suffix", [".jp2", ".tif"])
def test_windows_of_counts(tmp_path: Path, suffix: str) -> None:
    counts = ground(SHAPE) // 2
    found = open_pixels(part(written(tmp_path, counts, suffix)), threads=2)
    assert found.shape == SHAPE
    assert found.dtype == np.uint16
    for window in WINDOWS:
        np.testing.assert_array_equal(found.read(window), counts[window.slices])


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.float32, np.float64])
def test_numbers_of_every_type(tmp_path: Path, kind: type) -> None:
    values = ground(SHAPE).astype(kind) - kind(3000)
    found = open_pixels(part(write_tiff(tmp_path / "image.tif", values)))
    assert found.dtype == kind
    np.testing.assert_array_equal(found.read(WINDOWS[1]), values[WINDOWS[1].slices])


@pytest.mark.parametrize("suffix", [".jp2", ".tif"])
def test_components_of_a_mask_are_bits(tmp_path: Path, suffix: str) -> None:
    flags = np.random.default_rng(1).integers(0, 256, SHAPE).astype(np.uint8)
    planes = np.stack([flags >> bit & 1 for bit in range(8)])
    path = written(tmp_path, planes, suffix, ImageKind.QUALIT)
    found = open_pixels(part(path, Nature.MASK, components=tuple(range(8))))
    assert found.dtype == np.uint8
    for window in WINDOWS:
        np.testing.assert_array_equal(found.read(window), flags[window.slices])
    some = open_pixels(part(path, Nature.MASK, components=(3, 1)))
    np.testing.assert_array_equal(some.read(WINDOWS[0]), (flags >> 3 & 1) | (flags >> 1 & 1) << 1)


@pytest.mark.parametrize("suffix", [".jp2", ".tif"])
def test_bits_of_one_component_stay(tmp_path: Path, suffix: str) -> None:
    flags = np.random.default_rng(1).integers(0, 256, SHAPE).astype(np.uint8)
    found = open_pixels(part(written(tmp_path, flags, suffix, ImageKind.SCL), Nature.MASK))
    np.testing.assert_array_equal(found.read(WINDOWS[1]), flags[WINDOWS[1].slices])


@pytest.mark.parametrize("suffix", [".jp2", ".tif"])
def test_a_picture_has_its_components(tmp_path: Path, suffix: str) -> None:
    image = np.random.default_rng(1).integers(0, 256, (3, *SHAPE)).astype(np.uint8)
    found = open_pixels(part(written(tmp_path, image, suffix, ImageKind.TCI), Nature.PICTURE))
    assert found.shape == SHAPE
    np.testing.assert_array_equal(found.read(WINDOWS[1]), image[(..., *WINDOWS[1].slices)])


def test_one_component_of_several(tmp_path: Path) -> None:
    image = np.random.default_rng(1).normal(size=(4, *SHAPE))
    path = write_tiff(tmp_path / "grid.tif", image)
    found = open_pixels(part(path, components=(2,)))
    np.testing.assert_array_equal(found.read(WINDOWS[1]), image[2][WINDOWS[1].slices])


@pytest.mark.parametrize(
    ("image", "more", "said"),
    [
        (np.zeros(SHAPE, np.uint8), {"components": (1,)}, "1 components, expected 2 or more"),
        (np.zeros((2, *SHAPE), np.uint8), {"components": (0, 1)}, "2 components of one continuous raster"),
        (np.full(SHAPE, 300, np.uint16), {"nature": Nature.CLASSES}, "a sample of 300, expected 0 to 255"),
        (np.full(SHAPE, -1, np.int16), {"nature": Nature.CLASSES}, "a sample of -1, expected 0 to 255"),
        (np.zeros(SHAPE, np.float32), {"nature": Nature.CLASSES}, "samples of float32 in a classes raster"),
        (np.zeros(SHAPE, np.complex64), {}, "samples of complex64 in a continuous raster"),
        (
            np.full((2, *SHAPE), 2, np.uint8),
            {"nature": Nature.MASK, "components": (0, 1)},
            "a sample of 2, expected 0 to 1",
        ),
        (
            np.zeros((9, *SHAPE), np.uint8),
            {"nature": Nature.MASK, "components": tuple(range(9))},
            "mask of 9 components, expected at most 8",
        ),
    ],
)
def test_samples_that_a_nature_does_not_know(
    tmp_path: Path, image: npt.NDArray[Any], more: dict[str, Any], said: str
) -> None:
    path = write_tiff(tmp_path / "image.tif", image)
    with pytest.raises(ProductError) as problem:
        open_pixels(part(path, **more)).read(WINDOWS[0])
    assert str(path) in str(problem.value)
    assert said in str(problem.value)


@pytest.mark.parametrize("suffix", [".jp2", ".tif"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "text"])
def test_damaged_files(tmp_path: Path, suffix: str, damage: str) -> None:
    path = written(tmp_path, ground(SHAPE) // 2, suffix)
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "text": b"no image"}[damage])
    with pytest.raises(ProductError, match=path.name):
        open_pixels(part(path)).read(WINDOWS[0])


@pytest.mark.parametrize("suffix", [".jp2", ".JP2", ".tif", ".TIF", ".vrt", ".bin"])
def test_a_pipe_is_never_waited_for(tmp_path: Path, suffix: str) -> None:
    pipe = tmp_path / f"image{suffix}"
    os.mkfifo(pipe)
    there = write_tiff(tmp_path / "there.tif", ground(SHAPE))
    for pair in ((pipe, pipe), (there, pipe), (pipe, there)):
        with pytest.raises(ProductError, match="no regular file"):
            open_both(*map(part, pair))


def test_a_pipe_that_a_virtual_raster_is_made_of_is_never_waited_for(tmp_path: Path) -> None:
    source = write_tiff(tmp_path / "image.tif", ground(SHAPE))
    virtual = tmp_path / "image.vrt"
    dataset = gdal.Translate(str(virtual), str(source), format="VRT")
    del dataset
    np.testing.assert_array_equal(open_pixels(part(virtual)).read(WINDOWS[0]), ground(SHAPE))
    source.unlink()
    os.mkfifo(source)
    with pytest.raises(ProductError, match="no regular file"):
        open_pixels(part(virtual))


def test_virtual_rasters_of_the_same_bytes_may_have_other_pixels(tmp_path: Path) -> None:
    paths = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        write_tiff(folder / "image.tif", ground(SHAPE, seed))
        dataset = gdal.Translate(str(folder / "image.vrt"), str(folder / "image.tif"), format="VRT")
        del dataset
        paths.append(folder / "image.vrt")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    for seed, pixels in zip((1, 2), open_both(*map(part, paths)), strict=True):
        np.testing.assert_array_equal(pixels.read(WINDOWS[0]), ground(SHAPE, seed))


def test_damaged_pixels_of_a_geotiff(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "image.tif", ground(SHAPE))
    content = bytearray(path.read_bytes())
    content[1000:1400] = bytes(400)
    path.write_bytes(content)
    with pytest.raises(ProductError, match=r"image\.tif"):
        open_pixels(part(path)).read(WINDOWS[0])


def test_files_of_the_same_bytes_are_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write_jp2(tmp_path / "first.jp2", ground(SHAPE) // 2)
    second, third = tmp_path / "second.jp2", write_jp2(tmp_path / "third.jp2", ground(SHAPE, 2) // 2)
    second.write_bytes(first.read_bytes())
    decoded = []
    pieces = module.image_pieces
    monkeypatch.setattr(
        module, "image_pieces", lambda path, threads: decoded.append(path) or pieces(path, threads)
    )
    one, two = open_both(part(first), part(second))
    assert decoded == [first]
    assert one is two
    other = open_both(part(first), part(third))[1]
    np.testing.assert_array_equal(other.read(WINDOWS[0]), ground(SHAPE, 2) // 2)


@pytest.mark.parametrize(("step", "least"), [(1, 7), (3, 7), (22, 1), (5, None)])
def test_blocks_cover_every_row_once(step: int, least: int | None) -> None:
    blocks = list(row_blocks(SHAPE, step, least))
    assert [block.row for block in blocks[1:]] == list(np.cumsum([block.height for block in blocks])[:-1])
    assert sum(block.height for block in blocks) == SHAPE[0]
    assert all(block.row % step == 0 and block.width == SHAPE[1] for block in blocks)
