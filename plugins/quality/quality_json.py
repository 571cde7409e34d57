"""Judgements as JSON, for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ipf_plugins.quality.judgement import Judgement, counts, legible, verdict

from ipf.product.quality.model import Outcome, QualityParameters
from ipf.product.quality_report import Check, Report
from ipf.product.xml_builder import text_of

FORMAT = "ipf-quality-1"


def quality_json(judgements: Sequence[Judgement], parameters: QualityParameters) -> str:
    """The document: verdict, numbers of checks by outcome, and every check of every report."""
    content = {
        "format": FORMAT,
        "status": str(verdict(judgements)),
        "parameter_file": parameters.name,
        "schemas": None if parameters.schemas is None else str(parameters.schemas),
        "checks": {str(outcome): number for outcome, number in counts(judgements).items()},
        "items": [_item(judgement) for judgement in judgements],
    }
    return legible(json.dumps(content, indent=1, ensure_ascii=False)) + "\n"


def _item(judgement: Judgement) -> dict[str, Any]:
    item = judgement.item
    return {
        "identifier": item.identifier,
        "kind": item.kind,
        "level": item.level,
        "baseline": item.baseline,
        "folder": str(item.folder),
        "status": str(judgement.status),
        "reports": [_report(report) for report in judgement.reports],
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "checklist": report.checklist,
        "status": str(report.status),
        "checks": [_check(check) for check in report.checks],
    }


def _check(check: Check) -> dict[str, Any]:
    reason = check.message.removeprefix(f"{Outcome.NOT_RUN}: ")
    return {
        "identifier": check.identifier,
        "item": check.item,
        "status": str(check.outcome),
        "message": reason if check.outcome is Outcome.NOT_RUN else check.message,
        "values": {name: text_of(value) for name, value in check.values.items()},
    }
