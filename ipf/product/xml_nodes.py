"""Typed access to the elements of a metadata document, with errors that name file, line and element.

Namespaces are ignored: PSD documents qualify only their top elements, and the namespace changes with each
version of the specification.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from lxml import etree

from ipf.errors import IpfError, ProductError
from ipf.product.bands import BANDS, DETECTORS
from ipf.product.utc import UtcTime
from ipf.xml import local_name, parse_xml, parse_xml_bytes

STAND_IN_BYTES = 1
"""Documents of at most this size stand in for one that was removed from a sample product."""

_MOST_DIGITS = 18  # of a whole number in an attribute; Python refuses to read thousands of them
_LONGEST_MESSAGE = 400


@dataclass(frozen=True, slots=True)
class Node:
    """An element of the document in `file`. Paths are local names joined by ``/``; ``.`` is the node.

    `failure` is the kind of error that documents of this sort raise.
    """

    element: etree._Element
    file: str
    failure: type[IpfError] = ProductError

    @classmethod
    def of_document(cls, path: Path, roots: Sequence[str]) -> Node:
        """Root of the document at `path`, whose local name must be one of `roots`."""
        if path.is_file() and path.stat().st_size <= STAND_IN_BYTES:
            raise ProductError(f"{path}: empty stand-in, expected a document with root {' or '.join(roots)}")
        return cls(parse_xml(path, ProductError), str(path))._checked(roots)

    @classmethod
    def of_content(
        cls, content: bytes, file: str, roots: Sequence[str], failure: type[IpfError] = ProductError
    ) -> Node:
        """Root of the document `content`, which `file` names in messages; otherwise as `of_document`."""
        return cls(parse_xml_bytes(content, file, failure), file, failure)._checked(roots)

    def _checked(self, roots: Sequence[str]) -> Node:
        if self.name not in roots:
            raise self.error(f"root element is {self.name}, expected {' or '.join(roots)}")
        return self

    @property
    def name(self) -> str:
        """Local name."""
        return local_name(self.element)

    def error(self, message: str) -> IpfError:
        """An error about this node, to be raised by the caller."""
        shown = message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"
        return self.failure(f"{self.file}:{self.element.sourceline}: {shown}")

    def find(self, path: str) -> Node | None:
        """First element at `path`, None when there is none."""
        if path == ".":
            return self
        found = self.element.find("/".join(f"{{*}}{step}" for step in path.split("/")))
        return None if found is None else Node(found, self.file, self.failure)

    def all(self, path: str) -> list[Node]:
        """Every element at `path`, in the order of the document."""
        found = self.element.findall("/".join(f"{{*}}{step}" for step in path.split("/")))
        return [Node(element, self.file, self.failure) for element in found]

    def child(self, path: str) -> Node:
        """First element at `path`; its absence is an error."""
        found = self.find(path)
        if found is None:
            raise self.error(f"{self.name}: element {path} is missing")
        return found

    def text(self, path: str = ".") -> str:
        """Text of the element at `path`, stripped; absence or emptiness is an error."""
        node = self.child(path)
        text = (node.element.text or "").strip()
        if not text:
            raise node.error(f"{node.name} is empty")
        return text

    def optional_text(self, path: str) -> str | None:
        """Text of the element at `path`, None when it is absent or empty."""
        node = self.find(path)
        return None if node is None else (node.element.text or "").strip() or None

    def number(self, path: str = ".") -> float:
        """Finite number at `path`."""
        text = self.text(path)
        try:
            value = float(text) if "_" not in text else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            node = self.child(path)
            raise node.error(f"{node.name} is '{text}', expected a finite number")
        return value

    def optional_number(self, path: str) -> float | None:
        """Finite number at `path`, None when the element is absent or empty."""
        return None if self.optional_text(path) is None else self.number(path)

    def integer(self, path: str = ".") -> int:
        """Whole number at `path`; ``10980`` and ``10980.0`` both are."""
        value = self.number(path)
        if value != int(value):
            node = self.child(path)
            raise node.error(f"{node.name} is '{self.text(path)}', expected a whole number")
        return int(value)

    def flag(self, path: str = ".") -> bool:
        """Boolean at `path`, in the spellings of XML Schema."""
        text = self.text(path)
        if text not in {"true", "false", "1", "0"}:
            node = self.child(path)
            raise node.error(f"{node.name} is '{text}', expected true or false")
        return text in {"true", "1"}

    def time(self, path: str = ".") -> UtcTime:
        """UTC time at `path`."""
        text = self.text(path)
        try:
            return UtcTime.parse(text)
        except ValueError as problem:
            node = self.child(path)
            raise node.error(f"{node.name}: {problem}") from problem

    def numbers(self, path: str = ".", allow_nan: bool = False) -> npt.NDArray[np.float64]:
        """Numbers separated by blanks at `path`, finite but for the NaN that `allow_nan` lets through."""
        text = self.text(path)
        try:
            # Python's and NumPy's own spelling 1_000 is none of XML's.
            values = np.array(text.replace("_", "?").split(), dtype=np.float64)
        except ValueError as problem:
            node = self.child(path)
            raise node.error(f"{node.name} holds a word that is not a number: {problem}") from problem
        if np.isinf(values).any() or (not allow_nan and np.isnan(values).any()):
            node = self.child(path)
            raise node.error(f"{node.name} holds a number that is not finite")
        return values

    def attribute(self, name: str) -> str:
        """Attribute `name`; its absence is an error."""
        value = self.element.get(name)
        if value is None:
            raise self.error(f"{self.name}: attribute {name} is missing")
        return value

    def optional_attribute(self, name: str) -> str | None:
        """Attribute `name`, None when it is absent."""
        return self.element.get(name)

    def attribute_integer(self, name: str) -> int:
        """Attribute `name` as a whole number of digits only."""
        value = self.attribute(name)
        if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
            raise self.error(f"{self.name}: attribute {name} is '{value}', expected a whole number")
        return int(value)

    def attribute_band(self, name: str) -> str:
        """Attribute `name`, a PSD band number 0-12, as a band name."""
        return self._band(self.attribute_integer(name), f"attribute {name}")

    def attribute_detector(self, name: str) -> int:
        """Attribute `name`, the number of a detector, 01 to 12."""
        number = self.attribute_integer(name)
        if number not in DETECTORS:
            raise self.error(f"{self.name}: attribute {name} is {number}, expected a detector 01 to 12")
        return number

    def band(self, path: str = ".") -> str:
        """PSD band number 0-12 at `path` as a band name."""
        node = self.child(path)
        return node._band(node.integer(), node.name)

    def _band(self, identifier: int, where: str) -> str:
        if not 0 <= identifier < len(BANDS):
            raise self.error(f"{self.name}: {where} is {identifier}, expected a band number 0-12")
        return BANDS[identifier].name

    def serialised(self) -> bytes:
        """The element with all it holds as UTF-8 XML, without namespaces, to be passed on elsewhere."""
        element = copy.deepcopy(self.element)
        element.tail = None
        for part in element.iter(etree.Element):
            part.tag = local_name(part)
        etree.cleanup_namespaces(element)
        return etree.tostring(element, encoding="utf-8")
