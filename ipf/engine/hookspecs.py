"""What a plugin may offer. Nouns first: a plugin yields frozen descriptions, and the engine decides.

A plugin is any module or object with functions of these names marked with `hookimpl`::

    from ipf.engine import BlockStep, hookimpl

    @hookimpl
    def ipf_steps():
        yield BlockStep(name="surface_reflectance", run=my_function)

Readers, writers and auxiliary types are collected, listed (``ipf plugins``) and refused when they contradict
one another; no chain asks for them by name yet, nor for `ipf_select_auxiliary`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import click

    from ipf.engine.context import Context
    from ipf.engine.descriptions import (
        AuxiliaryType,
        CheckDefinition,
        ExecutorDefinition,
        Processor,
        Reader,
        TaskDefinition,
        Writer,
    )
    from ipf.engine.plan import Plan
    from ipf.engine.report import RunReport
    from ipf.engine.step import PlannedFile, Step
    from ipf.joborder import Dialect, JobOrder

PROJECT = "ipf"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """Every hook that the engine calls."""

    @hookspec
    def ipf_processors(self) -> Iterable[Processor]:
        """Processors: what a job order's ``Processor_Name`` may ask for, as ordered tasks."""
        return ()

    @hookspec
    def ipf_tasks(self) -> Iterable[TaskDefinition]:
        """Tasks: what an ``Ipf_Proc`` may ask for, as an ordered chain of steps."""
        return ()

    @hookspec
    def ipf_steps(self) -> Iterable[Step]:
        """Steps: the units that a prototyper replaces."""
        return ()

    @hookspec
    def ipf_readers(self) -> Iterable[Reader]:
        """Readers of product formats."""
        return ()

    @hookspec
    def ipf_writers(self) -> Iterable[Writer]:
        """Writers of product formats."""
        return ()

    @hookspec
    def ipf_joborder_dialects(self) -> Iterable[Dialect]:
        """Families of job orders."""
        return ()

    @hookspec
    def ipf_auxiliary_types(self) -> Iterable[AuxiliaryType]:
        """Types of auxiliary file, each with its reader."""
        return ()

    @hookspec
    def ipf_checks(self) -> Iterable[CheckDefinition]:
        """Quality checks, each an `ipf.product.quality.model.Inspection` of one checklist::

            def no_cloud(item, parameters):
                cloudy = item.root.child("Quality_Indicators_Info").number("...")
                return passed_or_failed(cloudy < 50, f"{cloudy} % of the tile are cloudy.")

            @hookimpl
            def ipf_checks():
                yield Inspection(
                    "Clouds", "GENERAL_QUALITY", "Few clouds.", ("tile",), ("L1C",), no_cloud, "few clouds"
                )

        The checklist must be one that such items have (`ipf.product.quality.model.CHECKLISTS`). A check's
        name is ``<checklist>.<identifier>``. One plugin may give it several times, for items that exclude
        one another; a user's plugin replaces them all by its own. The order within a checklist is that in
        which checks are given.
        """
        return ()

    @hookspec
    def ipf_executors(self) -> Iterable[ExecutorDefinition]:
        """Ways to run the blocks of a step: serial, threads, a cluster."""
        return ()

    @hookspec
    def ipf_commands(self) -> Iterable[click.Command]:
        """Further commands of the ``ipf`` program."""
        return ()

    @hookspec(firstresult=True)
    def ipf_select_step(self, name: str, candidates: Sequence[Step], job_order: JobOrder) -> Step | None:
        """Choose among the steps called `name`; None leaves the choice to the next plugin."""

    @hookspec(firstresult=True)
    def ipf_select_auxiliary(self, file_type: str, candidates: Sequence[Any], context: Context) -> Any | None:
        """Choose among the auxiliary files of a type; None leaves the choice to the next plugin."""

    @hookspec
    def ipf_joborder_loaded(self, job_order: JobOrder) -> None:
        """A job order has been read."""

    @hookspec
    def ipf_check_plan(self, plan: Plan) -> None:
        """A plan is ready; raise `ipf.errors.PlanError` to refuse it.

        A task that reads what an earlier one makes is a `DeferredTask` in it. Fires again, with the task
        planned, when its turn comes.
        """

    @hookspec(firstresult=True)
    def ipf_run_step(self, step: Step, band: str, context: Context, run: Callable[[], None]) -> bool | None:
        """A step is run, by calling `run` and returning True.

        A wrapper (``@hookimpl(wrapper=True)``) sees its begin, its end and its failure.

        Fires once for a step, and once for each band of a step that runs for each band; never per block.
        """

    @hookspec
    def ipf_progress(self, task: str, step: str, fraction: float) -> None:
        """A task has advanced to `fraction` (0 to 1)."""

    @hookspec
    def ipf_product_written(self, file: PlannedFile, figures: Mapping[str, float | str]) -> None:
        """A file that the job order asked for is in place."""

    @hookspec
    def ipf_finish(self, report: RunReport) -> None:
        """A run has ended, well or not."""
