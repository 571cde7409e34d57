"""Changes of masks: pixels that gained or lost a bit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.compare.class_maps import joint_counts_of
from ipf.compare.content import RasterPart
from ipf.compare.figures import MaskFigures
from ipf.compare.pixels import Pixels
from ipf.compare.results import Check, CheckName, Figure, PartResult, Status
from ipf.compare.tolerances import MaskTolerances, Tolerances
from ipf.compare.verdicts import at_most, on_one_side, share

Chosen = npt.NDArray[np.bool_]

_BITS = 8


def compare_masks(
    reference: tuple[RasterPart, Pixels], candidate: tuple[RasterPart, Pixels], tolerances: Tolerances
) -> tuple[list[Check], PartResult]:
    """The check of two masks of one shape, and its figures; ProductError passes."""
    part = reference[0]
    figures, differing = mask_figures({**candidate[0].names, **part.names}, reference[1], candidate[1])
    check = _check(figures, differing, tolerances.of_mask(part.key), part.key)
    return [check], PartResult(part.key, mask=figures)


def mask_figures(names: dict[int, str], reference: Pixels, candidate: Pixels) -> tuple[MaskFigures, int]:
    """Figures of two masks of one shape, and the number of pixels that differ.

    Bits that are set nowhere are given where they have a name.
    """
    joint = joint_counts_of(reference, candidate)
    values = np.arange(256)
    both: dict[str, int] = {}
    lost: dict[str, int] = {}
    gained: dict[str, int] = {}
    for bit in range(_BITS):
        chosen = (values >> bit & 1).astype(bool)
        counts = [int(joint.counts[np.ix_(*sides)].sum()) for sides in _sides(chosen)]
        if bit in names or any(counts):
            name = names.get(bit, f"bit {bit}")
            both[name], lost[name], gained[name] = counts
    pixels = int(joint.counts.sum())
    differing = pixels - int(np.trace(joint.counts))
    return MaskFigures(pixels, both, lost, gained, joint.first_at, joint.changed, joint.step), differing


def _sides(chosen: Chosen) -> tuple[tuple[Chosen, Chosen], ...]:
    """Values of both sides that have a bit in both, in the reference alone, in the candidate alone."""
    return (chosen, chosen), (chosen, ~chosen), (~chosen, chosen)


def _check(figures: MaskFigures, differing: int, limits: MaskTolerances, item: str) -> Check:
    changed = differing / figures.pixels
    one_sided = on_one_side(
        (name, both + figures.lost[name], both + figures.gained[name]) for name, both in figures.both.items()
    )
    broken = [
        text
        for kept, text in (
            (at_most(changed, limits.changed), f"a share of {limits.changed:g} at most"),
            (not one_sided or limits.wiped == "report", "the same bits on both sides"),
        )
        if not kept
    ]
    measured: dict[str, Figure] = {
        "changed": changed,
        "differing": differing,
        "pixels": figures.pixels,
        "wiped": len(one_sided),
    }
    for name in figures.both:
        measured |= {f"lost {name}": figures.lost[name], f"gained {name}": figures.gained[name]}
    if figures.first_at is None:
        message = f"all bits of {figures.pixels} pixels are equal"
    else:
        measured["first_row"], measured["first_column"] = figures.first_at
        bits = ", ".join(
            f"{name} lost {figures.lost[name]}, gained {figures.gained[name]} (both {figures.both[name]})"
            for name in figures.both
            if figures.lost[name] or figures.gained[name]
        )
        message = (
            f"{differing} of {figures.pixels} pixels ({share(differing, figures.pixels)}) changed, the first"
            f" at row {figures.first_at[0]}, column {figures.first_at[1]}: {bits}"
        )
    message = "; ".join([message, *one_sided])
    if broken:
        message += f"; expected {' and '.join(broken)}"
    allowed: dict[str, Figure] = {"changed": limits.changed}
    if limits.wiped == "fail":
        allowed["wiped"] = 0
    status = Status.FAILED if broken else Status.PASSED
    return Check(CheckName.MASK, item, status, message, measured, allowed)
