"""The dark targets of a tile, cell by cell, and the small file by which tiles tell one another of them.

Cells lie on the grid of the map projection, not of the tile, so that tiles of one zone share them.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.atomic import write_bytes
from ipf.errors import AuxiliaryError
from ipf.product.raster import Grid

CELL_M = 600
"""Side of a cell, m: a whole number of pixels of 20 and of 60 m, the distance over which stands change."""
FILE_TYPE = "DARK_TARGETS"
FORMAT = "ipf dark targets 1"
PASS = timedelta(minutes=10)
"""Tiles sensed within this time are of one pass: a datastrip of a whole swath takes less."""
LEVELS = (0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.32, 0.4, 0.5, 0.65, 0.8, 1.0, 1.3, 1.7, 2.2, 2.9)
"""Optical thicknesses for which pixels that would come out too dark are counted."""

DENSE, BRIGHT, NONE = "dense dark vegetation", "bright vegetation", "none"

_MAXIMUM_SIZE = 64 * 1024 * 1024
_TOLD = ("tile", "sensed", "epsg", "aerosols", "kind", "share", "water_share", "swir_maximum")
_ARRAYS = ("row", "column", "pixels", "aot", "sigma", "path_ratio", "negative")


@dataclass(frozen=True, eq=False)
class DarkCells:
    """Targets of one tile.

    `sensed` is the time of the tile in ISO form. `row` and `column` (cells,) count cells southwards and
    eastwards from the origin of the projection `epsg`; `pixels` (cells,) is the number of 20 m pixels
    that are targets.

    `aot` at 550 nm, its standard error `sigma` and `path_ratio` (ln of the double ratio of path reflectances)
    are (aerosols, cells), NaN where a cell has no target. `negative` (cells, levels + 1) counts pixels of
    vegetation and soil by the first of `LEVELS` under which they come out too dark.

    `kind` of the targets, `share` of the pixels with data that are targets (%), `water_share` (%),
    `swir_maximum`, the largest surface reflectance in B12 that was needed.
    """

    tile: str
    sensed: str
    epsg: int
    aerosols: tuple[str, ...]
    kind: str
    share: float
    water_share: float
    swir_maximum: float
    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.int64]
    aot: npt.NDArray[np.float64]
    sigma: npt.NDArray[np.float64]
    path_ratio: npt.NDArray[np.float64]
    negative: npt.NDArray[np.int64]


@dataclass(frozen=True)
class CellFrame:
    """Rectangle of cells that covers a tile: first row and column, and the number of both."""

    row: int
    column: int
    rows: int
    columns: int


def cells_of(grid: Grid, top: int, left: int, height: int, width: int) -> tuple[CellFrame, tuple[int, int]]:
    """Cells under an area of the tile given in metres from its corner; and how far in metres, south and east,
    the area's corner lies in the first of them."""
    south, east = round(-grid.upper_left_y) + top, round(grid.upper_left_x) + left
    row, column = south // CELL_M, east // CELL_M
    last_row, last_column = (south + height - 1) // CELL_M, (east + width - 1) // CELL_M
    frame = CellFrame(row, column, last_row - row + 1, last_column - column + 1)
    return frame, (south - row * CELL_M, east - column * CELL_M)


def file_name(tile: str) -> str:
    """Name of the file of a tile."""
    return f"{FILE_TYPE}_{tile}.npz"


def write_dark_targets(path: Path, cells: DarkCells) -> None:
    """Write the cells of a tile, whole or not at all."""
    told = {name: getattr(cells, name) for name in _TOLD}
    header = json.dumps({"format": FORMAT, "cell_m": CELL_M, "levels": LEVELS, **told})
    stream = io.BytesIO()
    np.savez_compressed(stream, header=np.array(header), **{name: getattr(cells, name) for name in _ARRAYS})
    write_bytes(path, stream.getvalue())


def read_dark_targets(path: Path) -> DarkCells:
    """Read what `write_dark_targets` wrote; raises `AuxiliaryError` naming the file and what is wrong."""
    try:
        if path.stat().st_size > _MAXIMUM_SIZE:
            raise AuxiliaryError(f"{path}: larger than {_MAXIMUM_SIZE} bytes: no file of dark targets")
        with np.load(path, allow_pickle=False) as file:
            header = json.loads(str(file["header"]))
            arrays = {name: file[name] for name in _ARRAYS}
    except (OSError, EOFError, ValueError, KeyError, RecursionError, zipfile.BadZipFile) as problem:
        raise AuxiliaryError(f"{path}: cannot be read as dark targets: {problem}") from problem
    try:
        return _decode(header, arrays)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise AuxiliaryError(f"{path}: no dark targets: {type(problem).__name__} at {problem}") from problem


def _decode(header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> DarkCells:
    expected = {"format": FORMAT, "cell_m": CELL_M, "levels": list(LEVELS)}
    for name, value in expected.items():
        if header[name] != value:
            raise ValueError(f"{name} {header[name]!r}, expected {value!r}")
    cells = DarkCells(
        tile=str(header["tile"]),
        sensed=datetime.fromisoformat(header["sensed"]).isoformat(),
        epsg=int(header["epsg"]),
        aerosols=tuple(str(name) for name in header["aerosols"]),
        kind=str(header["kind"]),
        share=float(header["share"]),
        water_share=float(header["water_share"]),
        swir_maximum=float(header["swir_maximum"]),
        **arrays,
    )
    count, kinds = cells.row.shape[0] if cells.row.ndim == 1 else -1, len(cells.aerosols)
    shapes = {
        **dict.fromkeys(("row", "column", "pixels"), (count,)),
        **dict.fromkeys(("aot", "sigma", "path_ratio"), (kinds, count)),
        "negative": (count, len(LEVELS) + 1),
    }
    for name, shape in shapes.items():
        kind = "f" if name in ("aot", "sigma", "path_ratio") else "i"
        array = arrays[name]
        if array.shape != shape or array.dtype.kind != kind:
            raise ValueError(f"{name} is {array.dtype} of shape {array.shape}, expected {kind} of {shape}")
    return cells


def merge(own: DarkCells, others: Iterable[DarkCells]) -> tuple[tuple[DarkCells, ...], tuple[str, ...]]:
    """The tiles that count together, in an order that every one of them finds, and notes on those left out.

    Of one tile given twice its own new cells count. Tiles of another pass or zone, or without the aerosol
    models that are needed, are left out.
    """
    notes, taken = [], {own.tile: own}
    for cells in others:
        if cells.tile == own.tile:
            continue
        if abs(datetime.fromisoformat(cells.sensed) - datetime.fromisoformat(own.sensed)) > PASS:
            notes.append(f"dark targets of {cells.tile} left out: of another pass, sensed {cells.sensed}")
        elif cells.epsg != own.epsg:
            notes.append(f"dark targets of {cells.tile} left out: EPSG {cells.epsg}, not {own.epsg}")
        elif not set(own.aerosols) <= set(cells.aerosols):
            notes.append(f"dark targets of {cells.tile} left out: no {' or '.join(own.aerosols)} aerosol")
        else:
            taken[cells.tile] = _with_aerosols(cells, own.aerosols)
    return tuple(taken[name] for name in sorted(taken)), tuple(notes)


def _with_aerosols(cells: DarkCells, aerosols: tuple[str, ...]) -> DarkCells:
    if cells.aerosols == aerosols:
        return cells
    chosen = [cells.aerosols.index(name) for name in aerosols]
    return replace(
        cells,
        aerosols=aerosols,
        aot=cells.aot[chosen],
        sigma=cells.sigma[chosen],
        path_ratio=cells.path_ratio[chosen],
    )
