"""Step `update_location`: places of granules before radiometry, frames and outline of the datastrip.

UPDATE_LOC. Footprint, centre, and angles of satellite and sun of every granule are computed anew, without
corrections of refinement. The metadata of the datastrip are passed on; where IERS_DATA_INGESTION is true,
with the Earth orientation of the bulletin among the inputs, and its name, in place of its own.

Public descriptions settle the files of this task, not its equations. What they leave open is not guessed:
times of lines are those of the datastrip (Time_Stamp), which DATATI and the datation scenario of PRDLOC are
held against, for what DELTA_ON_T0 counts from is not told; lines to cut of PRDLOC are written into the frames
and cut nothing, for granules are given cut; headers of the datastrip's own Geometric_Header_List, on a
virtual line across the track, and its quality indicators, which need the telemetry (PDI_SAD), are passed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ipf_plugins.geometric.locate_granules import (
    Inputs,
    LocationParameters,
    granule_file,
    missing_of,
    name_of,
    notes_of,
    write_granules,
)
from ipf_plugins.geometric.located_granules import GranuleChoice, granules_to_locate
from ipf_plugins.geometric.read_l1b import datastrip_of_request
from ipf_plugins.geometric.sensor_scene import SensorScene
from ipf_plugins.geometric.strip_footprint import FOOTPRINT_TYPE, identifier_of, images_of
from ipf_plugins.geometric.task_table import INGESTION
from ipf_plugins.geometric.terrain_footprint import rings_of_scene
from lxml import etree

from ipf.atomic import write_bytes
from ipf.auxiliary import datation_model, processing_location
from ipf.auxiliary.archives import read_auxiliary
from ipf.auxiliary.datation_model import DatationModel, read_datation_model
from ipf.auxiliary.processing_location import ProcessingLocation, read_processing_location
from ipf.engine import Context, Findings, PlannedFile, SinkStep, TaskRequest, Written
from ipf.errors import AuxiliaryError, OutputError
from ipf.geometry.acquisition import EarthOrientation, SensorKey
from ipf.geometry.footprints import area_of_ring
from ipf.product.bands import BY_NAME
from ipf.product.footprint_vector import write_footprint
from ipf.product.frame_file import Frame, Frames, write_frames
from ipf.product.sensor_datastrip import ROOTS, SensorDatastrip
from ipf.product.sensor_sections import gps_text
from ipf.product.xml_builder import text_of
from ipf.product.xml_nodes import Node

DATASTRIP, FRAMES = "PDI_DS", "FRAME_FILE"
_BULLETIN = "Auxiliary_Data_Info/IERS_Bulletin"
_BULLETIN_NAME = "Auxiliary_Data_Info/IERS_BULLETIN_FILENAME"
_TIMES = "Image_Data_Info/Sensor_Configuration/Time_Stamp"
LARGEST_DRIFT_M = 1.0
"""What another line period may move the last line of a datastrip by without a warning: a tenth of a pixel."""


@dataclass(frozen=True, slots=True)
class GivenModels:
    """Parameter files of datation and cutting, where the job order names any."""

    datation: DatationModel | None
    cutting: ProcessingLocation | None


class Planned(NamedTuple):
    """Files of the datastrip to write, and the two of its frames and outline."""

    datastrip: tuple[tuple[Path, PlannedFile], ...]
    frames: PlannedFile
    outline: PlannedFile


def given_models(request: TaskRequest, datastrip: SensorDatastrip) -> GivenModels:
    """Read DATATI and PRDLOC; AuxiliaryError naming the file that is damaged or of another satellite."""
    datation, cutting = (
        request.find_input(name) for name in (datation_model.FILE_TYPE, processing_location.FILE_TYPE)
    )
    models = GivenModels(
        None if datation is None else read_datation_model(datation),
        None if cutting is None else read_processing_location(cutting),
    )
    for model in (models.datation, models.cutting):
        if model is not None and model.heading.satellite != datastrip.satellite:
            raise AuxiliaryError(
                f"{model.source}: SATELLITE is {model.heading.satellite}, wrong satellite: expected "
                f"{datastrip.satellite}"
            )
    return models


def _model_notes(models: GivenModels, datastrip: SensorDatastrip) -> Iterator[str]:
    if models.datation is not None:
        period = datastrip.datation.line_period * 1e3
        yield (
            f"line period {period:.9f} ms in the datastrip, which counts; "
            f"{models.datation.line_period:.9f} ms in {models.datation.source}"
        )
    if models.cutting is not None:
        yield f"lines to cut and datation {models.cutting.datation_scenario} of {models.cutting.source}"


def doubts_about_times(models: GivenModels, datastrip: SensorDatastrip) -> Iterator[str]:
    """Where parameter files contradict the times of the datastrip, which are used all the same."""
    root = Node.of_document(datastrip.file, ROOTS)
    used = root.child(_TIMES).optional_attribute("usedModel")
    if models.cutting is not None and used not in (None, models.cutting.datation_scenario):
        yield (
            f"{models.cutting.source}: DATATION_SCENARIO is {models.cutting.datation_scenario}, lines of "
            f"{datastrip.file} are dated by {used}: they are not dated anew"
        )
    if models.datation is not None:
        last = max(
            (lines.stop for (band, _), lines in images_of(datastrip).items() if band == "B04"), default=1
        )
        ratio = models.datation.line_period * 1e-3 / datastrip.datation.line_period
        drift = abs(ratio - 1.0) * last * BY_NAME["B04"].resolution
        if drift > LARGEST_DRIFT_M:
            yield (
                f"{models.datation.source}: THEORETICAL_LINE_PERIOD would move line {last} by {drift:.1f} m; "
                f"that of {datastrip.file} is used"
            )


def _earth_notes(request: TaskRequest, scene: SensorScene) -> Iterator[str]:
    if scene.files.iers is not None and not _ingests(request):
        yield (
            f"granules are located with {scene.files.iers}, which the datastrip's metadata do not take in: "
            f"{INGESTION} is false"
        )


def _planned(request: TaskRequest, datastrip: SensorDatastrip) -> Planned:
    source = datastrip_of_request(request)
    folder = source if source.is_dir() else source.parent
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if source.is_dir() else [source]
    target = request.output_path(DATASTRIP) / folder.name
    frames = request.output_path(FRAMES)
    outlines = request.output_path(FOOTPRINT_TYPE)
    return Planned(
        tuple((path, PlannedFile(DATASTRIP, target / path.relative_to(folder))) for path in files),
        PlannedFile(FRAMES, frames / f"{FRAMES.lower()}.xml" if FRAMES in request.folders else frames),
        PlannedFile(FOOTPRINT_TYPE, outlines / f"{name_of(datastrip)}_FOOTPRINT.gml"),
    )


def plan(known: Mapping[str, Any], parameters: LocationParameters, context: Context) -> Findings:
    """Promise the files; tell missing granules and what parameter files say."""
    request = context.request
    datastrip: SensorDatastrip = known["datastrip"]
    choice = granules_to_locate(request, datastrip)
    models, planned = given_models(request, datastrip), _planned(request, datastrip)
    return Findings(
        outputs=(
            *(file for _, file in planned.datastrip),
            *(granule_file(request, granule) for granule in choice.granules),
            planned.frames,
            planned.outline,
        ),
        notes=(
            *notes_of(choice, False),
            *_model_notes(models, datastrip),
            *_earth_notes(request, known["sensor_scene"]),
            *(("corrections of refinement stay in the datastrip",) if datastrip.refining else ()),
        ),
    )


def frames_of(
    datastrip: SensorDatastrip, choice: GranuleChoice, cutting: ProcessingLocation | None
) -> Frames:
    """Lines and granules of every band and detector that the datastrip has times of."""
    frames: dict[SensorKey, list[Frame]] = {}
    for band in dict.fromkeys(band for band, _ in datastrip.datation.first_line):
        for granule in choice.granules:
            key = band, granule.name.detector
            if key in datastrip.datation.first_line:
                frames.setdefault(key, []).append(Frame(str(granule.name), granule.lines(band)))
    times = {key: gps_text(datastrip.datation.first_line[key], datastrip.epoch) for key in frames}
    known = {} if cutting is None else cutting.lines_to_cut
    cut = {key: (known[key].beginning, known[key].end) for key in frames if key in known}
    return Frames(identifier_of(datastrip), datastrip.datation.line_period, frames, times, cut)


def updated_datastrip(file: Path, earth: EarthOrientation | None, bulletin_name: str = "") -> bytes:
    """The datastrip's metadata, with another orientation of the Earth, of a bulletin, where one is given."""
    if earth is None:
        return file.read_bytes()
    root = Node.of_document(file, ROOTS)
    bulletin = root.find(_BULLETIN)
    if bulletin is None:
        raise OutputError(f"{file}: element {_BULLETIN} is missing, expected one to be updated")
    values = {
        "UT1_UTC": earth.ut1_minus_utc,
        "GPS_TIME_UTC": earth.gps_minus_utc,
        "POLE_U_ANGLE": earth.pole_x,
        "POLE_V_ANGLE": earth.pole_y,
    }
    for name, value in values.items():
        bulletin.child(name).element.text = text_of(value)
    name_of_bulletin = root.find(_BULLETIN_NAME)
    if name_of_bulletin is not None and bulletin_name:
        name_of_bulletin.element.text = bulletin_name
    content: bytes = etree.tostring(root.element.getroottree(), xml_declaration=True, encoding="UTF-8")
    return content + b"\n"


