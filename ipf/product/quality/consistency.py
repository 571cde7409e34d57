"""What a metadata document says twice, or says of shares and angles, must hold together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from ipf.errors import ProductError
from ipf.product.bands import BAND_NAMES
from ipf.product.names import ProductName
from ipf.product.quality.acquisition_facts import (
    datatake_facts,
    manifest_facts,
    parts_facts,
    product_facts,
    sensing_period,
)
from ipf.product.quality.angles import angle_problems
from ipf.product.quality.items import misnamed
from ipf.product.quality.model import Item, Kind
from ipf.product.quality.part_names import COMPACT_FOLDER, PART_FOLDER, is_folder_name
from ipf.product.xml_nodes import Node

_IDENTIFIERS: dict[Kind, str] = {"granule": "General_Info/GRANULE_ID", "tile": "General_Info/TILE_ID"}
_SHARES = "PERCENTAGE"
_FINITE = ("U", "PHYSICAL_GAINS", "RADIO_ADD_OFFSET", "BOA_ADD_OFFSET")
"""Elements of the radiometry whose values must be numbers."""
_QUANTIFICATIONS = {
    "QUANTIFICATION_VALUE": 10000.0,
    "BOA_QUANTIFICATION_VALUE": 10000.0,
    "AOT_QUANTIFICATION_VALUE": 1000.0,
    "WVP_QUANTIFICATION_VALUE": 1000.0,
}
"""Counts per unit in the document of a product, the same in every baseline (PSD, Level-1C and Level-2A); of a
datastrip RADIOMETRIC_QUALITY holds them against the parameters."""
_MISSION_LETTERS = 3
_SAFE = ".SAFE"


def inconsistencies(item: Item) -> list[str]:
    """What contradicts names, listings or bounds in the document of `item`, in words; empty where nothing."""
    return [
        *_JUDGES.get(item.kind, _nothing)(item),
        *_shares(item),
        *_radiometry(item),
        *_offsets(item),
        *_places(item),
    ]


def _nothing(item: Item) -> Iterator[str]:
    yield from ()


def _granule(item: Item) -> Iterator[str]:
    """A tile or granule against the product's listing, its folder and its datastrip."""
    yield from _named(item.root, _IDENTIFIERS[item.kind], item.identifier)
    yield from _folder(item)
    if item.datastrip is not None:
        yield from _named(item.root, "General_Info/DATASTRIP_ID", item.datastrip.identifier)
        if item.datastrip.identifier[:_MISSION_LETTERS] != item.identifier[:_MISSION_LETTERS]:
            yield f"{item.identifier} and {item.datastrip.identifier} are of different missions"
    if item.other_datastrips:
        named = item.root.optional_text("General_Info/DATASTRIP_ID") or "missing"
        yield f"DATASTRIP_ID is {named}, at hand is only {' '.join(item.other_datastrips)}"
    if item.kind == "tile":
        yield from angle_problems(item.root)


def _folder(item: Item) -> Iterator[str]:
    """The folder: its official name is the identifier, its compact one tells tile and orbit.

    ``L1C_T18LTM_A034442_20220125T152341`` holds ``S2A_OPER_MSI_L1C_TL_…_A034442_T18LTM_N04.00``.
    """
    name = item.folder.name
    if PART_FOLDER.fullmatch(name) is not None and name != item.identifier:
        yield f"{item.identifier} is in the folder {name}"
    if COMPACT_FOLDER.fullmatch(name) is not None:
        tile, orbit = name.split("_")[1:3]
        if f"_{orbit}_{tile}_" not in f"{item.identifier}_":
            yield f"{item.identifier} is in the folder {name}"


def _named(root: Node, path: str, expected: str) -> Iterator[str]:
    """Where the document states a name, it must be `expected`."""
    found = root.optional_text(path)
    if found not in (None, expected):
        yield f"{path.rpartition('/')[2]} is {found}, expected {expected}"


def _datastrip(item: Item) -> Iterator[str]:
    """A datastrip against its name, which tells the spacecraft; at Level-2A the baseline, too.

    At the other levels the check of the processor's version tells of the baseline.
    """
    identifier = item.root.optional_attribute("datastripIdentifier")
    if identifier not in (None, item.identifier):
        yield f"datastripIdentifier is {identifier}, expected {item.identifier}"
    if PART_FOLDER.fullmatch(item.folder.name) is not None and item.folder.name != item.identifier:
        yield f"{item.identifier} is in the folder {item.folder.name}"
    datatake = item.root.find("General_Info/Datatake_Info")
    yield from _spacecraft(datatake, item.identifier)
    if datatake is not None:
        yield from datatake_facts(datatake)
    yield from sensing_period(item.root.child("General_Info"))
    if item.level == "L2A" and item.baseline is not None:
        yield from _named(item.root, "General_Info/Processing_Info/PROCESSING_BASELINE", item.baseline)


