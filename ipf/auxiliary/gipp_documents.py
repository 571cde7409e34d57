"""What all parameter files (GIPP) of the instrument have in common: packing, root, heading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ipf.atomic import write_bytes
from ipf.auxiliary.archives import read_auxiliary
from ipf.auxiliary.gipp_names import ANY_SATELLITE, AuxiliaryName
from ipf.errors import AuxiliaryError
from ipf.product.utc import UtcTime
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node

PROVIDER = "ipf"
SATELLITES = ("S2A", "S2B", "S2C", "S2D", ANY_SATELLITE)


@dataclass(frozen=True, slots=True)
class GippHeading:
    """The heading of a parameter file: satellite (``S2A``, ``S2_`` for all), type as it names itself, dates.

    `provider` is who made the file, ``ipf`` for those of this project.
    """

    satellite: str
    file_type: str
    production: UtcTime
    applicable_from: UtcTime
    applicable_until: UtcTime
    version: str
    provider: str = PROVIDER

    @classmethod
    def of(cls, root: Node) -> GippHeading:
        """Read the heading below `root`; raises `AuxiliaryError` naming file, line and element."""
        heading, specific = root.child("HEADER"), root.child("SPECIFIC_HEADER")
        satellite = heading.text("SATELLITE")
        if satellite not in SATELLITES:
            raise heading.child("SATELLITE").error(
                f"SATELLITE is '{satellite}', expected S2A to S2D, or S2_ for all"
            )
        return cls(
            satellite,
            specific.text("TYPE"),
            heading.time("PRODUCTION_DATE"),
            specific.time("APPLICABILITY_DATE"),
            specific.time("APPLICABILITY_END_DATE"),
            specific.text("VERSION_NUMBER"),
            heading.optional_text("PROVIDER") or "",
        )

    @classmethod
    def of_name(cls, name: AuxiliaryName) -> GippHeading:
        """The heading of a file of this project that is called `name`."""
        return cls(
            satellite=name.satellite,
            file_type=name.file_type,
            production=_time(name.creation),
            applicable_from=_time(name.start),
            applicable_until=_time(name.stop),
            version="1",
        )


def _time(compact: str) -> UtcTime:
    date, clock = compact.split("T")
    return UtcTime.parse(f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z")


def open_gipp(path: Path, root: str) -> Node:
    """The document of the parameter file `path`, packed or not, whose root element must be `root`.

    Raises `AuxiliaryError` naming file and member.
    """
    found = read_auxiliary(path)
    return Node.of_content(found.content, found.name, (root,), AuxiliaryError)


def new_document(root: str, heading: GippHeading) -> tuple[etree._Element, etree._Element]:
    """An empty document with its heading; the root and its element DATA."""
    document = etree.Element(root)
    above = add(document, "HEADER")
    for tag, text in (
        ("SATELLITE", heading.satellite),
        ("SCHEME_VERSION", "1.0"),
        ("PRODUCTION_DATE", str(heading.production)),
        ("PROVIDER", heading.provider),
        ("CONSUMER", PROVIDER),
    ):
        add(above, tag, text)
    specific = add(document, "SPECIFIC_HEADER")
    for tag, text in (
        ("TYPE", heading.file_type),
        ("APPLICABILITY_DATE", str(heading.applicable_from)),
        ("APPLICABILITY_END_DATE", str(heading.applicable_until)),
        ("VERSION_NUMBER", heading.version),
        ("PARAMETER_ID", heading.file_type),
    ):
        add(specific, tag, text)
    return document, add(document, "DATA")


def write_document(path: Path, document: etree._Element) -> None:
    """Write a document to `path`, whole or not at all."""
    write_bytes(path, content_of(document))


def content_of(document: etree._Element) -> bytes:
    """The bytes of a document."""
    etree.indent(document, "  ")
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")
