"""The auxiliary files that a datastrip was processed with, as its metadata name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ipf.auxiliary.gipp_choice import find_auxiliary_files
from ipf.auxiliary.iers_bulletin import TAI_MINUS_GPS, read_iers_bulletin
from ipf.engine import TaskRequest
from ipf.product.metadata import AuxiliaryData, CamsReference, EarthRotation, Gipp
from ipf.product.utc import UtcTime

PARAMETER_FILES = "GIP_"
DEM_TYPES = ("DEM_SRTM", "DEM_GLOBE", "DEM")
_CAMS_KINDS = {"CAMSFO": "FORECAST", "CAMSAN": "ANALYSIS", "CAMSRE": "REANALYSIS"}


def with_used_files(auxiliary: AuxiliaryData, request: TaskRequest, sensed: UtcTime) -> AuxiliaryData:
    """Auxiliary data of Level 1B, with what the inputs of a task name.

    Parameter files of a type that is among the inputs are replaced by those, all are sorted by type and name.
    The Earth's orientation is that of the bulletin of the inputs at the time `sensed`, where there is one.
    """
    used = replace(auxiliary, gipps=_parameter_files(auxiliary, request))
    dem, ecmwf = request.find_input(*DEM_TYPES), request.find_input("ECMWF")
    cams, iers = request.find_input("CAMS"), request.find_input("IERS")
    if dem is not None:
        used = replace(used, dem=_name(dem))
    if ecmwf is not None:
        used = replace(used, ecmwf=_name(ecmwf))
    if cams is not None:
        used = replace(used, cams=_cams(_name(cams)))
    return used if iers is None else _with_bulletin(used, iers, sensed)


def _parameter_files(auxiliary: AuxiliaryData, request: TaskRequest) -> tuple[Gipp, ...]:
    known: Mapping[str, Gipp] = {gipp.name: gipp for gipp in auxiliary.gipps}
    given = {
        kind: [known.get(name, Gipp(name, kind, None)) for path in paths for name in _names(path)]
        for kind, paths in request.inputs.items()
        if kind.startswith(PARAMETER_FILES) and paths
    }
    kept = [gipp for gipp in auxiliary.gipps if gipp.kind not in given]
    everything = {gipp.name: gipp for gipp in (*kept, *(each for found in given.values() for each in found))}
    return tuple(sorted(everything.values(), key=lambda gipp: (gipp.kind, gipp.name)))


def _names(path: Path) -> Iterator[str]:
    """Names of the parameter files at a path: itself, or those of official names that a folder holds."""
    found = [str(file.name) for file in find_auxiliary_files(path)]
    yield from found or (_name(path),)


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
