"""Parameter files of the radiometry of Level 1B that hold few numbers: noise, binning, restoration.

What holds numbers for every pixel has readers of its own: `onboard_equalization`, `ground_equalization`,
`defective_pixels`, `swir_arrangement`, `crosstalk`. Root elements are those of the Product Specification
Document (PSD 14.8, GIPP_List).
"""

from __future__ import annotations

import math
from typing import ClassVar, Self

from ipf.auxiliary.l1_gipp_model import (
    CHOICE_OF_THIS_PROJECT,
    ByBand,
    Level1Gipp,
    Numbers,
    parameter,
)
from ipf.product.bands import BAND_NAMES

STARCK_MURTAGH = "Starck and Murtagh 1994, Astronomy and Astrophysics 288, 342-348"
NOISE_SOURCE = "Noise_Model of datastrips of S2A and S2B, baselines 04.00 and 05.00"
_SUM_TOLERANCE = 1e-6


def _by_band(*values: float) -> dict[str, float]:
    return dict(zip(BAND_NAMES, values, strict=True))


_MTF: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "S2A": (
        _by_band(0.28, 0.36, 0.37, 0.31, 0.41, 0.39, 0.40, 0.26, 0.35, 0.26, 1.0, 0.17, 0.22),
        _by_band(0.36, 0.34, 0.30, 0.24, 0.30, 0.30, 0.30, 0.21, 0.29, 0.36, 1.0, 0.18, 0.17),
    ),
    "S2B": (
        _by_band(0.28, 0.37, 0.34, 0.30, 0.37, 0.38, 0.39, 0.26, 0.34, 0.35, 1.0, 0.21, 0.20),
        _by_band(0.39, 0.30, 0.27, 0.24, 0.31, 0.31, 0.30, 0.21, 0.30, 0.36, 1.0, 0.19, 0.18),
    ),
    "S2C": (
        _by_band(0.25, 0.35, 0.36, 0.31, 0.46, 0.47, 0.48, 0.26, 0.43, 0.30, 1.0, 0.29, 0.28),
        _by_band(0.39, 0.31, 0.29, 0.21, 0.30, 0.28, 0.26, 0.18, 0.26, 0.33, 1.0, 0.21, 0.22),
    ),
}
"""Across and along the track; B10, of which no figure is public, is left as it is."""
_MTF_SOURCE = (
    "point spread functions of L1B (Copernicus SentiWiki, 2025), which are Gaussians; B10: none public"
)


class NoiseModel(Level1Gipp):
    """How noisy counts are: ``sqrt(alpha^2 + beta count)``, of counts in proportion to radiance."""

    file_type: ClassVar[str] = "GIP_R2NOMO"
    root: ClassVar[str] = "GS2_RADIOS2_INSTRUMENT_NOISE_MODEL"

    alpha: ByBand = parameter(
        _by_band(0.56, 0.567, 0.488, 0.489, 0.578, 0.576, 0.576, 0.571, 0.574, 0.563, 1.067, 0.683, 0.704),
        "standard deviation without light",
        unit="counts",
        source=NOISE_SOURCE,
    )
    beta: ByBand = parameter(
        _by_band(
            *(0.00054, 0.04696, 0.03482, 0.04047, 0.03123, 0.04388, 0.0422),
            *(0.04447, 0.08714, 0.10258, 0.00961, 0.09292, 0.08259),
        ),
        "variance that each count brings",
        unit="counts",
        source=NOISE_SOURCE,
    )


class BinningFilter(Level1Gipp):
    """How pixels of 20 m across the track become one of 60 m."""

    file_type: ClassVar[str] = "GIP_R2BINN"
    root: ClassVar[str] = "GS2_RADIOS2_BINNING"

    factor: int = parameter(
        3, "pixels that become one", unit="pixels", source="widths of raw and of 60 m lines", ge=1, le=9
    )
    lines: int = parameter(
        3, "lines of the kernel", unit="lines", source="kernel of the ground segment (EOPF)", ge=1, le=9
    )
    columns: int = parameter(
        7, "columns of the kernel", unit="pixels", source="kernel of the ground segment (EOPF)", ge=1, le=31
    )
    kernel: Numbers = parameter(
        (*(0.0,) * 9, *(1 / 3,) * 3, *(0.0,) * 9),
        "weights of the pixels around, line after line; their sum is 1",
        source=f"mean of three pixels of a line: {CHOICE_OF_THIS_PROJECT}",
        min_length=1,
        max_length=9 * 31,
    )

    def contradiction(self) -> str:
        """Lines and columns that are even, or another number or sum of weights."""
        if self.lines % 2 == 0 or self.columns % 2 == 0:
            return f"LINES and COLUMNS are {self.lines} and {self.columns}, expected odd numbers"
        if len(self.kernel) != self.lines * self.columns:
            return f"KERNEL has {len(self.kernel)} numbers, expected {self.lines} times {self.columns}"
        if not math.isclose(sum(self.kernel), 1.0, abs_tol=_SUM_TOLERANCE):
            return f"KERNEL: the sum of its weights is {sum(self.kernel):.6g}, expected 1"
        return ""


