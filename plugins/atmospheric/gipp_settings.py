"""From Sen2Cor's parameter files to parameters of the steps, with the file and the field as their origin.

Only fields that a file really holds set something, so that a file of one changed field changes one parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ipf_plugins.atmospheric.gipp_table import NOTHING, TARGETS, WITHOUT_EFFECT

from ipf.atmosphere.atm_layout import aot_of_visibility
from ipf.auxiliary.l2a_gipp import FILE_TYPES, GippFile, read_gipp_of_type
from ipf.auxiliary.l2a_gipp_calibration import SceneClassificationCalibration
from ipf.auxiliary.l2a_gipp_configuration import Configuration
from ipf.engine import Setting, TaskSettings

AnyGipp = GippFile[Any]

MAPS = {
    "Snow_Map": "snow_climatology",
    "ESACCI_WaterBodies_Map": "water_bodies",
    "ESACCI_LandCover_Map": "land_cover",
    "ESACCI_SnowCondition_Map_Dir": "snow_condition",
}
"""Parameter of `class_maps` by the field that names a map."""
MAP_FOLDER = "aux_data"
"""Folder of the maps in an installation of Sen2Cor."""
NONE = "NONE"


def settings_of_inputs(inputs: Mapping[str, Sequence[Path]]) -> TaskSettings:
    """Settings of the parameter files among the inputs of a job order, paths by file type.

    Raises `AuxiliaryError` naming file, field, value and range (see `ipf.auxiliary.l2a_gipp`).
    """
    files = [
        read_gipp_of_type(path, file_type) for file_type in FILE_TYPES for path in inputs.get(file_type, ())
    ]
    return settings_of_gipps(files)


def settings_of_gipps(files: Iterable[AnyGipp]) -> TaskSettings:
    """Settings of parameter files; where two set one parameter, the later file wins.

    Warnings name what was not understood, and fields that differ from their default without doing anything.
    """
    read = tuple(files)
    settings: list[Setting] = []
    warnings: list[str] = []
    for file in read:
        warnings += file.notes
        settings += _by_table(file)
        warnings += _without_effect(file)
        if isinstance(file.content, Configuration):
            settings += _ground_and_aerosol(file)
            warnings += _choices_of_sen2cor(file)
        elif isinstance(file.content, SceneClassificationCalibration):
            settings += _maps(file)
            warnings += _missing_maps(file)
    return TaskSettings(tuple(settings), tuple(warnings), tuple(file.path for file in read))


def _by_table(file: AnyGipp) -> Iterator[Setting]:
    """Settings that one field alone makes."""
    for field, targets in TARGETS[type(file.content)].items():
        if field not in file.content.model_fields_set:
            continue
        for target in targets:
            value = target.convert(getattr(file.content, field))
            if value is not NOTHING:
                yield Setting(target.step, target.parameter, value, _origin(file, field))


def _without_effect(file: AnyGipp) -> Iterator[str]:
    """Lines on fields that were changed in vain."""
    for field, reason in WITHOUT_EFFECT[type(file.content)].items():
        if _changed(file, field):
            yield _in_vain(file, field, reason)


def _ground_and_aerosol(file: GippFile[Configuration]) -> Iterator[Setting]:
    """Elevation model, else elevation of the ground; and visibility where that is not retrieved.

    A path that is not absolute counts from the folder of the file or from the one above, Sen2Cor's home.
    """
    content, given = file.content, file.content.model_fields_set
    if "DEM_Directory" in given and content.DEM_Directory != NONE:
        folder = _beside(file.path, content.DEM_Directory)
        yield Setting("elevation", "dem", folder, _origin(file, "DEM_Directory"))
    elif "Altitude" in given:
        metres = 1000.0 * content.Altitude
        yield Setting("atmospheric_state", "ground_elevation", metres, _origin(file, "Altitude"))
    if "VIS_Update_Mode" in given and content.VIS_Update_Mode == 0:
        aot = round(float(aot_of_visibility(content.Visibility, content.Altitude)), 4)
        origin = _origin(file, "Visibility")
        yield Setting("atmospheric_state", "aerosol_optical_thickness", aot, origin)


def _choices_of_sen2cor(file: GippFile[Configuration]) -> Iterator[str]:
    """Lines on choices that mean less here."""
    content = file.content
    if content.VIS_Update_Mode == 1 and _changed(file, "Visibility"):
        yield _in_vain(file, "Visibility", "the retrieval needs no start value (VIS_Update_Mode 1)")
    if content.DEM_Directory != NONE and _changed(file, "Altitude"):
        yield _in_vain(file, "Altitude", "the elevation model has the elevation")
    if content.WV_Correction > 1:
        seen = "Sentinel-2 sees the water vapour at 940 nm alone"
        yield f"{file.path}: WV_Correction = {content.WV_Correction}: {seen}"


def _maps(file: GippFile[SceneClassificationCalibration]) -> Iterator[Setting]:
    """Maps that are there."""
    for field, parameter in MAPS.items():
        path = _map_path(file, field)
        if field in file.content.model_fields_set and path.exists():
            yield Setting("class_maps", parameter, path, _origin(file, field))


def _missing_maps(file: GippFile[SceneClassificationCalibration]) -> Iterator[str]:
    """Lines on maps that are named, by another name than Sen2Cor's own, and are not there."""
    for field in MAPS:
        if _changed(file, field) and not _map_path(file, field).exists():
            yield _in_vain(file, field, "there is no such map; the scene is classified without it")


def _map_path(file: GippFile[SceneClassificationCalibration], field: str) -> Path:
    name = getattr(file.content, field)
    place = _beside(file.path, name)
    return place if place.exists() else _beside(file.path, f"{MAP_FOLDER}/{name}")


def _beside(file: Path, name: str) -> Path:
    """`name` as a path: absolute, in the folder of `file` where it is there, else in the one above."""
    here = file.absolute().parent
    return here / name if (here / name).exists() else here.parent / name


def _changed(file: AnyGipp, field: str) -> bool:
    """Whether a file holds a field with another value than the default."""
    default = type(file.content).model_fields[field].default
    return field in file.content.model_fields_set and getattr(file.content, field) != default


def _in_vain(file: AnyGipp, field: str, reason: str) -> str:
    value = getattr(file.content, field)
    stated = "" if isinstance(value, tuple) else f" = {value}"
    return f"{file.path}: {field}{stated}: without effect: {reason}"


def _origin(file: AnyGipp, field: str) -> str:
    return f"{file.path}: {field}"
