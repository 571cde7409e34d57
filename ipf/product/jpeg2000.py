"""JPEG 2000 images of Sentinel-2 products: coding profiles, encoder, and inspection of a code-stream.

The official profiles were read from the code-streams of real Level-1C and Level-2A products of baseline
04.00. All are lossless: 5-3 wavelet, LRCP progression, one quality layer. `fast` keeps tiles and levels and
takes code-blocks of 64 x 64 everywhere: 4 x 4 blocks cost twice the time and a third more bytes.

Two parameters of official files are out of the encoder's reach (GDAL's JP2OpenJPEG driver): tiles under 32
pixels (the preview image has 8, here 32), and the reversible component transform on images of other than
three components (the quality mask). Neither changes a decoded pixel. TCI at 20 m has no real sample here; it
is taken to follow the multi-component masks, as TCI at 60 m does.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from osgeo import gdal, gdal_array

from ipf.atomic import atomic_path
from ipf.errors import OutputError, ProductError
from ipf.product.equal_tile_coding import encode_kinds_of_tiles
from ipf.product.jp2_boxes import codestream_box_header, georeference_box, header_boxes, read_boxes
from ipf.product.raster import Grid

CodingStyle = Literal["official", "fast"]
Samples = npt.NDArray[Any]


class ImageKind(StrEnum):
    """What an image holds; decides data type, components and coding parameters."""

    BAND = "band"
    AOT = "AOT"
    WVP = "WVP"
    SCL = "SCL"
    TCI = "TCI"
    PROBABILITY = "probability"
    DETFOO = "MSK_DETFOO"
    QUALIT = "MSK_QUALIT"
    CLASSI = "MSK_CLASSI"
    PVI = "PVI"


_COMPONENTS = {ImageKind.TCI: 3, ImageKind.PVI: 3, ImageKind.CLASSI: 3, ImageKind.QUALIT: 8}
_SIGNAL_KINDS = frozenset({ImageKind.BAND, ImageKind.AOT, ImageKind.WVP})
_IMAGE_LIKE = frozenset({*_SIGNAL_KINDS, ImageKind.SCL, ImageKind.PROBABILITY})


@dataclass(frozen=True, slots=True)
class CodingProfile:
    """How an image is coded: bits per sample, components, side of tiles, code-blocks and precincts in pixels,
    wavelet decomposition levels.
    """

    bits: int
    components: int
    tile: int
    code_block: int
    precinct: int
    levels: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the array that holds the samples."""
        return np.dtype(np.uint16 if self.bits > 8 else np.uint8)


# tile, code-block, precinct, levels per pixel size
_IMAGE_CODING = {10: (1024, 64, 256, 4), 20: (640, 8, 128, 4), 60: (192, 4, 64, 4)}
_MASK_CODING = {10: (1024, 64, 256, 4), 20: (2048, 64, 256, 5), 60: (256, 16, 128, 4)}
_PREVIEW_CODING = (32, 16, 128, 4)
_FAST_CODE_BLOCK, _FAST_PRECINCT = 64, 256


def coding_profile(kind: ImageKind, resolution: int, style: CodingStyle = "official") -> CodingProfile:
    """Profile of an image of `kind` with pixels of `resolution` metres; an unknown pair raises ValueError."""
    if kind is ImageKind.PVI:
        tile, code_block, precinct, levels = _PREVIEW_CODING
    else:
        table = _IMAGE_CODING if kind in _IMAGE_LIKE else _MASK_CODING
        if resolution not in table:
            raise ValueError(f"{kind.value} at {resolution} m: pixel size expected one of {sorted(table)}")
        tile, code_block, precinct, levels = table[resolution]
    if style == "fast":
        code_block, precinct = _FAST_CODE_BLOCK, _FAST_PRECINCT
    bits = 15 if kind in _SIGNAL_KINDS else 8
    return CodingProfile(bits, _COMPONENTS.get(kind, 1), tile, code_block, precinct, levels)


def encode_jpeg2000(
    path: Path,
    samples: Samples | Sequence[Samples],
    grid: Grid,
    kind: ImageKind,
    style: CodingStyle = "official",
    threads: int = 1,
) -> None:
    """Write `samples` losslessly to the JP2 file `path`, georeferenced by `grid`; whole or not at all.

    `samples` is one plane (rows, columns), or an array or sequence of planes for kinds of several components;
    uint16 for bands, AOT and WVP (values up to 32767), uint8 for all others. Planes that are C-contiguous are
    read in place, tile by tile, and one may stand for several components. The encoder lets go of the
    interpreter lock and may be called from several threads; `threads` is the number inside this call. Raises
    OutputError naming the file when the samples do not fit the kind or the file cannot be written.
    """
    profile = coding_profile(kind, grid.resolution, style)
    _encode(path, _planes(samples), grid.shape, profile, georeference_box(grid), threads)


