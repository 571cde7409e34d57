"""Sub-pixel shift of two windows by phase correlation.

The cross-power spectrum of both windows, every frequency with the weight 1, has its inverse transform peak at
the shift (Kuglin and Hines 1975); the peak is refined by a transform of few rows and columns at a finer step
(Guizar-Sicairos, Thurman and Fienup 2008, doi:10.1364/OL.33.000156). Windows are no periodic functions:
their edges pull the peak to whole pixels. They are therefore tapered.

What an image of few wavelengths (textures, furrows) has at other frequencies is what the taper spreads there,
and pulls the peak, too. The plane through the phases, weighted by their amplitudes, does not follow them
(Stone, Orchard, Chang and Martucci 2001, doi:10.1109/36.957286). It is tried where the peak of the
cross-correlation itself, which strong frequencies alone make, lies elsewhere; the shift that makes the
windows more alike is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.signal.windows import tukey

Image = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]
Offsets = npt.NDArray[np.floating]

TAPER = 64
"""Pixels along a side that the cosine of the taper takes, both ends together: all of a window of 64."""

COHERENT = 0.6
"""Height of the peak (1 for a pure shift) below which whole windows are used beside the tapered ones.

Of images of one date, whose peak is 0.7 to 1 high, the edges are the error: 0.02 pixels in whole windows of
256. Of two dates (0.3 to 0.6 over farmland, ten days apart) what changed on the ground is, and the more
pixels count the less: 0.038 pixels with both, 0.043 with the taper alone, 0.047 without it.
"""

EDGES = 0.85
"""Share of the tapered windows' peak that whole windows must reach for that: less, and it is their edges."""

FINEST = 0.3
"""Frequencies (cycles a pixel) above this are left out for images of one date: resampling bends their phases.

It leaves the phase of the finest detail near that of a shift by whole pixels: with all frequencies, shifts by
cubic splines come out 0.07 pixels too small, with these within 0.01, and by linear interpolation within 0.04.
"""

STEPS = (0.1, 0.01)
"""Steps of the finer and finer transforms around the peak, in pixels; a parabola tells the rest."""

REACH = 1.0
"""How far from the whole pixel the first of them looks, in pixels."""

SLOWEST = 2.0
"""Waves in a window of which the plane through the phases takes no fewer: the taper mixes slower ones."""

FITS = 5
"""How often the plane is fitted to what the last one left, at most; phases are told up to whole turns."""

CLEARLY = 0.8
"""Share of what the peak's shift leaves unlike that the plane's may leave at most, to be taken instead.

Where nearly all that is unlike comes of changes on the ground or of noise, the peak is the better judge: with
0.9, noise on smooth images makes the plane tell shifts of more than a pixel.
"""

BESIDE = 0.25
"""Pixels beside a shift at which the cross-correlation tells how much higher it may become nearby."""

NOTHING = 1e-10
"""Amplitudes below this share of the largest have no phase: they are rounding errors of the transform."""


class Shift(NamedTuple):
    """Where the content of the candidate lies, against the reference, in pixels: down and right positive.

    `correlation` is that of both windows over their overlap, tapered, the shift undone. All are NaN where
    nothing could be measured.
    """

    row: float
    column: float
    correlation: float


