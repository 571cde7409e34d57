"""Quality control of products: the tasks OLQC, their checklists and reports.

The descriptions are thin; what they need is imported when the engine asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ipf.engine import (
    CheckDefinition,
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

TASK = "OLQC"
INPUT_TYPE = "PDI_SAFE"
ALIASES = (
    "OLQC_DS_L0",
    "OLQC_GR_L0",
    "OLQC_DS_L1A",
    "OLQC_GR_L1A",
    "OLQC_DS_L1B",
    "OLQC_GR_L1B",
    "OLQC_DS_L1C",
    "OLQC_TILE_L1C",
    "OLQC_DS_L2A",
    "OLQC_TILE_L2A",
)
"""Names in task tables. Job orders say OLQC for all of them: the items tell their level and kind."""


@hookimpl
def ipf_processors() -> Iterable[Processor]:
    """Quality control by itself, and as a step of a chain (whose name the job order then gives)."""
    yield Processor(name=TASK, tasks=(TASK,), summary="quality control of products and their parts")


def settings(request: TaskRequest) -> TaskSettings:
    """Thresholds that the parameter file among the inputs sets."""
    from ipf_plugins.quality.parameter_settings import settings_of_request

    return settings_of_request(request)


@hookimpl
def ipf_tasks() -> Iterable[TaskDefinition]:
    """The task; its callers take any non-zero exit for a failure, and a verdict is none."""
    yield TaskDefinition(
        name=TASK,
        aliases=ALIASES,
        steps=("read_pdi", "quality_control"),
        inputs=(
            FileRequirement(file_types=(INPUT_TYPE,), summary="products, or parts of them"),
            FileRequirement(file_types=("GIP_OLQCPA",), mandatory=False, summary="thresholds"),
            FileRequirement(file_types=("GIP_PROBAS",), mandatory=False, summary="not read"),
            FileRequirement(
                file_types=("PERSISTENT_RESOURCES",), mandatory=False, summary="folder that may hold schemas"
            ),
            FileRequirement(file_types=("IDP_INFOS",), mandatory=False, summary="not read"),
        ),
        outputs=(
            FileRequirement(file_types=("REPORT",), mandatory=False, summary="report of the job, and a page"),
        ),
        ignored_parameters=("TRACE", "FAKE_MODE"),
        warnings_exit_zero=True,
        settings=settings,
        amends=(INPUT_TYPE,),
        summary="reports on every checklist of products and their parts, in their QI_DATA",
    )


@hookimpl
def ipf_steps() -> Iterable[Step]:
    """The steps, in the order of the chain."""
    from ipf_plugins.quality.quality_control import quality_control
    from ipf_plugins.quality.read_pdi import read_pdi

    yield from (read_pdi, quality_control)


@hookimpl
def ipf_checks() -> Iterable[CheckDefinition]:
    """The checks of official reports."""
    from ipf.product.quality.catalogue import INSPECTIONS

    yield from INSPECTIONS


@hookimpl
def ipf_commands() -> Iterable[click.Command]:
    """The command ``ipf qc``."""
    from ipf_plugins.quality.qc_command import qc

    yield qc
