"""What a person sees of a comparison: parts in a line each, failures in full, names apart, the verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from ipf.cli.tables import rendered
from ipf.compare.pairing import PRODUCT
from ipf.compare.results import Check, CheckName, Comparison, PartResult, Status
from ipf.compare.verdicts import share, with_unit

NOTE_COLOUR = "yellow"
COLOURS = {Status.PASSED: "green", Status.FAILED: "red"}

SHOWN = 40
"""Differences of names that are told at most; a product has some for every image."""


def comparison_text(comparison: Comparison) -> str:
    """The whole result as text, coloured where the output is a terminal."""
    blocks = [
        rendered(_heading(comparison)),
        rendered(_parts(comparison)),
        _in_full("failed", comparison.failures),
        _in_full("allowed", [check for check in comparison.checks if _is_allowed(check)]),
        _naming(comparison),
        _notes(comparison),
        rendered(_verdict(comparison)),
    ]
    return "\n".join(block for block in blocks if block)


def _grid(*columns: str, heading: bool = False) -> Table:
    table = Table(box=None, show_header=heading, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _heading(comparison: Comparison) -> Table:
    table = _grid("name", "value")
    for name, value in (
        ("reference", comparison.reference),
        ("candidate", comparison.candidate),
        ("kind", comparison.kind),
        ("profile", comparison.profile),
    ):
        table.add_row(name, Text(str(value)))
    return table


def _parts(comparison: Comparison) -> Table:
    """A line for each part: its verdict, the checks that failed, and what was measured."""
    table = _grid("part", "verdict", "failed checks", "measured", heading=True)
    results = {part.item: part for part in comparison.parts}
    for item, checks in _by_item(comparison.checks).items():
        failed = [check for check in checks if check.status is Status.FAILED]
        table.add_row(
            Text(item),
            _status(Status.FAILED if failed else Status.PASSED),
            ", ".join(dict.fromkeys(check.name.value for check in failed)),
            Text(_measured(results.get(item), checks)),
        )
    return table


def _by_item(checks: Iterable[Check]) -> Mapping[str, list[Check]]:
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.item, []).append(check)
    return groups


def _status(status: Status) -> Text:
    return Text(status.value, style=COLOURS[status])


def _measured(part: PartResult | None, checks: Sequence[Check]) -> str:
    """The figures of a part by which it may fail; of the product as a whole how its parts pair."""
    if part is None:
        return "; ".join(check.message for check in checks if check.name is CheckName.FILES)
    texts = [_raster(part), _shift(checks), _classes(part), _mask(part)]
    texts += [_count(check) for check in checks]
    told = ", ".join(text for text in texts if text)
    return told or ("equal" if all(check.status is Status.PASSED for check in checks) else "")


def _raster(part: PartResult) -> str:
    figures = part.raster
    if figures is None:
        return ""
    changes = [
        f"{what} of {lost + gained} pixels changed"
        for what, lost, gained in (
            ("no data", figures.no_data_lost, figures.no_data_gained),
            ("saturation", figures.saturation_lost, figures.saturation_gained),
        )
        if lost + gained
    ]
    if not figures.all.pixels:
        return ", ".join(["no pixel with data on both sides", *changes])
    if not figures.differing:
        return ", ".join(["equal", *changes])
    measured = [
        f"{share(figures.differing, figures.all.pixels)} differ",
        f"bias {with_unit(figures.all.accuracy, figures.unit)}",
        f"rmse {with_unit(figures.all.uncertainty, figures.unit)}",
        f"maximum {with_unit(figures.all.maximum, figures.unit)}",
    ]
    return ", ".join([*measured, *changes])


def _shift(checks: Sequence[Check]) -> str:
    shifts = [check.figures.get("shift") for check in checks if check.name is CheckName.SHIFT]
    told = [value for value in shifts if isinstance(value, float) and value > 0 and math.isfinite(value)]
    return f"shift {max(told):.3f} px" if told else ""


def _classes(part: PartResult) -> str:
    if part.classes is None:
        return ""
    total = int(part.classes.confusion.sum())
    changed = total - int(part.classes.confusion.trace())
    return f"{share(changed, total)} of another class" if changed else "equal"


def _mask(part: PartResult) -> str:
    if part.mask is None:
        return ""
    lost, gained = sum(part.mask.lost.values()), sum(part.mask.gained.values())
    return f"{lost} bits lost, {gained} gained" if lost + gained else "equal"


def _count(check: Check) -> str:
    """How many differences there are of a check that lists some."""
    count = check.figures.get("differences")
    if not isinstance(count, int) or not count:
        return ""
    kind = "names" if check.name is CheckName.NAMING else check.name.value
    return f"{count} differences of {kind}" if count != 1 else f"1 difference of {kind}"


def _is_allowed(check: Check) -> bool:
    """Whether a check found a difference that the profile only reports."""
    figures = check.figures
    found = {
        CheckName.FILES: check.item != PRODUCT,
        CheckName.ENCODING: bool(figures),
        CheckName.BYTES: "first difference" in figures,
        CheckName.METADATA: bool(figures.get("differences")),
        CheckName.CLASSES: bool(figures.get("wiped")),
        CheckName.MASK: bool(figures.get("wiped")),
    }
    return check.status is Status.PASSED and found.get(check.name, False)


def _in_full(title: str, checks: Sequence[Check]) -> str:
    """Checks with their messages."""
    if not checks:
        return ""
    table = _grid(title, "", heading=True)
    for check in checks:
        table.add_row(Text(f"{check.name.value} of {check.item}"), Text(check.message))
    return rendered(table)


def _naming(comparison: Comparison) -> str:
    """Differences of names and creation dates, apart."""
    if not comparison.naming:
        return ""
    table = _grid("name or date", "reference", "candidate", heading=True)
    for difference in comparison.naming[:SHOWN]:
        table.add_row(
            *(Text(text) for text in (difference.place, difference.reference, difference.candidate))
        )
    more = len(comparison.naming) - SHOWN
    return rendered(table) + (f"... and {more} more names and dates\n" if more > 0 else "")


def _notes(comparison: Comparison) -> str:
    """Notes, right above the verdict."""
    if not comparison.notes:
        return ""
    table = _grid("notes", heading=True)
    for note in comparison.notes:
        table.add_row(Text(note, style=NOTE_COLOUR))
    return rendered(table)


def _verdict(comparison: Comparison) -> Table:
    """The verdict, and what to do when it is about names alone."""
    table = _grid("status", "reason")
    failures, checks = comparison.failures, comparison.checks
    reason = (
        f"{len(failures)} of {len(checks)} checks failed" if failures else f"all {len(checks)} checks passed"
    )
    if not checks:
        reason = "nothing was compared"
    if comparison.notes:
        count = len(comparison.notes)
        reason += f"; {count} note{'s' if count > 1 else ''} above: limits that hold nowhere"
    table.add_row(_status(comparison.status), reason)
    if comparison.profile == "identical" and failures and all(c.name is CheckName.NAMING for c in failures):
        table.add_row("", "only names and dates of creation differ: '--profile rounding' lets them")
    return table