def _spacecraft(datatake: Node | None, identifier: str) -> Iterator[str]:
    if datatake is not None and identifier.startswith("S2") and identifier[2:3].isalpha():
        yield from _named(datatake, "SPACECRAFT_NAME", f"Sentinel-{identifier[1:_MISSION_LETTERS]}")


def _product(item: Item) -> Iterator[str]:
    """A product against the name of its folder, and its name against what it says."""
    yield from misnamed(item.root)
    yield from _quantifications(item)
    info = item.root.find("General_Info/Product_Info")
    datatake = None if info is None else info.find("Datatake")
    if info is not None:
        yield from manifest_facts(item, info)
    if datatake is not None:
        yield from datatake_facts(datatake)
        yield from parts_facts(item, datatake)
    uri = None if info is None else info.optional_text("PRODUCT_URI")
    if info is None or uri is None:
        return
    name = uri.removesuffix(_SAFE)
    if item.folder.name.startswith("S2") and item.folder.name.removesuffix(_SAFE) != name:
        yield f"PRODUCT_URI is {uri}, the folder {item.folder.name}"
    try:
        product = ProductName.parse(name)
    except ValueError:
        return
    yield from _named(info, "PROCESSING_BASELINE", product.baseline)
    yield from product_facts(info, product)
    yield from _spacecraft(datatake, name)
    if datatake is not None:
        orbit = datatake.optional_number("SENSING_ORBIT_NUMBER")
        if orbit not in (None, product.relative_orbit):
            yield f"SENSING_ORBIT_NUMBER is {orbit:g}, the name tells {product.relative_orbit}"
    for identifier in (*_listed(item.root, "granuleIdentifier"), *_listed(item.root, "datastripIdentifier")):
        if is_folder_name(identifier) and identifier[:_MISSION_LETTERS] != product.satellite:
            yield f"{identifier} is of another mission than {name}"


def _listed(root: Node, attribute: str) -> list[str]:
    """What the product's listing of granules says in an attribute, each once."""
    found = (
        element.get(attribute)
        for name in ("Granule", "Granules")
        for element in root.element.iter(f"{{*}}{name}")
    )
    return list(dict.fromkeys(identifier for identifier in found if identifier is not None))


def _shares(item: Item) -> Iterator[str]:
    """Percentages of the whole document."""
    for node in _leaves(item.root, lambda name: name.endswith(_SHARES)):
        if not 0 <= _value(node) <= 100:
            yield f"{node.name} is {node.text()}, expected 0 to 100"


def _radiometry(item: Item) -> Iterator[str]:
    for node in _leaves(item.root, lambda name: name in _FINITE):
        if not math.isfinite(_value(node)):
            yield f"{node.name} is {node.text()}, expected a number"


def _offsets(item: Item) -> Iterator[str]:
    """The offsets that are listed, which products seen give to all bands, and to all the same."""
    for name in ("RADIO_ADD_OFFSET", "BOA_ADD_OFFSET"):
        offsets = [node.text() for node in _leaves(item.root, name.__eq__)]
        if offsets and len(offsets) != len(BAND_NAMES):
            yield f"{name} is stated for {len(offsets)} bands, expected {len(BAND_NAMES)}"
        if len(set(offsets)) > 1:
            yield f"{name} differs between bands: {' '.join(sorted(set(offsets)))}"


def _quantifications(item: Item) -> Iterator[str]:
    """Counts per unit of a product, whose images are those of no other quantification."""
    for node in _leaves(item.root, _QUANTIFICATIONS.__contains__):
        if _value(node) != _QUANTIFICATIONS[node.name]:
            yield f"{node.name} is {node.text()}, expected {_QUANTIFICATIONS[node.name]:g}"


def _places(item: Item) -> Iterator[str]:
    """Footprints hold numbers only, ozone is no less than nothing."""
    for node in _leaves(item.root, lambda name: name == "EXT_POS_LIST"):
        if not _is_finite(node):
            yield "EXT_POS_LIST holds what is no number"
    for node in _leaves(item.root, lambda name: name == "OZONE_VALUE"):
        if not 0 <= _value(node) < math.inf:
            yield f"OZONE_VALUE is {node.text()}, expected 0 or more"


def _is_finite(node: Node) -> bool:
    try:
        return node.numbers().size > 0
    except ProductError:
        return False


def _leaves(root: Node, wanted: Callable[[str], bool]) -> Iterator[Node]:
    for element in root.element.iter("{*}*"):
        node = Node(element, root.file)
        if wanted(node.name) and (element.text or "").strip():
            yield node


def _value(node: Node) -> float:
    try:
        return node.number()
    except ProductError:
        return math.nan


_JUDGES: dict[Kind, Callable[[Item], Iterator[str]]] = {
    "product": _product,
    "datastrip": _datastrip,
    "granule": _granule,
    "tile": _granule,
}
