"""The radiometric calibration of a band: the right parameter files, chosen, read, and put together.

Steps that come after the removal of blind pixels see narrower lines: response, shifts and defects are given
for these, dark signal and on-board equalization for raw lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from ipf.auxiliary import (
    blind_pixels,
    crosstalk,
    defective_pixels,
    ground_equalization,
    onboard_equalization,
    swir_arrangement,
)
from ipf.auxiliary.blind_pixels import BlindDetector, BlindPixels
from ipf.auxiliary.gipp_choice import AuxiliaryFile, choose_auxiliary_file
from ipf.auxiliary.gipp_names import ALL_BANDS
from ipf.auxiliary.l1_gipp import RadiometricParameters
from ipf.auxiliary.l1_gipp_files import read_level_1_gipp
from ipf.auxiliary.l1_gipp_radiometry import BinningFilter
from ipf.auxiliary.pixel_coefficients import raw_pixels
from ipf.errors import AuxiliaryError
from ipf.product.bands import BY_NAME
from ipf.product.utc import UtcTime
from ipf.radiometry.calibration import (
    BandCalibration,
    BilinearResponse,
    Binning,
    BlindColumns,
    CubicResponse,
    Defects,
    LineShifts,
    Response,
)

Content = TypeVar("Content")
BINNED = 60
"""Pixel size of bands that are taken with three pixels across the track for each of theirs, in metres."""


@dataclass(frozen=True, slots=True)
class CalibrationFiles:
    """Parameter files to choose from, for a satellite (``S2A``) at a time."""

    files: Sequence[AuxiliaryFile]
    satellite: str
    date: UtcTime

    def read(self, file_type: str, reader: Callable[[Path], Content], band: str = ALL_BANDS) -> Content:
        """The file of a type, for `band` where there is one for each; `AuxiliaryError` where none serves."""
        path = choose_auxiliary_file(self.files, file_type, self.satellite, self.date, band).path
        content = reader(path)
        stated = getattr(content, "band", band)
        if band not in (ALL_BANDS, stated):
            raise AuxiliaryError(f"{path}: BAND_ID is that of {stated}, expected that of {band}")
        return content

    def has(self, file_type: str) -> bool:
        """Whether there is any file of a type."""
        return any(file.name.file_type == file_type for file in self.files)


def read_band_calibration(
    files: CalibrationFiles,
    band: str,
    detectors: Sequence[int],
    tdi: str,
    switches: RadiometricParameters,
    table: str = onboard_equalization.NEW,
) -> Mapping[int, BandCalibration]:
    """Corrections of a band by detector, without those that `switches` leave out.

    tdi : ``NO_TDI`` or ``APPLIED``, as the datastrip says for the band
    table : on-board table that the datastrip was taken with

    Raises `AuxiliaryError` for a file that is missing, of another satellite or out of validity, and one that
    names file and detector for a detector that is not there.
    """
    blind = files.read(blind_pixels.FILE_TYPE, blind_pixels.read_blind_pixels)
    ground = files.read(ground_equalization.FILE_TYPE, ground_equalization.read_ground_equalization, band)
    equal = _of_detectors(ground.of(tdi), detectors, ground.source)
    onboard = None
    if switches.onboard_equalization:
        read = onboard_equalization.read_onboard_equalization
        tables = files.read(onboard_equalization.FILE_TYPE, read, band)
        onboard = _of_detectors(tables.of(table), detectors, tables.source)
    shifts = _line_shifts(files, band, detectors, switches)
    defects = None
    if switches.defective_pixels:
        defects = files.read(defective_pixels.FILE_TYPE, defective_pixels.read_defective_pixels)
    binning = _binning(files, band, switches)
    calibrations = {}
    for detector in detectors:
        columns = _blind_columns(blind, band, detector)
        seeing = np.setdiff1d(np.arange(raw_pixels(band)), np.array(columns.every, np.int64))
        own = shifts.get(detector)
        calibrations[detector] = BandCalibration(
            band=band,
            detector=detector,
            equalization=onboard[detector] if onboard else None,
            dark=equal[detector].dark if switches.dark_signal else None,
            blind=columns,
            response=_without_blind(equal[detector].response, seeing) if switches.relative_response else None,
            line_shifts=None if own is None else replace(own, shifts=own.shifts[seeing]),
            defects=_defects(defects, band, detector, seeing),
            binning=binning,
        )
    return calibrations


def _of_detectors(
    found: Mapping[int, Content], detectors: Sequence[int], source: str
) -> Mapping[int, Content]:
    missing = [f"{detector:02d}" for detector in detectors if detector not in found]
    if missing:
        raise AuxiliaryError(f"{source}: COEFFICIENTS: no detector_id {', '.join(missing)}")
    return found


def _blind_columns(blind: BlindPixels, band: str, detector: int) -> BlindColumns:
    """Columns of both ends. Their offset is a plain mean: NORMALIZATION_COEF is half the number of blind
    pixels in operational files, which does not go with any public description of it, and is left aside.
    """
    found: BlindDetector | None = blind.detectors.get((band, detector))
    if found is None:
        raise AuxiliaryError(f"{blind.source}: BAND {band}: no detector_id {detector:02d}")
    valid = (*found.left.valid, *found.right.valid)
    every = (*valid, *found.left.non_valid, *found.right.non_valid)
    if max(every) >= raw_pixels(band):
        raise AuxiliaryError(
            f"{blind.source}: BAND {band}, detector {detector:02d}: pixel {max(every)}, expected less than"
            f" {raw_pixels(band)}"
        )
    return BlindColumns(tuple(sorted(valid)), tuple(sorted(every)))


def _without_blind(response: Response, seeing: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Response:
    if isinstance(response, CubicResponse):
        return CubicResponse(response.a[seeing], response.b[seeing], response.c[seeing])
    return BilinearResponse(response.a1[seeing], response.a2[seeing], response.zs[seeing])


def _line_shifts(
    files: CalibrationFiles, band: str, detectors: Sequence[int], switches: RadiometricParameters
) -> Mapping[int, LineShifts]:
    if not switches.swir_rearrangement or band not in swir_arrangement.STEPS:
        return {}
    content = files.read(swir_arrangement.FILE_TYPE, swir_arrangement.read_swir_arrangement)
    found = {detector: content.of(band, detector) for detector in detectors}
    missing = [f"{detector:02d}" for detector, own in found.items() if own is None]
    if missing:
        raise AuxiliaryError(f"{content.source}: SWIR_BAND of {band}: no detector_id {', '.join(missing)}")
    return {detector: own for detector, own in found.items() if own is not None}


def _defects(
    content: defective_pixels.DefectivePixels | None,
    band: str,
    detector: int,
    seeing: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> Defects | None:
    """Defects as columns without blind pixels; those among the blind ones are of no use anyway."""
    if content is None:
        return None
    columns = np.flatnonzero(np.isin(seeing, content.of(band, detector)))
    return Defects(tuple(columns.tolist()), content.filter_of(band)) if columns.size else None


def _binning(files: CalibrationFiles, band: str, switches: RadiometricParameters) -> Binning | None:
    """The kernel of the file, or of this project where there is none."""
    if not switches.binning or BY_NAME[band].resolution != BINNED:
        return None
    kernel = BinningFilter()
    if files.has(kernel.file_type):
        found = files.read(kernel.file_type, lambda path: read_level_1_gipp(path, BinningFilter))
        kernel = found.content if isinstance(found.content, BinningFilter) else kernel
    weights = np.array(kernel.kernel, np.float32).reshape(kernel.lines, kernel.columns)
    return Binning(weights, kernel.factor)


def read_leaks(files: CalibrationFiles, switches: RadiometricParameters) -> Mapping[str, Mapping[str, float]]:
    """Shares of other bands that are to be subtracted from each band; none where both kinds are left out."""
    if not (switches.crosstalk_optical or switches.crosstalk_electronic):
        return {}
    content = files.read(crosstalk.FILE_TYPE, crosstalk.read_crosstalk)
    return content.leaks(switches.crosstalk_optical, switches.crosstalk_electronic)
