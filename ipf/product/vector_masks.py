"""Vector masks of Level-1C before baseline 04.00: from pixels to polygons, and to GML.

The counterpart of the vector part of `ipf.product.masks`. One file holds one kind of mask of one band, each
feature a mask type and an area. Polygons follow pixel edges, so that rasterising gives the pixels back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from lxml import etree
from osgeo import gdal, gdal_array, ogr

from ipf.product.masks import (
    CLOUD_FLAGS,
    CLOUD_MASKS,
    FOOTPRINT_MASK,
    QUALITY_FLAGS,
    Flags,
    MaskFeature,
    Ring,
)
from ipf.product.raster import Grid
from ipf.product.xml_builder import XSI, add, serialised

_EOP = "http://www.opengis.net/eop/2.0"
_GML = "http://www.opengis.net/gml/3.2"
_DETECTOR_FOOTPRINT = "DETECTOR_FOOTPRINT"

# Quality masks before baseline 04.00: the mask types of each kind, with the flag that they stand for.
_QUALITY_TYPES = {
    "MSK_TECQUA": {
        "ANC_LOST": "lost_ancillary_packets",
        "ANC_DEG": "degraded_ancillary_packets",
        "MSI_LOST": "lost_msi_packets",
        "MSI_DEG": "degraded_msi_packets",
    },
    "MSK_DEFECT": {"QT_DEFECTIVE_PIXELS": "defective"},
    "MSK_NODATA": {
        "QT_NODATA_PIXELS": "no_data",
        "QT_PARTIALLY_CORRECTED_PIXELS": "partially_corrected_crosstalk",
    },
    "MSK_SATURA": {"QT_SATURATED_PIXELS_L1A": "saturated"},
}
VECTOR_MASKS = ("MSK_DEFECT", "MSK_DETFOO", "MSK_NODATA", "MSK_SATURA", "MSK_TECQUA")
"""Kinds of mask that each band has, in the order of official tile metadata."""
_CLOUD_TYPES = {"OPAQUE": "opaque_cloud", "CIRRUS": "cirrus"}
_EARLIER_TYPES = {"MSK_SATURA": ("QT_SATURATED_PIXELS_L1B",)}
"""Mask types that may stand in masks beside those that are written (PSD 13)."""


def mask_types(kind: str) -> frozenset[str]:
    """Mask types that a vector mask of a kind (``MSK_SATURA``) may hold; KeyError for a kind that is none."""
    if kind == FOOTPRINT_MASK:
        return frozenset((_DETECTOR_FOOTPRINT,))
    written = _CLOUD_TYPES if kind in CLOUD_MASKS else _QUALITY_TYPES[kind]
    return frozenset((*written, *_EARLIER_TYPES.get(kind, ())))


def footprint_features(detectors: Flags, grid: Grid) -> tuple[MaskFeature, ...]:
    """Areas of the detectors (1-12) of a detector footprint, shape of `grid`."""
    numbers = [int(number) for number in np.unique(detectors) if number]
    return tuple(
        MaskFeature(_DETECTOR_FOOTPRINT, number, (polygon,))
        for number in numbers
        for polygon in polygons_of(detectors == number, grid)
    )


def quality_features(kind: str, flags: Flags, grid: Grid) -> tuple[MaskFeature, ...]:
    """Areas of a quality mask `kind` (``MSK_NODATA``) from flags, bits as `QUALITY_FLAGS`."""
    return _features(_QUALITY_TYPES[kind], QUALITY_FLAGS, flags, grid)


def cloud_features(flags: Flags, grid: Grid) -> tuple[MaskFeature, ...]:
    """Areas of the cloud mask from flags, bits as `CLOUD_FLAGS`; the vector form cannot hold snow."""
    return _features(_CLOUD_TYPES, CLOUD_FLAGS, flags, grid)


def _features(
    types: dict[str, str], names: Sequence[str], flags: Flags, grid: Grid
) -> tuple[MaskFeature, ...]:
    return tuple(
        MaskFeature(mask_type, None, (polygon,))
        for mask_type, flag in types.items()
        for polygon in polygons_of((flags >> np.uint8(names.index(flag))) & 1 != 0, grid)
    )


def polygons_of(inside: npt.NDArray[np.bool_], grid: Grid) -> list[tuple[Ring, ...]]:
    """Polygons around the areas of a mask, in map coordinates: outer ring first, holes after it."""
    if not inside.any():
        return []
    source = gdal_array.OpenArray(np.ascontiguousarray(inside, np.uint8))
    source.SetGeoTransform(grid.geotransform)
    store = ogr.GetDriverByName("Memory").CreateDataSource("areas")
    layer = store.CreateLayer("areas", geom_type=ogr.wkbPolygon)
    band = source.GetRasterBand(1)
    gdal.Polygonize(band, band, layer, -1, [])
    polygons = []
    for feature in layer:
        geometry = feature.GetGeometryRef()
        rings = (geometry.GetGeometryRef(number) for number in range(geometry.GetGeometryCount()))
        polygons.append(tuple(np.array(ring.GetPoints(), np.float64)[:, :2] for ring in rings))
    return polygons


def vector_mask_xml(identifier: str, band: str, features: Iterable[MaskFeature], grid: Grid) -> bytes:
    """The GML document of one mask.

    `identifier` is ``S2A_OPER_MSK_DETFOO_SGS__…_B01_MSIL1C``; `band` the form of names (``B01``, ``B00``).
    """
    root = etree.Element(_eop("Mask"), nsmap={"eop": _EOP, "xsi": XSI, "gml": _GML})
    root.set(_gml("id"), identifier)
    kind = "_".join(identifier.split("_")[2:4])
    add(root, _gml("name"), f"{kind} pixels mask from data-strip {identifier}")
    listed = list(features)
    if listed:
        _add_envelope(root, grid)
    members = add(root, _eop("maskMembers"))
    for number, feature in enumerate(listed):
        _add_feature(members, number, band, feature)
    return serialised(root)


def _add_envelope(root: etree._Element, grid: Grid) -> None:
    lower = grid.upper_left_y - grid.rows * grid.resolution
    right = grid.upper_left_x + grid.columns * grid.resolution
    envelope = add(
        add(root, _gml("boundedBy")), _gml("Envelope"), srsName=f"urn:ogc:def:crs:EPSG:8.7:{grid.epsg}"
    )
    add(envelope, _gml("lowerCorner"), f"{grid.upper_left_x:.15g} {lower:.15g}")
    add(envelope, _gml("upperCorner"), f"{right:.15g} {grid.upper_left_y:.15g}")


def _add_feature(members: etree._Element, number: int, band: str, feature: MaskFeature) -> None:
    element = add(members, _eop("MaskFeature"))
    name = f"{feature.kind}.{number}"
    if feature.detector is not None:
        name = f"detector_footprint-{band}-{feature.detector:02d}-{number}"
    element.set(_gml("id"), name)
    add(element, _eop("maskType"), feature.kind, codeSpace="urn:gs2:S2PDGS:maskType")
    extent = add(element, _eop("extentOf"))
    for part, rings in enumerate(feature.polygons):
        polygon = add(extent, _gml("Polygon"))
        polygon.set(_gml("id"), f"{feature.kind}.{number}_Polygon" + (f".{part}" if part else ""))
        for order, ring in enumerate(rings):
            linear = add(add(polygon, _gml("interior" if order else "exterior")), _gml("LinearRing"))
            positions = " ".join(f"{value:.15g}" for value in ring.ravel())
            add(linear, _gml("posList"), positions, srsDimension=2)


def _eop(name: str) -> str:
    return f"{{{_EOP}}}{name}"


def _gml(name: str) -> str:
    return f"{{{_GML}}}{name}"
