"""Comparison of two rasters of one key: reads both, forms the figures their nature asks for, judges them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ipf.compare.class_maps import compare_class_maps
from ipf.compare.content import Nature, RasterPart
from ipf.compare.masks import compare_masks
from ipf.compare.pixels import Pixels, open_both
from ipf.compare.raster_checks import class_check, no_data_check, saturation_check, statistics_check
from ipf.compare.raster_figures import physical, raster_figures
from ipf.compare.results import Check, CheckName, PartResult, Status
from ipf.compare.shifts import shift_check, shift_field
from ipf.compare.tolerances import Tolerances
from ipf.errors import ProductError
from ipf.product.raster import Window

Classes = npt.NDArray[np.uint8]
Side = tuple[RasterPart, Pixels]

_LARGE = 1e60
"""Values beyond, or below its inverse, are measured for their shift in a unit of their own: transforms
multiply the sums of two images.
"""
_PLACES = frozenset({"longitude", "latitude", "line", "column"})
"""Quantities that are places themselves: a shift of them is a difference of their values."""


def compare_rasters(
    reference: RasterPart,
    candidate: RasterPart,
    tolerances: Tolerances,
    classes: Classes | None = None,
    threads: int = 1,
) -> tuple[list[Check], PartResult]:
    """Checks of two rasters, and the figures behind them; `threads` decode and tally.

    `classes` is the reference's class map on the same ground, with pixels of any size; for continuous rasters
    statistics are judged by class where it is given. What cannot be read or compared is a failed check.
    """
    item = reference.key
    try:
        return _compared(reference, candidate, tolerances, classes, threads)
    except ProductError as problem:
        return _unreadable(item, str(problem))
    except OSError as problem:
        place = f"{problem.filename}: " if problem.filename else ""
        return _unreadable(item, f"{place}{problem.strerror or problem}")


def _compared(
    reference: RasterPart,
    candidate: RasterPart,
    tolerances: Tolerances,
    classes: Classes | None,
    threads: int,
) -> tuple[list[Check], PartResult]:
    item = reference.key
    if reference.nature is not candidate.nature:
        return _unreadable(item, f"a {reference.nature} raster, compared with a {candidate.nature} one")
    if reference.nature is Nature.PICTURE and len(reference.components) != len(candidate.components):
        numbers = len(reference.components), len(candidate.components)
        return _unreadable(item, f"{numbers[0]} components, compared with {numbers[1]}")
    opened = open_both(reference, candidate, threads)
    if opened[0].shape != opened[1].shape:
        one, two = ("{} x {}".format(*pixels.shape) for pixels in opened)
        return _unreadable(item, f"{reference.path}: {one} pixels; {candidate.path}: {two} pixels")
    sides = (reference, opened[0]), (candidate, opened[1])
    if reference.nature is Nature.CLASSES:
        return compare_class_maps(*sides, tolerances)
    if reference.nature is Nature.MASK:
        return compare_masks(*sides, tolerances)
    return _compared_continuous(*sides, tolerances, classes, threads)


def _compared_continuous(
    reference: Side, candidate: Side, tolerances: Tolerances, classes: Classes | None, threads: int
) -> tuple[list[Check], PartResult]:
    part, shape = reference[0], reference[1].shape
    item = part.key
    limits = tolerances.of_raster(item, part.quantity)
    covering = classes is not None and _same_ground(shape, classes.shape)
    figures = raster_figures(reference, candidate, limits, classes if covering else None, threads)
    pixels = math.prod(shape) * len(part.components)
    checks = [statistics_check(figures, limits, item)]
    if covering:
        checks.append(class_check(figures, limits, dict(part.names), item))
    elif classes is not None:
        rows, columns = classes.shape
        message = f"classes of {rows} x {columns} pixels do not lie on {shape[0]} x {shape[1]} pixels"
        checks.append(Check(CheckName.CLASS_STATISTICS, item, Status.FAILED, message))
    checks.append(no_data_check(figures, limits, pixels, item))
    if part.saturated is not None or candidate[0].saturated is not None:
        checks.append(saturation_check(figures, limits, pixels, item))
    if part.quantity in _PLACES:
        return checks, PartResult(item, raster=figures)
    field = shift_field(_physical_of(reference), _physical_of(candidate), shape)
    checks.append(shift_check(field, limits, item))
    return checks, PartResult(item, raster=figures, shift=field)


def _physical_of(side: Side) -> Callable[[Window], npt.NDArray[np.float64]]:
    """Reads physical values of a window; of a picture the mean of its components."""
    part, pixels = side

    def read(window: Window) -> npt.NDArray[np.float64]:
        values = _in_range(physical(pixels.read(window), part))
        return values if values.ndim == 2 else np.asarray(values.mean(axis=0))

    return read


def _in_range(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values in a unit in which their squares are numbers; shifts are the same in any unit."""
    finite = np.isfinite(values)
    largest = np.abs(values[finite]).max(initial=0.0)
    if largest == 0 or 1 / _LARGE <= largest <= _LARGE:
        return values
    return np.where(finite, np.ldexp(values, -np.frexp(largest)[1]), np.nan)


def _same_ground(shape: tuple[int, int], other: tuple[int, ...]) -> bool:
    """Whether both have the same proportions, so that one lies on the other."""
    return shape[0] * other[1] == shape[1] * other[0]


def _unreadable(item: str, message: str) -> tuple[list[Check], PartResult]:
    return [Check(CheckName.READABLE, item, Status.FAILED, " ".join(message.split()))], PartResult(item)
