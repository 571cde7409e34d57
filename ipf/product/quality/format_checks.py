"""Checks of a document's presence and of what it says of its times and its place: FORMAT_CORRECTNESS."""

from __future__ import annotations

from ipf.product import layout
from ipf.product.quality.model import (
    Checklist,
    Finding,
    Inspection,
    Item,
    Kind,
    Level,
    QualityParameters,
    is_stand_in,
    not_run,
    passed_or_failed,
)
from ipf.product.xml_builder import Text

ALL_LEVELS: tuple[Level, ...] = ("L0", "L1A", "L1B", "L1C", "L2A")
_PARTS: tuple[Kind, ...] = ("datastrip", "granule", "tile")
_ROOTS: dict[Kind, str] = {
    "product": "User_Product",
    "datastrip": "DataStrip_ID",
    "granule": "Granule_ID",
    "tile": "Tile_ID",
}
_GRIB_START, _GRIB_END = b"GRIB", b"7777"
_FALSE_NORTHING, _FIRST_SOUTHERN_ZONE = 10_000_000, 32701
_ATMOSPHERE = {
    "Aux_Cams": (("AUX_CAMSFO", "AUX_CAMSAN", "AUX_CAMSRE"), "CAMS_DATA_REF", "AUX_CAMS"),
    "Ecmwf": (("AUX_ECMWFT",), "ECMWF_DATA_REF", "ECMWF"),
}
"""Embedded files of a tile, the element of the datastrip that names where they come from, and their name."""


