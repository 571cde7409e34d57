"""Agreement of two class maps: confusion matrix, and intersection over union of every class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.compare.content import RasterPart
from ipf.compare.figures import ClassMapFigures
from ipf.compare.pixels import Pixels, row_blocks, thumbnail_step
from ipf.compare.results import Check, CheckName, Figure, PartResult, Status
from ipf.compare.tolerances import ClassTolerances, Tolerances
from ipf.compare.verdicts import at_least, on_one_side, share
from ipf.kernels.comparison import changed_pixels, joint_counts

Bytes = npt.NDArray[np.uint8]

_LEAST_SHARE = 0.01
"""Share of the pixels, on either side, from which on the limit of a class's intersection over union holds."""
_NAMED = 3
"""Confusions that a message names."""


@dataclass(frozen=True, slots=True)
class JointCounts:
    """Two images of bytes: pixels by value of the reference and of the candidate, (256, 256).

    `first_at` is the first pixel that differs (row, column). The thumbnails hold the middle pixel of each
    cell of `step` x `step`, `changed` the share of its pixels that differ.
    """

    counts: npt.NDArray[np.int64]
    first_at: tuple[int, int] | None
    reference: Bytes
    candidate: Bytes
    changed: npt.NDArray[np.float32]
    step: int


def joint_counts_of(reference: Pixels, candidate: Pixels, block_rows: int | None = None) -> JointCounts:
    """Count the pixels of two images of uint8 of one shape; ProductError passes."""
    shape, columns = reference.shape, reference.shape[1]
    step = thumbnail_step(shape)
    counts = np.zeros((256, 256), np.int64)
    first_at: tuple[int, int] | None = None
    picked: tuple[list[Bytes], list[Bytes]] = [], []
    changed = []
    for window in row_blocks(shape, step, block_rows):
        sides = [np.ascontiguousarray(pixels.read(window)) for pixels in (reference, candidate)]
        first = joint_counts(sides[0], sides[1], counts)
        if first >= 0 and first_at is None:
            first_at = window.row + first // columns, first % columns
        changed.append(changed_pixels(sides[0], sides[1], step))
        for side, image in zip(sides, picked, strict=True):
            image.append(side[np.ix_(_middles(window.height, step), _middles(columns, step))])
    sizes = [np.minimum(step, length - np.arange(0, length, step)) for length in shape]
    shares = np.concatenate(changed) / np.outer(*sizes)
    one, two = map(np.concatenate, picked)
    return JointCounts(counts, first_at, one, two, shares.astype(np.float32), step)


def _middles(length: int, step: int) -> npt.NDArray[np.int64]:
    return np.minimum(np.arange(0, length, step) + step // 2, length - 1)


def compare_class_maps(
    reference: tuple[RasterPart, Pixels], candidate: tuple[RasterPart, Pixels], tolerances: Tolerances
) -> tuple[list[Check], PartResult]:
    """The check of two class maps of one shape, and its figures; ProductError passes."""
    part = reference[0]
    figures = class_map_figures({**candidate[0].names, **part.names}, reference[1], candidate[1])
    check = _check(figures, tolerances.of_class_map(part.key), part.key)
    return [check], PartResult(part.key, classes=figures)


def class_map_figures(names: dict[int, str], reference: Pixels, candidate: Pixels) -> ClassMapFigures:
    """Figures of two class maps of one shape; those of classes that occur on a side."""
    joint = joint_counts_of(reference, candidate)
    of_reference, of_candidate = joint.counts.sum(axis=1), joint.counts.sum(axis=0)
    union = of_reference + of_candidate - np.diag(joint.counts)
    values = [int(value) for value in np.flatnonzero(union)]
    return ClassMapFigures(
        values=tuple(values),
        names={value: names.get(value, f"class {value}") for value in values},
        confusion=joint.counts[np.ix_(values, values)],
        agreement=float(np.trace(joint.counts) / joint.counts.sum()),
        intersection_over_union={value: float(joint.counts[value, value] / union[value]) for value in values},
        first_at=joint.first_at,
        reference=joint.reference,
        candidate=joint.candidate,
        step=joint.step,
    )


def _check(figures: ClassMapFigures, limits: ClassTolerances, item: str) -> Check:
    confusion = figures.confusion
    pixels = int(confusion.sum())
    largest = np.maximum(confusion.sum(axis=0), confusion.sum(axis=1))
    judged = [
        value for value, most in zip(figures.values, largest, strict=True) if most >= _LEAST_SHARE * pixels
    ]
    worst = min(judged, key=lambda value: figures.intersection_over_union[value])
    overlap = figures.intersection_over_union[worst]
    one_sided = _on_one_side(figures)
    broken = [
        text
        for kept, text in (
            (at_least(figures.agreement, limits.agreement), f"agreement {limits.agreement:g} at least"),
            (
                at_least(overlap, limits.intersection_over_union),
                f"intersection over union {limits.intersection_over_union:g} at least",
            ),
            (not one_sided or limits.wiped == "report", "the same classes on both sides"),
        )
        if not kept
    ]
    differing = pixels - int(np.trace(confusion))
    measured: dict[str, Figure] = {
        "agreement": figures.agreement,
        "intersection_over_union": overlap,
        "class": figures.names[worst],
        "pixels": pixels,
        "differing": differing,
        "wiped": len(one_sided),
    }
    if figures.first_at is None:
        message = f"all {pixels} pixels have the same class"
    else:
        measured["first_row"], measured["first_column"] = figures.first_at
        message = (
            f"{differing} of {pixels} pixels ({share(differing, pixels)}) changed class, the first at row"
            f" {figures.first_at[0]}, column {figures.first_at[1]}: {_changes(figures)}; least intersection"
            f" over union {overlap:.4f}, of {figures.names[worst]}"
        )
    message = "; ".join([message, *one_sided])
    if broken:
        message += f"; expected {', '.join(broken)}"
    return Check(
        CheckName.CLASSES,
        item,
        Status.FAILED if broken else Status.PASSED,
        message,
        measured,
        {
            "agreement": limits.agreement,
            "intersection_over_union": limits.intersection_over_union,
            **({"wiped": 0} if limits.wiped == "fail" else {}),
        },
    )


def _on_one_side(figures: ClassMapFigures) -> list[str]:
    """Classes that one side alone has."""
    counts = (figures.confusion.sum(axis=axis).tolist() for axis in (1, 0))
    return on_one_side(zip((figures.names[value] for value in figures.values), *counts, strict=True))


def _changes(figures: ClassMapFigures) -> str:
    """The most frequent changes."""
    changes = figures.confusion * (1 - np.eye(len(figures.values), dtype=np.int64))
    order = np.argsort(-changes, axis=None, kind="stable")[:_NAMED]
    places = [np.unravel_index(place, changes.shape) for place in order]
    names = [figures.names[value] for value in figures.values]
    return ", ".join(
        f"{changes[place]} {names[place[0]]} to {names[place[1]]}" for place in places if changes[place]
    )