def encode_sensor_image(
    path: Path,
    samples: Samples | Sequence[Samples],
    resolution: int,
    kind: ImageKind,
    style: CodingStyle = "official",
    threads: int = 1,
) -> None:
    """Write an image in sensor geometry, lines by pixels of `resolution` metres, which has no georeference.

    Otherwise as `encode_jpeg2000`. The coding is that of Level-1C images: no real one of Level 1B was seen.
    """
    planes = _planes(samples)
    if not planes:
        raise OutputError(f"{path}: no component to write")
    _encode(path, planes, planes[0].shape, coding_profile(kind, resolution, style), b"", threads)


def _encode(
    path: Path,
    planes: list[Samples],
    shape: tuple[int, ...],
    profile: CodingProfile,
    georeference: bytes,
    threads: int,
) -> None:
    """Write the file: boxes, georeference, code-stream."""
    _check_planes(path, planes, shape, profile)
    rows, columns = shape
    with atomic_path(path) as whole_file:
        codestream = whole_file.with_suffix(".j2k")
        try:
            _encode_codestream(path, codestream, planes, profile, threads)
            with codestream.open("rb") as source, whole_file.open("wb") as target:
                target.write(header_boxes(rows, columns, profile.components, profile.bits))
                target.write(georeference)
                target.write(codestream_box_header(path, codestream.stat().st_size))
                shutil.copyfileobj(source, target, length=2**20)
        finally:
            codestream.unlink(missing_ok=True)


def _planes(samples: Samples | Sequence[Samples]) -> list[Samples]:
    """The components, each C-contiguous."""
    single = isinstance(samples, np.ndarray) and samples.ndim == 2
    return [np.ascontiguousarray(plane) for plane in ([samples] if single else samples)]


def _check_planes(path: Path, planes: list[Samples], shape: tuple[int, ...], profile: CodingProfile) -> None:
    if len(planes) != profile.components:
        raise OutputError(f"{path}: {len(planes)} components, expected {profile.components}")
    for plane in {id(plane): plane for plane in planes}.values():
        if plane.shape != shape or plane.ndim != 2 or plane.dtype != profile.dtype:
            raise OutputError(
                f"{path}: samples of {plane.dtype} and shape {plane.shape}, expected {profile.dtype} and"
                f" {shape}"
            )
        largest = int(plane.max())
        if largest >= 2**profile.bits:
            raise OutputError(f"{path}: sample of {largest}, expected at most {2**profile.bits - 1}")


def _dataset_of(planes: list[Samples]) -> gdal.Dataset:
    """A dataset on the memory of `planes`, which must outlive it."""
    rows, columns = planes[0].shape
    dataset = gdal.GetDriverByName("MEM").Create("", columns, rows, 0)
    data_type = gdal_array.NumericTypeCodeToGDALTypeCode(planes[0].dtype.type)
    for plane in planes:
        dataset.AddBand(data_type, [f"DATAPOINTER={plane.ctypes.data}"])
    return dataset


def _encode_codestream(
    path: Path, codestream: Path, planes: list[Samples], profile: CodingProfile, threads: int
) -> None:
    """Encode to the raw code-stream file `codestream`; `path` is what messages name."""
    smaller_side = min(*planes[0].shape, profile.tile)
    levels = min(profile.levels, max(smaller_side.bit_length() - 2, 0))
    encode = partial(_run_encoder, path, replace(profile, levels=levels), threads)
    encode_kinds_of_tiles(codestream, planes, (profile.tile, profile.code_block, levels), encode)


def _run_encoder(
    path: Path, profile: CodingProfile, threads: int, codestream: Path, planes: list[Samples]
) -> None:
    precinct = f"{{{profile.precinct},{profile.precinct}}}"
    options = {
        "CODEC": "J2K",
        "PROFILE": "UNRESTRICTED",
        "REVERSIBLE": "YES",
        "QUALITY": "100",
        "PROGRESSION": "LRCP",
        "RESOLUTIONS": profile.levels + 1,
        "BLOCKXSIZE": profile.tile,
        "BLOCKYSIZE": profile.tile,
        "CODEBLOCK_WIDTH": profile.code_block,
        "CODEBLOCK_HEIGHT": profile.code_block,
        "PRECINCTS": ",".join([precinct] * (profile.levels + 1)),
    }
    if profile.bits % 8:
        options["NBITS"] = profile.bits
    with _quiet_gdal(threads):
        try:
            driver = gdal.GetDriverByName("JP2OpenJPEG")
            source = _dataset_of(planes)
            settings = [f"{name}={value}" for name, value in options.items()]
            encoded = driver.CreateCopy(str(codestream), source, 0, settings) is not None
        except RuntimeError as problem:
            raise OutputError(f"{path}: JPEG 2000 encoding failed: {problem}") from problem
        if not encoded or not _is_complete(codestream):
            reason = gdal.GetLastErrorMsg() or "the code-stream was cut (is the disk full?)"
            raise OutputError(f"{path}: JPEG 2000 encoding failed: {reason}")


