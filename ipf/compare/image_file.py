"""What an image file says of itself: its place on the ground, how samples are encoded, what else is told."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

from osgeo import gdal

from ipf.compare.gdal_files import check_is_file, gdal_errors, open_dataset
from ipf.compare.image_tags import (
    Value,
    band_tags,
    bands_of,
    metadata_items,
    place_tags,
    reference_system,
    storage_tags,
)
from ipf.compare.jp2_description import Jp2Description, describe_jp2
from ipf.errors import ProductError
from ipf.product.images import EXTENSIONS, image_header
from ipf.product.jpeg2000 import inspect_jpeg2000
from ipf.product.tile_parts import check_codestream

GeoTransform = tuple[float, float, float, float, float, float]

_JPEG2000 = ".jp2"
_NOT_CODING = frozenset({"shape", "components", "codestream_bytes"})
"""What else the description of a code-stream holds: georeference, components, and its size."""
_COMMENTS = "comments of the code-stream"
_PART_COMMENTS = "comments of tile-parts"


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image's reference system (``EPSG:32629``, else WKT, empty without one), geotransform (None without
    one), rows and columns, what else places it (`place`), and its encoding by the name of each parameter.

    `items` are those of metadata, `documents` XML documents within a JP2 file, `run` what a program says of
    itself by name.
    """

    reference_system: str
    geotransform: GeoTransform | None
    rows: int
    columns: int
    place: dict[str, Value]
    encoding: dict[str, Value]
    items: dict[str, str] = field(default_factory=dict)
    documents: tuple[str, ...] = ()
    run: dict[str, str] = field(default_factory=dict)


def inspect_image(path: Path, page: int = 0) -> ImageFile:
    """Describe the image at `path`, or the further one of number `page` in it, without decoding it.

    Raises ProductError naming the file when it is missing, a stand-in, cut or not an image.
    """
    check_is_file(path)
    if path.suffix in EXTENSIONS:
        image_header(path)  # refuses what is cut, which GDAL opens
    is_jpeg2000 = path.suffix.lower() == _JPEG2000
    boxes = _boxes(path) if is_jpeg2000 else None
    with gdal_errors(path):
        dataset = open_dataset(path, page)
        transform = dataset.GetGeoTransform(can_return_null=True)
        return ImageFile(
            reference_system=reference_system(dataset.GetSpatialRef()),
            geotransform=None if transform is None else tuple(transform),
            rows=dataset.RasterYSize,
            columns=dataset.RasterXSize,
            place=place_tags(dataset),
            encoding=_common(dataset)
            | (storage_tags(dataset) if boxes is None else _codestream(path) | boxes.structure),
            items=metadata_items(dataset, with_documents=boxes is None),
            documents=() if boxes is None else boxes.documents,
            run={} if boxes is None else {_COMMENTS: boxes.comments, _PART_COMMENTS: boxes.part_comments},
        )


def _boxes(path: Path) -> Jp2Description:
    try:
        if path.suffix not in EXTENSIONS:  # `image_header` knows small letters only
            check_codestream(path)
        return describe_jp2(path)
    except OSError as problem:
        raise ProductError(f"{path}: cannot be read: {problem.strerror or problem}") from problem


def _common(dataset: gdal.Dataset) -> dict[str, Value]:
    bands = bands_of(dataset)
    kinds = [gdal.GetDataTypeName(band.DataType) for band in bands]
    return {
        "format": dataset.GetDriver().ShortName,
        "components": len(bands),
        "data type": kinds[0] if len(set(kinds)) == 1 else ", ".join(kinds),
        "bits of data type": max(gdal.GetDataTypeSize(band.DataType) for band in bands),
        **band_tags(dataset),
    }


def _codestream(path: Path) -> dict[str, Value]:
    """Coding parameters of a JPEG 2000 file."""
    codestream = inspect_jpeg2000(path)
    return {
        field.name.replace("_", " "): getattr(codestream, field.name)
        for field in fields(codestream)
        if field.name not in _NOT_CODING
    }
