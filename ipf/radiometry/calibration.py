"""What the radiometry of one band and detector is made of: coefficients of its pixels, as plain arrays.

Readers of parameter files fill these models; the corrections know no file. Arrays hold one value for each
pixel of the raw line, blind pixels included, unless said otherwise; counts are those of the 12-bit converter.

Source: Level-1 ATBD of Sentinel-2, section 4.1 (raw model X = A G(j, L) L + D), and the parameter files of
the ground segment (R2EOB2, R2EQOG, BLINDP, R2CRCO, R2SWIR, R2DEPI, R2BINN, R2PARA).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Coefficients: TypeAlias = npt.NDArray[np.float32]

SUBLINES = {10: 6, 20: 3, 60: 1}
"""Lines of the chronogram's cycle by pixel size in metres: dark levels repeat after as many lines."""
SATURATED_COUNT = 4095
"""Largest count of the 12-bit converter."""
LOST_COUNT = 0
"""Count of pixels whose packets were lost: no converter gives it, as dark levels are in the hundreds."""


@dataclass(frozen=True, slots=True)
class OnboardEqualization:
    """Two slopes by which the instrument evened out its pixels before compression (R2EOB2).

    A count X above `dark` came down as ``a1 (X - dark)`` below the knee `zs`, and with slope `a2` above it.
    `a1` and `a2` are positive, `zs` is in counts above dark.
    """

    a1: Coefficients
    a2: Coefficients
    zs: Coefficients
    dark: Coefficients


@dataclass(frozen=True, slots=True)
class DarkSignal:
    """Counts without light, (cycle, pixels): line n of a datastrip, from 0, has row n modulo the cycle."""

    levels: Coefficients


@dataclass(frozen=True, slots=True)
class CubicResponse:
    """Evened-out counts ``a Z^3 + b Z^2 + c Z`` of counts Z above dark (R2EQOG, CUBIC)."""

    a: Coefficients
    b: Coefficients
    c: Coefficients


@dataclass(frozen=True, slots=True)
class BilinearResponse:
    """Evened-out counts ``a1 Z`` up to the knee `zs`, with slope `a2` beyond it (R2EQOG, BI-LINEAR)."""

    a1: Coefficients
    a2: Coefficients
    zs: Coefficients


Response: TypeAlias = CubicResponse | BilinearResponse


@dataclass(frozen=True, slots=True)
class BlindColumns:
    """Columns of the raw line, from 0, that see no light: those that tell the offset of a line, and all.

    `normalisation` times their mean is the offset of the line; 1 is the plain mean.
    """

    valid: tuple[int, ...]
    every: tuple[int, ...]
    normalisation: float = 1.0


@dataclass(frozen=True, slots=True)
class LineShifts:
    """By how many lines the pixels of a column look ahead (R2SWIR): -1, 0 or 1, in steps of `step` lines.

    `step` is 1 where columns sit on other lines of the array (B11, B12), 1/3 for B10. `taps`, where given,
    weigh the line above, the own and the one below for a shift of 1 (for -1 the other way round).
    """

    shifts: npt.NDArray[np.int8]
    step: float
    taps: Coefficients | None = None


@dataclass(frozen=True, slots=True)
class Defects:
    """Columns without blind pixels, from 0, that are not to be used, and weights of their neighbours.

    `taps`, of odd length with 0 in the middle, weigh the neighbours of a defective pixel along the line;
    neighbours that are defective themselves or without data take no part, and the others make up for them.
    """

    columns: tuple[int, ...]
    taps: Coefficients


@dataclass(frozen=True, slots=True)
class Binning:
    """Weights (lines, columns), both odd, summing to 1, by which three pixels across become one (R2BINN)."""

    kernel: Coefficients
    factor: int = 3


@dataclass(frozen=True, slots=True)
class BandCalibration:
    """All corrections of one band and detector; None is a correction that is switched off."""

    band: str
    detector: int
    equalization: OnboardEqualization | None
    dark: DarkSignal | None
    blind: BlindColumns
    response: Response | None
    line_shifts: LineShifts | None = None
    defects: Defects | None = None
    binning: Binning | None = None
