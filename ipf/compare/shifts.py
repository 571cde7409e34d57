"""Are two images in the same place? Shifts over a grid of windows, and the verdict on them.

A change of geometry moves what the images show, a change of radiometry does not: phase correlation is blind
to gain and offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from ipf.compare.figures import ShiftField
from ipf.compare.phase_correlation import NO_SHIFT, Shift, measured_shift
from ipf.compare.results import Check, CheckName, Status
from ipf.compare.tolerances import RasterTolerances
from ipf.product.raster import Window

__all__ = ["GOOD_CORRELATION", "Shift", "shift_check", "shift_field", "shift_of"]

Image = npt.NDArray[np.floating]
ReadWindow = Callable[[Window], Image]
"""Reads a window of an image: floats, NaN = no data."""

GOOD_CORRELATION = 0.6
"""Least correlation, the shift undone, of windows that show the same."""

GAPS = 0.05
"""Largest share of pixels without data, on either side, of a window that is used."""

NEIGHBOURS_ALIKE = 0.3
"""Correlation of neighbouring pixels below which a window shows noise, and no ground."""

SMALLEST, LARGEST = 32, 256
"""Sides of windows, in pixels."""

NARROW = 40
"""Sides of windows that an image has room for, so that windows are narrow against a detector's stripe."""

WINDOWS_ALONG_SIDE = 11
"""Windows in a row of the grid, at most.

Detectors see stripes of 25.4 km, 0.23 of a tile: two of eleven columns of windows lie in each at least, so
that five of some nine neighbours are those of one detector.
"""


def shift_of(reference: Image, candidate: Image) -> Shift:
    """Shift of two windows of one shape (rows, columns), at least 32 x 32; NaN = no data.

    Windows that are equal have the shift 0 and the correlation 1, whatever they show. NaN throughout where
    more than 5 % of the pixels have no data, where a window does not vary, and for windows of noise that is
    not the same noise.
    """
    if np.array_equal(reference, candidate, equal_nan=True):
        return NO_SHIFT if np.isnan(reference).all() else Shift(0.0, 0.0, 1.0)
    filled = [_filled(image) for image in (reference, candidate)]
    if any(image is None or not np.ptp(image) for image in filled):
        return NO_SHIFT
    first, second = (image for image in filled if image is not None)
    shift = measured_shift(first, second)
    if shift.correlation >= GOOD_CORRELATION:
        return shift
    noise = min(map(_likeness_of_neighbours, (first, second))) < NEIGHBOURS_ALIKE
    return NO_SHIFT if noise else shift


def shift_field(reference: ReadWindow, candidate: ReadWindow, shape: tuple[int, int]) -> ShiftField:
    """Shifts over a fixed grid of windows, spread evenly over images of `shape` (rows, columns).

    Windows have a side of 256 pixels in an image of 10980, 64 in small ones and 32 in tiny ones; images of
    less than 32 rows or columns have none.
    """
    window = window_side(shape)
    rows, columns = (_starts(length, window) for length in shape)
    grid = (len(rows), len(columns))
    shifts = np.array(
        [shift_of(reference(at), candidate(at)) for at in _windows(rows, columns, window)], dtype=np.float64
    ).reshape(*grid, 3)
    first = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).astype(np.float64)
    centres: npt.NDArray[np.float64] = first + (window - 1) / 2
    return ShiftField(window, centres, shifts[..., 0], shifts[..., 1], shifts[..., 2])


def window_side(shape: tuple[int, int]) -> int:
    """Side of the windows for images of `shape`, in pixels; see `shift_field`."""
    shortest = min(shape)
    if shortest < 4 * SMALLEST:
        return SMALLEST
    side = 2 * SMALLEST
    while side < LARGEST and side * NARROW < shortest:
        side *= 2
    return side


def shift_check(field: ShiftField, limits: RasterTolerances, item: str) -> Check:
    """Verdict on the shifts of the raster `item`.

    `limits.shift` bounds the length of the median shift, `limits.local_shift` the largest length that
    neighbouring windows have together (see `_largest_local`), where neighbours were measured. Where nothing
    could be measured since there is nothing to see (flat, noise, no data) the check passes and says so; where
    there is something to see on both sides, and it is not the same, it fails.
    """
    used = field.correlation >= GOOD_CORRELATION
    if not used.any():
        return _unmeasured(field, limits, item)
    rows, columns = (np.where(used, values, np.nan) for values in (field.rows, field.columns))
    overall = float(np.hypot(np.nanmedian(rows), np.nanmedian(columns)))
    local, place = _largest_local(rows, columns)
    passed = overall <= limits.shift and not local > limits.local_shift
    figures: dict[str, float | int | str] = {
        "shift": overall,
        "row": float(np.nanmedian(rows)),
        "column": float(np.nanmedian(columns)),
        **({"local_shift": local} if np.isfinite(local) else {}),
        "correlation": float(np.median(field.correlation[used])),
        "windows": int(used.size),
        "windows_used": int(used.sum()),
    }
    message = (
        f"median shift {overall:.3f} pixels ({figures['row']:+.3f} down, {figures['column']:+.3f} right), "
        f"largest of neighbouring windows {f'{local:.3f}' if np.isfinite(local) else 'not measured'}"
    )
    if place is not None and local > 0:
        centre = field.centres[place]
        message += f" around row {centre[0]:.0f}, column {centre[1]:.0f}"
    message += f"; {used.sum()} of {used.size} windows of {field.window} pixels"
    return Check(CheckName.SHIFT, item, _status(passed), message, figures, _limits(limits))


