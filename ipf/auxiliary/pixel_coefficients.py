"""Numbers for every pixel of a detector, as parameter files of the instrument's radiometry hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from lxml import etree

from ipf.product.bands import BY_NAME
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node

Coefficients = npt.NDArray[np.float32]
Found = TypeVar("Found")

RAW_PIXELS: Mapping[int, int] = {10: 2592, 20: 1296, 60: 1296}
"""Pixels of a raw line, blind ones included, by pixel size in metres; 60 m bands are binned later."""


def raw_pixels(band: str) -> int:
    """Pixels of a raw line of a band, blind ones included."""
    return RAW_PIXELS[BY_NAME[band].resolution]


def coefficients_of(node: Node, name: str, pixels: int, *, positive: bool = False) -> Coefficients:
    """The numbers of element `name`, one for each of `pixels`.

    Raises the error of the document where there are more or fewer, where one is not finite, and, if they
    must be `positive`, where one is not.
    """
    element = node.child(name)
    values = element.numbers()
    if values.size != pixels:
        raise element.error(f"{element.name} has {values.size} numbers, expected {pixels}")
    if positive and values.min() <= 0:
        worst = int(values.argmin())
        raise element.error(f"{element.name}: {values[worst]:g} for pixel {worst}, expected positive numbers")
    return values.astype(np.float32)


def detectors_of(node: Node, name: str, read: Callable[[Node], Found]) -> dict[int, Found]:
    """What `read` makes of each element `name` of `node`, by its attribute ``detector_id``.

    Raises the error of the document for a detector that is given twice, and for none at all.
    """
    found: dict[int, Found] = {}
    for entry in node.all(name):
        detector = entry.attribute_detector("detector_id")
        if detector in found:
            raise entry.error(f"{name}: detector {detector:02d} is given twice")
        found[detector] = read(entry)
    if not found:
        raise node.error(f"{node.name}: element {name} is missing")
    return found


def pixels_of(node: Node, band: str) -> int:
    """NB_OF_PIXELS of an entry, which must be that of raw lines of the band."""
    pixels = node.integer("NB_OF_PIXELS")
    if pixels != raw_pixels(band):
        raise node.child("NB_OF_PIXELS").error(
            f"NB_OF_PIXELS is {pixels}, expected {raw_pixels(band)} as raw lines of {band} have"
        )
    return pixels


def add_coefficients(parent: etree._Element, name: str, values: npt.NDArray[np.generic]) -> None:
    """Add an element with the shortest decimals that read back as the same numbers."""
    add(parent, name, " ".join(values.astype(np.str_).tolist()))
