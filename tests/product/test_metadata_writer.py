"""Metadata documents: what was read from official files is written back, element by element, and is valid."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from ipf.product.datastrip_reader import read_datastrip_metadata
from ipf.product.datastrip_writer import datastrip_xml
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.tile_writer import tile_xml
from ipf.product.user_product_writer import product_xml
from ipf.product.xml_builder import text_of

SCHEMAS = {14: "PSD148", 15: "PSD150"}
WRITERS: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "User_Product": (
        "S2_User_Product_{}_Metadata.xsd",
        lambda path: product_xml(read_product_metadata(path)),
    ),
    "Tile_ID": ("S2_PDI_{}_Tile_Metadata.xsd", lambda path: tile_xml(read_tile_metadata(path))),
    "DataStrip_ID": (
        "S2_PDI_{}_Datastrip_Metadata.xsd",
        lambda path: datastrip_xml(read_datastrip_metadata(path)),
    ),
}


def official_documents(reference_data: Path) -> list[tuple[Path, str, str, int]]:
    """Every L1C and L2A metadata document: path, level, kind, PSD version."""
    found = []
    for path in sorted(reference_data.glob("metadata/*.xml")) + sorted(
        path
        for folder in ("products", "l1c_metadata")
        for path in (reference_data / folder).rglob("MTD_*.xml")
    ):
        with path.open("rb") as file:
            start = file.read(2000).decode("utf-8", "replace")
        match = re.search(r"psd-(\d+)\..*?(Level-(?:1C|2A))", start)
        kind = next((kind for kind in WRITERS if kind in start), None)
        if match and kind:
            found.append((path, match[2], kind, int(match[1])))
    return found


def flattened(content: bytes) -> list[tuple[str, dict[str, str], list[float | str]]]:
    """Path, attributes and words of every element, numbers as numbers; comments and layout left out."""
    root = etree.fromstring(content, etree.XMLParser(huge_tree=True, remove_comments=True))
    root.attrib.clear()
    rows = []

    def visit(element: etree._Element, path: str) -> None:
        path = f"{path}/{etree.QName(element).localname}"
        rows.append((path, dict(element.attrib), [as_number(word) for word in (element.text or "").split()]))
        for child in element:
            visit(child, path)

    visit(root, "")
    return rows


def as_number(word: str) -> float | str:
    try:
        number = float(word)
    except ValueError:
        return word
    return "NaN" if number != number else number


def same(ours: list[float | str], real: list[float | str]) -> bool:
    """Equal words; numbers to the six decimals or nine digits that official documents carry."""
    if ours == real:
        return True
    return len(ours) == len(real) and all(
        isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=1e-9, abs_tol=6e-7)
        for a, b in zip(ours, real, strict=True)
        if a != b
    )


def test_every_official_document_comes_back_the_same(reference_data: Path) -> None:
    documents = official_documents(reference_data)
    assert {(level, kind) for _, level, kind, _ in documents} == {
        ("Level-1C", "User_Product"),
        ("Level-1C", "Tile_ID"),
        ("Level-1C", "DataStrip_ID"),
        ("Level-2A", "User_Product"),
        ("Level-2A", "Tile_ID"),
    }
    for path, _, kind, _ in documents:
        real = flattened(path.read_bytes())
        ours = flattened(WRITERS[kind][1](path))
        for our_row, real_row in zip(ours, real, strict=False):
            assert our_row[:2] == real_row[:2], path
            assert same(our_row[2], real_row[2]), (path, our_row, real_row)
        assert len(ours) == len(real), path


def test_written_documents_are_valid_where_the_official_ones_are(reference_data: Path) -> None:
    checked = set()
    for path, level, kind, psd in official_documents(reference_data):
        if psd not in SCHEMAS:
            continue
        schema_file, write = WRITERS[kind]
        schema = etree.XMLSchema(
            etree.parse(reference_data / "xsd" / SCHEMAS[psd] / schema_file.format(level))
        )
        if schema.validate(etree.parse(path, etree.XMLParser(huge_tree=True))):
            schema.assertValid(etree.fromstring(write(path), etree.XMLParser(huge_tree=True)))
            checked.add((level, kind, psd))
    assert checked >= {
        ("Level-1C", "User_Product", 14),
        ("Level-1C", "Tile_ID", 14),
        ("Level-1C", "DataStrip_ID", 14),
        ("Level-2A", "User_Product", 14),
        ("Level-2A", "Tile_ID", 14),
        ("Level-1C", "User_Product", 15),
        ("Level-2A", "User_Product", 15),
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (10000.0, "10000"),
        (-1000.0, "-1000"),
        (0.1, "0.1"),
        (53.24107326120979, "53.24107326120979"),
    ],
)
def test_numbers_are_written_as_short_as_they_read_back(value: float, text: str) -> None:
    assert text_of(value) == text
