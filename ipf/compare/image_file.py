"""What an image file says of itself: its place on the ground, and how its samples are encoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from osgeo import gdal

from ipf.errors import ProductError
from ipf.product.images import EXTENSIONS, image_header
from ipf.product.jpeg2000 import inspect_jpeg2000
from ipf.product.tile_parts import check_codestream

GeoTransform = tuple[float, float, float, float, float, float]
Value = bool | int | float | str | tuple[tuple[int, int], ...] | tuple[int, int]

_JPEG2000 = ".jp2"
_NOT_CODING = frozenset({"shape", "components", "codestream_bytes"})
"""What else the description of a code-stream holds: georeference, components, and its size."""
_STRUCTURE_TAGS = {"COMPRESSION": "compression", "INTERLEAVE": "interleave", "PREDICTOR": "predictor"}
_LAYOUT = "LAYOUT"


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image's reference system (``EPSG:32629``, else WKT, empty without one), geotransform (None without
    one), number of ground control points, rows and columns, and its encoding by the name of each parameter.
    """

    reference_system: str
    geotransform: GeoTransform | None
    control_points: int
    rows: int
    columns: int
    encoding: dict[str, Value]


def inspect_image(path: Path) -> ImageFile:
    """Describe the image at `path` without decoding it.

    Raises ProductError naming the file when it is missing, a stand-in, cut or not an image.
    """
    check_is_file(path)
    if path.suffix in EXTENSIONS:
        image_header(path)  # refuses what is cut, which GDAL opens
    elif path.suffix.lower() == _JPEG2000:
        _check_codestream(path)
    with _as_product_error(path):
        dataset = gdal.OpenEx(str(path), gdal.OF_RASTER)
        if dataset is None or not dataset.RasterCount:
            raise ProductError(f"{path}: cannot be read: {gdal.GetLastErrorMsg() or 'not an image'}")
        transform = dataset.GetGeoTransform(can_return_null=True)
        return ImageFile(
            reference_system=_reference_system(dataset),
            geotransform=None if transform is None else tuple(transform),
            control_points=dataset.GetGCPCount(),
            rows=dataset.RasterYSize,
            columns=dataset.RasterXSize,
            encoding=_common(dataset)
            | (_codestream(path) if path.suffix.lower() == _JPEG2000 else _tags(dataset)),
        )


def check_is_file(path: Path) -> None:
    """ProductError naming a file that is missing, or a pipe or device, which GDAL would wait for for ever."""
    if path.is_file():
        return
    is_other = path.exists() and not path.is_dir()
    raise ProductError(
        f"{path}: {'is no regular file, expected an image' if is_other else 'image is missing'}"
    )


def _check_codestream(path: Path) -> None:
    """`image_header` knows extensions in small letters only."""
    try:
        check_codestream(path)
    except OSError as problem:
        raise ProductError(f"{path}: cannot be read: {problem.strerror or problem}") from problem


def _reference_system(dataset: gdal.Dataset) -> str:
    reference = dataset.GetSpatialRef()
    if reference is None:
        return ""
    authority, code = reference.GetAuthorityName(None), reference.GetAuthorityCode(None)
    return f"{authority}:{code}" if authority and code else str(reference.ExportToWkt())


def _common(dataset: gdal.Dataset) -> dict[str, Value]:
    bands = _bands(dataset)
    return {
        "format": dataset.GetDriver().ShortName,
        "components": len(bands),
        "data type": _each([gdal.GetDataTypeName(band.DataType) for band in bands]),
        "bits of data type": max(gdal.GetDataTypeSize(band.DataType) for band in bands),
    }


def _codestream(path: Path) -> dict[str, Value]:
    """Coding parameters of a JPEG 2000 file."""
    codestream = inspect_jpeg2000(path)
    return {
        field.name.replace("_", " "): getattr(codestream, field.name)
        for field in fields(codestream)
        if field.name not in _NOT_CODING
    }


def _tags(dataset: gdal.Dataset) -> dict[str, Value]:
    """Storage and tags of any other image, as GDAL tells."""
    bands = _bands(dataset)
    stored = dataset.GetMetadata("IMAGE_STRUCTURE")
    overviews = [bands[0].GetOverview(index) for index in range(bands[0].GetOverviewCount())]
    return {
        **{name: stored.get(tag, "none") for tag, name in _STRUCTURE_TAGS.items()},
        "layout": stored.get(_LAYOUT, "none"),
        "bits": _each([band.GetMetadata("IMAGE_STRUCTURE").get("NBITS", "all") for band in bands]),
        "blocks": _each([f"{width} x {height}" for width, height in map(_block, bands)]),
        "overviews": tuple((overview.YSize, overview.XSize) for overview in overviews),
        "no-data tag": _each([band.GetNoDataValue() for band in bands]),
        "scale tag": _each([band.GetScale() for band in bands]),
        "offset tag": _each([band.GetOffset() for band in bands]),
        "unit tag": _each([band.GetUnitType() or "none" for band in bands]),
        "colours": _each([gdal.GetColorInterpretationName(band.GetColorInterpretation()) for band in bands]),
    }


def _bands(dataset: gdal.Dataset) -> list[gdal.Band]:
    return [dataset.GetRasterBand(number + 1) for number in range(dataset.RasterCount)]


def _block(band: gdal.Band) -> tuple[int, int]:
    width, height = band.GetBlockSize()
    return width, height


def _each(values: list[str] | list[float | None]) -> str:
    """Values of all components: one where they are equal."""
    texts = ["none" if value is None else str(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)


@contextmanager
def _as_product_error(path: Path) -> Iterator[None]:
    """GDAL of this thread: nothing printed, and what it raises names the file."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    gdal.ErrorReset()
    try:
        yield
    except RuntimeError as problem:
        raise ProductError(f"{path}: cannot be read: {' '.join(str(problem).split())}") from problem
    finally:
        gdal.PopErrorHandler()
