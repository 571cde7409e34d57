"""Safe reading of XML: no DTD, no entities, no network, bounded size, errors with file and line."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from ipf.errors import IpfError

MAXIMUM_BYTES = 64 * 2**20
"""Largest XML document that is read; the largest real one (an L1C datastrip) has 13 MB."""


def parse_xml(path: Path, error: type[IpfError], maximum_bytes: int = MAXIMUM_BYTES) -> etree._Element:
    """Return the root element of `path`; comments and processing instructions are dropped.

    Raises `error` with a one-line message naming the file (and the line where there is one) when the file is
    missing, a folder, unreadable, larger than `maximum_bytes`, not well-formed, or has a document type
    declaration (so that external entities and entity bombs never reach the parser's expansion).
    """
    try:
        if path.is_dir():
            raise error(f"{path}: is a folder, expected an XML file")
        size = path.stat().st_size
        if size > maximum_bytes:
            raise error(f"{path}: {size} bytes, expected an XML file of at most {maximum_bytes} bytes")
        content = path.read_bytes()
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    return parse_xml_bytes(content, str(path), error)


def parse_xml_bytes(content: bytes, name: str, error: type[IpfError]) -> etree._Element:
    """Return the root element of the document `content`; `name` stands for the file in messages."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as problem:
        line = problem.lineno or 1
        reason = " ".join((problem.msg or "not XML").split())
        raise error(f"{name}:{line}: not well-formed XML: {reason}") from problem
    document_type = root.getroottree().docinfo
    if document_type.internalDTD is not None or document_type.doctype:
        raise error(f"{name}:1: document type declarations are not accepted")
    return root


def local_name(element: etree._Element) -> str:
    """Tag of `element` without its namespace."""
    return etree.QName(element).localname
