"""The comparison as JUnit XML: what continuous integration counts and shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ipf.compare.report_junit import comparison_junit, printable
from ipf.compare.results import Comparison
from tests.compare.compared_products import AWKWARD, full_comparison

SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:attributeGroup name="counts">
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="tests" type="xs:unsignedInt" use="required"/>
    <xs:attribute name="failures" type="xs:unsignedInt" use="required"/>
    <xs:attribute name="errors" type="xs:unsignedInt" use="required"/>
    <xs:attribute name="skipped" type="xs:unsignedInt"/>
    <xs:attribute name="time" type="xs:decimal"/>
  </xs:attributeGroup>
  <xs:complexType name="problem"><xs:simpleContent><xs:extension base="xs:string">
    <xs:attribute name="message" type="xs:string"/>
    <xs:attribute name="type" type="xs:string" use="required"/>
  </xs:extension></xs:simpleContent></xs:complexType>
  <xs:element name="testsuites"><xs:complexType>
    <xs:sequence><xs:element name="testsuite" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
      <xs:sequence><xs:element name="testcase" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
        <xs:sequence>
          <xs:choice minOccurs="0">
            <xs:element name="failure" type="problem"/><xs:element name="error" type="problem"/>
            <xs:element name="skipped"><xs:complexType>
              <xs:attribute name="message" type="xs:string"/>
            </xs:complexType></xs:element>
          </xs:choice>
          <xs:element name="system-out" type="xs:string" minOccurs="0"/>
        </xs:sequence>
        <xs:attribute name="name" type="xs:string" use="required"/>
        <xs:attribute name="classname" type="xs:string" use="required"/>
        <xs:attribute name="time" type="xs:decimal"/>
      </xs:complexType></xs:element></xs:sequence>
      <xs:attributeGroup ref="counts"/>
    </xs:complexType></xs:element></xs:sequence>
    <xs:attributeGroup ref="counts"/>
  </xs:complexType></xs:element>
</xs:schema>"""
"""The part of JUnit's form that Jenkins and GitLab read."""


def read(comparison: Comparison) -> etree._Element:
    root = etree.fromstring(comparison_junit(comparison))
    etree.XMLSchema(etree.fromstring(SCHEMA)).assertValid(root)
    return root


def counts(element: etree._Element) -> tuple[int, int]:
    return int(element.get("tests", "")), int(element.get("failures", ""))


def test_each_part_is_a_suite_and_each_check_a_case() -> None:
    comparison = full_comparison()
    root = read(comparison)
    *cases, note = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert cases == [(check.item, check.name.value) for check in comparison.checks]
    assert note == ("notes", "note 1")
    suites = {suite.get("name"): counts(suite) for suite in root}
    assert suites == {
        "product": (1, 0),
        "T/B02 10 m": (2, 1),
        "T/SCL 20 m": (1, 0),
        "T/MSK": (1, 0),
        "metadata": (1, 1),
        "notes": (1, 0),
    }
    assert counts(root) == (7, 2)


def test_notes_are_seen_without_being_failures() -> None:
    root = read(full_comparison())
    assert [case.get("message") for case in root.iter("skipped")] == [printable(AWKWARD)]
    assert (root.get("skipped"), root[-1].get("skipped")) == ("1", "1")
    without = read(replace(full_comparison(), notes=()))
    assert (without.get("skipped"), len(without)) == ("0", len(root) - 1)


def test_failures_tell_the_message_figures_and_limits_and_others_the_message() -> None:
    root = read(full_comparison())
    failed = {case.get("classname"): case.find("failure") for case in root.iter("testcase")}
    told = failed["metadata"]
    assert told is not None
    assert (told.get("message"), told.get("type")) == ("1 difference", "metadata")
    assert told.text == "1 difference\ndifferences: 1 (limit inf)"
    assert [out.text for out in root.iter("system-out")] == ["4 parts pair", "told", "told", "told"]


def test_what_xml_cannot_hold_is_escaped() -> None:
    first = read(full_comparison()).find(".//failure")
    assert first is not None
    assert first.get("message") == (
        'told with <tags> & "quotes", control \\x1b[31m characters\\x00, \\udcff and\nline feeds'
    )


@given(st.text())
def test_every_text_survives(text: str) -> None:
    escaped = printable(text)
    element = etree.Element("a", text=escaped)
    assert etree.fromstring(etree.tostring(element)).get("text") == escaped
    assert escaped == text or "\\" in escaped


def test_a_comparison_of_nothing_is_a_document_too() -> None:
    root = read(replace(full_comparison(), checks=(), notes=()))
    assert counts(root) == (0, 0)
    assert len(root) == 0


@pytest.mark.parametrize("reverse", [False, True])
def test_the_same_comparison_gives_the_same_bytes_and_another_another(reverse: bool) -> None:
    comparison = full_comparison()
    checks = comparison.checks[::-1] if reverse else comparison.checks
    same = comparison_junit(replace(comparison, checks=checks)) == comparison_junit(full_comparison())
    assert same is not reverse
