"""The verdict on items: their reports, totals, and what an operator reads of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ipf.errors import IpfError, ProductError
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    Outcome,
    QualityParameters,
    inspect,
)
from ipf.product.quality_report import Check, Report, total
from ipf.product.xml_builder import Text

_ILLEGIBLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no character of XML 1.0 (production 2)."""
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Judgement:
    """An item with its reports."""

    item: Item
    reports: tuple[Report, ...]

    @property
    def status(self) -> Outcome:
        """The total of the reports."""
        return total(report.status for report in self.reports)


def judge(item: Item, inspections: Iterable[Inspection], parameters: QualityParameters) -> Judgement:
    """Inspect `item`; a check that breaks down gives ERROR, naming the check.

    What the checks say is `legible`, so that every document may hold it.
    """
    # The document that an item keeps once it is read is given back with the copy.
    guarded = [replace(inspection, run=_guarded(inspection)) for inspection in inspections]
    reports = inspect(replace(item), guarded, parameters)
    return Judgement(
        replace(item, identifier=legible(item.identifier)),
        tuple(
            replace(report, item=legible(report.item), checks=tuple(map(_legible, report.checks)))
            for report in reports
        ),
    )


def legible(text: str) -> str:
    """Text without what no document may hold: bytes of names that are not UTF-8, and control characters."""
    decoded = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _ILLEGIBLE.sub(_REPLACEMENT, decoded)


def _legible(check: Check) -> Check:
    values = {
        legible(name): legible(value) if isinstance(value, str) else value
        for name, value in check.values.items()
    }
    return replace(check, item=legible(check.item), message=legible(check.message), values=values)


def _guarded(inspection: Inspection) -> Callable[[Item, QualityParameters], Finding]:
    """The check; what it raises that is not one of our errors becomes one that names it."""

    def run(item: Item, parameters: QualityParameters) -> Finding:
        try:
            finding = inspection.run(item, parameters)
        except (IpfError, MemoryError):
            raise
        except Exception as problem:
            raise ProductError(f"check {inspection.name}: {type(problem).__name__}: {problem}") from problem
        if not isinstance(finding, Finding):
            raise ProductError(
                f"check {inspection.name}: gave a {type(finding).__name__}, expected a Finding"
            )
        return finding

    return run


def verdict(judgements: Iterable[Judgement]) -> Outcome:
    """One outcome for all."""
    return total(judgement.status for judgement in judgements)


def counts(judgements: Iterable[Judgement]) -> dict[Outcome, int]:
    """Number of checks by outcome, every outcome named."""
    found = Counter(
        check.outcome for each in judgements for report in each.reports for check in report.checks
    )
    return {outcome: found[outcome] for outcome in Outcome}


def checks_with(judgements: Iterable[Judgement], *outcomes: Outcome) -> Sequence[Check]:
    """Checks of some outcomes."""
    return [
        check
        for judgement in judgements
        for report in judgement.reports
        for check in report.checks
        if check.outcome in outcomes
    ]


@dataclass(frozen=True)
class Remark:
    """What one item's checks of one outcome say alike: `checks` are their identifiers by checklist."""

    item: Item
    outcome: Outcome
    message: str
    values: Mapping[str, Text]
    checks: Mapping[str, Sequence[str]]

    @property
    def label(self) -> str:
        """The checks: ``GENERAL_QUALITY: Lost_Packets, Data_Loss; SENSOR_QUALITY: Degraded_SAD``."""
        return "; ".join(f"{name}: {', '.join(checks)}" for name, checks in self.checks.items())


def remarks(judgements: Iterable[Judgement], *outcomes: Outcome) -> Sequence[Remark]:
    """What checks of some outcomes say, once where several of an item say the same.

    A document that cannot be read has the same to say to every check that reads it.
    """
    found: dict[tuple[str, Outcome, str, str], Remark] = {}
    for judgement in judgements:
        for report in judgement.reports:
            for check in report.checks:
                if check.outcome not in outcomes:
                    continue
                message = check.message.removeprefix(f"{Outcome.NOT_RUN}: ")
                key = judgement.item.identifier, check.outcome, message, repr(dict(check.values))
                first = Remark(judgement.item, check.outcome, message, check.values, {})
                remark = found.get(key, first)
                names = (*remark.checks.get(report.checklist, ()), check.identifier)
                found[key] = replace(remark, checks={**remark.checks, report.checklist: names})
    return tuple(found.values())


def summary(judgements: Sequence[Judgement]) -> str:
    """One line on all: ``FAILED: 3 of 120 checks failed, 1 in error, 12 not run, 2 items``."""
    number = counts(judgements)
    told = [f"{number[Outcome.FAILED]} of {sum(number.values())} checks failed"]
    if number[Outcome.ERROR]:
        told.append(f"{number[Outcome.ERROR]} in error")
    if number[Outcome.NOT_RUN]:
        told.append(f"{number[Outcome.NOT_RUN]} not run")
    items = "1 item" if len(judgements) == 1 else f"{len(judgements)} items"
    return f"{verdict(judgements)}: {', '.join(told)}, {items}"
