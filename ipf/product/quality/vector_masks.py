"""What a vector mask of a tile (GML, before baseline 04.00) must be, whatever areas it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ipf.errors import ProductError
from ipf.product.masks import FOOTPRINT_MASK, MaskFeature, Ring, read_vector_mask
from ipf.product.raster import Grid
from ipf.product.vector_masks import mask_types
from ipf.product.xml_nodes import Node

VECTOR_EXTENSION = ".gml"
_ROOTS = ("Mask",)
_GML_ID = "{http://www.opengis.net/gml/3.2}id"
_ROUNDING = 0.001
"""Metres that a corner may lie outside of its tile: clipping in double precision misses edges by less."""


def vector_mask_problem(path: Path, kind: str, band: str, grid: Grid) -> str | None:
    """What is wrong with the vector mask `kind` (``MSK_TECQUA``) of `band` (``B02``, or ``B00`` for all).

    `grid` is one of the tile's: it tells the reference system and the area. None where nothing is wrong. A
    mask tells its kind and band in its identifier (PSD 13, ``S2A_OPER_MSK_TECQUA_..._B02_MSIL1C``).
    """
    try:
        root = Node.of_document(path, _ROOTS)
        features = read_vector_mask(path, grid.epsg)
    except ProductError as problem:
        return str(problem).replace(f"{path}:", f"{path.name}:")
    found = next(_problems(root, features, kind, band, grid), None)
    return None if found is None else f"{path.name}: {found}"


def _problems(
    root: Node, features: tuple[MaskFeature, ...], kind: str, band: str, grid: Grid
) -> Iterator[str]:
    identifier = root.optional_attribute(_GML_ID) or ""
    words = identifier.split("_")
    if kind.removeprefix("MSK_") not in words or band not in words:
        yield f"id is '{identifier}', expected that of {kind} of {band}"
    if features and root.find("boundedBy/Envelope") is None:
        yield "has areas and no Envelope that tells their reference system"
    if kind == FOOTPRINT_MASK and not any(feature.polygons for feature in features):
        yield "has no area, expected those of the detectors"
    types = mask_types(kind)
    for feature in features:
        if feature.kind not in types:
            yield f"maskType is '{feature.kind}', expected {' or '.join(sorted(types))}"
        for polygon in feature.polygons:
            for ring in polygon:
                yield from _ring_problems(ring, grid)


def _ring_problems(ring: Ring, grid: Grid) -> Iterator[str]:
    if not np.array_equal(ring[0], ring[-1]):
        yield "posList does not end in the point that it starts with"
    if not _inside(ring, grid):
        yield "posList has points outside of the tile"


def _inside(ring: Ring, grid: Grid) -> bool:
    """Whether all points of a ring, shape (points, 2) in metres, are in the area of `grid`."""
    left, top = grid.upper_left_x - _ROUNDING, grid.upper_left_y + _ROUNDING
    right = grid.upper_left_x + grid.columns * grid.resolution + _ROUNDING
    lower = grid.upper_left_y - grid.rows * grid.resolution - _ROUNDING
    return bool(np.all((ring >= (left, lower)) & (ring <= (right, top))))