NO_SHIFT = Shift(np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class CrossSpectrum:
    """Half of the spectrum (as of `rfft2`) of candidate times conjugate of reference, and the whole's shape.

    `power` is the geometric mean of both windows' summed squares, tapered and without their means.
    """

    values: Spectrum
    shape: tuple[int, int]
    power: float

    def phases(self) -> Spectrum:
        """Every frequency with amplitude 1, and 0 where there is none to speak of."""
        amplitude = np.abs(self.values)
        least = NOTHING * amplitude.max()
        return np.divide(
            self.values, amplitude, out=np.zeros_like(self.values), where=amplitude > max(least, 0.0)
        )

    def plane(self) -> tuple[float, float]:
        """Shift that the phases tell, weighed by the roots of their amplitudes; see `SLOWEST`."""
        rows, columns = np.broadcast_arrays(
            scipy.fft.fftfreq(self.shape[0])[:, np.newaxis], scipy.fft.rfftfreq(self.shape[1])
        )
        frequency = np.hypot(rows, columns)
        kept = (frequency >= SLOWEST / min(self.shape)) & (frequency <= FINEST)
        values = self.values[kept]
        slopes = -2.0 * np.pi * np.stack((rows[kept], columns[kept]))
        weights = np.sqrt(np.abs(values))
        normal = (slopes * weights) @ slopes.T
        shift = np.zeros(2)
        for _ in range(FITS):
            left = np.angle(values * np.exp(-1j * (shift @ slopes)))
            step = np.linalg.lstsq(normal, slopes @ (weights * left), rcond=None)[0]
            shift += step
            if np.abs(step).max() < STEPS[-1] / 100:
                break
        return float(shift[0]), float(shift[1])

    def correlation(self, row: float, column: float) -> float:
        """Correlation coefficient of both windows, the shift undone."""
        return height(self.values, self.shape, row, column) / self.power

    def gain(self, row: float, column: float) -> float:
        """How much larger the correlation is at its peak near a shift, by parabolas; infinite with no peak.

        Few rows and columns of a transform: a fit of the plane takes as long as all else.
        """
        beside = np.array([-BESIDE, 0.0, BESIDE])
        values = surface(self.values, self.shape, row + beside, column + beside) / self.power
        return sum(_above(*line) for line in (values[:, 1], values[1]))


def cross_spectrum(reference: Image, candidate: Image, taper: int = TAPER) -> CrossSpectrum:
    """Cross spectrum of two windows of one shape, without their (weighted) means."""
    down, across = (tukey(length, min(taper / length, 1.0)) for length in reference.shape)
    transforms, power = [], 1.0
    for image in (reference, candidate):
        mean = down @ image @ across / (down.sum() * across.sum())
        weighted = (image - mean) * down[:, np.newaxis] * across
        power *= float(np.vdot(weighted, weighted))
        transforms.append(scipy.fft.rfft2(weighted))
    values = transforms[1] * transforms[0].conj()
    return CrossSpectrum(values, reference.shape, float(np.sqrt(power)))


def measured_shift(reference: Image, candidate: Image) -> Shift:
    """Shift of two windows of one shape without gaps, both of which vary.

    A shift that makes the windows no more alike than none does is none: without it, noise on images that
    are otherwise smooth passes for a shift.
    """
    whole = cross_spectrum(reference, candidate)
    rows, columns = _whole_pixels(whole.phases(), whole.shape)
    parts = _overlap(reference, candidate, rows, columns)
    overlap = whole if parts[0].shape == reference.shape else cross_spectrum(*parts)
    if not overlap.power > 0:
        return NO_SHIFT
    phases = overlap.phases()
    row, column, _ = _refined(_coarse(phases, overlap.shape), overlap.shape)
    row, column = rows + row, columns + column
    if height(phases, overlap.shape, row - rows, column - columns) < COHERENT:
        row, column = _of_two_dates(reference, candidate, whole, (row, column))
    alike = overlap.correlation(row - rows, column - columns)
    unmoved = whole.correlation(0.0, 0.0)
    peak, at = Shift(row, column, alike), (row - rows, column - columns)
    if unmoved >= alike:
        peak, at, overlap = Shift(0.0, 0.0, unmoved), (0.0, 0.0), whole
    if overlap.gain(*at) <= (1.0 - CLEARLY) * (1.0 - peak.correlation):
        return peak
    return _more_alike(reference, candidate, peak)


def _more_alike(reference: Image, candidate: Image, peak: Shift) -> Shift:
    """`peak`, or what the plane through the phases tells where that makes the windows more alike.

    Both are judged on one overlap, tapered all over, that of the cross-correlation's peak.
    """
    whole = cross_spectrum(reference, candidate, max(reference.shape))
    rows, columns = _whole_pixels(whole.values, whole.shape)
    parts = _overlap(reference, candidate, rows, columns)
    overlap = whole if (rows, columns) == (0, 0) else cross_spectrum(*parts, max(parts[0].shape))
    if not overlap.power > 0:
        return peak
    row, column = overlap.plane()
    alike = overlap.correlation(row, column)
    if 1.0 - alike > CLEARLY * (1.0 - overlap.correlation(peak.row - rows, peak.column - columns)):
        return peak
    return Shift(rows + row, columns + column, alike)


def _of_two_dates(
    reference: Image, candidate: Image, tapered: CrossSpectrum, shift: tuple[float, float]
) -> tuple[float, float]:
    """The shift near `shift` that whole and tapered windows have together; `shift` where edges spoil them."""
    phases = tapered.phases()
    whole = cross_spectrum(reference, candidate, taper=0).phases()
    near = round(shift[0]), round(shift[1])
    heights = [_refined(spectrum, tapered.shape, near)[2] for spectrum in (whole, phases)]
    if heights[0] < EDGES * heights[1]:
        return shift
    return _refined(whole + phases, tapered.shape, near)[:2]


def surface(
    spectrum: Spectrum, shape: tuple[int, int], rows: Offsets, columns: Offsets
) -> npt.NDArray[np.float64]:
    """Inverse transform of half a spectrum at any rows and columns, as two products of matrices."""
    down = np.exp(2j * np.pi * np.outer(rows, scipy.fft.fftfreq(shape[0])))
    across = np.exp(2j * np.pi * np.outer(scipy.fft.rfftfreq(shape[1]), columns))
    across *= _counts(shape)[:, np.newaxis]
    values: npt.NDArray[np.float64] = (down @ spectrum @ across).real / (shape[0] * shape[1])
    return values


def height(spectrum: Spectrum, shape: tuple[int, int], row: float, column: float) -> float:
    """Inverse transform of half a spectrum at one place."""
    return float(surface(spectrum, shape, np.array([row]), np.array([column]))[0, 0])


def _counts(shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """How often each column of half a spectrum stands in the whole one."""
    counts = np.full(shape[1] // 2 + 1, 2.0)
    counts[0] = 1.0
    if shape[1] % 2 == 0:
        counts[-1] = 1.0
    return counts


def _coarse(phases: Spectrum, shape: tuple[int, int]) -> Spectrum:
    """Half a spectrum without its highest frequencies."""
    frequency = np.hypot(scipy.fft.fftfreq(shape[0])[:, np.newaxis], scipy.fft.rfftfreq(shape[1]))
    return np.where(frequency <= FINEST, phases, 0)


def _whole_pixels(spectrum: Spectrum, shape: tuple[int, int]) -> tuple[int, int]:
    """The peak to whole pixels: rows and columns, negative beyond half of the window."""
    values = scipy.fft.irfft2(spectrum, s=shape)
    peak = np.unravel_index(int(values.argmax()), values.shape)
    row, column = (
        int(at) - length if at > length // 2 else int(at) for at, length in zip(peak, shape, strict=True)
    )
    return row, column


def _overlap(reference: Image, candidate: Image, rows: int, columns: int) -> tuple[Image, Image]:
    """The parts of both windows that show the same, when the candidate is shifted by whole pixels."""
    height = scipy.fft.prev_fast_len(reference.shape[0] - abs(rows), real=True)
    width = scipy.fft.prev_fast_len(reference.shape[1] - abs(columns), real=True)
    top, left = max(-rows, 0), max(-columns, 0)
    lower, right = max(rows, 0), max(columns, 0)
    return (
        reference[top : top + height, left : left + width],
        candidate[lower : lower + height, right : right + width],
    )


def _refined(
    phases: Spectrum, shape: tuple[int, int], near: tuple[int, int] = (0, 0)
) -> tuple[float, float, float]:
    """Row, column and height of the peak near whole pixels."""
    row, column = float(near[0]), float(near[1])
    reach = REACH
    for step in STEPS:
        count = round(reach / step)
        offsets = np.arange(-count, count + 1) * step
        values = surface(phases, shape, row + offsets, column + offsets)
        down, across = (int(at) for at in np.unravel_index(int(values.argmax()), values.shape))
        row, column = row + float(offsets[down]), column + float(offsets[across])
        reach = step
    row += STEPS[-1] * _vertex(values[:, across], down)
    column += STEPS[-1] * _vertex(values[down], across)
    return row, column, float(values[down, across])


def _above(before: float, at: float, after: float) -> float:
    """By how much the top of the parabola through three values exceeds the middle one; infinite without."""
    bend = 2 * at - before - after
    return (before - after) ** 2 / (8 * bend) if bend > 0 else np.inf


def _vertex(values: npt.NDArray[np.float64], peak: int) -> float:
    """Where the parabola through the largest value and its neighbours is highest, in steps from `peak`."""
    if not 0 < peak < values.size - 1:
        return 0.0
    before, at, after = values[peak - 1 : peak + 2]
    bend = before - 2 * at + after
    return float((before - after) / (2 * bend)) if bend < 0 else 0.0
