"""Decoding of product images (JPEG 2000, or GeoTIFF as Sen2Cor may write), and the store that holds them.

Each band is decoded once, whole: the internal tiles of the three resolutions (10.24, 12.8 and 11.52 km) never
align, so that windows read straight from the files would decode most tiles several times. Tiles of the same
bytes, which almost empty masks consist of, are decoded once for all.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from osgeo import gdal, gdal_array

from ipf.errors import ProductError
from ipf.product.equal_tiles import equal_tiles
from ipf.product.raster import Grid, Window
from ipf.product.tile_parts import check_codestream

Counts = npt.NDArray[Any]

Piece = tuple[list[Window], Counts]
"""Windows of an image and the samples (components, rows, columns) of each of them."""

_DRIVERS = {".jp2": "JP2OpenJPEG", ".tif": "GTiff"}
EXTENSIONS: tuple[str, ...] = tuple(_DRIVERS)
"""Extensions of images, the usual one first."""

_STAND_IN_BYTES = 1
_STRIPE_BLOCKS = 2
# With one thread GDAL 3.6 makes OpenJPEG hand every code-block to a pool of one, which costs 1.7 times the
# time on 4 x 4 code-blocks; from two threads on it decodes tiles side by side without a pool.
_LEAST_THREADS = 2


def decode_image(path: Path, grid: Grid, dtype: np.dtype[Any], threads: int = 1) -> Counts:
    """Decode the single-component image `path`, which must cover `grid`; the array is read-only.

    `dtype` is uint16 for bands, uint8 for classes and masks. Raises ProductError naming the file when it is
    missing, a stand-in, cut, not an image, of samples of another type, or of another size or place than
    `grid`.
    """
    counts = np.empty(grid.shape, dtype)
    for windows, samples in _pieces(path, grid, threads, components=1):
        if samples.dtype != dtype:
            raise ProductError(f"{path}: samples of {samples.dtype}, expected {dtype}")
        for window in windows:
            counts[window.slices] = samples[0]
    counts.flags.writeable = False
    return counts


def decode_reduced(path: Path, grid: Grid, coarse: Grid, threads: int = 1) -> Counts:
    """Decode an image that covers `grid` on the coarser pixels of `coarse`, from the same corner, to look at.

    Only the wavelet levels that are needed are decoded; what is between them and `coarse` is averaged without
    regard to no-data. Raises ProductError as `decode_image` does.
    """
    _check_file(path)
    rows, columns = (side * coarse.resolution / grid.resolution for side in coarse.shape)
    with _gdal(max(threads, _LEAST_THREADS)), _as_product_error(path):
        dataset = _open(path)
        _check_image(path, dataset, grid, components=1)
        counts = dataset.GetRasterBand(1).ReadAsArray(
            win_xsize=columns,
            win_ysize=rows,
            buf_xsize=coarse.columns,
            buf_ysize=coarse.rows,
            resample_alg=gdal.GRIORA_Average,
        )
        if counts is None:
            raise RuntimeError(gdal.GetLastErrorMsg() or "damaged")
    return np.asarray(counts)


def decode_flags(path: Path, grid: Grid, planes: int, threads: int = 1) -> Counts:
    """Decode an image of `planes` components (at most 8) to uint8 flags: bit i is set where plane i is not 0.

    Read-only, shape of `grid`; raises as `decode_image` does.
    """
    flags = np.empty(grid.shape, np.uint8)
    for windows, samples in _pieces(path, grid, threads, components=planes):
        part = np.zeros(samples.shape[1:], np.uint8)
        for bit, plane in enumerate(samples):
            if plane.any():
                part |= (plane != 0).astype(np.uint8) << np.uint8(bit)
        for window in windows:
            flags[window.slices] = part
    flags.flags.writeable = False
    return flags


def check_image(path: Path, grid: Grid, components: int, dtype: np.dtype[Any]) -> None:
    """Refuse an image whose header or code-stream tells that it cannot be decoded, without decoding it.

    Raises ProductError naming the file when it is missing, a stand-in, cut, not an image of so many
    `components` of `dtype` (uint8 or uint16), or of another size or place than `grid`.
    """
    _check_file(path)
    with _gdal(_LEAST_THREADS), _as_product_error(path):
        dataset = _open(path)
        _check_image(path, dataset, grid, components)
        found = np.dtype(np.uint8 if dataset.GetRasterBand(1).DataType == gdal.GDT_Byte else np.uint16)
        if found != dtype:
            raise ProductError(f"{path}: samples of {found}, expected {dtype}")


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What an image says of itself: rows and columns, number of components, type of all their samples."""

    shape: tuple[int, int]
    components: int
    dtype: np.dtype[Any]


