"""Quality reports of datastrips and tiles: the model, the OLQC document and the Level-2A quality document.

One report is one checklist (``GENERAL_QUALITY``) on one item, a datastrip or a tile. Documents follow
OLQC_Report.xsd and L2A_QUALITY.xsd of PSD 14.8 and 15.0. What is checked is the business of
`ipf.product.quality_checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lxml import etree

from ipf.product.utc import UtcTime
from ipf.product.xml_builder import XSI, Text, add, serialised, text_of

PASSED, FAILED = "PASSED", "FAILED"
Container = Literal["datastrip", "tile"]

_OLQC_NAMESPACE = "http://gs2.esa.int/DATA_STRUCTURE/olqcReport"
_L2A_NAMESPACE = "http://gs2.esa.int/DATA_STRUCTURE/l2aqiReport"
_END_OF_VALIDITY = "UTC=2100-01-01T00:00:00"
_PRIORITY = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One inspection: identifier (``Solar_Angle_Zenith``), file or folder inspected, outcome, message, and
    the figures that the message speaks of.
    """

    identifier: str
    item: str
    passed: bool
    message: str
    values: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The checks of one checklist on one item; `parent` names the parameter file that configures them."""

    checklist: str
    item: str
    checks: tuple[Check, ...]
    parent: str = "Not applicable"

    @property
    def status(self) -> str:
        """``PASSED`` when every check passed."""
        return PASSED if all(check.passed for check in self.checks) else FAILED

    @property
    def file_name(self) -> str:
        """Name in QI_DATA."""
        return f"{self.checklist}.xml"


@dataclass(frozen=True, slots=True)
class ReportHeader:
    """What the reports of a product share.

    `satellite` is ``S2A`` to ``S2D``, `level` ``1C`` or ``2A``, `creation` the one date of the product,
    `creator` and `version` the program that made it.
    """

    satellite: str
    level: str
    creation: UtcTime
    creator: str
    version: str


def olqc_report_xml(report: Report, container: Container, header: ReportHeader) -> bytes:
    """The OLQC document of `report`."""
    namespaces: dict[Any, str] = {None: _OLQC_NAMESPACE}
    root = etree.Element("Earth_Explorer_File", nsmap=namespaces)
    _add_fixed_header(
        add(root, "Earth_Explorer_Header"), report.file_name, "Report on a checklist", "REP_OLQCPA", header
    )
    block = add(root, "Data_Block", type="xml")
    element = add(block, "report", gippVersion="1.0", globalStatus=report.status, date=str(header.creation))
    _add_checklist(element, report, container, header.level, str(header.creation))
    return serialised(_qualified(root, _OLQC_NAMESPACE))


def l2a_quality_xml(reports: tuple[Report, ...], header: ReportHeader) -> bytes:
    """The Level-2A quality document of a tile, with one checklist per report."""
    namespaces: dict[Any, str] = {None: _L2A_NAMESPACE, "xsi": XSI}
    root = etree.Element("L2A_Quality_File", nsmap=namespaces)
    root.set(f"{{{XSI}}}schemaLocation", f"{_L2A_NAMESPACE} L2A_QUALITY.xsd")
    _add_fixed_header(
        add(root, "L2A_Quality_Header"), "L2A_QUALITY", "Quality of Level-2A processing", "L2A_QLINFO", header
    )
    status = PASSED if all(report.status == PASSED for report in reports) else FAILED
    block = add(root, "Data_Block", type="xml")
    element = add(block, "report", gippVersion="1.0", globalStatus=status, date=str(header.creation))
    for report in reports:
        _add_checklist(element, report, "tile", header.level, None)
    return serialised(_qualified(root, _L2A_NAMESPACE))


def _qualified(root: etree._Element, namespace: str) -> etree._Element:
    """Put every element of the document into its default namespace."""
    for element in root.iter(etree.Element):
        element.tag = f"{{{namespace}}}{element.tag}"
    return root


def _add_fixed_header(
    parent: etree._Element, name: str, description: str, file_type: str, header: ReportHeader
) -> None:
    creation = f"UTC={header.creation.moment:%Y-%m-%dT%H:%M:%S}"
    fixed = add(parent, "Fixed_Header")
    add(fixed, "File_Name", name)
    add(fixed, "File_Description", description)
    add(fixed, "Notes")
    add(fixed, "Mission", header.satellite)
    add(fixed, "File_Class", "OPER")
    add(fixed, "File_Type", file_type)
    validity = add(fixed, "Validity_Period")
    add(validity, "Validity_Start", creation)
    add(validity, "Validity_Stop", _END_OF_VALIDITY)
    add(fixed, "File_Version", 1)
    source = add(fixed, "Source")
    add(source, "System", header.creator)
    add(source, "Creator", header.creator)
    add(source, "Creator_Version", header.version)
    add(source, "Creation_Date", creation)


def _add_checklist(
    parent: etree._Element, report: Report, container: Container, level: str, inspected: str | None
) -> None:
    """A checklist; `inspected` is the date of its inspections, None leaves them out (Level-2A quality)."""
    checklist = add(parent, "checkList")
    add(checklist, "parentID", report.parent)
    add(checklist, "name", report.checklist)
    add(checklist, "version", "1.0")
    item = add(checklist, "item")
    item.set("class", f"http://www.esa.int/s2#pdi_level_{level.lower()}_{container}_container")
    item.set("className", f"PDI Level {level} {container.capitalize()} Folder")
    item.set("name", report.item)
    item.set("url", ".")
    for check in report.checks:
        element = add(checklist, "check")
        if inspected is not None:
            _add_inspection(element, check, inspected)
        add(element, "message", check.message, contentType="text/plain")
        if check.values:
            values = add(element, "extraValues")
            for name, value in check.values.items():
                add(values, "value", text_of(value), name=name)


def _add_inspection(parent: etree._Element, check: Check, date: str) -> None:
    add(
        parent,
        "inspection",
        creation=date,
        duration=0,
        execution=date,
        id=check.identifier,
        item=check.item,
        itemURL=f"./{check.item}",
        name=check.identifier.replace("_", " "),
        priority=_PRIORITY,
        processingStatus="done",
        status=PASSED if check.passed else FAILED,
    )
