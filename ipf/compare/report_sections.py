"""What a page says of the parts that differ: tables as text, ready for the template, and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ipf.compare.figures import ClassMapFigures, GroupFigures, MaskFigures, RasterFigures, ShiftField
from ipf.compare.report_checks import number
from ipf.compare.report_colours import Colours, class_palette, css
from ipf.compare.report_plots import has_moved, used_windows
from ipf.compare.results import DocumentDifference, PartResult
from ipf.compare.verdicts import share
from ipf.product.tile_rasters import SCENE_CLASSES

CLASSES_SHOWN = 24
"""Classes of a confusion matrix, at most."""

GROUP_HEADINGS = ("pixels", "accuracy", "precision", "uncertainty", "maximum", "beyond tolerance")
"""Of the tables of `group_row`."""


@dataclass(frozen=True, slots=True)
class Swatch:
    """A class with its colour (None for none)."""

    name: str
    colour: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A count of a confusion matrix: `strength`, 0 to 1, is its share of the row, `same` the diagonal."""

    text: str
    strength: float
    same: bool


@dataclass(frozen=True, slots=True)
class Confusion:
    """A confusion matrix: rows with their sums, sums of columns, what was left out."""

    names: tuple[Swatch, ...]
    rows: tuple[tuple[Cell, ...], ...]
    row_sums: tuple[str, ...]
    column_sums: tuple[str, ...]
    total: str
    left_out: int


def differs(part: PartResult) -> bool:
    """Whether there is anything to show of a part."""
    return bool(part.document) or any(
        (
            part.raster is not None and _raster_differs(part.raster),
            part.shift is not None and has_moved(part.shift),
            part.classes is not None and changed_classes(part.classes) > 0,
            part.mask is not None and part.mask.first_at is not None,
        )
    )


def _raster_differs(figures: RasterFigures) -> bool:
    changes = figures.no_data_lost + figures.no_data_gained
    return figures.differing + changes + figures.saturation_lost + figures.saturation_gained > 0


def differing_share(part: PartResult) -> float:
    """Share of the pixels beyond tolerance or changed, by which parts are put in order."""
    if part.raster is not None:
        return part.raster.all.outside / max(part.raster.all.pixels, 1)
    if part.classes is not None:
        return changed_classes(part.classes) / max(int(part.classes.confusion.sum()), 1)
    if part.mask is not None:
        changed = sum(part.mask.lost.values()) + sum(part.mask.gained.values())
        return changed / max(part.mask.pixels, 1)
    return 0.0


def changed_classes(figures: ClassMapFigures) -> int:
    """Pixels whose class changed."""
    return int(figures.confusion.sum() - np.trace(figures.confusion))


def raster_rows(figures: RasterFigures) -> list[tuple[str, str]]:
    """Figures of a raster by what they are."""
    group, unit = figures.all, figures.unit
    place = "–" if figures.maximum_at is None else "row {}, column {}".format(*figures.maximum_at)
    rows, columns = figures.shape
    return [
        ("image", f"{number(rows)} x {number(columns)} pixels"),
        ("pixels compared", number(group.pixels)),
        ("pixels that differ", _of(figures.differing, group.pixels)),
        ("beyond tolerance", _of(group.outside, group.pixels)),
        ("accuracy (bias)", _signed(group.accuracy, unit)),
        ("precision", _with_unit(group.precision, unit)),
        ("uncertainty (RMSE)", _with_unit(group.uncertainty, unit)),
        ("largest difference", _with_unit(group.maximum, unit)),
        ("which is at", place),
        ("mean of the reference", _with_unit(figures.mean_reference, unit)),
        ("mean of the candidate", _with_unit(figures.mean_candidate, unit)),
        ("correlation", number(figures.correlation, 7)),
        ("slope and intercept", f"{number(figures.slope, 7)}, {_signed(figures.intercept, unit)}"),
        ("no data", _changes(figures.no_data_lost, figures.no_data_gained)),
        ("saturation", _changes(figures.saturation_lost, figures.saturation_gained)),
    ]


def percentile_rows(figures: RasterFigures) -> list[tuple[str, str]]:
    """Percentiles of the difference."""
    return [(f"{percentile:g} %", number(value)) for percentile, value in figures.percentiles.items()]


def class_rows(figures: RasterFigures) -> list[tuple[Swatch, tuple[str, ...]]]:
    """Figures over each class of the scene classification."""
    palette = class_palette({0: SCENE_CLASSES[0]})
    rows = []
    for value, group in sorted(figures.classes.items()):
        known = value < len(SCENE_CLASSES)
        name = SCENE_CLASSES[value].replace("_", " ") if known else f"class {value}"
        rows.append((Swatch(name, _colour(palette, value) if known else None), group_row(group)))
    return rows


def group_row(group: GroupFigures) -> tuple[str, ...]:
    """Figures under `GROUP_HEADINGS`."""
    figures = (group.accuracy, group.precision, group.uncertainty, group.maximum)
    return number(group.pixels), *map(number, figures), _of(group.outside, group.pixels)


