"""Metadata of Level-1B granules, from XML to the model."""

from __future__ import annotations

from pathlib import Path

from ipf.product.bands import RESOLUTIONS
from ipf.product.granule_names import GranuleName
from ipf.product.l1b_model import Angles, GranuleGeometry, GranuleMetadata, Place
from ipf.product.xml_nodes import Node

ROOTS = ("Level-1B_Granule_ID",)

_LARGEST_SIDE = 100_000


def read_granule_metadata(path: Path) -> GranuleMetadata:
    """Read the metadata of a Level-1B granule; raises `ProductError` naming file, line and element."""
    root = Node.of_document(path, ROOTS)
    info, place = root.child("General_Info"), root.child("Geometric_Info")
    quality = root.child("Quality_Indicators_Info")
    name = _name(info)
    position = place.integer("Granule_Position/POSITION")
    if position < 1 or (position - 1) % 6:
        node = place.child("Granule_Position/POSITION")
        raise node.error(
            f"POSITION is {position}, expected 1 or a multiple of 6 more: pixels of 60 m are whole"
        )
    masks = {
        node.attribute_band("bandId"): node.text()
        for node in quality.all("Pixel_Level_QI/MASK_FILENAME")
        if node.optional_attribute("type") == "MSK_QUALIT"
    }
    return GranuleMetadata(
        name=name,
        datastrip=info.text("DATASTRIP_ID"),
        position=position,
        sizes=_sizes(place.child("Granule_Dimensions")),
        sensing_time=info.time("SENSING_TIME"),
        geometry=_geometry(place),
        archiving_centre=info.text("Archiving_Info/ARCHIVING_CENTRE"),
        archiving_time=info.time("Archiving_Info/ARCHIVING_TIME"),
        downlink_priority=info.text("DOWNLINK_PRIORITY"),
        cloudy=quality.number("Image_Content_QI/CLOUDY_PIXEL_PERCENTAGE"),
        degraded_msi=quality.number("Image_Content_QI/DEGRADED_MSI_DATA_PERCENTAGE"),
        masks=masks,
    )


def _name(info: Node) -> GranuleName:
    text = info.text("GRANULE_ID")
    try:
        name = GranuleName.parse(text)
    except ValueError as problem:
        raise info.child("GRANULE_ID").error(f"GRANULE_ID: {problem}") from problem
    detector = info.integer("DETECTOR_ID")
    if detector != name.detector:
        node = info.child("DETECTOR_ID")
        raise node.error(f"DETECTOR_ID is {detector}, GRANULE_ID is that of detector {name.detector:02d}")
    return name


def _sizes(dimensions: Node) -> dict[int, tuple[int, int]]:
    sizes: dict[int, tuple[int, int]] = {}
    for node in dimensions.all("Size"):
        resolution = node.attribute_integer("resolution")
        size = node.integer("NROWS"), node.integer("NCOLS")
        if not all(0 < side <= _LARGEST_SIDE for side in size):
            raise node.error(f"Size of {size[0]} x {size[1]} pixels, expected 1 to {_LARGEST_SIDE} each")
        sizes[resolution] = size
    if sorted(sizes) != sorted(RESOLUTIONS):
        raise dimensions.error(
            f"Granule_Dimensions: sizes at {sorted(sizes)} m, expected {list(RESOLUTIONS)}"
        )
    rows = {resolution: sizes[resolution][0] for resolution in RESOLUTIONS}
    if rows[10] != 2 * rows[20] or rows[20] != 3 * rows[60]:
        raise dimensions.error(f"Granule_Dimensions: rows {rows} by pixel size, expected 6 : 3 : 1")
    return sizes


def _geometry(place: Node) -> GranuleGeometry:
    footprint = place.child("Granule_Footprint/Granule_Footprint/Footprint")
    values = footprint.numbers("EXT_POS_LIST")
    if len(values) % 3 or len(values) < 12:
        raise footprint.child("EXT_POS_LIST").error(
            f"EXT_POS_LIST has {len(values)} numbers, expected 3 a corner, 4 corners or more"
        )
    corners = values.reshape(-1, 3).tolist()
    header = place.child("Granule_Position/Geometric_Header")
    centre = header.numbers("GROUND_CENTER").tolist()
    if len(centre) != 3:
        raise header.child("GROUND_CENTER").error(f"GROUND_CENTER has {len(centre)} numbers, expected 3")
    return GranuleGeometry(
        tuple(_place(corner) for corner in corners),
        _place(centre),
        _angles(header.child("Incidence_Angles")),
        _angles(header.child("Solar_Angles")),
    )


def _place(values: list[float]) -> Place:
    latitude, longitude, height = values
    return latitude, longitude, height


def _angles(node: Node) -> Angles:
    return node.number("ZENITH_ANGLE"), node.number("AZIMUTH_ANGLE")
