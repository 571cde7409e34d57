"""Choice of the parameter files of an acquisition among all that are at hand.

A file that the datastrip says it was processed with wins, whatever its dates: reprocessed products use newer
files than those of their day. Else, among the files of a type that belong to the satellite and the band and
are valid at the date, the one that was created last wins; of files created at once, the one whose validity
began last.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ipf.auxiliary.gipp_names import ALL_BANDS, AuxiliaryName
from ipf.errors import AuxiliaryError
from ipf.product.utc import UtcTime

EXTENSIONS = (".xml", ".dbl", ".tgz", ".zip", ".txt", ".eof", "")
"""Endings of auxiliary files, in any case (empty: a folder); of several packings of a file the first wins."""
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class AuxiliaryFile:
    """An auxiliary file: its name and where it stands (a file, an archive, or a folder)."""

    name: AuxiliaryName
    path: Path


def find_auxiliary_files(sources: Path | Sequence[Path]) -> tuple[AuxiliaryFile, ...]:
    """Auxiliary files among `sources`: files, archives, and folders, searched with what is below them.

    Known by their names, sorted by them; other files are none. Nothing is opened. Raises `AuxiliaryError`
    naming a source that does not exist.
    """
    found: dict[str, AuxiliaryFile] = {}
    for source in [sources] if isinstance(sources, Path) else sources:
        if not source.exists():
            raise AuxiliaryError(
                f"{source}: does not exist, expected a folder of parameter files or one file"
            )
        for path in _paths(source):
            name = _name_of(path)
            if name is None:
                continue
            known = found.get(str(name))
            if known is None or _packing(path) < _packing(known.path):
                found[str(name)] = AuxiliaryFile(name, path)
    return tuple(found[name] for name in sorted(found))


def _paths(source: Path) -> Iterator[Path]:
    """Files and folders named as auxiliary files, in one order on every machine."""
    if not source.is_dir() or _name_of(source) is not None:
        yield source
        return
    for folder, folders, files in os.walk(source):
        packed = sorted(name for name in folders if _name_of(Path(folder, name)) is not None)
        folders[:] = sorted(set(folders) - set(packed))
        yield from (Path(folder, name) for name in sorted([*packed, *files]))


def _name_of(path: Path) -> AuxiliaryName | None:
    stem = path.name if path.is_dir() else path.stem
    if not path.is_dir() and _packing(path) == len(EXTENSIONS):
        return None
    try:
        return AuxiliaryName.parse(stem)
    except ValueError:
        return None


def _packing(path: Path) -> int:
    """Rank of the packing of a file; one that is none ranks last."""
    suffix = "" if path.is_dir() else path.suffix.lower()
    return EXTENSIONS.index(suffix) if suffix in EXTENSIONS else len(EXTENSIONS)


def choose_auxiliary_file(
    files: Sequence[AuxiliaryFile],
    file_type: str,
    satellite: str,
    date: UtcTime,
    band: str = ALL_BANDS,
    *,
    named: Collection[str] = (),
    any_date: bool = False,
) -> AuxiliaryFile:
    """The file of `file_type` (``GIP_VIEDIR``) for `satellite` (``S2A``) and `band` that is valid at `date`.

    named : names of files that are to be taken whatever their validity
    any_date : where no file is valid, take the one whose validity is nearest instead of refusing

    Raises `AuxiliaryError` saying what was looked for and what there is.
    """
    wanted = f"{file_type} of {satellite}{'' if band == ALL_BANDS else f' for {band}'} valid at {date}"
    of_type = [file for file in files if file.name.file_type == file_type]
    if not of_type:
        raise AuxiliaryError(f"no {wanted}: none of the {len(files)} parameter files is a {file_type}")
    of_satellite = [file for file in of_type if file.name.serves(satellite)]
    if not of_satellite:
        raise AuxiliaryError(f"no {wanted}: wrong satellite: {_listed(of_type)}")
    of_band = [file for file in of_satellite if (file.name.band or ALL_BANDS) == band]
    if not of_band:
        raise AuxiliaryError(f"no {wanted}: other bands only: {_listed(of_satellite)}")
    valid = [file for file in of_band if str(file.name) in named]
    valid = valid or [file for file in of_band if file.name.valid_at(date.compact)]
    if not valid and any_date:
        return min(of_band, key=lambda file: (_days_beside(file.name, date), str(file.name)))
    if not valid:
        raise AuxiliaryError(f"no {wanted}: out of validity: {_listed(of_band)}")
    return max(valid, key=lambda file: (file.name.creation, file.name.start, file.name.stop, str(file.name)))


def _days_beside(name: AuxiliaryName, date: UtcTime) -> float:
    """Days between `date` and the nearer end of the validity; infinite for an end that is no date."""
    try:
        ends = [
            datetime.strptime(end, "%Y%m%dT%H%M%S").replace(tzinfo=UTC) for end in (name.start, name.stop)
        ]
    except ValueError:
        return math.inf
    return min(abs((end - date.moment).total_seconds()) for end in ends) / 86400.0


def _listed(files: Sequence[AuxiliaryFile]) -> str:
    shown = ", ".join(str(file.name) for file in files[:_SHOWN])
    more = len(files) - _SHOWN
    return shown + (f" and {more} more" if more > 0 else "")
