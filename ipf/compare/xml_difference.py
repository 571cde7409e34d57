"""Typed difference of two XML documents by element path.

Paths in results are local names joined by ``/`` from below the root. What tells repeated elements apart
stands in brackets, attributes or else the position from 1 on:
``Tile_Angles/Viewing_Incidence_Angles_Grids[bandId=3,detectorId=5]/Zenith/Values_List/VALUES[4]``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from lxml import etree

from ipf.compare.naming import contradictions, facts_of_data, normalised
from ipf.compare.results import DocumentDifference, NameDifference
from ipf.compare.xml_forms import lost_form
from ipf.compare.xml_gross import gross_error
from ipf.compare.xml_rules import Rules
from ipf.compare.xml_siblings import attributes, local, own_text, pair_children
from ipf.compare.xml_values import EXACT, ValueDifference, value_difference

SHOWN = 160
"""Characters of a value that results keep."""

SERIALISED_LEVELS = 12
"""Levels on which branches are compared as bytes first: with more, time would be depth times size."""

NAMESPACE = "@xmlns"
"""Path of the difference of namespaces, which is told once for a document."""

_DECLARATION = re.compile(rb'\sxmlns(?::[^\s=]+)?="[^"]*"')


@dataclass(slots=True)
class XmlDifference:
    """What two documents differ in: `names` alone depend on the run, `ignored` are not to be compared.

    `essential` are those of `differences` that no tolerance allows: the documents are of other data, say less
    of which, or hold what is no value or grossly off.
    """

    differences: list[DocumentDifference] = field(default_factory=list)
    names: list[NameDifference] = field(default_factory=list)
    ignored: list[DocumentDifference] = field(default_factory=list)
    essential: list[DocumentDifference] = field(default_factory=list)


def compare_xml(reference: etree._Element, candidate: etree._Element, rules: Rules) -> XmlDifference:
    """Compare two documents, given by their roots, without comments (as `ipf.xml.parse_xml` gives them)."""
    walk = _Walk(rules)
    names = local(str(reference.tag)), local(str(candidate.tag))
    if names[0] != names[1]:
        walk.note("", *names, "is another kind of document", essential=True)
        return walk.result
    walk.namespaces(reference, candidate)
    walk.follow(reference, candidate)
    return walk.result


@dataclass(frozen=True, slots=True)
class _Step:
    """Two elements to compare, or one that has no partner, at `path`; `rule` is the path without brackets."""

    reference: etree._Element | None
    candidate: etree._Element | None
    path: str
    rule: str


@dataclass(slots=True)
class _Walk:
    rules: Rules
    result: XmlDifference = field(default_factory=XmlDifference)

    def follow(self, reference: etree._Element, candidate: etree._Element) -> None:
        """Compare two elements and all they hold, in the order of the document (no recursion: any depth)."""
        waiting = [_Step(reference, candidate, "", "")]
        while waiting:
            step = waiting.pop()
            if step.reference is None or step.candidate is None:
                self.unpaired(step)
            elif not self.passed_over(step, step.reference, step.candidate):
                self.attributes_of(step, attributes(step.reference), attributes(step.candidate))
                texts = own_text(step.reference), own_text(step.candidate)
                self.value(step.path, step.rule, *texts)
                waiting.extend(reversed(self.children_of(step, list(step.reference), list(step.candidate))))

    def passed_over(self, step: _Step, reference: etree._Element, candidate: etree._Element) -> bool:
        """Whether there is nothing to find below; an ignored element that differs is listed as such."""
        shallow = len(reference) > 0 and step.rule.count("/") < SERIALISED_LEVELS
        same = shallow and serialised(reference) == serialised(candidate)
        if same or not self.rules.ignored.match(step.rule):
            return same
        if len(reference) or len(candidate) or _leaves_differ(reference, candidate):
            self.ignore(step.path, described(reference), described(candidate))
        return True

    def unpaired(self, step: _Step) -> None:
        """An element that one side lacks, told once for all that it holds."""
        reference = None if step.reference is None else described(step.reference)
        candidate = None if step.candidate is None else described(step.candidate)
        if self.rules.ignored.match(step.rule):
            self.ignore(step.path, reference, candidate)
        else:
            essential = step.reference is not None and (
                self.rules.is_needed(step.rule) or self.tells_data(step.rule, step.reference)
            )
            self.absent(step.path, reference, candidate, essential)

    def attributes_of(self, step: _Step, reference: dict[str, str], candidate: dict[str, str]) -> None:
        """Attributes are compared as elements are, in the order of their names."""
        if reference == candidate:
            return
        for name in sorted(reference.keys() | candidate.keys()):
            path, rule = (f"{start}/@{name}" if start else f"@{name}" for start in (step.path, step.rule))
            ours, theirs = reference.get(name), candidate.get(name)
            if ours is not None and theirs is not None:
                self.value(path, rule, ours, theirs)
            elif self.rules.ignored.match(rule):
                self.ignore(path, ours, theirs)
            else:
                self.absent(path, ours, theirs, theirs is None and self.rules.is_needed(rule))

    def children_of(
        self, step: _Step, reference: Sequence[etree._Element], candidate: Sequence[etree._Element]
    ) -> list[_Step]:
        """What is to be compared below; a changed order of elements of several names is told here."""
        if not reference and not candidate:
            return []
        if not candidate and self.rules.is_section(step.rule):
            self.note(step.path, f"{len(reference)} elements", "", "is empty", essential=True)
            return []
        self.order(step.path, *([local(str(child.tag)) for child in side] for side in (reference, candidate)))
        rule, path = (f"{start}/" if start else "" for start in (step.rule, step.path))
        limits = self.rules.limits_at(rule)
        pairs = pair_children(reference, candidate, lambda name: self.rules.sets.match(rule + name), limits)
        return [
            _Step(pair.reference, pair.candidate, path + pair.label, rule + pair.label.partition("[")[0])
            for pair in pairs
        ]

    def order(self, path: str, reference: list[str], candidate: list[str]) -> None:
        """The order of names: schemas of products are sequences. What one side lacks is left out."""
        if reference == candidate:
            return
        if sorted(reference) != sorted(candidate):
            reference, candidate = (
                [name for name in dict.fromkeys(one) if name in other]
                for one, other in ((reference, candidate), (candidate, reference))
            )
        if reference != candidate:
            self.note(path, ", ".join(reference), ", ".join(candidate), "has its elements in another order")

    def value(self, path: str, rule: str, reference: str, candidate: str) -> None:
        """Two values at one place."""
        found = value_difference(reference, candidate, self.rules.limits_at(rule))
        if found is None and self.rules.versions.match(rule) and reference.split() != candidate.split():
            found = ValueDifference("is another version")
        if found is None:
            return
        if self.rules.ignored.match(rule):
            self.ignore(path, reference, candidate)
        elif self.rules.run.match(rule) or normalised(reference) == normalised(candidate):
            fault = lost_form(rule, reference, candidate)
            if fault is None:
                self.result.names.append(NameDifference(path or ".", reference, candidate))
            else:
                self.note(path, reference, candidate, fault, essential=True)
        else:
            fault = self.other_data(rule, reference, candidate) or self.unusable(rule, reference, candidate)
            counts = (found.counts or fault is not None) and not self.rules.reported.match(rule)
            essential = counts and (fault is not None or self.rules.essential.match(rule))
            self.note(path, reference, candidate, fault or found.message, counts, essential)

    def unusable(self, rule: str, reference: str, candidate: str) -> str | None:
        """Why a number makes the product unusable; None where it does not. Versions are no numbers."""
        return None if self.rules.versions.match(rule) else gross_error(rule, reference, candidate)

    def other_data(self, rule: str, reference: str, candidate: str) -> str | None:
        """Why two names are of other data, None where they are not, or where the reference names none."""
        expected, found = facts_of_data(reference), facts_of_data(candidate)
        contrary = contradictions(expected, found)
        if contrary:
            return f"is of other data: {', '.join(contrary)}"
        if expected and not found and self.rules.identifiers.match(rule):
            return "is no name of the data"
        return None

    def tells_data(self, rule: str, element: etree._Element) -> bool:
        """Whether an element is a main section, or tells which data the document is of, itself or below."""
        if self.rules.is_section(rule):
            return True
        waiting = [(rule, element)]
        while waiting:
            path, each = waiting.pop()
            names = [path, *(f"{path}/@{name}" for name in attributes(each))]
            if any(map(self.rules.is_told, names)):
                return True
            waiting.extend((f"{path}/{local(str(child.tag))}", child) for child in each)
        return False

    def absent(self, path: str, reference: str | None, candidate: str | None, essential: bool) -> None:
        """Something that is on one side alone."""
        message = "is missing" if candidate is None else "is not expected"
        self.note(path, reference, candidate, message, essential=essential)

    def ignore(self, path: str, reference: str | None, candidate: str | None) -> None:
        """A difference at an ignored path."""
        texts = shortened(reference), shortened(candidate)
        self.result.ignored.append(DocumentDifference(path or ".", *texts, "is ignored", counts=False))

    def note(
        self,
        path: str,
        reference: str | None,
        candidate: str | None,
        message: str,
        counts: bool = True,
        essential: bool = False,
    ) -> None:
        """A difference."""
        texts = shortened(reference), shortened(candidate)
        difference = DocumentDifference(path or ".", *texts, message, counts)
        self.result.differences.append(difference)
        if essential:
            self.result.essential.append(difference)

    def namespaces(self, reference: etree._Element, candidate: etree._Element) -> None:
        """One difference for all elements whose namespace is another: the schema or its version changed."""
        ours, theirs = _namespaces(reference), _namespaces(candidate)
        changed = [name for name in ours if name in theirs and ours[name] != theirs[name]]
        if not changed:
            return
        reference_text, candidate_text = (
            " ".join(sorted({uri for name in changed for uri in side[name] - other[name]}))
            for side, other in ((ours, theirs), (theirs, ours))
        )
        if self.rules.ignored.match(NAMESPACE):
            self.ignore(NAMESPACE, reference_text, candidate_text)
        else:
            message = f"is another namespace, of {len(changed)} names"
            self.note(NAMESPACE, reference_text, candidate_text, message)


def serialised(element: etree._Element) -> bytes:
    """The element with all it holds, without the declarations of namespaces in its own tag.

    Those come from above as well, and namespaces are compared apart. Equal bytes say the same.
    """
    head, end, rest = etree.tostring(element, encoding="utf-8", with_tail=False).partition(b">")
    return _DECLARATION.sub(b"", head) + end + rest


def described(element: etree._Element) -> str:
    """What an element holds, for a person."""
    text = own_text(element)
    if len(element):
        return f"{len(element)} elements" + (f", {text}" if text else "")
    return text


def shortened(text: str | None) -> str | None:
    """At most `SHOWN` characters of `text`; None stays."""
    return text if text is None or len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _leaves_differ(reference: etree._Element, candidate: etree._Element) -> bool:
    texts = own_text(reference), own_text(candidate)
    return attributes(reference) != attributes(candidate) or value_difference(*texts, EXACT) is not None


def _namespaces(root: etree._Element) -> dict[str, set[str]]:
    """Namespaces by local name, ``none`` where an element has none; attributes without one are left out."""
    names = {str(element.tag) for element in root.iter(etree.Element)}
    qualified = cast(list[etree._Element], root.xpath("//*[@*[namespace-uri() != '']]"))
    names |= {str(name) for element in qualified for name in element.attrib if "}" in str(name)}
    found: dict[str, set[str]] = {}
    for name in names:
        uri, _, short = name.rpartition("}")
        found.setdefault(short, set()).add(uri.lstrip("{") or "none")
    return found
