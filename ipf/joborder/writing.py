"""Writing of job orders: elements in a given order, and one canonical form of each value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from ipf.errors import JobOrderError
from ipf.joborder.reading import XSI, short


def element(tag: str, content: str | bool | float | None = "") -> etree._Element:
    """An element with the canonical text of `content`: true or false, exact numbers, nothing for None.

    Raises `JobOrderError` when XML cannot hold the text.
    """
    made = etree.Element(tag)
    if isinstance(content, bool):
        made.text = "true" if content else "false"
    elif isinstance(content, float) and content.is_integer():
        made.text = str(int(content))
    elif content is not None and content != "":
        try:
            made.text = str(content)
        except ValueError as problem:
            raise JobOrderError(
                f"{tag}: expected text without control characters, found {short(repr(content))}"
            ) from problem
    return made


def parent(tag: str, children: Iterable[etree._Element]) -> etree._Element:
    """An element with `children`."""
    made = etree.Element(tag)
    made.extend(children)
    return made


def counted(tag: str, children: Sequence[etree._Element]) -> etree._Element:
    """A list element with its count attribute."""
    made = parent(tag, children)
    made.set("count", str(len(children)))
    return made


class Parts:
    """Children of an element that may stand in an order, and be there or not, as some file had them."""

    def __init__(self, arrangement: Sequence[str]) -> None:
        """`arrangement` names the children of that file in its order; () when there was none."""
        self.arrangement = arrangement
        self._parts: dict[str, etree._Element] = {}

    def add(self, tag: str, part: etree._Element, *, filled: bool = True, usual: bool = False) -> None:
        """Take `part` when it is `filled` or was there; with no arrangement, when it is `usual`."""
        if filled or (tag in self.arrangement if self.arrangement else usual):
            self._parts[tag] = part

    def text(self, tag: str, content: str | bool | None, *, usual: bool = False) -> None:
        """Take an element with the text of `content`, as `add` does."""
        self.add(tag, element(tag, content), filled=content not in (None, ""), usual=usual)

    def arranged(self) -> list[etree._Element]:
        """The children in the arrangement's order; any it does not name follow what was added before."""
        order = [tag for tag in self.arrangement if tag in self._parts]
        position = 0
        for tag in self._parts:
            if tag not in order:
                order.insert(position, tag)
            position = order.index(tag) + 1
        return [self._parts[tag] for tag in order]


def root_element(
    tag: str, children: Iterable[etree._Element], attributes: Iterable[tuple[str, str]], namespace: str
) -> etree._Element:
    """The root element with everything below it moved into `namespace` (empty for none)."""
    attributes = tuple(attributes)
    prefixes: dict[str | None, str] = {None: namespace} if namespace else {}
    if any(name.startswith(f"{{{XSI}}}") for name, _ in attributes):
        prefixes["xsi"] = XSI
    # The stubs of lxml do not know that None stands for the default namespace.
    made = etree.Element(f"{{{namespace}}}{tag}" if namespace else tag, nsmap=prefixes)  # type: ignore[arg-type]
    made.extend(children)
    for name, value in attributes:
        made.set(name, value)
    if namespace:
        for each in made.iterdescendants():
            each.tag = f"{{{namespace}}}{each.tag}"
    return made
