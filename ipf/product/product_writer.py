"""What every writer of products does at the end: metadata, reports and manifest, then the name.

A product grows in a folder of another name beside its own and is renamed when it is complete, so that it
appears whole or not at all. Nothing here reads a clock: the one date is the product's generation time.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ipf import __version__
from ipf.atomic import TEMPORARY_PREFIX, write_bytes, write_text
from ipf.errors import OutputError
from ipf.product.datastrip_writer import datastrip_xml
from ipf.product.documents import Documents
from ipf.product.inspire import inspire_xml
from ipf.product.manifest import manifest_xml
from ipf.product.manifest_objects import MANIFEST_NAME
from ipf.product.metadata import FailedReport
from ipf.product.quality.catalogue import AT_WRITING
from ipf.product.quality.model import Item, Outcome, QualityParameters, inspect
from ipf.product.quality_report import (
    FAILED,
    PASSED,
    Container,
    Report,
    ReportHeader,
    l2a_quality_xml,
    olqc_report_xml,
    report_name,
)
from ipf.product.tile_writer import tile_xml
from ipf.product.user_product_writer import LEVEL_NAMES, product_xml

CREATOR = "ipf"
DATASTRIP_FILE, TILE_FILE = "MTD_DS.xml", "MTD_TL.xml"
L2A_QUALITY = "L2A_QUALITY"

_SCHEMA_NOTE = """\
{level} product, {uri}

The metadata documents of this product follow the schemas of the Sentinel-2 Product Specification Document,
version {psd}: {schemas}.
Official products carry copies of these schema files in this folder. They belong to the European Space Agency
and are not copied here; they are published with the specification.
"""
_SCHEMAS = {
    "L1C": ("S2_User_Product_Level-1C_Metadata.xsd",),
    "L2A": (
        "S2_User_Product_Level-2A_Metadata.xsd",
        "S2_PDI_Level-2A_Datastrip_Metadata.xsd",
        "S2_PDI_Level-2A_Tile_Metadata.xsd",
    ),
}
SCHEMA_NOTE_NAME = "README.txt"


@dataclass(frozen=True, slots=True)
class TileReports:
    """Reports on a tile: its checklists, and for Level-2A those of its own quality document."""

    checklists: tuple[Report, ...]
    level_2a: tuple[Report, ...] = ()

    @property
    def statuses(self) -> dict[str, bool]:
        """Whether each checklist passed, by name; Level-2A's count as one."""
        statuses = {report.checklist: report.status == PASSED for report in self.checklists}
        if self.level_2a:
            statuses[L2A_QUALITY] = all(report.status == PASSED for report in self.level_2a)
        return statuses


def temporary_folder(parent: Path, final: Path) -> Path:
    """A new folder in `parent` for a product that will become `final`, which must not exist yet."""
    if final.exists():
        raise OutputError(f"{final}: exists already")
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=parent))
        folder.chmod(0o755)
    except OSError as problem:
        raise OutputError(f"{final}: cannot be written: {problem.strerror or problem}") from problem
    return folder


def publish(temporary: Path, final: Path) -> None:
    """Give a complete folder its name."""
    try:
        temporary.rename(final)
    except OSError as problem:
        raise OutputError(f"{final}: cannot be written: {problem.strerror or problem}") from problem


def discard(folder: Path) -> None:
    """Remove an unfinished folder, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def write_tile(
    folder: Path,
    documents: Documents,
    datastrip: Path,
    images: Iterable[str],
    masks: Iterable[str],
    level_2a: tuple[Report, ...] = (),
    alone: bool = False,
) -> TileReports:
    """Write a tile's metadata and reports into its folder, whose images and masks are all there.

    `datastrip` is the folder of the datastrip, written already (not alone); `images` and `masks` are those
    that the level demands, as paths in the folder; `level_2a` are the checklists of its own document. A tile
    `alone`, outside any product, has files of long names.
    """
    file = tile_file(documents, alone)
    write_bytes(folder / file, tile_xml(documents.tile))
    item = Item(
        "tile",
        documents.level,
        documents.tile.identifier,
        folder,
        folder / file,
        documents.baseline,
        datastrip=_datastrip_item(datastrip, documents, False),
        images=tuple(images),
        masks=tuple(masks),
    )
    reports = TileReports(_inspected(item, documents), level_2a)
    _write_reports(folder, reports.checklists, "tile", documents, alone)
    if level_2a:
        content = l2a_quality_xml(level_2a, report_header(documents))
        write_bytes(folder / "QI_DATA" / f"{L2A_QUALITY}.xml", content)
    return reports


def write_datastrip(folder: Path, documents: Documents, alone: bool = False) -> tuple[Report, ...]:
    """Write a datastrip's metadata and reports into its folder; `alone` as for `write_tile`."""
    write_bytes(folder / datastrip_file(documents, alone), datastrip_xml(documents.datastrip))
    reports = _inspected(_datastrip_item(folder, documents, alone), documents)
    _write_reports(folder, reports, "datastrip", documents, alone)
    return reports


