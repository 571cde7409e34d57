"""Spectral responses and solar irradiance, read from text, and the band averages made with them."""

from __future__ import annotations

import bz2
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.errors import AuxiliaryError

Floats = npt.NDArray[np.float64]

MAXIMUM_SIZE = 32 * 1024 * 1024
"""Largest text accepted (bytes, after decompression); the real files are below 2 MB."""

_BAND_HEADING = re.compile(r"\bband\s+(\d{1,2}A?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """A sampled function of wavelength: wavelengths in nm (strictly increasing) and values, both (n,)."""

    wavelength: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class BandWeights:
    """Response times solar irradiance, normalised to sum 1: wavelengths in nm and weights, both (n,)."""

    wavelength: Floats
    weight: Floats

    @property
    def mean_wavelength(self) -> float:
        """Weighted mean wavelength, nm."""
        return self.average(self.wavelength)

    def average(self, value: Floats) -> float:
        """Weighted mean of `value`, given at the wavelengths of the band."""
        return float(np.dot(self.weight, value))


def read_responses(path: Path) -> dict[str, Spectrum]:
    """Read the relative spectral responses of all bands, by band name (``B01``, ``B8A``), in file order.

    The text has one section per band, opened by a comment that says ``Band 8A``, with one "wavelength in nm,
    response" pair per line. Raises `AuxiliaryError` naming the file and the line.
    """
    sections: dict[str, list[tuple[float, float]]] = {}
    band = None
    for number, line in _lines(path):
        if line[0] in "#;":
            heading = _BAND_HEADING.search(line)
            if heading:
                band = _band_name(heading.group(1))
                if band in sections:
                    raise AuxiliaryError(f"{path}: line {number}: band {band} occurs twice")
                sections[band] = []
        elif band is None:
            raise AuxiliaryError(f"{path}: line {number}: values before the first 'Band n' heading")
        else:
            sections[band].append(_pair(path, number, line))
    if not sections:
        raise AuxiliaryError(f"{path}: no 'Band n' heading: not a spectral response file")
    return {name: _spectrum(path, pairs, f"band {name}") for name, pairs in sections.items()}


def read_irradiance(path: Path) -> Spectrum:
    """Read an extraterrestrial solar irradiance spectrum: "wavelength in nm, irradiance" pairs, `#` comments.

    Only the shape of the spectrum matters here, so its unit is free. A name ending in ``.bz2`` is
    decompressed. Raises `AuxiliaryError` naming the file and the line.
    """
    pairs = [_pair(path, number, line) for number, line in _lines(path) if line[0] not in "#;"]
    return _spectrum(path, pairs, "irradiance")


def band_weights(response: Spectrum, irradiance: Spectrum) -> BandWeights:
    """Weights of a band at the response's own wavelengths (trapezoid rule over response x irradiance).

    Raises `AuxiliaryError` when the irradiance does not cover the response.
    """
    wavelength = response.wavelength
    if wavelength[0] < irradiance.wavelength[0] or wavelength[-1] > irradiance.wavelength[-1]:
        raise AuxiliaryError(
            f"solar irradiance covers {irradiance.wavelength[0]:g}-{irradiance.wavelength[-1]:g} nm, "
            f"the spectral response needs {wavelength[0]:g}-{wavelength[-1]:g} nm"
        )
    solar = np.interp(wavelength, irradiance.wavelength, irradiance.value)
    weight = response.value * solar * np.gradient(wavelength)
    weight[[0, -1]] *= 0.5
    return BandWeights(wavelength, weight / weight.sum())


def _band_name(label: str) -> str:
    return "B8A" if label.upper() == "8A" else f"B{int(label):02d}"


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered non-blank lines, stripped."""
    try:
        with path.open("rb") as file:
            stream = bz2.BZ2File(file) if path.suffix == ".bz2" else file
            content = stream.read(MAXIMUM_SIZE + 1)
        text = content.decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise AuxiliaryError(f"{path}: cannot be read as text: {problem}") from problem
    if len(content) > MAXIMUM_SIZE:
        raise AuxiliaryError(f"{path}: more than {MAXIMUM_SIZE} bytes: not a spectrum")
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.strip()


def _pair(path: Path, number: int, line: str) -> tuple[float, float]:
    try:
        wavelength, value = (float(word) for word in line.replace(",", " ").split())
    except ValueError as problem:
        raise AuxiliaryError(
            f"{path}: line {number}: expected 'wavelength value', found {line[:60]!r}"
        ) from problem
    if not (np.isfinite(wavelength) and np.isfinite(value) and value >= 0):
        raise AuxiliaryError(f"{path}: line {number}: value is negative or not finite: {line[:60]!r}")
    return wavelength, value


def _spectrum(path: Path, pairs: list[tuple[float, float]], what: str) -> Spectrum:
    if len(pairs) < 2:
        raise AuxiliaryError(f"{path}: {what}: fewer than two samples")
    wavelength, value = np.array(pairs).T.copy()
    if np.any(np.diff(wavelength) <= 0):
        raise AuxiliaryError(f"{path}: {what}: wavelengths do not increase")
    if not value.any():
        raise AuxiliaryError(f"{path}: {what}: every value is zero")
    return Spectrum(wavelength, value)