def _unmeasured(field: ShiftField, limits: RasterTolerances, item: str) -> Check:
    """The verdict where no two windows are alike."""
    compared = np.isfinite(field.correlation)
    figures: dict[str, float | int | str] = {"windows": int(compared.size), "windows_used": 0}
    if compared.any():
        best = float(field.correlation[compared].max())
        figures["correlation"] = best
        unlimited = np.isinf(limits.shift) and np.isinf(limits.local_shift)
        message = (
            f"no shift could be measured: of {compared.size} windows none shows the same on both sides "
            f"(correlation {best:.2f} at most, expected {GOOD_CORRELATION})"
        )
        return Check(CheckName.SHIFT, item, _status(bool(unlimited)), message, figures, _limits(limits))
    reason = (
        f"all {compared.size} windows of {field.window} pixels are flat, noise or without data on a side"
        if compared.size
        else f"the image is smaller than a window of {SMALLEST} pixels"
    )
    message = f"no shift could be measured: {reason}"
    return Check(CheckName.SHIFT, item, Status.PASSED, message, figures, _limits(limits))


def _limits(limits: RasterTolerances) -> dict[str, float | int | str]:
    return {"shift": limits.shift, "local_shift": limits.local_shift}


def _status(passed: bool) -> Status:
    return Status.PASSED if passed else Status.FAILED


def _largest_local(
    rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]
) -> tuple[float, tuple[int, int] | None]:
    """Largest length of the shift that neighbouring windows have together, and the place of one in the grid.

    That of 3 x 3 windows is their median; that of 2 x 2, and of four in the first or last column (a detector
    that the edge of a tile cuts), is what all of them have. NaN where no neighbours were measured. A grid of
    fewer windows along a side is taken in whole along it.
    """
    last = rows.shape[1] - 1
    largest, place = np.nan, None
    for shape, together, step in ((3, 3), _median, 1), ((2, 2), _common, 1), ((4, 1), _common, max(last, 1)):
        height, width = (min(size, length) for size, length in zip(shape, rows.shape, strict=True))
        for row in range(rows.shape[0] - height + 1):
            for column in range(0, last - width + 2, step):
                block = slice(row, row + height), slice(column, column + width)
                length = float(np.hypot(together(rows[block]), together(columns[block])))
                if length > largest or (place is None and np.isfinite(length)):
                    largest, place = length, (row + height // 2, column + width // 2)
    return largest, place


def _median(shifts: npt.NDArray[np.float64]) -> float:
    """Of windows of which more than half were measured, else NaN."""
    return float(np.nanmedian(shifts)) if 2 * np.isfinite(shifts).sum() > shifts.size else np.nan


def _common(shifts: npt.NDArray[np.float64]) -> float:
    """The part that all windows have, 0 where they go both ways; NaN where one was not measured."""
    least, most = float(shifts.min()), float(shifts.max())
    return least if least > 0 else most if most < 0 else 0.0 * least


def _starts(length: int, window: int) -> npt.NDArray[np.int64]:
    """First pixels of windows spread evenly, neighbours sharing half of a window at most."""
    if length < window:
        return np.zeros(0, np.int64)
    count = min(WINDOWS_ALONG_SIDE, 1 + 2 * (length - window) // window)
    if count == 1:
        return np.array([(length - window) // 2])
    return np.linspace(0, length - window, count).astype(np.int64)


def _windows(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], side: int) -> Iterator[Window]:
    for row in rows:
        for column in columns:
            yield Window(int(row), int(column), side, side)


def _filled(image: Image) -> npt.NDArray[np.float64] | None:
    """The image with its mean where it has no data; None where that is too much."""
    gaps = ~np.isfinite(image)
    if gaps.mean() > GAPS:
        return None
    values = image.astype(np.float64)
    if gaps.any():
        values[gaps] = values[~gaps].mean()
    return values


def _likeness_of_neighbours(image: npt.NDArray[np.float64]) -> float:
    """Correlation of pixels with their neighbours, the larger of both directions; 0 without variance."""
    centred = image - image.mean()
    variance = float((centred**2).mean())
    down = float((centred[1:] * centred[:-1]).mean())
    across = float((centred[:, 1:] * centred[:, :-1]).mean())
    return max(down, across) / variance if variance > 0 else 0.0
