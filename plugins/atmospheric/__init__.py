"""The chain from Level-1C to Level-2A: scene classification and atmospheric correction.

The descriptions are thin; what they need is imported when the engine asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable

from ipf.engine import FileRequirement, Processor, Step, TaskDefinition, hookimpl

TASK = "L2A"


@hookimpl
def ipf_processors() -> Iterable[Processor]:
    """The processor, by the names that job orders call it."""
    yield Processor(
        name=TASK,
        tasks=(TASK,),
        aliases=("Sen2Cor", "L2A_Process"),
        summary="Level-1C to Level-2A: scene classification and surface reflectance",
    )


@hookimpl
def ipf_tasks() -> Iterable[TaskDefinition]:
    """The task; the Sentinel-2 ground segment calls it Sen2Cor and takes any non-zero exit for a failure."""
    yield TaskDefinition(
        name=TASK,
        aliases=("Sen2Cor",),
        steps=(
            "read_l1c",
            "atmospheric_state",
            "elevation",
            "atmosphere_model",
            "terrain",
            "scene_classification",
            "cirrus_fit",
            "aerosol",
            "water_vapour",
            "surface_reflectance",
            "quality_masks",
            "format_l2a",
        ),
        inputs=(
            FileRequirement(
                file_types=("L1C", "S2MSI1C", "MSI_L1C", "MSI_L1C_TL"),
                summary="Level-1C product, or its tile",
            ),
            FileRequirement(
                file_types=("MSI_L1C_DS",), mandatory=False, summary="datastrip that goes with a tile"
            ),
        ),
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
        ignored_parameters=("TRACE", "VALIDATE_SCHEMA", "FAKE_MODE", "ARCHIVING_CENTER"),
        warnings_exit_zero=True,
        summary="scene classification and surface reflectance of one tile",
    )


@hookimpl
def ipf_steps() -> Iterable[Step]:
    """The steps, in the order of the chain."""
    from ipf_plugins.atmospheric.aerosol import aerosol
    from ipf_plugins.atmospheric.atmosphere_model import atmosphere_model
    from ipf_plugins.atmospheric.atmospheric_state import atmospheric_state
    from ipf_plugins.atmospheric.cirrus import cirrus_fit
    from ipf_plugins.atmospheric.elevation import elevation
    from ipf_plugins.atmospheric.format_l2a import format_l2a
    from ipf_plugins.atmospheric.quality_masks import quality_masks
    from ipf_plugins.atmospheric.read_l1c import read_l1c
    from ipf_plugins.atmospheric.scene_classification import scene_classification
    from ipf_plugins.atmospheric.surface_reflectance import surface_reflectance
    from ipf_plugins.atmospheric.terrain import terrain
    from ipf_plugins.atmospheric.water_vapour import water_vapour

    yield from (
        read_l1c,
        atmospheric_state,
        elevation,
        atmosphere_model,
        terrain,
        scene_classification,
        cirrus_fit,
        aerosol,
        water_vapour,
        surface_reflectance,
        quality_masks,
        format_l2a,
    )