def tile_file(documents: Documents, alone: bool) -> str:
    """Name of a tile's metadata, in a product or alone."""
    return documents.tile_name.metadata_file if alone else TILE_FILE


def datastrip_file(documents: Documents, alone: bool) -> str:
    """Name of a datastrip's metadata, in a product or alone."""
    return documents.datastrip_name.metadata_file if alone else DATASTRIP_FILE


def _datastrip_item(folder: Path, documents: Documents, alone: bool) -> Item:
    return Item(
        "datastrip",
        documents.level,
        documents.tile.datastrip_identifier,
        folder,
        folder / datastrip_file(documents, alone),
        documents.baseline,
    )


def _inspected(item: Item, documents: Documents) -> tuple[Report, ...]:
    """The reports on an item; what cannot be judged yet is left to quality control."""
    configuration = [gipp.name for gipp in documents.datastrip.auxiliary.gipps if gipp.kind == "GIP_OLQCPA"]
    parameters = QualityParameters(name=configuration[0]) if configuration else QualityParameters()
    return tuple(
        replace(
            report, checks=tuple(check for check in report.checks if check.outcome is not Outcome.NOT_RUN)
        )
        for report in inspect(item, AT_WRITING, parameters)
    )


def _write_reports(
    folder: Path, reports: tuple[Report, ...], container: Container, documents: Documents, alone: bool
) -> None:
    for report in reports:
        name = report_name(report.checklist, report.item if alone else None)
        content = olqc_report_xml(report, container, report_header(documents), name)
        write_bytes(folder / "QI_DATA" / name, content)


def report_header(documents: Documents) -> ReportHeader:
    """What all reports of a product share."""
    product = documents.product
    level = LEVEL_NAMES[product.level].removeprefix("Level-")
    return ReportHeader(product.satellite, level, product.generation_time, CREATOR, __version__)


def write_product_documents(
    root: Path,
    documents: Documents,
    tile: TileReports,
    datastrip: tuple[Report, ...],
    checksums: Mapping[str, str],
) -> None:
    """Write what stands at the top of a product; the manifest, last, lists all files.

    `checksums` are those of `ipf.product.manifest.file_checksum` known already.
    """
    documents = _with_quality(documents, tile, datastrip)
    product = documents.product
    write_bytes(root / f"MTD_MSI{product.level}.xml", product_xml(product))
    strip = documents.datastrip
    write_bytes(root / "INSPIRE.xml", inspire_xml(product, strip.sensing_start, strip.sensing_stop))
    note = _SCHEMA_NOTE.format(
        level=LEVEL_NAMES[product.level],
        uri=product.uri,
        psd=product.psd_version,
        schemas=", ".join(_SCHEMAS[product.level]),
    )
    write_text(root / "rep_info" / SCHEMA_NOTE_NAME, note)
    write_bytes(root / MANIFEST_NAME, manifest_xml(root, product, checksums))


def _with_quality(documents: Documents, tile: TileReports, datastrip: tuple[Report, ...]) -> Documents:
    """The documents with the outcome of the quality checks in the product metadata."""
    by_tile = tile.statuses
    by_datastrip = {report.checklist: report.status == PASSED for report in datastrip}
    checks = {
        name: PASSED if by_tile.get(name, True) and by_datastrip.get(name, True) else FAILED
        for name in sorted(by_tile | by_datastrip)
    }
    failures = [
        FailedReport(
            "Datastrip",
            documents.tile.datastrip_identifier,
            _failed_files(documents.datastrip_folder, by_datastrip),
        ),
        FailedReport("Granule", documents.tile.identifier, _failed_files(documents.granule, by_tile)),
    ]
    failed = tuple(failure for failure in failures if failure.files)
    quality = replace(documents.product.quality, checks=checks, failed=failed)
    return documents.with_product(quality=quality)


def _failed_files(folder: str, statuses: dict[str, bool]) -> tuple[str, ...]:
    return tuple(f"{folder}/QI_DATA/{name}.xml" for name, passed in sorted(statuses.items()) if not passed)
