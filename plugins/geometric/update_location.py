"""Step `update_location`: places of granules before radiometry, frames and outline of the datastrip.

UPDATE_LOC. The metadata of the datastrip are passed on; where IERS_DATA_INGESTION is true, with the Earth
orientation of the bulletin among the inputs in place of its own. Corrections of refinement are left aside.
Parameter files of datation and cutting (DATATI, PRDLOC) are read where they are given, and told.
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
    name_of,
    notes_of,
    write_granules,
)
from ipf_plugins.geometric.located_granules import GranuleChoice, granules_to_locate, model_of
from ipf_plugins.geometric.read_l1b import datastrip_of_request
from ipf_plugins.geometric.strip_footprint import FOOTPRINT_TYPE, identifier_of
from lxml import etree

from ipf.atomic import write_bytes
from ipf.auxiliary import datation_model, processing_location
from ipf.auxiliary.datation_model import DatationModel, read_datation_model
from ipf.auxiliary.processing_location import ProcessingLocation, read_processing_location
from ipf.engine import Context, Findings, PlannedFile, SinkStep, TaskRequest, Written
from ipf.errors import AuxiliaryError, OutputError
from ipf.geometry.acquisition import EarthOrientation, SensorKey
from ipf.geometry.footprints import area_of_ring, datastrip_rings
from ipf.product.footprint_vector import write_footprint
from ipf.product.frame_file import Frame, Frames, write_frames
from ipf.product.sensor_datastrip import ROOTS, SensorDatastrip
from ipf.product.sensor_sections import gps_text
from ipf.product.xml_builder import text_of
from ipf.product.xml_nodes import Node

DATASTRIP, FRAMES = "PDI_DS", "FRAME_FILE"
INGESTION = "IERS_DATA_INGESTION"
_BULLETIN = "Auxiliary_Data_Info/IERS_Bulletin"


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
        notes=(*notes_of(choice, False), *_model_notes(models, datastrip)),
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


def updated_datastrip(file: Path, earth: EarthOrientation | None) -> bytes:
    """The datastrip's metadata, with another orientation of the Earth where one is given."""
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
    earth = scene.geometry.earth if scene.files.iers is not None and _ingests(request) else None
    for source, file in planned.datastrip:
        same = source.resolve() == datastrip.file.resolve()
        write_bytes(file.path, updated_datastrip(source, earth) if same else source.read_bytes())
    frames = frames_of(datastrip, choice, models.cutting)
    write_frames(planned.frames.path, frames)
    images = {key: range(cut[0].lines.start, cut[-1].lines.stop) for key, cut in frames.frames.items()}
    rings = datastrip_rings(model_of(scene, refined=False), images)
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
