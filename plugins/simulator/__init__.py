"""Simulated data sets of known truth: a scene, seen through an atmosphere by the instrument, as Level-1C."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ipf_plugins.simulator import acquisition, product, relief, sensor, sky, surface

from ipf.engine import FileRequirement, Processor, Step, TaskDefinition, hookimpl

if TYPE_CHECKING:
    import click

TASK = "SIMULATE_L1C"


@hookimpl
def ipf_processors() -> Iterable[Processor]:
    """The processor that makes test data."""
    yield Processor(name="SIMULATOR", tasks=(TASK,), summary="test data sets of known truth")


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


@hookimpl
def ipf_steps() -> Iterable[Step]:
    """The steps from a scene to its product."""
    yield from _steps()


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
