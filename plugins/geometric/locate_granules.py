"""Steps `initial_location` and `final_location`: metadata of granules with their place, and outlines of them.

Footprint, centre, and angles of satellite and sun (Geometric_Info) are computed anew on the terrain; all
else, quality indicators of radiometry and clouds too, is passed on. The initial location (INIT_LOC_L1) leaves
corrections of refinement aside; the final one (GEO1B_FINALIZE) uses them where the datastrip has any.
Parameter files that say nothing of a granule's place (INVLOC, R2ABCA, CLOINV, EARMOD, GEOPAR, INTDET, G2PARA,
G2PARE, BLINDP) are accepted and not read. Jobs of other detectors and data blocks may write into the same
folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ipf_plugins.geometric.detector_selection import data_block_of_request
from ipf_plugins.geometric.located_granules import (
    GranuleChoice,
    geoid_of,
    geometry_of,
    granules_to_locate,
    located,
    model_of,
)
from ipf_plugins.geometric.sensor_scene import SensorScene

from ipf.atomic import write_bytes
from ipf.engine import Context, Findings, PlannedFile, SinkStep, StepParameters, TaskRequest, Written
from ipf.geometry.acquisition import FloatArray
from ipf.product.footprint_vector import write_footprint
from ipf.product.granule_location import PlacedGranule, relocated_xml
from ipf.product.sensor_datastrip import SensorDatastrip

GRANULES, VECTOR = "PDI_DS_GR_LIST", "VECTOR"
_SHOWN = 3


class LocationParameters(StepParameters):
    """There is nothing to choose."""


@dataclass(frozen=True)
class Inputs:
    """The datastrip and its sensor model."""

    datastrip: SensorDatastrip
    sensor_scene: SensorScene


@dataclass(frozen=True, slots=True)
class LocatedFiles:
    """Written metadata of granules, and corners (4, 3) of the granules of each detector."""

    files: tuple[PlannedFile, ...]
    corners: Mapping[int, Sequence[FloatArray]]


def granule_file(request: TaskRequest, granule: PlacedGranule) -> PlannedFile:
    """Where the metadata of a granule are written."""
    folder = request.output_path(GRANULES) / str(granule.name)
    return PlannedFile(GRANULES, folder / granule.name.metadata_file)


def refined(datastrip: SensorDatastrip, final: bool) -> bool:
    """Whether a location uses corrections."""
    return final and datastrip.refining is not None


def notes_of(choice: GranuleChoice, uses_refining: bool) -> Iterator[str]:
    """What an operator should know."""
    yield f"{len(choice.granules)} granules, {'REFINED' if uses_refining else 'NOT_REFINED'}"
    yield from missing_of(choice)


def missing_of(choice: GranuleChoice) -> Iterator[str]:
    """The granules that are listed and not there, if any, in one line."""
    if choice.missing:
        names = ", ".join(entry.identifier for entry in choice.missing[:_SHOWN])
        more = f" and {len(choice.missing) - _SHOWN} more" if len(choice.missing) > _SHOWN else ""
        yield f"not located, for the inputs do not have them: {names}{more}"


def write_granules(inputs: Inputs, choice: GranuleChoice, final: bool, context: Context) -> LocatedFiles:
    """Locate granules and write their metadata."""
    scene, files = inputs.sensor_scene, []
    model, geoid = model_of(scene, refined(inputs.datastrip, final)), geoid_of(scene)
    corners: dict[int, list[FloatArray]] = {}
    for granule, place in located(scene, model, choice.granules, context.progress):
        file = granule_file(context.request, granule)
        write_bytes(file.path, relocated_xml(granule, geometry_of(place, geoid)))
        files.append(file)
        corners.setdefault(granule.name.detector, []).append(place.corners)
    return LocatedFiles(tuple(files), corners)


def _outline_file(request: TaskRequest, datastrip: SensorDatastrip, detector: int) -> PlannedFile:
    """Outlines of a detector's granules (of a data block): a name of its own for each job of a task."""
    block = data_block_of_request(request)
    end = f"D{detector:02d}" + (f"_{block}" if block else "")
    return PlannedFile(VECTOR, _vector_folder(request) / f"{name_of(datastrip)}_GRANULES_{end}.gml")


def _vector_folder(request: TaskRequest) -> Path:
    return request.output_path(VECTOR)


def name_of(datastrip: SensorDatastrip) -> str:
    """Name of the datastrip's metadata, without extension."""
    return datastrip.file.stem


def _plan(final: bool, known: Mapping[str, Any], context: Context) -> Findings:
    datastrip: SensorDatastrip = known["datastrip"]
    choice = granules_to_locate(context.request, datastrip)
    detectors = [number for number, _ in groupby(choice.granules, lambda granule: granule.name.detector)]
    return Findings(
        outputs=(
            *(granule_file(context.request, granule) for granule in choice.granules),
            *(_outline_file(context.request, datastrip, number) for number in detectors),
        ),
        notes=tuple(notes_of(choice, refined(datastrip, final))),
    )


def _write(final: bool, inputs: Inputs, context: Context) -> Written:
    choice = granules_to_locate(context.request, inputs.datastrip)
    for text in missing_of(choice):
        context.logger.warning(text)
    made = write_granules(inputs, choice, final, context)
    outlines = []
    for detector, corners in made.corners.items():
        file = _outline_file(context.request, inputs.datastrip, detector)
        write_footprint(file.path, file.path.stem, [ring[:, :2] for ring in corners])
        outlines.append(file)
    figures: dict[str, float | str] = {
        "GRANULES": float(len(made.files)),
        "MISSING_GRANULES": float(len(choice.missing)),
        "REFINING": "REFINED" if refined(inputs.datastrip, final) else "NOT_REFINED",
    }
    return Written((*made.files, *outlines), figures)


def plan_initial(known: Mapping[str, Any], parameters: LocationParameters, context: Context) -> Findings:
    """Promise the files, and tell the granules that are missing."""
    return _plan(False, known, context)


def plan_final(known: Mapping[str, Any], parameters: LocationParameters, context: Context) -> Findings:
    """As `plan_initial`, and tell whether corrections are used."""
    return _plan(True, known, context)


def write_initial(inputs: Inputs, parameters: LocationParameters, context: Context) -> Written:
    """Locate without corrections."""
    return _write(False, inputs, context)


def write_final(inputs: Inputs, parameters: LocationParameters, context: Context) -> Written:
    """Locate with the corrections that the datastrip has."""
    return _write(True, inputs, context)


initial_location = SinkStep(
    name="initial_location",
    summary="granules placed on the ground, without corrections of refinement",
    run=write_initial,
    check=plan_initial,
)
final_location = SinkStep(
    name="final_location",
    summary="granules placed on the ground, with corrections of refinement where there are any",
    run=write_final,
    check=plan_final,
)