def image_header(path: Path) -> ImageHeader:
    """Read what an image says of itself, whatever its size and place; nothing is decoded.

    Raises ProductError naming the file when it is missing, a stand-in, cut or not an image.
    """
    _check_file(path)
    with _gdal(_LEAST_THREADS), _as_product_error(path):
        return header_of(_open(path))


def header_of(dataset: gdal.Dataset) -> ImageHeader:
    """The same of an open dataset; the type is the one that holds the samples of all components."""
    kinds = [dataset.GetRasterBand(band + 1).DataType for band in range(dataset.RasterCount)]
    dtype = np.result_type(*(gdal_array.GDALTypeCodeToNumericTypeCode(kind) for kind in kinds))
    return ImageHeader((dataset.RasterYSize, dataset.RasterXSize), dataset.RasterCount, np.dtype(dtype))


def image_pieces(path: Path, threads: int = 1, rows: range | None = None) -> Iterator[Piece]:
    """Decode an image of any size and place piece by piece, each perhaps more than once; the last one holds.

    Of the pieces those that hold any of `rows`, all by default. Raises ProductError naming the file when it
    is missing, a stand-in, cut or not an image.
    """
    return _pieces(path, None, threads, image_header(path).components, rows)


def _pieces(
    path: Path, grid: Grid | None, threads: int, components: int, rows: range | None = None
) -> Iterator[Piece]:
    """Pieces that make up those rows of the image, each perhaps more than once; the last one holds.

    Where enough tiles are equal one of each kind is decoded; where not, or one of them is damaged, all are,
    so that what is told of damage is the same.
    """
    _check_file(path)
    with _memory_given_back(), _gdal(max(threads, _LEAST_THREADS)), _as_product_error(path):
        groups = _within(equal_tiles(path), rows) if path.suffix == ".jp2" else []
        # One tile after the other here, `threads` side by side there.
        if len(groups) * max(threads, _LEAST_THREADS) < sum(map(len, groups)):
            try:
                yield from _distinct_tiles(path, grid, components, groups)
                return
            except RuntimeError:
                gdal.ErrorReset()
        yield from _stripes(path, grid, components, rows)


def _within(groups: list[list[Window]], rows: range | None) -> list[list[Window]]:
    """Of windows in groups those that hold any of the rows."""
    if rows is None:
        return groups
    held = [
        [window for window in group if window.row < rows.stop and window.row + window.height > rows.start]
        for group in groups
    ]
    return [group for group in held if group]


def _distinct_tiles(
    path: Path, grid: Grid | None, components: int, groups: list[list[Window]]
) -> Iterator[Piece]:
    """Samples of the first tile of each group, with the windows of all."""
    dataset = _open(path)
    if grid is not None:
        _check_image(path, dataset, grid, components)
    for windows in groups:
        yield windows, _samples(dataset, windows[0])


