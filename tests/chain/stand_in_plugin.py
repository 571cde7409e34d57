"""Stand-ins for Sentinel-2 tasks: each reads its inputs through their links and writes one file per output.

The tasks are those of the mode L1CTile and the quality checks. Nothing is computed; what they keep is the
interface: they find their inputs, name their files by their slice, and write into folders that slices share.
IPF_STAND_IN_FAULT=TASK:kind[:text] makes the task (only the slice with `text` in its name) behave badly.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipf.atomic import write_text
from ipf.engine import (
    Context,
    FileRequirement,
    Findings,
    NoParameters,
    PlannedFile,
    SinkStep,
    SourceStep,
    TaskDefinition,
    Written,
    hookimpl,
)
from ipf.errors import StepError

TASKS = {
    "TILE_INIT": ("PDI_DS_TILE_LIST",),
    "GEN_ORTHO_TOA": ("PDI_DS_TILE_LIST",),
    "TILE_FINALIZE": ("PDI_DS_TILE_LIST",),
    "MASK_S2": ("PDI_DS_TILE_LIST", "VECTOR"),
    "FORMAT_IMG_L1C": ("PDI_DS_TILE_LIST",),
    "FORMAT_IMG_PVI_TCI": ("PDI_DS_PVI_LIST", "PDI_DS_TCI_LIST"),
    "FORMAT_METADATA_TILE_L1C": ("PDI_DS_TILE_LIST",),
    "OLQC": (),
}
SLICE_PARAMETERS = ("PARALLEL_TILE_IDENT", "PARALLEL_BAND_IDENT")
KNOWN_PARAMETERS = (
    "TRACE",
    "VALIDATE_SCHEMA",
    "FAKE_MODE",
    "PARALLEL_TILE",
    "PARALLEL_TILE_IDENT",
    "PARALLEL_BAND",
    "PARALLEL_BAND_IDENT",
    "PROCESSING_BASELINE",
    "CREATION_DATE",
    "ECMWF_L1C_TILE_GENER",
    "CAMS_L1C_TILE_GENER",
    "DETECTOR_MASK_GENERATION",
    "L1B_MASK_PROJECTION",
    "CONVERSION_TO_TOA_REFLECTANCE",
    "REMOVE_TEMPORARY_FILES",
    "CLOUD_MASKS_PROCESS",
    "LAND_WATER_MASKS_PROCESS",
    "TCI_PROCESS",
    "PVI_PROCESS",
    "PROCESSING_CENTER",
    "PROCESSING_CENTER_NAME",
    "PROCESSING_CENTER_COUNTRY",
    "PROCESSING_CENTER_ORG",
    "ARCHIVING_CENTER",
    "ARCHIVING_CENTER_NAME",
    "ARCHIVING_CENTER_COUNTRY",
    "ARCHIVING_CENTER_ORG",
)


@dataclass(frozen=True)
class Nothing:
    pass


@dataclass(frozen=True)
class Inventory:
    """Names of the files below each input, by type."""

    files: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Found:
    inventory: Inventory


def take_inventory(inputs: Nothing, parameters: NoParameters, context: Context) -> Found:
    """List every input, links followed."""
    return Found(
        Inventory(
            {
                file_type: tuple(sorted(name for path in paths for name in _names(path)))
                for file_type, paths in context.request.inputs.items()
                if file_type != "WORKING"
            }
        )
    )


def _names(path: Path) -> list[str]:
    if path.is_file():
        return [path.name]
    return [name for _, _, names in os.walk(path, followlinks=True) for name in names]


def planned_files(context: Context) -> list[PlannedFile]:
    """One file in each output folder, named after the task and its slice."""
    request = context.request
    words = [request.task_name, *(request.parameters.get(name, "") for name in SLICE_PARAMETERS)]
    name = "_".join(word for word in words if word) + ".txt"
    return [
        PlannedFile(file_type, request.output_path(file_type) / name)
        for file_type in TASKS[request.task_name]
    ]


def plan_outputs(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    return Findings(outputs=tuple(planned_files(context)))


def write_outputs(inputs: Found, parameters: NoParameters, context: Context) -> Written:
    files = planned_files(context)
    _fault(context.request.task_name, files[0].path.name if files else "")
    for file in files:
        lines = [f"{kind}: {' '.join(names)}" for kind, names in sorted(inputs.inventory.files.items())]
        write_text(file.path, "\n".join(lines) + "\n")
    return Written(tuple(files))


def _fault(task: str, name: str) -> None:
    wanted, _, rest = os.environ.get("IPF_STAND_IN_FAULT", "").partition(":")
    kind, _, text = rest.partition(":")
    if task == wanted and text in name:
        if kind == "fail":
            raise StepError("asked to fail")
        time.sleep(60)


@hookimpl
def ipf_steps() -> list[Any]:
    return [
        SourceStep(name="take_inventory", run=take_inventory),
        SinkStep(name="write_outputs", run=write_outputs, check=plan_outputs),
    ]


@hookimpl
def ipf_tasks() -> list[TaskDefinition]:
    return [
        TaskDefinition(
            name=name,
            steps=("take_inventory", "write_outputs"),
            outputs=tuple(FileRequirement(file_types=(file_type,)) for file_type in outputs),
            ignored_parameters=KNOWN_PARAMETERS,
        )
        for name, outputs in TASKS.items()
    ]
