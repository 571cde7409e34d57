"""Angles of the sun and of views on the grid of a tile's metadata, as Sentinel-2 products have them.

Nodes lie 5 km apart, 23 x 23 of them, the first on the tile's upper-left corner (PSD 14.8, A_L1C_ANGLES).
What is not written there was found by comparison with real products (baselines 02.05 to 05.09):

* a detector has angles at all nodes between the centres of its first and last pixel, also where another one
  sees them;
* the sun is where it was when the first detector of B03 saw the node, or would have, were it long enough;
* mean angles are plain means of zeniths and of azimuths, those of views over the nodes of all detectors;
* the sensing time of a tile (since baseline 02.07) is the mean time of its nodes, to .6 s in 11 products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ipf.errors import NothingToMakeError, ProductError
from ipf.geometry.acquisition import FloatArray, SensorKey
from ipf.geometry.orthorectification import MapArea, steps
from ipf.geometry.sensor_model import SensorModel

NODE_STEP_M, NODE_COUNT = 5000.0, 23
SUN_BAND = "B03"
LineRange = tuple[float, float]
Angles = tuple[float, float]
"""Zenith and azimuth, degrees."""

_REACH_PIXELS = 40_000.0
"""10 m pixels from one end of the swath to the other, and more."""
_REACH_LINES = 15_000.0
"""10 m lines that detectors and the length of a tile may lie apart."""
_DENSER = 10
"""Nodes for each one of the grid, along a side, where a band is seen at no node."""


@dataclass(frozen=True, slots=True)
class NodeAngles:
    """Zenith and azimuth (degrees, clockwise from north) at nodes, rows southwards; NaN where not seen."""

    zenith: FloatArray
    azimuth: FloatArray

    def mean(self) -> Angles:
        """Plain means; azimuths on both sides of north are brought to one turn before."""
        turned = np.rad2deg(np.unwrap(np.unwrap(np.deg2rad(self.azimuth), axis=0), axis=1))
        return float(np.mean(self.zenith)), float(np.mean(turned)) % 360.0


@dataclass(frozen=True, slots=True)
class TileViewing:
    """How a tile was seen and lit.

    views : by band and detector, those that see a node
    mean_views : by band, every one that sees the tile at all
    seconds : mean time at which nodes were seen, GPS seconds after the epoch
    """

    sun: NodeAngles
    mean_sun: Angles
    views: Mapping[SensorKey, NodeAngles]
    mean_views: Mapping[str, Angles]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """Angles and times (GPS seconds) at nodes, one detector's."""

    angles: NodeAngles
    seconds: FloatArray

    @property
    def anywhere(self) -> bool:
        return bool(np.any(np.isfinite(self.angles.zenith)))


def tile_viewing(
    model: SensorModel,
    area: MapArea,
    lines: Mapping[SensorKey, LineRange],
    height: float | None = None,
) -> TileViewing:
    """Angles on the grid of a tile.

    area : the tile's, of which the corner counts
    lines : by band and detector the first and last line that were taken, from 1 on
    height : of the ground, m above the ellipsoid; the model's terrain where None

    Raises NothingToMakeError where no detector sees any of the tile.
    """
    step = NODE_STEP_M
    seen = _looks(model, _places(area, step, NODE_COUNT), lines, height)
    views = {key: look.angles for key, look in seen.items() if look.anywhere}
    looks = {key: look for key, look in seen.items() if look.anywhere}
    unseen = {band for band, _ in lines} - {band for band, _ in views}
    if unseen:
        some = {key: reach for key, reach in lines.items() if key[0] in unseen}
        dense = _places(area, step / _DENSER, (NODE_COUNT - 1) * _DENSER)
        more = _looks(model, dense, some, height)
        looks |= {key: look for key, look in more.items() if look.anywhere}
    if not looks:
        raise NothingToMakeError(
            f"the datastrip of {model.geometry.satellite} does not see the tile at {area.left:.0f}, "
            f"{area.top:.0f} of EPSG:{area.epsg}"
        )
    sun = _sun(model, area, lines)
    return TileViewing(
        sun=sun,
        mean_sun=sun.mean(),
        views=views,
        mean_views=_means(looks),
        seconds=float(np.mean(np.concatenate([look.seconds.ravel() for look in _numbers(looks)]))),
    )


