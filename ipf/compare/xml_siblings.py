"""Which element of one document is to be compared with which of the other, among children of one parent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from lxml import etree

from ipf.compare.naming import normalised
from ipf.compare.xml_rules import IDENTIFIERS, IDENTIFYING_ATTRIBUTES, IDENTIFYING_CHILDREN
from ipf.compare.xml_values import Limits, value_difference

Elements = Sequence[etree._Element]
Form = tuple[object, ...]

ALIGNED = 2000
"""Siblings between the first and the last change up to which lists of two lengths are aligned (time: n^2)."""

COMPARED_PAIRS = 2500
"""Pairs of elements of a set without a like that are all compared, to find those that differ least."""


class Pair(NamedTuple):
    """Two elements that belong together, or one without partner. `label` tells it among its siblings."""

    reference: etree._Element | None
    candidate: etree._Element | None
    label: str


def local(tag: str) -> str:
    """Name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def attributes(element: etree._Element) -> dict[str, str]:
    """Attributes by local name; qualified where two of them share it."""
    found: dict[str, str] = {}
    for name, value in element.attrib.items():
        short = local(str(name))
        found[str(name) if short in found else short] = str(value)
    return found


def own_text(element: etree._Element) -> str:
    """Text of the element itself, before, between and after its children, white space made one blank."""
    parts = [element.text or "", *(child.tail or "" for child in element)]
    return " ".join(" ".join(parts).split())


def pair_children(
    reference: Elements, candidate: Elements, is_set: Callable[[str], bool], limits: Limits
) -> Iterator[Pair]:
    """Pairs of children of one name, in the order of the reference, then those of the candidate alone.

    `is_set` tells for a local name whether the order of elements with that name is free.
    """
    groups: dict[str, tuple[list[etree._Element], list[etree._Element]]] = {}
    for side, elements in enumerate((reference, candidate)):
        for element in elements:
            groups.setdefault(local(str(element.tag)), ([], []))[side].append(element)
    for name, (ours, theirs) in groups.items():
        if len(ours) == len(theirs) == 1:
            yield Pair(ours[0], theirs[0], name)
        else:
            yield from _pair_group(name, ours, theirs, is_set(name), limits)


def _pair_group(name: str, ours: Elements, theirs: Elements, free: bool, limits: Limits) -> Iterator[Pair]:
    keyed = _keyed(name, ours, theirs)
    if keyed is not None:
        yield from keyed
        return
    pairs = _as_set(ours, theirs, limits) if free else _in_sequence(ours, theirs)
    alone = max(len(ours), len(theirs)) == 1
    for first, second in pairs:
        number = first if first is not None else second
        label = name if alone or number is None else f"{name}[{number + 1}]"
        yield Pair(None if first is None else ours[first], None if second is None else theirs[second], label)


def _keyed(name: str, ours: Elements, theirs: Elements) -> list[Pair] | None:
    """Pairs by what identifies the elements; None when nothing tells all of them apart on both sides."""
    for keys in _possible_keys(name, [*ours, *theirs]):
        first = {normalised(key): element for key, element in zip(keys[: len(ours)], ours, strict=True)}
        second = {normalised(key): element for key, element in zip(keys[len(ours) :], theirs, strict=True)}
        if len(first) == len(ours) and len(second) == len(theirs):
            texts = {normalised(key): key for key in reversed(keys)}
            return [
                Pair(first.get(key), second.get(key), f"{name}[{texts[key]}]")
                for key in [*first, *(key for key in second if key not in first)]
            ]
    return None


def _possible_keys(name: str, elements: Elements) -> Iterator[list[str]]:
    """Keys of all elements, ``bandId=3``, then with ever one attribute more, ``bandId=3,detectorId=5``."""
    child = IDENTIFYING_CHILDREN.get(name)
    if child is not None:
        texts = [_text_at(element, child) for element in elements]
        if all(text is not None for text in texts):
            yield [f"{child}={text}" for text in texts]
    every = [attributes(element) for element in elements]
    common = set(every[0]).intersection(*every[1:])
    identifiers = sorted(attribute for attribute in common if IDENTIFIERS.fullmatch(attribute))
    telling = [known for known in dict.fromkeys((*IDENTIFYING_ATTRIBUTES, *identifiers)) if known in common]
    for number in range(1, len(telling) + 1):
        yield [",".join(f"{known}={mapping[known]}" for known in telling[:number]) for mapping in every]


