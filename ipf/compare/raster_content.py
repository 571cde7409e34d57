"""Rasters that nothing but the file itself tells about: GeoTIFFs of any kind, whatever GDAL opens.

Scale, offset, unit and no-data value are those of the file's own tags.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from osgeo import gdal

from ipf.compare.content import Nature, RasterPart
from ipf.compare.gdal_files import further_pages, open_dataset, quiet_gdal
from ipf.compare.image_tags import bands_of
from ipf.errors import ProductError
from ipf.product.jpeg2000 import inspect_jpeg2000

_JPEG2000 = ".jp2"
_RGB = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand)


def is_raster(path: Path) -> bool:
    """Whether GDAL opens the file as a raster."""
    with quiet_gdal():
        return _opened(path) is not None


def component_count(path: Path) -> int | None:
    """Number of components of a raster file, None where it cannot be opened."""
    try:
        if path.suffix.lower() == _JPEG2000 and path.is_file():
            return inspect_jpeg2000(path).components
    except ProductError:
        return None
    with quiet_gdal():
        dataset = _opened(path)
        return None if dataset is None else int(dataset.RasterCount)


def raster_parts(key: str, path: Path) -> list[RasterPart]:
    """Parts of a raster file: its colours together, every other component by itself, further images likewise.

    The first has the key of the file, others have their number in addition. A file that cannot be opened is a
    part as well: reading it tells why it cannot.
    """
    with quiet_gdal():
        dataset = _opened(path)
        if dataset is None:
            return [RasterPart(key, path, Nature.CONTINUOUS, "other")]
        pages = _pages(key, path, dataset)
        if not dataset.RasterCount:
            return pages or [RasterPart(key, path, Nature.CONTINUOUS, "other")]
        return [*_parts_of_image(key, path, dataset), *pages]


def further_parts(part: RasterPart) -> list[RasterPart]:
    """What the file of a part holds after the part's own components: others, and further images.

    Nothing else would compare them.
    """
    first = max(part.components) + 1
    if part.path.suffix.lower() == _JPEG2000:
        return [
            RasterPart(
                _component_key(part.key, number), part.path, Nature.CONTINUOUS, "other", "1", (number,)
            )
            for number in range(first, component_count(part.path) or 0)
        ]
    with quiet_gdal():
        dataset = _opened(part.path)
        if dataset is None:
            return []
        others = _components(part.key, part.path, bands_of(dataset), first)
        return [*others, *_pages(part.key, part.path, dataset)]


def with_own_tags(part: RasterPart) -> RasterPart:
    """The part with scale and offset as its file's tags have them, where it has usable ones.

    Whoever opens a GeoTIFF takes its tags for the truth, whatever metadata beside it say.
    """
    if part.nature is not Nature.CONTINUOUS or part.path.suffix.lower() == _JPEG2000:
        return part
    with quiet_gdal():
        dataset = _opened(part.path)
        if dataset is None or dataset.RasterCount <= part.components[0]:
            return part  # reading it tells why it cannot be read
        return _with_tags(part, dataset.GetRasterBand(part.components[0] + 1))


def _with_tags(part: RasterPart, band: gdal.Band) -> RasterPart:
    """GDAL's value is count * scale + offset; tags that give no number are left to the check of encoding."""
    scale, offset = band.GetScale(), band.GetOffset()
    if scale is None and offset is None:
        return part
    scale, offset = 1.0 if scale is None else scale, 0.0 if offset is None else offset
    usable = math.isfinite(scale) and scale != 0 and math.isfinite(offset)
    return replace(part, scale=scale, offset=offset / scale) if usable else part


def _opened(path: Path) -> gdal.Dataset | None:
    """The file as GDAL opens it; a pipe, which GDAL would wait for for ever, is none."""
    try:
        return gdal.OpenEx(str(path), gdal.OF_RASTER) if path.is_file() else None
    except RuntimeError:
        return None


def _parts_of_image(key: str, path: Path, dataset: gdal.Dataset) -> list[RasterPart]:
    bands = bands_of(dataset)
    if tuple(band.GetColorInterpretation() for band in bands[:3]) == _RGB and all(
        band.DataType == gdal.GDT_Byte for band in bands[:3]
    ):
        colours = RasterPart(key, path, Nature.PICTURE, "picture", "count", (0, 1, 2))
        return [colours, *_components(key, path, bands, 3)]
    return _components(key, path, bands, 0)


def _pages(key: str, path: Path, dataset: gdal.Dataset) -> list[RasterPart]:
    """Parts of the further images of a file; one that cannot be opened is a part as well."""
    parts: list[RasterPart] = []
    for number, name in further_pages(dataset).items():
        inner = f"{key} {name}"
        try:
            found = _parts_of_image(inner, path, open_dataset(path, number))
        except (ProductError, RuntimeError):
            found = [RasterPart(inner, path, Nature.CONTINUOUS, "other")]
        parts += [replace(part, page=number) for part in found]
    return parts


def _component_key(key: str, number: int) -> str:
    return f"{key} component {number + 1}" if number else key


def _components(key: str, path: Path, bands: list[gdal.Band], first: int) -> list[RasterPart]:
    return [
        _part(_component_key(key, number), path, bands[number], number) for number in range(first, len(bands))
    ]


def _part(key: str, path: Path, band: gdal.Band, number: int) -> RasterPart:
    if band.DataType == gdal.GDT_Byte and band.GetColorTable() is not None:
        return RasterPart(key, path, Nature.CLASSES, "other", "class", (number,))
    part = RasterPart(
        key,
        path,
        Nature.CONTINUOUS,
        "other",
        band.GetUnitType() or "1",
        (number,),
        nodata=band.GetNoDataValue(),
    )
    return _with_tags(part, band)
