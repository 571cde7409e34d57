"""Real metadata documents, and changes to them, for the tests of the readers."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

FOLDERS = ("metadata", "l1c_metadata", "products")


def documents(reference_data: Path, kind: str) -> list[Path]:
    """Level-1C and Level-2A documents whose root element ends in `kind`; stand-ins are left aside."""
    found = []
    for folder in FOLDERS:
        for path in sorted((reference_data / folder).rglob("*.xml")):
            if path.stat().st_size > 1:
                root = etree.parse(path).getroot()
                name = etree.QName(root).localname
                if name.startswith(("Level-1C", "Level-2A")) and name.endswith(kind):
                    found.append(path)
    return found


def text(root: etree._Element, name: str) -> str | None:
    """Text of the first element called `name` anywhere, by a plain search."""
    found = root.find(f".//{{*}}{name}")
    return None if found is None else found.text


def texts(root: etree._Element, name: str) -> list[str]:
    """Texts of every element called `name`."""
    return [element.text for element in root.iterfind(f".//{{*}}{name}")]


def leaves(root: etree._Element) -> Iterator[etree._Element]:
    """First leaf of each path, so that a list of a hundred equal elements counts once."""
    seen = set()
    tree = root.getroottree()
    for element in root.iter(etree.Element):
        path = tree.getelementpath(element)
        key = "".join(part for part in path if part not in "0123456789[]")
        if len(element) == 0 and key not in seen:
            seen.add(key)
            yield element


def without(root: etree._Element, element: etree._Element) -> bytes:
    """The document without every element at the place of `element`."""
    return _changed(root, element, lambda victim: victim.getparent().remove(victim))


def with_text(root: etree._Element, element: etree._Element, value: str) -> bytes:
    """The document with `value` as the text of `element` and its equals."""
    return _changed(root, element, lambda victim: setattr(victim, "text", value))


def _changed(root, element, change) -> bytes:
    changed = copy.deepcopy(root)
    parent = root.getroottree().getelementpath(element.getparent())
    place = changed if parent == "." else changed.find(parent)
    for victim in place.findall(element.tag):
        change(victim)
    return etree.tostring(changed)
