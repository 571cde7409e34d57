"""Inputs are never written through: an output that stands in an input, links resolved, is refused.

Sentinel-2 inputs are symbolic links into the output folders of earlier tasks, so that a careless output path
would change another task's product.
"""

from __future__ import annotations

import errno
import os
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
        real_path(path): (file_type, path)
        for file_type, paths in inputs.items()
        if file_type not in SCRATCH_TYPES
        for path in paths
    }
    for file_type, paths in outputs.items():
        for path in paths:
            resolved = real_path(path)
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
    places = sorted(((real_path(path), name) for name, path in targets), key=lambda pair: pair[0].parts)
    for resolved, name in places:
        for place in (resolved, *resolved.parents):
            if place in taken:
                raise PlanError(f"{source}: {name} {resolved} would write over {taken[place]} {place}")
        taken[resolved] = name


def refuse_unwritable(targets: Iterable[tuple[str, Path]], source: str = "job order") -> None:
    """Raise `PlanError` when a target is not in a folder, there or yet to be made, that can be written in.

    targets : what is written (a file type, a breakpoint) and where; a target that is a folder is written
        into. Of folders that are missing, the first one above them that is there decides.
    """
    for name, path in targets:
        try:
            folder = next(place for place in (path, *path.parents) if _is_there(place))
            if folder == path and not path.is_dir():
                folder = path.parent
            if not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as problem:
            raise PlanError(f"{source}: {name} {path} cannot be written: {problem.strerror}") from problem


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path.is_symlink()  # one that leads nowhere is in the way
    return True


def real_path(path: Path) -> Path:
    """`path`, its links resolved as far as they lead anywhere: `Path.resolve` fails on those in a ring."""
    return Path(os.path.realpath(path))
