"""How two files hold their pixels: where these lie, how they are encoded, what else the files say.

No pixel is decoded. JPEG 2000 files are compared by all coding parameters of their code-stream and by their
boxes (ISO/IEC 15444-1, annexes A and I), other images by what GDAL tells of compression, blocks, overviews,
tags and metadata. Files of no known structure are compared by bytes.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ipf.compare.content import OtherPart, RasterPart
from ipf.compare.image_file import GeoTransform, ImageFile, inspect_image
from ipf.compare.image_metadata import (
    Difference,
    MetadataDifferences,
    differing,
    metadata_differences,
    naming_checks,
)
from ipf.compare.image_tags import Value
from ipf.compare.results import Check, CheckName, Figure, Status
from ipf.compare.tolerances import Tolerances
from ipf.errors import ProductError

LENIENT_PROFILE = "cross-processor"
"""Profile under which little of the encoding fails: another processor may well encode otherwise."""

_PIXEL_FRACTION = 1e-6
"""Share of a pixel by which corners may differ: JPEG 2000 files hold coordinates as decimal text."""
_LOSSY_COMPRESSIONS = ("JPEG", "WEBP", "LERC", "JXL")
_POINT = "control point "
_CHUNK_BYTES = 2**20


def _is_lossy(compression: Value) -> bool:
    return any(name in str(compression).upper() for name in _LOSSY_COMPRESSIONS)


def _fewer(reference: Value, candidate: Value) -> bool:
    """Whether the candidate has fewer bits; that a file does not tell its bits means all of its data type."""
    if isinstance(reference, int) and isinstance(candidate, int):
        return candidate < reference
    digits = [int(str(value)) if str(value).isdigit() else np.inf for value in (reference, candidate)]
    return bool(digits[1] < digits[0])


def _are_numbers(tags: Value, zero: bool) -> bool:
    """Whether tags of all components are finite numbers or none; `zero` tells whether they may be 0."""
    numbers = [float(text) for text in str(tags).split(", ") if text != "none"]
    return all(np.isfinite(number) and (zero or number != 0) for number in numbers)


ALWAYS_FAILS: Mapping[str, Callable[[Value, Value], bool]] = {
    "reversible": lambda reference, candidate: bool(reference) and not candidate,
    "compression": lambda reference, candidate: _is_lossy(candidate) and not _is_lossy(reference),
    "bits": _fewer,
    "bits of data type": _fewer,
}
"""Differences of encoding that lose something: they fail where others are only reported, but not under
`LENIENT_PROFILE`."""

FAILS_IN_EVERY_PROFILE: Mapping[str, Callable[[Value], bool]] = {
    "components": lambda candidate: True,
    "scale tag": lambda candidate: not _are_numbers(candidate, zero=False),
    "offset tag": lambda candidate: not _are_numbers(candidate, zero=True),
}
"""Differences of encoding that leave something uncompared, or counts without a meaning, by the value found.

What other tags make of the counts is in the physical values that are compared."""


def structure_checks(reference: RasterPart, candidate: RasterPart, tolerances: Tolerances) -> list[Check]:
    """GEOREFERENCE and ENCODING of two rasters, NAMING where they say something of their run; READABLE,
    failed, where one of the files cannot be opened.

    The messages name everything that differs, with both values.
    """
    try:
        files = (
            inspect_image(reference.path, reference.page),
            inspect_image(candidate.path, candidate.page),
        )
    except ProductError as problem:
        return [Check(CheckName.READABLE, reference.key, Status.FAILED, str(problem))]
    metadata = metadata_differences(*files, tolerances)
    return [
        _georeference_check(reference.key, *files),
        _encoding_check((reference, candidate), files, metadata, tolerances),
        *naming_checks(reference.key, files, metadata, tolerances),
    ]


def _georeference_check(item: str, reference: ImageFile, candidate: ImageFile) -> Check:
    different: list[Difference] = [
        (name, getattr(reference, attribute), getattr(candidate, attribute))
        for name, attribute in (
            ("reference system", "reference_system"),
            ("rows", "rows"),
            ("columns", "columns"),
        )
        if getattr(reference, attribute) != getattr(candidate, attribute)
    ]
    different += _first_of_points(differing(reference.place, candidate.place))
    if not _same_place(reference, candidate):
        different.append(("geotransform", str(reference.geotransform), str(candidate.geotransform)))
    message = _told(different) or f"same place, {reference.rows} x {reference.columns} pixels"
    return _check(CheckName.GEOREFERENCE, item, bool(different), message, different)


def _first_of_points(different: list[Difference]) -> list[Difference]:
    """Of control points that differ the first: there may be thousands."""
    points = [each for each in different if each[0].startswith(_POINT)]
    return [each for each in different if each not in points[1:]]


def _same_place(reference: ImageFile, candidate: ImageFile) -> bool:
    """Whether the four corners of the reference lie where the candidate's geotransform puts them."""
    one, other = reference.geotransform, candidate.geotransform
    if one is None or other is None:
        return one is other
    pixel = max(map(abs, (one[1], one[2], one[4], one[5])))
    corners = [
        np.array(
            [
                _ground(transform, row, column)
                for row in (0, reference.rows)
                for column in (0, reference.columns)
            ]
        )
        for transform in (one, other)
    ]
    return bool(np.allclose(corners[0], corners[1], rtol=0, atol=_PIXEL_FRACTION * pixel))


