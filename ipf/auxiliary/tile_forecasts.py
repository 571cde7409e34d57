"""Forecasts resampled to a tile, as products embed them (AUX_ECMWFT, AUX_CAMSFO).

As in real products (baselines 04.00 and later): 9 x 9 points, equal steps of latitude and longitude from
the tile's upper-left to its lower-right corner; valid at the start of the datastrip, to the minute before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from ipf.auxiliary.grib import FloatArray, GribField, read_grib
from ipf.errors import AuxiliaryError

POINTS = 9
LONGEST_GAP = timedelta(hours=3)
"""Time beyond the first and last forecast that these still do for: a step of forecasts."""


@dataclass(frozen=True, slots=True)
class ForecastKind:
    """A file of a tile: its name, the fields (short names) in their order, and those it cannot be without."""

    name: str
    fields: tuple[str, ...]
    needed: frozenset[str]


ECMWF = ForecastKind(
    "AUX_ECMWFT", ("tcwv", "msl", "tco3", "u10", "v10", "r"), frozenset(("tcwv", "msl", "tco3"))
)
CAMS = ForecastKind(
    "AUX_CAMSFO",
    (
        *("z", "aod469", "aod550", "aod670", "aod865", "aod1240"),
        *("bcaod550", "duaod550", "omaod550", "ssaod550", "suaod550"),
    ),
    frozenset(("aod550",)),
)


@dataclass(frozen=True, slots=True)
class ForecastGrid:
    """Latitudes (rows, southwards) and longitudes (columns, eastwards), degrees, of a tile's points."""

    latitude: FloatArray
    longitude: FloatArray

    @classmethod
    def between(cls, upper_left: tuple[float, float], lower_right: tuple[float, float]) -> ForecastGrid:
        """Points from one corner (longitude, latitude) to the other, rounded to .001 degrees at both."""
        west, north = (round(angle, 3) for angle in upper_left)
        east, south = (round(angle, 3) for angle in lower_right)
        if east < west:
            east += 360.0
        return cls(np.linspace(north, south, POINTS), np.linspace(west, east, POINTS))


def read_forecasts(source: Path) -> dict[Path, tuple[GribField, ...]]:
    """Fields of a GRIB file, or of all files in a folder, by file; AuxiliaryError naming what is none."""
    files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
    return {file: read_grib(file) for file in files}


def tile_forecast(
    source: Path,
    kind: ForecastKind,
    grid: ForecastGrid,
    when: datetime,
    longest_gap: timedelta = LONGEST_GAP,
) -> tuple[GribField, ...]:
    """The fields of a kind at a tile's points, straight between forecasts before and after `when` (UTC).

    Of fields on several levels that of the highest pressure is taken, of forecasts for one time the latest
    made. Fields that are not there are left out unless the kind needs them. Raises AuxiliaryError naming
    `source` for these, for files that are no forecasts, that end earlier or start later than `longest_gap`
    away, and that do not reach the tile.
    """
    fields = [field for found in read_forecasts(source).values() for field in found]
    there = {field.name for field in fields}
    missing = sorted(kind.needed - there)
    if missing:
        listed = ", ".join(sorted(there)) or "nothing"
        raise AuxiliaryError(f"{source}: no field {missing[0]} of {kind.name}; there is {listed}")
    minute = when.replace(second=0, microsecond=0)
    made = []
    for name in (name for name in kind.fields if name in there):
        try:
            made.append(
                _resampled([field for field in fields if field.name == name], grid, minute, longest_gap)
            )
        except AuxiliaryError as problem:
            raise AuxiliaryError(f"{source}: {problem}") from problem
    return tuple(made)


def _resampled(
    fields: Sequence[GribField], grid: ForecastGrid, when: datetime, longest_gap: timedelta
) -> GribField:
    """One quantity at the points and the time; `fields` are all there are of it."""
    level = max(field.level for field in fields)
    by_time = {
        field.valid_time: field
        for field in sorted(fields, key=lambda field: field.reference_time)
        if field.level == level
    }
    times = sorted(by_time)
    if not times[0] - longest_gap <= when <= times[-1] + longest_gap:
        raise AuxiliaryError(
            f"field {fields[0].name} is of {times[0]:%Y-%m-%dT%H:%M} to {times[-1]:%Y-%m-%dT%H:%M}, "
            f"out of date: expected that of {when:%Y-%m-%dT%H:%M}"
        )
    before = by_time[max((time for time in times if time <= when), default=times[0])]
    after = by_time[min((time for time in times if time >= when), default=times[-1])]
    values = _at(before, grid)
    if after is not before:
        share = (when - before.valid_time) / (after.valid_time - before.valid_time)
        values = values + share * (_at(after, grid) - values)
    return replace(
        before,
        reference_time=min(before.reference_time, when),
        valid_time=when,
        latitude=grid.latitude,
        longitude=grid.longitude,
        values=values,
    )


def _at(field: GribField, grid: ForecastGrid) -> FloatArray:
    values = field.at(grid.latitude[:, None], grid.longitude[None, :])
    if not np.all(np.isfinite(values)):
        raise AuxiliaryError(f"field {field.name} has no value at some places of the tile")
    return values
