"""The instrument's published figures per band, and how noisy a radiance is.

Reference and saturation radiances: Drusch et al. 2012, Remote Sensing of Environment 120, 25-36, table 1 (and
the Sentinel-2 mission requirements). Signal-to-noise at the reference radiance: as measured in orbit on
Sentinel-2A (Level-1C data quality reports of the mission).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ipf.errors import AuxiliaryError
from ipf.product.bands import BAND_NAMES, BANDS

DARK_SHARE = 0.1
"""Share of the noise's variance at the reference radiance that does not come from the light itself."""


@dataclass(frozen=True, slots=True)
class BandNoise:
    """Standard deviation of the radiance L (W m-2 sr-1 µm-1): ``sqrt(dark² + slope L)``, in the same unit.

    The form is that of the noise model of the instrument's calibration, sqrt(alpha² + beta L).
    """

    dark: float
    slope: float

    def deviation(self, radiance: float) -> float:
        """Standard deviation of one radiance."""
        return math.sqrt(self.dark**2 + self.slope * max(radiance, 0.0))


def _by_band(*values: float) -> dict[str, float]:
    return dict(zip(BAND_NAMES, values, strict=True))


REFERENCE_RADIANCE = _by_band(129.0, 128.0, 128.0, 108.0, 74.5, 68.0, 67.0, 103.0, 52.5, 9.0, 6.0, 4.0, 1.5)
"""Radiance at which signal-to-noise is stated, W m-2 sr-1 µm-1."""
SIGNAL_TO_NOISE = _by_band(
    1372.0, 214.0, 249.0, 230.0, 253.0, 220.0, 227.0, 221.0, 161.0, 222.0, 390.0, 159.0, 167.0
)
"""Signal-to-noise ratio at the reference radiance."""
SATURATION_RADIANCE = _by_band(
    588.0, 615.5, 559.0, 484.0, 449.5, 413.0, 387.0, 308.0, 308.0, 233.0, 45.0, 70.0, 24.5
)
"""Radiance above which a pixel saturates, W m-2 sr-1 µm-1."""


def published_noise() -> dict[str, BandNoise]:
    """Noise that gives the published signal-to-noise at the reference radiance, by band."""
    noise = {}
    for band in BAND_NAMES:
        variance = (REFERENCE_RADIANCE[band] / SIGNAL_TO_NOISE[band]) ** 2
        slope = (1.0 - DARK_SHARE) * variance / REFERENCE_RADIANCE[band]
        noise[band] = BandNoise(math.sqrt(DARK_SHARE * variance), slope)
    return noise


def read_noise(path: Path) -> Mapping[str, BandNoise]:
    """Noise from a table of the calibration's model: columns Band, a, b and Ak (counts per radiance).

    The model is ``sqrt(a² + b Ak L)`` with a and the result in radiance: of the two readings of the S2A table
    of December 2015 the one that agrees with the signal-to-noise measured in orbit. Decimal commas are
    accepted.
    Raises `AuxiliaryError` naming the file and what is missing.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as problem:
        raise AuxiliaryError(f"{path}: cannot be read: {problem}") from problem
    start = next((number for number, row in enumerate(rows) if row and row[0].strip() == "Band"), None)
    if start is None:
        raise AuxiliaryError(f"{path}: no line that begins with Band, expected the head of a noise table")
    head = [cell.split("(")[0].strip() for cell in rows[start]]
    names = {band.physical.upper(): band.name for band in BANDS}
    noise = {}
    for row in rows[start + 1 :]:
        cells = dict(zip(head, row, strict=False))
        band = names.get(cells.get("Band", "").strip().upper())
        if band is not None:
            dark, slope, gain = (_number(path, band, name, cells) for name in ("a", "b", "Ak"))
            noise[band] = BandNoise(dark, slope * gain)
    missing = [band for band in BAND_NAMES if band not in noise]
    if missing:
        raise AuxiliaryError(f"{path}: no line for band {', '.join(missing)}")
    return noise


def _number(path: Path, band: str, name: str, cells: Mapping[str, str]) -> float:
    text = cells.get(name, "").strip().replace(",", ".")
    try:
        value = float(text)
    except ValueError as problem:
        raise AuxiliaryError(f"{path}: band {band}, column {name}: {text!r} is no number") from problem
    if not (math.isfinite(value) and value >= 0.0):
        raise AuxiliaryError(f"{path}: band {band}, column {name}: {value} is not a number of 0 or more")
    return value
