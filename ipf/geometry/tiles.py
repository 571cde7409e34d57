"""The tiles of Level-1C: squares of the Military Grid Reference System, grown to 109.8 km.

A tile is named after a 100 km square of a UTM zone (``T31TDH``): zone, latitude band, column and row letter.
Its upper-left corner is that of the square, moved outwards to a multiple of 60 m from the origin of the
projection (the equator and the false easting), so that pixels of 10, 20 and 60 m share their edges with all
tiles of the zone. Products go on south of the system's end at 80 degrees, in its last band, C (``T01CDL``).

Sources: NGA.SIG.0012 (grid zones, letters); corners as in products of both hemispheres.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
import pyproj
import shapely

from ipf.errors import ParameterError
from ipf.geometry.acquisition import FloatArray

TILE_SIZE_M = 109_800
SQUARE_M = 100_000
PIXEL_M = 60
"""Pixel size that corners are multiples of: the coarsest of the three."""

_BANDS = "CDEFGHJKLMNPQRSTUVWX"
_COLUMNS = ("STUVWXYZ", "ABCDEFGH", "JKLMNPQR")
"""Column letters by zone number modulo 3; the first one is that of eastings from 100 km on."""
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
_EVEN_ZONE_SHIFT = 5
_SOUTHERN_NORTHING_M = 10_000_000
_LOWEST, _HIGHEST = -80.0, 84.0
_SOUTHERN_END = -84.0
_BAND_HEIGHT = 8.0
_ZONE_REACH = 20.0
"""Degrees of longitude from the middle of a zone that its tiles stay within, up to 84 degrees of latitude."""
_STEP_DEG = 0.1
"""Spacing at which edges of a footprint are followed on the map."""


@dataclass(frozen=True, slots=True, order=True)
class MgrsTile:
    """A tile: its name without ``T`` (``31TDH``), its EPSG code, and its upper-left corner in metres."""

    name: str
    epsg: int
    upper_left_x: int
    upper_left_y: int

    @property
    def square(self) -> shapely.Polygon:
        """The tile's outline in its projection."""
        left, top = self.upper_left_x, self.upper_left_y
        return shapely.box(left, top - TILE_SIZE_M, left + TILE_SIZE_M, top)


def tile_of_name(name: str) -> MgrsTile:
    """The tile of a name such as ``31TDH`` or ``T31TDH``.

    Raises ParameterError for what is no square of the grid.
    """
    text = name.removeprefix("T")
    zone_text, letters = text[:-3], text[-3:]
    if not zone_text.isdigit() or not 1 <= int(zone_text) <= 60 or letters[0] not in _BANDS:
        raise ParameterError(f"'{name}' names no tile: expected a zone, a latitude band and two letters")
    zone, band = int(zone_text), letters[0]
    columns = _COLUMNS[zone % 3]
    if letters[1] not in columns or letters[2] not in _ROWS:
        raise ParameterError(f"'{name}' names no tile: zone {zone} has columns {columns} and rows {_ROWS}")
    west = (columns.index(letters[1]) + 1) * SQUARE_M
    for tile in _squares_of_column(zone, west, band):
        if tile.name[-1] == letters[2]:
            return tile
    raise ParameterError(f"'{name}' names no tile: row {letters[2]} is not in band {band}")


def tiles_under(footprint: FloatArray, smallest_share: float = 0.0) -> tuple[MgrsTile, ...]:
    """The tiles that a footprint covers, in the order of their names.

    footprint : (n, 2) longitudes and latitudes (deg) of the ring's corners, joined by the shortest way,
        across the antimeridian too.
    smallest_share : share of a tile (0 to 1) that must be covered for it to count.
    """
    whole = shapely.make_valid(shapely.Polygon(_followed(footprint)))
    found = set()
    for zone in range(1, 61):
        near = _around_zone(whole, zone)
        if shapely.is_empty(near):
            continue
        for south in (False, True):
            area = shapely.make_valid(shapely.transform(near, partial(_placed, _projection(zone, south))))
            found |= {
                tile
                for tile in _tiles_meeting(zone, south, area)
                if tile.square.intersection(area).area > smallest_share * TILE_SIZE_M**2
            }
    return tuple(sorted(found))


def _around_zone(area: shapely.Geometry, zone: int) -> shapely.Geometry:
    """What of an area, in longitudes that may go on beyond 180 degrees, the tiles of a zone can lie over.

    Farther from a zone its projection folds: the rest of a long strip would be laid over its tiles.
    """
    central = 6.0 * zone - 183.0
    left, _, right, _ = shapely.bounds(area)
    turns = range(math.floor((left - central) / 360.0), math.ceil((right - central) / 360.0) + 1)
    parts = [
        shapely.intersection(area, shapely.box(middle - _ZONE_REACH, -90.0, middle + _ZONE_REACH, 90.0))
        for middle in (central + 360.0 * turn for turn in turns)
    ]
    return shapely.segmentize(
        shapely.union_all([part for part in parts if not shapely.is_empty(part)]), _STEP_DEG
    )


