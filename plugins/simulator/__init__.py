"""Simulated data sets of known truth: scenes as Level-1C, and datastrips of Level-1B with what they need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ipf_plugins.simulator import acquisition, product, relief, sensor, sky, strip, surface, write_strip

from ipf.engine import FileRequirement, Processor, Step, TaskDefinition, hookimpl

if TYPE_CHECKING:
    import click

TASK, STRIP_TASK = "SIMULATE_L1C", "SIMULATE_L1B"


@hookimpl
def ipf_processors() -> Iterable[Processor]:
    """The processor that makes test data."""
    yield Processor(name="SIMULATOR", tasks=(TASK, STRIP_TASK), summary="test data sets of known truth")


@hookimpl
def ipf_tasks() -> Iterable[TaskDefinition]:
    """From nothing to a Level-1C product and its truth."""
    yield TaskDefinition(
        name=TASK,
        steps=tuple(step.name for step in _steps()),
        outputs=(
            FileRequirement(file_types=product.PRODUCT_TYPES, summary="folder for the Level-1C product"),
            FileRequirement(file_types=(product.TRUTH_TYPE,), summary="folder for what is true of it"),
        ),
        summary="a simulated Level-1C product of known truth",
    )
    yield TaskDefinition(
        name=STRIP_TASK,
        steps=(strip.simulate_strip.name, write_strip.write_strip.name),
        outputs=tuple(
            FileRequirement(file_types=(name,), summary=summary)
            for name, summary in (
                (write_strip.PRODUCT_TYPE, "folder for DATASTRIP and GRANULE of Level 1B"),
                (write_strip.PARAMETERS_TYPE, "folder for parameter files of the instrument"),
                (write_strip.ELEVATION_TYPE, "folder for the elevation model"),
                (write_strip.TRUTH_TYPE, "folder for what is true of the ground"),
            )
        ),
        summary="a simulated Level-1B datastrip of known truth, with the files to process it",
    )


@hookimpl
def ipf_steps() -> Iterable[Step]:
    """The steps from a scene to its product."""
    yield from _steps()
    yield from (strip.simulate_strip, write_strip.write_strip)


def _steps() -> tuple[Step, ...]:
    return (
        acquisition.STEP,
        surface.COVER,
        sky.SKY,
        relief.RELIEF,
        surface.SURFACE,
        sensor.TOA,
        sensor.COUNTS,
        product.STEP,
    )


@hookimpl
def ipf_commands() -> Iterable[click.Command]:
    """The command ``ipf simulate``."""
    from ipf_plugins.simulator.command import simulate

    yield simulate
