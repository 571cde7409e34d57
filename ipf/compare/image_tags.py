"""What GDAL tells of an open image besides its pixels: place, storage, tags of its bands, items of metadata.

Everything that is told is a value under a name, so that two files are compared name by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from osgeo import gdal

from ipf.compare.gdal_files import further_pages

Value = bool | int | float | str | tuple[tuple[int, int], ...] | tuple[int, int]

NONE = "none"
"""What a file says that says nothing."""

_STRUCTURE_TAGS = {
    "COMPRESSION": "compression",
    "INTERLEAVE": "interleave",
    "PREDICTOR": "predictor",
    "LAYOUT": "layout",
}
_PLACE_DOMAINS = ("RPC", "GEOLOCATION")
"""Domains of metadata that say where pixels lie: rational polynomials, arrays of longitude and latitude."""
_PIXEL_IS = "AREA_OR_POINT"
_OTHERWISE_COMPARED = frozenset(
    {*_PLACE_DOMAINS, "SUBDATASETS", "DERIVED_SUBDATASETS", "xml:VRT", "LocationInfo"}
)
"""Domains that are not compared as text: pages are compared as images, what a virtual raster makes of its
sources as pixels, and derived data sets are offers of GDAL's, not content."""
_TOLD_CHARACTERS = 80


def told(text: str) -> str:
    """A text that tells it from every other: itself when short, else its beginning, length and digest."""
    text = " ".join(text.split()) if len(text) <= _TOLD_CHARACTERS else text
    if len(text) <= _TOLD_CHARACTERS:
        return text or NONE
    beginning = " ".join(text[:40].split())
    return f"{beginning}... ({len(text)} characters, {digest(text.encode('utf-8', 'surrogateescape'))})"


def digest(content: bytes) -> str:
    """SHA-256 of bytes, of which 16 digits are enough to be told."""
    return f"SHA-256 {hashlib.sha256(content).hexdigest()[:16]}"


def bands_of(dataset: gdal.Dataset) -> list[gdal.Band]:
    """All components of an image."""
    return [dataset.GetRasterBand(number + 1) for number in range(dataset.RasterCount)]


def reference_system(reference: object) -> str:
    """``EPSG:32629``, else WKT; empty without one."""
    if reference is None:
        return ""
    authority, code = reference.GetAuthorityName(None), reference.GetAuthorityCode(None)  # type: ignore[attr-defined]
    return f"{authority}:{code}" if authority and code else str(reference.ExportToWkt())  # type: ignore[attr-defined]


def place_tags(dataset: gdal.Dataset) -> dict[str, Value]:
    """What places an image besides its geotransform: control points, polynomials, what a coordinate is of."""
    points = dataset.GetGCPs()
    tags: dict[str, Value] = {
        "control points": len(points),
        # What says neither is an area (GeoTIFF, GTRasterTypeGeoKey).
        "coordinates are of": dataset.GetMetadataItem(_PIXEL_IS) or "Area",
    }
    if points:
        tags["reference system of control points"] = reference_system(dataset.GetGCPSpatialRef()) or NONE
    tags |= {
        f"control point {number}": (
            f"row {point.GCPLine!r}, column {point.GCPPixel!r} at {point.GCPX!r}, {point.GCPY!r},"
            f" {point.GCPZ!r}" + (f" ({point.Info})" if point.Info else "")
        )
        for number, point in enumerate(points, 1)
    }
    for domain in _PLACE_DOMAINS:
        tags |= {f"{domain} {name}": told(value) for name, value in _items(dataset, domain).items()}
    return tags


def storage_tags(dataset: gdal.Dataset) -> dict[str, Value]:
    """Storage of an image that is no JPEG 2000 one, and the tags of its bands."""
    bands = bands_of(dataset)
    stored = dataset.GetMetadata("IMAGE_STRUCTURE")
    each: dict[str, Callable[[gdal.Band], object]] = {
        "bits": lambda band: band.GetMetadataItem("NBITS", "IMAGE_STRUCTURE") or "all",
        "blocks": lambda band: "{} x {}".format(*band.GetBlockSize()),
        "masks": lambda band: mask_kind(band),
        "masks of overviews": _overview_masks,
    }
    tags: dict[str, Value] = {name: stored.get(tag, NONE) for tag, name in _STRUCTURE_TAGS.items()}
    sizes = {tuple((level.YSize, level.XSize) for level in overviews_of(band)) for band in bands}
    tags["overviews"] = sizes.pop() if len(sizes) == 1 else "of other sizes in each component"
    tags["further images"] = ", ".join(further_pages(dataset).values()) or NONE
    tags |= {name: _of_all(bands, value) for name, value in each.items()}
    bits = str(tags["bits"])
    return tags | ({"bits": int(bits)} if bits.isdigit() else {})