def _places(area: MapArea, step: float, count: int) -> tuple[FloatArray, FloatArray]:
    """Longitudes and latitudes (count, count) of nodes from the area's corner on."""
    nodes = steps(count, step)
    return area.geographic(nodes[:, None], nodes[None, :])


def _looks(
    model: SensorModel,
    places: tuple[FloatArray, FloatArray],
    lines: Mapping[SensorKey, LineRange],
    height: float | None,
) -> dict[SensorKey, _Seen]:
    """What detectors see of places, from the centre of their first pixel to that of the last one."""
    found = {}
    for (band, detector), (first, last) in lines.items():
        reach = _within(model, band, detector, first - 0.5, last + 0.5)
        rows, pixels = model.inverse_location(band, detector, *places, height, lines=reach, margin=0.0)
        zenith, azimuth = model.viewing_angles(band, detector, rows, pixels, height)
        absent = np.isnan(zenith)
        seconds = np.where(absent, np.nan, model.line_seconds(band, detector, rows))
        found[band, detector] = _Seen(NodeAngles(zenith, azimuth), seconds)
    return found


def _within(model: SensorModel, band: str, detector: int, first: float, last: float) -> LineRange:
    """A range of lines, cut to where there are ephemeris and attitudes."""
    earliest, latest = model.line_range(band, detector)
    return min(max(first, earliest), latest), max(min(last, latest), earliest)


def _numbers(looks: Mapping[SensorKey, _Seen]) -> list[_Seen]:
    """Nodes that are seen alone, as lists."""
    kept = []
    for look in looks.values():
        there = np.isfinite(look.seconds)
        angles = NodeAngles(look.angles.zenith[there], look.angles.azimuth[there])
        kept.append(_Seen(angles, look.seconds[there]))
    return kept


def _means(looks: Mapping[SensorKey, _Seen]) -> dict[str, Angles]:
    """Plain means by band over the nodes of all its detectors."""
    means = {}
    for band in dict.fromkeys(band for band, _ in looks):
        seen = _numbers({key: look for key, look in looks.items() if key[0] == band})
        zenith = np.concatenate([look.angles.zenith for look in seen])
        azimuth = np.concatenate([look.angles.azimuth for look in seen])
        means[band] = float(np.mean(zenith)), float(np.mean(azimuth))
    return means


def _sun(model: SensorModel, area: MapArea, lines: Mapping[SensorKey, LineRange]) -> NodeAngles:
    """The sun at the nodes at the times of `SUN_BAND`'s first detector, or else of the first there is."""
    band, detector = min(lines, key=lambda key: (key[0] != SUN_BAND, key))
    longitude, latitude = _places(area, NODE_STEP_M, NODE_COUNT)
    first, last = lines[band, detector]
    reach = _within(model, band, detector, first - _REACH_LINES, last + _REACH_LINES)
    rows, _ = model.inverse_location(
        band, detector, longitude, latitude, 0.0, lines=reach, margin=_REACH_PIXELS
    )
    seconds = _continued(model.line_seconds(band, detector, rows))
    return NodeAngles(*model.sun_angles(longitude, latitude, seconds))


def _continued(seconds: FloatArray) -> FloatArray:
    """Times at nodes, those that are missing from a plane through the others: to .1 s over a tile.

    Nodes beyond the ends of ephemeris and attitudes have no time of their own.
    """
    known = np.isfinite(seconds)
    if np.all(known):
        return seconds
    rows, columns = np.indices(seconds.shape)
    design = np.stack((np.ones_like(seconds), rows, columns), axis=-1)
    if np.linalg.matrix_rank(design[known]) < design.shape[-1]:
        raise ProductError("sun: ephemeris and attitudes do not reach the tile")
    plane = np.linalg.lstsq(design[known], seconds[known], rcond=None)[0]
    return np.where(known, seconds, design @ plane)
