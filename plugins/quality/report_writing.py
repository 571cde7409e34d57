"""Writing the reports of judged items into their QI_DATA, and entering them in the manifests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ipf_plugins.quality.judgement import Judgement, legible
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
from ipf.product.quality.model import Inspection
from ipf.product.quality_report import ReportHeader, as_written, l2a_quality_xml, olqc_report_xml
from ipf.product.utc import UtcTime

CREATOR = "ipf"


@dataclass(frozen=True)
class WritingPlan:
    """Reports and manifests that will be written, and what an operator should know of those that will not."""

    reports: tuple[ReportFile, ...]
    manifests: tuple[Path, ...]
    notes: tuple[str, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file."""
        return (*(report.path for report in self.reports), *self.manifests)


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


def write_reports(plan: WritingPlan, judgements: Iterable[Judgement], created: datetime) -> None:
    """Write what was planned, once all of it is made; `OutputError` naming the file that cannot be.

    Checks that were not run are left out of reports of which others were.
    """
    made = {
        (judgement.item.folder, report.checklist): report
        for judgement in judgements
        for report in judgement.reports
    }
    contents: list[tuple[Path, bytes]] = []
    for file in plan.reports:
        report = made[file.item.folder, file.checklist]
        header = ReportHeader(
            legible(file.item.identifier)[:3],
            file.item.level.removeprefix("L"),
            UtcTime(created, 6),
            CREATOR,
            __version__,
        )
        document = (
            l2a_quality_xml(l2a_quality_parts(as_written(report)), header)
            if file.checklist == OWN_REPORT
            else olqc_report_xml(as_written(report), file.item.kind, header, legible(file.path.name))
        )
        contents.append((file.path, document))
    for path, content in contents:
        write_bytes(path, content)
    for manifest in plan.manifests:
        update_manifest(
            manifest, [file.path for file in plan.reports if file.path.is_relative_to(manifest.parent)]
        )
