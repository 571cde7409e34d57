"""From the parameter files of Level 1 to parameters of the steps, with file and element as their origin.

Only elements that a file really holds set something, so that a file of one element changes one parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from ipf_plugins.geometric.read_l1b import datastrip_of_request
from ipf_plugins.geometric.task_table import DATASTRIP

from ipf.auxiliary import l1_gipp as gipps
from ipf.auxiliary.l1_gipp_files import Level1GippFile, find_level_1_gipp
from ipf.auxiliary.l1_gipp_model import Level1Gipp, element_of
from ipf.engine import Setting, TaskRequest, TaskSettings
from ipf.product.sensor_datastrip import SensorDatastrip, read_sensor_datastrip

TARGETS: Mapping[type[Level1Gipp], tuple[str, ...]] = {
    gipps.ResamplingParameters: ("resample",),
    gipps.TilingParameters: ("write_tile_list",),
    gipps.MaskParameters: ("cloud_mask",),
    gipps.CloudParameters: ("cloud_candidates",),
    gipps.ConversionParameters: ("encode_pictures",),
    gipps.CodingParameters: ("encode_images", "encode_pictures"),
    gipps.EarthModelParameters: (),
    gipps.GeometricParameters: ("read_l1b", "read_datastrip"),
    gipps.InterDetectorParameters: ("resample",),
    gipps.ForecastParameters: ("tile_meteorology",),
    gipps.RadiometricParameters: ("resample",),
    gipps.AbsoluteCalibration: ("calibrate", "format_datastrip_metadata"),
}
"""Steps that have the fields of a file as parameters of the same names. The ellipsoid is only checked."""
FIELDS: Mapping[type[Level1Gipp], tuple[str, ...]] = {
    gipps.RadiometricParameters: ("saturated_count",),
    gipps.AbsoluteCalibration: ("solar_irradiance",),
}
"""Of files that other chains have a share in, the fields that are for this one."""
CHECKED = (gipps.EarthModelParameters.file_type,)
READ_BY_STEPS = ("GIP_VIEDIR", "GIP_SPAMOD")
"""Types that steps read themselves."""


def settings_of_gipps(
    request: TaskRequest, steps: Collection[str], used: Collection[str] = ()
) -> TaskSettings:
    """Settings of the parameter files among the inputs of a task, for those of its `steps` that have any.

    `used` are types that the steps see to themselves, so that they are not without effect. Raises
    `AuxiliaryError` naming file, element and what was expected, also for a file of another satellite or out
    of validity at the sensing time, where the datastrip is at hand.
    """
    settings: list[Setting] = []
    warnings: list[str] = []
    read: list[Path] = []
    idle: list[str] = []
    datastrip: SensorDatastrip | None = None
    for file_type in sorted(kind for kind, paths in request.inputs.items() if kind[:4] == "GIP_" and paths):
        model = gipps.BY_FILE_TYPE.get(file_type)
        targets = [step for step in TARGETS.get(model, ()) if step in steps] if model else []
        checked = file_type in CHECKED and file_type not in used
        if model is None or not (targets or checked):
            if file_type not in (*READ_BY_STEPS, *used):
                idle.append(file_type)
            continue
        datastrip = datastrip or _datastrip(request)
        serving = None if datastrip is None else (datastrip.satellite, datastrip.sensing_start)
        file = find_level_1_gipp(request.inputs[file_type], model, serving)
        if file is None:
            warnings.append(f"{file_type}: which of several files is taken is known once {DATASTRIP} is made")
            continue
        made = tuple(_settings(file, targets))
        read.append(file.path)
        settings += made
        warnings += file.doubts
        if not (made or checked or file.content is None):
            idle.append(file_type)
    return TaskSettings(tuple(settings), tuple(warnings), tuple(read), tuple(idle))


def _datastrip(request: TaskRequest) -> SensorDatastrip | None:
    """The datastrip that files must be for; None where an earlier task of the job has yet to make it."""
    if not request.inputs.get(DATASTRIP):
        return None
    return read_sensor_datastrip(datastrip_of_request(request))


def _settings(file: Level1GippFile, steps: Iterable[str]) -> Iterator[Setting]:
    fields = None if file.content is None else FIELDS.get(type(file.content))
    for step in steps:
        for name, value in file.given.items():
            if fields is None or name in fields:
                yield Setting(step, name, value, f"{file.path}: {element_of(name)}")
