"""Inputs are never written through: an output that stands in an input, links resolved, is refused.

Sentinel-2 inputs are symbolic links into the output folders of earlier tasks, so that a careless output path
would change another task's product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ipf.errors import PlanError

SCRATCH_TYPES = frozenset({"WORKING"})
"""Types that job orders list among the inputs although they are given to be written in."""


def refuse_outputs_in_inputs(
    inputs: Mapping[str, Iterable[Path]], outputs: Mapping[str, Iterable[Path]], source: str = "job order"
) -> None:
    """Raise `PlanError` when an output is an input or lies inside one, by its path or through links.

    inputs, outputs : paths by file type. An output need not exist: the part of its path that does decides.
        Files next to an input, in the folder that holds it, are no offence.
    """
    protected = {
        path.resolve(): (file_type, path)
        for file_type, paths in inputs.items()
        if file_type not in SCRATCH_TYPES
        for path in paths
    }
    for file_type, paths in outputs.items():
        for path in paths:
            resolved = path.resolve()
            for place in (resolved, *resolved.parents):
                if place in protected:
                    input_type, input_path = protected[place]
                    target = f"input {input_type} {input_path}"
                    raise PlanError(f"{source}: output {file_type} {path} would write into {target}")


def refuse_shared_outputs(targets: Iterable[tuple[str, Path]], source: str = "job order") -> None:
    """Raise `PlanError` when two things would be written to one place, or one inside the other.

    targets : what is written (a file type, a breakpoint) and where.
    """
    taken: dict[Path, str] = {}
    places = sorted(((path.resolve(), name) for name, path in targets), key=lambda pair: pair[0].parts)
    for resolved, name in places:
        for place in (resolved, *resolved.parents):
            if place in taken:
                raise PlanError(f"{source}: {name} {resolved} would write over {taken[place]} {place}")
        taken[resolved] = name
