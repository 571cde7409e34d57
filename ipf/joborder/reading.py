"""Reading of XML documents: elements that know where they stand, and notes of what nobody read.

Tags are compared without namespace and without regard to case. Errors and notes have one form,
``FILE:LINE: /element/path: what was expected``. Whatever no reader asked for is noted at the end, so that a
reader need not list what it ignores.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from lxml import etree

from ipf.errors import JobOrderError
from ipf.joborder.moment import Moment
from ipf.xml import local_name

T = TypeVar("T")

XML_SPACE = " \t\r\n"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

BOOLEANS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)
"""Every spelling of a truth value met in job orders and task tables, in lower case."""

_INTEGER = re.compile("[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")

MAXIMUM_NOTES = 100
"""Notes kept per document; a file full of noise must not fill the memory with remarks about it."""

MAXIMUM_ELEMENTS = 250_000
"""Elements accepted in one document; the largest real ones have a few thousand."""

MAXIMUM_ATTRIBUTES = 100
"""Attributes accepted on one element; listing them takes time with the square of their number."""


class Document:
    """One document being read: its name in messages, what was read of it, and the notes taken."""

    def __init__(self, root: etree._Element, name: str) -> None:
        """Begin to read the document of `root`; `JobOrderError` when it is far larger than any real one."""
        self.name = name
        self.notes: list[str] = []
        self._nodes: dict[etree._Element, Node] = {}
        self.root = self.node(root)
        if int(str(root.xpath("string(count(//*))"))) > MAXIMUM_ELEMENTS:
            raise self.root.error(f"expected at most {MAXIMUM_ELEMENTS} elements")
        for element in root.iter():
            if len(element.attrib) > MAXIMUM_ATTRIBUTES:
                raise self.node(element).error(f"expected at most {MAXIMUM_ATTRIBUTES} attributes")

    def node(self, element: etree._Element) -> Node:
        """The node of `element`, which counts as read from now on."""
        return self._nodes.setdefault(element, Node(element, self))

    def note_unread(self) -> None:
        """Note every element and attribute (but the root's) that no reader asked for."""
        for node in list(self._nodes.values()):
            if node is not self.root:
                for name in node.unread_attributes():
                    node.note(f"unknown attribute {name} is ignored")
            for child in node.element:
                if child not in self._nodes:
                    Node(child, self).note("unknown or repeated element is ignored")


class Node:
    """One element of a document."""

    __slots__ = ("_asked", "_index", "document", "element")

    def __init__(self, element: etree._Element, document: Document) -> None:
        self.element = element
        self.document = document
        self._asked: set[str] = set()
        self._index: dict[str, list[etree._Element]] | None = None

    @property
    def tag(self) -> str:
        """Tag without namespace, as written."""
        return local_name(self.element)

    @property
    def value(self) -> str:
        """Text of the element without the space around it; Sentinel-2 puts paths on lines of their own."""
        return (self.element.text or "").strip(XML_SPACE)

    @property
    def path(self) -> str:
        """Where the element stands, as ``/root/child[2]``; the number only among siblings of the same tag."""
        steps = []
        for element in (self.element, *self.element.iterancestors()):
            above = element.getparent()
            twins = [] if above is None else [each for each in above if each.tag == element.tag]
            number = f"[{twins.index(element) + 1}]" if len(twins) > 1 else ""
            steps.append(f"/{short(local_name(element))}{number}")
        return "".join(reversed(steps))

    def _message(self, text: str) -> str:
        return f"{self.document.name}:{self.element.sourceline}: {self.path}: {text}"

    def error(self, expected: str) -> JobOrderError:
        """The error to be raised about this element."""
        return JobOrderError(self._message(expected))

    def note(self, text: str) -> None:
        """Take note of something that is ignored or doubtful in this element."""
        notes = self.document.notes
        if len(notes) < MAXIMUM_NOTES - 1:
            notes.append(self._message(text))
        elif len(notes) < MAXIMUM_NOTES:
            notes.append(f"{self.document.name}: further notes are left out")

    # ---- children

    def children(self, *tags: str) -> list[Node]:
        """Children with one of `tags` (any tag when none is given), in the order of the file."""
        return [self.document.node(element) for element in self._matching(tags)]

    def child(self, *tags: str) -> Node | None:
        """First child with one of `tags`; another one stays unread."""
        matching = self._matching(tags)
        return self.document.node(matching[0]) if matching else None

    def _matching(self, tags: tuple[str, ...]) -> Sequence[etree._Element]:
        if self._index is None:
            self._index = {}
            for element in self.element:
                self._index.setdefault(local_name(element).casefold(), []).append(element)
        if len(tags) == 1:
            return self._index.get(tags[0].casefold(), ())
        wanted = {tag.casefold() for tag in tags} & self._index.keys()
        return [each for each in self.element if not tags or local_name(each).casefold() in wanted]

    def required(self, tag: str) -> Node:
        """First child with `tag`; an error when there is none."""
        child = self.child(tag)
        if child is None:
            raise self.error(f"expected an element {tag}")
        return child

    def items(self, container: str, *tags: str) -> list[Node]:
        """Children with `tags` of the list `container`; its count attribute is checked but never trusted."""
        node = self.child(container)
        return [] if node is None else node.listed(*tags)

    def listed(self, *tags: str) -> list[Node]:
        """Children with `tags` of this list element."""
        found = self.children(*tags)
        count = self.attribute("count")
        if count is not None and count != str(len(found)):
            self.note(f"count is {short(count)} but the list has {len(found)}")
        return found

    def known_children(self, tags: Sequence[str]) -> tuple[str, ...]:
        """Tags of the children, each once, in the order of the file, only those of `tags` and spelled so."""
        spelling = {tag.casefold(): tag for tag in tags}
        exact = set(tags)
        found: dict[str, None] = {}
        for element in self.element:
            name = local_name(element)
            known = name if name in exact else spelling.get(name.casefold())
            if known is not None:
                found[known] = None
        return tuple(found)

    # ---- values

    def text(self, *tags: str) -> str:
        """Text of the first child with one of `tags`; empty when there is none."""
        child = self.child(*tags)
        return "" if child is None else child.value

    def required_text(self, tag: str) -> str:
        """Text of the child `tag`; an error when it is missing or empty."""
        child = self.required(tag)
        if not child.value:
            raise child.error("expected text, found an empty element")
        return child.value

    def attribute(self, name: str) -> str | None:
        """Attribute `name` of this element, None when there is none."""
        self._asked.add(name)
        value = self.element.get(name)
        return None if value is None else str(value)

    def unread_attributes(self) -> list[str]:
        """Names, without namespace, of the attributes that were not asked for."""
        names = [str(name) for name, _ in self.element.items()]
        return [etree.QName(name).localname for name in names if name not in self._asked]

    def attributes(self) -> tuple[tuple[str, str], ...]:
        """All attributes in Clark notation, in the order of the file."""
        return tuple((str(name), str(value)) for name, value in self.element.items())

    def boolean(self, *tags: str) -> bool | None:
        """Truth value of the first child with one of `tags`; None when it is missing or empty."""
        return self._converted(tags, _boolean)

    def integer(self, *tags: str) -> int | None:
        """Whole number of the first child with one of `tags`; None when it is missing or empty."""
        return self._converted(tags, _integer)

    def number(self, *tags: str) -> float | None:
        """Finite number of the first child with one of `tags`; None when missing or empty."""
        return self._converted(tags, _number)

    def amount(self, *tags: str) -> float | None:
        """Finite number, not negative, of the first child with one of `tags`; None when missing or empty."""
        return self._converted(tags, amount)

    def moment(self, tag: str) -> Moment:
        """Time of the child `tag`, which must be there."""
        self.required(tag)
        moment = self._converted((tag,), Moment)
        if moment is None:
            raise self.required(tag).error("expected a time, found an empty element")
        return moment

    def boolean_attribute(self, name: str) -> bool | None:
        """Truth value of the attribute `name`; None when it is missing or empty."""
        text = (self.attribute(name) or "").strip(XML_SPACE)
        try:
            return _boolean(text) if text else None
        except ValueError as problem:
            raise self.error(f"attribute {name}: {problem}, found '{short(text)}'") from problem

    def _converted(self, tags: tuple[str, ...], convert: Callable[[str], T]) -> T | None:
        child = self.child(*tags)
        if child is None or not child.value:
            return None
        return child.converted(convert)

    def converted(self, convert: Callable[[str], T]) -> T:
        """Text of this element through `convert`, whose ValueError says what was expected instead."""
        try:
            return convert(self.value)
        except ValueError as problem:
            raise self.error(f"{problem}, found '{short(self.value)}'") from problem


def _boolean(text: str) -> bool:
    value = BOOLEANS.get(text.casefold())
    if value is None:
        raise ValueError("expected true or false")
    return value


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("expected a whole number")
    return int(text)


def _number(text: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    if math.isinf(value):
        raise ValueError("expected a number")
    return value


def amount(text: str) -> float:
    """Finite number, not negative, that `text` stands for; ValueError otherwise."""
    value = _number(text)
    if value < 0:
        raise ValueError("expected a number not below 0")
    return value


def short(text: str, length: int = 60) -> str:
    """`text` in one line of at most about `length` characters, for messages."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else line[:length] + "..."
