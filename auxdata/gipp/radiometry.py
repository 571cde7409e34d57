"""Makes the calibration of an instrument like S2A or S2B: ``python -m ipf_auxdata.gipp.radiometry FOLDER``.

Nobody's calibration: sizes are those that are published of the instruments, what differs from pixel to pixel
is drawn from random numbers of a fixed seed. Raw data that are simulated with these files are to be
corrected with them; real data are not. Running it twice gives the same bytes.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ipf_auxdata.gipp.generate import DATES

from ipf.atomic import write_bytes
from ipf.auxiliary import (
    blind_pixels,
    crosstalk,
    defective_pixels,
    ground_equalization,
    onboard_equalization,
    swir_arrangement,
)
from ipf.auxiliary.blind_pixels import BlindDetector, BlindPixels, BlindSide
from ipf.auxiliary.crosstalk import Crosstalk
from ipf.auxiliary.defective_pixels import BLIND, SATURATED, DefectivePixels
from ipf.auxiliary.gipp_documents import GippHeading
from ipf.auxiliary.gipp_names import ALL_BANDS, AuxiliaryName
from ipf.auxiliary.ground_equalization import DetectorEqualization, GroundEqualization
from ipf.auxiliary.onboard_equalization import NEW, OnboardTables
from ipf.auxiliary.pixel_coefficients import raw_pixels
from ipf.auxiliary.swir_arrangement import STEPS, SwirArrangement
from ipf.auxiliary.viewing_directions import APPLIED, NO_TDI
from ipf.product.bands import BAND_NAMES, BY_NAME, DETECTORS
from ipf.radiometry.calibration import (
    SUBLINES,
    BilinearResponse,
    CubicResponse,
    DarkSignal,
    OnboardEqualization,
    Response,
)
from ipf.radiometry.corrections import shift_weights

SATELLITES = ("S2A", "S2B")
WITH_TDI = ("B03", "B04", "B11", "B12")
DARK = 440.0, 522.0
"""Least and largest dark level of a band, counts (data quality reports of the mission)."""
PEDESTAL = 50.0
"""Counts that the instrument leaves of the dark level, so that no count is 0 (blind columns of raw data)."""
RESPONSE = 1.0, 1.2
"""Least and largest factor of the response (operational files as their public readers tell)."""
BEND = 0.005
"""Departure of the response from a straight line over `FULL` counts: choice of this project."""
FULL = 2000.0
KNEE = 600.0, 1400.0
"""Counts above dark where slopes change: choice of this project."""
ONBOARD_SLOPES = 1.005, 0.995
"""Of the tables of S2B, nearly (operational files as their public readers tell)."""
LEAK = 0.002
"""Share of the signal of the next band on the focal plane: our choice; operational ones reach 0.004."""
DEFECTS = {"B10": 2, "B11": 3, "B12": 1}
"""Defective pixels by band; those of B11 and B12 as on S2C (as public readers tell), B10: our choice."""
ALONG_TRACK = {
    "VNIR": ("B02", "B08", "B03", "B04", "B05", "B06", "B07", "B8A", "B01", "B09"),
    "SWIR": ("B10", "B11", "B12"),
}
"""Order of the bands on their focal planes."""
BLIND_PIXELS = {10: (16, 4), 20: (6, 4), 60: (6, 4)}
"""Blind pixels at each end by pixel size: those to be used, from the very end, and the others."""
_SEED = 2015_06_22

Row = npt.NDArray[np.float64]


def radiometric_files(
    satellite: str, bands: Sequence[str] = BAND_NAMES, detectors: Sequence[int] = DETECTORS
) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a satellite's files; those of single bands for `bands` and `detectors` only."""
    name, heading = _named(satellite, blind_pixels.FILE_TYPE)
    yield name, blind_pixels.blind_pixels_document(_blind_pixels(heading))
    name, heading = _named(satellite, crosstalk.FILE_TYPE)
    yield name, crosstalk.crosstalk_document(_crosstalk(heading, satellite))
    name, heading = _named(satellite, swir_arrangement.FILE_TYPE)
    yield name, swir_arrangement.swir_arrangement_document(_arrangement(heading, satellite))
    name, heading = _named(satellite, defective_pixels.FILE_TYPE)
    yield name, defective_pixels.defective_pixels_document(_defects(heading, satellite))
    for band in bands:
        ground = {detector: _equalization(satellite, band, detector) for detector in detectors}
        name, heading = _named(satellite, ground_equalization.FILE_TYPE, band)
        lists = {APPLIED if band in WITH_TDI else NO_TDI: ground}
        content = GroundEqualization(heading, band, lists)
        yield name, ground_equalization.ground_equalization_document(content)
        name, heading = _named(satellite, onboard_equalization.FILE_TYPE, band)
        table = {detector: _onboard(satellite, band, detector, ground[detector]) for detector in detectors}
        tables = OnboardTables(heading, band, {NEW: table})
        yield name, onboard_equalization.onboard_equalization_document(tables)


def _named(satellite: str, file_type: str, band: str = ALL_BANDS) -> tuple[str, GippHeading]:
    name = AuxiliaryName(satellite, "OPER", file_type, "IPF_", *DATES, band)
    return f"{name}.xml", GippHeading.of_name(name)


def _random(satellite: str, band: str, detector: int, what: int) -> np.random.Generator:
    identifier = BY_NAME[band].identifier
    return np.random.default_rng([_SEED, ord(satellite[-1]), identifier, detector, what])


