"""Safe reading of XML: no DTD, no entities, no network, bounded size, errors with file and line."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from lxml import etree

from ipf.errors import IpfError

MAXIMUM_BYTES = 64 * 2**20
"""Largest XML document that is read; the largest real one (an L1C datastrip) has 13 MB."""

BEFORE_DOCUMENT_TYPE = re.compile(r"[\s\ufeff]+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
"""White space with a byte order mark, comment or processing instruction (XML 1.0, section 2.8, prolog)."""

UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
"""Encodings that the first two bytes tell, whatever the document says (XML 1.0, appendix F.1)."""


def parse_xml(path: Path, error: type[IpfError], maximum_bytes: int = MAXIMUM_BYTES) -> etree._Element:
    """Return the root element of `path`; comments and processing instructions are dropped.

    Raises `error` with a one-line message naming the file (and the line where there is one) when the file is
    missing, no regular file, unreadable, larger than `maximum_bytes`, not well-formed, or has a document type
    declaration (so that external entities and entity bombs never reach the parser's expansion).
    """
    return parse_xml_bytes(read_bounded(path, error, maximum_bytes, "an XML file"), str(path), error)


def read_bounded(path: Path, error: type[IpfError], maximum_bytes: int, kind: str) -> bytes:
    """Content of the regular file `path` when it has at most `maximum_bytes`; `kind` says what is expected.

    Raises `error` otherwise. A pipe or a device, which may never end or never answer, is not opened.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise error(f"{path}: is a folder, expected {kind}")
        if not stat.S_ISREG(mode):
            raise error(f"{path}: is no regular file, expected {kind}")
        with path.open("rb") as stream:
            content = stream.read(maximum_bytes + 1)
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    if len(content) > maximum_bytes:
        raise error(f"{path}: more than {maximum_bytes} bytes, expected {kind} of at most that size")
    return content


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
        line = _line_of_document_type(content, document_type.encoding)
        raise error(f"{name}:{line}: document type declarations are not accepted")
    return root


def _line_of_document_type(content: bytes, encoding: str | None) -> int:
    """Line on which the document type declaration of a well-formed document begins.

    The parser does not tell, but nothing goes before the declaration but `BEFORE_DOCUMENT_TYPE`.
    """
    try:
        text = content.decode(UTF_16.get(content[:2]) or encoding or "utf-8", "replace")
    except LookupError:  # libxml2 knows more encodings than Python does
        text = content.decode("latin-1")
    position = 0
    while found := BEFORE_DOCUMENT_TYPE.match(text, position):
        position = found.end()
    return 1 + text.count("\n", 0, position)


def local_name(element: etree._Element) -> str:
    """Tag of `element` without its namespace."""
    return etree.QName(element).localname