def _ingests(request: TaskRequest) -> bool:
    return request.parameters.get(INGESTION, "false").lower() == "true"


def write(inputs: Inputs, parameters: LocationParameters, context: Context) -> Written:
    """Locate granules; write their metadata, the datastrip's, its frames and its outline."""
    request, datastrip, scene = context.request, inputs.datastrip, inputs.sensor_scene
    choice, models = granules_to_locate(request, datastrip), given_models(request, datastrip)
    planned = _planned(request, datastrip)
    made = write_granules(inputs, choice, False, context)
    for text in (*missing_of(choice), *doubts_about_times(models, datastrip)):
        context.logger.warning(text)
    iers = scene.files.iers if _ingests(request) else None
    earth = None if iers is None else scene.geometry.earth
    bulletin = "" if iers is None else Path(read_auxiliary(iers).name).stem
    for source, file in planned.datastrip:
        same = source.resolve() == datastrip.file.resolve()
        write_bytes(file.path, updated_datastrip(source, earth, bulletin) if same else source.read_bytes())
    frames = frames_of(datastrip, choice, models.cutting)
    write_frames(planned.frames.path, frames)
    images = {key: range(cut[0].lines.start, cut[-1].lines.stop) for key, cut in frames.frames.items()}
    rings = rings_of_scene(scene, images, refined=False)
    write_footprint(planned.outline.path, planned.outline.path.stem, rings)
    figures: dict[str, float | str] = {
        "GRANULES": float(len(made.files)),
        "MISSING_GRANULES": float(len(choice.missing)),
        "FOOTPRINT_KM2": sum(map(area_of_ring, rings)) / 1e6,
    }
    written = (*(file for _, file in planned.datastrip), *made.files, planned.frames, planned.outline)
    return Written(written, figures)


update_location = SinkStep(
    name="update_location",
    summary="places of granules, frames and outline of the datastrip",
    run=write,
    check=plan,
)
