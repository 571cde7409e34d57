"""Blind pixels at both ends of each detector (GIPP BLINDP): they see no light and tell the offset of a line.

Source: GIPP description of the Sentinel-2 ground segment (root GS2_BLIND_PIXELS), checked on operational
files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ipf.atomic import write_bytes
from ipf.auxiliary.gipp_documents import GippHeading, content_of, new_document, open_gipp
from ipf.geometry.acquisition import SensorKey
from ipf.product.bands import BANDS, DETECTORS
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node

FILE_TYPE = "GIP_BLINDP"
ROOT = "GS2_BLIND_PIXELS"
SIDES = ("LEFT", "RIGHT")

_LARGEST_PIXEL = 2**14


@dataclass(frozen=True, slots=True)
class BlindSide:
    """Columns of blind pixels at one end of a detector, counted from 0: those to be used, and the others."""

    valid: tuple[int, ...]
    non_valid: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BlindDetector:
    """Blind pixels of one band and detector; `normalisation` is NORMALIZATION_COEF."""

    normalisation: float
    left: BlindSide
    right: BlindSide


@dataclass(frozen=True, slots=True)
class BlindPixels:
    """A BLINDP file: blind pixels by band and detector, and their number in a band as the file states it."""

    heading: GippHeading
    numbers: Mapping[str, int]
    detectors: Mapping[SensorKey, BlindDetector]
    source: str = ""


def read_blind_pixels(path: Path) -> BlindPixels:
    """Read a BLINDP file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    numbers: dict[str, int] = {}
    detectors: dict[SensorKey, BlindDetector] = {}
    for band_node in root.child("DATA").all("BAND"):
        band = band_node.attribute_band("band_id")
        numbers[band] = band_node.integer("BLIND_PIXEL_NUMBER")
        for node in band_node.all("DETECTOR"):
            key = band, node.attribute_detector("detector_id")
            if key in detectors:
                raise node.error(f"DETECTOR {key[1]:02d} of {band} is given twice")
            sides = {side.attribute("side_id"): side for side in node.all("SIDE")}
            if sorted(sides) != sorted(SIDES):
                raise node.error(
                    f"DETECTOR: sides {', '.join(sides) or 'none'}, expected {' and '.join(SIDES)}"
                )
            left, right = (_read_side(sides[side]) for side in SIDES)
            detectors[key] = BlindDetector(node.number("NORMALIZATION_COEF"), left, right)
            _check_number(node, detectors[key], numbers[band])
    if not detectors:
        raise root.child("DATA").error("DATA: element BAND/DETECTOR is missing")
    return BlindPixels(GippHeading.of(root), numbers, detectors, root.file)


def _read_side(node: Node) -> BlindSide:
    return BlindSide(_columns(node, "VALID_BLIND_PIXELS"), _columns(node, "NON_VALID_BLIND_PIXELS"))


def _columns(node: Node, name: str) -> tuple[int, ...]:
    """Columns in the order of the file; an empty element names none."""
    where = node.child(name)
    if where.optional_text(".") is None:
        return ()
    columns = where.numbers()
    whole = all(0 <= column <= _LARGEST_PIXEL and column == int(column) for column in columns)
    if not whole or len(set(columns)) != len(columns):
        raise where.error(f"{name} is '{where.text()}', expected different columns of 0 and more")
    return tuple(int(column) for column in columns)


def _check_number(node: Node, detector: BlindDetector, number: int) -> None:
    sides = (detector.left, detector.right)
    columns = [column for side in sides for column in (*side.valid, *side.non_valid)]
    if len(set(columns)) != number or len(columns) != number:
        raise node.error(f"DETECTOR: {len(set(columns))} blind pixels, BLIND_PIXEL_NUMBER is {number}")


def write_blind_pixels(path: Path, content: BlindPixels) -> None:
    """Write a BLINDP file, read back as the same; raises `OutputError` naming the file."""
    write_bytes(path, blind_pixels_document(content))


def blind_pixels_document(content: BlindPixels) -> bytes:
    """The file, read back as the same columns."""
    document, data = new_document(ROOT, content.heading)
    for band in (band for band in BANDS if band.name in content.numbers):
        element = add(data, "BAND", band_id=band.identifier)
        add(element, "BLIND_PIXEL_NUMBER", content.numbers[band.name])
        for number in DETECTORS:
            detector = content.detectors.get((band.name, number))
            if detector is None:
                continue
            part = add(element, "DETECTOR", detector_id=f"{number:02d}")
            add(part, "NORMALIZATION_COEF", detector.normalisation)
            for name, side in zip(SIDES, (detector.left, detector.right), strict=True):
                _add_side(add(part, "SIDE", side_id=name), side)
    return content_of(document)


def _add_side(element: etree._Element, side: BlindSide) -> None:
    add(element, "VALID_BLIND_PIXELS", " ".join(map(str, side.valid)))
    add(element, "NON_VALID_BLIND_PIXELS", " ".join(map(str, side.non_valid)))
