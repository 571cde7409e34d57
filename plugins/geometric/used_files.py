"""The auxiliary files that a datastrip was processed with, as its metadata name them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ipf.auxiliary.gipp_choice import AuxiliaryFile, choose_auxiliary_file, find_auxiliary_files
from ipf.auxiliary.gipp_names import ALL_BANDS
from ipf.auxiliary.iers_bulletin import TAI_MINUS_GPS, read_iers_bulletin
from ipf.engine import TaskRequest
from ipf.errors import AuxiliaryError
from ipf.product.metadata import AuxiliaryData, CamsReference, EarthRotation, Gipp
from ipf.product.utc import UtcTime

PARAMETER_FILES = "GIP_"
DEM_TYPES = ("DEM_SRTM", "DEM_GLOBE", "DEM")
_CAMS_KINDS = {"CAMSFO": "FORECAST", "CAMSAN": "ANALYSIS", "CAMSRE": "REANALYSIS"}


def with_used_files(
    auxiliary: AuxiliaryData, request: TaskRequest, satellite: str, sensed: UtcTime
) -> AuxiliaryData:
    """Auxiliary data of Level 1B, with what the inputs of a task name.

    Parameter files of a type that is among the inputs are replaced by those, all are sorted by type and name;
    of several of a type and band, by the one that serves `satellite` at the time `sensed`. The Earth's
    orientation is that of the bulletin of the inputs at this time, where there is one.
    """
    used = replace(auxiliary, gipps=_parameter_files(auxiliary, request, satellite, sensed))
    dem, ecmwf = request.find_input(*DEM_TYPES), request.find_input("ECMWF")
    cams, iers = request.find_input("CAMS"), request.find_input("IERS")
    if dem is not None:
        used = replace(used, dem=_name(dem))
    if ecmwf is not None:
        used = replace(used, ecmwf=_name(ecmwf))
    if cams is not None:
        used = replace(used, cams=_cams(_name(cams)))
    return used if iers is None else _with_bulletin(used, iers, sensed)


def _parameter_files(
    auxiliary: AuxiliaryData, request: TaskRequest, satellite: str, sensed: UtcTime
) -> tuple[Gipp, ...]:
    known: Mapping[str, Gipp] = {gipp.name: gipp for gipp in auxiliary.gipps}
    given = {
        kind: [known.get(name, Gipp(name, kind, None)) for name in _names(paths, known, satellite, sensed)]
        for kind, paths in request.inputs.items()
        if kind.startswith(PARAMETER_FILES) and paths
    }
    kept = [gipp for gipp in auxiliary.gipps if gipp.kind not in given]
    everything = {gipp.name: gipp for gipp in (*kept, *(each for found in given.values() for each in found))}
    return tuple(sorted(everything.values(), key=lambda gipp: (gipp.kind, gipp.name)))


def _names(paths: Sequence[Path], known: Collection[str], satellite: str, sensed: UtcTime) -> Iterator[str]:
    """Names of parameter files of one type: of each band the one that serves, or those of the paths.

    Files that the datastrip names, `known`, serve whatever their validity. A band of which none serves has
    all that are there.
    """
    alike: dict[tuple[str, str], list[AuxiliaryFile]] = {}
    for path in paths:
        found = find_auxiliary_files(path)
        for file in found:
            alike.setdefault((file.name.file_type, file.name.band or ALL_BANDS), []).append(file)
        if not found:
            yield _name(path)
    for (file_type, band), files in alike.items():
        try:
            yield str(choose_auxiliary_file(files, file_type, satellite, sensed, band, named=known).name)
        except AuxiliaryError:
            yield from (str(file.name) for file in files)


def _name(path: Path) -> str:
    """Name of an auxiliary file or folder without extension; of one in a folder of its own, the file's."""
    found = find_auxiliary_files(path)
    if len(found) == 1:
        return str(found[0].name)
    return path.name if path.is_dir() else path.stem


def _cams(name: str) -> CamsReference:
    kinds = [kind for code, kind in _CAMS_KINDS.items() if code in name]
    return CamsReference(name, kinds[0] if kinds else _CAMS_KINDS["CAMSFO"])


def _with_bulletin(auxiliary: AuxiliaryData, bulletin: Path, sensed: UtcTime) -> AuxiliaryData:
    earth = read_iers_bulletin(bulletin).at(sensed)
    rotation = EarthRotation(
        earth.ut1_minus_utc, earth.gps_minus_utc, -TAI_MINUS_GPS, earth.pole_x, earth.pole_y
    )
    return replace(auxiliary, iers_bulletin=_name(bulletin), earth_rotation=rotation)
