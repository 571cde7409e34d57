"""Masks of a product as arrays: vector masks (GML, before baseline 04.00) rasterised, raster masks decoded.

Both forms come out alike: the detector footprint holds the detector's number (1-12, 0 outside), the quality
and cloud masks hold flags. Bits of the quality mask are the planes of MSK_QUALIT, those of the cloud mask the
planes of MSK_CLASSI (PSD 14.8); mask types of the GML form are those of PSD 13.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.errors import ProductError
from ipf.product.images import decode_flags, decode_image
from ipf.product.raster import Grid
from ipf.product.xml_nodes import Node

Flags = npt.NDArray[np.uint8]

QUALITY_FLAGS = (
    "lost_ancillary_packets",
    "degraded_ancillary_packets",
    "lost_msi_packets",
    "degraded_msi_packets",
    "defective",
    "no_data",
    "partially_corrected_crosstalk",
    "saturated",
)
"""Bits of the quality mask, lowest first."""

CLOUD_FLAGS = ("opaque_cloud", "cirrus", "snow")
"""Bits of the cloud mask, lowest first; vector masks know no snow."""

QUALITY_MASKS = ("MSK_QUALIT", "MSK_TECQUA", "MSK_DEFECT", "MSK_NODATA", "MSK_SATURA")
"""Mask files that make up the quality mask: the raster form, then the four of the vector form."""
CLOUD_MASKS = ("MSK_CLASSI", "MSK_CLOUDS")
"""Mask files that make up the cloud mask: raster form, vector form."""
FOOTPRINT_MASK = "MSK_DETFOO"

_FLAG_OF_TYPE: Mapping[str, str] = {
    "ANC_LOST": "lost_ancillary_packets",
    "ANC_DEG": "degraded_ancillary_packets",
    "MSI_LOST": "lost_msi_packets",
    "MSI_DEG": "degraded_msi_packets",
    "QT_DEFECTIVE_PIXELS": "defective",
    "QT_NODATA_PIXELS": "no_data",
    "QT_PARTIALLY_CORRECTED_PIXELS": "partially_corrected_crosstalk",
    "QT_SATURATED_PIXELS_L1A": "saturated",
    "QT_SATURATED_PIXELS_L1B": "saturated",
    "OPAQUE": "opaque_cloud",
    "CIRRUS": "cirrus",
}
_FOOTPRINT_TYPE = "DETECTOR_FOOTPRINT"
_FOOTPRINT_ID = re.compile(r"detector_footprint-B\w{2}-(\d{2})-\d+", re.ASCII)
_DETECTORS = range(1, 13)
_GML_ID = "{http://www.opengis.net/gml/3.2}id"
_EPSG = re.compile(r"EPSG:[\d.]*:(\d+)", re.ASCII)

Ring = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MaskFeature:
    """One area of a vector mask: its type, its detector where it has one, and polygons in map coordinates.

    A polygon is a tuple of rings (points, 2), the outer one first, holes after it.
    """

    kind: str
    detector: int | None
    polygons: tuple[tuple[Ring, ...], ...]


def read_vector_mask(path: Path, epsg: int) -> tuple[MaskFeature, ...]:
    """Read a GML mask; ProductError naming file, line and element when malformed or not in `epsg`."""
    root = Node.of_document(path, ("Mask",))
    envelope = root.find("boundedBy/Envelope")
    if envelope is not None:
        reference = envelope.attribute("srsName")
        match = _EPSG.search(reference)
        if match is None or int(match[1]) != epsg:
            raise envelope.error(f"Envelope: srsName is '{reference}', expected EPSG:{epsg}")
    return tuple(_read_feature(feature) for feature in root.all("maskMembers/MaskFeature"))


def _read_feature(node: Node) -> MaskFeature:
    kind = node.text("maskType")
    polygons = node.all("extentOf/Polygon") + node.all("extentOf/MultiSurface/surfaceMember/Polygon")
    return MaskFeature(
        kind=kind,
        detector=_detector(node) if kind == _FOOTPRINT_TYPE else None,
        polygons=tuple(_read_polygon(polygon) for polygon in polygons),
    )


def _detector(node: Node) -> int:
    identifier = node.optional_attribute(_GML_ID) or ""
    match = _FOOTPRINT_ID.fullmatch(identifier)
    if match is None or int(match[1]) not in _DETECTORS:
        raise node.error(f"MaskFeature: id is '{identifier}', expected detector_footprint-Bnn-dd-n")
    return int(match[1])


def _read_polygon(node: Node) -> tuple[Ring, ...]:
    lists = node.all("exterior/LinearRing/posList") + node.all("interior/LinearRing/posList")
    if not lists:
        raise node.error("Polygon has no posList")
    return tuple(_read_ring(positions) for positions in lists)


def _read_ring(node: Node) -> Ring:
    dimension = 2
    if node.optional_attribute("srsDimension") is not None:
        dimension = node.attribute_integer("srsDimension")
    numbers = node.numbers()
    if dimension not in (2, 3) or numbers.size % dimension or numbers.size < 4 * dimension:
        raise node.error(f"posList has {numbers.size} numbers for points of {dimension}, expected 4 or more")
    return numbers.reshape(-1, dimension)[:, :2]


def rasterise(polygons: Iterable[tuple[Ring, ...]], grid: Grid) -> npt.NDArray[np.bool_]:
    """Pixels of `grid` whose centre lies inside one of the polygons; a centre inside a hole is outside."""
    inside = np.zeros(grid.shape, np.bool_)
    for rings in polygons:
        corner, size = (grid.upper_left_x, grid.upper_left_y), (grid.resolution, -grid.resolution)
        closed = [np.vstack([ring, ring[:1]]) for ring in rings]
        # Edges in pixels, from the centre of the first pixel, so that centres have whole coordinates.
        starts, ends = (
            (np.concatenate([ring[part] for ring in closed]) - corner) / size - 0.5
            for part in (slice(None, -1), slice(1, None))
        )
        _fill(inside, starts, ends)
    return inside


def _fill(inside: npt.NDArray[np.bool_], starts: Ring, ends: Ring) -> None:
    """Set the whole coordinates inside one polygon, given by its edges as (column, row) points.

    On each row the edges crossing it toggle inside and outside (even-odd rule). An edge owns its upper end
    and not its lower one, so that a corner toggles once.
    """
    rows, columns = inside.shape
    downward = starts[:, 1] < ends[:, 1]
    upper, lower = np.where(downward[:, None], starts, ends), np.where(downward[:, None], ends, starts)
    first = np.clip(np.ceil(upper[:, 1]), 0, rows).astype(np.intp)
    last = np.clip(np.ceil(lower[:, 1]), 0, rows).astype(np.intp)
    crossings = last - first
    if not crossings.any():
        return
    edge = np.repeat(np.arange(crossings.size), crossings)
    row = np.arange(edge.size) - np.repeat(np.cumsum(crossings) - crossings, crossings) + first[edge]
    upper, lower = upper[edge], lower[edge]
    slope = (lower[:, 0] - upper[:, 0]) / (lower[:, 1] - upper[:, 1])
    column = np.ceil(upper[:, 0] + (row - upper[:, 1]) * slope)
    column = np.clip(column, 0, columns).astype(np.intp)
    top, left = int(row.min()), int(column.min())
    parity = np.zeros((int(row.max()) + 1 - top, int(column.max()) + 1 - left), np.uint8)
    np.bitwise_xor.at(parity, (row - top, column - left), 1)
    np.bitwise_xor.accumulate(parity, axis=1, out=parity)
    window = inside[top : top + parity.shape[0], left : left + parity.shape[1]]
    window |= parity[:, : window.shape[1]].view(np.bool_)


def read_detector_footprint(path: Path, grid: Grid, threads: int = 1) -> Flags:
    """Detector (1-12) that saw each pixel, 0 for none; uint8, read-only, shape of `grid`.

    Footprints in the vector form overlap by about a kilometre; there the lower detector is kept, as the
    raster form does for most pixels. Raises ProductError naming the file.
    """
    if path.suffix != ".gml":
        return decode_image(path, grid, np.dtype(np.uint8), threads)
    features = [feature for feature in read_vector_mask(path, grid.epsg) if feature.detector is not None]
    footprint = np.zeros(grid.shape, np.uint8)
    for feature in sorted(features, key=lambda feature: -(feature.detector or 0)):
        footprint[rasterise(feature.polygons, grid)] = feature.detector or 0
    footprint.flags.writeable = False
    return footprint


def read_quality(paths: Iterable[Path], grid: Grid, threads: int = 1) -> Flags:
    """Quality flags of one band (bits of `QUALITY_FLAGS`); uint8, read-only, shape of `grid`.

    `paths` is one raster mask, or the vector masks of the four kinds. Raises ProductError naming the file.
    """
    return _read_flags(paths, grid, QUALITY_FLAGS, threads)


def read_clouds(path: Path, grid: Grid, threads: int = 1) -> Flags:
    """Cloud flags (bits of `CLOUD_FLAGS`); else as `read_quality`, from one mask in either form."""
    return _read_flags([path], grid, CLOUD_FLAGS, threads)


def _read_flags(paths: Iterable[Path], grid: Grid, names: tuple[str, ...], threads: int) -> Flags:
    paths = tuple(paths)
    if len(paths) == 1 and paths[0].suffix != ".gml":
        return decode_flags(paths[0], grid, len(names), threads)
    flags = np.zeros(grid.shape, np.uint8)
    for path in paths:
        if path.suffix != ".gml":
            flags |= decode_flags(path, grid, len(names), threads)
            continue
        by_flag: dict[str, list[tuple[Ring, ...]]] = {}
        for feature in read_vector_mask(path, grid.epsg):
            flag = _FLAG_OF_TYPE.get(feature.kind)
            if flag not in names:
                raise ProductError(f"{path}: maskType {feature.kind} is not one of this mask's types")
            by_flag.setdefault(flag, []).extend(feature.polygons)
        for flag, polygons in by_flag.items():
            inside = rasterise(polygons, grid).view(np.uint8)
            inside <<= np.uint8(names.index(flag))
            flags |= inside
    flags.flags.writeable = False
    return flags
