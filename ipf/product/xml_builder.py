"""Building metadata documents: elements with attributes, numbers as text, and the serialised document.

The counterpart of `ipf.product.xml_nodes`. PSD documents qualify the root and its children with the namespace
of the document; everything deeper stands in no namespace.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from lxml import etree

from ipf.errors import OutputError
from ipf.product.metadata import XmlSection
from ipf.product.utc import UtcTime
from ipf.xml import parse_xml_bytes

Text = str | int | float | bool | UtcTime
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def text_of(value: Text) -> str:
    """Text of a value: the shortest decimal that reads back as the same number, ``true``, UTC time."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(float(value))
    return str(value)


def add(parent: etree._Element, name: str, text: Text | None = None, /, **attributes: Text) -> etree._Element:
    """Add an element under `parent` and return it."""
    element = etree.SubElement(parent, name, {key: text_of(value) for key, value in attributes.items()})
    if text is not None:
        element.text = text_of(text)
    return element


def add_all(parent: etree._Element, name: str, texts: Iterable[Text]) -> None:
    """Add one element `name` for each of `texts`."""
    for text in texts:
        add(parent, name, text)


def add_section(parent: etree._Element, section: XmlSection, name: str | None = None) -> None:
    """Add a section that is passed on unchanged, as element `name` (possibly qualified) where given."""
    element = parse_xml_bytes(section.content, section.name, OutputError)
    if name is not None:
        element.tag = name
    parent.append(element)


def grid_rows(values: npt.NDArray[np.float64]) -> list[str]:
    """Rows of an angle grid as text, six significant digits and ``NaN``, as official tiles write them."""
    return [
        " ".join("NaN" if np.isnan(value) else f"{value:.6g}" for value in row) for row in values.tolist()
    ]


class Document:
    """A PSD document: its root, and its children qualified with the namespace of the document."""

    def __init__(self, root: str, schema: str, psd_version: int, **attributes: str) -> None:
        """`schema` is the file that names the namespace: ``S2_PDI_Level-1C_Tile_Metadata.xsd``."""
        self.namespace = f"https://psd-{psd_version}.sentinel2.eo.esa.int/PSD/{schema}"
        self.root = etree.Element(self.qualified(root), attributes, nsmap={"n1": self.namespace, "xsi": XSI})
        self.root.set(f"{{{XSI}}}schemaLocation", f"{self.namespace} {schema}")

    def qualified(self, name: str) -> str:
        """`name` in the namespace of the document."""
        return f"{{{self.namespace}}}{name}"

    def add(self, name: str, **attributes: str) -> etree._Element:
        """Add a child of the root."""
        return add(self.root, self.qualified(name), **attributes)

    def serialised(self) -> bytes:
        """The document in UTF-8, indented."""
        return serialised(self.root)


def serialised(root: etree._Element) -> bytes:
    """The document of `root` in UTF-8, indented by two spaces, ending in a line feed."""
    etree.indent(root, "  ")
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=False)
    return content + b"\n"
