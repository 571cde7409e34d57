"""What the engine itself offers, through the same door as any plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ipf.engine.descriptions import ExecutorDefinition
from ipf.engine.executors import SerialExecutor, ThreadExecutor
from ipf.engine.hookspecs import hookimpl
from ipf.joborder import BUILT_IN_DIALECTS, Dialect


@hookimpl
def ipf_executors() -> Iterable[ExecutorDefinition]:
    """The executors that always exist."""
    yield ExecutorDefinition(name="serial", create=SerialExecutor, summary="one block after the other")
    yield ExecutorDefinition(
        name="threads", create=ThreadExecutor, summary="threads over kernels without GIL"
    )


@hookimpl
def ipf_joborder_dialects() -> Iterable[Dialect]:
    """The two families of job orders that management layers of ESA missions write."""
    return BUILT_IN_DIALECTS


@hookimpl(trylast=True)
def ipf_run_step(run: Callable[[], None]) -> bool:
    """Run the step, inside whatever wrappers plugins have put around it."""
    run()
    return True