def _metadata(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the metadata document is there and is one of the item's kind and level."""
    if not item.document.is_file():
        return passed_or_failed(False, f"Metadata file {item.document.name} is missing.")
    expected = f"Level-{item.level.removeprefix('L')}_{_ROOTS[item.kind]}"
    if item.root.name != expected:
        return passed_or_failed(False, f"Metadata file is a {item.root.name}, expected {expected}.")
    return passed_or_failed(True, "Metadata file is present.")


def _times(item: Item, parameters: QualityParameters) -> Finding:
    info = item.root.child("General_Info/Datastrip_Time_Info")
    start, stop = info.time("DATASTRIP_SENSING_START"), info.time("DATASTRIP_SENSING_STOP")
    values = {"SENSING_START": start, "SENSING_STOP": stop}
    if start > stop:
        return passed_or_failed(False, "Sensing stops before it starts.", values)
    return passed_or_failed(True, "Sensing period is valid.", values)


def _tile_size(item: Item, parameters: QualityParameters) -> Finding:
    first, last = parameters.tile_side_minimum, parameters.tile_side_maximum
    sides = {
        resolution: [side * resolution for side in grid.shape] for resolution, grid in item.tile_grids.items()
    }
    wrong = [
        f"{side[0]} m by {side[1]} m at {resolution} m"
        for resolution, side in sides.items()
        if not all(first <= length <= last for length in side)
    ]
    if wrong:
        return passed_or_failed(False, f"Tile is {', '.join(wrong)}, expected {first:g} to {last:g} m.")
    return passed_or_failed(True, f"Tile image size is between [{first},{last}].")


def _tile_position(item: Item, parameters: QualityParameters) -> Finding:
    """Whether all pixel sizes share one corner, which lies on the grid of tiles.

    Tiles are cut in northings counted from the equator.
    """
    values: dict[str, Text] = {}
    corners = set()
    for resolution, grid in item.tile_grids.items():
        corners.add((grid.upper_left_x, grid.upper_left_y))
        node = next(
            node
            for node in item.root.all("Geometric_Info/Tile_Geocoding/Geoposition")
            if node.attribute_integer("resolution") == resolution
        )
        steps = node.integer("XDIM"), node.integer("YDIM")
        if steps != (resolution, -resolution):
            raise node.error(f"XDIM and YDIM are {steps}, expected {(resolution, -resolution)}")
        values |= {
            f"ULX({resolution})": f"{grid.upper_left_x:.15g}",
            f"ULY({resolution})": f"{grid.upper_left_y:.15g}",
            f"XDIM({resolution})": steps[0],
            f"YDIM({resolution})": steps[1],
        }
    if len(corners) != 1:
        return passed_or_failed(False, "Pixel sizes begin at different corners.", values)
    ((easting, northing),) = corners
    southern = next(iter(item.tile_grids.values())).epsg >= _FIRST_SOUTHERN_ZONE
    from_equator = northing - (_FALSE_NORTHING if southern else 0)
    step = parameters.tile_alignment
    if easting % step or from_equator % step:
        return passed_or_failed(False, f"Upper-left corner is not on the grid of {step} m.", values)
    return passed_or_failed(True, "Tile geoposition is valid.", values)


def _atmosphere_file(identifier: str, item: Item) -> Finding:
    """Whether the embedded file is a whole GRIB message; there may be none if the datastrip names none."""
    kinds, element, name = _ATMOSPHERE[identifier]
    found = [path for kind, path in layout.auxiliary_files(item.folder).items() if kind in kinds]
    if not found:
        if _names_no_source(item, element):
            return not_run(f"the datastrip names no {element}, and the tile holds no such file")
        return passed_or_failed(False, f"{name} file is missing.")
    content = found[0].read_bytes()
    if not (content.startswith(_GRIB_START) and content.rstrip(b"\0").endswith(_GRIB_END)):
        return passed_or_failed(False, f"{name} file {found[0].name} is no whole GRIB message.")
    return passed_or_failed(True, f"{name} file is present.")


def _names_no_source(item: Item, element: str) -> bool:
    """Whether the datastrip is at hand and says that no such data were used."""
    strip = item.datastrip
    if strip is None or not strip.document.is_file() or is_stand_in(strip.document):
        return False
    return strip.root.find(f"Auxiliary_Data_Info/{element}") is None


def _cams(item: Item, parameters: QualityParameters) -> Finding:
    return _atmosphere_file("Aux_Cams", item)


def _ecmwf(item: Item, parameters: QualityParameters) -> Finding:
    return _atmosphere_file("Ecmwf", item)


def metadata_inspection(
    checklist: Checklist, kinds: tuple[Kind, ...] = _PARTS, levels: tuple[Level, ...] = ALL_LEVELS
) -> Inspection:
    """The check of the metadata document, which several checklists hold."""
    return Inspection(
        "checkMetadata",
        checklist,
        "Metadata file check.",
        kinds,
        levels,
        _metadata,
        "metadata document is there, well-formed, and of the item's kind",
        on_document=False,
    )


_TILE_LEVELS: tuple[Level, ...] = ("L1C", "L2A")

INSPECTIONS: tuple[Inspection, ...] = (
    Inspection(
        "Start_Stop_Time",
        "FORMAT_CORRECTNESS",
        "Check start/stop time validity.",
        ("datastrip",),
        ALL_LEVELS,
        _times,
        "sensing starts before it stops",
    ),
    Inspection(
        "Tile_Position_Size",
        "FORMAT_CORRECTNESS",
        "Check of consistency of Tile Position by Size.",
        ("tile",),
        _TILE_LEVELS,
        _tile_size,
        "sides of the tile are those of a tile",
    ),
    Inspection(
        "Tile_Position_Geoposition",
        "FORMAT_CORRECTNESS",
        "Check of consistency of Tile Position by Geoposition.",
        ("tile",),
        _TILE_LEVELS,
        _tile_position,
        "corner of the tile lies on the grid of tiles, for all pixel sizes the same",
    ),
    metadata_inspection("FORMAT_CORRECTNESS", ("product", *_PARTS)),
    Inspection(
        "Aux_Cams",
        "FORMAT_CORRECTNESS",
        "AUX_CAMS data conformity and completeness check",
        ("tile",),
        _TILE_LEVELS,
        _cams,
        "CAMS forecast is there, a whole GRIB message",
        on_document=False,
        baselines=("04.00", "99.99"),
    ),
    Inspection(
        "Ecmwf",
        "FORMAT_CORRECTNESS",
        "ECMWF data conformity and completeness check",
        ("tile",),
        _TILE_LEVELS,
        _ecmwf,
        "ECMWF forecast is there, a whole GRIB message",
        on_document=False,
    ),
)
"""The checks of FORMAT_CORRECTNESS that look at documents and embedded files."""
