"""Pixels of the rasters that are compared, read by windows.

JPEG 2000 images are decoded once, whole, and held as counts: their internal tiles are large, and windows
read straight from the file would decode most of them several times. Others are read from the file by windows.
"""

from __future__ import annotations

import filecmp
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from osgeo import gdal

from ipf.compare.content import Nature, RasterPart
from ipf.compare.gdal_files import check_is_file, gdal_errors, open_dataset, said
from ipf.errors import ProductError
from ipf.product.images import ImageHeader, header_of, image_header, image_pieces
from ipf.product.raster import Window

Counts = npt.NDArray[Any]

THUMBNAIL = 512
"""Largest side of a thumbnail, in coarse pixels."""
_BLOCK_PIXELS = 2**22
_DECIDING = ("nature", "components", "page")
_WHOLE = frozenset({".jp2", ".tif", ".tiff"})
"""Images whose pixels are all in the file: a virtual raster of the same bytes may be made of other files."""
_BITS = 8
_BYTE = np.iinfo(np.uint8).max


@dataclass(frozen=True, slots=True)
class Pixels:
    """An image: rows and columns, type of its counts, and how windows of it are read.

    `read` gives the counts (height, width); of pictures (components, height, width). Class maps are of uint8,
    as are masks, whose components are the bits, the lowest first. It raises ProductError naming the file
    where that cannot be read, and is safe to be called from several threads.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    read: Callable[[Window], Counts]


def open_pixels(part: RasterPart, threads: int = 1) -> Pixels:
    """Open the image of a part; JPEG 2000 is decoded with `threads`.

    Raises ProductError naming the file when it is missing, a stand-in, cut, not an image, lacks a component,
    or has samples that its nature does not know.
    """
    check_is_file(part.path)
    if part.path.suffix == ".jp2":
        return _decoded(part, threads)
    return _by_windows(part)


def open_both(reference: RasterPart, candidate: RasterPart, threads: int = 1) -> tuple[Pixels, Pixels]:
    """Open both sides; files of the same bytes are decoded once. Raises as `open_pixels` does."""
    first = open_pixels(reference, threads)
    check_is_file(candidate.path)
    alike = all(getattr(reference, name) == getattr(candidate, name) for name in _DECIDING)
    whole = all(part.path.suffix.lower() in _WHOLE for part in (reference, candidate))
    try:
        same = alike and whole and filecmp.cmp(reference.path, candidate.path, shallow=False)
    except OSError as problem:
        raise ProductError(f"{candidate.path}: cannot be read: {problem.strerror or problem}") from problem
    return first, first if same else open_pixels(candidate, threads)


def thumbnail_step(shape: tuple[int, int]) -> int:
    """Rows and columns of an image that one coarse pixel of its thumbnail has."""
    return max(1, -(-max(shape) // THUMBNAIL))


def row_blocks(shape: tuple[int, int], step: int, least: int | None = None) -> Iterator[Window]:
    """Blocks of rows of an image: a multiple of `step` rows each, `least` or a good number at least."""
    height = max(least or _BLOCK_PIXELS // shape[1], 1)
    height = -(-height // step) * step
    for top in range(0, shape[0], height):
        yield Window(top, 0, min(height, shape[0] - top), shape[1])


def _decoded(part: RasterPart, threads: int) -> Pixels:
    header = image_header(part.path)
    _check(part, header)
    dtype = dtype_of(part, header)
    counts = np.empty(_leading(part) + header.shape, dtype)
    for windows, samples in image_pieces(part.path, threads):
        piece = counts_of(part, samples[list(part.components)])
        for window in windows:
            counts[(..., *window.slices)] = piece
    counts.flags.writeable = False
    return Pixels(header.shape, dtype, lambda window: counts[(..., *window.slices)])


def _by_windows(part: RasterPart) -> Pixels:
    with gdal_errors(part.path):
        dataset = open_dataset(part.path, part.page)
        header = header_of(dataset)
    _check(part, header)
    bands = [component + 1 for component in part.components]
    lock = threading.Lock()

    def read(window: Window) -> Counts:
        with lock, gdal_errors(part.path):
            samples = dataset.ReadAsArray(
                window.column, window.row, window.width, window.height, band_list=bands
            )
            if samples is None or gdal.GetLastErrorType() >= gdal.CE_Failure:
                raise ProductError(f"{part.path}: cannot be decoded: {said() or 'damaged'}")
        planes = np.asarray(samples).reshape(len(bands), window.height, window.width)
        return counts_of(part, planes)

    return Pixels(header.shape, dtype_of(part, header), read)


def _check(part: RasterPart, header: ImageHeader) -> None:
    """Refuse components that are not there, and samples that are no numbers."""
    lacking = [component for component in part.components if component >= header.components]
    if lacking or not part.components:
        raise ProductError(
            f"{part.path}: image of {header.components} components, expected"
            f" {max(part.components, default=0) + 1} or more"
        )
    expected = {Nature.CONTINUOUS: 1, Nature.CLASSES: 1}.get(part.nature)
    if expected is not None and len(part.components) != expected:
        raise ProductError(f"{part.path}: {len(part.components)} components of one {part.nature} raster")
    if part.nature is Nature.MASK and len(part.components) > _BITS:
        raise ProductError(
            f"{part.path}: mask of {len(part.components)} components, expected at most {_BITS}"
        )
    numbers = "iu" if part.nature in (Nature.CLASSES, Nature.MASK) else "iuf"
    if header.dtype.kind not in numbers:
        raise ProductError(f"{part.path}: samples of {header.dtype} in a {part.nature} raster")


def dtype_of(part: RasterPart, header: ImageHeader) -> np.dtype[Any]:
    """Type of the counts of a part."""
    return np.dtype(np.uint8) if part.nature in (Nature.CLASSES, Nature.MASK) else header.dtype


def _leading(part: RasterPart) -> tuple[int, ...]:
    return (len(part.components),) if part.nature is Nature.PICTURE else ()


def counts_of(part: RasterPart, samples: Counts) -> Counts:
    """Counts of a part from the samples (components, rows, columns) of its own components."""
    if part.nature is Nature.PICTURE:
        return samples
    if part.nature is Nature.MASK and len(samples) > 1:
        return _folded(part.path, samples)
    return samples[0] if part.nature is Nature.CONTINUOUS else _bytes(part.path, samples[0], _BYTE)


def _folded(path: Path, samples: Counts) -> npt.NDArray[np.uint8]:
    """Components of 0 or 1 as the bits of one number, the first the lowest."""
    flags = np.zeros(samples.shape[1:], np.uint8)
    for bit, plane in enumerate(samples):
        flags |= _bytes(path, plane, 1) << np.uint8(bit)
    return flags


def _bytes(path: Path, samples: Counts, largest: int) -> npt.NDArray[np.uint8]:
    """Samples as uint8; ProductError where one is not within 0 and `largest`: it must not become another."""
    if samples.size and (samples.max() > largest or samples.min() < 0):
        wrong = samples.max() if samples.max() > largest else samples.min()
        raise ProductError(f"{path}: a sample of {wrong}, expected 0 to {largest}")
    return samples.astype(np.uint8, copy=False)
