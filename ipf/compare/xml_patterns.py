"""Which patterns of element paths match anything in a document, so that those which match nothing are told.

Apart from the comparison itself, which passes over what is the same on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from lxml import etree

from ipf.compare.results import Pattern
from ipf.compare.xml_siblings import attributes, local


def matched_patterns(root: etree._Element, patterns: Iterable[Pattern]) -> frozenset[Pattern]:
    """Those of `patterns` (table and path) that an element or attribute of the document matches.

    Stops where all do.
    """
    waiting, found = set(patterns), set[Pattern]()
    paths = element_paths(root) if waiting else iter(())
    for path in paths:
        here = {pattern for pattern in waiting if fnmatchcase(path, pattern[1])}
        found |= here
        waiting -= here
        if not waiting:
            break
    return frozenset(found)


def element_paths(root: etree._Element) -> Iterator[str]:
    """Every path of the document once, as `ipf.compare.xml_rules` has them: names without brackets."""
    seen: set[str] = set()
    waiting = [("", root)]
    while waiting:
        path, element = waiting.pop()
        start = f"{path}/" if path else ""
        for each in (path, *(f"{start}@{name}" for name in attributes(element))):
            if each not in seen:
                seen.add(each)
                yield each
        waiting.extend((start + local(str(child.tag)), child) for child in element)
