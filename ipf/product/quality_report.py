"""Quality reports of datastrips and tiles: the model, the OLQC document and the Level-2A quality document.

One report is one checklist (``GENERAL_QUALITY``) on one item, a datastrip or a tile. Documents follow
OLQC_Report.xsd and L2A_QUALITY.xsd of PSD 14.8 and 15.0. What is checked is the business of
`ipf.product.quality`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from lxml import etree

from ipf.product.utc import UtcTime
from ipf.product.xml_builder import XSI, Text, add, serialised, text_of

Container = Literal["product", "datastrip", "granule", "tile"]

_OLQC_NAMESPACE = "http://gs2.esa.int/DATA_STRUCTURE/olqcReport"
_L2A_NAMESPACE = "http://gs2.esa.int/DATA_STRUCTURE/l2aqiReport"
_START_OF_VALIDITY, _END_OF_VALIDITY = "UTC=2015-06-22T00:00:00", "UTC=2100-01-01T00:00:00"
_VALIDITY_IN_NAME = re.compile(r"_V(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)")
_BASELINE = re.compile(r"_N\d{2}\.\d{2}$")
_PRIORITY = 5


class Outcome(StrEnum):
    """How a check ended. A check that was NOT RUN says why; it neither passes nor fails."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    NOT_RUN = "NOT RUN"

    @classmethod
    def of(cls, passed: bool) -> Outcome:
        """PASSED or FAILED."""
        return cls.PASSED if passed else cls.FAILED


PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome for many: FAILED with any failure or error, NOT RUN when nothing ran, else PASSED."""
    found = set(outcomes)
    if found & {Outcome.FAILED, Outcome.ERROR}:
        return Outcome.FAILED
    return Outcome.PASSED if Outcome.PASSED in found else Outcome.NOT_RUN


@dataclass(frozen=True, slots=True)
class Check:
    """One inspection: identifier (``Solar_Angle_Zenith``), file or folder inspected, outcome, message, the
    figures that the message speaks of, and the title for a reader (the identifier where there is none).
    """

    identifier: str
    item: str
    outcome: Outcome
    message: str
    values: Mapping[str, Text] = field(default_factory=dict)
    title: str = ""

    @property
    def passed(self) -> bool:
        """Whether the check ran and passed."""
        return self.outcome is Outcome.PASSED


@dataclass(frozen=True, slots=True)
class Report:
    """The checks of one checklist on one item; `parent` names the parameter file that configures them."""

    checklist: str
    item: str
    checks: tuple[Check, ...]
    parent: str = "Not applicable"

    @property
    def status(self) -> Outcome:
        """The `total` of the checks."""
        return total(check.outcome for check in self.checks)

    @property
    def file_name(self) -> str:
        """Name in QI_DATA."""
        return report_name(self.checklist)


def report_name(checklist: str, part: str | None = None) -> str:
    """File name of a report: ``GENERAL_QUALITY.xml`` in a compact product.

    Of a `part` that stands alone it has the part's identifier but its baseline:
    ``S2A_OPER_MSI_L1C_TL_MTI__20150627T180307_A000062_T31RDQ_GENERAL_QUALITY_report.xml``.
    """
    return f"{checklist}.xml" if part is None else f"{_BASELINE.sub('', part)}_{checklist}_report.xml"


def as_written(report: Report) -> Report:
    """The report without the checks that were not run, for which its schema has no word but ERROR.

    Official reports hold none. One of which nothing was run keeps them all, with the reason.
    """
    ran = tuple(check for check in report.checks if check.outcome is not Outcome.NOT_RUN)
    return replace(report, checks=ran or report.checks)


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


def olqc_report_xml(
    report: Report, container: Container, header: ReportHeader, file_name: str | None = None
) -> bytes:
    """The OLQC document of `report`; `file_name` is that of the file, where it is not the report's own."""
    namespaces: dict[Any, str] = {None: _OLQC_NAMESPACE}
    root = etree.Element("Earth_Explorer_File", nsmap=namespaces)
    _add_fixed_header(
        add(root, "Earth_Explorer_Header"),
        file_name or report.file_name,
        "Report on a checklist",
        "REP_OLQCPA",
        header,
        _validity_start(report.parent),
    )
    block = add(root, "Data_Block", type="xml")
    element = add(
        block,
        "report",
        gippVersion="1.0",
        globalStatus=written_status(report.status),
        date=str(header.creation),
    )
    _add_checklist(element, report, container, header.level, str(header.creation))
    return serialised(_qualified(root, _OLQC_NAMESPACE))


def l2a_quality_xml(reports: tuple[Report, ...], header: ReportHeader) -> bytes:
    """The Level-2A quality document of a tile, with one checklist per report."""
    namespaces: dict[Any, str] = {None: _L2A_NAMESPACE, "xsi": XSI}
    root = etree.Element("L2A_Quality_File", nsmap=namespaces)
    root.set(f"{{{XSI}}}schemaLocation", f"{_L2A_NAMESPACE} L2A_QUALITY.xsd")
    _add_fixed_header(
        add(root, "L2A_Quality_Header"),
        "L2A_QUALITY",
        "Quality of Level-2A processing",
        "L2A_QLINFO",
        header,
        _START_OF_VALIDITY,
    )
    status = written_status(total(report.status for report in reports))
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


def _validity_start(parent: str) -> str:
    """Begin of the validity of a report: that of its parameter file, as in official reports.

    Without one it is the day from which Sentinel-2 data are official.
    """
    found = _VALIDITY_IN_NAME.search(parent)
    if found is None:
        return _START_OF_VALIDITY
    year, month, day, hour, minute, second = found.groups()
    return f"UTC={year}-{month}-{day}T{hour}:{minute}:{second}"


def _add_fixed_header(
    parent: etree._Element, name: str, description: str, file_type: str, header: ReportHeader, start: str
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
    add(validity, "Validity_Start", start)
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
        add(element, "message", _message(check), contentType="text/plain")
        if check.values:
            values = add(element, "extraValues")
            for name, value in check.values.items():
                add(values, "value", text_of(value), name=name)


def _message(check: Check) -> str:
    """The message; the one of a check that was not run begins with that, since its status cannot tell."""
    if check.outcome is not Outcome.NOT_RUN or check.message.startswith(Outcome.NOT_RUN):
        return check.message
    return f"{Outcome.NOT_RUN}: {check.message}"


def written_status(outcome: Outcome) -> str:
    """`outcome` in the words of the schema, which knows no check that was not run."""
    return Outcome.ERROR if outcome is Outcome.NOT_RUN else outcome


def _add_inspection(parent: etree._Element, check: Check, date: str) -> None:
    ran = check.outcome is not Outcome.NOT_RUN
    add(
        parent,
        "inspection",
        creation=date,
        duration=0,
        execution=date,
        id=check.identifier,
        item=check.item,
        itemURL=f"./{check.item}",
        name=check.title or check.identifier.replace("_", " "),
        priority=_PRIORITY,
        processingStatus="done" if ran else "canceled",
        status=written_status(check.outcome),
    )