def _placed(projection: pyproj.Transformer, places: FloatArray) -> FloatArray:
    return np.column_stack(projection.transform(*places.T))


def _followed(footprint: FloatArray) -> FloatArray:
    """The ring with points every tenth of a degree, its longitudes continuous from the first corner on."""
    corners = np.vstack((footprint, footprint[:1]))
    corners[:, 0] = np.rad2deg(np.unwrap(np.deg2rad(corners[:, 0])))
    pieces = []
    for start, end in pairwise(corners):
        count = max(1, math.ceil(float(np.max(np.abs(end - start))) / _STEP_DEG))
        pieces.append(start + np.linspace(0.0, 1.0, count, endpoint=False)[:, None] * (end - start))
    return np.vstack(pieces)


def _tiles_meeting(zone: int, south: bool, area: shapely.Geometry) -> Iterator[MgrsTile]:
    """Tiles of the zone's hemisphere whose outline meets the bounds of `area`, in metres."""
    left, bottom, right, top = shapely.bounds(area)
    reach = TILE_SIZE_M - SQUARE_M + PIXEL_M
    first = max(1, math.floor((left - reach) / SQUARE_M))
    last = min(8, math.floor(right / SQUARE_M))
    shift = _SOUTHERN_NORTHING_M if south else 0
    lowest, highest = math.floor((bottom - shift) / SQUARE_M), math.floor((top + reach - shift) / SQUARE_M)
    for column in range(first, last + 1):
        for row in range(lowest, highest + 1):
            if (row < 0) == south:
                tile = _tile_at(zone, column * SQUARE_M, row)
                if tile is not None:
                    yield tile


def _squares_of_column(zone: int, west: int, band: str) -> Iterator[MgrsTile]:
    """Tiles of one column of squares that lie in a latitude band."""
    lowest = _LOWEST + _BAND_HEIGHT * _BANDS.index(band)
    middle = int(111_000 * lowest / SQUARE_M)
    for row in range(middle - 3, middle + 18):
        tile = _tile_at(zone, west, row)
        if tile is not None and tile.name[2] == band:
            yield tile


@lru_cache(maxsize=4096)
def _tile_at(zone: int, west: int, row: int) -> MgrsTile | None:
    """The tile of the square `row` squares north of the equator; None outside the zone's own ground.

    A square that two latitude bands share is named after the one that its centre lies in.
    """
    south = row < 0
    shift = _SOUTHERN_NORTHING_M if south else 0
    base = row * SQUARE_M + shift
    edge = np.linspace(0.0, SQUARE_M, 5)
    eastings, northings = (axis.ravel() for axis in np.meshgrid(west + edge, base + edge))
    longitudes, latitudes = _projection(zone, south).transform(eastings, northings, direction="INVERSE")
    centre = len(longitudes) // 2
    if np.max(latitudes) <= _SOUTHERN_END or np.min(latitudes) >= _HIGHEST:
        return None
    place = math.floor((float(latitudes[centre]) - _LOWEST) / _BAND_HEIGHT)
    band = _BANDS[min(max(place, 0), len(_BANDS) - 1)]
    bounds = _bounds(zone, band)
    central = 6.0 * zone - 183.0
    offsets = (longitudes - central + 180.0) % 360.0 - 180.0
    if bounds is None or not np.any((offsets > bounds[0] - central) & (offsets < bounds[1] - central)):
        return None
    letters = _COLUMNS[zone % 3][west // SQUARE_M - 1] + _row_letter(zone, row)
    upper = math.ceil((row + 1) * SQUARE_M / PIXEL_M) * PIXEL_M + shift
    return MgrsTile(
        f"{zone:02d}{band}{letters}",
        32600 + 100 * south + zone,
        west // PIXEL_M * PIXEL_M,
        upper,
    )


def _row_letter(zone: int, row: int) -> str:
    shift = 0 if zone % 2 else _EVEN_ZONE_SHIFT
    return _ROWS[(row + shift) % len(_ROWS)]


_WIDENED = {
    ("V", 31): (0.0, 3.0),
    ("V", 32): (3.0, 12.0),
    ("X", 31): (0.0, 9.0),
    ("X", 32): None,
    ("X", 33): (9.0, 21.0),
    ("X", 34): None,
    ("X", 35): (21.0, 33.0),
    ("X", 36): None,
    ("X", 37): (33.0, 42.0),
}
"""Longitudes of the zones that are not 6 degrees wide: Norway's south-west coast and Svalbard."""


def _bounds(zone: int, band: str) -> tuple[float, float] | None:
    """Longitudes (deg) of a zone in a latitude band, None where others take its ground."""
    west = 6.0 * zone - 186.0
    return _WIDENED.get((band, zone), (west, west + 6.0))


@lru_cache(maxsize=128)
def _projection(zone: int, south: bool) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(4326, 32600 + 100 * south + zone, always_xy=True)
