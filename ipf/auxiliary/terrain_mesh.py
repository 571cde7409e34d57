"""The mesh of a terrain mosaic, and where the posts of elevation files lie on it: from headers alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ipf.auxiliary.dem_files import METRES_PER_DEGREE, DemFile, reference_system
from ipf.errors import AuxiliaryError

Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in degrees; east is beyond 180 across the antimeridian."""

SEA_STEP = 1 / 120
"""Steps in degrees of a mosaic without any file: the geoid bends slowly."""
LARGEST_MOSAIC = 1_000_000_000
"""Largest number of posts (4 bytes each): 9 x 9 degrees of one arc second."""

ON_MESH = 1e-3
"""Share of a step by which posts may miss a mesh and still be on it."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """Posts of a mosaic: first post in degrees, steps in degrees, numbers of rows and columns."""

    west: float
    north: float
    step_lon: float
    step_lat: float
    rows: int
    columns: int

    @property
    def longitudes(self) -> npt.NDArray[np.float64]:
        """Longitude of each column."""
        return self.west + np.arange(self.columns, dtype=np.float64) * self.step_lon

    @property
    def latitudes(self) -> npt.NDArray[np.float64]:
        """Latitude of each row."""
        return self.north - np.arange(self.rows, dtype=np.float64) * self.step_lat


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A geographic file in the mosaic: its first post, with longitude turned next to the box."""

    file: DemFile
    west: float
    north: float

    @property
    def step_lon(self) -> float:
        """Degrees between columns."""
        return float(self.file.geotransform[1])

    @property
    def step_lat(self) -> float:
        """Degrees between rows."""
        return float(-self.file.geotransform[5])

    def meets(self, box: Box) -> bool:
        """Whether a post lies in the box or next to it."""
        west, south, east, north = box
        last_east = self.west + (self.file.columns - 1) * self.step_lon
        last_south = self.north - (self.file.rows - 1) * self.step_lat
        across = self.west - self.step_lon <= east and last_east + self.step_lon >= west
        return across and last_south - self.step_lat <= north and self.north + self.step_lat >= south


def checked_box(west: float, south: float, east: float, north: float) -> Box:
    """The box with east beyond west; `AuxiliaryError` when it is none on the Earth."""
    if east < west:
        east += 360.0
    right = all(math.isfinite(value) for value in (west, south, east, north)) and -360 <= west <= 360
    if not (right and -90 <= south < north <= 90 and 0 < east - west < 359):
        raise AuxiliaryError(f"terrain: {words_of((west, south, east, north))} is no box on the Earth")
    return west, south, east, north


def words_of(box: Box) -> str:
    """A box in words."""
    west, south, east, north = box
    return f"longitude {west:.3f} to {east:.3f}, latitude {south:.3f} to {north:.3f} degrees"


def is_post_grid(file: DemFile) -> bool:
    """Whether the pixels of a file are posts of a north-up mesh of longitudes and latitudes."""
    _, step_lon, skew_x, _, skew_y, step_down = file.geotransform
    north_up = not skew_x and not skew_y and step_lon > 0 and step_down < 0
    return north_up and reference_system(file.projection).is_geographic


def placed_files(files: Sequence[DemFile], box: Box) -> Iterator[PlacedFile]:
    """Geographic files that meet the box, once for every turn of longitude with which they do."""
    for file in filter(is_post_grid, files):
        left, step_lon, _, top, _, step_down = file.geotransform
        for turn in (-360.0, 0.0, 360.0):
            placed = PlacedFile(file, left + step_lon / 2 + turn, top + step_down / 2)
            if placed.meets(box):
                yield placed


def likeness(placed: PlacedFile) -> tuple[float, ...]:
    """Steps and phase of a file's mesh; files that share them lie on one mesh."""
    steps = round(placed.step_lat, 12), round(placed.step_lon, 12)
    return *steps, _phase(placed.north, placed.step_lat), _phase(placed.west, placed.step_lon)


def _phase(first: float, step: float) -> float:
    phase = round((first / step) % 1.0 / ON_MESH) * ON_MESH
    return 0.0 if phase >= 1.0 - ON_MESH / 2 else round(phase, 6)


def mesh_of(box: Box, placed: Sequence[PlacedFile], others: Sequence[DemFile]) -> Mesh:
    """The finest mesh of the files, cut to the smallest part of it that holds the box."""
    west, south, east, north = box
    step_lon = min((file.step_lon for file in placed), default=math.inf)
    step_lat = min((file.step_lat for file in placed), default=math.inf)
    for file in others:
        size = file.pixel_size / METRES_PER_DEGREE
        middle = math.cos(math.radians((south + north) / 2))
        step_lat, step_lon = min(step_lat, size), min(step_lon, size / max(middle, 0.01))
    if math.isinf(step_lon):
        step_lon = step_lat = SEA_STEP
    across = next((file.west for file in reversed(placed) if file.step_lon == step_lon), 0.0)
    down = next((file.north for file in reversed(placed) if file.step_lat == step_lat), 90.0)
    first_column = math.floor((west - across) / step_lon + ON_MESH)
    last_column = math.ceil((east - across) / step_lon - ON_MESH)
    first_row = math.floor((down - north) / step_lat + ON_MESH)
    last_row = math.ceil((down - south) / step_lat - ON_MESH)
    rows, columns = max(last_row - first_row, 1) + 1, max(last_column - first_column, 1) + 1
    if rows * columns > LARGEST_MOSAIC:
        raise AuxiliaryError(
            f"terrain: {words_of(box)} has {rows} x {columns} posts of the finest file, expected at most "
            f"{LARGEST_MOSAIC:.0e}"
        )
    return Mesh(
        across + first_column * step_lon, down - first_row * step_lat, step_lon, step_lat, rows, columns
    )
