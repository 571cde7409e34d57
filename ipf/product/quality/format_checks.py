"""Checks of a document's presence and of what it says of its times and its place: FORMAT_CORRECTNESS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from ipf.product import layout
from ipf.product.quality.consistency import inconsistencies
from ipf.product.quality.forecasts import fields_of, lacking
from ipf.product.quality.image_files import listed
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
_NAMED_START = re.compile(r"_S(\d{8}T\d{6})(?=_|$)", re.ASCII)
_FALSE_NORTHING, _FIRST_SOUTHERN_ZONE = 10_000_000, 32701


@dataclass(frozen=True, slots=True)
class _Forecast:
    """An embedded file of a tile: its names, the element of the datastrip that tells where it comes from,
    what reports call it, and the fields by which it is known, table and number, with their short names.
    """

    names: tuple[str, ...]
    element: str
    title: str
    fields: Mapping[tuple[int, int], str]


_FORECASTS = {
    "Aux_Cams": _Forecast(
        ("AUX_CAMSFO", "AUX_CAMSAN", "AUX_CAMSRE"), "CAMS_DATA_REF", "AUX_CAMS", {(210, 207): "aod550"}
    ),
    "Ecmwf": _Forecast(
        ("AUX_ECMWFT",),
        "ECMWF_DATA_REF",
        "ECMWF",
        {(128, 137): "tcwv", (128, 151): "msl", (128, 206): "tco3"},
    ),
}
"""Fields are those that every official file measured holds, of 2017 as of 2022."""


def _metadata(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the metadata document is there, is one of the item's kind and level, and holds together."""
    if not item.document.is_file():
        return passed_or_failed(False, f"Metadata file {item.document.name} is missing.")
    expected = f"Level-{item.level.removeprefix('L')}_{_ROOTS[item.kind]}"
    if item.root.name != expected:
        return passed_or_failed(False, f"Metadata file is a {item.root.name}, expected {expected}.")
    wrong = inconsistencies(item)
    if wrong:
        return passed_or_failed(False, f"Metadata file contradicts: {listed(wrong)}.")
    return passed_or_failed(True, "Metadata file is present.")


def _times(item: Item, parameters: QualityParameters) -> Finding:
    """Whether sensing starts before it stops, when the name says, and not before its datatake."""
    info = item.root.child("General_Info/Datastrip_Time_Info")
    start, stop = info.time("DATASTRIP_SENSING_START"), info.time("DATASTRIP_SENSING_STOP")
    values = {"SENSING_START": start, "SENSING_STOP": stop}
    if start > stop:
        return passed_or_failed(False, "Sensing stops before it starts.", values)
    named = _NAMED_START.search(item.identifier)
    if named is not None and named[1] != start.compact:
        return passed_or_failed(False, f"Sensing starts at {start}, the name tells {named[1]}.", values)
    datatake = item.root.time("General_Info/Datatake_Info/DATATAKE_SENSING_START")
    early = (datatake.moment - start.moment).total_seconds()
    if early > parameters.sensing_time_tolerance:
        return passed_or_failed(False, f"Sensing starts {early:g} s before its datatake.", values)
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


def _forecast(identifier: str, item: Item, parameters: QualityParameters) -> Finding:
    """Whether the embedded file is whole GRIB messages of the fields that it is there for.

    There may be none if the datastrip names none.
    """
    forecast = _FORECASTS[identifier]
    files = layout.auxiliary_files(item.folder)
    found = next((path for name, path in files.items() if name in forecast.names), None)
    if found is None:
        if _names_no_source(item, forecast.element):
            return not_run(f"the datastrip names no {forecast.element}, and the tile holds no such file")
        return passed_or_failed(False, f"{forecast.title} file is missing.")
    fields = fields_of(found.read_bytes())
    if fields is None:
        return passed_or_failed(
            False, f"{forecast.title} file {found.name} is no row of whole GRIB messages."
        )
    absent = ", ".join(forecast.fields[field] for field in lacking(fields, forecast.fields))
    if absent:
        return passed_or_failed(False, f"{forecast.title} file {found.name} holds no {absent}.")
    return passed_or_failed(True, f"{forecast.title} file is present.")


def _names_no_source(item: Item, element: str) -> bool:
    """Whether the datastrip is at hand and says that no such data were used."""
    strip = item.datastrip
    if strip is None or not strip.document.is_file() or is_stand_in(strip.document):
        return False
    return strip.root.find(f"Auxiliary_Data_Info/{element}") is None


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
        "metadata document is there, well-formed, of the item's kind, and holds together",
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
        "sensing starts before it stops, when the name says, and not before its datatake",
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
        partial(_forecast, "Aux_Cams"),
        "CAMS forecast is there, whole GRIB messages, aerosol among their fields",
        on_document=False,
        baselines=("04.00", "99.99"),
    ),
    Inspection(
        "Ecmwf",
        "FORMAT_CORRECTNESS",
        "ECMWF data conformity and completeness check",
        ("tile",),
        _TILE_LEVELS,
        partial(_forecast, "Ecmwf"),
        "ECMWF forecast is there, whole GRIB messages of water vapour, pressure and ozone",
        on_document=False,
    ),
)
"""The checks of FORMAT_CORRECTNESS that look at documents and embedded files."""
