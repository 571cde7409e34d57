"""From the parameter files of Level 1 to parameters of the steps, with file and element as their origin.

Only elements that a file really holds set something, so that a file of one element changes one parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ipf_plugins.geometric.read_l1b import datastrip_of_request
from ipf_plugins.geometric.task_table import DATASTRIP

from ipf.auxiliary import l1_gipp as gipps
from ipf.auxiliary.l1_gipp_files import Level1GippFile, check_serves, read_level_1_gipp
from ipf.auxiliary.l1_gipp_model import Level1Gipp, element_of
from ipf.engine import Setting, TaskRequest, TaskSettings
from ipf.product.sensor_datastrip import read_sensor_datastrip

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
FIELDS: Mapping[type[Level1Gipp], tuple[str, ...]] = {gipps.RadiometricParameters: ("saturated_count",)}
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
    files: list[Level1GippFile] = []
    idle: list[str] = []
    for file_type in sorted(kind for kind in request.inputs if kind.startswith("GIP_")):
        model = gipps.BY_FILE_TYPE.get(file_type)
        targets = [step for step in TARGETS.get(model, ()) if step in steps] if model else []
        checked = file_type in CHECKED and file_type not in used
        if model is None or not (targets or checked):
            if file_type not in (*READ_BY_STEPS, *used):
                idle.append(file_type)
            continue
        for path in request.inputs[file_type]:
            file = read_level_1_gipp(path, model)
            files.append(file)
            made = tuple(_settings(file, targets))
            settings += made
            warnings += _foreign(file)
            if not (made or checked or file.content is None):
                idle.append(file_type)
    _check_files(files, request)
    return TaskSettings(tuple(settings), tuple(warnings), tuple(file.path for file in files), tuple(idle))


def _check_files(files: Sequence[Level1GippFile], request: TaskRequest) -> None:
    """Refuse files that are not for the datastrip, unless an earlier task of the job has yet to make it."""
    if files and request.inputs.get(DATASTRIP):
        datastrip = read_sensor_datastrip(datastrip_of_request(request))
        for file in files:
            check_serves(file, datastrip.satellite, datastrip.sensing_start)


def _settings(file: Level1GippFile, steps: Iterable[str]) -> Iterator[Setting]:
    fields = None if file.content is None else FIELDS.get(type(file.content))
    for step in steps:
        for name, value in file.given.items():
            if fields is None or name in fields:
                yield Setting(step, name, value, f"{file.path}: {element_of(name)}")


def _foreign(file: Level1GippFile) -> Iterator[str]:
    if file.content is None:
        provider = file.heading.provider or "nobody"
        yield f"{file.path}: made by {provider} in a form that is not public; the defaults are used instead"
