"""A generated calibration on disk, small enough for tests: a few bands and detectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ipf_auxdata.gipp.radiometry import radiometric_files

from ipf.auxiliary.gipp_choice import find_auxiliary_files
from ipf.auxiliary.radiometric_calibration import CalibrationFiles
from ipf.product.utc import UtcTime

DATE = UtcTime.parse("2020-08-16T12:02:20Z")


def write_set(folder: Path, bands: Sequence[str], detectors: Sequence[int] = (1, 2)) -> CalibrationFiles:
    """Files of S2A below `folder`, to choose from."""
    for name, content in radiometric_files("S2A", bands, detectors):
        (folder / name).write_bytes(content)
    return files_in(folder)


def files_in(folder: Path, satellite: str = "S2A", date: UtcTime = DATE) -> CalibrationFiles:
    """The files below `folder`."""
    return CalibrationFiles(find_auxiliary_files(folder), satellite, date)


def path_of(folder: Path, file_type: str, band: str = "B00") -> Path:
    """The only file of a type and band."""
    (path,) = folder.glob(f"*{file_type}*_{band}.xml")
    return path


def change(path: Path, before: str, after: str) -> None:
    """Change the first place of a text that must be there."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
