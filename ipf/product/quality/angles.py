"""Angles of a tile: grids of the size that PSD gives them, of values that are angles, and their means."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ipf.errors import ProductError
from ipf.product.bands import BAND_NAMES
from ipf.product.xml_nodes import Node

_ANGLES = "Geometric_Info/Tile_Angles"
_SIDE, _STEP = 23, 5000
"""Values in a row and column of a grid, and metres between them (PSD 14.8, Tile_Angles: 5 km)."""
_LARGEST = {"Zenith": 90.0, "Azimuth": 360.0}
"""Degrees; a view or sun below the horizon sees no tile, nor lights it."""
_DETECTORS = range(1, 13)


def angle_problems(root: Node) -> Iterator[str]:
    """What is wrong with the angles in the document of a tile, in words."""
    angles = root.child(_ANGLES)
    sun = angles.find("Sun_Angles_Grid")
    mean = angles.find("Mean_Sun_Angle")
    for name in _LARGEST:
        yield from _sun_grid(sun, mean, name)
    grids = angles.all("Viewing_Incidence_Angles_Grids")
    found = {node.attribute_band("bandId") for node in grids}
    missing = [band for band in BAND_NAMES if band not in found]
    if missing:
        yield f"no Viewing_Incidence_Angles_Grids of {' '.join(missing)}"
    for grid in grids:
        yield from _viewing_grid(grid)
    for view in angles.all("Mean_Viewing_Incidence_Angle_List/Mean_Viewing_Incidence_Angle"):
        for name in _LARGEST:
            yield from _mean(view, name)


def _sun_grid(sun: Node | None, mean: Node | None, name: str) -> Iterator[str]:
    rows = [] if sun is None else sun.all(f"{name}/Values_List/VALUES")
    if sun is None or not rows:
        yield f"Sun_Angles_Grid has no {name}"
        return
    problems = list(_grid(sun, name, allow_nan=False))
    yield from problems
    if mean is None:
        return
    wrong = list(_mean(mean, name))
    yield from wrong
    if problems or wrong:
        return
    values = np.concatenate([row.numbers() for row in rows])
    value = mean.number(f"{name.upper()}_ANGLE")
    if name == "Zenith" and not values.min() <= value <= values.max():
        yield f"Mean_Sun_Angle {value:g} is not within its grid, {values.min():g} to {values.max():g}"


def _viewing_grid(grid: Node) -> Iterator[str]:
    detector = grid.attribute_integer("detectorId")
    if detector not in _DETECTORS:
        yield f"detectorId of Viewing_Incidence_Angles_Grids is {detector}, expected 1 to 12"
    for name in _LARGEST:
        yield from _grid(grid, name, allow_nan=True)


def _grid(grid: Node, name: str, allow_nan: bool) -> Iterator[str]:
    """Size, steps and values of one grid of angles; views are known where their detector sees the tile."""
    where = f"{name} of {grid.name}"
    if grid.name.startswith("Viewing"):
        where += (
            f" of band {grid.optional_attribute('bandId')}, detector {grid.optional_attribute('detectorId')}"
        )
    for step in ("COL_STEP", "ROW_STEP"):
        found = grid.optional_text(f"{name}/{step}")
        if found != str(_STEP):
            yield f"{step} of {where} is {found}, expected {_STEP}"
    try:
        rows = [row.numbers(allow_nan=allow_nan) for row in grid.all(f"{name}/Values_List/VALUES")]
    except ProductError:
        yield f"{where} holds what is no number"
        return
    if not 2 <= len(rows) <= _SIDE or any(row.size != len(rows) for row in rows):  # small tiles have fewer
        yield f"{where} is not of {_SIDE} rows of {_SIDE} values"
        return
    values = np.concatenate(rows)
    known = values[~np.isnan(values)]
    if not known.size:
        yield f"{where} holds no number"
    elif known.min() < 0 or known.max() > _LARGEST[name]:
        yield f"{where} holds {known.min():g} to {known.max():g}, expected 0 to {_LARGEST[name]:g}"


def _mean(node: Node, name: str) -> Iterator[str]:
    """A mean angle, where it is stated, is one."""
    stated = node.find(f"{name.upper()}_ANGLE")
    if stated is None:
        return
    try:
        good = 0 <= stated.number() <= _LARGEST[name]
    except ProductError:
        good = False
    if not good:
        yield f"{stated.name} of {node.name} is {stated.text()}, expected 0 to {_LARGEST[name]:g}"
