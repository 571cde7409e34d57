"""What is public of the ground segment's own form of R2PARA: equalization of bands, offset of Level 1B.

Source: elements as public readers of operational files have them. Nothing else of such a file is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ipf.product.xml_nodes import Node

Value = TypeVar("Value", bool, float)

SWITCHES: Mapping[str, tuple[str, ...]] = {
    "EQUALIZATION_FLAG": ("onboard_equalization", "relative_response"),
    "OFFSET": ("blind_pixels",),
    "DARK_SIGNAL_NON_UNIFORMITY": ("dark_signal",),
}
"""Fields of `ipf.auxiliary.l1_gipp.RadiometricParameters` by the flag that switches them."""


def public_fields(data: Node) -> dict[str, Any]:
    """Fields that an operational file sets below its element `data`, by name.

    Raises the error of the document for flags and offsets that are not the same in all bands: one switch and
    one offset serve all here.
    """
    fields: dict[str, Any] = {}
    bands = data.all("NOMINAL_SCENARIO/EQUALIZATION/BAND_EQUALIZATION")
    for flag, names in SWITCHES.items():
        flags = [node.child(flag) for node in bands]
        if flags:
            fields.update(dict.fromkeys(names, _one(flags, [node.flag() for node in flags])))
    offsets = data.all("RADIOMETRIC_SHIFT/RADIANCE_OFFSET_L1B/RADIO_ADD_OFFSET")
    if offsets:
        fields["radiance_offset"] = _one(offsets, [node.number() for node in offsets])
    return fields


def _one(nodes: list[Node], values: list[Value]) -> Value:
    for node, value in zip(nodes, values, strict=True):
        if value != values[0]:
            raise node.error(f"{node.name} is {node.text()}, expected {values[0]} as in the band before")
    return values[0]
