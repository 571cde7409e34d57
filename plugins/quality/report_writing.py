"""Writing the reports of judged items into their QI_DATA, and entering them in the manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ipf_plugins.quality.judgement import Judgement, checks_with, legible
from ipf_plugins.quality.manifest_update import check_manifest, update_manifest
from ipf_plugins.quality.placement import (
    OWN_REPORT,
    ReportFile,
    is_writable_manifest,
    manifest_of,
    report_files,
)
from ipf_plugins.quality.read_pdi import InspectedItems

from ipf import __version__
from ipf.atomic import write_bytes
from ipf.errors import ProductError
from ipf.product.quality.l2a_checks import l2a_quality_parts
from ipf.product.quality.model import Inspection, Outcome
from ipf.product.quality_report import (
    Check,
    Report,
    ReportHeader,
    as_written,
    l2a_quality_xml,
    olqc_report_xml,
)
from ipf.product.utc import UtcTime
from ipf.xml import parse_xml

CREATOR = "ipf"
_FORMAT = "FORMAT_CORRECTNESS"
_WRONG = (Outcome.FAILED, Outcome.ERROR)


@dataclass(frozen=True)
class WritingPlan:
    """Reports and manifests that will be written, and what an operator should know of those that will not."""

    reports: tuple[ReportFile, ...]
    manifests: tuple[Path, ...]
    notes: tuple[str, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file; a report of the processor that stands already may stay as it is."""
        return (*(report.path for report in self.reports), *self.manifests)


@dataclass(frozen=True)
class WrittenReports:
    """Reports and manifests that were written, and what an operator should know of them."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def plan_writing(items: InspectedItems, inspections: Sequence[Inspection]) -> WritingPlan:
    """What writing the reports of `items` will write; raises `OutputError` as `report_files` does."""
    manifests: dict[Path, None] = {}
    notes: dict[str, None] = {}
    reports = report_files(items, inspections)
    reported = {report.item.folder for report in reports}
    for given in items.items:
        manifest = manifest_of(given)
        if manifest is None or given.item.folder not in reported or manifest in manifests:
            continue
        if not is_writable_manifest(manifest, given):
            notes[f"{manifest} is not part of what is inspected: it will not know the new reports"] = None
            continue
        try:
            check_manifest(manifest)
        except ProductError as problem:
            notes[f"{problem}: the manifest will not know the new reports"] = None
        else:
            manifests[manifest] = None
    return WritingPlan(reports, tuple(manifests), tuple(notes))


def write_reports(plan: WritingPlan, judgements: Sequence[Judgement], created: datetime) -> WrittenReports:
    """Write what was planned, once all of it is made; `OutputError` naming the file that cannot be.

    Checks that were not run are left out of reports of which others were. What a product as a whole fails
    stands in FORMAT_CORRECTNESS of its parts. The processor's own report stays where it stands, unless it
    passes what failed here.
    """
    failures = {
        judgement.item.folder: checks_with([judgement], *_WRONG)
        for judgement in judgements
        if judgement.item.kind == "product"
    }
    notes = [
        f"{folder.name}: {_FORMAT} of its parts tells what the product fails: {_names(checks)}"
        for folder, checks in failures.items()
        if checks and any(folder in file.item.folder.parents for file in plan.reports)
    ]
    contents: list[tuple[Path, bytes]] = []
    for file, report in _made(plan, judgements):
        if file.stands:
            wrong = _names(check for check in report.checks if check.outcome in _WRONG)
            notes.append(f"{file.path}: passed what fails here, and is written anew: {wrong}")
        if file.checklist == _FORMAT:
            report = _with_failures(report, _of_product(failures, file.item.folder))
        contents.append((file.path, _document(file, as_written(report), created)))
    for path, content in contents:
        write_bytes(path, content)
    written = [path for path, _ in contents]
    for manifest in plan.manifests:
        update_manifest(manifest, [path for path in written if path.is_relative_to(manifest.parent)])
    return WrittenReports((*written, *plan.manifests), tuple(notes))


def _made(plan: WritingPlan, judgements: Iterable[Judgement]) -> Iterator[tuple[ReportFile, Report]]:
    """The reports to be written, without those of the processor that stay."""
    made = {
        (judgement.item.folder, report.checklist): report
        for judgement in judgements
        for report in judgement.reports
    }
    for file in plan.reports:
        report = made[file.item.folder, file.checklist]
        if not file.stands or (report.status is Outcome.FAILED and not _tells_failure(file.path)):
            yield file, report


def _document(file: ReportFile, report: Report, created: datetime) -> bytes:
    header = ReportHeader(
        legible(file.item.identifier)[:3],
        file.item.level.removeprefix("L"),
        UtcTime(created, 6),
        CREATOR,
        __version__,
    )
    if file.checklist == OWN_REPORT:
        return l2a_quality_xml(l2a_quality_parts(report), header)
    return olqc_report_xml(report, file.item.kind, header, legible(file.path.name))


def _names(checks: Iterable[Check]) -> str:
    return ", ".join(check.identifier for check in checks)


def _tells_failure(path: Path) -> bool:
    """Whether the processor's own report says that something failed; one that cannot be read does not."""
    try:
        root = parse_xml(path, ProductError)
    except ProductError:
        return False
    return any(report.get("globalStatus") in _WRONG for report in root.iter("{*}report"))


def _of_product(failures: Mapping[Path, Sequence[Check]], folder: Path) -> Sequence[Check]:
    """What the product around a part fails."""
    return next((checks for product, checks in failures.items() if product in folder.parents), ())


def _with_failures(report: Report, failures: Sequence[Check]) -> Report:
    """The report of a part with what its product fails, in the place of the same check where the part could
    not make it, as parts of a compact product have no manifest.
    """
    left = {check.identifier: check for check in failures}
    checks = tuple(
        left.pop(check.identifier, check) if check.outcome is Outcome.NOT_RUN else check
        for check in report.checks
    )
    return replace(report, checks=(*checks, *left.values()))
