"""Reading and writing of job orders in any dialect, the built-in ones or those of a plugin."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path

from lxml import etree

from ipf.atomic import write_bytes
from ipf.errors import JobOrderError
from ipf.joborder import eegs, mmfi
from ipf.joborder.model import JobOrder
from ipf.joborder.reading import short
from ipf.xml import local_name, parse_xml, parse_xml_bytes

MAXIMUM_BYTES = 8 * 2**20
"""Largest job order that is read or written; real ones have a few kilobytes."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to write job orders.

    Attributes
    ----------
    name
        value of `JobOrder.dialect`.
    root_tags
        tags of the root element, without namespace, by which a file is recognised.
    read
        makes the job order of a root element; the second argument is the file's name for messages.
    write
        makes the root element of a job order.
    """

    name: str
    root_tags: frozenset[str]
    read: Callable[[etree._Element, str], JobOrder]
    write: Callable[[JobOrder], etree._Element]


BUILT_IN_DIALECTS = (
    Dialect(mmfi.NAME, frozenset({mmfi.ROOT_TAG}), mmfi.read, mmfi.write),
    Dialect(eegs.NAME, frozenset({eegs.ROOT_TAG}), eegs.read, eegs.write),
)


def read_job_order(path: str | os.PathLike[str], dialects: Sequence[Dialect] = BUILT_IN_DIALECTS) -> JobOrder:
    """Job order in the file `path`, in whichever of `dialects` its root element names.

    Raises `JobOrderError`, one line ``FILE:LINE: /element/path: what was expected``, when the file cannot be
    read, has more than `MAXIMUM_BYTES`, is not well-formed, has a document type declaration, or does not say
    what a job order must.
    """
    file = Path(path)
    root = parse_xml(file, JobOrderError, MAXIMUM_BYTES)
    return replace(_read(root, str(file), dialects), source=file)


def _read(root: etree._Element, name: str, dialects: Sequence[Dialect]) -> JobOrder:
    tag = local_name(root)
    for dialect in dialects:
        if tag.casefold() in {each.casefold() for each in dialect.root_tags}:
            return dialect.read(root, name)
    expected = " or ".join(sorted(tag for dialect in dialects for tag in dialect.root_tags))
    raise JobOrderError(f"{name}:{root.sourceline}: /{short(tag)}: expected the root {expected}")


def to_xml(job_order: JobOrder, dialects: Sequence[Dialect] = BUILT_IN_DIALECTS) -> bytes:
    """The document of `job_order` in its dialect, UTF-8; reading it gives an equal job order.

    Raises `JobOrderError` naming the field that the dialect cannot express, or when there is no such dialect.
    """
    dialect = next((each for each in dialects if each.name == job_order.dialect), None)
    if dialect is None:
        known = ", ".join(each.name for each in dialects)
        raise JobOrderError(f"dialect: expected one of {known}, found '{job_order.dialect}'")
    try:
        root = dialect.write(job_order)
    except ValueError as problem:
        raise JobOrderError(f"the job order cannot be written as {dialect.name}: {problem}") from problem
    etree.indent(root, "  ")
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    if len(content) > MAXIMUM_BYTES:
        raise JobOrderError(f"the job order has {len(content)} bytes, expected at most {MAXIMUM_BYTES}")
    written = dialect.read(
        parse_xml_bytes(content, "the job order as written", JobOrderError), "the job order"
    )
    if written != job_order:
        field = first_difference(job_order, written)
        raise JobOrderError(f"{field}: cannot be expressed in the dialect {dialect.name}")
    return content


def write_job_order(
    job_order: JobOrder, path: str | os.PathLike[str], dialects: Sequence[Dialect] = BUILT_IN_DIALECTS
) -> None:
    """Write `job_order` to the file `path`, whole or not at all; errors as `to_xml`, or `OutputError`."""
    write_bytes(Path(path), to_xml(job_order, dialects))


def first_difference(one: object, other: object, name: str = "") -> str:
    """Name of the first field, as ``tasks[0].inputs[2].files``, in which two models differ; empty if none."""
    if one == other:
        return ""
    if type(one) is type(other) and is_dataclass(one):
        pairs: Iterable[tuple[str, object, object]] = (
            (f"{name}.{field.name}".lstrip("."), getattr(one, field.name), getattr(other, field.name))
            for field in fields(one)
            if field.compare
        )
    elif isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        pairs = ((f"{name}[{number}]", *pair) for number, pair in enumerate(zip(one, other, strict=True)))
    else:
        return name
    return next(found for label, left, right in pairs if (found := first_difference(left, right, label)))
