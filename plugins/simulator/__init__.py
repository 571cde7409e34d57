"""Simulated data sets of known truth: a scene, seen through an atmosphere by the instrument, as Level-1C."""

from __future__ import annotations

from collections.abc import Iterable

from ipf_plugins.simulator import acquisition, sensor, surface

from ipf.engine import Step, hookimpl


@hookimpl
def ipf_steps() -> Iterable[Step]:
    """The steps from a scene to its counts."""
    yield acquisition.STEP
    yield surface.COVER
    yield surface.SKY
    yield surface.SURFACE
    yield sensor.TOA
    yield sensor.COUNTS