class DeconvolutionFilter(Level1Gipp):
    """How much of the finest contrasts the instrument passes on, which restoration undoes."""

    file_type: ClassVar[str] = "GIP_R2DEFI"
    root: ClassVar[str] = "GS2_RADIOS2_DECONVOLUTION_FILTER"
    per_satellite: ClassVar[bool] = True

    mtf_across: ByBand = parameter(
        dict.fromkeys(BAND_NAMES, 1.0),
        "modulation transfer at the Nyquist frequency across the track, of a Gaussian",
        source=_MTF_SOURCE,
    )
    mtf_along: ByBand = parameter(
        dict.fromkeys(BAND_NAMES, 1.0),
        "modulation transfer at the Nyquist frequency along the track, of a Gaussian",
        source=_MTF_SOURCE,
    )

    @classmethod
    def of_satellite(cls, satellite: str) -> Self:
        """What is published of a satellite; ValueError for an unknown one."""
        if satellite not in _MTF:
            raise ValueError(f"no modulation transfer of {satellite}, expected one of {', '.join(_MTF)}")
        across, along = _MTF[satellite]
        return cls(mtf_across=across, mtf_along=along)

    def contradiction(self) -> str:
        """Contrasts that would be larger than those of the ground."""
        for name, values in (("MTF_ACROSS", self.mtf_across), ("MTF_ALONG", self.mtf_along)):
            if max(values.values()) > 1.0:
                return f"{name} is up to {max(values.values()):g}, expected at most 1"
        return ""


class DeconvolutionThreshold(Level1Gipp):
    """How far restoration goes."""

    file_type: ClassVar[str] = "GIP_R2DECT"
    root: ClassVar[str] = "GS2_RADIOS2_DECONVOLUTION_THRESHOLD"

    largest_gain: float = parameter(
        2.0,
        "factor by which contrasts of any frequency may be made larger",
        source=CHOICE_OF_THIS_PROJECT,
        ge=1.0,
        le=20.0,
    )


class WaveletFilters(Level1Gipp):
    """How an image is taken apart into details of growing size, and what is left of it."""

    file_type: ClassVar[str] = "GIP_R2WAFI"
    root: ClassVar[str] = "GS2_RADIOS2_WAVELET_FILTERS"

    low_pass: Numbers = parameter(
        (0.0625, 0.25, 0.375, 0.25, 0.0625),
        "taps of the smoothing in both directions, spread by 2 from level to level; what it takes away is the"
        " detail of the level",
        source=f"cubic B-spline, {STARCK_MURTAGH}",
        min_length=3,
        max_length=15,
    )
    levels: int = parameter(3, "levels of details", source=CHOICE_OF_THIS_PROJECT, ge=1, le=6)

    def contradiction(self) -> str:
        """Taps that have no middle, are not the same on both sides, or do not keep the mean."""
        if len(self.low_pass) % 2 == 0 or self.low_pass != self.low_pass[::-1]:
            return "LOW_PASS: expected an odd number of taps, the same on both sides"
        if not math.isclose(sum(self.low_pass), 1.0, abs_tol=_SUM_TOLERANCE):
            return f"LOW_PASS: the sum of its taps is {sum(self.low_pass):.6g}, expected 1"
        return ""


class NormCoefficients(Level1Gipp):
    """How much of white noise gets into the details."""

    file_type: ClassVar[str] = "GIP_R2L2NC"
    root: ClassVar[str] = "GS2_RADIOS2_L2_NORM_COEFFICIENTS"

    norms: Numbers = parameter(
        (0.8907963, 0.2006639, 0.0855075),
        "standard deviation of the details of noise of standard deviation 1, level after level",
        source=f"norms of the filters of R2WAFI; table of {STARCK_MURTAGH}",
        min_length=1,
        max_length=6,
    )

    def contradiction(self) -> str:
        """Norms that are none."""
        return "" if min(self.norms) > 0 else "NORMS: expected positive numbers"


class DenoisingThresholds(Level1Gipp):
    """How large details must be to be kept."""

    file_type: ClassVar[str] = "GIP_R2DENT"
    root: ClassVar[str] = "GS2_RADIOS2_DENOISING_THRESHOLDS"

    thresholds: Numbers = parameter(
        (3.0, 2.0, 1.0),
        "size of details, in standard deviations of their noise, by which all are made smaller",
        source=CHOICE_OF_THIS_PROJECT,
        min_length=1,
        max_length=6,
    )

    def contradiction(self) -> str:
        """Thresholds below none."""
        return "" if min(self.thresholds) >= 0 else "THRESHOLDS: expected numbers of 0 and more"


RADIOMETRIC_GIPPS: tuple[type[Level1Gipp], ...] = (
    NoiseModel,
    BinningFilter,
    DeconvolutionFilter,
    DeconvolutionThreshold,
    WaveletFilters,
    NormCoefficients,
    DenoisingThresholds,
)
BY_FILE_TYPE = {gipp.file_type: gipp for gipp in RADIOMETRIC_GIPPS}
