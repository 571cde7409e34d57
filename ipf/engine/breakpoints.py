"""Breakpoints: layers and models written on request, and loaded again in place of the step that makes them.

A layer goes to a GeoTIFF, a layer with bands to one GeoTIFF for each band in a folder, a model to JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic

from ipf.atomic import write_text
from ipf.engine.step import Writes
from ipf.errors import ParameterError, ProductError
from ipf.product.geotiff import read_geotiff, write_geotiff
from ipf.product.raster import Raster


def write_layer(rasters: Mapping[str, Raster], path: Path) -> None:
    """Write the rasters of one quantity, by band (the band of a layer without bands is the empty string)."""
    for band, raster in rasters.items():
        write_geotiff(raster, path / f"{band}.tif" if band else path)


def load_layer(quantity: str, path: Path, declaration: Writes) -> dict[str, Raster]:
    """Rasters by band of what `write_layer` wrote, stored as the step that makes the layer declares it."""
    files = {"": path}
    if path.is_dir():
        files = {file.stem: file for file in sorted(path.glob("*.tif"))}
        if not files:
            raise ProductError(f"{path}: no GeoTIFF of layer {quantity} in this folder")
    elif not path.is_file():
        raise ProductError(f"{path}: no such file, expected layer {quantity}")
    return {band: _load_raster(quantity, file, declaration) for band, file in files.items()}


def _load_raster(quantity: str, path: Path, declaration: Writes) -> Raster:
    raster = read_geotiff(path)
    found = (raster.dtype, raster.unit, raster.scale, raster.offset)
    expected = (declaration.dtype, declaration.unit, declaration.scale, declaration.offset)
    for name, one, other in zip(("type", "unit", "scale", "offset"), found, expected, strict=True):
        if one != other and not _close(one, other):
            raise ProductError(f"{path}: {name} {one}, expected {other} of layer {quantity}")
    return raster


def _close(one: object, other: object) -> bool:
    return isinstance(one, float) and isinstance(other, float) and math.isclose(one, other, rel_tol=1e-9)


def write_model(model: Any, path: Path) -> None:
    """Write a model (a dataclass of numbers, texts, times and nested ones) as JSON."""
    try:
        content = pydantic.TypeAdapter(type(model)).dump_python(model, mode="json")
    except pydantic.PydanticUserError as problem:
        raise ParameterError(
            f"{path}: a {type(model).__name__} cannot be written at a breakpoint, since it holds more than "
            f"numbers, texts and times"
        ) from problem
    write_text(path, json.dumps(content, indent=2, sort_keys=True) + "\n")


def load_model(model: type, path: Path) -> Any:
    """Read what `write_model` wrote; `ProductError` naming the file and the element."""
    try:
        return pydantic.TypeAdapter(model).validate_json(path.read_bytes())
    except OSError as problem:
        raise ProductError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    except pydantic.ValidationError as problem:
        first = problem.errors()[0]
        where = "/".join(str(part) for part in first["loc"])
        raise ProductError(f"{path}: {where or 'document'}: {first['msg']}") from problem