def _is_complete(codestream: Path) -> bool:
    """Whether the file ends with the end-of-code-stream marker: the driver does not report a failed close."""
    with codestream.open("rb") as file:
        return (
            file.seek(0, os.SEEK_END) >= 2 and file.seek(-2, os.SEEK_END) >= 0 and file.read() == b"\xff\xd9"
        )


@contextmanager
def _quiet_gdal(threads: int) -> Iterator[None]:
    """GDAL of this thread: errors kept for `GetLastErrorMsg` instead of printed, and `threads` threads."""
    previous = gdal.GetThreadLocalConfigOption("GDAL_NUM_THREADS", None)
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    gdal.SetThreadLocalConfigOption("GDAL_NUM_THREADS", str(threads))
    try:
        yield
    finally:
        gdal.SetThreadLocalConfigOption("GDAL_NUM_THREADS", previous)
        gdal.PopErrorHandler()


@dataclass(frozen=True, slots=True)
class Codestream:
    """Coding parameters read from a code-stream (ISO/IEC 15444-1, annex A: SIZ and COD markers).

    Sides are (rows, columns) in pixels; `precincts` from the lowest resolution to the full one. `progression`
    is the number of the order, 0 = LRCP. `codestream_bytes` is the size without the boxes around.
    """

    shape: tuple[int, int]
    components: int
    bits: int
    tile: tuple[int, int]
    progression: int
    layers: int
    component_transform: bool
    levels: int
    code_block: tuple[int, int]
    reversible: bool
    precincts: tuple[tuple[int, int], ...]
    codestream_bytes: int

    @property
    def bits_per_pixel(self) -> float:
        """Size of the code-stream per pixel, in bits."""
        return 8.0 * self.codestream_bytes / (self.shape[0] * self.shape[1])


_START_OF_CODESTREAM, _SIZE, _CODING_STYLE, _START_OF_TILE = 0xFF4F, 0xFF51, 0xFF52, 0xFF90
_USER_PRECINCTS = 1
_DEFAULT_PRECINCT = 15
_HEADER_BYTES = 2**20


def inspect_jpeg2000(path: Path) -> Codestream:
    """Read the coding parameters of a JP2 file; raises ProductError naming the file when it is malformed.

    At most the first MiB is read: boxes and main header of an official file take 3 KiB.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(_HEADER_BYTES)
            file_bytes = file.seek(0, os.SEEK_END)
    except OSError as problem:
        raise ProductError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    return inspect_jpeg2000_bytes(beginning, file_bytes, str(path))


def inspect_jpeg2000_bytes(beginning: bytes, file_bytes: int, name: str) -> Codestream:
    """`inspect_jpeg2000` of a file's first bytes, of `file_bytes` in all; messages call it `name`."""
    boxes = read_boxes(beginning, file_bytes, name, ProductError)
    codestream = boxes[-1]
    try:
        segments = _main_header(beginning[codestream.start : codestream.start + codestream.length])
        return _parse_header(segments[_SIZE], segments[_CODING_STYLE], codestream.length)
    except (struct.error, KeyError, ValueError) as problem:
        raise ProductError(f"{name}: code-stream header is malformed or cut (SIZ, COD)") from problem


def _main_header(header: bytes) -> dict[int, bytes]:
    """Marker segments of the main header, by marker."""
    (start,) = struct.unpack_from(">H", header, 0)
    if start != _START_OF_CODESTREAM:
        raise ValueError("no start of code-stream")
    segments: dict[int, bytes] = {}
    position = 2
    while True:
        marker, length = struct.unpack_from(">HH", header, position)
        if marker == _START_OF_TILE:
            return segments
        if length < 2:
            raise ValueError("marker segment without length")
        segments.setdefault(marker, header[position + 4 : position + 2 + length])
        position += 2 + length


def _parse_header(size: bytes, coding: bytes, codestream_bytes: int) -> Codestream:
    columns, rows, left, top, tile_columns, tile_rows = struct.unpack_from(">6I", size, 2)
    (components,) = struct.unpack_from(">H", size, 34)
    precision = struct.unpack_from(">B", size, 36)[0]
    flags, progression, layers, transform = struct.unpack_from(">BBHB", coding, 0)
    levels, block_width, block_height, _, wavelet = struct.unpack_from(">5B", coding, 5)
    exponents: tuple[int, ...] = (_DEFAULT_PRECINCT * 17,) * (levels + 1)
    if flags & _USER_PRECINCTS:
        exponents = struct.unpack_from(f">{levels + 1}B", coding, 10)
    return Codestream(
        shape=(rows - top, columns - left),
        components=components,
        bits=(precision & 0x7F) + 1,
        tile=(tile_rows, tile_columns),
        progression=progression,
        layers=layers,
        component_transform=bool(transform),
        levels=levels,
        code_block=(4 << block_height, 4 << block_width),
        reversible=wavelet == 1,
        precincts=tuple((1 << (value >> 4), 1 << (value & 0xF)) for value in exponents),
        codestream_bytes=codestream_bytes,
    )
