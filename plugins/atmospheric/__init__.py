"""The chain from Level-1C to Level-2A: scene classification and atmospheric correction.

The descriptions are thin; what they need is imported when the engine asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ipf.engine import (
    FileRequirement,
    Processor,
    Step,
    TaskDefinition,
    TaskRequest,
    TaskSettings,
    hookimpl,
)

if TYPE_CHECKING:
    import click

TASK, TARGETS_TASK = "L2A", "L2A_DARK_TARGETS"


@hookimpl
def ipf_processors() -> Iterable[Processor]:
    """The processor, by the names that job orders call it."""
    yield Processor(
        name=TASK,
        tasks=(TASK, TARGETS_TASK),
        aliases=("Sen2Cor", "L2A_Process"),
        summary="Level-1C to Level-2A: scene classification and surface reflectance",
    )


STEPS = (
    "read_l1c",
    "atmospheric_state",
    "elevation",
    "atmosphere_model",
    "terrain",
    "class_maps",
    "spectral_classification",
    "cloud_field",
    "scene_classification",
    "cirrus_fit",
    "dark_targets",
    "aerosol",
    "apda",
    "water_vapour_mean",
    "water_vapour",
    "surface_reflectance",
    "quality_masks",
    "format_l2a",
)
INPUTS = (
    FileRequirement(
        file_types=("L1C", "S2MSI1C", "MSI_L1C", "MSI_L1C_TL"), summary="Level-1C product, or its tile"
    ),
    FileRequirement(file_types=("MSI_L1C_DS",), mandatory=False, summary="datastrip that goes with a tile"),
    FileRequirement(file_types=("AUX_DEM", "DEM", "DEM_DIR"), mandatory=False, summary="elevation model"),
    FileRequirement(file_types=("GIP_L2ACFG",), mandatory=False, summary="Sen2Cor's L2A_GIPP"),
    FileRequirement(file_types=("GIP_L2ACSC",), mandatory=False, summary="Sen2Cor's L2A_CAL_SC_GIPP"),
    FileRequirement(file_types=("GIP_L2ACAC",), mandatory=False, summary="Sen2Cor's L2A_CAL_AC_GIPP"),
    FileRequirement(file_types=("GIP_PROBA2",), mandatory=False, summary="Sen2Cor's L2A_PB_GIPP"),
)
NEIGHBOURS = FileRequirement(
    file_types=("DARK_TARGETS",), mandatory=False, summary="dark targets of the datastrip's other tiles"
)
IGNORED = ("TRACE", "VALIDATE_SCHEMA", "FAKE_MODE", "ARCHIVING_CENTER")
REQUEST_PARAMETERS = ("MODE",)


def settings(request: TaskRequest) -> TaskSettings:
    """Parameters that the mode and the parameter files among the inputs set."""
    from ipf_plugins.atmospheric.modes import settings_of_request

    return settings_of_request(request)


@hookimpl
def ipf_tasks() -> Iterable[TaskDefinition]:
    """The tasks; the ground segment calls the first Sen2Cor and takes any non-zero exit for a failure."""
    yield TaskDefinition(
        name=TASK,
        aliases=("Sen2Cor",),
        steps=STEPS,
        inputs=(*INPUTS, NEIGHBOURS),
        outputs=(
            FileRequirement(
                file_types=("L2A", "S2MSI2A", "MSI_L2A", "MSI_L2A_TL"),
                summary="folder of the Level-2A product, or of its tile",
            ),
            FileRequirement(
                file_types=("MSI_L2A_DS",), mandatory=False, summary="folder of the Level-2A datastrip"
            ),
            FileRequirement(file_types=("KPI_L2A",), mandatory=False, summary="folder of indicators"),
        ),
        ignored_parameters=IGNORED,
        request_parameters=REQUEST_PARAMETERS,
        settings=settings,
        summary="scene classification and surface reflectance of one tile",
    )
    yield TaskDefinition(
        name=TARGETS_TASK,
        steps=(*STEPS[: STEPS.index("dark_targets") + 1], "write_dark_targets"),
        inputs=INPUTS,
        outputs=(FileRequirement(file_types=("DARK_TARGETS",), summary="folder of the tile's dark targets"),),
        ignored_parameters=IGNORED,
        request_parameters=REQUEST_PARAMETERS,
        settings=settings,
        summary="dark targets of one tile, for one aerosol over all tiles of a datastrip",
    )


@hookimpl
def ipf_steps() -> Iterable[Step]:
    """The steps, in the order of the chain."""
    from ipf_plugins.atmospheric.aerosol import aerosol
    from ipf_plugins.atmospheric.apda import apda
    from ipf_plugins.atmospheric.atmosphere_model import atmosphere_model
    from ipf_plugins.atmospheric.atmospheric_state import atmospheric_state
    from ipf_plugins.atmospheric.cirrus import cirrus_fit
    from ipf_plugins.atmospheric.class_maps import class_maps
    from ipf_plugins.atmospheric.cloud_field import cloud_field
    from ipf_plugins.atmospheric.dark_targets import dark_targets
    from ipf_plugins.atmospheric.elevation import elevation
    from ipf_plugins.atmospheric.format_l2a import format_l2a
    from ipf_plugins.atmospheric.quality_masks import quality_masks
    from ipf_plugins.atmospheric.read_l1c import read_l1c
    from ipf_plugins.atmospheric.scene_classification import scene_classification
    from ipf_plugins.atmospheric.spectral_classification import spectral_classification
    from ipf_plugins.atmospheric.surface_reflectance import surface_reflectance
    from ipf_plugins.atmospheric.terrain import terrain
    from ipf_plugins.atmospheric.water_vapour import water_vapour
    from ipf_plugins.atmospheric.water_vapour_mean import water_vapour_mean
    from ipf_plugins.atmospheric.write_dark_targets import write_dark_targets_step

    yield from (
        read_l1c,
        atmospheric_state,
        elevation,
        atmosphere_model,
        terrain,
        class_maps,
        spectral_classification,
        cloud_field,
        scene_classification,
        cirrus_fit,
        dark_targets,
        write_dark_targets_step,
        aerosol,
        apda,
        water_vapour_mean,
        water_vapour,
        surface_reflectance,
        quality_masks,
        format_l2a,
    )


@hookimpl
def ipf_commands() -> Iterable[click.Command]:
    """The command ``ipf l2a``."""
    from ipf_plugins.atmospheric.l2a_command import l2a

    yield l2a
