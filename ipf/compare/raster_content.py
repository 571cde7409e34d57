"""Rasters that nothing but the file itself tells about: GeoTIFFs of any kind, whatever GDAL opens.

Scale, offset, unit and no-data value are those of the file's own tags.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from osgeo import gdal

from ipf.compare.content import Nature, RasterPart

_JPEG2000 = ".jp2"
_RGB = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand)


def is_raster(path: Path) -> bool:
    """Whether GDAL opens the file as a raster."""
    with _quiet():
        return _opened(path) is not None


def component_count(path: Path) -> int | None:
    """Number of components of a raster file, None where it cannot be opened."""
    with _quiet():
        dataset = _opened(path)
        return None if dataset is None else int(dataset.RasterCount)


def raster_parts(key: str, path: Path) -> list[RasterPart]:
    """Parts of a raster file: its colours together, every other component by itself.

    The first has the key of the file, others have their number in addition. A file that cannot be opened is a
    part as well: reading it tells why it cannot.
    """
    with _quiet():
        dataset = _opened(path)
        if dataset is None or not dataset.RasterCount:
            return [RasterPart(key, path, Nature.CONTINUOUS, "other")]
        bands = [dataset.GetRasterBand(number + 1) for number in range(dataset.RasterCount)]
        if tuple(band.GetColorInterpretation() for band in bands[:3]) == _RGB and all(
            band.DataType == gdal.GDT_Byte for band in bands[:3]
        ):
            colours = RasterPart(key, path, Nature.PICTURE, "picture", "count", (0, 1, 2))
            return [colours, *_components(key, path, bands, 3)]
        return _components(key, path, bands, 0)


def with_own_tags(part: RasterPart) -> RasterPart:
    """The part with scale and offset as its file's tags have them, where it has usable ones.

    Whoever opens a GeoTIFF takes its tags for the truth, whatever metadata beside it say.
    """
    if part.nature is not Nature.CONTINUOUS or part.path.suffix.lower() == _JPEG2000:
        return part
    with _quiet():
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


def _components(key: str, path: Path, bands: list[gdal.Band], first: int) -> list[RasterPart]:
    return [
        _part(f"{key} component {number + 1}" if number else key, path, bands[number], number)
        for number in range(first, len(bands))
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


@contextmanager
def _quiet() -> Iterator[None]:
    """GDAL of this thread: nothing printed."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    gdal.ErrorReset()
    try:
        yield
    finally:
        gdal.PopErrorHandler()
