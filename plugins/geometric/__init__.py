"""Level-1C geometry: from sensor lines of Level 1B to reflectance on the map.

The descriptions are thin; what they need is imported when the engine asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ipf.engine import Processor, Step, TaskDefinition, hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def ipf_processors() -> Iterable[Processor]:
    """The processor, by the names that job orders call it."""
    from ipf_plugins.geometric.task_table import tasks

    yield Processor(
        name="L1C",
        tasks=tuple(task.name for task in tasks()),
        aliases=("L1CTile", "L1C_TILE"),
        summary="Level-1B to Level-1C: orthorectified reflectance at the top of the atmosphere",
    )


@hookimpl
def ipf_tasks() -> Iterable[TaskDefinition]:
    """The tasks, under their names in the task tables."""
    from ipf_plugins.geometric.task_table import tasks

    yield from tasks()


@hookimpl
def ipf_steps() -> Iterable[Step]:
    """The steps, in the order of the chain."""
    from ipf_plugins.geometric.calibration import calibrate
    from ipf_plugins.geometric.cloud_candidates import cloud_candidates
    from ipf_plugins.geometric.cloud_elevation import cloud_elevation
    from ipf_plugins.geometric.cloud_mask import cloud_mask
    from ipf_plugins.geometric.encode_images import encode_images
    from ipf_plugins.geometric.encode_pictures import encode_pictures
    from ipf_plugins.geometric.finalise_tile import finalise_tile
    from ipf_plugins.geometric.format_datastrip_metadata import format_datastrip_metadata
    from ipf_plugins.geometric.format_product import format_product
    from ipf_plugins.geometric.format_tile_metadata import format_tile_metadata
    from ipf_plugins.geometric.locate_granules import final_location, initial_location
    from ipf_plugins.geometric.ortho_grids import ortho_grids
    from ipf_plugins.geometric.read_datastrip import read_datastrip
    from ipf_plugins.geometric.read_l1b import read_l1b
    from ipf_plugins.geometric.read_ortho import read_ortho
    from ipf_plugins.geometric.resample import resample
    from ipf_plugins.geometric.tile_geometry import tile_geometry
    from ipf_plugins.geometric.tile_meteorology import tile_meteorology
    from ipf_plugins.geometric.toa_reflectance import toa_reflectance
    from ipf_plugins.geometric.update_location import update_location
    from ipf_plugins.geometric.write_cloud_mask import write_cloud_mask
    from ipf_plugins.geometric.write_ortho import write_ortho
    from ipf_plugins.geometric.write_tile import write_tile
    from ipf_plugins.geometric.write_tile_list import write_tile_list

    yield from (
        read_datastrip,
        update_location,
        initial_location,
        final_location,
        write_tile_list,
        tile_geometry,
        tile_meteorology,
        write_tile,
        read_l1b,
        calibrate,
        ortho_grids,
        resample,
        toa_reflectance,
        write_ortho,
        finalise_tile,
        read_ortho,
        cloud_elevation,
        cloud_candidates,
        cloud_mask,
        write_cloud_mask,
        encode_images,
        encode_pictures,
        format_tile_metadata,
        format_datastrip_metadata,
        format_product,
    )


@hookimpl
def ipf_commands() -> Iterable[click.Command]:
    """The command ``ipf grid``."""
    from ipf_plugins.geometric.grid_command import grid

    yield grid