def _text_at(element: etree._Element, path: str) -> str | None:
    """Text of the child at a path of local names, or an attribute of it (``inspection/@id``)."""
    steps, _, attribute = path.partition("/@")
    found = element.find("/".join(f"{{*}}{step}" for step in steps.split("/")))
    if found is None:
        return None
    return attributes(found).get(attribute) if attribute else own_text(found)


def _in_sequence(ours: Elements, theirs: Elements) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of positions: one by one, but for lists of two lengths whose like elements are aligned."""
    if len(ours) == len(theirs):
        yield from ((index, index) for index in range(len(ours)))
        return
    forms = [form(element) for element in ours], [form(element) for element in theirs]
    shorter = min(len(ours), len(theirs))
    head = next((i for i in range(shorter) if forms[0][i] != forms[1][i]), shorter)
    most = shorter - head
    tail = next((i for i in range(most) if forms[0][-1 - i] != forms[1][-1 - i]), most)
    yield from ((index, index) for index in range(head))
    stops = len(ours) - tail, len(theirs) - tail
    middles = forms[0][head : stops[0]], forms[1][head : stops[1]]
    if max(map(len, middles)) <= ALIGNED:
        blocks = SequenceMatcher(None, *middles, autojunk=False).get_opcodes()
    else:
        blocks = [("replace", 0, len(middles[0]), 0, len(middles[1]))]
    for _, start, stop, other_start, other_stop in blocks:
        for step in range(max(stop - start, other_stop - other_start)):
            yield (
                head + start + step if start + step < stop else None,
                head + other_start + step if other_start + step < other_stop else None,
            )
    yield from ((stops[0] + index, stops[1] + index) for index in range(tail))


def _as_set(ours: Elements, theirs: Elements, limits: Limits) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of positions: like elements first found, the others with those that they differ least from."""
    waiting: dict[Form, list[int]] = {}
    for index in reversed(range(len(theirs))):
        waiting.setdefault(form(theirs[index]), []).append(index)
    partner: dict[int, int] = {}
    for index, element in enumerate(ours):
        if likes := waiting.get(form(element)):
            partner[index] = likes.pop()
    left = [index for index in range(len(ours)) if index not in partner]
    others = sorted(set(range(len(theirs))) - set(partner.values()))
    if len(left) * len(others) <= COMPARED_PAIRS:
        distances = sorted(
            (_unlikeness(ours[first], theirs[second], limits), first, second)
            for first in left
            for second in others
        )
    else:
        distances = [(0, first, second) for first, second in zip(left, others, strict=False)]
    taken: set[int] = set()
    for _, first, second in distances:
        if first not in partner and second not in taken:
            partner[first] = second
            taken.add(second)
    yield from ((index, partner.get(index)) for index in range(len(ours)))
    yield from ((None, index) for index in others if index not in taken)


def form(element: etree._Element) -> Form:
    """What an element and all it holds say: equal for those that differ at most in names and white space."""
    parts: list[object] = []
    for part in element.iter(etree.Element):
        named = sorted((name, normalised(value)) for name, value in attributes(part).items())
        parts.append((local(str(part.tag)), len(part), tuple(named), _plain(own_text(part))))
    return tuple(parts)


def _plain(text: str) -> str:
    try:
        return repr(float(text))
    except ValueError:
        return normalised(text)


def _unlikeness(one: etree._Element, other: etree._Element, limits: Limits) -> int:
    """How many values differ beyond the limits; all of them when the elements are built differently."""
    parts, others = list(one.iter(etree.Element)), list(other.iter(etree.Element))
    built = [[(local(str(part.tag)), len(part)) for part in side] for side in (parts, others)]
    if built[0] != built[1]:
        return 10 * max(len(parts), len(others))
    return sum(
        (found := value_difference(own_text(first), own_text(second), limits)) is not None and found.counts
        for first, second in zip(parts, others, strict=True)
    ) + sum(attributes(first) != attributes(second) for first, second in zip(parts, others, strict=True))