def _blind_pixels(heading: GippHeading) -> BlindPixels:
    """Blind pixels as in operational files: 20 at each end of 10 m lines, 10 of the others."""
    numbers: dict[str, int] = {}
    detectors = {}
    for band in BAND_NAMES:
        pixels, (valid, others) = raw_pixels(band), BLIND_PIXELS[BY_NAME[band].resolution]
        left = BlindSide(tuple(range(valid)), tuple(range(valid, valid + others)))
        right = BlindSide(
            tuple(range(pixels - valid, pixels)), tuple(range(pixels - valid - others, pixels - valid))
        )
        numbers[band] = 2 * (valid + others)
        for detector in DETECTORS:
            detectors[band, detector] = BlindDetector(float(valid + others), left, right)
    return BlindPixels(heading, numbers, detectors)


def _crosstalk(heading: GippHeading, satellite: str) -> Crosstalk:
    """No light of other bands; signal of those on the focal plane, a quarter of it for each one further."""
    electrical = np.zeros((len(BAND_NAMES), len(BAND_NAMES)))
    for order in ALONG_TRACK.values():
        for receiver, band in enumerate(order):
            share = LEAK * _random(satellite, band, 0, 0).uniform(0.5, 1.0)
            for giver, other in enumerate(order):
                if giver != receiver:
                    weaker = share / 4.0 ** (abs(giver - receiver) - 1)
                    electrical[BY_NAME[band].identifier, BY_NAME[other].identifier] = round(weaker, 6)
    return Crosstalk(heading, np.zeros_like(electrical), electrical)


def _arrangement(heading: GippHeading, satellite: str) -> SwirArrangement:
    """Runs of columns of one line, some tens of pixels long."""
    shifts = {}
    for band in STEPS:
        for detector in DETECTORS:
            random = _random(satellite, band, detector, 1)
            runs = random.integers(-1, 2, raw_pixels(band)), random.integers(10, 60, raw_pixels(band))
            shifts[band, detector] = np.repeat(*runs)[: raw_pixels(band)].astype(np.int8)
    return SwirArrangement(heading, shifts, np.ascontiguousarray(shift_weights(STEPS["B10"])[2]))


def _defects(heading: GippHeading, satellite: str) -> DefectivePixels:
    columns: dict[tuple[str, int], dict[str, tuple[int, ...]]] = {}
    for band, number in DEFECTS.items():
        random = _random(satellite, band, 0, 2)
        for _ in range(number):
            detector, kind = int(random.integers(1, 13)), (SATURATED, BLIND)[int(random.integers(2))]
            column = int(random.integers(20, raw_pixels(band) - 20))
            kinds = columns.setdefault((band, detector), {})
            kinds[kind] = tuple(sorted({*kinds.get(kind, ()), column}))
    return DefectivePixels(heading, columns, {})


def _equalization(satellite: str, band: str, detector: int) -> DetectorEqualization:
    pixels, random = raw_pixels(band), _random(satellite, band, detector, 3)
    middle = _random(satellite, band, 0, 3).uniform(DARK[0] + 6, DARK[1] - 6)
    own = middle + random.uniform(-3, 3) + random.uniform(-1, 1, pixels)
    cycle = random.uniform(-0.4, 0.4, SUBLINES[BY_NAME[band].resolution])
    levels = np.round(own + cycle[:, np.newaxis], 2).astype(np.float32)
    return DetectorEqualization(DarkSignal(levels), _response(band, random, pixels))


def _response(band: str, random: np.random.Generator, pixels: int) -> Response:
    """Factors that follow the width of the detector smoothly, with some pixel noise on them."""
    across = np.linspace(-1.0, 1.0, pixels)
    smooth = random.uniform(0.01, 0.04) * np.cos(math.pi * (across - random.uniform(-1, 1)))
    factor = np.clip(sum(RESPONSE) / 2 + smooth + random.uniform(-0.012, 0.012, pixels), *RESPONSE)
    bend = random.uniform(-BEND, BEND) * random.uniform(0.9, 1.1, pixels)
    if band in ALONG_TRACK["SWIR"]:
        knee = random.uniform(*KNEE) + random.uniform(-50, 50, pixels)
        return BilinearResponse(_rounded(factor, 5), _rounded(factor * (1 + 2 * bend), 5), _rounded(knee, 1))
    curve = random.uniform(-BEND, BEND) * random.uniform(0.9, 1.1, pixels)
    return CubicResponse(
        a=_rounded(factor * curve / FULL**2, 13), b=_rounded(factor * bend / FULL, 10), c=_rounded(factor, 5)
    )


def _onboard(satellite: str, band: str, detector: int, ground: DetectorEqualization) -> OnboardEqualization:
    pixels, random = raw_pixels(band), _random(satellite, band, detector, 4)
    a1, a2 = (slope + random.uniform(-0.002, 0.002, pixels) for slope in ONBOARD_SLOPES)
    knee = random.uniform(*KNEE) + random.uniform(-50, 50, pixels)
    dark = ground.dark.levels.mean(axis=0, dtype=np.float64) - PEDESTAL
    # Whole counts, as a converter's are: what is left of the dark levels has every fraction, and no bias.
    return OnboardEqualization(_rounded(a1, 5), _rounded(a2, 5), _rounded(knee, 1), _rounded(dark, 0))


def _rounded(values: Row, decimals: int) -> npt.NDArray[np.float32]:
    return np.round(values, decimals).astype(np.float32)


def main() -> None:
    """Write the files of the satellites that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m ipf_auxdata.gipp.radiometry", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder for the files")
    parser.add_argument("--satellite", action="append", choices=SATELLITES, help="S2A and S2B by default")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for satellite in arguments.satellite or SATELLITES:
        for name, content in radiometric_files(satellite):
            write_bytes(arguments.folder / name, content)


if __name__ == "__main__":
    main()