def shift_text(shift: ShiftField) -> str:
    """The shifts in a sentence."""
    used = used_windows(shift)
    windows = f"{number(int(used.sum()))} of {number(int(used.size))} windows of {shift.window} pixels"
    if not used.size:
        return "No shift could be measured: the image is smaller than a window."
    if not used.any():
        return f"No shift could be measured: none of {number(int(used.size))} windows is alike on both sides."
    down, right = float(np.median(shift.rows[used])), float(np.median(shift.columns[used]))
    if not has_moved(shift):
        return f"Nothing moved in {windows}."
    longest = float(np.hypot(shift.rows[used], shift.columns[used]).max())
    return (
        f"Median shift {np.hypot(down, right):.3f} pixels ({down:+.3f} down, {right:+.3f} right), largest of"
        f" one window {longest:.3f}, from {windows} that are alike on both sides."
    )


def class_legend(figures: ClassMapFigures) -> list[tuple[Swatch, tuple[str, ...]]]:
    """Each class that occurs: pixels of the reference and the candidate, intersection over union."""
    palette = class_palette(figures.names)
    sums = figures.confusion.sum(axis=1), figures.confusion.sum(axis=0)
    return [
        (
            _swatch(figures, palette, value),
            (
                number(int(sums[0][place])),
                number(int(sums[1][place])),
                number(figures.intersection_over_union.get(value, float("nan"))),
            ),
        )
        for place, value in enumerate(figures.values)
    ]


def confusion(figures: ClassMapFigures) -> Confusion:
    """The confusion matrix; of many classes those that changed most, sums are of all."""
    counts, palette = figures.confusion, class_palette(figures.names)
    sums = counts.sum(axis=1), counts.sum(axis=0)
    moved = sums[0] + sums[1] - 2 * np.diag(counts)
    chosen = sorted(np.argsort(-moved, kind="stable")[:CLASSES_SHOWN].tolist())
    rows = tuple(
        tuple(_cell(int(counts[row, column]), int(sums[0][row]), row == column) for column in chosen)
        for row in chosen
    )
    return Confusion(
        names=tuple(_swatch(figures, palette, figures.values[place]) for place in chosen),
        rows=rows,
        row_sums=tuple(number(int(sums[0][place])) for place in chosen),
        column_sums=tuple(number(int(sums[1][place])) for place in chosen),
        total=number(int(counts.sum())),
        left_out=len(figures.values) - len(chosen),
    )


def agreement_text(figures: ClassMapFigures) -> str:
    """The agreement in a sentence."""
    total = int(figures.confusion.sum())
    text = f"{_of(changed_classes(figures), total)} of {number(total)} pixels changed class"
    return text + _first(figures.first_at)


def mask_text(figures: MaskFigures) -> str:
    """The changes of a mask in a sentence."""
    lost, gained = sum(figures.lost.values()), sum(figures.gained.values())
    return (
        f"{number(lost)} bits lost and {number(gained)} gained in {number(figures.pixels)} pixels"
        + _first(figures.first_at)
    )


def mask_rows(figures: MaskFigures) -> list[tuple[str, tuple[str, ...]]]:
    """Each bit: pixels set on both sides, lost, gained."""
    sides: tuple[Mapping[str, int], ...] = (figures.both, figures.lost, figures.gained)
    names = list(dict.fromkeys(name for side in sides for name in side))
    return [(name.replace("_", " "), tuple(number(side.get(name, 0)) for side in sides)) for name in names]


def sorted_documents(
    differences: Iterable[DocumentDifference],
) -> tuple[list[DocumentDifference], list[DocumentDifference]]:
    """Differences that count, and the others."""
    every = list(differences)
    return [one for one in every if one.counts], [one for one in every if not one.counts]


def _cell(count: int, total: int, same: bool) -> Cell:
    return Cell(number(count) if count else "·", count / total if total else 0.0, same)


def _swatch(figures: ClassMapFigures, palette: Colours, value: int) -> Swatch:
    name = figures.names.get(value, f"class {value}").replace("_", " ")
    return Swatch(name, _colour(palette, value))


def _colour(palette: Colours, value: int) -> str:
    red, green, blue = (int(part) for part in palette[value])
    return css((red, green, blue))


def _first(place: tuple[int, int] | None) -> str:
    return "." if place is None else ", the first at row {}, column {}.".format(*place)


def _of(part: int, whole: int) -> str:
    return f"{number(part)} ({share(part, whole)})" if whole else number(part)


def _changes(lost: int, gained: int) -> str:
    return f"{number(lost)} lost, {number(gained)} gained" if lost + gained else "unchanged"


def _signed(value: float, unit: str) -> str:
    return ("+" if value > 0 else "") + _with_unit(value, unit)


def _with_unit(value: float, unit: str) -> str:
    text = number(value)
    return text if unit in ("", "1") or text == "–" else f"{text} {unit}"
