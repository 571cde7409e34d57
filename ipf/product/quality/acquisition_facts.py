"""When, on which orbit and where a product was sensed is told many times, and must be told the same.

The names tell it (``S2A_MSIL1C_<datatake start>_…_<generation>``, ``GS2A_<datatake start>_<orbit>_N…``), the
documents of the product and of its datastrips, and the manifest. That official products say all of it the
same was measured on those of baselines 02.05, 02.06 and 04.00.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from ipf.errors import ProductError
from ipf.product.names import ProductName
from ipf.product.quality.items import listed_datastrips, listed_granules
from ipf.product.quality.model import Item
from ipf.product.utc import UtcTime
from ipf.product.xml_nodes import Node

_DATATAKE_NAME = re.compile(r"GS2[A-D]_(?P<start>\d{8}T\d{6})_(?P<orbit>\d{6})_N\d\d\.\d\d", re.ASCII)
_ORBIT_IN_NAME = re.compile(r"_A(\d{6})_")
_SHARED = ("SPACECRAFT_NAME", "DATATAKE_SENSING_START", "SENSING_ORBIT_NUMBER", "SENSING_ORBIT_DIRECTION")
"""What a product and its datastrips say of their datatake."""
_LONGEST_SENSING = 6042.0
"""Seconds of one orbit: 10 days of 86400 s hold 143 of them (mission description)."""
_SAME_PLACE = 1e-6
"""Degrees: a tenth of a metre."""


def datatake_facts(datatake: Node) -> Iterator[str]:
    """The begin of a datatake against its identifier."""
    identifier = datatake.optional_attribute("datatakeIdentifier")
    found = None if identifier is None else _DATATAKE_NAME.fullmatch(identifier)
    if found is not None:
        yield from _at(datatake, "DATATAKE_SENSING_START", found["start"], "datatakeIdentifier")


def sensing_period(general: Node) -> Iterator[str]:
    """A datastrip is sensed within one orbit from the begin of its datatake on."""
    start = general.find("Datatake_Info/DATATAKE_SENSING_START")
    stop = general.find("Datastrip_Time_Info/DATASTRIP_SENSING_STOP")
    if start is None or stop is None:
        return
    seconds = (stop.time().moment - start.time().moment).total_seconds()
    if seconds > _LONGEST_SENSING:
        yield f"DATASTRIP_SENSING_STOP is {stop.text()}, {seconds:.0f} s after the datatake's start"


def product_facts(info: Node, name: ProductName) -> Iterator[str]:
    """The times and the level of a product against its compact name."""
    level = f"Level-{name.level.removeprefix('L')}"
    found = info.optional_text("PROCESSING_LEVEL")
    if found not in (None, level, level.replace("2A", "2Ap")):
        yield f"PROCESSING_LEVEL is {found}, the name tells {level}"
    made = info.find("GENERATION_TIME")
    if made is not None and made.time().compact < name.discriminator:
        yield f"GENERATION_TIME is {made.text()}, before what the name tells, {name.discriminator}"
    yield from _at(info, "PRODUCT_START_TIME", name.datatake_start, "name")
    yield from _at(info, "Datatake/DATATAKE_SENSING_START", name.datatake_start, "name")
    start, stop = info.find("PRODUCT_START_TIME"), info.find("PRODUCT_STOP_TIME")
    if start is not None and stop is not None and stop.time() < start.time():
        yield f"PRODUCT_STOP_TIME is {stop.text()}, before PRODUCT_START_TIME"


def parts_facts(product: Item, datatake: Node) -> Iterator[str]:
    """The datatake of a product against that of its datastrips, as far as those can be read."""
    for strip in listed_datastrips(product):
        try:
            other = strip.root.find("General_Info/Datatake_Info")
        except ProductError:  # which the checks of the datastrip tell
            continue
        for name in _SHARED:
            expected, found = datatake.optional_text(name), other and other.optional_text(name)
            if expected is not None and found is not None and expected != found:
                yield f"{name} is {expected}, {strip.identifier} tells {found}"


def manifest_facts(product: Item, info: Node) -> Iterator[str]:
    """Time, orbits and footprint in the manifest of a product against its document."""
    if product.manifest is None:
        return
    try:
        manifest = Node.of_document(product.manifest, ("XFDU",))
    except ProductError:  # which the checks of the manifest tell
        return
    start, orbit = info.optional_text("PRODUCT_START_TIME"), info.find("Datatake/SENSING_ORBIT_NUMBER")
    for stated in _stated(manifest, "startTime"):
        if start is not None and UtcTime.parse(start) != stated.time():
            yield f"startTime of the manifest is {stated.text()}, expected {start}"
    for stated in _stated(manifest, "relativeOrbitNumber"):
        if orbit is not None and stated.number() != orbit.number():
            yield f"relativeOrbitNumber of the manifest is {stated.text()}, expected {orbit.text()}"
    orbits = {int(number) for name in listed_granules(product) for number in _ORBIT_IN_NAME.findall(name)}
    for stated in _stated(manifest, "orbitNumber"):
        if orbits and stated.number() not in orbits:
            yield f"orbitNumber of the manifest is {stated.text()}, the granules tell {sorted(orbits)}"
    footprint = next(product.root.element.iter("{*}EXT_POS_LIST"), None)
    for stated in _stated(manifest, "coordinates"):
        if footprint is not None and not _same_place(stated.numbers(), Node(footprint, "").numbers()):
            yield "footPrint of the manifest is not that of the product"


def _at(node: Node, path: str, expected: str, source: str) -> Iterator[str]:
    """Where a document states a time, it must be `expected` to a second: names round it either way."""
    found = node.find(path)
    if found is None:
        return
    told = datetime.strptime(expected, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    if abs((found.time().moment - told).total_seconds()) > 1.0:
        yield f"{found.name} is {found.text()}, the {source} tells {expected}"


def _stated(manifest: Node, name: str) -> list[Node]:
    """Elements of the manifest by their name, whatever their place."""
    return [Node(element, manifest.file) for element in manifest.element.iter(f"{{*}}{name}")]


def _same_place(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> bool:
    return first.shape == second.shape and bool(np.abs(first - second).max() <= _SAME_PLACE)