def band_tags(dataset: gdal.Dataset) -> dict[str, Value]:
    """What the bands of an image say that their samples mean."""
    each: dict[str, Callable[[gdal.Band], object]] = {
        "no-data tag": lambda band: band.GetNoDataValue(),
        "scale tag": lambda band: band.GetScale(),
        "offset tag": lambda band: band.GetOffset(),
        "unit tag": lambda band: band.GetUnitType() or None,
        "description": lambda band: told(band.GetDescription()),
        "colours": lambda band: gdal.GetColorInterpretationName(band.GetColorInterpretation()),
        "colour table": _colour_table,
        "category names": lambda band: told(", ".join(band.GetCategoryNames() or ())),
        "attribute table": _attribute_table,
    }
    bands = bands_of(dataset)
    return {name: _of_all(bands, value) for name, value in each.items()}


def metadata_items(dataset: gdal.Dataset, with_documents: bool) -> dict[str, str]:
    """Items of metadata of the image and of its bands, whole, by where they stand (``TIFFTAG_SOFTWARE``,
    ``band 2 STATISTICS_MEAN``); XML domains as well `with_documents`.
    """
    items: dict[str, str] = {}
    for place, source in (("", dataset), *((f"band {n} ", b) for n, b in enumerate(bands_of(dataset), 1))):
        for domain in source.GetMetadataDomainList() or ():
            if domain in _OTHERWISE_COMPARED or (domain.startswith("xml:") and not with_documents):
                continue
            prefix = place + (f"{domain} " if domain else "")
            known = {*_STRUCTURE_TAGS, "NBITS"} if domain == "IMAGE_STRUCTURE" else {_PIXEL_IS}
            found = _items(source, domain).items()
            items |= {prefix + name: value for name, value in found if name not in known}
    return items


def mask_kind(band: gdal.Band) -> str:
    """What says which pixels of a band are valid: ``all valid``, ``no-data tag``, ``alpha``, or a mask, one
    ``of all components`` or one ``of each``.
    """
    flags = band.GetMaskFlags()
    for flag, kind in ((gdal.GMF_ALL_VALID, "all valid"), (gdal.GMF_NODATA, "no-data tag")):
        if flags & flag:
            return kind
    if flags & gdal.GMF_ALPHA:
        return "alpha"
    return "of all components" if flags & gdal.GMF_PER_DATASET else "of each"


def overviews_of(band: gdal.Band) -> list[gdal.Band]:
    """Overviews of a band, in the order of the file."""
    return [band.GetOverview(index) for index in range(band.GetOverviewCount())]


def _items(source: gdal.MajorObject, domain: str) -> dict[str, str]:
    """Items of a domain; of one that has a document instead of items (``xml:XMP``) that one, without name."""
    found = source.GetMetadata(domain)
    if isinstance(found, dict):
        return {str(name): str(value) for name, value in found.items()}
    return {"document": "\n".join(map(str, found or ()))}


def _overview_masks(band: gdal.Band) -> str:
    return _joined([mask_kind(level) for level in overviews_of(band)])


def _colour_table(band: gdal.Band) -> str | None:
    table = band.GetColorTable()
    if table is None:
        return None
    return told(" ".join(str(table.GetColorEntry(index)) for index in range(table.GetCount())))


def _attribute_table(band: gdal.Band) -> str | None:
    table = band.GetDefaultRAT()
    if table is None or not table.GetColumnCount():
        return None
    columns = range(table.GetColumnCount())
    rows = [[table.GetValueAsString(row, column) for column in columns] for row in range(table.GetRowCount())]
    return told(str([[table.GetNameOfCol(column) for column in columns], *rows]))


def _of_all(bands: Sequence[gdal.Band], value: Callable[[gdal.Band], object]) -> str:
    found = [value(band) for band in bands]
    return _joined([NONE if each is None else str(each) for each in found])


def _joined(texts: Sequence[str]) -> str:
    """Values of all components: one where they are equal."""
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts) or NONE
