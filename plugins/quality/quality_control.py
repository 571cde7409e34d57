"""Step `quality_control`: inspects the items, and writes reports, a page, and the verdict into the log."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ipf_plugins.quality import INPUT_TYPE
from ipf_plugins.quality.judgement import (
    Judgement,
    checks_with,
    counts,
    judge,
    remarks,
    summary,
    verdict,
)
from ipf_plugins.quality.quality_page import quality_page
from ipf_plugins.quality.read_pdi import InspectedItems
from ipf_plugins.quality.report_writing import plan_writing, write_reports
from pydantic import Field

from ipf.atomic import write_text
from ipf.engine import Context, Findings, PlannedFile, SinkStep, StepParameters, TaskRequest, Written
from ipf.errors import ParameterError, ProductError, QualityError
from ipf.product.quality.model import Item, Outcome, QualityParameters

RESOURCES_TYPE, REPORT_TYPE = "PERSISTENT_RESOURCES", "REPORT"
PAGE_NAME = "quality.html"
BYTES_OF_PIXEL = 6
"""Bytes held for each pixel of the largest image while it is decoded, measured on official tiles."""
_TASK = re.compile(r"OLQC_(?P<part>DS|GR|TILE)_(?P<level>L\w+)")
_KINDS = {"DS": "datastrip", "GR": "granule", "TILE": "tile"}
_SCHEMAS = ("*.xsd", "PSD*/*.xsd")


class QualityControlParameters(QualityParameters, StepParameters):
    """Thresholds, schemas, and what a verdict means for the job."""

    validate_schema: bool = Field(
        default=True,
        description="validate documents against schemas that PERSISTENT_RESOURCES holds; those of `schemas`"
        " are used in any case",
        json_schema_extra={"job_order": "VALIDATE_SCHEMA"},
    )
    fail_on: Literal["nothing", "failed", "not_run"] = Field(
        default="nothing",
        description="verdict that makes the job fail once its reports are written: none, a check that failed"
        " or was in error, or also one that was not run",
    )


@dataclass(frozen=True)
class Inputs:
    """What is to be inspected."""

    inspected_items: InspectedItems


def plan(known: Mapping[str, Any], parameters: QualityControlParameters, context: Context) -> Findings:
    """Say which reports will be written; refuses schemas that are none, and reports behind links."""
    items: InspectedItems = known["inspected_items"]
    chosen = with_schemas(parameters, context.request)
    writing = plan_writing(items, context.checks)
    page = _page(context.request)
    notes = () if chosen.schemas else (_without_schemas(parameters),)
    return Findings(
        outputs=(
            *(PlannedFile(INPUT_TYPE, path) for path in writing.files),
            *(() if page is None else (PlannedFile(REPORT_TYPE, page),)),
        ),
        memory_bytes=max((_memory(given.item) for given in items.items), default=0),
        notes=(*notes, *_other_items(context.request, items), *writing.notes),
    )


def _other_items(request: TaskRequest, items: InspectedItems) -> Iterator[str]:
    """What is inspected although the task is called after another part or level (``OLQC_TILE_L1C``)."""
    called = _TASK.fullmatch(request.task_name)
    if called is None:
        return
    for given in items.items:
        kind, level = _KINDS[called["part"]], called["level"]
        if (given.item.kind, given.item.level) != (kind, level):
            named = f"{given.item.kind} {given.item.identifier} of level {given.item.level}"
            yield f"{request.task_name} is asked for {kind}s of level {level}, and inspects the {named}, too"


def _without_schemas(parameters: QualityControlParameters) -> str:
    """Why documents are not validated."""
    if not parameters.validate_schema:
        return "VALIDATE_SCHEMA is false: documents are not validated"
    return "no schemas are at hand: documents are not validated"


def _memory(item: Item) -> int:
    """Bytes that the images of a tile need while they are decoded, one after the other."""
    if item.kind != "tile":
        return 0
    try:
        grids = replace(item).tile_grids.values()
    except ProductError:  # which the checks will tell of
        return 0
    return max((BYTES_OF_PIXEL * grid.rows * grid.columns for grid in grids), default=0)


def with_schemas(parameters: QualityControlParameters, request: TaskRequest) -> QualityControlParameters:
    """The parameters with the folder of schemas: the given one, else PERSISTENT_RESOURCES if it holds any."""
    if parameters.schemas is not None:
        refuse_without_schemas(parameters.schemas, "parameter schemas")
        return parameters
    resources = request.find_input(RESOURCES_TYPE)
    if parameters.validate_schema and resources is not None and holds_schemas(resources):
        return parameters.model_copy(update={"schemas": resources})
    return parameters


def holds_schemas(folder: Path) -> bool:
    """Whether a folder holds schemas, itself or in a folder for each version of the specification."""
    return any(next(folder.glob(pattern), None) is not None for pattern in _SCHEMAS)


def refuse_without_schemas(folder: Path, option: str) -> None:
    """Raise `ParameterError` naming `option` for a folder that holds no schemas."""
    if not holds_schemas(folder):
        raise ParameterError(f"{option}: {folder} holds no schema (.xsd)")


def _page(request: TaskRequest) -> Path | None:
    """Where the page belongs: the folder of the job's report, or beside a report that is a file."""
    report = request.outputs.get(REPORT_TYPE)
    if report is None:
        return None
    if REPORT_TYPE in request.folders:
        return report / PAGE_NAME
    page = report.with_suffix(".html")
    return page if page != report else report.with_name(f"{report.stem}_{PAGE_NAME}")