def _stripes(path: Path, grid: Grid | None, components: int, wanted: range | None) -> Iterator[Piece]:
    """Stripes of one or a few rows of internal tiles, so that GDAL's own copy stays small."""
    dataset = _open(path)
    if grid is not None:
        _check_image(path, dataset, grid, components)
    rows, columns = dataset.RasterYSize, dataset.RasterXSize
    block = dataset.GetRasterBand(1).GetBlockSize()[1]
    first, stop = (0, rows) if wanted is None else (wanted.start, wanted.stop)
    end = min(-(-stop // block) * block, rows)
    height = block * (_STRIPE_BLOCKS if components == 1 else 1)
    for top in range(first // block * block, end, height):
        window = Window(top, 0, min(height, end - top), columns)
        yield [window], _samples(dataset, window)


def _samples(dataset: gdal.Dataset, window: Window) -> Counts:
    # One call for all components: a JPEG 2000 tile holds them all and is decoded once.
    samples = dataset.ReadAsArray(window.column, window.row, window.width, window.height)
    if samples is None:
        raise RuntimeError(gdal.GetLastErrorMsg() or f"rows from {window.row} on are damaged")
    dataset.FlushCache()  # else GDAL keeps what it decoded until the end: 1.5 GB of a quality mask
    return np.asarray(samples).reshape(dataset.RasterCount, window.height, window.width)


def _check_file(path: Path) -> None:
    """Refuse what GDAL would report unclearly, or only from a thread of its own."""
    if path.suffix not in _DRIVERS:
        raise ProductError(f"{path}: expected an image file ({', '.join(EXTENSIONS)})")
    if not path.is_file():
        raise ProductError(f"{path}: image is missing")
    try:
        size = path.stat().st_size
        if size <= _STAND_IN_BYTES:
            raise ProductError(f"{path}: empty stand-in of {size} bytes, expected an image")
        if path.suffix == ".jp2":
            check_codestream(path)
    except OSError as problem:
        raise ProductError(f"{path}: cannot be read: {problem.strerror or problem}") from problem


def _open(path: Path) -> gdal.Dataset:
    dataset = gdal.OpenEx(str(path), gdal.OF_RASTER, allowed_drivers=[_DRIVERS[path.suffix]])
    if dataset is None:
        raise RuntimeError(gdal.GetLastErrorMsg() or "not an image")
    return dataset


def _check_image(path: Path, dataset: gdal.Dataset, grid: Grid, components: int) -> None:
    size = dataset.RasterYSize, dataset.RasterXSize
    if size != grid.shape:
        raise ProductError(
            f"{path}: image of {size[0]} x {size[1]} pixels, expected {grid.rows} x {grid.columns} (a reduced"
            " stand-in?)"
        )
    if dataset.RasterCount != components:
        raise ProductError(f"{path}: image of {dataset.RasterCount} components, expected {components}")
    if dataset.GetRasterBand(1).DataType not in (gdal.GDT_Byte, gdal.GDT_UInt16):
        raise ProductError(f"{path}: samples are not unsigned integers of 8 or 16 bits")
    epsg = _epsg_of(dataset)
    if epsg not in (None, grid.epsg):
        raise ProductError(f"{path}: image in EPSG:{epsg}, expected EPSG:{grid.epsg} as in the tile metadata")
    transform = dataset.GetGeoTransform(can_return_null=True)
    if transform is not None and not np.allclose(transform, grid.geotransform, rtol=0, atol=1e-6):
        raise ProductError(
            f"{path}: image with geotransform {tuple(transform)}, expected {grid.geotransform} as in the tile"
            " metadata"
        )


def _epsg_of(dataset: gdal.Dataset) -> int | None:
    """EPSG code of an image's reference system, None where it states none."""
    reference = dataset.GetSpatialRef()
    if reference is None or reference.GetAuthorityName(None) != "EPSG":
        return None
    return int(reference.GetAuthorityCode(None))


@contextmanager
def _gdal(threads: int) -> Iterator[None]:
    """GDAL of this thread: nothing printed, no sidecar files looked for, `threads` threads."""
    options = {"GDAL_NUM_THREADS": str(threads), "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
    previous = {name: gdal.GetThreadLocalConfigOption(name, None) for name in options}
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    gdal.ErrorReset()
    for name, value in options.items():
        gdal.SetThreadLocalConfigOption(name, value)
    try:
        yield
    finally:
        for name, value in previous.items():
            gdal.SetThreadLocalConfigOption(name, value)
        gdal.PopErrorHandler()


@contextmanager
def _memory_given_back() -> Iterator[None]:
    """Have the heap given back what a decoder freed: glibc keeps up to 64 MB of it for each thread, after a
    quality mask 110 to 260 MB in all. Other C libraries are left alone.
    """
    try:
        yield
    finally:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


@contextmanager
def _as_product_error(path: Path) -> Iterator[None]:
    """Make what GDAL raises an error that names the file."""
    try:
        yield
    except RuntimeError as problem:
        raise ProductError(f"{path}: cannot be decoded: {_one_line(str(problem))}") from problem


def _one_line(text: str) -> str:
    return " ".join(text.split())


class BandStore:
    """Decoded images by name: decoded at first use, kept until released. Safe to use from several threads.

    Two threads asking for one image decode it once; different images decode side by side. The memory held is
    that of the counts. `threads` is given to each decoding.
    """

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._counts: dict[str, Counts] = {}

    def counts(self, name: str, decode: Callable[[int], Counts]) -> Counts:
        """Counts held under `name`; when there are none, those that `decode(threads)` gives."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            held = self._counts.get(name)
            if held is None:
                held = decode(self.threads)
                self._counts[name] = held
            return held

    def release(self, name: str) -> None:
        """Forget the counts held under `name`, if any; they are decoded again when asked for."""
        with self._lock:
            self._counts.pop(name, None)

    @property
    def held(self) -> dict[str, int]:
        """Bytes held, by name."""
        with self._lock:
            return {name: counts.nbytes for name, counts in sorted(self._counts.items())}