def _ground(transform: GeoTransform, row: int, column: int) -> tuple[float, float]:
    """x and y of the upper left corner of a pixel (GDAL's affine geotransform)."""
    left, across, across_rows, top, down_columns, down = transform
    return left + column * across + row * across_rows, top + column * down_columns + row * down


def _encoding_check(
    parts: tuple[RasterPart, RasterPart],
    files: tuple[ImageFile, ImageFile],
    metadata: MetadataDifferences,
    tolerances: Tolerances,
) -> Check:
    described = [file.encoding | _quantification(part) for file, part in zip(files, parts, strict=True)]
    encoding = _differences(*described)
    losses = [each for each in encoding if each[0] in ALWAYS_FAILS and ALWAYS_FAILS[each[0]](*each[1:])]
    grave = [
        name
        for name, _, found in encoding
        if name in FAILS_IN_EVERY_PROFILE and FAILS_IN_EVERY_PROFILE[name](found)
    ]
    if tolerances.structure.encoding == "fail":
        counts_consequences = tolerances.metadata.consequences == "fail"
        failed = bool(encoding or metadata.content or (counts_consequences and metadata.consequences))
    else:
        failed = bool(grave) or (bool(losses) and tolerances.profile != LENIENT_PROFILE)
    different = [*encoding, *metadata.content, *metadata.consequences]
    message = _told(different) or f"same encoding ({files[0].encoding['format']})"
    return _check(CheckName.ENCODING, parts[0].key, failed, message, different)


def _quantification(part: RasterPart) -> dict[str, Value]:
    return {"scale": part.scale, "offset": part.offset}


def _differences(reference: Mapping[str, Value], candidate: Mapping[str, Value]) -> list[Difference]:
    """What differs; of images of two formats, what both of them tell."""
    different = differing(reference, candidate)
    if reference["format"] == candidate["format"]:
        return different
    return [each for each in different if each[0] in reference and each[0] in candidate]


def _told(different: Sequence[Difference]) -> str:
    return "; ".join(
        f"{name} is {_text(candidate)}, expected {_text(reference)}"
        for name, reference, candidate in different
    )


def _text(value: Value) -> str:
    """A value as text that tells it from every other."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) or "none"


def _check(
    name: CheckName, item: str, failed: bool, message: str, different: Sequence[Difference] = ()
) -> Check:
    figures: dict[str, Figure] = {each: _figure(found) for each, _, found in different}
    limits: dict[str, Figure] = {each: _figure(expected) for each, expected, _ in different}
    return Check(name, item, Status.FAILED if failed else Status.PASSED, message, figures, limits)


def _figure(value: Value) -> Figure:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else _text(value)


def byte_check(reference: OtherPart, candidate: OtherPart, tolerances: Tolerances) -> Check:
    """BYTES of two files: their sizes, and the first byte that differs; READABLE, failed, where one cannot be
    read. Folders without files of their own are the same when both are that for the same reason.
    """
    if reference.folder or candidate.folder:
        return _folder_check(reference, candidate, tolerances)
    try:
        sizes = _size(reference.path), _size(candidate.path)
        first = _first_difference(reference.path, candidate.path)
    except OSError as problem:
        message = f"{problem.filename}: cannot be read: {problem.strerror or problem}"
        return Check(CheckName.READABLE, reference.key, Status.FAILED, message)
    if first is None:
        return Check(
            CheckName.BYTES, reference.key, Status.PASSED, f"same {sizes[0]} bytes", {"bytes": sizes[1]}
        )
    failed = tolerances.structure.bytes == "fail"
    return Check(
        CheckName.BYTES,
        reference.key,
        Status.FAILED if failed else Status.PASSED,
        f"{sizes[1]} bytes, expected {sizes[0]}; the first to differ is byte {first} (from 0)",
        {"bytes": sizes[1], "first difference": first},
        {"bytes": sizes[0]},
    )


def _folder_check(reference: OtherPart, candidate: OtherPart, tolerances: Tolerances) -> Check:
    one, other = (part.folder or "a file" for part in (reference, candidate))
    failed = one != other and tolerances.structure.files == "fail"
    message = f"folder is {other}" + (f", expected {one}" if one != other else " on both sides")
    return Check(CheckName.FILES, reference.key, Status.FAILED if failed else Status.PASSED, message)


def _size(path: Path) -> int:
    """Size in bytes; a pipe or a device, which may never end, is not opened."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "is no regular file", str(path))
    return status.st_size


def _first_difference(reference: Path, candidate: Path) -> int | None:
    """Position of the first byte that differs or that only one file has; None where there is none."""
    with reference.open("rb") as one, candidate.open("rb") as other:
        return _first_difference_of(one, other)


def _first_difference_of(one: BinaryIO, other: BinaryIO) -> int | None:
    start = 0
    while True:
        first, second = one.read(_CHUNK_BYTES), other.read(_CHUNK_BYTES)
        if first != second:
            length = min(len(first), len(second))
            pairs = (np.frombuffer(chunk[:length], np.uint8) for chunk in (first, second))
            different = np.flatnonzero(np.not_equal(*pairs))
            return start + (int(different[0]) if different.size else length)
        if not first:
            return None
        start += len(first)