def control(inputs: Inputs, parameters: QualityControlParameters, context: Context) -> Written:
    """Inspect and report.

    Raises `OutputError` for a report that cannot be written, `QualityError` for a verdict that is to be a
    failure; the reports are written then.
    """
    chosen = with_schemas(parameters, context.request)
    items = inputs.inspected_items
    writing = plan_writing(items, context.checks)
    judgements = []
    for number, given in enumerate(items.items, start=1):
        judgements.append(judge(given.item, context.checks, chosen))
        context.progress(number / len(items.items))
    _tell(judgements, writing.notes, context)
    for note in write_reports(writing, judgements, context.creation_date).notes:
        context.logger.warning("%s", note)
    files = [PlannedFile(INPUT_TYPE, path) for path in writing.files]
    page = _page(context.request)
    if page is not None:
        write_text(page, quality_page(judgements, chosen, context.creation_date))
        files.append(PlannedFile(REPORT_TYPE, page))
    _refuse(judgements, parameters.fail_on)
    return Written(tuple(files), _figures(judgements))


def _tell(judgements: Sequence[Judgement], notes: Sequence[str], context: Context) -> None:
    """Log every report, every check that did not pass, and the total."""
    log = context.logger
    for judgement in judgements:
        for report in judgement.reports:
            log.info("%s: %s %s", judgement.item.identifier, report.checklist, report.status)
    for remark in remarks(judgements, Outcome.FAILED, Outcome.ERROR):
        message = " ".join(remark.message.split())
        log.warning("%s: %s %s: %s", remark.item.identifier, remark.label, remark.outcome, message)
    for remark in remarks(judgements, Outcome.NOT_RUN):
        log.debug("%s: %s %s: %s", remark.item.identifier, remark.label, remark.outcome, remark.message)
    for note in notes:
        log.warning("%s", note)
    level = logging.INFO if verdict(judgements) is Outcome.PASSED else logging.WARNING
    log.log(level, "quality control %s", summary(judgements))


def _refuse(judgements: Sequence[Judgement], fail_on: str) -> None:
    """Raise `QualityError` when the verdict is one that the job is to fail on."""
    refused = {
        "nothing": (),
        "failed": (Outcome.FAILED, Outcome.ERROR),
        "not_run": (Outcome.FAILED, Outcome.ERROR, Outcome.NOT_RUN),
    }[fail_on]
    if checks_with(judgements, *refused):
        raise QualityError(f"quality control {summary(judgements)}")


def _figures(judgements: Sequence[Judgement]) -> dict[str, float | str]:
    figures: dict[str, float | str] = {"quality_status": str(verdict(judgements))}
    for outcome, number in counts(judgements).items():
        figures[f"checks_{outcome.lower().replace(' ', '_')}"] = number
    return figures


quality_control = SinkStep(
    name="quality_control",
    run=control,
    check=plan,
    summary="makes every check that applies, and writes the reports",
)
